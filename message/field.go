package message

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
)

// header is the few fields Parse asks for, each as written (unfolded): the
// first of its name, which is the one most mail programs show.
type header struct {
	values map[string]string
	fields int
}

// wanted are the fields that are kept; those marked may stand only once (RFC
// 5322 3.6, RFC 2045).
func wanted(name string) (kept, single bool) {
	switch name {
	case "subject", "from", "reply-to", "content-type", "content-transfer-encoding":
		return true, true
	case "content-disposition", "content-id", "in-reply-to", "references":
		return true, false
	}
	return false, false
}

// header reads a header block and answers what stands behind it. A line that
// is no field is skipped, so that nothing behind it is lost; but a block that
// does not begin with a field is body from its first byte.
func (p *parser) header(raw []byte) (header, []byte) {
	h := header{values: map[string]string{}}
	rest := raw
	for len(rest) > 0 {
		if len(raw)-len(rest) > maxHeader || h.fields >= maxFields {
			p.defect(DefectHeaderSize)
			return h, afterBlank(rest)
		}
		text, next := line(rest)
		if len(text) == 0 {
			return h, next
		}
		colon := bytes.IndexByte(text, ':')
		switch {
		case colon > 0 && fieldName(text[:colon]):
		case h.fields == 0:
			return h, rest
		case bytes.HasPrefix(text, []byte("--")): // a boundary: the blank line is missing
			p.defect(DefectHeader)
			return h, rest
		default:
			if text[0] != ' ' && text[0] != '\t' {
				p.defect(DefectHeader)
			}
			rest = next
			continue
		}
		h.fields++
		name := strings.ToLower(string(bytes.TrimRight(text[:colon], " \t")))
		rest = p.keep(&h, name, text[colon+1:], next)
	}
	return h, nil
}

// keep stores a field with its continuation lines and answers what follows.
func (p *parser) keep(h *header, name string, value, next []byte) []byte {
	kept, single := wanted(name)
	if _, twice := h.values[name]; twice {
		if single {
			p.defect(DefectRepeated)
		}
		kept = false
	}
	var b strings.Builder
	if kept {
		b.Write(bytes.TrimSpace(value))
	}
	for len(next) > 0 && (next[0] == ' ' || next[0] == '\t') {
		var text []byte
		text, next = line(next)
		if kept && b.Len() < maxValue {
			b.WriteByte(' ')
			b.Write(bytes.TrimSpace(text))
		}
	}
	if kept {
		s := strings.TrimSpace(b.String())
		h.values[name] = s[:min(len(s), maxValue)]
	}
	return next
}

// afterBlank skips the rest of a header block.
func afterBlank(b []byte) []byte {
	for len(b) > 0 {
		var text []byte
		if text, b = line(b); len(text) == 0 {
			return b
		}
	}
	return nil
}

// fieldName is RFC 5322 3.6.8, with the white space before the colon that its
// obsolete syntax (4.5) allows.
func fieldName(b []byte) bool {
	b = bytes.TrimRight(b, " \t")
	if len(b) > 200 {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}

func (h header) value(name string) string { return h.values[name] }

// token is a field's value without comments and parameters.
func (h header) token(name string) string {
	v := h.values[name]
	if i := strings.IndexAny(v, ";( \t"); i >= 0 {
		v = v[:i]
	}
	return strings.Trim(v, `"'`)
}

func (h header) text(name string) string { return decodeWords(h.values[name]) }

// decodeWords decodes encoded words (RFC 2047) wherever they stand, also inside
// quotes and without space between them, because mail programs do. Neighbours
// in one character set are decoded together: many senders cut characters.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return toUTF8("", []byte(s))
	}
	var b strings.Builder
	var pending []byte
	charset := ""
	flush := func() {
		b.WriteString(toUTF8(charset, pending))
		pending = pending[:0]
	}
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		cs, data, n, ok := encodedWord(s[i:])
		gap := s[:i]
		if !ok {
			flush()
			b.WriteString(toUTF8("", []byte(s[:i+2])))
			s, charset = s[i+2:], ""
			continue
		}
		if charset == "" || strings.TrimSpace(gap) != "" { // white space between two words is none (6.2)
			flush()
			b.WriteString(toUTF8("", []byte(gap)))
		} else if !strings.EqualFold(cs, charset) {
			flush()
		}
		charset, pending, s = cs, append(pending, data...), s[i+n:]
	}
	flush()
	b.WriteString(toUTF8("", []byte(s)))
	return b.String()
}

// encodedWord reads "=?charset?B?data?=" at the head of s and answers how long
// it is.
func encodedWord(s string) (charset string, data []byte, n int, ok bool) {
	rest := s[2:]
	first := strings.IndexByte(rest, '?')
	if first <= 0 || first > 60 || len(rest) < first+3 || rest[first+2] != '?' {
		return "", nil, 0, false
	}
	charset, _, _ = strings.Cut(rest[:first], "*") // RFC 2231 5: a language may follow
	kind, body := rest[first+1]|0x20, rest[first+3:]
	end := strings.Index(body, "?=")
	if end < 0 {
		return "", nil, 0, false
	}
	n = 2 + first + 3 + end + 2
	switch kind {
	case 'b':
		data, _ = decodeBase64([]byte(body[:end]))
	case 'q':
		data, _ = decodeQuoted([]byte(strings.ReplaceAll(body[:end], "_", " ")))
	default:
		return "", nil, 0, false
	}
	return charset, data, n, true
}

// mailbox reads the first mailbox of an address field, however it is written.
func mailbox(value string) (name, address string) {
	if open := lastAngle(value); open >= 0 {
		end := strings.IndexByte(value[open:], '>')
		if end < 0 {
			end = len(value) - open
		}
		return displayName(value[:open]), bare(value[open+1 : open+end])
	}
	if open := strings.IndexByte(value, '('); open >= 0 { // RFC 822: address (name)
		if end := strings.LastIndexByte(value, ')'); end > open {
			name, value = value[open+1:end], value[:open]+value[end+1:]
		}
	}
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		if strings.Contains(word, "@") {
			if name == "" {
				name, _, _ = strings.Cut(value, word)
			}
			return displayName(name), bare(word)
		}
	}
	if name == "" {
		name = value
	}
	return displayName(name), ""
}

// lastAngle finds the "<" of the first mailbox: the first outside quotes whose
// text holds an @, else the first outside quotes.
func lastAngle(s string) int {
	quoted, first := false, -1
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '<' && !quoted:
			if first < 0 {
				first = i
			}
			if end := strings.IndexByte(s[i:], '>'); end > 0 && strings.Contains(s[i:i+end], "@") {
				return i
			}
		}
	}
	return first
}

func bare(s string) string { return toUTF8("", []byte(strings.Trim(s, " \t\"'<>,;:"))) }

// displayName takes off quotes and quoting, then decodes encoded words.
func displayName(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' {
		s = strings.TrimSuffix(s[1:], `"`)
		if strings.ContainsRune(s, '\\') {
			var b strings.Builder
			for i := 0; i < len(s); i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			s = b.String()
		}
	}
	return strings.TrimSpace(decodeWords(s))
}

// decode undoes a transfer encoding (RFC 2045 6).
func (p *parser) decode(encoding string, body []byte) []byte {
	ok := true
	switch encoding {
	case "base64":
		if body, ok = decodeBase64(body); !ok {
			p.defect(DefectBase64)
		}
	case "quoted-printable":
		if body, ok = decodeQuoted(body); !ok {
			p.defect(DefectQuoted)
		}
	case "", "7bit", "8bit", "binary":
	default:
		p.defect(DefectEncoding)
	}
	return body
}

// decodeBase64 decodes what there is to decode: characters outside the alphabet
// are skipped (RFC 2045 6.8), padding may be missing, and what follows padding
// goes on, because some senders encode in pieces. ok is false when anything but
// white space was skipped, or a character is left over.
func decodeBase64(src []byte) (out []byte, ok bool) {
	clean := make([]byte, 0, len(src))
	out = make([]byte, 0, base64.RawStdEncoding.DecodedLen(len(src)))
	ok = true
	flush := func() {
		if len(clean)%4 == 1 {
			clean, ok = clean[:len(clean)-1], false
		}
		n := len(out)
		out = slices.Grow(out, base64.RawStdEncoding.DecodedLen(len(clean)))
		m, err := base64.RawStdEncoding.Decode(out[n:cap(out)], clean)
		out, clean, ok = out[:n+m], clean[:0], ok && err == nil
	}
	for _, c := range src {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '=':
			if len(clean)%4 != 0 {
				flush()
			}
		case c == ' ', c == '\t', c == '\r', c == '\n':
		default:
			ok = false
		}
	}
	flush()
	return out, ok
}

// decodeQuoted decodes quoted-printable (RFC 2045 6.7). What is no escape stays
// as it is; ok is then false.
func decodeQuoted(src []byte) (out []byte, ok bool) {
	out, ok = make([]byte, 0, len(src)), true
	for i := 0; i < len(src); {
		run := bytes.IndexByte(src[i:], '=')
		if run < 0 {
			return append(out, src[i:]...), ok
		}
		out = append(out, src[i:i+run]...)
		i += run
		rest := src[i+1:]
		if len(rest) >= 2 && hexDigit(rest[0]) >= 0 && hexDigit(rest[1]) >= 0 {
			out = append(out, byte(hexDigit(rest[0])<<4|hexDigit(rest[1])))
			i += 3
			continue
		}
		text, next := line(rest)
		if len(bytes.TrimRight(text, " \t")) == 0 { // a soft line break
			i = len(src) - len(next)
			continue
		}
		out, ok, i = append(out, '='), false, i+1
	}
	return out, ok
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
