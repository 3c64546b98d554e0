package screen

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Where a token stands. The subject and the sender's name say more than the
// text does, so they have features of their own.
type field uint8

const (
	inSubject field = iota
	inSender
	inText
	inAlt
)

const maxToken = 40 // bytes of a folded word that are looked at

// tokenizer folds text so that a word disguised by accents, look-alike letters,
// mathematical alphabets or invisible characters is the word it looks like, and
// hands out one word at a time. It allocates nothing.
type tokenizer struct {
	buf   [maxToken + 8]byte // the word as it looks: folded to a-z and 0-9 where it can be
	plain [maxToken + 8]byte // the word as it is, in lower case
	n, m  int
	look  tokenLook
}

// tokenLook is how a word is written.
type tokenLook struct {
	latin, foreign bool // letters of Latin, of another script that has look-alikes
	fancy          bool // letters of mathematical or enclosed alphabets
	digits         int
	letters        int
	upper          int
	run            int // the longest run of one letter
}

// folded is the word as it looks, or as it is when it is whole in another script.
func (t *tokenizer) folded() []byte {
	if t.look.foreign && !t.look.latin {
		return t.plain[:t.m]
	}
	return t.buf[:t.n]
}

// next reads the word at or after s[i:] and answers where it starts and ends;
// ok is false at the end of s.
func (t *tokenizer) next(s string, i int) (start, end int, ok bool) {
	t.n, t.m, t.look = 0, 0, tokenLook{}
	start = i
	var last rune
	run := 0
	for i < len(s) {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if !t.takes(r) {
			if t.n > 0 || t.m > 0 {
				break
			}
			i += size
			start = i
			continue
		}
		if ideograph(r) && t.m > 0 {
			break
		}
		i += size
		t.take(r)
		if r == last {
			run++
		} else {
			last, run = r, 1
		}
		t.look.run = max(t.look.run, run)
		if ideograph(r) {
			break
		}
	}
	return start, i, t.n > 0 || t.m > 0
}

// takes says whether r is part of a word.
func (t *tokenizer) takes(r rune) bool {
	if r < utf8.RuneSelf {
		return asciiClass[r] != classOther
	}
	if foldOf(r) != "" {
		return true
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) && t.m > 0
}

func (t *tokenizer) take(r rune) {
	if r < utf8.RuneSelf {
		c := byte(r)
		switch asciiClass[c] {
		case classUpper:
			c |= 0x20
			t.look.upper++
			fallthrough
		case classLetter:
			t.look.latin = true
			t.look.letters++
		default:
			t.look.digits++
		}
		if t.n < maxToken {
			t.buf[t.n] = c
			t.n++
		}
		if t.m < maxToken {
			t.plain[t.m] = c
			t.m++
		}
		return
	}
	t.takeWide(r)
}

func (t *tokenizer) takeWide(r rune) {
	if unicode.IsMark(r) {
		return
	}
	t.look.letters++
	as := foldOf(r)
	switch {
	case 0x0370 <= r && r <= 0x052f:
		t.look.foreign = true
	case as != "":
		t.look.latin = true
		t.look.fancy = t.look.fancy || r >= 0x2400
	default:
		t.look.foreign = true
	}
	if unicode.IsUpper(r) {
		t.look.upper++
		r = unicode.ToLower(r)
	}
	if t.m < maxToken {
		t.m += utf8.EncodeRune(t.plain[t.m:], r)
	}
	if t.n >= maxToken {
		return
	}
	if as == "" {
		t.n += utf8.EncodeRune(t.buf[t.n:], r)
		return
	}
	t.n += copy(t.buf[t.n:maxToken+4], as)
}

// ideograph says whether r is a word by itself.
func ideograph(r rune) bool { return r >= 0x3040 && cjk(r) }

// foldOf is what a character beyond US-ASCII looks like in a-z and 0-9; "" when
// it looks like nothing there.
func foldOf(r rune) string {
	switch {
	case r < 0x0530:
		return foldLow[r]
	case 0x1d00 <= r && r < 0x1f00:
		return foldHigh[r-0x1d00]
	case 0x24b6 <= r && r <= 0x24e9:
		return letters[(r-0x24b6)%26 : (r-0x24b6)%26+1]
	case 0xff10 <= r && r <= 0xff5a:
		return foldWide[r-0xff10]
	case 0x1d400 <= r && r <= 0x1d7ff:
		return foldMath[r-0x1d400]
	case 0x1f130 <= r && r <= 0x1f149, 0x1f150 <= r && r <= 0x1f169, 0x1f170 <= r && r <= 0x1f189:
		return letters[(r-0x1f130)%32%26 : (r-0x1f130)%32%26+1]
	}
	return ""
}

const letters = "abcdefghijklmnopqrstuvwxyz"

var (
	foldLow  = foldTable(0, 0x530, extraFolds)
	foldHigh = foldTable(0x1d00, 0x1f00, extraFolds)
	foldWide = foldTable(0xff10, 0xff5b, nil)
	foldMath = foldTable(0x1d400, 0x1d800, nil)
)

// extraFolds are letters that do not decompose to what they look like: of Latin,
// and the look-alikes of Greek and Cyrillic.
var extraFolds = map[rune]string{
	'ß': "ss", 'æ': "ae", 'Æ': "ae", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ı': "i", 'œ': "oe", 'Œ': "oe", 'þ': "th", 'ð': "d",
	'ƒ': "f", 'ɑ': "a", 'ɡ': "g", 'ɩ': "i", 'ɪ': "i", 'ᴀ': "a", 'ʙ': "b", 'ᴄ': "c", 'ᴅ': "d", 'ᴇ': "e", 'ɢ': "g", 'ʜ': "h", 'ᴊ': "j", 'ᴋ': "k", 'ʟ': "l", 'ᴍ': "m", 'ɴ': "n", 'ᴏ': "o", 'ᴘ': "p", 'ʀ': "r", 'ᴛ': "t", 'ᴜ': "u", 'ᴠ': "v", 'ᴡ': "w", 'ʏ': "y", 'ᴢ': "z",
	'α': "a", 'Α': "a", 'Β': "b", 'ε': "e", 'Ε': "e", 'Ζ': "z", 'Η': "h", 'ι': "i", 'Ι': "i", 'κ': "k", 'Κ': "k", 'Μ': "m", 'Ν': "n", 'ν': "v", 'ο': "o", 'Ο': "o", 'ρ': "p", 'Ρ': "p", 'τ': "t", 'Τ': "t", 'υ': "u", 'Υ': "y", 'χ': "x", 'Χ': "x", 'γ': "y", 'ϲ': "c", 'ϳ': "j", 'η': "n", 'ω': "w",
	'а': "a", 'А': "a", 'В': "b", 'с': "c", 'С': "c", 'е': "e", 'Е': "e", 'ё': "e", 'Н': "h", 'һ': "h", 'і': "i", 'І': "i", 'ї': "i", 'ј': "j", 'Ј': "j", 'К': "k", 'к': "k", 'М': "m", 'о': "o", 'О': "o", 'р': "p", 'Р': "p", 'ѕ': "s", 'Ѕ': "s", 'Т': "t", 'т': "t", 'у': "y", 'У': "y", 'х': "x", 'Х': "x", 'ԁ': "d", 'ԛ': "q", 'ԝ': "w", 'Ԝ': "w", 'ո': "n", 'ս': "u", 'օ': "o",
}

// foldTable has what the characters from low to below high look like.
func foldTable(low, high rune, extra map[rune]string) []string {
	table := make([]string, high-low)
	for r := max(low, utf8.RuneSelf); r < high; r++ {
		as, ok := extra[r]
		if !ok {
			as = ascii(norm.NFKD.String(string(r)))
		}
		table[r-low] = as
	}
	return table
}

// ascii keeps the letters and digits of a decomposed character, in lower case;
// "" when the first is none, as in symbols that merely contain letters.
func ascii(decomposed string) string {
	var out []byte
	for _, r := range decomposed {
		if r >= utf8.RuneSelf {
			if !unicode.IsMark(r) {
				return ""
			}
			continue
		}
		if asciiClass[r] == classOther {
			return ""
		}
		c := byte(r)
		if asciiClass[r] == classUpper {
			c |= 0x20
		}
		out = append(out, c)
	}
	return string(out)
}

// foldPhrase folds a line of the lure tables the way mail is folded.
func foldPhrase(s string) []string {
	var t tokenizer
	var words []string
	for i := 0; ; {
		start, end, ok := t.next(s, i)
		if !ok {
			return words
		}
		_ = start
		words = append(words, string(t.folded()))
		i = end
	}
}

func hashBytes(b []byte) uint64 {
	h := uint64(fnvOffset)
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// mix spreads a hash over all its bits (the finalizer of splitmix64).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
