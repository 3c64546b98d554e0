// Package guard judges orders before anything of them spreads: one file a
// check, and their order is the slice literal in judge.go.
//
// Floor 3, a service. It asks the store through needs.go and changes nothing:
// what must happen with a verdict (signals, stops, a key's suspension, the
// ceilings to check again) is part of the verdict, and the door commits it in
// the transaction that refuses or accepts.
//
// It must never pass what it could not check: a check that fails or is slower
// than Limits.CheckTimeout holds. It must never open personal data, and never
// answer differently for a recipient that does not exist, one that is another
// tenant's and a decoy.
package guard
