package oncall

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// Trigger wakes somebody by hand. Without a key each call is a page of its own.
func (d *Desk) Trigger(ctx context.Context, by cordon.Actor, n cordon.NewPage) (cordon.OnCallPage, error) {
	if !acts(by) {
		return cordon.OnCallPage{}, denied(cordon.ManageIncidents)
	}
	if n.Key == "" {
		n.Key = "hand/" + cordon.RandomText(20)
	}
	return d.store.TriggerPage(ctx, by, n)
}

// Page answers one page with what happened to it.
func (d *Desk) Page(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, []cordon.PageEvent, error) {
	if !sees(by) {
		return cordon.OnCallPage{}, nil, denied(cordon.ReadIncidents)
	}
	p, err := d.store.OnCallPage(ctx, id)
	if err != nil {
		return cordon.OnCallPage{}, nil, err
	}
	events, err := d.store.PageEvents(ctx, id)
	return p, events, err
}

// Pages lists pages, the newest first.
func (d *Desk) Pages(ctx context.Context, by cordon.Actor, f cordon.PageFilter, p cordon.Page) ([]cordon.OnCallPage, string, error) {
	if !sees(by) {
		return nil, "", denied(cordon.ReadIncidents)
	}
	return d.store.OnCallPages(ctx, f, p)
}

// Acknowledge says that the actor has it, or still has it: for so long, 0 for as
// long as an acknowledgement lasts.
func (d *Desk) Acknowledge(ctx context.Context, by cordon.Actor, id cordon.PageID, lasts time.Duration) (cordon.OnCallPage, error) {
	if !acts(by) {
		return cordon.OnCallPage{}, denied(cordon.ManageIncidents)
	}
	return d.acknowledge(ctx, by, id, "", lasts)
}

func (d *Desk) acknowledge(ctx context.Context, by cordon.Actor, id cordon.PageID, contact cordon.OnCallContactID, lasts time.Duration) (cordon.OnCallPage, error) {
	book, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return cordon.OnCallPage{}, err
	}
	if most := minutes(book.Settings.MaxRenewMinutes); lasts < 0 || lasts > most {
		return cordon.OnCallPage{}, cordon.InvalidField("for", "is too long", fmt.Sprintf("give up to %d minutes, and renew it", book.Settings.MaxRenewMinutes))
	}
	if lasts == 0 {
		lasts = minutes(book.Settings.HoldMinutes)
	}
	p, err := d.store.OnCallPage(ctx, id)
	if err != nil {
		return p, err
	}
	var messages []cordon.Outgoing
	if p.State == cordon.PageTriggered { // bridges show who was paged elsewhere that it is in hands
		alerts, err := d.store.PageAlerts(ctx, id)
		if err != nil {
			return p, err
		}
		for _, a := range alerts {
			if c := a.Message.Channel; (c == cordon.ChannelPagerDuty || c == cordon.ChannelWebhook) && a.Message.To != "" {
				messages = append(messages, d.ackUpdate(p, "", a, p.Turn))
			}
		}
	}
	return d.store.AckPage(ctx, by, id, contact, d.now().Add(lasts), messages)
}

// Escalate goes to the next step now.
func (d *Desk) Escalate(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error) {
	if !acts(by) {
		return cordon.OnCallPage{}, denied(cordon.ManageIncidents)
	}
	return d.store.EscalatePage(ctx, by, id)
}

// Resolve ends a page: those who were paged are told.
func (d *Desk) Resolve(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error) {
	if !acts(by) {
		return cordon.OnCallPage{}, denied(cordon.ManageIncidents)
	}
	return d.store.ResolvePage(ctx, by, id)
}

// Linked is what a link from a message leads to.
type Linked struct {
	Page   cordon.OnCallPage // of a link that acknowledges
	Method bool              // the link proves a contact method
}

// Linked looks at a link; it changes nothing, because mail scanners open links.
// Whoever holds the link may: it is the right.
func (d *Desk) Linked(ctx context.Context, token string) (Linked, error) {
	l, err := d.readLink(token)
	if err != nil || l.method != "" {
		return Linked{Method: err == nil}, err
	}
	p, err := d.store.OnCallPage(ctx, l.page)
	return Linked{Page: p}, err
}

func (d *Desk) readLink(token string) (link, error) {
	l, err := d.links.read(token, d.now())
	if err == nil && l.expired {
		err = &cordon.Error{Code: cordon.Missing, Field: "link", Message: "has expired", Remedy: "sign in to the console, or wait for the next page"}
	}
	return l, err
}

// FollowLink does what the link says: acknowledges the page for the contact it
// was sent to, or proves the method.
func (d *Desk) FollowLink(ctx context.Context, token string) (Linked, error) {
	l, err := d.readLink(token)
	switch {
	case err != nil:
		return Linked{}, err
	case l.method != "":
		return Linked{Method: true}, d.store.VerifyMethod(ctx, linkActor(), l.method, nil)
	}
	p, err := d.acknowledge(ctx, linkActor(), l.page, l.contact, 0)
	return Linked{Page: p}, err
}

// linkActor acts by a link: what it did is the contact's, whom the event names.
func linkActor() cordon.Actor { return cordon.System() }
