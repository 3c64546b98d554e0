// Package replay sends a recorded history through the guard's check of
// behaviour, in the history's own time, and takes accounts over on the way.
//
// Nothing is sent and no database is opened: House keeps in memory what the
// check asks of storage, with the same definitions. What is judged is the guard's
// own code. Every choice (which accounts are taken over, when, whom the thief
// writes to) follows from the file alone, so that two runs answer alike.
package replay
