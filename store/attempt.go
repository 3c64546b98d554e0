package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cordonmail/cordon"
)

// errRaced says that a row was not in the state its change presumes; the
// transaction is rolled back and tried again carefully.
var errRaced = errors.New("a copy changed meanwhile")

func exactly(changed int64, want int) error {
	if changed != int64(want) {
		return errRaced
	}
	return nil
}

// RecordAttempts writes what up to about a thousand tries came to, with the
// signals and stops that they gave rise to, in one transaction. Only copies
// that are still being sent by this node change; the others were settled by
// somebody else and are passed over.
func (s *Store) RecordAttempts(ctx context.Context, node string, g cordon.AttemptGroup) error {
	items := make([]settled, len(g.Attempts))
	for i, a := range g.Attempts {
		ref := a.Claim.Ref
		items[i] = settled{
			dispatch: laneKey{ref.Tenant, ref.Dispatch}, seq: ref.Seq,
			outcome: a.Outcome.Settled(), reply: a.Outcome.Reply, reason: a.Outcome.Reason,
			at: micros(a.At), due: micros(a.NextDue),
		}
	}
	if err := s.settleAll(ctx, node, items, &g); err != nil {
		return fmt.Errorf("record attempts: %w", err)
	}
	return nil
}

// SettleLost writes, at start-up, what the journal says about copies that were
// being sent by this node when it died.
func (s *Store) SettleLost(ctx context.Context, node string, lost []cordon.Lost) error {
	items := make([]settled, len(lost))
	for i, l := range lost {
		items[i] = settled{
			dispatch: laneKey{l.Ref.Tenant, l.Ref.Dispatch}, seq: l.Ref.Seq,
			outcome: l.Outcome.Settled(), reply: l.Outcome.Reply, reason: l.Outcome.Reason,
			at: micros(l.At), due: micros(l.NextDue),
		}
	}
	if err := s.settleAll(ctx, node, items, nil); err != nil {
		return fmt.Errorf("settle lost copies: %w", err)
	}
	return nil
}

// settleAll settles in one transaction, first as if nobody else had touched
// the copies and none had perhaps been delivered before, and when that proves
// wrong once more with a look at each.
func (s *Store) settleAll(ctx context.Context, node string, items []settled, g *cordon.AttemptGroup) error {
	for _, i := range items {
		if !cordon.Sending.CanBecome(i.outcome) {
			return fmt.Errorf("a copy that is being sent cannot become %q", i.outcome)
		}
	}
	err := errRaced
	for _, careful := range []bool{false, true} {
		if !errors.Is(err, errRaced) {
			break
		}
		err = s.write(ctx, func(t *tx) error {
			lock := `{{share queue}}`
			if g != nil && len(g.Stops) > 0 {
				lock = `{{exclude queue}}`
			}
			if _, err := t.exec(ctx, lock); err != nil {
				return err
			}
			num, err := t.nodeNum(ctx, node)
			if err != nil {
				return err
			}
			if err := t.settle(ctx, num, slices.Clone(items), careful); err != nil || g == nil {
				return err
			}
			if err := t.recordSignals(ctx, cordon.System(), g.Signals); err != nil {
				return err
			}
			for _, stop := range g.Stops {
				if _, err := t.placeStop(ctx, cordon.System(), stop, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// settle writes the items in groups of one statement each.
func (t *tx) settle(ctx context.Context, node int64, items []settled, careful bool) error {
	if len(items) == 0 {
		return nil
	}
	now := micros(t.now)
	for i := range items {
		if items[i].at == 0 {
			items[i].at = now
		}
	}
	if careful {
		var err error
		if items, err = t.stillSending(ctx, node, items); err != nil {
			return err
		}
	}
	facts, err := t.factsOf(ctx, items)
	if err != nil {
		return err
	}
	if err := t.settleHeld(ctx, items, now); err != nil {
		return err
	}
	if err := t.countEvidence(ctx, items, facts); err != nil {
		return err
	}
	slices.SortFunc(items, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.dispatch.tenant, b.dispatch.tenant), cmp.Compare(a.outcome, b.outcome), a.comparePerhaps(b), cmp.Compare(a.reply, b.reply),
			cmp.Compare(a.reason, b.reason), compareLanes(a.dispatch, b.dispatch), cmp.Compare(a.seq, b.seq))
	})
	moves := laneMoves{}
	for _, group := range groupsOf(items, sameOutcome) {
		if err := t.settleGroup(ctx, node, group); err != nil {
			return err
		}
		for _, part := range groupsOf(group, sameDispatch) {
			t.noteAttempts(facts[part[0].dispatch], part, moves)
		}
		if err := t.suppressBounced(ctx, group, facts); err != nil {
			return err
		}
	}
	if err := t.dropValues(ctx, items, facts); err != nil { // behind suppressBounced: an erasure takes the headcount first, too
		return err
	}
	stands, err := moves.apply(ctx, t)
	if err != nil {
		return err
	}
	t.wakeFor(items)
	return t.finishDispatches(ctx, facts, stands)
}

func sameOutcome(a, b settled) bool {
	return a.dispatch.tenant == b.dispatch.tenant && a.outcome == b.outcome && a.perhaps == b.perhaps && a.reply == b.reply && a.reason == b.reason
}

func sameDispatch(a, b settled) bool { return a.dispatch == b.dispatch }

// groupsOf cuts a sorted list where neighbours differ.
func groupsOf[T any](all []T, same func(a, b T) bool) [][]T {
	var groups [][]T
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && same(all[from], all[to]) {
			to++
		}
		groups = append(groups, all[from:to])
		from = to
	}
	return groups
}

// wakeFor rouses the queue when copies came back that are due.
func (t *tx) wakeFor(items []settled) {
	for _, i := range items {
		if i.state().Open() && i.nextDue() <= micros(t.now) {
			t.wake("queue")
			return
		}
	}
}

// attemptsBody is the body of an "attempts" and of a "swept" entry: what the
// try, or the sweep, came to.
type attemptsBody struct {
	Outcome cordon.DeliveryState `json:"outcome"`
	// Remains is what the copies are all the same, when that is not the outcome:
	// uncertain, because an earlier try was perhaps delivered.
	Remains cordon.DeliveryState `json:"remains,omitempty"`
	Reply   string               `json:"reply,omitempty"`
	Reason  string               `json:"reason,omitempty"`
	Copies  int64                `json:"copies"`
	Seqs    string               `json:"seqs"`
	FirstAt int64                `json:"first_at,omitempty"` // µs UTC
	LastAt  int64                `json:"last_at,omitempty"`
	Stop    cordon.StopID        `json:"stop,omitempty"`
}

// state is the state in which the entry leaves its copies.
func (b attemptsBody) state() cordon.DeliveryState {
	if b.Remains != "" {
		return b.Remains
	}
	return b.Outcome
}

// remains is what attemptsBody says beside the outcome.
func remains(outcome, state cordon.DeliveryState) cordon.DeliveryState {
	if state == outcome {
		return ""
	}
	return state
}

// noteAttempts writes the ledger entry of one outcome of one dispatch and
// counts it in the lane.
func (t *tx) noteAttempts(f *dispatchFacts, part []settled, moves laneMoves) {
	first := part[0]
	b := attemptsBody{Outcome: first.outcome, Remains: remains(first.outcome, first.state()), Reply: first.reply, Reason: first.reason, FirstAt: first.at}
	var seqs spans
	for _, it := range part {
		seqs = seqs.add(it.seq)
		b.FirstAt, b.LastAt = min(b.FirstAt, it.at), max(b.LastAt, it.at)
	}
	b.Copies, b.Seqs = seqs.size(), seqs.String()
	lane := laneKey{first.dispatch.tenant, f.lane}
	moves.shift(lane, first.counted(), first.state(), b.Copies)
	if b.Outcome == cordon.Delivered {
		m := moves.of(lane)
		if m.first == 0 || b.FirstAt < m.first {
			m.first = b.FirstAt
		}
		m.last = max(m.last, b.LastAt)
	}
	t.append(cordon.Entry{
		Kind: cordon.EntryAttempts, Tenant: f.tenantID, Actor: cordon.System().ID(), Subject: string(f.id), Body: mustJSON(b),
	})
}

// mustJSON is for our own flat structs, which cannot fail.
func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
