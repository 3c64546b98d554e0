package compose

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// The HTML part is read with every marker replaced by a plain word, so that the
// x/net/html tokenizer says where each marker stands. A section must begin and
// end in the same place (readable text of the same element, or the same
// attribute value): then leaving a branch out leaves the structure as it is,
// and the structure is what was approved, whatever the values.

// place is where a marker stands.
type place struct {
	comment int // 0 outside, else the number of the conditional comment
	element string
	tag     int // 0 in text, else the number of the tag
	attr    int
}

// reader walks the HTML of one part.
type reader struct {
	p        *part
	nonce    string
	places   []place // by item
	placed   []bool
	tags     int
	comments int
	comment  int // the conditional comment being read
	foreign  int // open svg and math elements
	depth    int // of HTML inside raw text
}

// html finds where every marker of the part stands and settles how it is written.
func (p *part) html() {
	r := reader{p: p, nonce: nonce(p.source), places: make([]place, len(p.items)), placed: make([]bool, len(p.items))}
	var b strings.Builder
	for i, it := range p.items {
		if it.kind == literal {
			b.WriteString(it.text)
			continue
		}
		b.WriteString(r.nonce + strconv.Itoa(i) + "z")
	}
	r.read(b.String(), 1)
	r.sections()
}

// nonce makes a word that occurs nowhere in the source: letters, so that a
// marker behind "<" is read as the name of a tag, and refused.
func nonce(source string) string {
	source = strings.ToLower(source)
	word := "zq"
	for strings.Contains(source, word) {
		word += "xq"
	}
	return word
}

// split cuts raw source into literal stretches and markers.
func (r *reader) split(s string, found func(text string, item int)) {
	for {
		i := strings.Index(s, r.nonce)
		if i < 0 {
			found(s, -1)
			return
		}
		end := i + len(r.nonce)
		n := 0
		for end < len(s) && '0' <= s[end] && s[end] <= '9' {
			n = n*10 + int(s[end]-'0')
			end++
		}
		found(s[:i], -1)
		if end < len(s) && n < len(r.p.items) {
			found("", n)
			end++
		}
		s = s[end:]
	}
}

func (r *reader) has(s string) bool { return strings.Contains(s, r.nonce) }

// refuse faults every marker in raw.
func (r *reader) refuse(raw string, line int, where, remedy string) {
	r.split(raw, func(_ string, i int) {
		if i < 0 {
			return
		}
		r.placed[i] = true
		r.places[i] = place{tag: -1}
		r.p.fault(line, "has a field or section "+where, remedy)
	})
}

// read walks one stretch of HTML: the whole part, or what a conditional comment
// holds.
func (r *reader) read(source string, line int) {
	z := html.NewTokenizer(strings.NewReader(source))
	raw, read, element := "", 0, ""
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		raw = string(z.Raw())
		read += len(raw)
		switch kind {
		case html.TextToken:
			r.text(raw, element, line)
		case html.StartTagToken, html.SelfClosingTagToken:
			element = r.start(z, raw, line, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			element = ""
			r.end(z, raw, line)
		case html.CommentToken:
			r.remark(raw, line)
		case html.DoctypeToken:
			r.refuse(raw, line, "in the doctype", "take it out")
		}
		line += strings.Count(raw, "\n")
	}
	if rest := source[read:]; rest != "" {
		r.p.fault(line, "ends inside a tag or a comment", "close it")
		r.refuse(rest, line, "in a tag that is not closed", "close the tag")
	}
}

// rawText are the elements whose content the tokenizer does not read as HTML.
func rawText(element string) bool {
	switch element {
	case "script", "style", "textarea", "iframe", "noembed", "noframes", "plaintext", "xmp", "title":
		return true
	}
	return false
}

func (r *reader) text(raw, element string, line int) {
	switch {
	case element == "title":
		if strings.Contains(raw, "<") {
			r.refuse(raw, line, "in a title that holds <", "write &lt;")
			return
		}
		r.prose(raw, element, line)
	case element == "style":
		r.refuse(raw, line, "in a style sheet", "write the style out; a field may stand in text")
		r.css(raw, line)
	case element != "":
		r.refuse(raw, line, "inside <"+element+">", "a field may stand in text, in a quoted attribute, and behind the host of a link")
		if element != "script" {
			r.hosts(raw, line)
		}
	case r.foreign > 0:
		r.refuse(raw, line, "inside an <svg> or <math> drawing", "use an image and put the field into its alt text")
	default:
		r.prose(raw, "", line)
	}
}

// hosts collects the links of content that some mail programs read as HTML.
func (r *reader) hosts(raw string, line int) {
	if !strings.Contains(raw, "<") {
		return
	}
	if r.depth == 3 {
		r.p.fault(line, "nests frames too deep", "letters have no frames; take them out")
		return
	}
	sub := *r
	sub.foreign, sub.depth = 0, r.depth+1
	sub.read(raw, line)
	r.tags, r.comments = sub.tags, sub.comments
}

// prose hands readable text on, with its entities decoded as a reader sees it.
func (r *reader) prose(raw, element string, line int) {
	var pieces []piece
	taken, untaken := r.branch(raw)
	r.split(raw, func(text string, i int) {
		x := piece{item: i, line: line, taken: taken, untaken: untaken}
		if i < 0 {
			x.text = html.UnescapeString(text)
			line += strings.Count(text, "\n")
		} else {
			it := &r.p.items[i]
			x.taken, x.untaken = it.taken, it.untaken
			taken, untaken = it.taken, it.untaken
			r.placed[i] = true
			r.places[i] = place{comment: r.comment, element: element}
		}
		pieces = append(pieces, x)
	})
	if len(pieces) > 1 || strings.ContainsAny(pieces[0].text, "./:．｡。") {
		r.p.prose(pieces, asHTML)
	}
}

// branch says in which branches the text before the first marker of raw stands:
// those of the nearest marker before it.
func (r *reader) branch(raw string) (taken, untaken bool) {
	first := -1
	r.split(raw, func(_ string, i int) {
		if first < 0 {
			first = i
		}
	})
	if first < 0 {
		return true, true // no marker in it: it is judged as it stands
	}
	for i := first - 1; i >= 0; i-- {
		if r.p.items[i].kind != literal && r.p.items[i].kind != show {
			return r.p.items[i].taken, r.p.items[i].untaken
		}
	}
	return true, true
}

// end reads an end tag.
func (r *reader) end(z *html.Tokenizer, raw string, line int) {
	name, _ := z.TagName()
	if n := string(name); n == "svg" || n == "math" {
		r.foreign = max(0, r.foreign-1)
	}
	r.refuse(raw, line, "in the name of an end tag", "write the tag out")
}

// remark reads a comment. Outlook's conditional comments are HTML to Outlook:
// their links count, and fields may stand in them where they may stand outside.
func (r *reader) remark(raw string, line int) {
	head, body, ok := conditional(raw)
	if !ok || r.comment > 0 {
		r.refuse(raw, line, "inside a comment", "take it out of the comment, or delete the comment")
		return
	}
	if r.has(head) {
		r.refuse(raw, line, "in the condition of an Outlook comment", "write the condition out")
		return
	}
	r.comments++
	sub := *r
	sub.comment, sub.foreign = r.comments, 0
	r.p.flag = inComment
	sub.read(body, line+strings.Count(head, "\n"))
	r.p.flag = 0
	r.tags, r.comments = sub.tags, sub.comments
}

// conditional splits "<!--[if …]>body<![endif]-->". A body that is open at
// either end (<!--[if !mso]><!-->) has none that Outlook alone reads.
func conditional(raw string) (head, body string, ok bool) {
	inner, ok := strings.CutPrefix(raw, "<!--")
	if !ok {
		return "", "", false
	}
	trimmed := strings.TrimLeft(inner, " \t\r\n")
	if len(trimmed) < 3 || !strings.EqualFold(trimmed[:3], "[if") {
		return "", "", false
	}
	cond, rest, ok := strings.Cut(inner, "]>")
	if !ok {
		return "", "", false
	}
	end := strings.LastIndex(strings.ToLower(rest), "<![endif]")
	if end < 0 {
		return "", "", false
	}
	return raw[:len("<!--")+len(cond)+len("]>")], rest[:end], true
}

// sections checks that every section begins and ends in one place.
func (r *reader) sections() {
	for i := range r.p.items {
		it := &r.p.items[i]
		if it.kind == show && !r.placed[i] {
			r.p.fault(it.line, "has a field where it cannot be verified", "move it into text")
		}
		if it.kind != openIf && it.kind != openNot || it.end == 0 {
			continue
		}
		marks := []int{i, it.end}
		if it.middle > 0 {
			marks = append(marks, it.middle)
		}
		for _, m := range marks {
			if !r.placed[m] || r.places[m] != r.places[i] || r.places[i].tag < 0 {
				r.p.fault(it.line, "has a section that begins in one place of the HTML and ends in another", "begin and end it in text, or inside one attribute")
				break
			}
		}
	}
}
