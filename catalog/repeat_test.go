package catalog

import (
	"fmt"
	"testing"
)

func TestRepeats(t *testing.T) {
	r, err := newRepeats(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// More than two slices of hashes; every 1000th value stands a second time, far
	// from the first.
	const n = 2*repeatSlice + 5000
	line := 1
	add := func(v int, marked bool) {
		line++
		if err := r.add(fmt.Appendf(nil, "value %d", v), note{ordinal: uint32(line - 2), line: line, marked: marked}); err != nil {
			t.Fatal(err)
		}
	}
	for v := range n {
		add(v, v%2 == 0)
	}
	for v := 0; v < n; v += 1000 {
		add(v, false)
	}
	again := map[int]int{}
	err = r.find(t.Context(), func(first, n note) {
		again[first.line] = n.line
		if !first.marked || n.marked {
			t.Errorf("marks are %v, %v", first.marked, n.marked)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := n/1000 + 1; len(again) != want {
		t.Fatalf("found %d repeats, want %d", len(again), want)
	}
	for first, at := range again {
		if v := first - 2; v%1000 != 0 || at != n+2+v/1000 {
			t.Fatalf("line %d repeats line %d", at, first)
		}
	}
}

func TestOrdinals(t *testing.T) {
	var o ordinals
	for _, n := range []uint32{0, 63, 64, 1_000_003} {
		if o.has(n) || !o.add(n) || o.add(n) || !o.has(n) || o.has(n+1) {
			t.Errorf("ordinal %d", n)
		}
	}
}
