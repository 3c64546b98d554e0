package oncall

import (
	"slices"
	"time"
	_ "time/tzdata" // zones on machines that have none

	"github.com/cordonmail/cordon"
)

// Turn is one person's time in a layer: From inclusive, Until exclusive.
type Turn struct {
	Contact     cordon.OnCallContactID
	From, Until time.Time
}

// TurnAt answers whose turn it is in the layer, its hours left aside; false
// before the first handoff.
//
// Handoffs keep to the clock on the wall. One that falls into an hour that the
// zone skips happens at the jump; one in an hour that comes twice, at the first.
// A turn may so be an hour shorter or longer, and with handoffs every hour one
// may have no length at all: between two turns there is never a gap nor an
// overlap. Lengths in hours that do not divide the day count hours gone by.
func TurnAt(l cordon.Layer, zone *time.Location, at time.Time) (Turn, bool) {
	if len(l.People) == 0 {
		return Turn{}, false
	}
	c, ok := newCounter(l, zone)
	if !ok || at.Before(c.handoff(0)) {
		return Turn{}, false
	}
	k := max(int(at.Sub(c.handoff(0))/c.about)-2, 0)
	for c.handoff(k).After(at) {
		k--
	}
	for !c.handoff(k + 1).After(at) {
		k++
	}
	return Turn{l.People[k%len(l.People)], c.handoff(k), c.handoff(k + 1)}, true
}

// counter counts a layer's handoffs from 0.
type counter struct {
	zone         *time.Location
	day          time.Time // of the first handoff, as a day in UTC
	hour, minute int
	days         int           // between two handoffs, or
	slots        int           // handoffs a day, or
	gone         time.Duration // hours gone by
	about        time.Duration // between two handoffs, when no clock is changed
}

func newCounter(l cordon.Layer, zone *time.Location) (counter, bool) {
	day, err := time.Parse("2006-01-02", l.Start)
	hour, minute, ok := cordon.ClockTime(l.Handoff)
	if err != nil || !ok || l.Length < 1 {
		return counter{}, false
	}
	c := counter{zone: zone, day: day, hour: hour, minute: minute}
	switch {
	case l.Rotation == cordon.RotateWeeks:
		c.days = 7 * l.Length
	case l.Rotation == cordon.RotateDays:
		c.days = l.Length
	case l.Rotation == cordon.RotateHours && l.Length <= 24 && 24%l.Length == 0:
		c.slots = 24 / l.Length
	case l.Rotation == cordon.RotateHours:
		c.gone = time.Duration(l.Length) * time.Hour
	default:
		return counter{}, false
	}
	switch {
	case c.days > 0:
		c.about = time.Duration(c.days) * 24 * time.Hour
	case c.slots > 0:
		c.about = 24 * time.Hour / time.Duration(c.slots)
	default:
		c.about = c.gone
	}
	return c, true
}

// handoff is the moment of the k-th handoff; never before the one of k-1.
func (c counter) handoff(k int) time.Time {
	switch {
	case c.days > 0:
		return moment(c.zone, c.day.AddDate(0, 0, k*c.days), c.hour, c.minute)
	case c.slots > 0:
		return moment(c.zone, c.day.AddDate(0, 0, k/c.slots), c.hour+k%c.slots*24/c.slots, c.minute)
	}
	return moment(c.zone, c.day, c.hour, c.minute).Add(time.Duration(k) * c.gone)
}

// moment is when the clock of the zone shows that time on that day: the first
// time it does; where it never does, the moment of the jump over it.
func moment(zone *time.Location, day time.Time, hour, minute int) time.Time {
	wall := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.UTC)
	shows := func(around time.Time) (time.Time, bool) {
		_, offset := around.In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		_, there := at.In(zone).Zone()
		return at, there == offset
	}
	before, ok := shows(wall.Add(-48 * time.Hour))
	if ok {
		return before
	}
	after, ok := shows(wall.Add(48 * time.Hour))
	if ok {
		return after
	}
	jump, _ := before.In(zone).ZoneBounds() // before's offset puts it past the jump
	return jump.UTC()
}

// counts says whether the layer's hours hold at the time, and until when that
// stays so, at most a day.
func counts(l cordon.Layer, zone *time.Location, at time.Time) (bool, time.Time) {
	local := at.In(zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	next := moment(zone, day.AddDate(0, 0, 1), 0, 0)
	on := func(day time.Time) bool { return len(l.Days) == 0 || slices.Contains(l.Days, day.Weekday()) }
	fh, fm, bounded := cordon.ClockTime(l.From)
	uh, um, _ := cordon.ClockTime(l.Until)
	if !bounded {
		return on(day), next
	}
	type span struct{ from, until time.Time }
	var spans []span
	for _, d := range []time.Time{day.AddDate(0, 0, -1), day} { // yesterday's may go over midnight
		if !on(d) {
			continue
		}
		end := d
		if uh*60+um <= fh*60+fm {
			end = d.AddDate(0, 0, 1)
		}
		spans = append(spans, span{moment(zone, d, fh, fm), moment(zone, end, uh, um)})
	}
	for _, s := range spans {
		if !at.Before(s.from) && at.Before(s.until) {
			return true, s.until
		}
	}
	for _, s := range spans {
		if at.Before(s.from) && s.from.Before(next) {
			next = s.from
		}
	}
	return false, next
}

// Shift is a stretch of time in which the same people are on call.
type Shift struct {
	From, Until time.Time
	Contact     cordon.OnCallContactID // who is woken; "" nobody
	Layer       int                    // 1-based; 0: an override
	Override    cordon.OverrideID
}

// OnCallAt answers who is on call at the time on the schedule, or in one of its
// layers (1-based; 0: an override, else the first layer that has somebody). The
// zero Contact is nobody. Until is when that may change.
func OnCallAt(s cordon.Schedule, overrides []cordon.Override, layer int, at time.Time) Shift {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC // checked when it was saved
	}
	shift := Shift{From: at, Until: at.Add(7 * 24 * time.Hour)}
	bound := func(t time.Time) {
		if t.After(at) && t.Before(shift.Until) {
			shift.Until = t
		}
	}
	if layer == 0 {
		var found *cordon.Override
		for i, o := range overrides { // the newest wins
			if o.Schedule != s.ID {
				continue
			}
			bound(o.From)
			if !at.Before(o.From) && at.Before(o.Until) {
				found = &overrides[i]
				bound(o.Until)
			}
		}
		if found != nil {
			shift.Contact, shift.Override = found.Contact, found.ID
			return shift
		}
	}
	for i, l := range s.Layers {
		if layer != 0 && layer != i+1 {
			continue
		}
		on, until := counts(l, zone, at)
		bound(until)
		turn, ok := TurnAt(l, zone, at)
		if !ok {
			if c, valid := newCounter(l, zone); valid {
				bound(c.handoff(0))
			}
			continue
		}
		if on {
			bound(turn.Until)
			shift.Contact, shift.Layer = turn.Contact, i+1
			return shift
		}
	}
	return shift
}

// Shifts lists who is on call from one moment to the other, neighbours with the
// same person and source put together; at most 2,000.
func Shifts(s cordon.Schedule, overrides []cordon.Override, layer int, from, until time.Time) []Shift {
	var all []Shift
	for at := from; at.Before(until) && len(all) < maxShifts; {
		shift := OnCallAt(s, overrides, layer, at)
		if shift.Until.After(until) {
			shift.Until = until
		}
		at = shift.Until
		if n := len(all); n > 0 && all[n-1].Contact == shift.Contact && all[n-1].Layer == shift.Layer && all[n-1].Override == shift.Override {
			all[n-1].Until = shift.Until
			continue
		}
		all = append(all, shift)
	}
	return all
}

const maxShifts = 2000
