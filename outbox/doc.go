// Package outbox drains the table of messages that are no copies of a dispatch:
// pages, posts to subscribers, packets of tenants, a reporter's two mails.
//
// pending → sending → sent → delivered | failed | stale. Two lanes: what wakes
// people never waits behind what informs them; in each, what is urgent goes
// first. A try has ten seconds. What wakes is tried again three times, fifteen
// seconds apart; other mail for a day, at growing intervals, because a receiving
// server may ask for that.
//
// A message is claimed by a lease. A node that dies with it is found out by the
// lease's end, and the message is sent again: a page may come twice, under one
// mark, rather than not at all. What was written into the outbox under one key
// is there once.
//
// The outbox also gives the house's own heartbeat: it calls a URL as long as the
// lane that wakes moves, so that somebody outside notices when the house is dead.
//
// Outbox is a service: it knows words, never another service, the store, a wire
// or an edge.
package outbox
