package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

const (
	tagAccess     = "access"
	tagCatalog    = "catalog"
	tagRecipients = "recipients"
	tagTemplates  = "templates"
	tagMail       = "mail"
	tagContain    = "contain"
	tagSize       = "size"
	tagDrills     = "drills"
	tagOnCall     = "oncall"
)

const about = `Cordon sends an organisation's mail, judges every send before it spreads, stops what goes wrong at once, and says exactly who got what.

Send a key as ` + "`Authorization: Bearer cordon_…`" + `. Every error is a problem (RFC 9457) with Cordon's code, the field it is about and what to do. Lists come in parts: pass ` + "`next`" + ` of one answer as ` + "`after`" + ` of the next call. An unknown thing and one that is not yours are answered alike. No answer holds personal data, except on the routes that need the permission reveal.`

// description is what huma builds the document from.
func (a *API) description() huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[cordon.Decision](), reflect.TypeFor[decisionWord]())
	schemas.RegisterTypeAlias(reflect.TypeFor[drill.Report](), reflect.TypeFor[drillReport]())
	schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	schemas.Schema(reflect.TypeFor[orderBody](), true, "OrderBody")
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Cordon", Version: a.Version, Description: about,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "cordon_…", Description: "An API key: cordon key create shows it once"},
				},
			},
			Security: []map[string][]string{{"bearer": {}}},
			Tags: []*huma.Tag{
				{Name: tagAccess, Description: "Accounts and keys: who may do what"},
				{Name: tagCatalog, Description: "Tenants, their domains, limits and decoys"},
				{Name: tagRecipients, Description: "Recipients, suppressions and audiences"},
				{Name: tagTemplates, Description: "Templates and their versions; approval by a second person"},
				{Name: tagMail, Description: "Orders and dispatches"},
				{Name: tagReports, Description: "What people outside say of mail, and whether a mail is ours"},
				{Name: tagContain, Description: "Stop and lift"},
				{Name: tagSize, Description: "Size the damage and prove it"},
				{Name: tagIncidents, Description: "What went wrong, from the first signal to the last apology"},
				{Name: tagOnCall, Description: "Who is woken: contacts, schedules, escalation, pages, heartbeats"},
				{Name: tagAnnouncements, Description: "Numbered posts that never change, the promises they make, the status page"},
				{Name: tagNotices, Description: "What those whom an incident reached are told: tenants, their people, authorities; and the legal clocks"},
				{Name: tagDrills, Description: "Rehearse an incident, marked as an exercise through and through"},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{asProblem},
	}
	return config
}

// decisionWord is how a Decision is written.
type decisionWord string

func (decisionWord) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"undecided", "pass", "hold", "refuse"}}
}

// finishDescription adds what types cannot say: bodies that are streams, and
// the words of the root package, which carries no tags for one edge.
func (a *API) finishDescription() {
	doc := a.huma.OpenAPI()
	all := doc.Components.Schemas.Map()
	delete(all, "ErrorModel") // huma's own shape of errors: never sent
	delete(all, "ErrorDetail")

	ref := func(name string) *huma.Schema { return &huma.Schema{Ref: "#/components/schemas/" + name} }
	text := func(what string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: what} }
	const rows = "CSV, UTF-8, a header line, then a row a recipient"

	order := doc.Paths["/v1/tenants/{tenant}/orders"].Post
	order.Description += " A bulk order needs send.bulk, a single one send.single. The values may be streamed: as a CSV body with the rest in the query, or as the part values after the part order of a form. 202 says that it is accepted and safe; the state says whether it goes or is held for a person."
	order.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		jsonType: {Schema: ref("OrderBody"), Example: map[string]any{"kind": "bulk", "template": "recall", "version": 1, "audience": "recall-2026"}},
		csvType:  {Schema: text("Values: " + rows + "; the first column is recipient, the others are order fields"), Example: "recipient,visit_date\nrcp_0123456789abcdefghjkmnpqrs,2026-05-04\n"},
		multipartType: {Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"order"}, Properties: map[string]*huma.Schema{
			"order":  {Ref: "#/components/schemas/OrderBody"},
			"values": text("Values: " + rows),
		}}},
	}}

	imported := doc.Paths["/v1/tenants/{tenant}/recipients/import"].Post
	imported.Description += " The answer is a line of JSON at a time: progress, then every bad row as fault, and report (or problem) as the last line. Read it while you send. Nothing is imported when a row is bad, unless skip_bad is true."
	imported.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		csvType: {Schema: text(rows + "; columns email, name, ref, tags, and any other as a personal field"), Example: "ref,email,name,first_name,tags\nP-1,person@example.org,Alex Example,Alex,recall\n"},
	}}
	a.streams(imported.Responses["200"], reflect.TypeFor[importProgressLine](), reflect.TypeFor[faultLine](), reflect.TypeFor[importLine](), reflect.TypeFor[problemLine]())

	verify := doc.Paths["/v1/ledger/verify"].Get
	verify.Description += " The answer is a line of JSON at a time: progress, and report (or problem) as the last line."
	a.streams(verify.Responses["200"], reflect.TypeFor[verifyProgressLine](), reflect.TypeFor[verifyLine](), reflect.TypeFor[problemLine]())

	affected := doc.Paths["/v1/assess.csv"].Get
	affected.Description += " A cell that would start a formula in a spreadsheet has an apostrophe before it. An answer that breaks off is not the whole: check that the connection ended well."
	affected.Responses["200"].Content = map[string]*huma.MediaType{csvType: {
		Schema:  text("tenant, dispatch, recipient, external_ref, state, at and, when revealed, address"),
		Example: "tenant,dispatch,recipient,external_ref,state,at\nten_0…,dsp_0…,rcp_0…,P-10234,delivered,2026-11-22T04:58:00Z\n",
	}}
	a.describe(all)
}

// streams documents an answer of one JSON object a line.
func (a *API) streams(r *huma.Response, lines ...reflect.Type) {
	schemas := a.huma.OpenAPI().Components.Schemas
	var lineSchemas []*huma.Schema
	for _, t := range lines {
		lineSchemas = append(lineSchemas, schemas.Schema(t, true, ""))
	}
	r.Content = map[string]*huma.MediaType{ndjsonType: {Schema: &huma.Schema{OneOf: lineSchemas, Description: "Each line is one of these"}}}
}

// describe gives every property of the root package's types its words, and lets
// answers grow: only what is sent to us is held to its known fields.
func (a *API) describe(all map[string]*huma.Schema) {
	sent, say := a.sentToUs(), words()
	for name, s := range all {
		if !sent[name] {
			s.AdditionalProperties = nil
		}
		for property, p := range s.Properties {
			said, ok := say[name+"."+property]
			if !ok {
				said, ok = say[property]
			}
			if ok && p.Description == "" {
				p.Description = said.doc
			}
			if said.example != nil && len(p.Examples) == 0 && p.Ref == "" {
				p.Examples = []any{said.example}
			}
			if len(said.enum) > 0 && len(p.Enum) == 0 {
				if p.Items != nil {
					p.Items.Enum = said.enum
				} else if p.Type == huma.TypeString {
					p.Enum = said.enum
				}
				s.PrecomputeMessages()
			}
		}
	}
}

// sentToUs names the schemas reachable from a request's body.
func (a *API) sentToUs() map[string]bool {
	doc, found := a.huma.OpenAPI(), map[string]bool{}
	var follow func(s *huma.Schema)
	follow = func(s *huma.Schema) {
		if s == nil {
			return
		}
		if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok && !found[name] {
			found[name] = true
			follow(doc.Components.Schemas.Map()[name])
		}
		follow(s.Items)
		for _, p := range s.Properties {
			follow(p)
		}
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				follow(media.Schema)
			}
		}
	}
	return found
}

func (a *API) serveDescription(w http.ResponseWriter, r *http.Request) {
	raw, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		a.Log.Error("description failed", "error", err)
		writeProblem(w, newProblem(cordon.Internal, "", ""))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(raw) // the caller is gone when this fails
}
