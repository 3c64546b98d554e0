package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/cordonmail/cordon"
)

func sortedNames(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// debtsNamed is how many tenants are named one by one before the rest is counted.
const debtsNamed = 10

// noticeDebts lists whom an incident still owes to be told: tenants, and the
// people of tenants.
func noticeDebts(ctx context.Context, q querier, id cordon.IncidentID, _ int64) ([]cordon.Debt, error) {
	f, err := approvedNotice(ctx, q, id)
	if err != nil && !noApproved(err) {
		return nil, err
	}
	if err != nil {
		return nothingTold(ctx, q, id)
	}
	debts, err := untoldTenants(ctx, q, id, f.Seq)
	if err != nil {
		return nil, err
	}
	unreached, err := unreachedTenants(ctx, q, id, f.Seq)
	if err != nil {
		return nil, err
	}
	debts = append(debts, unreached...)
	newest, err := newestFacts(ctx, q, id, 0)
	if err != nil {
		return nil, err
	}
	if newest.State == cordon.FactsDraft {
		debts = append(debts, cordon.Debt{Kind: cordon.DebtTenant, Subject: string(id), Text: fmt.Sprintf("A correction is drafted and waits for approval: notice %d says what is not so any more", f.Seq)})
	}
	people, err := unwrittenPeople(ctx, q, id)
	return append(debts, people...), err
}

// nothingTold is what is owed before any notice is approved.
func nothingTold(ctx context.Context, q querier, id cordon.IncidentID) ([]cordon.Debt, error) {
	var tenants int64
	if err := q.queryRow(ctx, `SELECT COUNT(*) FROM (`+affectedTenants("$1")+`) x`, string(id)).Scan(&tenants); err != nil || tenants == 0 {
		return nil, err
	}
	return []cordon.Debt{{Kind: cordon.DebtTenant, Subject: string(id), Count: tenants, Text: "No notice is approved: " + plural(tenants, "affected tenant is", "affected tenants are") + " still to be told"}}, nil
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return cordon.Thousands(n) + " " + many
}

type owed struct {
	id       cordon.TenantID
	handle   string
	contacts int64
	n        int64
}

func scanOwed(r scanner) (o owed, err error) {
	return o, r.Scan(&o.id, &o.handle, &o.contacts, &o.n)
}

// untoldTenants lists the tenants that were not told, those affected since
// approval among them.
func untoldTenants(ctx context.Context, q querier, id cordon.IncidentID, seq int) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT t.id, t.handle, (SELECT COUNT(*) FROM tenant_contact c WHERE c.tenant = t.num), CAST(0 AS BIGINT) FROM tenant t
		WHERE t.state = 'active' AND (t.num IN (SELECT n.tenant FROM notice_telling n WHERE n.incident = $1 AND n.seq = $2 AND n.state = 'planned')
		OR t.num IN (SELECT x.tenant FROM (`+affectedTenants("$1")+`) x WHERE NOT EXISTS (SELECT 1 FROM notice_telling n WHERE n.tenant = x.tenant AND n.incident = $1 AND n.seq = $2)))
		ORDER BY t.handle`, string(id), seq)
	all, err := collect(rows, err, scanOwed)
	return named(all, cordon.DebtTenant, "are still to be told", func(o owed) string {
		if o.contacts == 0 {
			return o.handle + " cannot be told: it has no contact; add one with cordon contact add, or say how it was told otherwise"
		}
		return o.handle + " is still to be told"
	}), err
}

// unreachedTenants lists the tenants of whose messages none was taken by the far
// side: on their way still, or failed one and all.
func unreachedTenants(ctx context.Context, q querier, id cordon.IncidentID, seq int) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT t.id, t.handle, COUNT(*) FILTER (WHERE o.state IN ('pending', 'sending')), COUNT(*) FROM outgoing o JOIN tenant t ON t.id = o.tenant
		JOIN notice_telling n ON n.tenant = t.num AND n.incident = $1 AND n.seq = $4 AND n.state = 'told'
		WHERE o.incident = $1 AND o.purpose = 'tenant-notice' AND substr(o.key, 1, $3) = $2 AND t.state = 'active'
		GROUP BY t.id, t.handle HAVING COUNT(*) FILTER (WHERE o.state IN ('sent', 'delivered')) = 0 ORDER BY t.handle`, string(id), tellingKey(id, seq), len(tellingKey(id, seq)), seq)
	all, err := collect(rows, err, scanOwed)
	return named(all, cordon.DebtTenant, "have not got their message", func(o owed) string {
		if o.contacts > 0 { // messages that may still arrive
			return "The message to " + o.handle + " is on its way"
		}
		return "No message reached " + o.handle + ": every contact's mail failed; tell it otherwise, say how with cordon notice told, and mend its contacts"
	}), err
}

// tellingKey begins the keys of a notice's messages to tenants.
func tellingKey(id cordon.IncidentID, seq int) string { return fmt.Sprintf("notice/%s/%d/", id, seq) }

// unwrittenPeople lists what is owed to the people themselves.
func unwrittenPeople(ctx context.Context, q querier, id cordon.IncidentID) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT t.id, t.handle, CAST(0 AS BIGINT), COUNT(DISTINCT v.recipient) FROM dispatch a CROSS JOIN delivery v
		JOIN recipient r ON r.tenant = v.tenant AND r.num = v.recipient JOIN tenant t ON t.num = a.tenant
		WHERE `+ofIncident("a", "$1")+` AND v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps) AND `+mailable+`
		AND (v.tenant, v.recipient) NOT IN (SELECT n.tenant, n.recipient FROM dispatch b CROSS JOIN delivery n
			WHERE b.kind = 'notice' AND b.audience = $1 AND b.state NOT IN ('accepting', 'void', 'discarded') AND n.tenant = b.tenant AND n.dispatch = b.num)
		AND t.state = 'active' AND NOT EXISTS (SELECT 1 FROM notice_telling w WHERE w.tenant = a.tenant AND w.incident = $1 AND w.follow_up = 'waived')
		GROUP BY t.id, t.handle ORDER BY t.handle`, string(id))
	unsent, err := collect(rows, err, scanOwed)
	if err != nil {
		return nil, err
	}
	debts := named(unsent, cordon.DebtFollowUp, "have people who were not written to", func(o owed) string {
		return plural(o.n, "person of "+o.handle+" has", "people of "+o.handle+" have") + " not been written to"
	})
	rows, err = q.query(ctx, `SELECT t.id, t.handle, CAST(0 AS BIGINT), CAST(SUM(l.queued + l.sending + l.deferred + l.uncertain + l.held) AS BIGINT) FROM dispatch b JOIN lane l ON l.tenant = b.tenant AND l.num = b.lane
		JOIN tenant t ON t.num = b.tenant WHERE b.kind = 'notice' AND b.audience = $1 AND b.state NOT IN ('accepting', 'void', 'discarded')
		GROUP BY t.id, t.handle HAVING SUM(l.queued + l.sending + l.deferred + l.uncertain + l.held) > 0 ORDER BY t.handle`, string(id))
	under, err := collect(rows, err, scanOwed)
	return append(debts, named(under, cordon.DebtFollowUp, "have follow-ups under way", func(o owed) string {
		return plural(o.n, "follow-up to a person of "+o.handle+" has", "follow-ups to people of "+o.handle+" have") + " not come to an end"
	})...), err
}

// named makes a debt of each, and one of those beyond the first few.
func named(all []owed, kind cordon.DebtKind, rest string, say func(owed) string) []cordon.Debt {
	var debts []cordon.Debt
	for i, o := range all {
		if i == debtsNamed && len(all) > debtsNamed+1 {
			left := int64(len(all) - i)
			return append(debts, cordon.Debt{Kind: kind, Count: left, Text: cordon.Thousands(left) + " more tenants " + rest})
		}
		debts = append(debts, cordon.Debt{Kind: kind, Subject: string(o.id), Count: o.n, Text: say(o)})
	}
	return debts
}

// clockDebts lists the legal regimes that nobody has decided about, and tenants
// for which the clocks were not set yet. Where what a regime asks for was done,
// nobody need decide whether it asks for it.
func clockDebts(ctx context.Context, q querier, id cordon.IncidentID, _ int64) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT c.regime, COUNT(*) FROM clock c WHERE c.incident = $1 AND c.decision = 'undecided' AND c.met_at = 0 GROUP BY c.regime ORDER BY c.regime`, string(id))
	debts, err := collect(rows, err, func(r scanner) (d cordon.Debt, err error) {
		d.Kind = cordon.DebtRegime
		err = r.Scan(&d.Subject, &d.Count)
		d.Text = "Nobody has decided whether " + d.Subject + " applies, for " + plural(d.Count, "tenant", "tenants")
		return d, err
	})
	if err != nil {
		return nil, err
	}
	var unset int64
	err = q.queryRow(ctx, `SELECT COUNT(*) FROM (`+affectedTenants("$1")+`) x JOIN tenant t ON t.num = x.tenant
		WHERE t.state = 'active' AND NOT EXISTS (SELECT 1 FROM clock_set c WHERE c.incident = $1 AND c.tenant = x.tenant)`, string(id)).Scan(&unset)
	if unset > 0 {
		debts = append(debts, cordon.Debt{Kind: cordon.DebtRegime, Count: unset, Text: "The legal clocks are not set yet for " + plural(unset, "affected tenant", "affected tenants") + "; they are within seconds"})
	}
	return debts, err
}
