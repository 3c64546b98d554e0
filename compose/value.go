package compose

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// flaw is what is wrong with a value, in words that do not repeat it. The zero
// flaw is none.
type flaw struct{ message, remedy string }

var (
	flawLink    = flaw{"holds a web address or something mail programs turn into a link", "take it out; a link belongs into the template (a missing space after a full stop looks like one too)"}
	flawControl = flaw{"contains a line break or a control character", "take it out; a value is one line"}
	flawUTF8    = flaw{"is not valid UTF-8", "convert it to UTF-8"}
	flawHidden  = flaw{"contains an invisible or direction-changing character", "take it out"}
	flawAt      = flaw{"contains @", "only a field of type email may hold an address"}
)

// CheckValue says whether a value may stand in the field: bounded, of the
// field's type, one line of UTF-8 without control, invisible or
// direction-changing characters, and without anything a mail program would
// turn into a link. The error is a *cordon.Error that names the field and never
// the value. The same rule judges values of an order (Fit) and a person's own
// stored fields (Render). An empty value is no value and is not judged here.
func CheckValue(f cordon.Field, value string) error {
	if bad := judge(&f, value); bad != (flaw{}) {
		return cordon.InvalidField(f.Name, bad.message, bad.remedy)
	}
	return nil
}

func judge(f *cordon.Field, value string) flaw {
	if value == "" {
		return flaw{}
	}
	if longest := maxLength(f); len(value) > longest {
		return flaw{"is longer than the field's " + strconv.Itoa(longest) + " bytes", "shorten it, or declare a larger max_length"}
	}
	seen := classesOf(value)
	if seen&classControl != 0 {
		return flawControl
	}
	if seen&classHigh != 0 {
		if bad := runes(value); bad != (flaw{}) {
			return bad
		}
	}
	if f.Type == cordon.FieldEmail {
		if !plainAddress(value) {
			if a, err := cordon.ParseAddress(value); err != nil || string(a) != value {
				return flaw{"is not a mail address", "give one address like person@example.org"}
			}
		}
		return flaw{}
	}
	if seen&(classDot|classSlash|classColon|classHigh) != 0 && linkish(value) {
		return flawLink
	}
	if seen&classAt != 0 {
		return flawAt
	}
	switch f.Type {
	case cordon.FieldText:
		return flaw{}
	case cordon.FieldPerson:
		return judgeName(value)
	case cordon.FieldDate:
		return judgeDate(value)
	case cordon.FieldTime:
		return judgeTime(value)
	case cordon.FieldNumber:
		return judgeNumber(value)
	case cordon.FieldPhone:
		return judgePhone(value)
	}
	return flaw{"is of an unknown type", "use text, name, date, time, number, phone or email"}
}

// characters refuses what no value may hold whatever its type. RFC 5322 2.2 is
// why for line breaks; the rest can make a letter read otherwise than it is.
func characters(s string) flaw {
	seen := classesOf(s)
	if seen&classControl != 0 {
		return flawControl
	}
	if seen&classHigh != 0 {
		return runes(s)
	}
	return flaw{}
}

func runes(s string) flaw {
	if !utf8.ValidString(s) {
		return flawUTF8
	}
	var before rune
	for i, r := range s {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return flawControl
		case r == '\u200c' || r == '\u200d':
			// Persian, Indic scripts and emoji need the joiners, between letters of
			// their own; between US-ASCII they only hide a word from a filter.
			next, _ := utf8.DecodeRuneInString(s[i+3:])
			if before < utf8.RuneSelf || next < utf8.RuneSelf {
				return flawHidden
			}
		case unicode.Is(unicode.Cf, r), r == utf8.RuneError, unicode.Is(unicode.Co, r):
			return flawHidden
		}
		before = r
	}
	return flaw{}
}

// linkish says whether a mail program would turn part of s into a link.
func linkish(s string) bool {
	seen := classesOf(s)
	if seen&classSlash != 0 && strings.Contains(s, "//") || seen&classColon != 0 && indexFold(s, "mailto:") >= 0 {
		return true
	}
	if seen&(classDot|classHigh) == 0 {
		return false
	}
	if start, _ := bareDomain(s); start >= 0 || indexFold(s, "www.") >= 0 {
		return true
	}
	return seen&(classSlash|classColon) != 0 && numericHost(s)
}

// numericHost finds an IPv4 address with a path or a port behind it.
func numericHost(s string) bool {
	for from := 0; from < len(s); {
		i := strings.IndexAny(s[from:], "/:")
		if i < 0 {
			return false
		}
		i += from
		start := i
		for start > 0 && (s[start-1] == '.' || '0' <= s[start-1] && s[start-1] <= '9') {
			start--
		}
		if strings.Count(s[start:i], ".") == 3 && !strings.Contains(s[start:i], "..") {
			return true
		}
		from = i + 1
	}
	return false
}

// indexFold is strings.Index, ignoring the case of US-ASCII; want is lower case.
func indexFold(s, want string) int {
	for i := 0; i+len(want) <= len(s); i++ {
		if (s[i] == want[0] || s[i]|0x20 == want[0]) && strings.EqualFold(s[i:i+len(want)], want) {
			return i
		}
	}
	return -1
}

func judgeName(s string) flaw {
	for _, r := range s {
		if r < utf8.RuneSelf && (class(byte(r))&(classLetter|classDot) != 0 || r == ' ' || r == '\'' || r == '-') {
			continue
		}
		if r < utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune("’‘ʼ·\u200c\u200d\u00a0", r) {
			return flaw{"has a character that no name has", "a name is letters, spaces and . ' -; declare the field as text for anything else"}
		}
	}
	return flaw{}
}

func judgeDate(s string) flaw {
	digit := false
	for _, r := range s {
		if r < utf8.RuneSelf && class(byte(r))&(classLetter|classDigit) != 0 {
			digit = digit || class(byte(r))&classDigit != 0
			continue
		}
		switch r {
		case ' ', ',', '.', '/', '-', '\'', '’', '\u00a0':
			continue
		}
		digit = digit || unicode.IsDigit(r)
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			return flaw{"has a character that no date has", "write 2006-01-02 or a written date like 2 January 2006"}
		}
	}
	if !digit {
		return flaw{"is not a date", "write 2006-01-02 or a written date like 2 January 2006"}
	}
	return flaw{}
}

// judgeTime takes 9, 9:30, 09.30 or 9:30:00, with am, pm, a.m., p.m., h or Uhr
// behind; a bare hour needs one of them.
func judgeTime(s string) flaw {
	bad := flaw{"is not a time of day", "write 15:04, or 3:04 pm"}
	rest := strings.TrimSpace(s)
	hour, rest, ok := number(rest, 1, 2)
	if !ok {
		return bad
	}
	parts := 0
	for parts < 2 && rest != "" && (rest[0] == ':' || rest[0] == '.') {
		n, after, ok := number(rest[1:], 2, 2)
		if !ok || n > 59 {
			return bad
		}
		rest, parts = after, parts+1
	}
	suffix := strings.ToLower(strings.TrimLeft(rest, " \u00a0\u202f"))
	switch suffix {
	case "":
		if parts == 0 || hour > 24 {
			return bad
		}
	case "am", "pm", "a.m.", "p.m.", "a.m", "p.m":
		if hour < 1 || hour > 12 {
			return bad
		}
	case "h", "uhr":
		if hour > 24 {
			return bad
		}
	default:
		return bad
	}
	return flaw{}
}

// number reads at least low and at most high digits.
func number(s string, low, high int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < high && '0' <= s[i] && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= low
}

// judgeNumber: a digit first (behind a sign) and last, so that no number can
// complete a domain name that stands beside it.
func judgeNumber(s string) flaw {
	bad := flaw{"is not a number", "write digits, with . , or spaces between them and + or - before"}
	s = strings.TrimPrefix(s, "−")
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	if s == "" || s[0] < '0' || s[0] > '9' || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return bad
	}
	for _, r := range s {
		if (r < '0' || r > '9') && !strings.ContainsRune(".,' \u00a0\u202f’", r) {
			return bad
		}
	}
	return flaw{}
}

func judgePhone(s string) flaw {
	if first, last := s[0], s[len(s)-1]; !strings.ContainsRune("+(0123456789", rune(first)) || last < '0' || last > '9' {
		return flaw{"is not a telephone number", "begin with a digit, + or ( and end with a digit"}
	}
	count := 0
	for i, r := range s {
		switch {
		case '0' <= r && r <= '9':
			count++
		case r == '+' && i == 0:
		case strings.ContainsRune(" ()-./\u00a0", r):
		default:
			return flaw{"has a character that no telephone number has", "write digits, spaces and ( ) - . / with + before"}
		}
	}
	if count < 3 || count > 20 {
		return flaw{"is not a telephone number", "write 3 to 20 digits"}
	}
	return flaw{}
}

// plainAddress is the fast way for the common form of an address; everything
// else goes to cordon.ParseAddress.
func plainAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > cordon.MaxAddress || !strings.Contains(s[at:], ".") {
		return false
	}
	dot := true
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			dot = false
		case 'A' <= c && c <= 'Z', c == '+', c == '_':
			if i > at {
				return false
			}
			dot = false
		case c == '-':
			if i > at && (dot || s[i-1] == '-' || i+1 == len(s) || s[i+1] == '.') {
				return false
			}
			dot = false
		case c == '.', i == at:
			if dot {
				return false
			}
			dot = true
		default:
			return false
		}
	}
	return !dot
}

func maxLength(f *cordon.Field) int {
	if f.MaxLength > 0 {
		return f.MaxLength
	}
	return cordon.DefaultFieldLength
}

// blank says whether a value counts as absent: nothing anyone could read.
func blank(s string) bool {
	for i := range len(s) {
		if s[i] != ' ' && s[i] != '\t' && s[i] < utf8.RuneSelf {
			return false
		}
		if s[i] >= utf8.RuneSelf {
			return strings.TrimSpace(s) == ""
		}
	}
	return true
}
