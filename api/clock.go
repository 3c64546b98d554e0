package api

import (
	"context"

	"github.com/cordonmail/cordon"
)

type clocksQuery struct {
	Incident string `query:"incident" maxLength:"64" doc:"Only this one's, by ID or as people call it; left out for all open ones" example:"INC-12"`
	Tenant   string `query:"tenant" maxLength:"64" doc:"Only this tenant's, by ID or handle" example:"northside"`
}

func (a *API) listClocks(ctx context.Context, x *exchange, in *clocksQuery) (*answer[list[cordon.Clock]], error) {
	var id cordon.IncidentID
	var err error
	if in.Incident != "" {
		if id, err = a.incidentOf(ctx, x, in.Incident); err != nil {
			return nil, err
		}
	}
	tenant, err := a.noticeTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	all, err := a.Notices.Clocks(ctx, x.actor, id, tenant)
	return listed(all, "", err)
}

type decideClockRequest struct {
	IncidentPath
	Body struct {
		Regime   string               `json:"regime" minLength:"1" maxLength:"60" doc:"Regime's ID" example:"gdpr-33"`
		Tenant   string               `json:"tenant,omitempty" maxLength:"64" doc:"For this tenant, by ID or handle; left out for every one for which it is undecided" example:"northside"`
		Decision cordon.ClockDecision `json:"decision" enum:"applies,does-not-apply" doc:"Whether the regime applies" example:"applies"`
		Because  string               `json:"because" minLength:"1" maxLength:"1000" doc:"Why; whoever reads it in six years was not there" example:"an unlikely risk: no data was shown to anybody else"`
		Met      bool                 `json:"met,omitempty" doc:"What it asks for was done; because says how" example:"false"`
	} `nameHint:"DecideClockRequest"`
}

func (a *API) decideClock(ctx context.Context, x *exchange, in *decideClockRequest) (*answer[noticeDone], error) {
	id, err := a.incidentOf(ctx, x, in.Incident)
	if err != nil {
		return nil, err
	}
	b := in.Body
	tenant, err := a.noticeTenant(ctx, x, b.Tenant)
	if err != nil {
		return nil, err
	}
	n, err := a.Notices.Decide(ctx, x.actor, id, cordon.ClockChoice{Regime: b.Regime, Tenant: tenant, Decision: b.Decision, Because: b.Because, Met: b.Met})
	return answered(noticeDone{n}, err)
}
