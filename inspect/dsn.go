package inspect

import (
	"bytes"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// status reads message/delivery-status (RFC 3464) and what is shaped like it:
// one Return for each recipient named.
func readStatus(body []byte) []Return {
	var all []Return
	for _, group := range groups(body) {
		if r, ok := readGroup(group); ok && len(all) < maxRecipients {
			all = append(all, r)
		}
	}
	return all
}

// groups parts a report at its empty lines; a second Final-Recipient begins a
// new group too, because some leave the empty line out.
func groups(body []byte) [][]message.Field {
	var all [][]message.Field
	for rest := body; len(rest) > 0 && len(all) < 2*maxRecipients; {
		fields, after := message.Fields(rest)
		if len(after) >= len(rest) { // no field here
			_, after = cutLine(rest)
		}
		rest = after
		start, seen := 0, false
		for i, f := range fields {
			if strings.EqualFold(f.Name, "Final-Recipient") {
				if seen {
					all = append(all, fields[start:i])
					start = i
				}
				seen = true
			}
		}
		if len(fields) > start {
			all = append(all, fields[start:])
		}
	}
	return all
}

// readGroup reads the fields of one recipient. A group that names none is the
// report's own (Reporting-MTA and so on).
func readGroup(fields []message.Field) (Return, bool) {
	var r Return
	final, original := value(fields, "final-recipient"), value(fields, "original-recipient")
	actual, failing := value(fields, "x-actual-recipient"), value(fields, "x-supplementary-info")
	action := strings.ToLower(firstWord(message.DecodeWords(value(fields, "action"))))
	status := value(fields, "status")
	if final == "" && original == "" && action == "" {
		return r, false
	}
	r.Recipient, _ = findAddress(message.DecodeWords(final))
	r.Original, _ = findAddress(message.DecodeWords(original))
	if r.Recipient == "" {
		r.Recipient, _ = findAddress(message.DecodeWords(actual))
	}
	if r.Recipient == "" {
		r.Recipient = r.Original
	}
	r.RemoteMTA = clip(typed(value(fields, "remote-mta")), 255)
	said := value(fields, "diagnostic-code")
	for _, f := range fields { // some say it twice; the fuller one tells more
		if strings.EqualFold(f.Name, "Diagnostic-Code") && len(f.Value) > len(said) {
			said = f.Value
		}
	}
	said = strings.TrimSpace(typed(said) + " " + failing)
	r.Diagnostic = clip(said, 1000)
	r.Action = actionOf(strings.Trim(action, "."), status)
	r.settle(cleanStatus(status), readReply(said), status+" "+said)
	return r, true
}

// actionOf is the Action as RFC 3464 2.3.3 has it. Others write undeliverable,
// error, "failure"; without any, the status decides.
func actionOf(action, status string) string {
	switch {
	case hasPrefixAny(action, []string{"undeliverable", "error", "fail", "expire", "bounce", "reject", "denied"}):
		return "failed"
	case hasPrefixAny(action, []string{"delay", "defer", "warn"}):
		return "delayed"
	case hasPrefixAny(action, []string{"relay"}):
		return "relayed"
	case hasPrefixAny(action, []string{"expand"}):
		return "expanded"
	case hasPrefixAny(action, []string{"deliver", "success"}):
		return "delivered"
	case strings.HasPrefix(strings.TrimSpace(status), "2"):
		return "delivered"
	case strings.HasPrefix(strings.TrimSpace(status), "4"):
		return "delayed"
	}
	return "failed"
}

// settle decides status, reason and class from the report's own status and from
// what the other server said: its enhanced code is nearer to the cause than one
// the reporting server made up ("4.4.7" for "452 4.4.5"), unless it says less.
func (r *Return) settle(status string, said reply, text string) {
	r.Reply = said.code
	switch r.Action {
	case "delivered", "relayed", "expanded":
		r.Class, r.Reason, r.Status = None, Reason(r.Action), status
		if r.Status == "" {
			r.Status = "2.0.0"
		}
		return
	}
	given := status
	if !vague(said.status) || status == "" {
		status = said.status
	}
	if strings.HasPrefix(status, "2") { // a failure with a success's code: the code is wrong
		status = ""
	}
	r.Reason = reasonOf(status, said.code, text)
	if r.Reason == Undefined && given != status {
		r.Reason = reasonOf(given, said.code, text)
	}
	if r.Reason == Undefined && r.Action == "delayed" {
		r.Reason = Expired
	}
	if status == "" {
		first := byte('5')
		if r.Action == "delayed" || said.code/100 == 4 {
			first = '4'
		}
		status = plainStatus(first, r.Reason)
	}
	r.Status = status
	r.Class = classOf(status, r.Reason)
	if r.Action == "delayed" {
		r.Class = Soft
	}
}

// looksLikeStatus says whether text holds the fields of a delivery status
// although nothing declares it one.
func looksLikeStatus(text []byte) bool {
	lower := bytes.ToLower(text[:min(len(text), 64<<10)])
	return (lineWith(lower, "final-recipient:") || lineWith(lower, "original-recipient:")) && lineWith(lower, "action:") && lineWith(lower, "status:")
}

// lineWith says whether a line of b begins with what.
func lineWith(b []byte, what string) bool {
	for from := 0; from < len(b); {
		i := bytes.Index(b[from:], []byte(what))
		if i < 0 {
			return false
		}
		i += from
		if i == 0 || b[i-1] == '\n' || b[i-1] == '\r' {
			return true
		}
		from = i + len(what)
	}
	return false
}

// statusOf finds the delivery status in a letter.
func statusOf(m *letter) (returns []Return, found bool) {
	for _, l := range m.leaves {
		declared := l.mediaType == "message/delivery-status" || l.mediaType == "message/global-delivery-status" || l.mediaType == "message/delivery_status"
		text := (strings.HasPrefix(l.mediaType, "text/") || l.mediaType == "application/octet-stream") && looksLikeStatus(l.body)
		if declared || text {
			found = true
			returns = append(returns, readStatus(l.body)...)
		}
	}
	return returns[:min(len(returns), maxRecipients)], found
}

// bounce makes the answer of a delivery status.
func (f *Found) bounce(returns []Return) {
	f.Returns = returns
	worst := Return{Class: None}
	rank := -1
	for _, r := range returns {
		if n := gravity(r); n > rank {
			worst, rank = r, n
		}
	}
	f.Class, f.Status, f.Reason = worst.Class, worst.Status, worst.Reason
	f.Kind = Bounce
	if worst.Class == None && len(returns) > 0 {
		f.Kind = DeliveryReceipt
	}
	for _, r := range returns {
		if f.Kind == DeliveryReceipt || r.Class != None {
			f.Recipients = addAddress(f.Recipients, r.Recipient)
		}
	}
}

func gravity(r Return) int {
	switch {
	case r.Class == Hard:
		return 3
	case r.Class == Soft && r.Action == "failed":
		return 2
	case r.Class == Soft:
		return 1
	}
	return 0
}

// otherAddress says whether an address stands for the mail system and not for a
// person who was written to.
func otherAddress(a cordon.Address) bool {
	local, _, _ := strings.Cut(strings.ToLower(string(a)), "@")
	return local == "postmaster" || local == "mailer-daemon" || local == "mailerdaemon" || local == "abuse" || local == "hostmaster" || local == "support" || local == "helpdesk" || local == "noc"
}
