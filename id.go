package cordon

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// Identifiers are opaque: a prefix that names the noun, and 130 random bits.
// They are never sequential, so that walking them finds nothing (incident A).
type (
	TenantID    string
	AccountID   string
	KeyID       string
	RecipientID string
	TemplateID  string
	AudienceID  string
	DispatchID  string
	StopID      string
	SignalID    string
	SessionID   string
)

const (
	prefixTenant    = "ten_"
	prefixAccount   = "acc_"
	prefixKey       = "key_"
	prefixRecipient = "rcp_"
	prefixTemplate  = "tpl_"
	prefixAudience  = "aud_"
	prefixDispatch  = "dsp_"
	prefixStop      = "stp_"
	prefixSignal    = "sig_"
	prefixSession   = "ses_"

	idRandomChars = 26 // 26 × 5 = 130 bits
)

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// RandomText returns n base32 characters (5 bits each) from crypto/rand.
func RandomText(n int) string {
	raw := make([]byte, (n*5+7)/8)
	rand.Read(raw) // never fails (crypto/rand, Go 1.24)
	return idAlphabet.EncodeToString(raw)[:n]
}

func NewTenantID() TenantID       { return TenantID(prefixTenant + RandomText(idRandomChars)) }
func NewAccountID() AccountID     { return AccountID(prefixAccount + RandomText(idRandomChars)) }
func NewKeyID() KeyID             { return KeyID(prefixKey + RandomText(idRandomChars)) }
func NewRecipientID() RecipientID { return RecipientID(prefixRecipient + RandomText(idRandomChars)) }
func NewTemplateID() TemplateID   { return TemplateID(prefixTemplate + RandomText(idRandomChars)) }
func NewAudienceID() AudienceID   { return AudienceID(prefixAudience + RandomText(idRandomChars)) }
func NewDispatchID() DispatchID   { return DispatchID(prefixDispatch + RandomText(idRandomChars)) }
func NewStopID() StopID           { return StopID(prefixStop + RandomText(idRandomChars)) }
func NewSignalID() SignalID       { return SignalID(prefixSignal + RandomText(idRandomChars)) }
func NewSessionID() SessionID     { return SessionID(prefixSession + RandomText(idRandomChars)) }

// The Valid methods say whether an identifier has the right shape. An ID of the
// wrong shape is treated as unknown, never answered differently.
func (id TenantID) Valid() bool    { return validID(string(id), prefixTenant) }
func (id AccountID) Valid() bool   { return validID(string(id), prefixAccount) }
func (id KeyID) Valid() bool       { return validID(string(id), prefixKey) }
func (id RecipientID) Valid() bool { return validID(string(id), prefixRecipient) }
func (id TemplateID) Valid() bool  { return validID(string(id), prefixTemplate) }
func (id AudienceID) Valid() bool  { return validID(string(id), prefixAudience) }
func (id DispatchID) Valid() bool  { return validID(string(id), prefixDispatch) }
func (id StopID) Valid() bool      { return validID(string(id), prefixStop) }

func validID(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok || len(rest) != idRandomChars {
		return false
	}
	return strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}
