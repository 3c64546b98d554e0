package message

import (
	"strings"
	"unicode/utf8"
)

// part writes the content headers and the body of one text part. The body ends
// with exactly one CRLF of its own making when it had no line end.
func (w *writer) part(mediaType, body string) {
	w.buf = append(w.buf, "Content-Type: "...)
	w.buf = append(w.buf, mediaType...)
	w.buf = append(w.buf, "; charset=utf-8\r\nContent-Transfer-Encoding: "...)
	if sevenBit(body) {
		w.buf = append(w.buf, "7bit\r\n\r\n"...)
		w.buf = appendLines(w.buf, body)
	} else {
		w.buf = append(w.buf, "quoted-printable\r\n\r\n"...)
		w.buf = appendQuotedPrintable(w.buf, body)
	}
}

// sevenBit says whether a body may be written as it is: US-ASCII text in lines
// of at most 78 bytes (RFC 5322 2.1.1) that nothing on the way will change. A
// line "From " is altered by mbox stores, white space at the end of a line is
// lost, and "--=_" could be taken for a boundary.
func sevenBit(s string) bool {
	start := 0 // of the line
	for i := range len(s) {
		c := s[i]
		if kind(c)&inPlain != 0 {
			if i == start && (c == 'F' || c == '-') && (strings.HasPrefix(s[i:], "From ") || strings.HasPrefix(s[i:], "--=_")) {
				return false
			}
			continue
		}
		if c != '\r' && c != '\n' || i-start > 78 || i > start && kind(s[i-1])&isBlank != 0 {
			return false
		}
		start = i + 1
	}
	return len(s)-start <= 78
}

// appendLines writes s with every line end as CRLF.
func appendLines(dst []byte, s string) []byte {
	bare := strings.IndexByte(s, '\r') >= 0
	for s != "" {
		i := strings.IndexByte(s, '\n')
		if bare {
			i = strings.IndexAny(s, "\r\n")
		}
		if i < 0 {
			return append(append(dst, s...), "\r\n"...)
		}
		dst = append(append(dst, s[:i]...), "\r\n"...)
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			i++
		}
		s = s[i+1:]
	}
	return dst
}

const maxQP = 76 // RFC 2045 6.7 (5), the soft line break's "=" included

// appendQuotedPrintable writes s as quoted-printable with CRLF line ends (RFC
// 2045 6.7). It is mime/quotedprintable without the io.Writer: runs are copied
// whole, and nothing is allocated.
func appendQuotedPrintable(dst []byte, s string) []byte {
	col := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c == '\r' || c == '\n' {
			if c == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			dst, col, i = append(dst, '\r', '\n'), 0, i+1
			continue
		}
		if n := literalRun(s[i:], maxQP-1-col, col == 0); n > 0 {
			dst, col, i = append(dst, s[i:i+n]...), col+n, i+n
			continue
		}
		if col+encodedLen(s[i:]) > maxQP-1 {
			dst, col = append(dst, '=', '\r', '\n'), 0
			continue
		}
		dst, col, i = append(dst, '=', upperHex[c>>4], upperHex[c&15]), col+3, i+1
	}
	if col > 0 {
		dst = append(dst, '\r', '\n')
	}
	return dst
}

// literalRun is how many bytes of s may be written as they are, at most room.
func literalRun(s string, room int, lineStart bool) int {
	if lineStart && (s[0] == '.' || s[0] == 'F' && strings.HasPrefix(s, "From ")) {
		return 0 // kept from careless dot-stuffing and from mbox stores
	}
	n, end := 0, min(room, len(s))
	for n < end && kind(s[n])&(inQuoted|isBlank) != 0 {
		n++
	}
	// RFC 2045 6.7 (3): no white space at the end of a line.
	if n > 0 && kind(s[n-1])&isBlank != 0 && (n == len(s) || s[n] == '\r' || s[n] == '\n') {
		n--
	}
	return n
}

// encodedLen is what the next byte takes, or the next character where it would
// otherwise be cut in two.
func encodedLen(s string) int {
	if s[0] < 0xc0 {
		return 3
	}
	_, n := utf8.DecodeRuneInString(s)
	return 3 * n
}

// What a byte is to a body.
const (
	inQuoted = 1 << iota // itself in quoted-printable
	isBlank              // space or tab
	inPlain              // itself in 7bit
)

// kinds has what every US-ASCII byte is.
const kinds = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x06\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05" +
	"\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x04\x05\x05" +
	"\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05" +
	"\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05" +
	"\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05" +
	"\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x00"

func kind(c byte) byte {
	if c >= utf8.RuneSelf {
		return 0
	}
	return kinds[c]
}
