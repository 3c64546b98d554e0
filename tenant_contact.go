package cordon

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// ContactID names a tenant's contact.
type ContactID string

// NewContactID makes one.
func NewContactID() ContactID { return ContactID("tct_" + RandomText(idRandomChars)) }

// ContactRole is what a tenant's contact is there for.
type ContactRole string

const (
	ContactSecurity ContactRole = "security"
	ContactPrivacy  ContactRole = "privacy"
	ContactGeneral  ContactRole = "general"
)

// ContactRoles lists every role.
func ContactRoles() []ContactRole {
	return []ContactRole{ContactSecurity, ContactPrivacy, ContactGeneral}
}

// TenantContact is whom to tell at a tenant. Name and address are sealed under the
// tenant's key and are opened only to write to them.
type TenantContact struct {
	ID        ContactID   `json:"id"`
	Tenant    TenantID    `json:"tenant"`
	Role      ContactRole `json:"role"`
	Language  Language    `json:"language"`
	Domain    string      `json:"domain"` // of the address: enough to tell two apart
	CreatedAt time.Time   `json:"created_at"`

	Name    string  `json:"-"`
	Address Address `json:"-"`
}

// Validate says whether the contact may be stored.
func (c TenantContact) Validate() error {
	switch {
	case !slices.Contains(ContactRoles(), c.Role):
		return InvalidField("role", "is missing or unknown", "use security, privacy or general")
	case !slices.Contains(Languages(), c.Language):
		return InvalidField("language", "is missing or not one of letters", "use en, de, fr, nl or es")
	case len(c.Name) > 200 || strings.ContainsFunc(c.Name, unicode.IsControl):
		return InvalidField("name", "is longer than 200 bytes, or has control characters", "shorten it, or leave it out")
	}
	if a, err := ParseAddress(string(c.Address)); err != nil || a != c.Address {
		return InvalidField("address", "is missing or not a mail address", "give one address like privacy@example.org")
	}
	return nil
}

// NoticeSettings are what a tenant said about itself for the day on which it must
// be told; of the whole installation for tenant "".
type NoticeSettings struct {
	Tenant        TenantID  `json:"tenant,omitempty"`
	Language      Language  `json:"language"`      // of letters to its people; "" = English
	Jurisdictions []string  `json:"jurisdictions"` // which laws it is under; none: as the installation says
	SetBy         string    `json:"set_by,omitempty"`
	SetAt         time.Time `json:"set_at,omitzero"`
}
