package cordon

import "time"

// WatchLimits are the thresholds of the rules in watch/rules.go: at which
// evidence a send is held, and at which a person must decide or proof stops it.
// Shares are shares of the copies an answer came back about; 0 switches a rule off.
type WatchLimits struct {
	AnswersFrom          int           `json:"answers_from"`           // answers before a share of bounces or rejections means anything
	BounceHold           float64       `json:"bounce_hold"`            //
	BounceStop           float64       `json:"bounce_stop"`            //
	PolicyHold           float64       `json:"policy_hold"`            //
	PolicyStop           float64       `json:"policy_stop"`            //
	FirstAnswersFrom     int           `json:"first_answers_from"`     // of the first stages, whose samples are small
	FirstBadHold         float64       `json:"first_bad_hold"`         // share of bounces and rejections together
	ComplaintsFrom       int           `json:"complaints_from"`        // complaints before their share means anything
	ComplaintHold        float64       `json:"complaint_hold"`         //
	ComplaintStop        float64       `json:"complaint_stop"`         //
	ComplaintBurst       int           `json:"complaint_burst"`        // complaints about one template within ComplaintBurstWindow that hold it
	ComplaintBurstWindow time.Duration `json:"complaint_burst_window"` //
	NotMeHold            int           `json:"not_me_hold"`            //
	NotMeStop            int           `json:"not_me_stop"`            //
	ErrorsHold           int           `json:"errors_hold"`            // failed tries in a row
	ErrorsStop           int           `json:"errors_stop"`            //
	ReportsFrom          int           `json:"reports_from"`           // unauthenticated reports after which a person should look
	EvidenceWindow       time.Duration `json:"evidence_window"`        // how far back the rules over templates, keys and tenants count
	RuleStopFor          time.Duration `json:"rule_stop_for"`          // how long a stop by rule on a template or key stands, unless a person decides before
}

// DefaultWatchLimits are the numbers of defaults.md, "Signals that hold and stop".
func DefaultWatchLimits() WatchLimits {
	return WatchLimits{
		AnswersFrom: 50, BounceHold: 0.05, BounceStop: 0.10, PolicyHold: 0.02, PolicyStop: 0.05,
		FirstAnswersFrom: 5, FirstBadHold: 0.5,
		ComplaintsFrom: 3, ComplaintHold: 0.001, ComplaintStop: 0.003,
		ComplaintBurst: 3, ComplaintBurstWindow: 15 * time.Minute,
		NotMeHold: 2, NotMeStop: 5, ErrorsHold: 20, ErrorsStop: 50, ReportsFrom: 3,
		EvidenceWindow: 24 * time.Hour, RuleStopFor: 12 * time.Hour,
	}
}

// Faults names every number that is out of range, by its name in JSON.
func (l WatchLimits) Faults() []Fault {
	var faults []Fault
	need := func(ok bool, field, remedy string) {
		if !ok {
			faults = append(faults, Fault{Field: field, Message: "is out of range", Remedy: remedy})
		}
	}
	const share, run = "0 for never, or a share up to 1", "0 for never, or a number"
	for _, x := range []struct {
		field      string
		hold, stop float64
	}{{"bounce", l.BounceHold, l.BounceStop}, {"policy", l.PolicyHold, l.PolicyStop}, {"complaint", l.ComplaintHold, l.ComplaintStop}} {
		need(x.hold >= 0 && x.hold <= 1, x.field+"_hold", share)
		need(x.stop >= 0 && x.stop <= 1, x.field+"_stop", share)
		need(x.hold == 0 || x.stop == 0 || x.hold <= x.stop, x.field+"_hold", "not above "+x.field+"_stop")
	}
	need(l.FirstBadHold >= 0 && l.FirstBadHold <= 1, "first_bad_hold", share)
	need(l.AnswersFrom >= 1, "answers_from", "at least 1")
	need(l.FirstAnswersFrom >= 1, "first_answers_from", "at least 1")
	need(l.ComplaintsFrom >= 1, "complaints_from", "at least 1")
	need(l.ComplaintBurst >= 0, "complaint_burst", run)
	need(l.NotMeHold >= 0, "not_me_hold", run)
	need(l.NotMeStop >= 0, "not_me_stop", run)
	need(l.ErrorsHold >= 0, "errors_hold", run)
	need(l.ErrorsStop >= 0, "errors_stop", run)
	need(l.ReportsFrom >= 0, "reports_from", run)
	need(l.ComplaintBurstWindow >= time.Minute && l.ComplaintBurstWindow <= 24*time.Hour, "complaint_burst_window", "1 min to 24 h")
	need(l.EvidenceWindow >= time.Hour && l.EvidenceWindow <= 28*24*time.Hour, "evidence_window", "1 h to 28 days")
	need(l.RuleStopFor >= time.Hour && l.RuleStopFor <= 28*24*time.Hour, "rule_stop_for", "1 h to 28 days")
	return faults
}
