package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// headline is the state of the house in one line.
type headline struct {
	Tone   string // good, warn, alarm
	Text   string
	Sub    string
	Spoken string // what a screen reader hears when it changes; no running counts
}

// tenantCard is one tenant's flow.
type tenantCard struct {
	ID      cordon.TenantID
	Name    string
	Flow    flow
	Counts  cordon.Counts
	Waiting int64
	Stops   int
}

type stopRow struct {
	Stop   cordon.Stop
	Covers string
	By     string
	Active bool
	Ended  string // how it ended, when it has
	Keeps  int64  // copies within it that stand back now
}

// signalRow is a signal, or several of the same that came one after another.
type signalRow struct {
	Signal  cordon.Signal // the newest of them
	Times   int           // how many, 0 for a single one
	Since   time.Time     // of the oldest
	Tenant  string
	By      string
	CanStop bool
}

type dispatchRow struct {
	Dispatch cordon.Dispatch
	Letter   string
	Tenant   string
	State    string
	Tone     string
	Bar      []segment
	Share    string // of the copies, how many are settled
}

type overviewPage struct {
	Headline   headline
	Figures    []figure
	Total      flow
	Tenants    []tenantCard
	Stops      []stopRow
	MoreStops  int // in force, beside those shown
	Signals    []signalRow
	Dispatches []dispatchRow
}

const (
	overviewTenants    = 12
	overviewStops      = 5
	overviewSignals    = 5
	overviewDispatches = 6
	recentDispatches   = 60  // among which the unfinished are looked for
	recentSignals      = 300 // among which incidents are looked for
	maxActiveStops     = 100
	maxTenants         = 200
	alarmFor           = 15 * time.Minute // an incident signal stays in the headline this long
)

func (c *Console) overview(w http.ResponseWriter, q *request) {
	page, err := c.overviewOf(q.Context(), q.actor)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "overview", frame{Title: page.Headline.Text, Section: "overview", Live: "/live/overview", Body: page})
}

func (c *Console) overviewLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		page, err := c.overviewOf(ctx, q.actor)
		return page.parts(), err
	})
}

func (p overviewPage) parts() []part {
	return []part{
		{"headline", "part-headline", p}, {"announce", "part-announce", p}, {"figures", "part-figures", p},
		{"flow", "part-flow", p}, {"tenants", "part-tenants", p}, {"stops", "part-stops", p},
		{"signals", "part-signals", p}, {"dispatches", "part-dispatches", p},
	}
}

func (c *Console) overviewOf(ctx context.Context, a cordon.Actor) (overviewPage, error) {
	var p overviewPage
	if err := c.sample(ctx); err != nil {
		return p, err
	}
	stops, err := c.activeStops(ctx, a)
	if err != nil {
		return p, err
	}
	p.MoreStops = max(len(stops)-overviewStops, 0)
	for _, s := range stops[:len(stops)-p.MoreStops] {
		row, err := c.stopRow(ctx, a, s)
		if err != nil {
			return p, err
		}
		p.Stops = append(p.Stops, row)
	}
	found, err := c.latestSignals(ctx, a)
	if err != nil {
		return p, err
	}
	p.Signals = urgentFirst(c.signalRows(a, found), c.Now())
	p.Signals = p.Signals[:min(len(p.Signals), overviewSignals)]
	recent, _, err := c.Desk.Dispatches(ctx, a, a.Tenant, cordon.Page{Limit: recentDispatches})
	if err != nil {
		return p, err
	}
	for _, d := range unfinishedFirst(recent)[:min(len(recent), overviewDispatches)] {
		p.Dispatches = append(p.Dispatches, c.dispatchRow(d))
	}
	var all cordon.Counts
	if p.Tenants, all, err = c.tenantCards(ctx, a, stops, found); err != nil {
		return p, err
	}
	people := len(p.Tenants)
	if len(p.Tenants) > overviewTenants {
		p.Tenants = p.Tenants[:overviewTenants]
	}
	now := c.Now()
	p.Total = drawFlow(c.sampler.sum(a), moments(stops, found, ""), now)
	p.Figures = stateFigures(all)
	p.Headline = headlineOf(stops, found, p.Total.Now, all, people, now)
	return p, nil
}

// tenantCards draws each tenant's flow, in an order that does not jump: by name,
// and when there are many, those that sent most first.
func (c *Console) tenantCards(ctx context.Context, a cordon.Actor, stops []cordon.Stop, signals []cordon.Signal) ([]tenantCard, cordon.Counts, error) {
	var all cordon.Counts
	list, _, err := c.Catalog.Tenants(ctx, a, cordon.Page{Limit: maxTenants})
	if err != nil {
		return nil, all, err
	}
	out := make([]tenantCard, 0, len(list))
	for _, t := range list {
		card := c.tenantCard(t, stops, signals)
		all.Add(card.Counts)
		out = append(out, card)
	}
	slices.SortStableFunc(out, func(x, y tenantCard) int {
		if len(list) > overviewTenants {
			if n := cmp.Compare(y.Counts.Delivered, x.Counts.Delivered); n != 0 {
				return n
			}
		}
		return strings.Compare(x.Name, y.Name)
	})
	return out, all, nil
}

func (c *Console) tenantCard(t cordon.Tenant, stops []cordon.Stop, signals []cordon.Signal) tenantCard {
	samples := c.sampler.of(t.ID)
	card := tenantCard{
		ID: t.ID, Name: t.Name,
		Flow:   drawFlow(samples, moments(stops, signals, t.ID), c.Now()),
		Counts: c.sampler.latest(t.ID),
	}
	card.Waiting = card.Counts.Queued + card.Counts.Deferred
	for _, s := range stops {
		if touches(s.Scope, t.ID) {
			card.Stops++
		}
	}
	return card
}

// touches says whether a stop is about the tenant. A stop of a key or account
// without a tenant is not counted on any one tenant's card.
func touches(s cordon.Scope, tenant cordon.TenantID) bool {
	return s.Everything || s.Tenant == tenant
}

// moments are the marks of a chart: stops placed, and signals above a note. ""
// as tenant takes all.
func moments(stops []cordon.Stop, signals []cordon.Signal, tenant cordon.TenantID) []moment {
	var out []moment
	for _, s := range signals {
		if s.Grade != cordon.GradeNote && (tenant == "" || s.Tenant == tenant) {
			out = append(out, moment{At: s.At, Class: "signal", Label: signalTitle(s.Kind)})
		}
	}
	for _, s := range stops {
		if tenant == "" || touches(s.Scope, tenant) {
			out = append(out, moment{At: s.PlacedAt, Class: "stopped", Label: "Stop placed: " + s.Reason})
		}
	}
	return out
}

func stateFigures(n cordon.Counts) []figure {
	waiting := n.Queued + n.Deferred
	out := []figure{
		{Label: "Delivered", Value: num(n.Delivered), Tone: cordon.Delivered},
		{Label: "Sending", Value: num(n.Sending), Tone: cordon.Sending, Quiet: n.Sending == 0},
		{Label: "Waiting", Value: num(waiting), Tone: cordon.Queued, Quiet: waiting == 0},
		{Label: "Held", Value: num(n.Held), Tone: cordon.HeldState, Quiet: n.Held == 0},
		{Label: "Refused", Value: num(n.Refused), Tone: cordon.Refused, Quiet: n.Refused == 0},
		{Label: "Uncertain", Value: num(n.Uncertain), Tone: cordon.Uncertain, Quiet: n.Uncertain == 0},
	}
	return out
}

// headlineOf says how the house is. The worst thing is said first; a calm house
// is said to be calm.
func headlineOf(stops []cordon.Stop, signals []cordon.Signal, now float64, all cordon.Counts, tenants int, at time.Time) headline {
	h := headline{Tone: "good"}
	everything := slices.ContainsFunc(stops, func(s cordon.Stop) bool { return s.Scope.Everything && s.Scope.Kind == "" })
	incidents := 0
	for _, s := range signals {
		if s.Grade == cordon.GradeIncident && at.Sub(s.At) < alarmFor {
			incidents++
		}
	}
	switch {
	case everything:
		h.Tone, h.Text = "alarm", "Everything is stopped"
	case len(stops) > 0:
		h.Tone, h.Text = "warn", count(len(stops), "stop", "stops")+" in force"
	case incidents > 0:
		h.Tone, h.Text = "alarm", "An incident was signalled"
	case now > 0:
		h.Text = "All mail is flowing"
	default:
		h.Text = "All clear"
	}
	if incidents > 0 && len(stops) > 0 {
		h.Tone = "alarm"
	}
	var parts []string
	switch {
	case everything:
	case now > 0 && len(stops) > 0:
		parts = append(parts, "Everything else is flowing, "+rate(now)+" a second")
	case now > 0:
		parts = append(parts, rate(now)+" copies a second")
	default:
		parts = append(parts, "Nothing is being handed over right now")
	}
	if all.Held > 0 {
		parts = append(parts, num(all.Held)+" kept back")
	}
	if incidents > 0 {
		words := count(incidents, "incident signal", "incident signals") + " in the last 15 minutes"
		parts = append(parts, words)
		h.Spoken = words + "."
	}
	parts = append(parts, count(tenants, "tenant", "tenants"))
	h.Sub = strings.Join(parts, " · ")
	return h
}

// latestSignals are the newest signals, none for a viewer who may not see them.
func (c *Console) latestSignals(ctx context.Context, a cordon.Actor) ([]cordon.Signal, error) {
	if !a.Can(cordon.ReadLedger, a.Tenant) {
		return nil, nil
	}
	found, _, err := c.Auditor.Signals(ctx, a, a.Tenant, cordon.Page{Limit: recentSignals})
	return found, err
}

// activeStops are the stops in force that the actor may see.
func (c *Console) activeStops(ctx context.Context, a cordon.Actor) ([]cordon.Stop, error) {
	list, _, err := c.Warden.List(ctx, a, true, cordon.Page{Limit: maxActiveStops})
	return list, err
}

func (c *Console) stopRow(ctx context.Context, a cordon.Actor, s cordon.Stop) (stopRow, error) {
	row := stopRow{Stop: s, Covers: c.names.scope(s.Scope), By: c.names.actor(s.PlacedBy), Active: s.Active(c.Now())}
	if !row.Active {
		row.Ended = "Ran out"
		switch s.Disposition {
		case cordon.Resume:
			row.Ended = "Lifted, resumed"
		case cordon.Discard:
			row.Ended = "Lifted, discarded"
		}
		return row, nil
	}
	n, err := c.Warden.Preview(ctx, a, s.Scope)
	if cordon.CodeOf(err) == cordon.Denied {
		return row, nil // may see that there is a stop, not what is behind it
	}
	row.Keeps = keeps(n)
	return row, err
}

// keeps is how many copies within a stop's scope stand back because of it:
// what is held, and what is still being rewritten to held.
func keeps(n cordon.Counts) int64 { return n.Held + n.Queued + n.Deferred + n.Uncertain }

// signalRows folds a run of the same signal, newest first, into one row: forty
// times the same warning must not push an incident out of sight.
func (c *Console) signalRows(a cordon.Actor, list []cordon.Signal) []signalRow {
	var out []signalRow
	for _, s := range list {
		if n := len(out); n > 0 && sameSignal(out[n-1].Signal, s) {
			out[n-1].Times = max(out[n-1].Times, 1) + 1
			out[n-1].Since = s.At
			continue
		}
		row := signalRow{Signal: s, Tenant: c.names.tenant(s.Tenant), CanStop: a.Can(cordon.PlaceStops, a.Tenant)}
		if s.Actor != "" {
			row.By = c.names.actor(s.Actor)
		}
		out = append(out, row)
	}
	return out
}

func sameSignal(a, b cordon.Signal) bool {
	return a.Kind == b.Kind && a.Grade == b.Grade && a.Tenant == b.Tenant && a.Actor == b.Actor &&
		a.Key == b.Key && a.Dispatch == b.Dispatch && a.Message == b.Message
}

// urgentFirst puts fresh incidents before what came after them.
func urgentFirst(rows []signalRow, now time.Time) []signalRow {
	urgent := func(r signalRow) int {
		if r.Signal.Grade == cordon.GradeIncident && now.Sub(r.Signal.At) < alarmFor {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(rows, func(x, y signalRow) int { return cmp.Compare(urgent(x), urgent(y)) })
	return rows
}

// unfinishedFirst puts what is under way or held before what is done, and keeps
// the newest first in both.
func unfinishedFirst(list []cordon.Dispatch) []cordon.Dispatch {
	settled := func(d cordon.Dispatch) int {
		if d.State == cordon.DispatchDone || d.State == cordon.DispatchDiscarded {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(x, y cordon.Dispatch) int { return cmp.Compare(settled(x), settled(y)) })
	return list
}

func (c *Console) dispatchRow(d cordon.Dispatch) dispatchRow {
	row := dispatchRow{
		Dispatch: d, Letter: c.names.letter(d), Tenant: c.names.tenant(d.Tenant),
		Bar: drawBar(d.Counts),
	}
	n := d.Counts
	row.Share = percent(n.Delivered+n.Bounced+n.Cut+n.Refused, n.Total())
	row.State, row.Tone = dispatchState(d)
	return row
}

// dispatchState is a dispatch's state as one chip: the house's word, coloured by
// what it asks of the reader.
func dispatchState(d cordon.Dispatch) (word, tone string) {
	switch {
	case d.State == cordon.DispatchHeld:
		return "Held", "held"
	case d.State == cordon.DispatchDiscarded:
		return "Discarded", ""
	case d.State == cordon.DispatchDone && d.Counts.Refused+d.Counts.Cut > 0:
		return "Done, not all sent", "warn"
	case d.State == cordon.DispatchDone:
		return "Done", "good"
	case d.State == cordon.DispatchOpen && d.Counts.Held > 0:
		return "Stopped", "held"
	case d.State == cordon.DispatchOpen:
		return "Open", ""
	}
	return capital(d.State), ""
}
