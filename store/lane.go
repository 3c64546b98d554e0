package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// openStates is the text of the partial index delivery_open: a query that means
// to use the index says exactly this.
const openStates = "state IN ('queued', 'deferred', 'uncertain')"

// never is the due time of an uncertain copy that is not tried again: a later
// try was refused or bounced, a person discarded it, or its days are over.
const never int64 = 1<<63 - 1

// lanePause is how long a lane whose due copies are all kept back by a stop on
// one of its dispatches waits before it is offered again.
const lanePause = time.Second

// laneKey names a lane, or a dispatch, inside the store.
type laneKey struct{ tenant, num int64 }

// laneMove is what a transaction changed in one lane.
type laneMove struct {
	by          cordon.Counts
	first, last int64 // of delivered copies; 0 when there are none
	reopened    bool  // copies became open: next_due must be found anew
}

// laneMoves gathers what a transaction changed; apply writes it.
type laneMoves map[laneKey]*laneMove

func (m laneMoves) of(k laneKey) *laneMove {
	if m[k] == nil {
		m[k] = &laneMove{}
	}
	return m[k]
}

// shift notes that n copies went from one state to another.
func (m laneMoves) shift(k laneKey, from, to cordon.DeliveryState, n int64) {
	move := m.of(k)
	*move.by.Of(from) -= n
	*move.by.Of(to) += n
	move.reopened = move.reopened || to.Open() || from.Open()
}

// laneStand is what an updated lane says.
type laneStand struct {
	counts  cordon.Counts
	nextDue sql.NullInt64
	openTo  sql.NullInt64 // how far a staged dispatch is open
}

// idle says whether nothing in the lane can change by itself any more, unless a
// copy that was perhaps delivered is just being tried again. A stage that is
// held may keep such a try back, so nothing ends under it.
func (l laneStand) idle() bool {
	c := l.counts
	return c.Queued+c.Sending+c.Deferred+c.Held == 0 && !l.nextDue.Valid && !(l.shut() && c.Uncertain > 0)
}

// shut says whether a held stage, or a verdict, keeps the whole lane back.
func (l laneStand) shut() bool { return l.openTo.Valid && l.openTo.Int64 == 0 }

// stageLeft says whether every copy of the stages opened so far had its first
// try: whatever waits or is being sent for the first time belongs to a later one.
func (l laneStand) stageLeft() bool {
	c := l.counts
	return l.openTo.Valid && !l.shut() && c.Queued+c.Held+c.Sending <= c.Total()-l.openTo.Int64
}

// apply adds the moves to the counters, always in the same order of lanes (so
// that two transactions cannot wait for each other in a circle), and finds
// next_due anew where copies became or ceased to be open. The first statement
// locks the lane's row; the second sees every copy committed before the lock.
func (m laneMoves) apply(ctx context.Context, t *tx) (map[laneKey]laneStand, error) {
	keys := make([]laneKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareLanes)
	stands := make(map[laneKey]laneStand, len(m))
	for _, k := range keys {
		stand, err := m[k].apply(ctx, t, k)
		if err != nil {
			return nil, fmt.Errorf("lane counters: %w", err)
		}
		stands[k] = stand
	}
	return stands, nil
}

func compareLanes(a, b laneKey) int {
	return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.num, b.num))
}

const laneCounters = "queued, sending, delivered, deferred, bounced, uncertain, held, cut, refused"

func (m *laneMove) apply(ctx context.Context, t *tx, k laneKey) (laneStand, error) {
	b := m.by
	row := t.queryRow(ctx, `UPDATE lane SET
		queued = queued + $3, sending = sending + $4, delivered = delivered + $5, deferred = deferred + $6,
		bounced = bounced + $7, uncertain = uncertain + $8, held = held + $9, cut = cut + $10, refused = refused + $11,
		first_at = CASE WHEN CAST($12 AS BIGINT) <> 0 AND (first_at = 0 OR first_at > $12) THEN $12 ELSE first_at END,
		last_at = CASE WHEN last_at < $13 THEN $13 ELSE last_at END
		WHERE tenant = $1 AND num = $2
		RETURNING `+laneCounters+`, next_due, open_to`,
		k.tenant, k.num, b.Queued, b.Sending, b.Delivered, b.Deferred, b.Bounced, b.Uncertain, b.Held, b.Cut, b.Refused, m.first, m.last)
	stand, err := scanLaneStand(row)
	if err == nil && stand.stageLeft() {
		err = t.noteLeft(ctx, k)
	}
	if err != nil || !m.reopened {
		return stand, err
	}
	if stand.openTo.Valid {
		err = t.queryRow(ctx, nextDueStaged, k.tenant, k.num, never, stand.openTo.Int64).Scan(&stand.nextDue)
		return stand, err
	}
	err = t.queryRow(ctx, `UPDATE lane SET next_due = (SELECT MIN(v.due) FROM delivery v
			WHERE v.tenant = $1 AND v.lane = $2 AND v.`+openStates+` AND v.due < $3)
		WHERE tenant = $1 AND num = $2 RETURNING next_due`, k.tenant, k.num, never).Scan(&stand.nextDue)
	return stand, err
}

// nextDueStaged is when a copy of the stages opened so far is due, with the
// bound of the claim ($4): a lane whose stage is used up is not offered until
// the next one opens. The order by due has SQLite take delivery_open, and look
// at one row, where the primary key would lead it over all that have left.
const nextDueStaged = `UPDATE lane SET next_due = CASE
		WHEN (SELECT v.seq FROM delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.` + openStates + ` AND v.due <= 0
			ORDER BY v.due, v.dispatch, v.seq LIMIT 1) <= $4 THEN opens_at
		ELSE (SELECT MIN(v.due) FROM delivery v WHERE v.tenant = $1 AND v.lane = $2 AND v.` + openStates + ` AND v.due > 0 AND v.due < $3 AND v.seq <= $4) END
	WHERE tenant = $1 AND num = $2 RETURNING next_due`

func scanCounts(c *cordon.Counts) []any {
	return []any{&c.Queued, &c.Sending, &c.Delivered, &c.Deferred, &c.Bounced, &c.Uncertain, &c.Held, &c.Cut, &c.Refused}
}

func scanLaneStand(r scanner) (laneStand, error) {
	var l laneStand
	err := r.Scan(append(scanCounts(&l.counts), &l.nextDue, &l.openTo)...)
	return l, err
}

// LanesDue lists up to n lanes that have a copy due and that no stop covers:
// one lane of every tenant and kind first, then the second of each, so that
// no tenant's lanes crowd out another's.
func (s *Store) LanesDue(ctx context.Context, n int) ([]cordon.Lane, error) {
	var lanes []cordon.Lane
	now := micros(s.now())
	err := s.read(ctx, func(q querier) error {
		lanes = lanes[:0]
		rows, err := q.query(ctx, `SELECT x.tenant_id, x.num, x.kind, x.template, x.account, x.key_id, x.dispatch_id, x.next_due, `+laneCounters+`
			FROM (SELECT l.*, ROW_NUMBER() OVER (PARTITION BY l.tenant, l.kind ORDER BY l.next_due, l.num) AS turn
				FROM lane l WHERE l.next_due IS NOT NULL AND l.next_due <= $1 AND NOT `+blocked("l", "dispatch_id", "$1")+`) x
			ORDER BY x.turn, x.next_due, x.tenant, x.num LIMIT $2`, now, n)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var l cordon.Lane
			var due int64
			dest := append([]any{&l.Tenant, &l.Num, &l.Kind, &l.Template, &l.Account, &l.Key, &l.Dispatch, &due}, scanCounts(&l.Counts)...)
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			l.NextDue = fromMicros(due)
			lanes = append(lanes, l)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("lanes due: %w", err)
	}
	return lanes, nil
}

// Totals counts every tenant's accepted copies by state, from the lanes.
func (s *Store) Totals(ctx context.Context) (map[cordon.TenantID]cordon.Counts, error) {
	totals := map[cordon.TenantID]cordon.Counts{}
	err := s.read(ctx, func(q querier) error {
		clear(totals)
		rows, err := q.query(ctx, `SELECT l.tenant_id, `+sumCounters("l")+` FROM lane l GROUP BY l.tenant_id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var tenant cordon.TenantID
			var c cordon.Counts
			if err := rows.Scan(append([]any{&tenant}, scanCounts(&c)...)...); err != nil {
				return err
			}
			totals[tenant] = c
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("totals: %w", err)
	}
	return totals, nil
}

// sumCounters is the text that sums every counter of the lanes named by alias.
func sumCounters(alias string) string {
	text := ""
	for i, state := range cordon.DeliveryStates() {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("CAST(COALESCE(SUM(%s.%s), 0) AS BIGINT)", alias, state)
	}
	return text
}
