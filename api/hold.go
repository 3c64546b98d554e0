package api

import (
	"context"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/intake"
)

// HoldsQuery chooses held dispatches.
type HoldsQuery struct {
	PageQuery
	Dispatch cordon.DispatchID `query:"dispatch" maxLength:"64" doc:"Only this dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
	Template string            `query:"template" maxLength:"64" doc:"Only of this template: by ID, or by handle together with a tenant" example:"recall"`
	Key      cordon.KeyID      `query:"key" maxLength:"64" doc:"Only what this key ordered" example:"key_0123456789abcdefghjkmnpqrs"`
	Account  cordon.AccountID  `query:"account" maxLength:"64" doc:"Only what this account or its keys ordered" example:"acc_0123456789abcdefghjkmnpqrs"`
	Check    string            `query:"check" maxLength:"40" doc:"Only what this check held" example:"ceilings"`
	Kind     cordon.Kind       `query:"kind" enum:"bulk,single" doc:"Only bulk, or only single" example:"bulk"`
	From     time.Time         `query:"from" doc:"Accepted then or later" example:"2026-11-22T04:00:00Z"`
	Until    time.Time         `query:"until" doc:"Accepted before" example:"2026-11-22T05:00:00Z"`
	Order    string            `query:"order" enum:"newest,oldest" default:"newest" doc:"What comes first" example:"oldest"`
}

type tenantHolds struct {
	TenantPath
	HoldsQuery
}

type allHolds struct {
	HoldsQuery
	Tenant string `query:"tenant" maxLength:"64" doc:"Only this tenant's, by ID or handle" example:"northside"`
}

// heldDispatch is a held dispatch and who waits for a second person.
type heldDispatch struct {
	cordon.Dispatch
	Asked []cordon.HoldAsk `json:"asked,omitempty" nullable:"false" doc:"Who asked to release or discard it, and waits for a second person"`
}

func (a *API) listHolds(ctx context.Context, x *exchange, in *tenantHolds) (*answer[list[heldDispatch]], error) {
	return a.holds(ctx, x, x.tenant, in.HoldsQuery)
}

func (a *API) listAllHolds(ctx context.Context, x *exchange, in *allHolds) (*answer[list[heldDispatch]], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	return a.holds(ctx, x, tenant, in.HoldsQuery)
}

func (a *API) holds(ctx context.Context, x *exchange, tenant cordon.TenantID, q HoldsQuery) (*answer[list[heldDispatch]], error) {
	f := cordon.HoldFilter{Key: q.Key, Account: q.Account, Check: q.Check, Kind: q.Kind, From: q.From, Until: q.Until}
	if q.Dispatch != "" {
		f.Dispatches = []cordon.DispatchID{q.Dispatch}
	}
	var err error
	if f.Template, err = a.templateOf(ctx, tenant, q.Template); err != nil {
		return nil, err
	}
	rows, next, err := a.Desk.Holds(ctx, x.actor, tenant, f, q.Order == "oldest", q.page())
	all := make([]heldDispatch, len(rows))
	for i, r := range rows {
		all[i] = heldDispatch{r.Dispatch, r.Asked}
	}
	return listed(all, next, err)
}

// checkWords is what one check said.
type checkWords struct {
	Check    string       `json:"check" doc:"The check" example:"ceilings"`
	Decision decisionWord `json:"decision" doc:"What it came to" example:"hold"`
	Messages []string     `json:"messages" nullable:"false" doc:"Why, in words" example:"[\"More than this tenant has mailed in a day.\"]"`
}

func checkWordsOf(all []intake.CheckWords) []checkWords {
	out := make([]checkWords, len(all))
	for i, w := range all {
		out[i] = checkWords{w.Check, decisionWord(w.Decision.String()), w.Messages}
	}
	return out
}

type judgedNow struct {
	At       time.Time    `json:"at" doc:"When it was judged for this answer" example:"2026-11-22T05:00:00Z"`
	Decision decisionWord `json:"decision" doc:"What a release would meet now; undecided: it could not be judged just now" example:"pass"`
	Checks   []checkWords `json:"checks" nullable:"false" doc:"What the checks say now"`
}

// heldLetter is the text of a held dispatch, as an invented person would get it.
type heldLetter struct {
	Version int                 `json:"version" doc:"Version that was ordered" example:"3"`
	State   cordon.VersionState `json:"state" enum:"draft,approved,revoked" doc:"Whether the text is approved" example:"approved"`
	Sample  preview             `json:"sample" doc:"Rendered with invented data"`
	Fault   string              `json:"fault,omitempty" doc:"Why there is no sample" example:"The text cannot be rendered."`
	Newer   int                 `json:"newer,omitempty" doc:"Number of a newer approved version, where there is one" example:"4"`
	Against *against            `json:"against,omitempty" doc:"Compared with the last approved version before it; left out when there was none"`
}

type against struct {
	Version    int                `json:"version" doc:"Version it is compared with" example:"2"`
	ApprovedAt time.Time          `json:"approved_at" doc:"When that one was approved" example:"2026-10-01T09:00:00Z"`
	Approved   bool               `json:"approved" doc:"Whether it still is; false: revoked since" example:"true"`
	Parts      []compose.DiffPart `json:"parts" nullable:"false" doc:"The parts that differ, line by line; empty for the same text"`
}

// hold is one held dispatch with what a person needs to decide on it.
type hold struct {
	Dispatch     cordon.Dispatch      `json:"dispatch" doc:"The dispatch: who ordered it, when, how many copies"`
	Held         []checkWords         `json:"held" nullable:"false" doc:"Why it was held, check by check"`
	Now          judgedNow            `json:"now" doc:"Judged again for this answer, without any consequence"`
	Audience     string               `json:"audience,omitempty" doc:"Handle of its audience; left out for named recipients" example:"recall-2026"`
	Letter       *heldLetter          `json:"letter,omitempty" doc:"The text; left out without the permission catalog.read"`
	History      cordon.SenderHistory `json:"history" doc:"What the key, or the account without one, has sent for this tenant"`
	SecondPerson bool                 `json:"second_person" doc:"Whether it takes two people, neither of whom ordered it" example:"true"`
	Asked        []cordon.HoldAsk     `json:"asked,omitempty" nullable:"false" doc:"Who asked to release or discard it, and waits for a second person"`
	Own          bool                 `json:"own" doc:"Whether you ordered it: then somebody else must settle it" example:"false"`
}

func (a *API) getHold(ctx context.Context, x *exchange, in *dispatchPath) (*answer[hold], error) {
	h, err := a.Desk.Hold(ctx, x.actor, x.tenant, in.Dispatch)
	if err != nil {
		return nil, err
	}
	out := hold{
		Dispatch: h.Dispatch, Held: checkWordsOf(h.Held), Now: judgedNow{h.Now.At, decisionWord(h.Now.Decision.String()), checkWordsOf(h.Now.Checks)},
		Audience: h.Audience, History: h.History, SecondPerson: h.SecondPerson, Asked: h.Asked, Own: h.Own,
	}
	if l := h.Letter; l != nil {
		out.Letter = &heldLetter{
			Version: l.Version.Number, State: l.Version.State, Fault: l.Fault, Newer: l.Newer,
			Sample: preview{Subject: l.Sample.Subject, Text: l.Sample.Text, HTML: l.Sample.HTML},
		}
		if b := l.Against; b != nil {
			out.Letter.Against = &against{b.Version.Number, b.Version.ApprovedAt, b.Approved, orEmpty(b.Parts)}
		}
	}
	return answered(out, nil)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// heldFilter is cordon.HoldFilter as it is sent: template by ID or handle.
type heldFilter struct {
	Dispatches []cordon.DispatchID `json:"dispatches,omitempty" nullable:"false" maxItems:"1000" doc:"Only these dispatches"`
	Tenant     string              `json:"tenant,omitempty" maxLength:"64" doc:"Only this tenant's, by ID or handle" example:"northside"`
	Template   string              `json:"template,omitempty" maxLength:"64" doc:"Only of this template: by ID, or by handle together with a tenant" example:"recall"`
	Key        cordon.KeyID        `json:"key,omitempty" maxLength:"64" doc:"Only what this key ordered" example:"key_0123456789abcdefghjkmnpqrs"`
	Account    cordon.AccountID    `json:"account,omitempty" maxLength:"64" doc:"Only what this account or its keys ordered" example:"acc_0123456789abcdefghjkmnpqrs"`
	Check      string              `json:"check,omitempty" maxLength:"40" doc:"Only what this check held" example:"ceilings"`
	Kind       cordon.Kind         `json:"kind,omitempty" enum:"bulk,single" doc:"Only bulk, or only single" example:"bulk"`
	From       time.Time           `json:"from,omitzero" doc:"Accepted then or later" example:"2026-11-22T04:00:00Z"`
	Until      time.Time           `json:"until,omitzero" doc:"Accepted before" example:"2026-11-22T05:00:00Z"`
}

func (a *API) holdFilterOf(ctx context.Context, x *exchange, f heldFilter) (cordon.TenantID, cordon.HoldFilter, error) {
	out := cordon.HoldFilter{Dispatches: f.Dispatches, Key: f.Key, Account: f.Account, Check: f.Check, Kind: f.Kind, From: f.From, Until: f.Until}
	tenant := x.tenant
	if tenant == "" {
		tenant = x.actor.Tenant
	}
	var err error
	if f.Tenant != "" {
		if out.Tenant, err = a.tenantOf(ctx, x.actor, f.Tenant); err != nil {
			return tenant, out, err
		}
	}
	in := out.Tenant
	if in == "" {
		in = tenant
	}
	out.Template, err = a.templateOf(ctx, in, f.Template)
	return tenant, out, err
}

type holdPreviewRequest struct {
	Filter heldFilter `json:"filter" doc:"What the act would be about; whatever is given must match, nothing given is everything held"`
}

type holdPreviewCall struct{ Body holdPreviewRequest }

type tenantHoldPreviewCall struct {
	TenantPath
	Body holdPreviewRequest
}

// holdPreview says what an act over a filter would be about.
type holdPreview struct {
	Filter       cordon.HoldFilter  `json:"filter" doc:"The filter with IDs for handles and the end of its time set; pass it on unchanged"`
	Dispatches   int                `json:"dispatches" doc:"Held dispatches the act would be about" example:"12"`
	Copies       int64              `json:"copies" doc:"Their copies" example:"340"`
	Beyond       int                `json:"beyond" doc:"More that match: one act takes at most 1,000, the oldest first" example:"0"`
	Own          int                `json:"own" doc:"Of the dispatches, those that you ordered: they stay held" example:"0"`
	SecondPerson bool               `json:"second_person" doc:"Whether it takes two people" example:"true"`
	Token        string             `json:"token" doc:"Stands for exactly this set; give it as expect" example:"5d41402abc4b2a76b9719d911017c592"`
	Asked        []cordon.HoldAsk   `json:"asked,omitempty" nullable:"false" doc:"Who asked for this very set, and waits for a second person"`
	ByTenant     []cordon.HoldGroup `json:"by_tenant" nullable:"false" doc:"Counted by tenant"`
	ByTemplate   []cordon.HoldGroup `json:"by_template" nullable:"false" doc:"Counted by template"`
	ByKey        []cordon.HoldGroup `json:"by_key" nullable:"false" doc:"Counted by key, or by account where no key was used"`
	ByCheck      []cordon.HoldGroup `json:"by_check" nullable:"false" doc:"Counted by the check that held; a dispatch held by two counts twice"`
}

func (a *API) previewAllHolds(ctx context.Context, x *exchange, in *holdPreviewCall) (*answer[holdPreview], error) {
	return a.previewOf(ctx, x, in.Body)
}

func (a *API) previewHolds(ctx context.Context, x *exchange, in *tenantHoldPreviewCall) (*answer[holdPreview], error) {
	return a.previewOf(ctx, x, in.Body)
}

func (a *API) previewOf(ctx context.Context, x *exchange, r holdPreviewRequest) (*answer[holdPreview], error) {
	tenant, f, err := a.holdFilterOf(ctx, x, r.Filter)
	if err != nil {
		return nil, err
	}
	p, err := a.Desk.PreviewHolds(ctx, x.actor, tenant, f)
	return answered(holdPreview{
		Filter: p.Filter, Dispatches: p.Dispatches, Copies: p.Copies, Beyond: p.Beyond, Own: p.Own, SecondPerson: p.SecondPerson, Token: p.Token, Asked: p.Asked,
		ByTenant: orEmpty(p.Tenants), ByTemplate: orEmpty(p.Templates), ByKey: orEmpty(p.Senders), ByCheck: orEmpty(p.Checks),
	}, err)
}

type holdActRequest struct {
	Filter heldFilter `json:"filter" doc:"The filter as the preview answered it"`
	Expect string     `json:"expect" minLength:"1" maxLength:"64" doc:"Token of the preview: the act is about exactly that set, or answers 409" example:"5d41402abc4b2a76b9719d911017c592"`
	Reason string     `json:"reason" minLength:"1" maxLength:"500" doc:"Why, in a few words; it goes into the ledger" example:"the new booking system writes these"`
}

type holdActCall struct{ Body holdActRequest }

type tenantHoldActCall struct {
	TenantPath
	Body holdActRequest
}

// holdAct says of every dispatch of a bulk act what became of it.
type holdAct struct {
	Verb      cordon.HoldVerb      `json:"verb" enum:"release,discard" doc:"What was asked for" example:"release"`
	Asked     *cordon.HoldAsk      `json:"asked,omitempty" doc:"Nothing was done: you are the first of two people, and this waits for the second"`
	Confirmed *cordon.HoldAsk      `json:"confirmed,omitempty" doc:"The first person's request that this act confirmed"`
	Released  []intake.HoldOutcome `json:"released,omitempty" nullable:"false" doc:"Judged again and released"`
	Discarded []intake.HoldOutcome `json:"discarded,omitempty" nullable:"false" doc:"Cut: none of it ever leaves"`
	StillHeld []intake.HoldOutcome `json:"still_held,omitempty" nullable:"false" doc:"Still held, and why"`
	Refused   []intake.HoldOutcome `json:"refused,omitempty" nullable:"false" doc:"A check refuses it now: still held, and only a discard ends it"`
	Gone      []intake.HoldOutcome `json:"gone,omitempty" nullable:"false" doc:"Settled by somebody else meanwhile"`
}

func (a *API) releaseAllHolds(ctx context.Context, x *exchange, in *holdActCall) (*answer[holdAct], error) {
	return a.settleHolds(ctx, x, cordon.HoldRelease, in.Body)
}

func (a *API) discardAllHolds(ctx context.Context, x *exchange, in *holdActCall) (*answer[holdAct], error) {
	return a.settleHolds(ctx, x, cordon.HoldDiscard, in.Body)
}

func (a *API) releaseHolds(ctx context.Context, x *exchange, in *tenantHoldActCall) (*answer[holdAct], error) {
	return a.settleHolds(ctx, x, cordon.HoldRelease, in.Body)
}

func (a *API) discardHolds(ctx context.Context, x *exchange, in *tenantHoldActCall) (*answer[holdAct], error) {
	return a.settleHolds(ctx, x, cordon.HoldDiscard, in.Body)
}

func (a *API) settleHolds(ctx context.Context, x *exchange, verb cordon.HoldVerb, r holdActRequest) (*answer[holdAct], error) {
	tenant, f, err := a.holdFilterOf(ctx, x, r.Filter)
	if err != nil {
		return nil, err
	}
	came, err := a.Desk.SettleHolds(ctx, x.actor, tenant, intake.HoldOrder{Verb: verb, Filter: f, Expect: r.Expect, Reason: r.Reason})
	out := holdAct{Verb: verb, Asked: came.Asked, Confirmed: came.First, StillHeld: came.Held, Refused: came.Refused, Gone: came.Gone}
	if verb == cordon.HoldRelease {
		out.Released = came.Done
	} else {
		out.Discarded = came.Done
	}
	return answered(out, err)
}

// settled is a dispatch after somebody released it, or asked to.
type settled struct {
	cordon.Dispatch
	Asked *cordon.HoldAsk `json:"asked,omitempty" doc:"Nothing was done yet: it has more copies than one person may release, and waits for a second one"`
}

func (a *API) releaseDispatch(ctx context.Context, x *exchange, in *dispatchPath) (*answer[settled], error) {
	s, err := a.Desk.Release(ctx, x.actor, x.tenant, in.Dispatch)
	return answered(settled{s.Dispatch, s.Asked}, err)
}

// discarded says what a discard cut off.
type discarded struct {
	ID    cordon.DispatchID `json:"id" doc:"The dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
	Cut   int64             `json:"cut" doc:"Copies that will never leave" example:"4873"`
	Asked *cordon.HoldAsk   `json:"asked,omitempty" doc:"Nothing was done yet: it has more copies than one person may discard, and waits for a second one"`
}

func (a *API) discardDispatch(ctx context.Context, x *exchange, in *dispatchPath) (*answer[discarded], error) {
	s, err := a.Desk.Discard(ctx, x.actor, x.tenant, in.Dispatch)
	return answered(discarded{in.Dispatch, s.Cut, s.Asked}, err)
}

// holdWords describes the root package's words about holds.
func holdWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	all := map[string]word{
		"HoldAsk.verb":           {doc: "What was asked for", example: "release", enum: enum(cordon.HoldRelease, cordon.HoldDiscard)},
		"HoldAsk.dispatch":       {doc: "The dispatch it is about; left out when it is about several", example: "dsp_0123456789abcdefghjkmnpqrs"},
		"HoldAsk.by":             {doc: "Who asked, as the ledger names actors", example: "acc_0123456789abcdefghjkmnpqrs"},
		"HoldAsk.person":         {doc: "The person behind it: somebody else must confirm", example: "acc_0123456789abcdefghjkmnpqrs"},
		"HoldAsk.until":          {doc: "It lapses then", example: "2026-11-23T04:58:00Z"},
		"HoldAsk.dispatches":     {doc: "Dispatches it is about", example: 12},
		"HoldAsk.copies":         {doc: "Their copies", example: 340},
		"HoldAsk.token":          {doc: "Stands for exactly the set that was seen", example: "5d41402abc4b2a76b9719d911017c592"},
		"HoldAsk.filter":         {doc: "How the set was chosen; give it, with the token as expect, to confirm"},
		"HoldAsk.reason":         {doc: "Why", example: "the new booking system writes these"},
		"HoldFilter.dispatches":  {doc: "Only these dispatches"},
		"HoldFilter.check":       {doc: "Only what this check held", example: "ceilings"},
		"HoldFilter.kind":        {doc: "Only bulk, or only single", example: "bulk", enum: enum(cordon.Bulk, cordon.Single)},
		"HoldGroup.check":        {doc: "The check that held", example: "ceilings"},
		"HoldGroup.dispatches":   {doc: "Dispatches of it", example: 12},
		"HoldGroup.copies":       {doc: "Their copies", example: 340},
		"HoldOutcome.copies":     {doc: "Its copies", example: 28},
		"HoldOutcome.reason":     {doc: "Why it came to that", example: "It was ordered by you: somebody else must settle it."},
		"SenderHistory.first_at": {doc: "When it first ordered anything for this tenant", example: when},
		"SenderHistory.days":     {doc: "The last 28 days, the oldest first"},
		"SenderHistory.holds":    {doc: "Its latest holds and what became of them, the newest first"},
		"DayCopies.day":          {doc: "The day, UTC", example: "2026-11-22T00:00:00Z"},
		"DayCopies.copies":       {doc: "Copies accepted on that day", example: 41},
		"PastHold.recipients":    {doc: "Its copies", example: 28},
		"PastHold.state":         {doc: "held: waits still; open or done: released; discarded", example: "discarded", enum: enum(cordon.DispatchOpen, cordon.DispatchHeld, cordon.DispatchDone, cordon.DispatchDiscarded)},
		"PastHold.checks":        {doc: "The checks that held it", example: []any{"ceilings"}},
		"DiffPart.part":          {doc: "The part of the letter", example: "text"},
		"DiffPart.lines":         {doc: "Its lines, with what became of each"},
		"DiffPart.rough":         {doc: "Too long, or not visible: not compared line by line", example: false},
		"DiffLine.op":            {doc: "What became of the line; gap stands for unchanged lines left out", example: "added", enum: enum(compose.DiffSame, compose.DiffAdded, compose.DiffRemoved, compose.DiffGap)},
		"DiffLine.text":          {doc: "The line, with merge fields as they are written", example: "Dear {{first_name}},"},
	}
	// A dispatch that carries more than itself is described as one.
	for name, w := range mailWords() {
		if property, of := strings.CutPrefix(name, "Dispatch."); of {
			all["HeldDispatch."+property], all["Settled."+property] = w, w
		}
	}
	return all
}
