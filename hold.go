package cordon

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HoldVerb is what people may do with what is held.
type HoldVerb string

const (
	HoldRelease HoldVerb = "release" // every check again, then into the queue
	HoldDiscard HoldVerb = "discard" // never
)

// MaxHoldsPerAct bounds one bulk act; what is beyond waits for the next one.
const MaxHoldsPerAct = 1000

// HoldAskFor is how long a first person's request waits for a second one.
const HoldAskFor = 24 * time.Hour

// HoldFilter chooses held dispatches: whatever is given must match. The zero
// filter matches all that the actor may see.
type HoldFilter struct {
	Dispatches []DispatchID `json:"dispatches,omitempty"` // only these, at most MaxHoldsPerAct
	Tenant     TenantID     `json:"tenant,omitempty"`
	Template   TemplateID   `json:"template,omitempty"`
	Key        KeyID        `json:"key,omitempty"`
	Account    AccountID    `json:"account,omitempty"`
	Check      string       `json:"check,omitempty"` // held by this check
	Kind       Kind         `json:"kind,omitempty"`
	From       time.Time    `json:"from,omitzero"`  // accepted then or later
	Until      time.Time    `json:"until,omitzero"` // accepted before
}

// Validate says whether the filter can match anything at all: an ID that cannot
// be one would choose nothing, and a slip of the pen must not look like an
// empty queue.
func (f HoldFilter) Validate() error {
	const copied = "copy the ID as it is shown"
	if len(f.Dispatches) > MaxHoldsPerAct {
		return InvalidField("filter.dispatches", "names more than "+strconv.Itoa(MaxHoldsPerAct), "settle them in parts")
	}
	for _, id := range f.Dispatches {
		if !id.Valid() {
			return InvalidField("filter.dispatches", "holds what is no dispatch ID", copied)
		}
	}
	for _, part := range []struct {
		field string
		wrong bool
	}{
		{"filter.tenant", f.Tenant != "" && !f.Tenant.Valid()},
		{"filter.template", f.Template != "" && !f.Template.Valid()},
		{"filter.key", f.Key != "" && !f.Key.Valid()},
		{"filter.account", f.Account != "" && !f.Account.Valid()},
	} {
		if part.wrong {
			return InvalidField(part.field, "is not such an ID", copied)
		}
	}
	switch {
	case f.Check != "" && !checkName(f.Check):
		return InvalidField("filter.check", "is not the name of a check", "a to z and -, as the reasons name it")
	case f.Kind != "" && f.Kind != Bulk && f.Kind != Single:
		return InvalidField("filter.kind", "must be bulk or single", "")
	case !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until):
		return InvalidField("filter.until", "is not after from", "give a span of time")
	}
	return nil
}

// checkName: one to 40 of a-z, 0-9 and -.
func checkName(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 40
}

// HoldToken stands for exactly this set of held dispatches: a dispatch more, a
// dispatch less or a copy more makes another.
func HoldToken(set []Dispatch) string {
	lines := make([]string, len(set))
	for i, d := range set {
		lines[i] = string(d.ID) + " " + strconv.Itoa(d.Recipients) + " " + d.Hash
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte("cordon/holds/1\n" + strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:16])
}

// HoldAsk is what the first of two people asked for: the second confirms it by
// asking for the same. It lapses at Until, or when the set is another one.
type HoldAsk struct {
	Verb       HoldVerb   `json:"verb"`
	Dispatch   DispatchID `json:"dispatch,omitempty"` // "" when it is about several
	By         string     `json:"by"`                 // Actor.ID()
	Person     string     `json:"person"`             // Actor.Person(): a key stands for its account
	At         time.Time  `json:"at"`
	Until      time.Time  `json:"until"`
	Dispatches int        `json:"dispatches"`
	Copies     int64      `json:"copies"`
	Token      string     `json:"token"` // HoldToken of the set
	Filter     HoldFilter `json:"filter,omitzero"`
	Reason     string     `json:"reason,omitempty"`
}

// HoldNote goes into the ledger with a release or a discard: why, and who had
// asked for it before.
type HoldNote struct {
	Reason  string
	AskedBy string // Actor.ID(); "" when one person was enough
}

// HoldGroup is one line of a preview: so many held dispatches and copies of one
// tenant, template, key or check.
type HoldGroup struct {
	Tenant     TenantID   `json:"tenant,omitempty"`
	Template   TemplateID `json:"template,omitempty"`
	Key        KeyID      `json:"key,omitempty"`
	Account    AccountID  `json:"account,omitempty"`
	Check      string     `json:"check,omitempty"`
	Dispatches int        `json:"dispatches"`
	Copies     int64      `json:"copies"`
}

// DayCopies is how many copies a sender had accepted on one day (UTC).
type DayCopies struct {
	Day    time.Time `json:"day"`
	Copies int64     `json:"copies"`
}

// PastHold is an earlier hold of a sender and what became of it.
type PastHold struct {
	Dispatch   DispatchID    `json:"dispatch"`
	AcceptedAt time.Time     `json:"accepted_at"`
	Recipients int           `json:"recipients"`
	State      DispatchState `json:"state"` // held: it waits still
	Checks     []string      `json:"checks"`
}

// SenderHistory is what is known of the key, or the account without a key, that
// ordered something: counts alone.
type SenderHistory struct {
	FirstAt time.Time   `json:"first_at,omitzero"` // of its first order for this tenant
	Days    []DayCopies `json:"days"`              // the last 28, the oldest first, days without orders too
	Holds   []PastHold  `json:"holds"`             // the latest, the newest first
}
