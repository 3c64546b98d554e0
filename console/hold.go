package console

import (
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
)

// holdPage is one held dispatch with what a person needs to decide on it.
type holdPage struct {
	Dispatch cordon.Dispatch
	Path     string
	Letter   string
	Tenant   string
	Facts    []fact
	Held     []checkRow
	Now      []checkRow
	NowWord  string
	NowTone  string
	NowSays  string
	Text     *intake.HeldLetter
	HasHTML  bool
	Plot     []sentBar
	PlotSays string
	Sender   string
	Sent     int64
	History  cordon.SenderHistory
	Past     []pastRow

	MaySettle  bool
	Own        bool
	Token      string
	TwoPeople  bool
	Release    string // what the buttons would do
	Discard    string
	Asked      []string
	CanApprove bool
}

type checkRow struct {
	Check, Name, Word, Tone string
	Messages                []string
}

// sentBar is one day of the plot, in a field of 560 × 90.
type sentBar struct {
	X, Y, H int
	Label   string
}

type pastRow struct {
	Path, Word, Tone, Why string
	Hold                  cordon.PastHold
}

func dispatchPathOf(tenant cordon.TenantID, id cordon.DispatchID) string {
	return "/dispatches/" + url.PathEscape(string(tenant)) + "/" + url.PathEscape(string(id))
}

func (c *Console) hold(w http.ResponseWriter, q *request) {
	tenant, id := dispatchIn(q)
	h, err := c.Desk.Hold(q.Context(), q.actor, tenant, id)
	if cordon.CodeOf(err) == cordon.Conflict { // it is held no more: its own page says what it is
		http.Redirect(w, q.Request, dispatchPathOf(tenant, id), http.StatusSeeOther)
		return
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	page := c.holdPage(q.actor, h)
	c.show(w, q, http.StatusOK, "hold", frame{Title: page.Letter, Section: "holds", Body: page})
}

// heldSample is the letter rendered with invented data, under the same policy
// as any letter that is shown: no script, nothing from outside, in a sandbox.
func (c *Console) heldSample(w http.ResponseWriter, q *request) {
	tenant, id := dispatchIn(q)
	h, err := c.Desk.Hold(q.Context(), q.actor, tenant, id)
	if err == nil && (h.Letter == nil || h.Letter.Sample.HTML == "") {
		err = cordon.Errorf(cordon.Missing, "There is no such sample.")
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", letterPolicy)
	header.Set("X-Frame-Options", "SAMEORIGIN")
	header.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, h.Letter.Sample.HTML) // the browser is gone: nobody to tell
}

func (c *Console) holdPage(a cordon.Actor, h intake.Hold) holdPage {
	x := h.Dispatch
	p := holdPage{
		Dispatch: x, Path: "/holds/" + url.PathEscape(string(x.Tenant)) + "/" + url.PathEscape(string(x.ID)), Letter: c.names.letter(x), Tenant: c.names.tenant(x.Tenant),
		Facts: c.holdFacts(h), Held: checkRows(h.Held), Now: checkRows(h.Now.Checks), Text: h.Letter, History: h.History,
		MaySettle: a.Can(cordon.ReleaseHolds, x.Tenant), Own: h.Own, Token: cordon.HoldToken([]cordon.Dispatch{x}), TwoPeople: h.SecondPerson,
		Sender: capital(c.names.actor(x.Actor)),
	}
	p.HasHTML = h.Letter != nil && h.Letter.Sample.HTML != ""
	p.CanApprove = h.Letter != nil && h.Letter.Version.State == cordon.VersionDraft
	for _, ask := range h.Asked {
		p.Asked = append(p.Asked, c.askWords(ask)+".")
	}
	p.Release, p.Discard = settleWord(a, h, cordon.HoldRelease), settleWord(a, h, cordon.HoldDiscard)
	switch {
	case h.Now.Decision == cordon.Undecided:
		p.NowWord, p.NowTone, p.NowSays = "Cannot be judged", "warn", "Not every check could be asked just now. While that is so, nothing is released."
	case h.Now.Decision == cordon.Refuse:
		p.NowWord, p.NowTone, p.NowSays = "Would be refused", "incident", "A release would be refused now. Mend the cause, or discard it."
	case h.Now.Decision == cordon.Hold:
		p.NowWord, p.NowTone, p.NowSays = "Would be held again", "held", "The checks still say the same. A release is your answer to them."
	default:
		p.NowWord, p.NowTone, p.NowSays = "Would pass", "good", "No check has anything against it now."
	}
	p.Plot, p.PlotSays, p.Sent = drawSent(h.History.Days)
	for _, past := range h.History.Holds {
		row := pastRow{Path: dispatchPathOf(x.Tenant, past.Dispatch), Hold: past}
		row.Word, row.Tone = pastWord(past.State)
		for i, check := range past.Checks {
			if i > 0 {
				row.Why += ", "
			}
			row.Why += checkTitle(check)
		}
		p.Past = append(p.Past, row)
	}
	return p
}

// settleWord is what the button does: all of it, the first half, or the second.
func settleWord(a cordon.Actor, h intake.Hold, verb cordon.HoldVerb) string {
	if !h.SecondPerson {
		return capital(string(verb)) + " " + count(h.Dispatch.Recipients, "copy", "copies")
	}
	word := "Ask for the " + string(verb)
	for _, ask := range h.Asked {
		switch {
		case ask.Verb != verb:
		case ask.Person == a.Person():
			return "Asked for: waits for somebody else"
		default:
			word = "Confirm the " + string(verb)
		}
	}
	return word
}

func pastWord(s cordon.DispatchState) (word, tone string) {
	switch s {
	case cordon.DispatchHeld:
		return "Waits still", "held"
	case cordon.DispatchDiscarded:
		return "Discarded", "incident"
	}
	return "Released", "good"
}

func (c *Console) holdFacts(h intake.Hold) []fact {
	x := h.Dispatch
	out := []fact{{Name: "Ordered by", Value: capital(c.names.actor(x.Actor))}}
	if x.Key != "" && x.Account != "" {
		out = append(out, fact{Name: "For account", Value: c.names.account(x.Account)})
	}
	out = append(out, fact{Name: "When", Value: full(x.AcceptedAt)}, fact{Name: "Copies", Value: num(x.Recipients)})
	if h.Audience != "" {
		out = append(out, fact{Name: "Audience", Value: h.Audience})
	} else if x.Kind == cordon.Single {
		out = append(out, fact{Name: "To", Value: count(x.Recipients, "recipient named by ID", "recipients named by ID")})
	}
	if h.Letter != nil {
		out = append(out, fact{Name: "Text", Value: "version " + strconv.Itoa(h.Letter.Version.Number) + ", " + string(h.Letter.Version.State)})
	}
	return append(out, fact{Name: "Dispatch", Value: string(x.ID), Mono: true})
}

func checkRows(all []intake.CheckWords) []checkRow {
	var out []checkRow
	for _, w := range all {
		row := checkRow{Check: w.Check, Name: capital(checkTitle(w.Check)), Word: capital(w.Decision.Effective().String())}
		switch w.Decision.Effective() {
		case cordon.Hold:
			row.Tone = "held"
		case cordon.Refuse:
			row.Tone = "incident"
		}
		for _, m := range w.Messages {
			row.Messages = append(row.Messages, sentence(m))
		}
		out = append(out, row)
	}
	return out
}

const plotHeight = 84

// drawSent makes the bars of the sender's last days, and says them in words.
func drawSent(days []cordon.DayCopies) (bars []sentBar, says string, sum int64) {
	var top int64
	busiest := 0
	for i, d := range days {
		sum += d.Copies
		if d.Copies > top {
			top, busiest = d.Copies, i
		}
	}
	for i, d := range days {
		h := 0
		if d.Copies > 0 {
			h = max(2, int(d.Copies*plotHeight/top))
		}
		bars = append(bars, sentBar{X: i * 20, Y: plotHeight - h, H: h, Label: d.Day.UTC().Format("2 Jan") + ": " + count(d.Copies, "copy", "copies")})
	}
	if sum == 0 {
		return bars, "No copies in the last 28 days.", 0
	}
	return bars, count(sum, "copy", "copies") + " in the last 28 days, the most on " + days[busiest].Day.UTC().Format("2 January") + ": " + num(top) + ".", sum
}
