package inspect

import (
	"bytes"
	"strings"

	"github.com/cordonmail/cordon/message"
)

const (
	maxEnclosed      = 50      // messages kept of one
	maxEnclosedBytes = 8 << 20 // bytes of one that is quoted in text
)

// transit are fields a message gets on its way: a block of text that has one is
// a copied header and nothing a person wrote.
var transit = map[string]bool{
	"received": true, "message-id": true, "return-path": true, "dkim-signature": true, "mime-version": true, "x-mailer": true,
	"x-received": true, "delivered-to": true, "x-originating-ip": true, "authentication-results": true, "user-agent": true, "content-type": true,
}

// shown are the fields every header has.
var shown = map[string]bool{"from": true, "to": true, "date": true, "subject": true, "cc": true, "reply-to": true, "sender": true}

// headerBlock finds the first copied header in a text: where it begins. One
// field of the way and two more are enough.
func headerBlock(text []byte) (start int, ok bool) {
	begin, fields, ways := -1, 0, 0
	good := func() bool { return begin >= 0 && ways >= 1 && fields >= 3 }
	for at := 0; at < len(text); {
		line, rest := cutLine(text[at:])
		next := len(text) - len(rest)
		name, isField := fieldOf(line)
		switch {
		case isField && (transit[name] || shown[name] || strings.HasPrefix(name, "x-") || begin >= 0):
			if begin < 0 {
				begin = at
			}
			if transit[name] {
				ways++
			}
			if transit[name] || shown[name] {
				fields++
			}
		case begin >= 0 && len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
		default:
			if good() {
				return begin, true
			}
			begin, fields, ways = -1, 0, 0
		}
		at = next
	}
	return begin, good()
}

// fieldOf reads the name of a field at the head of a line, in lower case.
func fieldOf(line []byte) (string, bool) {
	i := bytes.IndexByte(line, ':')
	if i < 1 || i > 60 {
		return "", false
	}
	for _, c := range line[:i] {
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' {
			return "", false
		}
	}
	return strings.ToLower(string(line[:i])), true
}

// copied cuts a plain report into what the system says and the message it
// returns. The message may be missing.
func copied(text string) (notice, returned string) {
	raw := []byte(text)
	at, offset := -1, 0
	for rest := raw; len(rest) > 0; {
		line, after := cutLine(rest)
		if mark(string(line)) && offset > 0 {
			at = len(raw) - len(after)
			notice = string(raw[:offset])
			break
		}
		rest = after
		offset = len(raw) - len(rest)
	}
	from := max(at, 0)
	if i, ok := headerBlock(raw[from:]); ok {
		if at < 0 || from+i < at {
			notice = string(raw[:from+i])
		}
		return notice, string(raw[from+i:])
	}
	if at < 0 {
		return text, ""
	}
	return notice, ""
}

// mark says whether a line announces the returned message.
func mark(line string) bool {
	line = strings.TrimSpace(line)
	if len(line) > 120 || len(line) < 8 {
		return false
	}
	bare := strings.Trim(line, "-=|*_+#<> \t.:")
	s := fold(bare)
	if len(bare) == len(line) || strings.HasSuffix(line, ":") && len(bare)+1 == len(line) { // no decoration: the line must be the mark
		for _, m := range copyMarks {
			if s == m || strings.HasPrefix(s, m+" follow") {
				return true
			}
		}
		return false
	}
	return hasPrefixAny(s, copyMarks)
}

// enclose keeps an enclosed message, when there is one.
func (f *Found) enclose(how EnclosedHow, raw []byte) {
	trimmed := bytes.TrimLeft(raw, "\r\n")
	if len(f.Enclosed) >= maxEnclosed || len(bytes.TrimSpace(trimmed)) == 0 {
		return
	}
	if fields, _ := message.Fields(trimmed); len(fields) == 0 {
		return
	}
	f.Enclosed = append(f.Enclosed, Enclosed{how, trimmed})
}

// encloseParts keeps the enclosed messages that are parts of their own.
func (f *Found) encloseParts(m *letter) {
	for _, l := range m.leaves {
		switch {
		case l.mediaType == "message/rfc822" || l.mediaType == "message/global":
			f.enclose(AsMessage, l.body)
		case l.mediaType == "text/rfc822-headers" || l.mediaType == "message/rfc822-headers" || l.mediaType == "message/global-headers" || l.mediaType == "text/rfc822" || l.mediaType == "message/partial":
			f.enclose(AsHeaders, l.body)
		case strings.HasSuffix(l.name, ".eml") || l.name == "original_message.txt" || strings.HasSuffix(l.name, "headers.txt"):
			f.enclose(AsMessage, l.body)
		case l.attachment && (l.mediaType == "text/plain" || l.mediaType == "application/octet-stream"):
			if i, ok := headerBlock(l.body[:min(len(l.body), 4096)]); ok && i == 0 {
				f.enclose(AsMessage, l.body)
			}
		}
	}
}
