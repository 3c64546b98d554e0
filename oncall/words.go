package oncall

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// speaker puts a page into words: one letter for every channel; the wire gives
// it the channel's form.
type speaker struct {
	page     func(cordon.OnCallContact, cordon.ContactMethod) cordon.Outgoing
	allClear func(cordon.PageAlert) cordon.Outgoing
}

func (d *Desk) speaker(ctx context.Context, p cordon.OnCallPage, book cordon.OnCallBook) speaker {
	incident := ""
	if p.Incident != "" {
		if i, err := d.store.Incident(ctx, p.Incident); err == nil {
			incident = i.Name()
		}
	}
	return speaker{
		page: func(c cordon.OnCallContact, m cordon.ContactMethod) cordon.Outgoing {
			return d.pageLetter(p, incident, book, c, m)
		},
		allClear: func(a cordon.PageAlert) cordon.Outgoing { return d.allClearLetter(p, incident, book, a) },
	}
}

// outgoing is what all messages about a page have in common.
func (d *Desk) outgoing(p cordon.OnCallPage, incident string, purpose cordon.Purpose) cordon.Outgoing {
	facts := map[string]string{"page": string(p.ID), "severity": p.Severity.String(), "url": d.pageURL(p), "title": p.Title}
	if p.Incident != "" {
		facts["incident"], facts["incident_name"] = string(p.Incident), incident
	}
	if p.Role != "" {
		facts["role"] = string(p.Role)
	}
	if p.Exercise {
		facts["exercise"] = "true"
	}
	facts["triggered_at"] = p.TriggeredAt.UTC().Format(time.RFC3339)
	return cordon.Outgoing{Purpose: purpose, Tenant: p.Tenant, Incident: p.Incident, Subject: string(p.ID), Exercise: p.Exercise,
		Content: cordon.OutgoingLetter{Facts: facts}}
}

func (d *Desk) pageURL(p cordon.OnCallPage) string {
	if p.Path != "" {
		return d.url + p.Path
	}
	return d.url + "/pages/" + string(p.ID)
}

// headline is "SEV-1 INC-12: title", or the title alone where it names its
// incident, watermarked once when it is an exercise.
func headline(p cordon.OnCallPage, incident string) string {
	text := p.Title
	if p.Exercise { // its title may say so already
		text = strings.TrimLeft(strings.TrimPrefix(text, "EXERCISE"), " –:")
	}
	switch {
	case incident == "":
		text = p.Severity.String() + ": " + text
	case !strings.HasPrefix(text, incident+" "):
		text = p.Severity.String() + " " + incident + ": " + text
	}
	if p.Exercise {
		text = "EXERCISE: " + text
	}
	return text
}

func (d *Desk) pageLetter(p cordon.OnCallPage, incident string, book cordon.OnCallBook, c cordon.OnCallContact, m cordon.ContactMethod) cordon.Outgoing {
	o := d.outgoing(p, incident, cordon.PurposePage)
	o.Channel, o.To = m.Channel, m.Target
	ack := d.url + "/page/" + d.links.ack(p.ID, c.ID, d.now().Add(time.Duration(book.Settings.LinkHours)*time.Hour))
	o.Content.Facts["ack_url"] = ack
	o.Content.Title = headline(p, incident)
	var b strings.Builder
	if p.Exercise {
		b.WriteString("This is an EXERCISE. Act as if it were none.\n\n")
	}
	fmt.Fprintf(&b, "%s\n", headline(p, incident))
	if p.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", p.Text)
	}
	fmt.Fprintf(&b, "\nI have it: %s\nSee it:    %s\n", ack, d.pageURL(p))
	fmt.Fprintf(&b, "\nTriggered %s. Until somebody acknowledges, Cordon goes on paging.\n", p.TriggeredAt.UTC().Format("2 January 2006, 15:04 UTC"))
	o.Content.Text = b.String()
	if m.Channel == cordon.ChannelSMS {
		o.Content.Text = shorten(headline(p, incident), 100) + "\n" + ack
	}
	return o
}

// ackUpdate tells the bridges that were paged that somebody has it.
func (d *Desk) ackUpdate(p cordon.OnCallPage, incident string, a cordon.PageAlert, n int64) cordon.Outgoing {
	o := d.outgoing(p, incident, cordon.PurposePageUpdate)
	o.Channel, o.To = a.Message.Channel, a.Message.To
	o.Key = "ack/" + cordon.PageKey(p.ID, n, a.Contact, a.Method)
	o.Content.Title = "Acknowledged: " + headline(p, incident)
	o.Content.Text = o.Content.Title
	return o
}

func (d *Desk) allClearLetter(p cordon.OnCallPage, incident string, book cordon.OnCallBook, a cordon.PageAlert) cordon.Outgoing {
	o := d.outgoing(p, incident, cordon.PurposeAllClear)
	o.Channel, o.To = a.Message.Channel, a.Message.To
	if o.To == "" {
		if c, ok := book.Contact(a.Contact); ok {
			for _, m := range c.Methods {
				if m.ID == a.Method {
					o.To = m.Target
				}
			}
		}
	}
	o.Content.Title = "Over: " + headline(p, incident)
	o.Content.Text = fmt.Sprintf("It is over.\n\n%s\n\nYou were paged about it. It was resolved %s, and nothing more is asked of you.\n\n%s\n",
		headline(p, incident), p.ResolvedAt.UTC().Format("2 January 2006, 15:04 UTC"), d.pageURL(p))
	if o.Channel == cordon.ChannelSMS {
		o.Content.Text = shorten(o.Content.Title, 150)
	}
	return o
}

// verifyLetter carries the code that proves a method.
func (d *Desk) verifyLetter(m cordon.ContactMethod, num int64, code string, until time.Time) cordon.Outgoing {
	link := d.url + "/page/" + d.links.verify(m.ID, until)
	o := cordon.Outgoing{Key: "verify/" + string(m.ID) + "/" + strconv.FormatInt(num, 10), Channel: m.Channel, Purpose: cordon.PurposeVerify, Urgent: true,
		Subject: string(m.ID), To: m.Target, StaleAt: until, Content: cordon.OutgoingLetter{
			Title: "Cordon: your code is " + code,
			Text: "Somebody named this as a way to page you in an emergency.\n\nThe code is " + code + ". Give it to whoever asked for it, or open\n" + link +
				"\n\nIf you know nothing of this, do nothing: nothing more will be sent here.\n",
			Facts: map[string]string{"method": string(m.ID), "title": "Cordon verifies this contact method: code " + code, "url": link, "severity": "SEV-5", "page": "verify-" + string(m.ID)},
		}}
	if m.Channel == cordon.ChannelSMS {
		o.Content.Text = "Cordon: your code is " + code
	}
	return o
}

// stepWords names a step as people count.
func stepWords(step, round int) string {
	text := "to step " + strconv.Itoa(step+1)
	if round > 0 {
		text += ", round " + strconv.Itoa(round+1)
	}
	return text
}

func minutesWords(n int) string {
	if n == 1 {
		return "1 minute"
	}
	return strconv.Itoa(n) + " minutes"
}

// shorten cuts a text at a character.
func shorten(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}
