package drill

import (
	"time"

	"github.com/cordonmail/cordon"
)

// RunID names one run of a drill.
type RunID string

func newRunID() RunID { return RunID("run_" + cordon.RandomText(26)) }

// RunState says how far a run is: running → passed, failed or broken.
type RunState string

const (
	Running RunState = "running"
	Passed  RunState = "passed" // every expectation was seen
	Failed  RunState = "failed" // some were not
	Broken  RunState = "broken" // it could not be brought to its end, which proves nothing
)

// Run is one rehearsal on a running house: what was asked for, how far it is,
// and in the end its report. It holds no personal data.
type Run struct {
	ID        RunID         `json:"id"`
	Drill     string        `json:"drill"`
	EdgeFault bool          `json:"edge_fault"`
	Every     time.Duration `json:"-"` // from one message to the next, of a slow drip
	State     RunState      `json:"state"`
	Exercise  bool          `json:"exercise"` // always true
	By        string        `json:"by"`       // Actor.ID() of who started it
	StartedAt time.Time     `json:"started_at"`
	EndedAt   time.Time     `json:"ended_at,omitzero"`
	Progress  []Step        `json:"progress"`
	Report    *Report       `json:"report,omitempty"`
	// Fault says what went wrong with the exercise itself: why it is broken, or
	// what it could not take away again.
	Fault string `json:"fault,omitempty"`
}

// Step is one sentence of progress.
type Step struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// snapshot is a copy that the run's progress does not touch any more. A report
// does not change once it is there.
func (r *Run) snapshot() Run {
	c := *r
	c.Progress = append([]Step{}, r.Progress...)
	return c
}

// outcome is what the ledger keeps of a run: figures and the names of what was
// not seen.
type outcome struct {
	Drill        string   `json:"drill"`
	State        RunState `json:"state"`
	EdgeFault    bool     `json:"edge_fault"`
	BadCopiesOut *int64   `json:"bad_copies_out,omitempty"`
	TTD          *Millis  `json:"ttd_ms,omitempty"`
	TTC          *Millis  `json:"ttc_ms,omitempty"`
	Expectations int      `json:"expectations,omitempty"`
	Failed       []string `json:"failed,omitempty"`
	Fault        string   `json:"fault,omitempty"`
}

func (r *Run) outcome() outcome {
	o := outcome{Drill: r.Drill, State: r.State, EdgeFault: r.EdgeFault, Fault: r.Fault}
	if r.Report == nil {
		return o
	}
	o.BadCopiesOut, o.TTD, o.TTC = &r.Report.BadCopiesOut, &r.Report.TTD, &r.Report.TTC
	o.Expectations = len(r.Report.Expectations)
	for _, e := range r.Report.Expectations {
		if !e.OK {
			o.Failed = append(o.Failed, e.Name)
		}
	}
	return o
}
