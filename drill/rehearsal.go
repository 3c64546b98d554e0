package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// Drill is one rehearsal that can be run.
type Drill struct {
	Name      string `json:"name"`
	Models    string `json:"models"`    // the incident it models
	Says      string `json:"says"`      // what it does
	Must      string `json:"must"`      // what must be seen
	Practices int    `json:"practices"` // how many exercise practices it is run on
}

// script is a drill with what it does.
type script struct {
	Drill
	act func(*Rehearsal, context.Context, []*Practice, Options) (Report, error)
}

// scripts lists the drills in the order in which they are shown.
func scripts() []script {
	return []script{
		{Drill{
			Name:      "id-walk",
			Models:    "incident A: a template endpoint that took recipient IDs and free content without the right check",
			Says:      "a stolen key walks recipient IDs (random, sequential, another tenant's, a leaked list), edits a template to prize spam, sends free content, and slips copies into the queue as if the door's check were missing",
			Must:      "at most 10 bad copies delivered, none without approval; key suspended; incident-grade signal; a decoy seen at once; the practice's own mail still flowing",
			Practices: 2,
		}, (*Rehearsal).idWalk},
		{Drill{
			Name:      "stolen-template",
			Models:    "incident A, by other hands: two stolen accounts write and approve a letter that looks like the practice's own",
			Says:      "the practice's recall is copied with its link swapped (to a look-alike host, to a host of nobody's, to a shortener), approved by the second stolen account, and sent to everyone",
			Must:      "at most 10 copies delivered; the reason names the link; the practice's own recall still leaves",
			Practices: 1,
		}, (*Rehearsal).stolenTemplate},
		{Drill{
			Name:      "slow-drip",
			Models:    "incident B: a stolen credential that takes its time, so that no rate gives it away",
			Says:      "a stolen key sends an approved letter with a note of its own to one patient after another, slowly; each note is other spam",
			Must:      "at most 10 copies delivered; what was held says why; the practice's own notes still leave",
			Practices: 1,
		}, (*Rehearsal).slowDrip},
		{Drill{
			Name:      "many-tenants",
			Models:    "a platform's credentials are stolen: the same text leaves under many practices' names",
			Says:      "five practices' stolen keys send the same note, few copies each",
			Must:      "at most 10 copies delivered over all; the same words under several names are seen as one thing; other mail of the practices still leaves",
			Practices: 5,
		}, (*Rehearsal).manyTenants},
		{Drill{
			Name:      "wrong-letter",
			Models:    "a letter with the wrong column: nobody attacks, and ten people get what was meant for others",
			Says:      "the practice sends an approved letter to everyone that is for none of them; of the first ten, five say that it was not for them",
			Must:      "at most one stage of 10 copies delivered; stopped by itself; the ten written to, and nobody else",
			Practices: 1,
		}, (*Rehearsal).wrongLetter},
		{Drill{
			Name:      "image-spam",
			Models:    "incident D: a list of addresses is taken, and strangers mail a picture to addresses that never had spam",
			Says:      "the picture comes to planted addresses from outside, six customers forward what they got, and it is sent through the practice's own account",
			Must:      "the leak proved at once and its directory named; one problem for all reports; the picture held; everybody who reported told what came of it",
			Practices: 1,
		}, (*Rehearsal).imageSpam},
	}
}

// List names every drill.
func List() []Drill {
	var all []Drill
	for _, s := range scripts() {
		all = append(all, s.Drill)
	}
	return all
}

// scriptOf answers the script of that name.
func scriptOf(name string) (script, error) {
	for _, s := range scripts() {
		if s.Name == name {
			return s, nil
		}
	}
	return script{}, &cordon.Error{Code: cordon.Missing, Field: "drill", Message: fmt.Sprintf("%q is not a drill", name), Remedy: "cordon drill list names them all"}
}

// Options are a run's own settings.
type Options struct {
	EdgeFault bool          // id-walk: also slip copies into the queue
	Every     time.Duration // slow-drip: from one message to the next; 0 means DripEvery
	Untold    bool          // the caller tells what came of it (TellAll), or nobody does
}

// Rehearsal runs drills on one house.
type Rehearsal struct {
	config   Config
	operator caller
}

// New makes a rehearsal; nothing happens until Run.
func New(c Config) *Rehearsal {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return &Rehearsal{config: c, operator: caller{client: c.Operator, url: c.URL}}
}

// Run runs the drill of that name on the practices, of which it uses as many as
// it says it needs.
func (r *Rehearsal) Run(ctx context.Context, name string, practices []*Practice, o Options) (Report, error) {
	drill, err := scriptOf(name)
	if err != nil {
		return Report{}, err
	}
	if len(practices) < drill.Practices {
		return Report{}, cordon.Errorf(cordon.Conflict, "%s needs %d practices", name, drill.Practices)
	}
	practices = practices[:drill.Practices]
	for _, p := range practices {
		if err := r.forExercise(ctx, p); err != nil {
			return Report{}, err
		}
	}
	began := r.config.Now()
	report, err := drill.act(r, ctx, practices, o)
	report.Drill = name
	if err != nil || o.Untold {
		return report, err
	}
	v, told, err := r.TellAll(ctx, began, practices, report.seen...)
	return report.With(v).telling(told...), err
}

// forExercise asks the store itself whether the practice was made for exercises;
// no drill touches any other.
func (r *Rehearsal) forExercise(ctx context.Context, p *Practice) error {
	tenant, err := r.config.Store.Tenant(ctx, p.ID)
	if err != nil {
		return err
	}
	if !tenant.Exercise {
		return notForExercise(p.Handle)
	}
	return nil
}

// tell says one sentence of progress.
func (r *Rehearsal) tell(format string, args ...any) { r.config.Progress(fmt.Sprintf(format, args...)) }

// settleEvery is how often a drill looks whether what it waits for has come.
const settleEvery = 100 * time.Millisecond

// until looks again and again until done, or until the time is up; the caller
// then judges what it sees.
func until(ctx context.Context, within time.Duration, done func() (bool, error)) error {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	look := time.NewTicker(settleEvery)
	defer look.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return nil
		case <-look.C:
		}
	}
}
