package compose

import (
	"log/slog"
	"slices"

	"github.com/cordonmail/cordon"
)

// Bounds of a letter. They keep compiling and rendering cheap whatever is
// written, and are far above real templates (the largest of the public ones we
// test with has 24 KB and 12 fields).
const (
	MaxSubject     = 300       // bytes, markers included
	MaxBody        = 512 << 10 // bytes of text, and of HTML
	MaxFields      = 60        // declared fields
	MaxMarkers     = 500       // {{…}} in one part
	MaxDepth       = 8         // sections inside each other
	MaxFieldLength = 2000      // bytes a field may declare for its values
	MaxLinkHosts   = 100
)

// Letter is compiled content. It is immutable and safe for concurrent use.
type Letter struct {
	fields []cordon.Field
	index  map[string]int
	used   []bool // by field: some part shows or asks for it
	hosts  []string

	subject, text, html program
}

// Merge is what one copy is made of: the person opened, and the values that
// came with the order (nil when there are none).
type Merge struct {
	Person cordon.Person
	Values map[string]string
}

func (Merge) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Merge) String() string       { return "[personal data]" }
func (Merge) GoString() string     { return "[personal data]" }

// Rendered is one person's letter.
type Rendered struct {
	Subject string // one line
	Text    string
	HTML    string // "" when the content has none
	// Invented marks a Sample: it may be looked at, never sent.
	Invented bool
}

func (Rendered) LogValue() slog.Value { return slog.StringValue("[personal data]") }
func (Rendered) String() string       { return "[personal data]" }
func (Rendered) GoString() string     { return "[personal data]" }

// Hosts lists the hosts of all links and images of the content, lower case, in
// A-label form, sorted. Each of them stands in Content.LinkHosts.
func (l *Letter) Hosts() []string { return slices.Clone(l.hosts) }

// Needs lists, sorted, the names of the fields that every copy must have a
// value for, by where the value comes from. Fields that are declared but never
// used, and optional ones, are not among them.
func (l *Letter) Needs() (recipient, order []string) {
	for i, f := range l.fields {
		switch {
		case !l.used[i] || f.Optional:
		case f.Source == cordon.FromOrder:
			order = append(order, f.Name)
		default:
			recipient = append(recipient, f.Name)
		}
	}
	slices.Sort(recipient)
	slices.Sort(order)
	return recipient, order
}
