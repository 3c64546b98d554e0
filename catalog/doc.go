// Package catalog keeps what a tenant sends with: its tenants and sending
// domains, recipients and suppressions, audiences, templates and their approval,
// decoys, and limits; and it imports recipients from files.
//
// Floor 3. It checks the actor's permission on the first line of every verb,
// takes every tenant as an argument, and answers a foreign thing like an unknown
// one. It never writes personal data to a log, an error, a fault or a file in
// the clear, never lets a half-checked import into the store, and never imports
// another service or the store.
package catalog
