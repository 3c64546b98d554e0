package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Salt counts what is put into words so that a reader sees them and a filter
// does not.
type Salt struct {
	Invisible   int // characters that show nothing, inside words
	SoftHyphens int // inside words; some newsletters hyphenate with them
	Bidi        int // characters that turn the direction of what follows
	Homoglyphs  int // words that mix Latin letters with look-alikes of another script
	Spaced      int // words written v.i.a.g.r.a or V I A G R A
	Digits      int // words with a digit for a letter: v1agra
	Fancy       int // letters from the mathematical and enclosed alphabets, full width
}

// count looks at the words of subject and text.
func (t *Salt) count(s *Sheet) {
	t.words(s.Subject, s.words[:s.split])
	t.words(s.Text, s.words[s.split:])
	if !isASCII(s.FromName) {
		words := appendWords(nil, s.FromName)
		t.words(s.FromName, words)
	}
}

func (t *Salt) words(s string, words []word) {
	row := 0 // single letters with the same sign between them
	for i, w := range words {
		if w.wide {
			t.foreign(w.of(s))
		} else if w.digits && w.length >= 5 && digitForLetter(w.of(s)) {
			t.Digits++
		}
		if w.length != 1 {
			if w.length > 6 && s[w.start+1] == '-' && strings.Count(w.of(s), "-")*2+1 == int(w.length) {
				t.Spaced++ // f-r-e-e
			}
			row = 0
			continue
		}
		if row > 0 && int(w.start)-words[i-1].end() == 1 && (row < 2 || s[w.start-1] == s[words[i-1].start-1]) && asciiClass[s[w.start]&0x7f] != classDigit {
			row++
		} else {
			row = 1
		}
		if row == 5 {
			t.Spaced++
		}
	}
}

// foreign looks at a word that goes beyond US-ASCII.
func (t *Salt) foreign(w string) {
	for _, r := range w {
		if fancyLetter(r) {
			t.Fancy++
		}
	}
	for segment := range strings.FieldsFuncSeq(w, func(r rune) bool { return r == '-' || r == '\'' }) {
		if mixes(segment) {
			t.Homoglyphs++
		}
	}
}

// mixes says whether a word has letters of another script among Latin ones to
// look the same: back and forth between the two, or one that passes for Latin as
// a whole. Words of science (TNFα) and of slang that only begin or end in the
// other script do neither.
func mixes(w string) bool {
	latin, other, turns, last := 0, 0, 0, 0
	for _, r := range w {
		now := 0
		switch {
		case isLetter(byte(r)) && r < utf8.RuneSelf, r >= utf8.RuneSelf && unicode.Is(unicode.Latin, r):
			now = 1
			latin++
		case lookalikeScript(r):
			now = 2
			other++
		}
		if now != 0 && last != 0 && now != last {
			turns++
		}
		if now != 0 {
			last = now
		}
	}
	if latin == 0 || other == 0 || latin+other < 4 {
		return false
	}
	return turns >= 2 || cyrillic(w) && isASCII(likeness(w))
}

func cyrillic(s string) bool {
	for _, r := range s {
		if 0x400 <= r && r <= 0x52f {
			return true
		}
	}
	return false
}

// fancyLetter says whether r is a letter drawn for another use than words.
func fancyLetter(r rune) bool {
	return 0x1d400 <= r && r <= 0x1d7ff || 0x24b6 <= r && r <= 0x24e9 || 0x1f130 <= r && r <= 0x1f189 || 0xff21 <= r && r <= 0xff5a
}

// digitForLetter says whether a word of letters has one or two digits inside
// that stand for letters. Names of things (win32api, a1b2c3) mostly do not: two
// digits beside each other, or few letters.
func digitForLetter(w string) bool {
	letters, digits := 0, 0
	for i := range len(w) {
		c := w[i]
		switch {
		case asciiClass[c&0x7f] == classDigit:
			digits++
			if i == 0 || i == len(w)-1 || !strings.ContainsRune("01345", rune(c)) || !isLetter(w[i-1]) || !isLetter(w[i+1]) {
				return false
			}
		case isLetter(c):
			letters++
		default:
			return false
		}
	}
	return digits <= 2 && letters >= 4
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// sieve answers whether a word was put in, with a few wrong yeses and no wrong
// no.
type sieve [1 << 10]uint64

func (f *sieve) put(hash uint64)      { f[hash>>54] |= 1 << (hash >> 48 & 63) }
func (f *sieve) has(hash uint64) bool { return f[hash>>54]>>(hash>>48&63)&1 == 1 }

// disagree is the share of the longer words of the text part that the HTML does
// not show; 0 when there are fewer than 20 of them.
func disagree(s *Sheet) float64 {
	if s.PlainText == "" {
		return 0
	}
	var shown sieve
	for _, w := range s.words[s.split:] {
		shown.put(w.hash)
	}
	for _, w := range appendWords(nil, s.Alt) {
		shown.put(w.hash)
	}
	all, missing := 0, 0
	var met sieve
	for w, ok := nextWord(s.PlainText, 0); ok; w, ok = nextWord(s.PlainText, w.end()) {
		if w.length < 4 || w.digits || met.has(w.hash) || inAddress(s.PlainText, w) {
			continue
		}
		met.put(w.hash)
		all++
		if !shown.has(w.hash) {
			missing++
		}
		if all == 250 {
			break // enough to know
		}
	}
	if all < 20 {
		return 0
	}
	return float64(missing) / float64(all)
}

// inAddress says whether a word is part of a URL or a mail address.
func inAddress(s string, w word) bool {
	return w.start > 0 && strings.IndexByte("/=&?%_@.-", s[w.start-1]) >= 0 || w.end()+1 < len(s) && strings.IndexByte("/=&?%_@:", s[w.end()]) >= 0 && s[w.end()+1] > ' '
}
