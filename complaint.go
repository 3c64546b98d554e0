package cordon

import (
	"strings"
	"time"
)

// ComplaintID names one complaint: opaque, like every identifier.
type ComplaintID string

const prefixComplaint = "cpl_"

// NewComplaintID makes one.
func NewComplaintID() ComplaintID { return ComplaintID(prefixComplaint + RandomText(idRandomChars)) }

// Valid says whether the identifier has the right shape.
func (id ComplaintID) Valid() bool { return validID(string(id), prefixComplaint) }

// ComplaintKind is what is complained of: a closed list.
type ComplaintKind string

const (
	ComplaintUnwanted ComplaintKind = "complaint" // "this is spam", by a feedback loop or in person
	ComplaintNotMe    ComplaintKind = "not-me"    // "this was not you": somebody sends in the sender's name
)

// Complaint is a recipient's or a feedback loop's "this was wrong" about one
// copy. Authenticated is said of one that came by a channel which vouches for it
// (a feedback loop whose own signature was verified, a person at the counter)
// and that names a copy which was delivered: only such count towards a stop.
// Anything else is a report: anybody can write one, so it stops nobody.
type Complaint struct {
	ID            ComplaintID   `json:"id"`
	Tenant        TenantID      `json:"tenant"`
	Dispatch      DispatchID    `json:"dispatch"`
	Recipient     RecipientID   `json:"recipient"`
	Kind          ComplaintKind `json:"kind"`
	Authenticated bool          `json:"authenticated"`
	Source        string        `json:"source,omitempty"` // who passes it on: a feedback loop's name; never an address
	At            time.Time     `json:"at"`               // when it was recorded
}

// Validate says whether the complaint is well formed; it knows nothing of what
// exists.
func (c Complaint) Validate() error {
	const copied = "copy the ID as it is shown"
	switch {
	case !c.Tenant.Valid():
		return InvalidField("tenant", "is missing or not a tenant ID", "name the tenant by its ID")
	case !c.Dispatch.Valid():
		return InvalidField("dispatch", "is missing or not a dispatch ID", copied)
	case !c.Recipient.Valid():
		return InvalidField("recipient", "is missing or not a recipient ID", copied)
	case c.Kind != ComplaintUnwanted && c.Kind != ComplaintNotMe:
		return InvalidField("kind", "must be complaint or not-me", "")
	case len(c.Source) > 100:
		return InvalidField("source", "is longer than 100 bytes", "a short name of the feedback loop")
	case strings.ContainsAny(c.Source, "@<>") || strings.ContainsFunc(c.Source, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return InvalidField("source", "has characters that are not allowed", "name the feedback loop, not a person")
	}
	return nil
}
