package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cordonmail/cordon"
)

// table writes rows in columns under a header.
func (sh *shell) table(header string, rows [][]string) { sh.indented("", header, rows) }

func (sh *shell) indented(by, header string, rows [][]string) {
	w := tabwriter.NewWriter(sh.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, by+strings.ReplaceAll(header, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(w, by+strings.Join(row, "\t"))
	}
	_ = w.Flush() // the terminal is gone when this fails
}

// more says that a list goes on.
func (sh *shell) more(next string) {
	if next != "" {
		sh.note("there are more; --limit 0 lists all")
	}
}

// count writes a number as people read it: 1,240,000.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// countLine is one line of an account: a figure and what it means.
func (sh *shell) countLine(word string, n int64, meaning string) {
	fmt.Fprintf(sh.out, "  %-12s %13s   %s\n", word, count(n), meaning)
}

// countsText is where copies stand, in a line, leaving out what is nought.
func countsText(c cordon.Counts) string {
	var parts []string
	for _, s := range cordon.DeliveryStates() {
		if n := *c.Of(s); n > 0 {
			parts = append(parts, count(n)+" "+string(s))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// scopeText says a scope in words, with the handles of tenants where known.
func scopeText(s cordon.Scope, handles map[cordon.TenantID]string) string {
	var parts []string
	if s.Everything {
		parts = append(parts, "everything")
	}
	tenant := string(s.Tenant)
	if handle := handles[s.Tenant]; handle != "" {
		tenant = handle + " (" + tenant + ")"
	}
	for _, p := range [][2]string{
		{"tenant", tenant}, {"template", string(s.Template)}, {"account", string(s.Account)},
		{"key", string(s.Key)}, {"dispatch", string(s.Dispatch)},
	} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+p[1])
		}
	}
	text := strings.Join(parts, " and ")
	if s.Kind != "" {
		text += ", " + string(s.Kind) + " mail only"
	}
	return text
}

// terminal says whether a person looks at w. The null device is no terminal
// although it is a character device.
func terminal(w io.Writer, getenv func(string) string) bool {
	f, ok := w.(*os.File)
	if !ok || getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// meter is a progress line on a terminal, and nothing in a pipe.
type meter struct {
	w     io.Writer
	on    bool
	now   func() time.Time
	began time.Time
	last  time.Time
}

func (sh *shell) meter() *meter {
	m := &meter{w: sh.err, on: terminal(sh.err, sh.getenv), now: time.Now}
	m.began = m.now()
	return m
}

const meterEvery = 100 * time.Millisecond

// show draws the line anew: what, how many of how many, the rate, the rest.
func (m *meter) show(what string, done, of int64, unit string) {
	now := m.now()
	if !m.on || now.Sub(m.last) < meterEvery && done != of {
		return
	}
	m.last = now
	fmt.Fprintf(m.w, "\r\x1b[K%s", meterLine(what, done, of, unit, now.Sub(m.began)))
}

// rateAfter is how long a rate needs to mean something.
const rateAfter = 300 * time.Millisecond

// meterLine is "writing  ━━━━━━────  60 %  3,000 rows  2,100/s  1 s left".
func meterLine(what string, done, of int64, unit string, took time.Duration) string {
	rate := 0.0
	if took >= rateAfter {
		rate = float64(done) / took.Seconds()
	}
	line := fmt.Sprintf("%-9s", what)
	if of > 0 {
		share := min(float64(done)/float64(of), 1)
		full := int(share * 24)
		line += fmt.Sprintf(" %s%s %3.0f %%", strings.Repeat("━", full), strings.Repeat("─", 24-full), share*100)
	}
	line += fmt.Sprintf("  %s %s", count(done), unit)
	if rate > 0 {
		line += fmt.Sprintf("  %s/s", count(int64(rate)))
	}
	if of > done && rate > 0 {
		left := time.Duration(float64(of-done) / rate * float64(time.Second)).Round(time.Second)
		line += fmt.Sprintf("  %s left", left)
	}
	return line
}

// phase starts the clock anew for the next kind of work.
func (m *meter) phase() { m.began = m.now() }

// clear takes the line away.
func (m *meter) clear() {
	if m.on {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
