package screen

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLFacts counts what the HTML is made of.
type HTMLFacts struct {
	Bytes         int
	Tags          int // start tags
	Distinct      int // different names of start tags
	Unknown       int // tags that are no HTML
	Unmatched     int // end tags without a start
	Unclosed      bool
	Scripts       int
	Styles        int
	Forms         int
	Inputs        int // fields to type into
	Passwords     int // of them, for a password
	Frames        int // iframes, frames, objects, embeds, applets
	EventHandlers int // on… attributes
	Refresh       int // <meta http-equiv=refresh>
	Bases         int // <base href>
	Tables        int
	Fonts         int // <font> tags
	DataURLs      int // data: in a link or an image
	ScriptURLs    int // javascript: or vbscript: in a link
	HiddenTags    int // elements that hide what is in them, when something was in them
	TinyImages    int // at most 2 × 2 pixels
	Comments      int // bytes of comments, Outlook's conditional ones apart
	Splits        int // comments or unknown tags inside a word
}

const maxStack = 256 // open elements that are remembered

// walker reads one HTML part in a single pass of the tokenizer.
type walker struct {
	*reader
	z      *html.Tokenizer
	tag    tag
	stack  []element
	now    look // how text is shown where we are
	sheet  styles
	raw    atom.Atom // the element whose text is not HTML: style, script, title …
	anchor int       // index of the open anchor in Links, -1
	opened int       // where its text begins
	only   bool      // inside an Outlook comment: links count, text does not
	seen   []atom.Atom
	joint  bool // a comment or unknown tag was met since the last text
}

type element struct {
	name atom.Atom
	odd  uint64 // of a tag that is no HTML: its name's hash
	look look   // outside it
}

// html reads one part.
func (r *reader) html(source string) {
	if len(source) > maxHTML {
		source = clip(source, maxHTML)
		r.s.Cut = true
	}
	r.s.HTML.Bytes += len(source)
	w := &walker{reader: r, anchor: -1}
	w.now = look{ink: black, paper: white}
	w.opened = len(r.text.buf)
	r.text.grow(len(source)/2 + 256)
	start := len(r.text.buf)
	w.walk(source)
	w.closeAnchor()
	r.bare(r.text.buf[start:], w.spans(start))
}

func (w *walker) walk(source string) {
	outer := w.z
	w.z = html.NewTokenizer(strings.NewReader(source))
	for {
		switch w.z.Next() {
		case html.ErrorToken: // io.EOF: reading a string has no other error
			w.s.HTML.Unclosed = w.s.HTML.Unclosed || len(w.stack) > 0
			w.z = outer
			return
		case html.TextToken:
			w.words(w.z.Text())
		case html.StartTagToken:
			w.start(false)
		case html.SelfClosingTagToken:
			w.start(true)
		case html.EndTagToken:
			w.end()
		case html.CommentToken:
			w.comment()
		}
	}
}

// words takes a text token: what a reader sees, what is hidden, or what is no
// text at all.
func (w *walker) words(b []byte) {
	switch w.raw {
	case 0:
	case atom.Style:
		w.sheet.read(b)
		return
	default:
		return
	}
	if w.only {
		return
	}
	if w.now.hidden || w.now.invisible() {
		if w.hidden.owed == 0 && len(w.hidden.buf) > 0 {
			w.hidden.owe(' ')
		}
		w.hidden.write(b, ' ')
		return
	}
	if w.joint && len(b) > 0 && w.text.owed == 0 && len(w.text.buf) > 0 && startsWord(b) && inWord(w.text.last()) {
		w.s.HTML.Splits++
	}
	w.joint = false
	w.text.write(b, ' ')
}

// comment counts a comment. What stands in Outlook's conditional comments is
// HTML to Outlook: its links count.
func (w *walker) comment() {
	b := w.z.Text()
	head := bytes.TrimLeft(b, " \t\r\n")
	if len(head) < 3 || !bytes.EqualFold(head[:3], []byte("[if")) {
		if !bytes.Contains(b, []byte("[endif]")) && !bytes.Contains(b, []byte("[if")) {
			w.s.HTML.Comments += len(b)
			w.joint = true
		}
		return
	}
	_, body, ok := bytes.Cut(head, []byte("]>"))
	if !ok || w.only || len(body) < 8 {
		return
	}
	kept, now, anchor := w.stack, w.now, w.anchor
	w.only, w.anchor = true, -1
	w.stack = nil
	w.walk(string(body))
	w.closeAnchor()
	w.only, w.raw = false, 0
	w.stack, w.now, w.anchor = kept, now, anchor
}

func (w *walker) start(closed bool) {
	name, more := w.z.TagName()
	w.tag = tag{name: atom.Lookup(name), width: -1, height: -1}
	t := &w.tag
	odd := uint64(0)
	f := &w.s.HTML
	f.Tags++
	if t.name == 0 || !isElement(t.name) {
		odd = hashBytes(name)
		if !bytes.ContainsAny(name, ":-") {
			f.Unknown++
			w.joint = true
		}
	}
	w.distinct(t.name)
	if more {
		w.attributes(t)
	}
	w.element(t)
	if w.raw != 0 || void(t.name) {
		return
	}
	if closed && (t.name == 0 || odd != 0) {
		return
	}
	w.implied(t.name)
	outside := w.now
	w.now = w.sheet.apply(w.now, t)
	if len(w.stack) < maxStack {
		w.stack = append(w.stack, element{name: t.name, odd: odd, look: outside})
	} else {
		w.now = outside
	}
	if w.now.hidden && !outside.hidden {
		f.HiddenTags++
	}
}

func (w *walker) distinct(name atom.Atom) {
	for _, a := range w.seen {
		if a == name {
			return
		}
	}
	if len(w.seen) < 200 {
		w.seen = append(w.seen, name)
		w.s.HTML.Distinct = max(w.s.HTML.Distinct, len(w.seen))
	}
}

// element counts the tag, notes its links and images and breaks the text.
func (w *walker) element(t *tag) {
	f := &w.s.HTML
	if gap := breaks(t.name); gap != 0 && !w.only {
		w.text.owe(gap)
	}
	switch t.name {
	case atom.A, atom.Area:
		w.closeAnchor()
		if i := w.link(t.href, LinkAnchor); i >= 0 && t.name == atom.A {
			w.anchor, w.opened = i, len(w.text.buf)
		}
	case atom.Img, atom.Image:
		w.image(t)
	case atom.Form:
		f.Forms++
		w.link(t.action, LinkForm)
	case atom.Input, atom.Textarea, atom.Select, atom.Button:
		w.input(t)
	case atom.Script:
		f.Scripts++
		w.link(t.src, LinkFrame)
	case atom.Style:
		f.Styles++
	case atom.Iframe, atom.Frame, atom.Object, atom.Embed, atom.Applet:
		f.Frames++
		w.link(t.src, LinkFrame)
	case atom.Meta:
		if bytes.EqualFold(bytes.TrimSpace(t.equiv), []byte("refresh")) {
			f.Refresh++
			if _, url, ok := bytes.Cut(t.content, []byte("=")); ok {
				w.link(bytes.Trim(url, " '\""), LinkFrame)
			}
		}
	case atom.Base:
		f.Bases++
		w.link(t.href, LinkAnchor)
	case atom.Link, atom.Source, atom.Video, atom.Audio:
		w.link(t.href, LinkImage)
		w.link(t.src, LinkImage)
	case atom.Table:
		f.Tables++
	case atom.Font:
		f.Fonts++
	}
	w.link(t.background, LinkImage)
	if bytes.IndexByte(t.style, '(') >= 0 {
		w.styleLinks(t.style)
	}
	if rawText(t.name) {
		w.raw = t.name
	}
}

func (w *walker) input(t *tag) {
	switch kind := strings.ToLower(string(bytes.TrimSpace(t.kind))); {
	case kind == "password":
		w.s.HTML.Passwords++
		w.s.HTML.Inputs++
	case kind != "hidden" && kind != "submit" && kind != "button" && kind != "image" && t.name != atom.Button:
		w.s.HTML.Inputs++
	}
	w.link(t.action, LinkForm)
	w.link(t.src, LinkImage)
}

func (w *walker) image(t *tag) {
	if len(t.alt) > 0 && !w.only {
		w.alt.owe(' ')
		w.alt.write(t.alt, ' ')
	}
	i := w.link(t.src, LinkImage)
	if i < 0 || len(w.s.Images) >= maxImages {
		return
	}
	l := &w.s.Links[i]
	switch l.Scheme {
	case "data":
		w.inline(string(t.src))
		return
	case "cid", "mid":
		return // the part itself is on the sheet
	}
	if t.width >= 0 && t.width <= 2 && t.height <= 2 || t.height >= 0 && t.height <= 2 && t.width <= 2 {
		w.s.HTML.TinyImages++
	}
	w.s.Images = append(w.s.Images, Image{Remote: l.Host != "", Width: max(t.width, 0), Height: max(t.height, 0)})
}

// end reads an end tag: it closes everything opened since its start.
func (w *walker) end() {
	b, _ := w.z.TagName()
	name := atom.Lookup(b)
	w.raw = 0
	odd := uint64(0)
	if name == 0 || !isElement(name) {
		odd = hashBytes(b)
		w.joint = w.joint || !bytes.ContainsAny(b, ":-")
	}
	if gap := breaks(name); gap != 0 && !w.only {
		w.text.owe(gap)
	}
	if name == atom.A {
		w.closeAnchor()
	}
	if rawText(name) || void(name) {
		return
	}
	for i := len(w.stack) - 1; i >= 0; i-- {
		if w.stack[i].name == name && w.stack[i].odd == odd {
			w.now = w.stack[i].look
			w.stack = w.stack[:i]
			return
		}
		if w.stack[i].name == atom.Td && !layout(name) {
			break // an end tag does not reach out of its cell
		}
	}
	w.s.HTML.Unmatched++
}

// implied closes the elements that end where the next begins.
func (w *walker) implied(name atom.Atom) {
	for len(w.stack) > 0 {
		top := w.stack[len(w.stack)-1]
		ends := false
		switch top.name {
		case atom.P:
			ends = breaks(name) == '\n' && name != atom.Br
		case atom.Li:
			ends = name == atom.Li
		case atom.Td, atom.Th:
			ends = name == atom.Td || name == atom.Th || name == atom.Tr
		case atom.Tr:
			ends = name == atom.Tr
		case atom.Option:
			ends = name == atom.Option
		case atom.Head:
			ends = name == atom.Body
		}
		if !ends {
			return
		}
		w.now = top.look
		w.stack = w.stack[:len(w.stack)-1]
	}
}

// closeAnchor ends the open anchor: its text is what was written since.
func (w *walker) closeAnchor() {
	if w.anchor < 0 {
		return
	}
	if !w.only && w.opened < len(w.text.buf) {
		l := &w.s.Links[w.anchor]
		l.Text = clip(strings.TrimSpace(string(w.text.buf[w.opened:])), 300)
		w.anchors = append(w.anchors, span{start: w.opened, end: len(w.text.buf)})
	}
	w.anchor = -1
}

// spans moves the anchors found since start to the text that begins there.
func (w *walker) spans(start int) []span {
	var found []span
	for _, a := range w.anchors {
		if a.start >= start {
			found = append(found, span{start: a.start - start, end: a.end - start})
		}
	}
	return found
}
