package compose

import (
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// op is one step of a compiled part. Sections are jumps.
type op struct {
	do       doing
	how      how
	field    int32
	next     int32  // where a skipped section goes on
	text     string // of a literal; of a shown field: its fallback, escaped
	fallback bool
}

type doing uint8

const (
	emit   doing = iota
	value        // a field, or its fallback
	unless       // go on at next when the field has no value
	when         // go on at next when the field has a value
	jump
)

type program struct {
	ops  []op
	size int // bytes of its literals
}

// program turns the items of a faultless part into ops.
func (p *part) program(escape how) program {
	var out program
	starts := make([]int32, len(p.items)+1) // of each item: its first op
	for i, it := range p.items {
		starts[i] = int32(len(out.ops))
		if o, ok := it.op(escape); ok {
			out.ops = append(out.ops, o)
			if o.do == emit {
				out.size += len(o.text)
			}
		}
	}
	starts[len(p.items)] = int32(len(out.ops))
	for i, it := range p.items {
		switch it.kind {
		case openIf, openNot:
			to := it.end
			if it.middle > 0 {
				to = it.middle
			}
			out.ops[starts[i]].next = starts[to+1]
		case otherwise:
			out.ops[starts[i]].next = starts[it.end]
		}
	}
	return out
}

// op answers the step of one item; ok is false for one that has none.
func (it item) op(escape how) (op, bool) {
	o := op{field: int32(it.field)}
	switch it.kind {
	case literal:
		return op{do: emit, text: it.text}, it.text != ""
	case show:
		o.do, o.how, o.fallback = value, it.how, it.fallen
		if !it.known {
			o.how = escape
		}
		if it.fallen {
			var b strings.Builder
			o.how.write(&b, it.fallback)
			o.text = b.String()
		}
		return o, true
	case openIf:
		o.do = unless
		return o, true
	case openNot:
		o.do = when
		return o, true
	case otherwise:
		o.do = jump
		return o, true
	}
	return op{}, false
}

// run appends the part. It answers the field that may not stand where it
// stands, or -1.
func (p *program) run(b *strings.Builder, values *[MaxFields]string) int {
	for i := 0; i < len(p.ops); i++ {
		o := &p.ops[i]
		switch o.do {
		case emit:
			b.WriteString(o.text)
		case value:
			v := values[o.field]
			if v == "" {
				b.WriteString(o.text)
				continue
			}
			// RFC 3986 5.2.4: a segment of dots climbs, encoded or not.
			if o.how&^inComment == asQuery && (v == "." || v == "..") {
				return int(o.field)
			}
			o.how.write(b, v)
		case unless:
			if values[o.field] == "" {
				i = int(o.next) - 1
			}
		case when:
			if values[o.field] != "" {
				i = int(o.next) - 1
			}
		case jump:
			i = int(o.next) - 1
		}
	}
	return -1
}

// Render merges one copy. Whatever is missing, unknown or may not stand in a
// letter is an error and there is no letter: a *cordon.Error with code Invalid,
// one fault a field, that never holds a value. A person's own stored fields are
// judged by the same rule as values that came with the order.
func (l *Letter) Render(m Merge) (Rendered, error) {
	var values [MaxFields]string
	var faults []cordon.Fault
	known := 0
	for i := range l.fields {
		f := &l.fields[i]
		v, given := l.lookup(f, m)
		if given && f.Source == cordon.FromOrder {
			known++
		}
		if !l.used[i] {
			continue
		}
		if blank(v) {
			if !f.Optional {
				faults = append(faults, missing(f))
			}
			continue
		}
		if bad := judge(f, v); bad != (flaw{}) {
			faults = append(faults, cordon.Fault{Field: f.Name, Message: bad.message, Remedy: bad.remedy})
			continue
		}
		values[i] = v
	}
	if known != len(m.Values) {
		faults = append(faults, l.strangers(m.Values)...)
	}
	if faults != nil {
		return Rendered{}, invalid("the letter cannot be merged", faults)
	}
	return l.render(&values)
}

func (l *Letter) lookup(f *cordon.Field, m Merge) (value string, given bool) {
	switch {
	case f.Source == cordon.FromOrder:
		value, given = m.Values[f.Name]
	case f.Name == cordon.FieldName:
		value = m.Person.Name
	case f.Name == cordon.FieldAddress:
		value = string(m.Person.Address)
	default:
		value = m.Person.Fields[f.Name]
	}
	return value, given
}

func (l *Letter) render(values *[MaxFields]string) (Rendered, error) {
	var b strings.Builder
	size := l.subject.size + l.text.size + l.html.size
	for i := range l.fields {
		size += 3 * len(values[i])
	}
	b.Grow(size + 64)
	var ends [3]int
	for i, part := range [...]*program{&l.subject, &l.text, &l.html} {
		if field := part.run(&b, values); field >= 0 {
			f := &l.fields[field]
			return Rendered{}, invalid("the letter cannot be merged", []cordon.Fault{{
				Field: f.Name, Message: "is only dots, which in a link would climb", Remedy: "correct the value",
			}})
		}
		ends[i] = b.Len()
	}
	all := b.String()
	return Rendered{Subject: all[:ends[0]], Text: all[ends[0]:ends[1]], HTML: all[ends[1]:]}, nil
}

func missing(f *cordon.Field) cordon.Fault {
	remedy := "store the field for this recipient, or make it optional in the template"
	if f.Source == cordon.FromOrder {
		remedy = "give a value for every recipient"
	}
	return cordon.Fault{Field: f.Name, Message: "is missing", Remedy: remedy}
}

// invalid wraps faults: the first one speaks for all in a one-line error.
func invalid(message string, faults []cordon.Fault) error {
	if len(faults) == 1 {
		message = faults[0].Message
		if faults[0].Line > 0 {
			message = "line " + strconv.Itoa(faults[0].Line) + " " + message
		}
		return &cordon.Error{Code: cordon.Invalid, Field: faults[0].Field, Message: message, Remedy: faults[0].Remedy, Faults: faults}
	}
	first := faults[0].Field
	if faults[0].Line > 0 {
		first += " line " + strconv.Itoa(faults[0].Line)
	}
	message += ": " + strconv.Itoa(len(faults)) + " faults, the first in " + first + ", which " + faults[0].Message
	return &cordon.Error{Code: cordon.Invalid, Message: message, Remedy: faults[0].Remedy, Faults: faults}
}
