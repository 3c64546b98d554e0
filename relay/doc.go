// Package relay is the wire out: it hands one message at a time to a smarthost
// over SMTP and answers a cordon.Outcome, never a bare error.
//
// Floor 2. It knows the words and message; it opens no store, judges nobody and
// keeps no message. It never retries a message by itself: whoever asked knows
// the schedule, and decides anew whether the copy may still leave.
//
// The client is our own rather than go-smtp's because the latter cannot
// pipeline: MAIL, RCPT and DATA leave in one write where the server offers
// PIPELINING (RFC 2920), which halves the cost of a message. The body is never
// part of that group: Send asks its look function once more after 354, and
// when the answer is no it drops the connection, so that nothing is delivered.
//
// It must never let out a bare CR or LF, a NUL or a line over 998 octets, never
// send a password over a connection that is not proven private (unless told
// so), and never repeat the words of a server: they may quote the address.
package relay
