package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// inStages makes a send of more than so many copies leave by these steps.
func inStages(from int, wait time.Duration, copies ...int64) func(*cordon.NewDispatch) {
	return func(n *cordon.NewDispatch) {
		n.Release.From = from
		for i, c := range copies {
			n.Release.Steps[i] = cordon.StageStep{Copies: c, Wait: wait}
		}
	}
}

// changeAnyhow does one of the three things that can be done to a stage; it may
// be a conflict, and nothing else.
func changeAnyhow(t testing.TB, s *store.Store, now cordon.Stage, change int) {
	t.Helper()
	ctx := context.Background()
	do := []func(context.Context, cordon.Actor, cordon.TenantID, cordon.DispatchID, int, string) error{s.AdvanceStage, s.HoldStage, s.ResumeStage}[change]
	if err := do(ctx, operator, now.Tenant, now.Dispatch, now.Number, "a look"); err != nil && cordon.CodeOf(err) != cordon.Conflict {
		t.Fatal(err)
	}
}

// checkStages proves that no copy behind its dispatch's boundary was ever tried,
// and that a lane is offered exactly when a copy before it is due.
func checkStages(t testing.TB, s *store.Store) {
	t.Helper()
	db := storetest.Raw(t, s)
	var beyond, wrong int
	ok(t, db.QueryRow(`SELECT COUNT(*) FROM delivery v JOIN stage s ON s.tenant = v.tenant AND s.dispatch = v.dispatch AND v.seq BETWEEN s.first_seq AND s.last_seq
		WHERE s.state = 'waiting' AND (v.attempts > 0 OR v.state NOT IN ('queued', 'held', 'cut'))`).Scan(&beyond))
	if beyond > 0 {
		t.Fatalf("%d copies of stages to come were tried", beyond)
	}
	ok(t, db.QueryRow(`SELECT COUNT(*) FROM lane l WHERE l.open_to IS NOT NULL AND l.next_due IS NULL AND EXISTS (SELECT 1 FROM delivery v
		WHERE v.tenant = l.tenant AND v.lane = l.num AND v.state IN ('queued', 'deferred', 'uncertain') AND v.due < 9223372036854775807 AND v.seq <= l.open_to)`).Scan(&wrong))
	if wrong > 0 {
		t.Fatalf("%d lanes have open copies and are never offered", wrong)
	}
	ok(t, db.Close())
}

func stopOf(t testing.TB, s *store.Store, d cordon.DispatchID) cordon.StopID {
	t.Helper()
	stop, _ := place(t, s, cordon.Scope{Dispatch: d})
	return stop.ID
}

func (p *sender) stages(id cordon.DispatchID) []cordon.Stage {
	p.t.Helper()
	stages, err := p.s.Stages(context.Background(), p.tenant, id)
	ok(p.t, err)
	return stages
}

// wantStates compares the states of a dispatch's stages.
func (p *sender) wantStates(id cordon.DispatchID, want ...cordon.StageState) {
	p.t.Helper()
	var got []cordon.StageState
	for _, s := range p.stages(id) {
		got = append(got, s.State)
	}
	if !slices.Equal(got, want) {
		p.t.Fatalf("stages are %v, want %v", got, want)
	}
}

const (
	waiting, opened   = cordon.StageWaiting, cordon.StageOpen
	stageHeld, passed = cordon.StageHeld, cordon.StageDone
)

func TestABulkSendLeavesInStages(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx, system := context.Background(), cordon.System()
		p, other := newSender(t, s, c, 25), newSender(t, s, c, 3)
		d := p.bulk(inStages(20, time.Minute, 2, 10))
		p.wantStates(d.ID, opened, waiting, waiting)
		if last := p.stages(d.ID)[2]; last.From != 11 || last.To != 25 || last.Of != 3 || last.Wait != time.Minute || last.Dispatch != d.ID || last.Tenant != p.tenant {
			t.Fatalf("laid out as %+v", last)
		}
		next := func(want int) {
			t.Helper()
			claims := claimAll(t, s, 100)
			if len(claims) != want {
				t.Fatalf("%d copies leave, want %d", len(claims), want)
			}
			deliver(t, s, c, claims)
			if lanes, err := s.LanesDue(ctx, 10); err != nil || len(lanes) > 0 {
				t.Fatalf("a lane whose stage is used up is offered: %v, %v", lanes, err)
			}
		}
		next(2)
		now, err := s.StagedDispatches(ctx, 10)
		if err != nil || len(now) != 1 || now[0].LeftAt.IsZero() || !now[0].DueAt.Equal(now[0].LeftAt.Add(time.Minute)) {
			t.Fatalf("stands at %+v, %v", now, err)
		}
		// Cordon itself waits until it is due, and takes no stage for another.
		wantCode(t, s.AdvanceStage(ctx, system, p.tenant, d.ID, 1, "calm"), cordon.Conflict)
		c.advance(time.Minute)
		wantCode(t, s.AdvanceStage(ctx, system, p.tenant, d.ID, 2, "calm"), cordon.Conflict)
		wantCode(t, s.AdvanceStage(ctx, system, other.tenant, d.ID, 1, "calm"), cordon.Missing)
		ok(t, s.AdvanceStage(ctx, system, p.tenant, d.ID, 1, "calm"))
		p.wantStates(d.ID, passed, opened, waiting)
		next(8)
		ok(t, s.AdvanceStage(ctx, operator, p.tenant, d.ID, 2, "in a hurry")) // a person need not wait
		next(15)
		if got, err := s.Dispatch(ctx, p.tenant, d.ID); err != nil || got.State != cordon.DispatchDone {
			t.Fatalf("all has left, and the dispatch is %s, %v", got.State, err)
		}
		p.wantStates(d.ID, passed, passed, opened) // still watched
		c.advance(time.Minute)
		ok(t, s.AdvanceStage(ctx, system, p.tenant, d.ID, 3, "calm"))
		p.wantStates(d.ID, passed, passed, passed)
		if left, err := s.StagedDispatches(ctx, 10); err != nil || len(left) > 0 {
			t.Fatalf("a release that is over is listed: %v, %v", left, err)
		}
		if foreign, err := s.Stages(ctx, other.tenant, d.ID); cordon.CodeOf(err) != cordon.Missing || len(foreign) > 0 {
			t.Fatalf("another tenant reads %v, %v", foreign, err)
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestASmallSendLeavesWholeBehindItsUndoWindow(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 20)
		undo := func(n *cordon.NewDispatch) { n.Dispatch.NotBefore = n.Dispatch.AcceptedAt.Add(time.Minute) }
		for _, plan := range []func(*cordon.NewDispatch){inStages(20, time.Hour, 2), inStages(0, time.Hour, 2), inStages(5, time.Hour, 20)} {
			d := p.bulk(plan, undo)
			if claims := claimAll(t, s, 100); len(claims) != 0 {
				t.Fatal("a copy left in the undo window")
			}
			// A stop that is lifted again does not cut the window short.
			lift(t, s, stopOf(t, s, d.ID), cordon.Resume)
			stop := stopOf(t, s, d.ID)
			sweepAll(t, s, 100)
			lift(t, s, stop, cordon.Resume)
			sweepAll(t, s, 100)
			if claims := claimAll(t, s, 100); len(claims) != 0 {
				t.Fatal("a copy left in the undo window, behind a lift")
			}
			c.advance(time.Minute)
			if claims := claimAll(t, s, 100); len(claims) != 20 {
				t.Fatalf("%d copies leave, want all", len(claims))
			} else {
				deliver(t, s, c, claims)
			}
		}
		checkStages(t, s)
		checkLanes(t, s)
	})
}

func TestATryThatCameBackLeavesBeforeTheNextStage(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 12)
		d := p.bulk(inStages(5, time.Minute, 4))
		claims := claimAll(t, s, 4)
		settle(t, s, c, claims[:1], cordon.Outcome{State: cordon.Queued, Relay: true}, time.Second) // never left
		deliver(t, s, c, claims[1:3])
		if !p.stages(d.ID)[0].LeftAt.IsZero() {
			t.Fatal("the stage has left with two copies still to be tried")
		}
		settle(t, s, c, claims[3:], cordon.Outcome{State: cordon.Deferred, Reply: "451 4.2.0"}, time.Hour)
		c.advance(time.Second)
		again := claimAll(t, s, 100)
		if len(again) != 1 || again[0].Delivery.Seq != 1 {
			t.Fatalf("tried again: %+v", again)
		}
		settle(t, s, c, again, cordon.Outcome{}, time.Hour) // perhaps delivered: that was its try
		if p.stages(d.ID)[0].LeftAt.IsZero() {
			t.Fatal("every copy was tried, and the stage has not left")
		}
		c.advance(2 * time.Hour)
		// A hold keeps back what would be tried again, too, and ends nothing.
		ok(t, s.HoldStage(ctx, operator, p.tenant, d.ID, 1, "a question"))
		if claims := claimAll(t, s, 100); len(claims) != 0 {
			t.Fatalf("%d copies leave under a hold", len(claims))
		}
		wantCode(t, s.AdvanceStage(ctx, cordon.System(), p.tenant, d.ID, 1, "calm"), cordon.Conflict)
		wantCode(t, s.HoldStage(ctx, operator, p.tenant, d.ID, 1, "again"), cordon.Conflict)
		p.wantStates(d.ID, stageHeld, waiting)
		ok(t, s.ResumeStage(ctx, operator, p.tenant, d.ID, 1, "answered"))
		wantCode(t, s.ResumeStage(ctx, operator, p.tenant, d.ID, 1, "again"), cordon.Conflict)
		if claims := claimAll(t, s, 100); len(claims) != 2 {
			t.Fatalf("%d copies are tried again, want 2", len(claims))
		} else {
			deliver(t, s, c, claims)
		}
		p.wantStates(d.ID, opened, waiting)
		ok(t, s.HoldStage(ctx, operator, p.tenant, d.ID, 1, "one more"))
		ok(t, s.AdvanceStage(ctx, operator, p.tenant, d.ID, 1, "fine"))
		if first := p.stages(d.ID)[0]; first.By != operator.ID() || first.Reason != "fine" || first.EndedAt.IsZero() {
			t.Fatalf("advanced: %+v", first)
		}
		deliver(t, s, c, claimAll(t, s, 100))
		wantCode(t, s.HoldStage(ctx, operator, p.tenant, d.ID, 2, "too late"), cordon.Conflict)
		checkLanes(t, s)
		checkStages(t, s)
		checkLedger(t, s)
	})
}

func TestAStopKeepsAStagedSendWhereItWas(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 12)
		d := p.bulk(inStages(5, time.Minute, 4))
		deliver(t, s, c, claimAll(t, s, 3))
		stop := stopOf(t, s, d.ID)
		sweepAll(t, s, 100)
		c.advance(time.Hour)
		wantCode(t, s.AdvanceStage(ctx, operator, p.tenant, d.ID, 1, "go"), cordon.Conflict)
		p.wantStates(d.ID, opened, waiting)
		if !p.stages(d.ID)[0].LeftAt.IsZero() {
			t.Fatal("the stage has left, with a copy held by the stop")
		}
		lift(t, s, stop, cordon.Resume)
		sweepAll(t, s, 100)
		claims := claimAll(t, s, 100)
		if len(claims) != 1 || claims[0].Delivery.Seq != 4 {
			t.Fatalf("goes on with %d copies, want the fourth alone", len(claims))
		}
		deliver(t, s, c, claims)
		// What is left is discarded: the release ends there.
		ok(t, s.HoldStage(ctx, operator, p.tenant, d.ID, 1, "wrong date"))
		lift(t, s, stopOf(t, s, d.ID), cordon.Discard)
		p.wantStates(d.ID, cordon.StageStopped, cordon.StageStopped)
		if got, err := s.Dispatch(ctx, p.tenant, d.ID); err != nil || got.State != cordon.DispatchDone || got.Counts.Cut != 8 {
			t.Fatalf("discarded: %s %+v, %v", got.State, got.Counts, err)
		}
		wantCode(t, s.AdvanceStage(ctx, operator, p.tenant, d.ID, 1, "go"), cordon.Conflict)
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestAReleasedDispatchBeginsItsStages(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		mark := func(d cordon.Dispatch) []byte { return []byte("m") }
		p := newSender(t, s, c, 12)
		d, small, thrown := p.bulk(held, inStages(5, time.Minute, 4)), p.bulk(held, inStages(12, time.Minute, 4)), p.bulk(held, inStages(5, time.Minute, 4))
		p.wantStates(d.ID, waiting, waiting)
		wantCode(t, s.AdvanceStage(ctx, operator, p.tenant, d.ID, 1, "go"), cordon.Conflict)
		ok(t, s.ReleaseDispatch(ctx, operator, p.tenant, d.ID, cordon.HoldNote{}, mark))
		p.wantStates(d.ID, opened, waiting)
		if claims := claimAll(t, s, 100); len(claims) != 4 {
			t.Fatalf("%d copies leave, want 4", len(claims))
		}
		wantCode(t, s.AdvanceStage(ctx, operator, p.tenant, small.ID, 1, "go"), cordon.Conflict) // it has none
		ok(t, s.ReleaseDispatch(ctx, operator, p.tenant, small.ID, cordon.HoldNote{}, mark))
		if claims := claimAll(t, s, 100); len(claims) != 12 {
			t.Fatalf("%d copies leave, want 12", len(claims))
		}
		_, err := s.DiscardDispatch(ctx, operator, p.tenant, thrown.ID, cordon.HoldNote{})
		ok(t, err)
		p.wantStates(thrown.ID, cordon.StageStopped, cordon.StageStopped)
	})
}

func TestAVersionIsNewUntilACopyOfItWentOutInBulk(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 3), newSender(t, s, c, 3)
		gone := func(want bool) {
			t.Helper()
			is, err := s.GoneOutInBulk(ctx, p.tenant, p.template, 1)
			ok(t, err)
			wantEqual(t, "gone out", is, want)
		}
		gone(false)
		p.single(p.people[:1])
		deliver(t, s, c, claimAll(t, s, 10))
		gone(false)
		p.bulk()
		gone(false)
		deliver(t, s, c, claimAll(t, s, 10))
		gone(true)
		if is, err := s.GoneOutInBulk(ctx, p.tenant, p.template, 2); err != nil || is {
			t.Fatalf("another version: %v, %v", is, err)
		}
		if is, err := s.GoneOutInBulk(ctx, other.tenant, p.template, 1); err != nil || is {
			t.Fatalf("another tenant: %v, %v", is, err)
		}
	})
}
