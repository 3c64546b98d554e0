package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// incidentsPage is the list.
type incidentsPage struct {
	Show    string // open, all or exercises
	Rows    []incidentRow
	Next    string
	MayOpen bool
	Fault   *fault
}

// incidentRow is one incident in a list.
type incidentRow struct {
	Incident  cordon.Incident
	Path      string
	Tone      string // of the edge
	State     string
	Kind      string
	Tenant    string
	Commander string
}

const incidentsAPage = 25

func (c *Console) incidents(w http.ResponseWriter, q *request) { c.incidentsWith(w, q, nil) }

func (c *Console) incidentsWith(w http.ResponseWriter, q *request, because error) {
	page, err := c.incidentsOf(q.Context(), q.actor, q.URL.Query().Get("show"), q.page(incidentsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page.Fault = faultOf(because)
	status := http.StatusOK
	if because != nil {
		status = statusOf(because)
	}
	c.show(w, q, status, "incidents", frame{Title: "Incidents", Section: "incidents", Body: page,
		Live: "/live/incidents?" + url.Values{"show": {page.Show}, "after": {q.FormValue("after")}}.Encode()})
}

func (c *Console) incidentsLive(w http.ResponseWriter, q *request) {
	show, cursor := q.URL.Query().Get("show"), q.page(incidentsAPage)
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.incidentsOf(ctx, q.actor, show, cursor)
		return p.parts(), err
	})
}

func (p incidentsPage) parts() []part { return []part{{"incidents", "part-incidents", p}} }

func (c *Console) incidentsOf(ctx context.Context, a cordon.Actor, show string, cursor cordon.Page) (incidentsPage, error) {
	p := incidentsPage{Show: show, MayOpen: a.Can(cordon.ManageIncidents, a.Tenant)}
	var f cordon.IncidentFilter
	switch show {
	case "all":
		f.Real = true
	case "exercises":
		f.Exercises = true
	default:
		p.Show, f.Open = "open", true
	}
	list, next, err := c.Incidents.List(ctx, a, f, cursor)
	if err != nil {
		return p, err
	}
	for _, i := range list {
		p.Rows = append(p.Rows, c.incidentRow(i))
	}
	if next != "" {
		p.Next = "/incidents?" + url.Values{"after": {next}, "show": {p.Show}}.Encode()
	}
	return p, nil
}

func (c *Console) incidentRow(i cordon.Incident) incidentRow {
	return incidentRow{
		Incident: i, Path: "/incidents/" + url.PathEscape(string(i.ID)), Tone: incidentTone(i), State: incidentState(i.State), Kind: incidentKind(i.Kind),
		Tenant: c.names.tenant(i.Tenant), Commander: c.holder(i.Roles[cordon.RoleCommander]),
	}
}

// holder is who has a role, by name.
func (c *Console) holder(id cordon.AccountID) string {
	if id == "" {
		return ""
	}
	return c.names.actor(string(id))
}

// incidentTone is how loud an incident is drawn.
func incidentTone(i cordon.Incident) string {
	switch {
	case !i.State.Open():
		return "plain"
	case i.ContainedAt.IsZero() && i.Severity.Effective() <= 2:
		return "alarm"
	case i.ContainedAt.IsZero():
		return "warn"
	}
	return "good"
}

// incidentState is a state in words for people who have not learnt ours.
func incidentState(s cordon.IncidentState) string {
	if s == cordon.IncidentMonitoring {
		return "Watched"
	}
	return capital(s)
}

// stateSays is what the state means, in a sentence.
func stateSays(i cordon.Incident) string {
	switch i.State {
	case cordon.IncidentTriage:
		return "Opened, and nobody has looked at it yet."
	case cordon.IncidentInvestigating:
		return "Somebody is finding out what happened. Bad mail may still leave."
	case cordon.IncidentContained:
		return "Nothing bad leaves any more. What went wrong is still to be mended, and to be told."
	case cordon.IncidentFixing:
		return "The cause is being mended."
	case cordon.IncidentMonitoring:
		return "Mended, and watched whether it comes back."
	case cordon.IncidentResolved:
		return "Nothing is owed to anybody any more."
	case cordon.IncidentReview:
		return "It is written down what to learn from it."
	case cordon.IncidentClosed:
		return "Over."
	case cordon.IncidentDeclined:
		return "It was none."
	case cordon.IncidentMerged:
		return "It belongs to another incident, and is dealt with there."
	}
	return ""
}

func incidentKind(k cordon.IncidentKind) string {
	switch k {
	case cordon.IncidentTemplate:
		return "Mail nobody authorised"
	case cordon.IncidentAccount:
		return "Account in foreign hands"
	case cordon.IncidentStorm:
		return "Storm of mail"
	case cordon.IncidentLeak:
		return "Leaked addresses"
	}
	return "Other"
}

// openIncident is the form at the end of the list.
func (c *Console) openIncident(w http.ResponseWriter, q *request) {
	n := cordon.NewIncident{
		Title: q.PostFormValue("title"), Kind: cordon.IncidentKind(q.PostFormValue("kind")), Text: q.PostFormValue("text"),
	}
	err := n.Severity.UnmarshalText([]byte(q.PostFormValue("severity")))
	if ref := strings.TrimSpace(q.PostFormValue("tenant")); err == nil && ref != "" {
		var t cordon.Tenant
		if t, err = c.Catalog.Tenant(q.Context(), q.actor, ref); err == nil {
			n.Tenant = t.ID
		}
	}
	var i cordon.Incident
	if err == nil {
		i, err = c.Incidents.Open(q.Context(), q.actor, n)
	}
	if err != nil {
		c.incidentsWith(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/incidents/"+url.PathEscape(string(i.ID))+"?done=incident-opened", http.StatusSeeOther)
}

// lateBy is how long a task is overdue; "" while it is not.
func lateBy(due, now time.Time) string {
	if due.IsZero() || !now.After(due) {
		return ""
	}
	return span(now.Sub(due))
}
