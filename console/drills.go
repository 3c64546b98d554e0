package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

// drillsPage is what can be rehearsed, and what was.
type drillsPage struct {
	Drills  []drill.Drill
	Running drill.RunID // "" when none is under way
	Runs    []runRow
	Fault   *fault
}

type runRow struct {
	Run        drill.Run
	Tone, Word string // of the chip
	Edge       string
	By, Came   string
}

// runPage is one run: its progress while it runs, then its report.
type runPage struct {
	Row      runRow
	Title    string
	Tone     string
	Sub      string
	Figures  []figure
	Variants []variantCard
	Steps    []stepRow
}

type variantCard struct {
	Variant      drill.Variant
	Edge         string
	Figures      []fact
	Expectations []expectationRow
}

type expectationRow struct {
	Name, Want, Got string
	OK              bool
}

type stepRow struct {
	After, Text, Tone string
}

func (c *Console) drills(w http.ResponseWriter, q *request) { c.drillsWith(w, q, nil) }

func (c *Console) drillsWith(w http.ResponseWriter, q *request, because error) {
	page, err := c.drillsOf(q.Context(), q.actor)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page.Fault = faultOf(because)
	c.show(w, q, statusOf(because), "drills", frame{Title: "Drills", Section: "drills", Live: "/live/drills", Body: page})
}

func (c *Console) drillsLive(w http.ResponseWriter, q *request) {
	if _, err := c.drillsOf(q.Context(), q.actor); err != nil {
		c.problem(w, q, err)
		return
	}
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.drillsOf(ctx, q.actor)
		return p.parts(), err
	})
}

func (p drillsPage) parts() []part { return []part{{"drills", "part-drills", p}} }

func (c *Console) drillsOf(ctx context.Context, a cordon.Actor) (p drillsPage, err error) {
	if c.Drills == nil {
		return p, cordon.Errorf(cordon.Missing, "This house runs no drills.")
	}
	if p.Drills, err = c.Drills.Drills(ctx, a); err != nil {
		return p, err
	}
	runs, err := c.Drills.Runs(ctx, a)
	for _, r := range runs {
		if r.State == drill.Running {
			p.Running = r.ID
		}
		p.Runs = append(p.Runs, c.runRow(r))
	}
	return p, err
}

// mayDrill says whether the viewer is shown the way to the drills.
func (c *Console) mayDrill(q *request) bool {
	return c.Drills != nil && q.actor.Can(cordon.RunDrills, "") && q.actor.Can(cordon.ManageTenants, "")
}

func (c *Console) startDrill(w http.ResponseWriter, q *request) {
	if c.Drills == nil {
		c.drills(w, q)
		return
	}
	run, err := c.Drills.Start(q.Context(), q.actor, q.PathValue("name"), drill.Options{EdgeFault: q.PostFormValue("edge_fault") == "yes"})
	if err != nil {
		if statusOf(err) == http.StatusInternalServerError {
			c.Log.ErrorContext(q.Context(), "drill was not started", "error", err)
		}
		c.drillsWith(w, q, err)
		return
	}
	http.Redirect(w, q.Request, runURL(run.ID), http.StatusSeeOther)
}

func runURL(id drill.RunID) string { return "/drill-runs/" + url.PathEscape(string(id)) }

func (c *Console) drillRun(w http.ResponseWriter, q *request) {
	page, err := c.runOf(q.Context(), q.actor, drill.RunID(q.PathValue("id")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	f := frame{Title: page.Title, Section: "drills", Body: page}
	if page.Row.Run.State == drill.Running {
		f.Live = "/live" + runURL(page.Row.Run.ID)
	}
	c.show(w, q, http.StatusOK, "drill-run", f)
}

func (c *Console) drillRunLive(w http.ResponseWriter, q *request) {
	id := drill.RunID(q.PathValue("id"))
	if _, err := c.runOf(q.Context(), q.actor, id); err != nil {
		c.problem(w, q, err)
		return
	}
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.runOf(ctx, q.actor, id)
		return p.parts(), err
	})
}

func (p runPage) parts() []part {
	return []part{{"run-head", "part-run-head", p}, {"run-body", "part-run-body", p}}
}

func (c *Console) runOf(ctx context.Context, a cordon.Actor, id drill.RunID) (runPage, error) {
	if c.Drills == nil {
		return runPage{}, cordon.Errorf(cordon.Missing, "This house runs no drills.")
	}
	r, err := c.Drills.Find(ctx, a, id)
	if err != nil {
		return runPage{}, err
	}
	return drawRun(c.runRow(r)), nil
}

func (c *Console) runRow(r drill.Run) runRow {
	row := runRow{Run: r, Word: capital(r.State), By: c.names.actor(r.By)}
	switch r.State {
	case drill.Running:
		row.Tone, row.Edge = "warn", "warning"
	case drill.Passed:
		row.Tone, row.Edge = "good", "good"
	case drill.Failed:
		row.Tone, row.Edge = "incident", "incident"
	default:
		row.Edge = "plain"
	}
	if r.Report != nil {
		row.Came = count(r.Report.BadCopiesOut, "bad copy", "bad copies") + " out, seen in " + lapse(r.Report.TTD) + ", contained in " + lapse(r.Report.TTC)
	}
	return row
}

// drawRun turns a run into what its page shows. Pure.
func drawRun(row runRow) runPage {
	r := row.Run
	p := runPage{Row: row, Tone: "plain"}
	switch r.State {
	case drill.Running:
		p.Title, p.Tone, p.Sub = "Drill under way", "warn", "It takes about half a minute. You may leave this page; the run goes on."
	case drill.Passed:
		p.Title, p.Tone, p.Sub = "Drill passed", "good", "Everything that had to be seen was seen."
	case drill.Failed:
		p.Title, p.Tone, p.Sub = "Drill failed", "alarm", "Something that had to be seen was not. What it was stands below in red."
	default:
		p.Title, p.Sub = "Drill broken off", "It was not brought to its end, which proves nothing: run it again."
	}
	if r.Report != nil {
		p.Figures, p.Variants = reportFigures(*r.Report), variantCards(*r.Report)
	}
	for n, s := range r.Progress {
		row := stepRow{After: fmt.Sprintf("%.1f s", s.At.Sub(r.StartedAt).Seconds()), Text: capital(s.Text), Tone: "plain"}
		if n == len(r.Progress)-1 && r.State == drill.Running {
			row.Tone = "warn"
		}
		p.Steps = append(p.Steps, row)
	}
	return p
}

func reportFigures(r drill.Report) []figure {
	held := 0
	for _, e := range r.Expectations {
		if e.OK {
			held++
		}
	}
	tone := cordon.Delivered
	if held < len(r.Expectations) {
		tone = cordon.Refused
	}
	out := figure{Label: "Bad copies out", Value: num(r.BadCopiesOut), Tone: cordon.Refused, Help: "delivered, or perhaps delivered", Quiet: r.BadCopiesOut == 0}
	return []figure{
		out,
		{Label: "Time to detect", Value: lapse(r.TTD), Help: "first act to incident signal, the slowest"},
		{Label: "Time to contain", Value: lapse(r.TTC), Help: "signal to last containing act, the slowest"},
		{Label: "Expectations", Value: num(held) + " of " + num(len(r.Expectations)), Tone: tone, Help: "were seen"},
	}
}

func variantCards(r drill.Report) []variantCard {
	var cards []variantCard
	for _, v := range r.Variants {
		card := variantCard{Variant: v, Edge: "good"}
		for _, e := range v.Expectations {
			card.Expectations = append(card.Expectations, expectationRow{capital(e.Name), yesNo(e.Want), yesNo(e.Got), e.OK})
		}
		if !v.OK {
			card.Edge = "incident"
		}
		if v.Tried > 0 { // the account of the far side tries nothing
			card.Figures = []fact{
				{Name: "Tried", Value: num(v.Tried)}, {Name: "Refused", Value: num(v.Refused)}, {Name: "Held", Value: num(v.Held)},
				{Name: "Bad copies out", Value: num(v.BadCopiesOut)}, {Name: "To detect", Value: lapse(v.TTD)}, {Name: "To contain", Value: lapse(v.TTC)},
			}
		}
		cards = append(cards, card)
	}
	return cards
}

// yesNo says what was or was not seen as people do; anything else as it is.
func yesNo(s string) string {
	switch s {
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	return s
}

// lapse writes a drill's length of time; one that was not measured is a dash.
func lapse(m drill.Millis) string {
	d := time.Duration(m)
	switch {
	case d <= 0:
		return "–"
	case d < time.Millisecond:
		return "<1 ms"
	case d >= time.Second && d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return span(d)
	}
}
