package guard

import (
	"sync"
	"testing"
	"time"
)

func TestATallyCountsTheWindowAlone(t *testing.T) {
	var bad tally
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		who   string
		after time.Duration
		n     int
		want  int
	}{
		{"a", 0, 1, 1}, {"a", 30 * time.Second, 2, 3}, {"b", 31 * time.Second, 1, 1}, {"a", 60 * time.Second, 0, 3},
		{"a", 61 * time.Second, 1, 3}, {"a", 5 * time.Minute, 0, 0},
	} {
		now := start.Add(tc.after)
		if got := bad.add(tc.who, tc.n, now, now.Add(-time.Minute)); got != tc.want {
			t.Errorf("%s after %v: %d, want %d", tc.who, tc.after, got, tc.want)
		}
	}
	if len(bad.hits) != 0 {
		t.Fatalf("what is over is kept: %v", bad.hits)
	}
}

func TestATallyIsExactBetweenCalls(t *testing.T) {
	var bad tally
	now := time.Now()
	var wait sync.WaitGroup
	sums := make([]int, 50)
	for i := range sums {
		wait.Go(func() { sums[i] = bad.add("a", 1, now, now.Add(-time.Minute)) })
	}
	wait.Wait()
	seen := map[int]bool{}
	for _, n := range sums {
		seen[n] = true
	}
	if len(seen) != 50 || !seen[50] {
		t.Fatalf("sums %v", sums)
	}
}

func TestFactorsRoundUp(t *testing.T) {
	for _, tc := range []struct {
		factor float64
		n, max int64
	}{{1.1, 3, 4}, {1.1, 10, 11}, {1.1, 100, 110}, {5, 12, 60}, {1.1, 0, 0}} {
		if got := times(tc.factor, tc.n); got != tc.max {
			t.Errorf("%v × %d = %d, want %d", tc.factor, tc.n, got, tc.max)
		}
	}
}

func TestAWaitIsSaidInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "1 min", 90 * time.Second: "2 min", time.Hour: "60 min", 150 * time.Minute: "3 h"} {
		if got := written(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
