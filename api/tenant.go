package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

type tenantRequest struct {
	Body struct {
		Handle string `json:"handle" minLength:"1" maxLength:"40" doc:"Short name: a-z, 0-9 and - inside" example:"northside"`
		Name   string `json:"name" minLength:"1" maxLength:"200" doc:"Name as people know it" example:"Northside Physiotherapy"`
		// Exercise tenants are the only ones an exercise may send to.
		Exercise bool `json:"exercise,omitempty" doc:"For exercises: its mail goes to a receiving server inside the house and never to the relay; for good" example:"false"`
	} `nameHint:"TenantRequest"`
}

func (a *API) createTenant(ctx context.Context, x *exchange, in *tenantRequest) (*created[cordon.Tenant], error) {
	create := a.Catalog.CreateTenant
	if in.Body.Exercise {
		create = a.Catalog.CreateExerciseTenant
	}
	t, err := create(ctx, x.actor, in.Body.Handle, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &created[cordon.Tenant]{Location: tenantURL(t.ID, ""), Body: t}, nil
}

func (a *API) listTenants(ctx context.Context, x *exchange, in *PageQuery) (*answer[list[cordon.Tenant]], error) {
	return listed(a.Catalog.Tenants(ctx, x.actor, in.page()))
}

func (a *API) getTenant(ctx context.Context, x *exchange, _ *TenantPath) (*answer[cordon.Tenant], error) {
	return answered(a.Catalog.Tenant(ctx, x.actor, string(x.tenant)))
}

type eraseTenantRequest struct {
	TenantPath
	Body struct {
		Confirm string `json:"confirm" maxLength:"40" doc:"The tenant's handle once more: this cannot be undone" example:"northside"`
	} `nameHint:"EraseTenantRequest"`
}

func (a *API) eraseTenant(ctx context.Context, x *exchange, in *eraseTenantRequest) (*nothing, error) {
	t, err := a.Catalog.Tenant(ctx, a.Registry.Operator(), string(x.tenant))
	if err != nil {
		return nil, err
	}
	if in.Body.Confirm != t.Handle {
		return nil, cordon.InvalidField("confirm", "is not the tenant's handle", "repeat the handle to erase the tenant for good")
	}
	return done(a.Catalog.EraseTenant(ctx, x.actor, x.tenant))
}

// limits are cordon.Limits with times as people write them.
type limits struct {
	BadIDs           int      `json:"bad_ids" minimum:"1" maximum:"1000000" doc:"Unknown or foreign IDs within bad_id_window that suspend the key" example:"5"`
	BadIDWindow      duration `json:"bad_id_window" doc:"How long bad IDs are counted together" example:"1m0s"`
	BadIDShare       float64  `json:"bad_id_share" minimum:"0" maximum:"1" doc:"Share of bad IDs in one call that suspends the key, from bad_id_share_from IDs on" example:"0.01"`
	BadIDShareFrom   int      `json:"bad_id_share_from" minimum:"1" doc:"IDs in a call from which bad_id_share counts" example:"100"`
	KeySinglePerHour int      `json:"key_single_floor" minimum:"0" doc:"Single sends an hour a key may always make" example:"60"`
	KeyBusiestFactor float64  `json:"key_busiest_factor" minimum:"0" doc:"A key's single sends an hour may be so many times its busiest hour of the history" example:"5"`
	BurstShare       float64  `json:"burst_share" minimum:"0" maximum:"1" doc:"Share of the key's hourly ceiling which, sent within burst_window, is a burst: the key is stopped; 0 for never" example:"0.5"`
	BurstWindow      duration `json:"burst_window" doc:"See burst_share" example:"1m0s"`
	NewTenantPerDay  int      `json:"new_tenant_per_day" minimum:"0" doc:"Copies a day while the tenant is new" example:"200"`
	NewTenantFor     duration `json:"new_tenant_for" doc:"How long a tenant is new, unless a bulk send was approved before" example:"336h0m0s"`
	ReachFactor      float64  `json:"reach_factor" minimum:"0" doc:"Bulk copies of a template a day may be so many times the active recipients" example:"1.1"`
	BusiestDayFactor float64  `json:"busiest_day_factor" minimum:"0" doc:"Copies a day may be so many times the busiest day of the history" example:"3"`
	HistoryDays      int      `json:"history_days" minimum:"0" doc:"Days with sends before busiest_day_factor applies" example:"7"`
	History          duration `json:"history" doc:"How far back history is read" example:"672h0m0s"`
	UndoSingle       duration `json:"undo_single" doc:"Wait before the first copy of a single send" example:"10s"`
	KeyPromptPerHour int      `json:"key_prompt_floor" minimum:"0" doc:"Single sends of a key in an hour that wait no longer than undo_single, or its busiest hour of the history when that is more" example:"10"`
	UnusualWait      duration `json:"unusual_wait" doc:"Wait before the first copy of a single send beyond key_prompt_floor" example:"2m0s"`
	DecoysPerTenant  int      `json:"decoys_per_tenant" minimum:"0" doc:"Decoys a tenant has at least" example:"3"`
	RecipientsADecoy int      `json:"recipients_a_decoy" minimum:"0" doc:"One more decoy for each so many recipients; 0 for none more" example:"200"`
	DecoyRotation    duration `json:"decoy_rotation" doc:"How often the oldest quarter of the decoys is replaced; 0s for never" example:"2160h0m0s"`
	CheckTimeout     duration `json:"check_timeout" doc:"A check slower than this holds" example:"2s"`
	StageLimits
	WatchLimits
	BehaviourLimits
	SecondPersonOver int `json:"second_person_above" minimum:"0" doc:"Releasing or discarding more held copies than this in one act takes two people" example:"100"`
}

// duration is written as Go writes it: "1m30s".
type duration string

func durationOf(d time.Duration) duration { return duration(d.String()) }

func limitsOf(l cordon.Limits) limits {
	return limits{
		BadIDs: l.BadIDs, BadIDWindow: durationOf(l.BadIDWindow), BadIDShare: l.BadIDShare, BadIDShareFrom: l.BadIDShareFrom,
		KeySinglePerHour: l.KeySinglePerHour, KeyBusiestFactor: l.KeyBusiestFactor,
		BurstShare: l.BurstShare, BurstWindow: durationOf(l.BurstWindow),
		NewTenantPerDay: l.NewTenantPerDay, NewTenantFor: durationOf(l.NewTenantFor),
		ReachFactor: l.ReachFactor, BusiestDayFactor: l.BusiestDayFactor, HistoryDays: l.HistoryDays, History: durationOf(l.History),
		UndoSingle: durationOf(l.UndoSingle), KeyPromptPerHour: l.KeyPromptPerHour, UnusualWait: durationOf(l.UnusualWait), DecoysPerTenant: l.DecoysPerTenant, RecipientsADecoy: l.RecipientsADecoy,
		DecoyRotation: durationOf(l.DecoyRotation), CheckTimeout: durationOf(l.CheckTimeout), SecondPersonOver: l.SecondPersonOver,
		StageLimits: stageLimitsOf(l), WatchLimits: watchLimitsOf(l.WatchLimits), BehaviourLimits: behaviourLimitsOf(l.BehaviourLimits),
	}
}

func (l limits) words() (cordon.Limits, error) {
	out := cordon.Limits{
		BadIDs: l.BadIDs, BadIDShare: l.BadIDShare, BadIDShareFrom: l.BadIDShareFrom,
		KeySinglePerHour: l.KeySinglePerHour, KeyBusiestFactor: l.KeyBusiestFactor, BurstShare: l.BurstShare, NewTenantPerDay: l.NewTenantPerDay,
		ReachFactor: l.ReachFactor, BusiestDayFactor: l.BusiestDayFactor, HistoryDays: l.HistoryDays,
		KeyPromptPerHour: l.KeyPromptPerHour, DecoysPerTenant: l.DecoysPerTenant, RecipientsADecoy: l.RecipientsADecoy,
		SecondPersonOver: l.SecondPersonOver, WatchLimits: l.WatchLimits.words(),
	}
	var faults []cordon.Fault
	for _, field := range []struct {
		name string
		from duration
		to   *time.Duration
	}{
		{"bad_id_window", l.BadIDWindow, &out.BadIDWindow}, {"burst_window", l.BurstWindow, &out.BurstWindow}, {"new_tenant_for", l.NewTenantFor, &out.NewTenantFor},
		{"history", l.History, &out.History}, {"undo_single", l.UndoSingle, &out.UndoSingle}, {"unusual_wait", l.UnusualWait, &out.UnusualWait}, {"decoy_rotation", l.DecoyRotation, &out.DecoyRotation}, {"check_timeout", l.CheckTimeout, &out.CheckTimeout},
		{"complaint_burst_window", l.ComplaintBurstWindow, &out.ComplaintBurstWindow}, {"evidence_window", l.EvidenceWindow, &out.EvidenceWindow}, {"rule_stop_for", l.RuleStopFor, &out.RuleStopFor},
	} {
		d, err := time.ParseDuration(string(field.from))
		if err != nil || d < 0 {
			faults = append(faults, cordon.Fault{Field: field.name, Message: "is not a length of time", Remedy: "write it like 90s, 10m or 24h"})
		}
		*field.to = d
	}
	faults = append(faults, l.StageLimits.words(&out)...)
	faults = append(faults, l.BehaviourLimits.words(&out)...)
	if len(faults) > 0 {
		return out, &cordon.Error{Code: cordon.Invalid, Field: faults[0].Field, Message: faults[0].Message, Remedy: faults[0].Remedy, Faults: faults}
	}
	return out, nil
}

func (a *API) getLimits(ctx context.Context, x *exchange, _ *TenantPath) (*answer[limits], error) {
	l, err := a.Catalog.Limits(ctx, x.actor, x.tenant)
	return answered(limitsOf(l), err)
}

type limitsRequest struct {
	TenantPath
	Body limits
}

func (a *API) setLimits(ctx context.Context, x *exchange, in *limitsRequest) (*answer[limits], error) {
	l, err := in.Body.words()
	if err != nil {
		return nil, err
	}
	if err := a.Catalog.SetLimits(ctx, x.actor, x.tenant, l); err != nil {
		return nil, err
	}
	return answered(limitsOf(l), nil)
}

type domainRequest struct {
	TenantPath
	Body struct {
		Name string `json:"name" minLength:"3" maxLength:"253" doc:"The sending domain" example:"northside.example"`
	} `nameHint:"DomainRequest"`
}

func (a *API) createDomain(ctx context.Context, x *exchange, in *domainRequest) (*created[cordon.Domain], error) {
	d, err := a.Catalog.CreateDomain(ctx, x.actor, x.tenant, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &created[cordon.Domain]{Location: tenantURL(x.tenant, "/domains"), Body: d}, nil
}

func (a *API) listDomains(ctx context.Context, x *exchange, _ *TenantPath) (*answer[list[cordon.Domain]], error) {
	domains, err := a.Catalog.Domains(ctx, x.actor, x.tenant)
	return listed(domains, "", err)
}
