package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cordonmail/cordon"
)

// sealedContact is what is personal in a tenant's contact.
type sealedContact struct {
	Name    string         `json:"name,omitempty"`
	Address cordon.Address `json:"address"`
}

func contactSubject(id cordon.ContactID) string { return "tenant contact " + string(id) }

// AddContact stores whom to tell at a tenant. Name and address are sealed under
// the tenant's key.
func (s *Store) AddContact(ctx context.Context, by cordon.Actor, c cordon.TenantContact) (cordon.TenantContact, error) {
	if err := c.Validate(); err != nil {
		return c, err
	}
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, c.Tenant)
		if err != nil {
			return err
		}
		c.CreatedAt, c.Domain = t.now, c.Address.Domain()
		sealed := keys.sealValue(contactSubject(c.ID), mustJSON(sealedContact{Name: c.Name, Address: c.Address}))
		_, err = t.exec(ctx, `INSERT INTO tenant_contact (tenant, id, role, language, domain, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			keys.num, string(c.ID), string(c.Role), string(c.Language), c.Domain, sealed, micros(t.now))
		if err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryContactChanged, c.Tenant, string(c.ID), map[string]any{"added": true, "role": c.Role, "language": c.Language}))
		t.wake(topicNotice)
		return nil
	})
	return c, wrap(err, "add contact")
}

// RemoveContact forgets a contact.
func (s *Store) RemoveContact(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.ContactID) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `DELETE FROM tenant_contact WHERE tenant = $1 AND id = $2`, num, string(id))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return missing("contact")
		}
		t.append(entry(by, cordon.EntryContactChanged, tenant, string(id), map[string]any{"removed": true}))
		return nil
	})
	return wrap(err, "remove contact")
}

// Contacts lists a tenant's contacts. Nothing is opened.
func (s *Store) Contacts(ctx context.Context, tenant cordon.TenantID) (all []cordon.TenantContact, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT c.id, c.role, c.language, c.domain, c.created_at FROM tenant_contact c WHERE c.tenant = $1 ORDER BY c.created_at, c.id`, num)
		all, err = collect(rows, err, func(r scanner) (cordon.TenantContact, error) {
			c := cordon.TenantContact{Tenant: tenant}
			var at int64
			err := r.Scan(&c.ID, &c.Role, &c.Language, &c.Domain, &at)
			c.CreatedAt = fromMicros(at)
			return c, err
		})
		return err
	})
	return all, wrap(err, "list contacts")
}

// OpenContacts answers a tenant's contacts with names and addresses, to write to
// them and for nothing else: they go into sealed messages of the outbox.
func (s *Store) OpenContacts(ctx context.Context, tenant cordon.TenantID) (all []cordon.TenantContact, err error) {
	err = s.read(ctx, func(q querier) error {
		keys, err := s.tenantKeys(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT c.id, c.role, c.language, c.domain, c.created_at, c.sealed FROM tenant_contact c WHERE c.tenant = $1 ORDER BY c.created_at, c.id`, keys.num)
		all, err = collect(rows, err, func(r scanner) (cordon.TenantContact, error) {
			c := cordon.TenantContact{Tenant: tenant}
			var at int64
			var sealed []byte
			if err := r.Scan(&c.ID, &c.Role, &c.Language, &c.Domain, &at, &sealed); err != nil {
				return c, err
			}
			raw, err := keys.openValue(contactSubject(c.ID), sealed)
			if err != nil {
				return c, err
			}
			var open sealedContact
			if json.Unmarshal(raw, &open) != nil { // its error may quote the data
				return c, fmt.Errorf("contact %s: sealed data is no contact", c.ID)
			}
			c.CreatedAt, c.Name, c.Address = fromMicros(at), open.Name, open.Address
			return c, nil
		})
		return err
	})
	return all, wrap(err, "open contacts")
}

// NoticeSettings answers what a tenant said about itself; for tenant "", what
// holds for the installation. Who said nothing has English and no jurisdictions.
func (s *Store) NoticeSettings(ctx context.Context, tenant cordon.TenantID) (n cordon.NoticeSettings, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.settingNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		n, err = noticeSettings(ctx, q, num)
		n.Tenant = tenant
		return err
	})
	return n, wrap(err, "notice settings")
}

// settingNum is a tenant's number; 0 for the installation.
func (s *Store) settingNum(ctx context.Context, q querier, tenant cordon.TenantID) (int64, error) {
	if tenant == "" {
		return 0, nil
	}
	return s.tenantNum(ctx, q, tenant)
}

func noticeSettings(ctx context.Context, q querier, tenant int64) (cordon.NoticeSettings, error) {
	n := cordon.NoticeSettings{Language: cordon.English, Jurisdictions: []string{}}
	var jurisdictions string
	var at int64
	err := q.queryRow(ctx, `SELECT n.language, n.jurisdictions, n.set_by, n.set_at FROM notice_setting n WHERE n.tenant = $1`, tenant).
		Scan(&n.Language, &jurisdictions, &n.SetBy, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return n, nil
	}
	n.SetAt = fromMicros(at)
	if err != nil {
		return n, err
	}
	return n, json.Unmarshal([]byte(jurisdictions), &n.Jurisdictions)
}

// SetNoticeSettings replaces what a tenant, or the installation, said.
func (s *Store) SetNoticeSettings(ctx context.Context, by cordon.Actor, n cordon.NoticeSettings) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.settingNum(ctx, t, n.Tenant)
		if err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryContactChanged, n.Tenant, "", map[string]any{"language": n.Language, "jurisdictions": n.Jurisdictions}))
		_, err = t.exec(ctx, `INSERT INTO notice_setting (tenant, language, jurisdictions, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (tenant) DO UPDATE SET language = excluded.language, jurisdictions = excluded.jurisdictions, set_by = excluded.set_by, set_at = excluded.set_at`,
			num, string(n.Language), jsonText(n.Jurisdictions), by.ID(), micros(t.now))
		return err
	})
	return wrap(err, "set notice settings")
}
