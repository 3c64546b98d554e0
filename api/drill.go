package api

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

// drillReport is drill.Report under a name of its own: the ledger has a report
// too.
type drillReport drill.Report

// drills is what can be rehearsed, and what was.
type drills struct {
	Drills []drill.Drill `json:"drills" nullable:"false" doc:"Every drill"`
	Runs   []drill.Run   `json:"runs" nullable:"false" doc:"The newest 20 runs of this node since it started, newest first; what older ones came to is in the ledger"`
}

// instructor is nil-safe: an edge without one runs no drills.
func (a *API) instructor() (*drill.Instructor, error) {
	if a.Drills == nil {
		return nil, cordon.Errorf(cordon.Unavailable, "this house runs no drills")
	}
	return a.Drills, nil
}

func (a *API) listDrills(ctx context.Context, x *exchange, _ *struct{}) (*answer[drills], error) {
	instructor, err := a.instructor()
	if err != nil {
		return nil, err
	}
	var all drills
	if all.Drills, err = instructor.Drills(ctx, x.actor); err != nil {
		return nil, err
	}
	all.Runs, err = instructor.Runs(ctx, x.actor)
	return answered(all, err)
}

type startDrill struct {
	Drill string `path:"drill" maxLength:"40" doc:"Drill's name" example:"id-walk"`
	Body  struct {
		EdgeFault bool     `json:"edge_fault,omitempty" doc:"Also slip copies into the queue as if the door's check were missing" example:"true"`
		Every     duration `json:"every,omitempty" doc:"slow-drip: from one message to the next, at most a minute" example:"1m0s"`
	} `nameHint:"DrillRunRequest"`
}

func (a *API) startDrill(ctx context.Context, x *exchange, in *startDrill) (*created[drill.Run], error) {
	instructor, err := a.instructor()
	if err != nil {
		return nil, err
	}
	var every time.Duration
	if in.Body.Every != "" {
		var err error
		if every, err = time.ParseDuration(string(in.Body.Every)); err != nil {
			return nil, cordon.InvalidField("every", "is not a length of time", "write it like 30s or 1m")
		}
	}
	run, err := instructor.Start(ctx, x.actor, in.Drill, drill.Options{EdgeFault: in.Body.EdgeFault, Every: every})
	if err != nil {
		return nil, err
	}
	return &created[drill.Run]{Location: "/v1/drill-runs/" + string(run.ID), Body: run}, nil
}

type oneRun struct {
	Run drill.RunID `path:"run" maxLength:"64" doc:"Run's ID" example:"run_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getDrillRun(ctx context.Context, x *exchange, in *oneRun) (*answer[drill.Run], error) {
	instructor, err := a.instructor()
	if err != nil {
		return nil, err
	}
	return answered(instructor.Find(ctx, x.actor, in.Run))
}

func drillWords() map[string]word {
	const when = "2026-11-22T04:58:00Z"
	return map[string]word{
		"Drill.name":      {doc: "Name, to run it by", example: "id-walk"},
		"Drill.models":    {doc: "The incident it models", example: "incident A: a template endpoint without the right check"},
		"Drill.practices": {doc: "How many exercise practices it is run on", example: 2},
		"Drill.must":      {doc: "What must be seen", example: "at most 10 bad copies delivered; the key suspended"},
		"says":            {doc: "What it does, in a sentence", example: "names random recipient IDs, one a call"},

		"Run.id":         {doc: "The run's identifier", example: "run_0123456789abcdefghjkmnpqrs"},
		"Run.drill":      {doc: "The drill", example: "id-walk"},
		"Run.edge_fault": {doc: "Whether copies were slipped into the queue too", example: true},
		"Run.state": {doc: "running; passed: every expectation was seen; failed: some were not; broken: it could not be brought to its end, which proves nothing", example: "passed",
			enum: enum(drill.Running, drill.Passed, drill.Failed, drill.Broken)},
		"Run.exercise":   {doc: "Always true: a drill is marked as one through and through", example: true},
		"Run.by":         {doc: "Who started it, as the ledger names actors", example: "operator"},
		"Run.started_at": {doc: "When it began", example: when},
		"Run.ended_at":   {doc: "When it ended; left out while it runs", example: "2026-11-22T04:58:31Z"},
		"Run.progress":   {doc: "What has happened so far"},
		"Run.report":     {doc: "What it came to; left out until then"},
		"Run.fault":      {doc: "What went wrong with the exercise itself", example: "the house was stopped"},
		"Step.text":      {doc: "One thing that happened", example: "random: the intruder names random recipient IDs, one a call"},

		"DrillReport.drill":    {doc: "The drill", example: "id-walk"},
		"DrillReport.exercise": {doc: "Always true", example: true},
		"DrillReport.variants": {doc: "Each way of attacking, with its own figures"},
		"bad_copies_out":       {doc: "Copies of the intruder's that were delivered, or may have been", example: 0},
		"ttd_ms":               {doc: "From the intruder's first act to the first incident-grade signal, ms", example: 1100},
		"ttc_ms":               {doc: "From that signal to the last containing act, ms", example: 150},
		"expectations":         {doc: "What had to be seen, and what was"},
		"ok":                   {doc: "Whether what had to be seen was seen", example: true},
		"Variant.name":         {doc: "Name of this way", example: "random"},
		"Variant.exercise":     {doc: "Always true", example: true},
		"Variant.tried":        {doc: "Recipient IDs named, or copies slipped into the queue", example: 100},
		"Variant.refused":      {doc: "Of them, turned away at the door or at the exit", example: 100},
		"Variant.held":         {doc: "Kept back by a stop", example: 0},
		"Expectation.name":     {doc: "What was looked at", example: "key contained"},
		"Expectation.want":     {doc: "What had to be seen", example: "suspended or stopped"},
		"Expectation.got":      {doc: "What was seen", example: "key suspended, stopped"},
	}
}
