package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	t.expect("paged after it was opened", "≤ "+pagedWithin.String(), Millis(wait), page.ID != "" && wait <= pagedWithin)
	if page.ID == "" {
		return nil
	}
	if err := t.operator.call(ctx, http.MethodPost, "/v1/pages/"+string(page.ID)+"/ack", map[string]any{"minutes": 60}, nil); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	return t.operator.call(ctx, http.MethodPost, t.path("/assign"), map[string]any{"role": cordon.RoleCommander, "take": true}, nil)
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
	t.expect("contained after it was opened", "≤ "+containedWithin.String(), Millis(took), !t.i.ContainedAt.IsZero() && took <= containedWithin)
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

// announce posts what the house drafted, where the public is owed a word.
func (t *telling) announce(ctx context.Context) error {
	if !t.i.Public {
		return nil
	}
	draft, err := t.draft(ctx)
	if err != nil {
		return err
	}
	t.expect("the first announcement drafted itself", true, draft.ID != "", draft.ID != "")
	if draft.ID == "" {
		return nil
	}
	return t.post(ctx, draft, "first announcement", announcedWithin)
}

// draft waits for the house's own draft about the incident.
func (t *telling) draft(ctx context.Context) (draft cordon.AnnouncementDraft, err error) {
	err = until(ctx, tellingMost, func() (bool, error) {
		err := pages(ctx, t.operator, "/v1/announcement-drafts", nil, func(d cordon.AnnouncementDraft) {
			if d.Incident == t.i.ID {
				draft = d
			}
		})
		return draft.ID != "", err
	})
	return draft, err
}

// post signs a draft and posts it.
func (t *telling) post(ctx context.Context, draft cordon.AnnouncementDraft, what string, within time.Duration) error {
	var posted struct {
		Post *cordon.Announcement `json:"post"`
	}
	body := map[string]any{"version": draft.Version, "signed_by": "Duty officer (EXERCISE)"}
	if err := t.operator.call(ctx, http.MethodPost, "/v1/announcement-drafts/"+string(draft.ID)+"/post", body, &posted); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if posted.Post == nil {
		t.expect(what+" posted", true, "waits for a witness", false)
		return nil
	}
	took := posted.Post.PostedAt.Sub(t.i.OpenedAt)
	t.expect(what+" posted, watermarked", "≤ "+within.String(), Millis(took), took <= within && posted.Post.Exercise())
	return nil
}

// notify tells the practices, with their exact lists, and writes to whoever got
// something bad.
func (t *telling) notify(ctx context.Context) error {
	var damage cordon.Assessment
	if err := t.operator.call(ctx, http.MethodGet, t.path("/damage"), nil, &damage); err != nil {
		return err
	}
	if damage.Delivered+damage.Unknown == 0 {
		return nil // nobody is owed a letter
	}
	var notice struct {
		Hash    string               `json:"hash"`
		Missing []cordon.NoticeField `json:"missing"`
		Reach   cordon.NoticeReach   `json:"reach"`
	}
	if err := t.operator.call(ctx, http.MethodGet, t.path("/notice"), nil, &notice); err != nil {
		return fmt.Errorf("look at the notice: %w", err)
	}
	t.expect("the notice drafted itself", "nothing missing", fmt.Sprintf("%d missing", len(notice.Missing)), len(notice.Missing) == 0)
	if len(notice.Missing) > 0 {
		return nil
	}
	body := map[string]any{"hash": notice.Hash, "follow_up": true}
	if err := t.operator.call(ctx, http.MethodPost, t.path("/notice/approve"), body, nil); err != nil {
		return fmt.Errorf("approve the notice: %w", err)
	}
	return t.awaitLetters(ctx, notice.Reach.Mailable)
}

// awaitLetters waits until every practice is told and every letter has left.
func (t *telling) awaitLetters(ctx context.Context, people int64) error {
	var tellings []cordon.Telling
	var sent int64
	err := until(ctx, tellingMost, func() (bool, error) {
		tellings, sent = nil, 0
		if err := pages(ctx, t.operator, t.path("/notice/tellings"), nil, func(n cordon.Telling) { tellings = append(tellings, n) }); err != nil {
			return false, err
		}
		done := len(tellings) > 0
		for _, n := range tellings {
			done = done && n.State != cordon.TellingPlanned && (n.FollowUp == cordon.FollowUpAccepted || n.FollowUp == cordon.FollowUpNobody)
			if n.Dispatch == "" {
				continue
			}
			var d cordon.Dispatch
			if err := t.operator.call(ctx, http.MethodGet, "/v1/tenants/"+string(n.Tenant)+"/dispatches/"+string(n.Dispatch), nil, &d); err != nil {
				return false, err
			}
			sent += d.Counts.Delivered
			done = done && d.Counts.Open() == 0
		}
		return done && sent >= people, nil
	})
	if err != nil {
		return err
	}
	told := 0
	for _, n := range tellings {
		if n.State == cordon.TellingTold {
			told++
		}
	}
	t.expect("practices told, each with its exact list", len(tellings), told, told == len(tellings) && told > 0)
	t.letters = sent
	t.expect("letters to everyone who got something bad, and to nobody else", people, sent, sent == people)
	return nil
}

// answerReporters makes the problems of the practices part of the incident, and
// tells everybody who reported what came of it.
func (t *telling) answerReporters(ctx context.Context) error {
	var mine []cordon.Problem
	err := pages(ctx, t.operator, "/v1/problems", url.Values{"open": {"true"}}, func(x cordon.Problem) {
		if x.Exercise && x.OpenedAt.After(t.began) && (x.Incident == t.i.ID || x.Tenant != "" && x.Tenant == t.i.Tenant) {
			mine = append(mine, x)
		}
	})
	if err != nil {
		return err
	}
	for _, x := range mine {
		path := "/v1/problems/" + string(x.ID)
		if x.Incident == "" {
			if err := t.operator.call(ctx, http.MethodPost, path+"/link", map[string]any{"incident": t.i.ID}, nil); err != nil {
				return fmt.Errorf("link %s: %w", x.Name(), err)
			}
		}
		if x.State == cordon.ProblemOpen {
			if err := t.operator.call(ctx, http.MethodPost, path+"/settle", map[string]any{"state": cordon.ProblemInvestigating}, nil); err != nil {
				return fmt.Errorf("look at %s: %w", x.Name(), err)
			}
		}
		var settled struct {
			Told int64 `json:"told"`
		}
		body := map[string]any{"state": cordon.ProblemAnswered, "outcome": "EXERCISE: the message did not come from us. Addresses were taken from a directory; we have closed the gap."}
		if err := t.operator.call(ctx, http.MethodPost, path+"/settle", body, &settled); err != nil {
			return fmt.Errorf("answer %s: %w", x.Name(), err)
		}
		t.expect(x.Name()+": everybody who reported it was told", x.Counts.Reporters, settled.Told, settled.Told == x.Counts.Reporters)
	}
	return nil
}

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
		t.expect("time until the last practice was told", "≤ "+toldWithin.String(), told.TTI, m.TTI.Known && told.TTI <= Millis(toldWithin))
		t.expect("time until the last letter left", "≤ "+writtenWithin.String(), told.TTN, m.TTN.Known && told.TTN <= Millis(writtenWithin))
	}
	return told, nil
}
