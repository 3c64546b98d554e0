package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
)

type pageRow struct {
	Page       cordon.OnCallPage
	Tone, Word string
	Edge       string
	Acked      string // how long after the first message
}

type pagesPage struct {
	Rows   []pageRow
	Next   string
	MayAct bool
}

const pagesAPage = 50

func rowOfPage(p cordon.OnCallPage) pageRow {
	row := pageRow{Page: p, Tone: "alarm", Word: "Triggered", Edge: "incident"}
	switch p.State {
	case cordon.PageAcknowledged:
		row.Tone, row.Word, row.Edge = "warn", "Acknowledged", "held"
	case cordon.PageResolved:
		row.Tone, row.Word, row.Edge = "good", "Resolved", "good"
	}
	if !p.AcknowledgedAt.IsZero() && !p.FirstSentAt.IsZero() {
		row.Acked = "acknowledged " + p.AcknowledgedAt.Sub(p.FirstSentAt).Round(time.Second).String() + " after it was sent"
	}
	return row
}

func (c *Console) onCallPages(w http.ResponseWriter, q *request) {
	list, next, err := c.OnCall.Pages(q.Context(), q.actor, cordon.PageFilter{}, q.page(pagesAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	p := pagesPage{MayAct: q.actor.Can(cordon.ManageIncidents, "")}
	for _, x := range list {
		p.Rows = append(p.Rows, rowOfPage(x))
	}
	if next != "" {
		p.Next = "/pages?" + url.Values{"after": {next}}.Encode()
	}
	c.show(w, q, http.StatusOK, "oncall-pages", frame{Title: "Pages", Section: "oncall", Body: p})
}

func (c *Console) triggerPage(w http.ResponseWriter, q *request) {
	var severity cordon.Severity
	err := severity.UnmarshalText([]byte(q.PostFormValue("severity")))
	var p cordon.OnCallPage
	if err == nil {
		p, err = c.OnCall.Trigger(q.Context(), q.actor, cordon.NewPage{Title: q.PostFormValue("title"), Text: q.PostFormValue("text"), Severity: severity})
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/pages/"+string(p.ID), http.StatusSeeOther)
}

// onePage is a page with its life.
type onePage struct {
	pageRow
	Events []pageLine
	Facts  []fact
	MayAct bool
	Over   bool
}

type pageLine struct {
	Event           cordon.PageEvent
	Tone, Word, Who string
}

func (c *Console) onCallPage(w http.ResponseWriter, q *request) {
	p, err := c.onePageOf(q.Context(), q.actor, cordon.PageID(q.PathValue("id")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "oncall-page", frame{Title: p.Page.Title, Section: "oncall", Live: "/live/pages/" + url.PathEscape(string(p.Page.ID)), Body: p})
}

func (c *Console) onCallPageLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.onePageOf(ctx, q.actor, cordon.PageID(q.PathValue("id")))
		return p.parts(), err
	})
}

func (p onePage) parts() []part { return []part{{"page", "part-oncall-page", p}} }

func (c *Console) onePageOf(ctx context.Context, a cordon.Actor, id cordon.PageID) (onePage, error) {
	p, events, err := c.OnCall.Page(ctx, a, id)
	if err != nil {
		return onePage{}, err
	}
	book, err := c.OnCall.Book(ctx, a)
	if err != nil {
		return onePage{}, err
	}
	return drawPage(p, events, book, c.names.actor, a.Can(cordon.ManageIncidents, "")), nil
}

func drawPage(p cordon.OnCallPage, events []cordon.PageEvent, book cordon.OnCallBook, actor func(string) string, mayAct bool) onePage {
	name := namer(book)
	out := onePage{pageRow: rowOfPage(p), MayAct: mayAct && p.State != cordon.PageResolved, Over: p.State == cordon.PageResolved}
	add := func(label, value string) {
		if value != "" {
			out.Facts = append(out.Facts, fact{Name: label, Value: value})
		}
	}
	add("Severity", p.Severity.String())
	add("For", string(p.Role))
	if x, ok := book.Policy(string(p.Policy)); ok {
		add("Policy", x.Name)
	}
	add("Triggered", onCallTime(p.TriggeredAt))
	if !p.FirstSentAt.IsZero() {
		add("First sent", onCallTime(p.FirstSentAt))
	}
	if !p.AcknowledgedAt.IsZero() {
		who := p.AcknowledgedBy
		if cordon.OnCallContactID(who).Valid() {
			who = name(cordon.OnCallContactID(who))
		} else {
			who = actor(who)
		}
		add("First acknowledged", onCallTime(p.AcknowledgedAt)+", last by "+who)
	}
	if p.State == cordon.PageAcknowledged {
		add("Lapses", onCallTime(p.AckUntil)+", unless the incident has left triage by then")
	}
	if p.State == cordon.PageTriggered && !p.NextAt.IsZero() {
		add("Goes on by itself", onCallTime(p.NextAt))
	}
	for i := len(events) - 1; i >= 0; i-- { // the newest first
		e := events[i]
		line := pageLine{Event: e, Tone: "plain", Word: pageEventWord(e)}
		switch e.Kind {
		case cordon.PageEventFailed, cordon.PageEventNobody, cordon.PageEventLapsed:
			line.Tone = "alarm"
		case cordon.PageEventFallback, cordon.PageEventEscalated, cordon.PageEventRepeated, cordon.PageEventTriggered:
			line.Tone = "warn"
		case cordon.PageEventAcked, cordon.PageEventRenewed, cordon.PageEventResolved, cordon.PageEventSent:
			line.Tone = "good"
		}
		if e.Contact != "" {
			line.Who = name(e.Contact)
		} else if e.By != "" {
			line.Who = actor(e.By)
		}
		out.Events = append(out.Events, line)
	}
	return out
}

func pageEventWord(e cordon.PageEvent) string {
	switch e.Kind {
	case cordon.PageEventTriggered:
		return "Triggered"
	case cordon.PageEventNotified:
		return "Message queued"
	case cordon.PageEventSent:
		return "Sent"
	case cordon.PageEventFailed:
		return "Not sent"
	case cordon.PageEventAcked:
		return "Acknowledged"
	case cordon.PageEventRenewed:
		return "Still being worked on"
	case cordon.PageEventLapsed:
		return "The acknowledgement lapsed"
	case cordon.PageEventRepeated:
		return "Nobody answered: paged again"
	case cordon.PageEventEscalated:
		return "Escalated"
	case cordon.PageEventFallback:
		return "The fallback is paged"
	case cordon.PageEventNobody:
		return "Nobody can be reached"
	case cordon.PageEventResolved:
		return "Resolved"
	case cordon.PageEventAllClear:
		return "All-clear queued"
	}
	return capital(e.Kind)
}

// actOnPage acknowledges, renews, escalates or resolves.
func (c *Console) actOnPage(w http.ResponseWriter, q *request) {
	id := cordon.PageID(q.PathValue("id"))
	var err error
	switch q.PostFormValue("act") {
	case "hour":
		_, err = c.OnCall.Acknowledge(q.Context(), q.actor, id, time.Hour)
	case "escalate":
		_, err = c.OnCall.Escalate(q.Context(), q.actor, id)
	case "resolve":
		_, err = c.OnCall.Resolve(q.Context(), q.actor, id)
	default:
		_, err = c.OnCall.Acknowledge(q.Context(), q.actor, id, 0)
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/pages/"+url.PathEscape(string(id)), http.StatusSeeOther)
}

// linkPage is what a link from a message leads to: a page with one button,
// because whoever fetches a link must not acknowledge by that.
type linkPage struct {
	Method bool
	Row    pageRow
	Done   bool
	Action string
}

func (c *Console) openLink(w http.ResponseWriter, q *request) {
	l, err := c.OnCall.Linked(q.Context(), q.PathValue("token"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.showLink(w, q, linkPage{Method: l.Method, Row: rowOfPage(l.Page), Action: q.URL.Path})
}

func (c *Console) followLink(w http.ResponseWriter, q *request) {
	l, err := c.OnCall.FollowLink(q.Context(), q.PathValue("token"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.showLink(w, q, linkPage{Method: l.Method, Row: rowOfPage(l.Page), Done: true, Action: q.URL.Path})
}

func (c *Console) showLink(w http.ResponseWriter, q *request, p linkPage) {
	title := "You are paged"
	if p.Method {
		title = "Is this yours?"
	}
	c.show(w, q, http.StatusOK, "oncall-link", frame{Title: title, Body: p})
}

func onCallTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }
