package cordon

import (
	"log/slog"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Recipient is a person who may be mailed, as everyone but the exit sees them:
// an opaque ID and what can be said without opening anything.
type Recipient struct {
	ID          RecipientID    `json:"id"`
	Tenant      TenantID       `json:"tenant"`
	ExternalRef string         `json:"external_ref,omitempty"` // the tenant's own reference; never personal data
	Fields      FieldMask      `json:"-"`                      // which personal fields are present
	Tags        []string       `json:"tags,omitempty"`
	State       RecipientState `json:"state"`
	Decoy       bool           `json:"-"` // never told to anyone but the operator
	UpdatedAt   time.Time      `json:"updated_at"`
}

type RecipientState string

const (
	RecipientActive RecipientState = "active"
	RecipientErased RecipientState = "erased"
)

// FieldMask has one bit for each field name a tenant has ever used (its field
// register gives the numbers), so that 840,000 people are checked against a
// template without opening anybody's data. At most 63 names a tenant.
type FieldMask uint64

// Has says whether every bit of want is set.
func (m FieldMask) Has(want FieldMask) bool { return m&want == want }

// The fields every recipient may have; their bits are the same for every tenant.
const (
	FieldName    = "name"
	FieldAddress = "address"

	BitName    FieldMask = 1 << 0
	BitAddress FieldMask = 1 << 1

	MaxFields = 63
)

// Person is a recipient opened: personal data in the clear. It exists between
// the claim and the wire, and nowhere else; it redacts itself in any log.
type Person struct {
	Name    string            `json:"name,omitempty"`
	Address Address           `json:"address"`
	Fields  map[string]string `json:"fields,omitempty"`
}

func (Person) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Person) String() string       { return "[personal data]" }
func (Person) GoString() string     { return "[personal data]" }

// Address is a mail address, checked and normalised: domain in lower case and
// A-label form, local part as given. It redacts itself in logs and errors.
type Address string

func (Address) LogValue() slog.Value { return slog.StringValue("[address]") }

// Domain is the part behind the last @, or "".
func (a Address) Domain() string {
	if i := strings.LastIndexByte(string(a), '@'); i >= 0 {
		return string(a[i+1:])
	}
	return ""
}

// ASCII says whether the address needs no SMTPUTF8 (RFC 6531).
func (a Address) ASCII() bool {
	for i := range len(a) {
		if a[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// MaxAddress is the longest address taken: RFC 5321 4.5.3.1.3 allows a path of
// 256 octets, brackets included.
const MaxAddress = 254

// ParseAddress checks one bare address (no display name) and normalises it.
// Internationalised local parts are kept (RFC 6531), internationalised domains
// become A-labels. The error never repeats the address.
func ParseAddress(s string) (Address, error) {
	bad := func(why string) (Address, error) {
		return "", InvalidField("address", why, "give one address like person@example.org")
	}
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return bad("is empty")
	case len(s) > MaxAddress:
		return bad("is longer than 254 bytes")
	case !utf8.ValidString(s):
		return bad("is not valid UTF-8")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }):
		return bad("contains control characters")
	case strings.ContainsAny(s, "<>,;:()[]\\\" \t"):
		return bad("has a character that is not allowed (or holds a name or several addresses)")
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return bad("has no local part or no domain")
	}
	local, domain := s[:at], s[at+1:]
	if len(local) > 64 { // RFC 5321 4.5.3.1.1
		return bad("has a local part longer than 64 bytes")
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 {
		return bad("has a domain that cannot be a mail domain")
	}
	if parsed, err := mail.ParseAddress(local + "@" + ascii); err != nil || parsed.Address != local+"@"+ascii {
		return bad("is not a valid address (RFC 5321)")
	}
	return Address(local + "@" + strings.ToLower(ascii)), nil
}

// Audience is a saved filter over a tenant's recipients. Decoys, suppressed and
// erased recipients are in no audience.
type Audience struct {
	ID        AudienceID `json:"id"`
	Tenant    TenantID   `json:"tenant"`
	Handle    string     `json:"handle"`
	Filter    Filter     `json:"filter"`
	CreatedAt time.Time  `json:"created_at"`
}

// Filter chooses recipients by tag: all of All, at least one of Any (when
// given), none of None. The zero Filter chooses nobody; Everyone must be said.
type Filter struct {
	Everyone bool     `json:"everyone,omitempty"`
	All      []string `json:"all,omitempty"`
	Any      []string `json:"any,omitempty"`
	None     []string `json:"none,omitempty"`
}

// Zero says whether the filter chooses nobody.
func (f Filter) Zero() bool { return !f.Everyone && len(f.All) == 0 && len(f.Any) == 0 }

// Suppression is an address that must not be mailed by the tenant.
type Suppression struct {
	Tenant TenantID          `json:"tenant"`
	Reason SuppressionReason `json:"reason"`
	At     time.Time         `json:"at"`
}

type SuppressionReason string

const (
	SuppressedBounce      SuppressionReason = "bounce"
	SuppressedComplaint   SuppressionReason = "complaint"
	SuppressedUnsubscribe SuppressionReason = "unsubscribe"
	SuppressedByHand      SuppressionReason = "by-hand"
)
