package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// acceptSingle writes a single order in one transaction.
func (s *Store) acceptSingle(ctx context.Context, by cordon.Actor, b *birth) error {
	rows, err := readRows(b.n)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		if err := t.begin(ctx, b); err != nil {
			return err
		}
		if err := t.singleLane(ctx, b); err != nil {
			return err
		}
		if err := t.fillMembers(ctx, b); err != nil {
			return err
		}
		if err := t.singleValues(ctx, b, rows); err != nil {
			return err
		}
		return t.open(ctx, by, b)
	})
}

// fillMembers writes one copy for each named recipient, in the order named.
func (t *tx) fillMembers(ctx context.Context, b *birth) error {
	rows, err := t.query(ctx, `SELECT r.id, r.num FROM {{texts $2}} j CROSS JOIN recipient r WHERE r.tenant = $1 AND r.id = j.value AND r.state = 'active'`, b.tenant, jsonText(b.n.Members))
	type member struct {
		id  cordon.RecipientID
		num int64
	}
	found, err := collect(rows, err, func(r scanner) (member, error) {
		var m member
		err := r.Scan(&m.id, &m.num)
		return m, err
	})
	if err != nil {
		return err
	}
	b.members = make(map[cordon.RecipientID]int64, len(found))
	for _, m := range found {
		b.members[m.id] = m.num
	}
	if len(b.n.Members) == 0 || len(b.members) < len(b.n.Members) {
		return missing("recipient") // one answer for unknown, foreign, erased and named twice
	}
	due, at, state := b.due(), micros(b.d.AcceptedAt), string(b.rowState())
	nums := make([]string, len(b.n.Members))
	err = t.insertRows(ctx, `INSERT INTO delivery (tenant, dispatch, seq, recipient, lane, due, at, attempts, state)`, "", 9, len(b.n.Members), func(i int, args []any) []any {
		num := b.members[b.n.Members[i]]
		nums[i] = fmt.Sprint(num)
		return append(args, b.tenant, b.num, i+1, num, b.lane, due, at, 0, state)
	})
	addDigest(b.digest, strings.Join(nums, ","), false)
	b.d.Recipients = len(b.n.Members)
	return err
}

// singleLane finds or makes the lane of the stream that the order belongs to.
func (t *tx) singleLane(ctx context.Context, b *birth) error {
	d := b.d
	err := t.queryRow(ctx, `SELECT l.num FROM lane l WHERE l.tenant = $1 AND l.account = $2 AND l.key_id = $3 AND l.template = $4 AND l.kind = 'single'`,
		b.tenant, string(d.Account), string(d.Key), string(d.Template)).Scan(&b.lane)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	num, err := t.take(ctx, b.tenant, "dispatch", 1)
	if err != nil {
		return err
	}
	return t.queryRow(ctx, `INSERT INTO lane (tenant, num, tenant_id, kind, template, account, key_id, dispatch_id) VALUES ($1, $2, $3, 'single', $4, $5, $6, '')
		ON CONFLICT (tenant, account, key_id, template) WHERE kind = 'single' DO UPDATE SET dispatch_id = '' RETURNING num`,
		b.tenant, num, string(d.Tenant), string(d.Template), string(d.Account), string(d.Key)).Scan(&b.lane)
}
