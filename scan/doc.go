// Package scan is the wire to scanners that others wrote and the operator runs
// beside Cordon: the spam filter Rspamd over HTTP and the virus scanner ClamAV
// over its INSTREAM command. Both are optional; without one a nil *Scanner
// passes everything, because then the house's own checks are all there is.
//
// Floor 2. It knows the words; it opens no store and decides only about the
// message it was given. What a scanner answers is hostile bytes: bounded, read
// strictly, and of its text only names of a narrow alphabet are repeated.
//
// It must never pass what a scanner did not judge. No answer in time, no
// connection, an answer that is not understood, a message larger than the
// scanner reads: each is Hold with the code Unavailable. Two scanners that are
// content with saying nothing are found out: Rspamd answers "no action" and 0
// points to what it did not parse, and clamd answers OK to what lies beyond its
// limits unless AlertExceedsMax is set (probe.go).
//
// It must never send mail to a public address, follow a redirect or use a proxy
// of the environment, and never write who wrote to whom, or what, into a log:
// sizes, durations, names of symbols and signatures only.
package scan
