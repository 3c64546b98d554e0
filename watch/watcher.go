package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	// stagesAStep bounds how many stages one step looks at; those that are due
	// come first.
	stagesAStep = 500
	// between is the least time between two steps, however much comes back.
	between = time.Second
	// lookBack is what a step looks at again of the one before: the clocks of
	// several nodes differ a little, and a transaction takes a moment to commit.
	lookBack = time.Minute
	// atStart is how far the first step looks back: whatever came back while
	// nobody watched.
	atStart = 24 * time.Hour
	// keep is for how long counts are kept.
	keep = 35 * 24 * time.Hour
)

// Config is what a Watcher is made of.
type Config struct {
	Store    Store
	Interval time.Duration // between two steps when nothing calls for one; 0 = 5 s
	Now      func() time.Time
	Log      *slog.Logger
}

// Watcher looks at what comes back. Its verbs are safe for use by many
// goroutines; of Step and Run one runs at a time.
type Watcher struct {
	store    Store
	interval time.Duration
	now      func() time.Time
	log      *slog.Logger

	looked  time.Time // evidence up to then has been judged
	pruned  time.Time
	busiest busiest
}

// New makes a Watcher.
func New(c Config) *Watcher {
	w := &Watcher{store: c.Store, interval: c.Interval, now: c.Now, log: c.Log}
	if w.interval <= 0 {
		w.interval = 5 * time.Second
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	return w
}

// Run steps until ctx ends: at its interval, and soon after evidence came in.
func (w *Watcher) Run(ctx context.Context) error {
	fresh, done := w.store.Changed("evidence")
	defer done()
	failing := false
	for {
		err := w.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			w.log.ErrorContext(ctx, "evidence not judged", "error", err)
		case err == nil && failing:
			w.log.InfoContext(ctx, "evidence is judged again")
		}
		failing = err != nil
		if err := w.rest(ctx, fresh); err != nil {
			return err
		}
	}
}

// rest waits for the next step.
func (w *Watcher) rest(ctx context.Context, fresh <-chan struct{}) error {
	short, long := time.NewTimer(min(between, w.interval)), time.NewTimer(w.interval)
	defer short.Stop()
	defer long.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-short.C:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-fresh:
	case <-long.C:
	}
	return nil
}

// Step judges what came back once, and acts on it. It may be called on several
// nodes at once, and again after it was broken off anywhere. What it could not
// read or write it leaves as it is: nothing goes on that was not judged.
func (w *Watcher) Step(ctx context.Context) error {
	now := w.now()
	s := &step{w: w, now: now, limits: map[cordon.TenantID]cordon.Limits{}}
	errs := []error{s.stages(ctx)}
	if err := s.fresh(ctx, w.since(now)); err != nil {
		errs = append(errs, err)
	} else {
		w.looked = now
	}
	errs = append(errs, s.sameText(ctx), s.volume(ctx), w.prune(ctx, now))
	return errors.Join(errs...)
}

func (w *Watcher) since(now time.Time) time.Time {
	if w.looked.IsZero() {
		return now.Add(-atStart)
	}
	return w.looked.Add(-lookBack)
}

// prune removes, once a day, what no rule counts any more.
func (w *Watcher) prune(ctx context.Context, now time.Time) error {
	if w.pruned.IsZero() {
		w.pruned = now // not at each start
	}
	if now.Sub(w.pruned) < 24*time.Hour {
		return nil
	}
	for more := true; more; {
		var err error
		if more, err = w.store.PruneEvidence(ctx, now.Add(-keep)); err != nil {
			return err
		}
	}
	w.pruned = now
	return nil
}

// step is one look, from one moment.
type step struct {
	w      *Watcher
	now    time.Time
	limits map[cordon.TenantID]cordon.Limits
}

func (s *step) limitsOf(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error) {
	if l, ok := s.limits[tenant]; ok {
		return l, nil
	}
	l, err := s.w.store.Limits(ctx, tenant)
	if err == nil {
		s.limits[tenant] = l
	}
	return l, err
}

// found is a finding that nobody has acted on yet.
type found struct {
	Finding
	seen time.Time // when it was last raised
}

// find judges the evidence about one subject. What was raised before, or was
// there when a stop of the same scope was placed, does not count again.
func (s *step) find(ctx context.Context, of cordon.EvidenceOf, about Over, subject string) ([]found, error) {
	l, err := s.limitsOf(ctx, of.Tenant)
	if err != nil {
		return nil, err
	}
	e, err := s.w.store.Evidence(ctx, of)
	if err != nil {
		return nil, err
	}
	var all []found
	for _, f := range Judge(e, l, about) {
		raised, stopped, err := s.w.store.LastRaised(ctx, of.Tenant, f.Rule, subject, scopeOf(of, f))
		if err != nil {
			return nil, err
		}
		acted := raised
		if stopped.After(acted) {
			acted = stopped
		}
		if base, isHold := strings.CutSuffix(f.Rule, " hold"); isHold { // the higher threshold says it all
			higher, _, err := s.w.store.LastRaised(ctx, of.Tenant, base+" stop", subject, cordon.Scope{})
			if err != nil {
				return nil, err
			}
			if higher.After(acted) {
				acted = higher
			}
		}
		if acted.IsZero() || acted.Before(of.Since.Truncate(cordon.EvidenceSlot)) {
			all = append(all, found{f, raised})
			continue
		}
		rest := of
		rest.Since, rest.After = acted, true
		if e, err = s.w.store.Evidence(ctx, rest); err != nil {
			return nil, err
		}
		for _, again := range Judge(e, l, about) {
			if again.Rule == f.Rule {
				all = append(all, found{again, raised})
			}
		}
	}
	return all, nil
}

// scopeOf is what a stop for the finding covers; zero where it places none. A
// key that touched a decoy is stopped wherever it sends, as the guard does it.
func scopeOf(of cordon.EvidenceOf, f Finding) cordon.Scope {
	switch {
	case f.Act == Note:
		return cordon.Scope{}
	case of.Dispatch != "":
		return cordon.Scope{Tenant: of.Tenant, Dispatch: of.Dispatch}
	case f.Signal == cordon.SignalDecoy:
		return cordon.Scope{Key: of.Key}
	case of.Template != "":
		return cordon.Scope{Tenant: of.Tenant, Template: of.Template}
	case of.Key != "":
		return cordon.Scope{Tenant: of.Tenant, Key: of.Key}
	}
	return cordon.Scope{}
}

// signal makes the signal of a finding: what was seen, and what it caused.
func (s *step) signal(of cordon.EvidenceOf, f Finding, caused string) cordon.Signal {
	return cordon.Signal{
		Kind: f.Signal, Grade: f.Grade, Tenant: of.Tenant, Actor: cordon.System().ID(), Account: of.Account, Key: of.Key,
		Template: of.Template, Dispatch: of.Dispatch, Count: int(f.N), Message: f.Why + ". " + caused, At: s.now,
	}
}

// fresh judges every template, key and tenant about which something came back.
func (s *step) fresh(ctx context.Context, since time.Time) error {
	fresh, err := s.w.store.FreshEvidence(ctx, since)
	if err != nil {
		return err
	}
	type subject struct {
		of    cordon.EvidenceOf
		about Over
	}
	done := map[subject]bool{}
	var errs []error
	look := func(of cordon.EvidenceOf, about Over, window time.Duration) {
		if done[subject{of, about}] {
			return
		}
		done[subject{of, about}] = true
		of.Since = s.now.Add(-window)
		if err := s.look(ctx, of, about); err != nil {
			errs = append(errs, fmt.Errorf("judge a %s: %w", about, err))
		}
	}
	for _, f := range fresh {
		l, err := s.limitsOf(ctx, f.Tenant)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if f.Template != "" {
			look(cordon.EvidenceOf{Tenant: f.Tenant, Template: f.Template, Kind: cordon.Single}, OverSingles, l.EvidenceWindow)
			look(cordon.EvidenceOf{Tenant: f.Tenant, Template: f.Template}, OverTemplate, l.EvidenceWindow)
			look(cordon.EvidenceOf{Tenant: f.Tenant, Template: f.Template}, OverBurst, l.ComplaintBurstWindow)
		}
		if f.Key != "" {
			look(cordon.EvidenceOf{Tenant: f.Tenant, Key: f.Key, Kind: cordon.Single}, OverKey, l.EvidenceWindow)
		}
		look(cordon.EvidenceOf{Tenant: f.Tenant}, OverTenant, l.EvidenceWindow)
	}
	return errors.Join(errs...)
}

// look judges one subject that has no stages, and acts.
func (s *step) look(ctx context.Context, of cordon.EvidenceOf, about Over) error {
	subject := string(of.Template) + string(of.Key)
	all, err := s.find(ctx, of, about, subject)
	if err != nil {
		return err
	}
	for _, f := range all {
		r := cordon.Raise{Tenant: of.Tenant, Rule: f.Rule, Subject: subject, Seen: f.seen}
		caused := "Nothing was stopped: a person should look."
		if scope := scopeOf(of, f.Finding); !scope.Zero() {
			stop := cordon.Stop{Scope: scope, Reason: f.Why}
			caused = "What it has not sent yet was stopped."
			if f.Lasts > 0 {
				stop.Until = s.now.Add(f.Lasts)
				caused = "What it has not sent yet is stopped for " + minutes(f.Lasts) + ", unless a person decides before."
			}
			r.Stops = []cordon.Stop{stop}
		}
		r.Signal = s.signal(of, f.Finding, caused)
		if err := s.raise(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *step) raise(ctx context.Context, r cordon.Raise) error {
	raised, err := s.w.store.Raise(ctx, cordon.System(), r)
	if err == nil && raised {
		s.w.log.WarnContext(ctx, "a rule has spoken", "rule", r.Rule, "tenant", string(r.Tenant), "count", r.Signal.Count)
	}
	return err
}
