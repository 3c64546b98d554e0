package message

import (
	"bytes"
	"log/slog"
	"strings"
)

// Field is one header field: its name as written, its value unfolded, encoded
// words and comments still in it.
type Field struct{ Name, Value string }

func (Field) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Field) String() string       { return "[personal data]" }
func (Field) GoString() string     { return "[personal data]" }

// Fields reads a header block as Parse does, but keeps every field in its order
// (at most 1,000 of them, 16 KiB of each value), and answers what stands behind
// it. Text that does not begin with a field has none and is all body.
func Fields(raw []byte) (fields []Field, body []byte) {
	rest := raw
	if bytes.HasPrefix(rest, []byte("From ")) || bytes.HasPrefix(rest, []byte(">From ")) { // an mbox's separator
		_, rest = line(rest)
	}
	start := rest
	for len(rest) > 0 {
		if len(start)-len(rest) > maxHeader || len(fields) >= maxFields {
			return fields, afterBlank(rest)
		}
		text, next := line(rest)
		if len(text) == 0 {
			return fields, next
		}
		colon := bytes.IndexByte(text, ':')
		switch {
		case colon > 0 && fieldName(text[:colon]):
		case len(fields) == 0, bytes.HasPrefix(text, []byte("--")):
			return fields, rest
		default:
			rest = next
			continue
		}
		var b strings.Builder
		b.Write(bytes.TrimSpace(text[colon+1:]))
		for len(next) > 0 && (next[0] == ' ' || next[0] == '\t') {
			var more []byte
			more, next = line(next)
			if b.Len() < maxValue {
				b.WriteByte(' ')
				b.Write(bytes.TrimSpace(more))
			}
		}
		value := strings.TrimSpace(b.String())
		fields = append(fields, Field{string(bytes.TrimRight(text[:colon], " \t")), value[:min(len(value), maxValue)]})
		rest = next
	}
	return fields, nil
}

// DecodeWords decodes a field's encoded words (RFC 2047) as leniently as Parse.
func DecodeWords(value string) string { return decodeWords(value) }

// DecodeText makes UTF-8 of the bytes of a text part, at most MaxText of them.
func DecodeText(charset string, b []byte) string {
	return toUTF8(charset, b[:min(len(b), MaxText)])
}

// DecodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 6); what is none
// of its encodings stays as it is.
func DecodeTransfer(encoding string, b []byte) []byte {
	p := parser{}
	if i := strings.IndexAny(encoding, ";( \t"); i >= 0 {
		encoding = encoding[:i]
	}
	return p.decode(strings.ToLower(strings.Trim(encoding, `"'`)), b)
}

// ContentType reads the value of Content-Type, however it is written: the type
// in lower case and its parameters, names in lower case.
func ContentType(value string) (mediaType string, params map[string]string) {
	p := parser{}
	return p.contentType(header{values: map[string]string{"content-type": value}}, place{})
}

// Sections splits the body of a multipart at its boundary (RFC 2046 5.1.1), at
// most limit sections of it, and answers the text before the first too, which is
// for no reader but holds what some systems say.
func Sections(boundary string, body []byte, limit int) (preamble []byte, sections [][]byte) {
	if boundary == "" || len(boundary) > maxBoundary {
		if boundary = guessBoundary(body); boundary == "" {
			return body, nil
		}
	}
	for first := true; ; first = false {
		segment, rest, closing, ok := nextBoundary(body, boundary)
		switch {
		case first && !ok:
			return body, nil
		case first:
			preamble = segment
		default:
			sections = append(sections, segment)
		}
		if !ok || closing || len(sections) >= limit {
			return preamble, sections
		}
		body = rest
	}
}
