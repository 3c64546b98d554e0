package intake_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/store"
)

// faulty is a store that dies before its n-th write, or after it and before the
// answer; dead, it answers nothing any more.
type faulty struct {
	*store.Store
	left   int
	after  bool // the write is committed, its answer lost
	dead   bool
	cancel context.CancelFunc // dies in the middle of a write: its context ends
	rows   int                // … after so many rows were read
}

var errDied = errors.New("the process died")

func (f *faulty) write(do func() error) error {
	if f.dead {
		return errDied
	}
	if f.left--; f.left > 0 {
		return do()
	}
	f.dead = true
	if f.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errDied
}

func (f *faulty) CreateDispatch(ctx context.Context, by cordon.Actor, n cordon.NewDispatch) (d cordon.Dispatch, err error) {
	if f.cancel != nil {
		n.Rows = f.dying(n.Rows)
		d, err = f.Store.CreateDispatch(ctx, by, n)
		f.dead = true
		return d, err
	}
	err = f.write(func() error { d, err = f.Store.CreateDispatch(ctx, by, n); return err })
	return d, err
}

func (f *faulty) dying(rows iter.Seq2[cordon.Row, error]) iter.Seq2[cordon.Row, error] {
	return func(yield func(cordon.Row, error) bool) {
		read := 0
		for row, err := range rows {
			if read++; read == f.rows {
				f.cancel()
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (f *faulty) RecordRefusal(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, about cordon.Order, v cordon.Verdict) error {
	return f.write(func() error { return f.Store.RecordRefusal(ctx, by, tenant, about, v) })
}

func (f *faulty) ReleaseDispatch(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID, note cordon.HoldNote, mark func(cordon.Dispatch) []byte) error {
	return f.write(func() error { return f.Store.ReleaseDispatch(ctx, by, tenant, id, note, mark) })
}

func (f *faulty) Dispatch(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error) {
	if f.dead {
		return cordon.Dispatch{}, errDied
	}
	return f.Store.Dispatch(ctx, tenant, id)
}

func (w *world) through(f *faulty) *intake.Desk {
	return intake.New(intake.Config{Store: f, Judge: guard.New(guard.Config{Store: w.store, Now: w.clock.Now}), Provenance: provenance, Now: w.clock.Now})
}

// An order is cut off at its only write: before the commit nothing of it is
// there, after the commit all of it, and the repeated call finds out which.
func TestAnOrderCutOffIsWholeOrNothing(t *testing.T) {
	for _, kind := range []cordon.Kind{cordon.Single, cordon.Bulk} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after the commit %v", kind, after), func(t *testing.T) {
				each(t, func(w *world) {
					key := w.key(w.clinic)
					order := func() cordon.Order {
						o := visit(w.clinic, "2026-12-24", w.clinic.patients...)
						if kind == cordon.Bulk {
							o = bulk(w.clinic, w.clinic.named)
							o.Template, o.Version = w.clinic.dated.Template, w.clinic.dated.Number
							o.Rows = dates("2026-12-24", w.clinic.patients...)
						}
						o.IdempotencyKey = "again"
						return o
					}
					r, err := w.through(&faulty{Store: w.store, left: 1, after: after}).Accept(w.ctx, key, order())
					if cordon.CodeOf(err) != cordon.Unavailable || r.Dispatch.ID != "" {
						w.Fatalf("receipt %+v, %v", r, err)
					}
					all := int64(len(w.clinic.patients))
					if n := w.copies(); after && n != all || !after && n != 0 {
						w.Fatalf("%d copies", n)
					}
					again := w.accept(key, order())
					if again.Replayed != after || w.copies() != all {
						w.Fatalf("replayed %v, %d copies", again.Replayed, w.copies())
					}
				})
			})
		}
	}
}

// An order dies while its rows are being written.
func TestAnOrderCutOffWhileItIsWrittenLeavesNothing(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		o := bulk(w.clinic, w.clinic.named)
		o.Template, o.Version = w.clinic.dated.Template, w.clinic.dated.Number
		for _, rows := range []int{1, 5, len(w.clinic.patients)} {
			ctx, cancel := context.WithCancel(w.ctx)
			o.Rows = dates("2026-12-24", w.clinic.patients...)
			_, err := w.through(&faulty{Store: w.store, cancel: cancel, rows: rows}).Accept(ctx, key, o)
			if err == nil {
				w.Fatalf("accepted, though it died at row %d", rows)
			}
			if n := w.copies(); n != 0 {
				w.Fatalf("%d copies after dying at row %d", n, rows)
			}
			lanes, err := w.store.LanesDue(w.ctx, 10)
			w.must(err)
			list, _, err := w.store.Dispatches(w.ctx, w.clinic.ID, cordon.Page{})
			w.must(err)
			if len(lanes) != 0 || len(list) != 0 {
				w.Fatalf("half an order is there: lanes %v, dispatches %v", lanes, list)
			}
		}
		o.Rows = dates("2026-12-24", w.clinic.patients...)
		w.accept(key, o)
		if n := w.copies(); n != int64(len(w.clinic.patients)) {
			w.Fatalf("%d copies", n)
		}
	})
}

// A refusal that cannot be recorded is a refusal all the same, and once it can
// be, nothing of it is missing.
func TestARefusalThatIsNotRecordedAcceptsNothing(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		order := single(w.clinic, w.clinic.patients[0], w.clinic.decoys[0])
		r, err := w.through(&faulty{Store: w.store, left: 1}).Accept(w.ctx, key, order)
		if cordon.CodeOf(err) != cordon.Unavailable || r.Dispatch.ID != "" || w.copies() != 0 {
			w.Fatalf("receipt %+v, %v; %d copies", r, err, w.copies())
		}
		if len(w.stops()) != 0 || len(w.signals(w.clinic, cordon.SignalDecoy)) != 0 || w.keyState(key) != cordon.KeyActive {
			w.Fatal("half of a refusal was recorded")
		}
		w.refused(key, order, cordon.Missing)
		if len(w.stops()) != 3 || len(w.signals(w.clinic, cordon.SignalDecoy)) != 1 || w.keyState(key) != cordon.KeySuspended {
			w.Fatal("half of a refusal was recorded")
		}
	})
}

func TestAReleaseCutOffIsWholeOrNothing(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after the commit %v", after), func(t *testing.T) {
			w := one(t)
			w.deafen(false)
			held := w.accept(w.key(w.clinic), bulk(w.clinic, w.clinic.named)).Dispatch
			if _, err := w.through(&faulty{Store: w.store, left: 1, after: after}).Release(w.ctx, w.clinic.approver, w.clinic.ID, held.ID); err == nil {
				t.Fatal("no error came through")
			}
			now, err := w.store.Dispatch(w.ctx, w.clinic.ID, held.ID)
			w.must(err)
			if want := map[bool]cordon.DispatchState{true: cordon.DispatchOpen, false: cordon.DispatchHeld}[after]; now.State != want {
				t.Fatalf("the dispatch is %s", now.State)
			}
			if after {
				w.vouched(now)
			}
		})
	}
}

// Whichever of its reads fails, the guard passes nothing, and the door accepts
// nothing that was not judged.
func TestNoFailureIsConsent(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	orders := map[string]func() cordon.Order{
		"single": func() cordon.Order { return single(w.clinic, w.clinic.patients[0]) },
		"bulk":   func() cordon.Order { return bulk(w.clinic, w.clinic.named) },
	}
	for name, order := range orders {
		reads := &failing{Store: w.store, at: -1}
		if v := guard.New(guard.Config{Store: reads, Now: w.clock.Now}).Judge(w.ctx, key, order(), w.clinic.plain); v.Decision != cordon.Pass {
			t.Fatalf("%s: nothing fails, and the verdict is %+v", name, v)
		}
		if reads.n < 5 {
			t.Fatalf("%s: only %d reads were made", name, reads.n)
		}
		for at := range reads.n {
			f := &failing{Store: w.store, at: at}
			v := guard.New(guard.Config{Store: f, Now: w.clock.Now}).Judge(w.ctx, key, order(), w.clinic.plain)
			if v.Decision == cordon.Pass {
				t.Errorf("%s: read %d failed, and the verdict is pass", name, at)
			}
		}
	}
}

// failing is a store whose read number at fails.
type failing struct {
	*store.Store
	n, at int
}

func (f *failing) fails() error {
	f.n++
	if f.n-1 == f.at {
		return errDied
	}
	return nil
}

func (f *failing) Limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error) {
	if err := f.fails(); err != nil {
		return cordon.Limits{}, err
	}
	return f.Store.Limits(ctx, tenant)
}

func (f *failing) Key(ctx context.Context, id cordon.KeyID) (cordon.Key, error) {
	if err := f.fails(); err != nil {
		return cordon.Key{}, err
	}
	return f.Store.Key(ctx, id)
}

func (f *failing) Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error) {
	if err := f.fails(); err != nil {
		return cordon.Tenant{}, err
	}
	return f.Store.Tenant(ctx, id)
}

func (f *failing) ActiveStops(ctx context.Context) ([]cordon.Stop, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.Store.ActiveStops(ctx)
}

func (f *failing) FindRecipients(ctx context.Context, tenant cordon.TenantID, ids []cordon.RecipientID) (map[cordon.RecipientID]cordon.Found, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.Store.FindRecipients(ctx, tenant, ids)
}

func (f *failing) BadIDs(ctx context.Context, key cordon.KeyID, since time.Time) (int, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.Store.BadIDs(ctx, key, since)
}

func (f *failing) FieldMask(ctx context.Context, tenant cordon.TenantID, names []string) (cordon.FieldMask, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.Store.FieldMask(ctx, tenant, names)
}

func (f *failing) Audience(ctx context.Context, tenant cordon.TenantID, id string) (cordon.Audience, error) {
	if err := f.fails(); err != nil {
		return cordon.Audience{}, err
	}
	return f.Store.Audience(ctx, tenant, id)
}

func (f *failing) AudienceCount(ctx context.Context, tenant cordon.TenantID, x cordon.Filter, want cordon.FieldMask) (int, int, error) {
	if err := f.fails(); err != nil {
		return 0, 0, err
	}
	return f.Store.AudienceCount(ctx, tenant, x, want)
}

func (f *failing) CountRecipients(ctx context.Context, tenant cordon.TenantID) (int, int, error) {
	if err := f.fails(); err != nil {
		return 0, 0, err
	}
	return f.Store.CountRecipients(ctx, tenant)
}

func (f *failing) Usage(ctx context.Context, tenant cordon.TenantID, c cordon.Ceiling) (int64, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.Store.Usage(ctx, tenant, c)
}

func (f *failing) BusiestHour(ctx context.Context, tenant cordon.TenantID, key cordon.KeyID, since time.Time) (int64, error) {
	if err := f.fails(); err != nil {
		return 0, err
	}
	return f.Store.BusiestHour(ctx, tenant, key, since)
}

func (f *failing) BusiestDay(ctx context.Context, tenant cordon.TenantID, since time.Time) (int64, int, error) {
	if err := f.fails(); err != nil {
		return 0, 0, err
	}
	return f.Store.BusiestDay(ctx, tenant, since)
}
