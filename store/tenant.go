package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/cordonmail/cordon"
)

const tenantColumns = `id, handle, name, state, created_at, first_bulk_at, exercise`

// CreateTenant makes a tenant and its data key. Field names every recipient may
// have get their bits at once.
func (s *Store) CreateTenant(ctx context.Context, by cordon.Actor, n cordon.Tenant) error {
	switch {
	case !n.ID.Valid():
		return cordon.InvalidField("id", "is not a tenant ID", "let the catalog make it")
	case !cordon.ValidHandle(n.Handle):
		return invalidHandle("handle")
	}
	dataKey := make([]byte, masterSize)
	rand.Read(dataKey)
	wrapped, err := s.wrap(n.ID, dataKey)
	if err != nil {
		return fmt.Errorf("create tenant: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		num, err := t.take(ctx, 0, "tenant", 1)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO tenant (num, id, handle, name, state, created_at, first_bulk_at, exercise) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)`,
			num, string(n.ID), n.Handle, n.Name, string(cordon.TenantActive), micros(t.now), n.Exercise)
		if err != nil {
			return s.orTaken(err, "handle", "is already a tenant's")
		}
		if _, err := t.exec(ctx, `INSERT INTO tenant_key (tenant, wrapped) VALUES ($1, $2)`, num, wrapped); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO headcount (tenant, last, active, decoys) VALUES ($1, 0, 0, 0)`, num); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO field (tenant, name, bit) VALUES ($1, $2, 0), ($1, $3, 1)`, num, cordon.FieldName, cordon.FieldAddress); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryTenantCreated, n.ID, string(n.ID), map[string]any{"handle": n.Handle, "exercise": n.Exercise}))
		return nil
	})
	return wrap(err, "create tenant")
}

// Tenant answers one tenant, erased ones too.
func (s *Store) Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error) {
	return s.tenantBy(ctx, "id", string(id))
}

// TenantByHandle answers one tenant by its short name.
func (s *Store) TenantByHandle(ctx context.Context, handle string) (cordon.Tenant, error) {
	return s.tenantBy(ctx, "handle", handle)
}

func (s *Store) tenantBy(ctx context.Context, column, value string) (n cordon.Tenant, err error) {
	err = s.read(ctx, func(q querier) error {
		n, err = scanTenant(q.queryRow(ctx, `SELECT `+tenantColumns+` FROM tenant WHERE `+column+` = $1`, value))
		return orMissing(err, "tenant")
	})
	return n, wrap(err, "read tenant")
}

// Tenants lists tenants by handle.
func (s *Store) Tenants(ctx context.Context, p cordon.Page) (list []cordon.Tenant, next string, err error) {
	after, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+tenantColumns+` FROM tenant WHERE handle > $1 ORDER BY handle LIMIT $2`, after, p.Size()+1)
		list, err = collect(rows, err, func(r scanner) (cordon.Tenant, error) { return scanTenant(r) })
		return err
	})
	list, next = page(list, p, func(n cordon.Tenant) string { return n.Handle })
	return list, next, wrap(err, "list tenants")
}

func scanTenant(r scanner) (n cordon.Tenant, err error) {
	var created, firstBulk int64
	err = r.Scan(&n.ID, &n.Handle, &n.Name, &n.State, &created, &firstBulk, &n.Exercise)
	n.CreatedAt, n.FirstBulkAt = fromMicros(created), fromMicros(firstBulk)
	return n, err
}

// EraseTenant deletes the tenant's data key, so that nothing sealed under it
// opens again, here or from a copy of the database that is made after. Its API
// keys are revoked and its people signed out in the same transaction.
func (s *Store) EraseTenant(ctx context.Context, by cordon.Actor, id cordon.TenantID) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, id)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `UPDATE tenant SET state = $2 WHERE num = $1 AND state <> $2`, num, string(cordon.TenantErased))
		if err := changedOne(res, err, "tenant is already erased"); err != nil {
			return err
		}
		for _, text := range []string{
			`DELETE FROM session WHERE account IN (SELECT id FROM account WHERE tenant = $1)`,
			`UPDATE api_key SET state = 'revoked', state_reason = 'tenant erased' WHERE tenant = $1 AND state <> 'revoked'`,
		} {
			if _, err := t.exec(ctx, text, string(id)); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, `DELETE FROM tenant_key WHERE tenant = $1`, num); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryTenantErased, id, string(id), nil))
		t.committed(func() { s.keys.drop(id) })
		t.wake(topicTenants)
		return nil
	})
	if err != nil {
		return wrap(err, "erase tenant")
	}
	// What is deleted may still stand in the engine's log or in a dead row.
	return wrap(s.engine.scrub(ctx, "tenant_key"), "erase tenant: the key is deleted, but not yet overwritten")
}
