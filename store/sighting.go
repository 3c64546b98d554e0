package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// recordSightings notes what an accepted order says, so that the same words of
// several tenants are found.
func (t *tx) recordSightings(ctx context.Context, d cordon.Dispatch, prints []cordon.Fingerprint) error {
	if len(prints) == 0 {
		return nil
	}
	first, err := t.take(ctx, 0, "sighting", int64(len(prints)))
	if err != nil {
		return err
	}
	t.wake("evidence")
	return t.insertRows(ctx, `INSERT INTO sighting (num, at, tenant, template, dispatch, fingerprint)`, "", 6, len(prints),
		func(i int, args []any) []any {
			return append(args, first+int64(i), micros(t.now), string(d.Tenant), string(d.Template), string(d.ID), int64(prints[i]))
		})
}

// TextsKnown answers those of the fingerprints that the tenant sent before then:
// letters in use for long are nothing new.
func (s *Store) TextsKnown(ctx context.Context, tenant cordon.TenantID, prints []cordon.Fingerprint, before time.Time) (known []cordon.Fingerprint, err error) {
	list := make([]int64, len(prints))
	for i, f := range prints {
		list[i] = int64(f)
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT j.value FROM {{nums $2}} j WHERE EXISTS (SELECT 1 FROM sighting x
			WHERE x.tenant = $1 AND x.fingerprint = j.value AND x.at < $3)`, string(tenant), jsonText(list), micros(before))
		known, err = collect(rows, err, func(r scanner) (cordon.Fingerprint, error) {
			var print int64
			err := r.Scan(&print)
			return cordon.Fingerprint(print), err
		})
		return err
	})
	return known, wrap(err, "known texts")
}
