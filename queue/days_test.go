package queue_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/store/storetest"
)

// bubble runs the test in fake time with a store in memory.
func bubble(t *testing.T, people int, f func(w *world, p *practice)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, storetest.Memory(t), time.Now)
		w.board = contain.NewBoard(w.store, 5*time.Minute, time.Now, nil)
		f(w, w.practice("clinic", people))
	})
}

// slow keeps days of fake time cheap: fewer polls and heartbeats an hour.
func slow(c *queue.Config) { c.Poll, c.DeadAfter = time.Minute, time.Hour }

// A copy that is greylisted is tried after 1, 5, 15 and 60 minutes, always with
// the same Message-ID, and bounces after five days.
func TestFiveDaysOfTries(t *testing.T) {
	bubble(t, 1, func(w *world, p *practice) {
		var tries []time.Time
		w.wire.answer = func(int, envelope) cordon.Outcome {
			tries = append(tries, time.Now())
			return cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}
		}
		d := p.bulk()
		_, stop := w.start(slow)
		time.Sleep(6 * 24 * time.Hour)
		stop()
		if got := w.counts(d); got.Bounced != 1 {
			t.Fatalf("counts %+v after %d tries", got, len(tries))
		}
		for i, wait := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour} {
			got := tries[i+1].Sub(tries[i])
			if got < wait*8/10 || got > wait*12/10+time.Minute {
				t.Errorf("the wait after try %d was %v, want %v ± 20 %%", i+1, got, wait)
			}
		}
		if last := tries[len(tries)-1].Sub(tries[0]); last < 4*24*time.Hour || last > 5*24*time.Hour {
			t.Errorf("the last try was after %v", last)
		}
		if len(ids(t, w)) != 1 {
			t.Errorf("Message-IDs %v for one copy", ids(t, w))
		}
	})
}

// A relay that is down for a day costs no copy a try: all leave when it is back.
func TestADayWithoutTheRelay(t *testing.T) {
	bubble(t, 200, func(w *world, p *practice) {
		back := time.Now().Add(24 * time.Hour)
		var asked atomic.Int64
		w.wire.answer = func(int, envelope) cordon.Outcome {
			if time.Now().Before(back) {
				asked.Add(1)
				return cordon.Outcome{State: cordon.Queued, Relay: true, Reason: "connect"}
			}
			return cordon.Outcome{State: cordon.Delivered, Reply: "250"}
		}
		d := p.bulk()
		_, stop := w.start(slow)
		time.Sleep(23 * time.Hour)
		if got := w.counts(d); got.Queued+got.Sending != 200 {
			t.Errorf("while it is down: %+v", got)
		}
		if asked.Load() > 1000 {
			t.Errorf("the relay was asked %d times in a day", asked.Load())
		}
		time.Sleep(2 * time.Hour)
		stop()
		if got := w.counts(d); got.Delivered != 200 || len(w.wire.to()) != 200 || len(w.wire.taken()) != 200 {
			t.Errorf("counts %+v, %d taken", got, len(w.wire.taken()))
		}
	})
}

// An uncertain copy is tried again under the same Message-ID, so that whoever
// has it already can tell.
func TestAnUncertainCopyKeepsItsMessageID(t *testing.T) {
	bubble(t, 1, func(w *world, p *practice) {
		w.wire.answer = func(n int, _ envelope) cordon.Outcome {
			if n == 1 {
				return cordon.Outcome{State: cordon.Uncertain}
			}
			return cordon.Outcome{State: cordon.Delivered, Reply: "250"}
		}
		d := p.bulk()
		_, stop := w.start(slow)
		time.Sleep(11 * time.Minute)
		if got := w.counts(d); got.Uncertain != 1 {
			t.Errorf("before a quarter of an hour: %+v", got)
		}
		time.Sleep(10 * time.Minute)
		stop()
		if got := w.counts(d); got.Delivered != 1 || len(w.wire.taken()) != 2 || len(ids(t, w)) != 1 {
			t.Errorf("counts %+v, Message-IDs %v", got, ids(t, w))
		}
	})
}
