package inspect

import (
	"bytes"
	"net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

const (
	maxRecipients = 100       // kept of one message
	maxNotice     = 128 << 10 // bytes of the text a notice is judged by
)

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cutLine cuts off the first line of b; CRLF, LF or CR ends it.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// lines splits text at its line ends.
func lines(text string) []string {
	if strings.ContainsRune(text, '\r') {
		text = lineEnds.Replace(text)
	}
	return strings.Split(text, "\n")
}

func firstWord(s string) string {
	if f := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ';' || r == ',' }); len(f) > 0 {
		return f[0]
	}
	return ""
}

// typed takes the type off a typed value: "dns; mail.example.net" (RFC 3464 2.1.2).
func typed(v string) string {
	if kind, rest, ok := strings.Cut(v, ";"); ok && !strings.ContainsAny(kind, "@ <") {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(v)
}

func atoi(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	return n
}

// parseIP reads an IP address as mail systems write it.
func parseIP(s string) (netip.Addr, bool) {
	s = strings.Trim(firstWord(s), "[]()<>\"'")
	if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
		s = s[5:]
	}
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return netip.Addr{}, false
	}
	return ip.Unmap(), true
}

// dateForms are those seen in reports beside RFC 5322's.
var dateForms = []string{
	time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05",
	"Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "Mon Jan _2 15:04:05 2006",
}

func parseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 100 {
		return time.Time{}, false
	}
	at, err := mail.ParseDate(s)
	if err != nil {
		for _, form := range dateForms {
			if at, err = time.Parse(form, s); err == nil {
				break
			}
		}
	}
	if err != nil || at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}, false
	}
	return at.UTC(), true
}

// findAddress finds the first address in a value: typed, in brackets or bare.
func findAddress(v string) (cordon.Address, bool) {
	v = clip(unxtext(v), 4000)
	for from := 0; ; {
		at := strings.IndexByte(v[from:], '@')
		if at < 0 {
			return "", false
		}
		at += from
		start := strings.LastIndexAny(v[:at], addressEnds) + 1
		end := len(v)
		if i := strings.IndexAny(v[at:], addressEnds); i >= 0 {
			end = at + i
		}
		word := strings.TrimRight(v[start:end], ".!?*")
		if a, err := cordon.ParseAddress(strings.TrimLeft(word, ".*")); err == nil {
			return a, true
		}
		from = at + 1
	}
}

// addressEnds is where an address in a text begins and ends.
const addressEnds = " \t\r\n<>()[]{},;:\"'|`\\«»“”„‘’、，。：；（）「」　"

// unxtext undoes RFC 6533's utf-8-addr-xtext: \x{1F408}.
func unxtext(v string) string {
	if !strings.Contains(v, `\x{`) {
		return v
	}
	var b strings.Builder
	for v != "" {
		i := strings.Index(v, `\x{`)
		if i < 0 {
			break
		}
		end := strings.IndexByte(v[i:], '}')
		if end < 0 || end > 9 {
			b.WriteString(v[:i+3])
			v = v[i+3:]
			continue
		}
		n, err := strconv.ParseInt(v[i+3:i+end], 16, 32)
		b.WriteString(v[:i])
		if err == nil && utf8.ValidRune(rune(n)) {
			b.WriteRune(rune(n))
		}
		v = v[i+end+1:]
	}
	b.WriteString(v)
	return b.String()
}

// allAddresses finds every address in a text, each once, at most limit.
func allAddresses(text string, limit int) []cordon.Address {
	var found []cordon.Address
	for _, word := range strings.FieldsFunc(clip(text, maxNotice), func(r rune) bool { return strings.ContainsRune(addressEnds, r) }) {
		if len(found) >= limit {
			break
		}
		if strings.Contains(word, "@") {
			if a, err := cordon.ParseAddress(strings.Trim(word, ".!?*")); err == nil {
				found = addAddress(found, a)
			}
		}
	}
	return found
}

func addAddress(list []cordon.Address, a cordon.Address) []cordon.Address {
	if a == "" || len(list) >= maxRecipients {
		return list
	}
	for _, have := range list {
		if strings.EqualFold(string(have), string(a)) {
			return list
		}
	}
	return append(list, a)
}

// addText adds a word to a list, each once, at most limit.
func addText(list []string, s string, limit int) []string {
	if s == "" || len(list) >= limit {
		return list
	}
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

// fold makes text comparable: lower case, white space single, typographic
// apostrophes and hyphens plain.
func fold(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(typography.Replace(s)), " "))
}

var (
	typography = strings.NewReplacer("\u2019", "'", "\u2018", "'", "\u00b4", "'", "\u2013", "-", "\u2014", "-", "\u00a0", " ", "\u200b", "", "\ufeff", "")
	lineEnds   = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func hasPrefixAny(s string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

func itoa(n int) string { return strconv.Itoa(n) }

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
