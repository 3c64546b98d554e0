package compose

import (
	"fmt"
	"html"
	"strings"

	"github.com/cordonmail/cordon"
)

type kind uint8

const (
	literal   kind = iota
	show           // {{field}} or {{field|fallback}}
	openIf         // {{#if field}}, {{#field}}
	openNot        // {{^field}}
	otherwise      // {{else}}
	closing        // {{/if}}, {{/field}}
)

// item is one piece of a part as written.
type item struct {
	kind     kind
	text     string // of a literal
	field    int    // index into Letter.fields; of a closing, that of its opening
	fallback string
	fallen   bool // a fallback was given
	line     int
	end      int // of an opening: its closing; of an otherwise: the same
	middle   int // of an opening: its otherwise, or 0
	// Whether the item is there when every field has a value, and when none has.
	// A section marker holds what is true behind it.
	taken, untaken bool

	how   how // where a shown field stands; found later
	known bool
}

// part is one of subject, text, html on its way through the compiler.
type part struct {
	name   string // as faults name it
	source string
	lines  bool // a section marker alone on its line takes the line with it
	items  []item
	flag   how // inComment while a conditional comment is read
	c      *compiler
}

// compiler collects every fault, not the first.
type compiler struct {
	letter *Letter
	allow  map[string]bool // Content.LinkHosts, normalised
	seen   map[string]bool // hosts found
	faults []cordon.Fault
}

const maxFaults = 100

func (c *compiler) fault(field string, line int, message, remedy string) {
	if len(c.faults) >= maxFaults {
		return
	}
	f := cordon.Fault{Field: field, Line: line, Message: message, Remedy: remedy}
	for _, old := range c.faults {
		if old == f {
			return
		}
	}
	c.faults = append(c.faults, f)
}

func (p *part) fault(line int, message, remedy string) { p.c.fault(p.name, line, message, remedy) }

// open is a section being read.
type open struct {
	item  int
	field int
	not   bool // the branch being read is for when the value is absent
	word  string
}

// parse splits the source into items and checks everything that does not depend
// on where in the HTML an item stands.
func (p *part) parse() {
	var (
		stack   []open
		markers int
		line    = 1
		rest    = p.source
	)
	for rest != "" {
		at := strings.Index(rest, "{{")
		if at < 0 {
			at = len(rest)
		}
		if at > 0 {
			p.literal(rest[:at], line, stack)
			line += strings.Count(rest[:at], "\n")
			rest = rest[at:]
			continue
		}
		end := strings.Index(rest, "}}")
		if end < 0 {
			p.fault(line, "has {{ without }}", "close the marker; {{ cannot be written as plain text")
			break
		}
		if markers++; markers > MaxMarkers {
			p.fault(line, "has more than 500 markers", "shorten it")
			break
		}
		inner, before := rest[2:end], p.source[:len(p.source)-len(rest)]
		rest = rest[end+2:]
		stack = p.marker(inner, line, stack)
		line += strings.Count(inner, "\n")
		if p.lines && section(inner) {
			after := p.alone(before, rest)
			line += strings.Count(rest[:len(rest)-len(after)], "\n")
			rest = after
		}
	}
	for _, s := range stack {
		p.fault(p.items[s.item].line, fmt.Sprintf("has a section %s that is never closed", s.word), "add its {{/…}}")
	}
}

func section(inner string) bool {
	word := strings.TrimSpace(inner)
	return word == "else" || word != "" && strings.IndexByte("#^/", word[0]) >= 0
}

// alone takes the line away from a section marker that has it to itself, so
// that sections leave no empty lines. The marker is the last item; before and
// rest are the source around it.
func (p *part) alone(before, rest string) string {
	start := strings.TrimRight(before, " \t")
	line, after, _ := strings.Cut(rest, "\n")
	if start != "" && start[len(start)-1] != '\n' || strings.Trim(line, " \t\r") != "" {
		return rest
	}
	if n := len(p.items); n > 1 && p.items[n-2].kind == literal {
		p.items[n-2].text = strings.TrimRight(p.items[n-2].text, " \t")
	}
	return after
}

func (p *part) literal(text string, line int, stack []open) {
	for _, foreign := range []string{"{%", "<%", "*|", "|*"} {
		if i := strings.Index(text, foreign); i >= 0 {
			p.fault(line+strings.Count(text[:i], "\n"), "has "+foreign+", a merge marker of another system", "write {{field}}")
		}
	}
	p.add(item{kind: literal, text: text, line: line}, stack)
}

// add appends an item and notes which branches it stands in.
func (p *part) add(it item, stack []open) {
	it.taken, it.untaken = true, true
	for _, s := range stack {
		it.taken = it.taken && !s.not
		it.untaken = it.untaken && s.not
	}
	p.items = append(p.items, it)
}

// marker reads what stands between {{ and }}.
func (p *part) marker(inner string, line int, stack []open) []open {
	word := strings.TrimSpace(inner)
	switch {
	case strings.ContainsAny(inner, "\r\n{"):
		p.fault(line, "has a marker with a line break or another { in it", "write {{field}} on one line, with two braces")
	case word == "else":
		return p.otherwise(line, stack)
	case strings.HasPrefix(word, "#"), strings.HasPrefix(word, "^"):
		return p.opening(word, line, stack)
	case strings.HasPrefix(word, "/"):
		return p.closing(word, line, stack)
	default:
		p.field(word, line, stack)
	}
	return stack
}

func (p *part) opening(word string, line int, stack []open) []open {
	name := strings.TrimSpace(word[1:])
	shown := "{{" + word[:1] + "…}}"
	it := item{kind: openIf, line: line}
	s := open{word: name}
	if word[0] == '^' {
		it.kind, s.not = openNot, true
	} else if after, ok := strings.CutPrefix(name, "if "); ok {
		name, s.word = strings.TrimSpace(after), "if"
	}
	it.field = p.lookup(name, line, "{{"+word[:1]+"if field}} or {{"+word[:1]+"field}}")
	if len(stack) >= MaxDepth {
		p.fault(line, "has sections more than 8 deep at "+shown, "make it simpler")
	}
	s.item, s.field = len(p.items), it.field
	stack = append(stack, s)
	p.add(it, stack)
	return stack
}

func (p *part) otherwise(line int, stack []open) []open {
	if len(stack) == 0 {
		p.fault(line, "has {{else}} outside a section", "begin with {{#if field}}")
		return stack
	}
	s := &stack[len(stack)-1]
	if p.items[s.item].middle > 0 {
		p.fault(line, "has a second {{else}} in one section", "use one")
		return stack
	}
	p.items[s.item].middle = len(p.items)
	s.not = !s.not
	p.add(item{kind: otherwise, field: s.field, line: line}, stack)
	return stack
}

func (p *part) closing(word string, line int, stack []open) []open {
	name := strings.TrimSpace(word[1:])
	if len(stack) == 0 {
		p.fault(line, "closes a section that is not open", "begin with {{#if field}}")
		return stack
	}
	s := stack[len(stack)-1]
	if name != s.word {
		p.fault(line, "closes a section that is not the one opened last", "end it with {{/"+s.word+"}}")
	}
	stack = stack[:len(stack)-1]
	at := len(p.items)
	p.items[s.item].end = at
	if m := p.items[s.item].middle; m > 0 {
		p.items[m].end = at
	}
	p.add(item{kind: closing, field: s.field, line: line}, stack)
	return stack
}

func (p *part) field(word string, line int, stack []open) {
	name, fallback, fallen := strings.Cut(word, "|")
	name = strings.TrimSpace(name)
	it := item{kind: show, line: line, fallback: strings.TrimSpace(fallback), fallen: fallen}
	if p.name == "html" { // an entity means its character
		it.fallback = html.UnescapeString(it.fallback)
	}
	it.field = p.lookup(name, line, "{{field}}")
	if it.field >= 0 {
		p.checkShown(&it, stack)
	}
	if strings.ContainsAny(fallback, "<>") {
		p.fault(line, "has < or > in the fallback for "+name, "a fallback is plain words")
	}
	p.add(it, stack)
}

// checkShown: a field that may be absent needs a fallback or a section, and can
// never be there where its section says that it is not.
func (p *part) checkShown(it *item, stack []open) {
	f := &p.c.letter.fields[it.field]
	guarded := false
	for _, s := range stack {
		if s.field != it.field {
			continue
		}
		if s.not {
			p.fault(it.line, "shows "+f.Name+" where its section says that it is absent", "move it")
			return
		}
		guarded = true
	}
	if f.Optional && !guarded && !it.fallen {
		p.fault(it.line, "shows "+f.Name+", which is optional, without a fallback", "write {{"+f.Name+"|…}}, or put it into {{#if "+f.Name+"}}…{{/if}}")
	}
	if it.fallen {
		p.checkFallback(it, f)
	}
}

func (p *part) checkFallback(it *item, f *cordon.Field) {
	switch {
	case blank(it.fallback):
		p.fault(it.line, "has an empty fallback for "+f.Name, "give words, or put the field into {{#if "+f.Name+"}}…{{/if}}")
	case len(it.fallback) > MaxFieldLength:
		p.fault(it.line, "has a fallback longer than 2,000 bytes for "+f.Name, "shorten it")
	default:
		if bad := characters(it.fallback); bad != (flaw{}) {
			p.fault(it.line, "has a fallback for "+f.Name+" that "+bad.message, bad.remedy)
		} else if linkish(it.fallback) && (f.Type != cordon.FieldEmail || !plainAddress(it.fallback)) {
			p.fault(it.line, "has a web address in the fallback for "+f.Name, "put the link into the template's own text, inside {{^"+f.Name+"}}…{{/"+f.Name+"}}")
		}
	}
}

// lookup finds a declared field; -1 when there is none.
func (p *part) lookup(name string, line int, shape string) int {
	if !cordon.ValidFieldName(name) {
		p.fault(line, "has a marker that is not "+shape+": the name is not [a-z][a-z0-9_]{0,39}", "there are no expressions, functions, loops or includes")
		return -1
	}
	i, ok := p.c.letter.index[name]
	if !ok {
		p.fault(line, "uses "+name+", which is not declared", "declare the field with its type and source, or correct the name")
		return -1
	}
	p.c.letter.used[i] = true
	return i
}
