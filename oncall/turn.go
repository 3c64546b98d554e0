package oncall

import (
	"time"

	"github.com/cordonmail/cordon"
)

// judge decides a page's next turn from the book as of one moment. It is pure:
// what it says is written by TakePageTurn, or not at all.
type judge struct {
	book cordon.OnCallBook
	now  time.Time
	say  speaker
}

// turnOf begins a turn that leaves everything as it is.
func turnOf(p cordon.OnCallPage) cordon.PageTurn {
	return cordon.PageTurn{Page: p.ID, Turn: p.Turn, State: p.State, Policy: p.Policy, Step: p.Step, Round: p.Round, Spent: p.Spent, StepEnds: p.StepEnds}
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// triggered is the turn of a page that nobody has acknowledged.
func (j judge) triggered(p cordon.OnCallPage) cordon.PageTurn {
	t := turnOf(p)
	begins := p.StepEnds.IsZero() || p.Policy == "" // nobody had said who takes it
	if begins {
		t.Policy = cordon.RouteOf(j.book.Routes, p.NewPage)
	}
	policy, ok := j.book.Policy(string(t.Policy))
	switch {
	case !ok || len(policy.Steps) == 0:
		t.Spent = true
		j.fallback(&t, p, "no policy takes this page")
		j.rest(&t, p)
		return t
	case p.AllFailed && !p.Escalate:
		j.fallback(&t, p, "every message of the step failed")
		t.NextAt = j.earlier(p.StepEnds, j.now.Add(minutes(j.book.Settings.AckMinutes)))
		if !j.now.Before(p.StepEnds) && !p.Spent {
			t.NextAt = j.now
		}
		return t
	case p.Spent && !begins:
		j.fallback(&t, p, "still nobody has acknowledged")
		j.rest(&t, p)
		return t
	case begins:
		t.Step, t.Round, t.Spent = 0, 0, false
	case p.Escalate || !j.now.Before(p.StepEnds):
		if !j.escalate(&t, policy, p.Escalate) {
			j.fallback(&t, p, "every step and repeat is gone through")
			j.rest(&t, p)
			return t
		}
	default:
		t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventRepeated})
		j.wake(&t, p, policy.Steps[min(t.Step, len(policy.Steps)-1)])
		t.NextAt = j.earlier(t.StepEnds, j.now.Add(minutes(j.book.Settings.AckMinutes)))
		return t
	}
	step := policy.Steps[t.Step]
	t.StepEnds = j.now.Add(minutes(step.Minutes))
	j.wake(&t, p, step)
	t.NextAt = j.earlier(t.StepEnds, j.now.Add(minutes(j.book.Settings.AckMinutes)))
	return t
}

func (j judge) earlier(a, b time.Time) time.Time {
	if a.After(j.now) && a.Before(b) {
		return a
	}
	return b
}

// escalate goes to the next step, or to the next round; false when all are spent.
func (j judge) escalate(t *cordon.PageTurn, policy cordon.Policy, asked bool) bool {
	t.Step++
	if t.Step >= len(policy.Steps) {
		if t.Round >= policy.Repeats {
			t.Spent = true
			return false
		}
		t.Step, t.Round = 0, t.Round+1
	}
	if !asked { // that somebody asked is written already
		t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventEscalated, Text: stepWords(t.Step, t.Round)})
	}
	return true
}

// rest is the pace of a page that has only the fallback left: once more after
// ack_minutes, then every last_minutes.
func (j judge) rest(t *cordon.PageTurn, p cordon.OnCallPage) {
	wait := j.book.Settings.LastMinutes
	if !p.Spent {
		wait = j.book.Settings.AckMinutes
	}
	t.StepEnds = j.now
	t.NextAt = j.now.Add(minutes(wait))
}

// wake queues the messages of a step. Where nobody of it can be reached, the
// fallback is paged.
func (j judge) wake(t *cordon.PageTurn, p cordon.OnCallPage, step cordon.EscalationStep) {
	var who []cordon.OnCallContactID
	for _, g := range step.Targets {
		id := g.Contact
		if g.Schedule != "" {
			s, _ := j.book.Schedule(string(g.Schedule))
			id = OnCallAt(s, j.book.Overrides, g.Layer, j.now).Contact
		}
		if id != "" {
			who = append(who, id)
		}
	}
	if len(who) == 0 {
		j.fallback(t, p, "nobody is on call")
		return
	}
	if !j.notify(t, p, who) {
		j.fallback(t, p, "whoever is on call has no verified contact method")
		return
	}
	t.Watched = true
}

// fallback queues messages to the fallback contacts.
func (j judge) fallback(t *cordon.PageTurn, p cordon.OnCallPage, because string) {
	t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventFallback, Text: because})
	if !j.notify(t, p, j.book.Settings.Fallback) {
		t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventNobody, Text: "nobody at all can be reached"})
	}
}

// notify queues a message to each verified method of the contacts, by their own
// rules; false when there is none.
func (j judge) notify(t *cordon.PageTurn, p cordon.OnCallPage, who []cordon.OnCallContactID) bool {
	asked := map[cordon.OnCallContactID]bool{}
	any := false
	for _, id := range who {
		c, ok := j.book.Contact(id)
		if !ok || asked[id] {
			continue
		}
		asked[id] = true
		for _, way := range ways(c) {
			due := j.now.Add(minutes(way.delay))
			o := j.say.page(c, way.ContactMethod)
			o.Key, o.DueAt = cordon.PageKey(p.ID, t.Turn+1, c.ID, way.ID), due
			o.StaleAt = due.Add(minutes(j.book.Settings.StaleMinutes))
			o.Urgent = p.First && p.Turn == 0 || p.Incident == "" && p.Turn == 0
			t.Messages = append(t.Messages, o)
			text := ""
			if way.delay > 0 {
				text = "in " + minutesWords(way.delay)
			}
			t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventNotified, Contact: c.ID, Channel: way.Channel, Text: text})
			any = true
		}
	}
	return any
}

type way struct {
	cordon.ContactMethod
	delay int
}

// ways are a contact's verified methods with their delays. Without rules, or
// with none that names a verified one, all of them at once: a contact that can be
// reached at all is.
func ways(c cordon.OnCallContact) []way {
	verified := map[cordon.MethodID]cordon.ContactMethod{}
	var all, ruled []way
	for _, m := range c.Methods {
		if !m.VerifiedAt.IsZero() {
			verified[m.ID] = m
			all = append(all, way{m, 0})
		}
	}
	done := map[cordon.MethodID]bool{}
	for _, r := range c.Rules {
		if m, ok := verified[r.Method]; ok && !done[r.Method] {
			done[r.Method] = true
			ruled = append(ruled, way{m, r.DelayMinutes})
		}
	}
	if len(ruled) == 0 {
		return all
	}
	return ruled
}

// acknowledged is the turn of a page whose acknowledgement has come to its end:
// it holds on while somebody is at work on the incident, and lapses otherwise.
func (j judge) acknowledged(p cordon.OnCallPage, atWork bool) cordon.PageTurn {
	t := turnOf(p)
	if atWork {
		t.NextAt = j.now.Add(minutes(j.book.Settings.HoldMinutes)) // it may go back to triage
		return t
	}
	t.State, t.Step, t.Round, t.Spent, t.StepEnds, t.NextAt = cordon.PageTriggered, 0, 0, false, time.Time{}, j.now
	t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventLapsed})
	return t
}

// over is the last turn: whoever was sent something is told that it is over.
func (j judge) over(p cordon.OnCallPage, alerts []cordon.PageAlert) cordon.PageTurn {
	t := turnOf(p)
	for _, a := range alerts {
		o := j.say.allClear(a)
		if o.To == "" { // forgotten, and the method is gone
			continue
		}
		o.Key = "over/" + cordon.PageKey(p.ID, 0, a.Contact, a.Method)
		t.Messages = append(t.Messages, o)
		t.Events = append(t.Events, cordon.PageEvent{Kind: cordon.PageEventAllClear, Contact: a.Contact, Channel: o.Channel})
	}
	return t
}
