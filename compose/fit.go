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
	var values [MaxFields]string
	for i, f := range l.fields {
		values[i] = invent(f)
	}
	out, _ := l.render(&values) // no invented value is dots alone
	out.Subject = "[Sample] " + out.Subject
	out.Invented = true
	return out
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
