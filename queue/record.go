package queue

import (
	"context"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	groupMost = 500
	groupWait = 20 * time.Millisecond
)

// recorder gathers results and records them in groups until results is closed.
func (r *Runner) recorder(ctx context.Context) {
	group := make([]result, 0, groupMost)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for first := range r.results {
		group = append(group[:0], first)
		timer.Reset(groupWait)
	gather:
		for len(group) < groupMost {
			select {
			case next, ok := <-r.results:
				if !ok {
					break gather
				}
				group = append(group, next)
			case <-timer.C:
				break gather
			}
		}
		r.record(ctx, group)
		clear(group) // sealed data must not outlive its record
	}
}

// record commits one group, again and again until it is done: what the relay
// answered must not be forgotten, and meanwhile nothing else is claimed.
func (r *Runner) record(ctx context.Context, group []result) {
	g := cordon.AttemptGroup{Attempts: make([]cordon.Attempt, len(group))}
	refs := make([]cordon.Ref, len(group))
	for i, res := range group {
		g.Attempts[i] = res.attempt
		refs[i] = res.attempt.Claim.Ref
	}
	r.accuse(&g, group)
	for failures := 1; ; failures++ {
		err := r.cfg.Store.RecordAttempts(ctx, r.cfg.Node, g)
		if err == nil {
			break
		}
		r.cfg.Log.Error("attempts not recorded", "error", err, "count", len(group))
		select {
		case <-ctx.Done(): // the journal knows them: the next start records them
			return // still in flight as the board sees it: a stop must count them
		case <-time.After(backoff(50*time.Millisecond, failures, 5*time.Second)):
		}
	}
	for _, s := range g.Stops {
		r.own.committed(s.Scope, r.cfg.Now())
	}
	r.count.recorded.Add(int64(len(group)))
	r.cfg.Board.Leave(refs)
	if err := r.journal.recorded(refs); err != nil {
		r.cfg.Log.Error("flight journal failed", "error", err)
	}
}

// accuse adds the signals and stops of what the exit refused: one signal for
// each kind and dispatch, one stop for each scope not yet stopped.
func (r *Runner) accuse(g *cordon.AttemptGroup, group []result) {
	type subject struct {
		kind     cordon.SignalKind
		dispatch cordon.DispatchID
		words    string
	}
	seen := make(map[subject]int)
	for _, res := range group {
		why, d := res.refused, res.attempt.Claim.Delivery
		if why.signal == "" {
			continue
		}
		at := res.attempt.At
		s := subject{why.signal, d.Dispatch, why.words}
		if i, ok := seen[s]; ok {
			g.Signals[i].Count++
		} else {
			seen[s] = len(g.Signals)
			g.Signals = append(g.Signals, cordon.Signal{
				ID: cordon.NewSignalID(), Kind: why.signal, Grade: why.grade(), Tenant: d.Tenant,
				Actor: actorOf(d), Account: d.Account, Key: d.Key, Template: d.Template, Dispatch: d.Dispatch,
				Count: 1, Message: why.words, At: at,
			})
		}
		for _, scope := range why.scopesOf(d) {
			if r.own.claimCommit(scope) {
				g.Stops = append(g.Stops, cordon.Stop{
					ID: cordon.NewStopID(), Scope: scope, Reason: "exit: " + why.words,
					PlacedBy: cordon.System().ID(), PlacedAt: at,
				})
			}
		}
	}
}

func actorOf(d cordon.Delivery) string {
	return cordon.Actor{Kind: cordon.ActorAccount, Account: d.Account, Key: d.Key}.ID()
}

// ownStops are the exit's own stops, in force from the moment of the refusal
// until some seconds after they were committed, when the board knows them.
type ownStops struct {
	mu    sync.RWMutex
	until map[cordon.Scope]time.Time // zero: not committed yet
	sent  map[cordon.Scope]bool      // handed to the recorder
}

const boardKnows = 10 * time.Second

// place puts a scope in force. One that ended, because it was committed and
// perhaps lifted since, begins anew.
func (o *ownStops) place(s cordon.Scope, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.until == nil {
		o.until = make(map[cordon.Scope]time.Time)
		o.sent = make(map[cordon.Scope]bool)
	}
	until, ok := o.until[s]
	if ok && (until.IsZero() || now.Before(until)) {
		return
	}
	o.until[s] = time.Time{}
	delete(o.sent, s)
}

func (o *ownStops) blocks(d cordon.Delivery, now time.Time) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for s, until := range o.until {
		if s.Blocks(d) && (until.IsZero() || now.Before(until)) {
			return true
		}
	}
	return false
}

// claimCommit says whether the caller is the one to commit the stop.
func (o *ownStops) claimCommit(s cordon.Scope) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.until[s]; !ok || o.sent[s] {
		return false
	}
	o.sent[s] = true
	return true
}

// committed starts the end of our own watch over the scope.
func (o *ownStops) committed(s cordon.Scope, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until[s] = now.Add(boardKnows)
	for old, until := range o.until {
		if !until.IsZero() && !now.Before(until) {
			delete(o.until, old)
			delete(o.sent, old)
		}
	}
}
