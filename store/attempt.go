package store

import (
	"cmp"
	"context"
	"database/sql"
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

// settled is one claimed copy and what became of it.
type settled struct {
	dispatch laneKey // tenant and number of the dispatch
	seq      int64
	state    cordon.DeliveryState
	reply    string
	reason   string
	at, due  int64
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
			state: a.Outcome.Settled(), reply: a.Outcome.Reply, reason: a.Outcome.Reason,
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
			state: l.Outcome.Settled(), reply: l.Outcome.Reply, reason: l.Outcome.Reason,
			at: micros(l.At), due: micros(l.NextDue),
		}
	}
	if err := s.settleAll(ctx, node, items, nil); err != nil {
		return fmt.Errorf("settle lost copies: %w", err)
	}
	return nil
}

// settleAll settles in one transaction, first as if nobody else had touched
// the copies, and when that proves wrong once more with a look at each.
func (s *Store) settleAll(ctx context.Context, node string, items []settled, g *cordon.AttemptGroup) error {
	for _, i := range items {
		if !cordon.Sending.CanBecome(i.state) {
			return fmt.Errorf("a copy that is being sent cannot become %q", i.state)
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
	slices.SortFunc(items, func(a, b settled) int {
		return cmp.Or(cmp.Compare(a.dispatch.tenant, b.dispatch.tenant), cmp.Compare(a.state, b.state), cmp.Compare(a.reply, b.reply),
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
	return a.dispatch.tenant == b.dispatch.tenant && a.state == b.state && a.reply == b.reply && a.reason == b.reason
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
		if i.state.Open() && i.due <= micros(t.now) {
			t.wake("queue")
			return
		}
	}
}

// stillSending keeps the items whose copies are still being sent by the node.
func (t *tx) stillSending(ctx context.Context, node int64, items []settled) ([]settled, error) {
	list := jsonRows(items, func(i settled) []any { return []any{i.dispatch.tenant, i.dispatch.num, i.seq} })
	rows, err := t.query(ctx, `SELECT v.tenant, v.dispatch, v.seq FROM delivery v
		WHERE v.state = 'sending' AND v.node = $2 AND EXISTS (SELECT 1 FROM {{rows $1}} j
			WHERE v.tenant = CAST(j.value->>0 AS BIGINT) AND v.dispatch = CAST(j.value->>1 AS BIGINT) AND v.seq = CAST(j.value->>2 AS BIGINT)) {{forupdate}}`, list, node)
	type place struct {
		dispatch laneKey
		seq      int64
	}
	all, err := collect(rows, err, func(r scanner) (place, error) {
		var p place
		err := r.Scan(&p.dispatch.tenant, &p.dispatch.num, &p.seq)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	still := make(map[place]bool, len(all))
	for _, p := range all {
		still[p] = true
	}
	return slices.DeleteFunc(items, func(i settled) bool {
		p := place{i.dispatch, i.seq}
		had := still[p]
		delete(still, p) // a copy named twice is settled once, by its first word
		return !had
	}), nil
}

func (t *tx) factsOf(ctx context.Context, items []settled) (map[laneKey]*dispatchFacts, error) {
	byTenant := map[int64][]int64{}
	for _, i := range items {
		nums := byTenant[i.dispatch.tenant]
		if n := len(nums); n == 0 || nums[n-1] != i.dispatch.num {
			byTenant[i.dispatch.tenant] = append(nums, i.dispatch.num)
		}
	}
	all := map[laneKey]*dispatchFacts{}
	for tenant, nums := range byTenant {
		slices.Sort(nums)
		facts, err := readDispatchFacts(ctx, t, tenant, slices.Compact(nums))
		if err != nil {
			return nil, err
		}
		for num, f := range facts {
			all[laneKey{tenant, num}] = f
		}
	}
	for _, i := range items {
		if all[i.dispatch] == nil {
			return nil, errRaced
		}
	}
	return all, nil
}

// settleHeld decides what the last look's "held" comes to: held while a stop
// covers the copy, and else back to the queue, because the stop was lifted
// between the look and now.
func (t *tx) settleHeld(ctx context.Context, items []settled, now int64) error {
	covered := map[laneKey]bool{}
	for i := range items {
		it := &items[i]
		if it.state != cordon.HeldState {
			continue
		}
		is, known := covered[it.dispatch]
		if !known {
			err := t.queryRow(ctx, `SELECT `+blocked("d", "id", "$3")+` FROM dispatch d WHERE d.tenant = $1 AND d.num = $2`,
				it.dispatch.tenant, it.dispatch.num, now).Scan(&is)
			if err != nil {
				return err
			}
			covered[it.dispatch] = is
		}
		if !is {
			it.state = cordon.Queued
		}
	}
	return nil
}

// settleGroup writes one outcome of one tenant. A copy that goes back to the
// queue or is held was not tried: its try is not counted. The reply of a
// delivered copy is in the ledger, once for the group, and not in the row.
func (t *tx) settleGroup(ctx context.Context, node int64, group []settled) error {
	g := group[0]
	tried := ", attempts = attempts"
	if g.state == cordon.Queued || g.state == cordon.HeldState {
		tried = ", attempts = attempts - 1"
	}
	reply := sql.NullString{String: g.reply, Valid: g.reply != "" && g.state != cordon.Delivered && g.state != cordon.Queued}
	guard := fmt.Sprintf("state = 'sending' AND node = %d", node)
	if g.state.Open() && !sameDue(group) {
		return t.settleDeferred(ctx, group, reply, tried, guard)
	}
	last := g.at
	seqs := make([]rowKey, len(group))
	for i, it := range group {
		seqs[i] = rowKey{it.dispatch.num, it.seq}
		last = max(last, it.at)
	}
	m := mover{set: `state = $4, reply = $5, at = $6, node = NULL` + tried, guard: guard, args: []any{string(g.state), reply, last}}
	if g.state.Open() {
		m.set, m.args = m.set+", due = $7", append(m.args, g.due)
	}
	return t.moveSeqs(ctx, g.dispatch.tenant, seqs, m)
}

func sameDue(group []settled) bool {
	for _, it := range group {
		if it.due != group[0].due {
			return false
		}
	}
	return true
}

// settleDeferred writes copies that each have their own next try.
func (t *tx) settleDeferred(ctx context.Context, group []settled, reply sql.NullString, tried, guard string) error {
	list := jsonRows(group, func(i settled) []any { return []any{i.dispatch.num, i.seq, i.at, i.due} })
	res, err := t.exec(ctx, `UPDATE delivery SET state = $3, reply = $4, at = p.at, due = p.due, node = NULL`+tried+`
		FROM (SELECT CAST(j.value->>0 AS BIGINT) AS dispatch, CAST(j.value->>1 AS BIGINT) AS seq,
			CAST(j.value->>2 AS BIGINT) AS at, CAST(j.value->>3 AS BIGINT) AS due FROM {{rows $2}} j) p
		WHERE delivery.tenant = $1 AND delivery.dispatch = p.dispatch AND delivery.seq = p.seq AND `+guard,
		group[0].dispatch.tenant, list, string(group[0].state), reply)
	if err != nil {
		return err
	}
	changed, err := res.RowsAffected()
	if err != nil {
		return err
	}
	return exactly(changed, len(group))
}

// attemptsBody is the body of an "attempts" and of a "swept" entry.
type attemptsBody struct {
	Outcome cordon.DeliveryState `json:"outcome"`
	Reply   string               `json:"reply,omitempty"`
	Reason  string               `json:"reason,omitempty"`
	Copies  int64                `json:"copies"`
	Seqs    string               `json:"seqs"`
	FirstAt int64                `json:"first_at,omitempty"` // µs UTC
	LastAt  int64                `json:"last_at,omitempty"`
	Stop    cordon.StopID        `json:"stop,omitempty"`
}

// noteAttempts writes the ledger entry of one outcome of one dispatch and
// counts it in the lane.
func (t *tx) noteAttempts(f *dispatchFacts, part []settled, moves laneMoves) {
	b := attemptsBody{Outcome: part[0].state, Reply: part[0].reply, Reason: part[0].reason, FirstAt: part[0].at}
	var seqs spans
	for _, it := range part {
		seqs = seqs.add(it.seq)
		b.FirstAt, b.LastAt = min(b.FirstAt, it.at), max(b.LastAt, it.at)
	}
	b.Copies, b.Seqs = seqs.size(), seqs.String()
	lane := laneKey{part[0].dispatch.tenant, f.lane}
	moves.shift(lane, cordon.Sending, b.Outcome, b.Copies)
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

// finishDispatches marks the dispatches done that have nothing left to do. A
// bulk dispatch is looked at by its lane's counters, one of single sends by its
// few rows.
func (t *tx) finishDispatches(ctx context.Context, facts map[laneKey]*dispatchFacts, stands map[laneKey]laneStand) error {
	byTenant := map[int64][]int64{}
	for k, f := range facts {
		stand, touched := stands[laneKey{k.tenant, f.lane}]
		if f.kind == cordon.Bulk && !(touched && stand.idle()) {
			continue
		}
		byTenant[k.tenant] = append(byTenant[k.tenant], k.num)
	}
	for tenant, nums := range byTenant {
		slices.Sort(nums)
		list, err := json.Marshal(nums)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE dispatch SET state = 'done', done_at = $3
			WHERE tenant = $1 AND num IN (SELECT j.value FROM {{nums $2}} j) AND state = 'open'
			AND (kind = 'bulk' OR NOT EXISTS (SELECT 1 FROM delivery v WHERE v.tenant = $1 AND v.dispatch = dispatch.num
				AND (v.state IN ('queued', 'sending', 'deferred', 'held') OR (v.state = 'uncertain' AND v.due < $4))))`,
			tenant, string(list), micros(t.now), never)
		if err != nil {
			return fmt.Errorf("finish dispatches: %w", err)
		}
	}
	return nil
}
