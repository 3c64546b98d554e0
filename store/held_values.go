package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cordonmail/cordon"
)

// HeldValues opens the values that an order gave, of at most n recipients in the
// order of their numbers, so that what is held can be judged again with the words
// it would leave with. They are for judging alone: no answer, page or log may
// show them.
func (s *Store) HeldValues(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID, n int) (rows []cordon.Row, err error) {
	err = s.read(ctx, func(q querier) error {
		rows = nil
		keys, err := s.tenantKeys(ctx, q, tenant)
		if err != nil {
			return err
		}
		found, err := q.query(ctx, `SELECT r.id, x.line, x.sealed FROM dispatch d
			JOIN delivery_value x ON x.tenant = d.tenant AND x.dispatch = d.num
			JOIN recipient r ON r.tenant = x.tenant AND r.num = x.recipient
			WHERE d.tenant = $1 AND d.id = $2 ORDER BY x.recipient LIMIT $3`, keys.num, string(id), n)
		rows, err = collect(found, err, func(r scanner) (cordon.Row, error) {
			var row cordon.Row
			var sealed []byte
			if err := r.Scan(&row.Recipient, &row.Line, &sealed); err != nil {
				return row, err
			}
			raw, err := keys.openValue(valueSubject(id, row.Recipient), sealed)
			if err != nil {
				return row, err
			}
			if json.Unmarshal(raw, &row.Values) != nil { // its error may quote the data
				return row, errors.New("sealed data is not a list of values")
			}
			return row, nil
		})
		return err
	})
	return rows, wrap(err, "held values")
}
