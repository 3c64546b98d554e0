package queue

import (
	"context"
	"fmt"
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

// lens is the screening as it is set for the tenant of a dispatch.
type lens struct {
	about  screen.Context
	tuning *screen.Tuning

	once sync.Once
	base cordon.Decision // of the letter itself, for an invented person
}

// lensFor reads what the screening goes by; nil for a letter that has no field
// for words.
func (r *Runner) lensFor(ctx context.Context, tenant cordon.TenantID, letter *compose.Letter) (*lens, error) {
	if letter == nil || !letter.TakesWords() {
		return nil, nil
	}
	facts, err := r.cfg.Store.ScreenFacts(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("exit facts: %w", err)
	}
	return &lens{about: screen.About(facts), tuning: screen.TuningOf(facts)}, nil
}

// screened judges one copy; only what is worse than the letter around it counts
// against it. What a person released with the reasons before them may leave.
func (d *dossier) screened(m compose.Merge, text compose.Rendered) refusal {
	if d.lens == nil || d.letter.Free(m) == "" {
		return refusal{}
	}
	content := d.facts.Version.Content
	about := d.lens.about
	about.Values = slices.Collect(maps.Values(m.Values))
	found := screen.Judge(screen.ReadSample(content, text), about, d.lens.tuning).Decision.Effective()
	if found == cordon.Pass || found == cordon.Hold && d.released() {
		return refusal{}
	}
	d.lens.once.Do(func() {
		d.lens.base = screen.Judge(screen.ReadSample(content, d.letter.SampleOf(nil)), d.lens.about, d.lens.tuning).Decision.Effective()
	})
	if found <= d.lens.base {
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
