package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

// tellIncidents tells the attack's incident to its end, lives through a second, in
// which ten people do get what was meant for others, and tells that to the last
// letter: the page answered, announced, the practice told with its list, the ten
// written to, and resolved.
func (d *demo) tellIncidents(ctx context.Context, rehearsal *drill.Rehearsal) (bool, error) {
	fmt.Fprintf(d.out, "\n  ── told, to the last letter ────────────────────────────────────────────────────────\n\n")
	began := time.Now()
	first, told, err := rehearsal.TellAll(ctx, began, d.practices)
	if err != nil {
		return false, err
	}
	wrong, err := rehearsal.WrongLetter(ctx, d.practices[bystander])
	if err != nil {
		return false, err
	}
	second, more, err := rehearsal.TellAll(ctx, began, d.practices[bystander:bystander+1])
	if err != nil {
		return false, err
	}
	told = append(told, more...)
	fmt.Fprintf(d.out, "\n  %-8s %-6s %-18s %8s %8s %10s %10s %10s\n", "incident", "", "kind", "people", "letters", "answered", "told", "resolved")
	for _, t := range told {
		fmt.Fprintf(d.out, "  %-8s %-6s %-18s %8s %8s %10s %10s %10s\n", t.Incident, t.Severity, t.Kind, count(t.People), count(t.Letters),
			shown(t.TTA), shown(t.TTI), shown(t.TTR))
	}
	ok := true
	for _, v := range []drill.Variant{first, wrong, second} {
		for _, e := range v.Expectations {
			if !e.OK {
				ok = false
				fmt.Fprintf(d.out, "  NOT SEEN  %s: want %s, got %s\n", e.Name, e.Want, e.Got)
			}
		}
	}
	return ok, d.toldShown(ctx, told, began)
}

// shown is a measure, or a dash where there was nothing to measure.
func shown(m drill.Millis) string {
	if m == 0 {
		return "–"
	}
	return short(time.Duration(m))
}

// toldShown says what was told to whom, and where to read it.
func (d *demo) toldShown(ctx context.Context, told []drill.Told, began time.Time) error {
	h := d.stage.house
	posts, _, err := h.Herald.Announcements(ctx, h.Registry.Operator(), cordon.AnnouncementFilter{}, cordon.Page{Limit: 10})
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	for _, m := range d.mailTold(began) {
		fmt.Fprintf(d.out, "  %-10s %3s  %s\n", m.to, count(m.n), m.subject)
	}
	for _, post := range slices.Backward(posts) {
		fmt.Fprintf(d.out, "  announced       %s\n", post.Heading())
	}
	site := h.Config.Status.URL
	fmt.Fprintf(d.out, "  status page     %s/exercise\n", site)
	for _, t := range told {
		if t.People > 0 {
			number := strings.TrimPrefix(t.Incident, "INC-")
			fmt.Fprintf(d.out, "  patients read   %s/notice/%s\n  practices read  %s/notice/%s/practices\n", site, number, site, number)
		}
	}
	return nil
}

// toldMail is how much mail one kind of reader got, and what it said first.
type toldMail struct {
	to, subject string
	n           int64
}

// mailTold counts the mail by which people were woken, told and written to. It is
// all in the demo's mailbox.
func (d *demo) mailTold(began time.Time) []toldMail {
	all := []toldMail{{to: "paged"}, {to: "practice"}, {to: "patients"}}
	practices := map[string]bool{}
	for _, p := range d.practices {
		practices[p.Domain] = true
	}
	copies, _ := d.stage.sink.Copies(0)
	for _, c := range copies {
		to := 2
		switch {
		case c.To == dutyAddress:
			to = 0
		case practices[cordon.Address(c.To).Domain()]:
			to = 1
		case c.At.Before(began) || strings.HasPrefix(c.Subject, drill.WrongSubject):
			continue
		}
		if to == 0 && sixDigits.MatchString(c.Subject) {
			continue // the code that proved the address
		}
		if all[to].n++; all[to].n == 1 {
			all[to].subject = c.Subject
		}
	}
	return all
}
