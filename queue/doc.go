// Package queue is the way out: it claims copies fairly, judges each once more
// by code of its own, opens, renders, signs and sends it, and records what
// came of it.
//
// Floor 3. It imports the words and the crafts message and compose; storage,
// wire and containment come in through needs.go. Personal data is opened here
// and nowhere else, between the claim and the wire.
//
// It must never send a copy that the exit did not pass (exit.go), that a stop
// covers at the last look, or that the flight journal has not noted first
// (journal.go); never keep more than about a thousand claims; and never let one
// tenant's bulk stand before another's single letter (fair.go).
package queue
