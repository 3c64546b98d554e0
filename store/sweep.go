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
//	lifted by discard   queued, deferred, held → cut, uncertain → not tried again; then the stop is lifted
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

// become moves chosen copies of a lane, writes the ledger and counts them. What
// was perhaps delivered is not cut: it stays uncertain, and is not tried again.
func (w *sweep) become(ctx context.Context, lane laneKey, rows []picked, to cordon.DeliveryState, stop cordon.StopID) error {
	if len(rows) == 0 {
		return nil
	}
	facts, err := readDispatchFacts(ctx, w, lane.tenant, dispatchesOf(rows))
	if err != nil {
		return err
	}
	perhaps, certain := partition(rows, func(p picked) bool { return p.state == cordon.Uncertain })
	m := mover{set: `state = $4, at = $5, node = NULL`, guard: `state IN ('queued', 'deferred', 'held')`, args: []any{string(to), micros(w.now)}}
	if to == cordon.Queued {
		m.set += fmt.Sprintf(`, due = CASE WHEN attempts = 0 AND due > %d THEN due ELSE 0 END`, micros(w.now)) // its undo window is not cut short
		w.wake("queue")
	}
	if err := w.moveTo(ctx, lane, certain, m, attemptsBody{Outcome: to, Stop: stop}, facts); err != nil {
		return err
	}
	m = mover{set: `due = $4`, guard: `state = 'uncertain'`, args: []any{never}}
	if err := w.moveTo(ctx, lane, perhaps, m, attemptsBody{Outcome: to, Remains: cordon.Uncertain, Stop: stop}, facts); err != nil {
		return err
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

// partition keeps the order in both parts.
func partition[T any](all []T, first func(T) bool) (yes, no []T) {
	for _, v := range all {
		if first(v) {
			yes = append(yes, v)
		} else {
			no = append(no, v)
		}
	}
	return yes, no
}

// moveTo changes the rows and writes an entry for each of their dispatches.
func (w *sweep) moveTo(ctx context.Context, lane laneKey, rows []picked, m mover, body attemptsBody, facts map[int64]*dispatchFacts) error {
	if err := w.moveRows(ctx, lane.tenant, rows, m); err != nil {
		return err
	}
	bySeq := map[int64]spans{}
	for _, p := range rows {
		w.moves.shift(lane, p.state, body.state(), 1)
		bySeq[p.dispatch] = bySeq[p.dispatch].add(p.seq)
	}
	for _, num := range dispatchesOf(rows) {
		f := facts[num]
		if f == nil {
			return fmt.Errorf("dispatch %d of tenant %d is missing", num, lane.tenant)
		}
		body.Copies, body.Seqs = bySeq[num].size(), bySeq[num].String()
		w.append(cordon.Entry{Kind: cordon.EntrySwept, Tenant: f.tenantID, Actor: cordon.System().ID(), Subject: string(f.id), Body: mustJSON(body)})
	}
	return nil
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
	return w.named(ctx, cordon.HeldState, `v.state IN ('queued', 'deferred')`, `SELECT d.tenant, d.num, d.lane, '' FROM stop s CROSS JOIN dispatch d
		WHERE s.dispatch <> '' AND `+standing("s", "$1")+` AND d.id = s.dispatch AND d.kind = 'single' AND d.state = 'open'
		AND `+covers("s", "d", "id"), micros(w.now))
}

// named moves the copies of single dispatches that a query names.
func (w *sweep) named(ctx context.Context, to cordon.DeliveryState, which, text string, args ...any) error {
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
		rows, err := w.pick(ctx, sweptColumns+`delivery v WHERE v.tenant = $1 AND v.dispatch = $2 AND `+which+`
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
	open := fmt.Sprintf(`delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.`+openStates+` AND v.due < %d LIMIT $3 {{skiplocked}}`, never)
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
	if err := w.named(ctx, cordon.Cut, unsettled("v"), single, num); err != nil || w.left <= 0 {
		return err
	}
	return w.finishDiscard(ctx, num, lanes)
}

// finishDiscard lifts the stop when nothing it covers is being sent any more:
// what is being sent may come back deferred or uncertain, and then must still be
// taken out of the queue. So it looks at what is being sent first.
func (w *sweep) finishDiscard(ctx context.Context, num int64, lanes []laneKey) error {
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

// openUnder says whether a copy that another transaction held back from the
// sweep (skip locked) is still there to be cut.
func (w *sweep) openUnder(ctx context.Context, num int64, lanes []laneKey) (bool, error) {
	for _, lane := range lanes {
		var one int64
		err := w.queryRow(ctx, `SELECT 1 FROM delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.`+openStates+` AND v.due < $3 LIMIT 1`,
			lane.tenant, lane.num, never).Scan(&one)
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
		AND `+unsettled("v")+` AND `+covers("s", "d", "id")+`)`, num).Scan(&left)
	return left, err
}
