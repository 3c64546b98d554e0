package api

import (
	"context"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/incident"
)

// IncidentPath is the incident in a path.
type IncidentPath struct {
	Incident string `path:"incident" maxLength:"64" doc:"Incident, by ID or as people call it" example:"INC-12"`
}

// incidentPath is the same, for routes of other rooms.
type incidentPath = IncidentPath

// incidentOf finds the ID of an incident named by ID or number, for whoever asks.
func (a *API) incidentOf(ctx context.Context, x *exchange, ref string) (cordon.IncidentID, error) {
	i, err := a.Incidents.Find(ctx, x.actor, ref)
	return i.ID, err
}

// incidentIn finds the incident of a path for whoever asks.
func (a *API) incidentIn(ctx context.Context, x *exchange, in IncidentPath) (cordon.Incident, error) {
	return a.Incidents.Find(ctx, x.actor, in.Incident)
}

type incidentsQuery struct {
	PageQuery
	Tenant    string                 `query:"tenant" maxLength:"64" doc:"Only those that touch this tenant, by ID or handle" example:"northside"`
	Open      bool                   `query:"open" doc:"Only those in which something is left to contain, mend or tell" example:"true"`
	State     []cordon.IncidentState `query:"state" maxItems:"10" doc:"Only these states" example:"contained"`
	Kind      cordon.IncidentKind    `query:"kind" enum:"template-abuse,account-takeover,list-storm,address-leak,other" doc:"Only this kind" example:"template-abuse"`
	Real      bool                   `query:"real" doc:"Without those of exercises" example:"true"`
	Exercises bool                   `query:"exercises" doc:"Only those of exercises" example:"false"`
}

func (a *API) listIncidents(ctx context.Context, x *exchange, in *incidentsQuery) (*answer[list[cordon.Incident]], error) {
	f := cordon.IncidentFilter{Open: in.Open, States: in.State, Kind: in.Kind, Real: in.Real, Exercises: in.Exercises}
	var err error
	if in.Tenant != "" {
		if f.Tenant, err = a.tenantOf(ctx, x.actor, in.Tenant); err != nil {
			return nil, err
		}
	}
	all, next, err := a.Incidents.List(ctx, x.actor, f, in.page())
	return listed(all, next, err)
}

// scopeQuestion is a row of scope as it is asked for.
type scopeQuestion struct {
	Tenant   string            `json:"tenant,omitempty" maxLength:"64" doc:"Tenant, by ID or handle" example:"northside"`
	Template string            `json:"template,omitempty" maxLength:"64" doc:"Template, by ID, or by handle together with tenant" example:"recall"`
	Account  cordon.AccountID  `json:"account,omitempty" maxLength:"64" doc:"What this account sent" example:"acc_0123456789abcdefghjkmnpqrs"`
	Key      cordon.KeyID      `json:"key,omitempty" maxLength:"64" doc:"What this key sent" example:"key_0123456789abcdefghjkmnpqrs"`
	Dispatch cordon.DispatchID `json:"dispatch,omitempty" maxLength:"64" doc:"One dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
	From     time.Time         `json:"from,omitzero" doc:"Accepted at or after this time" example:"2026-11-22T04:58:00Z"`
	Until    time.Time         `json:"until,omitzero" doc:"Accepted before this time" example:"2026-11-22T05:10:00Z"`
}

func (a *API) scopeQuestion(ctx context.Context, x *exchange, q scopeQuestion) (cordon.Question, error) {
	out := cordon.Question{Account: q.Account, Key: q.Key, Dispatch: q.Dispatch, From: q.From, Until: q.Until}
	var err error
	if q.Tenant != "" {
		if out.Tenant, err = a.tenantOf(ctx, x.actor, q.Tenant); err != nil {
			return out, err
		}
	}
	out.Template, err = a.templateOf(ctx, out.Tenant, q.Template)
	return out, err
}

type openIncidentRequest struct {
	Body struct {
		Title    string              `json:"title" minLength:"1" maxLength:"200" doc:"What went wrong, in a few words, without anybody's name or address" example:"Letters with the wrong date"`
		Kind     cordon.IncidentKind `json:"kind,omitempty" enum:"template-abuse,account-takeover,list-storm,address-leak,other" doc:"Which playbook; left out, other" example:"other"`
		Severity cordon.Severity     `json:"severity,omitempty" doc:"How bad; left out, SEV-1: if unsure, the higher" example:"SEV-3"`
		Tenant   string              `json:"tenant,omitempty" maxLength:"64" doc:"Whose incident it is, by ID or handle; left out for several, or the house" example:"northside"`
		Public   bool                `json:"public,omitempty" doc:"Announcements are owed" example:"false"`
		Text     string              `json:"text,omitempty" maxLength:"4000" doc:"The first line of its timeline" example:"Two practices rang: the recall says 1970."`
		Scope    []scopeQuestion     `json:"scope,omitempty" maxItems:"50" doc:"Which dispatches are the bad ones"`
	} `nameHint:"OpenIncidentRequest"`
}

func (a *API) openIncident(ctx context.Context, x *exchange, in *openIncidentRequest) (*created[cordon.Incident], error) {
	b := in.Body
	tenant, err := a.optionalTenant(ctx, x, b.Tenant)
	if err != nil {
		return nil, err
	}
	n := cordon.NewIncident{Kind: b.Kind, Severity: b.Severity, Title: b.Title, Tenant: tenant, Public: b.Public, Text: b.Text}
	for _, s := range b.Scope {
		q, err := a.scopeQuestion(ctx, x, s)
		if err != nil {
			return nil, err
		}
		n.Scope = append(n.Scope, q)
	}
	i, err := a.Incidents.Open(ctx, x.actor, n)
	if err != nil {
		return nil, err
	}
	return &created[cordon.Incident]{Location: "/v1/incidents/" + url.PathEscape(string(i.ID)), Body: i}, nil
}

func (a *API) getIncident(ctx context.Context, x *exchange, in *IncidentPath) (*answer[cordon.Incident], error) {
	return answered(a.incidentIn(ctx, x, *in))
}

type moveIncidentRequest struct {
	IncidentPath
	Body struct {
		State   cordon.IncidentState `json:"state" enum:"triage,investigating,contained,fixing,monitoring,resolved,review,closed" doc:"Where to; resolved is refused while anything is owed, and the faults list it" example:"fixing"`
		Reason  string               `json:"reason,omitempty" maxLength:"4000" doc:"In a few words, for the timeline" example:"the key is revoked, a new one is in place"`
		Version int64                `json:"version,omitempty" minimum:"0" doc:"Version that was looked at; a newer one is a conflict. Left out: whichever it is" example:"7"`
	} `nameHint:"MoveIncidentRequest"`
}

func (a *API) moveIncident(ctx context.Context, x *exchange, in *moveIncidentRequest) (*answer[cordon.Incident], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.Move(ctx, x.actor, i.ID, in.Body.Version, in.Body.State, in.Body.Reason))
}

type changeIncidentRequest struct {
	IncidentPath
	Body struct {
		Title    *string              `json:"title,omitempty" minLength:"1" maxLength:"200" doc:"What went wrong, in a few words" example:"A stolen key"`
		Severity *cordon.Severity     `json:"severity,omitempty" doc:"How bad; lowering needs a reason" example:"SEV-2"`
		Kind     *cordon.IncidentKind `json:"kind,omitempty" enum:"template-abuse,account-takeover,list-storm,address-leak,other" doc:"What kind it is" example:"template-abuse"`
		Public   *bool                `json:"public,omitempty" doc:"Whether announcements are owed; to say no needs a reason" example:"true"`
		Reason   string               `json:"reason,omitempty" maxLength:"4000" doc:"In a few words, for the timeline" example:"one practice only, no copy left"`
		Version  int64                `json:"version,omitempty" minimum:"0" doc:"Version that was looked at; a newer one is a conflict" example:"7"`
	} `nameHint:"ChangeIncidentRequest"`
}

func (a *API) changeIncident(ctx context.Context, x *exchange, in *changeIncidentRequest) (*answer[cordon.Incident], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return answered(a.Incidents.Change(ctx, x.actor, i.ID, b.Version, cordon.IncidentChange{Title: b.Title, Severity: b.Severity, Kind: b.Kind, Public: b.Public, Reason: b.Reason}))
}

type assignIncidentRequest struct {
	IncidentPath
	Body struct {
		Role    cordon.IncidentRole `json:"role" enum:"commander,deputy,scribe,customer-liaison,internal-liaison" doc:"Which role" example:"commander"`
		Account cordon.AccountID    `json:"account,omitempty" maxLength:"64" doc:"Who has it from now on; left out with take, whoever asks; left out without, nobody" example:"acc_0123456789abcdefghjkmnpqrs"`
		Take    bool                `json:"take,omitempty" doc:"Whoever asks takes it" example:"true"`
		Version int64               `json:"version,omitempty" minimum:"0" doc:"Version that was looked at; a newer one is a conflict" example:"7"`
	} `nameHint:"AssignIncidentRequest"`
}

func (a *API) assignIncident(ctx context.Context, x *exchange, in *assignIncidentRequest) (*answer[cordon.Incident], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	if in.Body.Take {
		return answered(a.Incidents.Take(ctx, x.actor, i.ID, in.Body.Version, in.Body.Role))
	}
	return answered(a.Incidents.Assign(ctx, x.actor, i.ID, in.Body.Version, in.Body.Role, in.Body.Account))
}

type mergeIncidentRequest struct {
	IncidentPath
	Body struct {
		Into    string `json:"into" minLength:"1" maxLength:"64" doc:"The incident it belongs to, by ID or number" example:"INC-11"`
		Reason  string `json:"reason,omitempty" maxLength:"4000" doc:"In a few words, for the timeline" example:"the same intruder"`
		Version int64  `json:"version,omitempty" minimum:"0" doc:"Version that was looked at; a newer one is a conflict" example:"7"`
	} `nameHint:"MergeIncidentRequest"`
}

func (a *API) mergeIncident(ctx context.Context, x *exchange, in *mergeIncidentRequest) (*answer[cordon.Incident], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	into, err := a.Incidents.Find(ctx, x.actor, in.Body.Into)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.Merge(ctx, x.actor, i.ID, in.Body.Version, into.ID, in.Body.Reason))
}

type reasonRequest struct {
	IncidentPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"4000" doc:"In a few words, for the timeline" example:"a test by our own auditor"`
	} `nameHint:"IncidentReasonRequest"`
}

func (a *API) declineIncident(ctx context.Context, x *exchange, in *reasonRequest) (*answer[cordon.Incident], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.Decline(ctx, x.actor, i.ID, 0, in.Body.Reason))
}

func (a *API) endExercise(ctx context.Context, x *exchange, in *reasonRequest) (*answer[cordon.Incident], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.EndExercise(ctx, x.actor, i.ID, in.Body.Reason))
}

type noteIncidentRequest struct {
	IncidentPath
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"4000" doc:"A line of the timeline, without anybody's name or address; it is never changed" example:"Rang the practice: their booking program is down."`
	} `nameHint:"NoteIncidentRequest"`
}

func (a *API) noteIncident(ctx context.Context, x *exchange, in *noteIncidentRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return done(a.Incidents.Note(ctx, x.actor, i.ID, in.Body.Text))
}

type incidentPageQuery struct {
	IncidentPath
	PageQuery
}

func (a *API) incidentTimeline(ctx context.Context, x *exchange, in *incidentPageQuery) (*answer[list[cordon.IncidentLine]], error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	lines, next, err := a.Incidents.Timeline(ctx, x.actor, i.ID, in.page())
	return listed(lines, next, err)
}

func (a *API) incidentTasks(ctx context.Context, x *exchange, in *IncidentPath) (*answer[list[cordon.IncidentTask]], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	tasks, err := a.Incidents.Tasks(ctx, x.actor, i.ID)
	return listed(tasks, "", err)
}

type addTaskRequest struct {
	IncidentPath
	Body struct {
		Title    string              `json:"title" minLength:"1" maxLength:"200" doc:"What is to be done" example:"Ring the relay's operator"`
		Why      string              `json:"why,omitempty" maxLength:"1000" doc:"And why" example:"Their queue may still hold copies."`
		Role     cordon.IncidentRole `json:"role,omitempty" enum:"commander,deputy,scribe,customer-liaison,internal-liaison" doc:"Whose it is" example:"deputy"`
		Required bool                `json:"required,omitempty" doc:"Owed before the incident is resolved" example:"true"`
		Action   bool                `json:"action,omitempty" doc:"An action item of the review: owed before the incident is closed" example:"false"`
		DueAt    time.Time           `json:"due_at,omitzero" doc:"By when" example:"2026-11-22T06:00:00Z"`
	} `nameHint:"AddIncidentTaskRequest"`
}

func (a *API) addIncidentTask(ctx context.Context, x *exchange, in *addTaskRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return done(a.Incidents.AddTask(ctx, x.actor, i.ID, cordon.IncidentTask{Title: b.Title, Why: b.Why, Role: b.Role, Required: b.Required, Action: b.Action, DueAt: b.DueAt}))
}

type settleTaskRequest struct {
	IncidentPath
	Task int64 `path:"task" minimum:"1" doc:"Number of the task in its incident" example:"3"`
	Body struct {
		State  cordon.TaskState `json:"state" enum:"open,done,skipped" doc:"Where it stands; to skip it needs the reason" example:"done"`
		Reason string           `json:"reason,omitempty" maxLength:"4000" doc:"In a few words, for the timeline" example:"no copy left, so nobody is written to"`
	} `nameHint:"SettleIncidentTaskRequest"`
}

func (a *API) settleIncidentTask(ctx context.Context, x *exchange, in *settleTaskRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	return done(a.Incidents.SettleTask(ctx, x.actor, i.ID, in.Task, in.Body.State, in.Body.Reason))
}

func (a *API) incidentReview(ctx context.Context, x *exchange, in *IncidentPath) (*answer[cordon.Postmortem], error) {
	i, err := a.incidentIn(ctx, x, *in)
	if err != nil {
		return nil, err
	}
	return answered(a.Incidents.Postmortem(ctx, x.actor, i.ID))
}

type reviewRequest struct {
	IncidentPath
	Body struct {
		Summary   string `json:"summary,omitempty" maxLength:"20000" doc:"What happened, for who was not there" example:"A key was stolen from a laptop."`
		Cause     string `json:"cause,omitempty" maxLength:"20000" doc:"Why it could happen" example:"The key had no end."`
		WentWell  string `json:"went_well,omitempty" maxLength:"20000" doc:"What went well" example:"Stopped by itself after four guesses."`
		WentBadly string `json:"went_badly,omitempty" maxLength:"20000" doc:"What did not" example:"The first call went to somebody on leave."`
		Lucky     string `json:"lucky,omitempty" maxLength:"20000" doc:"What only luck prevented" example:"It was a Sunday."`
	} `nameHint:"IncidentReviewRequest"`
}

func (a *API) writeIncidentReview(ctx context.Context, x *exchange, in *reviewRequest) (*nothing, error) {
	i, err := a.incidentIn(ctx, x, in.IncidentPath)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return done(a.Incidents.Review(ctx, x.actor, i.ID, cordon.Postmortem{Summary: b.Summary, Cause: b.Cause, WentWell: b.WentWell, WentBadly: b.WentBadly, Lucky: b.Lucky}))
}

// PlaybookPath names a playbook.
type PlaybookPath struct {
	Kind cordon.IncidentKind `path:"kind" enum:"template-abuse,account-takeover,list-storm,address-leak,other" doc:"Kind of incident" example:"template-abuse"`
}

func (a *API) getPlaybook(_ context.Context, x *exchange, in *PlaybookPath) (*answer[incident.Playbook], error) {
	return answered(a.Incidents.Playbook(x.actor, in.Kind))
}
