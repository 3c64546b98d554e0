// Package sim is a whole world in one process: a house wired by app, a relay on
// pipes, people, and a clock that moves only when the script says so. Its
// scripts (testdata/*.txtar) are acceptance tests and examples at once.
//
// Floor 6. It is used by tests only. It fakes time, chance and the far side of
// the wire, nothing else: the store is a real SQLite, the queue, guard and
// ledger are the ones that ship. The relay signs, so domains have no DKIM key.
package sim
