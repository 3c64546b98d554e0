package compose

import (
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// Fit judges the values an order gives for one copy: unknown fields, missing
// ones, type, length, links and control characters. It answers every fault,
// sorted by field, and nil when the values fit; faults never hold a value. What
// comes from the recipient's own fields is judged by Render.
func (l *Letter) Fit(values map[string]string) []cordon.Fault {
	var faults []cordon.Fault
	known := 0
	for i := range l.fields {
		f := &l.fields[i]
		if f.Source != cordon.FromOrder {
			continue
		}
		v, given := values[f.Name]
		if given {
			known++
		}
		if blank(v) {
			if l.used[i] && !f.Optional {
				faults = append(faults, missing(f))
			}
			continue
		}
		if bad := judge(f, v); bad != (flaw{}) {
			faults = append(faults, cordon.Fault{Field: f.Name, Message: bad.message, Remedy: bad.remedy})
		}
	}
	if known != len(values) {
		faults = append(faults, l.strangers(values)...)
	}
	slices.SortStableFunc(faults, func(a, b cordon.Fault) int { return strings.Compare(a.Field, b.Field) })
	return faults
}

// strangers are the values of fields that an order cannot give.
func (l *Letter) strangers(values map[string]string) []cordon.Fault {
	var faults []cordon.Fault
	for name := range values {
		i, declared := l.index[name]
		switch {
		case declared && l.fields[i].Source == cordon.FromOrder:
		case declared:
			faults = append(faults, cordon.Fault{Field: name, Message: "comes from the recipient's own fields", Remedy: "leave it out of the order"})
		case cordon.ValidFieldName(name):
			faults = append(faults, cordon.Fault{Field: name, Message: "is not a field of this template", Remedy: "leave it out, or correct its name"})
		default: // the name itself may be somebody's data
			faults = append(faults, cordon.Fault{Field: "values", Message: "has a name that is not a field name", Remedy: "name a field of the template"})
		}
	}
	slices.SortFunc(faults, func(a, b cordon.Fault) int { return strings.Compare(a.Field, b.Field) })
	return faults
}

// Sample renders the letter with invented values, for a preview: every optional
// field present, the subject marked, and Invented set. It never fails.
func (l *Letter) Sample() Rendered {
	out := l.SampleOf(nil)
	out.Subject = "[Sample] " + out.Subject
	return out
}

// SampleOf renders the letter with an invented person and the values an order
// gives, for judging it; what the order does not give, or may not, is invented
// too. The subject is not marked; Invented is set. It never fails.
func (l *Letter) SampleOf(values map[string]string) Rendered {
	var merged [MaxFields]string
	for i := range l.fields {
		f := &l.fields[i]
		merged[i] = invent(*f)
		if v := values[f.Name]; f.Source == cordon.FromOrder && !blank(v) && judge(f, v) == (flaw{}) {
			merged[i] = v
		}
	}
	out, err := l.render(&merged)
	if err != nil { // a value of dots alone, behind a link: judged without it
		for i, f := range l.fields {
			merged[i] = invent(f)
		}
		out, _ = l.render(&merged) // no invented value is dots alone
	}
	out.Invented = true
	return out
}

// FreeValue is the length in bytes from which a value of type text can carry a
// message of its own; what is shorter (a name, a street, a room) says nothing
// that the letter around it does not say.
const FreeValue = 40

// TakesWords says whether some text field of the letter has room for words.
func (l *Letter) TakesWords() bool {
	for i := range l.fields {
		f := &l.fields[i]
		if f.Type == cordon.FieldText && l.used[i] && maxLength(f) >= FreeValue {
			return true
		}
	}
	return false
}

// Free joins the values of one copy that are long enough to carry words of their
// own, by line breaks; "" when there is none, and the copy says what a sample of
// the letter says.
func (l *Letter) Free(m Merge) string {
	var b strings.Builder
	for i := range l.fields {
		f := &l.fields[i]
		if f.Type != cordon.FieldText || !l.used[i] {
			continue
		}
		if v, _ := l.lookup(f, m); len(v) >= FreeValue {
			b.WriteString(v)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func invent(f cordon.Field) string {
	var v string
	switch {
	case f.Name == cordon.FieldName && f.Source != cordon.FromOrder:
		v = "Sam Sample"
	case f.Type == cordon.FieldPerson:
		v = "Sample"
	case f.Type == cordon.FieldDate:
		v = "1 January 2030"
	case f.Type == cordon.FieldTime:
		v = "10:30"
	case f.Type == cordon.FieldNumber:
		v = "12"
	case f.Type == cordon.FieldPhone:
		v = "+44 20 7946 0000" // Ofcom's numbers for drama
	case f.Type == cordon.FieldEmail:
		v = "sample@example.org"
	default:
		v = "sample " + strings.ReplaceAll(f.Name, "_", " ")
	}
	return v[:min(len(v), maxLength(&f))]
}
