// Package drill rehearses an incident on a real house: it does what an intruder
// does, through the doors an intruder has, and says what was seen.
//
// Floor 3. It acts through the REST API like any other client, with a key it was
// given; the only other way in is Plant, which puts rows into the queue as if
// the door's check were missing, as in incident A. A drill works on tenants made
// for it and marks everything it writes as EXERCISE; it must never touch a
// tenant that was not made for exercise, and never run where mail could leave.
package drill
