package guard

import (
	"context"
	"slices"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/screen"
)

// mostLessons is how many texts of one hold are learnt from, and how often one is
// tried when another hold is learnt from at the same moment.
const mostLessons = 5

// Learn teaches the tenant's screening what a person decided about an order that
// was held for what it says: wanted is what was released. An order held for other
// reasons teaches nothing. order.Rows is what Judge read.
func (g *Guard) Learn(ctx context.Context, by cordon.Actor, dispatch cordon.Dispatch, order cordon.Order, version cordon.Version, wanted bool) error {
	screened := func(r cordon.Reason) bool { return r.Check == cordon.CheckScreen && r.Decision == cordon.Hold }
	if !slices.ContainsFunc(dispatch.Reasons, screened) {
		return nil
	}
	m := &matter{guard: g, order: order, version: version, now: g.now()}
	letter, err := m.letter()
	if err != nil {
		return err
	}
	texts, err := m.texts(letter)
	if err != nil {
		return err
	}
	samples := []compose.Rendered{letter.SampleOf(nil)}
	if len(texts) > 0 {
		samples = samples[:0] // the letter around them is every order's
	}
	for _, values := range texts[:min(len(texts), mostLessons)] {
		samples = append(samples, letter.SampleOf(values))
	}
	for range mostLessons {
		err = g.lesson(ctx, by, dispatch, version.Content, samples, wanted)
		if cordon.CodeOf(err) != cordon.Conflict {
			break
		}
	}
	return err
}

func (g *Guard) lesson(ctx context.Context, by cordon.Actor, dispatch cordon.Dispatch, content cordon.Content, samples []compose.Rendered, wanted bool) error {
	facts, err := g.store.ScreenFacts(ctx, dispatch.Tenant)
	if err != nil {
		return err
	}
	tuning := screen.TuningOf(facts)
	for _, letter := range samples {
		tuning.Learn(screen.ReadSample(content, letter), wanted)
	}
	return g.store.SaveTuning(ctx, by, dispatch.Tenant, dispatch.ID, wanted, facts.Lessons, tuning.Encode())
}
