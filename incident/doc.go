// Package incident keeps incidents, from the first signal to the last apology: it
// opens them by rule, gathers what belongs together, sets the tasks of the
// playbook, calls people, and does not let go before nothing is owed.
//
// # What opens one
//
// Every signal of grade incident, every stop placed by a person, and a person who
// says so. What overlaps with an open incident (the same tenant, key, account,
// template or dispatch; for signals about the whole house the same rule) becomes
// part of it. Exercises are kept among themselves. The store does each sign once,
// whatever number of nodes see it, and a crash between two signs loses and doubles
// nothing.
//
// # What it is about
//
// An incident's scope is rows of (tenant, template, account, key, dispatch, from,
// until); its damage is exactly the dispatches that match one of them. A rule sets
// what the sign names: a dispatch; a key or account from the beginning of the run
// of orders that led to the first odd sign about it; a template from when its
// present version was first sent, a day back at most. Where a sign names only a
// tenant, or the whole house, no rule can know which mail is bad, and it says so
// instead of guessing. A person corrects it at any time, and every figure follows.
//
// # What it does by itself
//
// Severity rises, and is lowered only by a person with a reason. Contained is set
// when nothing bad can leave any more, and taken back when something does. Pages
// are owed in the transaction that makes them due, and triggered afterwards: of
// two with one key the second is the first.
//
// Incident is a service: it knows words, never another service, the store or an
// edge. It never sends mail, never places a stop, and never opens personal data.
package incident
