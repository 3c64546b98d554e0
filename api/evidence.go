package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

type evidenceQuery struct {
	TenantPath
	Dispatch cordon.DispatchID `query:"dispatch" maxLength:"64" doc:"Only of this dispatch" example:"dsp_0123456789abcdefghjkmnpqrs"`
	Template string            `query:"template" maxLength:"64" doc:"Only of this template, by ID or handle" example:"recall"`
	Key      cordon.KeyID      `query:"key" maxLength:"64" doc:"Only what this key sent" example:"key_0123456789abcdefghjkmnpqrs"`
	Kind     cordon.Kind       `query:"kind" enum:"bulk,single" doc:"Only bulk, or only single mail" example:"bulk"`
	From     time.Time         `query:"from" doc:"What came back then or later, to ten seconds; left out, since the beginning" example:"2026-11-22T00:00:00Z"`
}

func (a *API) getEvidence(ctx context.Context, x *exchange, in *evidenceQuery) (*answer[cordon.Evidence], error) {
	of := cordon.EvidenceOf{Tenant: x.tenant, Dispatch: in.Dispatch, Key: in.Key, Kind: in.Kind, Since: in.From}
	given := 0
	for _, part := range []string{string(in.Dispatch), in.Template, string(in.Key)} {
		if part != "" {
			given++
		}
	}
	if given > 1 {
		return nil, cordon.InvalidField("dispatch", "does not go with template or key", "ask for one of the three")
	}
	var err error
	if of.Template, err = a.templateOf(ctx, x.tenant, in.Template); err != nil {
		return nil, err
	}
	return answered(a.Watch.Evidence(ctx, x.actor, of))
}

// WatchLimits are cordon.WatchLimits with times as people write them.
type WatchLimits struct {
	AnswersFrom          int      `json:"answers_from" minimum:"1" doc:"Answers before a share of bounces or rejections means anything" example:"50"`
	BounceHold           float64  `json:"bounce_hold" minimum:"0" maximum:"1" doc:"Share of addresses that do not exist at which a send is held; 0 for never" example:"0.05"`
	BounceStop           float64  `json:"bounce_stop" minimum:"0" maximum:"1" doc:"The share at which that is an incident" example:"0.1"`
	PolicyHold           float64  `json:"policy_hold" minimum:"0" maximum:"1" doc:"Share of rejections by the far side's policy at which a send is held" example:"0.02"`
	PolicyStop           float64  `json:"policy_stop" minimum:"0" maximum:"1" doc:"The share at which that is an incident" example:"0.05"`
	FirstAnswersFrom     int      `json:"first_answers_from" minimum:"1" doc:"Answers from which first_bad_hold counts, up to answers_from" example:"5"`
	FirstBadHold         float64  `json:"first_bad_hold" minimum:"0" maximum:"1" doc:"Share of bounces and rejections among the first answers of a staged send at which it is held" example:"0.5"`
	ComplaintsFrom       int      `json:"complaints_from" minimum:"1" doc:"Authenticated complaints before their share means anything" example:"3"`
	ComplaintHold        float64  `json:"complaint_hold" minimum:"0" maximum:"1" doc:"Share of authenticated complaints at which a send is held" example:"0.001"`
	ComplaintStop        float64  `json:"complaint_stop" minimum:"0" maximum:"1" doc:"Share of authenticated complaints at which it is stopped" example:"0.003"`
	ComplaintBurst       int      `json:"complaint_burst" minimum:"0" doc:"Authenticated complaints about one template within complaint_burst_window that stop it for a while; 0 for never" example:"3"`
	ComplaintBurstWindow duration `json:"complaint_burst_window" doc:"See complaint_burst" example:"15m0s"`
	NotMeHold            int      `json:"not_me_hold" minimum:"0" doc:"Authenticated reports of mail in the sender's name that hold a send" example:"2"`
	NotMeStop            int      `json:"not_me_stop" minimum:"0" doc:"And that stop it" example:"5"`
	ErrorsHold           int      `json:"errors_hold" minimum:"0" doc:"Failed tries in a row that hold a send" example:"20"`
	ErrorsStop           int      `json:"errors_stop" minimum:"0" doc:"And at which that is an incident" example:"50"`
	ReportsFrom          int      `json:"reports_from" minimum:"0" doc:"Complaints nobody vouches for after which a person is asked to look; they never stop anybody" example:"3"`
	EvidenceWindow       duration `json:"evidence_window" doc:"How far back the rules over templates, keys and tenants count" example:"24h0m0s"`
	RuleStopFor          duration `json:"rule_stop_for" doc:"How long a rule's stop on a template or key stands unless a person decides before" example:"12h0m0s"`
}

func watchLimitsOf(l cordon.WatchLimits) WatchLimits {
	return WatchLimits{
		AnswersFrom: l.AnswersFrom, BounceHold: l.BounceHold, BounceStop: l.BounceStop, PolicyHold: l.PolicyHold, PolicyStop: l.PolicyStop,
		FirstAnswersFrom: l.FirstAnswersFrom, FirstBadHold: l.FirstBadHold,
		ComplaintsFrom: l.ComplaintsFrom, ComplaintHold: l.ComplaintHold, ComplaintStop: l.ComplaintStop,
		ComplaintBurst: l.ComplaintBurst, ComplaintBurstWindow: durationOf(l.ComplaintBurstWindow),
		NotMeHold: l.NotMeHold, NotMeStop: l.NotMeStop, ErrorsHold: l.ErrorsHold, ErrorsStop: l.ErrorsStop, ReportsFrom: l.ReportsFrom,
		EvidenceWindow: durationOf(l.EvidenceWindow), RuleStopFor: durationOf(l.RuleStopFor),
	}
}

// words are the limits but for the lengths of time, which the caller reads.
func (l WatchLimits) words() cordon.WatchLimits {
	return cordon.WatchLimits{
		AnswersFrom: l.AnswersFrom, BounceHold: l.BounceHold, BounceStop: l.BounceStop, PolicyHold: l.PolicyHold, PolicyStop: l.PolicyStop,
		FirstAnswersFrom: l.FirstAnswersFrom, FirstBadHold: l.FirstBadHold,
		ComplaintsFrom: l.ComplaintsFrom, ComplaintHold: l.ComplaintHold, ComplaintStop: l.ComplaintStop, ComplaintBurst: l.ComplaintBurst,
		NotMeHold: l.NotMeHold, NotMeStop: l.NotMeStop, ErrorsHold: l.ErrorsHold, ErrorsStop: l.ErrorsStop, ReportsFrom: l.ReportsFrom,
	}
}
