package cordon

import (
	"fmt"
	"slices"
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
