package contain

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// StageSeen is a stage with what came back while its dispatch stood at it.
type StageSeen struct {
	cordon.Stage
	Evidence cordon.Evidence
}

// Stages lists the stages of a dispatch, each with its evidence; none for one
// that is released whole.
func (w *Warden) Stages(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID) ([]StageSeen, error) {
	if !actor.Can(cordon.ReadDispatches, tenant) {
		return nil, mayNot("see dispatches")
	}
	stages, err := w.store.Stages(ctx, tenant, dispatch)
	if err != nil {
		return nil, err
	}
	seen := make([]StageSeen, len(stages))
	var later cordon.Evidence // since the stage behind opened
	for i := len(stages) - 1; i >= 0; i-- {
		seen[i].Stage = stages[i]
		if stages[i].OpenedAt.IsZero() || stages[i].OpenedAt.After(w.now()) {
			continue
		}
		since, err := w.store.Evidence(ctx, cordon.EvidenceOf{Tenant: tenant, Dispatch: dispatch, Since: stages[i].OpenedAt})
		if err != nil {
			return nil, fmt.Errorf("evidence of stage %d: %w", stages[i].Number, err)
		}
		seen[i].Evidence, later = between(since, later), since
	}
	return seen, nil
}

// between is what came back since one moment and before a later one. The latest
// run of errors belongs to the stage that is not over.
func between(since, later cordon.Evidence) cordon.Evidence {
	e := cordon.Evidence{
		Delivered: since.Delivered - later.Delivered, Bounces: since.Bounces - later.Bounces, Policy: since.Policy - later.Policy,
		Errors: since.Errors - later.Errors, Complaints: since.Complaints - later.Complaints, NotMe: since.NotMe - later.NotMe,
		Reports: since.Reports - later.Reports, Decoys: since.Decoys - later.Decoys,
	}
	if later == (cordon.Evidence{}) {
		e.ErrorsRow = since.ErrorsRow
	}
	return e
}

// StageChange asks for a change of the stage a dispatch stands at.
type StageChange struct {
	Tenant   cordon.TenantID
	Dispatch cordon.DispatchID
	Number   int    // 0: the current one, whichever it is
	Reason   string // in a few words; it goes into the ledger
}

// HoldStage keeps back what has not been claimed, until somebody resumes or
// advances it. Nobody needs a second person to hold.
func (w *Warden) HoldStage(ctx context.Context, actor cordon.Actor, c StageChange) (cordon.Stage, error) {
	if !actor.Can(cordon.PlaceStops, c.Tenant) {
		return cordon.Stage{}, mayNot("hold a send")
	}
	return w.changeStage(ctx, actor, c, w.store.HoldStage, nil)
}

// ResumeStage lets a held stage go on where it was, to be advanced by its
// evidence. Whoever ordered the send may take back only his own hold.
func (w *Warden) ResumeStage(ctx context.Context, actor cordon.Actor, c StageChange) (cordon.Stage, error) {
	if !actor.Can(cordon.ReleaseHolds, c.Tenant) && !actor.Can(cordon.LiftStops, c.Tenant) {
		return cordon.Stage{}, mayNot("let a held send go on")
	}
	return w.changeStage(ctx, actor, c, w.store.ResumeStage, w.somebodyElse)
}

// AdvanceStage opens the next stage now, instead of its evidence. Before it is
// due, or over a hold, it takes somebody else than whoever ordered the send.
func (w *Warden) AdvanceStage(ctx context.Context, actor cordon.Actor, c StageChange) (cordon.Stage, error) {
	if !actor.Can(cordon.ReleaseHolds, c.Tenant) {
		return cordon.Stage{}, mayNot("advance a send")
	}
	return w.changeStage(ctx, actor, c, w.store.AdvanceStage, w.somebodyElse)
}

type stageVerb func(context.Context, cordon.Actor, cordon.TenantID, cordon.DispatchID, int, string) error

// changeStage does the verb to the current stage and answers the one the
// dispatch stands at then; may is asked before, nil allows.
func (w *Warden) changeStage(ctx context.Context, actor cordon.Actor, c StageChange, do stageVerb, may func(context.Context, cordon.Actor, cordon.Stage) error) (cordon.Stage, error) {
	c.Reason = strings.TrimSpace(c.Reason)
	switch {
	case c.Reason == "":
		return cordon.Stage{}, cordon.InvalidField("reason", "is missing", "say in a few words why; it goes into the ledger")
	case len(c.Reason) > 500:
		return cordon.Stage{}, cordon.InvalidField("reason", "is longer than 500 bytes", "shorten it")
	}
	now, err := w.standsAt(ctx, c.Tenant, c.Dispatch)
	if err != nil {
		return now, err
	}
	if c.Number == 0 {
		c.Number = now.Number
	}
	if may != nil && now.State.Current() {
		if err := may(ctx, actor, now); err != nil {
			return cordon.Stage{}, err
		}
	}
	if err := do(ctx, actor, c.Tenant, c.Dispatch, c.Number, c.Reason); err != nil {
		return cordon.Stage{}, err
	}
	return w.standsAt(ctx, c.Tenant, c.Dispatch)
}

// standsAt is the stage a dispatch stands at: the current one, or the last that
// is not waiting.
func (w *Warden) standsAt(ctx context.Context, tenant cordon.TenantID, dispatch cordon.DispatchID) (cordon.Stage, error) {
	stages, err := w.store.Stages(ctx, tenant, dispatch)
	if err != nil {
		return cordon.Stage{}, err
	}
	if len(stages) == 0 {
		return cordon.Stage{}, &cordon.Error{Code: cordon.Conflict, Field: "dispatch", Message: "has no stages: it is released whole", Remedy: "stop it, if it must not leave"}
	}
	now := stages[0]
	for _, s := range stages {
		if s.State.Current() {
			return s, nil
		}
		if s.State != cordon.StageWaiting {
			now = s
		}
	}
	return now, nil
}

// somebodyElse keeps whoever ordered a send from overruling what holds it back:
// its evidence that is still to come, or another's hold.
func (w *Warden) somebodyElse(ctx context.Context, actor cordon.Actor, now cordon.Stage) error {
	d, err := w.store.Dispatch(ctx, now.Tenant, now.Dispatch)
	if err != nil {
		return err
	}
	orderer := d.Actor
	if d.Account != "" {
		orderer = string(d.Account)
	}
	if actor.Person() != orderer {
		return nil
	}
	if now.State == cordon.StageHeld {
		holder, err := w.person(ctx, now.By)
		if err != nil || holder == orderer {
			return err
		}
		return &cordon.Error{
			Code: cordon.Denied, Field: "dispatch", Message: "was ordered by you and is held: that needs a second person",
			Remedy: "ask somebody else who may release holds",
		}
	}
	if now.Due(w.now()) {
		return nil
	}
	return &cordon.Error{
		Code: cordon.Denied, Field: "dispatch", Message: "was ordered by you: to advance it before its evidence is in needs a second person",
		Remedy: "wait until the stage is due, or ask somebody else who may release holds",
	}
}
