package report

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Reports lists reports that came in, the newest first. Who handles reports for
// one tenant sees those that are about its mail.
func (c *Clerk) Reports(ctx context.Context, by cordon.Actor, f cordon.ReportFilter, p cordon.Page) ([]cordon.Report, string, error) {
	if !by.Can(cordon.HandleReports, scope(by, &f)) {
		return nil, "", mayNot("read reports")
	}
	return c.Store.Reports(ctx, f, p)
}

// scope narrows a filter to the actor's own tenant.
func scope(by cordon.Actor, f *cordon.ReportFilter) cordon.TenantID {
	if by.Tenant != "" && f.Tenant == "" {
		f.Tenant = by.Tenant
	}
	return f.Tenant
}

// Report answers one report, without what it says.
func (c *Clerk) Report(ctx context.Context, by cordon.Actor, id cordon.ReportID) (cordon.Report, error) {
	r, err := c.Store.Report(ctx, id)
	if !by.Can(cordon.HandleReports, r.Tenant) {
		return cordon.Report{}, hidden(by, "report")
	}
	return r, err
}

// hidden answers who may handle reports somewhere else as if there were nothing,
// and everybody else that he may not.
func hidden(by cordon.Actor, what string) error {
	if by.Can(cordon.HandleReports, by.Tenant) {
		return &cordon.Error{Code: cordon.Missing, Field: what, Message: "there is no such " + what + ", or it is not yours", Remedy: "copy its ID as cordon " + what + " list shows it"}
	}
	return mayNot("handle reports")
}

// Opened is what a report says, as text alone: nothing in it is run, fetched or
// drawn.
type Opened struct {
	Report   cordon.Report  `json:"report"`
	Kind     string         `json:"kind"` // what the message is, as inspect says
	Fields   []OpenedField  `json:"fields"`
	Text     string         `json:"text"`               // what its sender wrote
	Original []OpenedField  `json:"original,omitempty"` // header of the reported mail
	Body     string         `json:"body,omitempty"`     // its text
	Cut      bool           `json:"cut,omitempty"`      // there is more
	Faults   []cordon.Fault `json:"faults,omitempty"`   // of an XARF document
	Reporter cordon.Address `json:"reporter,omitempty"`
}

// OpenedField is one header field, decoded.
type OpenedField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const (
	mostText   = 20_000
	mostFields = 40
	mostValue  = 500
)

// Evidence opens a report for a person: the ledger keeps who read it. Missing
// when it is forgotten.
func (c *Clerk) Evidence(ctx context.Context, by cordon.Actor, id cordon.ReportID) (Opened, error) {
	if _, err := c.Report(ctx, by, id); err != nil {
		return Opened{}, err
	}
	o, err := c.Store.ReadReport(ctx, by, id)
	if err != nil {
		return Opened{}, err
	}
	e := Opened{Report: o.Report, Reporter: o.Reporter, Fields: []OpenedField{}}
	if len(o.Raw) == 0 {
		return e, nil
	}
	r := c.read(o)
	e.Kind = string(r.found.Kind)
	if r.found.Report != nil {
		e.Faults = r.found.Report.Faults
	}
	e.Fields, e.Text, e.Cut = shown(o.Raw)
	if len(r.original) > 0 && o.Way != cordon.WayREST && o.Way != cordon.WayHand || len(r.found.Enclosed) > 0 {
		more := false
		e.Original, e.Body, more = shown(r.original)
		e.Cut = e.Cut || more
	}
	return e, nil
}

// shown is the header and the text of a message as they may be shown: HTML as its
// words, control characters gone.
func shown(raw []byte) (fields []OpenedField, text string, more bool) {
	fields = []OpenedField{}
	head, _ := message.Fields(raw)
	for _, f := range head {
		if len(fields) == mostFields {
			more = true
			break
		}
		fields = append(fields, OpenedField{plain(f.Name, 80), plain(message.DecodeWords(f.Value), mostValue)})
	}
	parsed, err := message.Parse(raw)
	if err != nil {
		return fields, "", more
	}
	var b strings.Builder
	for _, p := range parsed.Parts {
		words := p.Text
		if p.Enclosed || words == "" {
			continue
		}
		if p.Type == "text/html" {
			if p.Alternative > 0 && b.Len() > 0 {
				continue // the plain one says the same
			}
			words = message.TextFromHTML(words)
		}
		if b.Len() > mostText {
			more = true
			break
		}
		b.WriteString(words + "\n")
	}
	if b.Len() > mostText {
		more = true
	}
	return fields, strings.TrimSpace(plain(b.String(), mostText)), more
}

// plain is text without control and formatting characters, at most so many bytes
// of it, cut at a character.
func plain(s string, most int) string {
	if s = strings.ToValidUTF8(s, "\uFFFD"); len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0,
			r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff:
			return -1
		}
		return r
	}, s)
}

// Problems lists problems, the newest first.
func (c *Clerk) Problems(ctx context.Context, by cordon.Actor, f cordon.ReportFilter, p cordon.Page) ([]cordon.Problem, string, error) {
	if !by.Can(cordon.HandleReports, scope(by, &f)) {
		return nil, "", mayNot("read problems")
	}
	return c.Store.Problems(ctx, f, p)
}

// Problem answers one problem.
func (c *Clerk) Problem(ctx context.Context, by cordon.Actor, id cordon.ProblemID) (cordon.Problem, error) {
	p, err := c.Store.Problem(ctx, id)
	if !by.Can(cordon.HandleReports, p.Tenant) {
		return cordon.Problem{}, hidden(by, "problem")
	}
	return p, err
}

// Leaks counts, for each directory, the distinct addresses it knows to which the
// mail of strangers came. Only an actor of the whole installation is told.
func (c *Clerk) Leaks(ctx context.Context, by cordon.Actor, id cordon.ProblemID) (map[cordon.TenantID]int64, error) {
	if !by.Can(cordon.HandleReports, "") {
		return nil, mayNot("read what a directory may have lost")
	}
	return c.Store.ProblemLeaks(ctx, id)
}

// Settle moves a problem: to investigating when somebody takes it up, to answered
// with the outcome, which is mailed to every reporter who is owed it, to closed.
// It answers how many mails went into the outbox.
func (c *Clerk) Settle(ctx context.Context, by cordon.Actor, id cordon.ProblemID, m cordon.SettleProblem) (cordon.Problem, int, error) {
	if _, err := c.Problem(ctx, by, id); err != nil {
		return cordon.Problem{}, 0, err
	}
	if err := m.Validate(); err != nil {
		return cordon.Problem{}, 0, err
	}
	p, told, err := c.Store.SettleProblem(ctx, by, id, m, c.answer)
	if err != nil {
		return p, 0, err
	}
	whole, err := c.Store.Problem(ctx, id)
	return whole, told, err
}

// Link makes a problem part of an incident. The incident cannot be resolved while
// reporters of it wait.
func (c *Clerk) Link(ctx context.Context, by cordon.Actor, id cordon.ProblemID, incident cordon.IncidentID) (cordon.Problem, error) {
	p, err := c.Problem(ctx, by, id)
	if err != nil {
		return p, err
	}
	if !by.Can(cordon.ManageIncidents, p.Tenant) {
		return cordon.Problem{}, mayNot("make a problem part of an incident")
	}
	if err := c.Store.LinkIncident(ctx, by, incident, cordon.IncidentLink{Noun: cordon.LinkProblem, Subject: string(id), Tenant: p.Tenant}); err != nil {
		return cordon.Problem{}, err
	}
	return c.Store.Problem(ctx, id)
}

// Returned answers how much came back and was only counted, within the days.
func (c *Clerk) Returned(ctx context.Context, by cordon.Actor, since time.Time) (map[cordon.Returned]int64, error) {
	if !by.Can(cordon.HandleReports, "") {
		return nil, mayNot("read what came back")
	}
	return c.Store.ReturnedSince(ctx, since)
}

// Bounces counts the copies of a dispatch that came back by mail after they had
// been handed over.
func (c *Clerk) Bounces(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (hard, soft int64, err error) {
	if !by.Can(cordon.ReadDispatches, tenant) {
		return 0, 0, mayNot("read what came back")
	}
	return c.Store.LateBounces(ctx, tenant, id)
}
