package compose

import (
	"strconv"
	"strings"
)

// css notes the hosts a style sheet or style attribute loads from: url(…),
// @import, and any other "scheme://" in it. Escapes are decoded first, because
// "u\72l(" is url( to a browser (CSS Syntax 4.3.7).
func (r *reader) css(sheet string, line int) {
	if !strings.ContainsAny(sheet, `:\/`) {
		return
	}
	s := unescapeCSS(sheet)
	at := line
	for rest := s; ; {
		i := indexFold(rest, "url(")
		if i < 0 {
			break
		}
		at += strings.Count(rest[:i], "\n")
		rest = rest[i+len("url("):]
		value, after, _ := strings.Cut(rest, ")")
		r.cssURL(value, at)
		at += strings.Count(value, "\n")
		rest = after
	}
	for rest := s; ; {
		i := indexFold(rest, "@import")
		if i < 0 {
			break
		}
		rest = strings.TrimLeft(rest[i+len("@import"):], " \t\r\n\f")
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			value, _, _ := strings.Cut(rest[1:], rest[:1])
			r.cssURL(value, line)
		}
	}
	at = line
	for rest := s; ; {
		i := strings.Index(rest, "://")
		if i < 0 {
			return
		}
		at += strings.Count(rest[:i], "\n")
		rest = rest[i+len("://"):]
		end := strings.IndexAny(rest, "/?#\"') \t\r\n\f;,")
		if end < 0 {
			end = len(rest)
		}
		r.p.host(rest[:end], at)
	}
}

func (r *reader) cssURL(value string, line int) {
	value = strings.Trim(value, " \t\r\n\f\"'")
	if !r.has(value) { // a marker in it is refused already
		r.p.link(plane15(value), line, "a style's url")
	}
}

func unescapeCSS(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		end := i + 1
		for end < len(s) && end < i+7 && strings.IndexByte("0123456789abcdefABCDEF", s[end]) >= 0 {
			end++
		}
		if end == i+1 { // any other character stands for itself
			continue
		}
		n, _ := strconv.ParseUint(s[i+1:end], 16, 32)
		b.WriteRune(rune(n))
		if end < len(s) && strings.IndexByte(" \t\n\f", s[end]) >= 0 {
			end++
		}
		i = end - 1
	}
	return b.String()
}
