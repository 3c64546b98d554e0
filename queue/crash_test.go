package queue_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/queue"
)

// mute is the store of a process about to die: nothing it records is committed,
// and from its death on it claims nothing.
type mute struct {
	queue.Store
	gone *atomic.Bool
	dead chan struct{}
}

func (m mute) RecordAttempts(ctx context.Context, _ string, _ cordon.AttemptGroup) error {
	select {
	case <-m.dead:
	case <-ctx.Done():
	}
	return nil
}

func (m mute) LanesDue(ctx context.Context, n int) ([]cordon.Lane, error) {
	if m.gone.Load() {
		return nil, nil
	}
	return m.Store.LanesDue(ctx, n)
}

// A process dies with copies unclaimed, claimed, answered but not recorded, and
// between the last look and the answer. The next one loses none of them, sends
// none twice, and calls exactly the last kind uncertain.
func TestNothingIsLostOrDoubledByAKill(t *testing.T) {
	const people, answeredCopies, connections = 60, 25, 4
	w := real(t)
	p := w.practice("clinic", people)
	d := p.bulk()
	dead := make(chan struct{})
	var gone atomic.Bool
	var mu sync.Mutex
	inFlight, sent := 0, 0
	w.wire.busy = func(envelope) {
		mu.Lock()
		sent++
		wait := sent > answeredCopies
		if wait {
			inFlight++
		}
		mu.Unlock()
		if wait {
			w.wire.bell.ring()
			<-dead
		}
	}
	_, stopFirst := w.start(func(c *queue.Config) {
		c.Store, c.Connections = mute{w.store, &gone, dead}, connections+1 // one is kept for single letters
	})
	w.wire.bell.until(t, "every connection waits for an answer", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return inFlight == connections
	})
	taken := w.wire.to() // before the kill
	gone.Store(true)

	// The journal as the kill left it; the first process is dead to the world.
	dir := t.TempDir()
	names, err := filepath.Glob(filepath.Join(w.dir, "flight-*.log"))
	w.must(err)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		w.must(err)
		w.must(os.WriteFile(filepath.Join(dir, filepath.Base(name)), raw, 0o600))
	}
	second := newWire()
	_, stopSecond := w.start(func(c *queue.Config) { c.Relay, c.Dir = second, dir })
	defer func() { t.Logf("counts %+v, %d sent before, %d after", w.counts(d), len(taken), len(second.taken())) }()
	w.books.until(t, "the rest is sent", func() bool { return w.counts(d).Delivered == people-connections })
	stopSecond()
	close(dead)
	stopFirst()

	if got := w.counts(d); got.Uncertain != connections || got.Delivered != people-connections || got.Total() != people {
		t.Errorf("counts %+v", got)
	}
	for a, n := range second.to() {
		if n != 1 || taken[a] != 0 {
			t.Errorf("a copy was sent %d times after the kill and %d before", n, taken[a])
		}
	}
	if len(taken) != answeredCopies || len(second.taken()) != people-connections-answeredCopies {
		t.Errorf("%d sent before, %d after", len(taken), len(second.taken()))
	}
}
