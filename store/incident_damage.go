package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// badDispatch is one dispatch that an incident is about.
type badDispatch struct {
	candidate
	acceptedAt int64
	account    cordon.AccountID
}

// badDispatches lists every dispatch that the incident is about, of one tenant or
// ("") of all, each once, by tenant and number. Each row of the scope leads to an
// index; ofIncident alone decides.
func badDispatches(ctx context.Context, q querier, id cordon.IncidentID, tenant cordon.TenantID, now int64) ([]badDispatch, error) {
	scope, err := incidentScope(ctx, q, id)
	if err != nil {
		return nil, err
	}
	var all []badDispatch
	for _, c := range scope {
		a := &asked{q: c, args: []any{string(id), now}}
		lead := a.lead()
		if lead == "" {
			continue
		}
		if tenant != "" {
			lead += " AND d.tenant_id = " + a.arg(string(tenant))
		}
		rows, err := q.query(ctx, `SELECT d.tenant, d.num, d.tenant_id, d.id, d.kind, `+blocked("d", "id", "$2")+`, d.accepted_at, d.account
			FROM dispatch d WHERE `+lead+` AND `+ofIncident("d", "$1"), a.args...)
		some, err := collect(rows, err, func(r scanner) (badDispatch, error) {
			b := badDispatch{candidate: candidate{whole: true}}
			err := r.Scan(&b.tenant, &b.num, &b.tenantID, &b.id, &b.kind, &b.covered, &b.acceptedAt, &b.account)
			return b, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b badDispatch) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.num, b.num))
	})
	return slices.CompactFunc(all, func(a, b badDispatch) bool { return a.tenant == b.tenant && a.num == b.num }), nil
}

// lead is the condition by which a row of the scope finds its dispatches through
// an index; "" for a row without any part.
func (a *asked) lead() string {
	from, until := window(a.q)
	during := " AND d.accepted_at >= " + a.arg(from) + " AND d.accepted_at < " + a.arg(until)
	switch {
	case a.q.Dispatch != "":
		return "d.id = " + a.arg(string(a.q.Dispatch)) + during
	case a.q.Key != "":
		return "d.key_id = " + a.arg(string(a.q.Key)) + during
	case a.q.Account != "":
		id := a.arg(string(a.q.Account))
		return `((d.key_id = '' AND d.account = ` + id + during + `) OR (d.key_id IN (SELECT k.id FROM api_key k WHERE k.account = ` + id + `)` + during + `))`
	case a.q.Template != "":
		return "d.template = " + a.arg(string(a.q.Template)) + during
	case a.q.Tenant != "":
		return "d.tenant = (SELECT t.num FROM tenant t WHERE t.id = " + a.arg(string(a.q.Tenant)) + ")" + during
	}
	return ""
}

// groupedBad are groups that can be counted together.
func groupedBad(all []badDispatch) [][]candidate {
	list := make([]candidate, len(all))
	for i, b := range all {
		list[i] = b.candidate
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), compareBool(a.covered, b.covered), compareBool(a.byLane(), b.byLane()))
	})
	return groupsOf(list, func(a, b candidate) bool {
		return a.tenant == b.tenant && a.covered == b.covered && a.byLane() == b.byLane()
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// countBad adds up the copies of the dispatches: bulk from its lanes' counters,
// single sends from their rows.
func (d *damage) countBad(ctx context.Context, r querier, all []badDispatch) error {
	for _, group := range groupedBad(all) {
		add := d.addGroup
		if group[0].byLane() {
			add = d.addWhole
		} else {
			d.total.Dispatches += int64(len(group))
		}
		if err := add(ctx, r, cordon.Question{}, group); err != nil {
			return err
		}
	}
	return nil
}

// IncidentDamage sizes what the incident is about, each dispatch once however
// many rows of the scope name it, with the ledger's size and root of the same
// moment.
func (s *Store) IncidentDamage(ctx context.Context, id cordon.IncidentID) (cordon.Assessment, error) {
	return s.IncidentDamageOf(ctx, id, "")
}

// IncidentDamageOf is one tenant's share of the damage.
func (s *Store) IncidentDamageOf(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (cordon.Assessment, error) {
	d := &damage{}
	err := s.snapshot(ctx, func(r querier) (err error) {
		d, _, err = s.incidentDamage(ctx, r, id, tenant)
		return err
	})
	if err != nil {
		return cordon.Assessment{}, wrap(err, "incident's damage")
	}
	return d.total, nil
}

func (s *Store) incidentDamage(ctx context.Context, r querier, id cordon.IncidentID, tenant cordon.TenantID) (*damage, []badDispatch, error) {
	now := micros(s.now())
	d := &damage{shares: map[cordon.TenantID]*cordon.TenantAssessment{}}
	d.total.AsOf, d.total.Tenants = fromMicros(now), []cordon.TenantAssessment{}
	d.total.Scope.Tenant = tenant
	if _, err := incidentOf(ctx, r, id, ""); err != nil {
		return nil, nil, err
	}
	size, root, err := ledgerHead(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	d.total.LedgerSize, d.total.Root = size, tlog.Hash(root).String()
	all, err := badDispatches(ctx, r, id, tenant, now)
	if err != nil {
		return nil, nil, err
	}
	if err := d.countBad(ctx, r, all); err != nil {
		return nil, nil, err
	}
	scope, err := incidentScope(ctx, r, id)
	if err != nil {
		return nil, nil, err
	}
	if d.total.OrdersRefused, err = countEntries(ctx, r, scope, tenant, refusedBy); err != nil {
		return nil, nil, err
	}
	if d.total.PersonalDataReads, err = countEntries(ctx, r, scope, tenant, readBy); err != nil {
		return nil, nil, err
	}
	return d, all, d.nameTenants(ctx, r)
}

// countEntries counts the entries that at least one row of the scope asks about,
// each once.
func countEntries(ctx context.Context, r querier, scope []cordon.Question, tenant cordon.TenantID, of func(*asked) string) (n int64, err error) {
	a := &asked{}
	var any []string
	for _, c := range scope {
		a.q = c
		if where := of(a); where != "" {
			if tenant != "" {
				where += " AND e.tenant = " + a.arg(string(tenant))
			}
			any = append(any, "SELECT e.num FROM entry e WHERE "+where)
		}
	}
	if len(any) == 0 {
		return 0, nil
	}
	err = r.queryRow(ctx, `SELECT COUNT(*) FROM (`+strings.Join(any, " UNION ")+`) x`, a.args...).Scan(&n)
	return n, err
}

// refusedBy is the condition on entries that an order was turned away at the door
// which would have been one of the row's dispatches; none for a row that names a
// dispatch.
func refusedBy(a *asked) string {
	if a.q.Dispatch != "" {
		return ""
	}
	from, until := window(a.q)
	where := `e.kind = 'order.refused' AND e.at >= ` + a.arg(from) + ` AND e.at < ` + a.arg(until)
	if a.q.Tenant != "" {
		where += ` AND e.tenant = ` + a.arg(string(a.q.Tenant))
	}
	if a.q.Template != "" {
		where += ` AND e.subject = ` + a.arg(string(a.q.Template))
	}
	return where + a.actor()
}

// readBy is the condition on entries that personal data was opened by the row's
// credential: the one it names, or those that sent the dispatch it names; else by
// anybody of the tenant.
func readBy(a *asked) string {
	from, until := window(a.q)
	where := `e.kind = 'personal-data.read' AND e.at >= ` + a.arg(from) + ` AND e.at < ` + a.arg(until)
	switch {
	case a.q.Key != "" || a.q.Account != "":
		return where + a.actor()
	case a.q.Dispatch != "":
		return where + ` AND e.actor IN (SELECT CASE WHEN d.key_id <> '' THEN d.key_id ELSE d.account END FROM dispatch d WHERE d.id = ` + a.arg(string(a.q.Dispatch)) + `)`
	case a.q.Tenant != "":
		return where + ` AND e.tenant = ` + a.arg(string(a.q.Tenant))
	case a.q.Template != "":
		return where + ` AND e.tenant IN (SELECT t.id FROM template m JOIN tenant t ON t.num = m.tenant WHERE m.id = ` + a.arg(string(a.q.Template)) + `)`
	}
	return ""
}

// gotIt is the condition that a copy was delivered, or perhaps was.
const gotIt = `(v.state = 'delivered' OR v.perhaps)`

// notDecoy is the condition that the copy's receiver is no decoy. A tenant has
// few decoys: they are a list to look in, not a join.
const notDecoy = `v.recipient NOT IN (SELECT p.num FROM recipient p WHERE p.tenant = $1 AND p.decoy)`

// peopleIn counts, by tenant, the people who got a copy of the dispatches, or
// perhaps got one: each once.
func peopleIn(ctx context.Context, r querier, all []badDispatch) (people int64, tenants int64, err error) {
	for _, group := range groupsOf(all, func(a, b badDispatch) bool { return a.tenant == b.tenant }) {
		var n int64
		err := r.queryRow(ctx, `SELECT COUNT(DISTINCT v.recipient) FROM {{nums $2}} j CROSS JOIN delivery v
			WHERE v.tenant = $1 AND v.dispatch = j.value AND `+gotIt+` AND `+notDecoy, group[0].tenant, numsOfBad(group)).Scan(&n)
		if err != nil {
			return 0, 0, err
		}
		if people += n; n > 0 {
			tenants++
		}
	}
	return people, tenants, nil
}

func numsOfBad(group []badDispatch) string {
	nums := make([]int64, len(group))
	for i, b := range group {
		nums[i] = b.num
	}
	return jsonText(nums)
}

// IncidentFigures answers every figure that a text may quote.
func (s *Store) IncidentFigures(ctx context.Context, id cordon.IncidentID) (cordon.Figures, error) {
	return s.IncidentFiguresOf(ctx, id, "")
}

// IncidentFiguresOf is the figures of one tenant's share.
func (s *Store) IncidentFiguresOf(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (cordon.Figures, error) {
	var figures cordon.Figures
	err := s.snapshot(ctx, func(r querier) error {
		i, err := incidentOf(ctx, r, id, "")
		if err != nil {
			return err
		}
		d, all, err := s.incidentDamage(ctx, r, id, tenant)
		if err != nil {
			return err
		}
		people, tenants, err := peopleIn(ctx, r, all)
		if err != nil {
			return err
		}
		figures = cordon.IncidentFigures(i.Incident, d.total, people, tenants)
		return nil
	})
	return figures, wrap(err, "incident's figures")
}

// IncidentSight answers damage, figures and containment from one look, for a page
// that is looked at; of one tenant's share without the containment, which is not
// the tenant's to know.
func (s *Store) IncidentSight(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (a cordon.Assessment, f cordon.Figures, c cordon.IncidentContainment, err error) {
	err = s.snapshot(ctx, func(r querier) error {
		i, err := incidentOf(ctx, r, id, "")
		if err != nil {
			return err
		}
		d, all, err := s.incidentDamage(ctx, r, id, tenant)
		if err != nil {
			return err
		}
		people, tenants, err := peopleIn(ctx, r, all)
		if err != nil {
			return err
		}
		a, f = d.total, cordon.IncidentFigures(i.Incident, d.total, people, tenants)
		if tenant == "" {
			c, err = contained(ctx, r, id, micros(a.AsOf), all, d)
		}
		return err
	})
	return a, f, c, wrap(err, "incident's sight")
}
