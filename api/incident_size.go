package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/incident"
)

func (a *API) incidentLinks(ctx context.Context, x *exchange, in *IncidentPath) (*answer[list[cordon.IncidentLink]], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	links, err := a.Incidents.Links(ctx, x.actor, i.ID)
	return listed(links, "", err)
}

type linkIncidentRequest struct {
	IncidentPath
	Body struct {
		Noun    string `json:"noun" enum:"signal,stop,dispatch,template,account,key,complaint,problem,announcement,incident" doc:"What it is; a key or account linked by a person was in foreign hands, and is owed back" example:"key"`
		Subject string `json:"subject" minLength:"1" maxLength:"100" doc:"Its ID" example:"key_0123456789abcdefghjkmnpqrs"`
		Tenant  string `json:"tenant,omitempty" maxLength:"64" doc:"Whose it is, by ID or handle" example:"northside"`
	} `nameHint:"LinkIncidentRequest"`
}

func (a *API) linkIncident(ctx context.Context, x *exchange, in *linkIncidentRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	l := cordon.IncidentLink{Noun: in.Body.Noun, Subject: in.Body.Subject}
	if in.Body.Tenant != "" {
		if l.Tenant, err = a.tenantOf(ctx, x.actor, in.Body.Tenant); err != nil {
			return nil, err
		}
	}
	return done(a.Incidents.Link(ctx, x.actor, i.ID, l))
}

type recoveredRequest struct {
	IncidentPath
	Body struct {
		Noun    string `json:"noun" enum:"key,account" doc:"What was in foreign hands" example:"account"`
		Subject string `json:"subject" minLength:"1" maxLength:"100" doc:"Its ID" example:"acc_0123456789abcdefghjkmnpqrs"`
		Reason  string `json:"reason" minLength:"1" maxLength:"4000" doc:"Why it is in the right hands again" example:"second factor enrolled, owner confirmed by telephone"`
	} `nameHint:"RecoveredRequest"`
}

func (a *API) recoverIncident(ctx context.Context, x *exchange, in *recoveredRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return done(a.Incidents.Recovered(ctx, x.actor, i.ID, in.Body.Noun, in.Body.Subject, in.Body.Reason))
}

func (a *API) incidentScope(ctx context.Context, x *exchange, in *IncidentPath) (*answer[list[incident.ScopeRow]], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	rows, err := a.Incidents.Scope(ctx, x.actor, i.ID)
	return listed(rows, "", err)
}

type addScopeRequest struct {
	IncidentPath
	Body scopeQuestion `nameHint:"IncidentScopeRequest"`
}

func (a *API) addIncidentScope(ctx context.Context, x *exchange, in *addScopeRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	q, err := a.scopeQuestion(ctx, x, in.Body)
	if err != nil {
		return nil, err
	}
	return done(a.Incidents.AddScope(ctx, x.actor, i.ID, q))
}

type removeScopeRequest struct {
	IncidentPath
	Row  int64 `path:"row" minimum:"1" doc:"Number of the row" example:"2"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"4000" doc:"Why it was not bad after all" example:"the practice's own evening letters"`
	} `nameHint:"RemoveIncidentScopeRequest"`
}

func (a *API) removeIncidentScope(ctx context.Context, x *exchange, in *removeScopeRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return done(a.Incidents.RemoveScope(ctx, x.actor, i.ID, in.Row, in.Body.Reason))
}

func (a *API) incidentOwed(ctx context.Context, x *exchange, in *IncidentPath) (*answer[list[cordon.Debt]], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	debts, err := a.Incidents.Owed(ctx, x.actor, i.ID)
	return listed(debts, "", err)
}

func (a *API) incidentDamage(ctx context.Context, x *exchange, in *IncidentPath) (*answer[damage], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	v, err := a.Incidents.Damage(ctx, x.actor, i.ID)
	return answered(damageOf(v), err)
}

// figureView is a figure with the words that a text has for it.
type figureView struct {
	cordon.Figure
	Text string `json:"text" doc:"As prose has it" example:"1,005"`
}

func (a *API) incidentFigures(ctx context.Context, x *exchange, in *IncidentPath) (*answer[list[figureView]], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	figures, err := a.Incidents.Figures(ctx, x.actor, i.ID)
	var all []figureView
	for _, name := range cordon.FigureNames() {
		if f, ok := figures[name]; ok {
			all = append(all, figureView{f, f.Text()})
		}
	}
	return listed(all, "", err)
}

func (a *API) incidentContainment(ctx context.Context, x *exchange, in *IncidentPath) (*answer[cordon.IncidentContainment], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.Containment(ctx, x.actor, i.ID))
}

type incidentAffectedQuery struct {
	IncidentPath
	PageQuery
	Tenant string `query:"tenant" maxLength:"64" doc:"Only this tenant's people, by ID or handle" example:"northside"`
}

func (a *API) affectedTenant(ctx context.Context, x *exchange, ref string) (cordon.TenantID, error) {
	if ref == "" {
		return "", nil
	}
	return a.tenantOf(ctx, x.actor, ref)
}

func (a *API) incidentAffected(ctx context.Context, x *exchange, in *incidentAffectedQuery) (*answer[list[cordon.Affected]], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	tenant, err := a.affectedTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	all, next, err := a.Incidents.Affected(ctx, x.actor, i.ID, tenant, in.page())
	return listed(all, next, err)
}

type incidentCSVQuery struct {
	IncidentPath
	Tenant string `query:"tenant" maxLength:"64" doc:"Only this tenant's people, by ID or handle" example:"northside"`
}

// incidentAffectedCSV streams one row a person.
func (a *API) incidentAffectedCSV(ctx context.Context, x *exchange, in *incidentCSVQuery) error {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return err
	}
	tenant, err := a.affectedTenant(ctx, x, in.Tenant)
	if err != nil {
		return err
	}
	file := a.csvFile(x, i.Name()+"-affected.csv", "tenant", "recipient", "external_ref", "state", "first_dispatch", "at")
	return file.end(a.Incidents.EachAffected(ctx, x.actor, i.ID, tenant, func(f cordon.Affected) error {
		return file.row([]string{string(f.Tenant), string(f.Recipient), cell(f.ExternalRef), string(f.State), string(f.Dispatch), f.At.Format(time.RFC3339)})
	}))
}

func (a *API) incidentMeasures(ctx context.Context, x *exchange, in *IncidentPath) (*answer[cordon.IncidentMeasures], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.Measures(ctx, x.actor, i.ID))
}

type measuresQuery struct {
	Exercises bool `query:"exercises" doc:"Of exercises instead of real incidents: they are never mixed" example:"false"`
}

func (a *API) measureReport(ctx context.Context, x *exchange, in *measuresQuery) (*answer[cordon.MeasureReport], error) {
	return answered(a.Incidents.Report(ctx, x.actor, in.Exercises))
}
