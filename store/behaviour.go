package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/cordonmail/cordon"
)

// Bounds of the question who knows whom. A recipient whom more senders than hub
// write to says nothing about who is near whom.
const (
	ownContacts = 400 // of the sender's
	colleagues  = 50  // who share most of them
	hub         = 100
)

func subjectText(s cordon.Subject) string { return string(s.Kind) + ":" + s.ID }

// kept is a subject's row.
type keptBehaviour struct {
	cordon.Behaviour
	num int64
}

// Behaviours answers what is remembered of each subject, in their order; the
// zero Behaviour for one that never sent.
func (s *Store) Behaviours(ctx context.Context, tenant cordon.TenantID, subjects []cordon.Subject) ([]cordon.Behaviour, error) {
	all := make([]cordon.Behaviour, len(subjects))
	err := s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		found, err := behavioursOf(ctx, q, num, subjects)
		for i, subject := range subjects {
			all[i] = found[subjectText(subject)].Behaviour
		}
		return err
	})
	return all, wrap(err, "read behaviour")
}

func behavioursOf(ctx context.Context, q querier, tenant int64, subjects []cordon.Subject) (map[string]keptBehaviour, error) {
	names := make([]string, len(subjects))
	for i, s := range subjects {
		names[i] = subjectText(s)
	}
	rows, err := q.query(ctx, `SELECT b.subject, b.num, b.state, b.pardoned_at FROM {{texts $2}} n CROSS JOIN behaviour b WHERE b.tenant = $1 AND b.subject = n.value`,
		tenant, jsonText(names))
	found := make(map[string]keptBehaviour, len(subjects))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var name string
		var b keptBehaviour
		var pardoned int64
		err := r.Scan(&name, &b.num, &b.State, &pardoned)
		b.PardonedAt = fromMicros(pardoned)
		found[name] = b
		return struct{}{}, err
	})
	return found, err
}

// Acquaintance answers how many of the recipients the sender wrote to before
// and, when it is asked for, how many of the others its near colleagues write
// to: senders who share at least three recipients and three in ten of its own.
func (s *Store) Acquaintance(ctx context.Context, tenant cordon.TenantID, sender cordon.Subject, recipients []int64, near bool) (a cordon.Acquaintance, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		found, err := behavioursOf(ctx, q, num, []cordon.Subject{sender})
		if err != nil {
			return err
		}
		own, known := found[subjectText(sender)]
		if !known || own.num == 0 {
			return nil
		}
		err = q.queryRow(ctx, `SELECT COUNT(*) FROM {{nums $3}} n CROSS JOIN contact c WHERE c.tenant = $1 AND c.sender = $2 AND c.recipient = n.value`,
			num, own.num, jsonText(recipients)).Scan(&a.Known)
		if err != nil || !near || a.Known == len(recipients) {
			return err
		}
		a.Close, err = closeTo(ctx, q, num, own.num, recipients)
		return err
	})
	return a, wrap(err, "read acquaintance")
}

func closeTo(ctx context.Context, q querier, tenant, sender int64, recipients []int64) (n int, err error) {
	err = q.queryRow(ctx, `WITH own AS (SELECT c.recipient FROM contact c WHERE c.tenant = $1 AND c.sender = $2
			AND (SELECT COUNT(*) FROM (SELECT k.sender FROM contact k WHERE k.tenant = $1 AND k.recipient = c.recipient LIMIT $6) x) < $6
			ORDER BY c.recipient LIMIT $4),
		near AS (SELECT o.sender FROM own CROSS JOIN contact o WHERE o.tenant = $1 AND o.recipient = own.recipient AND o.sender <> $2
			GROUP BY o.sender HAVING COUNT(*) >= (SELECT CASE WHEN COUNT(*) <= 10 THEN 3 ELSE (3 * COUNT(*) + 9) / 10 END FROM own)
			ORDER BY COUNT(*) DESC, o.sender LIMIT $5)
		SELECT COUNT(*) FROM (SELECT c.recipient FROM {{nums $3}} n CROSS JOIN contact c WHERE c.tenant = $1 AND c.recipient = n.value
			AND c.sender IN (SELECT near.sender FROM near)
			AND NOT EXISTS (SELECT 1 FROM contact k WHERE k.tenant = $1 AND k.sender = $2 AND k.recipient = c.recipient)
			GROUP BY c.recipient HAVING COUNT(*) >= 2) x`,
		tenant, sender, jsonText(recipients), ownContacts, colleagues, hub+1).Scan(&n)
	return n, err
}

// learn applies what the order teaches. The caller holds the tenant's row, so
// that of two orders at once the second is weighed with the first counted.
func (t *tx) learn(ctx context.Context, b *birth) error {
	m := b.n.Verdict.Movement
	if m == nil {
		return nil
	}
	held := b.d.State == cordon.DispatchHeld
	sender, err := t.applyLessons(ctx, b.tenant, m, held)
	if err != nil {
		return err
	}
	if sender != 0 && !held && b.d.Kind == cordon.Single {
		if err := t.acquaint(ctx, b.tenant, sender, b.num); err != nil {
			return err
		}
	}
	return nil
}

// applyLessons writes what is remembered from now on, and answers the number of
// the sender.
func (t *tx) applyLessons(ctx context.Context, tenant int64, m *cordon.Movement, held bool) (sender int64, err error) {
	if len(m.Lessons) == 0 {
		return 0, nil
	}
	subjects := make([]cordon.Subject, len(m.Lessons))
	for i, l := range m.Lessons {
		subjects[i] = l.Subject
	}
	found, err := behavioursOf(ctx, t, tenant, subjects)
	if err != nil {
		return 0, err
	}
	args := make([]any, 0, 5*len(subjects))
	for _, l := range m.Lessons {
		name := subjectText(l.Subject)
		now := found[name]
		if now.num == 0 {
			if now.num, err = t.take(ctx, tenant, "behaviour", 1); err != nil {
				return 0, err
			}
		}
		state, passes := l.Apply(now.Behaviour, held)
		if !held && !passes {
			return 0, &cordon.Error{
				Code: cordon.Conflict, Field: cordon.BehaviourMoved,
				Message: "another order of the same sender was accepted at the same moment", Remedy: "try again",
			}
		}
		if l.Subject == m.Sender {
			sender = now.num
		}
		args = append(args, tenant, name, now.num, append([]byte{}, state...), micros(now.PardonedAt))
	}
	_, err = t.exec(ctx, t.s.valuesText(`INSERT INTO behaviour (tenant, subject, num, state, pardoned_at)`,
		`ON CONFLICT (tenant, subject) DO UPDATE SET state = excluded.state`, 5, len(m.Lessons)), args...)
	return sender, err
}

// acquaint makes the recipients of a single dispatch people the sender has
// written to.
func (t *tx) acquaint(ctx context.Context, tenant, sender, dispatch int64) error {
	_, err := t.exec(ctx, `INSERT INTO contact (tenant, sender, recipient) SELECT v.tenant, CAST($3 AS BIGINT), v.recipient FROM delivery v
		WHERE v.tenant = $1 AND v.dispatch = $2 ON CONFLICT (tenant, sender, recipient) DO NOTHING`, tenant, dispatch, sender)
	return err
}

// pardon answers what had piled up against the sender of a dispatch that a
// person released, and makes its recipients people the sender has written to.
func (t *tx) pardon(ctx context.Context, tenant, dispatch int64, d cordon.Dispatch) error {
	sender := cordon.Subject{Kind: cordon.SubjectAccount, ID: string(d.Account)}
	if d.Key != "" {
		sender = cordon.Subject{Kind: cordon.SubjectKey, ID: string(d.Key)}
	}
	var num sql.NullInt64
	err := t.queryRow(ctx, `UPDATE behaviour SET pardoned_at = $3 WHERE tenant = $1 AND subject = $2 RETURNING num`, tenant, subjectText(sender), micros(t.now)).Scan(&num)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("pardon: %w", err)
	}
	if d.Kind != cordon.Single {
		return nil
	}
	return t.acquaint(ctx, tenant, num.Int64, dispatch)
}
