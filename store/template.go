package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cordonmail/cordon"
)

// CreateTemplate names a letter; its text comes with WriteVersion.
func (s *Store) CreateTemplate(ctx context.Context, by cordon.Actor, n cordon.Template) error {
	switch {
	case !n.ID.Valid():
		return cordon.InvalidField("id", "is not a template ID", "let the catalog make it")
	case !cordon.ValidHandle(n.Handle):
		return invalidHandle("handle")
	}
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, n.Tenant)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO template (tenant, id, handle, latest, created_at) VALUES ($1, $2, $3, 0, $4)`, num, string(n.ID), n.Handle, micros(t.now))
		if err != nil {
			return s.orTaken(err, "handle", "is already a template of this tenant")
		}
		t.append(entry(by, cordon.EntryTemplateCreated, n.Tenant, string(n.ID), map[string]any{"handle": n.Handle}))
		return nil
	})
	return wrap(err, "create template")
}

// Template answers one template by its ID or its handle.
func (s *Store) Template(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (n cordon.Template, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		n, err = scanTemplate(q.queryRow(ctx, `SELECT id, handle, latest, created_at FROM template WHERE tenant = $1 AND (id = $2 OR handle = $2)`, num, idOrHandle), tenant)
		return orMissing(err, "template")
	})
	return n, wrap(err, "read template")
}

// Templates lists the tenant's templates by handle.
func (s *Store) Templates(ctx context.Context, tenant cordon.TenantID, p cordon.Page) (list []cordon.Template, next string, err error) {
	after, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT id, handle, latest, created_at FROM template WHERE tenant = $1 AND handle > $2 ORDER BY handle LIMIT $3`, num, after, p.Size()+1)
		list, err = collect(rows, err, func(r scanner) (cordon.Template, error) { return scanTemplate(r, tenant) })
		return err
	})
	list, next = page(list, p, func(n cordon.Template) string { return n.Handle })
	return list, next, wrap(err, "list templates")
}

func scanTemplate(r scanner, tenant cordon.TenantID) (cordon.Template, error) {
	n := cordon.Template{Tenant: tenant}
	var created int64
	err := r.Scan(&n.ID, &n.Handle, &n.Latest, &created)
	n.CreatedAt = fromMicros(created)
	return n, err
}

const versionColumns = `template, number, content, hash, state, author, created_at, approver, approved_at, approved_hash`

// WriteVersion adds a draft with the next number. No version is ever changed.
func (s *Store) WriteVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, c cordon.Content) (v cordon.Version, err error) {
	content, err := json.Marshal(c)
	if err != nil {
		return v, fmt.Errorf("write version: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		v = cordon.Version{
			Template: template, Tenant: tenant, Content: c, Hash: c.Hash(), State: cordon.VersionDraft,
			Author: cordon.AccountID(by.Person()), CreatedAt: t.now,
		}
		err = t.queryRow(ctx, `UPDATE template SET latest = latest + 1 WHERE tenant = $1 AND id = $2 RETURNING latest`, num, string(template)).Scan(&v.Number)
		if err != nil {
			return orMissing(err, "template")
		}
		_, err = t.exec(ctx, `INSERT INTO version (tenant, template, number, content, hash, state, author, created_at, approver, approved_at, approved_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 0, '')`, num, string(template), v.Number, string(content), v.Hash, string(v.State), string(v.Author), micros(t.now))
		if err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryVersionWritten, tenant, string(template), map[string]any{"version": v.Number, "hash": v.Hash}))
		return nil
	})
	return v, wrap(err, "write version")
}

// Version answers one version.
func (s *Store) Version(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (v cordon.Version, err error) {
	err = s.read(ctx, func(q querier) error {
		v, err = s.version(ctx, q, tenant, template, number)
		return err
	})
	return v, wrap(err, "read version")
}

func (s *Store) version(ctx context.Context, q querier, tenant cordon.TenantID, template cordon.TemplateID, number int) (cordon.Version, error) {
	num, err := s.tenantNum(ctx, q, tenant)
	if err != nil {
		return cordon.Version{}, err
	}
	v, err := scanVersion(q.queryRow(ctx, `SELECT `+versionColumns+` FROM version WHERE tenant = $1 AND template = $2 AND number = $3`, num, string(template), number), tenant)
	return v, orMissing(err, "version")
}

// Versions lists a template's versions, the newest first.
func (s *Store) Versions(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID) (list []cordon.Version, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT `+versionColumns+` FROM version WHERE tenant = $1 AND template = $2 ORDER BY number DESC`, num, string(template))
		list, err = collect(rows, err, func(r scanner) (cordon.Version, error) { return scanVersion(r, tenant) })
		return err
	})
	return list, wrap(err, "list versions")
}

func scanVersion(r scanner, tenant cordon.TenantID) (cordon.Version, error) {
	v := cordon.Version{Tenant: tenant}
	var content string
	var created, approved int64
	err := r.Scan(&v.Template, &v.Number, &content, &v.Hash, &v.State, &v.Author, &created, &v.Approver, &approved, &v.ApprovedHash)
	if err != nil {
		return cordon.Version{}, err
	}
	v.CreatedAt, v.ApprovedAt = fromMicros(created), fromMicros(approved)
	return v, json.Unmarshal([]byte(content), &v.Content)
}

// ApproveVersion binds a second person's approval to the hash that person saw.
func (s *Store) ApproveVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, number int, hash string) error {
	err := s.write(ctx, func(t *tx) error {
		v, err := s.version(ctx, t, tenant, template, number)
		switch {
		case err != nil:
			return err
		case by.Person() == "" || by.Person() == string(v.Author):
			return &cordon.Error{Code: cordon.Denied, Message: "who wrote a version cannot approve it", Remedy: "ask a second person"}
		case v.State != cordon.VersionDraft:
			return cordon.Errorf(cordon.Conflict, "the version is %s, not a draft", v.State)
		case hash != v.Hash || hash != v.Content.Hash():
			return &cordon.Error{Code: cordon.Conflict, Field: "hash", Message: "is not the hash of what is stored", Remedy: "read the version again and approve what you see"}
		}
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `UPDATE version SET state = $4, approver = $5, approved_at = $6, approved_hash = $7
WHERE tenant = $1 AND template = $2 AND number = $3 AND state = 'draft' AND hash = $7`,
			num, string(template), number, string(cordon.VersionApproved), by.Person(), micros(t.now), hash)
		if err := changedOne(res, err, "the version is no draft any more"); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryVersionApproved, tenant, string(template), map[string]any{"version": number, "hash": hash, "person": by.Person()}))
		return nil
	})
	return wrap(err, "approve version")
}

// RevokeVersion takes an approval back, for good.
func (s *Store) RevokeVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, number int) error {
	err := s.write(ctx, func(t *tx) error {
		v, err := s.version(ctx, t, tenant, template, number)
		if err != nil {
			return err
		}
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `UPDATE version SET state = $4 WHERE tenant = $1 AND template = $2 AND number = $3 AND state = 'approved'`,
			num, string(template), number, string(cordon.VersionRevoked))
		if err := changedOne(res, err, fmt.Sprintf("the version is %s, not approved", v.State)); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryVersionRevoked, tenant, string(template), map[string]any{"version": number, "hash": v.Hash}))
		return nil
	})
	return wrap(err, "revoke version")
}
