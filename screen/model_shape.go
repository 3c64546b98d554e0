package screen

import (
	"strings"
	"unicode/utf8"
)

// shape is what kind of message a sheet is, apart from its words.
type shape struct {
	words        int // of subject and text
	english      float64
	known        float64 // share of words that are the small words of some language
	foreign      bool    // the small words of another language than English are more
	oddRun       int     // words with a letter three times or more in a row
	mixed        int     // words of letters and digits
	fancy        int     // words in mathematical or enclosed letters
	single       int     // single letters
	subjectFancy bool

	anchors, domains, hosts     int
	imagesRemote, imagesInline  int
	short, pages, forms, bad    int // links to hosts of these kinds
	noise, number, mailer       int
	social                      int
	contacts                    int  // mail addresses in the text, and mailto: links
	addressed                   bool // the subject or sender's name holds a mail address
	own, ownReply               bool // a link's domain has the sender's name; the Reply-To's
	unsubscribe                 bool
	phone                       bool
	subjectDigits, subjectUpper int
	subjectLetters              int
	subjectExclaims             int
	subjectTag                  bool // it ends in a code: #7g5niV
	emoji                       int  // in subject and name
	quoted                      int  // lines that begin with >
	unfilled                    bool // a mass mailer's placeholder was left in
	bulk                        bool
}

// shapeOf reads the shape from everything but the words, which the scan counts.
func shapeOf(s *Sheet, sh *shape) {
	linkShape(s, sh)
	for i := range s.Images {
		if s.Images[i].Remote {
			sh.imagesRemote++
		} else {
			sh.imagesInline++
		}
	}
	sh.addressed = strings.IndexByte(s.Subject, '@') > 0 && hasAddress(s.Subject) || hasAddress(s.FromName)
	subjectShape(s.Subject, sh)
	for _, r := range s.FromName {
		if pictorial(r) {
			sh.emoji++
		}
	}
	textShape(s.Text, sh)
	sh.unfilled = unfilled(s.Subject) || unfilled(s.FromName) || unfilled(s.Text)
}

func linkShape(s *Sheet, sh *shape) {
	var domains, hosts [24]string
	name := nameParts(s.FromName)
	if name.n == 0 {
		name = nameParts(s.Subject)
	}
	reply := addressDomain(s.ReplyTo)
	from := addressDomain(s.FromAddress)
	for i := range s.Links {
		l := &s.Links[i]
		if l.Scheme == "mailto" {
			sh.contacts++
			continue
		}
		if l.Host == "" {
			continue
		}
		if l.Kind != LinkImage {
			sh.anchors++
			sh.domains = addOnce(&domains, sh.domains, l.Domain)
			sh.hosts = addOnce(&hosts, sh.hosts, l.Host)
		}
		sh.note(l, kindOf(l))
		sh.own = sh.own || from != "" && strings.HasSuffix(from, l.Domain) || name.in(l.Domain)
		sh.ownReply = sh.ownReply || reply != "" && strings.HasSuffix(reply, l.Domain)
		sh.unsubscribe = sh.unsubscribe || holdsFold(l.Text, "unsub") || holdsFold(l.URL, "unsub") || holdsFold(l.URL, "optout") || holdsFold(l.URL, "preferences")
	}
	sh.own = sh.own || name.in(reply)
}

// note counts a link by what its host is known for.
func (sh *shape) note(l *Link, kind hostKind) {
	if kind&hostSocial != 0 {
		sh.social++
	}
	if kind&hostMailer != 0 {
		sh.mailer++
	}
	if l.Kind == LinkImage {
		return
	}
	for _, k := range [...]struct {
		kind  hostKind
		count *int
	}{{hostShort, &sh.short}, {hostPages, &sh.pages}, {hostForm, &sh.forms}, {hostBad, &sh.bad}, {hostNoise, &sh.noise}, {hostNumber, &sh.number}} {
		if kind&k.kind != 0 {
			*k.count++
		}
	}
	if kind&hostBad != 0 && listed(weakDomains, l.Domain[strings.LastIndexByte(l.Domain, '.')+1:]) {
		sh.bad--
	}
}

func addOnce(list *[24]string, n int, v string) int {
	for i := range min(n, len(list)) {
		if list[i] == v {
			return n
		}
	}
	if n < len(list) {
		list[n] = v
		return n + 1
	}
	return n
}

// parts are the words of a sender's name that could stand in a domain.
type parts struct {
	words [6][]byte
	buf   [96]byte
	n     int
}

// nameParts cuts a display name into its words of four letters or more, and of
// three when there is no longer one.
func nameParts(name string) *parts {
	p := &parts{}
	var t tokenizer
	used := 0
	for i := 0; p.n < len(p.words); {
		_, end, ok := t.next(name, i)
		if !ok {
			break
		}
		i = end
		w := t.folded()
		if len(w) < 3 || len(w) > 24 || used+len(w) > len(p.buf) || listed(plainNames, string(w)) {
			continue
		}
		copy(p.buf[used:], w)
		p.words[p.n] = p.buf[used : used+len(w)]
		used += len(w)
		p.n++
	}
	return p
}

// plainNames are words in senders' names that say nothing about whose mail it is.
const plainNames = " the and team your info mail email news newsletter support service services customer account security alert alerts online official company group center from for with shop store deals offer offers health home free best new club inc ltd llc gmbh com www recipient example net department reward rewards claim "

// in says whether a word of the name stands in a domain.
func (p *parts) in(domain string) bool {
	if domain == "" {
		return false
	}
	for _, w := range p.words[:p.n] {
		if at := strings.Index(domain, string(w)); at >= 0 && (len(w) >= 4 || at == 0 || domain[at-1] == '.') {
			return true
		}
	}
	return false
}

func addressDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	return strings.ToLower(strings.TrimRight(address[at+1:], "> "))
}

func hasAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	return at > 0 && at+4 < len(s) && s[at-1] > ' ' && s[at+1] > ' ' && strings.IndexByte(s[at:], '.') > 0
}

func subjectShape(subject string, sh *shape) {
	for i, r := range subject {
		switch {
		case r < utf8.RuneSelf && asciiClass[r] == classUpper:
			sh.subjectUpper++
			sh.subjectLetters++
		case r < utf8.RuneSelf && asciiClass[r] == classLetter:
			sh.subjectLetters++
		case '0' <= r && r <= '9':
			sh.subjectDigits++
		case r == '!':
			sh.subjectExclaims++
		case pictorial(r):
			sh.emoji++
		case r == '#':
			rest := subject[i+1:]
			sh.subjectTag = sh.subjectTag || len(rest) >= 5 && len(rest) <= 14 && strings.IndexByte(rest, ' ') < 0
		}
	}
}

// pictorial says whether a character is a picture.
func pictorial(r rune) bool { return 0x1f300 <= r && r <= 0x1faff || 0x2600 <= r && r <= 0x27bf }

// textShape counts lines that quote, and what looks like a telephone number or a
// mail address.
func textShape(text string, sh *shape) {
	digits := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case '0' <= c && c <= '9':
			if digits++; digits >= 9 {
				sh.phone = true
			}
		case c == ' ' || c == '-' || c == '(' || c == ')' || c == '+' || c == '.':
		default:
			digits = 0
		}
		switch {
		case c == '>' && (i == 0 || text[i-1] == '\n'):
			sh.quoted++
		case c == '@' && i > 0 && i+3 < len(text) && text[i-1] > ' ' && text[i+1] > ' ':
			sh.contacts++
		}
	}
}

// unfilled says whether a mass mailer left one of its placeholders in.
func unfilled(s string) bool {
	for _, mark := range [...]string{"%RND", "%rand", "{numero}", "{number}", "[random", "{%", "%FIRST", "%EMAIL", "\\N \\N", "[[email", "##email", "{email}", "[Unsubscribe]]", "%CUSTOM", "_RND_", "{rand"} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return false
}

// holdsFold says whether s holds lower, without regard to the case of US-ASCII.
func holdsFold(s, lower string) bool {
	first := lower[0]
	for i := 0; i+len(lower) <= len(s); i++ {
		if s[i]|0x20 == first && foldPrefix(s[i:], lower) {
			return true
		}
	}
	return false
}
