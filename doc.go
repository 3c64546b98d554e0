// Package cordon holds the words of the house: the nouns every room speaks of,
// their states, and the rules that belong to a noun alone.
//
// Floor 1. It does no I/O, reads no clock and writes no log; times and chance
// come in as arguments (IDs and secrets alone are drawn from crypto/rand).
// Nothing here may import another package of the module.
//
// One file a noun. GLOSSARY.md defines each word once; the same word stands in
// the table, the type, the JSON, the page, the log and the metric.
package cordon
