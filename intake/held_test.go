package intake_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/store"
)

// deaf is a store of which one question finds no answer: at once, or only when
// the check's time is over.
type deaf struct {
	*store.Store
	slow, on bool
}

var errDeaf = errors.New("no answer")

func (d *deaf) BusiestDay(ctx context.Context, tenant cordon.TenantID, since time.Time) (int64, int, error) {
	switch {
	case !d.on:
		return d.Store.BusiestDay(ctx, tenant, since)
	case d.slow:
		<-ctx.Done()
		return 0, 0, ctx.Err()
	}
	return 0, 0, errDeaf
}

// deafen makes the guard's ceilings unanswerable until the switch is turned.
func (w *world) deafen(slow bool) *deaf {
	d := &deaf{Store: w.store, slow: slow, on: true}
	w.guard = guard.New(guard.Config{Store: d, Now: w.clock.Now})
	w.desk = intake.New(intake.Config{Store: w.store, Judge: w.guard, Provenance: provenance, Now: w.clock.Now})
	return d
}

func TestWhatCannotBeJudgedIsNotPassed(t *testing.T) {
	for name, slow := range map[string]bool{"a failing check": false, "a slow check": true} {
		t.Run(name, func(t *testing.T) {
			w := one(t)
			w.limits(func(l *cordon.Limits) { l.CheckTimeout = time.Millisecond })
			// Every other check may be slower than that on a busy machine; it
			// holds then too, and the outcome is the same.
			w.deafen(slow)
			key := w.key(w.clinic)
			w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Unavailable)
			r := w.accept(key, bulk(w.clinic, w.clinic.named))
			if r.Dispatch.State != cordon.DispatchHeld || len(r.Dispatch.Reasons) == 0 || r.Verdict.Decision != cordon.Hold {
				t.Fatalf("dispatch %+v, verdict %v", r.Dispatch, r.Verdict.Decision)
			}
			if lanes, err := w.store.LanesDue(w.ctx, 10); err != nil || len(lanes) != 0 {
				t.Fatalf("a held dispatch has lanes due: %v, %v", lanes, err)
			}
			facts, err := w.store.ExitFacts(w.ctx, w.clinic.ID, []cordon.DispatchID{r.Dispatch.ID})
			w.must(err)
			if len(facts[r.Dispatch.ID].Dispatch.Provenance) != 0 {
				t.Fatal("a held dispatch carries the door's mark")
			}
		})
	}
}

func TestAHeldDispatchNeedsASecondPerson(t *testing.T) {
	each(t, func(w *world) {
		d := w.deafen(false)
		held := w.accept(w.key(w.clinic), bulk(w.clinic, w.clinic.named)).Dispatch
		self := w.clinic.author
		self.Permissions = cordon.Permissions()
		for name, tc := range map[string]struct {
			actor cordon.Actor
			want  cordon.Code
		}{
			"the person behind the key":     {self, cordon.Denied},
			"a mere viewer":                 {w.account(w.clinic.ID, cordon.RoleViewer), cordon.Denied},
			"another tenant's approver":     {w.other.approver, cordon.Denied},
			"the operator of no permission": {cordon.Actor{Kind: cordon.ActorOperator}, cordon.Denied},
		} {
			if _, err := w.desk.Release(w.ctx, tc.actor, w.clinic.ID, held.ID); cordon.CodeOf(err) != tc.want {
				w.Errorf("released by %s: %v", name, err)
			}
			if _, err := w.desk.Discard(w.ctx, tc.actor, w.clinic.ID, held.ID); cordon.CodeOf(err) != tc.want {
				w.Errorf("discarded by %s: %v", name, err)
			}
		}
		// It is judged again: what still cannot be judged stays.
		if _, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, held.ID); cordon.CodeOf(err) != cordon.Unavailable {
			w.Fatalf("release: %v", err)
		}
		d.on = false
		released, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		if released.State != cordon.DispatchOpen || released.Counts.Queued != int64(len(w.clinic.patients)) {
			w.Fatalf("released %+v", released)
		}
		w.vouched(released.Dispatch)
		if _, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, held.ID); cordon.CodeOf(err) != cordon.Conflict {
			w.Fatalf("released twice: %v", err)
		}
	})
}

func TestAHeldDispatchIsDiscarded(t *testing.T) {
	each(t, func(w *world) {
		w.deafen(false)
		held := w.accept(w.key(w.clinic), bulk(w.clinic, w.clinic.named)).Dispatch
		settled, err := w.desk.Discard(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		after, err := w.desk.Dispatch(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		if settled.Cut != int64(len(w.clinic.patients)) || after.State != cordon.DispatchDiscarded || after.Counts.Open() != 0 {
			w.Fatalf("cut %d, dispatch %+v", settled.Cut, after)
		}
	})
}

func TestAReleaseIsJudgedByTheRightsOfToday(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(w *world, key cordon.Actor)
		want   cordon.Code
	}{
		"the key was suspended": {func(w *world, key cordon.Actor) {
			w.must(w.store.SetKeyState(w.ctx, operator, key.Key, cordon.KeySuspended, "stolen"))
		}, cordon.Denied},
		"the text was revoked": {func(w *world, _ cordon.Actor) {
			w.must(w.store.RevokeVersion(w.ctx, operator, w.clinic.ID, w.clinic.plain.Template, w.clinic.plain.Number))
		}, cordon.Conflict},
		"a stop was placed": {func(w *world, _ cordon.Actor) {
			_, err := w.store.PlaceStop(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Tenant: w.clinic.ID}, Reason: "wait"}, nil)
			w.must(err)
		}, cordon.Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			w := one(t)
			d := w.deafen(false)
			key := w.key(w.clinic)
			held := w.accept(key, bulk(w.clinic, w.clinic.named)).Dispatch
			d.on = false
			tc.change(w, key)
			if _, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, held.ID); cordon.CodeOf(err) != tc.want {
				t.Fatalf("release: %v, want %s", err, tc.want)
			}
			after, err := w.desk.Dispatch(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
			w.must(err)
			if after.State != cordon.DispatchHeld {
				t.Fatalf("the dispatch is %s", after.State)
			}
		})
	}
}

func TestDispatchesAreTheTenantsOwn(t *testing.T) {
	w := one(t)
	mine := w.accept(w.key(w.clinic), single(w.clinic, w.clinic.patients[0])).Dispatch
	theirs := w.accept(w.key(w.other), single(w.other, w.other.patients[0])).Dispatch
	viewer := w.account(w.clinic.ID, cordon.RoleViewer)
	if _, err := w.desk.Dispatch(w.ctx, viewer, w.clinic.ID, theirs.ID); cordon.CodeOf(err) != cordon.Missing {
		t.Fatalf("another tenant's dispatch: %v", err)
	}
	if _, err := w.desk.Dispatch(w.ctx, viewer, w.other.ID, theirs.ID); cordon.CodeOf(err) != cordon.Denied {
		t.Fatalf("in another tenant: %v", err)
	}
	if _, _, err := w.desk.Dispatches(w.ctx, viewer, "", cordon.Page{}); cordon.CodeOf(err) != cordon.Denied {
		t.Fatalf("all tenants': %v", err)
	}
	list, _, err := w.desk.Dispatches(w.ctx, viewer, w.clinic.ID, cordon.Page{})
	w.must(err)
	if len(list) != 1 || list[0].ID != mine.ID {
		t.Fatalf("list %+v", list)
	}
}
