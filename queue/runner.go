package queue

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is everything a Runner needs.
type Config struct {
	Store      Store
	Relay      Relay
	Signer     Signer // nil: the relay signs
	Board      Board
	Provenance []byte // the door's key (ADR 4); without it nothing leaves
	Node       string // this process among those that share the store
	Dir        string // of the flight journal

	Connections int     // copies on the wire at once; 0 means 20
	Rate        float64 // the relay's messages a second, 0 for no limit: bounds what waits for it

	// BounceDomain receives bounces: the return path is unique to the copy. ""
	// uses the From address.
	BounceDomain string
	// Codes names each copy in its Message-ID, its return path, its feedback header
	// and the line below the letter (ADR 17); nil makes codes of the door's key.
	Codes *cordon.Codebook
	// CheckURL is where receivers ask whether a message is genuine; each letter ends
	// with it and the copy's code. "" adds no line.
	CheckURL string
	// Feedback receives complaints (RFC 9477); "" for none.
	Feedback cordon.Address
	// Unsubscribe answers the copy's one-click URL, "" for none; nil for none at all.
	Unsubscribe func(cordon.Delivery) string

	// RetryUncertain is how long a copy that may have arrived waits for its next
	// try; 0 means 15 minutes.
	RetryUncertain time.Duration
	// DeadAfter is after what silence of its own a node is taken for dead by the
	// others; 0 means a minute. It is the same on every node of a store.
	DeadAfter time.Duration

	Poll  time.Duration // how often due lanes are looked for without a wake-up; 0 means 500 ms
	Grace time.Duration // how long copies in flight may take at the end; 0 means 30 s
	Now   func() time.Time
	Rand  *rand.Rand // jitter; nil means none
	Log   *slog.Logger
}

const (
	beatsALife   = 6 // heartbeats within DeadAfter
	heardShare   = 2 // a node not heard of for half of DeadAfter sends nothing
	lanesAtOnce  = 256
	settleToGive = 10 * time.Second // for recording what is left, after Grace
)

// Runner claims, judges, renders, sends and records until its context ends.
type Runner struct {
	cfg      Config
	exit     exit
	tokens   tokens
	chance   *dice
	schedule schedule
	governor *governor
	backlog  *backlog
	journal  *journal
	presses  presses
	keys     keyring
	own      ownStops
	results  chan result
	count    counters
	pace     pace
	turn     int
	closing  atomic.Bool
	heardAt  atomic.Int64 // µs of the last heartbeat the store took
}

// New makes a runner; Run starts it.
func New(cfg Config) *Runner {
	if cfg.Connections < 1 {
		cfg.Connections = 20
	}
	if cfg.Rate > 0 { // more would only wait, judged too early
		cfg.Connections = max(1, min(cfg.Connections, int(math.Ceil(cfg.Rate*5))))
	}
	if cfg.RetryUncertain <= 0 {
		cfg.RetryUncertain = 15 * time.Minute
	}
	if cfg.DeadAfter <= 0 {
		cfg.DeadAfter = time.Minute
	}
	if cfg.Poll <= 0 {
		cfg.Poll = 500 * time.Millisecond
	}
	if cfg.Grace <= 0 {
		cfg.Grace = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Codes == nil {
		cfg.Codes = cordon.NewCodebook(cfg.Provenance)
	}
	chance := &dice{r: cfg.Rand}
	return &Runner{
		cfg: cfg, exit: exit{cfg.Provenance}, tokens: newTokens(cfg.Provenance), chance: chance,
		schedule: schedule{chance, cfg.RetryUncertain},
		governor: &governor{chance: chance}, backlog: newBacklog(cfg.Connections),
		results: make(chan result, groupMost),
	}
}

// Run settles what an earlier process left, then sends until ctx ends. It then
// stops claiming, lets what is in flight finish (at most Grace), records it and
// gives the rest back to the queue. All its goroutines have ended when it
// returns. A Runner runs once.
func (r *Runner) Run(ctx context.Context) error {
	journal, err := openJournal(r.cfg.Dir, bootID())
	if err != nil {
		return err
	}
	r.journal = journal
	defer journal.close()
	err = r.cfg.Store.Join(ctx, r.cfg.Node)
	r.heardAt.Store(r.cfg.Now().UnixMicro())
	if err == nil {
		err = r.recover(ctx)
	}
	if err != nil && ctx.Err() != nil {
		return nil // ended before it began; the next start settles what there is
	}
	if err != nil {
		return err
	}

	// Sending outlives ctx by Grace, recording by a little more.
	sending, endSending := context.WithCancel(context.WithoutCancel(ctx))
	recording, endRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer endRecording()
	defer endSending()

	var senders, recorder, others sync.WaitGroup
	recorder.Go(func() { r.recorder(recording) })
	for range r.cfg.Connections {
		senders.Go(func() { r.sender(sending) })
	}
	others.Go(func() { r.heart(sending) })

	r.scheduler(ctx)

	r.closing.Store(true)
	defer time.AfterFunc(r.cfg.Grace, endSending).Stop()
	defer time.AfterFunc(r.cfg.Grace+settleToGive, endRecording).Stop()
	r.backlog.close()
	r.giveBack("closing")
	senders.Wait()
	close(r.results)
	recorder.Wait()
	endSending()
	others.Wait()
	return nil
}

func (r *Runner) sender(ctx context.Context) {
	for {
		j, ok := r.backlog.take()
		if !ok {
			return
		}
		r.results <- r.send(ctx, j)
		r.backlog.done(j.claim.Delivery.Kind)
	}
}

// scheduler claims whenever there is room and something is due.
func (r *Runner) scheduler(ctx context.Context) {
	changed, end := r.cfg.Store.Changed("queue")
	defer end()
	poll := time.NewTicker(r.cfg.Poll)
	defer poll.Stop()
	failures, newcomers := 0, true
	for ctx.Err() == nil {
		claimed, err := r.round(ctx, newcomers)
		switch {
		case err != nil && ctx.Err() == nil && claimed == 0:
			failures++
			r.cfg.Log.Error("claim failed", "error", err)
			sleep(ctx, backoff(100*time.Millisecond, failures, 10*time.Second))
			continue
		case err != nil && ctx.Err() == nil: // a part of the store is ill, the rest goes on
			r.cfg.Log.Error("claim failed", "error", err)
		default:
			failures = 0
		}
		newcomers = true
		select {
		case <-ctx.Done():
		case <-r.backlog.low:
			newcomers = false
		case <-changed:
			if claimed == 0 {
				sleep(ctx, 2*time.Millisecond) // our own records ring the same bell
			}
		case <-poll.C:
		}
	}
}

// round is one look at the lanes and the claims that follow. With newcomers it
// looks even when there is no room: single letters may have come.
func (r *Runner) round(ctx context.Context, newcomers bool) (claimed int, err error) {
	now := r.cfg.Now()
	if r.governor.wait(now) > 0 || !r.cfg.Board.Fresh() || !r.heard() {
		return 0, nil
	}
	want, waiting := r.backlog.room(backlogFor(r.pace.observe(now, r.count.finished())))
	if r.governor.probing() {
		if _, out := r.backlog.counts(); out+waiting > 0 {
			return 0, nil
		}
		want = 1
	}
	if want < 1 && !newcomers {
		return 0, nil
	}
	lanes, err := r.cfg.Store.LanesDue(ctx, lanesAtOnce)
	if err != nil || len(lanes) == 0 {
		return 0, err
	}
	r.turn++
	shares := plan(lanes, want, r.turn, r.backlog.waitingOf)
	if r.governor.probing() {
		shares = shares[:min(1, len(shares))]
		for i := range shares {
			shares[i].n = 1
		}
	}
	for _, s := range shares {
		n, wrong := r.claim(ctx, s)
		claimed += n
		err = errors.Join(err, wrong)
		if ctx.Err() != nil || r.governor.wait(r.cfg.Now()) > 0 {
			break
		}
	}
	return claimed, err
}

// claim takes one lane's share and queues it in memory. When the facts of its
// dispatches cannot be read, each sender asks again for its own copy.
func (r *Runner) claim(ctx context.Context, s share) (int, error) {
	claims, err := r.cfg.Store.ClaimDue(ctx, r.cfg.Node, s.lane, s.n)
	if err != nil || len(claims) == 0 {
		return 0, err
	}
	r.count.claimed.Add(int64(len(claims)))
	files, err := r.files(ctx, claims)
	jobs := make([]job, len(claims))
	for i, c := range claims {
		jobs[i] = job{c, files[c.Delivery.Dispatch]}
	}
	r.backlog.push(jobs)
	return len(claims), err
}

// giveBack empties the memory: while the relay rests, and at the end.
func (r *Runner) giveBack(reason string) { r.returnJobs(r.backlog.drain(), reason) }

func (r *Runner) returnJobs(jobs []job, reason string) {
	now := r.cfg.Now()
	for _, j := range jobs {
		r.count.returned.Add(1)
		r.results <- result{cordon.Attempt{Claim: j.claim, Outcome: notNow(reason), At: now, NextDue: now}, refusal{}}
	}
}

// heart tells the store that this node lives, and settles nodes that do not.
func (r *Runner) heart(ctx context.Context) {
	beat := time.NewTicker(r.cfg.DeadAfter / beatsALife)
	defer beat.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		if err := r.cfg.Store.Beat(ctx, r.cfg.Node); err != nil {
			r.complain(ctx, "heartbeat failed", err)
			continue
		}
		now := r.cfg.Now()
		r.heardAt.Store(now.UnixMicro())
		if n%3 != 0 {
			continue
		}
		switch reaped, err := r.cfg.Store.ReapNodes(ctx, now.Add(-r.cfg.DeadAfter), now.Add(r.chance.jitter(r.cfg.RetryUncertain))); {
		case err != nil:
			r.complain(ctx, "dead nodes not settled", err)
		case reaped > 0:
			r.cfg.Log.Warn("copies of dead nodes settled", "count", reaped)
		}
	}
}

func (r *Runner) complain(ctx context.Context, what string, err error) {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		r.cfg.Log.Error(what, "error", err)
	}
}

// heard says whether the store took a heartbeat lately. A node that others may
// soon take for dead sends nothing: its copies would be sent twice.
func (r *Runner) heard() bool {
	return r.cfg.Now().Sub(time.UnixMicro(r.heardAt.Load())) < r.cfg.DeadAfter/heardShare
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
