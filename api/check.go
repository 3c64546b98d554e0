package api

import (
	"context"

	"github.com/cordonmail/cordon/report"
)

type checkRequest struct {
	Body struct {
		Code     string `json:"code" minLength:"1" maxLength:"200" doc:"The code at the end of the message; hyphens, spaces and case do not matter" example:"g2h0k-9m3vx-77q1c-e8zrs-4tdw5b"`
		Incident int64  `json:"incident,omitempty" minimum:"0" doc:"Also ask whether this incident (INC-<number>) reached who got the message" example:"12"`
	} `nameHint:"CheckRequest"`
}

// checkCode says whether a code is of a message of ours. Whoever has a key may
// ask; how often is bounded like for everybody else.
func (a *API) checkCode(ctx context.Context, x *exchange, in *checkRequest) (*answer[report.Answer], error) {
	return answered(a.Reports.Check(ctx, "key "+x.actor.ID(), report.Question{Code: in.Body.Code, Incident: in.Body.Incident}))
}

type checkMessageQuery struct {
	Incident int64 `query:"incident" minimum:"0" doc:"Also ask whether this incident (INC-<number>) reached who got the message" example:"12"`
}

func (a *API) checkMessage(ctx context.Context, x *exchange, in *checkMessageQuery) (*answer[report.Answer], error) {
	raw, err := wholeBody(x, report.MaxForm)
	if err != nil {
		return nil, err
	}
	return answered(a.Reports.Check(ctx, "key "+x.actor.ID(), report.Question{Message: raw, Incident: in.Incident}))
}

func genuineWords() map[string]word {
	return map[string]word{
		"Answer.verdict":      {doc: "Whether the message is ours", example: "genuine", enum: enum(report.Genuine, report.InIncident, report.NotOurs, report.CannotTell)},
		"Answer.proved":       {doc: "Whether signature and ledger prove the message word for word; a code alone never does", example: true},
		"Answer.organisation": {doc: "In whose name it was sent", example: "Northside Physiotherapy"},
		"Answer.from":         {doc: "Domain it was sent from", example: "northside.example"},
		"Answer.subject":      {doc: "Its subject, with … for what differs from person to person", example: "Your visit, …"},
		"Answer.sent":         {doc: "Day it was sent, UTC", example: "22 November 2026"},
		"Answer.incident":     {doc: "The incident it is part of", example: "INC-12"},
		"Answer.number":       {doc: "Its number, when it is public", example: 12},
		"Answer.asked":        {doc: "The incident asked about", example: "INC-12"},
		"Answer.reached":      {doc: "Whether that incident reached who got this message", example: false},
		"Answer.checks":       {doc: "What was looked at"},
		"Answer.words":        {doc: "The answer in a sentence or two", example: "This code is not from us."},
		"Answer.as_of":        {doc: "When that was so", example: "2026-11-22T04:58:00Z"},
		"Checked.what":        {doc: "What was looked at", example: "signature"},
		"Checked.state":       {doc: "Whether it speaks for the message", example: "yes", enum: []any{"yes", "no", "not-looked-at"}},
		"Checked.words":       {doc: "The same in words", example: "A signature by a key of ours holds."},
	}
}
