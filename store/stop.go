package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// covers is the SQL twin of cordon.Scope.Blocks: whether the scope in the row
// named scope matches the dispatch or lane in the row named copy, whose own ID
// stands in the column named id ("id" in dispatch, "dispatch_id" in lane). It
// is the only place where a scope is matched in SQL; a property test proves it
// equal to cordon.Scope.Blocks on both engines.
func covers(scope, copy, id string) string {
	return strings.NewReplacer("s.", scope+".", "d.", copy+".", "d#", copy+"."+id).Replace(
		`((s.kind = '' OR s.kind = d.kind) AND (d.kind <> 'notice' OR s.kind = 'notice' OR s.dispatch <> '') AND (s.everything OR (` +
			`(s.tenant <> '' OR s.template <> '' OR s.account <> '' OR s.key_id <> '' OR s.dispatch <> '')` +
			` AND (s.tenant = '' OR s.tenant = d.tenant_id)` +
			` AND (s.template = '' OR s.template = d.template)` +
			` AND (s.account = '' OR s.account = d.account)` +
			` AND (s.key_id = '' OR s.key_id = d.key_id)` +
			` AND (s.dispatch = '' OR s.dispatch = d#))))`)
}

// standing is the SQL twin of cordon.Stop.Active; now is a placeholder.
func standing(stop, now string) string {
	return fmt.Sprintf("(%s.lifted_at = 0 AND (%s.until_at = 0 OR %s.until_at > %s))", stop, stop, stop, now)
}

// blocked is the SQL twin of "some cordon.Stop.Blocks this copy": every claim,
// every choice of a lane and every sweep carries it.
func blocked(copy, id, now string) string {
	return "EXISTS (SELECT 1 FROM stop s WHERE " + standing("s", now) + " AND " + covers("s", copy, id) + ")"
}

const stopColumns = `s.num, s.id, s.everything, s.tenant, s.template, s.account, s.key_id, s.dispatch, s.kind,
	s.reason, s.placed_by, s.placed_at, s.until_at, s.lifted_by, s.lifted_at, s.disposition, s.answer`

func scanStop(row scanner) (num int64, p cordon.Stop, err error) {
	var placed, until, lifted int64
	var answer string
	c := &p.Scope
	err = row.Scan(&num, &p.ID, &c.Everything, &c.Tenant, &c.Template, &c.Account, &c.Key, &c.Dispatch, &c.Kind,
		&p.Reason, &p.PlacedBy, &placed, &until, &p.LiftedBy, &lifted, &p.Disposition, &answer)
	if err != nil {
		return 0, cordon.Stop{}, err
	}
	p.PlacedAt, p.Until, p.LiftedAt = fromMicros(placed), fromMicros(until), fromMicros(lifted)
	if err := json.Unmarshal([]byte(answer), &p.Answer); err != nil {
		return 0, cordon.Stop{}, fmt.Errorf("stop %s: answer: %w", p.ID, err)
	}
	return num, p, nil
}

// scopeRow is a scope given as arguments, as a one-row table with the columns
// that covers compares; its placeholders are $1 to $7.
const scopeRow = `(SELECT CAST($1 AS BOOLEAN) AS everything, CAST($2 AS TEXT) AS tenant, CAST($3 AS TEXT) AS template,
	CAST($4 AS TEXT) AS account, CAST($5 AS TEXT) AS key_id, CAST($6 AS TEXT) AS dispatch, CAST($7 AS TEXT) AS kind)`

func scopeArgs(c cordon.Scope) []any {
	return []any{c.Everything, string(c.Tenant), string(c.Template), string(c.Account), string(c.Key), string(c.Dispatch), string(c.Kind)}
}

// scopeCounts counts the accepted copies that a scope matches: from the lanes'
// counters, and only for one dispatch of single sends from its rows.
func scopeCounts(ctx context.Context, q querier, c cordon.Scope) (cordon.Counts, error) {
	var counts cordon.Counts
	// The extra conditions only lead to the right index.
	where := covers("s", "l", "dispatch_id")
	switch {
	case c.Dispatch != "":
		where += ` AND l.dispatch_id <> '' AND l.dispatch_id = s.dispatch`
	case c.Tenant != "":
		where += ` AND l.tenant = (SELECT t.num FROM tenant t WHERE t.id = s.tenant)`
	}
	err := q.queryRow(ctx, `SELECT `+sumCounters("l")+` FROM `+scopeRow+` s CROSS JOIN lane l WHERE `+where, scopeArgs(c)...).Scan(scanCounts(&counts)...)
	if err != nil || c.Dispatch == "" {
		return counts, err
	}
	rows, err := q.query(ctx, `SELECT `+countedState("v")+`, COUNT(*) FROM `+scopeRow+` s CROSS JOIN dispatch d CROSS JOIN delivery v
		WHERE d.id = s.dispatch AND d.kind = 'single' AND d.state NOT IN ('accepting', 'void') AND `+covers("s", "d", "id")+`
		AND v.tenant = d.tenant AND v.dispatch = d.num GROUP BY 1`, scopeArgs(c)...)
	if err != nil {
		return counts, err
	}
	return addStates(rows, counts)
}

// addStates adds (state, count) rows and closes them.
func addStates(rows *sql.Rows, counts cordon.Counts) (cordon.Counts, error) {
	defer rows.Close()
	for rows.Next() {
		var state cordon.DeliveryState
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return counts, err
		}
		if of := counts.Of(state); of != nil {
			*of += n
		}
	}
	return counts, rows.Err()
}

// StopPreview counts what a stop over the scope would meet now.
func (s *Store) StopPreview(ctx context.Context, c cordon.Scope) (cordon.Counts, error) {
	var counts cordon.Counts
	err := s.snapshot(ctx, func(q querier) error {
		var err error
		counts, err = scopeCounts(ctx, q, c)
		return err
	})
	if err != nil {
		return cordon.Counts{}, fmt.Errorf("preview stop: %w", err)
	}
	return counts, nil
}

// PlaceStop commits the stop, whatever the queue holds: no copy is rewritten.
// From the commit on no claim takes a copy that it covers. It answers with the
// stop's exact account. Copies that were being sent count as in flight, unless
// sharpen, told which they are, knows better; what it answers is what is stored
// and what the ledger says. It may be called twice, and must not block.
func (s *Store) PlaceStop(ctx context.Context, by cordon.Actor, stop cordon.Stop, sharpen func(cordon.StopAnswer, []cordon.Ref) cordon.StopAnswer) (cordon.Stop, error) {
	var placed cordon.Stop
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `{{exclude queue}}`); err != nil {
			return err
		}
		var err error
		placed, err = t.placeStop(ctx, by, stop, sharpen)
		return err
	})
	if err != nil {
		return cordon.Stop{}, fmt.Errorf("place stop: %w", err)
	}
	return placed, nil
}

// placeStop needs the queue's lock alone, so that no claim and no record of a
// try comes between the stop and its answer.
func (t *tx) placeStop(ctx context.Context, by cordon.Actor, stop cordon.Stop, sharpen func(cordon.StopAnswer, []cordon.Ref) cordon.StopAnswer) (cordon.Stop, error) {
	if err := stop.Validate(); err != nil {
		return cordon.Stop{}, err
	}
	if stop.ID == "" {
		stop.ID = cordon.NewStopID()
	}
	if stop.PlacedBy == "" {
		stop.PlacedBy = by.ID()
	}
	stop.PlacedAt = t.now
	stop.Until = fromMicros(micros(stop.Until))
	stop.LiftedBy, stop.LiftedAt, stop.Disposition = "", fromMicros(0), ""
	counts, err := scopeCounts(ctx, t, stop.Scope)
	if err != nil {
		return cordon.Stop{}, err
	}
	stop.Answer = cordon.StopAnswer{
		Delivered: counts.Delivered, InFlight: counts.Sending, Held: counts.Queued + counts.Deferred + counts.Held,
		Refused: counts.Refused, Unknown: counts.Uncertain,
	}
	refs, err := t.sendingIn(ctx, stop.Scope)
	if err != nil {
		return cordon.Stop{}, err
	}
	if sharpen != nil {
		stop.Answer = sharpen(stop.Answer, refs)
	}
	if err := t.insertStop(ctx, stop); err != nil {
		return cordon.Stop{}, err
	}
	t.append(cordon.Entry{
		Kind: cordon.EntryStopPlaced, Tenant: stop.Scope.Tenant, Actor: by.ID(), Subject: string(stop.ID), Body: mustJSON(stop),
	})
	t.wake("stops")
	return stop, nil
}

func (t *tx) insertStop(ctx context.Context, stop cordon.Stop) error {
	num, err := t.take(ctx, 0, "stop", 1)
	if err != nil {
		return err
	}
	c := stop.Scope
	_, err = t.exec(ctx, `INSERT INTO stop (num, id, everything, tenant, template, account, key_id, dispatch, kind, reason, placed_by, placed_at, until_at, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		num, string(stop.ID), c.Everything, string(c.Tenant), string(c.Template), string(c.Account), string(c.Key), string(c.Dispatch), string(c.Kind),
		stop.Reason, stop.PlacedBy, micros(stop.PlacedAt), micros(stop.Until), string(mustJSON(stop.Answer)))
	return err
}

// sendingIn lists the copies being sent that the scope matches, but for those
// that were perhaps delivered before: they are unknown already, whatever this
// try comes to. The order of the joins is meant: from the few copies being sent to their dispatches.
func (t *tx) sendingIn(ctx context.Context, c cordon.Scope) ([]cordon.Ref, error) {
	rows, err := t.query(ctx, `SELECT v.tenant, v.dispatch, v.seq, n.name
		FROM `+scopeRow+` s CROSS JOIN node n CROSS JOIN delivery v CROSS JOIN dispatch d
		WHERE v.state = 'sending' AND NOT v.perhaps AND v.node = n.num AND d.tenant = v.tenant AND d.num = v.dispatch AND `+covers("s", "d", "id"), scopeArgs(c)...)
	return collect(rows, err, func(r scanner) (cordon.Ref, error) {
		var ref cordon.Ref
		err := r.Scan(&ref.Tenant, &ref.Dispatch, &ref.Seq, &ref.Node)
		return ref, err
	})
}

// Stop answers one stop.
func (s *Store) Stop(ctx context.Context, id cordon.StopID) (cordon.Stop, error) {
	var stop cordon.Stop
	err := s.read(ctx, func(q querier) error {
		var err error
		_, stop, err = scanStop(q.queryRow(ctx, `SELECT `+stopColumns+` FROM stop s WHERE s.id = $1`, string(id)))
		return orMissing(err, "stop")
	})
	return stop, err
}

// Stops lists stops, the newest first.
func (s *Store) Stops(ctx context.Context, activeOnly bool, p cordon.Page) ([]cordon.Stop, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	text := `SELECT ` + stopColumns + ` FROM stop s WHERE s.num < $1 AND (CAST($2 AS BIGINT) = 0 OR ` + standing("s", "$2") + `) ORDER BY s.num DESC LIMIT $3`
	now := int64(0)
	if activeOnly {
		now = micros(s.now())
	}
	type numbered struct {
		num  int64
		stop cordon.Stop
	}
	var all []numbered
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, text, before, now, p.Size()+1)
		all, err = collect(rows, err, func(r scanner) (numbered, error) {
			num, stop, err := scanStop(r)
			return numbered{num, stop}, err
		})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("stops: %w", err)
	}
	all, next := page(all, p, func(n numbered) string { return fmt.Sprint(n.num) })
	stops := make([]cordon.Stop, len(all))
	for i, n := range all {
		stops[i] = n.stop
	}
	return stops, next, nil
}

// numBefore reads the cursor of a list that goes from the highest number down.
func numBefore(p cordon.Page) (int64, error) {
	key, err := afterCursor(p)
	if err != nil {
		return 0, err
	}
	if key == "" {
		return never, nil
	}
	num, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0, cordon.InvalidField("after", "is not a cursor of this list", "pass on the cursor of the last answer unchanged")
	}
	return num, nil
}

// ActiveStops lists every stop that stands now, the oldest first.
func (s *Store) ActiveStops(ctx context.Context) ([]cordon.Stop, error) {
	var stops []cordon.Stop
	now := micros(s.now())
	err := s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+stopColumns+` FROM stop s WHERE `+standing("s", "$1")+` ORDER BY s.num`, now)
		stops, err = collect(rows, err, func(r scanner) (cordon.Stop, error) {
			_, stop, err := scanStop(r)
			return stop, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("active stops: %w", err)
	}
	return stops, nil
}

// LiftStop ends a stop. With Resume it ends at once, and the sweep gives back
// what it kept. With Discard it goes on blocking until every copy it covers is
// cut, so that none leaves between; LiftStop does that work itself, and when it
// cannot finish (a copy is still being sent, or ctx ends) Sweep goes on and
// LiftedAt stays zero until it is done.
func (s *Store) LiftStop(ctx context.Context, by cordon.Actor, id cordon.StopID, how cordon.Disposition) (cordon.Stop, error) {
	if how != cordon.Resume && how != cordon.Discard {
		return cordon.Stop{}, cordon.InvalidField("disposition", "must be resume or discard", "say what happens to the copies the stop kept back")
	}
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `{{exclude queue}}`); err != nil {
			return err
		}
		return t.liftStop(ctx, by, id, how)
	})
	if err != nil {
		return cordon.Stop{}, fmt.Errorf("lift stop: %w", err)
	}
	for more := how == cordon.Discard; more && ctx.Err() == nil; {
		if _, more, err = s.Sweep(ctx, sweepChunk); err != nil {
			return cordon.Stop{}, fmt.Errorf("lift stop: %w", err)
		}
	}
	return s.Stop(context.WithoutCancel(ctx), id)
}

func (t *tx) liftStop(ctx context.Context, by cordon.Actor, id cordon.StopID, how cordon.Disposition) error {
	_, stop, err := scanStop(t.queryRow(ctx, `SELECT `+stopColumns+` FROM stop s WHERE s.id = $1 {{forupdate}}`, string(id)))
	switch {
	case err != nil:
		return orMissing(err, "stop")
	case !stop.LiftedAt.IsZero():
		return cordon.Errorf(cordon.Conflict, "the stop is lifted already")
	case stop.Disposition != "":
		return cordon.Errorf(cordon.Conflict, "the stop is being lifted: what it covers is being discarded")
	}
	lifted := int64(0)
	if how == cordon.Resume {
		lifted = micros(t.now)
	}
	// A stop that is being discarded does not run out half-way.
	_, err = t.exec(ctx, `UPDATE stop SET disposition = $2, lifted_by = $3, lifted_at = $4,
		until_at = CASE WHEN CAST($4 AS BIGINT) = 0 THEN 0 ELSE until_at END WHERE id = $1`, string(id), string(how), by.ID(), lifted)
	if err != nil {
		return err
	}
	t.append(cordon.Entry{
		Kind: cordon.EntryStopLifted, Tenant: stop.Scope.Tenant, Actor: by.ID(), Subject: string(id),
		Body: mustJSON(map[string]any{"disposition": how}),
	})
	t.wake("stops")
	t.wake("queue")
	return nil
}
