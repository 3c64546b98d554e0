package sim

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/cordonmail/cordon"
)

// TestAnIncidentSurvivesEveryDeath lives through a stolen key again and again, and
// each time the process dies before another of its writes: there is one incident,
// with its tasks once, and one page, whenever it died.
func TestAnIncidentSurvivesEveryDeath(t *testing.T) {
	practice := foundPractice(t)
	writes := 0
	t.Run("no death", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { writes = stolenKey(t, practice, 0) })
	})
	t.Logf("%d writes", writes)
	if writes < 15 {
		t.Fatalf("a clean run makes %d writes: the scenario does too little", writes)
	}
	t.Run("deaths", func(t *testing.T) {
		for n := 1; n <= writes; n++ {
			t.Run(fmt.Sprintf("before write %d", n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { stolenKey(t, practice, n) })
			})
		}
	})
}

// stolenKey is the story, with a death before the n-th write (0: none).
func stolenKey(t *testing.T, f founded, n int) int {
	dir := t.TempDir()
	f.copyTo(t, dir)
	w := newWorld(t, dir)
	north := f.north
	w.tenants["north"], w.actors = &north, f.actors
	w.faulty.DieBefore(n)
	w.lives(`order north visit to=1-3 values=date:2026-12-01 as=booking idempotency=first`)
	w.lives(`advance 15s`)
	w.walks()
	w.lives(`advance 20s`)
	w.lives(`advance 20s`)
	writes := w.faulty.Writes()

	ctx := context.Background()
	all, _, err := w.house.Incidents.List(ctx, w.operator(), cordon.IncidentFilter{}, cordon.Page{})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d incidents: %+v, %v", len(all), all, err)
	}
	for _, line := range []string{
		`incident 1 is contained kind=template-abuse severity=SEV-1`, `incident 1 figures recipients_affected=3`,
		`incident 1 tasks count=10`, `incident 1 paged 1`, `incident 1 says 'Opened as' times=1`, `incident 1 says 'SEV-2 → SEV-1' times=1`, `verify`,
	} {
		if err := w.line(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	return writes
}

// walks names IDs that there are not until the key is suspended; a client that got
// no answer tries again.
func (w *World) walks() {
	w.t.Helper()
	const walk = `! order north visit to=random:6 values=date:2026-12-01 as=booking`
	err := w.line(walk)
	if w.faulty.Dead() {
		w.crash()
		w.start()
		err = w.line(walk)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
