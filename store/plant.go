package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// PlantUnchecked writes a dispatch and open copies as if the door's check were
// missing: without provenance, without a verdict, without a ledger entry, to
// whatever recipients are named. It exists ONLY for the drill that proves that
// the exit refuses what the door never vouched for (incident A); nothing else
// may call it. A tenant that was not made for exercises is Denied.
//
// A recipient of another tenant is planted by its number: the exit finds no
// such recipient in the dispatch's tenant, or another person's seal that does
// not open.
func (s *Store) PlantUnchecked(ctx context.Context, n cordon.NewDispatch) (cordon.Dispatch, error) {
	if !n.Dispatch.ID.Valid() || len(n.Members) == 0 {
		return cordon.Dispatch{}, cordon.InvalidField("recipients", "is empty", "name at least one recipient to plant")
	}
	b := &birth{n: n}
	b.n.Dispatch.Kind, b.n.Dispatch.State = cordon.Single, cordon.DispatchOpen
	if n.Dispatch.AcceptedAt.IsZero() {
		b.n.Dispatch.AcceptedAt = s.now()
	}
	b.n.Dispatch.NotBefore = b.n.Dispatch.AcceptedAt
	err := s.write(ctx, func(t *tx) error {
		var exercise bool
		if err := t.queryRow(ctx, `SELECT exercise FROM tenant WHERE id = $1`, string(n.Dispatch.Tenant)).Scan(&exercise); err != nil {
			return orMissing(err, "tenant")
		}
		if !exercise {
			return &cordon.Error{Code: cordon.Denied, Field: "tenant", Message: "was not made for exercises: nothing is planted there"}
		}
		if err := t.begin(ctx, b); err != nil {
			return err
		}
		if err := t.singleLane(ctx, b); err != nil {
			return err
		}
		nums := make([]int64, len(n.Members))
		for i, id := range n.Members {
			err := t.queryRow(ctx, `SELECT r.num FROM recipient r WHERE r.id = $1 AND r.tenant = $2
				UNION ALL SELECT r.num FROM recipient r WHERE r.id = $1 AND r.tenant <> $2 LIMIT 1`, string(id), b.tenant).Scan(&nums[i])
			if err != nil {
				nums[i] = -int64(i + 1) // nobody
				if cordon.CodeOf(orMissing(err, "recipient")) != cordon.Missing {
					return err
				}
			}
		}
		err := t.insertRows(ctx, `INSERT INTO delivery (tenant, dispatch, seq, recipient, lane, due, at, attempts, state)`, "", 9, len(nums), func(i int, args []any) []any {
			return append(args, b.tenant, b.num, i+1, nums[i], b.lane, 0, micros(t.now), 0, string(cordon.Queued))
		})
		if err != nil {
			return err
		}
		b.d.Recipients = len(nums)
		b.d.Counts.Queued = int64(len(nums))
		if err := t.openLane(ctx, b); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE dispatch SET state = 'open', recipients = $3, lane = $4 WHERE tenant = $1 AND num = $2`, b.tenant, b.num, len(nums), b.lane); err != nil {
			return err
		}
		t.wake("queue")
		return nil
	})
	if err != nil {
		return cordon.Dispatch{}, fmt.Errorf("plant dispatch: %w", err)
	}
	return b.d, nil
}
