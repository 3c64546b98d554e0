package contain

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	defaultPoll = time.Second
	grace       = time.Second // beside three polls, for a read that takes its time
)

// Board is this node's mirror of the standing stops, and the count of what is
// past the last look. The zero Board, and one that never read the stops, blocks
// everything.
type Board struct {
	store Reader
	poll  time.Duration
	now   func() time.Time
	log   *slog.Logger

	reading sync.Mutex // one read at a time, so that an older answer never overwrites a newer

	mu      sync.Mutex
	stops   map[cordon.StopID]cordon.Stop // as last read, and those placed here since
	placed  map[cordon.StopID]int64       // placed here: at which turn
	placing map[int64]cordon.Scope        // block already, though their commit is still under way
	turn    int64
	flight  map[cordon.Ref]cordon.Delivery // past the last look, not yet recorded
	nodes   map[string]bool                // names this node's claims carried
	read    time.Time                      // when the last good read began
}

// NewBoard makes a Board that reads the stops every poll (0 = a second).
func NewBoard(store Reader, poll time.Duration, now func() time.Time, log *slog.Logger) *Board {
	if poll <= 0 {
		poll = defaultPoll
	}
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Board{
		store: store, poll: poll, now: now, log: log,
		stops: make(map[cordon.StopID]cordon.Stop), placed: make(map[cordon.StopID]int64),
		placing: make(map[int64]cordon.Scope), flight: make(map[cordon.Ref]cordon.Delivery), nodes: make(map[string]bool),
	}
}

// Run keeps the mirror fresh until ctx ends: woken by a change, backed by a poll.
func (b *Board) Run(ctx context.Context) error {
	changed, cancel := b.store.Changed("stops")
	defer cancel()
	tick := time.NewTicker(b.poll)
	defer tick.Stop()
	for {
		if err := b.Refresh(ctx); err != nil && ctx.Err() == nil {
			b.log.ErrorContext(ctx, "stops not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
	}
}

// Refresh reads the standing stops once.
func (b *Board) Refresh(ctx context.Context) error {
	b.reading.Lock()
	defer b.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 3*b.poll)
	defer cancel()
	began := b.now()
	b.mu.Lock()
	turn := b.turn
	b.mu.Unlock()
	active, err := b.store.ActiveStops(ctx)
	if err != nil {
		return fmt.Errorf("read stops: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := make(map[cordon.StopID]cordon.Stop, len(active))
	for _, stop := range active {
		next[stop.ID] = stop
	}
	for id, at := range b.placed {
		if at > turn { // placed here after this read began: the read may not hold it
			next[id] = b.stops[id]
			continue
		}
		delete(b.placed, id)
	}
	b.stops, b.read = next, began
	return nil
}

// Enter is the last look: true lets the copy go, and it is in flight until
// Leave. Between this and the socket there must be nothing that waits.
func (b *Board) Enter(ref cordon.Ref, d cordon.Delivery) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.blocks(d) {
		return false
	}
	if ref.Node != "" {
		b.nodes[ref.Node] = true
	}
	b.flight[here(ref)] = d
	return true
}

// Leave takes copies out of flight. It is called once their outcome is recorded
// and not before: a stop placed in between would else count a copy that has
// left as one that it keeps back.
func (b *Board) Leave(refs []cordon.Ref) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ref := range refs {
		delete(b.flight, here(ref))
	}
}

// Blocks says whether the copy must stay: a stop covers it, or the Board cannot
// tell.
func (b *Board) Blocks(d cordon.Delivery) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.blocks(d)
}

func (b *Board) blocks(d cordon.Delivery) bool {
	now := b.now()
	if !b.fresh(now) {
		return true
	}
	for _, scope := range b.placing {
		if scope.Blocks(d) {
			return true
		}
	}
	for _, stop := range b.stops {
		if stop.Blocks(d, now) {
			return true
		}
	}
	return false
}

// InFlight is how many copies are past the last look and not yet recorded.
func (b *Board) InFlight() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.flight)
}

// Fresh says whether the Board knows the stops well enough to let anything go.
func (b *Board) Fresh() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fresh(b.now())
}

func (b *Board) fresh(now time.Time) bool {
	return !b.read.IsZero() && now.Sub(b.read) <= 3*b.poll+grace
}

// block keeps the scope's copies back from this moment on, and answers which of
// them were past the last look at this very moment. The lock makes the two one:
// a copy is either in the answer or can no longer enter.
func (b *Board) block(scope cordon.Scope) (handle int64, flight map[cordon.Ref]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	b.placing[b.turn] = scope
	flight = make(map[cordon.Ref]bool)
	for ref, d := range b.flight {
		if scope.Blocks(d) {
			flight[ref] = true
		}
	}
	return b.turn, flight
}

// stand turns a block into the committed stop, without a gap.
func (b *Board) stand(handle int64, stop cordon.Stop) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	b.stops[stop.ID] = stop
	b.placed[stop.ID] = b.turn
	delete(b.placing, handle)
}

// unblock takes a block back whose stop was not committed.
func (b *Board) unblock(handle int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.placing, handle)
}

// ours says whether the claim is one of this node's.
func (b *Board) ours(ref cordon.Ref) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ref.Node == "" || b.nodes[ref.Node]
}

// here is the ref without its node: the same copy, whoever names it.
func here(ref cordon.Ref) cordon.Ref {
	ref.Node = ""
	return ref
}
