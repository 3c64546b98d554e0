// Package intake is the door: Desk.Accept is the only way into the queue.
//
// Floor 3, a service. It asks for permission first, reads an order's rows once,
// has the guard judge, and hands the store one dispatch to commit. What is not
// committed was never accepted; what is accepted carries the door's mark
// (Dispatch.Provenance), without which the exit delivers nothing.
//
// It must never let a failure count as consent, never open personal data, and
// never answer differently for a recipient that does not exist and one that is
// not the caller's.
package intake
