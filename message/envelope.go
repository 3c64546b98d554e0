package message

import "github.com/cordonmail/cordon"

// Envelope is one message on its way to the relay: RFC 5321's envelope and the
// RFC 5322 bytes, CRLF line ends, already checked by Wire and signed.
type Envelope struct {
	// Tenant is whose mail it is. It never travels: the house chooses the relay
	// by it, so that an exercise's mail cannot take the way of the real mail.
	Tenant cordon.TenantID

	From cordon.Address // return path; "" for the null path
	To   cordon.Address
	// Data is the whole message. The relay only dot-stuffs it.
	Data []byte
}
