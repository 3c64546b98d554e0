package queue

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/screen"
)

// The door judges a letter as its order makes it, for an invented person. What it
// cannot know is what stands in the person's own fields. A copy whose values
// carry words of their own is judged once more here, as it leaves.

// lens is the screening as it is set for the tenant of a dispatch, read when the
// first copy asks for it: most letters' copies never do.
type lens struct {
	mu     sync.Mutex
	ready  bool
	about  screen.Context
	tuning *screen.Tuning
	base   cordon.Decision // of the letter itself, for an invented person
}

// lensFor is nil for a letter that has no field for words.
func lensFor(letter *compose.Letter) *lens {
	if letter == nil || !letter.TakesWords() {
		return nil
	}
	return &lens{}
}

// open reads what the screening goes by, once.
func (r *Runner) open(ctx context.Context, d *dossier) error {
	l := d.lens
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready {
		return nil
	}
	facts, err := r.cfg.Store.ScreenFacts(ctx, d.facts.Dispatch.Tenant)
	if err != nil {
		return err
	}
	l.about, l.tuning = screen.About(facts), screen.TuningOf(facts)
	l.base = screen.Judge(screen.ReadSample(d.facts.Version.Content, d.letter.SampleOf(nil)), l.about, l.tuning).Decision.Effective()
	l.ready = true
	return nil
}

// screened judges one copy; only what is worse than the letter around it counts
// against it. What a person released with the reasons before them may leave. A
// copy that cannot be judged now is given back.
func (r *Runner) screened(ctx context.Context, d *dossier, m compose.Merge, text compose.Rendered) refusal {
	if d.lens == nil || d.letter.Free(m) == "" {
		return refusal{}
	}
	if err := r.open(ctx, d); err != nil {
		return refusal{reason: "unavailable", back: true}
	}
	about := d.lens.about
	about.Values = slices.Collect(maps.Values(m.Values))
	found := screen.Judge(screen.ReadSample(d.facts.Version.Content, text), about, d.lens.tuning).Decision.Effective()
	if found <= d.lens.base || found == cordon.Hold && d.released() {
		return refusal{}
	}
	return refusal{reason: "screen", signal: cordon.SignalScreened, words: "a copy said more than its letter, by the words in its own fields", lone: true}
}

// released says whether the dispatch was held for what it says, and a second
// person let it go.
func (d *dossier) released() bool {
	return slices.ContainsFunc(d.facts.Dispatch.Reasons, func(r cordon.Reason) bool {
		return r.Check == cordon.CheckScreen && r.Decision == cordon.Hold
	})
}
