package store

import (
	"context"
	"fmt"
	"time"
)

// abandonedAfter is how long an acceptance may go without a step before it is
// taken for broken off; each of its chunks is a step.
const abandonedAfter = time.Minute

// voidAbandoned marks acceptances that a crash broke off as void, a state that
// exists only in the table: they were never accepted, and their rows wait to be
// removed.
func (s *Store) voidAbandoned(ctx context.Context) error {
	before := micros(s.now().Add(-abandonedAfter))
	var found bool
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM dispatch d WHERE d.state = 'accepting' AND d.touched_at < $1)`, before).Scan(&found)
	})
	if err != nil || !found {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE dispatch SET state = 'void' WHERE state = 'accepting' AND touched_at < $1`, before)
		return err
	})
}

// removeVoid deletes rows of acceptances that were never completed. They were
// never in the ledger, in a lane or in anybody's answer.
func (w *sweep) removeVoid(ctx context.Context) error {
	rows, err := w.query(ctx, `SELECT d.tenant, d.num FROM dispatch d WHERE d.state = 'void' ORDER BY d.tenant, d.num LIMIT 20`)
	voids, err := collect(rows, err, func(r scanner) (laneKey, error) {
		var k laneKey
		err := r.Scan(&k.tenant, &k.num)
		return k, err
	})
	if err != nil {
		return err
	}
	for _, k := range voids {
		for _, table := range []struct{ name, order string }{{"delivery", "seq"}, {"delivery_value", "recipient"}} {
			if w.left <= 0 {
				return nil
			}
			res, err := w.exec(ctx, fmt.Sprintf(`DELETE FROM %s WHERE tenant = $1 AND dispatch = $2 AND %s IN
				(SELECT x.%s FROM %s x WHERE x.tenant = $1 AND x.dispatch = $2 ORDER BY x.%s LIMIT $3)`,
				table.name, table.order, table.order, table.name, table.order), k.tenant, k.num, w.left)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			w.left -= int(n)
			w.moved += int(n)
		}
		if w.left > 0 {
			if _, err := w.exec(ctx, `DELETE FROM dispatch WHERE tenant = $1 AND num = $2 AND state = 'void'`, k.tenant, k.num); err != nil {
				return err
			}
		}
	}
	return nil
}
