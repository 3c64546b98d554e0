package screen

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// look is how text is shown at one place of the HTML.
type look struct {
	hidden bool // by display, visibility, size, opacity or place
	tiny   bool // the letters have no size, or one pixel
	ink    colour
	paper  colour
}

// invisible says whether letters have no size or the colour of what is behind
// them.
func (l look) invisible() bool {
	return l.tiny || l.ink >= 0 && l.paper >= 0 && near(l.ink, l.paper)
}

// styles is what a style sheet in the mail hides or colours by class, id or
// element. Only rules outside @media and with a single simple selector count:
// newsletters hide blocks for one size of screen, and that is no deceit.
type styles struct {
	rules  []cssRule
	colour bool // some rule sets a background: the paper is not known by tags alone
}

// cssRule is one CSS rule.
type cssRule struct {
	kind         byte // '.', '#' or 0 for an element
	name         string
	declarations []byte
}

const (
	maxCSS   = 64 << 10
	maxRules = 200
)

// read takes the rules out of a style sheet that hide or colour.
func (s *styles) read(b []byte) {
	b = b[:min(len(b), maxCSS)]
	if !s.colour && bytes.Contains(b, []byte("background")) {
		s.colour = true
	}
	if !bytes.Contains(b, []byte("none")) && !bytes.Contains(b, []byte("hidden")) && !bytes.Contains(b, []byte("font-size")) && !bytes.Contains(b, []byte("opacity")) {
		return
	}
	css := strings.ToLower(string(b))
	for len(css) > 0 && len(s.rules) < maxRules {
		open := strings.IndexByte(css, '{')
		if open < 0 {
			return
		}
		head := strings.TrimSpace(css[:open])
		if i := strings.LastIndexAny(head, "}/>"); i >= 0 {
			head = strings.TrimSpace(head[i+1:])
		}
		if strings.HasPrefix(head, "@") {
			css = skipBlock(css[open:])
			continue
		}
		end := strings.IndexByte(css[open:], '}')
		if end < 0 {
			return
		}
		s.add(head, css[open+1:open+end])
		css = css[open+end+1:]
	}
}

func (s *styles) add(selectors, declarations string) {
	var l look
	l = declare(l, []byte(declarations))
	if !l.hidden && !l.tiny {
		return
	}
	for _, sel := range strings.Split(selectors, ",") {
		sel = strings.TrimSpace(sel)
		if sel == "" || len(sel) > 80 || len(s.rules) >= maxRules {
			continue
		}
		r := cssRule{name: sel, declarations: []byte(declarations)}
		if sel[0] == '.' || sel[0] == '#' {
			r.kind, r.name = sel[0], sel[1:]
		}
		if strings.ContainsAny(r.name, " .#:>+~*[") {
			continue
		}
		s.rules = append(s.rules, r)
	}
}

// skipBlock answers what stands behind the block that opens css.
func skipBlock(css string) string {
	depth := 0
	for i := 0; i < len(css); i++ {
		switch css[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return css[i+1:]
			}
		}
	}
	return ""
}

// apply says how text is shown inside an element.
func (s *styles) apply(l look, t *tag) look {
	if t.inked {
		l.ink = t.ink
	}
	if t.papered {
		l.paper = t.paper
	} else if s.colour && (len(t.class) > 0 || len(t.id) > 0) {
		l.paper = unknown
	}
	if t.hidden {
		l.hidden = true
	}
	if t.name == atom.Noscript || t.name == atom.Datalist || t.name == atom.Template {
		l.hidden = true
	}
	if t.name == atom.Font {
		l.tiny = false
	}
	for i := range s.rules {
		if s.rules[i].matches(t) {
			l = declare(l, s.rules[i].declarations)
		}
	}
	return declare(l, t.style)
}

func (r *cssRule) matches(t *tag) bool {
	switch r.kind {
	case '#':
		return strings.EqualFold(string(t.id), r.name)
	case '.':
		if len(t.class) == 0 {
			return false
		}
		for rest := t.class; len(rest) > 0; {
			name := rest
			if i := bytes.IndexByte(rest, ' '); i >= 0 {
				name, rest = rest[:i], rest[i+1:]
			} else {
				rest = nil
			}
			if strings.EqualFold(string(name), r.name) {
				return true
			}
		}
		return false
	}
	return t.name.String() == r.name
}

// declare applies the declarations of one style to how text is shown.
func declare(l look, css []byte) look {
	var zero, clipped, away, absolute bool
	for len(css) > 0 {
		var one []byte
		if i := bytes.IndexByte(css, ';'); i >= 0 {
			one, css = css[:i], css[i+1:]
		} else {
			one, css = css, nil
		}
		colon := bytes.IndexByte(one, ':')
		if colon < 0 {
			continue
		}
		property := propertyOf(bytes.TrimSpace(one[:colon]))
		if property == otherProperty {
			continue
		}
		value := bareValue(string(one[colon+1:]))
		switch property {
		case display:
			l.hidden = l.hidden || foldPrefix(value, "none")
		case visibility:
			l.hidden = l.hidden || foldPrefix(value, "hidden") || foldPrefix(value, "collapse")
		case opacity:
			v, err := strconv.ParseFloat(value, 64)
			l.hidden = l.hidden || err == nil && v < 0.05
		case fontSize:
			l.tiny = tiny(value)
		case ink:
			if c, ok := parseColour(value); ok {
				l.ink = c
			}
		case background:
			l.paper = paper(value)
		case size:
			v, unit := measure(value)
			zero = zero || v == 0 && unit != ""
		case overflow:
			clipped = foldPrefix(value, "hidden")
		case position:
			absolute = foldPrefix(value, "absolute") || foldPrefix(value, "fixed")
		case indent, offset:
			if v, unit := measure(value); v < -900 && unit != "" {
				away = away || property == offset
				l.hidden = l.hidden || property == indent
			}
		}
	}
	l.hidden = l.hidden || zero && clipped || away && absolute
	return l
}

// Properties that can hide.
const (
	otherProperty = iota
	display
	visibility
	opacity
	fontSize
	ink
	background
	size
	overflow
	position
	indent
	offset
)

func propertyOf(name []byte) int {
	if len(name) < 3 || len(name) > 16 {
		return otherProperty
	}
	var lower [16]byte
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "display":
		return display
	case "visibility":
		return visibility
	case "opacity":
		return opacity
	case "font-size":
		return fontSize
	case "color":
		return ink
	case "background", "background-color", "background-image":
		return background
	case "height", "width", "max-height", "max-width":
		return size
	case "overflow":
		return overflow
	case "position":
		return position
	case "text-indent", "margin-left":
		return indent
	case "left", "top":
		return offset
	}
	return otherProperty
}

// tiny says whether letters of a size cannot be read: at most one pixel or
// point, or a twentieth of the size around them.
func tiny(value string) bool {
	v, unit := measure(value)
	switch unit {
	case "", "?":
		return false
	case "em", "rem":
		return v < 0.07
	case "%":
		return v < 7
	}
	return v <= 1.01
}

// measure reads a number with its unit; unit is "" when there is no number, and
// "0" for a bare zero.
func measure(value string) (float64, string) {
	end := 0
	for end < len(value) && (value[end] == '.' || value[end] == '-' || '0' <= value[end] && value[end] <= '9') {
		end++
	}
	v, err := strconv.ParseFloat(value[:end], 64)
	if err != nil {
		return 0, ""
	}
	unit := strings.ToLower(strings.TrimSpace(value[end:]))
	if unit == "" {
		unit = "0"
		if v != 0 {
			unit = "px"
		}
	}
	return v, unit
}

// bareValue drops "!important".
func bareValue(v string) string {
	if i := strings.IndexByte(v, '!'); i >= 0 {
		v = v[:i]
	}
	return strings.TrimSpace(v)
}

func foldPrefix(s, lower string) bool {
	return len(s) >= len(lower) && strings.EqualFold(s[:len(lower)], lower)
}
