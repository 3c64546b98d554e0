package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonmail/cordon"
)

// orderBody is an order as JSON: the whole body, or the part "order" of a form,
// or, with the values as a CSV body, the query.
type orderBody struct {
	Kind       cordon.Kind          `json:"kind" enum:"bulk,single" doc:"bulk goes to an audience, single to named recipients" example:"bulk"`
	Template   string               `json:"template,omitempty" maxLength:"64" doc:"Template, by ID or handle" example:"recall"`
	Version    int                  `json:"version,omitempty" minimum:"1" doc:"The approved version's number; it is never guessed" example:"3"`
	Audience   string               `json:"audience,omitempty" maxLength:"64" doc:"Audience of a bulk order, by ID or handle" example:"recall-2026"`
	Recipients []cordon.RecipientID `json:"recipients,omitempty" nullable:"false" doc:"Recipients of a single order, at most 500"`
	Values     []orderRow           `json:"values,omitempty" nullable:"false" doc:"Values for each recipient, at most one row each; longer ones go as CSV"`
	Content    *contentRequest      `json:"content,omitempty" doc:"Free content instead of a template: single orders only, with the permission send.free, and held until a second person has approved the text and released it"`
	Exercise   bool                 `json:"exercise,omitempty" doc:"A drill's order: it may go only to tenants made by drills" example:"false"`
}

type orderRow struct {
	Recipient cordon.RecipientID `json:"recipient" maxLength:"64" doc:"Recipient's ID" example:"rcp_0123456789abcdefghjkmnpqrs"`
	Values    map[string]string  `json:"values" doc:"Value of each order field, by name"`
}

// orderInput is read by the handler itself: the body has three shapes, and one
// of them is a stream.
type orderInput struct {
	TenantPath
	IdempotencyKey string      `header:"Idempotency-Key" maxLength:"202" doc:"Makes a repeated call answer with the first dispatch (draft-ietf-httpapi-idempotency-key-header)" example:"\"8e03978e-40d5-43dd-bc93-6894a57f9324\""`
	Kind           cordon.Kind `query:"kind" enum:"bulk,single" doc:"With a CSV body: kind of the order" example:"bulk"`
	Template       string      `query:"template" maxLength:"64" doc:"With a CSV body: template, by ID or handle" example:"recall"`
	Version        int         `query:"version" minimum:"1" doc:"With a CSV body: the approved version's number" example:"3"`
	Audience       string      `query:"audience" maxLength:"64" doc:"With a CSV body: audience, by ID or handle" example:"recall-2026"`
}

// receipt is what an order came to.
type receipt struct {
	Dispatch cordon.Dispatch `json:"dispatch" doc:"The dispatch: the unit of stop and of damage"`
	Decision cordon.Decision `json:"decision" doc:"pass: it goes; hold: a person must release it first" example:"pass"`
	Reasons  []cordon.Reason `json:"reasons" nullable:"false" doc:"Why, check by check"`
	Replayed bool            `json:"replayed,omitempty" doc:"Whether this answers a repeated call; nothing was sent again" example:"false"`
}

type accepted struct {
	Location string `header:"Location" doc:"Path of the dispatch"`
	Replayed string `header:"Idempotency-Replayed" doc:"true when the call was a repeated one"`
	Body     receipt
}

const maxValues = 1 << 30 // bytes of an order's CSV

// order turns bytes into an order and hands it to the door; nothing else.
func (a *API) order(ctx context.Context, x *exchange, in *orderInput) (*accepted, error) {
	body, rows, err := a.readOrder(x, in)
	if err != nil {
		return nil, err
	}
	o, err := a.orderOf(ctx, x, body)
	if err != nil {
		return nil, err
	}
	o.Rows = rows
	if o.IdempotencyKey, err = idempotencyKey(in.IdempotencyKey); err != nil {
		return nil, err
	}
	got, err := a.Desk.Accept(ctx, x.actor, o)
	if x.tenant == "" && cordon.CodeOf(err) != cordon.Unavailable {
		return nil, noTenant() // the attempt is recorded; the answer is that of any unknown tenant
	}
	if err != nil {
		return nil, err
	}
	out := &accepted{
		Location: tenantURL(got.Dispatch.Tenant, "/dispatches/"+string(got.Dispatch.ID)),
		Body:     receipt{got.Dispatch, got.Verdict.Decision, got.Verdict.Reasons, got.Replayed},
	}
	if out.Body.Reasons == nil {
		out.Body.Reasons = []cordon.Reason{}
	}
	if got.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// idempotencyKey takes the key bare or as the draft's quoted string.
func idempotencyKey(given string) (string, error) {
	key := given
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r < 0x21 || r > 0x7e }) || given != "" && key == "" {
		return "", cordon.InvalidField("Idempotency-Key", "must be printable ASCII without spaces", "use a UUID")
	}
	return key, nil
}

func (a *API) orderOf(ctx context.Context, x *exchange, body orderBody) (cordon.Order, error) {
	o := cordon.Order{
		Tenant: x.tenant, Kind: body.Kind, Version: body.Version, Audience: cordon.AudienceID(body.Audience),
		Recipients: body.Recipients, Exercise: body.Exercise, Template: cordon.TemplateID(body.Template),
	}
	if x.tenant == "" { // not the caller's: handles are not looked up in it
		o.Tenant = cordon.TenantID(x.r.PathValue("tenant"))
		return o, nil
	}
	var err error
	if o.Template, err = a.templateOf(ctx, x.tenant, body.Template); err != nil {
		return o, err
	}
	if body.Audience != "" && !o.Audience.Valid() {
		audience, err := a.Catalog.Audience(ctx, a.Registry.Operator(), x.tenant, body.Audience)
		if err != nil {
			return o, err
		}
		o.Audience = audience.ID
	}
	if body.Content != nil {
		free, err := body.Content.words()
		if err != nil {
			return o, err
		}
		o.Free = &free
	}
	return o, nil
}

// readOrder finds the order and its rows in whichever shape the body has.
func (a *API) readOrder(x *exchange, in *orderInput) (orderBody, iter.Seq2[cordon.Row, error], error) {
	media, params, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	switch media {
	case csvType:
		body := orderBody{Kind: in.Kind, Template: in.Template, Version: in.Version, Audience: in.Audience}
		if body.Kind == "" {
			body.Kind = cordon.Bulk
		}
		return body, csvRows(a.valuesBody(x, a.body(x))), nil
	case multipartType:
		return a.readForm(x, params["boundary"])
	}
	body, err := a.readOrderJSON(x, a.body(x))
	return body, jsonRows(body.Values), err
}

// readForm reads the part "order" (JSON) and then streams the part "values" (CSV).
func (a *API) readForm(x *exchange, boundary string) (orderBody, iter.Seq2[cordon.Row, error], error) {
	parts := multipart.NewReader(a.valuesBody(x, a.body(x)), boundary)
	part, err := parts.NextPart()
	if err != nil || part.FormName() != "order" {
		return orderBody{}, nil, malformed("does not begin with the part order", "send the part order (JSON) first, then the part values (CSV)", x.id)
	}
	body, err := a.readOrderJSON(x, part)
	if err != nil {
		return orderBody{}, nil, err
	}
	part, err = parts.NextPart()
	switch {
	case errors.Is(err, io.EOF):
		return body, jsonRows(body.Values), nil
	case err != nil || part.FormName() != "values":
		return orderBody{}, nil, malformed("has no part values after the part order", "send the part order (JSON) first, then the part values (CSV)", x.id)
	case len(body.Values) > 0:
		return orderBody{}, nil, cordon.InvalidField("values", "are given twice", "give them in the part values or in the part order")
	}
	return body, csvRows(part), nil
}

// readOrderJSON checks the JSON against the same description that is published.
func (a *API) readOrderJSON(x *exchange, from io.Reader) (orderBody, error) {
	var body orderBody
	raw, err := io.ReadAll(io.LimitReader(from, maxJSON+1))
	if _, rc := err, http.NewResponseController(x.w); rc != nil {
		_ = rc.SetReadDeadline(time.Time{})
	}
	switch {
	case err != nil:
		return body, malformed("broke off", "send it again", x.id)
	case len(raw) > maxJSON:
		return body, tooLarge(fmt.Sprintf("is larger than %d bytes", maxJSON), "send the values as CSV, or to an audience", x.id)
	case len(bytes.TrimSpace(raw)) == 0:
		return body, malformed("is missing", "send one JSON object as /openapi.json describes it", x.id)
	}
	var loose any
	if err := json.Unmarshal(raw, &loose); err != nil {
		return body, malformed("is not valid JSON", "send one JSON object as /openapi.json describes it", x.id)
	}
	found := &huma.ValidateResult{}
	path := huma.NewPathBuffer([]byte("body"), 4)
	schemas := a.huma.OpenAPI().Components.Schemas
	huma.Validate(schemas, schemas.SchemaFromRef("#/components/schemas/OrderBody"), path, huma.ModeWriteToServer, loose, found)
	if len(found.Errors) > 0 {
		return body, problemOfModel(huma.NewError(http.StatusUnprocessableEntity, "", found.Errors...).(*huma.ErrorModel), x.id)
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return body, malformed("is not valid JSON", "send one JSON object as /openapi.json describes it", x.id)
	}
	return body, nil
}

func (a *API) valuesBody(x *exchange, from io.Reader) io.Reader {
	return &cappedReader{from: from, left: maxValues, problem: tooLarge(fmt.Sprintf("is larger than %d bytes", maxValues), "split the order", x.id)}
}

// cappedReader answers with a problem instead of a byte too many.
type cappedReader struct {
	from    io.Reader
	left    int64
	problem error
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, c.problem
	}
	n, err := c.from.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func jsonRows(rows []orderRow) iter.Seq2[cordon.Row, error] {
	if len(rows) == 0 {
		return nil
	}
	return func(yield func(cordon.Row, error) bool) {
		for i, r := range rows {
			if !yield(cordon.Row{Line: i + 1, Recipient: r.Recipient, Values: r.Values}, nil) {
				return
			}
		}
	}
}
