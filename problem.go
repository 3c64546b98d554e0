package cordon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ProblemID names one problem.
type ProblemID string

const prefixProblem = "prb_"

// NewProblemID makes one.
func NewProblemID() ProblemID { return ProblemID(prefixProblem + RandomText(idRandomChars)) }

// Valid says whether the identifier has the right shape.
func (id ProblemID) Valid() bool { return validID(string(id), prefixProblem) }

// ProblemState: open → investigating → answered → closed. An answered or closed
// problem never opens again: what comes later is a new one.
type ProblemState string

const (
	ProblemOpen          ProblemState = "open"
	ProblemInvestigating ProblemState = "investigating"
	ProblemAnswered      ProblemState = "answered" // the outcome is said and the reporters are told
	ProblemClosed        ProblemState = "closed"
)

// CanBecome says whether a problem may go from s to next.
func (s ProblemState) CanBecome(next ProblemState) bool {
	switch s {
	case ProblemOpen:
		return next == ProblemInvestigating || next == ProblemAnswered
	case ProblemInvestigating:
		return next == ProblemAnswered
	case ProblemAnswered:
		return next == ProblemClosed
	}
	return false
}

// Open says whether further reports of the same still join it.
func (s ProblemState) Open() bool { return s == ProblemOpen || s == ProblemInvestigating }

// Priority is 1 (first) to 5.
type Priority int

func (p Priority) String() string { return "P" + strconv.Itoa(int(p)) }

// MarshalText writes "P2".
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads "P2" or "2".
func (p *Priority) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.ToUpper(string(text)), "P"))
	if err != nil || n < 1 || n > 5 {
		return InvalidField("priority", "is not P1 to P5", "1 is the first")
	}
	*p = Priority(n)
	return nil
}

// Problem is what several reports of the same come to.
type Problem struct {
	ID       ProblemID    `json:"id"`
	Number   int64        `json:"number"` // P-12; one series per installation
	Kind     ReportKind   `json:"kind"`
	State    ProblemState `json:"state"`
	Priority Priority     `json:"priority"`
	Title    string       `json:"title"` // made of its kind and what it is about, or an operator's words
	Tenant   TenantID     `json:"tenant,omitempty"`
	Dispatch DispatchID   `json:"dispatch,omitempty"`
	Template TemplateID   `json:"template,omitempty"`
	Incident IncidentID   `json:"incident,omitempty"`
	Signal   SignalID     `json:"signal,omitempty"` // the last that it raised
	Exercise bool         `json:"exercise,omitempty"`
	Outcome  string       `json:"outcome,omitempty"` // public words; the reporters' second mail quotes them

	Counts ProblemCounts `json:"counts"`
	Rate   ComplaintRate `json:"rate"`

	OpenedAt   time.Time `json:"opened_at"`
	LastAt     time.Time `json:"last_at"` // of its newest report
	MovedAt    time.Time `json:"moved_at,omitzero"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Version    int64     `json:"version"` // a change that names an older one is refused

	Clue Clue `json:"clue"`
}

// Name is what people call it: P-12.
func (p Problem) Name() string { return fmt.Sprintf("P-%d", p.Number) }

// ProblemCounts is what the reports of a problem come to, by distinct reporter.
type ProblemCounts struct {
	Reports       int64 `json:"reports"`       // exact duplicates left out
	Reporters     int64 `json:"reporters"`     // distinct, who complain
	Authenticated int64 `json:"authenticated"` // of them
	NotSpam       int64 `json:"not_spam"`      // distinct, who say that it was fine
	Tenants       int64 `json:"tenants"`       // that the reported mail is of
	Known         int64 `json:"known"`         // distinct addresses that a directory knows, of mail we did not send
}

// Score is what thresholds are compared with: distinct reporters, less those who
// say that the mail was fine. What is authenticated cannot be talked down.
func (c ProblemCounts) Score() int64 {
	return max(c.Reporters-c.NotSpam, c.Authenticated)
}

// ComplaintRate is a share with its denominator: copies of the dispatch that
// were handed over.
type ComplaintRate struct {
	Complaints int64 `json:"complaints"`  // authenticated, by distinct recipient
	Reports    int64 `json:"reports"`     // that nobody vouches for
	HandedOver int64 `json:"handed_over"` // delivered, or perhaps
}

// Share is authenticated complaints per copy handed over; 0 when none was.
func (r ComplaintRate) Share() float64 {
	if r.HandedOver == 0 {
		return 0
	}
	return float64(r.Complaints) / float64(r.HandedOver)
}

// PriorityOf is the rule. Only what is vouched for can be P1 or P2 by itself:
// a crowd of forged reports asks for a person, and wakes nobody.
func PriorityOf(kind ReportKind, c ProblemCounts, matched bool, l ReportLimits) Priority {
	score, bother, urgent := c.Score(), int64(max(l.BotherFrom, 1)), int64(max(l.UrgentFrom, 2))
	switch {
	case kind == ReportNotSpam:
		return 5
	case kind.Severe() && (c.Authenticated >= bother || c.Authenticated > 0 && c.Tenants > 1):
		return 1
	case kind.Severe() && c.Authenticated > 0, c.Authenticated >= urgent, kind == ReportLeak && c.Known >= urgent:
		return 2
	case score >= bother, kind == ReportLeak && c.Known >= bother, c.Authenticated > 0 && score >= 2:
		return 3
	case matched, kind.Severe():
		return 4
	}
	return 5
}

// Bothers says whether a problem of this priority is shown to a person by a
// signal, and of which grade; "" for one that waits in the list.
func (p Priority) Bothers() Grade {
	switch p {
	case 1:
		return GradeIncident
	case 2, 3:
		return GradeWarning
	}
	return ""
}

// Clue is what tells whether two reports are about the same.
type Clue struct {
	Tenant   TenantID    `json:"tenant,omitempty"`
	Dispatch DispatchID  `json:"dispatch,omitempty"` // when the copy is known, or its text is
	Template TemplateID  `json:"template,omitempty"`
	Leak     bool        `json:"leak,omitempty"` // mail of strangers to addresses of the directory of Tenant
	Print    Fingerprint `json:"print,omitempty"`
	Sender   string      `json:"sender,omitempty"` // domain of the reported mail's From
	Hosts    []string    `json:"hosts,omitempty"`  // it links to, sorted
}

// AlikeBits is how far fingerprints of one text may be apart when one was read
// from a report: whoever forwards a mail adds to it, and merge values are not
// known. Measured: a letter of 45 words with another name in it, or a line more,
// is 7 to 11 bits apart; of 454,581 pairs of real mails 226, copies of one another
// included, are within 12.
const AlikeBits = 12

// Same says whether two clues are of one cluster.
func (c Clue) Same(o Clue) bool {
	switch {
	case c.Leak || o.Leak:
		return c.Leak && o.Leak && c.Tenant == o.Tenant
	case c.Dispatch != "" && c.Dispatch == o.Dispatch:
		return true
	case c.Template != "" && o.Template != "":
		return c.Tenant == o.Tenant && c.Template == o.Template
	case c.Tenant != o.Tenant:
		return false
	case c.Print != 0 && o.Print != 0 && c.Print.Apart(o.Print) <= AlikeBits:
		return true
	}
	return c.Sender != "" && c.Sender == o.Sender && shares(c.Hosts, o.Hosts)
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(host string) bool { return slices.Contains(b, host) })
}

// SettleProblem moves a problem.
type SettleProblem struct {
	To      ProblemState
	Outcome string // of answered: public words for every reporter, no personal data
	Version int64  // of the problem as it was seen; 0: whatever it is
}

// MaxOutcome is the longest outcome, in bytes.
const MaxOutcome = 2000

// Validate says whether the move is well formed.
func (m SettleProblem) Validate() error {
	switch {
	case m.To != ProblemInvestigating && m.To != ProblemAnswered && m.To != ProblemClosed:
		return InvalidField("state", "must be investigating, answered or closed", "a problem is open until somebody takes it up")
	case m.To == ProblemAnswered && strings.TrimSpace(m.Outcome) == "":
		return InvalidField("outcome", "is missing", "say in a sentence or two what came of it: the reporters are mailed these words")
	case m.To != ProblemAnswered && m.Outcome != "":
		return InvalidField("outcome", "belongs to an answer", "leave it out, or answer the problem")
	case len(m.Outcome) > MaxOutcome:
		return InvalidField("outcome", "is longer than 2,000 bytes", "a sentence or two")
	case strings.ContainsFunc(m.Outcome, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }):
		return InvalidField("outcome", "has control characters", "plain text")
	case strings.Contains(m.Outcome, "@"):
		return InvalidField("outcome", "holds something like an address", "name nobody: it is public")
	}
	return nil
}
