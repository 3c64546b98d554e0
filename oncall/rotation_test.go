package oncall

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

var people = []cordon.OnCallContactID{"con_a", "con_b", "con_c"}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// At every instant from the first handoff on exactly one person has a layer, the
// turns go round in order, and handoffs are at the local time, whatever the zone
// does to its clocks.
func TestOnePersonAtEveryInstant(t *testing.T) {
	zones := []string{"UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "Asia/Gaza"}
	lengths := map[cordon.Rotation][]int{cordon.RotateHours: {1, 3, 8, 12, 24, 5, 36}, cordon.RotateDays: {1, 3}, cordon.RotateWeeks: {1, 2}}
	r := rand.New(rand.NewPCG(4, 2))
	for _, name := range zones {
		z := zone(t, name)
		for rotation, all := range lengths {
			for _, length := range all {
				for _, handoff := range []string{"00:00", "00:30", "02:00", "02:30", "03:00", "09:15", "23:45"} {
					l := cordon.Layer{Rotation: rotation, Length: length, Start: "2010-11-03", Handoff: handoff, People: people}
					for range 12 {
						at := time.Date(2010+r.IntN(20), 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(366 * 24 * time.Hour))))
						walk(t, fmt.Sprintf("%s %s %d %s", name, rotation, length, handoff), l, z, at)
					}
				}
			}
		}
	}
}

func walk(t *testing.T, what string, l cordon.Layer, z *time.Location, at time.Time) {
	t.Helper()
	turn, ok := TurnAt(l, z, at)
	if !ok {
		if at.Year() > 2010 {
			t.Fatalf("%s: nobody at %s", what, at)
		}
		return
	}
	for range 4 {
		if at.Before(turn.From) || !at.Before(turn.Until) {
			t.Fatalf("%s: at %s the turn is %s to %s", what, at, turn.From, turn.Until)
		}
		for _, inside := range []time.Time{turn.From, turn.From.Add(turn.Until.Sub(turn.From) / 2), turn.Until.Add(-time.Nanosecond)} {
			if same, _ := TurnAt(l, z, inside); same != turn {
				t.Fatalf("%s: %s is in %+v and in %+v", what, inside, turn, same)
			}
		}
		c, _ := newCounter(l, z)
		if c.gone == 0 && !atLocalTime(c, turn.From.In(z)) {
			t.Fatalf("%s: a handoff at %s", what, turn.From.In(z))
		}
		next, ok := TurnAt(l, z, turn.Until)
		if !ok || !next.From.Equal(turn.Until) {
			t.Fatalf("%s: after %+v comes %+v", what, turn, next)
		}
		at, turn = next.From, next
	}
}

// atLocalTime says whether the local clock shows a handoff's time; or has just
// been put forward over one.
func atLocalTime(c counter, local time.Time) bool {
	minutes := local.Hour()*60 + local.Minute() - c.hour*60 - c.minute
	step := 24 * 60
	if c.slots > 0 {
		step /= c.slots
	}
	if ((minutes%step)+step)%step == 0 {
		return true
	}
	_, was := local.Add(-time.Nanosecond).Zone()
	_, is := local.Zone()
	return is > was // the jump itself
}

// The nights on which Oslo changes its clocks, by hand.
func TestHandoffsOverAChangeOfClocks(t *testing.T) {
	oslo := zone(t, "Europe/Oslo")
	daily := cordon.Layer{Rotation: cordon.RotateDays, Length: 1, Start: "2026-03-01", Handoff: "02:30", People: people}
	turn, _ := TurnAt(daily, oslo, time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC))
	if got := turn.From.In(oslo).Format("15:04 MST"); got != "03:00 CEST" {
		t.Errorf("02:30 is skipped; the handoff is at %s", got)
	}
	turn, _ = TurnAt(daily, oslo, time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC))
	if got := turn.From.In(oslo).Format("15:04 MST"); got != "02:30 CEST" {
		t.Errorf("02:30 comes twice; the handoff is at %s", got)
	}
	nine := daily
	nine.Handoff = "09:00"
	turn, _ = TurnAt(nine, oslo, time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC))
	if d := turn.Until.Sub(turn.From); d != 23*time.Hour {
		t.Errorf("the turn over the change lasts %s", d)
	}
}

func TestLayersHoursAndOverrides(t *testing.T) {
	office := cordon.Layer{Name: "office", Rotation: cordon.RotateWeeks, Length: 1, Start: "2026-11-02", Handoff: "09:00", People: people[:1],
		Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}, From: "08:00", Until: "17:00"}
	night := cordon.Layer{Name: "night", Rotation: cordon.RotateDays, Length: 1, Start: "2026-11-02", Handoff: "09:00", People: people[1:2], From: "17:00", Until: "08:00"}
	s := cordon.Schedule{ID: "sch_x", Zone: "Europe/Oslo", Layers: []cordon.Layer{office, night}}
	oslo := zone(t, "Europe/Oslo")
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, oslo) }
	over := []cordon.Override{{ID: "ovr_1", Schedule: "sch_x", Contact: "con_c", From: at(4, 12, 0), Until: at(4, 13, 0)}, {ID: "ovr_2", Schedule: "sch_other", Contact: "con_z", From: at(1, 0, 0), Until: at(30, 0, 0)}}
	for _, c := range []struct {
		at   time.Time
		want cordon.OnCallContactID
	}{
		{at(4, 7, 59), "con_b"}, {at(4, 8, 0), "con_a"}, {at(4, 12, 0), "con_c"}, {at(4, 13, 0), "con_a"}, {at(4, 17, 0), "con_b"},
		{at(7, 12, 0), ""}, {at(7, 18, 0), "con_b"}, {at(8, 3, 0), "con_b"}, {at(1, 12, 0), ""},
	} {
		if got := OnCallAt(s, over, 0, c.at).Contact; got != c.want {
			t.Errorf("%s: %q is on call, want %q", c.at.Format("Mon 2 15:04"), got, c.want)
		}
	}
	if got := OnCallAt(s, over, 2, at(4, 12, 30)).Contact; got != "" {
		t.Errorf("layer 2 has %q at noon", got)
	}
	shifts := Shifts(s, over, 0, at(4, 0, 0), at(5, 0, 0))
	var said string
	for i, x := range shifts {
		said += fmt.Sprintf("%s %s ", x.From.In(oslo).Format("15:04"), x.Contact)
		if i > 0 && !x.From.Equal(shifts[i-1].Until) {
			t.Errorf("a gap before %s", x.From)
		}
	}
	if want := "00:00 con_b 08:00 con_a 12:00 con_c 13:00 con_a 17:00 con_b "; said != want {
		t.Errorf("shifts %q, want %q", said, want)
	}
}
