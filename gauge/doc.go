// Package gauge measures what one sender does against what that sender usually
// does: an account, a key, a template, a tenant.
//
// It is a craft: arithmetic on numbers that are handed in, with no storage, no
// clock and no chance. It stands on the words of the root package alone.
//
// A Profile is all that is remembered of a sender: counts by ten minutes for a
// day, by day for 28 active days and by hour of the week, a level of strangers
// written to, and hashes of lately used texts and clients. It holds nobody's
// name, address or ID and never grows beyond MaxState bytes.
//
// Weigh says what is unusual about an event, Learn remembers it, Charge remembers
// only that it was tried. What is learnt counts as history after Settle: a thief
// cannot teach a profile today what he wants to do today. Fixed ceilings bind
// from the first event; what is learnt moves only below them. Nothing here may
// widen a fixed ceiling: that is the operator's, by the tenant's limits.
package gauge
