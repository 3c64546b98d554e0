package intake_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

// A leaked list sent as fast as it goes uses an hour's allowance in seconds. The
// key is stopped, and what still waits in the undo window never leaves.
func TestABurstStopsTheKey(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	w.limits(func(l *cordon.Limits) { l.KeySinglePerHour, l.KeyBusiestFactor = 24, 0 })
	for i := range 24 {
		w.accept(key, single(w.clinic, w.clinic.patients[i%12]))
		w.clock.Advance(time.Second)
	}
	w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Limited)
	stops, err := w.store.ActiveStops(w.ctx)
	w.must(err)
	if len(stops) != 1 || stops[0].Scope != (cordon.Scope{Key: key.Key}) {
		w.Fatalf("stops: %+v", stops)
	}
	w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Stopped)
	w.accept(w.key(w.clinic), single(w.clinic, w.clinic.patients[0])) // the practice's own program goes on
}

// The first ten copies of a key in an hour leave promptly, whoever asks at once;
// the rest waits, so that what the first ones bring to light is in time.
func TestBeyondItsUsualHourAKeyWaits(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		prompt, late := make(chan bool, 30), make(chan bool, 30)
		var wait sync.WaitGroup
		for i := range 15 {
			wait.Go(func() {
				r := w.accept(key, single(w.clinic, w.clinic.patients[i%12]))
				if d := r.Dispatch; d.NotBefore.Equal(d.AcceptedAt.Add(10*time.Second)) && len(d.Reasons) == 0 {
					prompt <- true
				} else if d.NotBefore.Equal(d.AcceptedAt.Add(2*time.Minute)) && len(d.Reasons) == 1 && d.Reasons[0].Check == "pace" {
					late <- true
				}
			})
		}
		wait.Wait()
		if len(prompt) != 10 || len(late) != 5 {
			w.Fatalf("%d copies leave promptly and %d wait", len(prompt), len(late))
		}
		other := w.accept(w.key(w.clinic), single(w.clinic, w.clinic.patients[0])).Dispatch
		if !other.NotBefore.Equal(other.AcceptedAt.Add(10 * time.Second)) {
			w.Fatal("another program is held up")
		}
		w.clock.Advance(48 * time.Hour) // the busiest hour is history now, and 15 the key's own pace
		r := w.accept(key, single(w.clinic, w.clinic.patients[:12]...)).Dispatch
		if !r.NotBefore.Equal(r.AcceptedAt.Add(10 * time.Second)) {
			w.Fatalf("a usual hour waits until %v", r.NotBefore)
		}
	})
}

func TestTheWaitNamedIsLongEnough(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	w.limits(func(l *cordon.Limits) { l.KeySinglePerHour, l.KeyBusiestFactor = 4, 0 })
	w.accept(key, single(w.clinic, w.clinic.patients[:2]...))
	w.clock.Advance(40 * time.Minute)
	w.accept(key, single(w.clinic, w.clinic.patients[:2]...))
	e := w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Limited)
	var minutes int
	if _, err := fmt.Sscanf(e.Remedy, "try again in %d min", &minutes); err != nil || minutes > 22 {
		w.Fatalf("the wait is %q; 20 minutes would do", e.Remedy)
	}
	w.clock.Advance(time.Duration(minutes) * time.Minute)
	w.accept(key, single(w.clinic, w.clinic.patients[0]))
	if e := w.refused(key, single(w.clinic, w.clinic.patients[:5]...), cordon.Limited); !strings.Contains(e.Remedy, "alone") {
		w.Fatalf("an order that never fits is told to wait: %q", e.Remedy)
	}
}
