package console

import (
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

// shiftPlot is one schedule's next two weeks: the upper band is who is paged,
// the thinner ones below are its layers.
type shiftPlot struct {
	Name, Zone, Summary string
	Height              float64
	Bands               []shiftBand
	Bars                []shiftBar
	Days                []shiftDay
	Now                 float64
	Labels              []string
}

type shiftBand struct {
	Name string
	Y, H float64
}

type shiftBar struct {
	X, Y, W, H float64
	Class      string
	Label      string
}

type shiftDay struct {
	X       float64
	Weekend bool
}

type whoDot struct{ Class, Name string }

const (
	plotWidth  = 1000.0
	plotDays   = 14
	mainBand   = 30.0
	layerBand  = 11.0
	bandGap    = 5.0
	whoClasses = 8
)

// drawShifts draws every schedule from the beginning of today on, and says which
// colour is whose.
func drawShifts(book cordon.OnCallBook, now time.Time) (plots []shiftPlot, legend []whoDot) {
	class := map[cordon.OnCallContactID]string{}
	classOf := func(id cordon.OnCallContactID) string {
		if id == "" {
			return "who-none"
		}
		if class[id] == "" {
			class[id] = "who-" + string(rune('0'+len(class)%whoClasses))
			c, _ := book.Contact(id)
			legend = append(legend, whoDot{class[id], c.Name})
		}
		return class[id]
	}
	name := namer(book)
	for _, s := range book.Schedules {
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			zone = time.UTC
		}
		local := now.In(zone)
		today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		from := oncall.LocalMoment(zone, today, 0, 0)
		until := oncall.LocalMoment(zone, today.AddDate(0, 0, plotDays), 0, 0)
		x := func(t time.Time) float64 {
			return round1(plotWidth * float64(t.Sub(from)) / float64(until.Sub(from)))
		}
		p := shiftPlot{Name: s.Name, Zone: s.Zone, Now: x(now)}
		y := 0.0
		for layer := 0; layer <= len(s.Layers); layer++ {
			band := shiftBand{Name: "on call", Y: y, H: mainBand}
			if layer > 0 {
				if len(s.Layers) == 1 {
					break // it is the band above
				}
				band.Name, band.H = s.Layers[layer-1].Name, layerBand
			}
			for _, shift := range oncall.Shifts(s, book.Overrides, layer, from, until) {
				if layer > 0 && shift.Contact == "" {
					continue
				}
				label := name(shift.Contact) + ", " + inZone(s.Zone, shift.From) + " to " + inZone(s.Zone, shift.Until)
				if shift.Override != "" {
					label += ", stands in"
				}
				p.Bars = append(p.Bars, shiftBar{X: x(shift.From), Y: band.Y, W: round1(x(shift.Until) - x(shift.From)), H: band.H, Class: classOf(shift.Contact), Label: label})
			}
			p.Bands = append(p.Bands, band)
			y += band.H + bandGap
		}
		p.Height = y - bandGap
		for d := range plotDays {
			day := today.AddDate(0, 0, d)
			p.Days = append(p.Days, shiftDay{X: x(oncall.LocalMoment(zone, day, 0, 0)), Weekend: day.Weekday() == time.Saturday || day.Weekday() == time.Sunday})
			if d%2 == 0 {
				p.Labels = append(p.Labels, day.Format("Mon 2"))
			}
		}
		on := oncall.OnCallAt(s, book.Overrides, 0, now)
		p.Summary = s.Name + ": " + name(on.Contact) + " is on call now. The next two weeks, " + count(int64(len(p.Bars)), "stretch", "stretches") + " of time."
		plots = append(plots, p)
	}
	return plots, legend
}
