package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Mail programs turn words that look like a web address into links. So a value
// must hold none, and a template's own words that do count as links.
//
// A word is a bare domain when its last label is a top-level domain of the
// public suffix list's ICANN part (or a reserved one, RFC 2606), with these
// exceptions, which people write without meaning a domain:
//
//   - a time: digits before "am" or "pm" ("9.am");
//   - an initial, a title or an ordinal before a capitalised word ("K.Ng",
//     "Dr.Li", "3.St"), unless that word is one of the common endings
//     ("X.Com").
//
// What remains is refused, also where a space is merely missing behind a full
// stop ("today.Call us"): the remedy says so, and a person can mend it.

// bareDomain finds the first bare domain in s and returns its place, or
// start < 0. Most text is decided by the search for a dot alone.
func bareDomain(s string) (start, end int) {
	for from := 0; ; {
		dot := indexDot(s[from:])
		if dot < 0 {
			return -1, -1
		}
		dot += from
		start, end = labels(s, dot)
		if isDomain(s[start:end]) {
			return start, end
		}
		if from = max(end, dot+1); from >= len(s) {
			return -1, -1
		}
	}
}

// indexDot finds a dot, or one of the characters that IDNA maps to a dot (UTS 46).
func indexDot(s string) int {
	for i := range len(s) {
		if s[i] == '.' {
			return i
		}
		if s[i] == 0xef && (strings.HasPrefix(s[i:], "．") || strings.HasPrefix(s[i:], "｡")) {
			return i
		}
		if s[i] == 0xe3 && strings.HasPrefix(s[i:], "。") {
			return i
		}
	}
	return -1
}

// labels widens the dot at i to the run of label characters and dots around it.
func labels(s string, i int) (start, end int) {
	for start = i; start > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:start])
		if !labelRune(r) {
			break
		}
		start -= n
	}
	for end = i; end < len(s); {
		r, n := utf8.DecodeRuneInString(s[end:])
		if !labelRune(r) {
			break
		}
		end += n
	}
	return start, end
}

func labelRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '．' || r == '｡' || r == '。'
}

// isDomain judges one run of labels and dots. A run that begins with a dot
// counts (".com"): what stands before it may complete it.
func isDomain(run string) bool {
	if !isASCII(run) {
		run = strings.NewReplacer("．", ".", "｡", ".", "。", ".").Replace(run)
	}
	// "evil.com.Please": mail programs differ about where such a link ends, so
	// every place where it could end is judged.
	for {
		run = strings.TrimRight(run, ".-_")
		dot := strings.LastIndexByte(run, '.')
		if dot < 0 {
			return false
		}
		if last := run[dot+1:]; topLevel(last) && !written(run[:dot], last) {
			return true
		}
		run = run[:dot]
	}
}

// topLevel says whether a label can end a domain name.
func topLevel(label string) bool {
	if len(label) < 2 || len(label) > 63 {
		return false
	}
	label = strings.ToLower(label)
	if classesOf(label)&classDigit != 0 && !strings.HasPrefix(label, "xn--") {
		return false // no other top-level domain holds a digit
	}
	switch label {
	case "example", "test", "invalid", "onion", "local", "localhost": // RFC 2606, 7686, 6762
		return true
	}
	if !isASCII(label) {
		ascii, err := idna.Punycode.ToASCII(label)
		if err != nil {
			return false
		}
		label = ascii
	}
	_, icann := publicsuffix.PublicSuffix(label)
	if !icann && len(label) == 2 { // some countries are in the list only as "*.bd"
		_, icann = publicsuffix.PublicSuffix("a.b." + label)
	}
	return icann
}

// written says whether "before.last" is how people write something else.
func written(before, last string) bool {
	lower := strings.ToLower(last)
	if (lower == "am" || lower == "pm") && before != "" && len(before) <= 2 && digits(before) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(last)
	if !unicode.IsUpper(first) || last == strings.ToUpper(last) {
		return false
	}
	switch lower {
	case "com", "net", "org", "edu", "gov", "info", "biz", "io", "me", "tv", "cc", "app", "dev", "xyz", "top", "click", "link", "online", "site", "shop":
		return false
	}
	switch strings.ToLower(before) {
	case "dr", "mr", "mrs", "ms", "mx", "prof", "rev", "fr", "sr", "st", "hr", "fam", "med", "dipl", "ing", "capt", "sgt", "hon", "no", "nr":
		return true
	}
	return len(before) <= 2 && digits(before) || initials(before)
}

// initials says whether s is capital letters with dots between: "J.R".
func initials(s string) bool {
	for {
		r, n := utf8.DecodeRuneInString(s)
		if !unicode.IsUpper(r) {
			return false
		}
		if s = s[n:]; s == "" {
			return true
		}
		if s[0] != '.' {
			return false
		}
		s = s[1:]
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
