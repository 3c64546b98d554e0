package queue

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func ref(seq int64) cordon.Ref { return cordon.Ref{Tenant: 1, Dispatch: 2, Seq: seq} }

func openTest(t *testing.T, dir, boot string) *journal {
	t.Helper()
	j, err := openJournal(dir, boot)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.close)
	return j
}

func begun(t *testing.T, dir string) *journal {
	t.Helper()
	j := openTest(t, dir, "boot-1")
	if err := j.begin(); err != nil {
		t.Fatal(err)
	}
	return j
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// past reads the journal as the next process would.
func pastOf(t *testing.T, dir, boot string) history {
	t.Helper()
	h, err := (&journal{dir: dir, boot: boot}).past()
	must(t, err)
	return h
}

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// What each note means for the copy after a kill, after a restart of the
// machine, and when the journal is damaged or gone.
func TestWhatTheJournalSays(t *testing.T) {
	dir := t.TempDir()
	j := begun(t, dir)
	must(t,
		j.looked(ref(1), at),
		j.looked(ref(2), at), j.answered(ref(2), cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, at),
		j.looked(ref(3), at), j.answered(ref(3), cordon.Outcome{State: cordon.Deferred, Reply: "421 4.7.0", Relay: true}, at),
		j.looked(ref(4), at), j.answered(ref(4), cordon.Outcome{}, at),
		j.looked(ref(5), at), j.answered(ref(5), cordon.Outcome{State: cordon.Deferred}, at), j.recorded([]cordon.Ref{ref(5), ref(99)}),
	)
	type fate struct {
		state cordon.DeliveryState
		reply string
		relay bool
	}
	want := map[int64]fate{
		1: {cordon.Uncertain, "", false},
		2: {cordon.Delivered, "250 2.0.0", false},
		3: {cordon.Deferred, "421 4.7.0", true},
		4: {cordon.Uncertain, "", false},
		5: {cordon.Queued, "", true}, // recorded: claimed anew since, and not looked
		6: {cordon.Queued, "", true}, // never noted
	}
	check := func(name string, h history) {
		t.Helper()
		for seq, f := range want {
			if got := h.fate(ref(seq), at).Outcome; got.State != f.state || got.Reply != f.reply || got.Relay != f.relay {
				t.Errorf("%s: copy %d is %+v, want %+v", name, seq, got, f)
			}
		}
	}
	check("killed", pastOf(t, dir, "boot-1"))

	name := filepath.Join(dir, "flight-000000001.log")
	raw, err := os.ReadFile(name)
	must(t, err)
	must(t, os.WriteFile(name, append(raw, "L 1 2 7 17"...), 0o600))
	want[7] = fate{cordon.Queued, "", true} // the write was cut off: its body had not begun
	check("torn end", pastOf(t, dir, "boot-1"))

	for _, seq := range []int64{5, 6, 7} {
		want[seq] = fate{cordon.Uncertain, "", false} // nothing noted proves nothing now
	}
	check("machine restarted", pastOf(t, dir, "boot-2"))
	check("boot unknown", pastOf(t, dir, ""))
	damaged := append([]byte(nil), raw...)
	damaged[len(damaged)-12] ^= 1 // in the last line, the note that copy 5 is recorded
	must(t, os.WriteFile(name, damaged, 0o600))
	want[5] = fate{cordon.Deferred, "", false}
	check("a line damaged", pastOf(t, dir, "boot-1"))
	must(t, os.Remove(name))
	gone := pastOf(t, dir, "boot-1")
	if f := gone.fate(ref(1), at).Outcome; f.State != cordon.Uncertain {
		t.Errorf("journal gone: %+v", f)
	}
}

// Old segments go when their copies are recorded, and not before.
func TestTheJournalDoesNotGrowForEver(t *testing.T) {
	dir := t.TempDir()
	j := begun(t, dir)
	j.limit = 2000
	must(t, j.looked(ref(0), at)) // stays open through it all
	for seq := int64(1); seq < 500; seq++ {
		must(t, j.looked(ref(seq), at), j.answered(ref(seq), cordon.Outcome{State: cordon.Delivered, Reply: "250"}, at))
		if seq%10 == 0 {
			var refs []cordon.Ref
			for s := seq - 9; s <= seq; s++ {
				refs = append(refs, ref(s))
			}
			must(t, j.recorded(refs))
		}
	}
	names, err := j.segments()
	must(t, err)
	if len(names) > 4 {
		t.Errorf("%d segments for one open copy and the last few", len(names))
	}
	h := pastOf(t, dir, "boot-1")
	if f := h.fate(ref(0), at).Outcome; f.State != cordon.Uncertain {
		t.Errorf("the open copy is %+v", f)
	}
	if f := h.fate(ref(495), at).Outcome; f.State != cordon.Delivered {
		t.Errorf("an answered copy is %+v", f)
	}
	j.close()
	next := begun(t, dir)
	if names, _ = next.segments(); len(names) != 1 {
		t.Errorf("%d segments after a new beginning", len(names))
	}
}

// Whatever stands in the file, reading it neither fails nor calls a copy
// queued, unless every line of it is whole.
func FuzzJournal(f *testing.F) {
	line := func(s string) string { return string(appendSum([]byte(s), 0)) }
	head := line(journalVersion + " boot-1")
	f.Add([]byte(head + line("L 1 2 3 17") + line("A 1 2 3 18 delivered - 250_2.0.0") + line("R 1 2 3")))
	f.Add([]byte(head + line("L 1 2 3 17") + "L 1 2"))
	f.Add([]byte("\n\n"))
	f.Add([]byte(head + line("A 1 2 3 18 cut - -")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := history{notes: make(map[place]note), whole: true}
		h.read(raw, "boot-1", true)
		for p, n := range h.notes {
			if n.answered && !cordon.Sending.CanBecome(n.out.State) {
				t.Fatalf("copy %v came to %q", p, n.out.State)
			}
		}
		broken := history{notes: make(map[place]note), whole: true}
		broken.read(append(raw, "\nnonsense\n"...), "boot-1", true)
		if broken.whole {
			t.Fatal("a damaged journal is called whole")
		}
	})
}
