package cordon

import (
	"iter"
	"time"
)

// Page asks for part of a list. After is the cursor of the last answer ("" for
// the beginning), opaque to the caller; Limit is 1 to 500, 0 means 50.
type Page struct {
	After string
	Limit int
}

// Size is the number of rows to answer with.
func (p Page) Size() int {
	if p.Limit < 1 {
		return 50
	}
	return min(p.Limit, 500)
}

// RecipientRow is one recipient to be stored: sealed on the way in.
type RecipientRow struct {
	ExternalRef string
	Person      Person
	Tags        []string // replaces the tags; nil leaves them
}

// Found is what the door may know of a recipient without opening anything.
type Found struct {
	Num        int64 // position in the store, never shown
	Fields     FieldMask
	Decoy      bool
	Suppressed bool
}

// NewDispatch is what the door hands to the store once an order is believed.
type NewDispatch struct {
	// Dispatch has everything but Recipients (counted while writing),
	// Provenance and Counts. State is open or held, by the verdict.
	Dispatch Dispatch
	Filter   Filter        // bulk: chosen in SQL, without decoys, suppressed and erased
	Members  []RecipientID // single
	Affected IncidentID    // notice: whoever of the tenant got a copy, or perhaps got one, of what the incident is about
	// Rows are the checked per-recipient values; nil when there are none. A row
	// whose recipient is not a member is an Invalid error and nothing is accepted.
	Rows iter.Seq2[Row, error]
	// RowsRequired says that every member needs a row.
	RowsRequired bool
	Verdict      Verdict // its signals and ceilings go into the final transaction
	// Mark makes the provenance over the finished dispatch.
	Mark func(Dispatch) []byte

	// Release says how a bulk send leaves; the zero plan lets it leave whole.
	Release StagePlan

	IdempotencyKey string
	OrderDigest    []byte // SHA-256 of the order, to tell a repeated call from a changed one
}

// Ref points at one delivery inside the store; it is never shown outside.
type Ref struct {
	Tenant   int64
	Dispatch int64
	Seq      int64
	Node     string // the node that holds the claim; "" for this one
}

// Lane is a dispatch, or the stream of single sends of one (tenant, credential,
// template). A claim names its lane, and fairness is the order of picking lanes.
type Lane struct {
	Tenant   TenantID
	Num      int64
	Kind     Kind
	Template TemplateID
	Account  AccountID
	Key      KeyID
	Dispatch DispatchID // bulk only
	NextDue  time.Time
	Counts   Counts
}

// Claim is one copy taken for sending, with what the exit judges it by. The
// personal data in it is still sealed.
type Claim struct {
	Ref      Ref
	Delivery Delivery // State is sending; Attempt counts this try
	Lane     int64
	// What the recipient's row says now, read after the claim.
	RecipientTenant TenantID // "" when there is no such recipient in the delivery's tenant
	RecipientState  RecipientState
	Decoy           bool
	Suppressed      bool
	Sealed          []byte    // Person
	Values          []byte    // the order's values for this copy, sealed; nil when there are none
	FirstAt         time.Time // when the dispatch was accepted: five days of tries count from here
}

// ExitFacts is what the store says about a dispatch at the moment of the exit,
// read apart from everything the door looked at.
type ExitFacts struct {
	Dispatch     Dispatch
	Version      Version
	TenantState  TenantState
	KeyState     KeyState  // of the key that ordered; "" when no key did
	KeyExpiresAt time.Time //
	KeyTenant    TenantID
	KeyRights    []Permission
	Domain       Domain         // of the version's From address, zero when the tenant has none
	DomainKey    []byte         // PKCS #8
	Identity     NoticeIdentity // of a notice: by whom such are sent now
}

// Attempt is one try and what it came to.
type Attempt struct {
	Claim   Claim
	Outcome Outcome
	At      time.Time
	NextDue time.Time // of a deferred, uncertain or queued copy
}

// AttemptGroup is recorded in one transaction.
type AttemptGroup struct {
	Attempts []Attempt
	Signals  []Signal
	Stops    []Stop
}

// Lost is what is known at start-up about a copy that was being sent when its
// node died: the journal's answer, by Ref.
type Lost struct {
	Ref     Ref
	Outcome Outcome // queued: never passed the last look; delivered: acknowledged; uncertain otherwise
	At      time.Time
	NextDue time.Time // of a deferred, uncertain or queued copy; zero is at once
}
