package report

import (
	"strings"

	"github.com/cordonmail/cordon"
)

// receipt words the reporter's first mail: that his report is here, under which
// number, and where he sees what becomes of it. To an address that nobody has
// proved it is short, says nothing of the report, and is the only one, unless the
// word in it comes back.
func (c *Clerk) receipt(r reading, f cordon.Filing, word string) *cordon.Outgoing {
	var b strings.Builder
	name := c.houseName()
	b.WriteString("Thank you. " + name + " has received your report. Its number is " + r.open.Name() + ".\n\n")
	if c.Site != "" {
		at := c.Site + "/report/" + r.open.Tracking
		if word == "" {
			b.WriteString("What becomes of it: " + at + "\n\nWe will write to you once more, with the outcome.\n")
		} else {
			b.WriteString("What becomes of it: " + at + "?word=" + word + "\n\n" +
				"This is the only mail you get about it. On that page you can ask for the outcome by mail as well.\n")
		}
	} else if word == "" {
		b.WriteString("We will write to you once more, with the outcome.\n")
	}
	if word != "" {
		b.WriteString("\nIf you reported nothing, somebody gave your address. Nothing more will come.\n")
	}
	mail := &cordon.Outgoing{To: string(r.open.Reporter), Content: cordon.OutgoingLetter{
		Title: exercise(r.open.Exercise || f.Exercise) + "Received: your report " + r.open.Name(), Text: b.String(), Mail: replyHeaders(r.head.messageID),
	}}
	return mail
}

// answer words the second mail: what came of it, in the operator's own words.
func (c *Clerk) answer(o cordon.OpenReport, p cordon.Problem) cordon.Outgoing {
	text := "You reported a mail to " + c.houseName() + "; your report is " + o.Name() + ".\n\nThis came of it:\n\n" + p.Outcome + "\n"
	if c.Site != "" {
		text += "\nMore: " + c.Site + "/report/" + o.Tracking + "\n"
	}
	text += "\nThank you for telling us. This is the last mail about it.\n"
	head, _ := readHead(o.Raw)
	return cordon.Outgoing{Content: cordon.OutgoingLetter{
		Title: exercise(o.Exercise || p.Exercise) + "What came of your report " + o.Name(), Text: text, Mail: replyHeaders(head.messageID),
	}}
}

func (c *Clerk) houseName() string {
	if c.Name == "" {
		return "The mail service"
	}
	return c.Name
}

func exercise(is bool) string {
	if is {
		return "EXERCISE: "
	}
	return ""
}

// replyHeaders mark a mail that a machine wrote in answer (RFC 3834 3.1.7), so
// that no machine answers it, and thread it with what it answers when that has a
// plain Message-ID.
func replyHeaders(messageID string) []cordon.OutgoingHeader {
	all := []cordon.OutgoingHeader{{Name: "Auto-Submitted", Value: "auto-replied"}, {Name: "X-Auto-Response-Suppress", Value: "All"}}
	if plainMessageID(messageID) {
		all = append(all, cordon.OutgoingHeader{Name: "In-Reply-To", Value: messageID}, cordon.OutgoingHeader{Name: "References", Value: messageID})
	}
	return all
}

// plainMessageID says whether a stranger's Message-ID may stand in a header of
// ours: <left@right>, printable ASCII, and short.
func plainMessageID(id string) bool {
	if len(id) < 5 || len(id) > 250 || id[0] != '<' || id[len(id)-1] != '>' || strings.Count(id, "@") != 1 {
		return false
	}
	for _, b := range []byte(id[1 : len(id)-1]) {
		if b <= ' ' || b >= 0x7f || b == '<' || b == '>' {
			return false
		}
	}
	return true
}
