package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cordonmail/cordon"
)

// ScreenFacts answers what the screening goes by, all from one moment.
func (s *Store) ScreenFacts(ctx context.Context, tenant cordon.TenantID) (f cordon.ScreenFacts, err error) {
	err = s.read(ctx, func(q querier) error {
		f = cordon.ScreenFacts{}
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		if err := q.queryRow(ctx, `SELECT n.name FROM tenant n WHERE n.num = $1`, num).Scan(&f.TenantName); err != nil {
			return err
		}
		if f.Domains, err = names(ctx, q, `SELECT d.name FROM domain d WHERE d.tenant = $1 ORDER BY d.name`, num); err != nil {
			return err
		}
		if f.Hosts, err = names(ctx, q, `SELECT h.name FROM link_host h WHERE h.tenant = $1 ORDER BY h.name`, num); err != nil {
			return err
		}
		err = q.queryRow(ctx, `SELECT x.body, x.number FROM screen_tuning x WHERE x.tenant = $1`, num).Scan(&f.Tuning, &f.Lessons)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return err
	})
	return f, wrap(err, "read screening facts")
}

// TenantNames lists the names of active tenants that were not made for
// exercises, at most n.
func (s *Store) TenantNames(ctx context.Context, n int) (list []string, err error) {
	err = s.read(ctx, func(q querier) error {
		list, err = names(ctx, q, `SELECT t.name FROM tenant t WHERE t.state = 'active' AND NOT t.exercise ORDER BY t.num LIMIT $1`, n)
		return err
	})
	return list, wrap(err, "tenant names")
}

func names(ctx context.Context, q querier, text string, args ...any) ([]string, error) {
	rows, err := q.query(ctx, text, args...)
	return collect(rows, err, func(r scanner) (string, error) {
		var name string
		err := r.Scan(&name)
		return name, err
	})
}

// SaveTuning keeps one more lesson, learnt upon so many; Conflict when another
// was learnt meanwhile. The ledger says whose hold taught it, and which way.
func (s *Store) SaveTuning(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, from cordon.DispatchID, wanted bool, upon int64, body []byte) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `INSERT INTO screen_tuning (tenant, number, body) VALUES ($1, $2 + 1, $3)
			ON CONFLICT (tenant) DO UPDATE SET number = screen_tuning.number + 1, body = excluded.body WHERE screen_tuning.number = $2`, num, upon, body)
		if err := changedOne(res, err, "another hold was learnt from at the same moment; read the tuning again"); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryScreenLearnt, tenant, string(from), map[string]any{"wanted": wanted}))
		return nil
	})
	return wrap(err, "save tuning")
}
