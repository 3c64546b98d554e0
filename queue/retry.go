package queue

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

// GiveUp is how long a copy is tried, counted from the acceptance of its
// dispatch (RFC 5321 4.5.4.1: at least 4–5 days).
const GiveUp = 5 * 24 * time.Hour

// never is the due time of an uncertain copy that is not tried again: it may
// have arrived, so it can be called neither delivered nor bounced.
func never() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// earlyTries are made even when the five days are over before the first try,
// as after a long hold: one greylisting must not be the end of a released copy.
const earlyTries = 4

// delayAfter is the wait after the n-th try (1-based), without jitter.
func delayAfter(n int) time.Duration {
	steps := [...]time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour, 2 * time.Hour, 2 * time.Hour, 4 * time.Hour, 4 * time.Hour,
	}
	switch {
	case n < 1:
		return steps[0]
	case n <= len(steps):
		return steps[n-1]
	}
	return 6 * time.Hour
}

// unsureTries is up to how many tries an uncertain copy waits as configured; a
// relay that breaks off again and again is then asked ever more rarely.
const unsureTries = 3

// schedule says when a copy is tried again.
type schedule struct {
	chance *dice
	unsure time.Duration // the wait of a copy that may have arrived
}

// next says what is recorded for an outcome, and when the copy is tried again.
// pause is how long the relay is left alone after a fault of its own.
func (s schedule) next(c cordon.Claim, out cordon.Outcome, now time.Time, pause time.Duration) (cordon.Outcome, time.Time) {
	out.State = out.Settled()
	switch out.State {
	case cordon.Queued:
		return out, now.Add(pause)
	case cordon.Deferred, cordon.Uncertain:
	default:
		return out, time.Time{}
	}
	if out.Relay { // not the copy's fault: neither a try nor an end
		out.State = cordon.Queued
		return out, now.Add(max(pause, s.chance.jitter(time.Minute)))
	}
	wait := delayAfter(c.Delivery.Attempt)
	if out.State == cordon.Uncertain {
		if wait = max(wait, s.unsure); c.Delivery.Attempt <= unsureTries {
			wait = s.unsure
		}
	}
	due := now.Add(s.chance.jitter(wait))
	if c.Delivery.Attempt < earlyTries || due.Before(c.FirstAt.Add(GiveUp)) {
		return out, due
	}
	if out.State == cordon.Uncertain {
		return out, never()
	}
	out.State, out.Reason = cordon.Bounced, "five days"
	return out, time.Time{}
}

// dice is the injected chance, made safe for many goroutines.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

// jitter answers d ± 20 %, so that what failed together does not return together.
func (d *dice) jitter(t time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.r == nil {
		return t
	}
	return time.Duration(float64(t) * (0.8 + 0.4*d.r.Float64()))
}
