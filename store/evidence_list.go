package store

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// freshEvidence is asked in parts: in one statement an engine would walk whole
// tables in the order that a union wants.
var freshEvidence = []string{
	`SELECT DISTINCT t.id, x.template, x.key_id FROM evidence x JOIN tenant t ON t.num = x.tenant WHERE x.slot >= CAST($1 AS BIGINT) / 10000000 AND x.bounces + x.policy + x.errors > 0`,
	`SELECT DISTINCT t.id, x.template, x.key_id FROM complaint x JOIN tenant t ON t.num = x.tenant WHERE x.at >= $1`,
	`SELECT DISTINCT g.tenant, g.template, g.key_id FROM signal g WHERE g.kind IN ('decoy', 'exit-decoy') AND g.at >= $1 AND g.tenant <> ''`,
}

// FreshEvidence names the templates and keys about which something bad came
// back since then: each row is one tenant's template and key together.
func (s *Store) FreshEvidence(ctx context.Context, since time.Time) (all []cordon.EvidenceOf, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		seen := map[cordon.EvidenceOf]bool{}
		for _, text := range freshEvidence {
			rows, err := q.query(ctx, text, micros(since))
			found, err := collect(rows, err, func(r scanner) (cordon.EvidenceOf, error) {
				var of cordon.EvidenceOf
				err := r.Scan(&of.Tenant, &of.Template, &of.Key)
				return of, err
			})
			if err != nil {
				return err
			}
			for _, of := range found {
				if !seen[of] {
					seen[of], all = true, append(all, of)
				}
			}
		}
		return nil
	})
	return all, wrap(err, "fresh evidence")
}

// EvidenceSeries counts what came back in steps of that length since of.Since,
// the oldest first; steps in which nothing came back are left out.
func (s *Store) EvidenceSeries(ctx context.Context, of cordon.EvidenceOf, step time.Duration) (all []cordon.EvidenceBucket, err error) {
	slots := max(1, int64(step/cordon.EvidenceSlot))
	err = s.read(ctx, func(q querier) error {
		tenant, err := s.tenantNum(ctx, q, of.Tenant)
		if err != nil {
			return err
		}
		where, args := evidenceWhere(of, tenant)
		args = append(args, slots)
		n := fmt.Sprintf("$%d", len(args))
		rows, err := q.query(ctx, `SELECT x.slot / `+n+` * `+n+`, `+sumReplies+` FROM evidence x WHERE `+where+` GROUP BY x.slot / `+n+` ORDER BY 1`, args...)
		all, err = collect(rows, err, func(r scanner) (cordon.EvidenceBucket, error) {
			var b cordon.EvidenceBucket
			var slot int64
			err := r.Scan(&slot, &b.Delivered, &b.Bounces, &b.Policy, &b.Errors)
			b.At = fromMicros(slot * slotSize)
			return b, err
		})
		return err
	})
	return all, wrap(err, "evidence series")
}

// EvidenceSubjects names up to n templates and up to n keys with answers since
// then, of one tenant or ("") of all, those with the most bad answers first.
func (s *Store) EvidenceSubjects(ctx context.Context, tenant cordon.TenantID, since time.Time, n int) (all []cordon.EvidenceOf, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		where, args := ``, []any{slotOf(micros(since)), n}
		if tenant != "" {
			num, err := s.tenantNum(ctx, q, tenant)
			if err != nil {
				return err
			}
			where, args = ` AND e.tenant = $3`, append(args, num)
		}
		for _, column := range []string{"template", "key_id"} {
			rows, err := q.query(ctx, `SELECT t.id, x.subject FROM (
					SELECT e.tenant, e.`+column+` AS subject, SUM(e.bounces + e.policy + e.errors) AS bad, SUM(e.delivered) AS good
					FROM evidence e WHERE e.slot >= $1 AND e.`+column+` <> ''`+where+` GROUP BY e.tenant, e.`+column+`
					ORDER BY 3 DESC, 4 DESC LIMIT $2) x JOIN tenant t ON t.num = x.tenant ORDER BY x.bad DESC, x.good DESC, x.subject`, args...)
			found, err := collect(rows, err, func(r scanner) (cordon.EvidenceOf, error) {
				of := cordon.EvidenceOf{Since: since}
				into := (*string)(&of.Template)
				if column == "key_id" {
					into = (*string)(&of.Key)
				}
				err := r.Scan(&of.Tenant, into)
				return of, err
			})
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, wrap(err, "evidence subjects")
}

// installationHours sums accepted copies by the hour of the clock, of all
// tenants but those made for exercises.
const installationHours = `(SELECT u.hour, SUM(u.copies) AS copies FROM usage_hour u JOIN tenant t ON t.num = u.tenant
	WHERE u.hour >= $1 AND u.hour < $2 AND NOT t.exercise GROUP BY u.hour) x`

// InstallationHour is how many copies the whole installation accepted in the
// hour of the clock that it is now; exercises are left out.
func (s *Store) InstallationHour(ctx context.Context) (copies int64, err error) {
	now := micros(s.now()) / hour
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT CAST(COALESCE(MAX(x.copies), 0) AS BIGINT) FROM `+installationHours, now, now+1).Scan(&copies)
	})
	return copies, wrap(err, "installation hour")
}

// InstallationBusiest is the most copies the whole installation accepted in one
// hour of the clock since then, and on how many days it accepted any; the last
// day and exercises are left out.
func (s *Store) InstallationBusiest(ctx context.Context, since time.Time) (copies int64, days int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT CAST(COALESCE(MAX(x.copies), 0) AS BIGINT), COUNT(DISTINCT x.hour / 24) FROM `+installationHours,
			micros(since)/hour, micros(s.now().Add(-settling))/hour).Scan(&copies, &days)
	})
	return copies, days, wrap(err, "busiest hour of the installation")
}

// pruneRows is how many rows one statement of PruneEvidence removes at most.
const pruneRows = 2000

// PruneEvidence removes counts, runs, marks and sightings from before then, a
// part at a time; complaints stay. It answers whether there is more.
func (s *Store) PruneEvidence(ctx context.Context, before time.Time) (more bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `DELETE FROM evidence WHERE (tenant, lane, slot) IN
			(SELECT e.tenant, e.lane, e.slot FROM evidence e WHERE e.slot < $1 ORDER BY e.slot LIMIT $2)`, slotOf(micros(before)), pruneRows)
		if err != nil {
			return err
		}
		gone, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if more = gone == pruneRows; more {
			return nil
		}
		for _, text := range []string{`DELETE FROM error_run WHERE at < $1`, `DELETE FROM raised WHERE at < $1`, `DELETE FROM sighting WHERE at < $1`} {
			if _, err := t.exec(ctx, text, micros(before)); err != nil {
				return err
			}
		}
		return nil
	})
	return more, wrap(err, "prune evidence")
}
