package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/cordonmail/cordon"
)

// sweepChunk is how many copies a transaction of our own sweeps moves: few
// enough that a stop never waits long behind one.
const sweepChunk = 5000

// sweep is one transaction of housekeeping with what it may still move.
type sweep struct {
	*tx
	left  int
	moved int
	moves laneMoves
}

// Sweep is the housekeeping behind stops, lifts, releases and broken-off
// acceptances. Nothing depends on its speed: a claim never takes what a stop
// covers, swept or not. It moves up to n copies in one transaction and says
// whether there is more to do now.
//
//	a stop stands       queued, deferred → held   (uncertain copies stay counted as perhaps delivered)
//	lifted by discard   queued, deferred, held → cut; then the stop is lifted
//	lifted, or run out  held → queued, where the dispatch is open and no other stop covers it
//	dispatch discarded  held → cut
//	acceptance broken   its rows are removed
func (s *Store) Sweep(ctx context.Context, n int) (moved int, more bool, err error) {
	n = max(n, 1)
	if err := s.voidAbandoned(ctx); err != nil {
		return 0, false, fmt.Errorf("sweep: %w", err)
	}
	needed, err := s.sweepNeeded(ctx)
	if err != nil || !needed {
		return 0, false, err
	}
	err = s.write(ctx, func(t *tx) error {
		w := &sweep{tx: t, left: n, moves: laneMoves{}}
		if _, err := t.exec(ctx, `{{exclude sweep}}`); err != nil { // one sweep at a time: what one skips as locked, no other is moving
			return err
		}
		for _, step := range []func(context.Context) error{w.discardStops, w.holdLanes, w.holdDispatches, w.giveBack, w.cutDiscarded, w.removeVoid} {
			if err := step(ctx); err != nil {
				return err
			}
			if w.left <= 0 {
				break
			}
		}
		moved, more = w.moved, w.left <= 0
		_, err := w.moves.apply(ctx, t)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("sweep: %w", err)
	}
	return moved, more, nil
}

func (s *Store) sweepNeeded(ctx context.Context) (bool, error) {
	var needed bool
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM stop s WHERE s.lifted_at = 0)
			OR EXISTS (SELECT 1 FROM lane l WHERE l.held > 0)
			OR EXISTS (SELECT 1 FROM dispatch d WHERE d.state = 'void')`).Scan(&needed)
	})
	if err != nil {
		return false, fmt.Errorf("sweep: %w", err)
	}
	return needed, nil
}

// sweptColumns begins every choice of copies: what pick reads.
const sweptColumns = `SELECT v.dispatch, v.seq, v.recipient, v.attempts, v.due, v.state, v.reply FROM `

// become moves chosen copies of a lane, writes the ledger and counts them.
func (w *sweep) become(ctx context.Context, lane laneKey, rows []picked, to cordon.DeliveryState, stop cordon.StopID) error {
	if len(rows) == 0 {
		return nil
	}
	m := mover{set: `state = $4, at = $5, node = NULL`, guard: `state IN ('queued', 'deferred', 'held')`, args: []any{string(to), micros(w.now)}}
	if to == cordon.Queued {
		m.set += `, due = 0`
		w.wake("queue")
	}
	if err := w.moveRows(ctx, lane.tenant, rows, m); err != nil {
		return err
	}
	bySeq := map[int64]spans{}
	for _, p := range rows {
		w.moves.shift(lane, p.state, to, 1)
		bySeq[p.dispatch] = bySeq[p.dispatch].add(p.seq)
	}
	nums := dispatchesOf(rows)
	facts, err := readDispatchFacts(ctx, w, lane.tenant, nums)
	if err != nil {
		return err
	}
	for _, num := range nums {
		f := facts[num]
		if f == nil {
			return fmt.Errorf("dispatch %d of tenant %d is missing", num, lane.tenant)
		}
		w.append(cordon.Entry{
			Kind: cordon.EntrySwept, Tenant: f.tenantID, Actor: cordon.System().ID(), Subject: string(f.id),
			Body: mustJSON(attemptsBody{Outcome: to, Copies: bySeq[num].size(), Seqs: bySeq[num].String(), Stop: stop}),
		})
	}
	w.left -= len(rows)
	w.moved += len(rows)
	if to != cordon.Cut {
		return nil
	}
	if err := w.dropCutValues(ctx, lane.tenant, rows, facts); err != nil {
		return err
	}
	return w.finishCut(ctx, lane, facts)
}

// finishCut marks dispatches done whose last open copies were cut.
func (w *sweep) finishCut(ctx context.Context, lane laneKey, facts map[int64]*dispatchFacts) error {
	stands, err := w.moves.apply(ctx, w.tx)
	if err != nil {
		return err
	}
	clear(w.moves)
	keyed := map[laneKey]*dispatchFacts{}
	for num, f := range facts {
		keyed[laneKey{lane.tenant, num}] = f
	}
	return w.finishDispatches(ctx, keyed, stands)
}

// lanesOf runs a query that answers lanes as (tenant, num).
func (w *sweep) lanesOf(ctx context.Context, text string, args ...any) ([]laneKey, error) {
	rows, err := w.query(ctx, text, args...)
	return collect(rows, err, func(r scanner) (laneKey, error) {
		var k laneKey
		err := r.Scan(&k.tenant, &k.num)
		return k, err
	})
}

// eachLane moves copies lane by lane while there is room.
func (w *sweep) eachLane(ctx context.Context, lanes []laneKey, to cordon.DeliveryState, stop cordon.StopID, text string, args ...any) error {
	for _, lane := range lanes {
		if w.left <= 0 {
			return nil
		}
		rows, err := w.pick(ctx, text, append([]any{lane.tenant, lane.num, w.left}, args...)...)
		if err != nil {
			return err
		}
		if err := w.become(ctx, lane, rows, to, stop); err != nil {
			return err
		}
	}
	return nil
}

// holdLanes holds what is open in the lanes that a stop covers whole.
func (w *sweep) holdLanes(ctx context.Context) error {
	lanes, err := w.lanesOf(ctx, `SELECT l.tenant, l.num FROM lane l WHERE l.next_due IS NOT NULL AND l.queued + l.deferred > 0
		AND `+blocked("l", "dispatch_id", "$1")+` ORDER BY l.tenant, l.num`, micros(w.now))
	if err != nil {
		return err
	}
	return w.eachLane(ctx, lanes, cordon.HeldState, "", sweptColumns+`delivery v
		WHERE v.tenant = $1 AND v.lane = $2 AND v.`+openStates+` AND v.state <> 'uncertain' LIMIT $3 {{skiplocked}}`)
}

// holdDispatches holds the single sends of dispatches that a stop names; they
// share their lane with others that go on.
func (w *sweep) holdDispatches(ctx context.Context) error {
	return w.named(ctx, cordon.HeldState, `('queued', 'deferred')`, `SELECT d.tenant, d.num, d.lane, '' FROM stop s CROSS JOIN dispatch d
		WHERE s.dispatch <> '' AND `+standing("s", "$1")+` AND d.id = s.dispatch AND d.kind = 'single' AND d.state = 'open'
		AND `+covers("s", "d", "id"), micros(w.now))
}

// named moves the copies of single dispatches that a query names.
func (w *sweep) named(ctx context.Context, to cordon.DeliveryState, states, text string, args ...any) error {
	type place struct {
		dispatch laneKey
		lane     int64
		stop     cordon.StopID
	}
	rows, err := w.query(ctx, text, args...)
	places, err := collect(rows, err, func(r scanner) (place, error) {
		var p place
		err := r.Scan(&p.dispatch.tenant, &p.dispatch.num, &p.lane, &p.stop)
		return p, err
	})
	if err != nil {
		return err
	}
	for _, p := range places {
		if w.left <= 0 {
			return nil
		}
		rows, err := w.pick(ctx, sweptColumns+`delivery v WHERE v.tenant = $1 AND v.dispatch = $2 AND v.state IN `+states+`
			ORDER BY v.seq LIMIT $3 {{skiplocked}}`, p.dispatch.tenant, p.dispatch.num, w.left)
		if err != nil {
			return err
		}
		if err := w.become(ctx, laneKey{p.dispatch.tenant, p.lane}, rows, to, p.stop); err != nil {
			return err
		}
	}
	return nil
}

// giveBack returns held copies to the queue where nothing holds them any more:
// the dispatch is open (not held by its verdict) and no stop covers it.
func (w *sweep) giveBack(ctx context.Context) error {
	lanes, err := w.lanesOf(ctx, `SELECT l.tenant, l.num FROM lane l WHERE l.held > 0 AND NOT `+blocked("l", "dispatch_id", "$1")+`
		ORDER BY l.tenant, l.num`, micros(w.now))
	if err != nil {
		return err
	}
	return w.eachLane(ctx, lanes, cordon.Queued, "", sweptColumns+`delivery v
		WHERE v.tenant = $1 AND v.lane = $2 AND v.state = 'held'
		AND EXISTS (SELECT 1 FROM dispatch d WHERE d.tenant = v.tenant AND d.num = v.dispatch AND d.state = 'open'
			AND NOT `+blocked("d", "id", "$4")+`)
		ORDER BY v.dispatch, v.seq LIMIT $3 {{skiplocked}}`, micros(w.now))
}

// cutDiscarded cuts what is left of dispatches that a person discarded.
func (w *sweep) cutDiscarded(ctx context.Context) error {
	lanes, err := w.lanesOf(ctx, `SELECT l.tenant, l.num FROM lane l WHERE l.held > 0 ORDER BY l.tenant, l.num`)
	if err != nil {
		return err
	}
	return w.eachLane(ctx, lanes, cordon.Cut, "", sweptColumns+`delivery v
		WHERE v.tenant = $1 AND v.lane = $2 AND v.state = 'held'
		AND EXISTS (SELECT 1 FROM dispatch d WHERE d.tenant = v.tenant AND d.num = v.dispatch AND d.state = 'discarded')
		ORDER BY v.dispatch, v.seq LIMIT $3 {{skiplocked}}`)
}

// discardStops cuts what the stops cover that are being lifted by discard, and
// lifts each when nothing it covers is left.
func (w *sweep) discardStops(ctx context.Context) error {
	rows, err := w.query(ctx, `SELECT `+stopColumns+` FROM stop s WHERE s.lifted_at = 0 AND s.disposition = 'discard' ORDER BY s.num`)
	stops, err := collect(rows, err, func(r scanner) (cordon.Stop, error) {
		_, stop, err := scanStop(r)
		return stop, err
	})
	if err != nil {
		return err
	}
	for _, stop := range stops {
		if err := w.discardStop(ctx, stop); err != nil || w.left <= 0 {
			return err
		}
	}
	return nil
}

func (w *sweep) discardStop(ctx context.Context, stop cordon.Stop) error {
	var num int64
	if err := w.queryRow(ctx, `SELECT s.num FROM stop s WHERE s.id = $1`, string(stop.ID)).Scan(&num); err != nil {
		return err
	}
	lanes, err := w.lanesOf(ctx, `SELECT l.tenant, l.num FROM stop s CROSS JOIN lane l
		WHERE s.num = $1 AND l.queued + l.deferred + l.held + l.uncertain > 0 AND `+covers("s", "l", "dispatch_id")+` ORDER BY l.tenant, l.num`, num)
	if err != nil {
		return err
	}
	const open = `delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.` + openStates + ` AND v.state <> 'uncertain' LIMIT $3 {{skiplocked}}`
	if err := w.eachLane(ctx, lanes, cordon.Cut, stop.ID, sweptColumns+open); err != nil {
		return err
	}
	// What a verdict holds is its own affair: only copies of open dispatches.
	const held = `delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.state = 'held'
		AND EXISTS (SELECT 1 FROM dispatch d WHERE d.tenant = v.tenant AND d.num = v.dispatch AND d.state = 'open')
		ORDER BY v.dispatch, v.seq LIMIT $3 {{skiplocked}}`
	if err := w.eachLane(ctx, lanes, cordon.Cut, stop.ID, sweptColumns+held); err != nil {
		return err
	}
	single := `SELECT d.tenant, d.num, d.lane, s.id FROM stop s CROSS JOIN dispatch d WHERE s.num = $1 AND s.dispatch <> ''
		AND d.id = s.dispatch AND d.kind = 'single' AND d.state = 'open' AND ` + covers("s", "d", "id")
	if err := w.named(ctx, cordon.Cut, `('queued', 'deferred', 'held')`, single, num); err != nil || w.left <= 0 {
		return err
	}
	return w.finishDiscard(ctx, num, lanes)
}

// finishDiscard lifts the stop when nothing it covers is being sent any more:
// what is being sent may come back deferred, and then must still be cut.
// Uncertain copies stay uncertain, perhaps delivered, and are not tried again.
func (w *sweep) finishDiscard(ctx context.Context, num int64, lanes []laneKey) error {
	if err := w.retireUncertain(ctx, num, lanes); err != nil {
		return err
	}
	if err := w.finishRetired(ctx, lanes); err != nil {
		return err
	}
	var waiting int64
	err := w.queryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM stop s CROSS JOIN node n CROSS JOIN delivery v CROSS JOIN dispatch d
		WHERE s.num = $1 AND v.state = 'sending' AND v.node = n.num AND d.tenant = v.tenant AND d.num = v.dispatch AND `+covers("s", "d", "id")+` LIMIT 1) x`, num).Scan(&waiting)
	if err != nil || waiting > 0 {
		return err
	}
	left, err := w.openUnder(ctx, num, lanes)
	if err != nil || left {
		return err
	}
	_, err = w.exec(ctx, `UPDATE stop SET lifted_at = $2 WHERE num = $1 AND lifted_at = 0`, num, micros(w.now))
	w.wake("stops")
	return err
}

// finishRetired counts what was moved so far and marks the bulk dispatches done
// that have only such uncertain copies left. A bulk dispatch has its lane's
// number, and no dispatch has the number of a lane of single sends.
func (w *sweep) finishRetired(ctx context.Context, lanes []laneKey) error {
	stands, err := w.moves.apply(ctx, w.tx)
	if err != nil {
		return err
	}
	clear(w.moves)
	byTenant := map[int64][]int64{}
	for _, k := range lanes {
		byTenant[k.tenant] = append(byTenant[k.tenant], k.num)
	}
	keyed := map[laneKey]*dispatchFacts{}
	for tenant, nums := range byTenant {
		facts, err := readDispatchFacts(ctx, w, tenant, nums)
		if err != nil {
			return err
		}
		for num, f := range facts {
			keyed[laneKey{tenant, num}] = f
		}
	}
	return w.finishDispatches(ctx, keyed, stands)
}

// openUnder says whether a copy that another transaction held back from the
// sweep (skip locked) is still there to be cut.
func (w *sweep) openUnder(ctx context.Context, num int64, lanes []laneKey) (bool, error) {
	for _, lane := range lanes {
		var one int64
		err := w.queryRow(ctx, `SELECT 1 FROM delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.`+openStates+` AND v.state <> 'uncertain' LIMIT 1`,
			lane.tenant, lane.num).Scan(&one)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
	}
	var left bool
	err := w.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM stop s CROSS JOIN dispatch d CROSS JOIN delivery v
		WHERE s.num = $1 AND s.dispatch <> '' AND d.id = s.dispatch AND d.kind = 'single' AND d.state = 'open' AND v.tenant = d.tenant AND v.dispatch = d.num
		AND v.state IN ('queued', 'deferred', 'held') AND `+covers("s", "d", "id")+`)`, num).Scan(&left)
	return left, err
}

// retireUncertain makes the uncertain copies under a discarded stop wait for
// ever: they are neither tried again nor forgotten.
func (w *sweep) retireUncertain(ctx context.Context, num int64, lanes []laneKey) error {
	for _, lane := range lanes {
		if _, err := w.exec(ctx, `UPDATE delivery SET due = $3 WHERE tenant = $1 AND lane = $2 AND `+openStates+` AND state = 'uncertain'`, lane.tenant, lane.num, never); err != nil {
			return err
		}
		if err := w.deleteValues(ctx, `SELECT v.dispatch, v.recipient FROM delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.`+openStates+` AND v.state = 'uncertain'`, lane.tenant, lane.num); err != nil {
			return err
		}
		w.moves.of(lane).reopened = true
	}
	rows, err := w.query(ctx, `SELECT d.tenant, d.num, d.lane FROM stop s CROSS JOIN dispatch d WHERE s.num = $1 AND s.dispatch <> ''
		AND d.id = s.dispatch AND d.kind = 'single' AND `+covers("s", "d", "id"), num)
	type place struct{ tenant, num, lane int64 }
	places, err := collect(rows, err, func(r scanner) (place, error) {
		var p place
		err := r.Scan(&p.tenant, &p.num, &p.lane)
		return p, err
	})
	if err != nil {
		return err
	}
	for _, p := range places {
		if _, err := w.exec(ctx, `UPDATE delivery SET due = $3 WHERE tenant = $1 AND dispatch = $2 AND state = 'uncertain'`, p.tenant, p.num, never); err != nil {
			return err
		}
		if err := w.deleteValues(ctx, `SELECT v.dispatch, v.recipient FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2 AND v.state = 'uncertain'`, p.tenant, p.num); err != nil {
			return err
		}
		w.moves.of(laneKey{p.tenant, p.lane}).reopened = true
	}
	return nil
}
