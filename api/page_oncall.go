package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

type pageRequest struct {
	Body struct {
		Title    string              `json:"title" minLength:"1" maxLength:"200" doc:"What is wrong, in one line; no personal data" example:"Copies leave that must not"`
		Text     string              `json:"text,omitempty" maxLength:"4000" doc:"A few lines more" example:"Seen in the queue of northside."`
		Severity cordon.Severity     `json:"severity,omitempty" doc:"SEV-1 is the worst; left out: SEV-1" example:"SEV-2"`
		Role     cordon.IncidentRole `json:"role,omitempty" enum:"commander,deputy,scribe,customer-liaison,internal-liaison" doc:"Whom it is for; left out: whoever is on call" example:"commander"`
		Incident cordon.IncidentID   `json:"incident,omitempty" maxLength:"64" doc:"Incident it belongs to" example:"inc_0123456789abcdefghjkmnpqrs"`
		Key      string              `json:"key,omitempty" maxLength:"200" doc:"Of two pages with one key the second is the first" example:"disk-full/node-1"`
	} `nameHint:"PageRequest"`
}

func (a *API) triggerPage(ctx context.Context, x *exchange, in *pageRequest) (*created[cordon.OnCallPage], error) {
	b := in.Body
	key := b.Key
	if key != "" {
		key = "rest/" + key // apart from the house's own
	}
	p, err := a.OnCall.Trigger(ctx, x.actor, cordon.NewPage{Key: key, Incident: b.Incident, Severity: b.Severity, Role: b.Role, Title: b.Title, Text: b.Text})
	if err != nil {
		return nil, err
	}
	return &created[cordon.OnCallPage]{Location: "/v1/pages/" + string(p.ID), Body: p}, nil
}

type pagesQuery struct {
	PageQuery
	State    cordon.PageState  `query:"state" enum:"triggered,acknowledged,resolved" doc:"Only in this state" example:"triggered"`
	Open     bool              `query:"open" doc:"Only those that are not over" example:"true"`
	Incident cordon.IncidentID `query:"incident" maxLength:"64" doc:"Only of this incident" example:"inc_0123456789abcdefghjkmnpqrs"`
}

func (a *API) listPages(ctx context.Context, x *exchange, in *pagesQuery) (*answer[list[cordon.OnCallPage]], error) {
	return listed(a.OnCall.Pages(ctx, x.actor, cordon.PageFilter{State: in.State, Open: in.Open, Incident: in.Incident}, in.page()))
}

// PagePath names a page.
type PagePath struct {
	Page cordon.PageID `path:"page" maxLength:"64" doc:"Page's ID" example:"pag_0123456789abcdefghjkmnpqrs"`
}

// pageAnswer is a page with its life.
type pageAnswer struct {
	Page   cordon.OnCallPage  `json:"page" doc:"The page"`
	Events []cordon.PageEvent `json:"events" nullable:"false" doc:"What happened to it, in order"`
}

func (a *API) getPage(ctx context.Context, x *exchange, in *PagePath) (*answer[pageAnswer], error) {
	p, events, err := a.OnCall.Page(ctx, x.actor, in.Page)
	return answered(pageAnswer{p, events}, err)
}

type ackRequest struct {
	PagePath
	Body struct {
		Minutes int `json:"minutes,omitempty" minimum:"0" maximum:"1440" doc:"For how long; left out: as long as an acknowledgement lasts" example:"60"`
	} `nameHint:"AckRequest"`
}

func (a *API) ackPage(ctx context.Context, x *exchange, in *ackRequest) (*answer[cordon.OnCallPage], error) {
	return answered(a.OnCall.Acknowledge(ctx, x.actor, in.Page, time.Duration(in.Body.Minutes)*time.Minute))
}

func (a *API) escalatePage(ctx context.Context, x *exchange, in *PagePath) (*answer[cordon.OnCallPage], error) {
	return answered(a.OnCall.Escalate(ctx, x.actor, in.Page))
}

func (a *API) resolvePage(ctx context.Context, x *exchange, in *PagePath) (*answer[cordon.OnCallPage], error) {
	return answered(a.OnCall.Resolve(ctx, x.actor, in.Page))
}

// onCallRoutes are the rows of the table about on call.
func (a *API) onCallRoutes() []route {
	const o = "/v1/oncall"
	see, manage, act := need{cordon.ReadIncidents}, need{cordon.ManageOnCall}, need{cordon.ManageIncidents}
	return []route{
		{get, o, see, "onCallNow", tagOnCall, "Who is on call now, and what would keep a page from reaching somebody", 0, nil, false, on(a.onCallNow)},
		{get, o + "/contacts", see, "listOnCallContacts", tagOnCall, "List the people who can be woken", 0, nil, false, on(a.listOnCallContacts)},
		{post, o + "/contacts", manage, "addOnCallContact", tagOnCall, "Add somebody who can be woken", 201, nil, false, on(a.addOnCallContact)},
		{get, o + "/contacts/{contact}", see, "getOnCallContact", tagOnCall, "Show a contact and which of his methods are verified", 0, nil, false, on(a.getOnCallContact)},
		{put, o + "/contacts/{contact}", manage, "changeOnCallContact", tagOnCall, "Replace a contact's name, account and rules", 0, nil, false, on(a.changeOnCallContact)},
		{del, o + "/contacts/{contact}", manage, "deleteOnCallContact", tagOnCall, "Remove a contact that nothing names any more", 204, nil, false, on(a.deleteOnCallContact)},
		{post, o + "/contacts/{contact}/methods", manage, "addContactMethod", tagOnCall, "Add a way to reach a contact; a code is sent there, and it is used once that comes back", 201, nil, false, on(a.addContactMethod)},
		{post, o + "/contacts/{contact}/test", manage, "testOnCallContact", tagOnCall, "Send a test to every verified method of a contact", 0, nil, false, on(a.testOnCallContact)},
		{del, o + "/methods/{method}", manage, "deleteContactMethod", tagOnCall, "Remove a way to reach a contact", 204, nil, false, on(a.deleteContactMethod)},
		{post, o + "/methods/{method}/code", manage, "sendContactCode", tagOnCall, "Send a new code; the one before is void", 204, nil, false, on(a.sendContactCode)},
		{post, o + "/methods/{method}/verify", manage, "verifyContactMethod", tagOnCall, "Give back the code that was sent: the method is used from then on", 204, nil, false, on(a.verifyContactMethod)},

		{get, o + "/schedules", see, "listSchedules", tagOnCall, "List schedules", 0, nil, false, on(a.listSchedules)},
		{post, o + "/schedules", manage, "addSchedule", tagOnCall, "Add a schedule: layers of people who take turns", 201, nil, false, on(a.addSchedule)},
		{get, o + "/schedules/{schedule}", see, "getSchedule", tagOnCall, "Show a schedule, and who is on call for the next weeks", 0, nil, false, on(a.getSchedule)},
		{put, o + "/schedules/{schedule}", manage, "changeSchedule", tagOnCall, "Replace a schedule", 0, nil, false, on(a.changeSchedule)},
		{del, o + "/schedules/{schedule}", manage, "deleteSchedule", tagOnCall, "Remove a schedule that no policy names", 204, nil, false, on(a.deleteSchedule)},
		{post, o + "/schedules/{schedule}/overrides", need{cordon.ManageOnCall, cordon.ManageIncidents}, "addOverride", tagOnCall, "Put somebody on call for a while, whoever's turn it is; oneself needs incidents.manage", 201, nil, false, on(a.addOverride)},
		{del, o + "/overrides/{override}", need{cordon.ManageOnCall, cordon.ManageIncidents}, "deleteOverride", tagOnCall, "Take an override back", 204, nil, false, on(a.deleteOverride)},

		{get, o + "/policies", see, "listPolicies", tagOnCall, "List escalation policies", 0, nil, false, on(a.listPolicies)},
		{post, o + "/policies", manage, "addPolicy", tagOnCall, "Add an escalation policy; the first takes every page", 201, nil, false, on(a.addPolicy)},
		{put, o + "/policies/{policy}", manage, "changePolicy", tagOnCall, "Replace an escalation policy", 0, nil, false, on(a.changePolicy)},
		{del, o + "/policies/{policy}", manage, "deletePolicy", tagOnCall, "Remove a policy that takes no page", 204, nil, false, on(a.deletePolicy)},
		{get, o + "/routes", see, "listPageRoutes", tagOnCall, "Which policy takes which pages", 0, nil, false, on(a.listPageRoutes)},
		{put, o + "/routes", manage, "setPageRoute", tagOnCall, "Say which policy takes the pages of a role or from a severity on", 204, nil, false, on(a.setPageRoute)},
		{get, o + "/settings", see, "getOnCallSettings", tagOnCall, "The fallback, and the durations of paging", 0, nil, false, on(a.getOnCallSettings)},
		{put, o + "/settings", manage, "setOnCallSettings", tagOnCall, "Replace the fallback and the durations; a ledger entry says who did", 0, nil, false, on(a.setOnCallSettings)},
		{get, o + "/webhook-secret", manage, "webhookSecret", tagOnCall, "The secret that Standard Webhooks are signed with", 0, nil, false, on(a.webhookSecret)},
		{get, o + "/heartbeats", see, "listMonitors", tagOnCall, "List the heartbeats that are expected", 0, nil, false, on(a.listMonitors)},
		{put, o + "/heartbeats/{name}", manage, "saveMonitor", tagOnCall, "Expect a heartbeat: one that is missing pages", 0, nil, false, on(a.saveMonitor)},
		{del, o + "/heartbeats/{name}", manage, "deleteMonitor", tagOnCall, "Expect a heartbeat no more", 204, nil, false, on(a.deleteMonitor)},
		{post, "/v1/heartbeats/{name}", need{cordon.ReportInbound, cordon.ManageIncidents, cordon.ManageOnCall}, "heartbeat", tagOnCall, "Give a heartbeat: what it stands for is alive", 204, nil, false, on(a.heartbeat)},

		{post, "/v1/pages", act, "triggerPage", tagOnCall, "Wake whoever is on call", 201, nil, false, on(a.triggerPage)},
		{get, "/v1/pages", see, "listPages", tagOnCall, "List pages, newest first", 0, nil, false, on(a.listPages)},
		{get, "/v1/pages/{page}", see, "getPage", tagOnCall, "Show a page and what happened to it", 0, nil, false, on(a.getPage)},
		{post, "/v1/pages/{page}/ack", act, "ackPage", tagOnCall, "Say that you have it, or still have it", 0, nil, false, on(a.ackPage)},
		{post, "/v1/pages/{page}/escalate", act, "escalatePage", tagOnCall, "Wake the next step now", 0, nil, false, on(a.escalatePage)},
		{post, "/v1/pages/{page}/resolve", act, "resolvePage", tagOnCall, "End a page; those paged are told", 0, nil, false, on(a.resolvePage)},
	}
}
