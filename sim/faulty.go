package sim

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
)

// errDead is what every write answers once the process is dead.
var errDead = errors.New("sim: the process is dead")

// Faulty is a store whose process can die: before the n-th write, or at once.
// Reads go on, because what they answer reaches nobody any more.
type Faulty struct {
	*store.Store

	mu    sync.Mutex
	told  bool // whether and when to die: somebody counts the writes
	left  int  // writes until death; 0: lives on
	dead  bool
	wrote int
	died  func() // told once, at the moment of death
}

// NewFaulty wraps a store that lives until told otherwise.
func NewFaulty(s *store.Store) *Faulty { return &Faulty{Store: s} }

// DieBefore makes the n-th write from now (1 is the next) the first that fails;
// with 0 it lives on and only counts.
func (f *Faulty) DieBefore(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told, f.left = true, n
}

// Die makes every write fail from now on.
func (f *Faulty) Die() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.die()
}

func (f *Faulty) die() {
	if !f.dead && f.died != nil {
		f.died()
	}
	f.told, f.dead = true, true
}

// Dead says whether it has died.
func (f *Faulty) Dead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// Writes is how many writes went through.
func (f *Faulty) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrote
}

func (f *Faulty) write() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left > 0 {
		if f.left--; f.left == 0 {
			f.die()
		}
	}
	if f.dead {
		return errDead
	}
	f.wrote++
	return nil
}

func (f *Faulty) CreateDispatch(ctx context.Context, by cordon.Actor, n cordon.NewDispatch) (cordon.Dispatch, error) {
	if err := f.write(); err != nil {
		return cordon.Dispatch{}, err
	}
	return f.Store.CreateDispatch(ctx, by, n)
}

func (f *Faulty) RecordRefusal(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, about cordon.Order, v cordon.Verdict) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RecordRefusal(ctx, by, tenant, about, v)
}

func (f *Faulty) RecordSignals(ctx context.Context, by cordon.Actor, signals []cordon.Signal) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RecordSignals(ctx, by, signals)
}

func (f *Faulty) ClaimDue(ctx context.Context, node string, l cordon.Lane, n int) ([]cordon.Claim, error) {
	if err := f.write(); err != nil {
		return nil, err
	}
	return f.Store.ClaimDue(ctx, node, l, n)
}

func (f *Faulty) RecordAttempts(ctx context.Context, node string, g cordon.AttemptGroup) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RecordAttempts(ctx, node, g)
}

func (f *Faulty) SettleLost(ctx context.Context, node string, lost []cordon.Lost) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.SettleLost(ctx, node, lost)
}

func (f *Faulty) ReapNodes(ctx context.Context, deadBefore, due time.Time) (int, error) {
	if err := f.write(); err != nil {
		return 0, err
	}
	return f.Store.ReapNodes(ctx, deadBefore, due)
}

func (f *Faulty) PlaceStop(ctx context.Context, by cordon.Actor, s cordon.Stop, sharpen func(cordon.StopAnswer, []cordon.Ref) cordon.StopAnswer) (cordon.Stop, error) {
	if err := f.write(); err != nil {
		return cordon.Stop{}, err
	}
	return f.Store.PlaceStop(ctx, by, s, sharpen)
}

func (f *Faulty) AdvanceStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, d cordon.DispatchID, number int, reason string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.AdvanceStage(ctx, by, tenant, d, number, reason)
}

func (f *Faulty) HoldStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, d cordon.DispatchID, number int, reason string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.HoldStage(ctx, by, tenant, d, number, reason)
}

func (f *Faulty) ResumeStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, d cordon.DispatchID, number int, reason string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.ResumeStage(ctx, by, tenant, d, number, reason)
}

func (f *Faulty) LiftStop(ctx context.Context, by cordon.Actor, id cordon.StopID, d cordon.Disposition) (cordon.Stop, error) {
	if err := f.write(); err != nil {
		return cordon.Stop{}, err
	}
	return f.Store.LiftStop(ctx, by, id, d)
}

// Sweep is a write only when there is something to sweep: the store opens no
// transaction otherwise.
func (f *Faulty) Sweep(ctx context.Context, n int) (int, bool, error) {
	due, err := f.sweepCounts(ctx)
	if err != nil {
		return 0, false, err
	}
	if due {
		if err := f.write(); err != nil {
			return 0, false, err
		}
	}
	return f.Store.Sweep(ctx, n)
}

// sweepCounts says whether a sweep now is a write that somebody counts. It asks
// the store as little as it can: houses sweep every other second.
func (f *Faulty) sweepCounts(ctx context.Context) (bool, error) {
	f.mu.Lock()
	told, dead := f.told, f.dead
	f.mu.Unlock()
	if !told || dead {
		return dead, nil
	}
	stops, err := f.Store.ActiveStops(ctx)
	if err != nil || len(stops) > 0 {
		return true, err
	}
	totals, err := f.Store.Totals(ctx)
	for _, c := range totals {
		if c.Held > 0 {
			return true, err
		}
	}
	return false, err
}

func (f *Faulty) Suppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.Suppress(ctx, by, tenant, id, reason)
}

func (f *Faulty) AppendEntry(ctx context.Context, e cordon.Entry) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.AppendEntry(ctx, e)
}
