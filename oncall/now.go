package oncall

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// Now is who is on call at this moment, and what would keep a page from reaching
// somebody.
type Now struct {
	At        time.Time           `json:"at"`
	Schedules []NowOn             `json:"schedules"`
	Problems  []string            `json:"problems"`
	Open      int                 `json:"open_pages"`
	Outbox    cordon.OutboxHealth `json:"outbox"`
}

// NowOn is who is on call on one schedule, and who is next.
type NowOn struct {
	Schedule cordon.ScheduleID      `json:"schedule"`
	Handle   string                 `json:"handle"`
	Contact  cordon.OnCallContactID `json:"contact,omitempty"` // "" nobody
	Name     string                 `json:"name,omitempty"`
	Override bool                   `json:"override,omitempty"`
	Until    time.Time              `json:"until"`
	Next     string                 `json:"next,omitempty"` // the name
}

// nowAhead is how far ahead the end of a shift is looked for.
const nowAhead = 28 * 24 * time.Hour

// Now answers who is on call.
func (d *Desk) Now(ctx context.Context, by cordon.Actor) (Now, error) {
	if !sees(by) && !manages(by) {
		return Now{}, denied(cordon.ReadIncidents)
	}
	at := d.now()
	book, err := d.store.OnCallBook(ctx, at)
	if err != nil {
		return Now{}, err
	}
	n := Now{At: at.UTC(), Schedules: []NowOn{}, Problems: []string{}}
	if n.Outbox, err = d.store.OutboxHealth(ctx); err != nil {
		return n, err
	}
	for _, s := range book.Schedules {
		shifts := Shifts(s, book.Overrides, 0, at, at.Add(nowAhead))
		on := NowOn{Schedule: s.ID, Handle: s.Handle, Contact: shifts[0].Contact, Override: shifts[0].Override != "", Until: shifts[0].Until.UTC()}
		c, _ := book.Contact(on.Contact)
		on.Name = c.Name
		if len(shifts) > 1 {
			next, _ := book.Contact(shifts[1].Contact)
			on.Next = next.Name
		}
		n.Schedules = append(n.Schedules, on)
	}
	open, _, err := d.store.OnCallPages(ctx, cordon.PageFilter{Open: true}, cordon.Page{Limit: 500})
	if err != nil {
		return n, err
	}
	n.Open = len(open)
	n.Problems = d.problems(ctx, book, n)
	if n.Problems == nil {
		n.Problems = []string{}
	}
	return n, nil
}

// problems says what would keep a page from reaching somebody, the worst first.
func (d *Desk) problems(ctx context.Context, b cordon.OnCallBook, n Now) (all []string) {
	if since := n.Outbox.OldestWake; !since.IsZero() && d.now().Sub(since) > time.Duration(b.Settings.StuckSeconds)*time.Second {
		all = append(all, "The outbox is stuck: a message that wakes somebody has waited since "+since.UTC().Format("15:04:05 UTC")+".")
	}
	if len(b.Contacts) == 0 {
		return append(all, "Nobody can be paged: there is no contact yet.")
	}
	if len(b.Routes) == 0 {
		all = append(all, "No escalation policy takes pages: they go to the fallback at once.")
	}
	if !d.reachable(b, b.Settings.Fallback) {
		all = append(all, "No fallback can be reached: a page that nobody takes is lost.")
	}
	for _, on := range n.Schedules {
		switch c, ok := b.Contact(on.Contact); {
		case !ok:
			all = append(all, "Nobody is on call on "+on.Handle+".")
		case len(ways(c)) == 0:
			all = append(all, fmt.Sprintf("%s is on call on %s and has no verified contact method.", c.Name, on.Handle))
		}
	}
	used := map[cordon.Channel]bool{}
	for _, c := range b.Contacts {
		for _, m := range c.Methods {
			if used[m.Channel] {
				continue
			}
			used[m.Channel] = true
			if err := d.wire.Ready(ctx, m.Channel); err != nil {
				all = append(all, "Contacts are to be reached by "+string(m.Channel)+", and cannot: "+err.Error())
			}
		}
	}
	return all
}

func (d *Desk) reachable(b cordon.OnCallBook, ids []cordon.OnCallContactID) bool {
	for _, id := range ids {
		if c, ok := b.Contact(id); ok && len(ways(c)) > 0 {
			return true
		}
	}
	return false
}

// Test sends an exercise page to one contact's verified methods, marked through
// and through, that asks for nothing. It truly leaves: it proves the way.
func (d *Desk) Test(ctx context.Context, by cordon.Actor, id cordon.OnCallContactID) (int, error) {
	if !manages(by) {
		return 0, denied(cordon.ManageOnCall)
	}
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return 0, err
	}
	c, ok := b.Contact(id)
	if !ok {
		return 0, &cordon.Error{Code: cordon.Missing, Field: "contact", Message: "there is no such contact", Remedy: "cordon oncall contact list shows them"}
	}
	stamp := d.now().UTC()
	var all []cordon.Outgoing
	for _, w := range ways(c) {
		all = append(all, cordon.Outgoing{Key: "test/" + string(w.ID) + "/" + stamp.Format(time.RFC3339), Channel: w.Channel, Purpose: cordon.PurposeVerify, To: w.Target, Urgent: true,
			Subject: string(w.ID), StaleAt: stamp.Add(minutes(b.Settings.StaleMinutes)), Content: cordon.OutgoingLetter{
				Title: "TEST from Cordon: nothing is wrong",
				Text:  "TEST: somebody tries whether a page reaches you this way. It does. Nothing is asked of you.\n",
				Facts: map[string]string{"title": "TEST from Cordon: nothing is wrong", "severity": "SEV-5", "page": "test-" + string(w.ID), "url": d.url + "/oncall"},
			}})
	}
	if len(all) == 0 {
		return 0, cordon.Errorf(cordon.Conflict, "this contact has no verified method to try")
	}
	return len(all), d.store.EnqueueOutgoing(ctx, all)
}
