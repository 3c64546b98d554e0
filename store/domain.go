package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

const domainColumns = `name, selector, record, created_at`

// CreateDomain stores a sending domain; its DKIM key is sealed like a person.
func (s *Store) CreateDomain(ctx context.Context, by cordon.Actor, d cordon.Domain, pkcs8 []byte) error {
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, d.Tenant)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO domain (tenant, name, selector, record, sealed_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			keys.num, d.Name, d.Selector, d.Record, keys.sealValue("domain "+d.Name, pkcs8), micros(t.now))
		if err != nil {
			return s.orTaken(err, "domain", "is already a domain of this tenant")
		}
		t.append(entry(by, cordon.EntryDomainCreated, d.Tenant, d.Name, map[string]any{"selector": d.Selector}))
		return nil
	})
	return wrap(err, "create domain")
}

// Domains lists the tenant's sending domains by name.
func (s *Store) Domains(ctx context.Context, tenant cordon.TenantID) (list []cordon.Domain, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT `+domainColumns+` FROM domain WHERE tenant = $1 ORDER BY name`, num)
		list, err = collect(rows, err, func(r scanner) (cordon.Domain, error) {
			d := cordon.Domain{Tenant: tenant}
			var created int64
			err := r.Scan(&d.Name, &d.Selector, &d.Record, &created)
			d.CreatedAt = fromMicros(created)
			return d, err
		})
		return err
	})
	return list, wrap(err, "list domains")
}

// DomainKey answers a sending domain with its DKIM key, PKCS #8.
func (s *Store) DomainKey(ctx context.Context, tenant cordon.TenantID, name string) (d cordon.Domain, pkcs8 []byte, err error) {
	err = s.read(ctx, func(q querier) error {
		d, pkcs8, err = s.domainKey(ctx, q, tenant, name)
		return err
	})
	return d, pkcs8, wrap(err, "read domain")
}

func (s *Store) domainKey(ctx context.Context, q querier, tenant cordon.TenantID, name string) (cordon.Domain, []byte, error) {
	d := cordon.Domain{Tenant: tenant}
	keys, err := s.tenantKeys(ctx, q, tenant)
	if err != nil {
		return d, nil, err
	}
	var sealed []byte
	var created int64
	err = q.queryRow(ctx, `SELECT `+domainColumns+`, sealed_key FROM domain WHERE tenant = $1 AND name = $2`, keys.num, name).
		Scan(&d.Name, &d.Selector, &d.Record, &created, &sealed)
	if err != nil {
		return cordon.Domain{}, nil, orMissing(err, "domain")
	}
	d.CreatedAt = fromMicros(created)
	pkcs8, err := keys.openValue("domain "+name, sealed)
	return d, pkcs8, err
}
