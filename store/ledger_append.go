package store

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// The ledger is an RFC 6962 Merkle tree kept by golang.org/x/mod/sumdb/tlog
// inside the store's own transactions: entry holds the facts, entry_hash the
// tree's stored hashes, and the one row of ledger_head its size and edge. The
// edge is the hash of each complete subtree, from the largest: all that an
// append needs of the past, so an append reads one row whatever the log's size.

// appendEntries writes the queued entries as the last act of the transaction.
func (t *tx) appendEntries(ctx context.Context) error {
	if len(t.entries) == 0 {
		return nil
	}
	var size int64
	var edge []byte
	// From here to the commit nobody else can append.
	if err := t.queryRow(ctx, `SELECT size, edge FROM ledger_head WHERE one = 1 {{forupdate}}`).Scan(&size, &edge); err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	known, err := edgeHashes(size, edge)
	if err != nil {
		return err
	}
	firstHash := tlog.StoredHashCount(size)
	var fresh []tlog.Hash
	for i := range t.entries {
		e := &t.entries[i]
		e.Num, e.At = size+int64(i), t.now
		hashes, err := tlog.StoredHashes(e.Num, e.Leaf(), known)
		if err != nil {
			return fmt.Errorf("hash entry %d: %w", e.Num, err)
		}
		for j, h := range hashes {
			known[tlog.StoredHashIndex(0, e.Num)+int64(j)] = h
		}
		fresh = append(fresh, hashes...)
	}
	if err := t.insertEntries(ctx); err != nil {
		return err
	}
	err = t.insertRows(ctx, `INSERT INTO entry_hash (num, hash)`, "", 2, len(fresh), func(i int, args []any) []any {
		return append(args, firstHash+int64(i), fresh[i][:])
	})
	if err != nil {
		return fmt.Errorf("insert hashes: %w", err)
	}
	size += int64(len(t.entries))
	edge, err = known.edge(size)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE ledger_head SET size = $1, edge = $2 WHERE one = 1`, size, edge)
	return err
}

func (t *tx) insertEntries(ctx context.Context) error {
	err := t.insertRows(ctx, `INSERT INTO entry (num, at, kind, tenant, actor, subject, body)`, "", 7, len(t.entries), func(i int, args []any) []any {
		e := t.entries[i]
		return append(args, e.Num, micros(e.At), string(e.Kind), string(e.Tenant), e.Actor, e.Subject, string(e.Body))
	})
	if err != nil {
		return fmt.Errorf("insert entries: %w", err)
	}
	return nil
}

// AppendEntry writes one fact that belongs to no other change.
func (s *Store) AppendEntry(ctx context.Context, e cordon.Entry) error {
	return s.write(ctx, func(t *tx) error {
		t.append(e)
		return nil
	})
}

// knownHashes answers stored hashes by index from memory.
type knownHashes map[int64]tlog.Hash

func (k knownHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		h, ok := k[x]
		if !ok {
			return nil, fmt.Errorf("stored hash %d is not on the edge", x)
		}
		out[i] = h
	}
	return out, nil
}

// edgeIndexes are the stored hashes of the complete subtrees of a tree of the
// size, from the largest: one for each bit of size.
func edgeIndexes(size int64) []int64 {
	var indexes []int64
	for level := 63 - bits.LeadingZeros64(uint64(size)); level >= 0; level-- {
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	return indexes
}

func edgeHashes(size int64, edge []byte) (knownHashes, error) {
	indexes := edgeIndexes(size)
	if len(edge) != len(indexes)*tlog.HashSize {
		return nil, errors.New("ledger head is damaged: edge and size do not match")
	}
	known := make(knownHashes, len(indexes))
	for i, x := range indexes {
		known[x] = tlog.Hash(edge[i*tlog.HashSize : (i+1)*tlog.HashSize])
	}
	return known, nil
}

func (k knownHashes) edge(size int64) ([]byte, error) {
	hashes, err := k.ReadHashes(edgeIndexes(size))
	if err != nil {
		return nil, err
	}
	edge := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		edge = append(edge, h[:]...)
	}
	return edge, nil
}

// ledgerHead is the size and root of the log as the querier sees it.
func ledgerHead(ctx context.Context, q querier) (size int64, root tlog.Hash, err error) {
	var edge []byte
	if err := q.queryRow(ctx, `SELECT size, edge FROM ledger_head WHERE one = 1`).Scan(&size, &edge); err != nil {
		return 0, root, fmt.Errorf("read ledger head: %w", err)
	}
	known, err := edgeHashes(size, edge)
	if err != nil {
		return 0, root, err
	}
	root, err = tlog.TreeHash(size, known)
	return size, root, err
}
