package queue

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// result is one try with what must be committed beside it.
type result struct {
	attempt cordon.Attempt
	refused refusal
}

// send takes one copy through the exit and to the relay.
func (r *Runner) send(ctx context.Context, j job) result {
	f := flight{r: r, ctx: ctx, job: j, begun: r.cfg.Now()}
	out := f.fly()
	now := r.cfg.Now()
	pause := r.governor.wait(now)
	if f.sent {
		if pause = r.governor.report(f.begun, now, out); pause > 0 {
			r.giveBack("relay")
		}
		r.tellRelay(out, pause)
	}
	if f.entered {
		if err := r.journal.answered(j.claim.Ref, out, now); err != nil {
			r.cfg.Log.Error("flight journal failed", "error", err)
		}
	}
	if !f.sent && out.Reason != "closing" {
		pause = max(pause, r.chance.jitter(f.refused.rest()))
	}
	out, due := r.schedule.next(j.claim, out, now, pause)
	r.count.of(out.State).Add(1)
	return result{cordon.Attempt{Claim: j.claim, Outcome: out, At: now, NextDue: due}, f.refused}
}

// tellRelay logs when the relay begins to fail, and when it works again.
func (r *Runner) tellRelay(out cordon.Outcome, pause time.Duration) {
	switch failing, changed := r.governor.news(); {
	case changed && failing:
		r.cfg.Log.Warn("relay fails, sending is paused", "reason", out.Reason, "reply", out.Reply, "pause", pause)
	case changed:
		r.cfg.Log.Info("relay works again")
	}
}

// flight is one copy between its claim and its outcome.
type flight struct {
	r       *Runner
	ctx     context.Context
	job     job
	begun   time.Time
	looks   int
	no      cordon.Outcome // why the look said no
	refused refusal
	sent    bool // the relay was asked
	entered bool // past the last look
}

func (f *flight) fly() cordon.Outcome {
	r, c := f.r, f.job.claim
	if out, no := f.grounded(); no {
		return out
	}
	d, err := r.current(f.ctx, f.job.file)
	if err != nil {
		return notNow("facts")
	}
	if out, no := f.judge(d); no {
		return out
	}
	env, why := r.letter(f.ctx, c, d)
	if !why.zero() {
		return f.refuse(why)
	}
	f.sent = true
	out := r.cfg.Relay.Send(f.ctx, env, f.look)
	if out.State == cordon.Queued && out.Relay && f.no.State == "" && f.ctx.Err() == nil {
		// Most often an idle connection that the relay had closed: once more,
		// on a new one.
		f.looks = 0
		out = r.cfg.Relay.Send(f.ctx, env, f.look)
	}
	if f.no.State != "" { // a look said no: nothing left
		f.sent = false
		return f.no
	}
	return out
}

// look is asked immediately before MAIL FROM and immediately before the body.
func (f *flight) look() bool {
	f.looks++
	if out, no := f.grounded(); no {
		return f.veto(out)
	}
	// The wait for a connection or the rate may have been long.
	d, err := f.r.current(f.ctx, f.job.file)
	if err != nil {
		return f.veto(notNow("facts"))
	}
	if out, no := f.judge(d); no {
		return f.veto(out)
	}
	if f.looks < 2 {
		return true
	}
	c := f.job.claim
	if !f.r.cfg.Board.Enter(c.Ref, c.Delivery) {
		if !f.r.cfg.Board.Fresh() {
			return f.veto(notNow("board"))
		}
		return f.veto(cordon.Outcome{State: cordon.HeldState, Reason: "stopped"})
	}
	if err := f.r.journal.looked(c.Ref, f.r.cfg.Now()); err != nil {
		f.r.cfg.Log.Error("flight journal failed", "error", err)
		return f.veto(notNow("journal"))
	}
	f.entered = true
	return true
}

func (f *flight) veto(out cordon.Outcome) bool {
	f.no = out
	return false
}

// grounded says what keeps every copy here, or this one by a stop.
func (f *flight) grounded() (cordon.Outcome, bool) {
	r, d := f.r, f.job.claim.Delivery
	switch {
	case r.closing.Load():
		return notNow("closing"), true
	case !r.heard():
		return notNow("store"), true
	case !r.cfg.Board.Fresh():
		return notNow("board"), true
	case r.cfg.Board.Blocks(d) || r.own.blocks(d, r.cfg.Now()):
		return cordon.Outcome{State: cordon.HeldState, Reason: "stopped"}, true
	}
	return cordon.Outcome{}, false
}

// judge asks the exit.
func (f *flight) judge(d *dossier) (cordon.Outcome, bool) {
	why := d.verdict
	if why.zero() {
		why = judgeCopy(f.job.claim, d.evidence)
	}
	if why.zero() {
		return cordon.Outcome{}, false
	}
	return f.refuse(why), true
}

// refuse puts the refusal's stops in force before they are committed: no other
// copy slips by.
func (f *flight) refuse(why refusal) cordon.Outcome {
	f.refused = why
	for _, s := range why.scopesOf(f.job.claim.Delivery) {
		f.r.own.place(s, f.r.cfg.Now())
	}
	return why.outcome()
}

// notNow gives a copy back without a try.
func notNow(reason string) cordon.Outcome {
	return cordon.Outcome{State: cordon.Queued, Relay: true, Reason: reason}
}
