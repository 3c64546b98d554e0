package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// ApproveHost lets the tenant's letters link to a host. A host that is approved
// already stays as it is, and nothing is written.
func (s *Store) ApproveHost(ctx context.Context, by cordon.Actor, h cordon.LinkHost) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, h.Tenant)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `INSERT INTO link_host (tenant, name, approved_by, approved_at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, name) DO NOTHING`,
			num, h.Name, by.ID(), micros(t.now))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		t.append(entry(by, cordon.EntryHostApproved, h.Tenant, h.Name, map[string]any{}))
		return nil
	})
	return wrap(err, "approve host")
}

// WithdrawHost takes the approval back; letters that link there are held again.
func (s *Store) WithdrawHost(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, name string) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `DELETE FROM link_host WHERE tenant = $1 AND name = $2`, num, name)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return &cordon.Error{Code: cordon.Missing, Field: "host", Message: "is not approved for this tenant", Remedy: "cordon host list shows the approved ones"}
		}
		t.append(entry(by, cordon.EntryHostWithdrawn, tenant, name, map[string]any{}))
		return nil
	})
	return wrap(err, "withdraw host")
}

// LinkHosts lists the hosts approved for the tenant, by name.
func (s *Store) LinkHosts(ctx context.Context, tenant cordon.TenantID) (list []cordon.LinkHost, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT h.name, h.approved_by, h.approved_at FROM link_host h WHERE h.tenant = $1 ORDER BY h.name`, num)
		list, err = collect(rows, err, func(r scanner) (cordon.LinkHost, error) {
			h := cordon.LinkHost{Tenant: tenant}
			var at int64
			err := r.Scan(&h.Name, &h.ApprovedBy, &at)
			h.ApprovedAt = fromMicros(at)
			return h, err
		})
		return err
	})
	return list, wrap(err, "list hosts")
}
