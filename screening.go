package cordon

import (
	"fmt"
	"math/bits"
	"strconv"
	"time"
)

// ScreenFacts is what the house knows of the tenant whose letter is screened.
type ScreenFacts struct {
	TenantName string
	Domains    []string // sending domains: always approved for links
	Hosts      []string // approved beside them
	Tuning     []byte   // what released and rejected holds taught; nil while nothing did
	Lessons    int64    // how many lessons that were
}

// SharedText is a letter that many tenants may send in the same words: a
// platform's own. An operator approves it; any other text that several tenants
// send at once is held everywhere.
type SharedText struct {
	Fingerprint Fingerprint `json:"fingerprint"`
	Tenant      TenantID    `json:"tenant"` // of the version it was read from
	Template    TemplateID  `json:"template"`
	Version     int         `json:"version"`
	ApprovedBy  string      `json:"approved_by"`
	ApprovedAt  time.Time   `json:"approved_at"`
}

// Fingerprint is the simhash of a text with its merge values masked: a few bits
// apart is nearly the same text. Its text form is 16 hexadecimal digits.
type Fingerprint uint64

const (
	SameTextWindow  = 10 * time.Minute // within which the same text is counted over tenants
	SameTextTenants = 3                // from so many on it is held everywhere
)

// SameTextBits is how far the fingerprints of one text may be apart.
const SameTextBits = 3

// Near says whether two fingerprints are of one text.
func (f Fingerprint) Near(o Fingerprint) bool { return f.Apart(o) <= SameTextBits }

// Apart is in how many bits two fingerprints differ.
func (f Fingerprint) Apart(o Fingerprint) int { return bits.OnesCount64(uint64(f ^ o)) }

func (f Fingerprint) String() string { return fmt.Sprintf("%016x", uint64(f)) }

// MarshalText is String.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads 16 hexadecimal digits.
func (f *Fingerprint) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return InvalidField("fingerprint", "is not 16 hexadecimal digits", "copy it from the list")
	}
	*f = Fingerprint(n)
	return nil
}
