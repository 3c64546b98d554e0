package cordon

import "time"

// Question says which damage is asked for; every part given must match, and
// the zero Question asks for nothing and is refused.
type Question struct {
	Tenant   TenantID   `json:"tenant,omitempty"`
	Template TemplateID `json:"template,omitempty"`
	Dispatch DispatchID `json:"dispatch,omitempty"`
	Account  AccountID  `json:"account,omitempty"`
	Key      KeyID      `json:"key,omitempty"`
	From     time.Time  `json:"from,omitzero"`  // of the last change of a copy, inclusive
	Until    time.Time  `json:"until,omitzero"` // exclusive
}

// Zero says whether nothing is asked for.
func (q Question) Zero() bool {
	return q.Tenant == "" && q.Template == "" && q.Dispatch == "" && q.Account == "" && q.Key == "" && q.From.IsZero() && q.Until.IsZero()
}

// Assessment is the damage, computed from what is stored, never typed.
type Assessment struct {
	Scope             Question           `json:"scope"`
	Dispatches        int64              `json:"dispatches"`
	Delivered         int64              `json:"delivered"`
	InFlight          int64              `json:"in_flight"`
	Held              int64              `json:"held"` // queued behind a stop, or held
	Refused           int64              `json:"refused"`
	Unknown           int64              `json:"unknown"` // uncertain
	Queued            int64              `json:"queued"`
	Deferred          int64              `json:"deferred"`
	Bounced           int64              `json:"bounced"`
	Cut               int64              `json:"cut"`
	OrdersRefused     int64              `json:"orders_refused"` // turned away at the door
	FirstAt           time.Time          `json:"first_at,omitzero"`
	LastAt            time.Time          `json:"last_at,omitzero"`
	Tenants           []TenantAssessment `json:"tenants"`
	PersonalDataReads int64              `json:"personal_data_reads"` // by the key or account asked about, or of the tenant
	LedgerSize        int64              `json:"ledger_size"`
	Root              string             `json:"root"`
	AsOf              time.Time          `json:"as_of"`
}

// TenantAssessment is one tenant's share.
type TenantAssessment struct {
	Tenant    TenantID  `json:"tenant"`
	Handle    string    `json:"handle"`
	Name      string    `json:"name"`
	Delivered int64     `json:"delivered"`
	Unknown   int64     `json:"unknown"`
	Held      int64     `json:"held"`
	Refused   int64     `json:"refused"`
	FirstAt   time.Time `json:"first_at,omitzero"`
	LastAt    time.Time `json:"last_at,omitzero"`
}

// Affected is one recipient's row in an assessment.
type Affected struct {
	Tenant      TenantID      `json:"tenant"`
	Dispatch    DispatchID    `json:"dispatch"`
	Recipient   RecipientID   `json:"recipient"`
	ExternalRef string        `json:"external_ref,omitempty"`
	State       DeliveryState `json:"state"`
	At          time.Time     `json:"at,omitzero"`
	Address     Address       `json:"address,omitempty"` // only when revealed
}
