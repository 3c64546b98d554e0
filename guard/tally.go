package guard

import (
	"sync"
	"time"
)

// tally counts bad IDs by credential within a sliding window. The store's count
// survives restarts and sees other nodes; this one is exact between calls that
// run at the same moment, which the store sees only once they are recorded.
type tally struct {
	mu   sync.Mutex
	hits map[string][]hit
}

type hit struct {
	at time.Time
	n  int
}

// add counts n more and returns how many there are since the time, n included.
func (t *tally) add(who string, n int, now, since time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hits == nil {
		t.hits = make(map[string][]hit)
	}
	if n > 0 {
		t.hits[who] = append(t.hits[who], hit{at: now, n: n})
	}
	sum := 0
	for name, hits := range t.hits {
		kept := hits[:0]
		for _, h := range hits {
			if h.at.Before(since) {
				continue
			}
			kept = append(kept, h)
			if name == who {
				sum += h.n
			}
		}
		if len(kept) == 0 {
			delete(t.hits, name)
			continue
		}
		t.hits[name] = kept
	}
	return sum
}
