package store

import (
	"slices"
	"testing"
)

func FuzzSpansAreReadBackAsWritten(f *testing.F) {
	f.Add("1-200,203")
	f.Add("5")
	f.Add("3-1")
	f.Add("-1")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSpans(text)
		if err != nil || s.size() > 10_000 {
			return
		}
		again, err := parseSpans(s.String())
		if err != nil || !slices.Equal(again, s) {
			t.Fatalf("%q became %q: %v", text, s, err)
		}
	})
}

func TestSpansAreRunsOfNeighbours(t *testing.T) {
	var s spans
	for _, seq := range []int64{1, 2, 3, 7, 9, 10} {
		s = s.add(seq)
	}
	if s.String() != "1-3,7,9-10" || s.size() != 6 || !slices.Equal(slices.Collect(s.seqs()), []int64{1, 2, 3, 7, 9, 10}) {
		t.Fatalf("%s of %d", s, s.size())
	}
	for _, bad := range []string{",", "a", "0", "2-1", "1-", "-3", "1,,2"} {
		if _, err := parseSpans(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestOnlyABadMailboxIsSuppressed(t *testing.T) {
	for reply, want := range map[string]bool{
		"550 5.1.1": true, "550 5.1.10": true, "553 5.1.3": true, "550 5.1.7": false, "550 5.1.8": false, "550 5.7.1": false, "450 5.1.1": false, "550": false, "": false, "550 4.1.1": false,
	} {
		if noSuchMailbox(reply) != want {
			t.Errorf("%q: %v", reply, !want)
		}
	}
}
