package store

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	"github.com/cordonmail/cordon"
)

const (
	valuesChunk  = 2048
	maxRowFaults = 100
)

// saveDigest keeps the state of the digest, so that a chunk that is run again
// begins where it began.
func (b *birth) saveDigest() ([]byte, error) {
	if b.digest == nil {
		b.digest = sha256.New()
	}
	return b.digest.(encoding.BinaryMarshaler).MarshalBinary()
}

func restoreDigest(h hash.Hash, state []byte) error {
	return h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
}

// valueSubject is what a sealed value is bound to.
func valueSubject(d cordon.DispatchID, r cordon.RecipientID) string {
	return "delivery " + string(d) + "/" + string(r)
}

// rowFaults is the error for rows that name the wrong recipients. One answer
// for unknown, foreign and not in this send.
func rowFaults(lines []int) error {
	slices.Sort(lines)
	e := &cordon.Error{Code: cordon.Invalid, Field: fmt.Sprintf("line %d: recipient", lines[0]), Message: "is not a recipient of this send, or stands twice", Remedy: "give at most one row for each recipient of the send"}
	for _, line := range lines[:min(len(lines), maxRowFaults)] {
		e.Faults = append(e.Faults, cordon.Fault{Line: line, Field: "recipient", Message: e.Message, Remedy: e.Remedy})
	}
	return e
}

func rowsMissing(n int64) error {
	return cordon.InvalidField("values", fmt.Sprintf("leave out %d of the recipients", n), "the template needs values of the order: give one row for each recipient")
}

// readRows reads a single order's rows, which are few.
func readRows(n cordon.NewDispatch) ([]cordon.Row, error) {
	if n.Rows == nil {
		return nil, nil
	}
	var rows []cordon.Row
	for row, err := range n.Rows {
		if err != nil {
			return nil, err
		}
		if rows = append(rows, row); len(rows) > len(n.Members)+maxRowFaults {
			break // more than enough to say what is wrong
		}
	}
	return rows, nil
}

// sealRow seals one row's values.
func (b *birth) sealRow(keys *tenantKeys, row cordon.Row) ([]byte, error) {
	raw, err := json.Marshal(row.Values)
	if err != nil {
		return nil, fmt.Errorf("line %d: values cannot be encoded", row.Line)
	}
	return keys.sealValue(valueSubject(b.d.ID, row.Recipient), raw), nil
}

func (t *tx) insertValues(ctx context.Context, b *birth, rows []cordon.Row, nums []int64) error {
	keys, err := t.s.tenantKeys(ctx, t, b.d.Tenant)
	if err != nil {
		return err
	}
	sealed := make([][]byte, len(rows))
	for i, row := range rows {
		if sealed[i], err = b.sealRow(keys, row); err != nil {
			return err
		}
	}
	return t.insertRows(ctx, `INSERT INTO delivery_value (tenant, dispatch, recipient, line, sealed)`, `ON CONFLICT (tenant, dispatch, recipient) DO NOTHING`, 5, len(rows),
		func(i int, args []any) []any { return append(args, b.tenant, b.num, nums[i], rows[i].Line, sealed[i]) })
}

// singleValues writes the values of a single order.
func (t *tx) singleValues(ctx context.Context, b *birth, rows []cordon.Row) error {
	var bad []int
	nums := make([]int64, len(rows))
	seen := make(map[int64]bool, len(rows))
	for i, row := range rows {
		num, member := b.members[row.Recipient]
		if !member || seen[num] {
			bad = append(bad, row.Line)
		}
		nums[i], seen[num] = num, true
	}
	switch {
	case len(bad) > 0:
		return rowFaults(bad)
	case b.n.RowsRequired && len(rows) < len(b.n.Members):
		return rowsMissing(int64(len(b.n.Members) - len(rows)))
	case len(rows) == 0:
		return nil
	}
	b.values = int64(len(rows))
	return t.insertValues(ctx, b, rows, nums)
}

// fillValues writes the values of a bulk order at bounded memory, and then
// makes sure that each belongs to a copy of the send.
func (s *Store) fillValues(ctx context.Context, b *birth) error {
	chunk := make([]cordon.Row, 0, valuesChunk)
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		if err := s.write(ctx, func(t *tx) error { return t.valuesChunk(ctx, b, chunk) }); err != nil {
			return err
		}
		b.values += int64(len(chunk))
		chunk = chunk[:0]
		return nil
	}
	for row, err := range b.n.Rows {
		if err != nil {
			return err
		}
		if chunk = append(chunk, row); len(chunk) == valuesChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return s.checkValues(ctx, b)
}

// valuesChunk resolves and writes some rows, or says which lines are wrong.
func (t *tx) valuesChunk(ctx context.Context, b *birth, chunk []cordon.Row) error {
	if err := t.touch(ctx, b); err != nil {
		return err
	}
	ids := make([]cordon.RecipientID, len(chunk))
	for i, row := range chunk {
		ids[i] = row.Recipient
	}
	rows, err := t.query(ctx, `SELECT r.id, r.num FROM {{texts $2}} j CROSS JOIN recipient r WHERE r.tenant = $1 AND r.id = j.value`, b.tenant, jsonText(ids))
	known := make(map[cordon.RecipientID]int64, len(chunk))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var id cordon.RecipientID
		var num int64
		err := r.Scan(&id, &num)
		known[id] = num
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	var bad []int
	nums := make([]int64, len(chunk))
	for i, row := range chunk {
		num, ok := known[row.Recipient]
		if !ok {
			bad = append(bad, row.Line)
		}
		nums[i] = num
	}
	if len(bad) > 0 {
		return rowFaults(bad)
	}
	if err := t.insertValues(ctx, b, chunk, nums); err != nil {
		return err
	}
	return t.checkTwice(ctx, b, chunk, nums)
}

// checkTwice finds rows that were not written because their recipient had one.
func (t *tx) checkTwice(ctx context.Context, b *birth, chunk []cordon.Row, nums []int64) error {
	rows, err := t.query(ctx, `SELECT x.recipient, x.line FROM {{nums $3}} j CROSS JOIN delivery_value x WHERE x.tenant = $1 AND x.dispatch = $2 AND x.recipient = j.value`, b.tenant, b.num, jsonText(nums))
	lines := make(map[int64]int, len(chunk))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var num int64
		var line int
		err := r.Scan(&num, &line)
		lines[num] = line
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	var bad []int
	seen := make(map[int64]bool, len(chunk))
	for i, row := range chunk {
		if lines[nums[i]] != row.Line || seen[nums[i]] {
			bad = append(bad, row.Line)
		}
		seen[nums[i]] = true
	}
	if len(bad) > 0 {
		return rowFaults(bad)
	}
	return nil
}

// checkValues walks the copies and counts those that have values. When some
// values have no copy, it names their lines.
func (s *Store) checkValues(ctx context.Context, b *birth) error {
	var matched int64
	for after := int64(0); after < int64(b.d.Recipients); after += acceptChunk {
		err := s.read(ctx, func(q querier) error {
			var n int64
			err := q.queryRow(ctx, `SELECT COUNT(*) FROM delivery v CROSS JOIN delivery_value x WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq > $3 AND v.seq <= $4
				AND x.tenant = v.tenant AND x.dispatch = v.dispatch AND x.recipient = v.recipient`, b.tenant, b.num, after, after+acceptChunk).Scan(&n)
			matched += n
			return err
		})
		if err != nil {
			return err
		}
		// The check is part of the acceptance: it must not be taken for abandoned.
		if after%(20*acceptChunk) == 0 {
			if err := s.write(ctx, func(t *tx) error { return t.touch(ctx, b) }); err != nil {
				return err
			}
		}
	}
	if matched < b.values {
		return s.strayRows(ctx, b)
	}
	if b.n.RowsRequired && matched < int64(b.d.Recipients) {
		return rowsMissing(int64(b.d.Recipients) - matched)
	}
	return nil
}

func (s *Store) strayRows(ctx context.Context, b *birth) error {
	var lines []int
	err := s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT x.line FROM delivery_value x WHERE x.tenant = $1 AND x.dispatch = $2
			AND x.recipient NOT IN (SELECT v.recipient FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2) ORDER BY x.line LIMIT $3`, b.tenant, b.num, maxRowFaults)
		lines, err = collect(rows, err, func(r scanner) (int, error) {
			var line int
			err := r.Scan(&line)
			return line, err
		})
		return err
	})
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return cordon.Errorf(cordon.Conflict, "the audience changed while it was being read; nothing was accepted, send again")
	}
	return rowFaults(lines)
}

// dropValues deletes what an order gave for copies that will not be tried again:
// nobody needs it any more. Dispatches without values cost nothing.
func (t *tx) dropValues(ctx context.Context, items []settled, facts map[laneKey]*dispatchFacts) error {
	byTenant := map[int64][]rowKey{}
	for _, i := range items {
		if i.over() && facts[i.dispatch].hasValues {
			byTenant[i.dispatch.tenant] = append(byTenant[i.dispatch.tenant], rowKey{i.dispatch.num, i.seq})
		}
	}
	for tenant, rows := range byTenant {
		list := jsonRows(rows, func(r rowKey) []any { return []any{r.dispatch, r.seq} })
		err := t.deleteValues(ctx, `SELECT v.dispatch, v.recipient FROM {{rows $2}} j CROSS JOIN delivery v
			WHERE v.tenant = $1 AND v.dispatch = CAST(j.value->>0 AS BIGINT) AND v.seq = CAST(j.value->>1 AS BIGINT)`, tenant, list)
		if err != nil {
			return err
		}
	}
	return nil
}

// dropCutValues does the same for copies that were cut.
func (t *tx) dropCutValues(ctx context.Context, tenant int64, rows []picked, facts map[int64]*dispatchFacts) error {
	var over []picked
	for _, p := range rows {
		if facts[p.dispatch].hasValues {
			over = append(over, p)
		}
	}
	if len(over) == 0 {
		return nil
	}
	list := jsonRows(over, func(p picked) []any { return []any{p.dispatch, p.recipient} })
	return t.deleteValues(ctx, `SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT) FROM {{rows $2}} j`, tenant, list)
}

// deleteValues deletes a tenant's values by a query for (dispatch, recipient);
// the tenant is $1.
func (t *tx) deleteValues(ctx context.Context, which string, args ...any) error {
	if _, err := t.exec(ctx, `DELETE FROM delivery_value WHERE tenant = $1 AND (dispatch, recipient) IN (`+which+`)`, args...); err != nil {
		return fmt.Errorf("delete values: %w", err)
	}
	return nil
}
