package cordon

import (
	"fmt"
	"time"
)

// IncidentMeasures are the clock times of one incident, from the ledger's data;
// nobody types them.
type IncidentMeasures struct {
	Incident IncidentID    `json:"incident"`
	Number   int64         `json:"number"`
	Title    string        `json:"title"`
	Kind     IncidentKind  `json:"kind"`
	Severity Severity      `json:"severity"`
	State    IncidentState `json:"state"`
	Exercise bool          `json:"exercise,omitempty"`
	OpenedAt time.Time     `json:"opened_at"`

	TTD Measure `json:"ttd"` // first bad copy handed over → opened
	TTA Measure `json:"tta"` // page sent → acknowledged
	TTC Measure `json:"ttc"` // opened → last bad copy handed over; 0 when none was after opening
	TTI Measure `json:"tti"` // opened → the last affected tenant's notice accepted
	TTN Measure `json:"ttn"` // opened → the last follow-up accepted
	TTR Measure `json:"ttr"` // opened → resolved

	FirstCopyAt time.Time `json:"first_copy_at,omitzero"` // exposure window
	LastCopyAt  time.Time `json:"last_copy_at,omitzero"`
	Recipients  int64     `json:"recipients"` // blast radius
	Tenants     int64     `json:"tenants"`
	Accounts    int64     `json:"accounts"` // accounts that sent what was bad
	Copies      int64     `json:"copies"`   // delivered or perhaps delivered
}

// Measure is one of them. Without Known it has not come, or never will; Says
// tells which.
type Measure struct {
	Known  bool  `json:"known"`
	Millis int64 `json:"ms"`
	// Says is from which moment it was counted, or why there is none.
	Says string `json:"says,omitempty"`
}

// Duration is the measure as a duration; 0 when it is not known.
func (m Measure) Duration() time.Duration { return time.Duration(m.Millis) * time.Millisecond }

// MeasureNames lists the six measures in the order in which they come.
func MeasureNames() []string { return []string{"TTD", "TTA", "TTC", "TTI", "TTN", "TTR"} }

// MeasureOf is the measure of the name in MeasureNames.
func (m IncidentMeasures) MeasureOf(name string) Measure {
	switch name {
	case "TTD":
		return m.TTD
	case "TTA":
		return m.TTA
	case "TTC":
		return m.TTC
	case "TTI":
		return m.TTI
	case "TTN":
		return m.TTN
	case "TTR":
		return m.TTR
	}
	return Measure{}
}

// MeasureMonth is the middle and the slow end of the incidents opened in one
// month (UTC).
type MeasureMonth struct {
	Month      string                   `json:"month"` // 2026-11
	Incidents  int                      `json:"incidents"`
	Recipients int64                    `json:"recipients"`
	Measures   map[string]MeasureSpread `json:"measures"` // by name; a name is left out when no incident has it
}

// MeasureSpread is over the incidents that have the measure.
type MeasureSpread struct {
	N      int   `json:"n"`
	Median int64 `json:"median_ms"`
	P90    int64 `json:"p90_ms"`
}

// MeasureReport is how incidents go over time. Exercises are counted apart.
type MeasureReport struct {
	Exercises bool                     `json:"exercises,omitempty"` // these are exercises
	Whole     map[string]MeasureSpread `json:"whole"`
	Months    []MeasureMonth           `json:"months"`    // oldest first, months without incidents left out
	Incidents []IncidentMeasures       `json:"incidents"` // newest first
}

// ShortDuration writes how long something took as people say it: "340 ms", "41 s",
// "3 min 5 s", "2 h 10 min", "4 days 3 h".
func ShortDuration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	pair := func(a int64, big string, b int64, small string) string {
		if b == 0 {
			return fmt.Sprintf("%s%d %s", sign, a, big)
		}
		return fmt.Sprintf("%s%d %s %d %s", sign, a, big, b, small)
	}
	switch {
	case d == 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%s%d ms", sign, d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%s%d s", sign, int64(d.Seconds()))
	case d < time.Hour:
		return pair(int64(d/time.Minute), "min", int64(d%time.Minute/time.Second), "s")
	case d < 48*time.Hour:
		return pair(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	}
	return pair(int64(d/(24*time.Hour)), "days", int64(d%(24*time.Hour)/time.Hour), "h")
}
