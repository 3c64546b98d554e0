package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
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

// byTenantAndCover are groups that can be counted together.
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

// affectedKey is the place of a person in the list: by tenant, then by number.
type affectedKey struct{ tenant, recipient int64 }

func affectedAfter(p cordon.Page) (affectedKey, error) {
	key, err := afterCursor(p)
	if err != nil || key == "" {
		return affectedKey{}, err
	}
	tenant, recipient, ok := strings.Cut(key, " ")
	var at affectedKey
	if at.tenant, err = strconv.ParseInt(tenant, 10, 64); err == nil {
		at.recipient, err = strconv.ParseInt(recipient, 10, 64)
	}
	if err != nil || !ok {
		return affectedKey{}, badCursor()
	}
	return at, nil
}

// IncidentAffected lists whoever got a copy of what the incident is about, or
// perhaps got one: each person once, however many copies, with the first dispatch
// and the surest state. Decoys are nobody. Nothing is opened.
func (s *Store) IncidentAffected(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, p cordon.Page) ([]cordon.Affected, string, error) {
	at, err := affectedAfter(p)
	if err != nil {
		return nil, "", err
	}
	var found []keyedAffected
	err = s.snapshot(ctx, func(r querier) error {
		var err error
		found, err = s.affectedIn(ctx, r, id, tenant, at, p.Size()+1)
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "affected by the incident")
	}
	found, next := page(found, p, func(a keyedAffected) string { return fmt.Sprintf("%d %d", a.key.tenant, a.key.recipient) })
	list := make([]cordon.Affected, len(found))
	for i, a := range found {
		list[i] = a.a
	}
	return list, next, nil
}

// EachAffected calls f with each person of the list in turn, from one look at the
// data; it ends at the first error.
func (s *Store) EachAffected(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, f func(cordon.Affected) error) error {
	var all []keyedAffected
	err := s.snapshot(ctx, func(r querier) error {
		var err error
		all, err = s.affectedIn(ctx, r, id, tenant, affectedKey{}, 0)
		return err
	})
	if err != nil {
		return wrap(err, "affected by the incident")
	}
	for _, a := range all {
		if err := f(a.a); err != nil {
			return err
		}
	}
	return nil
}

type keyedAffected struct {
	key affectedKey
	a   cordon.Affected
}

// affectedIn lists the people behind a place, at most want of them; 0: all.
func (s *Store) affectedIn(ctx context.Context, r querier, id cordon.IncidentID, tenant cordon.TenantID, at affectedKey, want int) ([]keyedAffected, error) {
	if _, err := incidentOf(ctx, r, id, ""); err != nil {
		return nil, err
	}
	all, err := badDispatches(ctx, r, id, tenant, micros(s.now()))
	if err != nil {
		return nil, err
	}
	var found []keyedAffected
	for _, group := range groupsOf(all, func(a, b badDispatch) bool { return a.tenant == b.tenant }) {
		switch {
		case group[0].tenant < at.tenant:
			continue
		case want > 0 && len(found) >= want:
			return found, nil
		}
		after := int64(0)
		if group[0].tenant == at.tenant {
			after = at.recipient
		}
		some, err := affectedOfTenant(ctx, r, group, after, want-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func affectedOfTenant(ctx context.Context, r querier, group []badDispatch, after int64, want int) ([]keyedAffected, error) {
	ids := make(map[int64]badDispatch, len(group))
	for _, b := range group {
		ids[b.num] = b
	}
	args := []any{group[0].tenant, numsOfBad(group), after}
	limit := ""
	if want > 0 {
		args, limit = append(args, want), " LIMIT $4"
	}
	rows, err := r.query(ctx, `SELECT x.recipient, x.dispatch, x.sure, x.at, COALESCE(p.id, ''), COALESCE(p.external_ref, '') FROM (
			SELECT v.recipient AS recipient, MIN(v.dispatch) AS dispatch, MAX(CASE WHEN v.state = 'delivered' THEN 1 ELSE 0 END) AS sure, MIN(v.at) AS at
			FROM {{nums $2}} j CROSS JOIN delivery v WHERE v.tenant = $1 AND v.dispatch = j.value AND v.recipient > $3 AND `+gotIt+` AND `+notDecoy+`
			GROUP BY v.recipient ORDER BY v.recipient`+limit+`) x
		LEFT JOIN recipient p ON p.tenant = $1 AND p.num = x.recipient ORDER BY x.recipient`, args...)
	return collect(rows, err, func(r scanner) (keyedAffected, error) {
		k := keyedAffected{key: affectedKey{tenant: group[0].tenant}}
		var dispatch, sure, at int64
		err := r.Scan(&k.key.recipient, &dispatch, &sure, &at, &k.a.Recipient, &k.a.ExternalRef)
		k.a.Tenant, k.a.Dispatch, k.a.At, k.a.State = group[0].tenantID, ids[dispatch].id, fromMicros(at), cordon.Uncertain
		if sure == 1 {
			k.a.State = cordon.Delivered
		}
		return k, err
	})
}
