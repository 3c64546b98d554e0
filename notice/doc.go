// Package notice tells whom an incident reached. One facts record an incident,
// texts that a person answers for and figures that nobody types, becomes the
// patients' page, the practices' page, the sample letter, each tenant's packet, the
// follow-up to the people themselves, and the drafts for authorities; and the legal
// clocks run beside it.
//
// Floor 3, a service: it knows words and crafts, and meets everything else through
// needs.go. What is to be done stands in rows: a step that was broken off anywhere
// goes on where it was, and nobody is told twice.
//
// It must never type a figure, show an address, say anything that no person
// approved, link anywhere but to the status page, or answer "was this person written
// to?" to somebody who only knows the person's address.
package notice
