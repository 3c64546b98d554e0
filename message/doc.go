// Package message writes RFC 5322 and MIME bytes, and says which bytes may
// leave.
//
// Floor 1. Pure functions: no I/O, no clock, no chance. The date and the
// Message-ID come in as arguments, so that building the same copy twice gives
// the same bytes, and a retry carries the same Message-ID.
//
// It must never let a value become structure: whatever stands in a name, a
// subject or an extra header, Build writes the headers it was told to write and
// no other. It must never repair what Wire would refuse: a message changed
// after it was signed or hashed is another message.
package message
