package message

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TextFromHTML makes a readable text part out of an HTML body: links as
// "text <url>", lists with bullets or numbers, the cells of a row on one line,
// white space folded. Comments (Outlook's conditional ones too), head, style,
// script and what an inline style hides are dropped. Merge markers are text
// like any other and stay. It never fails; the answer has LF line ends and is
// "" when nothing readable is left.
func TextFromHTML(source string) string {
	t := texter{z: html.NewTokenizer(strings.NewReader(source))}
	for {
		switch t.z.Next() {
		case html.ErrorToken: // io.EOF: reading a string has no other error
			return t.finish()
		case html.TextToken:
			t.text(t.z.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			t.open(t.z.Token())
		case html.EndTagToken:
			t.close(t.z.Token())
		}
	}
}

// texter writes text as the tokens come. Line breaks and spaces are owed until
// the next visible text, so that none pile up.
type texter struct {
	z     *html.Tokenizer
	out   strings.Builder
	lines int  // line breaks owed
	gap   bool // a space is owed
	row   int  // cells seen in this row
	pre   int

	hidden string // the element that hides what is inside it
	depth  int    // of elements of the same name inside it, itself included

	lists []int // of each open list: the last number, -1 for bullets
	links []link
}

type link struct {
	url   string
	start int // where its text begins in out
}

const maxLists = 16 // deeper lists are shown as the sixteenth level

func (t *texter) text(s string) {
	if t.depth > 0 {
		return
	}
	if t.pre > 0 {
		t.verbatim(s)
		return
	}
	for i, word := range strings.FieldsFunc(s, foldable) {
		if i > 0 || startsWithSpace(s) {
			t.gap = true
		}
		t.word(word)
	}
	if endsWithSpace(s) {
		t.gap = true
	}
}

func (t *texter) verbatim(s string) {
	for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		if i > 0 {
			t.lines = min(t.lines+1, 2)
		}
		if strings.TrimFunc(line, foldable) != "" {
			t.gap = false
			t.word(strings.Map(printable, strings.TrimRight(line, " \t\r")))
		}
	}
}

// word writes what is owed, then the word.
func (t *texter) word(word string) {
	word = strings.Map(printable, word)
	if strings.Trim(word, invisible) == "" {
		return
	}
	switch {
	case t.out.Len() == 0:
	case t.lines > 0:
		t.out.WriteString("\n\n"[:t.lines])
	case t.gap:
		t.out.WriteByte(' ')
	}
	t.lines, t.gap = 0, false
	t.out.WriteString(word)
}

func (t *texter) owe(lines int) {
	if lines == 0 {
		return
	}
	t.lines, t.gap = max(t.lines, lines), false
}

func (t *texter) open(tok html.Token) {
	if t.depth > 0 {
		switch {
		case t.hidden == "p" && tok.DataAtom == atom.P, t.hidden == "head" && tok.DataAtom == atom.Body:
			t.depth = 0 // these end where the next begins, closed or not
		case tok.Data == t.hidden && tok.Type == html.StartTagToken:
			t.depth++
			return
		default:
			return
		}
	}
	if hides(tok) {
		if tok.Type == html.StartTagToken && !void(tok.DataAtom) {
			t.hidden, t.depth = tok.Data, 1
		}
		return
	}
	switch tok.DataAtom {
	case atom.Br:
		t.lines, t.gap = min(t.lines+1, 2), false
	case atom.Hr:
		t.owe(2)
		t.word("---")
		t.owe(2)
	case atom.Img:
		if alt := strings.TrimFunc(attr(tok, "alt"), foldable); alt != "" {
			t.text(alt)
		}
	case atom.A:
		t.links = append(t.links, link{url: strings.TrimSpace(attr(tok, "href")), start: -1})
		t.mark()
	case atom.Ul:
		t.list(-1)
	case atom.Ol:
		t.list(0)
	case atom.Li:
		t.item()
	case atom.Td, atom.Th:
		t.cell()
	case atom.Tr:
		t.owe(1)
		t.row = 0
	case atom.Pre:
		t.owe(2)
		t.pre++
	default:
		t.owe(breaks(tok.DataAtom))
	}
}

func (t *texter) close(tok html.Token) {
	if t.depth > 0 {
		if tok.Data == t.hidden {
			t.depth--
		}
		return
	}
	switch tok.DataAtom {
	case atom.A:
		t.endLink()
	case atom.Ul, atom.Ol:
		if len(t.lists) > 0 {
			t.lists = t.lists[:len(t.lists)-1]
		}
		t.owe(1)
		if len(t.lists) == 0 {
			t.owe(2)
		}
	case atom.Li, atom.Tr:
		t.owe(1)
		t.row = 0
	case atom.Pre:
		t.pre = max(0, t.pre-1)
		t.owe(2)
	default:
		t.owe(breaks(tok.DataAtom))
	}
}

// mark remembers where an open link's text begins: at the next word, so its
// position is what is written now and everything after it.
func (t *texter) mark() {
	t.links[len(t.links)-1].start = t.out.Len()
}

// endLink writes the URL behind the link's text, unless the text is the URL.
func (t *texter) endLink() {
	if len(t.links) == 0 {
		return
	}
	l := t.links[len(t.links)-1]
	t.links = t.links[:len(t.links)-1]
	if l.url == "" || strings.HasPrefix(l.url, "#") || strings.ContainsFunc(l.url, unicode.IsControl) {
		return
	}
	text := strings.TrimSpace(t.out.String()[l.start:])
	bare := l.url
	for _, scheme := range []string{"mailto:", "tel:"} {
		if len(bare) > len(scheme) && strings.EqualFold(bare[:len(scheme)], scheme) {
			bare = bare[len(scheme):]
		}
	}
	if text == l.url || text == bare || strings.TrimSuffix(l.url, "/") == text {
		return
	}
	t.gap = text != "" || t.gap
	t.word("<" + bare + ">")
}

func (t *texter) list(first int) {
	if len(t.lists) == 0 {
		t.owe(2)
	} else {
		t.owe(1)
	}
	t.lists = append(t.lists, first)
}

func (t *texter) item() {
	t.owe(1)
	bullet := "-"
	if n := len(t.lists); n > 0 && t.lists[n-1] >= 0 {
		t.lists[n-1]++
		bullet = strconv.Itoa(t.lists[n-1]) + "."
	}
	t.word(strings.Repeat("  ", min(max(0, len(t.lists)-1), maxLists)) + bullet)
	t.gap = true
}

// cell puts cells of one row beside each other; a table used for layout has one
// cell a row and reads as paragraphs.
func (t *texter) cell() {
	if t.row > 0 && t.lines == 0 {
		t.gap = true
	}
	t.row++
}

func (t *texter) finish() string {
	text := t.out.String()
	if text == "" {
		return ""
	}
	return text + "\n"
}

// breaks is how many line breaks stand around an element: 2 is an empty line.
func breaks(a atom.Atom) int {
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Dl, atom.Table:
		return 2
	case atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside,
		atom.Address, atom.Center, atom.Dt, atom.Dd, atom.Fieldset, atom.Form, atom.Figure, atom.Figcaption,
		atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Body, atom.Html:
		return 1
	}
	return 0
}

// hides says whether nothing inside the element is for reading.
func hides(tok html.Token) bool {
	switch tok.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Svg, atom.Math, atom.Textarea,
		atom.Select, atom.Object, atom.Iframe, atom.Noembed, atom.Noframes:
		return true
	}
	for _, a := range tok.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key == "style" {
			style := strings.Map(func(r rune) rune {
				if foldable(r) {
					return -1
				}
				return unicode.ToLower(r)
			}, a.Val)
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

func void(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link,
		atom.Meta, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

func attr(tok html.Token, key string) string {
	for _, a := range tok.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// foldable is the white space that folds into one space. A no-break space folds
// too: templates use it to keep cells open, not for the reader.
func foldable(r rune) bool {
	return unicode.IsSpace(r)
}

// invisible are the joiners that templates pad a preview line with.
const invisible = "\u034f\u200c\u200d"

// printable drops control characters and what only steers line breaking.
func printable(r rune) rune {
	switch {
	case r != '\t' && unicode.IsControl(r), r == '\u00ad', r == '\u200b', r == '\ufeff':
		return -1
	}
	return r
}

func startsWithSpace(s string) bool {
	for _, r := range s {
		return foldable(r)
	}
	return false
}

func endsWithSpace(s string) bool {
	return strings.TrimRightFunc(s, foldable) != s
}
