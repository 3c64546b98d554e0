package cordon

import "time"

// OutgoingID names one message of the outbox.
type OutgoingID string

// NewOutgoingID makes one.
func NewOutgoingID() OutgoingID { return OutgoingID("out_" + RandomText(idRandomChars)) }

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

// Purpose is what a message of the outbox is for: a closed list.
type Purpose string

const (
	PurposePage         Purpose = "page"          // wakes somebody
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
	TriggeredAt    time.Time `json:"triggered_at"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"` // Actor.ID() or a contact's ID
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	NextAt         time.Time `json:"next_at,omitzero"` // when it goes on by itself
}
