package inspect

import (
	"bytes"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Read says what a received message or XARF document is. The error is a
// *cordon.Error, and only when there is nothing to read: anything else that is
// broken, hostile or unknown is Other, or what can still be told of it. Bytes
// beyond message.MaxMessage are not read.
func Read(raw []byte) (Found, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return Found{}, cordon.InvalidField("message", "is empty", "give a whole message, header and body, or an XARF document")
	}
	raw = raw[:min(len(raw), message.MaxMessage)]
	f := Found{Kind: Other, Class: None}
	if doc, ok := asDocument(raw); ok {
		if f.document(doc) {
			return f, nil
		}
		return f, nil
	}
	m := open(raw)
	f.Subject, f.From = clip(m.subject(), 1000), m.from()
	f.decide(m)
	f.collect(m)
	return f, nil
}

// decide asks the readers in turn. What declares itself comes first, what must
// be judged by its words last: a bounce of a complaint is a bounce, an automatic
// reply that quotes a bounce is judged by what it says of itself.
func (f *Found) decide(m *letter) {
	if xarfMail(m, f) || feedback(m, f) {
		return
	}
	if returns, ok := statusOf(m); ok && m.report != "disposition-notification" {
		f.encloseParts(m)
		if len(returns) > 0 {
			f.bounce(returns)
			return
		}
		if !plain(m, f) {
			f.Kind, f.Class, f.Reason, f.Status = Bounce, Soft, Undefined, "5.0.0"
			f.Recipients = addAddress(f.Recipients, returnedTo(m, ""))
		}
		return
	}
	f.encloseParts(m)
	if receipt(m, f) || provider(m, f) || optOut(m, f) || loop(m, f) || plain(m, f) {
		return
	}
	if len(f.Enclosed) == 0 {
		f.pasted(m)
	}
	if auto(m, f) || notice(m, f) {
		return
	}
	plaint(m, f)
}

// asDocument says whether the bytes are a document and no message: JSON, also
// broken JSON.
func asDocument(raw []byte) ([]byte, bool) {
	doc := bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("\xef\xbb\xbf"))
	if utf16ish(doc) {
		doc = []byte(strings.TrimPrefix(message.DecodeText("utf-16", doc), "\ufeff"))
	}
	doc = bytes.TrimSpace(doc)
	if len(doc) == 0 || doc[0] != '{' && doc[0] != '[' {
		return nil, false
	}
	return doc, true
}

func utf16ish(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff})
}

// document reads a JSON document: an XARF report, a mail service's notification,
// or neither.
func (f *Found) document(doc []byte) bool {
	if e, ok := readEvent(doc); ok {
		return e.answer(f)
	}
	report, ok := readXARF(doc)
	if !ok {
		return false
	}
	f.reported(report)
	return true
}

// Messages cuts an mbox into its messages; anything else is one message. A
// separator is a "From " line with a year in it behind an empty line, followed by
// a header field, so that a sentence that begins with "From" cuts nothing.
func Messages(raw []byte) [][]byte {
	if !bytes.HasPrefix(raw, []byte("From ")) {
		return [][]byte{raw}
	}
	var all [][]byte
	start, blank := 0, false
	for at := 0; at < len(raw); {
		line, rest := cutLine(raw[at:])
		next := len(raw) - len(rest)
		if blank && separator(line, rest) && len(all) < maxMbox {
			all = append(all, raw[start:at])
			start = at
		}
		blank = len(line) == 0
		at = next
	}
	return append(all, raw[start:])
}

const maxMbox = 100_000 // messages of one mbox

func separator(line, rest []byte) bool {
	if !bytes.HasPrefix(line, []byte("From ")) || len(line) > 300 {
		return false
	}
	words := bytes.Fields(line)
	if len(words) < 6 || bytes.Count(line, []byte(":")) < 1 {
		return false
	}
	next, _ := cutLine(rest)
	_, ok := fieldOf(next)
	return ok
}
