package queue

import (
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	firstPause    = time.Second
	longestPause  = 5 * time.Minute
	refusalRun    = 50              // refusals in a row that slow the sending down
	longestRefuse = 5 * time.Second // and by how much at most: the rest may be good
)

// governor leaves a failing relay alone: an exponential pause after each fault
// of the relay itself, then one copy as a probe until something goes through.
type governor struct {
	mu       sync.Mutex
	chance   *dice
	since    time.Time // when the latest pause began
	until    time.Time
	faults   int
	told     bool // that the relay fails
	refusals int  // 4xx and 5xx in a row, about copies
}

// report takes the outcome of a try begun at the time. It answers how long the
// relay is left alone from now.
func (g *governor) report(begun, now time.Time, out cordon.Outcome) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case out.State == cordon.Delivered:
		g.faults, g.refusals = 0, 0
		return 0
	case out.Relay:
		// Tries under way together fail together: that is one fault.
		if g.faults == 0 || begun.After(g.since) {
			g.faults++
			g.pause(now, backoff(firstPause, g.faults, longestPause))
		}
	case out.State == cordon.Deferred || out.State == cordon.Bounced:
		g.faults = 0 // it answers
		if g.refusals++; g.refusals%refusalRun == 0 {
			g.pause(now, backoff(firstPause, g.refusals/refusalRun, longestRefuse))
		}
	}
	return max(0, g.until.Sub(now))
}

// news says, once for each change, whether the relay began to fail or works again.
func (g *governor) news() (failing, changed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	failing = g.faults > 0
	changed = failing != g.told
	g.told = failing
	return failing, changed
}

func (g *governor) pause(now time.Time, d time.Duration) {
	g.since, g.until = now, now.Add(g.chance.jitter(d))
}

// wait is how long nothing may be claimed.
func (g *governor) wait(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.until.Sub(now))
}

// probing says that the relay failed last time: one copy will tell.
func (g *governor) probing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.faults > 0
}

// backoff is first doubled for each failure after the first, at most longest.
func backoff(first time.Duration, failures int, longest time.Duration) time.Duration {
	d := first
	for i := 1; i < failures && d < longest; i++ {
		d *= 2
	}
	return min(d, longest)
}
