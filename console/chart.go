package console

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// This file is the whole of our charting: pure functions from samples to SVG
// coordinates. Templates write the tags, classes give the colours, so that the
// same picture works in light and dark, in print, and without a script.

// sample is how many copies stood in each state at a moment.
type sample struct {
	At     time.Time
	Counts cordon.Counts
}

// chartWindow and chartStep are what a flow chart shows: the last three
// minutes, two seconds a point.
const (
	chartWindow = 3 * time.Minute
	chartStep   = 2 * time.Second

	flowWidth  = 720.0
	flowHeight = 120.0
)

// flow is one chart of copies delivered per second, with what kept them back.
type flow struct {
	Width, Height float64
	Area, Line    string // SVG path data; "" while there is nothing to draw
	HeldBands     []band // when copies stood held
	Refused       []band // when the exit refused copies
	Marks         []mark // stops placed, signals raised
	Now           float64
	Peak          float64 // highest rate in the window
	Top           float64 // value of the chart's upper edge
	Middle        float64
	Summary       string // the chart in words, for those who do not see it
}

// band is a stretch of time on a lane below the area.
type band struct{ X, W float64 }

// mark is a moment: a stop or a signal.
type mark struct {
	X     float64
	Class string
	Label string
	More  int // marks of the same kind that stand too close to be drawn apart
}

// moment is what a mark is made of.
type moment struct {
	At    time.Time
	Class string
	Label string
}

// drawFlow makes the chart of the samples up to now. Samples may be uneven; a
// rise between two of them is spread evenly over the time between.
func drawFlow(samples []sample, moments []moment, now time.Time) flow {
	n := int(chartWindow / chartStep)
	end := now.Truncate(chartStep)
	start := end.Add(-chartWindow)
	delivered := smooth(rates(samples, start, n, func(c cordon.Counts) int64 { return c.Delivered }))
	refused := rates(samples, start, n, func(c cordon.Counts) int64 { return c.Refused })

	f := flow{Width: flowWidth, Height: flowHeight}
	for _, v := range delivered {
		f.Peak = max(f.Peak, v)
	}
	f.Top = niceCeiling(f.Peak)
	f.Middle = f.Top / 2
	if len(delivered) > 0 {
		f.Now = delivered[len(delivered)-1]
	}
	f.Line, f.Area = paths(delivered, f.Top, flowWidth, flowHeight)
	f.HeldBands = bands(n, func(i int) bool { return heldAt(samples, start.Add(time.Duration(i+1)*chartStep)) })
	f.Refused = bands(n, func(i int) bool { return refused[i] > 0 })
	for _, m := range moments {
		if m.At.Before(start) || m.At.After(end.Add(chartStep)) {
			continue
		}
		x := min(float64(m.At.Sub(start))/float64(chartWindow), 1) * flowWidth
		f.Marks = append(f.Marks, mark{X: round1(x), Class: m.Class, Label: m.Label})
	}
	f.Marks = thin(f.Marks)
	f.Summary = flowWords(f)
	return f
}

// thin keeps one of several marks of a kind that would be drawn over each other:
// a burst is one line with a number, not a barcode.
func thin(marks []mark) []mark {
	const apart = 6.0
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.X, b.X) })
	last := map[string]int{} // of each class, its mark drawn last
	var out []mark
	for _, m := range marks {
		if i, ok := last[m.Class]; ok && m.X-out[i].X < apart {
			out[i].More++
			continue
		}
		last[m.Class] = len(out)
		out = append(out, m)
	}
	return out
}

func flowWords(f flow) string {
	text := "Last three minutes: " + rate(f.Now) + " copies a second now, " + rate(f.Peak) + " at most"
	if len(f.HeldBands) > 0 {
		text += "; copies were kept back"
	}
	if len(f.Refused) > 0 {
		text += "; copies were refused"
	}
	return text + "."
}

// rates is how fast a count rose in each step from start, per second. A count
// that fell (a lift moved copies on) gives nothing.
func rates(samples []sample, start time.Time, n int, of func(cordon.Counts) int64) []float64 {
	out := make([]float64, n)
	for i := 1; i < len(samples); i++ {
		a, b := samples[i-1], samples[i]
		rise, span := of(b.Counts)-of(a.Counts), b.At.Sub(a.At)
		if rise <= 0 || span <= 0 {
			continue
		}
		spread(out, float64(rise), float64(a.At.Sub(start))/float64(chartStep), float64(b.At.Sub(start))/float64(chartStep))
	}
	for i := range out {
		out[i] /= chartStep.Seconds()
	}
	return out
}

// spread adds amount over the buckets between the positions from and to.
func spread(out []float64, amount, from, to float64) {
	for i := max(int(math.Floor(from)), 0); i < len(out) && float64(i) < to; i++ {
		share := min(to, float64(i+1)) - max(from, float64(i))
		if share > 0 {
			out[i] += amount * share / (to - from)
		}
	}
}

// smooth is a moving average over three points: results are recorded in groups,
// and a comb would hide the flow.
func smooth(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		sum, n := 0.0, 0.0
		for j := max(i-2, 0); j <= i; j++ {
			sum, n = sum+v[j], n+1
		}
		out[i] = sum / n
	}
	return out
}

// heldAt says whether copies stood held at the last sample up to the time.
func heldAt(samples []sample, at time.Time) bool {
	for i := len(samples) - 1; i >= 0; i-- {
		if !samples[i].At.After(at) {
			return samples[i].Counts.Held > 0
		}
	}
	return false
}

// bands joins neighbouring steps for which is holds.
func bands(n int, is func(int) bool) []band {
	var out []band
	step := flowWidth / float64(n)
	for i := 0; i < n; i++ {
		if !is(i) {
			continue
		}
		from := i
		for i+1 < n && is(i+1) {
			i++
		}
		out = append(out, band{X: round1(float64(from) * step), W: round1(float64(i-from+1) * step)})
	}
	return out
}

// paths is the line through the values and the area under it.
func paths(v []float64, top, width, height float64) (line, area string) {
	if len(v) < 2 || top <= 0 {
		return "", ""
	}
	var b strings.Builder
	step := width / float64(len(v)-1)
	for i, y := range v {
		if i == 0 {
			b.WriteByte('M')
		} else {
			b.WriteByte('L')
		}
		b.WriteString(point(float64(i)*step, height-y/top*height))
	}
	line = b.String()
	return line, line + "L" + point(width, height) + "L" + point(0, height) + "Z"
}

func point(x, y float64) string {
	return strconv.FormatFloat(round1(x), 'f', -1, 64) + " " + strconv.FormatFloat(round1(y), 'f', -1, 64)
}

func round1(v float64) float64 { return math.Round(v*10) / 10 }

// niceCeiling is the next round number at or above v; 10 at least, so that a
// single copy does not fill the chart.
func niceCeiling(v float64) float64 {
	if v <= 10 {
		return 10
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8} {
		if v <= m*unit {
			return m * unit
		}
	}
	return 10 * unit
}

// segment is one state's share of a stacked bar.
type segment struct {
	State cordon.DeliveryState
	Count int64
	X, W  float64 // of 1000
}

const barWidth = 1000.0

// barOrder puts what is done first and what is open last, so that a bar fills
// from the left.
var barOrder = []cordon.DeliveryState{
	cordon.Delivered, cordon.Sending, cordon.Uncertain, cordon.Bounced, cordon.Refused,
	cordon.HeldState, cordon.Cut, cordon.Deferred, cordon.Queued,
}

// drawBar makes the stacked bar of the counts. A state with copies is never
// narrower than 4 of 1000: one unknown copy among a million must be seen.
func drawBar(c cordon.Counts) []segment {
	total := c.Total()
	if total <= 0 {
		return nil
	}
	const least = 4.0
	var out []segment
	sum := 0.0
	for _, s := range barOrder {
		n := *c.Of(s)
		if n <= 0 {
			continue
		}
		w := max(float64(n)/float64(total)*barWidth, least)
		sum += w
		out = append(out, segment{State: s, Count: n, W: w})
	}
	x := 0.0
	for i := range out {
		out[i].W *= barWidth / sum
		out[i].X = round1(x)
		x += out[i].W
		out[i].W = round1(x) - out[i].X
	}
	return out
}
