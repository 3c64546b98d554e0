package statuspage

import (
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// thread is everything posted under one number.
type thread struct {
	Number int64
	Posts  []cordon.Announcement // newest first
}

func (t thread) Last() cordon.Announcement     { return t.Posts[0] }
func (t thread) Original() cordon.Announcement { return t.Posts[len(t.Posts)-1] }
func (t thread) Title() string                 { return t.Last().Title }
func (t thread) Over() bool                    { return t.Last().State.Over() }
func (t thread) Retracted() bool               { return t.Last().Kind == cordon.AnnounceRetraction }

// Worst is the worst impact that was announced.
func (t thread) Worst() cordon.Impact {
	worst := cordon.ImpactNone
	for _, p := range t.Posts {
		if p.Impact.Rank() > worst.Rank() {
			worst = p.Impact
		}
	}
	return worst
}

// reached is when the thread first stood in the state; zero when it never did.
func (t thread) reached(state cordon.PublicState) time.Time {
	for _, p := range slices.Backward(t.Posts) {
		if p.State == state {
			return p.PostedAt
		}
	}
	return time.Time{}
}

// threads groups the posts of a view, real ones or those of drills, the newest
// number first. Posts come newest first.
func threads(v cordon.StatusView, exercise bool) []thread {
	at := map[int64]int{}
	var all []thread
	for _, p := range v.Posts {
		if p.Exercise() != exercise {
			continue
		}
		i, known := at[p.Number]
		if !known {
			i = len(all)
			at[p.Number] = i
			all = append(all, thread{Number: p.Number})
		}
		all[i].Posts = append(all[i].Posts, p)
	}
	slices.SortStableFunc(all, func(a, b thread) int { return b.Original().PostedAt.Compare(a.Original().PostedAt) })
	return all
}

// current are the threads that are not over.
func current(all []thread) []thread {
	return slices.DeleteFunc(slices.Clone(all), func(t thread) bool { return t.Over() })
}

// promised is what a thread owes its readers now.
type promised struct {
	cordon.Promise
	Late bool
}

// Words says the promise as a reader is told.
func (p promised) Words() string {
	what := "Next update by "
	if p.Kind == cordon.PromiseReport {
		what = "A report by "
	}
	if !p.Late {
		return what + moment(p.DueAt)
	}
	if p.Kind == cordon.PromiseReport {
		return "The report promised for " + moment(p.DueAt) + " is late"
	}
	return "The update promised for " + moment(p.DueAt) + " is late"
}

// owed lists what the thread owes, and kept what came of its other promises.
func owed(v cordon.StatusView, number int64) []promised {
	var all []promised
	for _, p := range v.Promises {
		if p.Number == number && p.Owed() {
			all = append(all, promised{p, v.At.After(p.DueAt)})
		}
	}
	return all
}

func settled(v cordon.StatusView, number int64) (kept, missed int) {
	for _, p := range v.Promises {
		switch {
		case p.Number != number:
		case p.State == cordon.PromiseKept:
			kept++
		case p.State == cordon.PromiseMissed:
			missed++
		}
	}
	return kept, missed
}

// touched says whether a post touches the component.
func touched(p cordon.Announcement, id cordon.ComponentID) bool {
	return slices.Contains(p.Components, id)
}

// stateOf is how a component is at the time of the view: maintenance that was
// announced, or worse when an incident that is not over touches it.
func stateOf(v cordon.StatusView, all []thread, c cordon.Component) cordon.ComponentState {
	state := cordon.ComponentOperational
	if c.UnderMaintenance(v.At) {
		state = cordon.ComponentMaintenance
	}
	for _, t := range current(all) {
		if under := cordon.ComponentUnder(t.Last().Impact); touched(t.Last(), c.ID) && under.Rank() > state.Rank() {
			state = under
		}
	}
	return state
}

// overall is the whole service: its worst component, or the worst incident where
// no component is touched.
func overall(v cordon.StatusView, all []thread) cordon.ComponentState {
	state := cordon.ComponentOperational
	for _, c := range v.Components {
		if s := stateOf(v, all, c); s.Rank() > state.Rank() {
			state = s
		}
	}
	for _, t := range current(all) {
		if s := cordon.ComponentUnder(t.Last().Impact); s.Rank() > state.Rank() {
			state = s
		}
	}
	return state
}

func stateWord(s cordon.ComponentState) string {
	switch s {
	case cordon.ComponentOperational:
		return "Operational"
	case cordon.ComponentMaintenance:
		return "Maintenance"
	case cordon.ComponentDegraded:
		return "Degraded"
	case cordon.ComponentPartial:
		return "Partial outage"
	default:
		return "Major outage"
	}
}

// headline is the service in a sentence.
func headline(s cordon.ComponentState, open int) string {
	switch {
	case s == cordon.ComponentMaintenance:
		return "Maintenance is under way"
	case s == cordon.ComponentDegraded:
		return "Part of the service is degraded"
	case s == cordon.ComponentPartial:
		return "Part of the service is out"
	case s == cordon.ComponentMajor:
		return "A major outage"
	case open > 0:
		return "The service works; we are looking into something"
	}
	return "Everything works"
}
