package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// asked is a question as conditions in SQL over a dispatch or lane.
type asked struct {
	q    cordon.Question
	args []any
}

func (a *asked) arg(v any) string {
	a.args = append(a.args, v)
	return fmt.Sprintf("$%d", len(a.args))
}

// where compares the alias's columns; id is the column of its dispatch's ID.
func (a *asked) where(alias, id string) string {
	terms := []string{"TRUE"}
	for _, part := range []struct{ column, value string }{
		{"tenant_id", string(a.q.Tenant)}, {"template", string(a.q.Template)}, {"account", string(a.q.Account)},
		{"key_id", string(a.q.Key)}, {id, string(a.q.Dispatch)},
	} {
		if part.value != "" {
			terms = append(terms, alias+"."+part.column+" = "+a.arg(part.value))
		}
	}
	if a.q.Tenant != "" { // leads to the index
		terms = append(terms, alias+".tenant = (SELECT t.num FROM tenant t WHERE t.id = "+a.arg(string(a.q.Tenant))+")")
	}
	return strings.Join(terms, " AND ")
}

// damage adds up, by tenant.
type damage struct {
	total  cordon.Assessment
	shares map[cordon.TenantID]*cordon.TenantAssessment
}

// add counts copies of a tenant; covered are those behind a standing stop. An
// uncertain copy stays unknown even there: it is perhaps delivered.
func (d *damage) add(tenant cordon.TenantID, c cordon.Counts, covered bool, first, last int64) {
	if covered {
		c.Held += c.Queued + c.Deferred
		c.Queued, c.Deferred = 0, 0
	}
	t := &d.total
	t.Delivered += c.Delivered
	t.InFlight += c.Sending
	t.Held += c.Held
	t.Refused += c.Refused
	t.Unknown += c.Uncertain
	t.Queued += c.Queued
	t.Deferred += c.Deferred
	t.Bounced += c.Bounced
	t.Cut += c.Cut
	t.FirstAt, t.LastAt = span2(t.FirstAt, t.LastAt, first, last)
	s := d.shares[tenant]
	if s == nil {
		s = &cordon.TenantAssessment{Tenant: tenant}
		d.shares[tenant] = s
	}
	s.Delivered += c.Delivered
	s.Unknown += c.Uncertain
	s.Held += c.Held
	s.Refused += c.Refused
	s.FirstAt, s.LastAt = span2(s.FirstAt, s.LastAt, first, last)
}

// span2 widens a span of time; zeros are no time.
func span2(first, last time.Time, f, l int64) (time.Time, time.Time) {
	if at := fromMicros(f); f != 0 && (first.IsZero() || at.Before(first)) {
		first = at
	}
	if at := fromMicros(l); l != 0 && at.After(last) {
		last = at
	}
	return first, last
}

// Assess computes the damage, with the ledger's size and root of the same
// moment. Whole lanes answer from their counters; single copies are looked at
// only when the question is about a time or about one dispatch of single sends.
func (s *Store) Assess(ctx context.Context, q cordon.Question) (cordon.Assessment, error) {
	if q.Zero() {
		return cordon.Assessment{}, cordon.InvalidField("question", "asks for nothing", "name a dispatch, key, account, template, tenant or time")
	}
	d := &damage{}
	err := s.snapshot(ctx, func(r querier) error {
		*d = damage{shares: map[cordon.TenantID]*cordon.TenantAssessment{}}
		d.total.Scope, d.total.AsOf = q, fromMicros(micros(s.now()))
		size, root, err := ledgerHead(ctx, r)
		if err != nil {
			return err
		}
		d.total.LedgerSize, d.total.Root = size, tlog.Hash(root).String()
		if timed(q) {
			err = d.addRows(ctx, r, q, micros(s.now()))
		} else {
			err = d.addLanes(ctx, r, q, micros(s.now()))
		}
		if err != nil {
			return err
		}
		if err := d.addEntries(ctx, r, q); err != nil {
			return err
		}
		return d.nameTenants(ctx, r)
	})
	if err != nil {
		return cordon.Assessment{}, wrap(err, "assess")
	}
	return d.total, nil
}

// addLanes counts lanes as a whole.
func (d *damage) addLanes(ctx context.Context, r querier, q cordon.Question, now int64) error {
	a := &asked{q: q, args: []any{now}}
	where := a.where("l", "dispatch_id")
	if q.Dispatch != "" {
		where += " AND l.dispatch_id <> ''"
	}
	rows, err := r.query(ctx, `SELECT x.tenant_id, x.covered, CAST(MIN(CASE WHEN x.first_at > 0 THEN x.first_at END) AS BIGINT), CAST(MAX(x.last_at) AS BIGINT), `+sumCounters("x")+`
		FROM (SELECT l.*, `+blocked("l", "dispatch_id", "$1")+` AS covered FROM lane l WHERE `+where+`) x GROUP BY x.tenant_id, x.covered`, a.args...)
	if err := d.scanSums(rows, err); err != nil {
		return err
	}
	if q.Dispatch != "" {
		if err := d.addRows(ctx, r, q, now); err != nil { // a dispatch of single sends
			return err
		}
	} else if err := d.moveNamed(ctx, r, q, now); err != nil {
		return err
	}
	b := &asked{q: q}
	where = b.where("d", "id")
	return r.queryRow(ctx, `SELECT COUNT(*) FROM dispatch d WHERE d.state NOT IN ('accepting', 'void') AND `+where, b.args...).Scan(&d.total.Dispatches)
}

// moveNamed counts as held what stops that name one dispatch of single sends
// keep back in a lane that goes on otherwise.
func (d *damage) moveNamed(ctx context.Context, r querier, q cordon.Question, now int64) error {
	a := &asked{q: q, args: []any{now}}
	where := a.where("d", "id")
	rows, err := r.query(ctx, `SELECT d.tenant_id, v.state, COUNT(*) FROM dispatch d CROSS JOIN lane l CROSS JOIN delivery v
		WHERE d.id IN (SELECT s.dispatch FROM stop s WHERE s.dispatch <> '' AND `+standing("s", "$1")+`) AND d.kind = 'single' AND `+where+`
		AND l.tenant = d.tenant AND l.num = d.lane AND NOT `+blocked("l", "dispatch_id", "$1")+` AND `+blocked("d", "id", "$1")+`
		AND v.tenant = d.tenant AND v.dispatch = d.num AND v.state IN ('queued', 'deferred') GROUP BY d.tenant_id, v.state`, a.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var tenant cordon.TenantID
		var state cordon.DeliveryState
		var n int64
		if err := rows.Scan(&tenant, &state, &n); err != nil {
			return err
		}
		var out, in cordon.Counts
		*out.Of(state) = -n
		*in.Of(state) = n
		d.add(tenant, out, false, 0, 0)
		d.add(tenant, in, true, 0, 0)
	}
	return rows.Err()
}

// scanSums reads sums of lanes and closes them.
func (d *damage) scanSums(rows sqlRows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var tenant cordon.TenantID
		var covered bool
		var first, last *int64
		var c cordon.Counts
		if err := rows.Scan(append([]any{&tenant, &covered, &first, &last}, scanCounts(&c)...)...); err != nil {
			return err
		}
		d.add(tenant, c, covered, orZero(first), orZero(last))
	}
	return rows.Err()
}

// sqlRows is the part of sql.Rows that reading sums needs.
type sqlRows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// addEntries counts what the ledger says: orders turned away, and reads of
// personal data by the key or account asked about, else of the tenants found.
func (d *damage) addEntries(ctx context.Context, r querier, q cordon.Question) error {
	from, until := window(q)
	if q.Dispatch == "" {
		a := &asked{q: q}
		where := `e.kind = 'order.refused' AND e.at >= ` + a.arg(from) + ` AND e.at < ` + a.arg(until)
		if q.Tenant != "" {
			where += ` AND e.tenant = ` + a.arg(string(q.Tenant))
		}
		if q.Template != "" {
			where += ` AND e.subject = ` + a.arg(string(q.Template))
		}
		where += a.actor()
		if err := r.queryRow(ctx, `SELECT COUNT(*) FROM entry e WHERE `+where, a.args...).Scan(&d.total.OrdersRefused); err != nil {
			return err
		}
	}
	if q.Dispatch != "" && q.Key == "" && q.Account == "" {
		if err := r.queryRow(ctx, `SELECT COALESCE(MAX(d.key_id), ''), COALESCE(MAX(d.account), '') FROM dispatch d WHERE d.id = $1`, string(q.Dispatch)).Scan(&q.Key, &q.Account); err != nil {
			return err
		}
		if q.Key != "" {
			q.Account = ""
		}
	}
	a := &asked{q: q}
	where := `e.kind = 'personal-data.read' AND e.at >= ` + a.arg(from) + ` AND e.at < ` + a.arg(until)
	switch {
	case q.Key != "" || q.Account != "":
		where += a.actor()
	case q.Tenant != "":
		where += ` AND e.tenant = ` + a.arg(string(q.Tenant))
	case q.Template != "":
		where += ` AND e.tenant IN (SELECT t.id FROM template m JOIN tenant t ON t.num = m.tenant WHERE m.id = ` + a.arg(string(q.Template)) + `)`
	}
	return r.queryRow(ctx, `SELECT COUNT(*) FROM entry e WHERE `+where, a.args...).Scan(&d.total.PersonalDataReads)
}

// actor is the condition that an entry is by the key, or by the account or one
// of its keys.
func (a *asked) actor() string {
	switch {
	case a.q.Key != "":
		return ` AND e.actor = ` + a.arg(string(a.q.Key))
	case a.q.Account != "":
		id := a.arg(string(a.q.Account))
		return ` AND e.actor IN (SELECT ` + `CAST(` + id + ` AS TEXT) UNION ALL SELECT k.id FROM api_key k WHERE k.account = ` + id + `)`
	}
	return ""
}

// nameTenants lists the shares by handle.
func (d *damage) nameTenants(ctx context.Context, r querier) error {
	for id, share := range d.shares {
		if err := r.queryRow(ctx, `SELECT t.handle, t.name FROM tenant t WHERE t.id = $1`, string(id)).Scan(&share.Handle, &share.Name); err != nil {
			return err
		}
		d.total.Tenants = append(d.total.Tenants, *share)
	}
	slices.SortFunc(d.total.Tenants, func(a, b cordon.TenantAssessment) int { return strings.Compare(a.Handle, b.Handle) })
	return nil
}
