package console

import (
	"net/http"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
)

// holdActPage is a bulk act: first what it would be about, then what it came to.
type holdActPage struct {
	Verb    cordon.HoldVerb
	Title   string
	Tone    string
	Sub     string
	Figures []figure
	Fault   *fault

	// before
	Preview    intake.HoldPreview
	Groups     []holdGroups
	Hidden     []hidden
	Confirming string // whose request this would confirm
	Waiting    string // the viewer's own request, already made
	Reason     string
	Danger     bool

	// after
	Done  bool
	Lists []outcomes
}

type holdGroups struct {
	Title string
	Rows  []holdGroupRow
}

type holdGroupRow struct {
	Name       string
	Dispatches int
	Copies     int64
}

type outcomes struct {
	Title, Tone string
	Rows        []outcomeRow
}

type outcomeRow struct {
	Path, ID, Tenant, Reason string
	Copies                   int64
}

// previewHolds counts what the chosen act would be about. "chosen" means the
// ticked dispatches, "all" everything the filter matches.
func (c *Console) previewHolds(w http.ResponseWriter, q *request) {
	form := holdFormOf(q)
	verb, which := cordon.HoldRelease, q.PostFormValue("act")
	switch which {
	case "release-chosen", "discard-chosen":
		if len(form.Dispatches) == 0 {
			c.holdsWith(w, q, cordon.Errorf(cordon.Invalid, "Nothing is ticked: tick the dispatches you mean."))
			return
		}
		form = holdForm{Dispatches: form.Dispatches}
	case "release-all", "discard-all":
		form.Dispatches = nil
	}
	if which == "discard-chosen" || which == "discard-all" || which == "discard" {
		verb = cordon.HoldDiscard
	}
	f, err := form.filter(c.Now())
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.showHoldPreview(w, q, verb, f, nil)
}

// showHoldPreview shows the counts and asks for the reason and the last word.
func (c *Console) showHoldPreview(w http.ResponseWriter, q *request, verb cordon.HoldVerb, f cordon.HoldFilter, because error) {
	preview, err := c.Desk.PreviewHolds(q.Context(), q.actor, q.actor.Tenant, f)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page := c.holdPreview(q.actor, verb, preview)
	page.Reason, page.Fault = q.PostFormValue("reason"), faultOf(because)
	status := http.StatusOK
	if because != nil {
		status = statusOf(because)
	}
	c.show(w, q, status, "hold-act", frame{Title: page.Title, Section: "holds", Body: page})
}

func (c *Console) holdPreview(a cordon.Actor, verb cordon.HoldVerb, preview intake.HoldPreview) holdActPage {
	p := holdActPage{Verb: verb, Preview: preview, Hidden: append(hiddenOf(preview.Filter), hidden{"expect", preview.Token}, hidden{"verb", string(verb)}), Danger: verb == cordon.HoldDiscard}
	p.Title, p.Tone = capital(string(verb))+" "+count(preview.Dispatches, "dispatch", "dispatches")+"?", "warn"
	p.Sub = "Each is judged again before it is released. What a check refuses by then stays held."
	if p.Danger {
		p.Sub = "None of these copies will ever leave. This cannot be taken back."
	}
	p.Figures = []figure{
		{Label: "Dispatches", Value: num(preview.Dispatches), Tone: cordon.HeldState},
		{Label: "Copies", Value: num(preview.Copies), Tone: cordon.HeldState},
		{Label: "Ordered by you", Value: num(preview.Own), Help: "stay held: somebody else must settle them", Quiet: preview.Own == 0},
		{Label: "Beyond this act", Value: num(preview.Beyond), Help: "match too; one act takes 1,000", Quiet: preview.Beyond == 0},
	}
	for _, ask := range preview.Asked {
		switch {
		case ask.Verb != verb:
		case ask.Person == a.Person():
			p.Waiting = c.askWords(ask) + "."
		default:
			p.Confirming = c.askWords(ask) + "."
		}
	}
	of := func(g cordon.HoldGroup) string { // letters and people of different tenants may share a name
		if len(preview.Tenants) < 2 {
			return ""
		}
		return " · " + c.names.tenant(g.Tenant)
	}
	for _, g := range []struct {
		title string
		rows  []cordon.HoldGroup
		name  func(cordon.HoldGroup) string
	}{
		{"By letter", preview.Templates, func(g cordon.HoldGroup) string { return c.names.template(g.Tenant, g.Template) + of(g) }},
		{"By sender", preview.Senders, func(g cordon.HoldGroup) string { return c.senderName(g) + of(g) }},
		{"By check", preview.Checks, func(g cordon.HoldGroup) string { return capital(checkTitle(g.Check)) }},
		{"By tenant", preview.Tenants, func(g cordon.HoldGroup) string { return c.names.tenant(g.Tenant) }},
	} {
		group := holdGroups{Title: g.title}
		for _, row := range g.rows {
			group.Rows = append(group.Rows, holdGroupRow{g.name(row), row.Dispatches, row.Copies})
		}
		p.Groups = append(p.Groups, group)
	}
	return p
}

func (c *Console) senderName(g cordon.HoldGroup) string {
	switch {
	case g.Key != "":
		return "Key “" + c.names.key(g.Key) + "”"
	case g.Account != "":
		return c.names.account(g.Account)
	}
	return "The operator"
}

// settleHolds does what was previewed, or says that it is another set by now.
func (c *Console) settleHolds(w http.ResponseWriter, q *request) {
	f, err := holdFormOf(q).filter(c.Now())
	if err != nil {
		c.problem(w, q, err)
		return
	}
	order := intake.HoldOrder{Verb: cordon.HoldVerb(q.PostFormValue("verb")), Filter: f, Expect: q.PostFormValue("expect"), Reason: q.PostFormValue("reason")}
	answer, err := c.Desk.SettleHolds(q.Context(), q.actor, q.actor.Tenant, order)
	if err != nil {
		if statusOf(err) == http.StatusInternalServerError {
			c.Log.ErrorContext(q.Context(), "held dispatches were not settled", "error", err)
		}
		verb := order.Verb
		if verb != cordon.HoldDiscard {
			verb = cordon.HoldRelease
		}
		c.showHoldPreview(w, q, verb, f, err)
		return
	}
	page := c.holdAnswer(answer)
	c.show(w, q, http.StatusOK, "hold-act", frame{Title: page.Title, Section: "holds", Body: page})
}

func (c *Console) holdAnswer(r intake.HoldAnswer) holdActPage {
	p := holdActPage{Verb: r.Verb, Done: true, Tone: "good"}
	if r.Asked != nil {
		p.Title, p.Tone = "Asked, not done yet", "warn"
		p.Sub = "More copies than one person may " + string(r.Verb) + ". " + c.askWords(*r.Asked) + ". Nobody who ordered any of it, and not you again."
		return p
	}
	done := "Released"
	if r.Verb == cordon.HoldDiscard {
		done = "Discarded"
	}
	var copies int64
	for _, o := range r.Done {
		copies += o.Copies
	}
	p.Title = done + ": " + count(len(r.Done), "dispatch", "dispatches") + ", " + count(copies, "copy", "copies")
	if len(r.Done) == 0 {
		p.Title, p.Tone = "Nothing was "+strings.ToLower(done), "warn"
	}
	if rest := len(r.Held) + len(r.Refused); rest > 0 {
		p.Tone, p.Sub = "warn", count(rest, "dispatch is", "dispatches are")+" still held."
	}
	if r.First != nil {
		p.Sub += " Confirmed what " + c.names.actor(r.First.By) + " had asked for."
	}
	for _, l := range []struct {
		title, tone string
		rows        []intake.HoldOutcome
	}{{"Refused by a check", "incident", r.Refused}, {"Still held", "held", r.Held}, {"Settled by somebody else meanwhile", "", r.Gone}, {done, "good", r.Done}} {
		if len(l.rows) == 0 {
			continue
		}
		list := outcomes{Title: l.title, Tone: l.tone}
		for _, o := range l.rows {
			list.Rows = append(list.Rows, outcomeRow{dispatchPathOf(o.Tenant, o.Dispatch), string(o.Dispatch), c.names.tenant(o.Tenant), o.Reason, o.Copies})
		}
		p.Lists = append(p.Lists, list)
	}
	return p
}
