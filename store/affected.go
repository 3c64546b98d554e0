package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// affectedRow is one copy with its place in the list.
type affectedRow struct {
	tenant, dispatch, seq int64
	a                     cordon.Affected
}

// Affected lists every copy the question is about, whatever its state, in the
// order of tenant, dispatch and sequence number. Nothing is opened.
func (s *Store) Affected(ctx context.Context, q cordon.Question, p cordon.Page) ([]cordon.Affected, string, error) {
	if q.Zero() {
		return nil, "", cordon.InvalidField("question", "asks for nothing", "name a dispatch, key, account, template, tenant or time")
	}
	key, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	var at affectedRow
	if key != "" {
		if _, err := fmt.Sscanf(key, "%d %d %d", &at.tenant, &at.dispatch, &at.seq); err != nil {
			return nil, "", badCursor()
		}
	}
	var found []affectedRow
	err = s.snapshot(ctx, func(r querier) error {
		var err error
		found, err = affectedFrom(ctx, r, q, at, micros(s.now()), p.Size()+1)
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "affected recipients")
	}
	found, next := page(found, p, func(a affectedRow) string { return fmt.Sprintf("%d %d %d", a.tenant, a.dispatch, a.seq) })
	list := make([]cordon.Affected, len(found))
	for i, a := range found {
		list[i] = a.a
	}
	return list, next, nil
}

// affectedFrom goes on in the dispatch where the last page ended, then through
// the next ones: bulk one by one, single sends many at a time.
func affectedFrom(ctx context.Context, r querier, q cordon.Question, at affectedRow, now int64, want int) ([]affectedRow, error) {
	var found []affectedRow
	after := candidate{tenant: at.tenant, num: at.dispatch - 1} // the dispatch of the cursor once more
	for {
		all, err := candidates(ctx, r, q, now, after, candidateChunk)
		if err != nil || len(all) == 0 {
			return found, err
		}
		after = all[len(all)-1]
		together := func(a, b candidate) bool {
			return a.tenant == b.tenant && a.kind == cordon.Single && b.kind == cordon.Single
		}
		for _, group := range groupsOf(all, together) {
			rows, err := affectedIn(ctx, r, q, group, at, want-len(found))
			if err != nil {
				return nil, err
			}
			if found = append(found, rows...); len(found) >= want {
				return found, nil
			}
		}
	}
}

func affectedIn(ctx context.Context, r querier, q cordon.Question, group []candidate, at affectedRow, want int) ([]affectedRow, error) {
	from, until := window(q)
	if group[0].byLane() { // as Assess counts it
		from, until = 0, never
	}
	tenant := group[0].tenant
	afterDispatch, afterSeq := int64(0), int64(0)
	if at.tenant == tenant {
		afterDispatch, afterSeq = at.dispatch, at.seq
	}
	ids := make(map[int64]candidate, len(group))
	nums := make([]int64, len(group))
	for i, c := range group {
		ids[c.num], nums[i] = c, c.num
	}
	columns := `SELECT v.dispatch, v.seq, ` + countedState("v") + `, v.at, COALESCE(p.id, ''), COALESCE(p.external_ref, '')`
	const recipient = ` LEFT JOIN recipient p ON p.tenant = v.tenant AND p.num = v.recipient`
	const person = ` AND NOT COALESCE(p.decoy, FALSE)` // a decoy is nobody who was mailed: the exit refuses it
	text := columns + ` FROM delivery v` + recipient + ` WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq > $3 AND v.at >= $4 AND v.at < $5` + person + ` ORDER BY v.seq LIMIT $6`
	args := []any{tenant, nums[0], int64(0), from, until, want}
	if afterDispatch == nums[0] {
		args[2] = afterSeq
	}
	if len(group) > 1 {
		text = columns + ` FROM {{nums $2}} j CROSS JOIN delivery v` + recipient + ` WHERE v.tenant = $1 AND v.dispatch = j.value
			AND (v.dispatch > $3 OR (v.dispatch = $3 AND v.seq > $4)) AND v.at >= $5 AND v.at < $6` + person + ` ORDER BY v.dispatch, v.seq LIMIT $7`
		args = []any{tenant, jsonText(nums), afterDispatch, afterSeq, from, until, want}
	}
	rows, err := r.query(ctx, text, args...)
	return collect(rows, err, func(r scanner) (affectedRow, error) {
		row := affectedRow{tenant: tenant}
		var changed int64
		a := &row.a
		err := r.Scan(&row.dispatch, &row.seq, &a.State, &changed, &a.Recipient, &a.ExternalRef)
		c := ids[row.dispatch]
		a.Tenant, a.Dispatch, a.At = c.tenantID, c.id, fromMicros(changed)
		if c.covered && (a.State == cordon.Queued || a.State == cordon.Deferred) {
			a.State = cordon.HeldState // as Assess counts it
		}
		return row, err
	})
}
