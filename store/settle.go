package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/cordonmail/cordon"
)

// settled is one claimed copy and what its try came to.
//
// A copy that was perhaps delivered by an earlier try can only become known to
// be delivered. Whatever else a later try comes to, somebody may have the
// letter: the copy is uncertain still, and the outcome stands in the ledger.
type settled struct {
	dispatch laneKey // tenant and number of the dispatch
	seq      int64
	outcome  cordon.DeliveryState
	reply    string
	reason   string
	at, due  int64
	perhaps  bool // delivered, by an earlier try; false until a look at the row says so
}

// state is what the copy is from now on.
func (i settled) state() cordon.DeliveryState {
	if i.perhaps && i.outcome != cordon.Delivered {
		return cordon.Uncertain
	}
	return i.outcome
}

// counted is the state that the copy was counted in while it was being sent.
func (i settled) counted() cordon.DeliveryState {
	if i.perhaps {
		return cordon.Uncertain
	}
	return cordon.Sending
}

// noTry is the year 9999: who asks for a try then asks for none.
const noTry int64 = 253_370_764_800_000_000

// nextDue is when an open copy is tried again; an uncertain one may never be.
func (i settled) nextDue() int64 {
	if i.state() == cordon.Uncertain && (i.outcome.Final() || i.due >= noTry) {
		return never
	}
	return i.due
}

// over says whether the copy will not be tried again.
func (i settled) over() bool {
	return i.state().Final() || i.state() == cordon.Uncertain && i.nextDue() == never
}

func (i settled) comparePerhaps(o settled) int {
	switch {
	case i.perhaps == o.perhaps:
		return 0
	case i.perhaps:
		return 1
	}
	return -1
}

// countedState is the text of the state that a row of delivery is counted in,
// here as in its lane: a copy that was perhaps delivered is never only "being
// sent".
func countedState(alias string) string {
	return `CASE WHEN ` + alias + `.perhaps AND ` + alias + `.state = 'sending' THEN 'uncertain' ELSE ` + alias + `.state END`
}

// stillSending keeps the items whose copies are still being sent by the node,
// and reads which of them were perhaps delivered before.
func (t *tx) stillSending(ctx context.Context, node int64, items []settled) ([]settled, error) {
	list := jsonRows(items, func(i settled) []any { return []any{i.dispatch.tenant, i.dispatch.num, i.seq} })
	rows, err := t.query(ctx, `SELECT v.tenant, v.dispatch, v.seq, v.perhaps FROM delivery v
		WHERE v.state = 'sending' AND v.node = $2 AND EXISTS (SELECT 1 FROM {{rows $1}} j
			WHERE v.tenant = CAST(j.value->>0 AS BIGINT) AND v.dispatch = CAST(j.value->>1 AS BIGINT) AND v.seq = CAST(j.value->>2 AS BIGINT)) {{forupdate}}`, list, node)
	type place struct {
		dispatch laneKey
		seq      int64
	}
	type found struct {
		place
		perhaps bool
	}
	all, err := collect(rows, err, func(r scanner) (found, error) {
		var p found
		err := r.Scan(&p.dispatch.tenant, &p.dispatch.num, &p.seq, &p.perhaps)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	perhaps := make(map[place]bool, len(all))
	for _, p := range all {
		perhaps[p.place] = p.perhaps
	}
	var kept []settled
	for _, i := range items {
		p := place{i.dispatch, i.seq}
		var still bool
		if i.perhaps, still = perhaps[p]; still {
			kept = append(kept, i)
		}
		delete(perhaps, p) // a copy named twice is settled once, by its first word
	}
	return kept, nil
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
		if it.outcome != cordon.HeldState {
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
			it.outcome = cordon.Queued
		}
	}
	return nil
}

// settleGroup writes one outcome of one tenant. A copy that goes back to the
// queue or is held was not tried: its try is not counted. The reply of a
// delivered copy is in the ledger, once for the group, and not in the row. The
// time of a copy that was perhaps delivered is that of the last try which
// perhaps, or surely, was: an assessment by time must find it there.
func (t *tx) settleGroup(ctx context.Context, node int64, group []settled) error {
	g := group[0]
	to := g.state()
	m := mover{set: `state = $4, reply = $5, node = NULL`, guard: fmt.Sprintf("state = 'sending' AND node = %d AND NOT perhaps", node)}
	reply := sql.NullString{String: g.reply, Valid: g.reply != "" && to != cordon.Delivered && g.outcome != cordon.Queued}
	m.args = []any{string(to), reply}
	if g.outcome == cordon.Queued || g.outcome == cordon.HeldState {
		m.set += ", attempts = attempts - 1"
	}
	if g.perhaps {
		m.guard = fmt.Sprintf("state = 'sending' AND node = %d AND perhaps", node)
	} else if to == cordon.Uncertain {
		m.set += ", perhaps = TRUE"
	}
	keepsTime := g.perhaps && g.outcome != cordon.Delivered && g.outcome != cordon.Uncertain
	if to.Open() && !sameDue(group) {
		return t.settleEach(ctx, group, m, keepsTime)
	}
	seqs := make([]rowKey, len(group))
	last := g.at
	for i, it := range group {
		seqs[i] = rowKey{it.dispatch.num, it.seq}
		last = max(last, it.at)
	}
	if !keepsTime {
		m.put("at", last)
	}
	if to.Open() {
		m.put("due", g.nextDue())
	}
	return t.moveSeqs(ctx, g.dispatch.tenant, seqs, m)
}

func sameDue(group []settled) bool {
	return !slices.ContainsFunc(group, func(i settled) bool { return i.nextDue() != group[0].nextDue() })
}

// settleEach writes copies that each have their own next try.
func (t *tx) settleEach(ctx context.Context, group []settled, m mover, keepsTime bool) error {
	if !keepsTime {
		m.set += ", at = p.at"
	}
	list := jsonRows(group, func(i settled) []any { return []any{i.dispatch.num, i.seq, i.at, i.nextDue()} })
	res, err := t.exec(ctx, `UPDATE delivery SET `+m.set+`, due = p.due
		FROM (SELECT CAST(j.value->>0 AS BIGINT) AS dispatch, CAST(j.value->>1 AS BIGINT) AS seq,
			CAST(j.value->>2 AS BIGINT) AS at, CAST(j.value->>3 AS BIGINT) AS due FROM {{rows $2}} j) p
		WHERE delivery.tenant = $1 AND delivery.dispatch = p.dispatch AND delivery.seq = p.seq AND $3 = 0 AND `+m.guard,
		append([]any{group[0].dispatch.tenant, list, int64(0)}, m.args...)...)
	if err != nil {
		return err
	}
	changed, err := res.RowsAffected()
	if err != nil {
		return err
	}
	return exactly(changed, len(group))
}

// finishDispatches marks the dispatches done that have nothing left to do. One
// with a lane to itself is looked at by its lane's counters, and, because a copy that
// was perhaps delivered is counted uncertain while it is tried again, by what is
// being sent; one of single sends by its few rows.
func (t *tx) finishDispatches(ctx context.Context, facts map[laneKey]*dispatchFacts, stands map[laneKey]laneStand) error {
	byTenant := map[int64][]int64{}
	for k, f := range facts {
		stand, touched := stands[laneKey{k.tenant, f.lane}]
		if f.kind.OwnLane() && !(touched && stand.idle()) {
			continue
		}
		byTenant[k.tenant] = append(byTenant[k.tenant], k.num)
	}
	for tenant, nums := range byTenant {
		slices.Sort(nums)
		_, err := t.exec(ctx, `UPDATE dispatch SET state = 'done', done_at = $3
			WHERE tenant = $1 AND num IN (SELECT j.value FROM {{nums $2}} j) AND state = 'open'
			AND NOT CASE WHEN kind <> 'single'
				THEN EXISTS (SELECT 1 FROM node n CROSS JOIN delivery v WHERE v.state = 'sending' AND v.node = n.num AND v.tenant = $1 AND v.dispatch = dispatch.num)
				ELSE EXISTS (SELECT 1 FROM delivery v WHERE v.tenant = $1 AND v.dispatch = dispatch.num AND (v.state = 'sending' OR `+unsettled("v")+`)) END`,
			tenant, jsonText(nums), micros(t.now))
		if err != nil {
			return fmt.Errorf("finish dispatches: %w", err)
		}
		if err := t.endStages(ctx, tenant, nums, stands); err != nil {
			return fmt.Errorf("finish dispatches: %w", err)
		}
	}
	return nil
}

// unsettled is the condition that a copy which is not being sent may still
// leave; a discard cuts exactly these.
func unsettled(alias string) string {
	return fmt.Sprintf("(%s.state IN ('queued', 'deferred', 'held') OR %s.state = 'uncertain' AND %s.due < %d)", alias, alias, alias, never)
}
