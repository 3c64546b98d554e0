// Package store is ALL the SQL of the house: one file a noun, the SQL beside
// its Scan, one text for two engines (SQLite embedded, PostgreSQL shared).
//
// Floor 2. It knows the words (package cordon) and nothing above it. Only
// dialect.go and its engine files may name an engine; everything else writes
// $n placeholders and {{tokens}}.
//
// It must never: put a time or a random number into SQL, write a change
// without its ledger entry in the same transaction, answer differently for
// what does not exist and what belongs to another tenant, keep personal data
// outside a sealed column, or put it into an error or a log line.
//
// Every change goes through write, every look through read or snapshot. The
// three are never nested: a method that needs both takes a querier.
package store
