// Package drill rehearses an incident on a real house: it does what an intruder
// does, through the doors an intruder has, and says what was seen.
//
// Floor 3. It acts through the REST API like any other client, with a key it was
// given; the only other way in is PlantUnchecked, which puts rows into the queue
// as if the door's check were missing, as in incident A. A drill works on tenants
// made for it, whose mail the house keeps in itself, and marks everything it
// writes as an exercise; it must never touch a tenant that was not made for
// exercises. The Instructor runs drills on the house it belongs to and leaves it
// as it was: a run's practices are cut, unstopped and erased at its end, or at
// the next start where the process was killed.
package drill
