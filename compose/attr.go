package compose

import (
	"strings"

	"golang.org/x/net/html"
)

// attribute is one attribute of a start tag, as written.
type attribute struct {
	name  string // lower case
	raw   string // value without its quotes
	quote byte   // 0 when unquoted or without a value
}

// attributes reads a start tag by the HTML standard's rules (13.2.5.32 and
// following). ok is false when the tag is not shaped like one.
func attributes(raw string) (name string, list []attribute, ok bool) {
	s := strings.TrimSuffix(strings.TrimPrefix(raw, "<"), ">")
	end := strings.IndexAny(s, " \n\r\t\f/")
	if end < 0 {
		return strings.ToLower(s), nil, s != ""
	}
	name, s = strings.ToLower(s[:end]), s[end:]
	for {
		s = strings.TrimLeft(s, " \n\r\t\f/")
		if s == "" {
			return name, list, true
		}
		var a attribute
		end := strings.IndexAny(s[1:], " \n\r\t\f/=") + 1 // a first "=" belongs to the name
		if end == 0 {
			end = len(s)
		}
		a.name, s = strings.ToLower(s[:end]), strings.TrimLeft(s[end:], " \n\r\t\f")
		if strings.HasPrefix(s, "=") {
			if a.raw, a.quote, s, ok = attributeValue(strings.TrimLeft(s[1:], " \n\r\t\f")); !ok {
				return name, list, false
			}
		}
		list = append(list, a)
	}
}

func attributeValue(s string) (value string, quote byte, rest string, ok bool) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		value, rest, ok = strings.Cut(s[1:], s[:1])
		return value, s[0], rest, ok
	}
	end := strings.IndexAny(s, " \n\r\t\f")
	if end < 0 {
		end = len(s)
	}
	return s[:end], 0, s[end:], true
}

// start reads a start tag and answers the element whose content is not HTML,
// or "".
func (r *reader) start(z *html.Tokenizer, raw string, line int, selfClosing bool) string {
	r.tags++
	tokenName, more := z.TagName()
	element := string(tokenName)
	name, list, ok := attributes(raw)
	if !ok || name != element || !sameAttributes(z, more, list) {
		r.p.fault(line, "has a tag that cannot be read reliably", "write attributes as name=\"value\"")
		r.refuse(raw, line, "in such a tag", "write attributes as name=\"value\"")
		return ""
	}
	if r.has(name) {
		r.refuse(raw, line, "in the name of a tag, or directly behind <", "write the tag out, or &lt; for the sign")
		return ""
	}
	if element == "base" {
		r.p.fault(line, "has a <base> element, which moves every link", "take it out")
	}
	for i, a := range list {
		r.attribute(element, a, i+1, line)
	}
	if (element == "svg" || element == "math") && !selfClosing {
		r.foreign++
	}
	if element == "noscript" {
		z.NextIsNotRawText() // no mail program runs scripts: what is in it is shown
	}
	if rawText(element) {
		return element
	}
	return ""
}

// sameAttributes checks our reading against the tokenizer's, which drops
// repeated names.
func sameAttributes(z *html.Tokenizer, more bool, list []attribute) bool {
	seen := map[string]bool{}
	for _, a := range list {
		if seen[a.name] {
			continue
		}
		seen[a.name] = true
		if !more {
			return false
		}
		var key, val []byte
		key, val, more = z.TagAttr()
		if string(key) != a.name || string(val) != html.UnescapeString(normalNewlines(a.raw)) && !strings.Contains(a.raw, "&") {
			return false
		}
	}
	return !more
}

func normalNewlines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func (r *reader) attribute(element string, a attribute, number, line int) {
	whole := a.name + "=" + a.raw
	switch {
	case r.has(a.name):
		r.refuse(whole, line, "in a tag outside an attribute value", "put a section around the whole tag")
		return
	case r.has(a.raw) && a.quote == 0:
		r.refuse(whole, line, "in an attribute without quotes", "write "+a.name+"=\"…\"")
		return
	case r.has(a.raw) && r.foreign > 0:
		r.refuse(whole, line, "inside an <svg> or <math> drawing", "use an image and put the field into its alt text")
		return
	}
	value := html.UnescapeString(a.raw)
	switch meaning(element, a.name) {
	case event:
		r.refuse(whole, line, "in the event handler "+a.name, "letters run no scripts; take it out")
	case style:
		r.refuse(whole, line, "in a style attribute", "write the style out")
		r.css(value, line)
	case barred:
		r.refuse(whole, line, "in the attribute "+a.name, "write the value out")
		if a.name == "http-equiv" && strings.EqualFold(strings.TrimSpace(value), "refresh") {
			r.p.fault(line, "has a <meta> refresh, which is a link nobody sees", "take it out")
		}
		if a.name == "srcdoc" {
			r.hosts(value, line)
		}
		if a.name == "content" {
			r.css(value, line)
		}
	case set:
		r.refuse(whole, line, "in the attribute "+a.name, "write the value out")
		for candidate := range strings.SplitSeq(value, ",") {
			if url, _, _ := strings.Cut(strings.TrimSpace(candidate), " "); url != "" && !r.has(url) {
				r.p.link(plane15(url), line, a.name)
			}
		}
	case link:
		r.p.link(r.merged(a, number), line, a.name)
	default:
		r.merged(a, number)
		r.values(a, line)
	}
}

// merged notes the places of an attribute's markers and answers its value, with
// entities decoded and markers as private-use characters.
func (r *reader) merged(a attribute, number int) string {
	var b strings.Builder
	r.split(a.raw, func(text string, i int) {
		if i < 0 {
			b.WriteString(plane15(html.UnescapeString(text)))
			return
		}
		r.placed[i] = true
		r.places[i] = place{comment: r.comment, tag: r.tags, attr: number}
		switch r.p.items[i].kind {
		case show:
			b.WriteRune(rune(fieldRune + i))
		case openIf, openNot:
			b.WriteRune(openRune)
		case closing:
			b.WriteRune(closeRune)
		default:
			b.WriteRune(openRune)
			b.WriteRune(closeRune)
		}
	})
	return b.String()
}

// values settles the fields of an attribute that is plain text.
func (r *reader) values(a attribute, line int) {
	r.split(a.raw, func(_ string, i int) {
		if i >= 0 && r.p.items[i].kind == show {
			r.p.settle(i, asHTML, line)
		}
	})
}

type meant int

const (
	plain  meant = iota
	link         // one URL
	set          // several
	style        // CSS
	event        // script
	barred       // what no value belongs into
)

func meaning(element, name string) meant {
	switch name {
	case "href", "src", "action", "formaction", "background", "poster", "cite", "longdesc", "data", "codebase",
		"lowsrc", "dynsrc", "manifest":
		return link
	case "srcset", "imagesrcset", "ping", "attributionsrc":
		return set
	case "style":
		return style
	case "srcdoc", "http-equiv", "sandbox", "allow", "csp", "xmlns", "classid", "archive", "usemap", "itemtype", "itemid", "profile":
		return barred
	case "content":
		if element == "meta" {
			return barred
		}
	}
	switch {
	case strings.HasPrefix(name, "on"):
		return event
	case strings.HasPrefix(name, "xmlns:"):
		return barred
	case strings.HasSuffix(name, ":href"), strings.HasSuffix(name, ":src"): // xlink:href, Outlook's o:href
		return link
	}
	return plain
}
