package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
)

// ownMail is how many letters the practice's own program sends meanwhile.
const ownMail = 5

// bookOwn sends the practice's own mail under its own key, while the intruder's
// has been stopped.
func (r *Rehearsal) bookOwn(ctx context.Context, p *Practice) (int64, error) {
	booking := caller{client: r.config.Intruder, url: r.config.URL, secret: p.booking.secret}
	for _, id := range p.Patients[:ownMail] {
		body := map[string]any{"kind": "single", "template": p.template, "version": p.version, "exercise": true, "recipients": []cordon.RecipientID{id},
			"values": []any{map[string]any{"recipient": id, "values": map[string]string{"visit_date": "2026-12-01"}}}}
		if err := booking.call(ctx, http.MethodPost, p.path("/orders"), body, nil); err != nil {
			return 0, fmt.Errorf("the practice's own mail: %w", err)
		}
	}
	return ownMail, nil
}

// quiet is how long a drill listens after the practice's own mail has come.
const quiet = 1500 * time.Millisecond

// waitQuiet waits until the practice's own mail has been delivered, which was
// ordered last: whatever the intruder ordered has been due for longer. Then it
// listens a while: what was going to leave has left.
func (r *Rehearsal) waitQuiet(ctx context.Context, p *Practice, want int64) error {
	undo := r.config.Undo
	if undo == 0 {
		undo = cordon.DefaultLimits().UndoSingle
	}
	err := until(ctx, undo+10*time.Second, func() (bool, error) {
		a, err := r.assess(ctx, url.Values{"key": {string(p.booking.id)}})
		return a.Delivered >= want, err
	})
	if err != nil {
		return err
	}
	return until(ctx, quiet, func() (bool, error) { return false, nil })
}

func (r *Rehearsal) assess(ctx context.Context, q url.Values) (cordon.Assessment, error) {
	var a cordon.Assessment
	err := r.operator.call(ctx, http.MethodGet, "/v1/assess?"+q.Encode(), nil, &a)
	return a, err
}

// judge looks at what one variant came to.
func (r *Rehearsal) judge(ctx context.Context, w *walk) error {
	v := &w.variant
	defer v.settle()
	a, err := r.assess(ctx, url.Values{"key": {string(w.stolen.id)}})
	if err != nil {
		return err
	}
	v.BadCopiesOut = a.Delivered + a.Unknown + a.InFlight
	v.Refused = max(v.Refused, a.Refused)
	v.Held = a.Held
	signals, err := r.signals(ctx, w)
	if err != nil {
		return err
	}
	if w.decoy || w.variant.Name == "random" || w.variant.Name == "sequential" || w.variant.Name == "foreign" {
		v.expect("bad copies out", fmt.Sprintf("≤ %d", maxBadCopies), v.BadCopiesOut, v.BadCopiesOut <= maxBadCopies)
	} else {
		v.expect("bad copies out", 0, v.BadCopiesOut, v.BadCopiesOut == 0)
	}
	first, seen := firstIncident(signals)
	if v.Name != "free-content" && v.Name != "edited-template" {
		v.expect("incident-grade signal", true, seen, seen)
	} else {
		v.expect("every order refused", v.Tried, v.Refused, v.Refused == v.Tried)
	}
	if seen {
		v.TTD = Millis(max(0, first.Sub(w.began)))
	}
	return r.judgeContained(ctx, w, signals, first)
}

// judgeContained looks at the key, the stops and, where one was named, the decoy.
func (r *Rehearsal) judgeContained(ctx context.Context, w *walk, signals []cordon.Signal, first time.Time) error {
	v := &w.variant
	var key cordon.Key
	if err := r.operator.call(ctx, http.MethodGet, "/v1/keys/"+string(w.stolen.id), nil, &key); err != nil {
		return err
	}
	stops, err := r.stops(ctx)
	if err != nil {
		return err
	}
	stopped := false
	for _, s := range stops {
		if s.Scope.Key == w.stolen.id {
			stopped = true
			v.TTC = max(v.TTC, Millis(s.PlacedAt.Sub(first)))
		}
	}
	if v.Name != "free-content" && v.Name != "edited-template" {
		v.expect("key contained", "suspended or stopped", fmt.Sprintf("key %s, %s", key.State, map[bool]string{true: "stopped", false: "not stopped"}[stopped]), key.State != cordon.KeyActive || stopped)
	}
	if w.decoy {
		hit := false
		for _, s := range signals {
			hit = hit || s.Kind == cordon.SignalDecoy || s.Kind == cordon.SignalBurst
		}
		v.expect("decoy or burst seen", true, hit, hit)
	}
	return nil
}

// judgeWhole holds the far side's own count against what the house says.
func (r *Rehearsal) judgeWhole(ctx context.Context, own, other *Practice, legitimate, before, assessed int64) Variant {
	v := Variant{Name: "whole", Says: "what the receiving server counted by itself", Exercise: true}
	arrived := r.arrived(own, other) - before
	v.expect("arrived at the far side", legitimate+assessed, arrived, arrived == legitimate+assessed)
	a, err := r.assess(ctx, url.Values{"key": {string(own.booking.id)}})
	v.expect("the practice's own mail delivered", legitimate, a.Delivered, err == nil && a.Delivered == legitimate)
	v.settle()
	return v
}

// arrived counts the letters of the drill at the far side: those of appointments
// and those of the intruder.
func (r *Rehearsal) arrived(practices ...*Practice) (n int64) {
	for _, p := range practices {
		n += r.config.Arrived(p.Domain, appointmentSubject) + r.config.Arrived(p.Domain, prizeSubject)
	}
	return n
}

func firstIncident(signals []cordon.Signal) (time.Time, bool) {
	var first time.Time
	for _, s := range signals {
		if s.Grade == cordon.GradeIncident && (first.IsZero() || s.At.Before(first)) {
			first = s.At
		}
	}
	return first, !first.IsZero()
}

// signals returns those that name the stolen key.
func (r *Rehearsal) signals(ctx context.Context, w *walk) ([]cordon.Signal, error) {
	var named []cordon.Signal
	err := pages(ctx, r.operator, "/v1/signals", nil, func(s cordon.Signal) {
		if s.Key == w.stolen.id {
			named = append(named, s)
		}
	})
	return named, err
}

func (r *Rehearsal) stops(ctx context.Context) ([]cordon.Stop, error) {
	var all []cordon.Stop
	err := pages(ctx, r.operator, "/v1/stops", nil, func(s cordon.Stop) { all = append(all, s) })
	return all, err
}

// pages walks a list of the API from its first page to its last.
func pages[T any](ctx context.Context, c caller, path string, query url.Values, each func(T)) error {
	q := url.Values{"limit": {"500"}}
	for name, values := range query {
		q[name] = values
	}
	for {
		var part struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := c.call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &part); err != nil {
			return err
		}
		for _, item := range part.Items {
			each(item)
		}
		if part.Next == "" {
			return nil
		}
		q.Set("after", part.Next)
	}
}
