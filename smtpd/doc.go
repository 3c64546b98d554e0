// Package smtpd receives mail at planted addresses: the smallest inbound
// listener. Floor 4: it knows the catalog.
//
// It takes mail only for addresses that are planted now or were once, and what
// arrives there proves that a directory leaked. The message is read for its size
// and fingerprint and thrown away. It must never relay, never answer with more
// than a status, never sign anybody in, and never write an envelope address into
// a log or an error.
package smtpd
