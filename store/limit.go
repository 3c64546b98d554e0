package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/cordonmail/cordon"
)

// Limits answers the tenant's limits: the defaults, with what was changed.
func (s *Store) Limits(ctx context.Context, tenant cordon.TenantID) (l cordon.Limits, err error) {
	err = s.read(ctx, func(q querier) error {
		l, err = s.limits(ctx, q, tenant)
		return err
	})
	return l, wrap(err, "read limits")
}

func (s *Store) limits(ctx context.Context, q querier, tenant cordon.TenantID) (cordon.Limits, error) {
	l := cordon.DefaultLimits()
	num, err := s.tenantNum(ctx, q, tenant)
	if err != nil {
		return cordon.Limits{}, err
	}
	var body string
	switch err := q.queryRow(ctx, `SELECT body FROM tenant_limit WHERE tenant = $1`, num).Scan(&body); {
	case errors.Is(err, sql.ErrNoRows):
		return l, nil
	case err != nil:
		return cordon.Limits{}, err
	}
	return l, json.Unmarshal([]byte(body), &l)
}

// SetLimits changes the tenant's limits; the ledger says from what to what.
func (s *Store) SetLimits(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, l cordon.Limits) error {
	body, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		was, err := s.limits(ctx, t, tenant)
		if err != nil {
			return err
		}
		changes, err := limitChanges(was, l)
		if err != nil || len(changes) == 0 {
			return err
		}
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO tenant_limit (tenant, body) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET body = excluded.body`, num, string(body)); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryLimitChanged, tenant, string(tenant), changes))
		return nil
	})
	return wrap(err, "set limits")
}

// limitChanges is name → [was, is] of every limit that differs.
func limitChanges(was, is cordon.Limits) (map[string]any, error) {
	before, err := asMap(was)
	if err != nil {
		return nil, err
	}
	after, err := asMap(is)
	if err != nil {
		return nil, err
	}
	changes := map[string]any{}
	for name, v := range after {
		if !reflect.DeepEqual(before[name], v) {
			changes[name] = []any{before[name], v}
		}
	}
	return changes, nil
}

func asMap(l cordon.Limits) (map[string]any, error) {
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	return m, json.Unmarshal(raw, &m)
}
