package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/cordonmail/cordon"
)

// RecordLateBounce notes that a copy which the relay had taken came back by mail.
// The copy stays delivered: what was handed over was handed over, and history is
// not rewritten. The bounce counts as evidence once for each copy, again only
// when a soft one is followed by a hard one. After suppressAfter hard ones (0:
// never) about an address it is suppressed. It answers false for what is known
// already, and Missing for a copy that was never handed over: no such copy can
// come back.
func (s *Store) RecordLateBounce(ctx context.Context, ref cordon.Ref, b cordon.LateBounce, suppressAfter int) (noted bool, err error) {
	if b.Class != cordon.BounceHard && b.Class != cordon.BounceSoft {
		return false, cordon.Errorf(cordon.Internal, "a late bounce is hard or soft")
	}
	err = s.write(ctx, func(t *tx) error {
		noted, err = t.recordLateBounce(ctx, ref, b, suppressAfter)
		return err
	})
	return noted && err == nil, wrap(err, "record late bounce")
}

func (t *tx) recordLateBounce(ctx context.Context, ref cordon.Ref, b cordon.LateBounce, suppressAfter int) (bool, error) {
	c, err := t.s.copyOf(ctx, t, ref)
	if err != nil {
		return false, err
	}
	if !c.HandedOver {
		return false, missing("copy")
	}
	res, err := t.exec(ctx, `INSERT INTO late_bounce (tenant, dispatch, seq, class, status, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (tenant, dispatch, seq) DO UPDATE SET class = excluded.class, status = excluded.status, at = excluded.at
			WHERE late_bounce.class = 'soft' AND excluded.class = 'hard'`,
		ref.Tenant, ref.Dispatch, ref.Seq, string(b.Class), b.Status, micros(t.now))
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if err := t.countLateBounce(ctx, c, b); err != nil {
		return false, err
	}
	if err := t.countReturned(ctx, cordon.ReturnedBounce); err != nil {
		return false, err
	}
	t.append(cordon.Entry{Kind: cordon.EntryLateBounce, Tenant: c.Tenant, Actor: cordon.System().ID(), Subject: string(c.Dispatch),
		Body: mustJSON(map[string]any{"seq": ref.Seq, "class": b.Class, "status": b.Status})})
	return true, t.suppressLate(ctx, c, suppressAfter)
}

// countLateBounce adds it to what came back about the copy's lane, now.
func (t *tx) countLateBounce(ctx context.Context, c cordon.CopyFacts, b cordon.LateBounce) error {
	var bounces, policy, errs int64
	switch cordon.ReplyKind(cordon.Outcome{State: lateState(b), Reply: b.Reply()}) {
	case cordon.EvidenceBounce:
		bounces = 1
	case cordon.EvidencePolicy:
		policy = 1
	default:
		errs = 1
	}
	var lane int64
	err := t.queryRow(ctx, `SELECT v.lane FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq = $3`, c.Ref.Tenant, c.Ref.Dispatch, c.Ref.Seq).Scan(&lane)
	if err != nil {
		return orMissing(err, "copy")
	}
	_, err = t.exec(ctx, `INSERT INTO evidence (tenant, lane, slot, kind, template, account, key_id, delivered, bounces, policy, errors)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10)
		ON CONFLICT (tenant, lane, slot) DO UPDATE SET bounces = evidence.bounces + excluded.bounces, policy = evidence.policy + excluded.policy,
			errors = evidence.errors + excluded.errors`,
		c.Ref.Tenant, lane, slotOf(micros(t.now)), string(c.Kind), string(c.Template), string(c.Account), string(c.Key), bounces, policy, errs)
	t.wake("evidence")
	return err
}

func lateState(b cordon.LateBounce) cordon.DeliveryState {
	if b.Class == cordon.BounceHard {
		return cordon.Bounced
	}
	return cordon.Deferred
}

// suppressLate suppresses the copy's address when so many of its copies came back
// for good.
func (t *tx) suppressLate(ctx context.Context, c cordon.CopyFacts, after int) error {
	if after < 1 || c.Recipient == "" {
		return nil
	}
	var hard int
	err := t.queryRow(ctx, `SELECT COUNT(*) FROM late_bounce b CROSS JOIN delivery v CROSS JOIN recipient me
		WHERE b.tenant = $1 AND v.tenant = b.tenant AND v.dispatch = b.dispatch AND v.seq = b.seq
		AND me.tenant = v.tenant AND me.num = v.recipient AND me.id = $2 AND b.class = 'hard' AND b.status LIKE '5.1.%' AND b.status NOT IN ('5.1.7', '5.1.8')`,
		c.Ref.Tenant, string(c.Recipient)).Scan(&hard)
	if err != nil || hard < after {
		return err
	}
	num, blind, err := t.s.blindOfRecipient(ctx, t, c.Tenant, c.Recipient)
	if cordon.CodeOf(err) == cordon.Missing {
		return nil // erased
	}
	if err != nil {
		return err
	}
	return t.suppress(ctx, cordon.System(), suppressed{c.Tenant, num, blind, string(c.Recipient), cordon.SuppressedBounce})
}

// LateBounceOf answers the bounce that came back about a copy; Missing when none did.
func (s *Store) LateBounceOf(ctx context.Context, ref cordon.Ref) (b cordon.LateBounce, err error) {
	err = s.read(ctx, func(q querier) error {
		var at int64
		err := q.queryRow(ctx, `SELECT b.class, b.status, b.at FROM late_bounce b WHERE b.tenant = $1 AND b.dispatch = $2 AND b.seq = $3`, ref.Tenant, ref.Dispatch, ref.Seq).
			Scan(&b.Class, &b.Status, &at)
		b.At = fromMicros(at)
		return orMissing(err, "bounce")
	})
	return b, wrap(err, "late bounce")
}

// LateBounces counts the copies of a dispatch that came back by mail.
func (s *Store) LateBounces(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (hard, soft int64, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		err = q.queryRow(ctx, `SELECT COUNT(CASE WHEN b.class = 'hard' THEN 1 END), COUNT(CASE WHEN b.class = 'soft' THEN 1 END)
			FROM dispatch d JOIN late_bounce b ON b.tenant = d.tenant AND b.dispatch = d.num WHERE d.tenant = $1 AND d.id = $2`, num, string(id)).Scan(&hard, &soft)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return hard, soft, wrap(err, "late bounces")
}
