package api

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
)

// StageLimits are the limits that say how a bulk send is released.
type StageLimits struct {
	UndoBulk     duration    `json:"undo_bulk" doc:"Wait before the first copy of a bulk send" example:"5m0s"`
	FirstUseHold duration    `json:"first_use_hold" doc:"The same while no copy of the version has gone out in bulk; the longer of the two" example:"10m0s"`
	StageFrom    int         `json:"stage_from" minimum:"0" doc:"A bulk send of more copies than this leaves in stages; 0 for never" example:"50"`
	Stages       []stageStep `json:"stages" minItems:"1" maxItems:"8" doc:"The steps; behind the last, each is ten times the one before"`
}

type stageStep struct {
	Copies int64    `json:"copies" minimum:"1" doc:"Copies that have gone out in all when the step is complete" example:"100"`
	Wait   duration `json:"wait" doc:"How long what comes back is watched before the next step" example:"5m0s"`
}

func stageLimitsOf(l cordon.Limits) StageLimits {
	out := StageLimits{UndoBulk: durationOf(l.UndoBulk), FirstUseHold: durationOf(l.FirstUseHold), StageFrom: l.StageFrom}
	for _, s := range l.Stages[:l.Stages.Len()] {
		out.Stages = append(out.Stages, stageStep{Copies: s.Copies, Wait: durationOf(s.Wait)})
	}
	return out
}

// words writes the limits into out and answers what cannot be read.
func (l StageLimits) words(out *cordon.Limits) []cordon.Fault {
	var faults []cordon.Fault
	read := func(field string, from duration) time.Duration {
		d, err := time.ParseDuration(string(from))
		if err != nil || d < 0 {
			faults = append(faults, cordon.Fault{Field: field, Message: "is not a length of time", Remedy: "write it like 90s, 10m or 24h"})
		}
		return d
	}
	out.UndoBulk, out.FirstUseHold, out.StageFrom = read("undo_bulk", l.UndoBulk), read("first_use_hold", l.FirstUseHold), l.StageFrom
	out.Stages = cordon.StageSteps{}
	for i, s := range l.Stages[:min(len(l.Stages), cordon.MaxStageSteps)] {
		out.Stages[i] = cordon.StageStep{Copies: s.Copies, Wait: read(fmt.Sprintf("stages[%d].wait", i), s.Wait)}
	}
	return faults
}

// stageView is a stage with what came back while it was the current one.
type stageView struct {
	Number   int               `json:"number" doc:"Which stage, from 1" example:"2"`
	Of       int               `json:"of" doc:"Stages of this dispatch" example:"4"`
	From     int64             `json:"from" doc:"Its first copy, by number in the dispatch" example:"11"`
	To       int64             `json:"to" doc:"Its last copy" example:"100"`
	State    cordon.StageState `json:"state" enum:"waiting,open,held,done,stopped" doc:"open: its copies may leave, or have left and are watched; held: nothing more leaves until a person says so" example:"open"`
	Wait     duration          `json:"wait" doc:"How long what comes back is watched before the next" example:"5m0s"`
	OpenedAt time.Time         `json:"opened_at,omitzero" doc:"When its copies may leave" example:"2026-11-22T04:58:00Z"`
	LeftAt   time.Time         `json:"left_at,omitzero" doc:"When the last of its copies had its first try" example:"2026-11-22T04:58:04Z"`
	DueAt    time.Time         `json:"due_at,omitzero" doc:"When it has been watched long enough" example:"2026-11-22T05:03:04Z"`
	EndedAt  time.Time         `json:"ended_at,omitzero" doc:"When it ended" example:"2026-11-22T05:03:05Z"`
	By       string            `json:"by,omitempty" doc:"Who advanced, held, resumed or stopped it last" example:"system"`
	Reason   string            `json:"reason,omitempty" doc:"Why, in words" example:"calm: 90 delivered, nothing came back"`
	Evidence stageEvidence     `json:"evidence" doc:"What came back while the dispatch stood at this stage"`
}

// stageEvidence is cordon.Evidence in one place of the API.
type stageEvidence struct {
	Delivered  int64 `json:"delivered" doc:"Taken by the relay" example:"90"`
	Bounces    int64 `json:"bounces" doc:"Refused for good, but not by policy" example:"0"`
	Policy     int64 `json:"policy" doc:"Refused by policy of the far side (X.7.X)" example:"0"`
	Errors     int64 `json:"errors" doc:"Tries that failed for the time being" example:"0"`
	ErrorsRow  int64 `json:"errors_row" doc:"Of these, the latest in a row" example:"0"`
	Complaints int64 `json:"complaints" doc:"Authenticated complaints, by distinct recipient" example:"0"`
	NotMe      int64 `json:"not_me" doc:"Authenticated 'this was not you', by distinct recipient" example:"0"`
	Reports    int64 `json:"reports" doc:"Complaints that nobody vouches for; they stop nothing" example:"0"`
	Decoys     int64 `json:"decoys" doc:"Planted recipients that were touched" example:"0"`
}

func stageViewOf(s cordon.Stage, e cordon.Evidence) stageView {
	return stageView{
		Number: s.Number, Of: s.Of, From: s.From, To: s.To, State: s.State, Wait: durationOf(s.Wait),
		OpenedAt: s.OpenedAt, LeftAt: s.LeftAt, DueAt: s.DueAt, EndedAt: s.EndedAt, By: s.By, Reason: s.Reason, Evidence: stageEvidence(e),
	}
}

func (a *API) listStages(ctx context.Context, x *exchange, in *dispatchPath) (*answer[list[stageView]], error) {
	stages, err := a.Warden.Stages(ctx, x.actor, x.tenant, in.Dispatch)
	var views []stageView
	for _, s := range stages {
		views = append(views, stageViewOf(s.Stage, s.Evidence))
	}
	return listed(views, "", err)
}

type stageRequest struct {
	TenantPath
	Dispatch cordon.DispatchID `path:"dispatch" maxLength:"64" doc:"Dispatch's ID" example:"dsp_0123456789abcdefghjkmnpqrs"`
	Body     struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why, in a few words; it goes into the ledger" example:"two patients called about the date"`
		Stage  int    `json:"stage,omitempty" minimum:"1" doc:"The stage that is meant; refused when the dispatch stands at another. Left out: the current one" example:"2"`
	} `nameHint:"StageRequest"`
}

func (a *API) holdStage(ctx context.Context, x *exchange, in *stageRequest) (*answer[stageView], error) {
	return a.changeStage(ctx, x, in, a.Warden.HoldStage)
}

func (a *API) resumeStage(ctx context.Context, x *exchange, in *stageRequest) (*answer[stageView], error) {
	return a.changeStage(ctx, x, in, a.Warden.ResumeStage)
}

func (a *API) advanceStage(ctx context.Context, x *exchange, in *stageRequest) (*answer[stageView], error) {
	return a.changeStage(ctx, x, in, a.Warden.AdvanceStage)
}

// changeStage answers the stage that the dispatch stands at behind the change.
func (a *API) changeStage(ctx context.Context, x *exchange, in *stageRequest, do func(context.Context, cordon.Actor, contain.StageChange) (cordon.Stage, error)) (*answer[stageView], error) {
	now, err := do(ctx, x.actor, contain.StageChange{Tenant: x.tenant, Dispatch: in.Dispatch, Number: in.Body.Stage, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	stages, err := a.Warden.Stages(ctx, x.actor, x.tenant, in.Dispatch)
	view := stageViewOf(now, cordon.Evidence{})
	for _, s := range stages { // without the right to read dispatches: none, and no evidence
		if err == nil && s.Number == now.Number {
			view = stageViewOf(s.Stage, s.Evidence)
		}
	}
	return answered(view, nil)
}
