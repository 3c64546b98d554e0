package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// recomputed builds the tree anew from the entries as they stand in the
// database, and answers its stored hashes.
func recomputed(t *testing.T, s *store.Store) (size int64, hashes []tlog.Hash) {
	t.Helper()
	rows, err := storetest.Raw(t, s).Query(`SELECT num, at, kind, tenant, actor, subject, body FROM entry ORDER BY num`)
	ok(t, err)
	defer rows.Close()
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for ; rows.Next(); size++ {
		var e cordon.Entry
		var at int64
		var body string
		ok(t, rows.Scan(&e.Num, &at, &e.Kind, &e.Tenant, &e.Actor, &e.Subject, &body))
		e.At, e.Body = time.UnixMicro(at), []byte(body)
		wantEqual(t, "number of entry", e.Num, size)
		fresh, err := tlog.StoredHashes(size, e.Leaf(), reader)
		ok(t, err)
		hashes = append(hashes, fresh...)
	}
	ok(t, rows.Err())
	return size, hashes
}

func storedHashes(t *testing.T, s *store.Store) (hashes []tlog.Hash) {
	t.Helper()
	rows, err := storetest.Raw(t, s).Query(`SELECT num, hash FROM entry_hash ORDER BY num`)
	ok(t, err)
	defer rows.Close()
	for rows.Next() {
		var num int64
		var raw []byte
		ok(t, rows.Scan(&num, &raw))
		wantEqual(t, "number of stored hash", num, int64(len(hashes)))
		hashes = append(hashes, tlog.Hash(raw))
	}
	ok(t, rows.Err())
	return hashes
}

func wantWholeTree(t *testing.T, s *store.Store, entries int64) {
	t.Helper()
	size, want := recomputed(t, s)
	wantEqual(t, "entries", size, entries)
	got := storedHashes(t, s)
	wantEqual(t, "stored hashes", len(got), len(want))
	for i := range want {
		wantEqual(t, fmt.Sprint("stored hash ", i), got[i], want[i])
	}
	root, err := tlog.TreeHash(size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = want[x]
		}
		return out, nil
	}))
	ok(t, err)
	headSize, headRoot, err := s.LedgerHead(t.Context())
	ok(t, err)
	wantEqual(t, "size in the head", headSize, size)
	wantEqual(t, "root in the head", tlog.Hash(headRoot), root)
}

func TestEntriesAreHashedIntoTheTree(t *testing.T) {
	at := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		wantWholeTree(t, s, 0)
		for i := range 20 { // past several complete subtrees
			ok(t, s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator", Subject: fmt.Sprint(i), Body: []byte(`{"n":1}`)}))
		}
		wantWholeTree(t, s, 20)
		e := lastEntry(t, s)
		wantEqual(t, "subject", e.Subject, "19")
		wantEqual(t, "time", e.At, at.now)
	}, storetest.Clock(func() time.Time { return at.now.Add(123 * time.Nanosecond) }))
}

// Many writers, in two processes, make one unbroken log.
func TestConcurrentAppends(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		elsewhere := storetest.Reopen(t, s)
		var wg sync.WaitGroup
		for side := range 8 {
			wg.Go(func() {
				s := []*store.Store{s, elsewhere}[side%2]
				for range 25 {
					if err := s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill, Actor: fmt.Sprint(side)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		wantWholeTree(t, s, 200)
	})
}

// The facts of the log can be neither changed nor deleted through SQL.
func TestEntriesAreGuarded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ok(t, s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
		db := storetest.Raw(t, s)
		for _, text := range []string{
			`UPDATE entry SET actor = 'nobody'`, `DELETE FROM entry`,
			`UPDATE entry_hash SET num = num + 100`, `DELETE FROM entry_hash`,
		} {
			if _, err := db.Exec(text); err == nil {
				t.Errorf("%s was allowed", text)
			}
		}
		wantWholeTree(t, s, 1)
	})
}

// A head that does not fit its size stops every write, rather than growing a
// tree on it.
func TestDamagedHeadStopsWriting(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ok(t, s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
		storetest.Tamper(t, s, `UPDATE ledger_head SET size = 3`)
		if err := s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill}); err == nil {
			t.Fatal("an entry was appended to a damaged log")
		}
	})
}

// A cancelled context leaves no half transaction behind and does no harm to
// the next one.
func TestCancelledWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.AppendEntry(gone, cordon.Entry{Kind: cordon.EntryDrill})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled write answers %v", err)
		}
		ok(t, s.AppendEntry(t.Context(), cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
		wantWholeTree(t, s, 1)
	})
}
