package ledger_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// other is the installation that witnesses the world's ledger.
type other struct {
	store   *store.Store
	witness *ledger.Witness
	asked   int
}

func newOther(t testing.TB, name string, logs ...string) *other {
	t.Helper()
	o := &other{store: storetest.Memory(t)}
	key := make([]byte, 32)
	rand.Read(key)
	var err error
	if o.witness, err = ledger.NewWitness(ledger.WitnessConfig{Store: o.store, Name: name, Seed: key, Logs: logs, Now: func() time.Time { return start.Add(time.Hour) }}); err != nil {
		t.Fatal(err)
	}
	return o
}

// post stands for the wire between the two installations.
func (o *other) post(ctx context.Context, url string, body []byte) (int, []byte, error) {
	o.asked++
	if !strings.HasSuffix(url, "/add-checkpoint") {
		return 404, nil, nil
	}
	a, err := o.witness.AddCheckpoint(ctx, body)
	if err != nil {
		return 0, nil, err
	}
	if a.Status == 409 {
		return 409, fmt.Appendf(nil, "%d\n", a.Size), nil
	}
	return a.Status, []byte(a.Line), nil
}

func (o *other) peer() ledger.Peer {
	return ledger.Peer{URL: "https://other.example/witness", Key: o.witness.VerifierKey()}
}

// grow writes entries into the world's ledger.
func (w *world) grow(n int) {
	w.Helper()
	for range n {
		w.must(w.store.AppendEntry(w.ctx, cordon.Entry{Kind: cordon.EntryDrill, Actor: "operator"}))
	}
}

// A witness follows the ledger as it grows, also when the ledger has forgotten
// what the witness knows; and what it signs verifies beside the ledger's own.
func TestAWitnessFollowsTheLedger(t *testing.T) {
	each(t, func(w *world) {
		o := newOther(w.T, "other.example/w1", w.auditor.VerifierKey())
		w.must(w.auditor.UseWitnesses(o.post, o.peer()))
		if size, any, err := w.auditor.Witnessed(w.ctx); size != 0 || !any || err != nil {
			t.Fatalf("before: %d, %v, %v", size, any, err)
		}
		for range 3 {
			w.grow(7)
			w.must(w.auditor.Step(w.ctx))
			size, _, err := w.store.LedgerHead(w.ctx)
			w.must(err)
			if seen, _, err := w.auditor.Witnessed(w.ctx); err != nil || seen > size || seen < size-1 {
				t.Fatalf("witnessed %d of %d, %v", seen, size, err)
			}
		}
		again := ledger.New(ledger.Config{Store: w.store, Seed: seed, Installation: "test", Now: func() time.Time { return start }})
		w.must(again.UseWitnesses(o.post, o.peer())) // a new process: knows nothing of the witness
		w.grow(1)
		w.must(again.Step(w.ctx))
		c, lines, err := w.store.WitnessedCheckpoint(w.ctx)
		w.must(err)
		verifier, err := ledger.NewWitnessVerifier(o.witness.VerifierKey())
		w.must(err)
		opened, err := note.Open([]byte(c.Note+strings.Join(lines, "")), note.VerifierList(verifier))
		w.must(err)
		if at, ok := ledger.CosignedAt(opened.Sigs[0]); !ok || !at.Equal(start.Add(time.Hour).Truncate(time.Second)) {
			t.Errorf("cosigned at %v, %v", at, ok)
		}
		if signals := w.signals(cordon.SignalWitness); len(signals) != 0 {
			t.Errorf("a quiet witness raised %v", signals)
		}
	})
}

func (w *world) signals(kind cordon.SignalKind) (found []cordon.Signal) {
	w.Helper()
	all, _, err := w.store.Signals(w.ctx, "", cordon.Page{})
	w.must(err)
	for _, g := range all {
		if g.Kind == kind {
			found = append(found, g)
		}
	}
	return found
}

// A ledger that is rewritten behind what was witnessed is refused, and the refusal
// is an incident, once.
func TestARewrittenLedgerIsRefused(t *testing.T) {
	w := one(t)
	o := newOther(t, "other.example/w1", w.auditor.VerifierKey())
	w.must(w.auditor.UseWitnesses(o.post, o.peer()))
	w.must(w.auditor.Step(w.ctx))

	forged := newWorld(t, storetest.New(t, storetest.Clock(func() time.Time { return start }))) // signs with the same key
	forged.grow(5)
	w.must(forged.auditor.UseWitnesses(o.post, o.peer()))
	for range 2 {
		if err := forged.auditor.Step(forged.ctx); err == nil {
			t.Fatal("the witness signed another past")
		}
	}
	if got := forged.signals(cordon.SignalWitness); len(got) != 1 || got[0].Grade != cordon.GradeIncident {
		t.Errorf("signals %+v", got)
	}
	if size, _, _ := forged.auditor.Witnessed(forged.ctx); size != 0 {
		t.Errorf("witnessed %d", size)
	}
}

// Two roots signed for one size are proof against whoever signed them: the witness
// keeps both, and raises an incident of its own.
func TestAForkIsProofOfMisbehaviour(t *testing.T) {
	w := one(t)
	o := newOther(t, "other.example/w1", w.auditor.VerifierKey())
	first, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	if a, err := o.witness.AddCheckpoint(w.ctx, []byte("old 0\n\n"+first.Note)); err != nil || a.Status != 200 {
		t.Fatalf("%+v, %v", a, err)
	}
	forged := newWorld(t, storetest.New(t, storetest.Clock(func() time.Time { return start })))
	second, err := forged.auditor.Checkpoint(forged.ctx)
	w.must(err)
	if second.Size != first.Size || second.Root == first.Root {
		t.Fatalf("no fork: sizes %d and %d", first.Size, second.Size)
	}
	for range 2 {
		a, err := o.witness.AddCheckpoint(w.ctx, fmt.Appendf(nil, "old %d\n\n%s", first.Size, second.Note))
		if err != nil || a.Status != 422 || a.Line != "" {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	forks, err := o.store.Forks(w.ctx)
	w.must(err)
	if len(forks) != 1 || forks[0].First != first.Note || forks[0].Second != second.Note {
		t.Fatalf("kept %+v", forks)
	}
	signals, _, err := o.store.Signals(w.ctx, "", cordon.Page{})
	w.must(err)
	if len(signals) != 1 || signals[0].Kind != cordon.SignalWitness || signals[0].Grade != cordon.GradeIncident {
		t.Errorf("signals %+v", signals)
	}
}

// The statuses of C2SP tlog-witness.
func TestWhatAWitnessAnswers(t *testing.T) {
	w := one(t)
	o := newOther(t, "other.example/w1", w.auditor.VerifierKey())
	c, err := w.auditor.Checkpoint(w.ctx)
	w.must(err)
	stranger := newWorld(t, storetest.New(t, storetest.Clock(func() time.Time { return start })))
	stranger.auditor = ledger.New(ledger.Config{Store: stranger.store, Seed: seed, Installation: "stranger"})
	theirs, err := stranger.auditor.Checkpoint(w.ctx)
	w.must(err)
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32))
	zero := strings.Replace(c.Note, fmt.Sprintf("\n%d\n", c.Size), "\n7\n", 1)
	for _, tc := range []struct {
		name, body string
		status     int
		size       int64
	}{
		{"nothing", "", 400, 0},
		{"no old size", c.Note, 400, 0},
		{"a size with zeroes before it", "old 00\n\n" + c.Note, 400, 0},
		{"an old size beyond", fmt.Sprintf("old %d\n\n%s", c.Size+1, c.Note), 400, 0},
		{"too long a proof", "old 0\n" + strings.Repeat(hash+"\n", 64) + "\n" + c.Note, 400, 0},
		{"a hash that is none", "old 0\nAAAA\n\n" + c.Note, 400, 0},
		{"an unknown ledger", "old 0\n\n" + theirs.Note, 404, 0},
		{"another text under the signature", "old 0\n\n" + zero, 403, 0},
		{"an old size we never signed", "old 3\n\n" + c.Note, 409, 0},
		{"a proof from nothing", "old 0\n" + hash + "\n\n" + c.Note, 422, 0},
		{"the first time", "old 0\n\n" + c.Note, 200, 0},
		{"from nothing again", "old 0\n\n" + c.Note, 409, c.Size},
		{"the same again", fmt.Sprintf("old %d\n\n%s", c.Size, c.Note), 200, 0},
	} {
		a, err := o.witness.AddCheckpoint(w.ctx, []byte(tc.body))
		if err != nil || a.Status != tc.status || a.Size != tc.size || (a.Line != "") != (tc.status == 200) {
			t.Errorf("%s: %+v, %v; want %d", tc.name, a, err, tc.status)
		}
	}
}

// A witness that cannot be reached, or answers with rubbish, is no incident: it
// has not seen another past.
func TestAWitnessThatIsAway(t *testing.T) {
	w := one(t)
	o := newOther(t, "other.example/w1", w.auditor.VerifierKey())
	for name, post := range map[string]ledger.Post{
		"away":        func(context.Context, string, []byte) (int, []byte, error) { return 0, nil, errors.New("no route") },
		"broken":      func(context.Context, string, []byte) (int, []byte, error) { return 500, nil, nil },
		"signs badly": func(context.Context, string, []byte) (int, []byte, error) { return 200, []byte("— x AAAA\n"), nil },
		"sizes":       func(context.Context, string, []byte) (int, []byte, error) { return 409, []byte("x"), nil },
	} {
		a := ledger.New(ledger.Config{Store: w.store, Seed: seed, Installation: "test"})
		w.must(a.UseWitnesses(post, o.peer()))
		if err := a.Step(w.ctx); err == nil {
			t.Errorf("%s: nobody noticed", name)
		}
	}
	if got := w.signals(cordon.SignalWitness); len(got) != 0 {
		t.Errorf("signals %+v", got)
	}
	if size, _, _ := w.auditor.Witnessed(w.ctx); size != 0 {
		t.Errorf("witnessed %d", size)
	}
}

// On schedule the whole ledger is verified; what was changed raises an incident.
func TestVerifiedOnSchedule(t *testing.T) {
	each(t, func(w *world) {
		now := start
		a := ledger.New(ledger.Config{Store: w.store, Seed: seed, Installation: "test", VerifyEvery: time.Hour, Now: func() time.Time { return now }})
		verified := func() (n int) {
			all, err := w.store.Entries(w.ctx, 0, 1000)
			w.must(err)
			for _, e := range all {
				if e.Kind == cordon.EntryLedgerVerified {
					n++
				}
			}
			return n
		}
		w.must(a.Step(w.ctx))
		if n := verified(); n != 0 {
			t.Fatalf("verified %d times at the start", n)
		}
		now = now.Add(61 * time.Minute)
		w.must(a.Step(w.ctx))
		if n := verified(); n != 1 {
			t.Fatalf("verified %d times after an hour", n)
		}
		db := storetest.Raw(t, w.store)
		_, err := db.Exec(`UPDATE delivery SET state = 'bounced' WHERE state = 'delivered'`)
		w.must(err)
		w.must(db.Close())
		report, err := a.VerifyOnSchedule(w.ctx)
		w.must(err)
		got := w.signals(cordon.SignalLedgerBroken)
		if report.OK || len(got) != 1 || got[0].Grade != cordon.GradeIncident {
			t.Errorf("report %+v, signals %+v", report, got)
		}
	})
}

func FuzzAddCheckpoint(f *testing.F) {
	o := newOther(f, "other.example/w1", ledger.New(ledger.Config{Seed: seed, Installation: "test"}).VerifierKey())
	f.Add([]byte("old 0\n\ncordon/test\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— cordon/test AAAA\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := o.witness.AddCheckpoint(t.Context(), body)
		if err != nil || a.Status == 200 {
			t.Fatalf("%+v, %v: nobody signed that", a, err)
		}
	})
}
