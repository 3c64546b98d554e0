package intake_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/store"
)

// counting is a store that counts what it is asked, by method.
type counting struct {
	*store.Store
	mu    sync.Mutex
	asked map[string]int
}

func (c *counting) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[what]++
}

func (c *counting) FindRecipients(ctx context.Context, tenant cordon.TenantID, ids []cordon.RecipientID) (map[cordon.RecipientID]cordon.Found, error) {
	c.note("find recipients")
	return c.Store.FindRecipients(ctx, tenant, ids)
}

func (c *counting) BadIDs(ctx context.Context, key cordon.KeyID, since time.Time) (int, error) {
	c.note("bad ids")
	return c.Store.BadIDs(ctx, key, since)
}

func (c *counting) Limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error) {
	c.note("limits")
	return c.Store.Limits(ctx, tenant)
}

func (c *counting) Key(ctx context.Context, id cordon.KeyID) (cordon.Key, error) {
	c.note("key")
	return c.Store.Key(ctx, id)
}

func (c *counting) Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error) {
	c.note("tenant")
	return c.Store.Tenant(ctx, id)
}

func (c *counting) ActiveStops(ctx context.Context) ([]cordon.Stop, error) {
	c.note("active stops")
	return c.Store.ActiveStops(ctx)
}

func (c *counting) Version(ctx context.Context, tenant cordon.TenantID, id cordon.TemplateID, number int) (cordon.Version, error) {
	c.note("version")
	return c.Store.Version(ctx, tenant, id, number)
}

func (c *counting) FieldMask(ctx context.Context, tenant cordon.TenantID, names []string) (cordon.FieldMask, error) {
	c.note("field mask")
	return c.Store.FieldMask(ctx, tenant, names)
}

func (c *counting) Usage(ctx context.Context, tenant cordon.TenantID, x cordon.Ceiling) (int64, error) {
	c.note("usage")
	return c.Store.Usage(ctx, tenant, x)
}

func (c *counting) RecordRefusal(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, about cordon.Order, v cordon.Verdict) error {
	c.note("record refusal")
	return c.Store.RecordRefusal(ctx, by, tenant, about, v)
}

// strangers are recipients that are not the clinic's to mail, one of each kind.
func (w *world) strangers() map[string]cordon.RecipientID {
	w.Helper()
	erased := w.recipients(w.clinic.ID, "erased", 1, true)[0]
	w.must(w.store.EraseRecipient(w.ctx, operator, w.clinic.ID, erased))
	return map[string]cordon.RecipientID{
		"unknown": cordon.NewRecipientID(), "foreign": w.other.patients[0], "erased": erased, "malformed": "42",
		"a foreign decoy": w.other.decoys[0], "a decoy": w.clinic.decoys[0],
	}
}

func TestEveryStrangerHasOneAnswer(t *testing.T) {
	each(t, func(w *world) {
		var first *cordon.Error
		var asked map[string]int
		for name, id := range w.strangers() {
			c := &counting{Store: w.store}
			w.guard = guard.New(guard.Config{Store: c, Now: w.clock.Now})
			w.desk = intake.New(intake.Config{Store: c, Judge: w.guard, Provenance: provenance, Now: w.clock.Now})
			e := w.refused(w.key(w.clinic), single(w.clinic, w.clinic.patients[0], id, w.clinic.patients[1]), cordon.Missing)
			if first == nil {
				first, asked = e, c.asked
			}
			if !reflect.DeepEqual(e, first) {
				w.Errorf("%s is answered by %+v, another by %+v", name, e, first)
			}
			if !reflect.DeepEqual(c.asked, asked) {
				w.Errorf("%s makes the store answer %v, another %v", name, c.asked, asked)
			}
			w.liftAll()
		}
	})
}

func (w *world) liftAll() {
	w.Helper()
	for _, stop := range w.stops() {
		_, err := w.store.LiftStop(w.ctx, operator, stop.ID, cordon.Resume)
		w.must(err)
	}
}

// Whatever is mixed into an order, wherever it stands: with one stranger in it
// nothing is accepted, and the answer is always the same.
func TestNoOrderWithAStrangerIsEverTaken(t *testing.T) {
	w := one(t)
	strangers := w.strangers()
	kinds := make([]string, 0, len(strangers))
	for name := range strangers {
		kinds = append(kinds, name)
	}
	slices.Sort(kinds)
	var answer *cordon.Error
	rapid.Check(t, func(t *rapid.T) {
		good := rapid.SliceOfNDistinct(rapid.SampledFrom(w.clinic.patients), 0, 8, rapid.ID).Draw(t, "good")
		bad := rapid.SliceOfNDistinct(rapid.SampledFrom(kinds), 1, len(kinds), rapid.ID).Draw(t, "bad")
		ids := slices.Clone(good)
		for _, kind := range bad {
			ids = append(ids, strangers[kind])
		}
		ids = rapid.Permutation(ids).Draw(t, "order")
		order := single(w.clinic, ids...)
		if rapid.Bool().Draw(t, "dated") {
			order = visit(w.clinic, "2026-12-24", ids...)
		}
		actor := w.key(w.clinic)
		if rapid.Bool().Draw(t, "a person") {
			actor = w.account(w.clinic.ID, cordon.RoleSender)
		}
		r, err := w.desk.Accept(w.ctx, actor, order)
		var e *cordon.Error
		if !errors.As(err, &e) || r.Dispatch.ID != "" {
			t.Fatalf("receipt %+v, %v", r, err)
		}
		if answer == nil {
			answer = e
		}
		if !reflect.DeepEqual(e, answer) {
			t.Fatalf("answered by %+v, once before by %+v", e, answer)
		}
		w.liftAll()
		w.clock.Advance(2 * time.Minute)
	})
	if n := w.copies(); n != 0 {
		t.Fatalf("%d copies were accepted", n)
	}
}

func TestWalkingIDsSuspendsTheKey(t *testing.T) {
	each(t, func(w *world) {
		key, bystander := w.key(w.clinic), w.key(w.clinic)
		for i := range 5 {
			if state := w.keyState(key); state != cordon.KeyActive {
				w.Fatalf("the key is %s after %d bad IDs", state, i)
			}
			w.refused(key, single(w.clinic, cordon.NewRecipientID()), cordon.Missing)
			w.clock.Advance(10 * time.Second)
		}
		if state := w.keyState(key); state != cordon.KeySuspended || !w.stopped(cordon.Scope{Key: key.Key}) {
			w.Fatalf("the key is %s, stops %+v", state, w.stops())
		}
		signals := w.signals(w.clinic, cordon.SignalUnknownID)
		if len(signals) != 5 || signals[0].Grade != cordon.GradeIncident || signals[0].Key != key.Key {
			w.Fatalf("signals %+v", signals)
		}
		w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Denied)
		w.accept(bystander, single(w.clinic, w.clinic.patients[0]))
	})
}

func TestWalkingSlowlyIsASlip(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	for range 8 {
		w.refused(key, single(w.clinic, cordon.NewRecipientID()), cordon.Missing)
		w.clock.Advance(20 * time.Second) // four in a minute
	}
	if state := w.keyState(key); state != cordon.KeyActive {
		t.Fatalf("the key is %s", state)
	}
}

func TestABadShareOfABigCallSuspendsTheKey(t *testing.T) {
	w := one(t)
	w.limits(func(l *cordon.Limits) { l.BadIDs = 1000; l.KeySinglePerHour = 1000 })
	many := w.recipients(w.clinic.ID, "many", 200, true)
	key := w.key(w.clinic)
	w.refused(key, single(w.clinic, append(many[:198:198], cordon.NewRecipientID())...), cordon.Missing)
	if state := w.keyState(key); state != cordon.KeyActive {
		t.Fatalf("one in 199: the key is %s", state)
	}
	w.refused(key, single(w.clinic, append(many[:100:100], cordon.NewRecipientID(), cordon.NewRecipientID())...), cordon.Missing)
	if state := w.keyState(key); state != cordon.KeySuspended {
		t.Fatalf("two in 102: the key is %s", state)
	}
}

// Many calls at the same moment, each with one bad ID: none of them has seen the
// others recorded, and all the same the fifth is the last.
func TestWalkingInParallelSuspendsTheKey(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				_, err := w.desk.Accept(w.ctx, key, single(w.clinic, cordon.NewRecipientID()))
				if code := cordon.CodeOf(err); code != cordon.Missing {
					w.Errorf("answer %v", err)
				}
			})
		}
		wait.Wait()
		if state := w.keyState(key); state != cordon.KeySuspended {
			w.Fatalf("the key is %s", state)
		}
	})
}

// The count is the store's, so a restart does not forget it.
func TestWalkingOverARestartSuspendsTheKey(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	for range 5 {
		w.guard = guard.New(guard.Config{Store: w.store, Now: w.clock.Now})
		w.desk = intake.New(intake.Config{Store: w.store, Judge: w.guard, Provenance: provenance, Now: w.clock.Now})
		w.refused(key, single(w.clinic, cordon.NewRecipientID()), cordon.Missing)
	}
	if state := w.keyState(key); state != cordon.KeySuspended {
		t.Fatalf("the key is %s", state)
	}
}

func TestWalkingUnderAnotherTenantSuspendsTheKey(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	w.refused(key, single(w.other, w.other.patients[:5]...), cordon.Denied)
	if state := w.keyState(key); state != cordon.KeySuspended {
		t.Fatalf("the key is %s", state)
	}
	if len(w.signals(w.other, cordon.SignalUnknownID)) != 0 {
		t.Fatal("the other tenant was told of it")
	}
}

func TestAPersonWhoWalksIDsIsStopped(t *testing.T) {
	w := one(t)
	thief := w.account(w.clinic.ID, cordon.RoleSender)
	w.refused(thief, single(w.clinic, w.other.patients[:6]...), cordon.Missing)
	if !w.stopped(cordon.Scope{Account: thief.Account}) {
		t.Fatalf("stops %+v", w.stops())
	}
	w.refused(thief, single(w.clinic, w.clinic.patients[0]), cordon.Stopped)
}

func TestADecoyStopsAtTheFirstHit(t *testing.T) {
	each(t, func(w *world) {
		key, bystander := w.key(w.clinic), w.key(w.clinic)
		w.accept(bystander, bulk(w.clinic, w.clinic.named))
		w.refused(key, single(w.clinic, w.clinic.patients[0], w.clinic.decoys[0]), cordon.Missing)
		for _, scope := range []cordon.Scope{{Key: key.Key}, {Template: w.clinic.plain.Template}, {Tenant: w.clinic.ID, Kind: cordon.Bulk}} {
			if !w.stopped(scope) {
				w.Errorf("no stop over %+v", scope)
			}
		}
		signals := w.signals(w.clinic, cordon.SignalDecoy)
		if len(signals) != 1 || signals[0].Grade != cordon.GradeIncident {
			w.Fatalf("signals %+v", signals)
		}
		if state := w.keyState(key); state != cordon.KeySuspended {
			w.Fatalf("the key is %s", state)
		}
		lanes, err := w.store.LanesDue(w.ctx, 10)
		w.must(err)
		if len(lanes) != 0 {
			w.Fatal("the tenant's bulk still flows")
		}
		// Appointment reminders of the same practice go on under their own key.
		w.accept(bystander, visit(w.clinic, "2026-12-24", w.clinic.patients[0]))
		if len(w.signals(w.other, cordon.SignalDecoy)) != 0 {
			w.Fatal("the other tenant was told of it")
		}
	})
}

// A caller who hangs up as soon as the order is sent leaves his traces all the same.
func TestHangingUpDoesNotUndoTheEvidence(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	ctx, cancel := context.WithCancel(w.ctx)
	hangUp := &hangingUp{Store: w.store, cancel: cancel}
	desk := intake.New(intake.Config{Store: hangUp, Judge: w.guard, Provenance: provenance, Now: w.clock.Now})
	if _, err := desk.Accept(ctx, key, single(w.clinic, w.clinic.decoys[0])); cordon.CodeOf(err) != cordon.Missing {
		t.Fatalf("answer %v", err)
	}
	if len(w.signals(w.clinic, cordon.SignalDecoy)) != 1 || w.keyState(key) != cordon.KeySuspended {
		t.Fatal("the evidence is gone")
	}
}

type hangingUp struct {
	*store.Store
	cancel context.CancelFunc
}

func (h *hangingUp) RecordRefusal(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, about cordon.Order, v cordon.Verdict) error {
	h.cancel()
	return h.Store.RecordRefusal(ctx, by, tenant, about, v)
}

// The same answer comes from the store when somebody is erased between being
// judged and being accepted.
func TestErasedBetweenJudgingAndAccepting(t *testing.T) {
	w := one(t)
	usual := w.refused(w.key(w.clinic), single(w.clinic, cordon.NewRecipientID()), cordon.Missing)
	eraser := &erasing{Store: w.store, do: func() {
		w.must(w.store.EraseRecipient(w.ctx, operator, w.clinic.ID, w.clinic.patients[0]))
	}}
	w.desk = intake.New(intake.Config{Store: eraser, Judge: w.guard, Provenance: provenance, Now: w.clock.Now})
	if e := w.refused(w.key(w.clinic), single(w.clinic, w.clinic.patients[:2]...), cordon.Missing); !reflect.DeepEqual(e, usual) {
		t.Fatalf("answered by %+v, usually by %+v", e, usual)
	}
}

type erasing struct {
	*store.Store
	do func()
}

func (e *erasing) CreateDispatch(ctx context.Context, by cordon.Actor, n cordon.NewDispatch) (cordon.Dispatch, error) {
	e.do()
	return e.Store.CreateDispatch(ctx, by, n)
}
