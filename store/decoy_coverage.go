package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// DecoyCoverage says for each active tenant, by handle, how its decoys stand and
// what touched them in the days up to now. Wanted is left for who knows the
// limits.
func (s *Store) DecoyCoverage(ctx context.Context, p cordon.Page) (list []cordon.DecoyCoverage, next string, err error) {
	after, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	err = s.snapshot(ctx, func(q querier) error {
		list, err = s.coverageRows(ctx, q, `t.handle > $1 ORDER BY t.handle LIMIT $2`, after, p.Size()+1)
		return err
	})
	list, next = page(list, p, func(c cordon.DecoyCoverage) string { return c.Handle })
	return list, next, wrap(err, "decoy coverage")
}

// TenantDecoys is the coverage of one tenant.
func (s *Store) TenantDecoys(ctx context.Context, tenant cordon.TenantID) (c cordon.DecoyCoverage, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		list, err := s.coverageRows(ctx, q, `t.id = $1`, string(tenant))
		if err == nil && len(list) == 0 {
			return missing("tenant")
		}
		if err == nil {
			c = list[0]
		}
		return err
	})
	return c, wrap(err, "decoy coverage")
}

func (s *Store) coverageRows(ctx context.Context, q querier, where string, args ...any) ([]cordon.DecoyCoverage, error) {
	var nums []int64
	at := map[int64]int{}
	rows, err := q.query(ctx, `SELECT t.num, t.id, t.handle, t.name, t.exercise, h.active FROM tenant t JOIN headcount h ON h.tenant = t.num
WHERE t.state = 'active' AND `+where, args...)
	list, err := collect(rows, err, func(r scanner) (c cordon.DecoyCoverage, err error) {
		var num int64
		err = r.Scan(&num, &c.Tenant, &c.Handle, &c.Name, &c.Exercise, &c.People)
		at[num] = len(nums)
		nums = append(nums, num)
		return c, err
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	today := s.now().UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, 1-cordon.DecoyDays)
	for i := range list {
		for d := range cordon.DecoyDays {
			list[i].Days = append(list[i].Days, cordon.DecoyDay{Day: first.AddDate(0, 0, d)})
		}
	}
	rows, err = q.query(ctx, `SELECT d.tenant, COUNT(*) FILTER (WHERE d.retired_at = 0), COUNT(*) FILTER (WHERE d.retired_at = 0 AND d.kind = 'mailbox'),
	COUNT(*) FILTER (WHERE d.retired_at > 0), COALESCE(MIN(d.planted_at) FILTER (WHERE d.retired_at = 0), 0), COALESCE(MAX(d.retired_at), 0)
FROM {{nums $1}} n CROSS JOIN decoy d WHERE d.tenant = n.value GROUP BY d.tenant`, jsonText(nums))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var num, oldest, rotated int64
		var c cordon.DecoyCoverage
		err := r.Scan(&num, &c.Standing, &c.Mailboxes, &c.Retired, &oldest, &rotated)
		into := &list[at[num]]
		into.Standing, into.Mailboxes, into.Retired, into.Oldest, into.LastRotation = c.Standing, c.Mailboxes, c.Retired, fromMicros(oldest), fromMicros(rotated)
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	return list, touches(ctx, q, list, nums, first)
}

// touches fills in the days.
func touches(ctx context.Context, q querier, list []cordon.DecoyCoverage, nums []int64, first time.Time) error {
	at := map[int64]int{}
	byID := make([]string, len(list))
	for i, c := range list {
		at[nums[i]], byID[i] = i, string(c.Tenant)
	}
	place := func(i int, day int64, put func(*cordon.DecoyCoverage, *cordon.DecoyDay)) {
		if d := int(day - micros(first)/dayMicros); d >= 0 && d < cordon.DecoyDays {
			put(&list[i], &list[i].Days[d])
		}
	}
	rows, err := q.query(ctx, `SELECT a.tenant, a.hour / $2, CAST(SUM(a.copies) AS BIGINT) FROM {{nums $1}} n CROSS JOIN decoy_arrival a
WHERE a.tenant = n.value AND a.hour >= $3 GROUP BY a.tenant, a.hour / $2`, jsonText(nums), dayMicros, micros(first))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var num, day, n int64
		err := r.Scan(&num, &day, &n)
		place(at[num], day, func(c *cordon.DecoyCoverage, d *cordon.DecoyDay) { c.Arrivals += n; d.Arrivals += n })
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	index := map[string]int{}
	for i, id := range byID {
		index[id] = i
	}
	rows, err = q.query(ctx, `SELECT g.tenant, g.at / $2, CAST(SUM(g.count) AS BIGINT) FROM {{texts $1}} n CROSS JOIN signal g
WHERE g.tenant = n.value AND g.kind IN ('decoy', 'exit-decoy') AND g.at >= $3 GROUP BY g.tenant, g.at / $2`, jsonText(byID), dayMicros, micros(first))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var id string
		var day, n int64
		err := r.Scan(&id, &day, &n)
		place(index[id], day, func(c *cordon.DecoyCoverage, d *cordon.DecoyDay) { c.Touches += n; d.Touches += n })
		return struct{}{}, err
	})
	return err
}
