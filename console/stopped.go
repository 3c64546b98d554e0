package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

type stopsPage struct {
	All  bool
	Rows []stopRow
	Next string
}

// stoppedPage is one stop: what it did, what is behind it now, how to lift it.
type stoppedPage struct {
	Row      stopRow
	Title    string
	Tone     string
	Figures  []figure
	Sentence string
	Facts    []fact
	Fault    *fault

	At       time.Time
	NowBar   []segment
	NowWords string

	CanLift      bool
	LiftWords    string
	ResumeWords  string
	DiscardWords string
}

const stopsAPage = 25

func (c *Console) stops(w http.ResponseWriter, q *request) {
	page := stopsPage{All: q.URL.Query().Get("show") == "all"}
	list, next, err := c.Warden.List(q.Context(), q.actor, !page.All, q.page(stopsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, s := range list {
		row, err := c.stopRow(q.Context(), q.actor, s)
		if err != nil {
			c.problem(w, q, err)
			return
		}
		page.Rows = append(page.Rows, row)
	}
	if next != "" {
		v := url.Values{"after": {next}}
		if page.All {
			v.Set("show", "all")
		}
		page.Next = "/stops?" + v.Encode()
	}
	c.show(w, q, http.StatusOK, "stops", frame{Title: "Stops", Section: "stops", Body: page})
}

func (c *Console) stopped(w http.ResponseWriter, q *request) {
	c.stoppedWith(w, q, nil)
}

func (c *Console) stoppedWith(w http.ResponseWriter, q *request, because error) {
	page, err := c.stoppedOf(q.Context(), q.actor, cordon.StopID(q.PathValue("id")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page.Fault = faultOf(because)
	status := http.StatusOK
	if because != nil {
		status = statusOf(because)
	}
	c.show(w, q, status, "stopped", frame{
		Title: page.Title, Section: "stops", Live: "/live/stops/" + url.PathEscape(string(page.Row.Stop.ID)), Body: page,
	})
}

func (c *Console) stoppedLive(w http.ResponseWriter, q *request) {
	id := cordon.StopID(q.PathValue("id"))
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.stoppedOf(ctx, q.actor, id)
		return p.parts(), err
	})
}

func (p stoppedPage) parts() []part {
	return []part{{"stop-head", "part-stop-head", p}, {"stop-now", "part-stop-now", p}}
}

// lift ends the stop one way or the other. The service asks for the second
// person; discarding asks for a tick as well, because it cannot be taken back.
func (c *Console) lift(w http.ResponseWriter, q *request) {
	id := cordon.StopID(q.PathValue("id"))
	disposition, done := cordon.Disposition(q.PostFormValue("disposition")), "resumed"
	if disposition == cordon.Discard {
		done = "dropped"
		if q.PostFormValue("sure") != "yes" {
			c.stoppedWith(w, q, cordon.Errorf(cordon.Invalid, "A discard is final: tick the box to say so."))
			return
		}
	}
	if _, err := c.Warden.Lift(q.Context(), q.actor, id, disposition); err != nil {
		if statusOf(err) == http.StatusInternalServerError {
			c.Log.ErrorContext(q.Context(), "stop was not lifted", "error", err)
		}
		c.stoppedWith(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/stops/"+url.PathEscape(string(id))+"?done="+done, http.StatusSeeOther)
}

func (c *Console) stoppedOf(ctx context.Context, a cordon.Actor, id cordon.StopID) (stoppedPage, error) {
	var p stoppedPage
	s, err := c.Warden.Stop(ctx, a, id)
	if err != nil {
		return p, err
	}
	if p.Row, err = c.stopRow(ctx, a, s); err != nil {
		return p, err
	}
	p.At = c.Now()
	now, err := c.Warden.Preview(ctx, a, s.Scope)
	if err != nil && cordon.CodeOf(err) != cordon.Denied {
		return p, err
	}
	p.NowBar, p.NowWords = drawBar(now), nowWords(p.Row.Active, now)
	discarding := p.Row.Active && s.Disposition == cordon.Discard
	switch p.Title, p.Tone = "Stopped", "warn"; {
	case discarding:
		p.Title = "Being discarded"
	case !p.Row.Active:
		p.Title, p.Tone = p.Row.Ended, "plain"
	}
	p.Figures, p.Sentence = answerFigures(s.Answer), answerWords(s.Answer)
	p.Facts = c.stopFacts(s)
	p.CanLift = a.Can(cordon.LiftStops, s.Scope.Tenant) && !discarding
	kept := keeps(now)
	p.LiftWords = "Lifting lets mail within its reach move again. "
	if kept > 100 {
		p.LiftWords += "It keeps back " + num(kept) + " copies: above 100, whoever placed it cannot lift it. A second person must."
	} else {
		p.LiftWords += "Above 100 copies a second person must do it; this one keeps back " + num(kept) + "."
	}
	p.ResumeWords = count(kept, "copy goes", "copies go") + " back to the queue. The exit judges each again before it leaves."
	p.DiscardWords = count(kept, "copy is", "copies are") + " cut and will never leave. This cannot be taken back."
	return p, nil
}

// answerFigures are the five figures of a stop, in the order an operator asks.
func answerFigures(n cordon.StopAnswer) []figure {
	return []figure{
		{Label: "Delivered", Value: num(n.Delivered), Tone: cordon.Delivered, Help: "taken by the relay before the stop", Quiet: n.Delivered == 0},
		{Label: "In flight", Value: num(n.InFlight), Tone: cordon.Sending, Help: "past the last look as it fell", Quiet: n.InFlight == 0},
		{Label: "Held", Value: num(n.Held), Tone: cordon.HeldState, Help: "kept back by this stop", Quiet: n.Held == 0},
		{Label: "Refused", Value: num(n.Refused), Tone: cordon.Refused, Help: "refused at the exit; never left", Quiet: n.Refused == 0},
		{Label: "Unknown", Value: num(n.Unknown), Tone: cordon.Uncertain, Help: "perhaps delivered", Quiet: n.Unknown == 0},
	}
}

// answerWords says the five figures as one would on the telephone.
func answerWords(n cordon.StopAnswer) string {
	var out []string
	if n.Delivered == 0 {
		out = append(out, "Nothing within its reach had been delivered.")
	} else {
		out = append(out, count(n.Delivered, "copy had", "copies had")+" been delivered before it.")
	}
	if n.InFlight > 0 {
		out = append(out, count(n.InFlight, "copy was", "copies were")+" already on the wire and will still arrive.")
	} else {
		out = append(out, "None was on the wire.")
	}
	if n.Held > 0 {
		out = append(out, count(n.Held, "copy is", "copies are")+" kept back and cannot leave while it stands.")
	} else {
		out = append(out, "Nothing was waiting; whatever is ordered from now on is kept back.")
	}
	if n.Refused > 0 {
		out = append(out, count(n.Refused, "copy", "copies")+" had been refused by our own exit check and never left.")
	}
	if n.Unknown > 0 {
		out = append(out, "Of "+count(n.Unknown, "copy", "copies")+" nobody can say yet: the line broke after the last byte. Count as delivered until it is known.")
	}
	return strings.Join(out, " ")
}

// nowWords says how far the stop has settled.
func nowWords(active bool, n cordon.Counts) string {
	if !active {
		return "This stop is no longer in force."
	}
	if n.Sending > 0 {
		return count(n.Sending, "copy is", "copies are") + " still in flight and being counted down. Nothing else can leave."
	}
	return "Nothing is in flight any more. Nothing within its reach can leave."
}

func (c *Console) stopFacts(s cordon.Stop) []fact {
	out := []fact{
		{Name: "Reason", Value: s.Reason},
		{Name: "Covers", Value: c.names.scope(s.Scope)},
		{Name: "Placed by", Value: capital(c.names.actor(s.PlacedBy))},
		{Name: "Placed at", Value: full(s.PlacedAt)},
	}
	if !s.Until.IsZero() {
		out = append(out, fact{Name: "Until", Value: full(s.Until)})
	} else if s.LiftedAt.IsZero() {
		out = append(out, fact{Name: "Until", Value: "somebody lifts it"})
	}
	if !s.LiftedAt.IsZero() {
		out = append(out, fact{Name: "Lifted by", Value: capital(c.names.actor(s.LiftedBy))}, fact{Name: "Lifted at", Value: full(s.LiftedAt)})
	}
	return append(out, fact{Name: "Stop", Value: string(s.ID), Mono: true})
}
