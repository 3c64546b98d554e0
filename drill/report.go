package drill

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// Report is what a rehearsal came to. Its JSON shape is fixed (`cordon drill
// run --json`): keys may be added, none renamed.
type Report struct {
	Drill        string        `json:"drill"`
	OK           bool          `json:"ok"`
	Exercise     bool          `json:"exercise"` // always true: a drill is marked as one through and through
	BadCopiesOut int64         `json:"bad_copies_out"`
	TTD          Millis        `json:"ttd_ms"` // from the intruder's first act to the first incident-grade signal
	TTC          Millis        `json:"ttc_ms"` // from that signal to the last containing act
	Expectations []Expectation `json:"expectations"`
	Variants     []Variant     `json:"variants,omitempty"`

	// From the incident's opening on, the slowest of those the drill came to; 0 where
	// there was nothing to tell.
	TTA  Millis `json:"tta_ms"` // from the page to its acknowledgement
	TTI  Millis `json:"tti_ms"` // until the last practice was told
	TTN  Millis `json:"ttn_ms"` // until the last letter to somebody affected left
	TTR  Millis `json:"ttr_ms"` // until it was resolved
	Told []Told `json:"told,omitempty"`

	// seen is what a person on duty finds held, and opens an incident about: for
	// attacks that the rules keep back without calling it an incident.
	seen []cordon.Question
}

// Variant is one way of attacking, with its own figures.
type Variant struct {
	Name         string        `json:"name"`
	Says         string        `json:"says"` // what the intruder does, in a sentence
	OK           bool          `json:"ok"`
	Exercise     bool          `json:"exercise"`
	Tried        int64         `json:"tried"`   // recipient IDs named, or copies slipped into the queue
	Refused      int64         `json:"refused"` // of them, turned away at the door or at the exit
	Held         int64         `json:"held"`    // kept back by a stop
	BadCopiesOut int64         `json:"bad_copies_out"`
	TTD          Millis        `json:"ttd_ms"`
	TTC          Millis        `json:"ttc_ms"`
	Expectations []Expectation `json:"expectations"`
}

// Expectation is one thing that had to be seen.
type Expectation struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	OK   bool   `json:"ok"`
}

// Millis is a length of time that JSON holds in whole milliseconds.
type Millis time.Duration

// String is the length of time as people read it, without fractions of a
// millisecond.
func (m Millis) String() string { return time.Duration(m).Round(time.Millisecond).String() }

// atMost is a limit of time as people read it.
func atMost(d time.Duration) string {
	if d < 5*time.Minute {
		return fmt.Sprintf("≤ %d s", d/time.Second)
	}
	return fmt.Sprintf("≤ %d min", d/time.Minute)
}

func (m Millis) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(m).Milliseconds())
}

func (m *Millis) UnmarshalJSON(raw []byte) error {
	var n int64
	if err := json.Unmarshal(raw, &n); err != nil {
		return err
	}
	*m = Millis(time.Duration(n) * time.Millisecond)
	return nil
}

// expect notes one expectation; the variant is OK only while all hold.
func (v *Variant) expect(name string, want, got any, ok bool) {
	v.Expectations = append(v.Expectations, Expectation{Name: name, Want: fmt.Sprint(want), Got: fmt.Sprint(got), OK: ok})
}

func (v *Variant) settle() {
	v.OK = len(v.Expectations) > 0
	for _, e := range v.Expectations {
		v.OK = v.OK && e.OK
	}
}

// settle folds the variants into the report: the worst of each figure.
func (r *Report) settle() {
	r.Exercise = true
	r.OK = len(r.Variants) > 0
	for _, v := range r.Variants {
		r.OK = r.OK && v.OK
		r.BadCopiesOut += v.BadCopiesOut
		r.TTD = max(r.TTD, v.TTD)
		r.TTC = max(r.TTC, v.TTC)
		for _, e := range v.Expectations {
			e.Name = v.Name + ": " + e.Name
			r.Expectations = append(r.Expectations, e)
		}
	}
}

// Fold makes one report of several drills': the worst of each figure, every
// variant under its drill's name.
func Fold(name string, reports []Report) Report {
	all := Report{Drill: name}
	for _, r := range reports {
		for _, v := range r.Variants {
			v.Name = r.Drill + " " + v.Name
			all.Variants = append(all.Variants, v)
		}
		all.Told = append(all.Told, r.Told...)
	}
	return all.With()
}

// With is the report with more variants, folded anew.
func (r Report) With(more ...Variant) Report {
	all := Report{Drill: r.Drill, Variants: append(slices.Clone(r.Variants), more...), seen: r.seen}
	all.settle()
	return all.telling(r.Told...)
}

// telling adds how incidents were told.
func (r Report) telling(told ...Told) Report {
	r.Told = append(slices.Clone(r.Told), told...)
	for _, t := range told {
		r.TTA, r.TTI, r.TTN, r.TTR = max(r.TTA, t.TTA), max(r.TTI, t.TTI), max(r.TTN, t.TTN), max(r.TTR, t.TTR)
	}
	return r
}
