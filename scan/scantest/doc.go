// Package scantest is for tests only: it starts real scanners, the Debian
// packages rspamd and clamav-daemon, on free ports of this machine with
// settings that reach no network, and it has a stand-in for tests that need a
// scanner's decision and not a scanner.
package scantest
