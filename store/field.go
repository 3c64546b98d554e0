package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/cordonmail/cordon"
)

// FieldMask answers the bits of field names; a name that none of the tenant's
// recipients has ever had is Invalid.
func (s *Store) FieldMask(ctx context.Context, tenant cordon.TenantID, names []string) (mask cordon.FieldMask, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		bits, err := fieldBits(ctx, q, num)
		if err != nil {
			return err
		}
		mask = 0
		for _, name := range names {
			bit, known := bits[name]
			if !known {
				return cordon.InvalidField(name, "is a field that no recipient has", "import recipients with it, or make it an order field")
			}
			mask |= bit
		}
		return nil
	})
	return mask, wrap(err, "read field register")
}

// FieldNames lists every field name a recipient of the tenant has ever had.
func (s *Store) FieldNames(ctx context.Context, tenant cordon.TenantID) (names []string, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT name FROM field WHERE tenant = $1 ORDER BY bit`, num)
		names, err = collect(rows, err, func(r scanner) (name string, err error) { return name, r.Scan(&name) })
		return err
	})
	return names, wrap(err, "read field register")
}

func fieldBits(ctx context.Context, q querier, tenant int64) (map[string]cordon.FieldMask, error) {
	bits := map[string]cordon.FieldMask{}
	rows, err := q.query(ctx, `SELECT name, bit FROM field WHERE tenant = $1`, tenant)
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var name string
		var bit int64
		err := r.Scan(&name, &bit)
		bits[name] = 1 << bit
		return struct{}{}, err
	})
	return bits, err
}

func presentFields(p cordon.Person, bits map[string]cordon.FieldMask) cordon.FieldMask {
	mask := cordon.BitAddress
	if p.Name != "" {
		mask |= cordon.BitName
	}
	for name, value := range p.Fields {
		if value != "" {
			mask |= bits[name]
		}
	}
	return mask
}

// registerFields gives every new field name its bit. The headcount's lock keeps
// two from taking the same one.
func (t *tx) registerFields(ctx context.Context, tenant int64, rows []cordon.RecipientRow) (map[string]cordon.FieldMask, error) {
	bits, err := fieldBits(ctx, t, tenant)
	if err != nil {
		return nil, err
	}
	var fresh []string
	for _, row := range rows {
		for name, value := range row.Person.Fields {
			if value != "" && bits[name] == 0 {
				bits[name] = 1 // taken; its place comes below
				fresh = append(fresh, name)
			}
		}
	}
	slices.Sort(fresh)
	first := len(bits) - len(fresh)
	for i, name := range fresh {
		bit := first + i
		if bit >= cordon.MaxFields {
			return nil, cordon.InvalidField(name, fmt.Sprintf("is one field too many: a tenant has at most %d", cordon.MaxFields), "drop columns that no letter needs")
		}
		bits[name] = 1 << bit
		if _, err := t.exec(ctx, `INSERT INTO field (tenant, name, bit) VALUES ($1, $2, $3)`, tenant, name, bit); err != nil {
			return nil, err
		}
	}
	return bits, nil
}
