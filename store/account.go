package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

const accountColumns = `id, tenant, name, role, created_at`

// CreateAccount stores a person's right to act. The ledger names the account,
// never the person.
func (s *Store) CreateAccount(ctx context.Context, by cordon.Actor, a cordon.Account) error {
	if !a.ID.Valid() {
		return cordon.InvalidField("id", "is not an account ID", "let identity make it")
	}
	err := s.write(ctx, func(t *tx) error {
		if a.Tenant != "" {
			if _, err := s.tenantKeys(ctx, t, a.Tenant); err != nil { // not an erased one either
				return err
			}
		}
		_, err := t.exec(ctx, `INSERT INTO account (id, tenant, name, role, created_at) VALUES ($1, $2, $3, $4, $5)`,
			string(a.ID), string(a.Tenant), a.Name, string(a.Role), micros(t.now))
		if err != nil {
			return s.orTaken(err, "id", "is already an account")
		}
		t.append(entry(by, cordon.EntryAccountCreated, a.Tenant, string(a.ID), map[string]any{"role": a.Role}))
		return nil
	})
	return wrap(err, "create account")
}

// Account answers one account.
func (s *Store) Account(ctx context.Context, id cordon.AccountID) (a cordon.Account, err error) {
	err = s.read(ctx, func(q querier) error {
		a, err = scanAccount(q.queryRow(ctx, `SELECT `+accountColumns+` FROM account WHERE id = $1`, string(id)))
		return orMissing(err, "account")
	})
	return a, wrap(err, "read account")
}

// Accounts lists the tenant's accounts, or everybody's when tenant is "", in
// the order in which they were made.
func (s *Store) Accounts(ctx context.Context, tenant cordon.TenantID, p cordon.Page) (list []cordon.Account, next string, err error) {
	at, id, err := afterPair(p)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+accountColumns+` FROM account WHERE ($1 = '' OR tenant = $1) AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4`,
			string(tenant), at, id, p.Size()+1)
		list, err = collect(rows, err, func(r scanner) (cordon.Account, error) { return scanAccount(r) })
		return err
	})
	list, next = page(list, p, func(a cordon.Account) string { return pairKey(a.CreatedAt, string(a.ID)) })
	return list, next, wrap(err, "list accounts")
}

func scanAccount(r scanner) (a cordon.Account, err error) {
	var created int64
	err = r.Scan(&a.ID, &a.Tenant, &a.Name, &a.Role, &created)
	a.CreatedAt = fromMicros(created)
	return a, err
}
