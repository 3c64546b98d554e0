package cordon

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Figure is one number or moment that a text may quote: computed from the
// ledger's data, never typed.
type Figure struct {
	Name       string    `json:"name"`
	Value      int64     `json:"value"`       // a count, or minutes
	At         time.Time `json:"at,omitzero"` // of a figure that is a moment
	AsOf       time.Time `json:"as_of"`       // when it was computed
	LedgerSize int64     `json:"ledger_size"` // and at which size of the ledger
}

// The closed list of figures.
const (
	FigureDelivered  = "copies_delivered"
	FigureUnknown    = "copies_unknown" // perhaps delivered
	FigureHeld       = "copies_held"
	FigureRefused    = "copies_refused"
	FigureOrders     = "orders_refused" // turned away at the door
	FigureRecipients = "recipients_affected"
	FigureTenants    = "tenants_affected"
	FigureReads      = "personal_data_reads"
	FigureExposure   = "exposure_minutes" // from the first bad copy to the last
	FigureFirstCopy  = "first_copy_at"
	FigureLastCopy   = "last_copy_at"
	FigureOpened     = "opened_at"
	FigureContained  = "contained_at"
)

// FigureNames lists every figure.
func FigureNames() []string {
	return []string{FigureDelivered, FigureUnknown, FigureHeld, FigureRefused, FigureOrders, FigureRecipients, FigureTenants,
		FigureReads, FigureExposure, FigureFirstCopy, FigureLastCopy, FigureOpened, FigureContained}
}

// moment says whether the figure is a moment.
func moment(name string) bool { return strings.HasSuffix(name, "_at") }

// Figures are all figures of one incident, of one moment.
type Figures map[string]Figure

// Text is the figure as English prose has it: "1,005", "24 August 2024, 23:14
// UTC"; a moment that has not come is "not yet".
func (f Figure) Text() string {
	if !moment(f.Name) {
		return Thousands(f.Value)
	}
	if f.At.IsZero() {
		return "not yet"
	}
	return f.At.UTC().Format("2 January 2006, 15:04 UTC")
}

// Same says whether two figures say the same, whenever they were computed.
func (f Figure) Same(o Figure) bool {
	return f.Name == o.Name && f.Value == o.Value && f.At.Truncate(time.Minute).Equal(o.At.Truncate(time.Minute))
}

// Thousands writes 8332 as 8,332.
func Thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// FiguresIn lists the names between {{ and }} of a body, each once, in their
// order. The error names one that is no figure.
func FiguresIn(body string) ([]string, error) {
	var names []string
	for rest := body; ; {
		_, after, found := strings.Cut(rest, "{{")
		if !found {
			return names, nil
		}
		name, tail, closed := strings.Cut(after, "}}")
		name = strings.TrimSpace(name)
		if !closed || !slices.Contains(FigureNames(), name) {
			return nil, InvalidField("body", "quotes a figure that there is not: {{"+shorten(name)+"}}", "figures are "+strings.Join(FigureNames(), ", "))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		rest = tail
	}
}

// FillFigures puts every {{figure}} of the body in by say, which words a figure
// (nil: Figure.Text). A figure that is not in f is an error.
func FillFigures(body string, f Figures, say func(Figure) string) (string, error) {
	if _, err := FiguresIn(body); err != nil {
		return "", err
	}
	if say == nil {
		say = Figure.Text
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(body, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, tail, _ := strings.Cut(after, "}}")
		figure, known := f[strings.TrimSpace(name)]
		if !known {
			return "", InvalidField("body", "quotes {{"+strings.TrimSpace(name)+"}}, which is not computed yet", "wait for the assessment, or leave it out")
		}
		b.WriteString(say(figure))
		body = tail
	}
}

func shorten(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// IncidentFigures words an assessment as figures, all of one moment: people and
// tenants are those with a copy that was delivered, or perhaps was.
func IncidentFigures(i Incident, a Assessment, people, tenants int64) Figures {
	f := Figures{}
	count := func(name string, n int64) {
		f[name] = Figure{Name: name, Value: n, AsOf: a.AsOf, LedgerSize: a.LedgerSize}
	}
	moment := func(name string, at time.Time) {
		f[name] = Figure{Name: name, At: at, AsOf: a.AsOf, LedgerSize: a.LedgerSize}
	}
	count(FigureDelivered, a.Delivered)
	count(FigureUnknown, a.Unknown)
	count(FigureHeld, a.Held)
	count(FigureRefused, a.Refused)
	count(FigureOrders, a.OrdersRefused)
	count(FigureRecipients, people)
	count(FigureTenants, tenants)
	count(FigureReads, a.PersonalDataReads)
	exposure := time.Duration(0)
	if !a.FirstAt.IsZero() {
		exposure = a.LastAt.Sub(a.FirstAt)
	}
	count(FigureExposure, int64((exposure+time.Minute-1)/time.Minute)) // a part of a minute is a minute
	moment(FigureFirstCopy, a.FirstAt)
	moment(FigureLastCopy, a.LastAt)
	moment(FigureOpened, i.OpenedAt)
	moment(FigureContained, i.ContainedAt)
	return f
}
