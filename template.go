package cordon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// Template is a named letter of a tenant; its text lives in Versions.
type Template struct {
	ID        TemplateID `json:"id"`
	Tenant    TenantID   `json:"tenant"`
	Handle    string     `json:"handle"`
	Latest    int        `json:"latest"` // number of the newest version
	CreatedAt time.Time  `json:"created_at"`
}

// Version is one text of a template. An approved Version is immutable: approval
// is bound to Hash, and a byte changed anywhere voids it.
type Version struct {
	Template TemplateID   `json:"template"`
	Tenant   TenantID     `json:"tenant"`
	Number   int          `json:"number"`
	Content  Content      `json:"content"`
	Hash     string       `json:"hash"` // Content.Hash() when it was written
	State    VersionState `json:"state"`

	Author     AccountID `json:"author"` // Actor.Person() of who wrote it
	CreatedAt  time.Time `json:"created_at"`
	Approver   string    `json:"approver,omitempty"` // Actor.Person() of who approved it
	ApprovedAt time.Time `json:"approved_at,omitzero"`
	// ApprovedHash is the hash the approver saw. Approval holds only while it
	// equals both Hash and Content.Hash().
	ApprovedHash string `json:"approved_hash,omitempty"`
}

// VersionState: draft → approved → revoked.
type VersionState string

const (
	VersionDraft    VersionState = "draft"
	VersionApproved VersionState = "approved"
	VersionRevoked  VersionState = "revoked"
)

// Approved says whether the version may be sent: approved by somebody else
// than its author, and not a byte changed since.
func (v Version) Approved() bool {
	return v.State == VersionApproved &&
		v.Approver != "" && v.Approver != string(v.Author) &&
		v.ApprovedHash != "" && v.ApprovedHash == v.Hash && v.Hash == v.Content.Hash()
}

// Content is everything of a letter that approval covers.
type Content struct {
	FromName    string   `json:"from_name"`
	FromAddress Address  `json:"from_address"` // its domain must be a Domain of the tenant
	ReplyTo     Address  `json:"reply_to,omitempty"`
	Subject     string   `json:"subject"`
	Text        string   `json:"text,omitempty"` // made from HTML when empty
	HTML        string   `json:"html,omitempty"`
	Fields      []Field  `json:"fields"`
	LinkHosts   []string `json:"link_hosts,omitempty"` // hosts that links in the bodies may name
}

// Hash is SHA-256, in hex, over the canonical JSON of the content.
func (c Content) Hash() string {
	canonical := c
	canonical.Fields = slices.Clone(c.Fields)
	slices.SortFunc(canonical.Fields, func(a, b Field) int { return compareStrings(a.Name, b.Name) })
	canonical.LinkHosts = slices.Clone(c.LinkHosts)
	slices.Sort(canonical.LinkHosts)
	raw, _ := json.Marshal(canonical) // strings, ints and bools: cannot fail
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Field declares one merge field of a template.
type Field struct {
	Name   string      `json:"name"` // [a-z][a-z0-9_]{0,39}
	Type   FieldType   `json:"type"`
	Source FieldSource `json:"source"`
	// Optional fields may be absent when the body gives a fallback or wraps
	// them in a conditional section; the others must be there for everyone.
	Optional  bool `json:"optional,omitempty"`
	MaxLength int  `json:"max_length,omitempty"` // in bytes; 0 means DefaultFieldLength
}

// DefaultFieldLength bounds a merge value that declares no length of its own.
const DefaultFieldLength = 200

// FieldType says what a merge value may look like. No type admits a URL, a
// line break or a control character.
type FieldType string

const (
	FieldText   FieldType = "text"
	FieldPerson FieldType = "name"   // letters, marks, spaces and . ' - ’
	FieldDate   FieldType = "date"   // 2006-01-02, or a written date without URL characters
	FieldTime   FieldType = "time"   // 15:04, with optional am/pm
	FieldNumber FieldType = "number" // digits, sign, separators
	FieldPhone  FieldType = "phone"
	FieldEmail  FieldType = "email" // an address; the one type that admits @
)

// FieldSource says where the value comes from.
type FieldSource string

const (
	FromRecipient FieldSource = "recipient" // a sealed personal field
	FromOrder     FieldSource = "order"     // a value given with the order, one row a recipient
)

// ValidFieldName says whether s may name a merge field.
func ValidFieldName(s string) bool {
	if len(s) < 1 || len(s) > 40 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
