package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/cordonmail/cordon"
)

// MaxUpsert is the most rows of one UpsertRecipients. More at once are faster:
// the indexes over random keys then touch each page once for several rows.
const MaxUpsert = 10_000

// draft is a recipient on its way into its row.
type draft struct {
	num        int64
	id         cordon.RecipientID
	ref        string
	blind      []byte
	person     cordon.Person
	tags       []string // nil: as they are
	worn       string   // recipient.tags; "" as it is
	fields     cordon.FieldMask
	suppressed bool
	known      bool // has a row already
}

// UpsertRecipients stores rows in one transaction. A row with a reference is
// the recipient of that reference; one without is the recipient of its address.
// New field names are registered. Of two rows for one recipient the later wins.
func (s *Store) UpsertRecipients(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, rows []cordon.RecipientRow) (inserted, updated int, err error) {
	if err := checkRows(rows); err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	err = s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		last, err := t.lockHeadcount(ctx, keys.num)
		if err != nil {
			return err
		}
		drafts, err := t.draftRows(ctx, keys, rows)
		if err != nil {
			return err
		}
		inserted = number(drafts, last)
		updated = len(rows) - inserted
		if err := t.writeTags(ctx, keys.num, drafts); err != nil {
			return err
		}
		if err := t.writeDrafts(ctx, keys, drafts, false); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE headcount SET last = last + $2, active = active + $2 WHERE tenant = $1`, keys.num, inserted); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryRecipientsChanged, tenant, "", map[string]any{"inserted": inserted, "updated": updated}))
		return nil
	})
	if err != nil {
		return 0, 0, wrap(err, "store recipients")
	}
	return inserted, updated, nil
}

// number gives new drafts their numbers and IDs, both along the order of their
// blind indexes: the two indexes over random keys are then walked, not hopped
// about in. It says nothing of anybody, for IDs and blind indexes are random.
func number(drafts []draft, last int64) (fresh int) {
	slices.SortFunc(drafts, func(a, b draft) int { return bytes.Compare(a.blind, b.blind) })
	var ids []cordon.RecipientID
	for _, d := range drafts {
		if !d.known {
			ids = append(ids, cordon.NewRecipientID())
		}
	}
	slices.Sort(ids)
	for i := range drafts {
		if d := &drafts[i]; !d.known {
			d.num, d.id = last+int64(fresh)+1, ids[fresh]
			fresh++
		}
	}
	return fresh
}

func checkRows(rows []cordon.RecipientRow) error {
	if len(rows) > MaxUpsert {
		return cordon.InvalidField("recipients", fmt.Sprintf("are %d; at most %d are stored at once", len(rows), MaxUpsert), "store them in parts")
	}
	for i, row := range rows {
		if row.Person.Address == "" {
			return cordon.InvalidField(fmt.Sprintf("recipients[%d].address", i), "is missing", "give every recipient an address")
		}
		for name := range row.Person.Fields {
			if !cordon.ValidFieldName(name) || name == cordon.FieldName || name == cordon.FieldAddress {
				return cordon.InvalidField(fmt.Sprintf("recipients[%d].fields", i), "has a name that no field can have", "use a-z, 0-9 and _, beginning with a letter, 40 at most; name and address are fields already")
			}
		}
		for _, tag := range row.Tags {
			if tag == "" || len(tag) > 100 {
				return cordon.InvalidField(fmt.Sprintf("recipients[%d].tags", i), "has a tag that is empty or longer than 100 bytes", "shorten it")
			}
		}
	}
	return nil
}

// lockHeadcount makes this transaction the only one that changes the tenant's
// recipients, and answers the last number given.
func (t *tx) lockHeadcount(ctx context.Context, tenant int64) (last int64, err error) {
	return last, t.queryRow(ctx, `SELECT last FROM headcount WHERE tenant = $1 {{forupdate}}`, tenant).Scan(&last)
}

// draftRows finds the row each recipient has already, if any, and whether the
// address is suppressed.
func (t *tx) draftRows(ctx context.Context, keys *tenantKeys, rows []cordon.RecipientRow) ([]draft, error) {
	bits, err := t.registerFields(ctx, keys.num, rows)
	if err != nil {
		return nil, err
	}
	drafts := make([]draft, 0, len(rows))
	byRef, byBlind := map[string]int{}, map[string]int{}
	for _, row := range rows {
		d := draft{ref: row.ExternalRef, blind: keys.blindOf(row.Person.Address), person: row.Person, tags: row.Tags, fields: presentFields(row.Person, bits)}
		same, key := byRef, d.ref
		if d.ref == "" {
			same, key = byBlind, string(d.blind)
		}
		if i, twice := same[key]; twice {
			if d.tags == nil {
				d.tags = drafts[i].tags
			}
			drafts[i] = d
			continue
		}
		same[key] = len(drafts)
		drafts = append(drafts, d)
	}
	if err := t.yieldRefs(ctx, keys.num, slices.Collect(maps.Keys(byRef))); err != nil {
		return nil, err
	}
	if err := t.findByRef(ctx, keys.num, drafts, byRef); err != nil {
		return nil, err
	}
	if err := t.adopt(ctx, keys.num, drafts); err != nil {
		return nil, err
	}
	if err := t.findByBlind(ctx, keys.num, drafts, byBlind); err != nil {
		return nil, err
	}
	if err := t.markSuppressed(ctx, keys.num, drafts); err != nil {
		return nil, err
	}
	return onceEach(drafts), nil
}

// onceEach drops all but the last draft of a row that was found both by its
// reference and by its address.
func onceEach(drafts []draft) []draft {
	seen := map[int64]bool{}
	kept := drafts[:0:0]
	for _, d := range slices.Backward(drafts) {
		if d.known && seen[d.num] {
			continue
		}
		seen[d.num] = d.known
		kept = append(kept, d)
	}
	slices.Reverse(kept)
	return kept
}

func (t *tx) findByRef(ctx context.Context, tenant int64, drafts []draft, byRef map[string]int) error {
	if len(byRef) == 0 {
		return nil
	}
	refs := make([]string, 0, len(byRef))
	for ref := range byRef {
		refs = append(refs, ref)
	}
	slices.Sort(refs) // along the index
	rows, err := t.query(ctx, `SELECT r.external_ref, r.num, r.id FROM {{texts $2}} n CROSS JOIN recipient r
WHERE r.tenant = $1 AND r.external_ref = n.value AND r.external_ref <> ''`, tenant, jsonText(refs))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var ref string
		var num int64
		var id cordon.RecipientID
		err := r.Scan(&ref, &num, &id)
		if i, ok := byRef[ref]; ok {
			d := &drafts[i]
			d.num, d.id, d.known = num, id, true
		}
		return struct{}{}, err
	})
	return err
}

// adopt gives a reference that is new the row of its address, when that was
// stored without one: a tenant that begins to use references keeps its people.
func (t *tx) adopt(ctx context.Context, tenant int64, drafts []draft) error {
	orphans := map[string]int{}
	var blinds []string
	for i, d := range drafts {
		if _, twice := orphans[string(d.blind)]; d.ref == "" || d.known || twice {
			continue
		}
		orphans[string(d.blind)] = i
		blinds = append(blinds, hex.EncodeToString(d.blind))
	}
	if len(blinds) == 0 {
		return nil
	}
	rows, err := t.query(ctx, `SELECT r.blind, r.num, r.id FROM {{texts $2}} n CROSS JOIN recipient r
WHERE r.tenant = $1 AND `+isBlind("r", "{{unhex n.value}}")+` AND r.external_ref = '' AND r.state = 'active' AND NOT r.decoy ORDER BY r.num`, tenant, jsonText(blinds))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var blind []byte
		var num int64
		var id cordon.RecipientID
		err := r.Scan(&blind, &num, &id)
		if i, ok := orphans[string(blind)]; ok && !drafts[i].known {
			d := &drafts[i]
			d.num, d.id, d.known = num, id, true
		}
		return struct{}{}, err
	})
	return err
}

// findByBlind gives drafts without a reference the row of their address: one
// that has no reference either when there are several, then the oldest.
func (t *tx) findByBlind(ctx context.Context, tenant int64, drafts []draft, byBlind map[string]int) error {
	if len(byBlind) == 0 {
		return nil
	}
	blinds := make([]string, 0, len(byBlind))
	for blind := range byBlind {
		blinds = append(blinds, hex.EncodeToString([]byte(blind)))
	}
	slices.Sort(blinds)
	rows, err := t.query(ctx, `SELECT r.blind, r.num, r.id, r.external_ref FROM {{texts $2}} n CROSS JOIN recipient r
WHERE r.tenant = $1 AND `+isBlind("r", "{{unhex n.value}}")+` AND r.state = 'active' AND NOT r.decoy
ORDER BY CASE r.external_ref WHEN '' THEN 0 ELSE 1 END, r.num`, tenant, jsonText(blinds))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var blind []byte
		var num int64
		var id cordon.RecipientID
		var ref string
		err := r.Scan(&blind, &num, &id, &ref)
		if i, ok := byBlind[string(blind)]; ok && !drafts[i].known {
			d := &drafts[i]
			d.num, d.id, d.ref, d.known = num, id, ref, true
		}
		return struct{}{}, err
	})
	return err
}

// markSuppressed keeps recipient.suppressed in step with table suppression.
func (t *tx) markSuppressed(ctx context.Context, tenant int64, drafts []draft) error {
	var some bool
	if err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM suppression WHERE tenant = $1)`, tenant).Scan(&some); err != nil || !some {
		return err
	}
	blinds := make([]string, len(drafts))
	for i, d := range drafts {
		blinds[i] = hex.EncodeToString(d.blind)
	}
	suppressed := map[string]bool{}
	rows, err := t.query(ctx, `SELECT s.blind FROM {{texts $2}} n CROSS JOIN suppression s WHERE s.tenant = $1 AND s.blind = {{unhex n.value}}`, tenant, jsonText(blinds))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var blind []byte
		err := r.Scan(&blind)
		suppressed[string(blind)] = true
		return struct{}{}, err
	})
	for i := range drafts {
		drafts[i].suppressed = suppressed[string(drafts[i].blind)]
	}
	return err
}

// writeDrafts seals the drafts and writes their rows.
func (t *tx) writeDrafts(ctx context.Context, keys *tenantKeys, drafts []draft, decoy bool) error {
	fresh := make([]*draft, 0, len(drafts))
	var known []*draft
	for i := range drafts {
		if d := &drafts[i]; d.known {
			known = append(known, d)
		} else {
			fresh = append(fresh, d)
		}
	}
	err := t.insertRows(ctx, `INSERT INTO recipient (tenant, num, id, external_ref, blind, sealed, fields, state, decoy, suppressed, tags, updated_at)`, "", 12, len(fresh), func(i int, args []any) []any {
		d := fresh[i]
		return append(args, keys.num, d.num, string(d.id), d.ref, d.blind, keys.sealPerson(d.id, d.person), int64(d.fields), string(cordon.RecipientActive), decoy, d.suppressed, d.worn, micros(t.now))
	})
	if err != nil {
		return err
	}
	return t.updateDrafts(ctx, keys, known)
}

// updateAtOnce bounds the JSON of one update.
const updateAtOnce = 500

func (t *tx) updateDrafts(ctx context.Context, keys *tenantKeys, known []*draft) error {
	slices.SortFunc(known, func(a, b *draft) int { return int(a.num - b.num) })
	for some := range slices.Chunk(known, updateAtOnce) {
		rows := make([][7]any, len(some))
		for i, d := range some {
			sealed := keys.sealPerson(d.id, d.person)
			suppressed := 0
			if d.suppressed {
				suppressed = 1
			}
			rows[i] = [7]any{d.num, hex.EncodeToString(d.blind), hex.EncodeToString(sealed), int64(d.fields), suppressed, d.ref, d.worn}
		}
		// The rows must lead: with the tenant among their columns, the primary key
		// can only be looked up from them. Otherwise SQLite walks the tenant's people
		// and reads the JSON for each.
		_, err := t.exec(ctx, `WITH v AS MATERIALIZED (SELECT CAST($1 AS BIGINT) AS tenant, CAST(r.value->>0 AS BIGINT) AS num,
	r.value->>1 AS blind, r.value->>2 AS sealed, CAST(r.value->>3 AS BIGINT) AS fields, CAST(r.value->>4 AS BIGINT) AS suppressed,
	r.value->>5 AS ref, NULLIF(r.value->>6, '') AS tags FROM {{rows $2}} r)
UPDATE recipient SET blind = {{unhex v.blind}}, sealed = {{unhex v.sealed}}, fields = v.fields, suppressed = (v.suppressed = 1),
	external_ref = v.ref, tags = COALESCE(v.tags, recipient.tags), updated_at = $3
FROM v WHERE recipient.tenant = v.tenant AND recipient.num = v.num`, keys.num, jsonText(rows), micros(t.now))
		if err != nil {
			return err
		}
	}
	return nil
}
