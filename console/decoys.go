package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
)

// decoysPage says how every directory is guarded. It holds no recipient: which
// of them are decoys is shown to nobody.
type decoysPage struct {
	Figures  []figure
	Receives bool // planted addresses receive mail
	Cards    []decoyCard
	Arrivals []arrivalRow
	Next     string
}

type decoyCard struct {
	Cover      cordon.DecoyCoverage
	Edge       string
	Tone, Word string
	Facts      []fact
	Chart      dayChart
}

type arrivalRow struct {
	Arrival cordon.DecoyArrival
	Tenant  string
	From    string
}

const decoysAPage = 100

func (c *Console) decoys(w http.ResponseWriter, q *request) {
	page, err := c.decoysOf(q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "decoys", frame{Title: "Decoys", Section: "decoys", Body: page})
}

func (c *Console) decoysOf(q *request) (decoysPage, error) {
	p := decoysPage{Receives: c.Catalog.ReceivesDecoyMail()}
	list, next, err := c.Catalog.DecoyCoverage(q.Context(), q.actor, q.page(decoysAPage))
	if err != nil {
		return p, err
	}
	arrivals, err := c.Catalog.DecoyArrivals(q.Context(), q.actor)
	if err != nil {
		return p, err
	}
	p.fill(list, c.Now())
	if next != "" {
		p.Next = "/decoys?" + url.Values{"after": {next}}.Encode()
	}
	names := map[cordon.TenantID]string{}
	for _, cover := range list {
		names[cover.Tenant] = cover.Name
	}
	for _, a := range arrivals {
		name := names[a.Tenant]
		if name == "" {
			name = short(string(a.Tenant))
		}
		p.Arrivals = append(p.Arrivals, arrivalRow{Arrival: a, Tenant: name, From: arrivalFrom(a)})
	}
	return p, nil
}

func arrivalFrom(a cordon.DecoyArrival) string {
	if a.Sender == "" {
		return "no sender given"
	}
	return a.Sender
}

// fill draws the page of what the catalog said.
func (p *decoysPage) fill(list []cordon.DecoyCoverage, now time.Time) {
	var covered, standing int
	var touches, arrivals int64
	for _, cover := range list {
		card := decoyCardOf(cover, p.Receives, now)
		if cover.Standing >= cover.Wanted {
			covered++
		}
		standing += cover.Standing
		touches += cover.Touches
		arrivals += cover.Arrivals
		p.Cards = append(p.Cards, card)
	}
	p.Figures = []figure{
		{Label: "Directories covered", Value: num(covered) + " of " + num(len(list)), Quiet: len(list) == 0},
		{Label: "Decoys standing", Value: num(standing), Quiet: standing == 0},
		{Label: "Named, 30 days", Value: num(touches), Help: "by orders, at the exit, or to be opened", Tone: toneIf(touches > 0, cordon.HeldState), Quiet: touches == 0},
		{Label: "Mail from outside, 30 days", Value: num(arrivals), Help: "each is proof of a leak", Tone: toneIf(arrivals > 0, cordon.Refused), Quiet: arrivals == 0},
	}
}

func toneIf(yes bool, tone cordon.DeliveryState) cordon.DeliveryState {
	if yes {
		return tone
	}
	return ""
}

func decoyCardOf(cover cordon.DecoyCoverage, receives bool, now time.Time) decoyCard {
	card := decoyCard{Cover: cover, Edge: "good", Tone: "good", Word: "Covered", Chart: drawDays(cover.Days)}
	there := cover.Standing
	if receives {
		there = cover.Mailboxes
	}
	switch {
	case cover.Arrivals > 0:
		card.Edge, card.Tone, card.Word = "incident", "incident", "Leaked"
	case cover.Touches > 0:
		card.Edge, card.Tone, card.Word = "incident", "incident", "Touched"
	case there < cover.Wanted:
		card.Edge, card.Tone, card.Word = "warning", "warn", num(cover.Wanted-there)+" missing"
	}
	card.Facts = []fact{
		{Name: "People", Value: num(cover.People)},
		{Name: "Decoys", Value: num(cover.Standing) + " of " + num(cover.Wanted)},
		{Name: "That receive mail", Value: num(cover.Mailboxes)},
		{Name: "Retired, still traps", Value: num(cover.Retired)},
		{Name: "Oldest planted", Value: dayOrNever(cover.Oldest, now)},
		{Name: "Last rotation", Value: dayOrNever(cover.LastRotation, now)},
	}
	return card
}

func dayOrNever(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return age(t, now)
}

// dayChart is a small bar for each day: mail from outside over decoys named.
type dayChart struct {
	Bars    []dayBar
	Summary string
}

type dayBar struct {
	X, Named, NamedY, Mail, MailY float64 // heights and upper edges
	Label                         string
}

const (
	dayWidth  = 10.0
	dayHeight = 40.0
)

// drawDays makes the chart; a day's height is its share of the busiest day.
func drawDays(days []cordon.DecoyDay) dayChart {
	var most, named, mail int64
	for _, d := range days {
		most = max(most, d.Touches+d.Arrivals)
		named += d.Touches
		mail += d.Arrivals
	}
	c := dayChart{Summary: "Last 30 days: untouched"}
	if most == 0 {
		return c
	}
	c.Summary = "Last 30 days: named " + count(named, "time", "times") + ", mail from outside " + count(mail, "time", "times")
	for i, d := range days {
		if d.Touches+d.Arrivals == 0 {
			continue
		}
		named := round1(float64(d.Touches) / float64(most) * dayHeight)
		mail := round1(float64(d.Arrivals) / float64(most) * dayHeight)
		c.Bars = append(c.Bars, dayBar{
			X: float64(i) * dayWidth, Named: named, NamedY: round1(dayHeight - named), Mail: mail, MailY: round1(dayHeight - named - mail),
			Label: d.Day.UTC().Format("2 January") + ": named " + num(d.Touches) + ", mail " + num(d.Arrivals),
		})
	}
	return c
}

// plantDecoys and rotateDecoys are the two buttons of a card.
func (c *Console) plantDecoys(w http.ResponseWriter, q *request) {
	if !q.actor.Can(cordon.ManageTenants, "") {
		c.problem(w, q, cordon.Errorf(cordon.Denied, "Decoys are the operator's."))
		return
	}
	_, err := c.Catalog.PlantDecoys(q.Context(), q.actor, cordon.TenantID(q.PathValue("id")))
	c.decoysDone(w, q, "decoys-planted", err)
}

func (c *Console) rotateDecoys(w http.ResponseWriter, q *request) {
	_, err := c.Catalog.RotateDecoys(q.Context(), q.actor, cordon.TenantID(q.PathValue("id")))
	c.decoysDone(w, q, "decoys-rotated", err)
}

func (c *Console) decoysDone(w http.ResponseWriter, q *request, done string, err error) {
	if err != nil {
		c.problem(w, q, err)
		return
	}
	http.Redirect(w, q.Request, "/decoys?done="+done, http.StatusSeeOther)
}
