package guard

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/gauge"
)

// JudgeBehaviour asks of an order only whether it is like its sender: the check
// of that name as Judge runs it, for replaying a history.
func (g *Guard) JudgeBehaviour(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) cordon.Verdict {
	m := &matter{actor: actor, order: order, version: version, guard: g, now: g.now()}
	limits, err := g.limits(ctx, order.Tenant)
	if err != nil {
		return g.failed(ctx, "limits", err)
	}
	m.limits = limits
	return g.ask(ctx, check{name: "behaviour", run: behaviour}, m)
}

// behaviour: an order unlike its sender waits for a person. What is usual is
// measured by gauge, from what was accepted and lies back a day; the fixed
// ceilings bind before anything is known.
func behaviour(ctx context.Context, m *matter) cordon.Verdict {
	if m.again {
		return pass() // the second person is the answer
	}
	subjects, sender := m.subjects()
	event, err := m.event(ctx, sender)
	if err != nil {
		return m.failed(ctx, "behaviour", err)
	}
	known, err := m.guard.store.Behaviours(ctx, m.order.Tenant, subjects)
	if err != nil {
		return m.failed(ctx, "behaviour", err)
	}
	v := pass()
	v.Movement = &cordon.Movement{Sender: sender}
	limits := m.limits.BehaviourLimits
	for i, subject := range subjects {
		l := gauge.LimitsOf(limits, subject.Kind)
		found, err := weigh(ctx, m, known[i], event, l)
		if err != nil {
			return m.failed(ctx, "behaviour", err)
		}
		v.Join(m.unusual(subject, event, found))
		v.Movement.Lessons = append(v.Movement.Lessons, cordon.Lesson{Subject: subject, Apply: lesson(event, l)})
	}
	return v
}

// subjects are those whose history the order is held against, and which of them
// is its sender. The operator is none.
func (m *matter) subjects() (all []cordon.Subject, sender cordon.Subject) {
	switch {
	case m.actor.Key != "":
		sender = cordon.Subject{Kind: cordon.SubjectKey, ID: string(m.actor.Key)}
	case m.actor.Account != "":
		sender = cordon.Subject{Kind: cordon.SubjectAccount, ID: string(m.actor.Account)}
	}
	if sender.ID != "" {
		all = append(all, sender)
	}
	if m.order.Template != "" {
		all = append(all, cordon.Subject{Kind: cordon.SubjectTemplate, ID: string(m.order.Template)})
	}
	return append(all, cordon.Subject{Kind: cordon.SubjectTenant, ID: string(m.order.Tenant)}), sender
}

// event is the order as the craft sees it.
func (m *matter) event(ctx context.Context, sender cordon.Subject) (gauge.Event, error) {
	size, err := m.size(ctx)
	if err != nil {
		return gauge.Event{}, err
	}
	e := gauge.Event{At: m.now, Kind: m.order.Kind, Copies: size.total, OwnWords: m.order.Free != nil, Content: m.order.Words}
	if e.Content == 0 {
		e.Content = gauge.Fingerprint(m.version.Content.Subject, m.version.Content.Text, m.version.Content.HTML)
	}
	if e.Kind == cordon.Bulk || sender.ID == "" {
		return e, nil
	}
	found, err := m.recipients(ctx)
	if err != nil {
		return e, err
	}
	e.Walk = make([]int64, 0, len(found))
	for _, id := range m.order.Recipients {
		if f, ok := found[id]; ok {
			e.Walk = append(e.Walk, f.Num)
		}
	}
	if len(e.Walk) == 0 {
		return e, nil
	}
	near := sender.Kind == cordon.SubjectAccount // a program has no colleagues
	a, err := m.guard.store.Acquaintance(ctx, m.order.Tenant, sender, e.Walk, near)
	e.FirstTime, e.Close = len(e.Walk)-a.Known, a.Close
	return e, err
}

// weigh weighs the event against one subject's history. How many people there
// are is asked only when bulk sends are known to compare with.
func weigh(ctx context.Context, m *matter, known cordon.Behaviour, e gauge.Event, l gauge.Limits) ([]gauge.Finding, error) {
	p, err := gauge.Decode(known.State)
	if err != nil {
		return nil, err
	}
	if e.Kind == cordon.Bulk && p.KnowsReach() {
		if e.Directory, _, err = m.guard.store.CountRecipients(ctx, m.order.Tenant); err != nil {
			return nil, err
		}
	}
	p.Pardon(known.PardonedAt)
	return gauge.Weigh(p, e, l), nil
}

// lesson weighs again and learns, in the transaction that accepts.
func lesson(e gauge.Event, l gauge.Limits) func(cordon.Behaviour, bool) ([]byte, bool) {
	return func(known cordon.Behaviour, held bool) ([]byte, bool) {
		p, err := gauge.Decode(known.State)
		if err != nil {
			return known.State, false
		}
		p.Pardon(known.PardonedAt)
		if held {
			p.Charge(e, l)
			return p.Encode(), false
		}
		passes := !gauge.Held(gauge.Weigh(p, e, l))
		p.Learn(e, l)
		return p.Encode(), passes
	}
}

// unusual turns findings into the words of a verdict and its signals.
func (m *matter) unusual(subject cordon.Subject, e gauge.Event, found []gauge.Finding) cordon.Verdict {
	v := pass()
	if len(found) == 0 {
		return v
	}
	why := m.explain(subject, e, found)
	if !gauge.Held(found) {
		v.Signals = []cordon.Signal{m.signal(cordon.SignalUnusual, cordon.GradeNote, e.Copies, why)}
		return v
	}
	v.Decision = cordon.Hold
	v.Reasons = []cordon.Reason{{Decision: cordon.Hold, Message: why}}
	v.Signals = []cordon.Signal{m.signal(cordon.SignalBehaviour, cordon.GradeWarning, e.Copies, why)}
	return v
}

// explain says what was found as one would say it to the person at the desk.
func (m *matter) explain(subject cordon.Subject, e gauge.Event, found []gauge.Finding) string {
	who := "This " + string(subject.Kind)
	held := gauge.Held(found)
	var parts []string
	for _, f := range found {
		if held && f.Weight == gauge.Warn {
			continue // less than what holds it
		}
		parts = append(parts, m.clause(who, e, f))
	}
	text := parts[0]
	if len(parts) > 1 {
		text += ", and " + strings.Join(parts[1:], ", and ")
	}
	return text + "."
}

func (m *matter) clause(who string, e gauge.Event, f gauge.Finding) string {
	switch f.Rule {
	case gauge.RuleFirstHour:
		return fmt.Sprintf("%s would write to %d people within an hour whom it never wrote to (at most %d)", who, f.Count, f.Usual)
	case gauge.RuleFirstDay:
		return fmt.Sprintf("%s would write to %d people within a day whom it never wrote to (at most %d)", who, f.Count, f.Usual)
	case gauge.RuleHour:
		return fmt.Sprintf("%s would send %d letters within an hour (at most %d)", who, f.Count, f.Usual)
	case gauge.RuleDay:
		return fmt.Sprintf("%s would send %d letters within a day (at most %d)", who, f.Count, f.Usual)
	case gauge.RuleOrder:
		return fmt.Sprintf("%s names %d people in one order (at most %d; more go by audience)", who, f.Count, f.Usual)
	case gauge.RuleStrangers:
		return who + strangers(e, f)
	case gauge.RuleQuiet:
		return "it is " + m.now.UTC().Format("Monday 15:04") + " UTC, when it never sends"
	case gauge.RuleCopy:
		return fmt.Sprintf("the words are ones it has sent lately, now to %d people who are new to it", f.Count)
	case gauge.RuleClient:
		return "it comes from an address or program it never used"
	case gauge.RuleWalk:
		return fmt.Sprintf("the last %d were named in the order of the directory", f.Count)
	case gauge.RuleRate:
		return fmt.Sprintf("%s would send %d letters within an hour; its busiest hours allow for %d", who, f.Count, f.Usual)
	case gauge.RuleReach:
		return fmt.Sprintf("%s would reach %d people; its earlier sends allow for %d", who, f.Count, f.Usual)
	}
	return who + " does something unusual"
}

func strangers(e gauge.Event, f gauge.Finding) string {
	text := fmt.Sprintf(" has never written to %d of these %d people", e.FirstTime, e.Copies)
	if e.Copies == 1 {
		text = " has never written to this person"
	}
	if f.Count > e.FirstTime {
		return fmt.Sprintf("%s, and that makes about %d new ones in a short time, where %d are usual", text, f.Count, f.Usual)
	}
	return fmt.Sprintf("%s, where %d new ones at a time are usual", text, f.Usual)
}
