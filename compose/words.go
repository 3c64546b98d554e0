package compose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// piece is a stretch of readable text: an item, or (item < 0) plain text with
// the branches it stands in.
type piece struct {
	item           int
	text           string
	line           int
	taken, untaken bool
}

// passage is readable text with the line each character stands in.
type passage struct {
	runes []rune
	lines []int
}

// prose judges readable text: the links mail programs would make of it, and the
// fields in it. Sections make several texts of one; it is read with every
// section taken, with none taken, and with all branches one behind the other.
func (p *part) prose(pieces []piece, h how) {
	size, variants := 0, 1
	for _, x := range pieces {
		size += len(x.text) + 1
		if x.item >= 0 && p.items[x.item].kind != show || !x.taken {
			variants = 3 // without sections the three are one
		}
	}
	for variant := range variants {
		run := passage{runes: make([]rune, 0, size), lines: make([]int, 0, size)}
		for _, x := range pieces {
			if variant == 0 && !x.taken || variant == 1 && !x.untaken {
				continue
			}
			p.appendPiece(&run, x)
		}
		p.run(run, h)
	}
}

func (p *part) appendPiece(run *passage, x piece) {
	add := func(r rune, line int) {
		run.runes, run.lines = append(run.runes, r), append(run.lines, line)
	}
	if x.item < 0 {
		line := x.line
		for _, r := range plane15(x.text) {
			add(r, line)
			if r == '\n' {
				line++
			}
		}
		return
	}
	switch p.items[x.item].kind {
	case show:
		add(rune(fieldRune+x.item), x.line)
	case openIf, openNot:
		add(openRune, x.line)
	case closing:
		add(closeRune, x.line)
	default:
		add(elseRune, x.line)
	}
}

// run splits a text into words, as a mail program does that looks for links.
func (p *part) run(run passage, h how) {
	start := 0
	for i := 0; i <= len(run.runes); i++ {
		if i < len(run.runes) && !ends(run.runes[start:i], run.runes[i]) {
			continue
		}
		if i > start {
			p.word(run.runes[start:i], h, run.lines[start])
		}
		start = i + 1
	}
}

// ends says whether r ends the word. An else does, because the branches never
// stand beside each other; in the rest of a link both are the same to us.
func ends(word []rune, r rune) bool {
	if r == elseRune {
		i := indexScheme(word)
		return i < 0 || !strings.ContainsAny(string(word[i+3:]), "/?#")
	}
	return unicode.IsSpace(r) || strings.ContainsRune(`<>"`, r)
}

func (p *part) word(w []rune, h how, line int) {
	var done int // from here on, the word is the rest of one link
	if i := indexScheme(w); i >= 0 {
		done = p.schemeWord(w, i, line)
	} else {
		done = p.bareWord(w, line)
	}
	depth := 0
	for i, r := range w {
		switch {
		case isField(r) && i > done:
			p.settle(int(r-fieldRune), asQuery, line)
		case isField(r):
			p.settle(int(r-fieldRune), h, line)
		case i > done && r == openRune:
			depth++
		case i > done && r == closeRune:
			if depth--; depth < 0 && more(w[i:]) {
				p.fault(line, "has a section that ends inside a link", "put the whole link inside the section")
				return
			}
		}
	}
	if depth > 0 {
		p.fault(line, "has a section that begins inside a link and ends behind it", "put the whole link inside the section")
	}
	p.joints(w[:min(done, len(w))], line)
}

// more says whether anything but section markers follows.
func more(w []rune) bool {
	for _, r := range w {
		if !isMarker(r) {
			return true
		}
	}
	return false
}

func indexScheme(w []rune) int {
	for i := 0; i+2 < len(w); i++ {
		if w[i] == ':' && w[i+1] == '/' && w[i+2] == '/' {
			return i
		}
	}
	return -1
}

// schemeWord judges a word with "://" at i and answers where its host ends.
func (p *part) schemeWord(w []rune, i, line int) int {
	start := i
	for start > 0 && (unicode.IsLetter(w[start-1]) || isMerge(w[start-1]) && !isMarker(w[start-1])) {
		start--
	}
	scheme := string(w[start:i])
	if strings.ContainsFunc(scheme, isMerge) || isMarker(w[max(0, i-1)]) {
		p.fault(line, "has a field or section in the scheme of a link", "write https://, the host and a / first; a field may stand behind them")
		return len(w)
	}
	if s := strings.ToLower(scheme); s != "https" && s != "http" {
		p.fault(line, "has a link with the scheme "+printableScheme(s), "use https")
		return len(w)
	}
	end := i + 3
	for end < len(w) && !strings.ContainsRune("/?#", w[end]) {
		end++
	}
	authority := w[i+3 : end]
	for len(authority) > 0 && end == len(w) && isMarker(authority[len(authority)-1]) {
		authority = authority[:len(authority)-1]
	}
	if strings.ContainsFunc(string(authority), isMerge) {
		p.fault(line, "has a field or section in the host of a link", "write the host and a / first; a field may stand behind them")
		return len(w)
	}
	p.host(strings.TrimRight(string(authority), ".,;:!)]}'’”*_"), line)
	p.nested(w[min(end, len(w)):], line)
	return end
}

// nested notes the hosts of links inside a link's path or query.
func (p *part) nested(w []rune, line int) {
	if i := indexScheme(w); i >= 0 {
		p.schemeWord(w, i, line)
	}
}

// bareWord judges a word without "://": the domains in it that mail programs
// link. An address keeps its domain: it leads to a mailbox, not to a page.
func (p *part) bareWord(w []rune, line int) int {
	text := make([]rune, 0, len(w))
	at := make([]int, 0, len(w)) // of each rune of text, its place in w
	for i, r := range w {
		if !isMarker(r) {
			text, at = append(text, r), append(at, i)
		}
	}
	s := string(text)
	if strings.Contains(s, "//") && strings.ContainsFunc(s[strings.Index(s, "//"):], isField) {
		p.fault(line, "has a field behind //, where a host stands", "write the whole link, and the field behind its host")
		return len(w)
	}
	done, runes := len(w), 0 // runes before from
	for from := 0; from < len(s); {
		start, end := bareDomain(s[from:])
		if start < 0 {
			break
		}
		start, end = start+from, end+from
		opens := runes + utf8.RuneCountInString(s[from:start])
		runes = opens + utf8.RuneCountInString(s[start:end])
		from = end
		if strings.HasSuffix(s[:start], "@") || strings.HasPrefix(s[end:], "@") {
			continue
		}
		first, last := at[opens], at[runes-1]
		for _, r := range w[first:last] {
			if isMarker(r) {
				p.fault(line, "has a section that begins or ends inside a web address", "put the whole address inside the section")
				return len(w)
			}
		}
		p.host(strings.Trim(s[start:end], ".-_"), line)
		next := last + 1
		if next < len(w) && isField(w[next]) {
			p.fault(line, "has a field directly behind a web address", "put a space or a / between them")
		}
		if next < len(w) && strings.ContainsRune("/?#:", w[next]) && done == len(w) {
			done = next
		}
	}
	return done
}

// joints refuses what could grow into a domain when values are filled in: two
// fields without anything between them, and a field that a dot joins to
// letters. Numbers and telephone numbers begin and end with a digit, which no
// top-level domain has.
func (p *part) joints(w []rune, line int) {
	text := make([]rune, 0, len(w))
	for _, r := range w {
		if !isMarker(r) {
			text = append(text, r)
		}
	}
	for i, r := range text {
		if !isField(r) || p.numeric(r) {
			continue
		}
		if i+1 < len(text) && isField(text[i+1]) && !p.numeric(text[i+1]) {
			p.fault(line, "has two fields with nothing between them", "put a space between them")
		}
		if i+2 < len(text) && isDot(text[i+1]) && (isField(text[i+2]) || unicode.IsLetter(text[i+2])) {
			p.fault(line, "has a field that a dot joins to what follows, which may become a web address", "put a space behind the dot")
		}
		if i > 1 && isDot(text[i-1]) && (isField(text[i-2]) || labelRune(text[i-2])) {
			p.fault(line, "has a field that a dot joins to what precedes it, which may become a web address", "put a space behind the dot")
		}
	}
}

func isDot(r rune) bool { return r == '.' || r == '．' || r == '｡' || r == '。' }

func (p *part) numeric(r rune) bool {
	it := p.items[r-fieldRune]
	if it.field < 0 || it.fallen {
		return false
	}
	t := p.c.letter.fields[it.field].Type
	return t == cordon.FieldNumber || t == cordon.FieldPhone
}
