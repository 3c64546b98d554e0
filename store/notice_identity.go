package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// NoticeIdentity answers by whom notices are sent; Missing while nobody is named.
func (s *Store) NoticeIdentity(ctx context.Context) (cordon.NoticeIdentity, error) {
	var id cordon.NoticeIdentity
	err := s.read(ctx, func(q querier) (err error) {
		id, err = noticeIdentity(ctx, q)
		return err
	})
	return id, wrap(err, "notice identity")
}

func noticeIdentity(ctx context.Context, q querier) (cordon.NoticeIdentity, error) {
	var id cordon.NoticeIdentity
	var at int64
	err := q.queryRow(ctx, `SELECT n.tenant, n.name, n.address, n.set_by, n.set_at FROM notice_identity n WHERE n.one = 1`).
		Scan(&id.Tenant, &id.Name, &id.Address, &id.SetBy, &at)
	id.SetAt = fromMicros(at)
	return id, orMissing(err, "notice identity")
}

// NoticeIdentityOf answers by whom the notices of an incident are sent: the notice
// identity; in an exercise, where nobody is named yet, an address of one of its
// practices: nothing of an exercise leaves the house. Missing while nobody is.
func (s *Store) NoticeIdentityOf(ctx context.Context, incident cordon.IncidentID) (cordon.NoticeIdentity, error) {
	var id cordon.NoticeIdentity
	err := s.read(ctx, func(q querier) (err error) {
		id, err = noticeIdentityOf(ctx, q, incident)
		return err
	})
	return id, wrap(err, "notice identity")
}

func noticeIdentityOf(ctx context.Context, q querier, incident cordon.IncidentID) (cordon.NoticeIdentity, error) {
	id, err := noticeIdentity(ctx, q)
	if cordon.CodeOf(err) != cordon.Missing {
		return id, err
	}
	var domain string
	err = q.queryRow(ctx, `SELECT t.id, t.name, d.name FROM incident i CROSS JOIN incident_tenant x CROSS JOIN tenant t CROSS JOIN domain d
		WHERE i.id = $1 AND i.exercise AND x.incident = i.id AND t.id = x.tenant AND t.exercise AND d.tenant = t.num ORDER BY t.num, d.name LIMIT 1`,
		string(incident)).Scan(&id.Tenant, &id.Name, &domain)
	id.Address = cordon.Address("notices@" + domain)
	return id, orMissing(err, "notice identity")
}

// SetNoticeIdentity names by whom notices are sent. The address must lie in a
// domain of the tenant.
func (s *Store) SetNoticeIdentity(ctx context.Context, by cordon.Actor, id cordon.NoticeIdentity) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := t.s.tenantNum(ctx, t, id.Tenant)
		if err != nil {
			return err
		}
		var owned bool
		if err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM domain d WHERE d.tenant = $1 AND d.name = $2)`, num, id.Address.Domain()).Scan(&owned); err != nil {
			return err
		}
		if !owned {
			return cordon.InvalidField("address", "is in no sending domain of that tenant", "add the domain with cordon domain create, or name another address")
		}
		t.append(entry(by, cordon.EntryNoticeIdentity, id.Tenant, "", map[string]any{"name": id.Name, "domain": id.Address.Domain()}))
		_, err = t.exec(ctx, `INSERT INTO notice_identity (one, tenant, name, address, set_by, set_at) VALUES (1, $1, $2, $3, $4, $5)
			ON CONFLICT (one) DO UPDATE SET tenant = excluded.tenant, name = excluded.name, address = excluded.address, set_by = excluded.set_by, set_at = excluded.set_at`,
			string(id.Tenant), id.Name, string(id.Address), by.ID(), micros(t.now))
		return err
	})
	return wrap(err, "set notice identity")
}
