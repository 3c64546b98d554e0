package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

const hour = int64(time.Hour / time.Microsecond)

// used sums the copies accepted in a sliding window, exactly, from the
// dispatches themselves. What the door never marked was never accepted: rows
// slipped into the queue must not use up the tenant's own allowance.
func (s *Store) used(ctx context.Context, q querier, tenant int64, c cordon.Ceiling) (int64, error) {
	var copies int64
	err := q.queryRow(ctx, `SELECT CAST(COALESCE(SUM(d.recipients), 0) AS BIGINT) FROM dispatch d
		WHERE d.tenant = $1 AND d.accepted_at >= $2 AND d.state NOT IN ('accepting', 'void') AND d.kind <> 'notice'
		AND (d.provenance IS NOT NULL OR d.state IN ('held', 'discarded')) AND ($3 = '' OR d.key_id = $3) AND ($4 = '' OR d.kind = $4) AND ($5 = '' OR d.template = $5)`,
		tenant, micros(c.Since), string(c.Key), string(c.Kind), string(c.Template)).Scan(&copies)
	return copies, err
}

// Usage counts the copies accepted in a ceiling's window, by its key, kind and
// template where it names them.
func (s *Store) Usage(ctx context.Context, tenant cordon.TenantID, c cordon.Ceiling) (copies int64, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		copies, err = s.used(ctx, q, num, c)
		return err
	})
	return copies, wrap(err, "usage")
}

// settling is how long copies must lie back before they count as history: what
// a thief sends today must not raise what he may send today.
const settling = 24 * time.Hour

// BusiestHour is the most single sends the key had accepted in one hour of the
// clock since then, the last day left out; with no key, the most copies of any
// kind of the tenant.
func (s *Store) BusiestHour(ctx context.Context, tenant cordon.TenantID, key cordon.KeyID, since time.Time) (copies int64, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		return q.queryRow(ctx, `SELECT CAST(COALESCE(MAX(x.copies), 0) AS BIGINT) FROM (
			SELECT SUM(u.copies) AS copies FROM usage_hour u WHERE u.tenant = $1 AND u.hour >= $2 AND u.hour < $4
			AND ($3 = '' OR (u.key_id = $3 AND u.kind = 'single')) GROUP BY u.hour) x`,
			num, micros(since)/hour, string(key), micros(s.now().Add(-settling))/hour).Scan(&copies)
	})
	return copies, wrap(err, "busiest hour")
}

// BusiestDay is the most copies the tenant had accepted in one day (UTC) since
// then, and on how many days it had any accepted; today and yesterday's last
// hours are left out.
func (s *Store) BusiestDay(ctx context.Context, tenant cordon.TenantID, since time.Time) (copies int64, days int, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		return q.queryRow(ctx, `SELECT CAST(COALESCE(MAX(x.copies), 0) AS BIGINT), COUNT(*) FROM (
			SELECT SUM(u.copies) AS copies FROM usage_hour u WHERE u.tenant = $1 AND u.hour >= $2 AND u.hour / 24 < $3 GROUP BY u.hour / 24) x`,
			num, micros(since)/hour, micros(s.now().Add(-settling))/hour/24).Scan(&copies, &days)
	})
	return copies, days, wrap(err, "busiest day")
}

// countUsage adds accepted copies to their hour.
func (t *tx) countUsage(ctx context.Context, tenant int64, d cordon.Dispatch) error {
	if d.Kind == cordon.Notice {
		return nil // owed to people: it uses up nobody's allowance
	}
	_, err := t.exec(ctx, `INSERT INTO usage_hour (tenant, hour, key_id, kind, copies) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant, hour, key_id, kind) DO UPDATE SET copies = usage_hour.copies + excluded.copies`,
		tenant, micros(d.AcceptedAt)/hour, string(d.Key), string(d.Kind), d.Recipients)
	return err
}

// checkCeilings counts every ceiling again, with the order under judgement in
// it. The caller holds the tenant's row, so that of two orders at once the
// second sees the first.
func (t *tx) checkCeilings(ctx context.Context, tenant int64, d cordon.Dispatch, ceilings []cordon.Ceiling) error {
	for _, c := range ceilings {
		if !(c.Key == "" || c.Key == d.Key) || !(c.Kind == "" || c.Kind == d.Kind) || !(c.Template == "" || c.Template == d.Template) {
			continue // not a ceiling over this order
		}
		used, err := t.s.used(ctx, t, tenant, c)
		if err != nil {
			return err
		}
		if used+int64(d.Recipients) > c.Max {
			return &cordon.Error{
				Code: cordon.Limited, Field: c.Name,
				Message: "this order would pass the limit",
				Remedy:  "wait until earlier sends are out of the window, or ask the operator to raise the limit",
			}
		}
	}
	return nil
}

// keepPace gives an order beyond its stream's pace the longer wait. The caller
// holds the tenant's row counter, so that of two orders at once the second sees
// the first.
func (t *tx) keepPace(ctx context.Context, b *birth) error {
	pace := b.n.Verdict.Pace
	if pace == nil || b.d.State != cordon.DispatchOpen {
		return nil
	}
	used, err := t.s.used(ctx, t, b.tenant, pace.Ceiling)
	if err != nil || used+int64(len(b.n.Members)) <= pace.Ceiling.Max {
		return err
	}
	if later := fromMicros(micros(b.d.AcceptedAt.Add(pace.Wait))); later.After(b.d.NotBefore) {
		b.d.NotBefore, b.d.Reasons = later, append(b.d.Reasons, pace.Reason)
	}
	return nil
}
