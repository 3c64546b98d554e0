package store

import (
	"context"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// doneSlack is how far the time on a copy may lie behind the moment its
// dispatch was marked done: the clocks of several nodes differ.
const doneSlack = time.Hour

// timed says whether single copies must be looked at for their time.
func timed(q cordon.Question) bool { return !q.From.IsZero() || !q.Until.IsZero() }

// candidate is a dispatch that a question may be about.
type candidate struct {
	tenant, num int64
	tenantID    cordon.TenantID
	id          cordon.DispatchID
	kind        cordon.Kind
	covered     bool
	whole       bool // all its copies are of the time asked about: it was accepted, and did all it did, within
}

// candidates lists the dispatches whose copies may answer the question, after
// a place in the order of tenant and number.
func candidates(ctx context.Context, r querier, q cordon.Question, now int64, after candidate, limit int64) ([]candidate, error) {
	a := &asked{q: q, args: []any{now, after.tenant, after.num, limit}}
	where := a.where("d", "id")
	if !q.Until.IsZero() {
		where += " AND d.accepted_at < " + a.arg(micros(q.Until.Add(doneSlack)))
	}
	if !q.From.IsZero() {
		where += " AND (d.state <> 'done' OR d.done_at >= " + a.arg(micros(q.From.Add(-doneSlack))) + ")"
	}
	rows, err := r.query(ctx, `SELECT d.tenant, d.num, d.tenant_id, d.id, d.kind, `+blocked("d", "id", "$1")+`, d.accepted_at, CASE WHEN d.state = 'done' THEN d.done_at ELSE $1 END FROM dispatch d
		WHERE d.state NOT IN ('accepting', 'void') AND (d.tenant, d.num) > ($2, $3) AND `+where+` ORDER BY d.tenant, d.num LIMIT $4`, a.args...)
	return collect(rows, err, func(r scanner) (candidate, error) {
		var c candidate
		var accepted, last int64
		err := r.Scan(&c.tenant, &c.num, &c.tenantID, &c.id, &c.kind, &c.covered, &accepted, &last)
		from, until := window(q)
		c.whole = accepted >= from && last < until
		return c, err
	})
}

const candidateChunk = 1000

// addRows counts single copies; a bulk dispatch that is whole, by its lane.
func (d *damage) addRows(ctx context.Context, r querier, q cordon.Question, now int64) error {
	var after candidate
	for {
		all, err := candidates(ctx, r, q, now, after, candidateChunk)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return nil
		}
		after = all[len(all)-1]
		if !timed(q) { // bulk is counted by its lane
			all = slices.DeleteFunc(all, func(c candidate) bool { return c.kind.OwnLane() })
		}
		same := func(a, b candidate) bool {
			return a.tenant == b.tenant && a.covered == b.covered && a.byLane() == b.byLane()
		}
		for _, group := range groupsOf(all, same) {
			add := d.addGroup
			if group[0].byLane() {
				add = d.addWhole
			}
			if err := add(ctx, r, q, group); err != nil {
				return err
			}
		}
	}
}

// byLane says whether the lane's counters are the answer, so that nobody counts
// a million rows.
func (c candidate) byLane() bool { return c.whole && c.kind.OwnLane() }

// addWhole counts bulk dispatches by their lanes, whose numbers they share.
func (d *damage) addWhole(ctx context.Context, r querier, _ cordon.Question, group []candidate) error {
	var first, last *int64
	var c cordon.Counts
	err := r.queryRow(ctx, `SELECT MIN(CASE WHEN l.first_at > 0 THEN l.first_at END), MAX(l.last_at), `+sumCounters("l")+` FROM {{nums $2}} j CROSS JOIN lane l
		WHERE l.tenant = $1 AND l.num = j.value`, group[0].tenant, numsOf(group)).Scan(append([]any{&first, &last}, scanCounts(&c)...)...)
	if err != nil {
		return err
	}
	d.add(group[0].tenantID, c, group[0].covered, orZero(first), orZero(last))
	d.total.Dispatches += int64(len(group))
	return nil
}

func numsOf(group []candidate) string {
	nums := make([]int64, len(group))
	for i, c := range group {
		nums[i] = c.num
	}
	return jsonText(nums)
}

func (d *damage) addGroup(ctx context.Context, r querier, q cordon.Question, group []candidate) error {
	from, until := window(q)
	rows, err := r.query(ctx, `SELECT v.dispatch, `+countedState("v")+`, COUNT(*), MIN(v.at), MAX(v.at) FROM {{nums $2}} j CROSS JOIN delivery v
		WHERE v.tenant = $1 AND v.dispatch = j.value AND v.at >= $3 AND v.at < $4 GROUP BY 1, 2`, group[0].tenant, numsOf(group), from, until)
	if err != nil {
		return err
	}
	defer rows.Close()
	seen := map[int64]bool{}
	for rows.Next() {
		var num, n, first, last int64
		var state cordon.DeliveryState
		if err := rows.Scan(&num, &state, &n, &first, &last); err != nil {
			return err
		}
		if state != cordon.Delivered {
			first, last = 0, 0
		}
		var c cordon.Counts
		if of := c.Of(state); of != nil {
			*of = n
		}
		d.add(group[0].tenantID, c, group[0].covered, first, last)
		if timed(q) && !seen[num] {
			seen[num] = true
			d.total.Dispatches++
		}
	}
	return rows.Err()
}

func window(q cordon.Question) (from, until int64) {
	until = never
	if !q.Until.IsZero() {
		until = micros(q.Until)
	}
	return micros(q.From), until
}
