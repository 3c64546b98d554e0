package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	runsKept = 20               // the newest, in memory of this node
	runMost  = 15 * time.Minute // then a run is given up
	endMost  = time.Minute      // for taking the practices away, and the last entry

	practicePatients = 1000
)

// Door is how a drill reaches the house it rehearses on, once that is running.
type Door struct {
	// Operator and Intruder reach the REST API: one with the operator's right,
	// one over the network with whatever key the request carries.
	Operator, Intruder *http.Client
	URL                string // base of both
}

// InstructorConfig is what an Instructor is made of.
type InstructorConfig struct {
	Store interface {
		Store
		// AppendEntry writes one fact to the ledger.
		AppendEntry(ctx context.Context, e cordon.Entry) error
	}
	// Arrived is the receiving server's own count (Config.Arrived).
	Arrived  func(domain, words string) int64
	Dir      string        // where the practices of a run are noted until they are gone
	Patients int           // of each of the two practices; 0 means 1,000
	Undo     time.Duration // undo window of the practices; 0 keeps the default
	Now      func() time.Time
	Log      *slog.Logger
}

// Instructor runs drills on the house it belongs to, one at a time on a node,
// and keeps the newest 20 runs in memory; the ledger keeps what each came to.
type Instructor struct {
	config InstructorConfig
	queue  chan *Run

	mu      sync.Mutex
	open    bool   // Run takes drills
	runs    []*Run // oldest first
	current *Run
}

// NewInstructor makes an Instructor; drills wait for Run.
func NewInstructor(c InstructorConfig) *Instructor {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Patients == 0 {
		c.Patients = practicePatients
	}
	return &Instructor{config: c, queue: make(chan *Run, 1)}
}

// may: a run makes tenants and keys, stops and erases: it is the operator's,
// who sees all of it.
func may(by cordon.Actor) error {
	if by.Can(cordon.RunDrills, "") && by.Can(cordon.ManageTenants, "") {
		return nil
	}
	return &cordon.Error{Code: cordon.Denied, Message: "you may not run drills", Remedy: "it needs drills.run and tenants.manage for the whole installation: ask the operator"}
}

// Drills lists what can be rehearsed.
func (i *Instructor) Drills(_ context.Context, by cordon.Actor) ([]Drill, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	return List(), nil
}

// Start begins a run and answers at once. While another is under way it answers
// conflict; where the house is not being served, unavailable.
func (i *Instructor) Start(ctx context.Context, by cordon.Actor, name string, o Options) (Run, error) {
	if err := may(by); err != nil {
		return Run{}, err
	}
	if _, err := scriptOf(name); err != nil {
		return Run{}, err
	}
	if o.Every < 0 || o.Every > time.Minute {
		return Run{}, cordon.InvalidField("every", "is not between 0 and 1 minute", "leave it out for a second")
	}
	run := &Run{ID: newRunID(), Drill: name, EdgeFault: o.EdgeFault, Every: o.Every, State: Running, Exercise: true, By: by.ID(), StartedAt: i.now()}
	if err := i.reserve(run); err != nil {
		return Run{}, err
	}
	if err := i.enter(ctx, run); err != nil {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.current, i.runs = nil, i.runs[:len(i.runs)-1]
		return Run{}, fmt.Errorf("start drill: %w", err)
	}
	i.queue <- run // has room: it is the only run under way
	return i.view(run), nil
}

func (i *Instructor) reserve(run *Run) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case !i.open:
		return &cordon.Error{Code: cordon.Unavailable, Field: "drill", Message: "the house is not running, or has only just begun", Remedy: "run it with cordon serve, or try again in a moment"}
	case i.current != nil:
		return &cordon.Error{Code: cordon.Conflict, Field: "drill", Message: "another run is under way: " + string(i.current.ID), Remedy: "wait for it to end; its page and GET /v1/drill-runs/" + string(i.current.ID) + " show how far it is"}
	}
	i.current = run
	i.runs = append(i.runs, run)
	if n := len(i.runs) - runsKept; n > 0 {
		i.runs = append([]*Run(nil), i.runs[n:]...)
	}
	return nil
}

// Find answers one run, with its progress and, in the end, its report.
func (i *Instructor) Find(_ context.Context, by cordon.Actor, id RunID) (Run, error) {
	if err := may(by); err != nil {
		return Run{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.runs {
		if r.ID == id {
			return r.snapshot(), nil
		}
	}
	return Run{}, &cordon.Error{Code: cordon.Missing, Field: "run", Message: "is unknown, or not kept any more", Remedy: "a node keeps the newest 20 runs in memory until it stops; the ledger says what each came to"}
}

// Runs lists the runs that are kept, the newest first.
func (i *Instructor) Runs(_ context.Context, by cordon.Actor) ([]Run, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	all := make([]Run, 0, len(i.runs))
	for n := len(i.runs) - 1; n >= 0; n-- {
		all = append(all, i.runs[n].snapshot())
	}
	return all, nil
}

// Run takes away what a killed process left, then performs what Start begins,
// until ctx ends. A run that is cut short so is broken; the next start takes its
// practices away.
func (i *Instructor) Run(ctx context.Context, door Door) error {
	i.tidyLeft(ctx, door)
	i.setOpen(true)
	defer i.setOpen(false)
	for {
		select {
		case <-ctx.Done():
			return nil
		case run := <-i.queue:
			i.perform(ctx, door, run)
		}
	}
}

// setOpen lets runs begin, or no more: one that was begun and not yet performed
// is broken then.
func (i *Instructor) setOpen(open bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open = open
	if !open && i.current != nil {
		i.current.State, i.current.EndedAt, i.current.Fault = Broken, i.now(), "the house was stopped"
		i.current = nil
	}
}

func (i *Instructor) perform(ctx context.Context, door Door, run *Run) {
	limited, cancel := context.WithTimeout(ctx, runMost)
	defer cancel()
	r := i.rehearsal(door, func(text string) { i.step(run, text) })
	handles := handlesFor(run.Drill)
	i.note(handles)
	report, err := i.rehearse(limited, r, run, handles)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = cordon.Errorf(cordon.Limited, "it was not done after %s", runMost)
	}
	end, cancelEnd := context.WithTimeout(ctx, endMost)
	defer cancelEnd()
	i.step(run, "taking the exercise practices away: copies cut, stops lifted, data erased")
	left := i.tidy(end, r, handles)
	i.finish(ctx, run, report, err, left)
}

// handlesFor names new practices, as many as the drill needs.
func handlesFor(drill string) []string {
	script, err := scriptOf(drill)
	if err != nil {
		return nil // Start has refused it
	}
	word := cordon.RandomText(8)
	var handles []string
	for n := range script.Practices {
		handles = append(handles, fmt.Sprintf("exercise-%s-%d", word, n+1))
	}
	return handles
}

// rehearse sets up the practices and runs the drill on them.
func (i *Instructor) rehearse(ctx context.Context, r *Rehearsal, run *Run, handles []string) (Report, error) {
	i.step(run, fmt.Sprintf("setting up %d exercise practices with %d invented patients each", len(handles), i.config.Patients))
	var practices []*Practice
	for n, handle := range handles {
		p, err := r.Open(ctx, handle, fmt.Sprintf("EXERCISE %d", n+1), i.config.Patients)
		if err != nil {
			return Report{}, err
		}
		practices = append(practices, p)
	}
	return r.Run(ctx, run.Drill, practices, Options{EdgeFault: run.EdgeFault, Every: run.Every})
}

func (i *Instructor) rehearsal(door Door, progress func(string)) *Rehearsal {
	return New(Config{Operator: door.Operator, Intruder: door.Intruder, URL: door.URL, Store: i.config.Store,
		Arrived: i.config.Arrived, Now: i.config.Now, Undo: i.config.Undo, Progress: progress})
}

// finish settles the run and writes its last entry.
func (i *Instructor) finish(ctx context.Context, run *Run, report Report, err, left error) {
	i.mu.Lock()
	run.EndedAt = i.now()
	switch {
	case err != nil:
		run.State, run.Fault = Broken, i.fault(ctx, err)
	case report.OK:
		run.State, run.Report = Passed, &report
	default:
		run.State, run.Report = Failed, &report
	}
	if left != nil && run.Fault == "" {
		run.Fault = "the exercise practices are not all taken away yet; the next start tries again"
	}
	i.current = nil
	i.mu.Unlock()
	for _, e := range []error{err, left} {
		if e != nil && ctx.Err() == nil {
			i.config.Log.ErrorContext(ctx, "drill did not end well", "run", run.ID, "error", e)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endMost)
	defer cancel()
	if err := i.enter(last, run); err != nil {
		i.config.Log.ErrorContext(ctx, "drill's outcome is not in the ledger", "run", run.ID, "error", err)
	}
}

// fault says what broke a run, in words that may be shown.
func (i *Instructor) fault(ctx context.Context, err error) string {
	var refused *problem
	var e *cordon.Error
	switch {
	case ctx.Err() != nil:
		return "the house was stopped"
	case errors.As(err, &refused), errors.As(err, &e) && e.Code != cordon.Internal:
		return err.Error()
	}
	return "it could not be brought to its end; the log says why"
}

func (i *Instructor) step(run *Run, text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	run.Progress = append(run.Progress, Step{At: i.now(), Text: text})
}

func (i *Instructor) view(run *Run) Run {
	i.mu.Lock()
	defer i.mu.Unlock()
	return run.snapshot()
}

func (i *Instructor) now() time.Time { return i.config.Now().UTC().Truncate(time.Microsecond) }

// enter writes where the run stands into the ledger.
func (i *Instructor) enter(ctx context.Context, run *Run) error {
	now := i.view(run)
	body, err := json.Marshal(now.outcome())
	if err != nil {
		return fmt.Errorf("drill entry: %w", err)
	}
	return i.config.Store.AppendEntry(ctx, cordon.Entry{Kind: cordon.EntryDrill, Actor: now.By, Subject: string(now.ID), Body: body})
}
