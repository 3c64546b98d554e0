package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

func (a *API) onCallNow(ctx context.Context, x *exchange, _ *struct{}) (*answer[oncall.Now], error) {
	return answered(a.OnCall.Now(ctx, x.actor))
}

func (a *API) listOnCallContacts(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.OnCallContact]], error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	return listed(b.Contacts, "", err)
}

type onCallContactBody struct {
	Name    string              `json:"name" minLength:"1" maxLength:"100" doc:"The person's name; it is sealed where it is kept" example:"Duty engineer"`
	Account cordon.AccountID    `json:"account,omitempty" maxLength:"64" doc:"The person's account, when there is one" example:"acc_0123456789abcdefghjkmnpqrs"`
	Rules   []cordon.NotifyRule `json:"rules,omitempty" maxItems:"20" nullable:"false" doc:"How the person is woken, in order; left out: every verified method at once"`
}

type onCallContactRequest struct{ Body onCallContactBody }

// OnCallContactPath names a contact.
type OnCallContactPath struct {
	Contact cordon.OnCallContactID `path:"contact" maxLength:"64" doc:"Contact's ID" example:"con_0123456789abcdefghjkmnpqrs"`
}

func (a *API) addOnCallContact(ctx context.Context, x *exchange, in *onCallContactRequest) (*created[cordon.OnCallContact], error) {
	c, err := a.OnCall.SaveContact(ctx, x.actor, cordon.OnCallContact{Name: in.Body.Name, Account: in.Body.Account, Rules: in.Body.Rules})
	if err != nil {
		return nil, err
	}
	return &created[cordon.OnCallContact]{Location: "/v1/oncall/contacts/" + string(c.ID), Body: c}, nil
}

type onCallContactChange struct {
	OnCallContactPath
	Body onCallContactBody
}

func (a *API) changeOnCallContact(ctx context.Context, x *exchange, in *onCallContactChange) (*answer[cordon.OnCallContact], error) {
	if _, err := a.onCallContactOf(ctx, x, in.Contact); err != nil {
		return nil, err
	}
	return answered(a.OnCall.SaveContact(ctx, x.actor, cordon.OnCallContact{ID: in.Contact, Name: in.Body.Name, Account: in.Body.Account, Rules: in.Body.Rules}))
}

func (a *API) onCallContactOf(ctx context.Context, x *exchange, id cordon.OnCallContactID) (cordon.OnCallContact, error) {
	b, err := a.OnCall.Book(ctx, x.actor)
	if err != nil {
		return cordon.OnCallContact{}, err
	}
	c, ok := b.Contact(id)
	if !ok {
		return c, noSuchOnCall("contact", "cordon oncall contact list shows them")
	}
	return c, nil
}

func noSuchOnCall(what, remedy string) error {
	return &cordon.Error{Code: cordon.Missing, Field: what, Message: "there is no such " + what, Remedy: remedy}
}

func (a *API) getOnCallContact(ctx context.Context, x *exchange, in *OnCallContactPath) (*answer[cordon.OnCallContact], error) {
	return answered(a.onCallContactOf(ctx, x, in.Contact))
}

func (a *API) deleteOnCallContact(ctx context.Context, x *exchange, in *OnCallContactPath) (*nothing, error) {
	return done(a.OnCall.DeleteContact(ctx, x.actor, in.Contact))
}

type onCallMethodRequest struct {
	OnCallContactPath
	Body struct {
		Channel cordon.Channel `json:"channel" enum:"mail,sms,webhook,pagerduty,alertmanager,slack" doc:"By which way" example:"mail"`
		Target  string         `json:"target" minLength:"1" maxLength:"2000" doc:"Address, telephone number, URL or integration key; no answer ever holds it again" example:"duty@house.example"`
	} `nameHint:"ContactMethodRequest"`
}

func (a *API) addContactMethod(ctx context.Context, x *exchange, in *onCallMethodRequest) (*created[cordon.ContactMethod], error) {
	m, err := a.OnCall.AddMethod(ctx, x.actor, in.Contact, in.Body.Channel, in.Body.Target)
	if err != nil {
		return nil, err
	}
	return &created[cordon.ContactMethod]{Location: "/v1/oncall/contacts/" + string(in.Contact), Body: m}, nil
}

// MethodPath names a contact's method.
type MethodPath struct {
	Method cordon.MethodID `path:"method" maxLength:"64" doc:"Method's ID" example:"met_0123456789abcdefghjkmnpqrs"`
}

func (a *API) deleteContactMethod(ctx context.Context, x *exchange, in *MethodPath) (*nothing, error) {
	return done(a.OnCall.DeleteMethod(ctx, x.actor, in.Method))
}

func (a *API) sendContactCode(ctx context.Context, x *exchange, in *MethodPath) (*nothing, error) {
	return done(a.OnCall.SendCode(ctx, x.actor, in.Method))
}

type contactVerifyRequest struct {
	MethodPath
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"20" doc:"The code that was sent there" example:"123456"`
	} `nameHint:"VerifyRequest"`
}

func (a *API) verifyContactMethod(ctx context.Context, x *exchange, in *contactVerifyRequest) (*nothing, error) {
	return done(a.OnCall.Verify(ctx, x.actor, in.Method, in.Body.Code))
}

type onCallTested struct {
	Sent int `json:"sent" doc:"How many messages were queued" example:"2"`
}

func (a *API) testOnCallContact(ctx context.Context, x *exchange, in *OnCallContactPath) (*answer[onCallTested], error) {
	n, err := a.OnCall.Test(ctx, x.actor, in.Contact)
	return answered(onCallTested{n}, err)
}

func (a *API) listMonitors(ctx context.Context, x *exchange, _ *struct{}) (*answer[list[cordon.Monitor]], error) {
	m, err := a.OnCall.Monitors(ctx, x.actor)
	return listed(m, "", err)
}

// HeartbeatPath names a heartbeat.
type HeartbeatPath struct {
	Name string `path:"name" maxLength:"40" doc:"The heartbeat's name" example:"nightly-backup"`
}

type monitorRequest struct {
	HeartbeatPath
	Body struct {
		Every    int                 `json:"every_seconds" minimum:"10" maximum:"2678400" doc:"It is expected so often, in seconds" example:"3600"`
		Severity cordon.Severity     `json:"severity,omitempty" doc:"Of the page when it is missing; left out: SEV-1" example:"SEV-3"`
		Role     cordon.IncidentRole `json:"role,omitempty" enum:"commander,deputy,scribe,customer-liaison,internal-liaison" doc:"Whom it is for; left out: whoever is on call" example:"deputy"`
	} `nameHint:"MonitorRequest"`
}

func (a *API) saveMonitor(ctx context.Context, x *exchange, in *monitorRequest) (*answer[cordon.Monitor], error) {
	return answered(a.OnCall.SaveMonitor(ctx, x.actor, cordon.Monitor{Name: in.Name, Every: in.Body.Every, Severity: in.Body.Severity, Role: in.Body.Role}))
}

func (a *API) deleteMonitor(ctx context.Context, x *exchange, in *HeartbeatPath) (*nothing, error) {
	return done(a.OnCall.DeleteMonitor(ctx, x.actor, in.Name))
}

func (a *API) heartbeat(ctx context.Context, x *exchange, in *HeartbeatPath) (*nothing, error) {
	return done(a.OnCall.Heartbeat(ctx, x.actor, in.Name))
}

type webhookSecret struct {
	Secret string `json:"secret" doc:"What receivers check the signatures of Standard Webhooks with" example:"whsec_…"`
}

func (a *API) webhookSecret(_ context.Context, x *exchange, _ *struct{}) (*answer[webhookSecret], error) {
	s, err := a.OnCall.WebhookSecret(x.actor)
	return answered(webhookSecret{s.Reveal()}, err)
}

// shiftRow is a stretch of a schedule in which the same person is on call.
type shiftRow struct {
	From     time.Time              `json:"from" doc:"Its beginning" example:"2026-11-23T08:00:00Z"`
	Until    time.Time              `json:"until" doc:"Its end" example:"2026-11-30T08:00:00Z"`
	Contact  cordon.OnCallContactID `json:"contact,omitempty" doc:"Who; left out: nobody" example:"con_0123456789abcdefghjkmnpqrs"`
	Name     string                 `json:"name,omitempty" doc:"The person's name" example:"Duty engineer"`
	Layer    int                    `json:"layer,omitempty" doc:"From which layer, counted from 1; left out: an override, or nobody" example:"1"`
	Override cordon.OverrideID      `json:"override,omitempty" doc:"From which override" example:"ovr_0123456789abcdefghjkmnpqrs"`
}
