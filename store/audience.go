package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// SaveAudience stores a filter under a handle; the ID decides whether it is new.
func (s *Store) SaveAudience(ctx context.Context, by cordon.Actor, a cordon.Audience) error {
	switch {
	case !cordon.ValidHandle(a.Handle):
		return invalidHandle("handle")
	case a.Filter.Zero():
		return cordon.InvalidField("filter", "chooses nobody", "name tags, or say everyone")
	}
	filter, err := json.Marshal(a.Filter)
	if err != nil {
		return fmt.Errorf("save audience: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, a.Tenant)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO audience (tenant, id, handle, filter, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, id) DO UPDATE SET handle = excluded.handle, filter = excluded.filter`,
			num, string(a.ID), a.Handle, string(filter), micros(t.now))
		if err != nil {
			return s.orTaken(err, "handle", "is already an audience of this tenant")
		}
		t.append(entry(by, cordon.EntryAudienceSaved, a.Tenant, string(a.ID), map[string]any{"handle": a.Handle, "filter": a.Filter}))
		return nil
	})
	return wrap(err, "save audience")
}

// Audience answers one audience by its ID or its handle.
func (s *Store) Audience(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (a cordon.Audience, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		a, err = scanAudience(q.queryRow(ctx, `SELECT id, handle, filter, created_at FROM audience WHERE tenant = $1 AND (id = $2 OR handle = $2)`, num, idOrHandle), tenant)
		return orMissing(err, "audience")
	})
	return a, wrap(err, "read audience")
}

// Audiences lists the tenant's audiences by handle.
func (s *Store) Audiences(ctx context.Context, tenant cordon.TenantID, p cordon.Page) (list []cordon.Audience, next string, err error) {
	after, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT id, handle, filter, created_at FROM audience WHERE tenant = $1 AND handle > $2 ORDER BY handle LIMIT $3`, num, after, p.Size()+1)
		list, err = collect(rows, err, func(r scanner) (cordon.Audience, error) { return scanAudience(r, tenant) })
		return err
	})
	list, next = page(list, p, func(a cordon.Audience) string { return a.Handle })
	return list, next, wrap(err, "list audiences")
}

func scanAudience(r scanner, tenant cordon.TenantID) (cordon.Audience, error) {
	a := cordon.Audience{Tenant: tenant}
	var filter string
	var created int64
	if err := r.Scan(&a.ID, &a.Handle, &filter, &created); err != nil {
		return cordon.Audience{}, err
	}
	a.CreatedAt = fromMicros(created)
	return a, json.Unmarshal([]byte(filter), &a.Filter)
}

// AudienceCount says how many the filter chooses, and how many of them have
// every field wanted. Nobody's data is opened.
func (s *Store) AudienceCount(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, want cordon.FieldMask) (total, fit int, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		c, err := s.choose(ctx, q, tenant, f)
		if err != nil || c.nobody {
			return err
		}
		mask := c.arg(int64(want))
		return q.queryRow(ctx, `SELECT COUNT(*), COUNT(*) FILTER (WHERE (r.fields & `+mask+`) = `+mask+`) FROM `+c.from+` WHERE `+c.where, c.args...).Scan(&total, &fit)
	})
	return total, fit, wrap(err, "count audience")
}

// AudienceUnfit names some of those who lack a wanted field.
func (s *Store) AudienceUnfit(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, want cordon.FieldMask, limit int) (unfit []cordon.RecipientID, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		c, err := s.choose(ctx, q, tenant, f)
		if err != nil || c.nobody {
			return err
		}
		mask := c.arg(int64(want))
		rows, err := q.query(ctx, `SELECT r.id FROM `+c.from+` WHERE `+c.where+` AND (r.fields & `+mask+`) <> `+mask+
			` ORDER BY `+c.order+` LIMIT `+c.arg(limit), c.args...)
		unfit, err = collect(rows, err, func(r scanner) (id cordon.RecipientID, err error) { return id, r.Scan(&id) })
		return err
	})
	return unfit, wrap(err, "read audience")
}

// choice says in SQL whom a filter chooses: FROM and WHERE over recipient r.
// order is the column, the recipient's number, that walks the choice in the
// index's own order; compare it, not r.num, to go on from a place.
type choice struct {
	from, where, order string
	args               []any
	nobody             bool // no row can match: ask nothing
}

// arg adds an argument and answers its placeholder.
func (c *choice) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

// mailable must stand word for word in the query and in the partial index
// recipient_mailable, or the index is not used.
const mailable = `r.state = 'active' AND NOT r.decoy AND NOT r.suppressed`

// choose is the audience: the filter's tags, without decoys, suppressed and
// erased.
func (s *Store) choose(ctx context.Context, q querier, tenant cordon.TenantID, f cordon.Filter) (choice, error) {
	return s.chooseFrom(ctx, q, tenant, f, mailable)
}

func (s *Store) chooseFrom(ctx context.Context, q querier, tenant cordon.TenantID, f cordon.Filter, standing string) (choice, error) {
	num, err := s.tenantNum(ctx, q, tenant)
	if err != nil {
		return choice{}, err
	}
	c := choice{from: "recipient r", order: "r.num", args: []any{num}}
	if f.Zero() {
		c.nobody = true
		return c, nil
	}
	tags, err := tagNums(ctx, q, num, f.All, f.Any, f.None)
	if err != nil {
		return choice{}, err
	}
	where := []string{"r.tenant = $1", standing}
	for i, name := range f.All {
		tag, known := tags[name]
		switch {
		case !known:
			c.nobody = true
		case i == 0:
			// Few wear a tag: walk the tag, not everybody. CROSS JOIN keeps one of
			// the engines from turning it round.
			c.from, c.order = "recipient_tag w CROSS JOIN recipient r", "w.recipient"
			where = append(where, "w.tenant = $1 AND w.tag = "+c.arg(tag)+" AND r.num = w.recipient")
		default:
			where = append(where, c.wears(tag))
		}
	}
	if len(f.Any) > 0 {
		var any []string
		for _, name := range f.Any {
			if tag, known := tags[name]; known {
				any = append(any, c.wears(tag))
			}
		}
		c.nobody = c.nobody || len(any) == 0
		where = append(where, "("+strings.Join(any, " OR ")+")")
	}
	for _, name := range f.None {
		if tag, known := tags[name]; known {
			where = append(where, "NOT "+c.wears(tag))
		}
	}
	c.where = strings.Join(where, " AND ")
	return c, nil
}

func (c *choice) wears(tag int64) string {
	return "EXISTS (SELECT 1 FROM recipient_tag x WHERE x.tenant = r.tenant AND x.tag = " + c.arg(tag) + " AND x.recipient = r.num)"
}
