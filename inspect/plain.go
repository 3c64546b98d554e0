package inspect

import (
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// plain reads a bounce that has no delivery status: qmail's, Exim's, old
// sendmail's, Exchange's, a gateway's, in whatever words. It is one when enough
// speaks for it; a person who writes "it could not be delivered" is none.
func plain(m *letter, f *Found) bool {
	v := hints(m)
	if !v.any() {
		return false
	}
	text := m.text()
	notice, returned := copied(text)
	if strings.TrimSpace(notice) == "" {
		notice = text
	}
	v.read(m, notice, returned)
	if !v.bounce() {
		return false
	}
	// A success is told by the same systems in the same form.
	words := v.words + " " + v.subject
	if containsAny(words, deliveredWords) && !v.xfailed && !containsAny(words, []string{"could not", "failed to", "was not delivered", "undeliver"}) {
		f.bounce([]Return{{Recipient: firstNamed(m, notice), Action: "delivered", Class: None, Status: "2.0.0", Reason: Delivered}})
		return true
	}
	delayed := containsAny(words, delayedWords) && !containsAny(words, []string{"given up", "giving up", "permanent error", "failed permanently", "deleted from queue", "will be deleted", "no further attempts"})
	f.bounce(plainReturns(m, notice, returned, delayed))
	if returned != "" {
		f.enclose(AsHeaders, []byte(returned))
	}
	return true
}

// signs is what speaks for a bounce.
type signs struct {
	null     bool // a null or daemon's return path (RFC 5321 4.5.5)
	daemon   bool // the sender is a mail system by its name
	subject  string
	system   bool // the subject begins as mail systems begin it
	says     bool // the subject is one of a mail system's
	words    string
	tells    bool // the text says that a copy was not delivered
	xfailed  bool // X-Failed-Recipients
	reply    bool // an SMTP reply or enhanced code stands in the text
	enclosed bool // a message is returned
	address  bool // the text names an address
	auto     bool // Auto-Submitted says it is automatic
	personal bool // a reply or forward by its subject
}

// hints reads the header.
func hints(m *letter) signs {
	v := signs{subject: fold(clip(m.subject(), 500))}
	returnPath := strings.ToLower(strings.TrimSpace(m.get("return-path")))
	v.null = m.has("return-path") && strings.Trim(returnPath, "<> ") == "" || strings.Contains(returnPath, "mailer-daemon")
	v.daemon = containsAny(m.sender(), daemons)
	v.personal = hasPrefixAny(v.subject, []string{"re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "rv:", "sv:", "vs:", "antw:", "ref:"}) && (m.has("in-reply-to") || m.has("references") || !m.has("received"))
	v.daemon = v.daemon || containsAny(m.sender(), listDaemons) && containsAny(v.subject, listSubjects)
	v.system = hasPrefixAny(v.subject, systemSubjects)
	v.says = containsAny(v.subject, failedSubjects) && !v.personal
	v.xfailed = m.get("x-failed-recipients") != ""
	v.auto = strings.HasPrefix(strings.ToLower(m.get("auto-submitted")), "auto-") || m.has("x-ms-exchange-message-is-ndr") || m.report == "delivery-status"
	return v
}

// any says whether the text is worth reading.
func (v signs) any() bool { return v.null || v.daemon || v.says || v.xfailed || v.auto }

// read reads the text.
func (v *signs) read(m *letter, notice, returned string) {
	v.words = fold(clip(notice, 16<<10))
	v.tells = containsAny(v.words, failedBodies)
	r := readReply(v.words)
	v.reply = r.status != "" || r.code >= 400
	_, part := m.first("message/rfc822", "text/rfc822-headers")
	v.enclosed = part || returned != ""
	v.address = strings.Contains(v.words, "@")
}

// bounce says whether it adds up. A mail system's name or a null return path is
// half of it; what the subject and the text say is the other half.
func (v signs) bounce() bool {
	switch {
	case v.xfailed:
		return true
	case v.personal && !v.null && !v.daemon:
		return false
	case v.null && v.daemon && (v.says || v.tells):
		return true
	case v.daemon && v.says && (v.tells || v.reply || v.enclosed || v.address):
		return true
	case v.daemon && v.tells && (v.reply || v.enclosed || v.address):
		return true
	case v.null && v.says && (v.tells || v.reply || v.enclosed):
		return true
	case v.null && v.tells && (v.reply || v.enclosed):
		return true
	case v.auto && v.says && v.tells:
		return true
	case v.says && v.tells && (v.reply || v.enclosed) && v.address:
		return true
	case v.says && v.reply && v.enclosed:
		return true
	case v.system && v.tells && v.address:
		return true
	}
	return false
}

// plainReturns finds who was not reached, and why, in the words of a notice.
func plainReturns(m *letter, notice, returned string, delayed bool) []Return {
	action := "failed"
	if delayed {
		action = "delayed"
	}
	parts := named(m, notice)
	var all []Return
	for _, p := range parts {
		if len(all) >= maxRecipients {
			break
		}
		r := Return{Recipient: p.address, Action: action, Diagnostic: clip(strings.TrimSpace(p.said), 1000)}
		said := p.said
		if len(strings.TrimSpace(said)) < 8 || len(parts) == 1 {
			said = p.said + "\n" + notice
		}
		answer := readReply(p.said)
		if answer.code == 0 && answer.status == "" {
			answer = readReply(notice)
		}
		why := transcript(p.said)
		if wordReason(why) == "" {
			why = transcript(said)
		}
		r.settle("", answer, why)
		all = append(all, r)
	}
	if len(all) > 0 {
		return all
	}
	r := Return{Action: action, Recipient: returnedTo(m, returned), Diagnostic: clip(strings.TrimSpace(notice), 1000)}
	r.settle("", readReply(notice), transcript(notice))
	return []Return{r}
}

// returnedTo is whom the returned message was for.
func returnedTo(m *letter, returned string) cordon.Address {
	raw := []byte(returned)
	if l, ok := m.first("message/rfc822", "text/rfc822-headers", "message/global"); ok {
		raw = l.body
	}
	fields, _ := message.Fields(raw)
	for _, name := range []string{"x-original-to", "delivered-to", "to"} {
		if a, ok := findAddress(message.DecodeWords(value(fields, name))); ok && name == "to" {
			return a
		}
	}
	return ""
}

// spot is a recipient and what the notice says behind it.
type spot struct {
	address cordon.Address
	said    string
}

// named finds the recipients a notice names: from X-Failed-Recipients, from lines
// that hold an address and nothing else, or begin with one, else from sentences
// that end with one.
func named(m *letter, notice string) []spot {
	var list []cordon.Address
	if v := m.get("x-failed-recipients"); v != "" {
		list = allAddresses(v, maxRecipients)
	}
	rows := lines(notice)
	own := map[string]bool{}
	for _, name := range []string{"from", "to", "reply-to", "sender"} {
		for _, a := range allAddresses(message.DecodeWords(m.get(name)), 5) {
			own[strings.ToLower(string(a))] = true
		}
	}
	var spots []spot
	for pass := 0; pass < 3 && len(spots) == 0; pass++ {
		spots = spotRows(rows, own, pass)
	}
	if len(list) == 0 {
		return spots
	}
	var all []spot
	for _, a := range list {
		s := spot{address: a}
		for _, have := range spots {
			if strings.EqualFold(string(have.address), string(a)) {
				s.said = have.said
			}
		}
		all = append(all, s)
	}
	return all
}

// spotRows looks for recipients, the surer forms in the earlier passes.
func spotRows(rows []string, own map[string]bool, pass int) []spot {
	var spots []spot
	seen := map[string]int{}
	for _, row := range rows {
		a, rest, ok := addressRow(row, pass)
		if ok && (otherAddress(a) || pass > 0 && own[strings.ToLower(string(a))]) {
			ok = false
		}
		if !ok {
			if n := len(spots); n > 0 && len(spots[n-1].said) < 4000 {
				spots[n-1].said += "\n" + row
			}
			continue
		}
		key := strings.ToLower(string(a))
		if i, again := seen[key]; again {
			spots[i].said += "\n" + row
			continue
		}
		if len(spots) < maxRecipients {
			seen[key] = len(spots)
			spots = append(spots, spot{a, rest})
		}
	}
	return spots
}

// recipientWords stand before the address that was not reached.
var recipientWords = []string{
	"recipient", "delivered to", "deliver to", "deliver your message to", "sent to", "address", "undeliverable to", "to:", "rcpt to", "failed:", "reach", "empfänger", "an folgende", "destinataire", "destinatario", "destinatário", "ontvanger", "получател", "адрес", "宛先", "收件人", "user ", "mailbox", "account",
}

// addressRow says whether a line names a recipient.
func addressRow(row string, pass int) (a cordon.Address, rest string, ok bool) {
	s := strings.TrimSpace(row)
	if len(s) > 600 || !strings.Contains(s, "@") {
		return "", "", false
	}
	a, found := findAddress(s)
	if !found {
		return "", "", false
	}
	i := strings.Index(strings.ToLower(s), strings.ToLower(string(a)))
	if i < 0 {
		return "", "", false
	}
	before, after := s[:i], s[i+len(a):]
	bare := strings.Trim(before, "<([\"'*-=>•· \t") == ""
	switch pass {
	case 0: // the address alone, or "<address>:" and the reason behind it
		if !bare {
			return "", "", false
		}
		after = strings.TrimLeft(after, ">)]\"'")
		if strings.HasPrefix(after, "<mailto:") || strings.HasPrefix(after, " <mailto:") {
			_, after, _ = strings.Cut(after, ">")
			after = strings.TrimLeft(after, ")>")
		}
		after = strings.TrimSpace(after)
		if after == "" || hasPrefixAny(after, []string{":", "...", ",", ";", "(", "-", "|"}) {
			return a, strings.Trim(after, ":.,; \t"), true
		}
		return "", "", false
	case 1: // "Recipient: address", "delivered to address"
		if bare || containsAny(fold(before), recipientWords) {
			return a, s, true
		}
		return "", "", false
	}
	return a, s, true
}

// firstNamed is the first recipient a notice names.
func firstNamed(m *letter, notice string) cordon.Address {
	if s := named(m, notice); len(s) > 0 {
		return s[0].address
	}
	return ""
}
