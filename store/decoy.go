package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// PlantDecoys adds recipients that nobody may ever mail, of the plainest kind:
// with no reference and no label.
func (s *Store) PlantDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, people []cordon.Person) error {
	plantings := make([]cordon.Planting, len(people))
	for i, p := range people {
		plantings[i] = cordon.Planting{Person: p, Kind: cordon.DecoyEnumeration}
	}
	return s.SowDecoys(ctx, by, tenant, plantings)
}

// SowDecoys adds recipients that nobody may ever mail: to touch one is proof.
// They look like everyone, are in no audience, no list and no count of people,
// and the ledger does not say which they are.
func (s *Store) SowDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, plantings []cordon.Planting) error {
	if err := checkRows(plantedRows(plantings)); err != nil || len(plantings) == 0 {
		return err
	}
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		if err := t.sow(ctx, keys, plantings); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryDecoysPlanted, tenant, "", sownBody(plantings)))
		return nil
	})
	return wrap(err, "plant decoys")
}

// RotateDecoys plants new decoys and retires as many of the oldest that stood
// before. Retired ones stay traps for good and never become recipients. When any
// were retired after since, nothing is done and the answer is Conflict: of two
// nodes that find the same rotation due, one makes it.
func (s *Store) RotateDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, plantings []cordon.Planting, since time.Time) (retired int, err error) {
	if err := checkRows(plantedRows(plantings)); err != nil || len(plantings) == 0 {
		return 0, err
	}
	err = s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		if _, err := t.lockHeadcount(ctx, keys.num); err != nil {
			return err
		}
		var last int64
		if err := t.queryRow(ctx, `SELECT COALESCE(MAX(retired_at), 0) FROM decoy WHERE tenant = $1`, keys.num).Scan(&last); err != nil {
			return err
		}
		if last > micros(since) {
			return &cordon.Error{Code: cordon.Conflict, Field: "decoys", Message: "were rotated a moment ago", Remedy: "nothing is to be done"}
		}
		res, err := t.exec(ctx, `UPDATE decoy SET retired_at = $2 WHERE tenant = $1 AND recipient IN (
	SELECT d.recipient FROM decoy d WHERE d.tenant = $1 AND d.retired_at = 0 ORDER BY d.planted_at, d.recipient LIMIT $3)`, keys.num, micros(t.now), len(plantings))
		if err != nil {
			return err
		}
		gone, err := res.RowsAffected()
		if err != nil {
			return err
		}
		retired = int(gone)
		if _, err := t.exec(ctx, `UPDATE headcount SET decoys = decoys - $2 WHERE tenant = $1`, keys.num, gone); err != nil {
			return err
		}
		if err := t.sow(ctx, keys, plantings); err != nil {
			return err
		}
		body := sownBody(plantings)
		body["retired"] = retired
		t.append(entry(by, cordon.EntryDecoysRotated, tenant, "", body))
		return nil
	})
	return retired, wrap(err, "rotate decoys")
}

func plantedRows(plantings []cordon.Planting) []cordon.RecipientRow {
	rows := make([]cordon.RecipientRow, len(plantings))
	for i, p := range plantings {
		rows[i].Person = p.Person
	}
	return rows
}

// sownBody is how many, of what, and why: never which.
func sownBody(plantings []cordon.Planting) map[string]any {
	body := map[string]any{"count": len(plantings)}
	mailboxes := 0
	for _, p := range plantings {
		if p.Kind == cordon.DecoyMailbox {
			mailboxes++
		}
		if p.Label != "" {
			body["label"] = p.Label
		}
	}
	if mailboxes > 0 {
		body["mailboxes"] = mailboxes
	}
	return body
}

// sow writes the plantings' rows.
func (t *tx) sow(ctx context.Context, keys *tenantKeys, plantings []cordon.Planting) error {
	last, err := t.lockHeadcount(ctx, keys.num)
	if err != nil {
		return err
	}
	bits, err := t.registerFields(ctx, keys.num, plantedRows(plantings))
	if err != nil {
		return err
	}
	refs, err := t.freeRefs(ctx, keys.num, plantings)
	if err != nil {
		return err
	}
	drafts := make([]draft, len(plantings))
	of := map[cordon.Address]cordon.Planting{}
	for i, p := range plantings {
		of[p.Person.Address] = p
		drafts[i] = draft{ref: refs[i], blind: keys.blindOf(p.Person.Address), person: p.Person, fields: presentFields(p.Person, bits), worn: "[]"}
	}
	number(drafts, last)
	if err := t.writeDrafts(ctx, keys, drafts, true); err != nil {
		return err
	}
	err = t.insertRows(ctx, `INSERT INTO decoy (tenant, recipient, mark, kind, label, planted_at, retired_at)`, "", 7, len(drafts), func(i int, args []any) []any {
		p := of[drafts[i].person.Address]
		return append(args, keys.num, drafts[i].num, t.s.markOf(p.Person.Address), string(p.Kind), p.Label, micros(t.now), 0)
	})
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE headcount SET last = last + $2, decoys = decoys + $2 WHERE tenant = $1`, keys.num, len(drafts))
	return err
}

// freeRefs chooses for each planting the first of its references that nobody of
// the tenant has, and no planting before it was given.
func (t *tx) freeRefs(ctx context.Context, tenant int64, plantings []cordon.Planting) ([]string, error) {
	var all []string
	for _, p := range plantings {
		all = append(all, p.Refs...)
	}
	taken, err := t.takenRefs(ctx, tenant, all)
	if err != nil {
		return nil, err
	}
	refs := make([]string, len(plantings))
	for i, p := range plantings {
		for _, ref := range p.Refs {
			if !taken[ref] {
				refs[i], taken[ref] = ref, true
				break
			}
		}
	}
	return refs, nil
}

func (t *tx) takenRefs(ctx context.Context, tenant int64, refs []string) (map[string]bool, error) {
	taken := map[string]bool{"": true}
	if len(refs) == 0 {
		return taken, nil
	}
	rows, err := t.query(ctx, `SELECT r.external_ref FROM {{texts $2}} n CROSS JOIN recipient r
WHERE r.tenant = $1 AND r.external_ref = n.value AND r.external_ref <> ''`, tenant, jsonText(refs))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var ref string
		err := r.Scan(&ref)
		taken[ref] = true
		return struct{}{}, err
	})
	return taken, err
}

// DressDecoys gives standing decoys that have no reference one of those given,
// as far as nobody has it: for a tenant that began to use references after they
// were planted. It answers how many were dressed.
func (s *Store) DressDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, refs []string) (dressed int, err error) {
	err = s.write(ctx, func(t *tx) error {
		dressed = 0
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		if _, err := t.lockHeadcount(ctx, num); err != nil {
			return err
		}
		bare, err := t.bareDecoys(ctx, num)
		if err != nil || len(bare) == 0 {
			return err
		}
		taken, err := t.takenRefs(ctx, num, refs)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			if taken[ref] || dressed == len(bare) {
				continue
			}
			taken[ref] = true
			if _, err := t.exec(ctx, `UPDATE recipient SET external_ref = $3 WHERE tenant = $1 AND num = $2`, num, bare[dressed], ref); err != nil {
				return err
			}
			dressed++
		}
		if dressed > 0 {
			t.append(entry(by, cordon.EntryDecoysPlanted, tenant, "", map[string]any{"count": 0, "referenced": dressed}))
		}
		return nil
	})
	return dressed, wrap(err, "dress decoys")
}

func (t *tx) bareDecoys(ctx context.Context, tenant int64) ([]int64, error) {
	rows, err := t.query(ctx, `SELECT r.num FROM decoy d CROSS JOIN recipient r
WHERE d.tenant = $1 AND d.retired_at = 0 AND r.tenant = $1 AND r.num = d.recipient AND r.external_ref = '' ORDER BY r.num`, tenant)
	return collect(rows, err, func(r scanner) (num int64, err error) { return num, r.Scan(&num) })
}

// yieldRefs takes the references of people who come in now off the decoys that
// were given them: a real person always has their own.
func (t *tx) yieldRefs(ctx context.Context, tenant int64, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE recipient SET external_ref = '' WHERE tenant = $1 AND decoy AND external_ref IN (SELECT n.value FROM {{texts $2}} n)`, tenant, jsonText(refs))
	return err
}

// SampleRefs answers the references of up to 2 n active people, the oldest and
// the newest ones; "" for who has none. People are never opened for it.
func (s *Store) SampleRefs(ctx context.Context, tenant cordon.TenantID, n int) (refs []string, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		refs = nil
		for _, order := range []string{"", " DESC"} {
			rows, err := q.query(ctx, `SELECT r.external_ref FROM recipient r WHERE r.tenant = $1 AND `+listed+` ORDER BY r.num`+order+` LIMIT $2`, num, n)
			some, err := collect(rows, err, func(r scanner) (ref string, err error) { return ref, r.Scan(&ref) })
			if err != nil {
				return err
			}
			refs = append(refs, some...)
		}
		return nil
	})
	return refs, wrap(err, "sample references")
}

// Decoys lists the tenant's standing decoys, for the operator's drills.
func (s *Store) Decoys(ctx context.Context, tenant cordon.TenantID) (ids []cordon.RecipientID, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT r.id FROM decoy d CROSS JOIN recipient r
WHERE d.tenant = $1 AND d.retired_at = 0 AND r.tenant = $1 AND r.num = d.recipient AND r.decoy AND r.state = 'active' ORDER BY r.num`, num)
		ids, err = collect(rows, err, func(r scanner) (id cordon.RecipientID, err error) { return id, r.Scan(&id) })
		return err
	})
	return ids, wrap(err, "list decoys")
}

// markOf finds a planted address over all tenants without being one: no tenant's
// key is needed, and it outlives the tenant.
func (s *Store) markOf(a cordon.Address) []byte {
	mac := hmac.New(sha256.New, Derive(s.kek, "decoy addresses"))
	mac.Write([]byte(strings.ToLower(string(a))))
	return mac.Sum(nil)[:blindSize]
}
