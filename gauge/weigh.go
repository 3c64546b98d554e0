package gauge

import (
	"math"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// Limits are the numbers an event is weighed by: the tenant's, for a kind of
// subject. A limit of 0 is off.
type Limits struct {
	Kind cordon.SubjectKind

	// Fixed from the first day.
	FirstHour, FirstDay int // first-time recipients of an account
	Hour, Day           int // copies of an account
	Order               int // recipients of one order of an account

	// Learnt, below the fixed ones.
	Strangers int           // first-time recipients at once, beyond what is usual for the sender
	Wary      int           // the same, when something else is unusual as well
	Drain     float64       // strangers an hour that are forgotten, beyond what is usual
	Ripe      time.Duration // how long a sender is known before its history binds
	Group     float64       // share of an order's first-time recipients who must be close for it to be a known group
}

// LimitsOf are the tenant's limits for a kind of subject.
func LimitsOf(l cordon.BehaviourLimits, kind cordon.SubjectKind) Limits {
	l = l.Whole()
	g := Limits{
		Kind: kind, Strangers: l.Strangers, Wary: (l.Strangers + 1) / 2, Drain: l.StrangersPerHour,
		Ripe: l.RipeAfter, Group: l.GroupShare,
	}
	if kind == cordon.SubjectAccount {
		g.FirstHour, g.FirstDay = l.FirstTimePerHour, l.FirstTimePerDay
		g.Hour, g.Day, g.Order = l.AccountPerHour, l.AccountPerDay, l.AccountPerOrder
	}
	return g
}

// Rule is what was found unusual: a closed list.
type Rule string

const (
	RuleFirstHour Rule = "first-time-hour" // fixed: first-time recipients in an hour
	RuleFirstDay  Rule = "first-time-day"  // fixed: in a day
	RuleHour      Rule = "copies-hour"     // fixed: copies in an hour
	RuleDay       Rule = "copies-day"      // fixed: in a day
	RuleOrder     Rule = "copies-order"    // fixed: recipients of one order
	RuleStrangers Rule = "strangers"       // more strangers, sooner, than this sender writes to
	RuleQuiet     Rule = "quiet-hour"      // at an hour when it never sends
	RuleCopy      Rule = "own-copy"        // its own words again, to strangers
	RuleClient    Rule = "new-client"      // from an address or program it never used
	RuleWalk      Rule = "walk"            // recipients in the order of the directory
	RuleRate      Rule = "rate"            // far more than in its busiest hour
	RuleReach     Rule = "reach"           // far more of the directory than ever
)

// Weight is what a finding asks for.
type Weight int

const (
	Note Weight = iota // goes along with others
	Warn               // a person should know
	Hold               // the order waits for a person
)

// Finding is one unusual thing about an event.
type Finding struct {
	Rule   Rule
	Weight Weight
	Count  int // how many there are with this event
	Usual  int // how many there may be
}

// Weigh says what is unusual about an event that would come next. Nothing is
// changed in p.
func Weigh(p Profile, e Event, l Limits) []Finding {
	p = p.clone()
	now := p.settle(e.At)
	var found []Finding
	if e.Kind == cordon.Bulk {
		return p.weighReach(e, l)
	}
	found = append(found, p.weighFixed(e, l, now)...)
	found = append(found, p.weighStrangers(e, l, now)...)
	return append(found, p.weighRate(e, l, now)...)
}

// Held says whether a finding holds the event.
func Held(found []Finding) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.Weight == Hold })
}

// weighFixed: what binds from the first day on.
func (p *Profile) weighFixed(e Event, l Limits, now int64) []Finding {
	var found []Finding
	hourCopies, hourFirst := p.window(now, 3600)
	dayCopies, dayFirst := p.window(now, 86400)
	for _, c := range []struct {
		rule      Rule
		used, own int64
		max       int
		warn      bool
	}{
		{RuleFirstHour, hourFirst, int64(e.FirstTime), l.FirstHour, true},
		{RuleFirstDay, dayFirst, int64(e.FirstTime), l.FirstDay, true},
		{RuleHour, hourCopies, int64(e.Copies), l.Hour, false},
		{RuleDay, dayCopies, int64(e.Copies), l.Day, false},
		{RuleOrder, 0, int64(e.Copies), l.Order, false},
	} {
		total, most := c.used+c.own, int64(c.max)
		switch {
		case c.max <= 0 || c.own == 0:
		case total > most:
			found = append(found, Finding{c.rule, Hold, int(total), c.max})
		case c.warn && 2*total > most && 2*c.used <= most:
			found = append(found, Finding{c.rule, Warn, int(total), c.max})
		}
	}
	return found
}

// window sums the bins that reach into the last so many seconds.
func (p *Profile) window(now, seconds int64) (copies, first int64) {
	for _, b := range slices.Backward(p.bins) {
		if (b.at+1)*binWidth <= now-seconds {
			break
		}
		copies, first = copies+b.copies, first+b.first
	}
	return copies, first
}

// weighStrangers: first-time recipients, against what is usual for the sender
// and with whatever else is unusual.
func (p *Profile) weighStrangers(e Event, l Limits, now int64) []Finding {
	if l.Strangers <= 0 || e.FirstTime == 0 || (l.Kind != cordon.SubjectAccount && l.Kind != cordon.SubjectKey) {
		return nil
	}
	var with []Finding
	if p.quiet(now, l) {
		with = append(with, Finding{Rule: RuleQuiet})
	}
	if n := p.copiedTo(e, now); n > 0 {
		with = append(with, Finding{Rule: RuleCopy, Count: n})
	}
	if p.strange(e, now, l) {
		with = append(with, Finding{Rule: RuleClient})
	}
	if run := p.walked(e); run >= walkFrom && run > 2*p.longest && p.ripe(now, l) {
		with = append(with, Finding{Rule: RuleWalk, Count: int(run)})
	}
	if l.Kind == cordon.SubjectKey && len(with) == 0 {
		return nil // a program at its work meets new people all day
	}
	level, usual := l.unusual(p.raised(e, now, l)), l.Strangers
	if len(with) > 0 && l.Kind == cordon.SubjectAccount {
		usual = l.Wary
	}
	if level <= float64(usual) {
		return nil
	}
	return append([]Finding{{RuleStrangers, Hold, int(math.Ceil(level)), usual}}, with...)
}

// walkFrom is the fewest copies in a row that make a walk.
const walkFrom = 20

// raised is the level with an event's first-time recipients, and how many of it
// are close. Before a sender is ripe, one order counts for less: a new account
// introduces itself, and the fixed ceilings bind it.
func (p *Profile) raised(e Event, now int64, l Limits) (level, close float64) {
	hours := float64(max(0, now-p.levelAt)) / 3600
	if level = p.level - hours*(l.Drain+2*p.firstPerHour(now)); level > 0 {
		close = p.close * level / p.level
	}
	level = max(0, level)
	if e.Kind == cordon.Bulk || e.FirstTime <= 0 {
		return level, close
	}
	first, near := float64(e.FirstTime), float64(max(0, min(e.Close, e.FirstTime)))
	if most := max(introduction, first*introduced); !p.ripe(now, l) && first > most {
		first, near = most, near*most/first
	}
	return min(maxLevel, level+first), min(maxLevel, close+near)
}

// unusual is how many of the first-time recipients count. People whom near
// colleagues write to as well are a group of the sender's own: when most are,
// all count a quarter. Those who are not always count in full.
func (l Limits) unusual(level, close float64) float64 {
	if level >= GroupFrom && l.Group > 0 && close >= l.Group*level {
		return max(level-close, level*groupWeight)
	}
	return level
}

// GroupFrom is the fewest first-time recipients that can be a group.
const GroupFrom = 5

const (
	groupWeight  = 0.25
	introduction = 6   // first-time recipients that one order of a new account counts for,
	introduced   = 0.4 // or this share of them, when that is more: 25 at most pass at once
)

// firstPerHour is how many first-time recipients an hour brings, on average over
// the last four weeks of history.
func (p *Profile) firstPerHour(now int64) float64 {
	var n int64
	for _, d := range p.days {
		if d.at > now/86400-daysKept-1 {
			n += d.first
		}
	}
	return float64(n) / (daysKept * 24)
}

func (p *Profile) ripe(now int64, l Limits) bool {
	return p.first > 0 && now-p.first >= int64(l.Ripe/time.Second)
}

// quietFrom is how many settled copies say when a sender sleeps.
const quietFrom = 60

// quiet: a sender with a known week that never sent within an hour of this time
// of day, on working days or on the weekend, whichever this is.
func (p *Profile) quiet(now int64, l Limits) bool {
	if !p.ripe(now, l) || p.copies < quietFrom || len(p.days) < 10 {
		return false
	}
	weekend := weekendDay(now)
	for d := int64(0); d < 7; d++ {
		for _, h := range []int64{-3600, 0, 3600} {
			at := now + d*86400 + h
			if weekendDay(now+d*86400) == weekend && p.week[hourOfWeek(at)] > 0 {
				return false
			}
		}
	}
	return true
}

func weekendDay(seconds int64) bool {
	d := time.Unix(seconds, 0).UTC().Weekday()
	return d == time.Saturday || d == time.Sunday
}

// copiedTo is to how many first-time recipients the sender's own words went
// lately, with this event; 0 when they are new, or an approved template's.
func (p *Profile) copiedTo(e Event, now int64) int {
	if !e.OwnWords || e.Content == 0 {
		return 0
	}
	for _, t := range p.texts {
		if t.mark == e.Content {
			return int(t.first) + e.FirstTime
		}
	}
	return 0
}

// strange: a ripe sender comes from where it never came from.
func (p *Profile) strange(e Event, now int64, l Limits) bool {
	if e.Client == 0 || len(p.clients) == 0 || !p.ripe(now, l) {
		return false
	}
	for _, c := range p.clients {
		if c.mark == e.Client {
			return now-c.at < int64(Settle/time.Second) && c.at-p.first >= int64(l.Ripe/time.Second)
		}
	}
	return true
}

// weighRate: copies in the last hour against the busiest hour of the history.
// An account is held, a template or a tenant is pointed out: fixed ceilings bind
// those.
func (p *Profile) weighRate(e Event, l Limits, now int64) []Finding {
	if !p.ripe(now, l) || len(p.days) < rateDays || e.Copies == 0 {
		return nil
	}
	var peak int64
	for _, d := range p.days {
		peak = max(peak, d.peak)
	}
	used, _ := p.window(now, 3600)
	total, most := used+int64(e.Copies), max(rateFloor, rateFactor*peak)
	switch {
	case total <= most || used > most && l.Kind != cordon.SubjectAccount:
		return nil
	case l.Kind == cordon.SubjectAccount:
		return []Finding{{RuleRate, Hold, int(total), int(most)}}
	}
	return []Finding{{RuleRate, Warn, int(total), int(most)}}
}

const (
	rateDays   = 5
	rateFloor  = 60
	rateFactor = 4
)

// weighReach: a bulk send against the bulk sends before it.
func (p *Profile) weighReach(e Event, l Limits) []Finding {
	if p.bulks < reachFrom || e.Directory == 0 {
		return nil
	}
	most := 2*p.reach + 25
	if int64(e.Copies) <= most || 2*e.Copies < e.Directory {
		return nil
	}
	w := Warn
	if l.Kind == cordon.SubjectAccount || l.Kind == cordon.SubjectKey || l.Kind == cordon.SubjectTemplate {
		w = Hold
	}
	return []Finding{{RuleReach, w, e.Copies, int(most)}}
}

const reachFrom = 3

// KnowsReach says whether there are bulk sends to compare one with.
func (p *Profile) KnowsReach() bool { return p.bulks >= reachFrom }

func (p Profile) clone() Profile {
	p.bins, p.days = slices.Clone(p.bins), slices.Clone(p.days)
	p.texts, p.clients = slices.Clone(p.texts), slices.Clone(p.clients)
	return p
}
