package queue_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/queue"
)

// bell lets tests wait for what they wait for, and not a moment longer: whoever
// makes something happen rings it.
type bell struct {
	mu   sync.Mutex
	next chan struct{} // closed by the next ring
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}

// until looks now and after every ring. The limit is for a test that fails: it
// then says what never came.
func (b *bell) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	limit, end := context.WithTimeout(context.Background(), time.Minute)
	defer end()
	for {
		b.mu.Lock()
		next := b.next
		b.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-next:
		case <-limit.Done():
			t.Fatalf("never came: %s", what)
		}
	}
}

// told is a runner's store that rings after everything the runner commits, and
// before each look for what is due.
type told struct {
	queue.Store
	bell  *bell
	looks *atomic.Int64
}

func (s told) LanesDue(ctx context.Context, n int) ([]cordon.Lane, error) {
	s.looks.Add(1)
	s.bell.ring()
	return s.Store.LanesDue(ctx, n)
}

func (s told) ClaimDue(ctx context.Context, node string, l cordon.Lane, n int) ([]cordon.Claim, error) {
	defer s.bell.ring()
	return s.Store.ClaimDue(ctx, node, l, n)
}

func (s told) RecordAttempts(ctx context.Context, node string, g cordon.AttemptGroup) error {
	defer s.bell.ring()
	return s.Store.RecordAttempts(ctx, node, g)
}

func (s told) SettleLost(ctx context.Context, node string, lost []cordon.Lost) error {
	defer s.bell.ring()
	return s.Store.SettleLost(ctx, node, lost)
}
