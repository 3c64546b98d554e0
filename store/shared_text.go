package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// ApproveSharedText lets many tenants send a text; one that is approved already
// stays as it is.
func (s *Store) ApproveSharedText(ctx context.Context, by cordon.Actor, x cordon.SharedText) error {
	err := s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `INSERT INTO shared_text (fingerprint, tenant, template, version, approved_by, approved_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (fingerprint) DO NOTHING`,
			int64(x.Fingerprint), string(x.Tenant), string(x.Template), x.Version, by.ID(), micros(t.now))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		t.append(entry(by, cordon.EntryTextShared, x.Tenant, x.Fingerprint.String(), map[string]any{"template": x.Template, "version": x.Version}))
		return nil
	})
	return wrap(err, "approve shared text")
}

// WithdrawSharedText takes the approval back.
func (s *Store) WithdrawSharedText(ctx context.Context, by cordon.Actor, f cordon.Fingerprint) error {
	err := s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `DELETE FROM shared_text WHERE fingerprint = $1`, int64(f))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return &cordon.Error{Code: cordon.Missing, Field: "fingerprint", Message: "is not of a shared text", Remedy: "cordon template shared lists them"}
		}
		t.append(entry(by, cordon.EntryTextUnshared, "", f.String(), nil))
		return nil
	})
	return wrap(err, "withdraw shared text")
}

// SharedTexts lists them, the newest first.
func (s *Store) SharedTexts(ctx context.Context) (list []cordon.SharedText, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT x.fingerprint, x.tenant, x.template, x.version, x.approved_by, x.approved_at
			FROM shared_text x ORDER BY x.approved_at DESC, x.fingerprint`)
		list, err = collect(rows, err, func(r scanner) (cordon.SharedText, error) {
			var x cordon.SharedText
			var print, at int64
			err := r.Scan(&print, &x.Tenant, &x.Template, &x.Version, &x.ApprovedBy, &at)
			x.Fingerprint, x.ApprovedAt = cordon.Fingerprint(print), fromMicros(at)
			return x, err
		})
		return err
	})
	return list, wrap(err, "list shared texts")
}
