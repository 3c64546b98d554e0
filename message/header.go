package message

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	maxLine = 998 // RFC 5322 2.1.1, without the CRLF
	softEnd = 76  // RFC 5322 2.1.1 asks for 78, RFC 2047 2 for 76
	maxWord = 75  // RFC 2047 2: one encoded word
)

// writer appends a message to one buffer and knows the column it stands in.
type writer struct {
	buf []byte
	col int
}

func (w *writer) name(name string) {
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, ": "...)
	w.col = len(name) + 2
}

func (w *writer) crlf() {
	w.buf = append(w.buf, "\r\n"...)
	w.col = 0
}

// space ends the line if n more bytes (and the space before them) would pass the
// end of it, and writes the space either way: unfolding gives the value back.
func (w *writer) space(n int) {
	if w.col+1+n > softEnd {
		w.crlf()
	}
	w.buf = append(w.buf, ' ')
	w.col++
}

// mailbox writes name-addr or addr-spec (RFC 5322 3.4).
func (w *writer) mailbox(header string, m Mailbox) {
	w.name(header)
	addr := string(m.Address)
	if strings.Trim(m.Name, " ") == "" {
		if w.col+len(addr) > softEnd {
			w.crlf()
			w.buf = append(w.buf, ' ')
		}
		w.buf = append(w.buf, addr...)
		w.crlf()
		return
	}
	switch phrase(m.Name) {
	case plain:
		w.words(m.Name)
	case quoted:
		w.words(quote(m.Name))
	default:
		w.encoded(m.Name)
	}
	w.space(len(addr) + 2)
	w.buf = append(w.buf, '<')
	w.buf = append(w.buf, addr...)
	w.buf = append(w.buf, '>')
	w.crlf()
}

type form int

const (
	plain form = iota
	quoted
	encoded
)

// phrase chooses how a display name is written. Encoded words are used wherever
// the plain form would not come back byte for byte, or could be taken for an
// encoded word itself.
func phrase(s string) form {
	if unfaithful(s) {
		return encoded
	}
	for i := range len(s) {
		if !atext(s[i]) && s[i] != ' ' {
			return quoted
		}
	}
	return plain
}

// unfaithful says whether a value must be encoded to survive: not US-ASCII,
// spaces that folding would change, text that looks encoded, over-long words.
func unfaithful(s string) bool {
	return !ascii(s) || s == "" || s[0] == ' ' || s[len(s)-1] == ' ' || strings.Contains(s, "  ") ||
		strings.Contains(s, "=?") || longestWord(s) > 200
}

func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 4)
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' { // RFC 5322 3.2.4
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

// unstructured writes any other header. With exact, the value comes back byte
// for byte (subjects); without it, US-ASCII is written as it is, because an
// extra header may be structured (List-Unsubscribe).
func (w *writer) unstructured(name, value string, exact bool) {
	w.name(name)
	switch {
	case value == "":
	case exact && unfaithful(value), !ascii(value):
		w.encoded(value)
	default:
		w.words(value)
	}
	w.crlf()
}

// words writes US-ASCII, folding at single spaces only (RFC 5322 2.2.3).
func (w *writer) words(s string) {
	start := 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && (s[i] != ' ' || i+1 == len(s) || s[i+1] == ' ' || (i > 0 && s[i-1] == ' ')) {
			continue
		}
		word := s[start:i]
		if start > 0 {
			w.space(len(word))
		} else if w.col+len(word) > maxLine {
			w.crlf()
			w.buf = append(w.buf, ' ')
			w.col = 1
		}
		w.buf = append(w.buf, word...)
		w.col += len(word)
		start = i + 1
	}
}

// encoded writes s as encoded words of at most 75 bytes (RFC 2047 2), in
// whichever of the two encodings is shorter, never splitting a character (5).
func (w *writer) encoded(s string) {
	b := base64.StdEncoding.EncodedLen(len(s)) < lenQ(s)
	for first := true; s != ""; first = false {
		if !first {
			w.crlf()
			w.buf = append(w.buf, ' ')
			w.col = 1
		} else if w.col > softEnd-32 {
			w.crlf()
			w.buf = append(w.buf, ' ')
			w.col = 1
		}
		start := len(w.buf)
		room := min(maxWord, softEnd-w.col) - len("=?utf-8?q??=")
		var n int
		if b {
			n = cut(s, room/4*3, func(string) int { return -1 })
			w.buf = append(w.buf, "=?utf-8?b?"...)
			w.buf = base64.StdEncoding.AppendEncode(w.buf, []byte(s[:n]))
		} else {
			n = cut(s, room, lenQ)
			w.buf = append(w.buf, "=?utf-8?q?"...)
			w.buf = appendQ(w.buf, s[:n])
		}
		w.buf = append(w.buf, "?="...)
		w.col += len(w.buf) - start
		s = s[n:]
	}
}

// cut returns how many bytes of s, in whole characters, cost at most room; cost
// answers -1 where a byte costs one.
func cut(s string, room int, cost func(string) int) int {
	used := 0
	for i, r := range s {
		size := utf8.RuneLen(r)
		c := cost(s[i : i+size])
		if c < 0 {
			c = size
		}
		if used+c > room {
			return i
		}
		used += c
	}
	return len(s)
}

func lenQ(s string) int {
	n := len(s)
	for i := range len(s) {
		if !plainQ(s[i]) && s[i] != ' ' {
			n += 2
		}
	}
	return n
}

func appendQ(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			dst = append(dst, '_')
		case plainQ(c):
			dst = append(dst, c)
		default:
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// plainQ is the set that every place allows, phrases included (RFC 2047 5 (3)).
func plainQ(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '!' || c == '*' || c == '+' || c == '-' || c == '/'
}

const upperHex = "0123456789ABCDEF"
