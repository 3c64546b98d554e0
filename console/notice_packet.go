package console

import (
	"encoding/csv"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// packetPage is what a tenant's own people get to see of an incident.
type packetPage struct {
	Packet    notice.Packet
	Name      string
	Figures   []figure
	Letter    letterView
	Sample    letterView
	Clocks    []clockRow
	Drafts    []notice.Draft
	Path      string // of the packet
	Language  cordon.Language
	Languages []tongueLink
	MayReveal bool
}

func (c *Console) packet(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	tenant := cordon.TenantID(q.PathValue("tenant"))
	var l cordon.Language
	if q.FormValue("language") != "" {
		l = languageOf(q)
	}
	packet, err := c.Notices.Packet(q.Context(), q.actor, i.ID, tenant, l)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	p := packetPage{Packet: packet, Name: c.names.tenant(tenant), Path: notice.PacketPath(i.ID, tenant), Language: packet.Letter.Language, MayReveal: q.actor.Can(cordon.Reveal, tenant)}
	if p.Drafts, err = c.Notices.Drafts(q.Context(), q.actor, i.ID, tenant); err != nil && cordon.CodeOf(err) != cordon.Missing {
		p.Drafts = nil // whoever may not see the whole incident has no drafts
	}
	p.fill(c.Notices.Tongues(), c.Now())
	c.show(w, q, http.StatusOK, "packet", frame{Title: i.Name() + ": " + p.Name, Section: "incidents", Body: p})
}

func (p *packetPage) fill(tongues []*notice.Tongue, now time.Time) {
	c := p.Packet.Counts
	p.Figures = []figure{
		{Label: "People", Value: num(c.People), Help: "who got a message, or perhaps", Tone: toneIf(c.People > 0, cordon.HeldState)},
		{Label: "Messages that arrived", Value: num(c.Delivered), Tone: toneIf(c.Delivered > 0, cordon.Delivered)},
		{Label: "Perhaps arrived", Value: num(c.Unknown), Help: "counted as if they had", Tone: toneIf(c.Unknown > 0, cordon.Uncertain), Quiet: c.Unknown == 0},
		{Label: "To be told by other means", Value: num(c.Beyond), Help: "they cannot be mailed", Tone: toneIf(c.Beyond > 0, cordon.Refused), Quiet: c.Beyond == 0},
	}
	p.Letter, p.Sample = letterView{Label: "What you are told", Doc: p.Packet.Letter}, letterView{Label: "A letter you may send", Doc: p.Packet.Sample}
	for _, clock := range p.Packet.Clocks {
		p.Clocks = append(p.Clocks, clockRowOf(clock, now))
	}
	for _, t := range tongues {
		for _, offer := range p.Packet.Languages {
			if offer == t.Language {
				p.Languages = append(p.Languages, tongueLink{Language: t.Language, Name: t.Name, Current: t.Language == p.Language})
			}
		}
	}
}

// packetList is the download of the exact list. The first line is fetched before
// anything goes out; a fault later breaks the answer off.
func (c *Console) packetList(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	next, stop := iter.Pull2(c.Notices.List(q.Context(), q.actor, i.ID, cordon.TenantID(q.PathValue("tenant")), false))
	defer stop()
	row, err, more := next()
	if err != nil {
		c.problem(w, q, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="`+strings.ToLower(i.Name())+`-packet.csv"`)
	out := csv.NewWriter(w)
	_ = out.Write([]string{"dispatch", "recipient", "external_ref", "state", "at", "told"}) // a fault stays in out
	for ; more; row, err, more = next() {
		if err != nil {
			c.Log.ErrorContext(q.Context(), "list broken off", "error", err)
			panic(http.ErrAbortHandler)
		}
		_ = out.Write([]string{string(row.Dispatch), string(row.Recipient), plainCell(row.ExternalRef), string(row.State), row.At.UTC().Format(time.RFC3339), string(row.Told)})
	}
	out.Flush()
	if out.Error() != nil {
		panic(http.ErrAbortHandler)
	}
}

// plainCell keeps a reference from being read as a formula by a spreadsheet.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// packetDraft is one draft for an authority, as plain text.
func (c *Console) packetDraft(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	regime := strings.TrimSuffix(q.PathValue("regime"), ".txt")
	d, err := c.Notices.Draft(q.Context(), q.actor, i.ID, cordon.TenantID(q.PathValue("tenant")), regime)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+strings.ToLower(i.Name())+"-"+url.PathEscape(regime)+`.txt"`)
	_, _ = w.Write([]byte(d.Text()))
}

// worksheet is the four factors, to be printed.
func (c *Console) worksheet(w http.ResponseWriter, q *request) {
	i, err := c.Incidents.Find(q.Context(), q.actor, q.PathValue("incident"))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	sheet, err := c.Notices.Worksheet(q.Context(), q.actor, i.ID, cordon.TenantID(q.PathValue("tenant")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "worksheet", frame{Title: "Four factors: " + sheet.Name, Section: "incidents", Body: sheet})
}
