package queue

import (
	"sync"

	"github.com/cordonmail/cordon"
)

const (
	singleShare = 4    // single letters for each bulk one while both wait
	maxBacklog  = 1000 // claims in memory, whatever the size of the send
)

// job is one claim waiting for a sender.
type job struct {
	claim cordon.Claim
	file  *file
}

// backlog holds the claims and hands them out fairly: single before bulk with a
// share for each, round robin over the tenants of a class, round robin over the
// lanes of a tenant. Bulk never takes the last connections, so that a slow bulk
// leaves a way for single mail.
type backlog struct {
	mu      sync.Mutex
	ready   sync.Cond
	single  class
	bulk    class
	streak  int // singles since the last bulk copy
	idle    int // senders waiting
	out     int // copies with the senders
	bulkOut int
	bulkMax int
	lowMark int
	closed  bool
	low     chan struct{} // told when there is room for more claims
}

func newBacklog(senders int) *backlog {
	b := &backlog{bulkMax: senders, low: make(chan struct{}, 1)}
	if senders > 1 {
		b.bulkMax = senders - max(1, senders/8)
	}
	b.ready.L = &b.mu
	return b
}

func (b *backlog) class(k cordon.Kind) *class {
	if k == cordon.Bulk {
		return &b.bulk
	}
	return &b.single // and notices: who was wronged does not wait behind an audience
}

// push adds claims of one lane.
func (b *backlog) push(jobs []job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range jobs {
		b.class(j.claim.Delivery.Kind).push(j)
	}
	b.ready.Broadcast()
}

// take waits for the next copy to send; false means that sending ends.
func (b *backlog) take() (job, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if b.closed {
			return job{}, false
		}
		if j, ok := b.pick(); ok {
			b.out++
			if b.single.size+b.bulk.size <= b.lowMark {
				b.tell()
			}
			return j, true
		}
		b.idle++
		if b.single.size+b.bulk.size == 0 {
			b.tell()
		}
		b.ready.Wait()
		b.idle--
	}
}

// pick chooses; b.mu is held.
func (b *backlog) pick() (job, bool) {
	bulk := b.bulk.size > 0 && b.bulkOut < b.bulkMax
	if b.single.size > 0 && (b.streak < singleShare || !bulk) {
		b.streak = min(b.streak+1, singleShare)
		return b.single.pop(), true
	}
	if bulk {
		b.streak = 0
		b.bulkOut++
		return b.bulk.pop(), true
	}
	return job{}, false
}

// done gives the sender's place back.
func (b *backlog) done(k cordon.Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out--
	if k == cordon.Bulk {
		if b.bulkOut--; b.bulk.size > 0 && b.idle > 0 {
			b.ready.Signal()
		}
	}
}

func (b *backlog) tell() {
	select {
	case b.low <- struct{}{}:
	default:
	}
}

// drain takes everything back that no sender has.
func (b *backlog) drain() []job {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []job
	for _, c := range []*class{&b.single, &b.bulk} {
		for c.size > 0 {
			all = append(all, c.pop())
		}
	}
	return all
}

func (b *backlog) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.ready.Broadcast()
}

// room says how many claims would be welcome when about ahead copies should
// wait in memory, and what waits already.
func (b *backlog) room(ahead int) (want, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	waiting = b.single.size + b.bulk.size
	b.lowMark = ahead / 2
	return min(b.idle+ahead, maxBacklog) - waiting, waiting
}

func (b *backlog) counts() (waiting, out int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.single.size + b.bulk.size, b.out
}

func (b *backlog) waitingOf(k cordon.Kind, t cordon.TenantID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if q := b.class(k).byID[t]; q != nil {
		return q.size
	}
	return 0
}

// class is a ring of tenants that have copies waiting.
type class struct {
	byID map[cordon.TenantID]*tenantQueue
	ring []*tenantQueue
	next int
	size int
}

// tenantQueue is a ring of one tenant's lanes that have copies waiting.
type tenantQueue struct {
	id    cordon.TenantID
	lanes []*laneQueue
	next  int
	size  int
}

type laneQueue struct {
	num  int64
	jobs []job
}

func (c *class) push(j job) {
	if c.byID == nil {
		c.byID = make(map[cordon.TenantID]*tenantQueue)
	}
	t := j.claim.Delivery.Tenant
	q := c.byID[t]
	if q == nil {
		q = &tenantQueue{id: t}
		c.byID[t] = q
		c.ring = append(c.ring, q)
	}
	c.size++
	q.size++
	for _, l := range q.lanes {
		if l.num == j.claim.Lane {
			l.jobs = append(l.jobs, j)
			return
		}
	}
	q.lanes = append(q.lanes, &laneQueue{num: j.claim.Lane, jobs: []job{j}})
}

// pop takes the next copy in turn; the class is not empty.
func (c *class) pop() job {
	c.next %= len(c.ring)
	q := c.ring[c.next]
	j := q.pop()
	c.size--
	if q.size > 0 {
		c.next++
		return j
	}
	delete(c.byID, q.id)
	c.ring = append(c.ring[:c.next], c.ring[c.next+1:]...)
	return j
}

func (q *tenantQueue) pop() job {
	q.next %= len(q.lanes)
	l := q.lanes[q.next]
	j := l.jobs[0]
	l.jobs[0] = job{} // sealed data must not outlive its turn
	l.jobs = l.jobs[1:]
	q.size--
	if len(l.jobs) > 0 {
		q.next++
		return j
	}
	q.lanes = append(q.lanes[:q.next], q.lanes[q.next+1:]...)
	return j
}
