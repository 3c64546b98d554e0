package queue_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store/storetest"
)

// Rows slipped into the queue past the door deliver nothing, raise a signal of
// incident grade, and are stopped; the tenant's own mail under another key goes on.
func TestSlippedRowsDeliverNothing(t *testing.T) {
	w := real(t)
	p, other := w.practice("clinic", 20, forExercise), w.practice("surgery", 3)
	stolen := cordon.NewKeyID()
	w.must(w.store.CreateKey(w.ctx, operator, cordon.Key{
		ID: stolen, Tenant: p.ID, Account: p.account, Name: "stolen", State: cordon.KeyActive, Permissions: []cordon.Permission{cordon.SendSingle},
	}, []byte("00000000000000000000000000000000")))
	plant := func(to []cordon.RecipientID, change ...func(*cordon.NewDispatch)) cordon.Dispatch {
		n := p.order(cordon.Single, func(n *cordon.NewDispatch) {
			n.Dispatch.Key, n.Dispatch.Actor, n.Members = stolen, string(stolen), to
		})
		for _, c := range change {
			c(&n)
		}
		d, err := w.store.PlantUnchecked(w.ctx, n)
		w.must(err)
		return d
	}
	planted := []cordon.Dispatch{
		plant(p.people),
		plant(other.people),
		plant([]cordon.RecipientID{cordon.NewRecipientID()}),
		plant(p.people, func(n *cordon.NewDispatch) { n.Dispatch.Hash = "prize" }),
		plant(p.people, func(n *cordon.NewDispatch) { n.Dispatch.Template = "" }),
		plant(p.people, func(n *cordon.NewDispatch) { n.Dispatch.Template = other.version.Template }),
	}
	own := p.single(p.people[0])
	_, stop := w.start()
	w.books.until(w, "the practice's own letter leaves", func() bool { return w.counts(own).Delivered == 1 })
	for _, d := range planted {
		w.books.until(w, "nothing planted is being sent", func() bool {
			c := w.counts(d)
			return c.Sending == 0 && (c.Refused > 0 || c.Held > 0 || len(w.stops()) > 0)
		})
	}
	stop()
	for i, d := range planted {
		if c := w.counts(d); c.Delivered+c.Uncertain+c.Sending != 0 {
			t.Errorf("planted %d: %+v", i, c)
		}
	}
	if n := len(w.wire.taken()); n != 1 {
		t.Errorf("%d letters left, want the practice's own", n)
	}
	if g := w.signals(own)[cordon.SignalExitProvenance]; g != cordon.GradeIncident {
		t.Errorf("signal grade %q", g)
	}
	stopped := false
	for _, s := range w.stops() {
		stopped = stopped || s.Scope.Key == stolen
		if s.Scope.Blocks(cordon.Delivery{Tenant: p.ID, Key: p.key, Template: p.version.Template, Kind: cordon.Single, Dispatch: own.ID}) {
			t.Errorf("the stop %+v covers the practice's own mail", s.Scope)
		}
	}
	if !stopped {
		t.Error("the stolen key is not stopped")
	}
}

// What changed between the door and the exit counts as it is at the exit.
func TestWhatChangedAfterTheDoor(t *testing.T) {
	cases := []struct {
		name   string
		change func(w *world, p *practice, d cordon.Dispatch)
		signal cordon.SignalKind
	}{
		{"key suspended", func(w *world, p *practice, _ cordon.Dispatch) {
			w.must(w.store.SetKeyState(w.ctx, operator, p.key, cordon.KeySuspended, "stolen"))
		}, cordon.SignalExitAuthority},
		{"version revoked", func(w *world, p *practice, _ cordon.Dispatch) {
			w.must(w.store.RevokeVersion(w.ctx, operator, p.ID, p.version.Template, p.version.Number))
		}, cordon.SignalExitApproval},
		{"recipient suppressed", func(w *world, p *practice, _ cordon.Dispatch) {
			w.must(w.store.Suppress(w.ctx, operator, p.ID, p.people[0], cordon.SuppressedByHand))
		}, ""},
		{"text changed in the database", func(w *world, p *practice, _ cordon.Dispatch) {
			storetest.Tamper(w, w.store, `UPDATE version SET content = replace(content, 'please call us', 'claim your prize')`)
		}, cordon.SignalExitApproval},
		{"dispatch changed in the database", func(w *world, p *practice, d cordon.Dispatch) {
			storetest.Tamper(w, w.store, `UPDATE dispatch SET recipients = 5 WHERE id = $1`, string(d.ID))
		}, cordon.SignalExitProvenance},
		{"sealed data changed in the database", func(w *world, p *practice, _ cordon.Dispatch) {
			storetest.Tamper(w, w.store, `UPDATE recipient SET sealed = (SELECT sealed FROM recipient WHERE id = $1) WHERE id = $2`,
				string(p.people[1]), string(p.people[0]))
		}, cordon.SignalStoreUnreadable},
		{"made a decoy", func(w *world, p *practice, _ cordon.Dispatch) {
			storetest.Tamper(w, w.store, `UPDATE recipient SET decoy = TRUE WHERE id = $1`, string(p.people[0]))
		}, cordon.SignalExitDecoy},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := real(t)
			p := w.practice("clinic", 2)
			d := p.single(p.people[0])
			c.change(w, p, d)
			_, stop := w.start()
			w.books.until(w, "it is refused", func() bool { return w.counts(d).Refused == 1 })
			stop()
			if n := len(w.wire.taken()); n != 0 {
				t.Errorf("%d letters left", n)
			}
			got := w.signals(d)
			if c.signal == "" {
				if len(got) != 0 || len(w.stops()) != 0 {
					t.Errorf("signals %v, %d stops for what is nobody's fault", got, len(w.stops()))
				}
				return
			}
			if got[c.signal] != cordon.GradeIncident || len(w.stops()) == 0 {
				t.Errorf("signals %v, %d stops; want %s", got, len(w.stops()), c.signal)
			}
		})
	}
}

// Suspending a key works on copies that are already claimed, while the relay is
// slow: the look before the wire reads anew.
func TestTheLastLookReadsAnew(t *testing.T) {
	var later atomic.Int64
	w := newWorld(t, storetest.New(t), func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	p := w.practice("clinic", 2)
	d := p.single(p.people[0])
	w.wire.answer = func(int, envelope) cordon.Outcome {
		w.must(w.store.SetKeyState(w.ctx, operator, p.key, cordon.KeySuspended, "stolen"))
		later.Store(int64(2 * time.Second)) // the facts grow old
		return cordon.Outcome{State: cordon.Delivered}
	}
	_, stop := w.start()
	w.books.until(w, "it is refused", func() bool { return w.counts(d).Refused == 1 })
	stop()
	if n := len(w.wire.taken()); n != 0 {
		t.Errorf("%d letters left", n)
	}
}
