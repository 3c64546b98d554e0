package cordon

import (
	"slices"
	"time"
)

// DeliveryState is where one recipient's copy stands.
type DeliveryState string

const (
	Queued    DeliveryState = "queued"
	Sending   DeliveryState = "sending"   // claimed by a node
	Delivered DeliveryState = "delivered" // the relay took it: 250 after the final dot
	Deferred  DeliveryState = "deferred"  // a 4xx or no connection; waits for its next try
	Bounced   DeliveryState = "bounced"   // a 5xx, or five days of deferral
	Uncertain DeliveryState = "uncertain" // connection lost after the final dot: perhaps delivered
	HeldState DeliveryState = "held"      // kept back by a Stop or a Hold
	Cut       DeliveryState = "cut"       // discarded by a person
	Refused   DeliveryState = "refused"   // the exit refused it
)

// DeliveryStates lists every state in the order in which they are shown.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{Queued, Sending, Delivered, Deferred, Bounced, Uncertain, HeldState, Cut, Refused}
}

// transitions is the whole state machine. Deferred and uncertain copies are
// tried again by a claim, like queued ones; delivered, bounced, cut and refused
// are final. A copy once uncertain stays so, whatever a later try comes to, until
// it is known to be delivered.
var transitions = map[DeliveryState][]DeliveryState{
	Queued:    {Sending, HeldState, Cut, Refused},
	Sending:   {Delivered, Deferred, Bounced, Uncertain, Queued, HeldState, Refused},
	Deferred:  {Sending, HeldState, Cut, Refused, Bounced},
	Uncertain: {Sending},
	HeldState: {Queued, Cut, Refused},
}

// CanBecome says whether a copy may go from s to next.
func (s DeliveryState) CanBecome(next DeliveryState) bool {
	return slices.Contains(transitions[s], next)
}

// Open says whether a claim may take a copy in this state.
func (s DeliveryState) Open() bool { return s == Queued || s == Deferred || s == Uncertain }

// Final says whether the copy will never change again.
func (s DeliveryState) Final() bool { return len(transitions[s]) == 0 }

// Delivery is one recipient's copy of a dispatch.
type Delivery struct {
	Tenant   TenantID
	Template TemplateID
	Account  AccountID
	Key      KeyID
	Dispatch DispatchID
	Kind     Kind

	Seq       int64 // 1-based within the dispatch
	Recipient RecipientID
	State     DeliveryState
	Attempt   int // tries so far
	Due       time.Time
	At        time.Time // of the last change
	Reply     string    // the relay's last code and enhanced status, e.g. "550 5.1.1"; never its text
}

// Outcome is what one try came to. It is the whole answer of the relay: there
// is no error beside it. The zero Outcome is Uncertain, because not knowing
// must never count as "not delivered".
type Outcome struct {
	State DeliveryState // delivered, deferred, bounced, uncertain; or queued (never left), held, refused
	Reply string        // code and enhanced status only: server text may quote the address
	// Reach says how far a failure reaches: a fault of the connection or the
	// relay is not the recipient's, and does not use up the copy's own tries.
	Relay  bool
	Reason string // for refused and held: the exit check's name
}

// Settled returns the state to record, with the zero value read as Uncertain.
func (o Outcome) Settled() DeliveryState {
	if o.State == "" {
		return Uncertain
	}
	return o.State
}

// Counts is how many copies stand in each state.
type Counts struct {
	Queued    int64 `json:"queued"`
	Sending   int64 `json:"sending"`
	Delivered int64 `json:"delivered"`
	Deferred  int64 `json:"deferred"`
	Bounced   int64 `json:"bounced"`
	Uncertain int64 `json:"uncertain"`
	Held      int64 `json:"held"`
	Cut       int64 `json:"cut"`
	Refused   int64 `json:"refused"`
}

// Of returns a pointer to the count of the state, nil for an unknown one.
func (c *Counts) Of(s DeliveryState) *int64 {
	switch s {
	case Queued:
		return &c.Queued
	case Sending:
		return &c.Sending
	case Delivered:
		return &c.Delivered
	case Deferred:
		return &c.Deferred
	case Bounced:
		return &c.Bounced
	case Uncertain:
		return &c.Uncertain
	case HeldState:
		return &c.Held
	case Cut:
		return &c.Cut
	case Refused:
		return &c.Refused
	}
	return nil
}

// Add adds every count of o.
func (c *Counts) Add(o Counts) {
	for _, s := range DeliveryStates() {
		*c.Of(s) += *o.Of(s)
	}
}

// Total is the number of copies.
func (c Counts) Total() int64 {
	var sum int64
	for _, s := range DeliveryStates() {
		sum += *c.Of(s)
	}
	return sum
}

// Open is the number of copies that may still leave.
func (c Counts) Open() int64 { return c.Queued + c.Deferred + c.Uncertain + c.Sending }
