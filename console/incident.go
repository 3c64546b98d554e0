package console

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/incident"
)

// incidentPage is one incident: the page that is looked at in the worst night of
// the year. It says first where it stands and what to do next.
type incidentPage struct {
	Row      incidentRow
	Says     string
	Exercise bool
	May      bool // decide: a person of the installation
	MayNote  bool
	Fault    *fault
	Debts    []debtRow // of a refusal

	Figures  []figure
	AsOf     time.Time
	Size     int64
	Sentence string
	Open     []string // what keeps it from being contained
	Known    bool     // somebody has said which mail is bad
	Tenants  []tenantShare

	Next    nextStep
	Moves   []moveOption
	Tasks   []taskRow
	Left    int       // tasks open
	Owed    []debtRow // of one kind together
	Debt    int       // how many things are owed
	Roles   []roleRow
	Lines   []lineRow
	Older   string
	Stops   []linkRow
	Links   []linkRow
	Recover []linkRow
	Scope   []scopeRow
	Whole   bool // the viewer sees all of it, not one tenant's share
	Bundle  bool // he may take the evidence along
	Facts   []fact

	Measures []measureRow
	Review   cordon.Postmortem
	MayWrite bool // the review
	Merged   string
}

// nextStep is the one thing that matters most now.
type nextStep struct {
	Title, Says string
	Act         string // the form's act: assign, move; "" for a link
	Value       string
	Button      string
	Link        string
}

type moveOption struct {
	State cordon.IncidentState
	Word  string
	Says  string
}

type tenantShare struct {
	Name, Path string
	Delivered  int64
	Unknown    int64
	Held       int64
}

type taskRow struct {
	cordon.IncidentTask
	Late string
	By   string
}

type debtRow struct {
	Word, Text, Subject, Link string
	Count                     int64
	All                       []string // what of one kind is gathered in it
	Brief                     []string // the same by name
}

type roleRow struct {
	Role   cordon.IncidentRole
	Name   string
	Says   string
	Holder string
	Mine   bool
}

type lineRow struct {
	cordon.IncidentLine
	By   string
	Tone string
}

type linkRow struct {
	cordon.IncidentLink
	Name, Link, State string
	Tone              string
}

type scopeRow struct {
	incident.ScopeRow
	Words string
}

const linesAPage = 40

func (c *Console) incident(w http.ResponseWriter, q *request) { c.incidentWith(w, q, nil) }

func (c *Console) incidentWith(w http.ResponseWriter, q *request, because error) {
	page, err := c.incidentOf(q.Context(), q.actor, cordon.IncidentID(q.PathValue("id")), q.FormValue("after"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	status := http.StatusOK
	if because != nil {
		status, page.Fault, page.Debts = statusOf(because), faultOf(because), c.debtsIn(page.Row.Incident, because)
	}
	c.show(w, q, status, "incident", frame{
		Title: page.Row.Incident.Name(), Section: "incidents", Body: page,
		Live: "/live/incidents/" + url.PathEscape(string(page.Row.Incident.ID)) + "?" + url.Values{"after": {q.FormValue("after")}}.Encode(),
	})
}

func (c *Console) incidentLive(w http.ResponseWriter, q *request) {
	id, after := cordon.IncidentID(q.PathValue("id")), q.FormValue("after")
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.incidentOf(ctx, q.actor, id, after)
		return p.parts(), err
	})
}

func (p incidentPage) parts() []part {
	all := []part{{"incident-head", "part-incident-head", p}, {"incident-now", "part-incident-now", p}, {"incident-lines", "part-incident-lines", p}}
	if p.Whole {
		all = append(all, part{"incident-owed", "part-incident-owed", p}, part{"incident-stops", "part-incident-stops", p})
	}
	return all
}

// incidentOf gathers the page. What a tenant's person may not know, the service
// does not answer.
func (c *Console) incidentOf(ctx context.Context, a cordon.Actor, id cordon.IncidentID, after string) (incidentPage, error) {
	i, err := c.Incidents.Show(ctx, a, id)
	if err != nil {
		return incidentPage{}, err
	}
	p := incidentPage{Row: c.incidentRow(i), Says: stateSays(i), Exercise: i.Exercise, Whole: a.Tenant == "",
		May: a.Can(cordon.ManageIncidents, ""), MayNote: a.Can(cordon.ManageIncidents, a.Tenant), Bundle: a.Can(cordon.ReadLedger, "")}
	for _, fill := range []func(context.Context, cordon.Actor, cordon.Incident, *incidentPage) error{
		c.incidentSight, c.incidentWork, c.incidentTies, c.incidentEnd,
	} {
		if err := fill(ctx, a, i, &p); err != nil {
			return p, err
		}
	}
	lines, next, err := c.Incidents.Timeline(ctx, a, id, cordon.Page{Limit: linesAPage, After: after})
	if err != nil {
		return p, err
	}
	for _, l := range lines {
		l.Text = c.namedText(l.Text)
		p.Lines = append(p.Lines, lineRow{l, c.names.actor(l.By), lineTone(l.Kind)})
	}
	if next != "" {
		p.Older = p.Row.Path + "?" + url.Values{"after": {next}}.Encode() + "#timeline"
	}
	p.Next, p.Moves = nextOf(i, p), movesOf(i)
	return p, nil
}

// incidentSight is the damage, live.
func (c *Console) incidentSight(ctx context.Context, a cordon.Actor, i cordon.Incident, p *incidentPage) error {
	if !a.Can(cordon.Assess, a.Tenant) {
		return nil
	}
	s, err := c.Incidents.Sight(ctx, a, i.ID)
	if err != nil {
		return err
	}
	people, d := s.Figures[cordon.FigureRecipients].Value, s.Damage
	p.AsOf, p.Size, p.Known = d.AsOf, d.LedgerSize, s.Containment.Known || a.Tenant != ""
	if i.State.Open() {
		for _, open := range s.Containment.Open {
			p.Open = append(p.Open, c.namedText(open))
		}
	}
	waiting := d.Queued + d.Deferred
	p.Figures = []figure{
		{Label: "People", Value: num(people), Tone: cordon.Bounced, Help: "got a bad copy, or perhaps did", Quiet: people == 0},
		{Label: "Delivered", Value: num(d.Delivered), Tone: cordon.Delivered, Help: "bad copies the relay took", Quiet: d.Delivered == 0},
		{Label: "Unknown", Value: num(d.Unknown), Tone: cordon.Uncertain, Help: "perhaps delivered", Quiet: d.Unknown == 0},
		{Label: "In flight", Value: num(d.InFlight), Tone: cordon.Sending, Help: "past the last look", Quiet: d.InFlight == 0},
		{Label: "Waiting", Value: num(waiting), Tone: cordon.Queued, Help: "may still leave", Quiet: waiting == 0},
		{Label: "Held", Value: num(d.Held), Tone: cordon.HeldState, Help: "kept back", Quiet: d.Held == 0},
		{Label: "Refused", Value: num(d.Refused), Tone: cordon.Refused, Help: "at the exit; never left", Quiet: d.Refused == 0},
		{Label: "Turned away", Value: num(d.OrdersRefused), Tone: cordon.Refused, Help: "orders, at the door", Quiet: d.OrdersRefused == 0},
		{Label: "Data opened", Value: num(d.PersonalDataReads), Tone: cordon.Uncertain, Help: "reads of personal data by it", Quiet: d.PersonalDataReads == 0},
	}
	p.Sentence = damageWords(people, d, p.Known)
	for _, t := range d.Tenants {
		p.Tenants = append(p.Tenants, tenantShare{t.Name, "/tenants/" + url.PathEscape(string(t.Tenant)), t.Delivered, t.Unknown, t.Held})
	}
	return nil
}

// damageWords says it as one would on the telephone.
func damageWords(people int64, d cordon.Assessment, known bool) string {
	switch {
	case !known:
		return "Nobody has said yet which mail is bad, so nothing is counted. Say it below."
	case people == 0 && d.InFlight+d.Queued+d.Deferred == 0:
		return "No bad copy has reached anybody, and none is on its way."
	case people == 0:
		return "No bad copy has reached anybody so far."
	}
	text := count(people, "person has", "people have") + " a bad copy, or perhaps one"
	if n := len(d.Tenants); n > 1 {
		text += ", of " + count(int64(n), "tenant", "tenants")
	}
	if !d.FirstAt.IsZero() {
		text += ". The first left at " + d.FirstAt.UTC().Format("15:04:05") + ", the last at " + d.LastAt.UTC().Format("15:04:05 UTC, 2 January")
	}
	return text + "."
}

// incidentWork is what is to be done, and by whom.
func (c *Console) incidentWork(ctx context.Context, a cordon.Actor, i cordon.Incident, p *incidentPage) error {
	tasks, err := c.Incidents.Tasks(ctx, a, i.ID)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		row := taskRow{IncidentTask: t, By: c.names.actor(t.SettledBy)}
		if t.State == cordon.TaskOpen {
			p.Left++
			row.Late = lateBy(t.DueAt, c.Now())
		}
		p.Tasks = append(p.Tasks, row)
	}
	owed, err := c.Incidents.Owed(ctx, a, i.ID)
	if err != nil {
		return err
	}
	p.Owed, p.Debt = c.gathered(i, owed), len(owed)
	for _, r := range cordon.IncidentRoles() {
		p.Roles = append(p.Roles, roleRow{r, roleName(r), roleSays(r), c.holder(i.Roles[r]), string(i.Roles[r]) == a.Person()})
	}
	return nil
}

func (c *Console) incidentTies(ctx context.Context, a cordon.Actor, i cordon.Incident, p *incidentPage) error {
	links, err := c.Incidents.Links(ctx, a, i.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		row := c.linkRow(ctx, a, l)
		switch {
		case l.Noun == cordon.LinkStop:
			p.Stops = append(p.Stops, row)
		case l.Recover:
			p.Recover = append(p.Recover, row)
		default:
			p.Links = append(p.Links, row)
		}
	}
	scope, err := c.Incidents.Scope(ctx, a, i.ID)
	for _, r := range scope {
		words := c.names.scope(cordon.Scope{Tenant: r.Tenant, Template: r.Template, Account: r.Account, Key: r.Key, Dispatch: r.Dispatch})
		p.Scope = append(p.Scope, scopeRow{r, words})
	}
	return err
}

// incidentEnd is what is known when it is over: measures, review.
func (c *Console) incidentEnd(ctx context.Context, a cordon.Actor, i cordon.Incident, p *incidentPage) error {
	m, err := c.Incidents.Measures(ctx, a, i.ID)
	if err == nil {
		p.Measures = measureRows(m)
	} else if cordon.CodeOf(err) != cordon.Denied {
		return err
	}
	if p.Review, err = c.Incidents.Postmortem(ctx, a, i.ID); err != nil {
		return err
	}
	p.MayWrite = p.May && (i.State == cordon.IncidentResolved || i.State == cordon.IncidentReview)
	if i.Into != "" {
		p.Merged = "/incidents/" + url.PathEscape(string(i.Into))
	}
	p.Facts = c.incidentFacts(i)
	return nil
}

func (c *Console) incidentFacts(i cordon.Incident) []fact {
	opened := c.names.actor(i.OpenedBy)
	if i.OpenedBy == cordon.System().ID() {
		opened = "a rule"
	}
	out := []fact{{Name: "Kind", Value: incidentKind(i.Kind)}, {Name: "Opened", Value: full(i.OpenedAt)}}
	if i.OpenedBy != "" {
		out = append(out, fact{Name: "Opened by", Value: opened})
	}
	for _, f := range []struct {
		name string
		at   time.Time
	}{{"Contained", i.ContainedAt}, {"Resolved", i.ResolvedAt}, {"Closed", i.ClosedAt}} {
		if !f.at.IsZero() {
			out = append(out, fact{Name: f.name, Value: full(f.at)})
		}
	}
	said := "no"
	if i.Public {
		said = "yes: announcements are owed"
	}
	return append(out, fact{Name: "Public", Value: said}, fact{Name: "Incident", Value: string(i.ID), Mono: true})
}

// incidentCSV is the list of whoever got a bad copy, opaque.
func (c *Console) incidentCSV(w http.ResponseWriter, q *request) {
	id := cordon.IncidentID(q.PathValue("id"))
	i, err := c.Incidents.Show(q.Context(), q.actor, id)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	out := csv.NewWriter(w)
	begun := false
	begin := func() {
		begun = true
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.Header().Set("Content-Disposition", `attachment; filename="`+i.Name()+`-affected.csv"`)
		_ = out.Write([]string{"tenant", "recipient", "external_ref", "state", "first_dispatch", "at"})
	}
	err = c.Incidents.EachAffected(q.Context(), q.actor, id, "", func(f cordon.Affected) error {
		if !begun {
			begin()
		}
		return out.Write([]string{string(f.Tenant), string(f.Recipient), cell(f.ExternalRef), string(f.State), string(f.Dispatch), f.At.Format(time.RFC3339)})
	})
	switch {
	case err != nil && begun:
		panic(http.ErrAbortHandler) // a part can never pass for the whole
	case err != nil:
		c.problem(w, q, err)
		return
	case !begun:
		begin()
	}
	out.Flush()
}

// incidentBundle is the evidence of an incident, which anybody checks offline.
func (c *Console) incidentBundle(w http.ResponseWriter, q *request) {
	file, made, err := c.Auditor.BundleFile(q.Context(), q.actor, cordon.IncidentID(q.PathValue("id")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+made.FileName()+`"`)
	if _, err := io.Copy(w, file); err != nil {
		panic(http.ErrAbortHandler) // a part can never pass for the whole
	}
}
