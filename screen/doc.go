// Package screen judges what a message says: its links, its claims, its
// images, what it hides and how close it is to another.
//
// Floor 2', a craft. Pure functions: no I/O, no clock, no chance. The same
// engine reads an approved template, a rendered letter and a raw message from
// anywhere: Read and ReadLetter make a Sheet, which is what the message shows,
// once; Findings, Fingerprint and the trained classifier look at the sheet and
// at nothing else.
//
// It must never fetch, resolve or open anything a message names. It must never
// take longer, or need more memory, because a message is hostile: every list it
// makes has a bound. It must never repeat personal data in what it finds: a
// finding names a host at most. And it must never pass what it could not read:
// what is broken is on the sheet as a defect, and broken mail is judged by it.
package screen
