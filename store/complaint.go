package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/cordonmail/cordon"
)

// RecordComplaint keeps a complaint about one copy, each recipient once for each
// word. It answers what is kept: when the same was recorded before, that, raised
// to authenticated if this one is. A copy that is not of the dispatch is Missing;
// an authenticated complaint about a copy that was never delivered is a Conflict,
// because whoever vouches for it is mistaken.
func (s *Store) RecordComplaint(ctx context.Context, by cordon.Actor, c cordon.Complaint) (kept cordon.Complaint, err error) {
	if err := c.Validate(); err != nil {
		return kept, err
	}
	// To find the copy may take a look at every copy of the dispatch, so it is
	// done before the writers have to wait.
	var x complained
	err = s.read(ctx, func(q querier) error {
		x, err = s.complainedOf(ctx, q, c)
		return err
	})
	if err == nil {
		err = s.write(ctx, func(t *tx) error {
			kept, err = t.recordComplaint(ctx, by, c, x)
			return err
		})
	}
	return kept, wrap(err, "record complaint")
}

// complained is the copy that a complaint names.
type complained struct {
	tenant, dispatch, seq        int64
	kind, template, account, key string
}

func (t *tx) recordComplaint(ctx context.Context, by cordon.Actor, c cordon.Complaint, x complained) (cordon.Complaint, error) {
	var delivered bool
	err := t.queryRow(ctx, `SELECT v.perhaps OR v.state = 'delivered' FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq = $3`,
		x.tenant, x.dispatch, x.seq).Scan(&delivered)
	if err != nil {
		return c, orMissing(err, "recipient")
	}
	if c.Authenticated && !delivered {
		return c, &cordon.Error{
			Code: cordon.Conflict, Field: "recipient", Message: "this copy was never delivered, so nobody can complain about it",
			Remedy: "look whether recipient and dispatch belong together, or record it without authenticated",
		}
	}
	num, err := t.take(ctx, x.tenant, "complaint", 1)
	if err != nil {
		return c, err
	}
	if c.ID == "" {
		c.ID = cordon.NewComplaintID()
	}
	c.At = t.now
	res, err := t.exec(ctx, `INSERT INTO complaint (tenant, num, id, dispatch, recipient, word, authenticated, source, at, kind, template, account, key_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (tenant, dispatch, recipient, word) DO UPDATE SET authenticated = excluded.authenticated, source = excluded.source, at = excluded.at
			WHERE excluded.authenticated AND NOT complaint.authenticated`,
		x.tenant, num, string(c.ID), string(c.Dispatch), string(c.Recipient), string(c.Kind), c.Authenticated, c.Source, micros(t.now),
		x.kind, x.template, x.account, x.key)
	if err != nil {
		return c, err
	}
	changed, err := res.RowsAffected()
	if err != nil {
		return c, err
	}
	_, kept, err := scanComplaint(c.Tenant, t.queryRow(ctx, `SELECT `+complaintColumns+` FROM complaint c
		WHERE c.tenant = $1 AND c.dispatch = $2 AND c.recipient = $3 AND c.word = $4`, x.tenant, string(c.Dispatch), string(c.Recipient), string(c.Kind)))
	if err != nil || changed == 0 {
		return kept, err
	}
	t.append(cordon.Entry{Kind: cordon.EntryComplaint, Tenant: c.Tenant, Actor: by.ID(), Subject: string(c.Dispatch), Body: mustJSON(kept)})
	t.wake("evidence")
	return kept, nil
}

// complainedOf finds the copy; Missing when the recipient got none of this
// dispatch of this tenant.
func (s *Store) complainedOf(ctx context.Context, q querier, c cordon.Complaint) (x complained, err error) {
	if x.tenant, err = s.tenantNum(ctx, q, c.Tenant); err != nil {
		return x, err
	}
	err = q.queryRow(ctx, `SELECT d.num, d.kind, d.template, d.account, d.key_id FROM dispatch d WHERE d.id = $1 AND d.tenant = $2 AND d.state NOT IN ('accepting', 'void')`,
		string(c.Dispatch), x.tenant).Scan(&x.dispatch, &x.kind, &x.template, &x.account, &x.key)
	if err != nil {
		return x, orMissing(err, "dispatch")
	}
	err = q.queryRow(ctx, `SELECT v.seq FROM recipient r CROSS JOIN delivery v
		WHERE r.id = $3 AND r.tenant = $1 AND v.tenant = $1 AND v.dispatch = $2 AND v.recipient = r.num ORDER BY v.seq LIMIT 1`,
		x.tenant, x.dispatch, string(c.Recipient)).Scan(&x.seq)
	return x, orMissing(err, "recipient")
}

const complaintColumns = `c.num, c.id, c.dispatch, c.recipient, c.word, c.authenticated, c.source, c.at`

func scanComplaint(tenant cordon.TenantID, r scanner) (num int64, c cordon.Complaint, err error) {
	var at int64
	err = r.Scan(&num, &c.ID, &c.Dispatch, &c.Recipient, &c.Kind, &c.Authenticated, &c.Source, &at)
	c.Tenant, c.At = tenant, fromMicros(at)
	return num, c, err
}

// Complaints lists the tenant's complaints, of one dispatch or ("") of all, the
// newest first.
func (s *Store) Complaints(ctx context.Context, tenant cordon.TenantID, of cordon.DispatchID, p cordon.Page) (list []cordon.Complaint, next string, err error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	type numbered struct {
		num int64
		c   cordon.Complaint
	}
	var all []numbered
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT `+complaintColumns+` FROM complaint c WHERE c.tenant = $1 AND c.num < $2 AND ($3 = '' OR c.dispatch = $3)
			ORDER BY c.num DESC LIMIT $4`, num, before, string(of), p.Size()+1)
		all, err = collect(rows, err, func(r scanner) (numbered, error) {
			num, c, err := scanComplaint(tenant, r)
			return numbered{num, c}, err
		})
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "complaints")
	}
	all, next = page(all, p, func(n numbered) string { return strconv.FormatInt(n.num, 10) })
	list = make([]cordon.Complaint, len(all))
	for i, n := range all {
		list[i] = n.c
	}
	return list, next, nil
}

// complaints adds complaints and reports, by distinct recipient.
func complaints(ctx context.Context, q querier, tenant int64, of cordon.EvidenceOf, e *cordon.Evidence) error {
	where, args := `c.tenant = $1 AND c.at >= $2`, []any{tenant, micros(of.Since)}
	if of.Dispatch != "" {
		where = `c.tenant = $1 AND +c.at >= $2` // by the dispatch, not by the time
	}
	more := func(text, value string) {
		args = append(args, value)
		where += fmt.Sprintf(text, len(args))
	}
	switch {
	case of.Dispatch != "":
		more(` AND c.dispatch = $%d`, string(of.Dispatch))
	case of.Template != "":
		more(` AND c.template = $%d AND c.template <> ''`, string(of.Template))
	case of.Key != "":
		more(` AND c.key_id = $%d AND c.key_id <> ''`, string(of.Key))
	case of.Account != "":
		more(` AND c.account = $%d`, string(of.Account))
	}
	if of.Kind != "" {
		more(` AND c.kind = $%d`, string(of.Kind))
	}
	return q.queryRow(ctx, `SELECT
		COUNT(DISTINCT CASE WHEN c.authenticated AND c.word = 'complaint' THEN c.recipient END),
		COUNT(DISTINCT CASE WHEN c.authenticated AND c.word = 'not-me' THEN c.recipient END),
		COUNT(DISTINCT CASE WHEN NOT c.authenticated THEN c.recipient END)
		FROM complaint c WHERE `+where, args...).Scan(&e.Complaints, &e.NotMe, &e.Reports)
}
