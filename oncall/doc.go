// Package oncall knows who is on call, and wakes people until somebody says
// that he has it.
//
// # What is promised
//
// Everything that concerns time is a row: a page's timer (next_at), a message
// that waits (due_at), an acknowledgement that lapses. Step takes whatever has
// run out; it may be called on several nodes at once, and again after it was
// broken off anywhere.
//
//   - Exactly once: a page of one key; a turn of a page (one transaction writes
//     the page's next state, its events and its messages, and only if nobody took
//     a turn since the page was judged); a message of one key in the outbox; an
//     all-clear to one method.
//   - At least once: the message on its way. A node that dies between the far
//     side's answer and the record of it sends again after the lease. The second
//     is recognised: the same Message-ID, webhook-id, dedup_key and fingerprint.
//
// # The life of a page
//
// Triggered: the policy's first step wakes its targets, each by his own rules.
// Unacknowledged after ack_minutes it pages the same step again; after the
// step's own minutes it goes to the next; after the last, round again as often
// as the policy repeats; then it pages the fallback, again after ack_minutes and
// from then on every last_minutes. Nobody on call, and every message of a step
// failed, page the fallback at once, while the steps go on.
//
// Acknowledged: messages that wait are dropped. The acknowledgement lapses after
// hold_minutes, and the page begins anew at its first step, unless somebody
// renews it, or the page's incident has meanwhile left triage: then somebody is
// at work, and the incident's own clocks take over.
//
// Resolved never re-opens. Whoever was sent something is told that it is over,
// by the same method.
//
// Oncall is a service: it knows words, never another service, the store, a wire
// or an edge.
package oncall
