package cordon

import "time"

// TellingState is where telling one tenant stands: planned → told, or told
// otherwise by a person.
type TellingState string

const (
	TellingPlanned   TellingState = "planned"
	TellingTold      TellingState = "told"           // a message for each of its contacts is in the outbox
	TellingOtherwise TellingState = "told-otherwise" // by telephone, by letter: a person says how
)

// FollowUpState is where writing to a tenant's people stands: nobody asked for it
// yet (""), planned → written → accepted, or waived by a person.
type FollowUpState string

const (
	FollowUpPlanned  FollowUpState = "planned"
	FollowUpWritten  FollowUpState = "written"  // the letter is an approved version of the tenant's
	FollowUpAccepted FollowUpState = "accepted" // it is a dispatch
	FollowUpNobody   FollowUpState = "nobody"   // none of those affected can be mailed
	FollowUpWaived   FollowUpState = "waived"   // the practice writes itself: a person says why
)

// Telling is what one tenant is owed of one notice, and what it got.
type Telling struct {
	Incident IncidentID   `json:"incident"`
	Seq      int          `json:"seq"`
	Tenant   TenantID     `json:"tenant"`
	Handle   string       `json:"handle"`
	Name     string       `json:"name"`
	State    TellingState `json:"state"`
	Contacts int          `json:"contacts"` // it has
	ToldAt   time.Time    `json:"told_at,omitzero"`
	ToldBy   string       `json:"told_by,omitempty"`
	Because  string       `json:"because,omitempty"` // how it was told otherwise

	Counts TellingCounts `json:"counts"` // when it was told

	FollowUp   FollowUpState `json:"follow_up,omitempty"`
	Template   TemplateID    `json:"template,omitempty"`
	Version    int           `json:"version,omitempty"`
	Dispatch   DispatchID    `json:"dispatch,omitempty"`
	FollowedBy string        `json:"followed_by,omitempty"` // Actor.Person() of who asked for it
	FollowedAt time.Time     `json:"followed_at,omitzero"`
	Waived     string        `json:"waived,omitempty"` // because
}

// TellingCounts is a tenant's own share of an incident.
type TellingCounts struct {
	Delivered int64     `json:"delivered"` // copies
	Unknown   int64     `json:"unknown"`   // perhaps delivered
	People    int64     `json:"people"`    // who got one or perhaps got one
	Mailable  int64     `json:"mailable"`  // of them, whom a follow-up reaches
	Beyond    int64     `json:"beyond"`    // of them, who must be told by other means
	FirstAt   time.Time `json:"first_at,omitzero"`
	LastAt    time.Time `json:"last_at,omitzero"`
}

// TenantTold is a tenant that is being told: its row, its share, and a message for
// each of its contacts.
type TenantTold struct {
	Telling
	Letters []Outgoing
}

// NoticeReach is whom a notice of an incident would reach if it were approved now.
type NoticeReach struct {
	Tenants   int64    `json:"tenants"`
	Told      int64    `json:"told"`             // of them, with a contact
	Contacts  int64    `json:"contacts"`         // theirs
	NoContact []string `json:"no_contact"`       // handles of those that cannot be told; a hundred at most
	People    int64    `json:"people"`           // who got a copy, or perhaps
	Mailable  int64    `json:"mailable"`         // of them, whom a follow-up would reach
	Beyond    int64    `json:"beyond,omitempty"` // of them, who must be told by other means
}

// PacketRow is one line of a tenant's list: whom an incident reached, and how he
// is told. It holds no address.
type PacketRow struct {
	Affected
	// Told is how: mail, or by other means because the recipient is suppressed,
	// erased, or the follow-up came back.
	Told ToldBy `json:"told"`
}

// ToldBy is how a recipient is told.
type ToldBy string

const (
	ToldNotYet     ToldBy = "not-yet"
	ToldQueued     ToldBy = "queued"     // the follow-up waits to be sent
	ToldMailed     ToldBy = "mailed"     // the relay took it
	ToldPerhaps    ToldBy = "perhaps"    // uncertain
	ToldSuppressed ToldBy = "suppressed" // by other means: must not be mailed
	ToldErased     ToldBy = "erased"     // by other means: the person was erased
	ToldBounced    ToldBy = "bounced"    // by other means: the follow-up came back
)
