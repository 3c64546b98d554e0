package sim

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// TestEachSubscriberGetsEachPostOnceOverDeaths tells of an incident to two readers
// again and again, and each time the process dies before another of the writes
// that telling makes.
func TestEachSubscriberGetsEachPostOnceOverDeaths(t *testing.T) {
	writes := 0
	t.Run("no death", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { writes = tellReaders(t, 0) })
	})
	if writes < 6 {
		t.Fatalf("a clean run makes %d writes: the scenario does too little", writes)
	}
	for n := 1; n <= writes; n++ {
		t.Run(fmt.Sprintf("death before write %d", n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tellReaders(t, n) })
		})
	}
}

// tellReaders answers how many writes it made while they were counted.
func tellReaders(t *testing.T, death int) int {
	w := New(t)
	w.script("subscriber jo@example.org\nsubscriber ada@example.org")
	w.faulty.DieBefore(death)
	w.retells(`publicly 'Mail at decoys' kind=address-leak`)
	w.retells(`advance 30s`)
	w.retells(`drafts 1 'Reports of spam email'`)
	w.retells(`sign`)
	w.retells(`advance 30s`)
	w.retells(`advance 16m`)
	w.retells(`announce 42837 'We found the cause.' state=identified`)
	w.retells(`advance 1m`)
	writes := w.faulty.Writes()
	w.script(`posted jo@example.org 42837/0 1
posted ada@example.org 42837/0 1
posted jo@example.org 42837/1 1
posted ada@example.org 42837/1 1
promised owed=1 kept=2 missed=0
awake 0
verify`)
	return writes
}

// retells does one line; when the process dies under it, it starts again, and a
// line that got no answer is done once more.
func (w *World) retells(text string) {
	w.t.Helper()
	err := w.line(text)
	if w.faulty.Dead() {
		w.crash()
		w.start()
		if err != nil {
			err = w.line(text)
		}
	}
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
}
