// Package inspect says what a received message or document is: a bounce, a
// complaint, an automatic reply, a receipt, an abuse notice, an XARF report, or
// none of these; whom it is about, why, and what in it can lead back to the
// message it speaks of.
//
// It is a craft: pure functions of bytes, no I/O and no clock. Everything it
// reads was written by strangers, so everything is bounded and linear, nothing is
// believed that only the text claims (who signed it is for others to check), and
// it never acts: it answers.
package inspect
