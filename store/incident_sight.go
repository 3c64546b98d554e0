package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// Bounds of how far back what was odd is followed from a sign.
const (
	signsBack = 24 * time.Hour  // earlier signs about the same credential
	signGap   = time.Hour       // between two that belong together
	runBack   = time.Hour       // orders that led to the first of them
	runGap    = 2 * time.Minute // between two of a run
)

// IncidentSigns lists what the rules have not looked at: signals of grade
// incident and stops, in the order in which they came, at most n of each. Numbers
// are given in the order of commits, so the cursor passes over nothing.
func (s *Store) IncidentSigns(ctx context.Context, n int) ([]cordon.IncidentSign, error) {
	var signs []cordon.IncidentSign
	err := s.snapshot(ctx, func(q querier) error {
		signals, err := unseenSignals(ctx, q, n)
		if err != nil {
			return err
		}
		stops, err := unseenStops(ctx, q, n)
		if err != nil {
			return err
		}
		signs = inTurn(signals, stops)
		for i := range signs {
			if err := fillSign(ctx, q, &signs[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return signs, wrap(err, "incident signs")
}

func unseenSignals(ctx context.Context, q querier, n int) ([]cordon.IncidentSign, error) {
	rows, err := q.query(ctx, `SELECT g.num, g.id, g.kind, g.grade, g.tenant, g.actor, g.account, g.key_id, g.template, g.dispatch, g.count, g.message, g.at
		FROM signal g WHERE g.grade = 'incident' AND g.num > (SELECT c.signal FROM incident_cursor c WHERE c.one = 1) ORDER BY g.num LIMIT $1`, n)
	return collect(rows, err, func(r scanner) (cordon.IncidentSign, error) {
		var g cordon.Signal
		var num, at int64
		err := r.Scan(&num, &g.ID, &g.Kind, &g.Grade, &g.Tenant, &g.Actor, &g.Account, &g.Key, &g.Template, &g.Dispatch, &g.Count, &g.Message, &at)
		g.At = fromMicros(at)
		return cordon.IncidentSign{Num: num, Signal: &g}, err
	})
}

func unseenStops(ctx context.Context, q querier, n int) ([]cordon.IncidentSign, error) {
	rows, err := q.query(ctx, `SELECT `+stopColumns+` FROM stop s WHERE s.num > (SELECT c.stop FROM incident_cursor c WHERE c.one = 1) ORDER BY s.num LIMIT $1`, n)
	return collect(rows, err, func(r scanner) (cordon.IncidentSign, error) {
		num, stop, err := scanStop(r)
		return cordon.IncidentSign{Num: num, Stop: &stop}, err
	})
}

// inTurn merges the two series by time, a signal before the stop it caused. Each
// keeps its own order, whatever its times say.
func inTurn(signals, stops []cordon.IncidentSign) []cordon.IncidentSign {
	var all []cordon.IncidentSign
	for len(signals) > 0 && len(stops) > 0 {
		if stops[0].Stop.PlacedAt.Before(signals[0].Signal.At) {
			all, stops = append(all, stops[0]), stops[1:]
		} else {
			all, signals = append(all, signals[0]), signals[1:]
		}
	}
	return append(append(all, signals...), stops...)
}

// about is what a sign names, as a question.
func about(g cordon.IncidentSign) (q cordon.Question, at time.Time) {
	if g.Signal != nil {
		return cordon.Question{Tenant: g.Signal.Tenant, Template: g.Signal.Template, Account: g.Signal.Account, Key: g.Signal.Key, Dispatch: g.Signal.Dispatch}, g.Signal.At
	}
	c := g.Stop.Scope
	return cordon.Question{Tenant: c.Tenant, Template: c.Template, Account: c.Account, Key: c.Key, Dispatch: c.Dispatch}, g.Stop.PlacedAt
}

// fillSign finds whose it is and when what was odd began.
func fillSign(ctx context.Context, q querier, g *cordon.IncidentSign) error {
	c, at := about(*g)
	tenants, err := tenantsOf(ctx, q, c)
	if err != nil {
		return err
	}
	if len(tenants) == 1 {
		g.Tenant = tenants[0]
	}
	if len(tenants) > 0 {
		err := q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM tenant t WHERE t.exercise AND t.id IN (SELECT r.value FROM {{texts $1}} r))`, jsonText(tenants)).Scan(&g.Exercise)
		if err != nil {
			return err
		}
	}
	g.Since, err = oddSince(ctx, q, c, at)
	return err
}

func oddSince(ctx context.Context, q querier, c cordon.Question, at time.Time) (time.Time, error) {
	switch {
	case c.Dispatch != "":
		return time.Time{}, nil
	case c.Key != "":
		return runSince(ctx, q, "g.key_id", "d.key_id", string(c.Key), at)
	case c.Account != "":
		return runSince(ctx, q, "g.account", "d.account", string(c.Account), at)
	case c.Template != "":
		return versionSince(ctx, q, c.Template, at)
	}
	return time.Time{}, nil
}

// runSince is when a credential began to be used oddly: the beginning of the run
// of orders that led to the first odd sign about it. An intruder's first guesses
// are good ones, now and then; they left before the sign did.
func runSince(ctx context.Context, q querier, ofSignal, ofDispatch, id string, at time.Time) (time.Time, error) {
	first, err := back(ctx, q, `SELECT g.at FROM signal g WHERE `+ofSignal+` = $1 AND g.at >= $2 AND g.at <= $3 ORDER BY g.at DESC LIMIT 1000`, id, at, signsBack, signGap)
	if err != nil {
		return time.Time{}, err
	}
	return back(ctx, q, `SELECT d.accepted_at FROM dispatch d WHERE `+ofDispatch+` = $1 AND d.accepted_at >= $2 AND d.accepted_at <= $3 AND d.kind <> 'notice'
		ORDER BY d.accepted_at DESC LIMIT 10000`, id, first, runBack, runGap)
}

// back follows moments, the latest first, as long as no gap is longer than gap.
func back(ctx context.Context, q querier, text, id string, from time.Time, most, gap time.Duration) (time.Time, error) {
	rows, err := q.query(ctx, text, id, micros(from.Add(-most)), micros(from))
	moments, err := collect(rows, err, scanOne[int64])
	first := micros(from)
	for _, m := range moments {
		if first-m > gap.Microseconds() {
			break
		}
		first = m
	}
	return fromMicros(first), err
}

// versionSince is when the version of the template that was sent last was first
// sent, a day back at most: an older letter was right yesterday, too.
func versionSince(ctx context.Context, q querier, id cordon.TemplateID, at time.Time) (time.Time, error) {
	var first *int64
	err := q.queryRow(ctx, `SELECT MIN(d.accepted_at) FROM dispatch d WHERE d.template = $1 AND d.accepted_at >= $2 AND d.accepted_at <= $3 AND d.kind <> 'notice'
		AND d.version = (SELECT x.version FROM dispatch x WHERE x.template = $1 AND x.accepted_at <= $3 ORDER BY x.accepted_at DESC, x.num DESC LIMIT 1)`,
		string(id), micros(at.Add(-signsBack)), micros(at)).Scan(&first)
	if first == nil {
		return at, err
	}
	return fromMicros(*first), err
}

// SightIncident does with a sign what the rules made of it, once, whatever number
// of nodes see it: it becomes part of the open incident that it belongs to, or
// opens one. opened says which; an incident without ID says neither.
func (s *Store) SightIncident(ctx context.Context, by cordon.Actor, g cordon.IncidentSighting) (i cordon.Incident, opened bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		i, opened = cordon.Incident{}, false
		fresh, err := t.advanceCursor(ctx, g.Sign)
		if err != nil || !fresh {
			return err
		}
		found, err := t.holders(ctx, exerciseParts(g.Sign.Exercise, g.Parts))
		if err != nil {
			return err
		}
		switch {
		case len(found) > 0:
			i, err = t.joinIncident(ctx, by, found, g)
		case !g.Joins:
			var made storedIncident
			g.NewIncident.Exercise = g.Sign.Exercise
			made, err = t.openIncident(ctx, by, g.NewIncident, g.Parts)
			i, opened = made.Incident, true
		}
		return err
	})
	return i, opened && err == nil, wrap(err, "sight incident")
}

// advanceCursor moves the cursor past the sign; false when somebody did. The lock
// on its row puts all nodes in a line.
func (t *tx) advanceCursor(ctx context.Context, g cordon.IncidentSign) (bool, error) {
	column := "signal"
	if g.Stop != nil {
		column = "stop"
	}
	res, err := t.exec(ctx, `UPDATE incident_cursor SET `+column+` = $1 WHERE one = 1 AND `+column+` < $1`, g.Num)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// holders lists the open incidents that hold one of the parts, the oldest first.
func (t *tx) holders(ctx context.Context, parts []string) ([]storedIncident, error) {
	rows, err := t.query(ctx, `SELECT `+incidentColumns+` FROM incident i WHERE i.id IN (SELECT p.incident FROM incident_part p JOIN {{texts $1}} r ON r.value = p.part)
		ORDER BY i.num {{forupdate}}`, jsonText(parts))
	return collect(rows, err, scanIncident)
}

// joinIncident makes the sign part of the oldest incident that it belongs to. One
// that belongs to several ties them together, and a person may merge them.
func (t *tx) joinIncident(ctx context.Context, by cordon.Actor, found []storedIncident, g cordon.IncidentSighting) (cordon.Incident, error) {
	i := &found[0]
	if err := t.holdParts(ctx, i.ID, exerciseParts(g.Sign.Exercise, slices.Clone(g.Parts))); err != nil {
		return i.Incident, err
	}
	rows, err := incidentScope(ctx, t, i.ID)
	if err != nil {
		return i.Incident, err
	}
	subject, names := tiedNames(g.Links)
	if !g.Joins && stopsMore(g, rows) && len(g.Scope) > 0 {
		names += ". What it covers is not counted as bad by that alone: say so, if it was."
	}
	if err := t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineLink, Tenant: g.Tenant, Subject: subject, Text: g.Text + names}); err != nil {
		return i.Incident, err
	}
	if err := t.tieAll(ctx, by, i, g.Links); err != nil {
		return i.Incident, err
	}
	if !g.Joins {
		if err := t.joinScope(ctx, by, i, g, rows); err != nil {
			return i.Incident, err
		}
		if g.Severity.Effective() < i.Severity {
			if err := t.setSeverity(ctx, by, i, g.Severity.Effective(), g.Text); err != nil {
				return i.Incident, err
			}
		}
	}
	for _, other := range found[1:] {
		if err := t.linkIncident(ctx, by, i, cordon.IncidentLink{Noun: cordon.LinkIncident, Subject: string(other.ID)}); err != nil {
			return i.Incident, err
		}
	}
	_, err = t.exec(ctx, `UPDATE incident SET version = version + 1 WHERE id = $1`, string(i.ID))
	return i.Incident, err
}

// stopsMore says whether the sign is a stop of more than one send, in an incident
// that knows what it is about: people stop more than what is bad, and that is no
// reason to tell anybody that it was.
func stopsMore(g cordon.IncidentSighting, rows []cordon.Question) bool {
	return g.Sign.Stop != nil && g.Sign.Stop.Scope.Dispatch == "" && len(rows) > 0
}

// joinScope adds what the sign calls bad, where that says more than what is there.
func (t *tx) joinScope(ctx context.Context, by cordon.Actor, i *storedIncident, g cordon.IncidentSighting, rows []cordon.Question) error {
	if stopsMore(g, rows) {
		return nil
	}
	for _, q := range g.Scope {
		if slices.ContainsFunc(rows, func(r cordon.Question) bool { return questionCovers(r, q) }) {
			continue
		}
		if err := t.scopeIncident(ctx, by, i, q); err != nil {
			return err
		}
	}
	return nil
}

// questionCovers says whether whatever q matches, r matches too.
func questionCovers(r, q cordon.Question) bool {
	return (r.Tenant == "" || r.Tenant == q.Tenant) && (r.Template == "" || r.Template == q.Template) && (r.Account == "" || r.Account == q.Account) &&
		(r.Key == "" || r.Key == q.Key) && (r.Dispatch == "" || r.Dispatch == q.Dispatch) &&
		!r.From.After(q.From) && (r.Until.IsZero() || !q.Until.IsZero() && !r.Until.Before(q.Until))
}

// IncidentCalls lists the pages that incidents owe and that are due.
func (s *Store) IncidentCalls(ctx context.Context) (all []cordon.IncidentCall, err error) {
	now := micros(s.now())
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT c.incident, c.what, c.due_at FROM incident_call c WHERE c.done_at = 0 AND c.due_at <= $1 ORDER BY c.due_at, c.incident, c.what LIMIT 200`, now)
		all, err = collect(rows, err, func(r scanner) (cordon.IncidentCall, error) {
			var c cordon.IncidentCall
			var due int64
			err := r.Scan(&c.Incident, &c.What, &due)
			c.DueAt = fromMicros(due)
			return c, err
		})
		return err
	})
	return all, wrap(err, "incident calls")
}

// IncidentCalled notes that a page was triggered, or is needed no more.
func (s *Store) IncidentCalled(ctx context.Context, c cordon.IncidentCall) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE incident_call SET done_at = $3 WHERE incident = $1 AND what = $2 AND done_at = 0`, string(c.Incident), c.What, micros(t.now))
		return err
	})
	return wrap(err, fmt.Sprintf("incident call %s", c.What))
}
