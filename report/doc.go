// Package report hears what people outside say of mail: reports and complaints,
// what comes back to a return path, and the question "is this mail really from
// you?". It is a service: floor 3, and knows the crafts that read messages.
//
// What comes in is stored before anybody reads it, and read from the store: a
// channel may say "received" because it is, and a crash loses and doubles
// nothing. Exact duplicates are dropped; what is about the same becomes one
// problem; a person is bothered when a threshold is crossed. Only what is vouched
// for counts towards a stop, once for each recipient, and the watch decides that,
// not this room (ADR 15).
//
// Whoever holds the code of a copy had the message in hand, and speaks for that
// copy: by the link in the message, by a forwarded message in which the code is
// found, or through a feedback loop whose own signature is verified. He speaks for
// that one copy and for no other, so one harvested message is one voice.
//
// It must never answer a machine or a null sender, never say whose a message was,
// never log what a report says or who sent it, and never let anything that a
// stranger wrote close a problem.
package report
