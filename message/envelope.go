package message

import "github.com/cordonmail/cordon"

// Envelope is one message on its way to the relay: RFC 5321's envelope and the
// RFC 5322 bytes, CRLF line ends, already checked by Wire and signed.
type Envelope struct {
	From cordon.Address // return path; "" for the null path
	To   cordon.Address
	// Data is the whole message. The relay only dot-stuffs it.
	Data []byte
}
