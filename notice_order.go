package cordon

import "time"

// NoticeIdentity is by whom notices are sent: an address of a domain of one
// tenant, the operator's own organisation as a rule.
type NoticeIdentity struct {
	Tenant  TenantID  `json:"tenant"`
	Name    string    `json:"name"`    // of the organisation, as receivers see it
	Address Address   `json:"address"` // an organisation's, no person's
	SetBy   string    `json:"set_by,omitempty"`
	SetAt   time.Time `json:"set_at,omitzero"`
}

// NoticeOrder asks to tell the people of one tenant who got a bad letter in an
// incident. Whom it reaches is computed: the caller names nobody. Such a dispatch
// takes the reserved lane, which containment leaves open (ADR 18), and is sent by
// the notice identity.
type NoticeOrder struct {
	Tenant         TenantID   `json:"tenant"`
	Incident       IncidentID `json:"incident"`
	Template       TemplateID `json:"template"` // of the tenant, written as the notice identity
	Version        int        `json:"version"`
	IdempotencyKey string     `json:"idempotency_key,omitempty"`
}

// Validate says whether the order is well formed; it knows nothing of what exists.
func (o NoticeOrder) Validate() error {
	switch {
	case !o.Tenant.Valid():
		return InvalidField("tenant", "is missing or not a tenant ID", "name the tenant by its ID")
	case !o.Incident.Valid():
		return InvalidField("incident", "is missing or not an incident ID", "copy the ID as it is shown")
	case !o.Template.Valid():
		return InvalidField("template", "is missing or not a template ID", "name the letter's template by its ID")
	case o.Version < 1:
		return InvalidField("version", "is missing", "name the approved version's number, 1 or more")
	case len(o.IdempotencyKey) > 200:
		return InvalidField("idempotency_key", "is longer than 200 bytes", "use a UUID")
	}
	return nil
}
