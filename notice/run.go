package notice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	// tenantsAStep is how many tenants are told in one transaction.
	tenantsAStep = 100
	// between is the least time between two steps, however often it is called.
	between = 250 * time.Millisecond
)

// Run steps until ctx ends: at its interval, and when there is somebody to tell.
func (m *Messenger) Run(ctx context.Context) error {
	fresh, done := m.store.Changed("notice")
	defer done()
	failing := false
	for {
		err := m.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			m.log.ErrorContext(ctx, "telling is interrupted", "error", err)
		case err == nil && failing:
			m.log.InfoContext(ctx, "telling goes on")
		}
		failing = err != nil
		short, long := time.NewTimer(between), time.NewTimer(m.interval)
		select {
		case <-ctx.Done():
		case <-short.C:
			select {
			case <-ctx.Done():
			case <-fresh:
			case <-long.C:
			}
		}
		short.Stop()
		long.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// Step does once what is due: sets the clocks of open incidents, drafts
// corrections, plans to tell who came to the damage since, tells, writes, and pages
// about clocks. It may be called on several nodes at once, and again after it was
// broken off anywhere.
func (m *Messenger) Step(ctx context.Context) error {
	return errors.Join(m.tendAll(ctx), m.finish(ctx), m.pageClocks(ctx))
}

// tendAll looks after every open incident, when there is a new entry in the ledger.
func (m *Messenger) tendAll(ctx context.Context) error {
	size, _, err := m.store.LedgerHead(ctx)
	if err != nil {
		return err
	}
	now := m.now()
	if !m.looked.Old(size, now) {
		return nil
	}
	var errs []error
	for page := (cordon.Page{Limit: 500}); ; {
		open, next, err := m.store.Incidents(ctx, cordon.IncidentFilter{Open: true}, page)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, i := range open {
			if err := m.tend(ctx, i); err != nil {
				errs = append(errs, fmt.Errorf("tend %s: %w", i.Name(), err))
			}
		}
		if page.After = next; next == "" {
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	m.looked = cordon.Glance{Size: size, At: now}
	return nil
}

// tend looks after one open incident.
func (m *Messenger) tend(ctx context.Context, i cordon.Incident) error {
	if _, err := m.store.SetClocks(ctx, cordon.System(), i.ID, m.regimes); err != nil {
		return err
	}
	f, err := m.store.ApprovedNotice(ctx, i.ID)
	if cordon.CodeOf(err) == cordon.Missing {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := m.correct(ctx, i); err != nil {
		return err
	}
	_, err = m.store.PlanTellings(ctx, i.ID, f.Seq)
	return err
}

// finish tells and writes whatever of that is due. A tenant with which something
// is wrong keeps nobody else waiting.
func (m *Messenger) finish(ctx context.Context) error {
	var errs []error
	for after := ""; ; {
		due, next, err := m.store.TellingsDue(ctx, after, tenantsAStep)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		r := round{m: m, subjects: map[subject]telling{}}
		errs = append(errs, r.tell(ctx, due), r.write(ctx, due))
		if after = next; after == "" || ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
}

type subject struct {
	incident cordon.IncidentID
	seq      int
}

// round is one turn over the tenants that are due, which share what is the same
// for all of them.
type round struct {
	m        *Messenger
	subjects map[subject]telling
}

func (r *round) about(ctx context.Context, n cordon.Telling) (telling, error) {
	key := subject{n.Incident, n.Seq}
	if x, ok := r.subjects[key]; ok {
		return x, nil
	}
	i, err := r.m.store.Incident(ctx, n.Incident)
	if err != nil {
		return telling{}, err
	}
	f, err := r.m.store.NoticeFacts(ctx, n.Incident, n.Seq)
	if err != nil {
		return telling{}, err
	}
	x, err := r.m.about(ctx, i, f)
	if err == nil {
		r.subjects[key] = x
	}
	return x, err
}
