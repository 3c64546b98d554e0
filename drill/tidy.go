package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Tidy takes the practices of an exercise away again, so that the house is as it
// was: whatever of them may still leave is cut, the stops that the exercise placed
// are lifted, and the practices are erased, which revokes their keys and makes
// what they held unreadable for good. What they were is still told by the ledger
// and by the run's report. A practice that was never made, or is erased, is left
// as it is.
//
// It works from the handles alone, so that practices whose drill was killed half
// way are taken away by the next start. Each step is done to all of them before
// the next: a key of one may have a stop that keeps back copies of another.
func (r *Rehearsal) Tidy(ctx context.Context, handles ...string) error {
	var left []*Practice
	ours := map[string]bool{}
	for _, handle := range handles {
		p, err := r.find(ctx, handle)
		if p != nil {
			left = append(left, p)
			err = r.cutAll(ctx, p, ours)
		}
		if err != nil {
			return fmt.Errorf("tidy up %s: %w", handle, err)
		}
	}
	if err := r.liftAll(ctx, ours); err != nil {
		return fmt.Errorf("tidy up: %w", err)
	}
	for _, p := range left {
		if err := r.endIncidents(ctx, p); err != nil {
			return fmt.Errorf("tidy up %s: %w", p.Handle, err)
		}
	}
	for _, p := range left {
		if err := r.operator.call(ctx, http.MethodPost, p.path("/erase"), map[string]any{"confirm": p.Handle}, nil); err != nil {
			return fmt.Errorf("tidy up %s: %w", p.Handle, err)
		}
	}
	return nil
}

// endIncidents ends what a drill that broke off left open: nobody is owed anything
// after an exercise, and nobody is paged about it any more.
func (r *Rehearsal) endIncidents(ctx context.Context, p *Practice) error {
	var open []cordon.Incident
	q := url.Values{"tenant": {string(p.ID)}, "open": {"true"}, "exercises": {"true"}}
	err := pages(ctx, r.operator, "/v1/incidents", q, func(i cordon.Incident) { open = append(open, i) })
	for _, i := range open {
		if err == nil {
			err = r.operator.call(ctx, http.MethodPost, "/v1/incidents/"+string(i.ID)+"/end-exercise", map[string]any{"reason": cordon.ReasonExerciseOver}, nil)
		}
		var refused *problem
		if errors.As(err, &refused) && refused.Code == string(cordon.Conflict) {
			err = nil // it has ended meanwhile
		}
	}
	return err
}

// find answers nil for a practice that was never made or is erased.
func (r *Rehearsal) find(ctx context.Context, handle string) (*Practice, error) {
	var tenant cordon.Tenant
	err := r.operator.call(ctx, http.MethodGet, "/v1/tenants/"+handle, nil, &tenant)
	var refused *problem
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case tenant.State == cordon.TenantErased:
		return nil, nil
	case !tenant.Exercise:
		return nil, notForExercise(handle)
	}
	return &Practice{ID: tenant.ID, Handle: handle}, nil
}

// cutAll stops the practice and has its second person discard what the stop keeps
// back. The erased tenant's copies would otherwise come to the exit, which must
// take them for an incident. What belongs to the practice is added to ours.
func (r *Rehearsal) cutAll(ctx context.Context, p *Practice, ours map[string]bool) error {
	second, err := r.belongings(ctx, p, ours)
	if err != nil {
		return err
	}
	var end cordon.Stop
	body := map[string]any{"scope": map[string]any{"tenant": p.ID}, "reason": cordon.ReasonExerciseOver}
	if err := r.operator.call(ctx, http.MethodPost, "/v1/stops", body, &end); err != nil {
		return err
	}
	if err := second.lift(ctx, end, cordon.Discard); err != nil {
		return err
	}
	// A discard ends when its last copy is cut.
	return until(ctx, cutMost, func() (bool, error) {
		var now cordon.Stop
		err := r.operator.call(ctx, http.MethodGet, "/v1/stops/"+string(end.ID), nil, &now)
		return !now.LiftedAt.IsZero(), err
	})
}

// liftAll ends the stops over anything of the exercise: nothing is left that they
// keep back.
func (r *Rehearsal) liftAll(ctx context.Context, ours map[string]bool) error {
	if len(ours) == 0 {
		return nil
	}
	standing, err := r.standing(ctx, ours)
	for _, s := range standing {
		if err == nil && s.Disposition == "" {
			err = r.operator.lift(ctx, s, cordon.Resume)
		}
	}
	return err
}

// cutMost is how long a practice's copies may take to be cut; one that is on the
// wire is waited for.
const cutMost = 20 * time.Second

// standing lists the stops over any of the things named.
func (r *Rehearsal) standing(ctx context.Context, ours map[string]bool) (found []cordon.Stop, err error) {
	err = pages(ctx, r.operator, "/v1/stops", url.Values{"active": {"true"}}, func(s cordon.Stop) {
		c := s.Scope
		if strings.HasPrefix(s.Reason, partOf) || ours[string(c.Tenant)] || ours[string(c.Key)] || ours[string(c.Template)] || ours[string(c.Account)] {
			found = append(found, s)
		}
	})
	return found, err
}

// belongings adds what of the practice a stop may be over, and answers with its
// second person: above a hundred copies nobody lifts what he stopped himself. A
// practice that has no approver yet has no copies either.
func (r *Rehearsal) belongings(ctx context.Context, p *Practice, ours map[string]bool) (caller, error) {
	second := r.operator
	ours[string(p.ID)] = true
	of := url.Values{"tenant": {string(p.ID)}}
	err := errors.Join(
		pages(ctx, r.operator, "/v1/accounts", of, func(a cordon.Account) {
			ours[string(a.ID)] = true
			if a.Role == cordon.RoleApprover {
				second.as = a.ID
			}
		}),
		pages(ctx, r.operator, "/v1/keys", of, func(k cordon.Key) { ours[string(k.ID)] = true }),
		pages(ctx, r.operator, p.path("/templates"), nil, func(t cordon.Template) { ours[string(t.ID)] = true }))
	return second, err
}

// lift ends a stop; one that somebody lifted meanwhile is as well.
func (c caller) lift(ctx context.Context, s cordon.Stop, how cordon.Disposition) error {
	err := c.call(ctx, http.MethodPost, "/v1/stops/"+string(s.ID)+"/lift", map[string]any{"disposition": how}, nil)
	var refused *problem
	if errors.As(err, &refused) && refused.Code == string(cordon.Conflict) {
		return nil
	}
	return err
}
