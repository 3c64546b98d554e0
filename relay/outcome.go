package relay

import "github.com/cordonmail/cordon"

// What a reply means for the copy. Up to and including MAIL a refusal may be
// the relay's own trouble, which must not use up the copy's tries; from RCPT on
// it is about this copy.

// lostBefore: the connection ended before MAIL was answered. Nothing left, and
// nothing is known against the copy: an idle connection often ends so.
func lostBefore(reason string) cordon.Outcome { return fault{reason: reason}.outcome() }

// lostCopy: the connection ended inside the transaction, before the final dot.
// It counts as a try, so that a message which always breaks the connection
// cannot stop the relay for everyone.
func lostCopy() cordon.Outcome {
	return cordon.Outcome{State: cordon.Deferred, Reason: "connection lost"}
}

// afterMail: the connection ended after MAIL had been answered.
func afterMail(mail reply) cordon.Outcome {
	if !mail.ok() {
		return mailOutcome(mail)
	}
	return lostCopy()
}

func mailOutcome(r reply) cordon.Outcome {
	out := cordon.Outcome{State: cordon.Deferred, Reply: r.String(), Reason: "mail"}
	switch {
	case r.code == 421: // RFC 5321 3.8: the relay shuts the connection
		return fault{reply: r, reason: "mail"}.outcome()
	case r.code == 552 || r.enhanced == "5.3.4" || r.enhanced == "5.2.3": // too large (RFC 1870 6.1)
		out.State = cordon.Bounced
	case r.permanent():
		// Of a refused sender only that sender's mail may suffer; anything else
		// at MAIL is between us and the relay.
		out.Relay = !aboutSender(r)
	}
	return out
}

func aboutSender(r reply) bool {
	switch r.enhanced {
	case "5.1.7", "5.1.8", "5.6.7", "5.7.27":
		return true
	}
	return r.code == 550 || r.code == 551 || r.code == 553 || r.code == 555
}

func rcptOutcome(r reply) cordon.Outcome {
	out := cordon.Outcome{State: cordon.Deferred, Reply: r.String()}
	switch {
	case r.code == 530 || r.code == 535 || r.code == 538: // sign in first (RFC 4954 6)
		out.Relay = true
	case r.permanent():
		out.State = cordon.Bounced
	}
	return out
}

func dataOutcome(r reply) cordon.Outcome {
	out := cordon.Outcome{State: cordon.Deferred, Reply: r.String()}
	if r.permanent() {
		out.State = cordon.Bounced
	}
	return out
}

// firstRefusal is the meaning of a pipelined group of which not all was taken.
func firstRefusal(mail, rcpt, data reply) cordon.Outcome {
	switch {
	case !mail.ok():
		return mailOutcome(mail)
	case !rcpt.ok():
		return rcptOutcome(rcpt)
	}
	return dataOutcome(data)
}

// refusal says whether the reply is a plain 4xx or 5xx after which the
// connection goes on; 421 announces its end (RFC 5321 3.8), and anything else
// means that the replies are out of step.
func refusal(r reply) bool { return (r.transient() || r.permanent()) && r.code != 421 }

// sound says whether every reply is one after which the connection goes on.
func sound(rs ...reply) bool {
	for _, r := range rs {
		if !r.ok() && !refusal(r) {
			return false
		}
	}
	return true
}
