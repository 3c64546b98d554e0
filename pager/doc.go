// Package pager is the wire to people and to the tools that wake them: mail,
// Standard Webhooks, PagerDuty Events v2, Alertmanager, Slack-compatible incoming
// webhooks, and SMS through an HTTP gateway. It gives one message of the outbox
// the form of its channel, hands it over once, and says what came of it. It
// keeps nothing and repeats nothing: that is the outbox's.
//
// Floor 2: it knows words and messages.
//
// What it must never do: follow a redirect, take a certificate it cannot verify,
// connect to this machine or a private network that was not named in the
// configuration, or let an address, a number, a URL, a secret or the far side's
// words into a log, an error or a reply.
//
// Every try of a message carries the same mark, so that a second one after a
// crash is recognised: Message-ID, webhook-id, PagerDuty's dedup_key,
// Alertmanager's labels and fingerprint.
//
// An exercise's message never goes outside: mail goes to the exercise's
// receiving server, everything else is handed to Config.Received.
package pager
