// Package ledger proves the log and sizes the damage: an Auditor verifies the
// Merkle log against the data it speaks of, signs checkpoints, and answers who
// got what.
//
// Floor 3, a service. Every figure is a query over what is stored. It writes
// nothing but checkpoints, and the entries that opening an address leaves.
//
// It must never hand out an address before the read is in the ledger, never
// sign a log that contradicts its last checkpoint, and never call a log good
// that it could not read to the end.
package ledger
