package screen

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// tag is what a start tag's attributes say.
type tag struct {
	name                         atom.Atom
	href, src, action            []byte // of the tokenizer: good until its next token
	alt, kind, content, equiv    []byte
	background, class, id, style []byte
	width, height                int
	hidden                       bool
	ink, paper                   colour
	inked, papered               bool
}

// attributes reads what matters of a tag's attributes; the first of a name
// counts.
func (w *walker) attributes(t *tag) {
	for more := true; more; {
		var key, val []byte
		key, val, more = w.z.TagAttr()
		switch string(key) {
		case "href", "xlink:href":
			t.href = val
		case "src", "data":
			t.src = val
		case "action", "formaction":
			t.action = val
		case "background", "poster":
			t.background = val
			t.papered, t.paper = true, unknown
		case "alt":
			t.alt = val
		case "type":
			t.kind = val
		case "content":
			t.content = val
		case "http-equiv":
			t.equiv = val
		case "width":
			t.width = number(val)
		case "height":
			t.height = number(val)
		case "class":
			t.class = val
		case "id":
			t.id = val
		case "style":
			t.style = val
		case "hidden":
			t.hidden = true
		case "color", "text":
			t.ink, t.inked = parseColour(string(val))
		case "bgcolor":
			t.paper, t.papered = parseColour(string(val))
		default:
			if len(key) > 2 && key[0] == 'o' && key[1] == 'n' {
				w.s.HTML.EventHandlers++
			}
		}
	}
}

// isElement says whether the atom names an element of HTML, old ones included;
// atoms also name attributes.
func isElement(a atom.Atom) bool {
	switch a {
	case atom.A, atom.Abbr, atom.Acronym, atom.Address, atom.Applet, atom.Area, atom.Article, atom.Aside, atom.Audio,
		atom.B, atom.Base, atom.Basefont, atom.Bdi, atom.Bdo, atom.Bgsound, atom.Big, atom.Blink, atom.Blockquote, atom.Body, atom.Br, atom.Button,
		atom.Canvas, atom.Caption, atom.Center, atom.Cite, atom.Code, atom.Col, atom.Colgroup,
		atom.Data, atom.Datalist, atom.Dd, atom.Del, atom.Details, atom.Dfn, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt,
		atom.Em, atom.Embed, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Font, atom.Footer, atom.Form, atom.Frame, atom.Frameset,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hgroup, atom.Hr, atom.Html,
		atom.I, atom.Iframe, atom.Image, atom.Img, atom.Input, atom.Ins, atom.Isindex, atom.Kbd, atom.Keygen,
		atom.Label, atom.Legend, atom.Li, atom.Link, atom.Listing, atom.Main, atom.Map, atom.Mark, atom.Marquee, atom.Math, atom.Menu, atom.Meta, atom.Meter,
		atom.Nav, atom.Nobr, atom.Noembed, atom.Noframes, atom.Noscript, atom.Object, atom.Ol, atom.Optgroup, atom.Option, atom.Output,
		atom.P, atom.Param, atom.Picture, atom.Plaintext, atom.Pre, atom.Progress, atom.Q, atom.Rp, atom.Rt, atom.Ruby,
		atom.S, atom.Samp, atom.Script, atom.Section, atom.Select, atom.Small, atom.Source, atom.Spacer, atom.Span, atom.Strike, atom.Strong, atom.Style, atom.Sub, atom.Summary, atom.Sup, atom.Svg,
		atom.Table, atom.Tbody, atom.Td, atom.Template, atom.Textarea, atom.Tfoot, atom.Th, atom.Thead, atom.Time, atom.Title, atom.Tr, atom.Track, atom.Tt,
		atom.U, atom.Ul, atom.Var, atom.Video, atom.Wbr, atom.Xmp:
		return true
	}
	return false
}

// breaks is the gap an element makes in the text: '\n' for a block, ' ' for a
// cell, 0 for what stands in the line.
func breaks(a atom.Atom) byte {
	switch a {
	case atom.Td, atom.Th:
		return ' '
	case atom.P, atom.Div, atom.Br, atom.Tr, atom.Table, atom.Li, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5,
		atom.H6, atom.Blockquote, atom.Dl, atom.Dt, atom.Dd, atom.Hr, atom.Pre, atom.Section, atom.Article, atom.Header,
		atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Center, atom.Fieldset, atom.Form, atom.Figure,
		atom.Figcaption, atom.Caption, atom.Body, atom.Html, atom.Tbody, atom.Thead, atom.Tfoot, atom.Option, atom.Legend:
		return '\n'
	}
	return 0
}

// rawText are the elements whose content is nothing a reader sees.
func rawText(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Iframe, atom.Noembed, atom.Noframes:
		return true
	}
	return false
}

func void(a atom.Atom) bool {
	switch a {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Frame, atom.Hr, atom.Image, atom.Img, atom.Input, atom.Link,
		atom.Meta, atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

// number reads a width or height in pixels; -1 is none (a percentage).
func number(b []byte) int {
	s := strings.TrimSpace(string(b))
	s = strings.TrimSuffix(strings.TrimSuffix(s, ";"), "px")
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1<<20 {
		return -1
	}
	return n
}

// layout are the elements whose end tag ends the cells inside them.
func layout(a atom.Atom) bool {
	switch a {
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Body, atom.Html:
		return true
	}
	return false
}
