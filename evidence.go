package cordon

import (
	"strings"
	"time"
)

// EvidenceKind is one sort of answer that comes back about copies: a closed list.
type EvidenceKind string

const (
	EvidenceDelivered EvidenceKind = "delivered"  // the relay took the copy
	EvidenceBounce    EvidenceKind = "bounce"     // hard: a 5xx that is no policy rejection
	EvidencePolicy    EvidenceKind = "policy"     // the far side rejected by policy (RFC 3463 X.7.X)
	EvidenceError     EvidenceKind = "send-error" // the try failed for another cause: a 4xx, no connection
	EvidenceComplaint EvidenceKind = "complaint"  // an authenticated complaint, by distinct recipient
	EvidenceNotMe     EvidenceKind = "not-me"     // an authenticated "this was not you", by distinct recipient
	EvidenceReport    EvidenceKind = "report"     // a complaint that nobody vouches for: may raise a problem, never stop
	EvidenceDecoy     EvidenceKind = "decoy"      // a planted recipient was touched
)

// Evidence counts what came back about copies within a window.
type Evidence struct {
	Delivered  int64 `json:"delivered"`
	Bounces    int64 `json:"bounces"`
	Policy     int64 `json:"policy"`
	Errors     int64 `json:"errors"`
	ErrorsRow  int64 `json:"errors_row"` // the latest run of errors with nothing else between
	Complaints int64 `json:"complaints"`
	NotMe      int64 `json:"not_me"`
	Reports    int64 `json:"reports"`
	Decoys     int64 `json:"decoys"`
}

// Answered is how many copies an answer came back about: what shares are shares of.
func (e Evidence) Answered() int64 { return e.Delivered + e.Bounces + e.Policy }

// EvidenceOf says what is counted: one of dispatch, template, key or account of
// the tenant, or with none of them all of the tenant's copies; since then.
type EvidenceOf struct {
	Tenant   TenantID
	Dispatch DispatchID
	Template TemplateID
	Key      KeyID
	Account  AccountID
	Kind     Kind      // only bulk, or only single; "" for both
	Since    time.Time // zero: from the beginning; replies are counted in slots of EvidenceSlot, and the one it lies in counts whole
	After    bool      // leave that slot out: what was there before Since was acted on
}

// EvidenceSlot is how finely replies are told apart in time.
const EvidenceSlot = 10 * time.Second

// EvidenceBucket is what came back within one span of time.
type EvidenceBucket struct {
	At time.Time `json:"at"` // its beginning
	Evidence
}

// Bad is how many of the answers say no: what the shares of a small sample are
// taken from.
func (e Evidence) Bad() int64 { return e.Bounces + e.Policy }

// Add adds every count of o; of the runs of errors the longer stays.
func (e *Evidence) Add(o Evidence) {
	e.Delivered += o.Delivered
	e.Bounces += o.Bounces
	e.Policy += o.Policy
	e.Errors += o.Errors
	e.ErrorsRow = max(e.ErrorsRow, o.ErrorsRow)
	e.Complaints += o.Complaints
	e.NotMe += o.NotMe
	e.Reports += o.Reports
	e.Decoys += o.Decoys
}

// ReplyKind sorts what a try came to by the relay's code and enhanced status,
// "550 5.1.1" (RFC 3463: the second number says what it is about, 7 is security
// and policy); "" when the try says nothing about the send: it never was one, or
// the connection to the relay was at fault and not this copy.
func ReplyKind(out Outcome) EvidenceKind {
	permanent := strings.HasPrefix(out.Reply, "5")
	switch state := out.Settled(); {
	case state == Delivered:
		return EvidenceDelivered
	case state != Bounced && state != Deferred && state != Uncertain:
		return ""
	case permanent && policyStatus(out.Reply):
		return EvidencePolicy
	case state == Bounced && permanent:
		return EvidenceBounce
	case state == Uncertain && out.Reply == "":
		return "" // nothing came back, or the node died: not known is not bad
	}
	return EvidenceError
}

// policyStatus says whether the enhanced status is X.7.X.
func policyStatus(reply string) bool {
	_, status, _ := strings.Cut(reply, " ")
	_, rest, _ := strings.Cut(status, ".")
	return strings.HasPrefix(rest, "7.")
}

// Sighting is one text as it was sent: a fingerprint with merge values masked.
type Sighting struct {
	Tenant      TenantID
	Template    TemplateID
	Dispatch    DispatchID
	Fingerprint uint64 // simhash: a few bits apart is nearly the same text
	At          time.Time
	Exercise    bool // of an exercise tenant
}

// Raise is what a rule found and what is done about it, once: in one
// transaction, and only while nobody else has raised the same since Seen.
type Raise struct {
	Tenant  TenantID  // "" for the whole installation
	Rule    string    // with subject: what is raised once
	Subject string    // the ID of what it is about
	Seen    time.Time // when it was last raised, as the caller knows; zero: never
	Signal  Signal
	Stops   []Stop
}
