package incident

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// call does one thing that an incident owes its people: wakes them, or tells the
// pages that it is over.
func (k *Keeper) call(ctx context.Context, c cordon.IncidentCall) error {
	i, err := k.store.Incident(ctx, c.Incident)
	if err != nil {
		return err
	}
	switch what, _, _ := strings.Cut(c.What, "/"); {
	case what == "resolve":
		err = k.store.ResolvePages(ctx, cordon.System(), i.ID)
	case !i.State.Open():
		// It is over: nobody is woken for it any more.
	case what == "uncontained" && settledDown(i.State):
		// Contained in time.
	default:
		_, err = k.store.TriggerPage(ctx, cordon.System(), pageOf(i, c.What))
	}
	if err != nil {
		return err
	}
	return k.store.IncidentCalled(ctx, c)
}

// settledDown says whether nothing bad leaves any more.
func settledDown(s cordon.IncidentState) bool {
	switch s {
	case cordon.IncidentContained, cordon.IncidentFixing, cordon.IncidentMonitoring:
		return true
	}
	return false
}

// pageOf is what somebody is woken with. It holds no personal data.
func pageOf(i cordon.Incident, what string) cordon.NewPage {
	p := cordon.NewPage{
		Key: "incident/" + string(i.ID) + "/" + what, Incident: i.ID, Severity: i.Severity, Role: cordon.RoleCommander,
		Path: "/incidents/" + string(i.ID), Tenant: i.Tenant, Exercise: i.Exercise,
	}
	p.Title = fmt.Sprintf("%s %s: %s", i.Name(), i.Severity, i.Title)
	reason, _, _ := strings.Cut(what, "/")
	switch reason {
	case "severity":
		p.Title = fmt.Sprintf("%s is %s now: %s", i.Name(), i.Severity, i.Title)
	case "uncontained":
		p.Title = fmt.Sprintf("%s %s is not contained: %s", i.Name(), i.Severity, i.Title)
	}
	if i.Exercise {
		p.Title = "EXERCISE " + p.Title
	}
	p.Title = cut(p.Title, 200)
	p.Text = fmt.Sprintf("Opened %s UTC. It stands at %s.", i.OpenedAt.UTC().Format("2 January 2006, 15:04:05"), i.State)
	return p
}

// cut shortens a text to so many bytes without breaking a character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most-3]
	for len(text) > 0 && text[len(text)-1]&0xC0 == 0x80 {
		text = text[:len(text)-1]
	}
	if n := len(text); n > 0 && text[n-1] >= 0xC0 { // the first byte of what was cut off
		text = text[:n-1]
	}
	return text + "…"
}
