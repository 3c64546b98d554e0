package cordon

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// Kind is how an order names its recipients; lanes and stops tell bulk from
// single, so that one can be stopped while the other flows.
type Kind string

const (
	Bulk   Kind = "bulk"   // a template version × an audience
	Single Kind = "single" // a template version × named recipients
	Notice Kind = "notice" // a letter owed to those affected by an incident: see NoticeOrder
)

// OwnLane says whether a dispatch of the kind has a lane to itself, under its own
// number; single sends share the lane of their stream.
func (k Kind) OwnLane() bool { return k == Bulk || k == Notice }

// MaxRecipientsPerCall bounds a single order; more goes by audience.
const MaxRecipientsPerCall = 500

// Order is a request to mail, not yet believed. It names a template version and
// opaque recipients; it never carries subject, sender or body.
type Order struct {
	Tenant     TenantID
	Kind       Kind
	Template   TemplateID
	Version    int           // 0 is refused: the caller says which text it means
	Audience   AudienceID    // bulk
	Recipients []RecipientID // single: 1 … MaxRecipientsPerCall
	// Rows are per-recipient values (an appointment's date), at most one row a
	// recipient. nil when there are none. The sequence may be read only once,
	// until the door has it.
	Rows iter.Seq2[Row, error]
	// IdempotencyKey makes a repeated call answer with the first dispatch.
	IdempotencyKey string
	// Free is content that is not an approved template; refused unless the actor
	// may SendFree. It is always nil for a key without that permission.
	Free *Content
	// Words is the fingerprint of the words that the order brings itself: its free
	// content, or long merge values; 0 when an approved text says it all.
	Words uint64
	// Exercise marks a drill's order; such a dispatch may go only to tenants
	// made by drills.
	Exercise bool
}

// Row is one recipient's values in an order.
type Row struct {
	Line      int // 1-based, for faults
	Recipient RecipientID
	Values    map[string]string
}

// Validate says whether the order is well formed; it knows nothing of what exists.
func (o Order) Validate() error {
	switch {
	case !o.Tenant.Valid():
		return InvalidField("tenant", "is missing or not a tenant ID", "name the tenant by its ID")
	case o.Kind != Bulk && o.Kind != Single:
		return InvalidField("kind", "must be bulk or single", "")
	case o.Free == nil && o.Template == "":
		return InvalidField("template", "is missing", "name an approved template")
	case o.Free != nil && (o.Template != "" || o.Version != 0):
		return InvalidField("content", "does not go with a template", "give one of the two")
	case o.Free == nil && o.Version < 1:
		return InvalidField("version", "is missing", "name the approved version's number, 1 or more")
	case len(o.IdempotencyKey) > 200:
		return InvalidField("idempotency_key", "is longer than 200 bytes", "use a UUID")
	}
	if o.Kind == Bulk {
		switch {
		case o.Audience == "":
			return InvalidField("audience", "is missing", "a bulk order goes to an audience")
		case len(o.Recipients) > 0:
			return InvalidField("recipients", "do not go with a bulk order", "use an audience, or kind single")
		case o.Free != nil:
			return InvalidField("content", "bulk free text is off", "send an approved template version")
		}
		return nil
	}
	switch n := len(o.Recipients); {
	case o.Audience != "":
		return InvalidField("audience", "does not go with a single order", "use kind bulk")
	case n == 0:
		return InvalidField("recipients", "is empty", "name at least one recipient ID")
	case n > MaxRecipientsPerCall:
		return InvalidField("recipients", fmt.Sprintf("has %d IDs; a call takes at most %d", n, MaxRecipientsPerCall), "send to an audience instead")
	}
	seen := make(map[RecipientID]bool, len(o.Recipients))
	for i, id := range o.Recipients {
		if seen[id] {
			return InvalidField(fmt.Sprintf("recipients[%d]", i), "names a recipient twice", "name each recipient once")
		}
		seen[id] = true
	}
	return nil
}

// DispatchState: accepting → open → done; accepting → void when a crash came
// before the acceptance was committed. held → open by release, held → discarded.
type DispatchState string

const (
	DispatchAccepting DispatchState = "accepting" // being written; nothing of it can leave
	DispatchOpen      DispatchState = "open"
	DispatchHeld      DispatchState = "held"
	DispatchDone      DispatchState = "done" // nothing open is left
	DispatchDiscarded DispatchState = "discarded"
)

// Dispatch is an order once accepted: the unit of stop and of damage.
type Dispatch struct {
	ID         DispatchID    `json:"id"`
	Tenant     TenantID      `json:"tenant"`
	Kind       Kind          `json:"kind"`
	Template   TemplateID    `json:"template,omitempty"`
	Version    int           `json:"version,omitempty"`
	Hash       string        `json:"hash"` // of the content that was approved and accepted
	Audience   AudienceID    `json:"audience,omitempty"`
	Actor      string        `json:"actor"` // Actor.ID()
	Account    AccountID     `json:"account,omitempty"`
	Key        KeyID         `json:"key,omitempty"`
	State      DispatchState `json:"state"`
	Recipients int           `json:"recipients"`
	AcceptedAt time.Time     `json:"accepted_at"`
	NotBefore  time.Time     `json:"not_before"` // end of the undo window
	Exercise   bool          `json:"exercise,omitempty"`
	Reasons    []Reason      `json:"reasons,omitempty"` // of the verdict
	Counts     Counts        `json:"counts"`
	// Provenance is the door's mark over everything above that binds (ADR 4):
	// the exit delivers nothing whose mark does not verify.
	Provenance []byte `json:"-"`
}

// Binding is the canonical form of what the door vouched for. The door puts a
// MAC over it into Provenance; the exit makes its own and compares (ADR 4).
func (d Dispatch) Binding() []byte {
	raw, _ := json.Marshal([]any{
		"cordon/dispatch/1", d.ID, d.Tenant, d.Kind, d.Template, d.Version, d.Hash, d.Audience,
		d.Actor, d.Account, d.Key, d.Recipients, d.AcceptedAt.UnixMicro(), d.Exercise,
	})
	return raw
}
