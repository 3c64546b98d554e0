// Package mailsink is a receiving mail server that goes nowhere: the far side of
// the wire for the demo, the drills and the benchmarks. It answers as a relay
// would, counts every copy by itself, and keeps a bounded mailbox to look at, so
// that what Cordon says it delivered can be held against what arrived.
//
// Floor 2. It must never forward a message, and it listens on loopback only.
package mailsink
