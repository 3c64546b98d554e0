package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// chosen is whom a dispatch goes to: its audience, or those affected by an
// incident.
func (s *Store) chosen(ctx context.Context, q querier, b *birth) (choice, error) {
	if b.d.Kind != cordon.Notice {
		return s.choose(ctx, q, b.d.Tenant, b.n.Filter)
	}
	num, err := s.tenantNum(ctx, q, b.d.Tenant)
	if err != nil {
		return choice{}, err
	}
	c := choice{from: "recipient r", order: "r.num", args: []any{num}}
	c.where = "r.tenant = $1 AND " + mailable + " AND " + affectedBy("r", "$1", c.arg(string(b.n.Affected)))
	return c, nil
}

// affectedBy is the condition that the recipient in the row named r, of the tenant
// whose number is given, got a copy of what the incident is about, or perhaps got
// one. It is the affected set, wherever it is asked for.
func affectedBy(r, tenant, incident string) string {
	return r + `.num IN (SELECT v.recipient FROM dispatch a CROSS JOIN delivery v WHERE a.tenant = ` + tenant + ` AND ` + ofIncident("a", incident) +
		` AND v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps))`
}

// AffectedReach counts those of the tenant whom a notice of the incident would
// reach, and those affected whom it cannot: suppressed, or erased since.
func (s *Store) AffectedReach(ctx context.Context, tenant cordon.TenantID, incident cordon.IncidentID) (reached, beyond int64, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		return q.queryRow(ctx, `SELECT COUNT(*) FILTER (WHERE `+mailable+`), COUNT(*) FILTER (WHERE NOT (`+mailable+`)) FROM recipient r
			WHERE r.tenant = $1 AND NOT r.decoy AND `+affectedBy("r", "$1", "$2"), num, string(incident)).Scan(&reached, &beyond)
	})
	return reached, beyond, wrap(err, "affected reach")
}

// NoticesSent counts the notices of the incident that the tenant's people were
// sent: dispatches, not copies.
func (s *Store) NoticesSent(ctx context.Context, tenant cordon.TenantID, incident cordon.IncidentID) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		return q.queryRow(ctx, `SELECT COUNT(*) FROM dispatch d WHERE d.tenant = $1 AND d.kind = 'notice' AND d.audience = $2
			AND d.state NOT IN ('accepting', 'void')`, num, string(incident)).Scan(&n)
	})
	return n, wrap(err, "notices sent")
}

// nobodyChosen says why a send has no copies.
func nobodyChosen(kind cordon.Kind) error {
	if kind == cordon.Notice {
		return cordon.InvalidField("incident", "has nobody of this tenant who can be mailed", "nothing of it reached them; who is suppressed or erased is told by other means")
	}
	return cordon.InvalidField("audience", "chooses nobody who can be mailed", "check its tags; suppressed and erased recipients are in no audience")
}
