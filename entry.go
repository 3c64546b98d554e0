package cordon

import (
	"encoding/json"
	"time"
)

// EntryKind names a fact of the ledger: a closed list.
type EntryKind string

const (
	EntryTenantCreated     EntryKind = "tenant.created"
	EntryTenantErased      EntryKind = "tenant.erased"
	EntryDomainCreated     EntryKind = "domain.created"
	EntryAccountCreated    EntryKind = "account.created"
	EntryKeyCreated        EntryKind = "key.created"
	EntryKeySuspended      EntryKind = "key.suspended"
	EntryKeyResumed        EntryKind = "key.resumed"
	EntryKeyRevoked        EntryKind = "key.revoked"
	EntryRecipientsChanged EntryKind = "recipients.changed"
	EntryDecoysPlanted     EntryKind = "decoys.planted"
	EntryDecoysRotated     EntryKind = "decoys.rotated" // new ones planted, as many old ones retired
	EntryAudienceSaved     EntryKind = "audience.saved"
	EntrySuppressed        EntryKind = "suppression.added"
	EntryUnsuppressed      EntryKind = "suppression.removed"
	EntryTemplateCreated   EntryKind = "template.created"
	EntryVersionWritten    EntryKind = "version.written"
	EntryVersionApproved   EntryKind = "version.approved"
	EntryVersionRevoked    EntryKind = "version.revoked"
	EntryOrderRefused      EntryKind = "order.refused"
	EntryDispatchAccepted  EntryKind = "dispatch.accepted"
	EntryDispatchHeld      EntryKind = "dispatch.held"
	EntryDispatchReleased  EntryKind = "dispatch.released"
	EntryDispatchDiscarded EntryKind = "dispatch.discarded"
	EntryHoldAsked         EntryKind = "hold.asked" // the first of two people asked to release or discard
	EntryAttempts          EntryKind = "attempts"   // a group of outcomes of one dispatch
	EntrySignal            EntryKind = "signal"
	EntryStopPlaced        EntryKind = "stop.placed"
	EntryStopLifted        EntryKind = "stop.lifted"
	EntrySwept             EntryKind = "swept" // copies moved to held, queued or cut by a stop or a lift
	EntryPersonalDataRead  EntryKind = "personal-data.read"
	EntryLimitChanged      EntryKind = "limit.changed"
	EntryDrill             EntryKind = "drill"
	EntryStageOpened       EntryKind = "stage.opened" // of a staged release: its copies may leave
	EntryStageHeld         EntryKind = "stage.held"
	EntryStageDone         EntryKind = "stage.done"     // watched long enough
	EntryHostApproved      EntryKind = "host.approved"  // letters of the tenant may link there
	EntryHostWithdrawn     EntryKind = "host.withdrawn" // and may no more
	EntryTextShared        EntryKind = "text.shared"    // many tenants may send it in the same words
	EntryTextUnshared      EntryKind = "text.unshared"
	EntryScreenLearnt      EntryKind = "screen.learnt" // the screening learnt from a released or rejected hold
	EntryComplaint         EntryKind = "complaint"     // a recipient's or a feedback loop's "this was wrong"

	EntryIncidentOpened   EntryKind = "incident.opened"
	EntryIncidentMoved    EntryKind = "incident.moved"   // to another state
	EntryIncidentChanged  EntryKind = "incident.changed" // severity, title, roles, scope, links, tasks
	EntryIncidentNoted    EntryKind = "incident.noted"   // a line of its timeline, by a person
	EntryPageTriggered    EntryKind = "page.triggered"
	EntryPageAcked        EntryKind = "page.acknowledged"
	EntryPageResolved     EntryKind = "page.resolved"
	EntryOnCallChanged    EntryKind = "oncall.changed" // schedules, contacts, escalation
	EntryAnnounced        EntryKind = "announcement.posted"
	EntryComponentChanged EntryKind = "component.changed" // a part of the service on the status page
	EntryNoticeDrafted    EntryKind = "notice.drafted"
	EntryNoticeApproved   EntryKind = "notice.approved"
	EntryNoticeSent       EntryKind = "notice.sent" // follow-ups accepted, or a tenant's packet queued
	EntryNoticeIdentity   EntryKind = "notice.identity"
	EntryPacketTaken      EntryKind = "notice.packet"   // a tenant's exact list was downloaded
	EntryContactChanged   EntryKind = "contact.changed" // whom to tell at a tenant, in which language, under which laws
	EntryClockDecided     EntryKind = "clock.decided"   // a regime applies, or does not, because
	EntryReportReceived   EntryKind = "report.received"
	EntryProblemMoved     EntryKind = "problem.moved"
	EntryLateBounce       EntryKind = "bounce.late" // a copy came back by mail after it had been handed over
	EntryWitnessed        EntryKind = "ledger.witnessed"
	EntryLedgerVerified   EntryKind = "ledger.verified" // on schedule, from the stored data
	EntryBundled          EntryKind = "ledger.bundled"  // an evidence bundle was made
)

// Entry is one append-only fact. Its body never holds personal data, only
// opaque IDs, counts and operators' words, so erasing a person breaks no proof.
type Entry struct {
	Num     int64           `json:"num"` // 0-based position in the log
	At      time.Time       `json:"at"`  // µs, UTC
	Kind    EntryKind       `json:"kind"`
	Tenant  TenantID        `json:"tenant,omitempty"`
	Actor   string          `json:"actor"`             // Actor.ID()
	Subject string          `json:"subject,omitempty"` // the ID of what it is about
	Body    json.RawMessage `json:"body,omitempty"`
}

// Leaf is the canonical form whose hash is the log's leaf. Every part is
// length-prefixed by JSON's own quoting; the order of the array is fixed.
func (e Entry) Leaf() []byte {
	body := string(e.Body)
	raw, _ := json.Marshal([]any{"cordon/1", e.Num, e.At.UnixMicro(), e.Kind, e.Tenant, e.Actor, e.Subject, body})
	return raw
}

// Checkpoint is a signed size and root of the ledger (C2SP tlog-checkpoint).
type Checkpoint struct {
	Size int64     `json:"size"`
	Root string    `json:"root"` // base64, as in the note
	At   time.Time `json:"at"`
	Note string    `json:"note"`
}

// Fork is proof that a ledger showed two pasts: two checkpoints of one size with
// different roots, both signed by it.
type Fork struct {
	Origin string    `json:"origin"`
	First  string    `json:"first"`
	Second string    `json:"second"`
	At     time.Time `json:"at"`
}

// BundledCopy is one copy in the evidence of an incident. Number is the recipient's
// place in the store: the ledger's digest of an acceptance is made of these.
type BundledCopy struct {
	Tenant      TenantID
	Handle      string
	Dispatch    DispatchID
	Seq         int64
	Number      int64
	Recipient   RecipientID
	ExternalRef string
	State       DeliveryState
	At          time.Time
}

// Document is a further text that goes with the evidence of an incident: the
// announcements, the facts, the clocks.
type Document struct {
	Name string
	Body []byte
}
