// Package announce speaks for the house: numbered posts that never change, the
// promises they make, the parts of the service they touch, and the mail to those
// who subscribed.
//
// A post is written as a draft, by a person or by the house itself: the first of
// a public incident, and a correction whenever a figure that was published is not
// true any more. Only a person posts. Figures are put in at that moment, from the
// ledger, and stay with the post together with the time and the size of the
// ledger they were computed at.
//
// What is due is kept in rows: promises that lapse, posts that go to subscribers,
// requests to subscribe. Step does what is due; it may run on several nodes, and
// again after it was broken off anywhere.
//
// Floor 3, a service: it knows words, never another service, the store or an edge.
package announce
