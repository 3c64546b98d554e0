package screen

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

const maxHost = 253 // bytes of a host name (RFC 1035 2.3.4)

// seenHost remembers what was worked out for a host: letters name the same few
// again and again.
type seenHost struct {
	raw, host, domain string
	trick             Trick
}

// browser is what browsers do to a host name before they look it up: no check
// of what registries allow.
var browser = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(false), idna.VerifyDNSLength(false))

// host fills in a link's host and domain.
func (r *reader) host(l *Link, raw string) {
	for i := range r.hosts {
		if h := &r.hosts[i]; h.raw == raw {
			l.Host, l.Domain, l.Trick = h.host, h.domain, l.Trick|h.trick
			return
		}
	}
	h := seenHost{raw: raw}
	h.host, h.trick = hostName(raw)
	h.domain = domainOf(h.host, h.trick)
	if len(r.hosts) < 64 {
		r.hosts = append(r.hosts, h)
	}
	l.Host, l.Domain, l.Trick = h.host, h.domain, l.Trick|h.trick
}

// hostName brings a host into the form DNS uses: lower case, A-labels, no dot
// at the end.
func hostName(raw string) (string, Trick) {
	var t Trick
	name := raw
	if strings.IndexByte(name, '%') >= 0 {
		t |= TrickEscape
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
	}
	name = clip(name, 4*maxHost)
	if !isASCII(name) {
		t |= TrickForeign
		if mapped, err := browser.ToASCII(name); mapped != "" && (err == nil || isASCII(mapped)) {
			name = mapped
		}
	}
	name = strings.Trim(strings.ToLower(name), ".")
	if strings.Contains(name, "xn--") {
		t |= TrickForeign
	}
	if !validHost(name) {
		return clip(name, maxHost), t | TrickBad
	}
	if numeric(name) {
		t |= TrickIP
	}
	return name, t
}

// validHost says whether a name in lower case can be looked up. Underscores do
// occur.
func validHost(s string) bool {
	if s == "" || len(s) > maxHost {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return !strings.Contains(s, "..")
}

// numeric says whether a browser reads the host as an IPv4 number: its last
// label is a number, decimal, octal or hexadecimal.
func numeric(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// domainOf is the registrable domain of a host.
func domainOf(host string, t Trick) string {
	if t.Has(TrickIP) || host == "" || t.Has(TrickBad) {
		return host
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// bareDomain says whether a word in running text is a host that mail programs
// make a link of: letters on both sides of its last dot, and a top-level domain
// behind it. "today.Call" is none to them either: what a person writes without
// a space is taken for a domain only when it is written in lower case.
func bareDomain(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || dot == len(s)-1 || len(s)-dot < 3 {
		return false
	}
	last := s[dot+1:]
	if !isASCII(s) {
		return false
	}
	upper := 0
	for i := range len(last) {
		c := last[i]
		switch {
		case 'a' <= c && c <= 'z':
		case 'A' <= c && c <= 'Z':
			upper++
		default:
			return false
		}
	}
	if upper > 0 && upper < len(last) || !validHost(strings.ToLower(s)) || s[dot-1] == '.' {
		return false
	}
	last = strings.ToLower(last)
	if last == "example" || last == "onion" { // RFC 2606, RFC 7686
		return true
	}
	if fileEnding(last) {
		return false
	}
	if !common(last) {
		_, icann := publicsuffix.PublicSuffix(last)
		return icann && !ambiguous(last)
	}
	return true
}

// common are the endings most addresses have; a look into the list is spared.
func common(tld string) bool {
	switch tld {
	case "com", "net", "org", "info", "biz", "edu", "gov", "co", "io", "us", "uk", "de", "fr", "ru", "cn", "top", "xyz", "online", "site", "shop", "club", "app", "dev", "eu", "me", "tv":
		return true
	}
	return false
}

// fileEnding are top-level domains that in running text nearly always end the
// name of a file.
func fileEnding(tld string) bool {
	switch tld {
	case "zip", "mov", "py", "pl", "sh", "rs", "md", "so", "ps", "cc", "java", "mm", "ms", "bz", "gz", "pm", "am":
		return true
	}
	return false
}

// ambiguous are top-level domains that are words of their own.
func ambiguous(tld string) bool {
	switch tld {
	case "is", "in", "at", "be", "no", "so", "to", "my", "am", "as", "do", "la", "id", "and", "for", "you", "data", "frame":
		return true
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// unicodeHost is the host as a browser may show it.
func unicodeHost(host string) string {
	if !strings.Contains(host, "xn--") {
		return host
	}
	shown, _ := idna.Punycode.ToUnicode(host)
	if shown == "" {
		return host
	}
	return shown
}

// privateIP says whether a host is an IP number of a private network.
func privateIP(host string) bool {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast())
}
