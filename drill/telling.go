package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// What must be seen after an attack, and by when (incidents.md, "numbers to beat").
const (
	openedWithin    = time.Minute
	pagedWithin     = time.Minute
	containedWithin = 2 * time.Minute
	announcedWithin = 5 * time.Minute
	toldWithin      = time.Hour
	writtenWithin   = 10 * time.Minute

	tellingMost = 2 * time.Minute // that a drill waits for any of it
)

// Told is how one incident of an exercise was told, from its first signal to its
// last letter.
type Told struct {
	Incident string          `json:"incident"` // INC-12
	Kind     string          `json:"kind"`
	Severity cordon.Severity `json:"severity"`
	People   int64           `json:"people"`  // who got something bad
	Tenants  int64           `json:"tenants"` // whose people they are
	Letters  int64           `json:"letters"` // follow-ups that the far side took
	TTA      Millis          `json:"tta_ms"`
	TTI      Millis          `json:"tti_ms"`
	TTN      Millis          `json:"ttn_ms"`
	TTR      Millis          `json:"ttr_ms"`
}

// TellAll takes every incident that an attack on the practices opened through its
// whole life, as the people on duty would: answered, contained, announced, told
// to the practices and to whoever got something bad, and resolved only when
// nothing is owed any more. It speaks to nobody but the practices of the exercise.
// What a person saw among the holds he opens himself; without it the house must
// have opened an incident by itself.
func (r *Rehearsal) TellAll(ctx context.Context, began time.Time, practices []*Practice, seen ...cordon.Question) (v Variant, all []Told, err error) {
	v = Variant{Name: "telling", Says: "the incident is answered, contained, announced, told to whom it concerns, and resolved", Exercise: true}
	defer v.settle()
	if len(seen) > 0 {
		if err := r.openByHand(ctx, practices[0], seen); err != nil {
			return v, nil, err
		}
	}
	found, err := r.incidentsOf(ctx, practices)
	if err != nil {
		return v, nil, err
	}
	what := "an incident was opened by itself"
	if len(seen) > 0 {
		what = "an incident was opened by who looked at the holds"
	}
	v.expect(what, "≥ 1", len(found), len(found) > 0)
	for _, i := range found {
		r.tell("telling: %s, %s: %s", i.Name(), i.Severity, i.Title)
		told, err := r.tellOne(ctx, &v, i, began)
		if err != nil {
			return v, all, fmt.Errorf("tell %s: %w", i.Name(), err)
		}
		all = append(all, told)
	}
	return v, all, nil
}

// openByHand is what a person does who finds an attack among what is held.
func (r *Rehearsal) openByHand(ctx context.Context, p *Practice, seen []cordon.Question) error {
	body := map[string]any{"title": "Letters held that nobody of the practice wrote", "kind": cordon.IncidentTemplate, "severity": "SEV-2", "tenant": p.ID, "public": true,
		"text": "EXERCISE: seen among the holds.", "scope": seen}
	if err := r.operator.call(ctx, http.MethodPost, "/v1/incidents", body, nil); err != nil {
		return fmt.Errorf("open an incident: %w", err)
	}
	return nil
}

// incidentsOf waits for the incidents of the practices; each once.
func (r *Rehearsal) incidentsOf(ctx context.Context, practices []*Practice) (found []cordon.Incident, err error) {
	err = until(ctx, openedWithin, func() (bool, error) {
		found = nil
		seen := map[cordon.IncidentID]bool{}
		for _, p := range practices {
			q := url.Values{"tenant": {string(p.ID)}, "open": {"true"}, "exercises": {"true"}}
			err := pages(ctx, r.operator, "/v1/incidents", q, func(i cordon.Incident) {
				if !seen[i.ID] {
					seen[i.ID] = true
					found = append(found, i)
				}
			})
			if err != nil {
				return false, err
			}
		}
		return len(found) > 0, nil
	})
	return found, err
}

// telling is one incident on its way.
type telling struct {
	*Rehearsal
	v       *Variant
	i       cordon.Incident
	began   time.Time
	letters int64 // that the far side took
}

func (t *telling) path(rest string) string { return "/v1/incidents/" + string(t.i.ID) + rest }

// expect names the incident where a drill has several.
func (t *telling) expect(name string, want, got any, ok bool) {
	t.v.expect(t.i.Name()+" "+name, want, got, ok)
}

func (r *Rehearsal) tellOne(ctx context.Context, v *Variant, i cordon.Incident, began time.Time) (Told, error) {
	t := &telling{Rehearsal: r, v: v, i: i, began: began}
	t.expect("is marked as an exercise", true, i.Exercise, i.Exercise)
	if !i.Exercise {
		return Told{}, cordon.Errorf(cordon.Conflict, "the incident is no exercise: the drill does not touch it")
	}
	for _, step := range []func(context.Context) error{
		t.answer, t.contain, t.resolveTooEarly, t.announce, t.notify, t.answerReporters, t.settleTasks, t.decideClocks, t.close,
	} {
		if err := step(ctx); err != nil {
			return Told{}, err
		}
	}
	return t.measure(ctx)
}

// answer acknowledges the page.
func (t *telling) answer(ctx context.Context) error {
	var page cordon.OnCallPage
	err := until(ctx, pagedWithin, func() (bool, error) {
		err := pages(ctx, t.operator, "/v1/pages", url.Values{"incident": {string(t.i.ID)}}, func(p cordon.OnCallPage) {
			if page.ID == "" || p.TriggeredAt.Before(page.TriggeredAt) {
				page = p
			}
		})
		return page.ID != "", err
	})
	if err != nil {
		return err
	}
	wait := page.TriggeredAt.Sub(t.i.OpenedAt)
	t.expect("paged after it was opened", atMost(pagedWithin), Millis(wait), page.ID != "" && wait <= pagedWithin)
	if page.ID == "" {
		return nil
	}
	if err := t.awaitPager(ctx, page.ID); err != nil {
		return err
	}
	if err := t.operator.call(ctx, http.MethodPost, "/v1/pages/"+string(page.ID)+"/ack", map[string]any{"minutes": 60}, nil); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return t.operator.call(ctx, http.MethodPost, t.path("/assign"), map[string]any{"role": cordon.RoleCommander, "take": true}, nil)
}

// awaitPager waits until the page has reached somebody. An installation without
// anybody on call is told so; what follows does not hang on it.
func (t *telling) awaitPager(ctx context.Context, id cordon.PageID) error {
	var page struct {
		Page   cordon.OnCallPage  `json:"page"`
		Events []cordon.PageEvent `json:"events"`
	}
	nobody := func(e cordon.PageEvent) bool { return e.Kind == cordon.PageEventNobody }
	err := until(ctx, pagedWithin, func() (bool, error) {
		err := t.operator.call(ctx, http.MethodGet, "/v1/pages/"+string(id), nil, &page)
		return !page.Page.FirstSentAt.IsZero() || slices.ContainsFunc(page.Events, nobody), err
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(page.Events, nobody) {
		t.tell("%s: nobody is on call, the page reached nobody", t.i.Name())
		return nil
	}
	took := page.Page.FirstSentAt.Sub(t.i.OpenedAt)
	t.expect("whoever is on call has the page", atMost(pagedWithin), Millis(took), !page.Page.FirstSentAt.IsZero() && took <= pagedWithin)
	return nil
}

// contain does what a person does about what the rules left: it stops what may
// still leave, and revokes what was in foreign hands.
func (t *telling) contain(ctx context.Context) error {
	if err := t.stopRest(ctx); err != nil {
		return err
	}
	var c cordon.IncidentContainment
	if err := t.operator.call(ctx, http.MethodGet, t.path("/containment"), nil, &c); err != nil {
		return err
	}
	if !c.Known { // no mail of ours is bad: a person says that the gap is closed
		body := map[string]any{"state": cordon.IncidentContained, "reason": "EXERCISE: the directory's gap is closed"}
		if err := t.operator.call(ctx, http.MethodPost, t.path("/move"), body, nil); err != nil {
			return fmt.Errorf("contain: %w", err)
		}
	}
	err := until(ctx, tellingMost, func() (bool, error) {
		err := t.operator.call(ctx, http.MethodGet, t.path("/containment"), nil, &c)
		if err == nil && (c.Contained || !c.Known) {
			err = t.operator.call(ctx, http.MethodGet, t.path(""), nil, &t.i)
		}
		return !t.i.ContainedAt.IsZero(), err
	})
	if err != nil {
		return err
	}
	took := t.i.ContainedAt.Sub(t.i.OpenedAt)
	t.expect("contained after it was opened", atMost(containedWithin), Millis(took), !t.i.ContainedAt.IsZero() && took <= containedWithin)
	return t.recover(ctx)
}

// partOf begins the reason of each stop that a telling places, by which tidying
// finds it again.
const partOf = "EXERCISE: part of "

// stopRest stops, by name, each send of the incident that is held for a person:
// nobody releases it while the incident is looked at.
func (t *telling) stopRest(ctx context.Context) error {
	scope, err := whole[cordon.IncidentScope](ctx, t.operator, t.path("/scope"), nil)
	if err != nil {
		return err
	}
	for _, row := range scope {
		q, s := row.Question, map[string]any{}
		switch {
		case q.Dispatch != "":
			s["dispatch"] = q.Dispatch
		case q.Template != "":
			s["template"] = q.Template
		case q.Key != "":
			s["key"] = q.Key
		case q.Account != "":
			s["account"] = q.Account
		default:
			continue // a whole tenant is not stopped for one intruder
		}
		if q.Tenant != "" {
			s["tenant"] = q.Tenant
		}
		body := map[string]any{"scope": s, "reason": partOf + t.i.Name()}
		if err := t.operator.call(ctx, http.MethodPost, "/v1/stops", body, nil); err != nil {
			return fmt.Errorf("contain: %w", err)
		}
	}
	return nil
}

// recover revokes each key that was in foreign hands.
func (t *telling) recover(ctx context.Context) error {
	links, err := whole[cordon.IncidentLink](ctx, t.operator, t.path("/links"), nil)
	if err != nil {
		return err
	}
	for _, l := range links {
		if !l.Recover || !l.SettledAt.IsZero() {
			continue
		}
		var err error
		if l.Noun == cordon.LinkKey {
			err = t.operator.call(ctx, http.MethodPost, "/v1/keys/"+l.Subject+"/revoke", map[string]any{"reason": "EXERCISE: it was in foreign hands"}, nil)
		}
		if err == nil {
			err = t.operator.call(ctx, http.MethodPost, t.path("/recovered"), map[string]any{"noun": l.Noun, "subject": l.Subject, "reason": "EXERCISE: revoked, or in the right hands again"}, nil)
		}
		var refused *problem
		if errors.As(err, &refused) && refused.Status == http.StatusConflict {
			continue // it is already
		}
		if err != nil {
			return fmt.Errorf("recover: %w", err)
		}
	}
	return nil
}

// resolveTooEarly: resolving is refused while anything is owed, and the refusal
// lists what.
func (t *telling) resolveTooEarly(ctx context.Context) error {
	err := t.operator.call(ctx, http.MethodPost, t.path("/move"), map[string]any{"state": cordon.IncidentResolved, "reason": "EXERCISE: too early"}, nil)
	var refused *problem
	is := errors.As(err, &refused) && refused.Status == http.StatusConflict
	t.expect("cannot be resolved while something is owed", true, is, is)
	if err == nil || is {
		return nil
	}
	return err
}
