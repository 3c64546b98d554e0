package queue

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func TestTheScheduleOfTries(t *testing.T) {
	want := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	for i, d := range want {
		if got := delayAfter(i + 1); got != d {
			t.Errorf("after try %d: %v, want %v", i+1, got, d)
		}
	}
	total, tries := time.Duration(0), 0
	for total < GiveUp {
		tries++
		if d := delayAfter(tries); d < delayAfter(tries-1) {
			t.Errorf("the wait after try %d is shorter than before", tries)
		}
		total += delayAfter(tries)
	}
	if tries < 20 || tries > 40 {
		t.Errorf("%d tries in five days", tries)
	}
}

func TestJitterStaysWithinAFifth(t *testing.T) {
	d := &dice{r: rand.New(rand.NewPCG(1, 2))}
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		j := d.jitter(100 * time.Second)
		low, high = min(low, j), max(high, j)
	}
	if low < 80*time.Second || high > 120*time.Second || high-low < 30*time.Second {
		t.Errorf("from %v to %v", low, high)
	}
}

func TestWhatIsRecordedForAnOutcome(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	first := now.Add(-time.Hour)
	old := now.Add(-GiveUp)
	cases := []struct {
		name  string
		tries int
		first time.Time
		out   cordon.Outcome
		pause time.Duration
		state cordon.DeliveryState
		due   time.Time
	}{
		{"delivered", 1, first, cordon.Outcome{State: cordon.Delivered}, 0, cordon.Delivered, time.Time{}},
		{"bounced", 1, first, cordon.Outcome{State: cordon.Bounced}, 0, cordon.Bounced, time.Time{}},
		{"deferred once", 1, first, cordon.Outcome{State: cordon.Deferred}, 0, cordon.Deferred, now.Add(time.Minute)},
		{"deferred thrice", 3, first, cordon.Outcome{State: cordon.Deferred}, 0, cordon.Deferred, now.Add(15 * time.Minute)},
		{"nothing known", 2, first, cordon.Outcome{}, 0, cordon.Uncertain, now.Add(15 * time.Minute)},
		{"nothing known again and again", 6, first, cordon.Outcome{}, 0, cordon.Uncertain, now.Add(2 * time.Hour)},
		{"five days", 30, old, cordon.Outcome{State: cordon.Deferred}, 0, cordon.Bounced, time.Time{}},
		{"five days, but held until now", 1, old, cordon.Outcome{State: cordon.Deferred}, 0, cordon.Deferred, now.Add(time.Minute)},
		{"uncertain to the end", 30, old, cordon.Outcome{State: cordon.Uncertain}, 0, cordon.Uncertain, never()},
		{"relay down", 30, old, cordon.Outcome{State: cordon.Queued, Relay: true}, time.Minute, cordon.Queued, now.Add(time.Minute)},
		{"relay refuses us", 30, old, cordon.Outcome{State: cordon.Deferred, Relay: true}, 2 * time.Minute, cordon.Queued, now.Add(2 * time.Minute)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			claim := cordon.Claim{FirstAt: c.first, Delivery: cordon.Delivery{Attempt: c.tries}}
			out, due := schedule{&dice{}, 15 * time.Minute}.next(claim, c.out, now, c.pause)
			if out.State != c.state || !due.Equal(c.due) {
				t.Errorf("%s due %v, want %s due %v", out.State, due, c.state, c.due)
			}
		})
	}
}

func TestAFailingRelayIsLeftAlone(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	g := &governor{chance: &dice{}}
	down := cordon.Outcome{State: cordon.Queued, Relay: true}
	begun := now
	want := time.Second
	for range 12 {
		for range 20 { // all connections fail at the same moment: one fault
			if got := g.report(begun, now, down); got != want {
				t.Fatalf("left alone for %v, want %v", got, want)
			}
		}
		now = now.Add(want)
		begun = now
		now = now.Add(time.Millisecond)
		want = min(2*want, longestPause)
	}
	if !g.probing() || g.wait(now) != 0 {
		t.Error("after the pause one copy must go as a probe")
	}
	g.report(begun, now, cordon.Outcome{State: cordon.Delivered})
	if g.probing() || g.report(now.Add(time.Second), now.Add(time.Second), down) != time.Second {
		t.Error("a success must begin the count anew")
	}
}

// Refusals about copies slow the sending down a little, and never stop it.
func TestManyRefusalsSlowDown(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	g := &governor{chance: &dice{}}
	for n := 1; n <= 1000; n++ {
		wait := g.report(now, now, cordon.Outcome{State: cordon.Bounced})
		if (wait > 0) != (n%refusalRun == 0) || wait > longestRefuse {
			t.Fatalf("after %d refusals: %v", n, wait)
		}
		now = now.Add(wait)
	}
	if g.probing() {
		t.Error("refusals about copies are no fault of the relay")
	}
}
