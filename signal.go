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
	SignalBehaviour       SignalKind = "behaviour"        // an order unlike its sender was held
	SignalUnusual         SignalKind = "unusual"          // more than is usual, not enough to hold
	SignalExitProvenance  SignalKind = "exit-provenance"  // the queue held a copy the door never accepted
	SignalExitAuthority   SignalKind = "exit-authority"   // the exit's own check of authority failed
	SignalExitApproval    SignalKind = "exit-approval"    // the exit's own check of approval failed
	SignalExitTenant      SignalKind = "exit-tenant"      // recipient of another tenant in the queue
	SignalExitDecoy       SignalKind = "exit-decoy"       // a decoy came as far as the exit
	SignalStoreUnreadable SignalKind = "store-unreadable" // a row could not be opened or decoded
	SignalScreened        SignalKind = "screened"         // a letter was kept back for what it says or shows
	SignalBounces         SignalKind = "bounces"          // too many addresses that do not exist
	SignalPolicy          SignalKind = "policy"           // the far side rejects by policy (X.7.X)
	SignalFirstAnswers    SignalKind = "first-answers"    // half or more of the first copies came back
	SignalSendErrors      SignalKind = "send-errors"      // one try after the other fails
	SignalComplaints      SignalKind = "complaints"       // authenticated complaints
	SignalNotMe           SignalKind = "not-me"           // authenticated "this was not you"
	SignalReports         SignalKind = "reports"          // complaints nobody vouches for
	SignalSameText        SignalKind = "same-text"        // the same text from several tenants at once
	SignalVolume          SignalKind = "volume"           // the whole installation sends far more than ever
	SignalNoAnswer        SignalKind = "no-answer"        // nothing came back about a stage
	SignalDecoyMail       SignalKind = "decoy-mail"       // mail from outside arrived at a planted address: the directory leaked
	SignalProblem         SignalKind = "problem"          // reports from outside came to a problem that a person should see
	SignalLedgerBroken    SignalKind = "ledger-broken"    // the stored data does not give the ledger's root
	SignalWitness         SignalKind = "witness"          // a witness refused a checkpoint, or contradicts one
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
