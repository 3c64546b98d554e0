package cordon

import "time"

// Tenant is one organisation's walls: a practice, a home, a department.
// Nothing of one tenant is reachable through another.
type Tenant struct {
	ID          TenantID    `json:"id"`
	Handle      string      `json:"handle"` // short name for people and command lines: [a-z0-9-]{1,40}
	Name        string      `json:"name"`
	State       TenantState `json:"state"`
	CreatedAt   time.Time   `json:"created_at"`
	FirstBulkAt time.Time   `json:"first_bulk_at,omitzero"` // first approved bulk send; ends the new-tenant limits
	Exercise    bool        `json:"exercise,omitempty"`     // made by a drill or the demo
}

// TenantState: active → erased, which drops the tenant's key and is final.
type TenantState string

const (
	TenantActive TenantState = "active"
	TenantErased TenantState = "erased"
)

// Domain is a sending domain of a tenant, with the DKIM key Cordon signs with.
type Domain struct {
	Tenant    TenantID  `json:"tenant"`
	Name      string    `json:"name"`     // lower-case A-label form
	Selector  string    `json:"selector"` // DKIM s=
	Record    string    `json:"record"`   // the TXT record to publish at <selector>._domainkey.<name>
	CreatedAt time.Time `json:"created_at"`
}

// ValidHandle says whether s may name a tenant, template or audience.
func ValidHandle(s string) bool {
	if len(s) < 1 || len(s) > 40 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
