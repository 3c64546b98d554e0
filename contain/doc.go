// Package contain stops mail and lets it go again. The Board is this node's
// mirror of the standing stops, for the last look before the socket; the Warden
// places and lifts them.
//
// Floor 3, a service. The truth about what a stop matches is cordon.Scope.Blocks;
// this package holds no second copy of it.
//
// It must never let a copy pass while it does not know the stops: a Board that
// could not read them for a while blocks everything. It must never answer a
// Place before the stop is committed and in force here, never under-report what
// had left, and never forget a stop with the process.
package contain
