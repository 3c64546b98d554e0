package store

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// recordSignals writes what detectors saw, each with its entry.
func (t *tx) recordSignals(ctx context.Context, by cordon.Actor, signals []cordon.Signal) error {
	if len(signals) == 0 {
		return nil
	}
	first, err := t.take(ctx, 0, "signal", int64(len(signals)))
	if err != nil {
		return err
	}
	filled := make([]cordon.Signal, len(signals))
	for i, g := range signals {
		if g.ID == "" {
			g.ID = cordon.NewSignalID()
		}
		if g.At.IsZero() {
			g.At = t.now
		}
		g.At = fromMicros(micros(g.At))
		filled[i] = g
		t.append(cordon.Entry{Kind: cordon.EntrySignal, Tenant: g.Tenant, Actor: by.ID(), Subject: string(g.ID), Body: mustJSON(g)})
	}
	t.wake("signals")
	return t.insertRows(ctx, `INSERT INTO signal (num, id, kind, grade, tenant, actor, account, key_id, template, dispatch, count, message, at)`, "", 13, len(filled),
		func(i int, args []any) []any {
			g := filled[i]
			return append(args, first+int64(i), string(g.ID), string(g.Kind), string(g.Grade), string(g.Tenant), g.Actor,
				string(g.Account), string(g.Key), string(g.Template), string(g.Dispatch), g.Count, g.Message, micros(g.At))
		})
}

// RecordSignals writes what detectors saw.
func (s *Store) RecordSignals(ctx context.Context, by cordon.Actor, signals []cordon.Signal) error {
	err := s.write(ctx, func(t *tx) error { return t.recordSignals(ctx, by, signals) })
	if err != nil {
		return fmt.Errorf("record signals: %w", err)
	}
	return nil
}

// Signals lists signals, of one tenant or ("") of all, the newest first.
func (s *Store) Signals(ctx context.Context, tenant cordon.TenantID, p cordon.Page) ([]cordon.Signal, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	type numbered struct {
		num int64
		g   cordon.Signal
	}
	var all []numbered
	err = s.read(ctx, func(q querier) error {
		where, args := ``, []any{before, p.Size() + 1}
		if tenant != "" {
			where, args = ` AND g.tenant = $3`, append(args, string(tenant))
		}
		rows, err := q.query(ctx, `SELECT g.num, g.id, g.kind, g.grade, g.tenant, g.actor, g.account, g.key_id, g.template, g.dispatch, g.count, g.message, g.at
			FROM signal g WHERE g.num < $1`+where+` ORDER BY g.num DESC LIMIT $2`, args...)
		all, err = collect(rows, err, func(r scanner) (numbered, error) {
			var n numbered
			var at int64
			g := &n.g
			err := r.Scan(&n.num, &g.ID, &g.Kind, &g.Grade, &g.Tenant, &g.Actor, &g.Account, &g.Key, &g.Template, &g.Dispatch, &g.Count, &g.Message, &at)
			g.At = fromMicros(at)
			return n, err
		})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("signals: %w", err)
	}
	all, next := page(all, p, func(n numbered) string { return fmt.Sprint(n.num) })
	signals := make([]cordon.Signal, len(all))
	for i, n := range all {
		signals[i] = n.g
	}
	return signals, next, nil
}

// BadIDs counts the unknown and foreign recipient IDs that the key has named
// since then, from the signals recorded about it.
func (s *Store) BadIDs(ctx context.Context, key cordon.KeyID, since time.Time) (int, error) {
	var n int
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT CAST(COALESCE(SUM(g.count), 0) AS BIGINT) FROM signal g
			WHERE g.key_id = $1 AND g.key_id <> '' AND g.kind = $2 AND g.at >= $3`, string(key), string(cordon.SignalUnknownID), micros(since)).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("bad IDs: %w", err)
	}
	return n, nil
}

// RecordRefusal writes that an order was turned away, with what the verdict
// asks to be done at once: signals, stops, and the suspension of the key, all
// in one transaction.
func (s *Store) RecordRefusal(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, about cordon.Order, v cordon.Verdict) error {
	err := s.write(ctx, func(t *tx) error {
		if len(v.Stops) > 0 {
			if _, err := t.exec(ctx, `{{exclude queue}}`); err != nil {
				return err
			}
		}
		t.append(cordon.Entry{
			Kind: cordon.EntryOrderRefused, Tenant: tenant, Actor: by.ID(), Subject: string(about.Template),
			Body: mustJSON(refusalBody{
				Kind: about.Kind, Template: about.Template, Version: about.Version, Audience: about.Audience, Recipients: len(about.Recipients),
				Free: about.Free != nil, Account: by.Account, Key: by.Key, Exercise: about.Exercise, Code: v.Code, Reasons: v.Reasons,
			}),
		})
		return t.act(ctx, by, v)
	})
	if err != nil {
		return fmt.Errorf("record refusal: %w", err)
	}
	return nil
}

// refusalBody is the body of an order.refused entry.
type refusalBody struct {
	Kind       cordon.Kind       `json:"kind,omitempty"`
	Template   cordon.TemplateID `json:"template,omitempty"`
	Version    int               `json:"version,omitempty"`
	Audience   cordon.AudienceID `json:"audience,omitempty"`
	Recipients int               `json:"recipients,omitempty"`
	Free       bool              `json:"free,omitempty"`
	Account    cordon.AccountID  `json:"account,omitempty"`
	Key        cordon.KeyID      `json:"key,omitempty"`
	Exercise   bool              `json:"exercise,omitempty"`
	Code       cordon.Code       `json:"code,omitempty"`
	Reasons    []cordon.Reason   `json:"reasons,omitempty"`
}

// act does what a verdict asks for at once. The caller holds the queue's lock
// alone when there are stops to place.
func (t *tx) act(ctx context.Context, by cordon.Actor, v cordon.Verdict) error {
	if err := t.recordSignals(ctx, by, v.Signals); err != nil {
		return err
	}
	for _, stop := range v.Stops {
		if _, err := t.placeStop(ctx, cordon.System(), stop, nil); err != nil {
			return err
		}
	}
	if v.SuspendKey == "" || by.Key == "" {
		return nil
	}
	err := t.setKeyState(ctx, cordon.System(), by.Key, cordon.KeySuspended, v.SuspendKey)
	if cordon.CodeOf(err) == cordon.Conflict {
		return nil // revoked already
	}
	return err
}
