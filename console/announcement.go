package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

type announcementsPage struct {
	Figures  []figure
	Drafts   []draftRow
	Posts    []postRow
	Promises []promiseRow
	MayPost  bool
	Next     string
}

type draftRow struct {
	Draft  cordon.AnnouncementDraft
	Title  string
	Kind   string
	By     string
	Waits  bool // for the ledger's witness
	Second bool // a second person must read it
}

type postRow struct {
	Post      cordon.Announcement
	State, By string
}

type promiseRow struct {
	Promise    cordon.Promise
	What       string
	Tone, Word string
	Late       bool
}

const (
	postsAPage    = 30
	draftsShown   = 50
	promisesShown = 20
)

// announcements shows what awaits a signature, what was promised, what was said.
func (c *Console) announcements(w http.ResponseWriter, q *request) {
	page, err := c.announcementsOf(q.Context(), q)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "announcements", frame{Title: "Announcements", Section: "announcements", Live: "/live/announcements", Body: page})
}

func (c *Console) announcementsLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.announcementsOf(ctx, q)
		return p.parts(), err
	})
}

func (p announcementsPage) parts() []part {
	return []part{{"drafts", "part-drafts", p}, {"promises", "part-promises", p}}
}

func (c *Console) announcementsOf(ctx context.Context, q *request) (announcementsPage, error) {
	p := announcementsPage{MayPost: q.actor.Can(cordon.PostAnnouncements, "")}
	posts, next, err := c.Herald.Announcements(ctx, q.actor, cordon.AnnouncementFilter{}, q.page(postsAPage))
	if err != nil {
		return p, err
	}
	for _, a := range posts {
		p.Posts = append(p.Posts, postRow{a, capital(a.State), c.names.actor(a.PostedBy)})
	}
	if next != "" {
		p.Next = "/announcements?" + url.Values{"after": {next}}.Encode()
	}
	if !q.actor.Can(cordon.ReadIncidents, "") {
		return p, nil // a tenant's people see the posts that are for them
	}
	drafts, _, err := c.Herald.Drafts(ctx, q.actor, false, cordon.Page{Limit: draftsShown})
	if err != nil {
		return p, err
	}
	for _, d := range drafts {
		p.Drafts = append(p.Drafts, c.draftRow(d))
	}
	promises, _, err := c.Herald.Promises(ctx, q.actor, cordon.PromiseFilter{}, cordon.Page{Limit: promisesShown})
	if err != nil {
		return p, err
	}
	owed, kept, missed := 0, 0, 0
	for _, promise := range promises {
		row := promiseRowOf(promise, c.Now())
		switch {
		case promise.Owed():
			owed++
		case promise.State == cordon.PromiseKept:
			kept++
		case promise.State == cordon.PromiseMissed:
			missed++
		}
		p.Promises = append(p.Promises, row)
	}
	subscribers, err := c.Herald.Subscribers(ctx, q.actor)
	p.Figures = []figure{
		{Label: "Await a signature", Value: num(len(drafts)), Tone: toneIf(len(drafts) > 0, cordon.HeldState), Quiet: len(drafts) == 0},
		{Label: "Promises owed", Value: num(owed), Tone: toneIf(owed > 0, cordon.HeldState), Quiet: owed == 0},
		{Label: "Kept, missed", Value: num(kept) + ", " + num(missed), Help: "of the latest " + num(promisesShown), Tone: toneIf(missed > 0, cordon.Refused), Quiet: kept+missed == 0},
		{Label: "Subscribers by mail", Value: num(subscribers), Quiet: subscribers == 0},
	}
	return p, err
}

func (c *Console) draftRow(d cordon.AnnouncementDraft) draftRow {
	row := draftRow{Draft: d, Title: d.Title, Kind: capital(d.Kind), By: c.names.actor(d.Author), Waits: d.Stage == cordon.DraftWaiting, Second: d.NeedsApproval() && d.ApprovedBy == ""}
	if row.Title == "" {
		row.Title = "Without a title"
	}
	if d.Number != 0 {
		row.Title += " (" + strconv.FormatInt(d.Number, 10) + ")"
	}
	return row
}

func promiseRowOf(p cordon.Promise, now time.Time) promiseRow {
	row := promiseRow{Promise: p, Tone: "good", Word: "Kept"}
	switch p.Kind {
	case cordon.PromiseFirst:
		row.What = "First announcement of a public incident"
	case cordon.PromiseReport:
		row.What = "Report on " + strconv.FormatInt(p.Number, 10)
	default:
		row.What = "Next update to " + strconv.FormatInt(p.Number, 10)
	}
	switch {
	case p.Owed() && now.After(p.DueAt):
		row.Tone, row.Word, row.Late = "alarm", "Overdue", true
	case p.Owed():
		row.Tone, row.Word = "warn", "Owed"
	case p.State == cordon.PromiseMissed:
		row.Tone, row.Word = "alarm", "Missed"
	case p.State == cordon.PromiseDropped:
		row.Tone, row.Word = "plain", "Not needed"
	}
	return row
}

type announcementPage struct {
	Post        cordon.Announcement
	Paragraphs  []string
	NotAffected []string
	Facts       []fact
	Before      string // page of the post before
	Newest      string // page of the newest, when this is not it
	MayPost     bool
}

// announcement shows a post.
func (c *Console) announcement(w http.ResponseWriter, q *request) {
	number, errNumber := strconv.ParseInt(q.PathValue("number"), 10, 64)
	seq, errSeq := strconv.Atoi(q.PathValue("seq"))
	if errNumber != nil || errSeq != nil {
		c.problem(w, q, cordon.Errorf(cordon.Missing, "There is no such announcement."))
		return
	}
	a, err := c.Herald.Announcement(q.Context(), q.actor, number, seq)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "announcement", frame{Title: a.Heading(), Section: "announcements", Body: c.announcementPage(q, a)})
}

func (c *Console) announcementPage(q *request, a cordon.Announcement) announcementPage {
	p := announcementPage{Post: a, Paragraphs: cordon.Paragraphs(a.Body), NotAffected: cordon.Paragraphs(a.NotAffected),
		MayPost: q.actor.Can(cordon.PostAnnouncements, "") && a.Kind != cordon.AnnounceRetraction}
	add := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, fact{Name: name, Value: value})
		}
	}
	add("For", capital(a.Audience))
	add("State", capital(a.State))
	add("Impact", capital(a.Impact))
	add("Posted", postMoment(a.PostedAt)+" by "+c.names.actor(a.PostedBy))
	approved := "Posted alone"
	if a.ApprovedBy != "" {
		approved = "Approved by " + c.names.actor(a.ApprovedBy)
	}
	add("Second person", approved)
	add("Signed", a.SignedBy)
	if !a.NextUpdateDue.IsZero() {
		add("Next update by", postMoment(a.NextUpdateDue))
	}
	if !a.ReportBy.IsZero() {
		add("Report by", postMoment(a.ReportBy))
	}
	if a.LedgerSize > 0 {
		add("Figures at", "ledger entry "+num(a.LedgerSize))
	}
	if a.Seq > 0 {
		before := a
		before.Seq--
		p.Before = postURL(before)
	}
	if a.SupersededBy > 0 {
		newest := a
		newest.Seq = a.SupersededBy
		p.Newest = postURL(newest)
	}
	return p
}

// postMoment is a time as posts write it.
func postMoment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
