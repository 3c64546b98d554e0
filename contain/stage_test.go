package contain_test

import (
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
)

// staged is a send to everyone by the actor, in stages of 3 and the rest, whose
// first stage has left.
func (w *world) staged(by cordon.Actor) cordon.Dispatch {
	w.Helper()
	now := w.clock.Now()
	d, err := w.store.CreateDispatch(w.ctx, by, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: w.clinic.ID, Kind: cordon.Bulk, Template: w.clinic.version.Template, Version: 1, Hash: w.clinic.version.Hash,
			Audience: w.clinic.audience.ID, Actor: by.ID(), Account: by.Account, State: cordon.DispatchOpen, AcceptedAt: now, NotBefore: now,
		},
		Filter: w.clinic.audience.Filter, Verdict: cordon.Verdict{Decision: cordon.Pass},
		Mark:    func(cordon.Dispatch) []byte { return []byte("mark") },
		Release: cordon.StagePlan{From: 5, Steps: cordon.StageSteps{{Copies: 3, Wait: time.Minute}, {Copies: 6, Wait: time.Minute}}},
	})
	w.must(err)
	w.record(w.claim(node, 100), cordon.Delivered)
	return d
}

func (w *world) change(d cordon.Dispatch) contain.StageChange {
	return contain.StageChange{Tenant: w.clinic.ID, Dispatch: d.ID, Reason: "because"}
}

// Nobody needs a second person to hold. Going on before the evidence is in, or
// over another's hold, is not for whoever ordered the send.
func TestWhoMayChangeAStage(t *testing.T) {
	each(t, 12, func(w *world) {
		author := as(w.clinic.ID, cordon.RoleAuthor)
		author.Permissions = append(author.Permissions, cordon.ReleaseHolds) // so that only the rule stands between
		chief, viewer, foreign := as(w.clinic.ID, cordon.RoleApprover), as(w.clinic.ID, cordon.RoleViewer), as(w.other.ID, cordon.RoleApprover)
		d := w.staged(author)
		c := w.change(d)

		_, err := w.warden.AdvanceStage(w.ctx, author, c)
		code(w.T, err, cordon.Denied) // before it is due
		for _, who := range []cordon.Actor{viewer, foreign} {
			_, err = w.warden.AdvanceStage(w.ctx, who, c)
			code(w.T, err, cordon.Denied)
			_, err = w.warden.HoldStage(w.ctx, who, c)
			code(w.T, err, cordon.Denied)
			_, err = w.warden.ResumeStage(w.ctx, who, c)
			code(w.T, err, cordon.Denied)
		}
		now, err := w.warden.HoldStage(w.ctx, author, c)
		w.must(err)
		if now.Number != 1 || now.State != cordon.StageHeld || now.By != author.ID() || now.Reason != "because" {
			w.Fatalf("held as %+v", now)
		}
		_, err = w.warden.ResumeStage(w.ctx, author, c) // his own hold he may take back
		w.must(err)
		_, err = w.warden.HoldStage(w.ctx, chief, c)
		w.must(err)
		w.clock.Advance(time.Hour)
		_, err = w.warden.ResumeStage(w.ctx, author, c)
		code(w.T, err, cordon.Denied)
		_, err = w.warden.AdvanceStage(w.ctx, author, c)
		code(w.T, err, cordon.Denied)
		now, err = w.warden.AdvanceStage(w.ctx, chief, c)
		w.must(err)
		if now.Number != 2 || now.State != cordon.StageOpen {
			w.Fatalf("advanced to %+v", now)
		}
		// A hold by rule is nobody's own.
		w.must(w.store.HoldStage(w.ctx, cordon.System(), w.clinic.ID, d.ID, 2, "bounces"))
		_, err = w.warden.AdvanceStage(w.ctx, author, c)
		code(w.T, err, cordon.Denied)
		_, err = w.warden.ResumeStage(w.ctx, author, c)
		code(w.T, err, cordon.Denied)
		_, err = w.warden.ResumeStage(w.ctx, chief, c)
		w.must(err)
		// Once the evidence is in and nothing holds it, its orderer may go on.
		w.record(w.claim(node, 100), cordon.Delivered)
		w.clock.Advance(time.Hour)
		c.Number = 1
		_, err = w.warden.AdvanceStage(w.ctx, author, c) // not the one he looked at
		code(w.T, err, cordon.Conflict)
		c.Number = 2
		_, err = w.warden.AdvanceStage(w.ctx, author, c)
		w.must(err)
	})
}

func TestAStageSaysWhatCameBackWhileItWasTheCurrentOne(t *testing.T) {
	each(t, 12, func(w *world) {
		chief := as(w.clinic.ID, cordon.RoleApprover)
		d := w.staged(operator)
		w.clock.Advance(time.Minute)
		_, err := w.warden.AdvanceStage(w.ctx, chief, w.change(d))
		w.must(err)
		w.clock.Advance(time.Minute)
		claims := w.claim(node, 100)
		bounced := attempts(claims[:1], cordon.Bounced, w.clock.Now())
		bounced.Attempts[0].Outcome.Reply = "550 5.1.1"
		w.must(w.store.RecordAttempts(w.ctx, node, bounced))
		w.record(claims[1:], cordon.Delivered)
		seen, err := w.warden.Stages(w.ctx, as(w.clinic.ID, cordon.RoleViewer), w.clinic.ID, d.ID)
		w.must(err)
		want := []cordon.Evidence{{Delivered: 3}, {Delivered: 2, Bounces: 1}, {}}
		for i, s := range seen {
			if s.Evidence != want[i] {
				w.Errorf("stage %d: %+v, want %+v", s.Number, s.Evidence, want[i])
			}
		}
		_, err = w.warden.Stages(w.ctx, as(w.other.ID, cordon.RoleViewer), w.clinic.ID, d.ID)
		code(w.T, err, cordon.Denied)
		_, err = w.warden.Stages(w.ctx, as(w.other.ID, cordon.RoleViewer), w.other.ID, d.ID)
		code(w.T, err, cordon.Missing)
	})
}

func TestAChangeOfAStageSaysWhy(t *testing.T) {
	w := one(t, 12)
	d, whole := w.staged(operator), w.send(w.clinic)
	c := w.change(d)
	for _, reason := range []string{"", "  ", string(make([]byte, 501))} {
		c.Reason = reason
		_, err := w.warden.HoldStage(w.ctx, second, c)
		code(t, err, cordon.Invalid)
	}
	_, err := w.warden.HoldStage(w.ctx, second, w.change(whole))
	code(t, err, cordon.Conflict) // it leaves whole
	// A stop keeps it where it is, whoever asks.
	w.place(operator, cordon.Scope{Tenant: w.clinic.ID})
	_, err = w.warden.AdvanceStage(w.ctx, second, w.change(d))
	code(t, err, cordon.Conflict)
}
