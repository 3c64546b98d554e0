package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// scopeRequest is cordon.Scope as it is asked for: tenant and template by ID or handle.
type scopeRequest struct {
	Everything bool              `json:"everything,omitempty" doc:"The whole installation; goes with nothing but kind" example:"false"`
	Tenant     string            `json:"tenant,omitempty" maxLength:"64" doc:"Tenant, by ID or handle" example:"northside"`
	Template   string            `json:"template,omitempty" maxLength:"64" doc:"Template, by ID, or by handle together with tenant" example:"recall"`
	Account    cordon.AccountID  `json:"account,omitempty" maxLength:"64" doc:"Everything this account and its keys sent" example:"acc_0123456789abcdefghjkmnpqrs"`
	Key        cordon.KeyID      `json:"key,omitempty" maxLength:"64" doc:"Everything this key sent" example:"key_0123456789abcdefghjkmnpqrs"`
	Dispatch   cordon.DispatchID `json:"dispatch,omitempty" maxLength:"64" doc:"One dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
	Kind       cordon.Kind       `json:"kind,omitempty" enum:"bulk,single" doc:"Only bulk or only single mail of the rest of the scope" example:"bulk"`
}

func (a *API) scopeOf(ctx context.Context, x *exchange, s scopeRequest) (cordon.Scope, error) {
	out := cordon.Scope{Everything: s.Everything, Account: s.Account, Key: s.Key, Dispatch: s.Dispatch, Kind: s.Kind}
	var err error
	if s.Tenant != "" {
		if out.Tenant, err = a.tenantOf(ctx, x.actor, s.Tenant); err != nil {
			return out, err
		}
	}
	in := out.Tenant
	if in == "" {
		in = x.actor.Tenant
	}
	out.Template, err = a.templateOf(ctx, in, s.Template)
	return out, err
}

// stopView is a stop with its account side by side.
type stopView struct {
	ID    cordon.StopID `json:"id" doc:"The stop; lift takes it" example:"stp_0123456789abcdefghjkmnpqrs"`
	Scope cordon.Scope  `json:"scope" doc:"What it covers"`
	cordon.StopAnswer
	Active      bool               `json:"active" doc:"Whether it holds now" example:"true"`
	Reason      string             `json:"reason" doc:"Why it was placed" example:"wrong date column"`
	PlacedBy    string             `json:"placed_by" doc:"Who placed it" example:"operator"`
	PlacedAt    time.Time          `json:"placed_at" doc:"When it took hold" example:"2026-11-22T04:58:00Z"`
	Until       time.Time          `json:"until,omitzero" doc:"When it ends by itself; left out for never" example:"2026-11-23T00:00:00Z"`
	LiftedBy    string             `json:"lifted_by,omitempty" doc:"Who lifted it" example:"operator"`
	LiftedAt    time.Time          `json:"lifted_at,omitzero" doc:"When it was lifted" example:"2026-11-22T06:00:00Z"`
	Disposition cordon.Disposition `json:"disposition,omitempty" enum:"resume,discard" doc:"What the lift did with what was kept back" example:"resume"`
}

func (a *API) stopView(s cordon.Stop) stopView {
	return stopView{
		ID: s.ID, Scope: s.Scope, StopAnswer: s.Answer, Active: s.Active(a.Now()), Reason: s.Reason,
		PlacedBy: s.PlacedBy, PlacedAt: s.PlacedAt, Until: s.Until, LiftedBy: s.LiftedBy, LiftedAt: s.LiftedAt, Disposition: s.Disposition,
	}
}

type stopRequest struct {
	Body struct {
		Scope  scopeRequest `json:"scope" doc:"What to stop; every part given must match"`
		Reason string       `json:"reason" minLength:"1" maxLength:"500" doc:"Why, in a few words; it goes into the ledger" example:"wrong date column"`
		Until  time.Time    `json:"until,omitzero" doc:"When it ends by itself; left out, it stands until it is lifted" example:"2026-11-23T00:00:00Z"`
	} `nameHint:"StopRequest"`
}

func (a *API) placeStop(ctx context.Context, x *exchange, in *stopRequest) (*created[stopView], error) {
	s, err := a.scopeOf(ctx, x, in.Body.Scope)
	if err != nil {
		return nil, err
	}
	placed, err := a.Warden.Place(ctx, x.actor, cordon.Stop{Scope: s, Reason: in.Body.Reason, Until: in.Body.Until})
	if err != nil {
		return nil, err
	}
	return &created[stopView]{Location: "/v1/stops/" + string(placed.ID), Body: a.stopView(placed)}, nil
}

type previewRequest struct {
	Body struct {
		Scope scopeRequest `json:"scope" doc:"What would be stopped"`
	} `nameHint:"StopPreviewRequest"`
}

// stopPreview says what a stop of this scope would meet.
type stopPreview struct {
	Scope cordon.Scope `json:"scope" doc:"The scope, with IDs for handles"`
	cordon.Counts
}

func (a *API) previewStop(ctx context.Context, x *exchange, in *previewRequest) (*answer[stopPreview], error) {
	s, err := a.scopeOf(ctx, x, in.Body.Scope)
	if err != nil {
		return nil, err
	}
	counts, err := a.Warden.Preview(ctx, x.actor, s)
	return answered(stopPreview{s, counts}, err)
}

type stopsQuery struct {
	PageQuery
	Active bool `query:"active" doc:"Only stops that hold now" example:"true"`
}

func (a *API) listStops(ctx context.Context, x *exchange, in *stopsQuery) (*answer[list[stopView]], error) {
	stops, next, err := a.Warden.List(ctx, x.actor, in.Active, in.page())
	views := make([]stopView, len(stops))
	for i, s := range stops {
		views[i] = a.stopView(s)
	}
	return listed(views, next, err)
}

type StopPath struct {
	Stop cordon.StopID `path:"stop" maxLength:"64" doc:"Stop's ID" example:"stp_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getStop(ctx context.Context, x *exchange, in *StopPath) (*answer[stopView], error) {
	s, err := a.Warden.Stop(ctx, x.actor, in.Stop)
	return answered(a.stopView(s), err)
}

type liftRequest struct {
	StopPath
	Body struct {
		Disposition cordon.Disposition `json:"disposition" enum:"resume,discard" doc:"resume: back to the queue, judged again by the exit; discard: never" example:"resume"`
	} `nameHint:"LiftRequest"`
}

func (a *API) liftStop(ctx context.Context, x *exchange, in *liftRequest) (*answer[stopView], error) {
	s, err := a.Warden.Lift(ctx, x.actor, in.Stop, in.Body.Disposition)
	return answered(a.stopView(s), err)
}
