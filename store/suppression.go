package store

import (
	"context"

	"github.com/cordonmail/cordon"
)

// A suppression is kept by the address's blind index, so that it holds for
// everyone who shares the address and for whoever is imported with it later.
// recipient.suppressed repeats it beside each person, so that an audience of
// 840,000 asks nothing more; the exit looks here, not there.

// Suppress keeps mail from a recipient's address.
func (s *Store) Suppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error {
	err := s.write(ctx, func(t *tx) error {
		num, blind, err := s.blindOfRecipient(ctx, t, tenant, id)
		if err != nil {
			return err
		}
		return t.suppress(ctx, by, suppressed{tenant, num, blind, string(id), reason})
	})
	return wrap(err, "suppress")
}

// SuppressAddress keeps mail from an address, known or not.
func (s *Store) SuppressAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, a cordon.Address, reason cordon.SuppressionReason) error {
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		return t.suppress(ctx, by, suppressed{tenant, keys.num, keys.blindOf(a), "", reason})
	})
	return wrap(err, "suppress address")
}

// Unsuppress lets mail to a recipient's address go again; the reason is why.
func (s *Store) Unsuppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error {
	err := s.write(ctx, func(t *tx) error {
		num, blind, err := s.blindOfRecipient(ctx, t, tenant, id)
		if err != nil {
			return err
		}
		return t.unsuppress(ctx, by, suppressed{tenant, num, blind, string(id), reason})
	})
	return wrap(err, "unsuppress")
}

// UnsuppressAddress lets mail to an address go again; the reason is why.
func (s *Store) UnsuppressAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, a cordon.Address, reason cordon.SuppressionReason) error {
	err := s.write(ctx, func(t *tx) error {
		keys, err := s.tenantKeys(ctx, t, tenant)
		if err != nil {
			return err
		}
		return t.unsuppress(ctx, by, suppressed{tenant, keys.num, keys.blindOf(a), "", reason})
	})
	return wrap(err, "unsuppress address")
}

func (s *Store) blindOfRecipient(ctx context.Context, q querier, tenant cordon.TenantID, id cordon.RecipientID) (num int64, blind []byte, err error) {
	num, err = s.tenantNum(ctx, q, tenant)
	if err != nil {
		return 0, nil, err
	}
	err = q.queryRow(ctx, `SELECT blind FROM recipient WHERE tenant = $1 AND id = $2 AND state = 'active'`, num, string(id)).Scan(&blind)
	return num, blind, orMissing(err, "recipient")
}

type suppressed struct {
	tenant  cordon.TenantID
	num     int64
	blind   []byte
	subject string // the recipient it was said of; "" for an address
	reason  cordon.SuppressionReason
}

func checkReason(r cordon.SuppressionReason) error {
	switch r {
	case cordon.SuppressedBounce, cordon.SuppressedComplaint, cordon.SuppressedUnsubscribe, cordon.SuppressedByHand:
		return nil
	}
	return cordon.InvalidField("reason", "is not a reason for a suppression", "say bounce, complaint, unsubscribe or by-hand")
}

// suppress is no change, and no entry, when the address is suppressed already.
func (t *tx) suppress(ctx context.Context, by cordon.Actor, x suppressed) error {
	if err := checkReason(x.reason); err != nil {
		return err
	}
	if _, err := t.lockHeadcount(ctx, x.num); err != nil { // an import must not miss it
		return err
	}
	res, err := t.exec(ctx, `INSERT INTO suppression (tenant, blind, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, blind) DO NOTHING`,
		x.num, x.blind, string(x.reason), micros(t.now))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE recipient SET suppressed = TRUE WHERE tenant = $1 AND `+isBlind("recipient", "$2")+` AND state = 'active'`, x.num, x.blind); err != nil {
		return err
	}
	t.append(entry(by, cordon.EntrySuppressed, x.tenant, x.subject, map[string]any{"reason": x.reason}))
	return nil
}

func (t *tx) unsuppress(ctx context.Context, by cordon.Actor, x suppressed) error {
	if err := checkReason(x.reason); err != nil {
		return err
	}
	if _, err := t.lockHeadcount(ctx, x.num); err != nil {
		return err
	}
	res, err := t.exec(ctx, `DELETE FROM suppression WHERE tenant = $1 AND blind = $2`, x.num, x.blind)
	if err := changedOne(res, err, "the address is not suppressed"); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE recipient SET suppressed = FALSE WHERE tenant = $1 AND `+isBlind("recipient", "$2"), x.num, x.blind); err != nil {
		return err
	}
	t.append(entry(by, cordon.EntryUnsuppressed, x.tenant, x.subject, map[string]any{"reason": x.reason}))
	return nil
}
