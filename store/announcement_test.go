package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// speaker writes and posts in tests.
type speaker struct {
	t   *testing.T
	s   *store.Store
	now func() time.Time
}

func (p speaker) draft(change func(*cordon.AnnouncementDraft)) cordon.AnnouncementDraft {
	p.t.Helper()
	d := cordon.AnnouncementDraft{Kind: cordon.AnnounceOriginal, Audience: cordon.ForPublic, Status: cordon.PostActual}
	d.Title, d.Body, d.NotAffected, d.SignedBy = "Reports of spam email", "We are looking into it.", "Everything else.", "Duty officer"
	d.State, d.Impact = cordon.PublicInvestigating, cordon.ImpactMinor
	if change != nil {
		change(&d)
	}
	saved, err := p.s.SaveAnnouncementDraft(p.t.Context(), anna, d)
	ok(p.t, err)
	return saved
}

func (p speaker) posting(d cordon.AnnouncementDraft, promises ...cordon.Promise) cordon.Posting {
	post := cordon.Announcement{AnnouncementText: d.AnnouncementText, Source: d.Body, PostedBy: anna.ID()}
	return cordon.Posting{By: anna, Draft: d.ID, Version: d.Version, Post: post, Promises: promises, FirstNumber: 42837}
}

func (p speaker) post(change func(*cordon.AnnouncementDraft), promises ...cordon.Promise) cordon.Announcement {
	p.t.Helper()
	a, err := p.s.PostAnnouncement(p.t.Context(), p.posting(p.draft(change), promises...))
	ok(p.t, err)
	return a
}

func updates(number int64) func(*cordon.AnnouncementDraft) {
	return func(d *cordon.AnnouncementDraft) { d.Kind, d.Number = cordon.AnnounceUpdate, number }
}

func speaking(t *testing.T, f func(p speaker, c *clock)) {
	t.Helper()
	c := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		*c = *newClock()
		f(speaker{t, s, c.Now}, c)
	}, storetest.Clock(c.Now))
}

func TestPostsAreNumberedLinkedAndNeverChange(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		first := p.post(nil)
		wantEqual(p.t, "first number", first.Number, 42837)
		wantEqual(p.t, "heading", first.Heading(), "Reports of spam email (42837), 22 November 2026")
		c.advance(time.Minute)
		p.post(updates(42837))
		second := p.post(updates(42837))
		wantEqual(p.t, "heading", second.Heading(), "Reports of spam email (42837) – UPDATE 2, 22 November 2026")
		wantEqual(p.t, "original", second.OriginalURL, "/announcements/42837")
		wantEqual(p.t, "previous", second.PreviousURL, "/announcements/42837/1")
		again, err := p.s.Announcement(p.t.Context(), 42837, 0)
		ok(p.t, err)
		wantEqual(p.t, "superseded as", again.SupersededAs, "UPDATE 2")
		other := p.post(nil)
		wantEqual(p.t, "next number", other.Number, 42838)

		db := storetest.Raw(p.t, p.s)
		for _, text := range []string{`UPDATE announcement SET body = 'x'`, `DELETE FROM announcement`} {
			if _, err := db.Exec(text); err == nil || !strings.Contains(err.Error(), "append-only") {
				p.t.Errorf("%s: %v", text, err)
			}
		}
		all := everyPage(p.t, 2, func(pg cordon.Page) ([]cordon.Announcement, string, error) {
			return p.s.Announcements(p.t.Context(), cordon.AnnouncementFilter{Number: 42837}, pg)
		})
		wantEqual(p.t, "posts", fmt.Sprint(all[0].Seq, all[1].Seq, all[2].Seq), "2 1 0")
		entry := lastEntry(p.t, p.s)
		wantEqual(p.t, "entry", entry.Kind, cordon.EntryAnnounced)
		wantEqual(p.t, "about", entry.Subject, "42838/0")
	})
}

func TestADraftIsPostedOnceInTheVersionThatWasSeen(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		d := p.draft(nil)
		changed := d
		changed.Body = "We know more."
		newer, err := p.s.SaveAnnouncementDraft(ctx, anna, changed)
		ok(p.t, err)
		_, err = p.s.PostAnnouncement(ctx, p.posting(d))
		wantCode(p.t, err, cordon.Conflict)
		_, err = p.s.ApproveAnnouncementDraft(ctx, anna, newer.ID, newer.Version)
		wantCode(p.t, err, cordon.Denied) // her own words
		_, err = p.s.ApproveAnnouncementDraft(ctx, berta, newer.ID, newer.Version)
		ok(p.t, err)
		newest, err := p.s.SaveAnnouncementDraft(ctx, anna, newer)
		ok(p.t, err)
		wantEqual(p.t, "approval of other words", newest.ApprovedBy, "")
		_, err = p.s.PostAnnouncement(ctx, p.posting(newest))
		ok(p.t, err)
		_, err = p.s.PostAnnouncement(ctx, p.posting(newest))
		wantCode(p.t, err, cordon.Conflict)
		wantCode(p.t, p.s.DropAnnouncementDraft(ctx, anna, newest.ID, newest.Version), cordon.Conflict)
		open, _, err := p.s.AnnouncementDrafts(ctx, []cordon.DraftStage{cordon.DraftOpen}, cordon.Page{})
		ok(p.t, err)
		wantEqual(p.t, "open drafts", len(open), 0)
	})
}

func TestARetractionEndsItsNumber(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		p.post(nil, cordon.Promise{Kind: cordon.PromiseReport, DueAt: c.now.Add(time.Hour)})
		p.post(func(d *cordon.AnnouncementDraft) {
			d.Kind, d.Number, d.State = cordon.AnnounceRetraction, 42837, cordon.PublicResolved
		})
		_, err := p.s.PostAnnouncement(p.t.Context(), p.posting(p.draft(updates(42837))))
		wantCode(p.t, err, cordon.Conflict)
		owed, _, err := p.s.Promises(p.t.Context(), cordon.PromiseFilter{Owed: true}, cordon.Page{})
		ok(p.t, err)
		wantEqual(p.t, "owed", len(owed), 0)
	})
}

func TestPromisesAreKeptMissedAndPagedOnce(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		next := func() cordon.Promise {
			return cordon.Promise{Kind: cordon.PromiseUpdate, DueAt: c.now.Add(20 * time.Minute)}
		}
		p.post(nil, next())
		c.advance(14 * time.Minute)
		due, err := p.s.DuePromises(ctx, c.now, 10)
		ok(p.t, err)
		wantEqual(p.t, "due", len(due), 0)
		c.advance(2 * time.Minute)
		p.page(c, 1)
		p.page(c, 0) // the same page is not sent twice
		p.post(updates(42837), next())
		wantEqual(p.t, "pages open", p.openPages(), 0)

		c.advance(21 * time.Minute) // lapses without anybody looking before
		p.page(c, 1)
		p.page(c, 0)
		wantEqual(p.t, "pages open", p.openPages(), 1)
		p.post(updates(42837), next())
		wantEqual(p.t, "pages open", p.openPages(), 0)
		all, _, err := p.s.Promises(ctx, cordon.PromiseFilter{}, cordon.Page{})
		ok(p.t, err)
		var states []cordon.PromiseState
		for _, promise := range all {
			states = append(states, promise.State)
		}
		if !slices.Equal(states, []cordon.PromiseState{cordon.PromiseOpen, cordon.PromiseMissed, cordon.PromiseKept}) {
			p.t.Errorf("promises, newest first: %v", states)
		}
		if all[1].Owed() || all[1].SettledBy != 2 {
			p.t.Errorf("the missed one is not settled: %+v", all[1])
		}
	})
}

// page pages about what is due, and expects so many promises.
func (p speaker) page(c *clock, want int) {
	p.t.Helper()
	due, err := p.s.DuePromises(p.t.Context(), c.now, 10)
	ok(p.t, err)
	wantEqual(p.t, "due promises", len(due), want)
	for _, d := range due {
		page := func(late bool) cordon.NewPage {
			return cordon.NewPage{Key: cordon.PromisePage(d.ID, late), Severity: 2, Role: cordon.RoleCustomerLiaison, Title: "an update is due"}
		}
		ok(p.t, p.s.PagePromise(p.t.Context(), d.ID, page(false), page(true)))
	}
}

func (p speaker) openPages() (n int) {
	p.t.Helper()
	ok(p.t, storetest.Raw(p.t, p.s).QueryRow(`SELECT COUNT(*) FROM oncall_page WHERE state <> 'resolved'`).Scan(&n))
	return n
}

func TestAPublicIncidentOwesPosts(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		i, err := p.s.OpenIncident(ctx, operator, cordon.NewIncident{Kind: cordon.IncidentLeak, Severity: 2, Title: "Mail at decoys", Public: true})
		ok(p.t, err)
		untold, err := p.s.UntoldIncidents(ctx, 10)
		ok(p.t, err)
		if len(untold) != 1 || !untold[0].PublicAt.Equal(i.OpenedAt) {
			p.t.Fatalf("untold: %+v", untold)
		}
		opening := cordon.AnnouncementDraft{Kind: cordon.AnnounceOriginal, Audience: cordon.ForPublic, Status: cordon.PostActual, Incident: i.ID}
		first := cordon.Promise{Kind: cordon.PromiseFirst, Incident: i.ID, Audience: cordon.ForPublic, MadeAt: c.now, DueAt: c.now.Add(5 * time.Minute)}
		for range 2 { // of two nodes, and of one that died, the second does nothing
			ok(p.t, p.s.OpenAnnouncing(ctx, opening, first))
		}
		drafts, _, err := p.s.AnnouncementDrafts(ctx, nil, cordon.Page{})
		ok(p.t, err)
		wantEqual(p.t, "drafts", len(drafts), 1)
		c.advance(6 * time.Minute)
		wantEqual(p.t, "debts", p.debts(i.ID), "The first announcement was due by 22 November 2026, 09:05 UTC / The incident is public, and nothing was announced")

		about := func(d *cordon.AnnouncementDraft) { d.Incident = i.ID }
		p.post(about, cordon.Promise{Kind: cordon.PromiseReport, DueAt: c.now.Add(time.Hour)})
		wantEqual(p.t, "debts", p.debts(i.ID), "Announcement 42837 has no post that says it is resolved")
		c.advance(2 * time.Hour)
		p.post(func(d *cordon.AnnouncementDraft) {
			d.Kind, d.Number, d.Incident, d.State = cordon.AnnounceResolved, 42837, i.ID, cordon.PublicResolved
		})
		wantEqual(p.t, "debts", p.debts(i.ID), "The report on announcement 42837 was promised for 22 November 2026, 10:06 UTC")
		p.post(func(d *cordon.AnnouncementDraft) {
			d.Kind, d.Number, d.Incident, d.State = cordon.AnnounceUpdate, 42837, i.ID, cordon.PublicPostmortem
		})
		wantEqual(p.t, "debts", p.debts(i.ID), "")
		links, err := p.s.IncidentLinks(ctx, i.ID, "")
		ok(p.t, err)
		if len(links) != 3 || links[0].Noun != cordon.LinkAnnouncement || links[2].Subject != "42837/2" {
			p.t.Errorf("links: %+v", links)
		}
		drafts, _, err = p.s.AnnouncementDrafts(ctx, []cordon.DraftStage{cordon.DraftOpen}, cordon.Page{})
		ok(p.t, err)
		wantEqual(p.t, "the house's own draft once somebody posted another", len(drafts), 0)
	})
}

func (p speaker) debts(id cordon.IncidentID) string {
	p.t.Helper()
	all, err := p.s.IncidentDebts(p.t.Context(), id)
	ok(p.t, err)
	var texts []string
	for _, d := range all {
		if d.Kind == cordon.DebtPromise {
			texts = append(texts, d.Text)
		}
	}
	return strings.Join(texts, " / ")
}

func TestAnIncidentThatWasNoneOwesNothing(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		i, err := p.s.OpenIncident(ctx, operator, cordon.NewIncident{Severity: 2, Title: "Perhaps", Public: true})
		ok(p.t, err)
		first := cordon.Promise{Kind: cordon.PromiseFirst, Incident: i.ID, Audience: cordon.ForPublic, MadeAt: c.now, DueAt: c.now.Add(5 * time.Minute)}
		opening := cordon.AnnouncementDraft{Kind: cordon.AnnounceOriginal, Audience: cordon.ForPublic, Status: cordon.PostActual, Incident: i.ID}
		ok(p.t, p.s.OpenAnnouncing(ctx, opening, first))
		no, yes := false, true
		i, err = p.s.ChangeIncident(ctx, operator, i.ID, i.Version, cordon.IncidentChange{Public: &no, Reason: "inside alone"})
		ok(p.t, err)
		ok(p.t, p.s.ForgetPromises(ctx))
		owed, _, err := p.s.Promises(ctx, cordon.PromiseFilter{Owed: true}, cordon.Page{})
		ok(p.t, err)
		wantEqual(p.t, "owed", len(owed), 0)

		// Public again after all: the five minutes begin then.
		c.advance(time.Hour)
		_, err = p.s.ChangeIncident(ctx, operator, i.ID, i.Version, cordon.IncidentChange{Public: &yes})
		ok(p.t, err)
		untold, err := p.s.UntoldIncidents(ctx, 10)
		ok(p.t, err)
		if len(untold) != 1 || !untold[0].PublicAt.Equal(c.now) {
			p.t.Fatalf("untold: %+v, now %v", untold, c.now)
		}
		first.DueAt = c.now.Add(5 * time.Minute)
		ok(p.t, p.s.OpenAnnouncing(ctx, opening, first))
		owed, _, err = p.s.Promises(ctx, cordon.PromiseFilter{Owed: true}, cordon.Page{})
		ok(p.t, err)
		wantEqual(p.t, "owed", len(owed), 1)
	})
}

func TestACorrectionStandsOnceAndFollowsTheFigures(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		p.post(nil)
		correct := func(why, body string) cordon.AnnouncementDraft {
			d := cordon.AnnouncementDraft{Number: 42837, Kind: cordon.AnnounceCorrection, Audience: cordon.ForPublic, Status: cordon.PostActual, Why: why}
			d.Body = body
			return d
		}
		open := func() []cordon.AnnouncementDraft {
			all, _, err := p.s.AnnouncementDrafts(ctx, []cordon.DraftStage{cordon.DraftOpen}, cordon.Page{})
			ok(p.t, err)
			return all
		}
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 6", "six")))
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 6", "six")))
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 7", "seven")))
		got := open()
		if len(got) != 1 || got[0].Body != "seven" || got[0].Version != 2 {
			p.t.Fatalf("corrections: %+v", got)
		}
		mine := got[0]
		mine.Body = "my own words"
		mine, err := p.s.SaveAnnouncementDraft(ctx, anna, mine)
		ok(p.t, err)
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 8", "eight")))
		if got = open(); got[0].Body != "my own words" || got[0].Why != "5 is 8" {
			p.t.Errorf("a person's words: %+v", got[0])
		}
		ok(p.t, p.s.DropAnnouncementDraft(ctx, anna, got[0].ID, got[0].Version))
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 8", "eight")))
		wantEqual(p.t, "after a person dropped it", len(open()), 0)
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 9", "nine")))
		wantEqual(p.t, "when it changed again", len(open()), 1)
		ok(p.t, p.s.DropCorrection(ctx, 42837))
		wantEqual(p.t, "when it is true again", len(open()), 0)
		ok(p.t, p.s.KeepCorrection(ctx, correct("5 is 9", "nine")))
		wantEqual(p.t, "and false again", len(open()), 1)
	})
}

func TestPublishedFiguresAreTheNewest(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		i, err := p.s.OpenIncident(ctx, operator, cordon.NewIncident{Severity: 2, Title: "x"})
		ok(p.t, err)
		figures := func(d cordon.AnnouncementDraft, f ...cordon.Figure) {
			posting := p.posting(d)
			posting.Post.Figures, posting.Post.LedgerSize = f, 17
			_, err := p.s.PostAnnouncement(ctx, posting)
			ok(p.t, err)
		}
		figures(p.draft(func(d *cordon.AnnouncementDraft) { d.Incident = i.ID }), cordon.Figure{Name: cordon.FigureDelivered, Value: 5}, cordon.Figure{Name: cordon.FigureHeld, Value: 2})
		figures(p.draft(func(d *cordon.AnnouncementDraft) { updates(42837)(d); d.Incident = i.ID }), cordon.Figure{Name: cordon.FigureDelivered, Value: 6})
		all, err := p.s.PublishedFigures(ctx, 0, 10)
		ok(p.t, err)
		if len(all) != 1 || all[0].Last.Seq != 1 || len(all[0].Figures) != 2 || all[0].Figures[0].Value != 6 || all[0].Figures[1].Value != 2 {
			p.t.Errorf("published: %+v", all)
		}
		rest, err := p.s.PublishedFigures(ctx, 42837, 10)
		ok(p.t, err)
		wantEqual(p.t, "behind the last", len(rest), 0)
	})
}

func TestComponentsAreKept(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		ctx := p.t.Context()
		one, err := p.s.SaveComponent(ctx, operator, cordon.Component{Name: "Mailings", Kinds: []cordon.Kind{cordon.Bulk}})
		ok(p.t, err)
		_, err = p.s.SaveComponent(ctx, operator, cordon.Component{Name: "Mailings"})
		wantCode(p.t, err, cordon.Conflict)
		one.Name, one.MaintenanceFrom, one.MaintenanceUntil = "Mailings to many", c.now, c.now.Add(time.Hour)
		_, err = p.s.SaveComponent(ctx, operator, one)
		ok(p.t, err)
		v, err := p.s.StatusView(ctx)
		ok(p.t, err)
		if len(v.Components) != 1 || v.Components[0].Name != "Mailings to many" || !v.Components[0].UnderMaintenance(c.now) || v.Components[0].Kinds[0] != cordon.Bulk {
			p.t.Errorf("components: %+v", v.Components)
		}
		_, err = p.s.SaveComponent(ctx, operator, cordon.Component{ID: cordon.NewComponentID(), Name: "x"})
		wantCode(p.t, err, cordon.Missing)
		ok(p.t, p.s.DeleteComponent(ctx, operator, one.ID))
		wantCode(p.t, p.s.DeleteComponent(ctx, operator, one.ID), cordon.Missing)
		wantEqual(p.t, "entry", lastEntry(p.t, p.s).Kind, cordon.EntryComponentChanged)
	})
}

func TestPostsForOthersAreNotOnTheStatusPage(t *testing.T) {
	speaking(t, func(p speaker, c *clock) {
		for _, audience := range cordon.PostAudiences() {
			p.post(func(d *cordon.AnnouncementDraft) { d.Audience = audience }, cordon.Promise{Kind: cordon.PromiseUpdate, DueAt: c.now.Add(time.Hour)})
		}
		v, err := p.s.StatusView(context.Background())
		ok(p.t, err)
		wantEqual(p.t, "posts", len(v.Posts), 2)
		wantEqual(p.t, "promises", len(v.Promises), 2)
	})
}
