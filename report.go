package cordon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReportID names one report from outside.
type ReportID string

const prefixReport = "rep_"

// NewReportID makes one.
func NewReportID() ReportID { return ReportID(prefixReport + RandomText(idRandomChars)) }

// Valid says whether the identifier has the right shape.
func (id ReportID) Valid() bool { return validID(string(id), prefixReport) }

// ReportWay is the way by which a report came in.
type ReportWay string

const (
	WayMail  ReportWay = "mail"  // to the abuse mailbox: by a person, a feedback loop, a provider
	WayForm  ReportWay = "form"  // the form of the status page
	WayClick ReportWay = "click" // the link in a message, with its code
	WayREST  ReportWay = "rest"
	WayXARF  ReportWay = "xarf" // an XARF document by REST
	WayHand  ReportWay = "hand" // an operator typed it in, or gave a file
)

// ReportKind is what a report says of the mail it is about.
type ReportKind string

const (
	ReportUnwanted ReportKind = "unwanted"   // "this is spam"
	ReportNotForMe ReportKind = "not-for-me" // "this was meant for somebody else"
	ReportNotMe    ReportKind = "not-me"     // "this was not you": somebody writes in another's name
	ReportPhishing ReportKind = "phishing"
	ReportMalware  ReportKind = "malware"
	ReportThreat   ReportKind = "threat"
	ReportNotSpam  ReportKind = "not-spam" // "this was fine": lowers a score, closes nothing
	ReportOther    ReportKind = "other"
	// ReportLeak is no kind that anybody reports: mail that we did not send came
	// to addresses that a directory of ours knows.
	ReportLeak ReportKind = "leak-suspect"
)

// ReportKinds lists what can be reported.
func ReportKinds() []ReportKind {
	return []ReportKind{ReportUnwanted, ReportNotForMe, ReportNotMe, ReportPhishing, ReportMalware, ReportThreat, ReportNotSpam, ReportOther}
}

// rank orders kinds: of several in one problem, the highest is the problem's.
func (k ReportKind) rank() int {
	return slices.Index([]ReportKind{ReportNotSpam, ReportOther, ReportUnwanted, ReportNotForMe, ReportLeak, ReportNotMe, ReportMalware, ReportPhishing, ReportThreat}, k)
}

// Severe says whether the kind is about harm and not about nuisance.
func (k ReportKind) Severe() bool { return k.rank() >= ReportNotMe.rank() }

// Worse is the higher of two kinds.
func (k ReportKind) Worse(o ReportKind) ReportKind {
	if o.rank() > k.rank() {
		return o
	}
	return k
}

// Complaint is the word that the kind counts as when it names a copy; "" for one
// that complains of nothing.
func (k ReportKind) Complaint() ComplaintKind {
	switch k {
	case ReportNotMe, ReportPhishing, ReportMalware:
		return ComplaintNotMe
	case ReportUnwanted, ReportNotForMe, ReportThreat:
		return ComplaintUnwanted
	}
	return ""
}

// ReportMatch is by what a report was matched to mail of ours.
type ReportMatch string

const (
	MatchCode  ReportMatch = "code"  // by the code of one copy: it was in the reporter's hands
	MatchAlike ReportMatch = "alike" // the text is nearly one that a tenant sent
	MatchNone  ReportMatch = "none"
)

// ReportState: received → filed. What is received is safe; what is filed was
// read and belongs to a problem.
type ReportState string

const (
	ReportReceived ReportState = "received"
	ReportFiled    ReportState = "filed"
)

// Report is what somebody outside told us about a mail. What it said and who
// said it are sealed.
type Report struct {
	ID     ReportID    `json:"id"`
	Number int64       `json:"number"` // R-12; one series per installation
	Way    ReportWay   `json:"way"`
	Kind   ReportKind  `json:"kind,omitempty"` // "" until filed
	State  ReportState `json:"state"`
	At     time.Time   `json:"at"`
	Size   int64       `json:"size"`   // bytes of the raw report
	Copies int64       `json:"copies"` // how often exactly this came in; the second and later are dropped

	// Authenticated: the channel vouches for it, or whoever sent it had the copy
	// in hand. Only such count towards a stop, by distinct recipient.
	Authenticated bool        `json:"authenticated"`
	Vouched       string      `json:"vouched,omitempty"` // by whom or what: a feedback loop's domain, "code"
	Match         ReportMatch `json:"match,omitempty"`
	Tenant        TenantID    `json:"tenant,omitempty"`
	Dispatch      DispatchID  `json:"dispatch,omitempty"`
	Template      TemplateID  `json:"template,omitempty"`
	Recipient     RecipientID `json:"recipient,omitempty"`
	Problem       ProblemID   `json:"problem,omitempty"`
	Sender        string      `json:"sender,omitempty"` // domain of the reported mail's From
	Hosts         []string    `json:"hosts,omitempty"`  // it links to
	Exercise      bool        `json:"exercise,omitempty"`

	Receipt  bool       `json:"receipt"`            // the first mail went into the outbox
	Answer   AnswerOwed `json:"answer"`             // whether the second is owed
	Kept     bool       `json:"kept"`               // the raw report is still there
	Tracking string     `json:"tracking,omitempty"` // the reporter's page; a secret between him and us
}

// Name is what people call it: R-12.
func (r Report) Name() string { return fmt.Sprintf("R-%d", r.Number) }

// AnswerOwed says where the reporter's second mail stands.
type AnswerOwed string

const (
	AnswerNone  AnswerOwed = "none"  // nobody to tell, or nobody who proved his address
	AnswerOwing AnswerOwed = "owed"  // when the problem is settled
	AnswerSent  AnswerOwed = "given" // it is in the outbox, or was
)

// NewReport is a report as it comes in, before it is read.
type NewReport struct {
	Way      ReportWay
	Kind     ReportKind // as the reporter chose; "" where the message must say
	Raw      []byte     // the message or document; sealed
	Digest   string     // in hex; of two with the same the second is dropped
	Reporter Address    // who reported, as he says; "" for nobody. Sealed
	Network  string     // of the client; "" when not known
	Code     MessageCode
	Exercise bool
	Tracking string // chosen by the caller, who must tell it
}

// OpenReport is a report opened, for who files it or looks at it.
type OpenReport struct {
	Report
	Raw      []byte
	Reporter Address
	Network  string
	Code     MessageCode
	Asked    ReportKind // what the reporter chose
	Tries    int        // how often it could not be filed
}

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

// ReportLimits are the thresholds before a person is bothered, and how long
// things are kept. They are of the installation: reports come from outside and
// belong to no tenant until they are read.
type ReportLimits struct {
	BotherFrom   int           // distinct reporters nobody vouches for
	UrgentFrom   int           // the same, for a higher priority
	Keep         time.Duration // the raw report
	KeepReporter time.Duration // the reporter's address
	MailsPerDay  int           // to one address
	// SuppressLate is after how many hard bounces that came back late an address
	// is suppressed; 0: never, they are noted.
	SuppressLate   int
	CheckPerMinute int // questions "is this really from you?" of one network; all together 30 times as many
}

// DefaultReportLimits are what holds when nothing is set.
func DefaultReportLimits() ReportLimits {
	return ReportLimits{BotherFrom: 3, UrgentFrom: 10, Keep: 30 * 24 * time.Hour, KeepReporter: 90 * 24 * time.Hour, MailsPerDay: 3, CheckPerMinute: 20}
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

// Filing is what reading a report came to, for the store to file it: the
// report's facts, the cluster it belongs to, and the mail to its reporter.
type Filing struct {
	Report        ReportID
	Kind          ReportKind
	Authenticated bool
	Vouched       string
	Match         ReportMatch
	Copy          *CopyFacts // of a copy; nil when none is known
	Clue          Clue
	Title         string // of a problem that must be opened
	Exercise      bool
	Directories   []TenantID // that know the address to which mail of strangers came
	Address       Address    // that address: kept as a mark alone
	MayAnswer     bool       // the reporter may get mail at all
	Proved        bool       // he proved his address, so he is owed the second mail
	Confirm       []byte     // hash of the word with which he can still prove it
	Receipt       *Outgoing  // his first mail; nil for none
	Limits        ReportLimits
}

// CopyFacts is what a message code names: one copy, and nothing of its
// recipient but the opaque ID.
type CopyFacts struct {
	Ref        Ref
	Tenant     TenantID
	TenantName string
	Dispatch   DispatchID
	Kind       Kind
	Template   TemplateID
	Version    int
	Account    AccountID
	Key        KeyID
	Recipient  RecipientID // "" when erased
	State      DeliveryState
	HandedOver bool      // delivered, or perhaps
	At         time.Time // of the last change of its state: of a delivered copy, when it was handed over
	Subject    string    // of the template, with its fields still open; "" when it had no approved text
	From       Address   // of the template
	Exercise   bool
	Incidents  []IncidentID // that its dispatch is part of, whatever became of them
}

// BounceClass is how bad a returned message is.
type BounceClass string

const (
	BounceHard BounceClass = "hard" // it will never arrive
	BounceSoft BounceClass = "soft" // it did not arrive now
	BounceNone BounceClass = "none" // it says nothing about that
)

// LateBounce is a bounce that came back by mail, after the relay had taken the
// copy. The copy stays delivered: what was handed over was handed over.
type LateBounce struct {
	Class  BounceClass `json:"class"`
	Status string      `json:"status,omitempty"` // RFC 3463, "5.1.1"
	At     time.Time   `json:"at"`
}

// Reply is the bounce in the form of a relay's reply.
func (b LateBounce) Reply() string {
	code := "450"
	if b.Class == BounceHard {
		code = "550"
	}
	return strings.TrimSpace(code + " " + b.Status)
}

// Returned is a kind of mail that came back and is only counted.
type Returned string

const (
	ReturnedBounce    Returned = "bounce"
	ReturnedAutoReply Returned = "auto-reply"
	ReturnedReceipt   Returned = "delivery-receipt"
	ReturnedUnknown   Returned = "unknown" // a return path that names no copy, or a bounce of something else
	ReturnedDuplicate Returned = "duplicate"
	ReturnedRefused   Returned = "refused" // over a limit
)

// ReportFilter chooses reports or problems; zero parts choose all.
type ReportFilter struct {
	Tenant   TenantID
	Problem  ProblemID
	State    ProblemState // of problems
	Open     bool         // of problems: only those that are open
	Incident IncidentID
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
