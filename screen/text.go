package screen

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// writer folds text as a reader sees it. A space or line break is owed until
// the next visible character, so that none pile up.
type writer struct {
	buf     []byte
	limit   int   // bytes
	owed    byte  // 0, ' ' or '\n'
	pending int   // invisible characters since the last visible one
	soft    int   // soft hyphens among them
	salt    *Salt // where they are counted when a word goes on behind them; may be nil
	wide    bool  // something beyond US-ASCII was written
	cut     bool  // there was more than the limit
}

// grow makes room for n more bytes.
func (w *writer) grow(n int) { w.buf = slices.Grow(w.buf, min(n, max(w.limit-len(w.buf), 0))) }

// owe asks for a gap before the next visible character; a line break wins.
func (w *writer) owe(gap byte) {
	if w.owed != '\n' {
		w.owed = gap
	}
	w.pending, w.soft = 0, 0
}

// write adds text; newline is what a line break in it counts as.
func (w *writer) write(s []byte, newline byte) {
	for i := 0; i < len(s); {
		if len(w.buf) >= w.limit {
			w.cut = true
			return
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			w.rune(r, s[i:i+n], newline)
			i += n
			continue
		}
		switch {
		case c == '\n' || c == '\r':
			w.owe(newline)
			i++
			continue
		case c <= ' ':
			if c == ' ' || c == '\t' || c == '\f' || c == '\v' {
				w.owe(' ')
			}
			i++
			continue
		case c == 0x7f:
			i++
			continue
		}
		end := i + 1
		for end < len(s) && s[end] > ' ' && s[end] < 0x7f {
			end++
		}
		w.visible(rune(c))
		w.buf = append(w.buf, s[i:min(end, i+w.limit-len(w.buf))]...)
		i = end
	}
}

// visible settles what is owed before a visible character.
func (w *writer) visible(r rune) {
	if w.owed != 0 && len(w.buf) > 0 {
		w.buf = append(w.buf, w.owed)
	} else if w.pending > 0 && w.salt != nil && inWord(w.last()) && inWord(r) {
		w.salt.Invisible += w.pending - w.soft
		w.salt.SoftHyphens += w.soft
	}
	w.owed, w.pending, w.soft = 0, 0, 0
}

func (w *writer) last() rune {
	r, _ := utf8.DecodeLastRune(w.buf)
	return r
}

func (w *writer) rune(r rune, raw []byte, newline byte) {
	switch {
	case r == '\u2028' || r == '\u2029' || r == '\u0085':
		w.owe(newline)
	case unicode.IsSpace(r) || r == '\u2800':
		w.owe(' ')
	case invisible(r):
		w.pending++
		if r == '\u00ad' {
			w.soft++
		}
		if w.salt != nil && overrides(r) {
			w.salt.Bidi++
		}
	case r == utf8.RuneError && len(raw) <= 1, unicode.IsControl(r):
	default:
		w.visible(r)
		if len(w.buf)+len(raw) <= w.limit {
			w.buf = append(w.buf, raw...)
			w.wide = true
		} else {
			w.limit = len(w.buf)
		}
	}
}

func (w *writer) finish() string {
	s := string(w.buf)
	if !w.wide {
		return s
	}
	return clip(compose(s), w.limit)
}

// overrides says whether r turns the direction of what follows.
func overrides(r rune) bool {
	return r == '\u202d' || r == '\u202e' || r == '\u202a' || r == '\u202b' || 0x2066 <= r && r <= 0x2068
}

// invisible says whether a character shows nothing and takes no room.
func invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == '\u00ad', r == '\u034f', r == '\u061c', r == '\u115f', r == '\u1160', r == '\u17b4', r == '\u17b5', r == '\u180e',
		0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f, r == '\u3164',
		0xfe00 <= r && r <= 0xfe0f, r == '\ufeff', r == '\uffa0', 0xfff0 <= r && r <= 0xfffb, 0xe0000 <= r && r <= 0xe0fff:
		return true
	}
	return false
}

// inWord says whether an invisible character beside r is out of place: letters
// of scripts that never need a joiner, and digits.
func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return r < 0x0590 && unicode.IsLetter(r) // Latin, Greek, Cyrillic, Armenian
}

// word is one run of letters and digits of a text.
type word struct {
	hash   uint64
	start  uint32 // in its text
	length uint16 // in bytes
	digits bool   // it holds a digit
	wide   bool   // it goes beyond US-ASCII
}

func (w word) end() int { return int(w.start) + int(w.length) }

// of is the word itself.
func (w word) of(s string) string { return s[w.start:w.end()] }

const maxWord = 1000 // bytes; what is longer counts as several

// FNV-1a, 64 bit: the same on every machine and in every release, because
// fingerprints are stored.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// wordsOf cuts subject and text into words, hashed without regard to case.
func wordsOf(subject, text string) (words []word, split int) {
	words = make([]word, 0, (len(subject)+len(text))/5+8)
	words = appendWords(words, subject)
	split = len(words)
	return appendWords(words, text), split
}

func appendWords(words []word, s string) []word {
	for w, ok := nextWord(s, 0); ok; w, ok = nextWord(s, w.end()) {
		words = append(words, w)
	}
	return words
}

// nextWord finds the first word of s at or behind i.
func nextWord(s string, i int) (w word, ok bool) {
	for i < len(s) {
		c := s[i]
		if wordByte[c] != 0 {
			return scanWord(s, i), true
		}
		if c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if letterRune(r) {
			return scanWord(s, i), true
		}
		i += n
	}
	return word{}, false
}

// scanWord reads the word that begins at i. An apostrophe or a hyphen between
// letters belongs to it.
func scanWord(s string, i int) word {
	w := word{start: uint32(i)}
	hash := uint64(fnvOffset)
	start, last := i, min(len(s), i+maxWord)
	for i < last {
		c := s[i]
		if f := wordByte[c]; f != 0 {
			hash = (hash ^ uint64(f)) * fnvPrime
			w.digits = w.digits || f <= '9'
			i++
			continue
		}
		if c < utf8.RuneSelf {
			if c != '\'' && c != '-' || i+1 == len(s) || !wordStart(s, i+1) {
				break
			}
			hash = (hash ^ uint64(c)) * fnvPrime
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !letterRune(r) {
			break
		}
		w.wide = true
		for _, b := range utf8.AppendRune(make([]byte, 0, utf8.UTFMax), unicode.ToLower(r)) {
			hash = (hash ^ uint64(b)) * fnvPrime
		}
		i += n
		if cjk(r) { // no spaces between words: each character is one
			break
		}
	}
	w.hash, w.length = hash, uint16(i-start)
	return w
}

const (
	classOther = iota
	classLetter
	classUpper
	classDigit
)

// wordByte is a US-ASCII letter in lower case, a digit as it is, and 0 for
// every other byte.
var wordByte = func() (t [256]byte) {
	for c := range 128 {
		switch asciiClass[c] {
		case classLetter, classDigit:
			t[c] = byte(c)
		case classUpper:
			t[c] = byte(c) | 0x20
		}
	}
	return t
}()

// asciiClass has what every US-ASCII byte is.
var asciiClass = func() (t [128]byte) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z':
			t[c] = classLetter
		case 'A' <= c && c <= 'Z':
			t[c] = classUpper
		case '0' <= c && c <= '9':
			t[c] = classDigit
		}
	}
	return t
}()

func wordStart(s string, i int) bool {
	if c := s[i]; c < utf8.RuneSelf {
		return asciiClass[c] != classOther
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return letterRune(r)
}

func startsWord(b []byte) bool {
	r, _ := utf8.DecodeRune(b)
	return letterRune(r)
}

func letterRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

func cjk(r rune) bool {
	return 0x3040 <= r && r <= 0x30ff || 0x3400 <= r && r <= 0x9fff || 0xf900 <= r && r <= 0xfaff || 0x20000 <= r && r <= 0x3ffff
}
