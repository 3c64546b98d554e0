package console

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

// onCallPage is who is on call, for how long, and how they are reached.
type onCallPage struct {
	Now       oncall.Now
	Cards     []onCallCard
	Plots     []shiftPlot
	Legend    []whoDot
	Contacts  []contactCard
	Overrides []overrideRow
	Policies  []policyRow
	Monitors  []monitorRow
	Schedules []option
	People    []option
	Channels  []option
	Zones     string
	Settings  []settingField
	Fallback  string
	Today     string
	MayManage bool
	MayAct    bool
	Open      int
}

type onCallCard struct {
	oncall.NowOn
	Who, Edge, Then string
	Local           string // until when, in the schedule's zone
}

type contactCard struct {
	ID      string
	Name    string
	Edge    string
	Word    string
	Methods []methodRow
}

type methodRow struct {
	ID, Channel, Hint, Delay string
	Verified                 time.Time
}

type overrideRow struct {
	ID, Who, Schedule, From, Until string
}

type policyRow struct {
	Policy cordon.Policy
	Takes  string
	Steps  []string
}

type monitorRow struct {
	Monitor     cordon.Monitor
	Every       string
	Edge, State string
}

type settingField struct {
	Name, Label string
	Value       int
}

func (c *Console) onCall(w http.ResponseWriter, q *request) {
	p, err := c.onCallOf(q.Context(), q.actor)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "oncall", frame{Title: "On call", Section: "oncall", Live: "/live/oncall", Body: p})
}

func (c *Console) onCallLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.onCallOf(ctx, q.actor)
		return p.parts(), err
	})
}

func (p onCallPage) parts() []part { return []part{{"now", "part-oncall-now", p}} }

func (c *Console) onCallOf(ctx context.Context, a cordon.Actor) (onCallPage, error) {
	p := onCallPage{MayManage: a.Can(cordon.ManageOnCall, ""), MayAct: a.Can(cordon.ManageIncidents, "")}
	var err error
	if p.Now, err = c.OnCall.Now(ctx, a); err != nil {
		return p, err
	}
	book, err := c.OnCall.Book(ctx, a)
	if err != nil {
		return p, err
	}
	monitors, err := c.OnCall.Monitors(ctx, a)
	if err != nil {
		return p, err
	}
	p.fill(book, monitors, c.Now())
	return p, nil
}

// fill draws everything from the book, as of one moment.
func (p *onCallPage) fill(book cordon.OnCallBook, monitors []cordon.Monitor, now time.Time) {
	name := namer(book)
	p.Open, p.Today = p.Now.Open, now.UTC().Format("2006-01-02")
	for _, on := range p.Now.Schedules {
		s, _ := book.Schedule(string(on.Schedule))
		card := onCallCard{NowOn: on, Who: on.Name, Edge: "good", Then: on.Next, Local: inZone(s.Zone, on.Until)}
		if card.Who == "" {
			card.Who, card.Edge = "Nobody", "incident"
		}
		p.Cards = append(p.Cards, card)
	}
	p.Plots, p.Legend = drawShifts(book, now)
	for _, x := range book.Contacts {
		p.Contacts = append(p.Contacts, contactOf(x))
		p.People = append(p.People, option{Value: string(x.ID), Label: x.Name})
	}
	for _, s := range book.Schedules {
		p.Schedules = append(p.Schedules, option{Value: s.Handle, Label: s.Name + " (" + s.Zone + ")"})
	}
	for _, o := range book.Overrides {
		s, _ := book.Schedule(string(o.Schedule))
		p.Overrides = append(p.Overrides, overrideRow{string(o.ID), name(o.Contact), s.Handle, inZone(s.Zone, o.From), inZone(s.Zone, o.Until)})
	}
	for _, x := range book.Policies {
		p.Policies = append(p.Policies, policyOf(book, x, name))
	}
	for _, m := range monitors {
		row := monitorRow{Monitor: m, Every: (time.Duration(m.Every) * time.Second).String(), Edge: "good", State: "heard"}
		switch {
		case !m.MissingAt.IsZero():
			row.Edge, row.State = "incident", "missing"
		case m.LastAt.IsZero():
			row.Edge, row.State = "held", "not heard yet"
		}
		p.Monitors = append(p.Monitors, row)
	}
	for _, ch := range []cordon.Channel{cordon.ChannelMail, cordon.ChannelSMS, cordon.ChannelWebhook, cordon.ChannelPagerDuty, cordon.ChannelAlertmanager, cordon.ChannelSlack} {
		p.Channels = append(p.Channels, option{Value: string(ch), Label: channelWord(ch)})
	}
	var fallback []string
	for _, id := range book.Settings.Fallback {
		fallback = append(fallback, name(id))
	}
	p.Fallback = strings.Join(fallback, ", ")
	p.Settings = settingFields(book.Settings.OnCallLimits)
}

func settingFields(l cordon.OnCallLimits) []settingField {
	return []settingField{
		{"ack_minutes", "Minutes until an unacknowledged page pages again", l.AckMinutes},
		{"hold_minutes", "Minutes that an acknowledgement lasts while its incident is in triage", l.HoldMinutes},
		{"last_minutes", "Minutes between pages of the fallback, once every step is spent", l.LastMinutes},
	}
}

func namer(book cordon.OnCallBook) func(cordon.OnCallContactID) string {
	return func(id cordon.OnCallContactID) string {
		if c, ok := book.Contact(id); ok {
			return c.Name
		}
		if id == "" {
			return "Nobody"
		}
		return short(string(id))
	}
}

func inZone(zone string, t time.Time) string {
	z, err := time.LoadLocation(zone)
	if err != nil {
		z = time.UTC
	}
	return t.In(z).Format("Mon 2 Jan, 15:04 MST")
}

func channelWord(c cordon.Channel) string {
	switch c {
	case cordon.ChannelSMS:
		return "SMS"
	case cordon.ChannelPagerDuty:
		return "PagerDuty"
	}
	return capital(string(c))
}

func contactOf(x cordon.OnCallContact) contactCard {
	card := contactCard{ID: string(x.ID), Name: x.Name, Edge: "incident", Word: "cannot be reached"}
	delay := map[cordon.MethodID]int{}
	for _, r := range x.Rules {
		delay[r.Method] = r.DelayMinutes
	}
	for _, m := range x.Methods {
		row := methodRow{ID: string(m.ID), Channel: channelWord(m.Channel), Hint: m.Hint, Verified: m.VerifiedAt}
		if n, ruled := delay[m.ID]; ruled && n > 0 {
			row.Delay = "after " + count(int64(n), "minute", "minutes")
		} else if len(x.Rules) > 0 && !ruled {
			row.Delay = "not used by the rules"
		}
		if !m.VerifiedAt.IsZero() {
			card.Edge, card.Word = "good", "can be reached"
		}
		card.Methods = append(card.Methods, row)
	}
	return card
}

func policyOf(book cordon.OnCallBook, x cordon.Policy, name func(cordon.OnCallContactID) string) policyRow {
	row := policyRow{Policy: x}
	var takes []string
	for _, r := range book.Routes {
		if r.Policy != x.ID {
			continue
		}
		switch {
		case r.Role != "" && r.Severity != 0:
			takes = append(takes, string(r.Role)+" from "+r.Severity.String())
		case r.Role != "":
			takes = append(takes, string(r.Role))
		case r.Severity != 0:
			takes = append(takes, "from "+r.Severity.String())
		default:
			takes = append(takes, "every other page")
		}
	}
	row.Takes = "takes " + strings.Join(takes, ", ")
	if len(takes) == 0 {
		row.Takes = "takes nothing"
	}
	for _, s := range x.Steps {
		var whom []string
		for _, t := range s.Targets {
			if t.Contact != "" {
				whom = append(whom, name(t.Contact))
				continue
			}
			c, _ := book.Schedule(string(t.Schedule))
			text := c.Handle
			if t.Layer > 0 && t.Layer <= len(c.Layers) {
				text += ", " + c.Layers[t.Layer-1].Name
			}
			whom = append(whom, text)
		}
		row.Steps = append(row.Steps, strings.Join(whom, " and ")+", then wait "+count(int64(s.Minutes), "minute", "minutes"))
	}
	return row
}
