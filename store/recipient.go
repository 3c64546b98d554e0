package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/cordonmail/cordon"
)

// findAtOnce bounds one look-up's argument.
const findAtOnce = 1000

// FindRecipients answers what the door may know of each ID. One that is
// unknown, another tenant's or erased is absent: the three look the same.
func (s *Store) FindRecipients(ctx context.Context, tenant cordon.TenantID, ids []cordon.RecipientID) (map[cordon.RecipientID]cordon.Found, error) {
	found := make(map[cordon.RecipientID]cordon.Found, len(ids))
	err := s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(ids, findAtOnce) {
			rows, err := q.query(ctx, `SELECT r.id, r.num, r.fields, r.decoy, r.suppressed FROM {{texts $2}} n CROSS JOIN recipient r
WHERE r.tenant = $1 AND r.id = n.value AND r.state = 'active'`, num, jsonText(some))
			_, err = collect(rows, err, func(r scanner) (struct{}, error) {
				var id cordon.RecipientID
				var f cordon.Found
				err := r.Scan(&id, &f.Num, &f.Fields, &f.Decoy, &f.Suppressed)
				found[id] = f
				return struct{}{}, err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return found, wrap(err, "find recipients")
}

const (
	recipientColumns = `r.num, r.id, r.external_ref, r.fields, r.state, r.decoy, r.tags, r.updated_at`
	// listed is who may be shown: suppressed people are, decoys never.
	listed = `r.state = 'active' AND NOT r.decoy`
)

// Recipients lists whom the filter chooses, the suppressed among them. Who was
// imported earlier comes first.
func (s *Store) Recipients(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, p cordon.Page) (list []cordon.Recipient, next string, err error) {
	after, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	err = s.snapshot(ctx, func(q querier) error {
		c, err := s.chooseFrom(ctx, q, tenant, f, listed)
		if err != nil || c.nobody {
			return err
		}
		var place int64
		if after != "" {
			if err := q.queryRow(ctx, `SELECT num FROM recipient WHERE tenant = $1 AND id = $2`, c.args[0], after).Scan(&place); err != nil {
				if errors.Is(err, sql.ErrNoRows) {
					return badCursor()
				}
				return err
			}
		}
		list, err = s.recipientRows(ctx, q, tenant, `SELECT `+recipientColumns+` FROM `+c.from+` WHERE `+c.where+
			` AND `+c.order+` > `+c.arg(place)+` ORDER BY `+c.order+` LIMIT `+c.arg(p.Size()+1), c.args...)
		return err
	})
	list, next = page(list, p, func(r cordon.Recipient) string { return string(r.ID) })
	return list, next, wrap(err, "list recipients")
}

// recipientRows reads recipients and, in one more statement, the names of their
// tags. The first argument is the tenant's number.
func (s *Store) recipientRows(ctx context.Context, q querier, tenant cordon.TenantID, text string, args ...any) ([]cordon.Recipient, error) {
	var worn [][]int64
	rows, err := q.query(ctx, text, args...)
	list, err := collect(rows, err, func(r scanner) (cordon.Recipient, error) {
		rc := cordon.Recipient{Tenant: tenant}
		var num, updated int64
		var text string
		if err := r.Scan(&num, &rc.ID, &rc.ExternalRef, &rc.Fields, &rc.State, &rc.Decoy, &text, &updated); err != nil {
			return rc, err
		}
		rc.UpdatedAt = fromMicros(updated)
		var tags []int64
		err := json.Unmarshal([]byte(text), &tags)
		worn = append(worn, tags)
		return rc, err
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	names := map[int64]string{}
	rows, err = q.query(ctx, `SELECT t.num, t.name FROM {{nums $2}} n CROSS JOIN tag t WHERE t.tenant = $1 AND t.num = n.value`, args[0], jsonText(distinct(worn)))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var num int64
		var name string
		err := r.Scan(&num, &name)
		names[num] = name
		return struct{}{}, err
	})
	for i, tags := range worn {
		for _, tag := range tags {
			list[i].Tags = append(list[i].Tags, names[tag])
		}
		slices.Sort(list[i].Tags)
	}
	return list, err
}

func distinct(lists [][]int64) []int64 {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return append([]int64{}, slices.Compact(all)...)
}

// RecipientByRef answers the recipient of the tenant's own reference.
func (s *Store) RecipientByRef(ctx context.Context, tenant cordon.TenantID, ref string) (rc cordon.Recipient, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		list, err := s.recipientRows(ctx, q, tenant, `SELECT `+recipientColumns+` FROM recipient r
WHERE r.tenant = $1 AND r.external_ref = $2 AND r.external_ref <> '' AND `+listed, num, ref)
		if err == nil && len(list) == 0 {
			return missing("recipient")
		}
		if err == nil {
			rc = list[0]
		}
		return err
	})
	return rc, wrap(err, "read recipient")
}

// isBlind compares a recipient's blind index with a value so that the index
// over its first half is used.
func isBlind(recipient, value string) string {
	value = "CAST(" + value + " AS {{blob}})"
	return "substr(" + recipient + ".blind, 1, 8) = substr(" + value + ", 1, 8) AND " + recipient + ".blind = " + value
}

// FindByAddress answers whose address it is, by the blind index; nothing is
// opened, so there is no entry.
func (s *Store) FindByAddress(ctx context.Context, _ cordon.Actor, tenant cordon.TenantID, a cordon.Address) (list []cordon.Recipient, err error) {
	err = s.read(ctx, func(q querier) error {
		keys, err := s.tenantKeys(ctx, q, tenant)
		if err != nil {
			return err
		}
		list, err = s.recipientRows(ctx, q, tenant, `SELECT `+recipientColumns+` FROM recipient r
WHERE r.tenant = $1 AND `+isBlind("r", "$2")+` AND `+listed+` ORDER BY r.num`, keys.num, keys.blindOf(a))
		return err
	})
	return list, wrap(err, "find recipients")
}

// CountRecipients answers how many people and how many decoys the tenant has.
func (s *Store) CountRecipients(ctx context.Context, tenant cordon.TenantID) (active, decoys int, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		return q.queryRow(ctx, `SELECT active, decoys FROM headcount WHERE tenant = $1`, num).Scan(&active, &decoys)
	})
	return active, decoys, wrap(err, "count recipients")
}

// OpenPerson opens one recipient for a purpose. Nobody sees the person unless
// the entry that says so is committed.
func (s *Store) OpenPerson(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, purpose string) (cordon.Person, error) {
	if purpose == "" {
		return cordon.Person{}, cordon.InvalidField("purpose", "is missing", "say in a few words why the person is opened; it goes into the ledger")
	}
	var p cordon.Person
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		var sealed []byte
		err = t.queryRow(ctx, `SELECT sealed FROM recipient WHERE tenant = $1 AND id = $2 AND state = 'active'`, keys.num, string(id)).Scan(&sealed)
		if err != nil {
			return orMissing(err, "recipient")
		}
		if p, err = keys.openPerson(id, sealed); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryPersonalDataRead, tenant, string(id), map[string]any{"purpose": purpose}))
		return nil
	})
	if err != nil {
		return cordon.Person{}, wrap(err, "open person")
	}
	return p, nil
}

// EraseRecipient forgets a person: what was sealed, the address's index, the
// reference, tags, fields, and what orders not yet sent say of it. The opaque ID
// stays, so that the ledger's proofs do; who was mailed can still be counted, but
// no longer be named.
func (s *Store) EraseRecipient(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID) error {
	err := s.write(ctx, func(t *tx) error {
		tnum, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		if _, err := t.lockHeadcount(ctx, tnum); err != nil {
			return err
		}
		var num int64
		if err := t.queryRow(ctx, `SELECT num FROM recipient WHERE tenant = $1 AND id = $2 AND state = 'active' AND NOT decoy`, tnum, string(id)).Scan(&num); err != nil {
			return orMissing(err, "recipient")
		}
		if err := t.takeTagsOff(ctx, tnum, []draft{{num: num, known: true, tags: []string{}}}); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE recipient SET state = $3, external_ref = '', blind = $4, sealed = $4, fields = 0, suppressed = FALSE, tags = '[]', updated_at = $5
WHERE tenant = $1 AND num = $2`, tnum, num, string(cordon.RecipientErased), []byte{}, micros(t.now))
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE headcount SET active = active - 1 WHERE tenant = $1`, tnum); err != nil {
			return err
		}
		// Of what is done no values are left; of the rest, the exit refuses the copy.
		if err := t.deleteValues(ctx, `SELECT d.num, CAST($2 AS BIGINT) FROM dispatch d WHERE d.tenant = $1 AND d.state <> 'done' AND (d.has_values OR d.state = 'accepting')`, tnum, num); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryRecipientsChanged, tenant, string(id), map[string]any{"erased": 1}))
		return nil
	})
	return wrap(err, "erase recipient")
}
