package announce_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// house is a herald over a real store, with a clock that tests turn.
type house struct {
	t      *testing.T
	now    time.Time
	store  *store.Store
	herald *announce.Herald
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	h.store = storetest.New(t, storetest.Clock(clock))
	h.herald = announce.New(announce.Config{Store: h.store, Site: cordon.StatusSite{Name: "Northside Mail", URL: "https://status.example.org/"}, FirstNumber: 7, Now: clock})
	return h
}

func person(may ...cordon.Permission) cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Permissions: may}
}

var (
	anna  = person(cordon.Permissions()...)
	berta = person(cordon.Permissions()...)
)

func (h *house) incident(change func(*cordon.NewIncident)) cordon.Incident {
	h.t.Helper()
	n := cordon.NewIncident{Kind: cordon.IncidentLeak, Severity: 2, Title: "Mail at decoys", Public: true}
	if change != nil {
		change(&n)
	}
	i, err := h.store.OpenIncident(context.Background(), anna, n)
	h.ok(err)
	return i
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) refused(err error, code cordon.Code, field string) {
	h.t.Helper()
	var e *cordon.Error
	if !errors.As(err, &e) || e.Code != code || field != "" && e.Field != field {
		h.t.Fatalf("answers %v, want %s about %q", err, code, field)
	}
}

func (h *house) step() {
	h.t.Helper()
	h.ok(h.herald.Step(context.Background()))
}

func (h *house) advance(d time.Duration) { h.now = h.now.Add(d) }

// write saves a draft of words that can be posted.
func (h *house) write(by cordon.Actor, change func(*cordon.AnnouncementDraft)) (cordon.AnnouncementDraft, error) {
	h.t.Helper()
	d := cordon.AnnouncementDraft{}
	d.Title, d.Body, d.NotAffected, d.SignedBy = "Reports of spam email", "We are looking into it.", "Everything else.", "Customer Care"
	d.NextUpdateDue = h.now.Add(20 * time.Minute)
	if change != nil {
		change(&d)
	}
	return h.herald.Write(context.Background(), by, d)
}

func (h *house) draft(change func(*cordon.AnnouncementDraft)) cordon.AnnouncementDraft {
	h.t.Helper()
	d, err := h.write(anna, change)
	h.ok(err)
	return d
}

func (h *house) tryPost(by cordon.Actor, d cordon.AnnouncementDraft) (announce.Posted, error) {
	return h.herald.Post(context.Background(), by, d.ID, announce.Signature{})
}

func (h *house) post(change func(*cordon.AnnouncementDraft)) cordon.Announcement {
	h.t.Helper()
	p, err := h.tryPost(anna, h.draft(change))
	h.ok(err)
	if p.Post == nil {
		h.t.Fatal("it is kept back")
	}
	return *p.Post
}

func (h *house) open() []cordon.AnnouncementDraft {
	h.t.Helper()
	all, _, err := h.herald.Drafts(context.Background(), anna, false, cordon.Page{})
	h.ok(err)
	return all
}

func (h *house) pages() (titles []string) {
	h.t.Helper()
	rows, err := storetest.Raw(h.t, h.store).Query(`SELECT title FROM oncall_page WHERE state <> 'resolved' ORDER BY num`)
	h.ok(err)
	defer rows.Close()
	for rows.Next() {
		var title string
		h.ok(rows.Scan(&title))
		titles = append(titles, title)
	}
	h.ok(rows.Err())
	return titles
}

func TestOnlyWhoMaySpeaks(t *testing.T) {
	h := newHouse(t)
	d := h.draft(nil)
	stranger, reader := person(), person(cordon.ReadIncidents)
	tenant := person(cordon.Permissions()...)
	tenant.Tenant = cordon.NewTenantID()
	ctx := context.Background()
	for name, by := range map[string]cordon.Actor{"a stranger": stranger, "a reader": reader, "a tenant's": tenant, "nobody": {}} {
		_, err := h.write(by, nil)
		h.refused(err, cordon.Denied, "")
		_, err = h.tryPost(by, d)
		h.refused(err, cordon.Denied, "")
		h.refused(h.herald.Drop(ctx, by, d.ID, 1), cordon.Denied, "")
		_, err = h.herald.Approve(ctx, by, d.ID, 1)
		h.refused(err, cordon.Denied, "")
		_, err = h.herald.SaveComponent(ctx, by, cordon.Component{Name: "x"})
		h.refused(err, cordon.Denied, "")
		_, err = h.herald.Try(ctx, by, d)
		h.refused(err, cordon.Denied, "")
		_, _, err = h.herald.Drafts(ctx, by, true, cordon.Page{})
		if name != "a reader" {
			h.refused(err, cordon.Denied, "")
		}
	}
	_, _, err := h.herald.Announcements(ctx, stranger, cordon.AnnouncementFilter{}, cordon.Page{})
	h.refused(err, cordon.Denied, "")
}

func TestATenantsPeopleReadWhatIsForThem(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	for _, audience := range []cordon.PostAudience{cordon.ForPublic, cordon.ForStaff, cordon.ForTenants} {
		d := h.draft(func(d *cordon.AnnouncementDraft) { d.Audience = audience })
		_, err := h.herald.Approve(ctx, berta, d.ID, d.Version)
		h.ok(err)
		_, err = h.tryPost(anna, d)
		h.ok(err)
	}
	ours := person(cordon.ReadIncidents)
	ours.Tenant = cordon.NewTenantID()
	all, _, err := h.herald.Announcements(ctx, ours, cordon.AnnouncementFilter{}, cordon.Page{})
	h.ok(err)
	if len(all) != 2 || all[0].Audience != cordon.ForTenants || all[1].Audience != cordon.ForPublic {
		t.Errorf("reads %+v", all)
	}
	_, err = h.herald.Announcement(ctx, ours, 8, 0)
	h.refused(err, cordon.Missing, "")
	staff, _, err := h.herald.Announcements(ctx, ours, cordon.AnnouncementFilter{Audiences: []cordon.PostAudience{cordon.ForStaff}}, cordon.Page{})
	if err != nil || len(staff) != 0 {
		t.Errorf("asks for staff's: %v, %v", staff, err)
	}
}

func TestSomePostsNeedTwoPeople(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	alone := h.post(nil)
	if alone.ApprovedBy != "" || alone.PostedBy != anna.ID() {
		t.Errorf("posted alone: %+v", alone)
	}
	for _, change := range []func(*cordon.AnnouncementDraft){
		func(d *cordon.AnnouncementDraft) { d.Audience = cordon.ForTenants },
		func(d *cordon.AnnouncementDraft) { d.Audience = cordon.ForRecipients },
		func(d *cordon.AnnouncementDraft) {
			d.Number, d.Kind, d.NextUpdateDue = 7, cordon.AnnounceRetraction, time.Time{}
		},
	} {
		d := h.draft(change)
		_, err := h.tryPost(anna, d)
		h.refused(err, cordon.Denied, "draft")
		_, err = h.herald.Approve(ctx, anna, d.ID, d.Version)
		h.refused(err, cordon.Denied, "draft")
		_, err = h.herald.Approve(ctx, berta, d.ID, d.Version)
		h.ok(err)
		_, err = h.tryPost(berta, d) // who approved does not post as well
		h.refused(err, cordon.Denied, "draft")
		posted, err := h.tryPost(anna, d)
		h.ok(err)
		if posted.Post.ApprovedBy != berta.ID() {
			t.Errorf("approved by %q", posted.Post.ApprovedBy)
		}
	}
}

func TestAPostSaysWhatItMust(t *testing.T) {
	h := newHouse(t)
	i := h.incident(nil)
	for name, c := range map[string]struct {
		field  string
		change func(*cordon.AnnouncementDraft)
	}{
		"nothing is unaffected":   {"not_affected", func(d *cordon.AnnouncementDraft) { d.NotAffected = " " }},
		"no signature":            {"signed_by", func(d *cordon.AnnouncementDraft) { d.SignedBy = "" }},
		"no body":                 {"body", func(d *cordon.AnnouncementDraft) { d.Body = "" }},
		"two lines of title":      {"title", func(d *cordon.AnnouncementDraft) { d.Title = "a\nb" }},
		"turned text":             {"body", func(d *cordon.AnnouncementDraft) { d.Body = "a \u202e b" }},
		"no figure":               {"body", func(d *cordon.AnnouncementDraft) { d.Body = "{{pigs}}" }},
		"figure without incident": {"body", func(d *cordon.AnnouncementDraft) { d.Body = "{{copies_delivered}}" }},
		"a link elsewhere":        {"body", func(d *cordon.AnnouncementDraft) { d.Body = "see https://evil.example/x" }},
		"a look-alike link":       {"body", func(d *cordon.AnnouncementDraft) { d.Body = "see https://status.example.org@evil.example/" }},
		"another host below":      {"body", func(d *cordon.AnnouncementDraft) { d.Body = "see https://status.example.org.evil.example/" }},
		"no scheme":               {"body", func(d *cordon.AnnouncementDraft) { d.Body = "see www.evil.example" }},
		"no next":                 {"next_update_due", func(d *cordon.AnnouncementDraft) { d.NextUpdateDue = time.Time{} }},
		"a next that is over":     {"next_update_due", func(d *cordon.AnnouncementDraft) { d.NextUpdateDue = h.now }},
		"an unknown part":         {"components", func(d *cordon.AnnouncementDraft) { d.Components = []cordon.ComponentID{cordon.NewComponentID()} }},
		"a report that is over":   {"report_by", func(d *cordon.AnnouncementDraft) { d.ReportBy = h.now.Add(-time.Hour) }},
		"later than is promised": {"next_update_due", func(d *cordon.AnnouncementDraft) {
			d.Incident, d.NextUpdateDue = i.ID, h.now.Add(time.Hour)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			here := *h
			here.t = t
			_, err := here.tryPost(anna, here.draft(c.change))
			here.refused(err, cordon.Invalid, c.field)
		})
	}
	// A link to the status page is none of them, and the house's own rhythm is filled in.
	p := h.post(func(d *cordon.AnnouncementDraft) {
		d.Incident, d.NextUpdateDue, d.Body = i.ID, time.Time{}, "See https://status.example.org/history."
	})
	if want := h.now.Add(cordon.FirstUpdateEvery); !p.NextUpdateDue.Equal(want) {
		t.Errorf("next by %v, want %v", p.NextUpdateDue, want)
	}
}

func TestTypedNumbersArePointedOut(t *testing.T) {
	h := newHouse(t)
	i := h.incident(nil)
	d := h.draft(func(d *cordon.AnnouncementDraft) {
		d.Incident, d.Body = i.ID, "{{copies_delivered}} copies, 1,005 people. Ask jo@example.org, see https://status.example.org/announcements/7."
	})
	p, err := h.herald.Look(context.Background(), anna, d.ID)
	h.ok(err)
	all := strings.Join(p.Warnings, "\n")
	if len(p.Warnings) != 2 || !strings.Contains(all, "The number 1,005 is typed") || !strings.Contains(all, "mail address") || !strings.HasPrefix(p.Body, "0 copies, 1,005") {
		t.Errorf("warnings %q, body %q", p.Warnings, p.Body)
	}
}

func TestThePublicIsToldByRows(t *testing.T) {
	h := newHouse(t)
	i := h.incident(nil)
	h.step()
	h.step()
	drafts := h.open()
	if len(drafts) != 1 || drafts[0].Title != "Reports of spam email" || drafts[0].Incident != i.ID || drafts[0].Author != "system" || drafts[0].Impact != cordon.ImpactMajor {
		t.Fatalf("drafts: %+v", drafts)
	}
	if len(h.pages()) != 0 {
		t.Errorf("pages at once: %v", h.pages())
	}
	h.advance(4 * time.Minute)
	h.step()
	h.step()
	if pages := h.pages(); len(pages) != 1 || pages[0] != "Due by 09:05 UTC: the first announcement of a public incident" {
		t.Fatalf("pages before it lapses: %v", pages)
	}
	h.advance(2 * time.Minute)
	h.step()
	if pages := h.pages(); len(pages) != 2 || pages[1] != "Overdue since 09:05 UTC: the first announcement of a public incident" {
		t.Fatalf("pages after: %v", pages)
	}
	// A person only signs.
	posted, err := h.herald.Post(context.Background(), anna, drafts[0].ID, announce.Signature{SignedBy: "Duty officer"})
	h.ok(err)
	if p := posted.Post; p.Heading() != "Reports of spam email (7), 22 November 2026" || !strings.Contains(p.Body, "22 November 2026, 09:00 UTC") || p.SignedBy != "Duty officer" || len(p.Figures) != 1 {
		t.Errorf("posted %+v", p)
	}
	if pages := h.pages(); len(pages) != 0 {
		t.Errorf("pages once it came: %v", pages)
	}
	h.advance(16 * time.Minute)
	h.step()
	if pages := h.pages(); len(pages) != 1 || !strings.Contains(pages[0], "the next update to announcement 7") {
		t.Errorf("pages before the next lapses: %v", pages)
	}
}

func TestEveryKindsFirstDraftNeedsASignatureAlone(t *testing.T) {
	h := newHouse(t)
	for _, kind := range cordon.IncidentKinds() {
		h.incident(func(n *cordon.NewIncident) { n.Kind, n.Title = kind, "x "+string(kind) })
	}
	h.step()
	drafts := h.open()
	if len(drafts) != len(cordon.IncidentKinds()) {
		t.Fatalf("%d drafts", len(drafts))
	}
	for _, d := range drafts {
		p, err := h.herald.Look(context.Background(), anna, d.ID)
		h.ok(err)
		if len(p.Faults) != 1 || p.Faults[0].Field != "signed_by" || len(p.Warnings) != 0 {
			t.Errorf("%s: faults %v, warnings %v", d.Title, p.Faults, p.Warnings)
		}
	}
}

func TestACorrectionDraftsItself(t *testing.T) {
	h := newHouse(t)
	i := h.incident(nil)
	h.post(func(d *cordon.AnnouncementDraft) { d.Incident, d.Body = i.ID, "Stopped: {{contained_at}}." })
	h.step()
	if len(h.open()) != 0 {
		t.Fatalf("a correction of what is true: %+v", h.open())
	}
	h.advance(10 * time.Minute)
	_, err := h.store.ContainIncident(context.Background(), anna, i.ID, i.Version, h.now, "")
	h.ok(err)
	h.step()
	h.advance(10 * time.Second)
	h.step()
	drafts := h.open()
	if len(drafts) != 1 || drafts[0].Kind != cordon.AnnounceCorrection || drafts[0].Why != "published figures changed: contained_at was not yet, is 22 November 2026, 09:10 UTC" {
		t.Fatalf("drafts: %+v", drafts)
	}
	posted, err := h.herald.Post(context.Background(), anna, drafts[0].ID, announce.Signature{SignedBy: "Customer Care"})
	h.ok(err)
	if p := posted.Post; p.Heading() != "Reports of spam email (7) – UPDATE 1 (CORRECTION), 22 November 2026" || !strings.Contains(p.Body, "Stopped: 22 November 2026, 09:10 UTC (before: not yet).") {
		t.Errorf("posted %s\n%s", p.Heading(), p.Body)
	}
	h.advance(10 * time.Second)
	h.step()
	if len(h.open()) != 0 {
		t.Errorf("a correction of the correction: %+v", h.open())
	}
}

func TestFiguresWaitForTheWitness(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.store.RequireWitness(true)
	i := h.incident(nil)
	without := h.post(func(d *cordon.AnnouncementDraft) { d.Incident = i.ID })
	if without.LedgerSize != 0 {
		t.Errorf("a post without figures: %+v", without)
	}
	d := h.draft(func(d *cordon.AnnouncementDraft) {
		d.Incident, d.Body = i.ID, "{{copies_delivered}} copies. Stopped: {{contained_at}}."
	})
	kept, err := h.tryPost(anna, d)
	h.ok(err)
	if kept.Waiting == nil || len(kept.Waiting.Frozen) != 2 {
		t.Fatalf("kept back: %+v", kept)
	}
	_, err = h.tryPost(anna, d)
	h.refused(err, cordon.Conflict, "draft")
	h.advance(time.Minute)
	_, err = h.store.ContainIncident(ctx, anna, i.ID, i.Version, h.now, "")
	h.ok(err)
	h.step()
	if a, _, err := h.herald.Announcements(ctx, anna, cordon.AnnouncementFilter{}, cordon.Page{}); err != nil || len(a) != 1 {
		t.Fatalf("posted without a witness: %v, %v", a, err)
	}
	size, _, err := h.store.LedgerHead(ctx)
	h.ok(err)
	h.ok(h.store.SaveCheckpoint(ctx, cordon.Checkpoint{Size: size, Root: "r", At: h.now, Note: "n"}))
	h.ok(h.store.SaveCosignature(ctx, size, "w", "— w x"))
	h.step()
	a, _, err := h.herald.Announcements(ctx, anna, cordon.AnnouncementFilter{}, cordon.Page{})
	h.ok(err)
	if len(a) != 2 || a[0].Body != "0 copies. Stopped: not yet." || a[0].PostedBy != anna.ID() || a[0].LedgerSize == 0 {
		t.Errorf("posted %+v", a[0])
	}
}

func TestPartsAreTouchedByTheKindOfMail(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	var ids []cordon.ComponentID
	for _, c := range []cordon.Component{{Name: "Mailings", Kinds: []cordon.Kind{cordon.Bulk}}, {Name: "Letters", Kinds: []cordon.Kind{cordon.Single}}, {Name: "The console"}} {
		made, err := h.herald.SaveComponent(ctx, anna, c)
		h.ok(err)
		ids = append(ids, made.ID)
	}
	i := h.incident(nil)
	p := h.post(func(d *cordon.AnnouncementDraft) { d.Incident = i.ID })
	if len(p.Components) != 2 || p.Components[0] != ids[0] || p.Components[1] != ids[1] {
		t.Errorf("while no mail of it is known: %v", p.Components)
	}
	p = h.post(func(d *cordon.AnnouncementDraft) { d.Incident, d.Components = i.ID, ids[2:] })
	if len(p.Components) != 1 || p.Components[0] != ids[2] {
		t.Errorf("as the writer says: %v", p.Components)
	}
}

func TestASubscribersMailEndsAtOneClick(t *testing.T) {
	h := newHouse(t)
	ctx := context.Background()
	h.ok(h.herald.AskSubscription(ctx, "jo@example.org", "192.0.2.0/24"))
	h.step()
	var subject string
	h.ok(storetest.Raw(t, h.store).QueryRow(`SELECT subject FROM outgoing`).Scan(&subject))
	mails, err := h.store.OutgoingOf(ctx, subject)
	h.ok(err)
	_, token, _ := strings.Cut(mails[0].Content.Text, "https://status.example.org/subscribe/")
	token, _, _ = strings.Cut(token, "\n")
	h.ok(h.herald.ConfirmSubscription(ctx, token))
	h.advance(time.Second)
	h.post(nil)
	h.post(func(d *cordon.AnnouncementDraft) { d.Status = cordon.PostExercise })
	h.step()
	mails, err = h.store.OutgoingOf(ctx, "7/0")
	h.ok(err)
	if len(mails) != 1 || mails[0].To != "jo@example.org" || mails[0].Content.Title != "Reports of spam email (7), 22 November 2026" {
		t.Fatalf("mails: %+v", mails)
	}
	fields := map[string]string{}
	for _, f := range mails[0].Content.Mail {
		fields[f.Name] = f.Value
	}
	link := strings.Trim(fields["List-Unsubscribe"], "<>")
	if fields["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" || !strings.HasPrefix(link, "https://status.example.org/unsubscribe/") || !strings.Contains(mails[0].Content.Text, link) {
		t.Errorf("fields %v\n%s", fields, mails[0].Content.Text)
	}
	if exercise, err := h.store.OutgoingOf(ctx, "8/0"); err != nil || len(exercise) != 0 {
		t.Errorf("an exercise was mailed: %v, %v", exercise, err)
	}
	h.ok(h.herald.Unsubscribe(ctx, strings.TrimPrefix(link, "https://status.example.org/unsubscribe/")))
	n, err := h.herald.Subscribers(ctx, anna)
	if err != nil || n != 0 {
		t.Errorf("%d subscribers, %v", n, err)
	}
}
