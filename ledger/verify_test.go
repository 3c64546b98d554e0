package ledger_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/store/storetest"
)

func TestAnUntouchedLogVerifies(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.auditor.Checkpoint(w.ctx)
		w.must(err)
		w.must(w.store.AppendEntry(w.ctx, cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
		var done, total int64
		report, err := w.auditor.Verify(w.ctx, operator, func(d, all int64) { done, total = d, all })
		w.must(err)
		size, root, err := w.store.LedgerHead(w.ctx)
		w.must(err)
		if !report.OK || report.FirstBad != -1 || report.Entries != size || report.Root != base64.StdEncoding.EncodeToString(root[:]) {
			w.Fatalf("report %+v", report)
		}
		if done == 0 || done != total {
			w.Fatalf("progress ended at %d of %d", done, total)
		}
	})
}

func TestAnEmptyLogVerifies(t *testing.T) {
	a := ledger.New(ledger.Config{Store: storetest.Memory(t), Seed: seed})
	report, err := a.Verify(t.Context(), operator, nil)
	if err != nil || !report.OK || report.Entries != 0 {
		t.Fatalf("report %+v, %v", report, err)
	}
}

// Each case is what somebody with the database file could do. All of them are
// found, and where one entry can be named, it is.
var tampering = map[string]struct {
	tamper func(w *world, sql func(text string, args ...any))
	bad    func(w *world) int64 // nil: no single entry can be named
	why    string
}{
	"an entry's words are changed": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE entry SET actor = 'somebody else' WHERE num = $1`, w.entry(cordon.EntryStopPlaced))
		},
		bad: func(w *world) int64 { return w.entry(cordon.EntryStopPlaced) }, why: "content",
	},
	"an entry's body is changed": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE entry SET body = REPLACE(body, '1', '2') WHERE num = $1`, w.entry(cordon.EntryAttempts))
		},
		bad: func(w *world) int64 { return w.entry(cordon.EntryAttempts) }, why: "content",
	},
	"an entry is removed from the middle": {
		tamper: func(w *world, sql func(string, ...any)) { sql(`DELETE FROM entry WHERE num = 3`) },
		bad:    func(*world) int64 { return 3 }, why: "missing",
	},
	"two entries change places": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE entry SET num = -1 WHERE num = 2`)
			sql(`UPDATE entry SET num = 2 WHERE num = 3`)
			sql(`UPDATE entry SET num = 3 WHERE num = -1`)
		},
		bad: func(*world) int64 { return 2 }, why: "content",
	},
	"a leaf's hash is changed": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE entry_hash SET hash = $2 WHERE num = $1`, tlog.StoredHashIndex(0, 4), make([]byte, 32))
		},
		bad: func(*world) int64 { return 4 }, why: "content",
	},
	"a hash above the leaves is changed": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE entry_hash SET hash = $2 WHERE num = $1`, tlog.StoredHashIndex(1, 2), make([]byte, 32))
		},
		bad: func(*world) int64 { return 5 }, why: "above",
	},
	"a hash is removed": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`DELETE FROM entry_hash WHERE num = $1`, tlog.StoredHashIndex(0, 6))
		},
		bad: func(*world) int64 { return 6 }, why: "missing",
	},
	"the last entry is removed": {
		tamper: func(w *world, sql func(string, ...any)) { sql(`DELETE FROM entry WHERE num = $1`, size(w)-1) },
		bad:    func(w *world) int64 { return size(w) - 1 }, why: "missing",
	},
	"an entry stands behind the head": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`INSERT INTO entry (num, at, kind, tenant, actor, subject, body) VALUES ($1, 0, 'drill', '', 'nobody', '', '')`, size(w))
		},
		bad: size, why: "behind",
	},
	"a delivered copy is denied": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE delivery SET state = 'cut' WHERE state = 'delivered'`)
		},
		bad: func(w *world) int64 { return w.entry(cordon.EntryDispatchAccepted) }, why: "changed",
	},
	"a bounced copy is called delivered": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE delivery SET state = 'delivered' WHERE state = 'bounced'`)
		},
		bad: func(w *world) int64 { return w.entry(cordon.EntryDispatchAccepted) }, why: "changed",
	},
	"a delivered copy's row is removed": {
		tamper: func(w *world, sql func(string, ...any)) { sql(`DELETE FROM delivery WHERE state = 'delivered'`) },
		bad:    func(w *world) int64 { return w.entry(cordon.EntryDispatchAccepted) }, why: "changed",
	},
	"a copy is given another recipient": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE delivery SET recipient = recipient + 1 WHERE seq = 1`)
		},
		bad: func(w *world) int64 { return w.entry(cordon.EntryDispatchAccepted) }, why: "changed",
	},
	"a dispatch is given another text": {
		tamper: func(w *world, sql func(string, ...any)) { sql(`UPDATE dispatch SET hash = 'other'`) },
		bad:    func(w *world) int64 { return w.entry(cordon.EntryDispatchAccepted) }, why: "changed",
	},
	"a stop's reach is changed": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE stop SET tenant = $1`, string(w.other.ID))
		},
		bad: func(w *world) int64 { return w.entry(cordon.EntryStopPlaced) }, why: "changed",
	},
	"the last checkpoint is another's": {
		tamper: func(w *world, sql func(string, ...any)) {
			sql(`UPDATE checkpoint SET note = REPLACE(note, 'cordon/test', 'cordon/tset')`)
		},
		why: "checkpoint",
	},
	"the last checkpoint's row says less than its note": {
		tamper: func(w *world, sql func(string, ...any)) { sql(`UPDATE checkpoint SET size = size - 1`) },
		why:    "checkpoint",
	},
}

func TestTamperingIsFound(t *testing.T) {
	for name, tc := range tampering {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				_, err := w.auditor.Checkpoint(w.ctx)
				w.must(err)
				want := int64(-1)
				if tc.bad != nil {
					want = tc.bad(w)
				}
				tc.tamper(w, func(text string, args ...any) { storetest.Tamper(w, w.store, text, args...) })
				report, err := w.auditor.Verify(w.ctx, operator, nil)
				w.must(err)
				if report.OK || report.FirstBad != want || !strings.Contains(report.Why, tc.why) {
					w.Fatalf("report %+v, want first bad %d because of %q", report, want, tc.why)
				}
			})
		})
	}
}

func size(w *world) int64 {
	w.Helper()
	n, _, err := w.store.LedgerHead(w.ctx)
	w.must(err)
	return n
}

// Somebody rewrites an entry and every hash above it, so that the log is whole
// in itself. Only the signature stands against it.
func TestARewrittenLogIsFoundByItsCheckpoint(t *testing.T) {
	w := one(t)
	_, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	entries, err := w.store.Entries(w.ctx, 0, 1000)
	w.must(err)
	forged := w.entry(cordon.EntryTenantCreated)
	entries[forged].Actor = "somebody else"
	storetest.Tamper(t, w.store, `UPDATE entry SET actor = 'somebody else' WHERE num = $1`, forged)
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, e := range entries {
		more, err := tlog.StoredHashes(int64(i), e.Leaf(), reader)
		w.must(err)
		hashes = append(hashes, more...)
	}
	for i, h := range hashes {
		storetest.Tamper(t, w.store, `UPDATE entry_hash SET hash = $2 WHERE num = $1`, int64(i), h[:])
	}
	report, err := w.auditor.Verify(w.ctx, operator, nil)
	w.must(err)
	if report.OK || !strings.Contains(report.Why, "signed") {
		t.Fatalf("report %+v", report)
	}
}

// Somebody cuts the end off the log: entries, hashes and head.
func TestAShortenedLogIsFoundByItsCheckpoint(t *testing.T) {
	w := one(t)
	_, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	n := size(w) - 1
	entries, err := w.store.Entries(w.ctx, 0, int(n))
	w.must(err)
	edge := edgeOf(t, entries)
	storetest.Tamper(t, w.store, `DELETE FROM entry WHERE num >= $1`, n)
	storetest.Tamper(t, w.store, `DELETE FROM entry_hash WHERE num >= $1`, tlog.StoredHashCount(n))
	storetest.Tamper(t, w.store, `UPDATE ledger_head SET size = $1, edge = $2`, n, edge)
	report, err := w.auditor.Verify(w.ctx, operator, nil)
	w.must(err)
	if report.OK || report.FirstBad != n || !strings.Contains(report.Why, "signed") {
		t.Fatalf("report %+v", report)
	}
	if _, err := w.auditor.Checkpoint(w.ctx); err == nil {
		t.Fatal("a log shorter than its last checkpoint was signed")
	}
}

// edgeOf is the head's edge for these entries: the roots of the complete
// subtrees, the largest first.
func edgeOf(t *testing.T, entries []cordon.Entry) []byte {
	t.Helper()
	var edge []byte
	for from, left := 0, len(entries); left > 0; {
		width := 1
		for width*2 <= left {
			width *= 2
		}
		hash := subtree(entries[from : from+width])
		edge = append(edge, hash[:]...)
		from, left = from+width, left-width
	}
	return edge
}

func subtree(entries []cordon.Entry) tlog.Hash {
	if len(entries) == 1 {
		return tlog.RecordHash(entries[0].Leaf())
	}
	half := len(entries) / 2
	return tlog.NodeHash(subtree(entries[:half]), subtree(entries[half:]))
}

func TestACheckpointIsANoteAnyoneCanCheck(t *testing.T) {
	w := one(t)
	c, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	verifier, err := note.NewVerifier(w.auditor.VerifierKey())
	w.must(err)
	opened, err := note.Open([]byte(c.Note), note.VerifierList(verifier))
	w.must(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != "cordon/test" || lines[2] != c.Root || c.Size != size(w) {
		t.Fatalf("note %q", opened.Text)
	}
	again, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	if again.Note != c.Note {
		t.Fatal("a log that has not grown was signed again")
	}
	w.must(w.store.AppendEntry(w.ctx, cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
	grown, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	if grown.Size != c.Size+1 {
		t.Fatalf("size %d after %d", grown.Size, c.Size)
	}
	stranger := ledger.New(ledger.Config{Store: w.store, Seed: []byte("another Ed25519 seed of 32 bytes"), Installation: "test"})
	report, err := stranger.Verify(w.ctx, operator, nil)
	w.must(err)
	if report.OK {
		t.Fatal("a checkpoint of another key was taken for good")
	}
	if _, err := ledger.New(ledger.Config{Store: w.store}).Checkpoint(w.ctx); err == nil {
		t.Fatal("a checkpoint was signed without a key")
	}
}

func TestALogThatContradictsItsCheckpointIsNotSigned(t *testing.T) {
	w := one(t)
	_, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	storetest.Tamper(t, w.store, `UPDATE entry_hash SET hash = $1`, make([]byte, 32))
	w.must(w.store.AppendEntry(w.ctx, cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
	if _, err := w.auditor.Checkpoint(w.ctx); err == nil {
		t.Fatal("it was signed")
	}
}

func TestRunSignsAtTheEnd(t *testing.T) {
	w := one(t)
	a := ledger.New(ledger.Config{Store: w.store, Seed: seed, Installation: "test", Interval: time.Hour})
	ctx, cancel := contextWithCancel(w)
	cancel()
	w.must(a.Run(ctx))
	c, some, err := w.store.LatestCheckpoint(w.ctx)
	w.must(err)
	if !some || c.Size != size(w) {
		t.Fatalf("checkpoint %+v", c)
	}
}
