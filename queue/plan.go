package queue

import (
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

// ahead is how much work waits in memory: what leaves in this time, so that a
// newcomer's turn comes soon and a stop finds little claimed.
const ahead = 150 * time.Millisecond

// share is one lane's part of a round of claims.
type share struct {
	lane cordon.Lane
	n    int
}

// plan divides want claims over the lanes that are due: single before bulk with
// a share for each, equal parts for the tenants of a class less what already
// waits for them, equal parts for a tenant's lanes. turn moves the beginning on
// from round to round. A tenant with nothing waiting always gets a few single
// claims, so that nobody's letter waits for a round that has room.
func plan(lanes []cordon.Lane, want, turn int, waiting func(cordon.Kind, cordon.TenantID) int) []share {
	var single, bulk []cordon.Lane
	for _, l := range lanes {
		if l.Kind == cordon.Bulk {
			bulk = append(bulk, l)
		} else {
			single = append(single, l)
		}
	}
	forSingle := want
	if len(bulk) > 0 {
		forSingle = (want*singleShare + singleShare) / (singleShare + 1)
	}
	shares, used := divide(single, forSingle, turn, waiting)
	more, _ := divide(bulk, want-used, turn, waiting)
	return append(shares, more...)
}

const fewSingles = 4

func divide(lanes []cordon.Lane, want, turn int, waiting func(cordon.Kind, cordon.TenantID) int) (shares []share, used int) {
	var order []cordon.TenantID
	of := make(map[cordon.TenantID][]cordon.Lane)
	for _, l := range lanes {
		if of[l.Tenant] == nil {
			order = append(order, l.Tenant)
		}
		of[l.Tenant] = append(of[l.Tenant], l)
	}
	for i := range order {
		own := of[order[(i+turn)%len(order)]]
		left := max(0, want-used)
		fair := (left + len(order) - i - 1) / (len(order) - i) // what is left, over those who are left
		n := fair - waiting(own[0].Kind, own[0].Tenant)
		if own[0].Kind == cordon.Single && waiting(cordon.Single, own[0].Tenant) == 0 {
			n = max(n, fewSingles)
		}
		for k := range own {
			l := own[(k+turn)%len(own)]
			part := (n + len(own) - k - 1) / (len(own) - k)
			if open := l.Counts.Queued + l.Counts.Deferred + l.Counts.Uncertain; open > 0 {
				part = int(min(int64(part), open))
			}
			if part < 1 {
				continue
			}
			shares = append(shares, share{l, part})
			n, used = n-part, used+part
		}
	}
	return shares, used
}

// pace measures how many copies leave a second.
type pace struct {
	mu   sync.Mutex
	last time.Time
	done int64
	rate float64
}

// observe takes the count of finished copies so far and answers the rate.
func (p *pace) observe(now time.Time, done int64) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := now.Sub(p.last)
	switch {
	case p.last.IsZero() || elapsed > 5*time.Second:
		p.last, p.done = now, done
		p.rate = 0
	case elapsed >= 50*time.Millisecond:
		seen := float64(done-p.done) / elapsed.Seconds()
		if p.rate == 0 {
			p.rate = seen
		}
		p.rate = (p.rate + seen) / 2
		p.last, p.done = now, done
	}
	return p.rate
}

// backlogFor is how many copies should wait in memory at the rate.
func backlogFor(rate float64) int {
	return int(min(rate*ahead.Seconds(), maxBacklog))
}
