package watch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Over is whom a rule is about, and with it which evidence is counted.
type Over string

const (
	OverStage    Over = "staged send"            // since its stage opened, and over all of it
	OverSingles  Over = "template’s single mail" // over evidence_window
	OverTemplate Over = "template"               // the same, bulk mail too
	OverBurst    Over = "template, in minutes"   // over complaint_burst_window
	OverKey      Over = "key’s single mail"      // over evidence_window
	OverTenant   Over = "tenant"                 // over evidence_window
)

// Act is what a finding asks for; the zero Act is the mildest.
type Act int

const (
	Note     Act = iota // a person should look
	HoldBack            // kept for a person: the stage held; what has no stages stopped for a while
	Stop                // proof: stopped
)

func (a Act) String() string { return [...]string{"signal", "hold", "stop"}[a] }

// rule is one line of the table. hold and stop are thresholds: of n / of where
// there is something to take a share of, and else of n; 0 is never.
type rule struct {
	name   string // with its threshold: what is raised once
	signal cordon.SignalKind
	counts string // for people: what n is
	over   []Over
	figure func(cordon.Evidence) (n, of int64)
	from   func(cordon.Limits) (n, of int64) // the least for which it says anything
	below  func(cordon.Limits) int64         // answers from which other rules say more; nil: never
	hold   func(cordon.Limits) float64
	stop   func(cordon.Limits) float64
	proof  bool // nobody outside can make it up: it may stop by itself
	note   bool // anybody can make it up: it does nothing but ask a person
	lasts  func(cordon.Limits) time.Duration
}

// rules is the table: what is counted, over whom, and what it causes. Answers to
// single mail, which has no stages, are counted alone, so that a staged send
// which is held does not stop the rest of its template's mail; proof that a
// letter is wrong counts against the template, however it was sent.
var rules = []rule{
	{name: "bounces", signal: cordon.SignalBounces, counts: "addresses that do not exist", over: []Over{OverStage, OverSingles, OverKey},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Bounces, e.Answered() }, from: answers,
		hold: func(l cordon.Limits) float64 { return l.BounceHold }, stop: func(l cordon.Limits) float64 { return l.BounceStop }, lasts: ruleStop},
	{name: "policy", signal: cordon.SignalPolicy, counts: "rejections by the far side's policy (X.7.X)", over: []Over{OverStage, OverSingles, OverKey},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Policy, e.Answered() }, from: answers,
		hold: func(l cordon.Limits) float64 { return l.PolicyHold }, stop: func(l cordon.Limits) float64 { return l.PolicyStop }, lasts: ruleStop},
	{name: "first-answers", signal: cordon.SignalFirstAnswers, counts: "bounces and rejections among the first answers", over: []Over{OverStage},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Bad(), e.Answered() },
		from:   func(l cordon.Limits) (int64, int64) { return 1, int64(l.FirstAnswersFrom) },
		below:  func(l cordon.Limits) int64 { return int64(l.AnswersFrom) },
		hold:   func(l cordon.Limits) float64 { return l.FirstBadHold }, stop: never, lasts: ruleStop},
	{name: "errors", signal: cordon.SignalSendErrors, counts: "failed tries in a row", over: []Over{OverStage, OverKey},
		figure: func(e cordon.Evidence) (int64, int64) { return e.ErrorsRow, 0 }, from: any1,
		hold: func(l cordon.Limits) float64 { return float64(l.ErrorsHold) }, stop: func(l cordon.Limits) float64 { return float64(l.ErrorsStop) },
		lasts: func(cordon.Limits) time.Duration { return time.Hour }},
	{name: "complaints", signal: cordon.SignalComplaints, counts: "authenticated complaints", over: []Over{OverStage, OverTemplate, OverKey},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Complaints, e.Delivered },
		from:   func(l cordon.Limits) (int64, int64) { return int64(l.ComplaintsFrom), 1 }, proof: true,
		hold: func(l cordon.Limits) float64 { return l.ComplaintHold }, stop: func(l cordon.Limits) float64 { return l.ComplaintStop }, lasts: ruleStop},
	{name: "complaint-burst", signal: cordon.SignalComplaints, counts: "authenticated complaints", over: []Over{OverBurst},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Complaints, 0 }, from: any1, proof: true,
		hold: func(l cordon.Limits) float64 { return float64(l.ComplaintBurst) }, stop: never, lasts: ruleStop},
	{name: "not-me", signal: cordon.SignalNotMe, counts: "authenticated reports “this was not you”", over: []Over{OverStage, OverTemplate, OverKey},
		figure: func(e cordon.Evidence) (int64, int64) { return e.NotMe, 0 }, from: any1, proof: true,
		hold: func(l cordon.Limits) float64 { return float64(l.NotMeHold) }, stop: func(l cordon.Limits) float64 { return float64(l.NotMeStop) }, lasts: ruleStop},
	{name: "decoy", signal: cordon.SignalDecoy, counts: "planted recipients touched", over: []Over{OverKey},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Decoys, 0 }, from: any1, proof: true,
		hold: never, stop: func(cordon.Limits) float64 { return 1 }, lasts: forGood},
	{name: "reports", signal: cordon.SignalReports, counts: "complaints that nobody vouches for", over: []Over{OverTenant},
		figure: func(e cordon.Evidence) (int64, int64) { return e.Reports, 0 }, from: any1, note: true,
		hold: func(l cordon.Limits) float64 { return float64(l.ReportsFrom) }, stop: never, lasts: ruleStop},
}

func answers(l cordon.Limits) (n, of int64)  { return 1, int64(l.AnswersFrom) }
func any1(cordon.Limits) (n, of int64)       { return 1, 0 }
func never(cordon.Limits) float64            { return 0 }
func ruleStop(l cordon.Limits) time.Duration { return l.RuleStopFor }
func forGood(cordon.Limits) time.Duration    { return 0 }
func (r rule) threshold(n, of int64, at float64) bool {
	if of > 0 {
		return at > 0 && float64(n) >= at*float64(of)
	}
	return at > 0 && float64(n) >= at
}

// Finding is one threshold that the evidence has reached.
type Finding struct {
	Rule   string // the rule and its threshold, "bounces hold": what is raised once
	Signal cordon.SignalKind
	Act    Act
	Grade  cordon.Grade
	N, Of  int64         // Of is 0 where nothing is taken a share of
	Why    string        // in words a practice manager understands
	Lasts  time.Duration // of a stop on something that has no stages; 0: until it is lifted
}

// Judge says what the evidence about such a subject asks for: of each rule the
// highest threshold it has reached. It is a pure function.
func Judge(e cordon.Evidence, l cordon.Limits, about Over) []Finding {
	var found []Finding
	for _, r := range rules {
		if !slices.Contains(r.over, about) {
			continue
		}
		if f, ok := r.judge(e, l); ok {
			found = append(found, f)
		}
	}
	return found
}

func (r rule) judge(e cordon.Evidence, l cordon.Limits) (Finding, bool) {
	n, of := r.figure(e)
	leastN, leastOf := r.from(l)
	if n < leastN || of < leastOf || r.below != nil && of >= r.below(l) {
		return Finding{}, false
	}
	f := Finding{Signal: r.signal, N: n, Of: of, Lasts: r.lasts(l)}
	switch hold, stop := r.hold(l), r.stop(l); {
	case r.threshold(n, of, stop):
		f.Rule, f.Act, f.Grade = r.name+" stop", HoldBack, cordon.GradeIncident
		if r.proof {
			f.Act = Stop
		}
		f.Why = r.why(n, of, stop)
	case r.threshold(n, of, hold):
		f.Rule, f.Act, f.Grade = r.name+" hold", HoldBack, cordon.GradeWarning
		if r.note {
			f.Act = Note
		}
		f.Why = r.why(n, of, hold)
	default:
		return Finding{}, false
	}
	return f, true
}

// why is "7 of 110 copies: addresses that do not exist (6.4 %; the limit is 5 %)".
func (r rule) why(n, of int64, at float64) string {
	if of > 0 {
		return fmt.Sprintf("%d of %d copies: %s (%s; the limit is %s)", n, of, r.counts, percent(float64(n)/float64(of)), percent(at))
	}
	return fmt.Sprintf("%d %s (the limit is %s)", n, r.counts, number(at))
}

// percent is "0.3 %", "10 %".
func percent(share float64) string {
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(share*100, 'f', 2, 64), "0"), ".") + " %"
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// Row is one line of the table as people read it.
type Row struct {
	Counts, Over, From, Hold, Stop, Does string
}

// Table is the rules with a tenant's thresholds, and those over the whole
// installation, for the page that shows them.
func Table(l cordon.Limits) []Row {
	var table []Row
	for _, r := range rules {
		row := Row{Counts: r.counts, Hold: "–", Stop: "–", From: r.least(l), Does: r.does(l)}
		_, of := r.from(l)
		show := func(at float64) string {
			switch {
			case at == 0:
				return "–"
			case of > 0:
				return percent(at)
			}
			return number(at)
		}
		row.Hold, row.Stop = show(r.hold(l)), show(r.stop(l))
		words := make([]string, len(r.over))
		for i, o := range r.over {
			if words[i] = string(o); o == OverBurst {
				words[i] = "template, in " + minutes(l.ComplaintBurstWindow)
			}
		}
		row.Over = strings.Join(words, ", ")
		table = append(table, row)
	}
	return append(table,
		Row{Counts: "the same text, merge values aside", Over: "all tenants, in " + minutes(textWindow), From: "–", Hold: fmt.Sprintf("%d tenants", textTenants), Stop: "–",
			Does: "stops each of the letters for " + minutes(l.RuleStopFor) + "; incident"},
		Row{Counts: "copies in an hour", Over: "the whole installation", From: fmt.Sprintf("%d days of sending", volumeDays), Hold: fmt.Sprintf("%s × the busiest hour of 28 days", number(volumeFactor)), Stop: "–",
			Does: "stops bulk for " + minutes(l.RuleStopFor) + ", single mail goes on; incident"})
}

func (r rule) least(l cordon.Limits) string {
	n, of := r.from(l)
	switch {
	case r.below != nil:
		return fmt.Sprintf("%d to %d answers", of, r.below(l)-1)
	case of > 1:
		return fmt.Sprintf("%d answers", of)
	case n > 1:
		return strconv.FormatInt(n, 10)
	}
	return "–"
}

func (r rule) does(l cordon.Limits) string {
	stages, rest := slices.Contains(r.over, OverStage), len(r.over) > 1 || r.over[0] != OverStage
	hold := "holds the stage"
	switch {
	case r.note:
		return "asks a person to look, and stops nobody"
	case r.lasts(l) == 0:
		return "stops until a person decides: proof"
	case stages && rest:
		hold = "holds the stage, or stops what has none for " + minutes(r.lasts(l))
	case rest:
		hold = "stops it for " + minutes(r.lasts(l))
	}
	switch {
	case r.stop(l) == 0:
		return hold
	case r.proof:
		return hold + "; stops the send at the second limit: proof"
	}
	return hold + "; an incident at the second limit"
}

// minutes is "15 min", "12 h".
func minutes(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}
