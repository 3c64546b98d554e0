package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// IncidentMeasures computes the clock times of one incident, from one look at the
// data.
func (s *Store) IncidentMeasures(ctx context.Context, id cordon.IncidentID) (cordon.IncidentMeasures, error) {
	var m cordon.IncidentMeasures
	err := s.snapshot(ctx, func(r querier) error {
		i, err := incidentOf(ctx, r, id, "")
		if err != nil {
			return err
		}
		all, err := badDispatches(ctx, r, id, "", micros(s.now()))
		if err != nil {
			return err
		}
		if m, err = blastRadius(ctx, r, i.Incident, all); err != nil {
			return err
		}
		for _, measure := range []func(context.Context, querier, *cordon.IncidentMeasures, cordon.Incident) error{
			timeToDetect, timeToAcknowledge, timeToContain, timeToInform, timeToNotify,
		} {
			if err := measure(ctx, r, &m, i.Incident); err != nil {
				return err
			}
		}
		m.TTR = after(i.OpenedAt, i.ResolvedAt, "not resolved yet")
		return nil
	})
	return m, wrap(err, "incident's measures")
}

// after is how long after one moment the other came; without it, why.
func after(from, to time.Time, otherwise string) cordon.Measure {
	if from.IsZero() || to.IsZero() {
		return cordon.Measure{Says: otherwise}
	}
	return cordon.Measure{Known: true, Millis: to.Sub(from).Milliseconds()}
}

// blastRadius is who and how many, and the window in which it happened.
func blastRadius(ctx context.Context, r querier, i cordon.Incident, all []badDispatch) (cordon.IncidentMeasures, error) {
	m := cordon.IncidentMeasures{Incident: i.ID, Number: i.Number, Title: i.Title, Kind: i.Kind, Severity: i.Severity, State: i.State, Exercise: i.Exercise, OpenedAt: i.OpenedAt}
	d := &damage{shares: map[cordon.TenantID]*cordon.TenantAssessment{}}
	if err := d.countBad(ctx, r, all); err != nil {
		return m, err
	}
	m.FirstCopyAt, m.LastCopyAt, m.Copies = d.total.FirstAt, d.total.LastAt, d.total.Delivered+d.total.Unknown
	accounts := map[cordon.AccountID]bool{}
	for _, b := range all {
		if b.account != "" {
			accounts[b.account] = true
		}
	}
	m.Accounts = int64(len(accounts))
	var err error
	m.Recipients, m.Tenants, err = peopleIn(ctx, r, all)
	return m, err
}

// timeToDetect: first bad copy handed over → opened. Where none was, from the first
// bad order, turned away or kept back.
func timeToDetect(ctx context.Context, r querier, m *cordon.IncidentMeasures, i cordon.Incident) error {
	if !m.FirstCopyAt.IsZero() {
		m.TTD = after(m.FirstCopyAt, i.OpenedAt, "")
		m.TTD.Says = "from the first bad copy handed over"
		if m.TTD.Millis < 0 {
			m.TTD.Says = "opened before the first bad copy was handed over"
		}
		return nil
	}
	first, err := firstBadOrder(ctx, r, i.ID)
	if err != nil {
		return err
	}
	if first.IsZero() {
		m.TTD = cordon.Measure{Says: "no bad copy left, and no bad order is known"}
		return nil
	}
	m.TTD = after(first, i.OpenedAt, "")
	m.TTD.Says = "no bad copy left: from the first bad order"
	if m.Copies > 0 {
		m.TTD.Says = "every copy that left is uncertain: from the first bad order"
	}
	return nil
}

// firstBadOrder is when the first order came that the incident is about, accepted
// or turned away.
func firstBadOrder(ctx context.Context, r querier, id cordon.IncidentID) (time.Time, error) {
	scope, err := incidentScope(ctx, r, id)
	if err != nil {
		return time.Time{}, err
	}
	first := int64(0)
	earlier := func(at *int64) {
		if at != nil && (first == 0 || *at < first) {
			first = *at
		}
	}
	for _, c := range scope {
		for _, look := range []struct{ column, table, where string }{
			{"d.accepted_at", "dispatch d", "lead"}, {"e.at", "entry e", "refused"},
		} {
			a := &asked{q: c, args: []any{}}
			where := refusedBy(a)
			if look.where == "lead" {
				a = &asked{q: c, args: []any{string(id)}}
				where = a.lead() + " AND " + ofIncident("d", "$1")
			}
			if where == "" {
				continue
			}
			var at *int64
			if err := r.queryRow(ctx, `SELECT MIN(`+look.column+`) FROM `+look.table+` WHERE `+where, a.args...).Scan(&at); err != nil {
				return time.Time{}, err
			}
			earlier(at)
		}
	}
	return fromMicros(first), nil
}

// timeToAcknowledge: the first page sent → somebody said that he has it.
func timeToAcknowledge(ctx context.Context, r querier, m *cordon.IncidentMeasures, i cordon.Incident) error {
	var sent, acked *int64
	err := r.queryRow(ctx, `SELECT MIN(CASE WHEN p.sent_at > 0 THEN p.sent_at END), MIN(CASE WHEN p.acked_at > 0 THEN p.acked_at END) FROM oncall_page p WHERE p.incident = $1`,
		string(i.ID)).Scan(&sent, &acked)
	switch {
	case err != nil:
		return err
	case sent == nil && acked == nil:
		m.TTA = cordon.Measure{Says: "no page was sent"}
	case sent == nil:
		m.TTA = cordon.Measure{Known: true, Says: "acknowledged before a page was sent"}
	case acked == nil:
		m.TTA = cordon.Measure{Says: "not acknowledged yet"}
	default:
		m.TTA = after(fromMicros(*sent), fromMicros(*acked), "")
	}
	m.TTA.Millis = max(m.TTA.Millis, 0)
	return nil
}

// timeToContain: opened → last bad copy handed over.
func timeToContain(_ context.Context, _ querier, m *cordon.IncidentMeasures, i cordon.Incident) error {
	switch {
	case i.ContainedAt.IsZero() && i.State.Open():
		m.TTC = cordon.Measure{Says: "not contained yet"}
	case m.LastCopyAt.IsZero() || !m.LastCopyAt.After(i.OpenedAt):
		m.TTC = cordon.Measure{Known: true, Says: "no bad copy left after opening"}
	default:
		m.TTC = after(i.OpenedAt, m.LastCopyAt, "")
	}
	return nil
}

// timeToInform: opened → the notice to the last affected tenant was accepted by the
// far side.
func timeToInform(ctx context.Context, r querier, m *cordon.IncidentMeasures, i cordon.Incident) error {
	if m.Tenants == 0 {
		m.TTI = cordon.Measure{Says: "no tenant's people got a bad copy"}
		return nil
	}
	var tenants int64
	var last *int64
	err := r.queryRow(ctx, `SELECT COUNT(*), MAX(x.first) FROM (SELECT o.tenant, MIN(o.done_at) AS first FROM outgoing o
		WHERE o.incident = $1 AND o.purpose = 'tenant-notice' AND o.state IN ('sent', 'delivered') AND o.done_at > 0 GROUP BY o.tenant) x`, string(i.ID)).Scan(&tenants, &last)
	switch {
	case err != nil:
		return err
	case last == nil || tenants < m.Tenants:
		m.TTI = cordon.Measure{Says: "not every affected tenant has been told"}
	default:
		m.TTI = after(i.OpenedAt, fromMicros(*last), "")
	}
	return nil
}

// timeToNotify: opened → the last follow-up was accepted by the far side.
func timeToNotify(ctx context.Context, r querier, m *cordon.IncidentMeasures, i cordon.Incident) error {
	var sends, waiting int64
	var last *int64
	err := r.queryRow(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(l.queued + l.sending + l.deferred + l.held), 0) AS BIGINT), MAX(l.last_at)
		FROM dispatch d JOIN lane l ON l.tenant = d.tenant AND l.num = d.num
		WHERE d.kind = 'notice' AND d.audience = $1 AND d.state NOT IN ('accepting', 'void')`, string(i.ID)).Scan(&sends, &waiting, &last)
	switch {
	case err != nil:
		return err
	case m.Recipients == 0:
		m.TTN = cordon.Measure{Says: "nobody got a bad copy"}
	case sends == 0:
		m.TTN = cordon.Measure{Says: "no follow-up was sent"}
	case waiting > 0 || orZero(last) == 0:
		m.TTN = cordon.Measure{Says: "follow-ups are still on their way"}
	default:
		m.TTN = after(i.OpenedAt, fromMicros(*last), "")
	}
	return nil
}
