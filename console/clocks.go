package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// clocksPage is the board of legal clocks.
type clocksPage struct {
	Figures  []figure
	Groups   []clockGroup
	Incident string // asked for alone; "" for all open ones
}

type clockGroup struct {
	Incident  cordon.Incident
	Rows      []clockRow
	MayDecide bool
}

type clockRow struct {
	cordon.Clock
	Tone, Word string
	Left       string
	Bar        float64 // used, of 100
	ID         string  // of its form
}

func (c *Console) clocks(w http.ResponseWriter, q *request) {
	p := clocksPage{Incident: q.FormValue("incident")}
	var id cordon.IncidentID
	if p.Incident != "" {
		i, err := c.Incidents.Find(q.Context(), q.actor, p.Incident)
		if err != nil {
			c.problem(w, q, err)
			return
		}
		id = i.ID
	}
	all, err := c.Notices.Clocks(q.Context(), q.actor, id, "")
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, clock := range all {
		at := slices.IndexFunc(p.Groups, func(g clockGroup) bool { return g.Incident.ID == clock.Incident })
		if at < 0 {
			i, err := c.Incidents.Find(q.Context(), q.actor, string(clock.Incident))
			if err != nil {
				i = cordon.Incident{ID: clock.Incident} // its clocks are the tenant's all the same
			}
			p.Groups = append(p.Groups, clockGroup{Incident: i, MayDecide: q.may(cordon.ApproveNotices)})
			at = len(p.Groups) - 1
		}
		p.Groups[at].Rows = append(p.Groups[at].Rows, clockRowOf(clock, c.Now()))
	}
	p.count()
	c.show(w, q, http.StatusOK, "clocks", frame{Title: "Legal clocks", Section: "incidents", Body: p})
}

func (p *clocksPage) count() {
	var undecided, running, overdue, missing int
	for _, g := range p.Groups {
		for _, r := range g.Rows {
			switch {
			case r.Decision == cordon.ClockUndecided && r.Running():
				undecided++
			case r.Running():
				running++
			}
			if r.Running() && r.Used >= 100 {
				overdue++
			}
			if r.Running() && len(r.Missing) > 0 {
				missing++
			}
		}
	}
	p.Figures = []figure{
		{Label: "Undecided", Value: num(undecided), Tone: toneIf(undecided > 0, cordon.HeldState), Quiet: undecided == 0},
		{Label: "Apply, not met", Value: num(running), Tone: toneIf(running > 0, cordon.HeldState), Quiet: running == 0},
		{Label: "Overdue", Value: num(overdue), Tone: toneIf(overdue > 0, cordon.Refused), Quiet: overdue == 0},
		{Label: "Lack something to say", Value: num(missing), Quiet: missing == 0},
	}
}

func clockRowOf(c cordon.Clock, now time.Time) clockRow {
	r := clockRow{Clock: c, Tone: "note", Word: "Undecided", ID: strings.Map(idRune, string(c.Incident)+"-"+string(c.Tenant)+"-"+c.Regime.ID)}
	switch {
	case !c.MetAt.IsZero():
		r.Tone, r.Word = "good", "Met"
	case c.Decision == cordon.ClockDoesNot:
		r.Word = "Does not apply"
	case c.Decision == cordon.ClockApplies:
		r.Word, r.Tone = "Applies", "warn"
	default:
		r.Tone = "warn"
	}
	switch {
	case c.DueAt.IsZero():
		r.Left = "no time limit"
	case !c.Running():
		r.Left = "nothing left to do"
	case now.After(c.DueAt):
		r.Left, r.Tone = "overdue by "+span(now.Sub(c.DueAt)), "incident"
	default:
		r.Left = span(c.DueAt.Sub(now)) + " left"
		if c.Used >= 75 {
			r.Tone = "incident"
		}
	}
	r.Bar = float64(min(max(c.Used, 0), 100))
	return r
}

func idRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
		return r
	}
	return '-'
}

// decideClock is the form of one clock.
func (c *Console) decideClock(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err == nil {
		choice := cordon.ClockChoice{Regime: q.PostFormValue("regime"), Because: q.PostFormValue("because"), Decision: cordon.ClockApplies}
		if q.PostFormValue("all") != "yes" {
			choice.Tenant = cordon.TenantID(q.PostFormValue("tenant"))
		}
		switch q.PostFormValue("act") {
		case "does-not":
			choice.Decision = cordon.ClockDoesNot
		case "met":
			choice.Met = true
		}
		_, err = c.Notices.Decide(q.Context(), q.actor, i.ID, choice)
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/clocks?"+url.Values{"incident": {string(i.ID)}, "done": {"clock-decided"}}.Encode(), http.StatusSeeOther)
}
