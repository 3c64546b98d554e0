package screen

import (
	"bytes"
	"strings"
)

// link notes one address and answers its index, or -1 when there is none to
// note.
func (r *reader) link(raw []byte, kind LinkKind) int {
	if len(raw) == 0 {
		return -1
	}
	if len(r.s.Links) >= maxLinks {
		r.s.Cut = true
		return -1
	}
	l := r.parse(string(raw[:min(len(raw), 4*maxURL)]))
	if l.URL == "" || l.URL[0] == '#' {
		return -1
	}
	l.Kind = kind
	switch l.Scheme {
	case "data":
		r.s.HTML.DataURLs++
	case "javascript", "vbscript":
		r.s.HTML.ScriptURLs++
	}
	r.s.Links = append(r.s.Links, l)
	return len(r.s.Links) - 1
}

// parse reads an address as a browser would, and notes what is odd about it
// (the WHATWG URL Standard says what a browser makes of odd addresses).
func (r *reader) parse(raw string) Link {
	l := Link{URL: strings.Trim(raw, " \t\r\n\f\x00")}
	if strings.ContainsAny(l.URL, "\t\r\n") {
		l.URL = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(l.URL)
		l.Trick |= TrickSlash
	}
	rest := l.URL
	l.URL = clip(l.URL, maxURL)
	if colon := strings.IndexAny(rest, ":/?#\\"); colon > 0 && rest[colon] == ':' && schemeName(rest[:colon]) {
		l.Scheme, rest = strings.ToLower(rest[:colon]), rest[colon+1:]
	}
	switch l.Scheme {
	case "http", "https", "ftp":
	case "mailto":
		address, _, _ := strings.Cut(rest, "?")
		if i := strings.LastIndexByte(address, '@'); i >= 0 {
			r.host(&l, address[i+1:])
		}
		return l
	case "":
		if len(rest) < 2 || !slash(rest[0]) || !slash(rest[1]) {
			return l
		}
	default:
		return l
	}
	slashes := 0
	for slashes < len(rest) && slash(rest[slashes]) {
		slashes++
	}
	if slashes != 2 || rest[0] != '/' || rest[1] != '/' {
		l.Trick |= TrickSlash
	}
	rest = rest[slashes:]
	end := strings.IndexAny(rest, "/?#\\")
	if end < 0 {
		end = len(rest)
	}
	r.authority(&l, rest[:end])
	if inner(rest[end:]) {
		l.Trick |= TrickInner
	}
	return l
}

func slash(c byte) bool { return c == '/' || c == '\\' }

func schemeName(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (i == 0 || (s[i] < '0' || s[i] > '9') && s[i] != '+' && s[i] != '-' && s[i] != '.') {
			return false
		}
	}
	return true
}

// authority reads user, host and port.
func (r *reader) authority(l *Link, s string) {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		l.Trick |= TrickUser
		s = s[i+1:]
	}
	if strings.HasPrefix(s, "[") {
		l.Trick |= TrickIP
		if end := strings.IndexByte(s, ']'); end > 0 {
			l.Host = clip(strings.ToLower(s[:end+1]), 60)
			l.Domain = l.Host
		}
		return
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		switch s[i+1:] {
		case "", "80", "443", "8080", "8443":
		default:
			l.Trick |= TrickPort
		}
		s = s[:i]
	}
	r.host(l, s)
}

// inner says whether a path or query holds another URL.
func inner(s string) bool {
	for {
		i := strings.Index(s, "http")
		if i < 0 {
			return false
		}
		s = s[i+4:]
		t := strings.TrimPrefix(s, "s")
		if strings.HasPrefix(t, "://") || foldPrefix(t, "%3a%2f%2f") || foldPrefix(t, "%253a%252f") || foldPrefix(t, "%3a//") || foldPrefix(t, ":%2f%2f") {
			return true
		}
	}
}

// bare finds the addresses in text that mail programs make links of: what
// begins with a scheme or "www.", and words that are a domain. Text inside
// anchors is no link of its own.
func (r *reader) bare(s []byte, anchors []span) {
	for from := 0; from < len(s) && !r.s.Cut; {
		dot := from
		for dot < len(s) && s[dot] != '.' && s[dot] != ':' {
			dot++
		}
		if dot+1 >= len(s) {
			return
		}
		if c := s[dot+1]; c <= ' ' { // the end of a sentence
			from = dot + 1
			continue
		}
		start, end := token(s, dot)
		if start < from {
			start = from
		}
		from = max(end, dot+1)
		for len(anchors) > 0 && anchors[0].end <= start {
			anchors = anchors[1:]
		}
		if len(anchors) > 0 && anchors[0].start < end {
			continue
		}
		r.bareToken(string(s[start:end]))
	}
}

// token widens i to the stretch without white space and angle brackets.
func token(s []byte, i int) (start, end int) {
	for start = i; start > 0 && i-start < 300 && !divides(s[start-1]); start-- {
	}
	for end = i; end < len(s) && end-i < 4*maxURL && !divides(s[end]); end++ {
	}
	return start, end
}

func divides(c byte) bool {
	return c <= ' ' || c == '<' || c == '>' || c == '"' || c == '|'
}

func (r *reader) bareToken(s string) {
	if i := strings.Index(s, "://"); i > 0 {
		start := i
		for start > 0 && (s[start-1]|0x20 >= 'a' && s[start-1]|0x20 <= 'z') {
			start--
		}
		switch scheme := strings.ToLower(s[start:i]); scheme {
		case "http", "https", "ftp":
			r.link([]byte(trimURL(s[start:])), LinkText)
		}
		return
	}
	s = strings.Trim(s, "()[]{}'`*_,;:!?.-=\u201c\u201d\u2019\u2018\u00bb\u00ab")
	if strings.HasPrefix(s, "mailto:") {
		r.link([]byte(trimURL(s)), LinkText)
		return
	}
	host := s
	if i := strings.IndexAny(s, "/?#:,;()[]{}!'=*&"); i >= 0 {
		host = s[:i]
	}
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		return // an address leads to a mailbox
	}
	if len(host) > 253 || !(foldPrefix(host, "www.") && strings.Count(host, ".") > 1 || bareDomain(host)) {
		return
	}
	r.link([]byte("//"+trimURL(s)), LinkText)
}

// trimURL drops what ends a sentence rather than a URL.
func trimURL(s string) string {
	for {
		t := strings.TrimRight(s, ".,;:!?'*_\u201d\u2019\u00bb")
		if strings.HasSuffix(t, ")") && strings.Count(t, "(") < strings.Count(t, ")") || strings.HasSuffix(t, "]") && strings.Count(t, "[") < strings.Count(t, "]") {
			t = t[:len(t)-1]
		}
		if t == s {
			return s
		}
		s = t
	}
}

// styleLinks notes the url() of a style.
func (r *reader) styleLinks(css []byte) {
	for {
		i := bytes.Index(css, []byte("url("))
		if i < 0 {
			return
		}
		css = css[i+4:]
		end := bytes.IndexByte(css, ')')
		if end < 0 {
			return
		}
		r.link(bytes.Trim(css[:end], " '\""), LinkImage)
		css = css[end:]
	}
}
