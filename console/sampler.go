package console

import (
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	sampleEvery    = time.Second
	unwatchedEvery = 5 * time.Second
	keepSamples    = 200 // a little more than a chart shows
)

// sampler remembers the totals of the last few minutes, for the charts.
type sampler struct {
	now func() time.Time

	mu      sync.Mutex
	tenants map[cordon.TenantID][]sample
	first   bool
	claimed time.Time // when somebody last went to take a sample
}

func newSampler(now func() time.Time) *sampler {
	return &sampler{now: now, tenants: map[cordon.TenantID][]sample{}, first: true}
}

// claim says whether a sample is due, to one caller only.
func (s *sampler) claim() bool {
	at := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.Sub(s.claimed) < sampleEvery*9/10 { // tickers are not exact
		return false
	}
	s.claimed = at
	return true
}

// add records one moment. A tenant seen for the first time after the start began
// at nothing, so its first copies show as flow.
func (s *sampler) add(totals map[cordon.TenantID]cordon.Counts) {
	at := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, counts := range totals {
		have := s.tenants[id]
		if len(have) == 0 && !s.first {
			have = append(have, sample{At: at.Add(-sampleEvery)})
		}
		have = append(have, sample{At: at, Counts: counts})
		if len(have) > keepSamples {
			have = append(have[:0:0], have[len(have)-keepSamples:]...)
		}
		s.tenants[id] = have
	}
	s.first = false
}

// of is one tenant's samples.
func (s *sampler) of(id cordon.TenantID) []sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sample(nil), s.tenants[id]...)
}

// latest is the tenant's last counts.
func (s *sampler) latest(id cordon.TenantID) cordon.Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.tenants[id]; len(have) > 0 {
		return have[len(have)-1].Counts
	}
	return cordon.Counts{}
}

// sum adds up the samples of the tenants the actor may see. Samples are taken
// for all tenants at the same moments, so equal times add; a tenant that joined
// later counts as nothing before.
func (s *sampler) sum(a cordon.Actor) []sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	var longest []sample
	for id, have := range s.tenants {
		if visible(a, id) && len(have) > len(longest) {
			longest = have
		}
	}
	out := make([]sample, len(longest))
	for i, l := range longest {
		out[i].At = l.At
	}
	for id, have := range s.tenants {
		if !visible(a, id) {
			continue
		}
		offset := len(out) - len(have)
		for i, h := range have {
			out[offset+i].Counts.Add(h.Counts)
		}
	}
	return out
}
