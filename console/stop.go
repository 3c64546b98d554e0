package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// stopForm is what the form holds, as the person left it.
type stopForm struct {
	Scope, Tenant, Template, Dispatch, Key, Kind, Reason string
	Sure                                                 bool
}

type option struct {
	Value, Label string
	Selected     bool
}

type optionGroup struct {
	Label   string
	Options []option
}

type choice struct{ Value, Label, Help string }

type kindOption struct {
	ID, Value, Label string
	Selected         bool
}

type stopPage struct {
	Form       stopForm
	Choices    []choice
	Tenants    []option
	Templates  []optionGroup
	Dispatches []option
	Keys       []optionGroup
	Kinds      []kindOption
	Preview    preview
	Fault      *fault
	BadReason  bool
}

// preview is what a stop over the scope would keep back, counted now.
type preview struct {
	Covers    string
	Problem   string
	Counts    cordon.Counts
	WouldHold int64
	At        time.Time
}

const (
	scopeTenant     = "tenant"
	scopeTemplate   = "template"
	scopeDispatch   = "dispatch"
	scopeKey        = "key"
	scopeEverything = "everything"

	stopTenants    = 100 // tenants whose templates and keys the form offers
	stopDispatches = 50
)

func readStopForm(get func(string) string) stopForm {
	f := stopForm{
		Scope: get("scope"), Tenant: get("tenant"), Template: get("template"), Dispatch: get("dispatch"),
		Key: get("key"), Kind: get("kind"), Reason: strings.TrimSpace(get("reason")), Sure: get("sure") == "yes",
	}
	if f.Scope == "" {
		f.Scope = scopeTenant
	}
	return f
}

// scope turns the form into the scope it means. Only what belongs to the chosen
// kind of scope counts; what another list happens to show is left out.
func (f stopForm) scope() (cordon.Scope, error) {
	s := cordon.Scope{Kind: cordon.Kind(f.Kind)}
	owner, thing, paired := strings.Cut(f.pick(), "/")
	switch f.Scope {
	case scopeEverything:
		s.Everything = true
		return s, nil
	case scopeTenant:
		s.Tenant = cordon.TenantID(f.Tenant)
		if s.Tenant != "" {
			return s, nil
		}
	case scopeTemplate:
		if s.Tenant, s.Template = cordon.TenantID(owner), cordon.TemplateID(thing); paired {
			return s, nil
		}
	case scopeDispatch:
		if s.Tenant, s.Dispatch = cordon.TenantID(owner), cordon.DispatchID(thing); paired {
			s.Kind = "" // a dispatch is of one kind
			return s, nil
		}
	case scopeKey:
		if s.Key = cordon.KeyID(f.Key); s.Key != "" {
			return s, nil
		}
	}
	return cordon.Scope{}, cordon.InvalidField("scope", "is not chosen", "say what must stop")
}

// pick is the chosen "tenant/thing" value.
func (f stopForm) pick() string {
	switch f.Scope {
	case scopeTemplate:
		return f.Template
	case scopeDispatch:
		return f.Dispatch
	}
	return ""
}

func (c *Console) stop(w http.ResponseWriter, q *request) {
	c.stopForm(w, q, http.StatusOK, readStopForm(q.URL.Query().Get), nil)
}

// previewStop counts what the form covers, for the page's side column.
func (c *Console) previewStop(w http.ResponseWriter, q *request) {
	html, err := c.pages.part("stop-preview", c.previewOf(q.Context(), q.actor, readStopForm(q.PostFormValue)))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html))
}

// placeStop does it. The one extra question is asked for everything, because
// "everything" must be said.
func (c *Console) placeStop(w http.ResponseWriter, q *request) {
	form := readStopForm(q.PostFormValue)
	if q.PostFormValue("step") == "preview" {
		c.stopForm(w, q, http.StatusOK, form, nil)
		return
	}
	scope, err := form.scope()
	if err == nil && scope.Everything && !form.Sure {
		err = cordon.Errorf(cordon.Invalid, "Everything must be said: tick the box to stop all mail of all tenants.")
	}
	if err == nil && form.Reason == "" {
		err = cordon.InvalidField("reason", "is missing", "say in a few words why; it goes into the ledger")
	}
	if err != nil {
		c.stopForm(w, q, statusOf(err), form, err)
		return
	}
	placed, err := c.Warden.Place(q.Context(), q.actor, cordon.Stop{Scope: scope, Reason: form.Reason})
	if err != nil {
		c.stopForm(w, q, statusOf(err), form, err)
		return
	}
	http.Redirect(w, q.Request, "/stops/"+url.PathEscape(string(placed.ID))+"?done=stopped", http.StatusSeeOther)
}

func (c *Console) stopForm(w http.ResponseWriter, q *request, status int, form stopForm, because error) {
	page := stopPage{Form: form, Fault: faultOf(because)}
	var e *cordon.Error
	page.BadReason = errors.As(because, &e) && e.Field == "reason"
	if status == http.StatusInternalServerError {
		c.Log.ErrorContext(q.Context(), "stop was not placed", "error", because)
	}
	if err := c.fillStopLists(q.Context(), q.actor, &page); err != nil {
		c.problem(w, q, err)
		return
	}
	page.Preview = c.previewOf(q.Context(), q.actor, page.Form)
	c.show(w, q, status, "stop", frame{Title: "Stop mail", Section: "stop", Body: page})
}

func (c *Console) previewOf(ctx context.Context, a cordon.Actor, form stopForm) preview {
	p := preview{At: c.Now()}
	scope, err := form.scope()
	if err == nil {
		p.Covers = c.names.scope(scope)
		p.Counts, err = c.Warden.Preview(ctx, a, scope)
	}
	if err != nil {
		f := faultOf(err)
		if p.Covers == "" {
			p.Covers = "Nothing chosen yet"
		}
		p.Problem = strings.TrimSpace(f.Message + " " + f.Remedy)
		return p
	}
	p.WouldHold = p.Counts.Queued + p.Counts.Deferred + p.Counts.Uncertain
	return p
}

// fillStopLists offers what the actor can see to choose from.
func (c *Console) fillStopLists(ctx context.Context, a cordon.Actor, p *stopPage) error {
	p.Choices = []choice{
		{scopeTenant, "A tenant", "All mail of one practice or department"},
		{scopeTemplate, "A template", "One letter, whoever sends it"},
		{scopeDispatch, "A dispatch", "One order that is going out"},
		{scopeKey, "A key", "Whatever one program sends"},
	}
	if a.Tenant == "" {
		p.Choices = append(p.Choices, choice{scopeEverything, "Everything", "All mail of all tenants"})
	}
	for _, k := range []struct{ id, value, label string }{
		{"all", "", "All of it"}, {"bulk", string(cordon.Bulk), "Bulk only"}, {"single", string(cordon.Single), "Single letters only"},
	} {
		p.Kinds = append(p.Kinds, kindOption{k.id, k.value, k.label, k.value == p.Form.Kind})
	}
	tenants, _, err := c.Catalog.Tenants(ctx, a, cordon.Page{Limit: stopTenants})
	if err != nil {
		return err
	}
	for _, t := range tenants {
		p.Tenants = append(p.Tenants, option{string(t.ID), t.Name, string(t.ID) == p.Form.Tenant})
	}
	if err := c.fillStopThings(ctx, a, p, tenants); err != nil {
		return err
	}
	running, _, err := c.Desk.Dispatches(ctx, a, a.Tenant, cordon.Page{Limit: stopDispatches})
	if err != nil {
		return err
	}
	found := false
	for _, d := range running {
		o := option{Value: string(d.Tenant) + "/" + string(d.ID)}
		o.Label = c.names.letter(d) + " · " + c.names.tenant(d.Tenant) + " · " + age(d.AcceptedAt, c.Now()) + " · " + short(d.ID)
		o.Selected = o.Value == p.Form.Dispatch
		found = found || o.Selected
		p.Dispatches = append(p.Dispatches, o)
	}
	if _, id, ok := strings.Cut(p.Form.Dispatch, "/"); ok && !found { // an older one, chosen on its own page
		p.Dispatches = append([]option{{Value: p.Form.Dispatch, Label: "Dispatch " + short(id), Selected: true}}, p.Dispatches...)
	}
	// A first value stands for "chosen" in a select, so the preview counts it.
	if p.Form.Tenant == "" && len(p.Tenants) > 0 {
		p.Form.Tenant = p.Tenants[0].Value
	}
	return nil
}

// fillStopThings offers the templates and keys of the tenants.
func (c *Console) fillStopThings(ctx context.Context, a cordon.Actor, p *stopPage, tenants []cordon.Tenant) error {
	for _, t := range tenants {
		templates, _, err := c.Catalog.Templates(ctx, a, t.ID, cordon.Page{Limit: 200})
		if err != nil {
			return err
		}
		g := optionGroup{Label: t.Name}
		for _, x := range templates {
			v := string(t.ID) + "/" + string(x.ID)
			g.Options = append(g.Options, option{v, x.Handle, v == p.Form.Template})
		}
		if len(g.Options) > 0 {
			p.Templates = append(p.Templates, g)
		}
	}
	keys, _, err := c.Registry.Keys(ctx, a, a.Tenant, cordon.Page{Limit: 500})
	if err != nil {
		return err
	}
	at := map[string]int{}
	for _, k := range keys {
		label := "Whole installation"
		if k.Tenant != "" {
			label = c.names.tenant(k.Tenant)
		}
		i, ok := at[label]
		if !ok {
			i = len(p.Keys)
			at[label] = i
			p.Keys = append(p.Keys, optionGroup{Label: label})
		}
		text := k.Name + " · " + short(k.ID)
		if k.State != cordon.KeyActive {
			text += " · " + string(k.State)
		}
		p.Keys[i].Options = append(p.Keys[i].Options, option{string(k.ID), text, string(k.ID) == p.Form.Key})
	}
	return nil
}
