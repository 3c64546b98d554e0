package console

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// measuresPage is how fast incidents are seen, stopped and told, over time.
type measuresPage struct {
	Exercises bool
	Plots     []measurePlot
	Months    []monthRow
	Rows      []measuredRow
	N         int
}

// measureRow is one measure in words.
type measureRow struct {
	Name, Means, Value, Says string
	Known                    bool
}

type monthRow struct {
	Month     string
	Incidents int
	People    int64
	Cells     []monthCell
}

type monthCell struct{ Name, Median, P90 string }

type measuredRow struct {
	cordon.IncidentMeasures
	Path  string
	Cells []monthCell
}

// measurePlot is one measure by month: the median as a line, the 90th percentile
// above it, each incident as a dot. The scale is logarithmic: seconds and days are
// on one picture.
type measurePlot struct {
	Name, Means   string
	Median, P90   string // over all
	Width, Height float64
	Line, Upper   string // SVG path data
	Dots          []plotDot
	Grid          []gridLine
	Months        []plotMonth
	Summary       string
}

type plotDot struct {
	X, Y  float64
	Label string
}

type gridLine struct {
	Y     float64
	Label string
}

type plotMonth struct {
	X     float64
	Label string
}

func (c *Console) measures(w http.ResponseWriter, q *request) {
	exercises := q.URL.Query().Get("show") == "exercises"
	r, err := c.Incidents.Report(q.Context(), q.actor, exercises)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "measures", frame{Title: "Measures", Section: "incidents", Body: measuresOf(r)})
}

func measuresOf(r cordon.MeasureReport) measuresPage {
	p := measuresPage{Exercises: r.Exercises, N: len(r.Incidents)}
	for _, name := range cordon.MeasureNames() {
		p.Plots = append(p.Plots, drawMeasure(name, r))
	}
	for _, m := range slices.Backward(r.Months) {
		row := monthRow{Month: monthName(m.Month), Incidents: m.Incidents, People: m.Recipients}
		for _, name := range cordon.MeasureNames() {
			cell := monthCell{Name: name, Median: "–"}
			if s, ok := m.Measures[name]; ok {
				cell.Median, cell.P90 = millis(s.Median), millis(s.P90)
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Months = append(p.Months, row)
	}
	for _, m := range r.Incidents {
		row := measuredRow{IncidentMeasures: m, Path: "/incidents/" + url.PathEscape(string(m.Incident))}
		for _, one := range measureRows(m) {
			row.Cells = append(row.Cells, monthCell{Name: one.Name, Median: one.Value})
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

func millis(ms int64) string { return cordon.ShortDuration(time.Duration(ms) * time.Millisecond) }

func monthName(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return t.Format("January 2006")
}

func measureMeans(name string) string {
	switch name {
	case "TTD":
		return "first bad copy → seen"
	case "TTA":
		return "paged → answered"
	case "TTC":
		return "seen → last bad copy"
	case "TTI":
		return "seen → last tenant told"
	case "TTN":
		return "seen → last letter sent"
	case "TTR":
		return "seen → nothing owed"
	}
	return ""
}

// measureRows are the measures of one incident.
func measureRows(m cordon.IncidentMeasures) []measureRow {
	var rows []measureRow
	for _, name := range cordon.MeasureNames() {
		one := m.MeasureOf(name)
		row := measureRow{Name: name, Means: measureMeans(name), Value: "–", Says: one.Says, Known: one.Known}
		if one.Known {
			row.Value = millis(one.Millis)
		}
		rows = append(rows, row)
	}
	return rows
}

const (
	measureWidth  = 320.0
	measureHeight = 120.0
)

// plotMonths is how many months a plot goes back, without gaps.
const plotMonths = 12

// drawMeasure makes the plot of one measure over the last months that had any.
func drawMeasure(name string, r cordon.MeasureReport) measurePlot {
	p := measurePlot{Name: name, Means: measureMeans(name), Median: "–", P90: "–", Width: measureWidth, Height: measureHeight}
	whole, ok := r.Whole[name]
	if !ok {
		p.Summary = name + ": no incident has it yet."
		return p
	}
	p.Median, p.P90 = millis(whole.Median), millis(whole.P90)
	months := lastMonths(r.Months)
	top := measureTop(name, r, months)
	at := func(month string) float64 {
		i := slices.Index(months, month)
		return (float64(i) + .5) / float64(len(months)) * measureWidth
	}
	level := func(ms int64) float64 { return round1(measureHeight * (1 - logShare(ms, top))) }
	var median, upper []string
	for _, m := range r.Months {
		if s, ok := m.Measures[name]; ok && slices.Contains(months, m.Month) {
			median = append(median, point(at(m.Month), level(s.Median)))
			upper = append(upper, point(at(m.Month), level(s.P90)))
		}
	}
	p.Line, p.Upper = joinPath(median), joinPath(upper)
	for _, m := range r.Incidents {
		one, month := m.MeasureOf(name), m.OpenedAt.UTC().Format("2006-01")
		if one.Known && slices.Contains(months, month) {
			p.Dots = append(p.Dots, plotDot{round1(at(month)), level(one.Millis), fmt.Sprintf("INC-%d: %s", m.Number, millis(one.Millis))})
		}
	}
	for _, g := range []struct {
		at    time.Duration
		label string
	}{{time.Second, "1 s"}, {time.Minute, "1 min"}, {time.Hour, "1 h"}, {24 * time.Hour, "1 day"}, {30 * 24 * time.Hour, "30 days"}} {
		if ms := g.at.Milliseconds(); ms <= top {
			p.Grid = append(p.Grid, gridLine{level(ms), g.label})
		}
	}
	for i, month := range months {
		if t, err := time.Parse("2006-01", month); err == nil && (len(months) <= 6 || i%2 == 0) {
			p.Months = append(p.Months, plotMonth{round1(at(month)), t.Format("Jan")})
		}
	}
	p.Summary = fmt.Sprintf("%s, %s: median %s, 90th percentile %s, over %s.", name, p.Means, p.Median, p.P90, count(int64(whole.N), "incident", "incidents"))
	return p
}

// lastMonths are the months up to the last that had an incident, without gaps.
func lastMonths(all []cordon.MeasureMonth) []string {
	if len(all) == 0 {
		return nil
	}
	last, err := time.Parse("2006-01", all[len(all)-1].Month)
	first, err2 := time.Parse("2006-01", all[0].Month)
	if err != nil || err2 != nil {
		return nil
	}
	if earliest := last.AddDate(0, 1-plotMonths, 0); first.Before(earliest) {
		first = earliest
	}
	var months []string
	for t := first; !t.After(last); t = t.AddDate(0, 1, 0) {
		months = append(months, t.Format("2006-01"))
	}
	return months
}

// measureTop is the upper edge of a plot, in ms: a round number above everything.
func measureTop(name string, r cordon.MeasureReport, months []string) int64 {
	most := int64(0)
	for _, m := range r.Incidents {
		if one := m.MeasureOf(name); one.Known && slices.Contains(months, m.OpenedAt.UTC().Format("2006-01")) {
			most = max(most, one.Millis)
		}
	}
	for _, edge := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 30 * 24 * time.Hour} {
		if ms := edge.Milliseconds(); most <= ms {
			return ms
		}
	}
	return most * 2
}

// logShare is how far up a logarithmic scale from 100 ms to top a value stands.
func logShare(ms, top int64) float64 {
	const bottom = 100.0
	if float64(ms) <= bottom {
		return 0
	}
	return min(math.Log(float64(ms)/bottom)/math.Log(float64(top)/bottom), 1)
}

// joinPath draws a line through points; one alone is a short dash, or it would not
// be seen.
func joinPath(points []string) string {
	switch len(points) {
	case 0:
		return ""
	case 1:
		x, y, _ := strings.Cut(points[0], " ")
		at, _ := strconv.ParseFloat(x, 64) // our own digits
		return "M" + point(max(at-14, 0), mustFloat(y)) + "L" + point(min(at+14, measureWidth), mustFloat(y))
	}
	return "M" + strings.Join(points, "L")
}

func mustFloat(text string) float64 {
	v, _ := strconv.ParseFloat(text, 64) // our own digits
	return v
}
