package screen

import (
	"strings"
	"unicode"
)

// valueLink finds an address in a merge value, however it is disguised. A value
// that is a mail address is none.
func valueLink(v *view) string {
	for _, value := range v.about.Values[:min(len(v.about.Values), maxValues)] {
		if holdsLink(clip(value, 4000)) {
			return "A merge value holds a web address."
		}
	}
	return ""
}

// holdsLink says whether text holds a web address that a mail program or a
// reader would follow: plain, with the scheme defanged (hxxp), with the dot
// spelt out ("dot com", "[.]"), in full width or with invisible characters.
func holdsLink(s string) bool {
	if !strings.ContainsAny(s, ".:/") && isASCII(s) && !containsFold(s, "dot") && !containsFold(s, "hxxp") && !containsFold(s, "pun") && !containsFold(s, "point") {
		return false
	}
	plain := flatten(s)
	if strings.Contains(plain, "://") || strings.Contains(plain, "hxxp") || strings.Contains(plain, "www.") {
		return true
	}
	for word := range strings.FieldsSeq(plain) {
		word = strings.Trim(word, `.,;:!?"'()[]{}<>*_-`)
		if at := strings.LastIndexByte(word, '@'); at >= 0 {
			continue // a mailbox
		}
		host := word
		if i := strings.IndexAny(word, "/?#:"); i >= 0 {
			host = word[:i]
		}
		if host != "" && namesHost(host) {
			return true
		}
	}
	return false
}

// namesHost says whether a word is a host with a common ending, an IP number
// with a path, or bare domain that mail programs link.
func namesHost(word string) bool {
	if dot := strings.LastIndexByte(word, '.'); dot > 0 && validHost(word) {
		return bareDomain(word) && len(word) > 4
	}
	return false
}

// flatten brings text into the form in which an address is plain: full width
// letters narrowed, other dots as dots, what is invisible gone, "dot" and "[.]"
// between words as a dot, and no spaces around it.
func flatten(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case invisible(r):
		case 0xff01 <= r && r <= 0xff5e:
			b.WriteRune(unicode.ToLower(r - 0xfee0))
		case r == '。' || r == '｡' || r == '․' || r == '．':
			b.WriteByte('.')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	t := b.String()
	for _, spelt := range []string{"[.]", "(.)", "{.}", "[dot]", "(dot)", "{dot}", " dot ", " punkt ", " punto ", " point "} {
		if strings.Contains(t, spelt) {
			t = dotted(t, spelt)
		}
	}
	if strings.Contains(t, " .") || strings.Contains(t, ". ") {
		t = closeDots(t)
	}
	return t
}

// dotted puts a dot for a spelt one where a common ending follows.
func dotted(s, spelt string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, spelt)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(strings.TrimRight(s[:i], " "))
		s = strings.TrimLeft(s[i+len(spelt):], " ")
		end := strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
		if end < 0 {
			end = len(s)
		}
		if common(s[:end]) || spelt[0] != ' ' {
			b.WriteByte('.')
		} else {
			b.WriteString(spelt)
		}
	}
}

// closeDots takes out the spaces around a dot that a common ending follows:
// "evil . com", "evil .com". Behind "evil. Com" a new sentence may begin, so a
// space behind the dot alone changes nothing.
func closeDots(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != ' ' || i+1 >= len(s) || s[i+1] != '.' {
			b.WriteByte(s[i])
			continue
		}
		j := i + 2
		for j < len(s) && s[j] == ' ' {
			j++
		}
		end := j
		for end < len(s) && 'a' <= s[end] && s[end] <= 'z' {
			end++
		}
		if common(s[j:end]) {
			b.WriteByte('.')
			i = j - 1
			continue
		}
		b.WriteByte(' ')
	}
	return b.String()
}
