package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// IncidentContainment looks whether anything bad can still leave, at one moment.
func (s *Store) IncidentContainment(ctx context.Context, id cordon.IncidentID) (cordon.IncidentContainment, error) {
	var c cordon.IncidentContainment
	err := s.snapshot(ctx, func(q querier) (err error) {
		c, err = containment(ctx, q, id, micros(s.now()))
		return err
	})
	return c, wrap(err, "incident's containment")
}

func containment(ctx context.Context, q querier, id cordon.IncidentID, now int64) (cordon.IncidentContainment, error) {
	all, err := badDispatches(ctx, q, id, "", now)
	if err != nil {
		return cordon.IncidentContainment{}, err
	}
	d := &damage{shares: map[cordon.TenantID]*cordon.TenantAssessment{}}
	if err := d.countBad(ctx, q, all); err != nil {
		return cordon.IncidentContainment{}, err
	}
	return contained(ctx, q, id, now, all, d)
}

// contained is the same once the bad dispatches are counted.
func contained(ctx context.Context, q querier, id cordon.IncidentID, now int64, all []badDispatch, d *damage) (cordon.IncidentContainment, error) {
	c := cordon.IncidentContainment{At: fromMicros(now)}
	var err error
	c.Dispatches = d.total.Dispatches
	c.FirstAt, c.LastAt, c.Delivered, c.InFlight = d.total.FirstAt, d.total.LastAt, d.total.Delivered+d.total.Unknown, d.total.InFlight
	for tenant, share := range d.shares {
		c.Tenants = append(c.Tenants, tenant)
		if share.Delivered+share.Unknown > 0 {
			c.Reached = append(c.Reached, tenant)
		}
	}
	slices.Sort(c.Tenants)
	slices.Sort(c.Reached)
	if c.Queued, err = loose(ctx, q, all); err != nil {
		return c, err
	}
	if c.Queued > 0 {
		c.Open = append(c.Open, fmt.Sprintf("%s bad copies wait for their turn, and no stop keeps them back", cordon.Thousands(c.Queued)))
	}
	if c.InFlight > 0 {
		c.Open = append(c.Open, fmt.Sprintf("%s bad copies are on their way", cordon.Thousands(c.InFlight)))
	}
	scope, err := scopeOf(ctx, q, id)
	if err != nil {
		return c, err
	}
	for _, row := range scope {
		open, err := openRow(ctx, q, row.Question, now)
		if err != nil {
			return c, err
		}
		if open != "" {
			c.Open = append(c.Open, open)
		}
	}
	stands, err := stopStands(ctx, q, id, now)
	c.Known = len(scope) > 0
	c.Contained = len(c.Open) == 0 && (c.Known || stands)
	return c, err
}

// loose counts copies of the dispatches that would leave by themselves: due some
// time, behind no stop, and in no dispatch or stage that waits for a person. Bulk
// sends answer from their lanes.
func loose(ctx context.Context, q querier, all []badDispatch) (n int64, err error) {
	all = slices.DeleteFunc(slices.Clone(all), func(b badDispatch) bool { return b.covered })
	for _, group := range groupedBad(all) {
		text := `SELECT COUNT(*) FROM {{nums $2}} j CROSS JOIN dispatch d CROSS JOIN delivery v
			WHERE d.tenant = $1 AND d.num = j.value AND d.state NOT IN ('done', 'held') AND v.tenant = d.tenant AND v.dispatch = d.num AND v.` + openStates + ` AND v.due < $3`
		args := []any{group[0].tenant, numsOf(group), never}
		if group[0].byLane() {
			text = `SELECT CAST(COALESCE(SUM(l.queued + l.deferred + CASE WHEN l.next_due IS NOT NULL THEN l.uncertain ELSE 0 END), 0) AS BIGINT)
				FROM {{nums $2}} j CROSS JOIN dispatch d CROSS JOIN lane l
				WHERE d.tenant = $1 AND d.num = j.value AND d.state NOT IN ('done', 'held') AND l.tenant = d.tenant AND l.num = d.num AND COALESCE(l.open_to, 1) <> 0`
			args = args[:2]
		}
		var some int64
		if err := q.queryRow(ctx, text, args...).Scan(&some); err != nil {
			return 0, err
		}
		n += some
	}
	return n, nil
}

// openRow says how further bad orders of the row could still be accepted and
// leave; "" when they cannot: the row has an end that has come, or names a
// dispatch, or a stop covers it, or its credential is no longer active.
func openRow(ctx context.Context, q querier, c cordon.Question, now int64) (string, error) {
	if c.Dispatch != "" || !c.Until.IsZero() && micros(c.Until) <= now {
		return "", nil
	}
	var covered, spent bool
	err := q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM stop s WHERE `+standing("s", "$1")+` AND s.kind = '' AND (s.everything
			OR ((s.tenant <> '' OR s.template <> '' OR s.account <> '' OR s.key_id <> '' OR s.dispatch <> '')
			AND (s.tenant = '' OR s.tenant = $2) AND (s.template = '' OR s.template = $3) AND (s.account = '' OR s.account = $4)
			AND (s.key_id = '' OR s.key_id = $5) AND s.dispatch = ''))),
		$5 <> '' AND EXISTS (SELECT 1 FROM api_key k WHERE k.id = $5 AND k.state <> 'active')`,
		now, string(c.Tenant), string(c.Template), string(c.Account), string(c.Key)).Scan(&covered, &spent)
	switch {
	case err != nil || covered || spent:
		return "", err
	case c.Key != "":
		return fmt.Sprintf("key %s is active, and no stop covers it", c.Key), nil
	case c.Account != "":
		return fmt.Sprintf("no stop covers account %s", c.Account), nil
	case c.Template != "":
		return fmt.Sprintf("no stop covers template %s", c.Template), nil
	}
	return fmt.Sprintf("no stop covers tenant %s", c.Tenant), nil
}

func stopStands(ctx context.Context, q querier, id cordon.IncidentID, now int64) (stands bool, err error) {
	err = q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident_link n JOIN stop s ON s.id = n.subject
		WHERE n.incident = $1 AND n.noun = 'stop' AND `+standing("s", "$2")+`)`, string(id), now).Scan(&stands)
	return stands, err
}

// TendIncident writes what a look at the incident found: whom it touches, what
// the damage asks for, stops that ended. It writes nothing when nothing is new, and
// answers false; else whoever looked should look again.
func (s *Store) TendIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, found cordon.IncidentFinding) (fresh bool, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		fresh, err = somethingNew(ctx, q, id, found, micros(s.now()))
		return err
	})
	if err != nil || !fresh {
		return false, wrap(err, "tend incident")
	}
	_, err = s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		if err := t.touchTenants(ctx, i, found.Tenants...); err != nil {
			return err
		}
		if err := t.endedStops(ctx, by, i); err != nil {
			return err
		}
		if int64(found.Severity) != 0 && int64(found.Severity) < i.damageLevel {
			if _, err := t.exec(ctx, `UPDATE incident SET damage_level = $2 WHERE id = $1`, string(id), int64(found.Severity)); err != nil {
				return err
			}
			if found.Severity < i.Severity {
				if err := t.setSeverity(ctx, by, i, found.Severity, found.Why); err != nil {
					return err
				}
			}
		}
		if found.Public {
			return t.setPublic(ctx, by, i, true, "by rule, "+i.Severity.String()+" with copies delivered")
		}
		return nil
	})
	return true, wrap(err, "tend incident")
}

func somethingNew(ctx context.Context, q querier, id cordon.IncidentID, found cordon.IncidentFinding, now int64) (bool, error) {
	i, err := incidentOf(ctx, q, id, "")
	if err != nil {
		return false, err
	}
	if found.Severity != 0 && int64(found.Severity) < i.damageLevel || found.Public && !i.Public && i.publicBy == "" {
		return true, nil
	}
	known, err := incidentTenants(ctx, q, id)
	if err != nil {
		return false, err
	}
	for _, tenant := range found.Tenants {
		if !slices.Contains(known, tenant) {
			return true, nil
		}
	}
	stops, err := unsettledStops(ctx, q, id, now)
	return len(stops) > 0, err
}

// endedStop is a stop of the incident that stands no more, which nobody has noted.
type endedStop struct {
	id                cordon.StopID
	liftedBy, how     string
	liftedAt, untilAt int64
	cordon.Scope
}

func unsettledStops(ctx context.Context, q querier, id cordon.IncidentID, now int64) ([]endedStop, error) {
	rows, err := q.query(ctx, `SELECT s.id, s.lifted_by, s.disposition, s.lifted_at, s.until_at, s.everything, s.tenant, s.template, s.account, s.key_id, s.dispatch
		FROM incident_link n JOIN stop s ON s.id = n.subject WHERE n.incident = $1 AND n.noun = 'stop' AND n.settled_at = 0 AND NOT `+standing("s", "$2")+` ORDER BY n.num`, string(id), now)
	return collect(rows, err, func(r scanner) (endedStop, error) {
		var e endedStop
		err := r.Scan(&e.id, &e.liftedBy, &e.how, &e.liftedAt, &e.untilAt, &e.Everything, &e.Tenant, &e.Template, &e.Account, &e.Key, &e.Dispatch)
		return e, err
	})
}

// endedStops notes the stops that stand no more. Where a person lifted one and no
// other covers a row of scope, the row ends there: whoever lets mail go on has
// looked at it. One that ran out by itself ends nothing.
func (t *tx) endedStops(ctx context.Context, by cordon.Actor, i *storedIncident) error {
	now := micros(t.now)
	stops, err := unsettledStops(ctx, t, i.ID, now)
	if err != nil {
		return err
	}
	for _, e := range stops {
		at, who, text := e.liftedAt, e.liftedBy, fmt.Sprintf("Stop %s was lifted by %s", e.id, e.liftedBy)
		if e.how != "" {
			text += ", " + e.how
		}
		if at == 0 {
			at, who, text = e.untilAt, cordon.System().ID(), fmt.Sprintf("Stop %s has run out", e.id)
		}
		if _, err := t.exec(ctx, `UPDATE incident_link SET settled_by = $4, settled_at = $5, settled = $6 WHERE incident = $1 AND noun = $2 AND subject = $3`,
			string(i.ID), cordon.LinkStop, string(e.id), who, at, "ended"); err != nil {
			return err
		}
		if err := t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineLink, Tenant: e.Tenant, Subject: string(e.id), Text: text}); err != nil {
			return err
		}
		if who != cordon.System().ID() {
			if err := t.endRows(ctx, by, i, e, fromMicros(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// endRows ends the rows of scope that the stop covered and nothing covers now.
func (t *tx) endRows(ctx context.Context, by cordon.Actor, i *storedIncident, e endedStop, at time.Time) error {
	rows, err := scopeOf(ctx, t, i.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Dispatch != "" || !row.Until.IsZero() || !scopeCovers(e.Scope, row.Question) || !at.After(row.From) {
			continue
		}
		open, err := openRow(ctx, t, row.Question, micros(t.now))
		if err != nil {
			return err
		}
		if open == "" {
			continue
		}
		if _, err := t.exec(ctx, `UPDATE incident_scope SET until_at = $3 WHERE incident = $1 AND num = $2 AND until_at = 0`, string(i.ID), row.Num, micros(at)); err != nil {
			return err
		}
		row.Until = at
		if err := t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineScope, Text: "Counted as bad: " + sayQuestion(row.Question) + ", when its stop was lifted"}); err != nil {
			return err
		}
	}
	return nil
}

// scopeCovers says whether a stop of the scope covers every dispatch of the row.
func scopeCovers(s cordon.Scope, q cordon.Question) bool {
	return s.Everything || !s.Zero() && (s.Tenant == "" || s.Tenant == q.Tenant) && (s.Template == "" || s.Template == q.Template) &&
		(s.Account == "" || s.Account == q.Account) && (s.Key == "" || s.Key == q.Key) && (s.Dispatch == "" || s.Dispatch == q.Dispatch)
}
