package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// nodeNum is the number under which the node's claims are kept, given at its
// first word.
func (t *tx) nodeNum(ctx context.Context, name string) (int64, error) {
	if name == "" {
		return 0, cordon.InvalidField("node", "is missing", "a claim names the node that makes it")
	}
	var num int64
	err := t.queryRow(ctx, `SELECT num FROM node WHERE name = $1`, name).Scan(&num)
	if !errors.Is(err, sql.ErrNoRows) {
		return num, err
	}
	first, err := t.take(ctx, 0, "node", 1)
	if err != nil {
		return 0, err
	}
	err = t.queryRow(ctx, `INSERT INTO node (num, name, seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at RETURNING num`, first, name, micros(t.now)).Scan(&num)
	return num, err
}

// Join says that the node is here, and marks for removal what an acceptance
// broken off by a crash has left.
func (s *Store) Join(ctx context.Context, node string) error {
	if err := s.Beat(ctx, node); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	if err := s.voidAbandoned(ctx); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// Beat says that the node is alive.
func (s *Store) Beat(ctx context.Context, node string) error {
	return s.write(ctx, func(t *tx) error {
		num, err := t.nodeNum(ctx, node)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE node SET seen_at = $2 WHERE num = $1`, num, micros(t.now))
		return err
	})
}

const sendingColumns = `SELECT v.tenant, v.dispatch, v.seq FROM delivery v WHERE v.state = 'sending' AND v.node = $1`

func scanRef(r scanner) (cordon.Ref, error) {
	var ref cordon.Ref
	err := r.Scan(&ref.Tenant, &ref.Dispatch, &ref.Seq)
	return ref, err
}

// SendingOf lists the copies that are being sent by the node: at its start-up,
// those that were when it died.
func (s *Store) SendingOf(ctx context.Context, node string) ([]cordon.Ref, error) {
	var refs []cordon.Ref
	err := s.read(ctx, func(q querier) error {
		var num int64
		err := q.queryRow(ctx, `SELECT num FROM node WHERE name = $1`, node).Scan(&num)
		if errors.Is(err, sql.ErrNoRows) {
			refs = nil
			return nil
		}
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, sendingColumns+` ORDER BY v.tenant, v.dispatch, v.seq`, num)
		refs, err = collect(rows, err, scanRef)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("copies being sent: %w", err)
	}
	return refs, nil
}

// ReapNodes settles as uncertain what nodes not heard of since then were
// sending: nobody can say whether the relay took it. They are tried again from
// due on. It answers how many.
func (s *Store) ReapNodes(ctx context.Context, deadBefore, due time.Time) (int, error) {
	var dead []string
	err := s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT n.name FROM node n WHERE n.seen_at < $1
			AND EXISTS (SELECT 1 FROM delivery v WHERE v.state = 'sending' AND v.node = n.num)`, micros(deadBefore))
		dead, err = collect(rows, err, func(r scanner) (string, error) {
			var name string
			err := r.Scan(&name)
			return name, err
		})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("reap nodes: %w", err)
	}
	total := 0
	for _, node := range dead {
		refs, err := s.SendingOf(ctx, node)
		if err != nil {
			return total, fmt.Errorf("reap nodes: %w", err)
		}
		for len(refs) > 0 {
			n := min(len(refs), 1000)
			lost := make([]cordon.Lost, n)
			for i, ref := range refs[:n] {
				lost[i] = cordon.Lost{Ref: ref, Outcome: cordon.Outcome{State: cordon.Uncertain}, At: s.now(), NextDue: due}
			}
			if err := s.SettleLost(ctx, node, lost); err != nil {
				return total, fmt.Errorf("reap nodes: %w", err)
			}
			total, refs = total+n, refs[n:]
		}
	}
	return total, nil
}
