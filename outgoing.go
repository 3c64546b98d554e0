package cordon

import (
	"strings"
	"time"
)

// OutgoingID names one message of the outbox.
type OutgoingID string

// NewOutgoingID makes one.
func NewOutgoingID() OutgoingID { return OutgoingWith(RandomText(idRandomChars)) }

// OutgoingWith is the message whose ID has this random part; its return path has
// it too.
func OutgoingWith(random string) OutgoingID { return OutgoingID(prefixOutgoing + random) }

// Random is the part of the ID that nobody can guess.
func (id OutgoingID) Random() string { return strings.TrimPrefix(string(id), prefixOutgoing) }

const prefixOutgoing = "out_"

// OutgoingReturn begins the local part of a message's return path; the random part
// of its ID follows.
const OutgoingReturn = "o-"

// Channel is the way a message of the outbox takes.
type Channel string

const (
	ChannelMail         Channel = "mail"
	ChannelSMS          Channel = "sms"          // by an HTTP gateway
	ChannelWebhook      Channel = "webhook"      // Standard Webhooks
	ChannelPagerDuty    Channel = "pagerduty"    // Events API v2
	ChannelAlertmanager Channel = "alertmanager" // its webhook and API shape
	ChannelSlack        Channel = "slack"        // incoming webhooks
)

// OutgoingState: pending → sending → sent → delivered | failed | stale.
type OutgoingState string

const (
	OutgoingPending   OutgoingState = "pending"
	OutgoingSending   OutgoingState = "sending"
	OutgoingSent      OutgoingState = "sent"      // the far side took it and may still say no
	OutgoingDelivered OutgoingState = "delivered" // it said that it has it
	OutgoingFailed    OutgoingState = "failed"    // every try failed
	OutgoingStale     OutgoingState = "stale"     // what it said was over before it could be sent
)

// OutgoingStates lists every state in the order of a message's life.
func OutgoingStates() []OutgoingState {
	return []OutgoingState{OutgoingPending, OutgoingSending, OutgoingSent, OutgoingDelivered, OutgoingFailed, OutgoingStale}
}

// Accepted says whether the far side has taken the message.
func (s OutgoingState) Accepted() bool { return s == OutgoingSent || s == OutgoingDelivered }

// Done says whether nothing more is tried.
func (s OutgoingState) Done() bool { return s != OutgoingPending && s != OutgoingSending }

// OutgoingOutcome is what came of one try.
type OutgoingOutcome struct {
	// State is sent or delivered, failed (trying again is no use), or pending: it
	// may go better later. The zero State is pending.
	State OutgoingState
	Reply string // code and enhanced status, HTTP status, or one of our own words; never the far side's
}

// OutgoingResult is how a message stands after a try.
type OutgoingResult struct {
	State OutgoingState
	Reply string
	DueAt time.Time // of a pending one: when it is tried again
}

// OutboxLane says which messages wait behind one another. What wakes people
// never waits behind what informs them.
type OutboxLane string

const (
	LaneWake OutboxLane = "wake" // pages, their updates and all-clears, proofs of contact methods
	LaneTell OutboxLane = "tell" // everything else
)

// Lane is the purpose's.
func (p Purpose) Lane() OutboxLane {
	switch p {
	case PurposePage, PurposePageUpdate, PurposeAllClear, PurposeVerify:
		return LaneWake
	}
	return LaneTell
}

// OutgoingCount is how many messages of a purpose stand in a state.
type OutgoingCount struct {
	Purpose Purpose       `json:"purpose"`
	State   OutgoingState `json:"state"`
	Count   int64         `json:"count"`
}

// OutboxHealth is how the outbox does.
type OutboxHealth struct {
	Counts []OutgoingCount `json:"counts"`
	// OldestWake is since when the oldest due message that wakes somebody waits;
	// zero when none does.
	OldestWake time.Time `json:"oldest_wake,omitzero"`
}

// Purpose is what a message of the outbox is for: a closed list.
type Purpose string

const (
	PurposePage         Purpose = "page"          // wakes somebody
	PurposePageUpdate   Purpose = "page-update"   // tells a bridge that somebody acknowledged
	PurposeAllClear     Purpose = "all-clear"     // tells who was paged that it is over
	PurposeVerify       Purpose = "verify"        // proves that a contact is who he says
	PurposeAnnouncement Purpose = "announcement"  // a post to a subscriber
	PurposeSubscription Purpose = "subscription"  // asks to confirm one
	PurposeTenantNotice Purpose = "tenant-notice" // tells an affected tenant, with its packet
	PurposeReceipt      Purpose = "receipt"       // a reporter's first mail: received
	PurposeAnswer       Purpose = "answer"        // and his second: what came of it
	PurposeWitness      Purpose = "witness"       // a checkpoint, to whoever keeps it
)

// Outgoing is one message that is not a copy of a dispatch: a page, a post to a
// subscriber, a tenant's packet. Where it goes and what it says are sealed.
type Outgoing struct {
	ID       OutgoingID `json:"id"`
	Key      string     `json:"key"` // of two with one key the second is the first: nothing is doubled
	Channel  Channel    `json:"channel"`
	Purpose  Purpose    `json:"purpose"`
	Tenant   TenantID   `json:"tenant,omitempty"`   // who is told, of a tenant's notice
	Incident IncidentID `json:"incident,omitempty"` // what it is about
	Subject  string     `json:"subject,omitempty"`  // the ID of the page, post or problem it belongs to
	Exercise bool       `json:"exercise,omitempty"` // goes to the receiving server of exercises, never outside
	Urgent   bool       `json:"urgent,omitempty"`   // before everything that is not

	To      string         `json:"-"` // address, number or URL
	Content OutgoingLetter `json:"-"`

	State     OutgoingState `json:"state"`
	Tries     int           `json:"tries"`
	Reply     string        `json:"reply,omitempty"` // code and enhanced status, or HTTP status; never the far side's words
	CreatedAt time.Time     `json:"created_at"`
	DueAt     time.Time     `json:"due_at"`
	StaleAt   time.Time     `json:"stale_at,omitzero"` // not sent after that
	DoneAt    time.Time     `json:"done_at,omitzero"`
}

// OutgoingLetter is what a message of the outbox says.
type OutgoingLetter struct {
	Title string            `json:"title,omitempty"` // a mail's subject
	Text  string            `json:"text,omitempty"`
	HTML  string            `json:"html,omitempty"`
	Mail  []OutgoingHeader  `json:"mail,omitempty"` // further header fields of a mail
	JSON  []byte            `json:"json,omitempty"` // the body of a webhook, as it is posted
	HTTP  map[string]string `json:"http,omitempty"` // further header fields of a request
	// Facts are for the machines at the other end of a bridge: "page", "incident",
	// "severity", "role", "url", "ack_url". IDs and words, no personal data.
	Facts map[string]string `json:"facts,omitempty"`
}

// OutgoingHeader is one header field.
type OutgoingHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NewPage asks that somebody be woken.
type NewPage struct {
	Key      string       `json:"key"` // of two with one key the second is the first
	Incident IncidentID   `json:"incident,omitempty"`
	Severity Severity     `json:"severity"`
	Role     IncidentRole `json:"role,omitempty"` // "": whoever is on call
	Title    string       `json:"title"`          // one line, no personal data
	Text     string       `json:"text,omitempty"` // a few lines more
	Path     string       `json:"path,omitempty"` // of the console page to open
	Tenant   TenantID     `json:"tenant,omitempty"`
	Exercise bool         `json:"exercise,omitempty"`
}

// PageID names one page.
type PageID string

// NewPageID makes one.
func NewPageID() PageID { return PageID("pag_" + RandomText(idRandomChars)) }

// PageState: triggered → acknowledged → resolved, which never re-opens.
type PageState string

const (
	PageTriggered    PageState = "triggered"
	PageAcknowledged PageState = "acknowledged"
	PageResolved     PageState = "resolved"
)

// OnCallPage is a person being woken, by one contact after the other, until
// somebody says that he has it.
type OnCallPage struct {
	ID PageID `json:"id"`
	NewPage
	State          PageState `json:"state"`
	Step           int       `json:"step"`  // of the escalation, 0-based
	Round          int       `json:"round"` // how often it went round
	Policy         PolicyID  `json:"policy,omitempty"`
	TriggeredAt    time.Time `json:"triggered_at"`
	FirstSentAt    time.Time `json:"first_sent_at,omitzero"`    // when the first message about it was taken by the far side
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`  // the first time; it may have lapsed since
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"` // Actor.ID() or a contact's ID
	AckUntil       time.Time `json:"ack_until,omitzero"`        // when it lapses, unless the incident moves or it is renewed
	Spent          bool      `json:"spent,omitempty"`           // every step and repeat is gone through: the fallback alone is left
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	NextAt         time.Time `json:"next_at,omitzero"` // when it goes on by itself

	StepEnds  time.Time `json:"-"` // when the escalation goes to the next step
	Turn      int64     `json:"-"` // counts what was done with it
	AllFailed bool      `json:"-"` // every message of the step failed, and the fallback does not know yet
	Escalate  bool      `json:"-"` // somebody asked to go to the next step now
	First     bool      `json:"-"` // of its incident
}
