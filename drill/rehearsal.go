package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// Drill is one rehearsal that can be run.
type Drill struct {
	Name   string `json:"name"`
	Models string `json:"models"` // the incident it models
	Says   string `json:"says"`   // what it does
	Must   string `json:"must"`   // what must be seen
}

// List names every drill.
func List() []Drill {
	return []Drill{{
		Name:   "id-walk",
		Models: "incident A: a template endpoint that took recipient IDs and free content without the right check",
		Says:   "a stolen key walks recipient IDs (random, sequential, another tenant's, a leaked list), edits a template to prize spam, sends free content, and slips copies into the queue as if the door's check were missing",
		Must:   "at most 10 bad copies delivered, none without approval; key suspended; incident-grade signal; a decoy seen at once; the practice's own mail still flowing",
	}}
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

// Run runs the drill of that name on the practices, which must be two or more.
// edgeFault adds the variants that slip copies into the queue.
func (r *Rehearsal) Run(ctx context.Context, name string, practices []*Practice, edgeFault bool) (Report, error) {
	if name != "id-walk" {
		return Report{}, cordon.InvalidField("drill", fmt.Sprintf("%q is not a drill", name), "see cordon drill list")
	}
	if len(practices) < 2 {
		return Report{}, cordon.Errorf(cordon.Conflict, "a walk needs two practices")
	}
	for _, p := range practices {
		if err := r.forExercise(ctx, p); err != nil {
			return Report{}, err
		}
	}
	return r.idWalk(ctx, practices, edgeFault)
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
