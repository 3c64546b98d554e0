package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

// tellIncidents lives through a second incident, in which ten people do get what was meant
// for others, and tells both to the last letter: the page answered, announced, the
// practice told with its list, the ten written to, and resolved.
func (d *demo) tellIncidents(ctx context.Context, rehearsal *drill.Rehearsal) (bool, error) {
	fmt.Fprintf(d.out, "\n  ── told, to the last letter ────────────────────────────────────────────────────────\n\n")
	began := time.Now()
	wrong, err := rehearsal.WrongLetter(ctx, d.practices[bystander])
	if err != nil {
		return false, err
	}
	if err := rehearsal.AwaitIncident(ctx, d.practices[bystander]); err != nil {
		return false, err
	}
	telling, told, err := rehearsal.TellAll(ctx, began, d.practices)
	if err != nil {
		return false, err
	}
	fmt.Fprintf(d.out, "\n  %-8s %-6s %-18s %8s %8s %10s %10s %10s\n", "incident", "", "kind", "people", "letters", "answered", "told", "resolved")
	for _, t := range told {
		fmt.Fprintf(d.out, "  %-8s %-6s %-18s %8s %8s %10s %10s %10s\n", t.Incident, t.Severity, t.Kind, count(t.People), count(t.Letters),
			shown(t.TTA), shown(t.TTI), shown(t.TTR))
	}
	ok := true
	for _, v := range []drill.Variant{wrong, telling} {
		for _, e := range v.Expectations {
			if !e.OK {
				ok = false
				fmt.Fprintf(d.out, "  NOT SEEN  %s: want %s, got %s\n", e.Name, e.Want, e.Got)
			}
		}
	}
	if err := d.letterShown(ctx); err != nil {
		return false, err
	}
	return ok, nil
}

// shown is a measure, or a dash where there was nothing to measure.
func shown(m drill.Millis) string {
	if m == 0 {
		return "–"
	}
	return short(time.Duration(m))
}

// letterShown says where to read what was told.
func (d *demo) letterShown(ctx context.Context) error {
	h := d.stage.house
	posts, _, err := h.Herald.Announcements(ctx, h.Registry.Operator(), cordon.AnnouncementFilter{}, cordon.Page{Limit: 10})
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	for i := len(posts) - 1; i >= 0; i-- {
		fmt.Fprintf(d.out, "  announced  %s\n", posts[i].Heading())
	}
	if url := h.Config.Status.URL; url != "" {
		fmt.Fprintf(d.out, "  read       %s/exercise\n", url)
	}
	return nil
}
