package inspect

import (
	"regexp"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

const (
	maxClues     = 100       // of each sort
	maxClueText  = 512 << 10 // bytes of one text searched for codes
	maxClueRead  = 4 << 20   // bytes of all of them
	maxClueValue = 500       // bytes of one message ID
)

// messageID keeps a message ID, and the token when it is shaped like ours.
func (c *Clues) messageID(v string) {
	for _, word := range strings.Fields(clip(v, 8<<10)) {
		word = strings.Trim(word, "<>,;\"'()")
		if strings.Contains(word, "@") && len(word) <= maxClueValue {
			c.MessageIDs = addText(c.MessageIDs, word, maxClues)
			c.token(word)
		}
	}
}

// token keeps what is shaped like the token of a copy.
func (c *Clues) token(v string) { c.scan(clip(v, 8<<10), false) }

// hyphens are those that mail programs make of the plain one.
var hyphens = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u00a0", " ")

// text looks for codes and tokens in what was written, in at most maxClueRead
// bytes of everything that is read for one answer.
func (c *Clues) text(s string) {
	s = clip(s, min(maxClueText, maxClueRead-c.read))
	c.read += len(s)
	c.scan(hyphens.Replace(s), true)
}

// scan goes through the runs of letters and digits of a text. A code is five
// runs of 5, 5, 5, 5 and 6 with one separator between, as it is printed, or one
// of 26; a token is one of 26 in front of "@" or what stands for it in a return
// path that was rewritten.
func (c *Clues) scan(s string, codes bool) {
	var groups [5]struct{ start, end int } // the latest runs, each one separator behind the other
	n := 0
	for i := 0; i < len(s); {
		if !alnum(s[i]) {
			i++
			continue
		}
		start := i
		for i < len(s) && alnum(s[i]) {
			i++
		}
		if n > 0 && (start != groups[n-1].end+1 || s[start-1] != '-' && s[start-1] != ' ' && s[start-1] != '.') {
			n = 0
		}
		if n == len(groups) {
			copy(groups[:], groups[1:])
			n--
		}
		groups[n].start, groups[n].end = start, i
		n++
		switch size := i - start; {
		case size == 26:
			if i < len(s) && strings.IndexByte("@%=+", s[i]) >= 0 {
				c.keepToken(s[start:i])
			}
			if codes {
				c.keepCode(s[start:i])
			}
		case size == 6 && n == len(groups) && codes:
			if fives := groups[:4]; fives[0].end-fives[0].start == 5 && fives[1].end-fives[1].start == 5 && fives[2].end-fives[2].start == 5 && fives[3].end-fives[3].start == 5 {
				c.keepCode(s[groups[0].start:i])
			}
		}
	}
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (c *Clues) keepToken(v string) {
	v = strings.ToLower(v)
	if strings.Trim(v, "0123456789abcdefghjkmnpqrstvwxyz") == "" {
		c.Tokens = addText(c.Tokens, v, maxClues)
	}
}

func (c *Clues) keepCode(v string) {
	if !strings.ContainsAny(v, "0123456789") { // a long word
		return
	}
	if code, err := cordon.ParseMessageCode(v); err == nil {
		c.code(code)
	}
}

func (c *Clues) code(code cordon.MessageCode) {
	for _, have := range c.Codes {
		if have == code {
			return
		}
	}
	if len(c.Codes) < maxClues {
		c.Codes = append(c.Codes, code)
	}
}

// header takes the clues of one header; of the received message itself its own
// Message-ID is none, but those it answers are.
func (c *Clues) header(fields []message.Field, own bool) {
	for i, f := range fields {
		if i > 400 {
			return
		}
		switch strings.ToLower(f.Name) {
		case "message-id", "resent-message-id":
			if !own {
				c.messageID(f.Value)
			}
		case "in-reply-to", "references", "original-message-id", "x-original-message-id":
			c.messageID(f.Value)
		case "feedback-id", "cfbl-feedback-id", "x-feedback-id":
			if !own || !strings.EqualFold(f.Name, "Feedback-ID") {
				c.FeedbackIDs = addText(c.FeedbackIDs, clip(f.Value, maxClueValue), maxClues)
			}
		case "return-path", "to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "received", "x-envelope-from", "sender", "errors-to", "original-mail-from", "x-failed-recipients", "list-unsubscribe", "authentication-results", "received-spf", "cc":
			c.token(f.Value)
		}
	}
}

// collect takes the clues of a letter and of what is enclosed in it.
func (f *Found) collect(m *letter) {
	f.Clues.header(m.fields, true)
	f.Clues.text(f.Subject)
	for _, l := range m.leaves {
		switch {
		case strings.HasPrefix(l.mediaType, "text/"):
			f.Clues.text(l.text())
		case l.mediaType == "message/delivery-status", l.mediaType == "message/feedback-report":
			f.Clues.text(string(l.body))
		}
	}
	if f.Feedback != nil {
		f.Clues.token(string(f.Feedback.MailFrom))
		for _, p := range f.Feedback.Fields {
			switch strings.ToLower(p.Name) {
			case "feedback-id", "cfbl-feedback-id", "x-feedback-id":
				f.Clues.FeedbackIDs = addText(f.Clues.FeedbackIDs, clip(p.Value, maxClueValue), maxClues)
			case "original-message-id", "message-id", "x-message-id":
				f.Clues.messageID(p.Value)
			}
		}
	}
	f.collectEnclosed()
}

// collectEnclosed takes the clues of the enclosed messages.
func (f *Found) collectEnclosed() {
	for _, e := range f.Enclosed {
		fields, _ := message.Fields(e.Raw)
		f.Clues.header(fields, false)
		parsed, err := message.Parse(e.Raw)
		if err != nil {
			continue
		}
		for i, p := range parsed.Parts {
			if i >= 50 {
				break
			}
			if p.Type == "text/html" {
				f.Clues.text(message.TextFromHTML(clip(p.Text, maxClueText)))
			} else {
				f.Clues.text(p.Text)
			}
		}
	}
}

// idShape is a message ID named in the text of a report.
var idShape = regexp.MustCompile(`(?i)message-?\s?id(?: of|:| is|=)?\s*[:=]?\s*<?([^\s<>"',;]{3,200}@[^\s<>"',;]{1,200})>?`)

// namedIDs takes message IDs named in a report's text.
func (c *Clues) namedIDs(text string) {
	for _, m := range idShape.FindAllStringSubmatch(clip(text, maxNotice), maxClues) {
		c.messageID(strings.TrimRight(m[1], ".)"))
	}
}
