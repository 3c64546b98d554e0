package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// LastRaised is the later of two moments: when the rule last raised something
// about the subject, and when a stop of exactly this scope was last placed, by
// whomever; zero when neither was. What is older than it has been acted on.
func (s *Store) LastRaised(ctx context.Context, tenant cordon.TenantID, rule, subject string, scope cordon.Scope) (raised, stopped time.Time, err error) {
	var mark, placed int64
	err = s.read(ctx, func(q querier) error {
		if err := q.queryRow(ctx, `SELECT COALESCE(MAX(r.at), 0) FROM raised r WHERE r.tenant = $1 AND r.rule = $2 AND r.subject = $3`,
			string(tenant), rule, subject).Scan(&mark); err != nil || scope.Zero() {
			return err
		}
		return q.queryRow(ctx, `SELECT COALESCE(MAX(s.placed_at), 0) FROM stop s WHERE `+sameScope, scopeArgs(scope)...).Scan(&placed)
	})
	return fromMicros(mark), fromMicros(placed), wrap(err, "last raised")
}

// sameScope is the condition that a stop has exactly the scope of $1 to $7.
const sameScope = `s.everything = CAST($1 AS BOOLEAN) AND s.tenant = $2 AND s.template = $3 AND s.account = $4 AND s.key_id = $5 AND s.dispatch = $6 AND s.kind = $7`

// Raise records what a rule found and places its stops, in one transaction and
// once: when the same was raised after r.Seen, by anybody, it does nothing and
// answers false. A stop whose scope another keeps stopped as long is left out.
func (s *Store) Raise(ctx context.Context, by cordon.Actor, r cordon.Raise) (raised bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		if len(r.Stops) > 0 {
			if _, err := t.exec(ctx, `{{exclude queue}}`); err != nil {
				return err
			}
		}
		res, err := t.exec(ctx, `INSERT INTO raised (tenant, rule, subject, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant, rule, subject) DO UPDATE SET at = excluded.at WHERE raised.at <= $5`,
			string(r.Tenant), r.Rule, r.Subject, micros(t.now), micros(r.Seen))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if raised = n > 0; err != nil || !raised {
			return err
		}
		if err := t.recordSignals(ctx, by, []cordon.Signal{r.Signal}); err != nil {
			return err
		}
		for _, stop := range r.Stops {
			if err := t.stopUnlessStopped(ctx, by, stop); err != nil {
				return err
			}
		}
		return nil
	})
	return raised && err == nil, wrap(err, "raise")
}

func (t *tx) stopUnlessStopped(ctx context.Context, by cordon.Actor, stop cordon.Stop) error {
	var stands bool
	err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM stop s WHERE `+sameScope+` AND `+standing("s", "$8")+` AND s.disposition = ''
		AND (s.until_at = 0 OR (s.until_at >= $9 AND $9 <> 0)))`, append(scopeArgs(stop.Scope), micros(t.now), micros(stop.Until))...).Scan(&stands)
	if err != nil || stands {
		return err
	}
	_, err = t.placeStop(ctx, by, stop, nil)
	return err
}

// RecordSighting notes that a text with this fingerprint, merge values masked,
// was accepted from the tenant.
func (s *Store) RecordSighting(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, dispatch cordon.DispatchID, fingerprint uint64, at time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		if _, err := s.tenantNum(ctx, t, tenant); err != nil {
			return err
		}
		num, err := t.take(ctx, 0, "sighting", 1)
		if err != nil {
			return err
		}
		t.wake("evidence")
		_, err = t.exec(ctx, `INSERT INTO sighting (num, at, tenant, template, dispatch, fingerprint) VALUES ($1, $2, $3, $4, $5, $6)`,
			num, micros(at), string(tenant), string(template), string(dispatch), int64(fingerprint))
		return err
	})
	return wrap(err, "record sighting")
}

// Sightings lists what was seen since then, the oldest first.
func (s *Store) Sightings(ctx context.Context, since time.Time) (all []cordon.Sighting, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT x.tenant, x.template, x.dispatch, x.fingerprint, x.at, t.exercise FROM sighting x JOIN tenant t ON t.id = x.tenant
			WHERE x.at >= $1 ORDER BY x.at, x.num`, micros(since))
		all, err = collect(rows, err, func(r scanner) (cordon.Sighting, error) {
			var g cordon.Sighting
			var fingerprint, at int64
			err := r.Scan(&g.Tenant, &g.Template, &g.Dispatch, &fingerprint, &at, &g.Exercise)
			g.Fingerprint, g.At = uint64(fingerprint), fromMicros(at)
			return g, err
		})
		return err
	})
	return all, wrap(err, "sightings")
}
