package api

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

const tagReports = "reports"

// heardReport and reportedProblem are reports and problems under names of their
// own: the ledger has a report too, and an error answer is a problem.
type (
	heardReport     cordon.Report
	reportedProblem cordon.Problem
)

// openedReport is report.Opened with the report under its own name.
type openedReport struct {
	Report   heardReport          `json:"report" doc:"The report"`
	Kind     string               `json:"kind" doc:"What the message is" example:"complaint"`
	Fields   []report.OpenedField `json:"fields" nullable:"false" doc:"Its header"`
	Text     string               `json:"text" doc:"What it says, as text" example:"I never asked for this."`
	Original []report.OpenedField `json:"original,omitempty" nullable:"false" doc:"Header of the reported mail"`
	Body     string               `json:"body,omitempty" doc:"Text of the reported mail" example:"You have won."`
	Cut      bool                 `json:"cut,omitempty" doc:"Whether there is more than is shown" example:"false"`
	Faults   []cordon.Fault       `json:"faults,omitempty" nullable:"false" doc:"What is wrong with an XARF document"`
	Reporter cordon.Address       `json:"reporter,omitempty" doc:"Who reported, as he says" example:"person@example.org"`
}

// renamed gives each of a list its other name.
func renamed[To, From any](all []From, name func(From) To) []To {
	out := make([]To, len(all))
	for i, x := range all {
		out[i] = name(x)
	}
	return out
}

// taken is what the caller of a hand-over is told.
type taken struct {
	Report    heardReport `json:"report" doc:"The report, as far as it is known now: it is read soon after"`
	Duplicate bool        `json:"duplicate" doc:"Exactly this came in before; this is the first" example:"false"`
}

type addReportQuery struct {
	Exercise bool `query:"exercise" doc:"It belongs to a drill: what comes of it is watermarked, and mailed to nobody outside" example:"false"`
}

func (a *API) addReport(ctx context.Context, x *exchange, in *addReportQuery) (*created[taken], error) {
	way := cordon.WayREST
	if x.local {
		way = cordon.WayHand
	}
	return a.takeReport(ctx, x, report.In{Way: way, Exercise: in.Exercise}, report.MaxReport)
}

func (a *API) addXARF(ctx context.Context, x *exchange, _ *struct{}) (*created[taken], error) {
	return a.takeReport(ctx, x, report.In{Way: cordon.WayXARF}, report.MaxXARF)
}

func (a *API) takeReport(ctx context.Context, x *exchange, in report.In, most int64) (*created[taken], error) {
	raw, err := wholeBody(x, most)
	if err != nil {
		return nil, err
	}
	in.Raw = raw
	r, fresh, err := a.Reports.Receive(ctx, x.actor, in)
	if err != nil {
		return nil, err
	}
	return &created[taken]{Location: "/v1/reports/" + string(r.ID), Body: taken{heardReport(r), !fresh}}, nil
}

// wholeBody reads a body that is no JSON of ours.
func wholeBody(x *exchange, most int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge("is larger than this route takes", "send less", x.id)
	case err != nil:
		return nil, malformed("broke off", "send it again", x.id)
	}
	return raw, nil
}

type reportsQuery struct {
	PageQuery
	Tenant  string           `query:"tenant" maxLength:"64" doc:"Only about mail of this tenant, by ID or handle" example:"northside"`
	Problem cordon.ProblemID `query:"problem" maxLength:"64" doc:"Only of this problem" example:"prb_0123456789abcdefghjkmnpqrs"`
}

func (a *API) listReports(ctx context.Context, x *exchange, in *reportsQuery) (*answer[list[heardReport]], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	all, next, err := a.Reports.Reports(ctx, x.actor, cordon.ReportFilter{Tenant: tenant, Problem: in.Problem}, in.page())
	return listed(renamed(all, func(r cordon.Report) heardReport { return heardReport(r) }), next, err)
}

// ReportPath names a report.
type ReportPath struct {
	Report cordon.ReportID `path:"report" maxLength:"64" doc:"The report" example:"rep_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getReport(ctx context.Context, x *exchange, in *ReportPath) (*answer[heardReport], error) {
	r, err := a.Reports.Report(ctx, x.actor, in.Report)
	return answered(heardReport(r), err)
}

func (a *API) reportEvidence(ctx context.Context, x *exchange, in *ReportPath) (*answer[openedReport], error) {
	o, err := a.Reports.Evidence(ctx, x.actor, in.Report)
	return answered(openedReport{heardReport(o.Report), o.Kind, o.Fields, o.Text, o.Original, o.Body, o.Cut, o.Faults, o.Reporter}, err)
}

type problemsQuery struct {
	PageQuery
	Tenant   string              `query:"tenant" maxLength:"64" doc:"Only about mail of this tenant, by ID or handle" example:"northside"`
	State    cordon.ProblemState `query:"state" enum:"open,investigating,answered,closed" doc:"Only in this state" example:"open"`
	Open     bool                `query:"open" doc:"Only those that are open or investigated" example:"true"`
	Incident cordon.IncidentID   `query:"incident" maxLength:"64" doc:"Only of this incident" example:"inc_0123456789abcdefghjkmnpqrs"`
}

func (a *API) listProblems(ctx context.Context, x *exchange, in *problemsQuery) (*answer[list[reportedProblem]], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	f := cordon.ReportFilter{Tenant: tenant, State: in.State, Open: in.Open, Incident: in.Incident}
	all, next, err := a.Reports.Problems(ctx, x.actor, f, in.page())
	return listed(renamed(all, func(p cordon.Problem) reportedProblem { return reportedProblem(p) }), next, err)
}

// ProblemPath names a problem.
type ProblemPath struct {
	Problem cordon.ProblemID `path:"problem" maxLength:"64" doc:"The problem" example:"prb_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getProblem(ctx context.Context, x *exchange, in *ProblemPath) (*answer[reportedProblem], error) {
	p, err := a.Reports.Problem(ctx, x.actor, in.Problem)
	return answered(reportedProblem(p), err)
}

type leakCount struct {
	Tenant    cordon.TenantID `json:"tenant" doc:"Whose directory knows them" example:"ten_0123456789abcdefghjkmnpqrs"`
	Addresses int64           `json:"addresses" doc:"How many distinct addresses; which ones is told to nobody" example:"4"`
}

func (a *API) problemLeaks(ctx context.Context, x *exchange, in *ProblemPath) (*answer[list[leakCount]], error) {
	known, err := a.Reports.Leaks(ctx, x.actor, in.Problem)
	if err != nil {
		return nil, err
	}
	var items []leakCount
	for tenant, n := range known {
		items = append(items, leakCount{tenant, n})
	}
	return listed(items, "", nil)
}

type settleProblemRequest struct {
	ProblemPath
	Body struct {
		State   cordon.ProblemState `json:"state" enum:"investigating,answered,closed" doc:"Where it goes: open → investigating → answered → closed" example:"answered"`
		Outcome string              `json:"outcome,omitempty" maxLength:"2000" doc:"What came of it, in public words: of an answer alone. Every reporter who is owed it is mailed these words" example:"The letter was stopped; it should not have been sent."`
		Version int64               `json:"version,omitempty" doc:"The problem's version as you saw it; left out: whatever it is" example:"3"`
	} `nameHint:"SettleProblemRequest"`
}

type settledProblem struct {
	Problem reportedProblem `json:"problem" doc:"The problem as it is now"`
	Told    int             `json:"told" doc:"Reporters whose second mail went into the outbox" example:"4"`
}

func (a *API) settleProblem(ctx context.Context, x *exchange, in *settleProblemRequest) (*answer[settledProblem], error) {
	p, told, err := a.Reports.Settle(ctx, x.actor, in.Problem, cordon.SettleProblem{To: in.Body.State, Outcome: in.Body.Outcome, Version: in.Body.Version})
	return answered(settledProblem{reportedProblem(p), told}, err)
}

type linkProblemRequest struct {
	ProblemPath
	Body struct {
		Incident cordon.IncidentID `json:"incident" maxLength:"64" doc:"The incident it is part of, by ID or number (INC-12)" example:"INC-12"`
	} `nameHint:"LinkProblemRequest"`
}

func (a *API) linkProblem(ctx context.Context, x *exchange, in *linkProblemRequest) (*answer[reportedProblem], error) {
	incident, err := a.incidentOf(ctx, x, string(in.Body.Incident))
	if err != nil {
		return nil, err
	}
	p, err := a.Reports.Link(ctx, x.actor, in.Problem, incident)
	return answered(reportedProblem(p), err)
}

type returnedCount struct {
	What cordon.Returned `json:"what" enum:"bounce,auto-reply,delivery-receipt,unknown,duplicate,refused" doc:"What came: bounces of copies that had been handed over, automatic replies, receipts, what names no copy, reports that were there before, questions that are not answered" example:"auto-reply"`
	N    int64           `json:"n" doc:"How many" example:"40"`
}

type returnedQuery struct {
	Days int `query:"days" minimum:"1" maximum:"400" default:"7" doc:"How many days back, today included" example:"7"`
}

func (a *API) listReturned(ctx context.Context, x *exchange, in *returnedQuery) (*answer[list[returnedCount]], error) {
	counts, err := a.Reports.Returned(ctx, x.actor, a.Now().AddDate(0, 0, 1-in.Days))
	if err != nil {
		return nil, err
	}
	var items []returnedCount
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		items = append(items, returnedCount{what, counts[what]})
	}
	return listed(items, "", nil)
}

type lateBounces struct {
	Hard int64 `json:"hard" doc:"Copies that came back for good" example:"12"`
	Soft int64 `json:"soft" doc:"Copies that came back for now" example:"3"`
}

func (a *API) countBounces(ctx context.Context, x *exchange, in *dispatchPath) (*answer[lateBounces], error) {
	hard, soft, err := a.Reports.Bounces(ctx, x.actor, x.tenant, in.Dispatch)
	return answered(lateBounces{hard, soft}, err)
}

func reportWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	kinds := enum(append(cordon.ReportKinds(), cordon.ReportLeak)...)
	return map[string]word{
		"HeardReport.id":              {doc: "The report", example: "rep_0123456789abcdefghjkmnpqrs"},
		"HeardReport.number":          {doc: "People call it R-<number>", example: 12},
		"HeardReport.way":             {doc: "How it came in", example: "mail", enum: enum(cordon.WayMail, cordon.WayForm, cordon.WayClick, cordon.WayREST, cordon.WayXARF, cordon.WayHand)},
		"HeardReport.kind":            {doc: "What it says of the mail; left out until it is read", example: "unwanted", enum: kinds},
		"HeardReport.state":           {doc: "received: it is safe; filed: it was read and belongs to a problem", example: "filed", enum: enum(cordon.ReportReceived, cordon.ReportFiled)},
		"HeardReport.at":              {doc: "When it came in", example: when},
		"HeardReport.size":            {doc: "Bytes of the raw report", example: 5120},
		"HeardReport.copies":          {doc: "How often exactly this came in; only the first counts", example: 1},
		"HeardReport.authenticated":   {doc: "Whether it counts towards a stop: whoever reports had the copy in hand", example: true},
		"HeardReport.vouched":         {doc: "By whom or what: code, or a feedback loop's domain", example: "loop fbl.example"},
		"HeardReport.match":           {doc: "How the mail was found among ours", example: "code", enum: enum(cordon.MatchCode, cordon.MatchAlike, cordon.MatchNone)},
		"HeardReport.recipient":       {doc: "Whose copy it is about", example: "rcp_0123456789abcdefghjkmnpqrs"},
		"HeardReport.problem":         {doc: "The problem it belongs to", example: "prb_0123456789abcdefghjkmnpqrs"},
		"HeardReport.sender":          {doc: "Domain that the reported mail says it is from", example: "northside.example"},
		"HeardReport.hosts":           {doc: "Domains it links to", example: []string{"prize.example"}},
		"HeardReport.receipt":         {doc: "Whether its reporter's first mail went into the outbox", example: true},
		"HeardReport.answer":          {doc: "Where the second mail stands", example: "owed", enum: enum(cordon.AnswerNone, cordon.AnswerOwing, cordon.AnswerSent)},
		"HeardReport.kept":            {doc: "Whether the raw report is still there", example: true},
		"HeardReport.tracking":        {doc: "Word of the reporter's page: <status page>/report/<tracking>", example: "0123456789abcdefghjkmnpqrs"},
		"ReportedProblem.id":          {doc: "The problem", example: "prb_0123456789abcdefghjkmnpqrs"},
		"ReportedProblem.number":      {doc: "People call it P-<number>", example: 3},
		"ReportedProblem.kind":        {doc: "The worst that its reports say; leak-suspect: mail of strangers to addresses that a directory knows", example: "phishing", enum: kinds},
		"ReportedProblem.state":       {doc: "open → investigating → answered → closed", example: "open", enum: enum(cordon.ProblemOpen, cordon.ProblemInvestigating, cordon.ProblemAnswered, cordon.ProblemClosed)},
		"ReportedProblem.priority":    {doc: "P1 (first) to P5; it only rises", example: "P2", enum: []any{"P1", "P2", "P3", "P4", "P5"}},
		"ReportedProblem.title":       {doc: "What it is about", example: "phishing, in a letter of Northside Physiotherapy"},
		"ReportedProblem.incident":    {doc: "The incident it is part of", example: "inc_0123456789abcdefghjkmnpqrs"},
		"ReportedProblem.signal":      {doc: "The last signal that it raised", example: "sig_0123456789abcdefghjkmnpqrs"},
		"ReportedProblem.outcome":     {doc: "What came of it, in public words", example: "The letter was stopped; it should not have been sent."},
		"ReportedProblem.counts":      {doc: "What its reports come to"},
		"ReportedProblem.rate":        {doc: "Complaints per copy handed over, of its dispatch"},
		"ReportedProblem.opened_at":   {doc: "When its first report was filed", example: when},
		"ReportedProblem.last_at":     {doc: "When its newest report was filed", example: when},
		"ReportedProblem.moved_at":    {doc: "When it last changed its state", example: when},
		"ReportedProblem.answered_at": {doc: "When the outcome was said", example: when},
		"ReportedProblem.version":     {doc: "Counts its changes", example: 3},
		"ReportedProblem.clue":        {doc: "By what reports are found to be about the same"},

		"ProblemCounts.reports":       {doc: "Reports, exact duplicates left out", example: 9},
		"ProblemCounts.reporters":     {doc: "Distinct people who complain", example: 7},
		"ProblemCounts.authenticated": {doc: "Those of them who had the copy in hand", example: 4},
		"ProblemCounts.not_spam":      {doc: "Distinct people who say that the mail was fine", example: 1},
		"ProblemCounts.tenants":       {doc: "Organisations whose mail it is", example: 1},
		"ProblemCounts.known":         {doc: "Distinct addresses that a directory knows, of mail that is not ours", example: 0},
		"ComplaintRate.complaints":    {doc: "Recipients with an authenticated complaint", example: 4},
		"ComplaintRate.reports":       {doc: "Recipients with one that nobody vouches for", example: 1},
		"ComplaintRate.handed_over":   {doc: "Copies of the dispatch that were handed over: what the share is of", example: 1240},
		"Clue.leak":                   {doc: "Mail of strangers to addresses of the directory", example: false},
		"Clue.print":                  {doc: "Fingerprint of the reported text", example: "9f3a0c11d2e45b67"},
		"Clue.sender":                 {doc: "Domain that the reported mail says it is from", example: "northside.example"},
		"Clue.hosts":                  {doc: "Domains it links to", example: []string{"prize.example"}},

		"OpenedField.name":  {doc: "Field", example: "Subject"},
		"OpenedField.value": {doc: "Its value, decoded", example: "You have won"},
	}
}
