package cordon

import (
	"strings"
	"time"
)

// LinkHost is a host that a tenant's letters may link to, beside its own sending
// domains. An operator approves it: a credential of the tenant, stolen, cannot
// bring a host of its own.
type LinkHost struct {
	Tenant     TenantID  `json:"tenant"`
	Name       string    `json:"name"` // lower-case A-label form; what lies under it is covered
	ApprovedBy string    `json:"approved_by"`
	ApprovedAt time.Time `json:"approved_at"`
}

// HostUnder says whether the host is the domain or lies under it.
func HostUnder(host, domain string) bool {
	if domain == "" {
		return false
	}
	return host == domain || strings.HasSuffix(host, "."+domain)
}
