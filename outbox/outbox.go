package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	tryFor     = 10 * time.Second // one try
	recordFor  = 10 * time.Second // to write down what came of it, also when told to stop
	lease      = time.Minute      // a sender not heard of for so long is dead
	wakers     = 8                // messages of a lane in hand at once
	tellers    = 4
	keepEvery  = time.Hour // what is done is forgotten so often
	forgetSome = 500
)

// Config is what an Outbox is made of.
type Config struct {
	Store Store
	Wire  Wire
	Node  string
	Poll  time.Duration // how often to look at least; 0 = 1 s
	// Heartbeat is a URL that is called every HeartbeatEvery while the lane that
	// wakes moves; "" = none.
	Heartbeat       cordon.Secret
	HeartbeatMethod string        // "" = GET
	HeartbeatEvery  time.Duration // 0 = 1 min
	Now             func() time.Time
	Log             *slog.Logger
}

// Outbox sends what waits. Several may run on one database.
type Outbox struct {
	cfg   Config
	store Store
	log   *slog.Logger
	now   func() time.Time
}

// New makes an Outbox.
func New(c Config) *Outbox {
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.HeartbeatEvery <= 0 {
		c.HeartbeatEvery = time.Minute
	}
	if c.HeartbeatMethod == "" {
		c.HeartbeatMethod = "GET"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{cfg: c, store: c.Store, log: c.Log, now: c.Now}
}

// Run sends until ctx ends, and returns when what is in hand is written down.
func (b *Outbox) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { b.drain(ctx, cordon.LaneWake, wakers) })
	all.Go(func() { b.drain(ctx, cordon.LaneTell, tellers) })
	all.Go(func() { b.keep(ctx) })
	all.Go(func() { b.beat(ctx) })
	all.Wait()
	return ctx.Err()
}

// drain sends what is due in one lane, a bounded number at a time, so that one
// slow receiver holds up nobody else.
func (b *Outbox) drain(ctx context.Context, lane cordon.OutboxLane, most int) {
	fresh, done := b.store.Changed("outgoing")
	defer done()
	free := make(chan struct{}, most)
	for range most {
		free <- struct{}{}
	}
	var inHand sync.WaitGroup
	defer inHand.Wait()
	failing := false
	for ctx.Err() == nil {
		<-free
		claimed, next, err := b.claim(ctx, lane, 1+len(free))
		free <- struct{}{}
		if err != nil && ctx.Err() == nil && !failing {
			b.log.ErrorContext(ctx, "outbox stands still", "error", err)
		} else if err == nil && failing {
			b.log.InfoContext(ctx, "outbox goes on")
		}
		failing = err != nil
		for _, o := range claimed {
			<-free
			inHand.Go(func() {
				defer func() { free <- struct{}{} }()
				b.send(ctx, o)
			})
		}
		if len(claimed) == 0 {
			b.rest(ctx, fresh, next, err)
		}
	}
}

// rest waits until something changes, a message is due, or it is time to look.
func (b *Outbox) rest(ctx context.Context, fresh <-chan struct{}, next time.Time, err error) {
	wait := b.cfg.Poll
	if err == nil && !next.IsZero() {
		wait = min(wait, max(next.Sub(b.now()), 20*time.Millisecond))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-fresh:
	case <-timer.C:
	}
}

// claim takes what is due, if anything is; it asks before it writes.
func (b *Outbox) claim(ctx context.Context, lane cordon.OutboxLane, n int) ([]cordon.Outgoing, time.Time, error) {
	next, err := b.store.NextOutgoing(ctx, lane)
	if err != nil || next.IsZero() || next.After(b.now()) {
		return nil, next, err
	}
	claimed, err := b.store.ClaimOutgoing(ctx, b.cfg.Node, lane, n, lease)
	return claimed, next, err
}

// Step sends everything that is due now, one message after the other, and
// answers how many tries it made. Run does the same at its own pace; Step is for
// tests and drills.
func (b *Outbox) Step(ctx context.Context) (tries int, err error) {
	for _, lane := range []cordon.OutboxLane{cordon.LaneWake, cordon.LaneTell} {
		for empty := 0; empty < 2; { // others may hold what is due; what is over is taken and not sent
			next, err := b.store.NextOutgoing(ctx, lane)
			if err != nil {
				return tries, err
			}
			if next.IsZero() || next.After(b.now()) {
				break
			}
			claimed, err := b.store.ClaimOutgoing(ctx, b.cfg.Node, lane, 1, lease)
			if err != nil {
				return tries, err
			}
			empty++
			for _, o := range claimed {
				tries, empty = tries+1, 0
				if err := b.try(ctx, o); err != nil {
					return tries, err
				}
			}
		}
	}
	return tries, nil
}

// send makes one try and writes down what came of it.
func (b *Outbox) send(ctx context.Context, o cordon.Outgoing) {
	if err := b.try(ctx, o); err != nil {
		// The lease ends, and it is sent again.
		b.log.ErrorContext(ctx, "outgoing message not recorded", "purpose", string(o.Purpose), "error", err)
	}
}

func (b *Outbox) try(ctx context.Context, o cordon.Outgoing) error {
	bounded, cancel := context.WithTimeout(ctx, tryFor)
	out := b.cfg.Wire.Send(bounded, o)
	cancel()
	result := Settle(o, out, b.now())
	if out.State == cordon.OutgoingPending && ctx.Err() != nil { // told to stop, not failed: at once again at the next start
		result.DueAt = b.now()
	}
	recorded, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordFor)
	defer cancel()
	return b.store.RecordOutgoing(recorded, b.cfg.Node, o.ID, o.Tries, result)
}

const (
	wakeRetries = 3
	wakeRetry   = 15 * time.Second
)

// tellRetries are the waits between tries of mail that informs: what receiving
// servers that defer expect (RFC 5321 4.5.4.1), for a day.
var tellRetries = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour}

// Settle says how a message stands after a try.
func Settle(o cordon.Outgoing, out cordon.OutgoingOutcome, now time.Time) cordon.OutgoingResult {
	r := cordon.OutgoingResult{State: out.State, Reply: out.Reply}
	if out.State != cordon.OutgoingPending && out.State != "" {
		return r
	}
	r.State = cordon.OutgoingPending
	wait, tries := wakeRetry, wakeRetries
	if o.Purpose.Lane() == cordon.LaneTell {
		tries = len(tellRetries)
		wait = tellRetries[min(max(o.Tries-1, 0), len(tellRetries)-1)]
	}
	if o.Tries > tries {
		r.State = cordon.OutgoingFailed
		return r
	}
	r.DueAt = now.Add(wait)
	if !o.StaleAt.IsZero() && !r.DueAt.Before(o.StaleAt) {
		r.State = cordon.OutgoingFailed
	}
	return r
}

// keep forgets what messages said, and where they went, once they are done for
// so long.
func (b *Outbox) keep(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := b.Forget(ctx); err != nil && ctx.Err() == nil {
			b.log.ErrorContext(ctx, "outbox keeps what is done", "error", err)
		}
	}
}

// Forget drops what is old enough.
func (b *Outbox) Forget(ctx context.Context) error {
	s, err := b.store.OnCallSettings(ctx)
	if err != nil {
		return err
	}
	before := b.now().Add(-time.Duration(s.ForgetDays) * 24 * time.Hour)
	for more := true; more && err == nil && ctx.Err() == nil; {
		more, err = b.store.ForgetOutgoing(ctx, before, forgetSome)
	}
	return err
}

// beat calls the heartbeat's URL while the house can wake people.
func (b *Outbox) beat(ctx context.Context) {
	if b.cfg.Heartbeat == "" {
		return
	}
	tick := time.NewTicker(b.cfg.HeartbeatEvery)
	defer tick.Stop()
	failing := false
	for {
		err := b.Beat(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			b.log.WarnContext(ctx, "heartbeat not given", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Beat calls the heartbeat's URL once, unless the lane that wakes is stuck or
// the database is away: silence is what alarms whoever listens there.
func (b *Outbox) Beat(ctx context.Context) error {
	h, err := b.store.OutboxHealth(ctx)
	if err != nil {
		return err
	}
	s, err := b.store.OnCallSettings(ctx)
	if err != nil {
		return err
	}
	if !h.OldestWake.IsZero() && b.now().Sub(h.OldestWake) > time.Duration(s.StuckSeconds)*time.Second {
		return errors.New("the outbox is stuck")
	}
	bounded, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return b.cfg.Wire.Ping(bounded, b.cfg.HeartbeatMethod, b.cfg.Heartbeat.Reveal())
}
