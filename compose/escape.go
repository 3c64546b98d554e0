package compose

import "strings"

// how is where a value stands and so how it is written.
type how uint8

const (
	asText  how = iota // a text part or a subject: nothing to escape
	asHTML             // HTML text, or a quoted attribute
	asQuery            // behind the host of a link: everything but unreserved is percent-encoded
	asMail             // the address of a mailto link
	asTel              // the number of a tel link

	// inComment is added inside Outlook's conditional comments, where "--" must
	// not arise: a hyphen is escaped too.
	inComment how = 0x80
)

// write appends the value, escaped for its place.
func (h how) write(b *strings.Builder, s string) {
	comment := h&inComment != 0
	switch h &^ inComment {
	case asText:
		b.WriteString(s)
	case asHTML:
		writeHTML(b, s, comment)
	default:
		h.percent(b, s, comment)
	}
}

func writeHTML(b *strings.Builder, s string, comment bool) {
	last := 0
	for i := range len(s) {
		var rep string
		switch s[i] {
		case '&':
			rep = "&amp;"
		case '<':
			rep = "&lt;"
		case '>':
			rep = "&gt;"
		case '"':
			rep = "&#34;"
		case '\'':
			rep = "&#39;"
		case '`': // old Outlook's engine takes it for a quote
			rep = "&#96;"
		case '-':
			if !comment {
				continue
			}
			rep = "&#45;"
		default:
			continue
		}
		b.WriteString(s[last:i])
		b.WriteString(rep)
		last = i + 1
	}
	b.WriteString(s[last:])
}

// percent writes RFC 3986 2.1: what is not unreserved (2.3) is encoded, so a
// value can neither add a path segment, a parameter nor a fragment.
func (h how) percent(b *strings.Builder, s string, comment bool) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '~',
			c == '-' && !comment:
			b.WriteByte(c)
		case c == '@' && h&^inComment == asMail, c == '+' && h&^inComment == asTel:
			b.WriteByte(c)
		case h&^inComment == asTel && strings.IndexByte(" ()/", c) >= 0:
			// Visual separators; RFC 3966 5.1.1 keeps "-" and "." alone.
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}
