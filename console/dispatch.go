package console

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

type dispatchesPage struct {
	Dispatches []dispatchRow
	Next       string
}

type stateCount struct {
	State cordon.DeliveryState
	Count int64
}

type reasonRow struct{ Tone, Word, Message, Check string }

type damage struct {
	Sentence string
	Facts    []fact
}

// dispatchPage is one dispatch: where its copies stand, who ordered it, what was
// said about it, who got it.
type dispatchPage struct {
	Row        dispatchRow
	Path       string
	States     []stateCount
	Facts      []fact
	Reasons    []reasonRow
	IsHeld     bool
	CanRelease bool
	Stoppable  bool
	Release    *stageStrip // nil: it leaves whole
	Damage     *damage
	Entries    []entryRow
	Fault      *fault
}

type entryRow struct {
	Entry  cordon.Entry
	Tenant string
	By     string
	Tone   string
	Facts  []fact
}

const (
	dispatchesAPage = 20
	entriesAPage    = 40
)

func (c *Console) dispatches(w http.ResponseWriter, q *request) {
	page, err := c.dispatchesOf(q.Context(), q.actor, q.page(dispatchesAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	f := frame{Title: "Dispatches", Section: "dispatches", Body: page}
	if q.FormValue("after") == "" { // only the newest page moves
		f.Live = "/live/dispatches"
	}
	c.show(w, q, http.StatusOK, "dispatches", f)
}

func (c *Console) dispatchesLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.dispatchesOf(ctx, q.actor, cordon.Page{Limit: dispatchesAPage})
		return p.parts(), err
	})
}

func (p dispatchesPage) parts() []part { return []part{{"dispatches", "part-dispatches", p}} }

func (c *Console) dispatchesOf(ctx context.Context, a cordon.Actor, at cordon.Page) (dispatchesPage, error) {
	var p dispatchesPage
	list, next, err := c.Desk.Dispatches(ctx, a, a.Tenant, at)
	if err != nil {
		return p, err
	}
	for _, d := range list {
		p.Dispatches = append(p.Dispatches, c.dispatchRow(d))
	}
	if next != "" {
		p.Next = "/dispatches?" + url.Values{"after": {next}}.Encode()
	}
	return p, nil
}

func dispatchIn(q *request) (cordon.TenantID, cordon.DispatchID) {
	return cordon.TenantID(q.PathValue("tenant")), cordon.DispatchID(q.PathValue("id"))
}

func (c *Console) dispatch(w http.ResponseWriter, q *request) { c.dispatchWith(w, q, nil) }

func (c *Console) dispatchWith(w http.ResponseWriter, q *request, because error) {
	tenant, id := dispatchIn(q)
	page, err := c.dispatchOf(q.Context(), q.actor, tenant, id)
	if err == nil {
		err = c.fillDispatch(q.Context(), q.actor, &page)
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page.Fault = faultOf(because)
	status := http.StatusOK
	if because != nil {
		status = statusOf(because)
	}
	c.show(w, q, status, "dispatch", frame{Title: page.Row.Letter, Section: "dispatches", Live: "/live" + page.Path, Body: page})
}

func (c *Console) dispatchLive(w http.ResponseWriter, q *request) {
	tenant, id := dispatchIn(q)
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.dispatchOf(ctx, q.actor, tenant, id)
		return p.parts(), err
	})
}

func (p dispatchPage) parts() []part {
	parts := []part{{"dispatch-head", "part-dispatch-head", p}, {"dispatch-progress", "part-dispatch-progress", p}}
	if p.Release != nil {
		parts = append(parts, part{"dispatch-stages", "part-dispatch-stages", p.Release})
	}
	return parts
}

// dispatchOf is the part of the page that moves.
func (c *Console) dispatchOf(ctx context.Context, a cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (dispatchPage, error) {
	d, err := c.Desk.Dispatch(ctx, a, tenant, id)
	if err != nil {
		return dispatchPage{}, err
	}
	p := dispatchPage{Row: c.dispatchRow(d), Path: "/dispatches/" + url.PathEscape(string(tenant)) + "/" + url.PathEscape(string(id))}
	for _, s := range barOrder {
		p.States = append(p.States, stateCount{s, *d.Counts.Of(s)})
	}
	p.IsHeld = d.State == cordon.DispatchHeld
	p.CanRelease = a.Can(cordon.ReleaseHolds, tenant)
	p.Stoppable = d.State == cordon.DispatchOpen || d.State == cordon.DispatchAccepting
	p.Release, err = c.releaseOf(ctx, a, d)
	return p, err
}

// fillDispatch adds what does not move: the order, the checks, the damage, the
// ledger's own words.
func (c *Console) fillDispatch(ctx context.Context, a cordon.Actor, p *dispatchPage) error {
	d := p.Row.Dispatch
	p.Facts = c.orderFacts(d)
	for _, r := range d.Reasons {
		row := reasonRow{Word: capital(r.Decision.Effective().String()), Message: sentence(r.Message), Check: r.Check}
		switch r.Decision.Effective() {
		case cordon.Hold:
			row.Tone = "held"
		case cordon.Refuse:
			row.Tone = "incident"
		}
		p.Reasons = append(p.Reasons, row)
	}
	if a.Can(cordon.Assess, d.Tenant) {
		n, err := c.Auditor.Assess(ctx, a, cordon.Question{Tenant: d.Tenant, Dispatch: d.ID})
		if err != nil {
			return err
		}
		p.Damage = damageOf(n)
	}
	if a.Can(cordon.ReadLedger, d.Tenant) {
		entries, _, err := c.Auditor.EntriesOf(ctx, a, d.Tenant, string(d.ID), cordon.Page{Limit: entriesAPage})
		if err != nil {
			return err
		}
		for _, e := range entries {
			p.Entries = append(p.Entries, c.entryRow(e))
		}
	}
	return nil
}

func (c *Console) orderFacts(d cordon.Dispatch) []fact {
	out := []fact{{Name: "Ordered by", Value: capital(c.names.actor(d.Actor))}}
	if d.Key != "" && d.Account != "" {
		out = append(out, fact{Name: "For account", Value: c.names.account(d.Account)})
	}
	if d.Audience != "" {
		out = append(out, fact{Name: "Audience", Value: short(d.Audience)})
	}
	out = append(out, fact{Name: "Accepted", Value: full(d.AcceptedAt)})
	if d.NotBefore.After(d.AcceptedAt) {
		out = append(out, fact{Name: "First copy not before", Value: full(d.NotBefore)})
	}
	return append(out,
		fact{Name: "Hash of its text", Value: d.Hash, Mono: true},
		fact{Name: "Dispatch", Value: string(d.ID), Mono: true},
	)
}

func damageOf(n cordon.Assessment) *damage {
	d := &damage{}
	if n.Delivered == 0 && n.Unknown == 0 {
		d.Sentence = "Nobody has got it."
	} else {
		d.Sentence = count(n.Delivered, "person has", "people have") + " got it"
		if n.Unknown > 0 {
			d.Sentence += ", and " + num(n.Unknown) + " more perhaps"
		}
		d.Sentence += "."
	}
	if n.Held > 0 {
		d.Sentence += " " + count(n.Held, "copy is", "copies are") + " kept back."
	}
	d.Facts = []fact{
		{Name: "First copy", Value: full(n.FirstAt)},
		{Name: "Last copy", Value: full(n.LastAt)},
		{Name: "Personal-data reads", Value: num(n.PersonalDataReads)},
		{Name: "Counted", Value: "at ledger size " + num(n.LedgerSize)},
	}
	return d
}

// affected streams every copy of the dispatch as CSV: opaque IDs and the
// tenant's own references, never a name or an address.
func (c *Console) affected(w http.ResponseWriter, q *request) {
	tenant, id := dispatchIn(q)
	// Asked for first, so that what does not exist is a page and not a broken file.
	if _, err := c.Desk.Dispatch(q.Context(), q.actor, tenant, id); err != nil {
		c.problem(w, q, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.csv"`, id))
	out := csv.NewWriter(w)
	_ = out.Write([]string{"recipient", "external_ref", "state", "at"})
	control := http.NewResponseController(w)
	n := 0
	for row, err := range c.Auditor.Affected(q.Context(), q.actor, cordon.Question{Tenant: tenant, Dispatch: id}, false) {
		if err != nil {
			c.Log.ErrorContext(q.Context(), "csv of a dispatch broke off", "dispatch", id, "error", err)
			// The status is gone. Cutting the connection makes the browser say that
			// the file is not whole, instead of showing a short list as the truth.
			panic(http.ErrAbortHandler)
		}
		at := ""
		if !row.At.IsZero() {
			at = row.At.UTC().Format(time.RFC3339Nano)
		}
		_ = out.Write([]string{string(row.Recipient), cell(row.ExternalRef), string(row.State), at})
		if n++; n%1000 == 0 {
			_ = control.SetWriteDeadline(time.Now().Add(30 * time.Second))
		}
	}
	out.Flush()
}

// cell keeps a reference from being read as a formula by a spreadsheet.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (c *Console) entryRow(e cordon.Entry) entryRow {
	return entryRow{
		Entry: e, Tenant: c.names.tenant(e.Tenant), By: c.names.actor(e.Actor),
		Tone: entryTone(e.Kind), Facts: bodyFacts(e.Body, c.names.actor),
	}
}

const maxBodyFacts = 6

// bodyFacts shows the plain values of an entry's body: counts, words, IDs. The
// body holds no personal data, by the ledger's own rule. name turns an ID into
// what people call it.
func bodyFacts(body json.RawMessage, name func(string) string) []fact {
	var values map[string]any
	if json.Unmarshal(body, &values) != nil {
		return nil
	}
	var out []fact
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(out) == maxBodyFacts {
			break
		}
		if text := bodyValue(key, values[key], name); text != "" {
			out = append(out, fact{Name: strings.ReplaceAll(key, "_", " "), Value: text})
		}
	}
	return out
}

const (
	maxBodyText = 80
	maxBodyHash = 40 // a longer word without spaces is a hash, shown by its head
)

func bodyValue(key string, v any, name func(string) string) string {
	at := strings.HasSuffix(key, "_at")
	switch v := v.(type) {
	case bool:
		return map[bool]string{true: "yes"}[v]
	case float64:
		switch {
		case at && v > 0: // µs, as the store keeps times
			return time.UnixMicro(int64(v)).UTC().Format("15:04:05.000")
		case v == 0:
			return ""
		}
		return num(int64(v))
	case string:
		switch {
		case at:
			return ""
		case strings.HasPrefix(v, "key_"), strings.HasPrefix(v, "acc_"):
			return name(v)
		case len(v) > maxBodyHash && !strings.ContainsAny(v, " ,"):
			return v[:12] + "…"
		}
		if runes := []rune(v); len(runes) > maxBodyText {
			return string(runes[:maxBodyText-1]) + "…"
		}
		return v
	}
	return ""
}
