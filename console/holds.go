package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
)

// holdsPage is the queue of what is held for a person.
type holdsPage struct {
	Rows     []holdRow
	Next     string
	Requests []requestRow
	Form     holdForm
	Filtered bool
	Fault    *fault

	All       intake.HoldPreview // everything the filter matches, in counts
	MaySettle bool
	Tenants   []option
	Checks    []option
	Kinds     []option
	Ages      []option
	Orders    []option
}

type holdRow struct {
	Dispatch   cordon.Dispatch
	Letter     string
	Tenant, By string
	Why        string
	Checks     []string
	Asked      []string
}

// requestRow is what a first person asked for about several dispatches.
type requestRow struct {
	Words, Reason string
	Verb          cordon.HoldVerb
	Hidden        []hidden // of the form that leads to the same preview
	Mine          bool
}

type hidden struct{ Name, Value string }

// holdForm is the filter as a form sends it.
type holdForm struct {
	Tenant, Template, Key, Account, Check, Kind, Age, Order, From, Until string
	Dispatches                                                           []string
}

const holdsAPage = 25

func holdFormOf(q *request) holdForm {
	_ = q.ParseForm() // what cannot be read is not there
	return holdForm{
		Tenant: q.Form.Get("tenant"), Template: q.Form.Get("template"), Key: q.Form.Get("key"), Account: q.Form.Get("account"), Check: q.Form.Get("check"),
		Kind: q.Form.Get("kind"), Age: q.Form.Get("age"), Order: q.Form.Get("order"), From: q.Form.Get("from"), Until: q.Form.Get("until"), Dispatches: q.Form["dispatch"],
	}
}

// ages are spans that people think in; a preview turns them into times, so that
// what is confirmed is what was seen.
var ages = []struct{ value, words string }{
	{"new", "the last hour"}, {"1h", "longer than an hour"}, {"24h", "longer than a day"}, {"168h", "longer than a week"},
}

// filter reads the form. now is what its ages are counted from.
func (f holdForm) filter(now time.Time) (cordon.HoldFilter, error) {
	out := cordon.HoldFilter{
		Tenant: cordon.TenantID(f.Tenant), Template: cordon.TemplateID(f.Template), Key: cordon.KeyID(f.Key), Account: cordon.AccountID(f.Account),
		Check: f.Check, Kind: cordon.Kind(f.Kind),
	}
	for _, id := range f.Dispatches {
		out.Dispatches = append(out.Dispatches, cordon.DispatchID(id))
	}
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{f.From, &out.From}, {f.Until, &out.Until}} {
		if t.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, t.text)
		if err != nil {
			return out, cordon.InvalidField("time", "cannot be read", "choose an age from the list")
		}
		*t.to = at
	}
	switch {
	case f.Age == "":
	case f.Age == "new":
		out.From = now.Add(-time.Hour)
	default:
		d, err := time.ParseDuration(f.Age)
		if err != nil || d < 0 {
			return out, cordon.InvalidField("age", "cannot be read", "choose one from the list")
		}
		out.Until = now.Add(-d)
	}
	return out, out.Validate()
}

// values are the form's fields as an address carries them. None of them is
// personal: IDs, the name of a check, an age.
func (f holdForm) values() url.Values {
	v := url.Values{}
	for _, p := range []hidden{{"tenant", f.Tenant}, {"template", f.Template}, {"key", f.Key}, {"account", f.Account}, {"check", f.Check}, {"kind", f.Kind}, {"age", f.Age}, {"order", f.Order}} {
		if p.Value != "" {
			v.Set(p.Name, p.Value)
		}
	}
	return v
}

// hiddenOf are the fields by which a form chooses the filter again.
func hiddenOf(f cordon.HoldFilter) []hidden {
	var out []hidden
	add := func(name, value string) {
		if value != "" {
			out = append(out, hidden{name, value})
		}
	}
	add("tenant", string(f.Tenant))
	add("template", string(f.Template))
	add("key", string(f.Key))
	add("account", string(f.Account))
	add("check", f.Check)
	add("kind", string(f.Kind))
	if !f.From.IsZero() {
		add("from", f.From.UTC().Format(time.RFC3339Nano))
	}
	if !f.Until.IsZero() {
		add("until", f.Until.UTC().Format(time.RFC3339Nano))
	}
	for _, id := range f.Dispatches {
		add("dispatch", string(id))
	}
	return out
}

func (c *Console) holds(w http.ResponseWriter, q *request) { c.holdsWith(w, q, nil) }

func (c *Console) holdsWith(w http.ResponseWriter, q *request, because error) {
	page, err := c.holdsOf(q.Context(), q.actor, holdFormOf(q), q.page(holdsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	status := http.StatusOK
	if page.Fault = faultOf(because); because != nil {
		status = statusOf(because)
	}
	c.show(w, q, status, "holds", frame{Title: "Holds", Section: "holds", Body: page})
}

func (c *Console) holdsOf(ctx context.Context, a cordon.Actor, form holdForm, at cordon.Page) (holdsPage, error) {
	form.Dispatches, form.From, form.Until = nil, "", ""
	p := holdsPage{Form: form, Filtered: len(form.values()) > 0 && !(len(form.values()) == 1 && form.Order != ""), MaySettle: a.Can(cordon.ReleaseHolds, a.Tenant)}
	f, err := form.filter(c.Now())
	if err != nil {
		return p, err
	}
	rows, next, err := c.Desk.Holds(ctx, a, a.Tenant, f, form.Order == "oldest", at)
	if err != nil {
		return p, err
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, c.holdRow(r))
	}
	if next != "" {
		v := form.values()
		v.Set("after", next)
		p.Next = "/holds?" + v.Encode()
	}
	if p.All, err = c.Desk.PreviewHolds(ctx, a, a.Tenant, f); err != nil {
		return p, err
	}
	asks, err := c.Desk.HoldRequests(ctx, a, a.Tenant)
	if err != nil {
		return p, err
	}
	for _, ask := range asks {
		p.Requests = append(p.Requests, requestRow{
			Words: c.askWords(ask) + ".", Reason: ask.Reason, Verb: ask.Verb, Hidden: hiddenOf(ask.Filter), Mine: ask.Person == a.Person(),
		})
	}
	return p, c.holdOptions(ctx, a, &p)
}

// holdOptions fills the filter's lists from what is held at all.
func (c *Console) holdOptions(ctx context.Context, a cordon.Actor, p *holdsPage) error {
	all, err := c.Desk.PreviewHolds(ctx, a, a.Tenant, cordon.HoldFilter{})
	if err != nil {
		return err
	}
	p.Tenants = []option{{"", "All tenants", p.Form.Tenant == ""}}
	for _, g := range all.Tenants {
		p.Tenants = append(p.Tenants, option{string(g.Tenant), c.names.tenant(g.Tenant) + " · " + num(g.Dispatches), p.Form.Tenant == string(g.Tenant)})
	}
	if a.Tenant != "" {
		p.Tenants = nil
	}
	p.Checks = []option{{"", "Any check", p.Form.Check == ""}}
	for _, g := range all.Checks {
		p.Checks = append(p.Checks, option{g.Check, capital(checkTitle(g.Check)) + " · " + num(g.Dispatches), p.Form.Check == g.Check})
	}
	p.Kinds = []option{{"", "Any kind", p.Form.Kind == ""}, {"bulk", "Bulk only", p.Form.Kind == "bulk"}, {"single", "Single only", p.Form.Kind == "single"}}
	p.Ages = []option{{"", "Any time", p.Form.Age == ""}}
	for _, age := range ages {
		p.Ages = append(p.Ages, option{age.value, "Held " + age.words, p.Form.Age == age.value})
	}
	p.Orders = []option{{"", "Newest first", p.Form.Order != "oldest"}, {"oldest", "Oldest first", p.Form.Order == "oldest"}}
	return nil
}

func (c *Console) holdRow(r intake.HoldRow) holdRow {
	row := holdRow{Dispatch: r.Dispatch, Letter: c.names.letter(r.Dispatch), Tenant: c.names.tenant(r.Tenant), By: c.names.actor(r.Actor)}
	for _, reason := range r.Reasons {
		if reason.Decision.Effective() != cordon.Hold {
			continue
		}
		if row.Why == "" {
			row.Why = sentence(reason.Message)
		}
		if title := checkTitle(reason.Check); !slices.Contains(row.Checks, title) {
			row.Checks = append(row.Checks, title)
		}
	}
	for _, ask := range r.Asked {
		row.Asked = append(row.Asked, c.askWords(ask))
	}
	return row
}

// askWords says who asked for what and until when it waits.
func (c *Console) askWords(a cordon.HoldAsk) string {
	about := " it"
	if a.Dispatch == "" {
		about = " " + count(a.Dispatches, "dispatch", "dispatches") + ", " + count(a.Copies, "copy", "copies")
	}
	return capital(c.names.actor(a.By)) + " asked to " + string(a.Verb) + about + "; a second person must confirm before " + a.Until.UTC().Format("2 Jan 15:04 UTC")
}

// checkTitle is the name of a check as people say it; the ledger and the
// reasons keep the house's own word.
func checkTitle(check string) string {
	switch check {
	case "":
		return "not named"
	case "authorise":
		return "right to send"
	case "approve":
		return "approval of the text"
	case "content":
		return "free content"
	case "recipients":
		return "recipients"
	case "ceilings":
		return "limits"
	case "screen":
		return "screening of the text"
	case "behaviour":
		return "unusual sending"
	case "fields":
		return "merge fields"
	}
	return strings.ReplaceAll(check, "-", " ")
}

// release opens a held dispatch; the service asks for the second person.
func (c *Console) release(w http.ResponseWriter, q *request) {
	tenant, id := dispatchIn(q)
	s, err := c.Desk.Release(q.Context(), q.actor, tenant, id)
	done := "released"
	if s.Asked != nil {
		done = "asked"
	}
	c.settled(w, q, err, done)
}

// discard asks for a tick as well: it cannot be taken back.
func (c *Console) discard(w http.ResponseWriter, q *request) {
	if q.PostFormValue("sure") != "yes" {
		c.dispatchWith(w, q, cordon.Errorf(cordon.Invalid, "A discard is final: tick the box to say so."))
		return
	}
	tenant, id := dispatchIn(q)
	s, err := c.Desk.Discard(q.Context(), q.actor, tenant, id)
	done := "discarded"
	if s.Asked != nil {
		done = "asked"
	}
	c.settled(w, q, err, done)
}

// settled leads back to the dispatch, with what was done or why it was not.
func (c *Console) settled(w http.ResponseWriter, q *request, err error, done string) {
	if err != nil {
		if statusOf(err) == http.StatusInternalServerError {
			c.Log.ErrorContext(q.Context(), "held dispatch was not settled", "error", err)
		}
		c.dispatchWith(w, q, err)
		return
	}
	tenant, id := dispatchIn(q)
	http.Redirect(w, q.Request, "/dispatches/"+url.PathEscape(string(tenant))+"/"+url.PathEscape(string(id))+"?done="+done, http.StatusSeeOther)
}
