package compose

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// While links and words are judged, markers stand in the text as private-use
// characters: a field as fieldRune + its item, sections as their own.
const (
	fieldRune = 0xF0000 // plane 15: room for every item of a part
	fieldLast = 0xFFFFD
	openRune  = 0x10F000
	closeRune = 0x10F001
	elseRune  = 0x10F002
)

func isField(r rune) bool  { return fieldRune <= r && r <= fieldLast }
func isMarker(r rune) bool { return openRune <= r && r <= elseRune }
func isMerge(r rune) bool  { return isField(r) || isMarker(r) }

// plane15 takes characters out of literal text that would be read as markers.
func plane15(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= fieldRune {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// link judges the value of an attribute that is a URL, with markers in it as
// private-use characters, and says how each field in it is written. Only https,
// http, mailto and tel are links; a field may stand behind the host, never in
// it or before it. (What a browser makes of an odd URL: whatwg.org URL Standard;
// whatever is odd is refused.)
func (p *part) link(url string, line int, attribute string) {
	url = strings.Trim(url, " \t\r\n\f")
	at := "in " + attribute + " "
	switch {
	case url == "", url[0] == '#':
		p.rest(url, asQuery, line)
		return
	case strings.ContainsAny(url, "\t\r\n\f\\") || strings.ContainsFunc(url, unicode.IsControl):
		p.fault(line, "has a link "+at+"with a line break, a tab or a backslash", "write a plain https:// address")
		return
	case strings.HasPrefix(url, "//"):
		p.fault(line, "has a link "+at+"without a scheme", "write https:// before the host")
		return
	}
	colon := strings.IndexByte(url, ':')
	if slash := strings.IndexAny(url, "/?#"); colon < 0 || slash >= 0 && slash < colon {
		if strings.IndexFunc(url, isMerge) == 0 {
			p.fault(line, "has a link "+at+"that begins with a field", "write https://, the host and a / first; a field may stand behind them")
			return
		}
		p.fault(line, "has a relative link "+at+", which means nothing in a letter", "write the whole https:// address")
		return
	}
	scheme, rest := url[:colon], url[colon+1:]
	if strings.ContainsFunc(scheme, isMerge) {
		p.fault(line, "has a field or section in the scheme of a link "+at, "write https://, the host and a / first; a field may stand behind them")
		return
	}
	switch strings.ToLower(scheme) {
	case "https", "http":
		p.web(rest, line, at)
	case "mailto":
		address, query, _ := strings.Cut(rest, "?")
		p.rest(address, asMail, line)
		p.rest(query, asQuery, line)
	case "tel":
		p.rest(rest, asTel, line)
	default:
		p.fault(line, "has a link "+at+"with the scheme "+printableScheme(scheme), "use https, mailto or tel")
	}
}

func (p *part) web(rest string, line int, at string) {
	after, ok := strings.CutPrefix(rest, "//")
	if !ok {
		p.fault(line, "has a link "+at+"without // behind its scheme", "write https:// and the host")
		return
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	if strings.ContainsFunc(after[:end], isMerge) {
		p.fault(line, "has a field or section in the host of a link "+at, "write the host and a / first; a field may stand behind them")
		return
	}
	p.host(after[:end], line)
	p.rest(after[end:], asQuery, line)
}

// rest settles the fields behind the part of a link that decides where it goes.
func (p *part) rest(s string, h how, line int) {
	for _, r := range s {
		if isField(r) {
			p.settle(int(r-fieldRune), h, line)
		}
	}
}

// settle notes how a field is written; every way of reading the source must
// come to the same.
func (p *part) settle(i int, h how, line int) {
	it := &p.items[i]
	h |= p.flag
	if it.known && it.how != h {
		p.fault(line, "has a field that stands in a link or not, depending on a section", "put the whole link inside the section")
	}
	it.how, it.known = h, true
}

// host checks one host and port, and notes the host.
func (p *part) host(authority string, line int) {
	name, ok := hostName(authority)
	if !ok {
		p.fault(line, "has a link with a malformed host, a user name or an IPv6 address in it", "write https:// and a plain host name")
		return
	}
	if !p.c.seen[name] && !p.c.allow[name] { // once a host is enough
		p.fault(line, "links to "+name+", which is not one of the link hosts", "add "+name+" to link_hosts, or take the link out")
	}
	p.c.seen[name] = true
}

// hostName normalises a host: lower case, A-labels, no port. Ports are digits;
// user names, percent signs and single labels are not hosts we link to.
func hostName(authority string) (string, bool) {
	name, port, ported := strings.Cut(authority, ":")
	if ported && (!digits(port) || len(port) > 5) {
		return "", false
	}
	if name == "" || len(name) > 253 || strings.ContainsAny(name, "@%[]\\ ") {
		return "", false
	}
	name, err := idna.Lookup.ToASCII(name)
	if err != nil || !strings.Contains(strings.Trim(name, "."), ".") {
		return "", false
	}
	return strings.TrimSuffix(strings.ToLower(name), "."), true
}

func printableScheme(s string) string {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && s[i] != '-' && s[i] != '+' && s[i] != '.' {
			return "of odd characters"
		}
	}
	if len(s) > 20 {
		s = s[:20]
	}
	return strings.ToLower(s)
}
