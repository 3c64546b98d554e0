package screen

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The table of look-alike characters of UTS 39, version 17.0.0, made by
// screen/alike from the Unicode Consortium's confusables.txt (© 2025 Unicode,
// Inc.; Unicode License V3, see data/UNICODE-LICENSE.txt).
//
//go:embed data/confusables.bin
var confusables string

const confusableRecord = 6 // bytes; see screen/alike

// prototype is what a character looks like, or ok is false.
func prototype(r rune) (string, bool) {
	n := int(confusables[0])<<8 | int(confusables[1])
	low, high := 0, n
	for low < high {
		mid := (low + high) / 2
		at := 2 + mid*confusableRecord
		source := rune(confusables[at])<<16 | rune(confusables[at+1])<<8 | rune(confusables[at+2])
		switch {
		case source == r:
			start := 2 + n*confusableRecord + int(confusables[at+3])<<8 + int(confusables[at+4])
			return confusables[start : start+int(confusables[at+5])], true
		case source < r:
			low = mid + 1
		default:
			high = mid
		}
	}
	return "", false
}

// skeleton is UTS 39, 4: two strings look alike when their skeletons are equal.
func skeleton(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if invisible(r) {
			continue
		}
		if p, ok := prototype(r); ok {
			b.WriteString(p)
		} else {
			b.WriteRune(r)
		}
	}
	return norm.NFD.String(b.String())
}

// likeness is how a host's label looks at a glance: its skeleton without
// accents and case, and with what people take for the same besides: 0 for o, vv
// for w. Labels that look alike have the same likeness.
func likeness(label string) string {
	if !isASCII(label) {
		label = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, skeleton(label))
	}
	var buf [64]byte
	out := buf[:0]
	for i := 0; i < len(label); i++ {
		c := label[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		switch {
		case c == '0':
			out = append(out, 'o')
		case c == '1', c == '|':
			out = append(out, 'l')
		case c == 'm':
			out = append(out, 'r', 'n')
		case c == 'v' && len(out) > 0 && out[len(out)-1] == 'v':
			out[len(out)-1] = 'w'
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// mixedScripts says whether a label mixes letters that look alike: Latin with
// Cyrillic, Greek, Armenian or Cherokee.
func mixedScripts(label string) bool {
	latin, other := false, false
	for _, r := range label {
		switch {
		case r < utf8.RuneSelf:
			latin = latin || 'a' <= r|0x20 && r|0x20 <= 'z'
		case unicode.Is(unicode.Latin, r):
			latin = true
		case lookalikeScript(r):
			other = true
		}
	}
	return latin && other
}

func lookalikeScript(r rune) bool {
	return r >= 0x370 && r <= 0x58f && unicode.IsLetter(r) || r >= 0x13a0 && r <= 0x13ff || r >= 0x1f00 && r <= 0x1fff
}

// disguised says whether a label of another script passes for a Latin one:
// every letter of it looks like a letter of US-ASCII (аррӏе).
func disguisedLabel(label string) bool {
	other := false
	for _, r := range label {
		other = other || lookalikeScript(r)
	}
	return other && isASCII(likeness(label))
}
