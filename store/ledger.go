package store

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

const entryColumns = `e.num, e.at, e.kind, e.tenant, e.actor, e.subject, e.body`

func scanEntry(r scanner) (cordon.Entry, error) {
	var e cordon.Entry
	var at int64
	var body string
	err := r.Scan(&e.Num, &at, &e.Kind, &e.Tenant, &e.Actor, &e.Subject, &body)
	e.At = fromMicros(at)
	if body != "" {
		e.Body = []byte(body)
	}
	return e, err
}

// Entries answers up to n entries of the ledger from a position on.
func (s *Store) Entries(ctx context.Context, from int64, n int) (entries []cordon.Entry, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+entryColumns+` FROM entry e WHERE e.num >= $1 ORDER BY e.num LIMIT $2`, from, n)
		entries, err = collect(rows, err, scanEntry)
		return err
	})
	return entries, wrap(err, "ledger entries")
}

// EntriesOf lists entries, the newest first: of one tenant or ("") of all, and
// about one subject or ("") about any.
func (s *Store) EntriesOf(ctx context.Context, tenant cordon.TenantID, subject string, p cordon.Page) (entries []cordon.Entry, next string, err error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	where, args := ``, []any{before, p.Size() + 1}
	if subject != "" {
		args = append(args, subject)
		where += fmt.Sprintf(` AND e.subject = $%d`, len(args))
	}
	if tenant != "" {
		args = append(args, string(tenant))
		where += fmt.Sprintf(` AND e.tenant = $%d`, len(args))
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+entryColumns+` FROM entry e WHERE e.num < $1`+where+` ORDER BY e.num DESC LIMIT $2`, args...)
		entries, err = collect(rows, err, scanEntry)
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "ledger entries")
	}
	entries, next = page(entries, p, func(e cordon.Entry) string { return strconv.FormatInt(e.Num, 10) })
	return entries, next, nil
}

// LedgerHead answers the ledger's size and root.
func (s *Store) LedgerHead(ctx context.Context) (size int64, root [32]byte, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		n, hash, err := ledgerHead(ctx, q)
		size, root = n, hash
		return err
	})
	return size, root, wrap(err, "ledger head")
}

// LedgerHashes reads the stored hashes of the ledger's tree, for proofs.
func (s *Store) LedgerHashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		places := make(map[int64][]int, len(indexes))
		for i, index := range indexes {
			places[index] = append(places[index], i)
		}
		err := s.read(ctx, func(q querier) error {
			rows, err := q.query(ctx, `SELECT h.num, h.hash FROM {{nums $1}} j CROSS JOIN entry_hash h WHERE h.num = j.value`, jsonText(indexes))
			_, err = collect(rows, err, func(r scanner) (struct{}, error) {
				var num int64
				var raw []byte
				if err := r.Scan(&num, &raw); err != nil {
					return struct{}{}, err
				}
				if len(raw) != tlog.HashSize {
					return struct{}{}, fmt.Errorf("stored hash %d has %d bytes", num, len(raw))
				}
				for _, i := range places[num] {
					hashes[i] = tlog.Hash(raw)
				}
				delete(places, num)
				return struct{}{}, nil
			})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("ledger hashes: %w", err)
		}
		if len(places) > 0 {
			return nil, fmt.Errorf("ledger hashes: %d of them are missing", len(places))
		}
		return hashes, nil
	})
}

// SaveCheckpoint stores a signed checkpoint. A second one of the same size is
// no news and is left out; one with another root is a contradiction.
func (s *Store) SaveCheckpoint(ctx context.Context, c cordon.Checkpoint) error {
	err := s.write(ctx, func(t *tx) error {
		var root string
		err := t.queryRow(ctx, `INSERT INTO checkpoint (size, root, at, note) VALUES ($1, $2, $3, $4)
			ON CONFLICT (size) DO UPDATE SET size = checkpoint.size RETURNING root`, c.Size, c.Root, micros(c.At), c.Note).Scan(&root)
		if err == nil && root != c.Root {
			return cordon.Errorf(cordon.Conflict, "the ledger had another root at size %d when it was signed before", c.Size)
		}
		return err
	})
	return wrap(err, "save checkpoint")
}

// LatestCheckpoint answers the checkpoint of the greatest size.
func (s *Store) LatestCheckpoint(ctx context.Context) (c cordon.Checkpoint, found bool, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT c.size, c.root, c.at, c.note FROM checkpoint c ORDER BY c.size DESC LIMIT 1`)
		all, err := collect(rows, err, func(r scanner) (cordon.Checkpoint, error) {
			var c cordon.Checkpoint
			var at int64
			err := r.Scan(&c.Size, &c.Root, &at, &c.Note)
			c.At = fromMicros(at)
			return c, err
		})
		if found = len(all) > 0; found {
			c = all[0]
		}
		return err
	})
	return c, found, wrap(err, "latest checkpoint")
}
