package queue

import (
	"sync/atomic"

	"github.com/cordonmail/cordon"
)

// Stats is what the runner has done since it started, and does now.
type Stats struct {
	Claimed   int64 `json:"claimed"`
	Delivered int64 `json:"delivered"`
	Deferred  int64 `json:"deferred"`
	Bounced   int64 `json:"bounced"`
	Uncertain int64 `json:"uncertain"`
	Refused   int64 `json:"refused"`
	Held      int64 `json:"held"`
	Returned  int64 `json:"returned"` // given back to the queue untried
	Signed    int64 `json:"signed"`   // by Cordon itself; sign/s is its rate
	Recorded  int64 `json:"recorded"`

	InFlight    int     `json:"in_flight"` // with a sender
	Backlog     int     `json:"backlog"`   // claimed, waiting in memory
	Connections int     `json:"connections"`
	PerSecond   float64 `json:"per_second"` // copies finished, of late
	Paused      bool    `json:"paused"`     // the relay is left alone after a fault
}

type counters struct {
	claimed, delivered, deferred, bounced, uncertain, refused, held, returned, signed, recorded atomic.Int64
}

func (c *counters) of(s cordon.DeliveryState) *atomic.Int64 {
	switch s {
	case cordon.Delivered:
		return &c.delivered
	case cordon.Deferred:
		return &c.deferred
	case cordon.Bounced:
		return &c.bounced
	case cordon.Refused:
		return &c.refused
	case cordon.HeldState:
		return &c.held
	case cordon.Queued:
		return &c.returned
	}
	return &c.uncertain
}

// finished counts copies a sender is done with.
func (c *counters) finished() int64 {
	return c.delivered.Load() + c.deferred.Load() + c.bounced.Load() + c.uncertain.Load() + c.refused.Load() + c.held.Load()
}

// Stats answers for the metrics.
func (r *Runner) Stats() Stats {
	waiting, out := r.backlog.counts()
	r.pace.mu.Lock()
	rate := r.pace.rate
	r.pace.mu.Unlock()
	return Stats{
		Claimed: r.count.claimed.Load(), Delivered: r.count.delivered.Load(), Deferred: r.count.deferred.Load(),
		Bounced: r.count.bounced.Load(), Uncertain: r.count.uncertain.Load(), Refused: r.count.refused.Load(),
		Held: r.count.held.Load(), Returned: r.count.returned.Load(), Signed: r.count.signed.Load(), Recorded: r.count.recorded.Load(),
		InFlight: out, Backlog: waiting, Connections: r.cfg.Relay.Connections(), PerSecond: rate,
		Paused: r.governor.wait(r.cfg.Now()) > 0,
	}
}
