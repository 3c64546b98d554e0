package cordon

import "time"

// SignalKind is what a detector saw: a closed list.
type SignalKind string

const (
	SignalDecoy           SignalKind = "decoy"            // a planted recipient was named: proof
	SignalUnknownID       SignalKind = "unknown-id"       // IDs that do not exist, or are another tenant's
	SignalForeignTenant   SignalKind = "foreign-tenant"   // a key reached for another tenant
	SignalUnapproved      SignalKind = "unapproved"       // an unapproved or changed template was sent
	SignalFreeContent     SignalKind = "free-content"     // free content without the right
	SignalLimit           SignalKind = "limit"            // a ceiling was hit
	SignalBurst           SignalKind = "burst"            // an hour's allowance was used within a minute
	SignalExitProvenance  SignalKind = "exit-provenance"  // the queue held a copy the door never accepted
	SignalExitAuthority   SignalKind = "exit-authority"   // the exit's own check of authority failed
	SignalExitApproval    SignalKind = "exit-approval"    // the exit's own check of approval failed
	SignalExitTenant      SignalKind = "exit-tenant"      // recipient of another tenant in the queue
	SignalExitDecoy       SignalKind = "exit-decoy"       // a decoy came as far as the exit
	SignalStoreUnreadable SignalKind = "store-unreadable" // a row could not be opened or decoded
)

// Grade is how much a signal asks for.
type Grade string

const (
	GradeNote     Grade = "note"     // kept for the account of things
	GradeWarning  Grade = "warning"  // a person should look
	GradeIncident Grade = "incident" // an incident: page, contain, tell
)

// Signal is what a detector saw, with the evidence that needs no personal data.
type Signal struct {
	ID       SignalID   `json:"id"`
	Kind     SignalKind `json:"kind"`
	Grade    Grade      `json:"grade"`
	Tenant   TenantID   `json:"tenant,omitempty"`
	Actor    string     `json:"actor,omitempty"`
	Account  AccountID  `json:"account,omitempty"`
	Key      KeyID      `json:"key,omitempty"`
	Template TemplateID `json:"template,omitempty"`
	Dispatch DispatchID `json:"dispatch,omitempty"`
	Count    int        `json:"count,omitempty"`
	Message  string     `json:"message"`
	At       time.Time  `json:"at"`
}
