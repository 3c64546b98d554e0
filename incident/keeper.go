package incident

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	signsAtOnce = 100             // read in one go
	between     = time.Second     // the least time between two steps
	everySoOft  = 5 * time.Second // a step when nothing calls for one
)

// Config is what a Keeper is made of.
type Config struct {
	Store     Store
	Playbooks Playbooks     // nil: those that come along
	Interval  time.Duration // between two steps when nothing calls for one; 0 = 5 s
	Now       func() time.Time
	Log       *slog.Logger
}

// Keeper keeps the incidents. Its verbs are safe for use by many goroutines.
type Keeper struct {
	store     Store
	playbooks Playbooks
	interval  time.Duration
	now       func() time.Time
	log       *slog.Logger

	mu     sync.Mutex
	people map[cordon.IncidentID]reached  // counted anew only when a copy more was delivered
	past   map[cordon.IncidentID]measured // of incidents that are over
	sights map[sightKey]sized             // what was counted last, for pages that look every second
	looked cordon.Glance                  // at all open incidents, of Step alone
}

type reached struct{ copies, dispatches, people int64 }

// New makes a Keeper. Playbooks that come along and cannot be read are a fault of
// the binary.
func New(c Config) *Keeper {
	k := &Keeper{store: c.Store, playbooks: c.Playbooks, interval: c.Interval, now: c.Now, log: c.Log,
		people: map[cordon.IncidentID]reached{}, past: map[cordon.IncidentID]measured{}, sights: map[sightKey]sized{}}
	if k.playbooks == nil {
		var err error
		if k.playbooks, err = LoadPlaybooks(nil); err != nil {
			panic(err)
		}
	}
	if k.interval <= 0 {
		k.interval = everySoOft
	}
	if k.now == nil {
		k.now = time.Now
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	return k
}

// Run steps until ctx ends: at its interval, and soon after a signal or a stop.
func (k *Keeper) Run(ctx context.Context) error {
	signals, done := k.store.Changed("signals")
	defer done()
	stops, doneStops := k.store.Changed("stops")
	defer doneStops()
	failing := false
	for {
		err := k.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			k.log.ErrorContext(ctx, "incidents not kept", "error", err)
		case err == nil && failing:
			k.log.InfoContext(ctx, "incidents are kept again")
		}
		failing = err != nil
		if err := k.rest(ctx, signals, stops); err != nil {
			return err
		}
	}
}

// rest waits for the next step.
func (k *Keeper) rest(ctx context.Context, signals, stops <-chan struct{}) error {
	short, long := time.NewTimer(min(between, k.interval)), time.NewTimer(k.interval)
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
	case <-signals:
	case <-stops:
	case <-long.C:
	}
	return nil
}

// Step takes in what came, looks at every open incident, and calls whom it owes a
// call. It may run on several nodes at once, and again after it broke off anywhere.
func (k *Keeper) Step(ctx context.Context) error {
	return errors.Join(k.takeIn(ctx), k.tendAll(ctx), k.calls(ctx))
}

// tendAll looks at every open incident, when there is a new entry in the ledger.
func (k *Keeper) tendAll(ctx context.Context) error {
	size, _, err := k.store.LedgerHead(ctx)
	if err != nil {
		return err
	}
	now := k.now()
	if !k.looked.Old(size, now) {
		return nil
	}
	open, err := k.openOnes(ctx)
	errs := []error{err}
	for _, i := range open {
		if err := k.tend(ctx, i); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", i.Name(), err))
		}
	}
	k.forget(open)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	k.looked = cordon.Glance{Size: size, At: now}
	return nil
}

// takeIn does with each sign what the rules say, in the order in which they came.
func (k *Keeper) takeIn(ctx context.Context) error {
	for {
		signs, err := k.store.IncidentSigns(ctx, signsAtOnce)
		if err != nil || len(signs) == 0 {
			return err
		}
		for _, g := range signs {
			i, opened, err := k.store.SightIncident(ctx, cordon.System(), sighting(g, k.playbooks))
			if err != nil {
				return err
			}
			if opened {
				k.log.WarnContext(ctx, "incident opened", "incident", i.Name(), "severity", i.Severity.String(), "kind", string(i.Kind), "exercise", i.Exercise)
			}
		}
	}
}

func (k *Keeper) openOnes(ctx context.Context) ([]cordon.Incident, error) {
	var all []cordon.Incident
	for page := (cordon.Page{Limit: 500}); ; {
		list, next, err := k.store.Incidents(ctx, cordon.IncidentFilter{Open: true}, page)
		if all = append(all, list...); err != nil || next == "" {
			return all, err
		}
		page.After = next
	}
}

// tend looks at one open incident: whether it is contained, whom it touches, and
// what the damage asks for.
func (k *Keeper) tend(ctx context.Context, i cordon.Incident) error {
	if i.Exercise {
		over, err := k.exerciseOver(ctx, i)
		if err != nil || over {
			return err
		}
	}
	c, err := k.store.IncidentContainment(ctx, i.ID)
	if err != nil {
		return err
	}
	people, err := k.peopleOf(ctx, i.ID, c)
	if err != nil {
		return err
	}
	fresh, err := k.store.TendIncident(ctx, cordon.System(), i.ID, finding(i, c, people))
	if err != nil {
		return err
	}
	if fresh { // a row of scope may have ended with its stop
		if c, err = k.store.IncidentContainment(ctx, i.ID); err != nil {
			return err
		}
	}
	return k.contain(ctx, i, c)
}

// contain moves an incident that is contained, or is no longer.
func (k *Keeper) contain(ctx context.Context, i cordon.Incident, c cordon.IncidentContainment) error {
	var err error
	left := !i.ContainedAt.IsZero() && c.LastAt.After(i.ContainedAt)
	switch {
	case c.Contained && (i.State == cordon.IncidentTriage || i.State == cordon.IncidentInvestigating):
		_, err = k.store.ContainIncident(ctx, cordon.System(), i.ID, 0, c.At, containedText(c))
	case left && i.State != cordon.IncidentInvestigating && i.State != cordon.IncidentTriage:
		_, err = k.store.MoveIncident(ctx, cordon.System(), i.ID, 0, cordon.IncidentInvestigating, "a bad copy left after it was contained")
	case !c.Contained && i.State == cordon.IncidentContained && c.Known:
		_, err = k.store.MoveIncident(ctx, cordon.System(), i.ID, 0, cordon.IncidentInvestigating, "it is contained no longer: "+firstOf(c.Open))
	}
	if cordon.CodeOf(err) == cordon.Conflict {
		return nil // somebody moved it meanwhile; the next look sees where it stands
	}
	return err
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return "no stop stands"
	}
	return list[0]
}

// peopleOf counts who got a bad copy, again only when more of them left.
func (k *Keeper) peopleOf(ctx context.Context, id cordon.IncidentID, c cordon.IncidentContainment) (int64, error) {
	if c.Delivered == 0 {
		return 0, nil
	}
	k.mu.Lock()
	known, ok := k.people[id]
	k.mu.Unlock()
	if ok && known.copies == c.Delivered && known.dispatches == c.Dispatches {
		return known.people, nil
	}
	f, err := k.store.IncidentFiguresOf(ctx, id, "")
	if err != nil {
		return 0, err
	}
	people := f[cordon.FigureRecipients].Value
	k.mu.Lock()
	k.people[id] = reached{c.Delivered, c.Dispatches, people}
	k.mu.Unlock()
	return people, nil
}

// forget drops what is remembered of incidents that are over.
func (k *Keeper) forget(open []cordon.Incident) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := make(map[cordon.IncidentID]reached, len(open))
	for _, i := range open {
		if r, ok := k.people[i.ID]; ok {
			kept[i.ID] = r
		}
	}
	k.people = kept
}

// exerciseOver ends the incident of an exercise that has been cleared away: its
// tenants are erased, and nobody is left to tell.
func (k *Keeper) exerciseOver(ctx context.Context, i cordon.Incident) (bool, error) {
	tenants, err := k.store.IncidentTenants(ctx, i.ID)
	if err != nil || len(tenants) == 0 {
		return false, err
	}
	for _, id := range tenants {
		t, err := k.store.Tenant(ctx, id)
		if cordon.CodeOf(err) == cordon.Missing {
			continue
		}
		if err != nil || t.State != cordon.TenantErased {
			return false, err
		}
	}
	_, err = k.store.EndExercise(ctx, cordon.System(), i.ID, "the exercise is over, and its practices are erased")
	if cordon.CodeOf(err) == cordon.Conflict {
		err = nil
	}
	return err == nil, err
}

// calls triggers the pages that incidents owe. Broken off between a page and its
// mark, the next step triggers it again; the page's key makes it the same one.
func (k *Keeper) calls(ctx context.Context) error {
	due, err := k.store.IncidentCalls(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range due {
		if err := k.call(ctx, c); err != nil {
			errs = append(errs, fmt.Errorf("call %s of %s: %w", c.What, c.Incident, err))
		}
	}
	return errors.Join(errs...)
}
