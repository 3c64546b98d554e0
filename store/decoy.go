package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// PlantDecoys adds recipients that nobody may ever mail: to touch one is proof.
// They look like everyone, are in no audience, no list and no count of people,
// and the ledger does not say which they are.
func (s *Store) PlantDecoys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, people []cordon.Person) error {
	rows := make([]cordon.RecipientRow, len(people))
	for i, p := range people {
		rows[i].Person = p
	}
	if err := checkRows(rows); err != nil || len(rows) == 0 {
		return err
	}
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		last, err := t.lockHeadcount(ctx, keys.num)
		if err != nil {
			return err
		}
		bits, err := t.registerFields(ctx, keys.num, rows)
		if err != nil {
			return err
		}
		drafts := make([]draft, len(people))
		for i, p := range people {
			drafts[i] = draft{blind: keys.blindOf(p.Address), person: p, fields: presentFields(p, bits), worn: "[]"}
		}
		number(drafts, last)
		if err := t.writeDrafts(ctx, keys, drafts, true); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE headcount SET last = last + $2, decoys = decoys + $2 WHERE tenant = $1`, keys.num, len(drafts)); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryDecoysPlanted, tenant, "", map[string]any{"count": len(drafts)}))
		return nil
	})
	return wrap(err, "plant decoys")
}

// Decoys lists the tenant's planted recipients, for the operator's drills.
func (s *Store) Decoys(ctx context.Context, tenant cordon.TenantID) (ids []cordon.RecipientID, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT id FROM recipient WHERE tenant = $1 AND decoy AND state = 'active' ORDER BY num`, num)
		ids, err = collect(rows, err, func(r scanner) (id cordon.RecipientID, err error) { return id, r.Scan(&id) })
		return err
	})
	return ids, wrap(err, "list decoys")
}
