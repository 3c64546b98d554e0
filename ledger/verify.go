package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

const verifyBatch = 500

// Report is what verifying the log came to.
type Report struct {
	OK       bool   `json:"ok"`
	Entries  int64  `json:"entries"`
	Root     string `json:"root"`      // base64, computed from the entries
	FirstBad int64  `json:"first_bad"` // -1: none, or none that can be named
	Why      string `json:"why,omitempty"`
}

// Verify reads the whole log and re-hashes what is stored: every entry, every
// row of hashes, the head and the last signed checkpoint; then it holds the rows
// that the entries speak of against them. It names the first bad entry and why.
// An error means that the log could not be read, which proves nothing either
// way; progress may be nil.
func (a *Auditor) Verify(ctx context.Context, actor cordon.Actor, progress func(done, total int64)) (Report, error) {
	if !actor.Can(cordon.ReadLedger, actor.Tenant) {
		return Report{}, mayNot("verify the ledger")
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	// The checkpoint is read before the head: it never signs more than there
	// was when it was made.
	last, some, err := a.store.LatestCheckpoint(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("read checkpoint: %w", err)
	}
	size, root, err := a.store.LedgerHead(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("read head: %w", err)
	}
	v := &verification{auditor: a, size: size, hashes: a.store.LedgerHashes(ctx), progress: progress}
	if some {
		v.signed, v.unsigned = a.open(last)
	}
	// The log first and alone: only entries that are whole may speak against
	// the rows beside them.
	for _, part := range []func(context.Context) (Report, error){
		v.log,
		func(ctx context.Context) (Report, error) { return v.end(ctx, tlog.Hash(root)) },
		v.rows,
	} {
		if report, err := part(ctx); err != nil || !report.OK {
			return report, err
		}
	}
	return Report{OK: true, Entries: v.size, Root: v.rootText(), FirstBad: -1}, nil
}

// verification is one walk through the log.
type verification struct {
	auditor  *Auditor
	size     int64
	hashes   tlog.HashReader
	progress func(done, total int64)
	signed   tlog.Tree // of the last checkpoint; N is 0 without one
	unsigned error     // why the last checkpoint does not verify
	signedR  tlog.Hash // the root computed here at the signed size
	edge     edge
}

func (v *verification) bad(num int64, why string) Report {
	return Report{Entries: v.edge.n, Root: v.rootText(), FirstBad: num, Why: why}
}

func (v *verification) rootText() string {
	root := v.edge.root()
	return base64.StdEncoding.EncodeToString(root[:])
}

// log hashes all entries up to the head.
func (v *verification) log(ctx context.Context) (Report, error) {
	for v.edge.n < v.size {
		from := v.edge.n
		batch, err := v.auditor.store.Entries(ctx, from, int(min(verifyBatch, v.size-from)))
		if err != nil {
			return Report{}, fmt.Errorf("read entries: %w", err)
		}
		if len(batch) == 0 {
			return v.bad(from, "the entry is missing"), nil
		}
		stored, err := v.storedHashes(from, int64(len(batch)))
		if err != nil && ctx.Err() != nil {
			return Report{}, ctx.Err()
		}
		oneByOne := err != nil // some row of the batch is missing: find which
		for _, e := range batch {
			if oneByOne {
				if stored, err = v.storedHashes(from, 1); err != nil {
					return v.bad(from, "its hashes are missing: "+err.Error()), nil
				}
			}
			why, rest := v.entry(e, stored)
			if why != "" {
				return v.bad(from, why), nil
			}
			stored, from = rest, from+1
		}
		v.progress(v.edge.n, 2*v.size)
	}
	return Report{OK: true}, nil
}

// entry checks one entry and takes it into the edge; stored holds the hash rows
// from this entry on, and those behind it are answered.
func (v *verification) entry(e cordon.Entry, stored []tlog.Hash) (why string, rest []tlog.Hash) {
	if e.Num != v.edge.n {
		return fmt.Sprintf("the entry is missing: entry %d stands in its place", e.Num), nil
	}
	computed := v.edge.add(tlog.RecordHash(e.Leaf()))
	for level, hash := range computed {
		switch {
		case level >= len(stored):
			return "its hashes are missing", nil
		case stored[level] == hash:
		case level == 0:
			return "its content is not what was hashed when it was written", nil
		default:
			return fmt.Sprintf("a hash above it (level %d) was changed", level), nil
		}
	}
	if v.edge.n == v.signed.N {
		v.signedR = v.edge.root()
	}
	return "", stored[len(computed):]
}

// rows holds what the entries speak of against them.
func (v *verification) rows(ctx context.Context) (Report, error) {
	for from := int64(0); from < v.size; {
		batch, err := v.auditor.store.Entries(ctx, from, int(min(verifyBatch, v.size-from)))
		if err != nil {
			return Report{}, fmt.Errorf("read entries: %w", err)
		}
		if len(batch) == 0 {
			return v.bad(from, "the entry is missing"), nil
		}
		for _, e := range batch {
			why, err := v.spokenOf(ctx, e)
			if err != nil {
				return Report{}, err
			}
			if why != nil {
				return v.bad(e.Num, "what it speaks of was changed: "+why.Error()), nil
			}
		}
		from = batch[len(batch)-1].Num + 1
		v.progress(v.size+from, 2*v.size)
	}
	return Report{OK: true}, nil
}

// spokenOf asks the store about one entry's rows. A store that cannot be read is
// told from rows that were changed by asking again: rows stay changed, and
// everything else can be read meanwhile.
func (v *verification) spokenOf(ctx context.Context, e cordon.Entry) (why, err error) {
	if why = v.auditor.store.VerifyStored(ctx, e); why == nil {
		return nil, nil
	}
	if _, _, err := v.auditor.store.LedgerHead(ctx); err != nil {
		return nil, fmt.Errorf("check what entry %d speaks of: %w", e.Num, errors.Join(why, err))
	}
	return v.auditor.store.VerifyStored(ctx, e), nil
}

// storedHashes reads the hash rows that n entries from one on brought.
func (v *verification) storedHashes(from, n int64) ([]tlog.Hash, error) {
	first, end := tlog.StoredHashCount(from), tlog.StoredHashCount(from+n)
	indexes := make([]int64, 0, end-first)
	for i := first; i < end; i++ {
		indexes = append(indexes, i)
	}
	return v.hashes.ReadHashes(indexes)
}

// end compares what was computed with the head, the checkpoint and what may
// stand behind the head.
func (v *verification) end(ctx context.Context, head tlog.Hash) (Report, error) {
	if v.unsigned != nil {
		return v.bad(-1, "the last checkpoint does not verify: "+v.unsigned.Error()), nil
	}
	if v.size < v.signed.N {
		return v.bad(v.size, fmt.Sprintf("the log has %d entries; its last checkpoint signed %d", v.size, v.signed.N)), nil
	}
	if v.signed.N > 0 && v.signedR != v.signed.Hash {
		return v.bad(-1, fmt.Sprintf("the first %d entries and their hashes were rewritten: their root is not the one signed", v.signed.N)), nil
	}
	if v.size > 0 && v.edge.root() != head {
		return v.bad(-1, "the head's root is not the root of the entries"), nil
	}
	behind, err := v.auditor.store.Entries(ctx, v.size, 1)
	if err != nil {
		return Report{}, fmt.Errorf("read entries: %w", err)
	}
	now, _, err := v.auditor.store.LedgerHead(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("read head: %w", err)
	}
	if len(behind) > 0 && now == v.size {
		return v.bad(v.size, "the entry stands behind the log's head"), nil
	}
	return Report{OK: true}, nil
}

// edge is the right edge of a growing Merkle tree: the roots of its complete
// subtrees, the largest first. It needs no reader, so nothing stored can vouch
// for itself.
type edge struct {
	n     int64
	roots []tlog.Hash
}

// add takes one leaf in and answers the hashes it completes, the leaf's first:
// the order in which tlog stores them.
func (e *edge) add(leaf tlog.Hash) []tlog.Hash {
	completed := []tlog.Hash{leaf}
	hash := leaf
	for n := e.n; n&1 == 1; n >>= 1 {
		left := e.roots[len(e.roots)-1]
		e.roots = e.roots[:len(e.roots)-1]
		hash = tlog.NodeHash(left, hash)
		completed = append(completed, hash)
	}
	e.roots = append(e.roots, hash)
	e.n++
	return completed
}

// root is the tree's root (RFC 6962 2.1): the subtrees folded from the right.
func (e *edge) root() tlog.Hash {
	if len(e.roots) == 0 {
		empty, _ := tlog.TreeHash(0, nil) // reads nothing, cannot fail
		return empty
	}
	hash := e.roots[len(e.roots)-1]
	for i := len(e.roots) - 2; i >= 0; i-- {
		hash = tlog.NodeHash(e.roots[i], hash)
	}
	return hash
}
