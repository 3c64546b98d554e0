// Package smtpd receives mail: at planted addresses, at the mailbox for reports,
// and at the return paths of copies. It is the smallest inbound listener. Floor 4:
// it knows the catalog and the clerk of reports.
//
// What arrives at a planted address proves that a directory leaked; it is read for
// its size and fingerprint and thrown away. What arrives for the clerk is accepted
// only after it is stored: 250 means durable. It must never relay, never answer
// with more than a status, never sign anybody in, and never write an envelope
// address into a log or an error.
package smtpd
