package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cordonmail/cordon"
)

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
	t.expect(what+" posted, watermarked", atMost(within), Millis(took), took <= within && posted.Post.Exercise())
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
