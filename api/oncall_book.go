package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

// SchedulePath names a schedule.
type SchedulePath struct {
	Schedule string `path:"schedule" maxLength:"64" doc:"Schedule, by ID or handle" example:"primary"`
}

type scheduleBody struct {
	Handle string         `json:"handle" minLength:"1" maxLength:"40" doc:"Short name: a-z, 0-9 and - inside" example:"primary"`
	Name   string         `json:"name,omitempty" maxLength:"100" doc:"Name, for people" example:"Primary"`
	Zone   string         `json:"zone" minLength:"1" maxLength:"64" doc:"Time zone (IANA): handoffs keep to its clock" example:"Europe/Oslo"`
	Layers []cordon.Layer `json:"layers" minItems:"1" maxItems:"10" nullable:"false" doc:"People who take turns; the first layer that has somebody counts"`
}

type scheduleRequest struct{ Body scheduleBody }

type scheduleChange struct {
	SchedulePath
	Body scheduleBody
}

func (a *API) listSchedules(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.Schedule]], error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	return listed(b.Schedules, "", err)
}

func (b scheduleBody) schedule(id cordon.ScheduleID) cordon.Schedule {
	return cordon.Schedule{ID: id, Handle: b.Handle, Name: b.Name, Zone: b.Zone, Layers: b.Layers}
}

func (a *API) addSchedule(ctx context.Context, x *exchange, in *scheduleRequest) (*created[cordon.Schedule], error) {
	s, err := a.OnCall.SaveSchedule(ctx, x.actor, in.Body.schedule(""))
	if err != nil {
		return nil, err
	}
	return &created[cordon.Schedule]{Location: "/v1/oncall/schedules/" + s.Handle, Body: s}, nil
}

func (a *API) changeSchedule(ctx context.Context, x *exchange, in *scheduleChange) (*answer[cordon.Schedule], error) {
	was, _, err := a.scheduleOf(ctx, x, in.Schedule)
	if err != nil {
		return nil, err
	}
	s := in.Body.schedule(was.ID)
	s.CreatedAt = was.CreatedAt
	return answered(a.OnCall.SaveSchedule(ctx, x.actor, s))
}

func (a *API) scheduleOf(ctx context.Context, x *exchange, ref string) (cordon.Schedule, cordon.OnCallBook, error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	if err != nil {
		return cordon.Schedule{}, b, err
	}
	s, ok := b.Schedule(ref)
	if !ok {
		return s, b, noSuchOnCall("schedule", "cordon oncall schedule list shows them")
	}
	return s, b, nil
}

type scheduleQuery struct {
	SchedulePath
	Weeks int `query:"weeks" minimum:"1" maximum:"26" default:"4" doc:"How many weeks of shifts to answer with" example:"4"`
}

// scheduleAnswer is a schedule with who is on call.
type scheduleAnswer struct {
	Schedule  cordon.Schedule   `json:"schedule" doc:"The schedule"`
	Shifts    []shiftRow        `json:"shifts" nullable:"false" doc:"Who is on call from now on"`
	Overrides []cordon.Override `json:"overrides" nullable:"false" doc:"Who stands in for whoever's turn it is, now and later"`
}

func (a *API) getSchedule(ctx context.Context, x *exchange, in *scheduleQuery) (*answer[scheduleAnswer], error) {
	s, b, err := a.scheduleOf(ctx, x, in.Schedule)
	if err != nil {
		return nil, err
	}
	out := scheduleAnswer{Schedule: s, Shifts: []shiftRow{}, Overrides: []cordon.Override{}}
	now := a.Now().UTC()
	for _, shift := range oncall.Shifts(s, b.Overrides, 0, now, now.Add(time.Duration(in.Weeks)*7*24*time.Hour)) {
		c, _ := b.Contact(shift.Contact)
		out.Shifts = append(out.Shifts, shiftRow{shift.From.UTC(), shift.Until.UTC(), shift.Contact, c.Name, shift.Layer, shift.Override})
	}
	for _, o := range b.Overrides {
		if o.Schedule == s.ID {
			out.Overrides = append(out.Overrides, o)
		}
	}
	return answered(out, nil)
}

func (a *API) deleteSchedule(ctx context.Context, x *exchange, in *SchedulePath) (*nothing, error) {
	return done(a.OnCall.DeleteSchedule(ctx, x.actor, in.Schedule))
}

type overrideRequest struct {
	SchedulePath
	Body struct {
		Contact cordon.OnCallContactID `json:"contact" maxLength:"64" doc:"Who stands in" example:"con_0123456789abcdefghjkmnpqrs"`
		From    time.Time              `json:"from" doc:"From then on" example:"2026-11-28T08:00:00Z"`
		Until   time.Time              `json:"until" doc:"Until then" example:"2026-11-29T08:00:00Z"`
	} `nameHint:"OverrideRequest"`
}

func (a *API) addOverride(ctx context.Context, x *exchange, in *overrideRequest) (*created[cordon.Override], error) {
	o, err := a.OnCall.Override(ctx, x.actor, in.Schedule, cordon.Override{Contact: in.Body.Contact, From: in.Body.From, Until: in.Body.Until})
	if err != nil {
		return nil, err
	}
	return &created[cordon.Override]{Location: "/v1/oncall/schedules/" + in.Schedule, Body: o}, nil
}

type overridePath struct {
	Override cordon.OverrideID `path:"override" maxLength:"64" doc:"Override's ID" example:"ovr_0123456789abcdefghjkmnpqrs"`
}

func (a *API) deleteOverride(ctx context.Context, x *exchange, in *overridePath) (*nothing, error) {
	return done(a.OnCall.DeleteOverride(ctx, x.actor, in.Override))
}

type policyBody struct {
	Handle  string                  `json:"handle" minLength:"1" maxLength:"40" doc:"Short name: a-z, 0-9 and - inside" example:"default"`
	Name    string                  `json:"name,omitempty" maxLength:"100" doc:"Name, for people" example:"Default"`
	Steps   []cordon.EscalationStep `json:"steps" minItems:"1" maxItems:"20" nullable:"false" doc:"Whom to wake, one step after the other"`
	Repeats int                     `json:"repeats,omitempty" minimum:"0" maximum:"5" doc:"How often the steps are gone through again" example:"2"`
}

func (b policyBody) policy(id cordon.PolicyID) cordon.Policy {
	return cordon.Policy{ID: id, Handle: b.Handle, Name: b.Name, Steps: b.Steps, Repeats: b.Repeats}
}

// PolicyPath names an escalation policy.
type PolicyPath struct {
	Policy string `path:"policy" maxLength:"64" doc:"Policy, by ID or handle" example:"default"`
}

type policyRequest struct{ Body policyBody }

type policyChange struct {
	PolicyPath
	Body policyBody
}

func (a *API) listPolicies(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.Policy]], error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	return listed(b.Policies, "", err)
}

func (a *API) addPolicy(ctx context.Context, x *exchange, in *policyRequest) (*created[cordon.Policy], error) {
	p, err := a.OnCall.SavePolicy(ctx, x.actor, in.Body.policy(""))
	if err != nil {
		return nil, err
	}
	return &created[cordon.Policy]{Location: "/v1/oncall/policies/" + p.Handle, Body: p}, nil
}

func (a *API) policyOf(ctx context.Context, x *exchange, ref string) (cordon.Policy, error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	if err != nil {
		return cordon.Policy{}, err
	}
	p, ok := b.Policy(ref)
	if !ok {
		return p, noSuchOnCall("policy", "cordon oncall policy list shows them")
	}
	return p, nil
}

func (a *API) changePolicy(ctx context.Context, x *exchange, in *policyChange) (*answer[cordon.Policy], error) {
	was, err := a.policyOf(ctx, x, in.Policy)
	if err != nil {
		return nil, err
	}
	p := in.Body.policy(was.ID)
	p.CreatedAt = was.CreatedAt
	return answered(a.OnCall.SavePolicy(ctx, x.actor, p))
}

func (a *API) deletePolicy(ctx context.Context, x *exchange, in *PolicyPath) (*nothing, error) {
	return done(a.OnCall.DeletePolicy(ctx, x.actor, in.Policy))
}

func (a *API) listPageRoutes(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.PolicyRoute]], error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	return listed(b.Routes, "", err)
}

type pageRouteRequest struct {
	Body struct {
		Role     cordon.IncidentRole `json:"role,omitempty" enum:"commander,deputy,scribe,customer-liaison,internal-liaison" doc:"Pages for this role; left out: any" example:"customer-liaison"`
		Severity cordon.Severity     `json:"severity,omitempty" doc:"Pages of this severity and worse; left out: any" example:"SEV-2"`
		Policy   string              `json:"policy,omitempty" maxLength:"64" doc:"Policy, by ID or handle; left out: the route is taken away" example:"default"`
	} `nameHint:"PolicyRouteRequest"`
}

func (a *API) setPageRoute(ctx context.Context, x *exchange, in *pageRouteRequest) (*nothing, error) {
	r := cordon.PolicyRoute{Role: in.Body.Role, Severity: in.Body.Severity}
	if in.Body.Policy != "" {
		p, err := a.policyOf(ctx, x, in.Body.Policy)
		if err != nil {
			return nil, err
		}
		r.Policy = p.ID
	}
	return done(a.OnCall.Route(ctx, x.actor, r))
}

func (a *API) getOnCallSettings(ctx context.Context, x *exchange, _ *struct{}) (*answer[cordon.OnCallSettings], error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	return answered(b.Settings, err)
}

type onCallSettingsRequest struct{ Body cordon.OnCallSettings }

func (a *API) setOnCallSettings(ctx context.Context, x *exchange, in *onCallSettingsRequest) (*answer[cordon.OnCallSettings], error) {
	return answered(in.Body, a.OnCall.SetSettings(ctx, x.actor, in.Body))
}
