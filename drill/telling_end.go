package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/cordonmail/cordon"
)

// settleTasks marks what the playbook asks for as done.
func (t *telling) settleTasks(ctx context.Context) error {
	tasks, err := whole[cordon.IncidentTask](ctx, t.operator, t.path("/tasks"), nil)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		if task.State != cordon.TaskOpen || !task.Required {
			continue
		}
		body := map[string]any{"state": cordon.TaskDone, "reason": "EXERCISE"}
		if err := t.operator.call(ctx, http.MethodPost, t.path(fmt.Sprintf("/tasks/%d", task.Num)), body, nil); err != nil {
			return fmt.Errorf("task %d: %w", task.Num, err)
		}
	}
	return nil
}

// decideClocks: no law asks for anything after an exercise.
func (t *telling) decideClocks(ctx context.Context) error {
	clocks, err := whole[cordon.Clock](ctx, t.operator, "/v1/clocks", url.Values{"incident": {string(t.i.ID)}})
	if err != nil {
		return err
	}
	regimes := map[string]bool{}
	for _, c := range clocks {
		if c.Decision == cordon.ClockUndecided {
			regimes[c.Regime.ID] = true
		}
	}
	for regime := range regimes {
		body := map[string]any{"regime": regime, "decision": cordon.ClockDoesNot, "because": "EXERCISE: nobody's data was concerned"}
		if err := t.operator.call(ctx, http.MethodPost, t.path("/clocks"), body, nil); err != nil {
			return fmt.Errorf("decide %s: %w", regime, err)
		}
	}
	return nil
}

// close says in public that it is over, and resolves the incident: now nothing is
// owed, or what is has a name.
func (t *telling) close(ctx context.Context) error {
	if t.i.Public {
		if err := t.announceEnd(ctx); err != nil {
			return err
		}
	}
	var owed []cordon.Debt
	err := until(ctx, tellingMost, func() (done bool, err error) {
		owed, err = whole[cordon.Debt](ctx, t.operator, t.path("/owed"), nil)
		return len(owed) == 0, err
	})
	if err != nil {
		return err
	}
	got := "nothing"
	if len(owed) > 0 {
		got = owed[0].Text
	}
	t.expect("still owed in the end", "nothing", got, len(owed) == 0)
	if len(owed) > 0 {
		return nil
	}
	if err := t.operator.call(ctx, http.MethodPost, t.path("/move"), map[string]any{"state": cordon.IncidentResolved, "reason": "EXERCISE: told to the last letter"}, &t.i); err != nil {
		return fmt.Errorf("resolve: %w", err)
	}
	t.expect("resolved", cordon.IncidentResolved, t.i.State, t.i.State == cordon.IncidentResolved)
	return nil
}

// announceEnd follows the first announcement with the last.
func (t *telling) announceEnd(ctx context.Context) error {
	var first cordon.Announcement
	if err := pages(ctx, t.operator, "/v1/announcements", url.Values{"incident": {string(t.i.ID)}}, func(a cordon.Announcement) { first = a }); err != nil {
		return err
	}
	if first.Number == 0 {
		return nil // none was posted, which is noted already
	}
	var draft cordon.AnnouncementDraft
	body := map[string]any{
		"number": first.Number, "kind": cordon.AnnounceResolved, "incident": t.i.ID, "title": first.Title, "state": cordon.PublicResolved, "impact": cordon.ImpactNone,
		"body":      "This exercise is over. {{copies_delivered}} copies of the message were delivered, to {{recipients_affected}} people of {{tenants_affected}} practices; each has been written to.",
		"signed_by": "Duty officer (EXERCISE)", "not_affected": "Nobody outside the exercise was concerned.",
	}
	if err := t.operator.call(ctx, http.MethodPost, "/v1/announcement-drafts", body, &draft); err != nil {
		return fmt.Errorf("last announcement: %w", err)
	}
	return t.post(ctx, draft, "last announcement", toldWithin)
}

// measure reads the times that the house itself worked out.
func (t *telling) measure(ctx context.Context) (Told, error) {
	var m cordon.IncidentMeasures
	if err := t.operator.call(ctx, http.MethodGet, t.path("/measures"), nil, &m); err != nil {
		return Told{}, err
	}
	told := Told{
		Incident: t.i.Name(), Kind: string(t.i.Kind), Severity: t.i.Severity, People: m.Recipients, Tenants: m.Tenants, Letters: t.letters,
		TTA: Millis(m.TTA.Duration()), TTI: Millis(m.TTI.Duration()), TTN: Millis(m.TTN.Duration()), TTR: Millis(m.TTR.Duration()),
	}
	if m.Recipients > 0 {
		t.expect("time until the last practice was told", atMost(toldWithin), told.TTI, m.TTI.Known && told.TTI <= Millis(toldWithin))
		t.expect("time until the last letter left", atMost(writtenWithin), told.TTN, m.TTN.Known && told.TTN <= Millis(writtenWithin))
	}
	return told, nil
}
