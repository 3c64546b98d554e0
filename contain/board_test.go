package contain_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// faulty is a store that stops answering when told to.
type faulty struct {
	*store.Store
	dead atomic.Bool
	// between runs after the stops were read and before they are answered.
	between func()
}

var errDead = errors.New("the store does not answer")

func (f *faulty) ActiveStops(ctx context.Context) ([]cordon.Stop, error) {
	if f.dead.Load() {
		return nil, errDead
	}
	stops, err := f.Store.ActiveStops(ctx)
	if f.between != nil {
		f.between()
	}
	return stops, err
}

func (f *faulty) PlaceStop(ctx context.Context, by cordon.Actor, s cordon.Stop, sharpen func(cordon.StopAnswer, []cordon.Ref) cordon.StopAnswer) (cordon.Stop, error) {
	if f.dead.Load() {
		return cordon.Stop{}, errDead
	}
	return f.Store.PlaceStop(ctx, by, s, sharpen)
}

var copyOf = cordon.Delivery{Tenant: cordon.NewTenantID(), Dispatch: cordon.NewDispatchID(), Kind: cordon.Bulk}

func TestABoardThatKnowsNothingBlocksEverything(t *testing.T) {
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	f := &faulty{Store: storetest.Memory(t, storetest.Clock(at.Now))}
	b := contain.NewBoard(f, time.Second, at.Now, nil)
	if b.Fresh() || !b.Blocks(copyOf) || b.Enter(cordon.Ref{Seq: 1}, copyOf) || b.InFlight() != 0 {
		t.Fatal("a board that never read the stops let a copy go")
	}
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !b.Fresh() || !b.Enter(cordon.Ref{Seq: 1}, copyOf) || b.InFlight() != 1 {
		t.Fatal("a board that read the stops keeps an unstopped copy back")
	}
	f.dead.Store(true)
	at.Advance(4 * time.Second)
	if err := b.Refresh(t.Context()); err == nil || !b.Fresh() {
		t.Fatalf("one missed read: %v", err)
	}
	at.Advance(time.Second)
	if b.Fresh() || !b.Blocks(copyOf) || b.Enter(cordon.Ref{Seq: 2}, copyOf) {
		t.Fatal("a board that has not read the stops for long let a copy go")
	}
	f.dead.Store(false)
	if err := b.Refresh(t.Context()); err != nil || !b.Enter(cordon.Ref{Seq: 2}, copyOf) {
		t.Fatal("the board did not recover")
	}
	b.Leave([]cordon.Ref{{Seq: 1}, {Seq: 2, Node: node}})
	if b.InFlight() != 0 {
		t.Fatal("a copy that left is still in flight")
	}
}

func TestTheBoardFollowsStopsPlacedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		b := contain.NewBoard(s, time.Second, time.Now, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		synctest.Wait()
		if !b.Enter(cordon.Ref{Seq: 1}, copyOf) {
			t.Fatal("the running board blocks without a stop")
		}
		if _, err := s.PlaceStop(t.Context(), operator, cordon.Stop{Scope: cordon.Scope{Tenant: copyOf.Tenant}, Reason: "elsewhere"}, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // fake: a poll passes
		synctest.Wait()
		if b.Enter(cordon.Ref{Seq: 2}, copyOf) {
			t.Fatal("a stop placed elsewhere was not seen within a poll")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if !b.Fresh() {
			t.Fatal("the running board went stale")
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// A read that began before a stop was placed, and ends after, must not take the
// stop off the board.
func TestALateReadDoesNotForgetAStop(t *testing.T) {
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	f := &faulty{Store: storetest.Memory(t, storetest.Clock(at.Now))}
	b := contain.NewBoard(f, time.Second, at.Now, nil)
	warden := contain.New(contain.Config{Store: f, Board: b, Now: at.Now})
	placed := false
	f.between = func() {
		if placed {
			return
		}
		placed = true
		if _, err := warden.Place(t.Context(), operator, cordon.Stop{Scope: cordon.Scope{Tenant: copyOf.Tenant}, Reason: "now"}); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if err := b.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !b.Blocks(copyOf) {
			t.Fatal("the stop fell off the board")
		}
	}
}

func TestAStopThatWasNotCommittedBlocksNothing(t *testing.T) {
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	f := &faulty{Store: storetest.Memory(t, storetest.Clock(at.Now))}
	b := contain.NewBoard(f, time.Second, at.Now, nil)
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.dead.Store(true)
	warden := contain.New(contain.Config{Store: f, Board: b, Now: at.Now})
	if _, err := warden.Place(t.Context(), operator, cordon.Stop{Scope: cordon.Scope{Everything: true}, Reason: "now"}); !errors.Is(err, errDead) {
		t.Fatalf("answer %v", err)
	}
	if b.Blocks(copyOf) {
		t.Fatal("a stop that was never committed blocks")
	}
}

// sender claims, looks, "sends" and records until nothing is due any more.
type sender struct {
	*world
	placed          atomic.Bool
	late, delivered atomic.Int64
}

func (s *sender) run(enough func()) {
	for {
		lanes, err := s.store.LanesDue(s.ctx, 5)
		if err != nil || len(lanes) == 0 {
			return
		}
		claims, err := s.store.ClaimDue(s.ctx, node, lanes[0], 5)
		if err != nil {
			s.Error(err)
			return
		}
		var sent, kept []cordon.Claim
		for _, c := range claims {
			stopped := s.placed.Load() // before the look: what it says was true then
			switch {
			case !s.board.Enter(c.Ref, c.Delivery):
				kept = append(kept, c)
				continue
			case stopped:
				s.late.Add(1)
			}
			sent = append(sent, c)
		}
		g := attempts(sent, cordon.Delivered, s.clock.Now())
		g.Attempts = append(g.Attempts, attempts(kept, cordon.HeldState, s.clock.Now()).Attempts...)
		if err := s.store.RecordAttempts(s.ctx, node, g); err != nil {
			s.Error(err)
			return
		}
		for _, c := range sent {
			s.board.Leave([]cordon.Ref{c.Ref})
		}
		if s.delivered.Add(int64(len(sent))) > 100 {
			enough()
		}
	}
}

// Eight senders run against a stop. No copy enters once Place has returned, and
// what the stop answers is exactly what was delivered, in flight and kept.
func TestNoCopyPassesAfterAStop(t *testing.T) {
	each(t, 400, func(w *world) {
		d := w.send(w.clinic)
		s := &sender{world: w}
		enough, ended := make(chan struct{}), make(chan struct{})
		signal := sync.OnceFunc(func() { close(enough) })
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() { s.run(signal) })
		}
		go func() { wait.Wait(); close(ended) }()
		select {
		case <-enough:
		case <-ended:
			w.Fatal("the senders ended before the stop")
		}
		stop := w.place(operator, cordon.Scope{Dispatch: d.ID})
		s.placed.Store(true)
		<-ended
		if n := s.late.Load(); n != 0 {
			w.Fatalf("%d copies passed the last look after Place had returned", n)
		}
		a := stop.Answer
		if sum := a.Delivered + a.InFlight + a.Held + a.Refused + a.Unknown; sum != 400 {
			w.Fatalf("the answer %+v sums to %d of 400", a, sum)
		}
		if left := w.counts(d).Delivered; left != a.Delivered+a.InFlight {
			w.Fatalf("%d copies left; the stop had answered %d delivered and %d in flight", left, a.Delivered, a.InFlight)
		}
		if w.board.InFlight() != 0 {
			w.Fatal("copies are left in flight")
		}
	})
}

func TestTheWardenSweepsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
		w := newWorld(t, storetest.Memory(t, storetest.Clock(at.Now)), at, 20)
		d := w.send(w.clinic)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.warden.Run(ctx) }()
		w.place(operator, cordon.Scope{Dispatch: d.ID})
		time.Sleep(3 * time.Second) // fake: at the latest the poll finds it
		synctest.Wait()
		if c := w.counts(d); c.Held != 20 || c.Queued != 0 {
			t.Fatalf("counts %+v", c)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}
