package statuspage

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	stripDays  = 90
	stripStep  = 10 // width of a day in the picture's own units
	stripWidth = 8
)

// dayCell is one day of a component.
type dayCell struct {
	X     int
	State cordon.ComponentState // "" before there was the component
	Label string
}

// componentRow is a component as the status page shows it.
type componentRow struct {
	cordon.Component
	State   cordon.ComponentState
	Word    string
	Days    []dayCell
	Summary string // the picture in words
	Bad     []string
}

// Width of the whole picture.
func (componentRow) Width() int { return stripDays * stripStep }

// span is a time during which a post stood as the last word.
type span struct {
	from, until time.Time
	post        cordon.Announcement
}

// spans are the times during which incidents touched parts of the service. What
// was retracted never did.
func spans(v cordon.StatusView, all []thread) []span {
	var out []span
	for _, t := range all {
		if t.Retracted() {
			continue
		}
		for i, p := range t.Posts {
			until := v.At
			if i > 0 {
				until = t.Posts[i-1].PostedAt
			}
			if !p.State.Over() {
				out = append(out, span{p.PostedAt, until, p})
			}
		}
	}
	return out
}

// rowOf draws a component's last 90 days: each day is as bad as its worst moment.
func rowOf(v cordon.StatusView, all []thread, c cordon.Component) componentRow {
	row := componentRow{Component: c, State: stateOf(v, all, c)}
	row.Word = stateWord(row.State)
	times := spans(v, all)
	today := v.At.UTC().Truncate(24 * time.Hour)
	known := 0
	for i := range stripDays {
		from := today.AddDate(0, 0, i-stripDays+1)
		cell := dayCell{X: i * stripStep, State: worstOf(c, times, from)}
		cell.Label = from.Format("2 January")
		switch {
		case from.AddDate(0, 0, 1).Before(c.CreatedAt):
			cell.State = ""
			cell.Label += ": not recorded"
		default:
			known++
			cell.Label += ": " + strings.ToLower(stateWord(cell.State))
			if cell.State != cordon.ComponentOperational {
				row.Bad = append(row.Bad, cell.Label)
			}
		}
		row.Days = append(row.Days, cell)
	}
	row.Summary = fmt.Sprintf("Last %d days recorded: operational throughout", known)
	if n := len(row.Bad); n > 0 {
		row.Summary = fmt.Sprintf("Last %d days recorded: operational but for %d (%s)", known, n, strings.Join(row.Bad, "; "))
	}
	return row
}

func worstOf(c cordon.Component, times []span, from time.Time) cordon.ComponentState {
	until := from.AddDate(0, 0, 1)
	state := cordon.ComponentOperational
	if !c.MaintenanceFrom.IsZero() && c.MaintenanceFrom.Before(until) && c.MaintenanceUntil.After(from) {
		state = cordon.ComponentMaintenance
	}
	for _, s := range times {
		if !s.from.Before(until) || s.until.Before(from) || !touched(s.post, c.ID) {
			continue
		}
		if under := cordon.ComponentUnder(s.post.Impact); under.Rank() > state.Rank() {
			state = under
		}
	}
	return state
}
