package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
)

// sent is the house's answer to an order.
type sent struct {
	Dispatch cordon.Dispatch `json:"dispatch"`
	Decision string          `json:"decision"`
	Reasons  []reason        `json:"reasons"`
	Replayed bool            `json:"replayed,omitempty"`
}

type reason struct {
	Check    string `json:"check"`
	Decision string `json:"decision"`
	Message  string `json:"message"`
}

// sending is what send was asked to do.
type sending struct {
	tenant, template, audience string
	letter                     versionRef
	recipients, refs           []string
	values, idempotency        string
	content                    string
	wait                       bool
}

func (sh *shell) sendCommand() *cobra.Command {
	var s sending
	cmd := &cobra.Command{
		Use: "send --tenant TENANT --template TEMPLATE[@VERSION]", Short: "Mail an approved letter to an audience, or to named recipients",
		Long: "Mail an approved letter to an audience (bulk), or to named recipients (single).\nValues for order fields come as CSV: a column recipient with IDs, and a column a field.\nRepeating a call with the same --idempotency-key never sends twice.",
		Example: "  cordon send --tenant northside --template recall@3 --audience recall-2026 --wait\n" +
			"  cordon send --tenant northside --template reminder --recipient rcp_… --values visit.csv",
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&s.tenant, "tenant", "", "tenant, by ID or handle")
	f.StringVar(&s.template, "template", "", "template, by ID or handle, with its version: recall@3; without, the newest approved")
	f.StringVar(&s.audience, "audience", "", "audience, by ID or handle")
	f.StringArrayVar(&s.recipients, "recipient", nil, "recipient's ID; may be repeated")
	f.StringArrayVar(&s.refs, "ref", nil, "recipient by the tenant's own reference; may be repeated")
	f.StringVar(&s.content, "content", "", "JSON file with the text itself (subject, text or html, from_address), or -; needs send.free, and waits for a second person")
	f.StringVar(&s.values, "values", "", "CSV file with a row of values a recipient, or -")
	f.StringVar(&s.idempotency, "idempotency-key", "", "makes a repeated call answer with the first dispatch")
	f.BoolVar(&s.wait, "wait", false, "wait until every copy is delivered, kept back or given up, and show progress")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		text := "template"
		if s.content != "" {
			text = "content"
		}
		if err := require(f, "tenant", text); err != nil {
			return err
		}
		if s.content != "" && s.template != "" {
			return misused("--content", "does not go with --template", "give one of the two")
		}
		single := len(s.recipients)+len(s.refs) > 0
		if single == (s.audience != "") {
			return misused("--audience", "or --recipient: exactly one is needed", "name an audience, or recipients")
		}
		var err error
		if s.content == "" {
			if s.letter, err = parseVersionRef(s.template); err != nil {
				return err
			}
		}
		return sh.send(cmd.Context(), s)
	}
	return cmd
}

func (sh *shell) send(ctx context.Context, s sending) error {
	c, err := sh.client(ctx, false)
	if err != nil {
		return err
	}
	if s.wait && !c.running {
		return cordon.InvalidField("--wait", "no Cordon is running that could send", "start cordon serve, or leave --wait out")
	}
	order, err := sh.orderOf(ctx, s)
	if err != nil {
		return err
	}
	r := request{method: post, path: tenantPath(s.tenant, "/orders"), json: order, header: http.Header{}}
	if s.values != "" {
		file, closeFile, err := sh.openInput(s.values)
		if err != nil {
			return err
		}
		defer closeFile()
		if r, err = withValues(r, file); err != nil {
			return err
		}
	}
	key := s.idempotency
	if key == "" {
		key = cordon.RandomText(26)
	}
	r.header.Set("Idempotency-Key", `"`+key+`"`)
	var got sent
	if err := c.call(ctx, r, &got); err != nil {
		return err
	}
	if s.wait && got.Dispatch.State != cordon.DispatchHeld {
		if got.Dispatch, err = sh.await(ctx, c, got.Dispatch); err != nil {
			return err
		}
	}
	return sh.answer(got, func() { sh.showSent(s.tenant, got) })
}

// orderOf is the order as JSON.
func (sh *shell) orderOf(ctx context.Context, s sending) (map[string]any, error) {
	order := map[string]any{"kind": "bulk"}
	if s.content != "" {
		content, err := sh.contentOf(s.content)
		if err != nil {
			return nil, err
		}
		order["content"] = content
	} else {
		t, err := sh.templateRef(ctx, s.tenant, s.letter)
		if err != nil {
			return nil, err
		}
		order["template"], order["version"] = t.template, t.version
	}
	if s.audience != "" {
		order["audience"] = s.audience
		return order, nil
	}
	ids := append([]string{}, s.recipients...)
	for _, ref := range s.refs {
		r, err := sh.byRef(ctx, s.tenant, ref)
		if err != nil {
			return nil, err
		}
		ids = append(ids, string(r.ID))
	}
	order["kind"], order["recipients"] = "single", ids
	return order, nil
}

const maxContent = 1 << 20 // bytes; the house takes no larger letter

// contentOf reads a text that is given with the order.
func (sh *shell) contentOf(file string) (json.RawMessage, error) {
	in, closeFile, err := sh.openInput(file)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	raw, err := io.ReadAll(io.LimitReader(in, maxContent+1))
	if err != nil || len(raw) > maxContent || !json.Valid(raw) {
		return nil, misused("--content", "is not a JSON object of at most 1 MiB", `write {"from_address": "…", "subject": "…", "text": "…"}`)
	}
	return raw, nil
}

// withValues sends the order as a form: its JSON, then the CSV as it is read.
func withValues(r request, values io.Reader) (request, error) {
	raw, err := json.Marshal(r.json)
	if err != nil {
		return r, fmt.Errorf("write order: %w", err)
	}
	read, write := io.Pipe()
	form := multipart.NewWriter(write)
	go func() { // ends with the request: the pipe breaks when nobody reads
		write.CloseWithError(writeForm(form, raw, values))
	}()
	r.json, r.body, r.media = nil, read, form.FormDataContentType()
	return r, nil
}

func writeForm(form *multipart.Writer, order []byte, values io.Reader) error {
	part, err := form.CreateFormField("order")
	if err != nil {
		return err
	}
	if _, err := part.Write(order); err != nil {
		return err
	}
	if part, err = form.CreateFormFile("values", "values.csv"); err != nil {
		return err
	}
	if _, err := io.Copy(part, values); err != nil {
		return err
	}
	return form.Close()
}

func (sh *shell) showSent(tenant string, got sent) {
	d := got.Dispatch
	what := "accepted"
	switch {
	case d.State == cordon.DispatchHeld:
		what = "HELD for a person"
	case got.Replayed:
		what = "accepted before; nothing new was sent"
	}
	sh.say("dispatch %s  %s", d.ID, what)
	sh.say("  %s copies of %s@%d: %s", count(int64(d.Recipients)), d.Template, d.Version, countsText(d.Counts))
	for _, r := range got.Reasons {
		if r.Decision != "pass" {
			sh.say("  %s: %s", r.Check, r.Message)
		}
	}
	if d.State == cordon.DispatchHeld {
		sh.say("  somebody else:  cordon release %s --tenant %s   or   cordon discard %s --tenant %s", d.ID, tenant, d.ID, tenant)
		return
	}
	if d.State != cordon.DispatchDone {
		sh.say("  stop it:  cordon stop --dispatch %s --reason TEXT", d.ID)
	}
}

const awaitEvery = 500 * time.Millisecond

// await follows a dispatch until no copy of it may still leave.
func (sh *shell) await(ctx context.Context, c *client, d cordon.Dispatch) (cordon.Dispatch, error) {
	m := sh.meter()
	defer m.clear()
	turn := time.NewTicker(awaitEvery)
	defer turn.Stop()
	for {
		path := tenantPath(string(d.Tenant), "/dispatches/"+url.PathEscape(string(d.ID)))
		if err := c.call(ctx, request{method: get, path: path}, &d); err != nil {
			return d, err
		}
		settled := d.Counts.Total() - d.Counts.Open()
		m.show("sending", settled, int64(d.Recipients), "copies")
		if settledNow(d) {
			return d, nil
		}
		if held, err := heldStage(ctx, c, d.Kind, path); err != nil || held != nil {
			if held != nil {
				sh.note("held at stage %d of %d: %s", held.Number, held.Of, held.Reason)
			}
			return d, err
		}
		select {
		case <-ctx.Done():
			return d, errors.Join(&cordon.Error{Code: cordon.Unavailable, Message: "the wait was interrupted; the dispatch goes on", Remedy: "cordon dispatches shows where it stands"}, ctx.Err())
		case <-turn.C:
		}
	}
}

// settledNow says whether nothing of the dispatch changes by itself any more. A
// copy that stays perhaps delivered is still open by its state, and waits for
// nothing once the dispatch is done or the rest of it is held.
func settledNow(d cordon.Dispatch) bool {
	switch d.State {
	case cordon.DispatchAccepting:
		return false
	case cordon.DispatchDone, cordon.DispatchDiscarded:
		return true
	}
	open := d.Counts.Open()
	return open == 0 || open == d.Counts.Uncertain && d.Counts.Held > 0
}

func (sh *shell) dispatchesCommand() *cobra.Command {
	cmd := sh.dispatchList("dispatches", "List dispatches, newest first", "  cordon dispatches --tenant northside")
	cmd.AddCommand(sh.dispatchShow())
	return cmd
}

func (sh *shell) dispatchList(use, short, example string) *cobra.Command {
	var tenant string
	var limit int
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.NoArgs}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant's, by ID or handle")
	cmd.Flags().IntVar(&limit, "limit", 100, "rows, at most; 0 for all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path := "/v1/dispatches"
		if tenant != "" {
			path = tenantPath(tenant, "/dispatches")
		}
		found, err := all[cordon.Dispatch](cmd.Context(), sh, path, nil, limit)
		if err != nil {
			return err
		}
		return sh.answer(found, func() { sh.showDispatches(cmd.Context(), found) })
	}
	return cmd
}

func (sh *shell) showDispatches(ctx context.Context, found part[cordon.Dispatch]) {
	names := sh.tenantHandles(ctx)
	var rows [][]string
	for _, d := range found.Items {
		tenant := names[d.Tenant]
		if tenant == "" {
			tenant = string(d.Tenant)
		}
		rows = append(rows, []string{string(d.ID), tenant, string(d.Kind), string(d.State), stamp(d.AcceptedAt), count(int64(d.Recipients)), countsText(d.Counts)})
	}
	sh.table("DISPATCH TENANT KIND STATE ACCEPTED COPIES STANDING", rows)
	sh.more(found.Next)
	for _, d := range found.Items {
		for _, r := range d.Reasons {
			if d.State == cordon.DispatchHeld {
				sh.say("%s  %s: %s", d.ID, r.Check, r.Message)
			}
		}
	}
}

func (sh *shell) dispatchShow() *cobra.Command {
	return sh.dispatchVerb("show DISPATCH --tenant TENANT", "Show a dispatch and where its copies stand", "  cordon dispatches show dsp_… --tenant northside",
		func(ctx context.Context, path string) error {
			var d cordon.Dispatch
			if err := sh.ask(ctx, request{method: get, path: path}, &d); err != nil {
				return err
			}
			return sh.answer(d, func() { sh.showDispatch(d) })
		})
}

func (sh *shell) showDispatch(d cordon.Dispatch) {
	sh.say("dispatch  %s  %s, %s", d.ID, d.Kind, d.State)
	sh.say("tenant    %s", d.Tenant)
	sh.say("letter    %s@%d", d.Template, d.Version)
	sh.say("actor     %s", d.Actor)
	sh.say("accepted  %s", stamp(d.AcceptedAt))
	for _, s := range cordon.DeliveryStates() {
		if n := *d.Counts.Of(s); n > 0 {
			sh.countLine(string(s), n, "")
		}
	}
	for _, r := range d.Reasons {
		sh.say("  %s: %s", r.Check, r.Message)
	}
}

// dispatchVerb is a verb over one dispatch of a tenant.
func (sh *shell) dispatchVerb(use, short, example string, do func(ctx context.Context, path string) error) *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant, by ID or handle")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := require(cmd.Flags(), "tenant"); err != nil {
			return err
		}
		return do(cmd.Context(), tenantPath(tenant, "/dispatches/"+url.PathEscape(args[0])))
	}
	return cmd
}
