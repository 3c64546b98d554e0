package cordon

import (
	"time"
)

// Scope says what a Stop covers: every part given must match. "Everything" is
// its own explicit flag; the zero Scope blocks nothing and cannot be stored.
type Scope struct {
	Everything bool       `json:"everything,omitempty"`
	Tenant     TenantID   `json:"tenant,omitempty"`
	Template   TemplateID `json:"template,omitempty"`
	Account    AccountID  `json:"account,omitempty"`
	Key        KeyID      `json:"key,omitempty"`
	Dispatch   DispatchID `json:"dispatch,omitempty"`
	Kind       Kind       `json:"kind,omitempty"` // bulk, single or notice; only together with another part
}

// Zero says whether the scope covers nothing.
func (s Scope) Zero() bool {
	return !s.Everything && s.Tenant == "" && s.Template == "" && s.Account == "" && s.Key == "" && s.Dispatch == ""
}

// Blocks is the truth about what a scope matches; store/stop.go holds its one
// SQL twin, and a fuzz test proves the two equal on both engines. Notices have a
// lane that containment leaves open (ADR 18): only a scope that says notice, or
// names the very dispatch, covers one.
func (s Scope) Blocks(d Delivery) bool {
	if s.Zero() {
		return false
	}
	if s.Kind != "" && s.Kind != d.Kind {
		return false
	}
	if d.Kind == Notice && s.Kind != Notice && s.Dispatch == "" {
		return false
	}
	if s.Everything {
		return true
	}
	return (s.Tenant == "" || s.Tenant == d.Tenant) &&
		(s.Template == "" || s.Template == d.Template) &&
		(s.Account == "" || s.Account == d.Account) &&
		(s.Key == "" || s.Key == d.Key) &&
		(s.Dispatch == "" || s.Dispatch == d.Dispatch)
}

// Disposition is what a lift does with the copies the stop kept back.
type Disposition string

const (
	Resume  Disposition = "resume"  // back to the queue, and judged again by the exit
	Discard Disposition = "discard" // cut: they never leave
)

// ReasonExerciseOver is the reason of the stop by which an exercise is cleared
// away: it is no sign that something went wrong.
const ReasonExerciseOver = "EXERCISE: the drill is over"

// Stop is a standing containment order over a Scope. It is committed before
// Place returns, survives restarts, and has no expiry unless one was asked for.
type Stop struct {
	ID       StopID    `json:"id"`
	Scope    Scope     `json:"scope"`
	Reason   string    `json:"reason"`
	PlacedBy string    `json:"placed_by"` // Actor.ID()
	PlacedAt time.Time `json:"placed_at"`
	Until    time.Time `json:"until,omitzero"`

	LiftedBy    string      `json:"lifted_by,omitempty"`
	LiftedAt    time.Time   `json:"lifted_at,omitzero"`
	Disposition Disposition `json:"disposition,omitempty"`

	// Answer is what Place said when the stop was committed.
	Answer StopAnswer `json:"answer"`
}

// StopAnswer is the exact account a stop gives: what had left, what was past
// the last look, what it keeps back. Never under-reported.
type StopAnswer struct {
	Delivered int64 `json:"delivered"` // recorded as taken by the relay
	InFlight  int64 `json:"in_flight"` // past the last look, not yet recorded
	Held      int64 `json:"held"`      // kept back by this stop
	Refused   int64 `json:"refused"`   // refused at the exit, before the stop
	Unknown   int64 `json:"unknown"`   // uncertain: perhaps delivered
}

// Active says whether the stop holds at the time.
func (s Stop) Active(now time.Time) bool {
	return s.LiftedAt.IsZero() && (s.Until.IsZero() || now.Before(s.Until))
}

// Blocks says whether the stop keeps the copy back at the time.
func (s Stop) Blocks(d Delivery, now time.Time) bool {
	return s.Active(now) && s.Scope.Blocks(d)
}

// Validate says whether the stop may be stored.
func (s Stop) Validate() error {
	switch {
	case s.Scope.Zero():
		return InvalidField("scope", "is missing", "name a tenant, template, dispatch, account or key, or say everything")
	case s.Scope.Everything && (s.Scope.Tenant != "" || s.Scope.Template != "" || s.Scope.Account != "" || s.Scope.Key != "" || s.Scope.Dispatch != ""):
		return InvalidField("scope", "everything does not go with another scope", "give one or the other")
	case s.Scope.Kind != "" && s.Scope.Kind != Bulk && s.Scope.Kind != Single && s.Scope.Kind != Notice:
		return InvalidField("scope.kind", "must be bulk, single or notice", "leave it out for bulk and single; notices stop only when they are named")
	case s.Reason == "":
		return InvalidField("reason", "is missing", "say in a few words why; it goes into the ledger")
	case len(s.Reason) > 500:
		return InvalidField("reason", "is longer than 500 bytes", "shorten it")
	}
	return nil
}
