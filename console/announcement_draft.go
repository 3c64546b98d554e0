package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

// composePage is a draft, and how it would be posted.
type composePage struct {
	Draft      cordon.AnnouncementDraft
	Title      string
	Action     string // where the form goes
	Number     string
	Incident   string
	Kinds      []option
	Audiences  []option
	States     []option
	Impacts    []option
	Nexts      []option
	Components []option
	ReportBy   string // as a field of the kind datetime-local has it, UTC
	Preview    announcePreview
	Fault      *fault
	MayPost    bool
	MayApprove bool
	By         string
	Approver   string
}

// announcePreview is the live part of the page.
type announcePreview struct {
	announce.Galley
	Paragraphs  []string
	NotAffected []string
	Problem     string
}

// compose begins a post: an original, or what follows a number.
func (c *Console) compose(w http.ResponseWriter, q *request) {
	d := cordon.AnnouncementDraft{Kind: cordon.AnnouncementKind(q.FormValue("kind")), Incident: cordon.IncidentID(q.FormValue("incident"))}
	d.Number, _ = strconv.ParseInt(q.FormValue("number"), 10, 64) // what is no number begins an original
	d.NextUpdateDue = c.Now().Add(cordon.FirstUpdateEvery)
	c.composing(w, q, http.StatusOK, d, nil)
}

// openDraft shows a draft that stands.
func (c *Console) openDraft(w http.ResponseWriter, q *request) {
	seen, err := c.Herald.Look(q.Context(), q.actor, cordon.AnnouncementDraftID(q.PathValue("id")))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	if d := seen.Draft; d.Stage == cordon.DraftPosted {
		http.Redirect(w, q.Request, postURL(cordon.Announcement{Number: d.Number, Seq: d.PostedSeq}), http.StatusSeeOther)
		return
	}
	c.showDraft(w, q, http.StatusOK, seen, nil)
}

// composing draws the form over words that are not saved.
func (c *Console) composing(w http.ResponseWriter, q *request, status int, d cordon.AnnouncementDraft, fail error) {
	seen, err := c.Herald.Try(q.Context(), q.actor, d)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.showDraft(w, q, status, seen, fail)
}

func (c *Console) showDraft(w http.ResponseWriter, q *request, status int, seen announce.Galley, fail error) {
	d := seen.Draft
	p := composePage{Draft: d, Action: "/announcements/drafts", Title: "New announcement", Preview: previewOf(seen, nil), Fault: faultOf(fail), Incident: string(d.Incident),
		MayPost: q.actor.Can(cordon.PostAnnouncements, "") && (d.ID == "" || d.Stage == cordon.DraftOpen), MayApprove: d.ID != "" && d.Stage == cordon.DraftOpen && seen.Approval && q.actor.Person() != d.Author,
		By: c.names.actor(d.Author), Approver: c.names.actor(d.ApprovedBy)}
	if d.Number != 0 {
		p.Number = strconv.FormatInt(d.Number, 10)
		p.Title = capital(d.Kind) + " to " + p.Number
	}
	if d.ID != "" {
		p.Action = "/announcements/drafts/" + url.PathEscape(string(d.ID))
	}
	p.options(d, c.Now())
	components, err := c.Herald.Components(q.Context(), q.actor)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	for _, part := range components {
		p.Components = append(p.Components, option{string(part.ID), part.Name, slices.Contains(d.Components, part.ID)})
	}
	if !d.ReportBy.IsZero() {
		p.ReportBy = d.ReportBy.UTC().Format("2006-01-02T15:04")
	}
	c.show(w, q, status, "announce", frame{Title: p.Title, Section: "announcements", Body: p})
}

// options fills the lists of the form.
func (p *composePage) options(d cordon.AnnouncementDraft, now time.Time) {
	kinds := []cordon.AnnouncementKind{cordon.AnnounceOriginal}
	if d.Number != 0 {
		kinds = cordon.AnnouncementKinds()[1:]
	}
	p.Kinds = optionsOf(kinds, d.Kind)
	p.Audiences = optionsOf(cordon.PostAudiences(), d.Audience)
	p.States = optionsOf(cordon.PublicStates(), d.State)
	p.Impacts = optionsOf(cordon.Impacts(), d.Impact)
	left := int(d.NextUpdateDue.Sub(now).Round(time.Minute) / time.Minute)
	chosen := false
	for _, n := range []struct {
		minutes int
		label   string
	}{{20, "in 20 minutes"}, {60, "in an hour"}, {240, "in 4 hours"}, {1440, "in a day"}, {10080, "in a week"}} {
		at := !d.NextUpdateDue.IsZero() && !chosen && left <= n.minutes
		chosen = chosen || at
		p.Nexts = append(p.Nexts, option{strconv.Itoa(n.minutes), n.label, at})
	}
	p.Nexts = append(p.Nexts, option{"0", "as promised, or not at all", !chosen})
}

func optionsOf[T ~string](all []T, chosen T) []option {
	out := make([]option, len(all))
	for i, v := range all {
		out[i] = option{string(v), capital(v), v == chosen}
	}
	return out
}

func previewOf(seen announce.Galley, err error) announcePreview {
	p := announcePreview{Galley: seen, Paragraphs: cordon.Paragraphs(seen.Body), NotAffected: cordon.Paragraphs(seen.Text.NotAffected)}
	if f := faultOf(err); f != nil {
		p.Problem = f.Message
	}
	return p
}

// readDraft takes the words from the form.
func (c *Console) readDraft(q *request) cordon.AnnouncementDraft {
	_ = q.ParseForm() // a body that is too large leaves fields empty, which the service names
	form := q.PostForm
	d := cordon.AnnouncementDraft{Kind: cordon.AnnouncementKind(form.Get("kind")), Audience: cordon.PostAudience(form.Get("audience")), Incident: cordon.IncidentID(form.Get("incident"))}
	d.Number, _ = strconv.ParseInt(form.Get("number"), 10, 64)
	d.Version, _ = strconv.ParseInt(form.Get("version"), 10, 64)
	if form.Get("exercise") == "yes" {
		d.Status = cordon.PostExercise
	}
	d.Title, d.Body, d.NotAffected, d.SignedBy = strings.TrimSpace(form.Get("title")), strings.ReplaceAll(form.Get("body"), "\r\n", "\n"), strings.TrimSpace(form.Get("not_affected")), strings.TrimSpace(form.Get("signed_by"))
	d.State, d.Impact = cordon.PublicState(form.Get("state")), cordon.Impact(form.Get("impact"))
	for _, id := range form["component"] {
		d.Components = append(d.Components, cordon.ComponentID(id))
	}
	if minutes, err := strconv.Atoi(form.Get("next")); err == nil && minutes > 0 {
		d.NextUpdateDue = c.Now().UTC().Add(time.Duration(minutes) * time.Minute).Truncate(time.Second)
	}
	if by, err := time.Parse("2006-01-02T15:04", form.Get("report_by")); err == nil {
		d.ReportBy = by
	}
	return d
}

// previewDraft is the live part: how the words would be posted now.
func (c *Console) previewDraft(w http.ResponseWriter, q *request) {
	seen, err := c.Herald.Try(q.Context(), q.actor, c.readDraft(q))
	html, failed := c.pages.part("part-announce-preview", previewOf(seen, err))
	if failed != nil {
		c.problem(w, q, failed)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html)) // the browser is gone: nobody to tell
}

// beginDraft saves a new draft, and posts it at once when that was pressed.
func (c *Console) beginDraft(w http.ResponseWriter, q *request) {
	d := c.readDraft(q)
	saved, err := c.Herald.Write(q.Context(), q.actor, d)
	if err != nil {
		c.composing(w, q, statusOf(err), d, err)
		return
	}
	if q.PostFormValue("act") == "post" {
		c.postDraft(w, q, saved.ID, saved.Version)
		return
	}
	c.draftDone(w, q, saved.ID, "draft-saved")
}

// actOnDraft saves, approves, posts or drops a draft that stands.
func (c *Console) actOnDraft(w http.ResponseWriter, q *request) {
	id := cordon.AnnouncementDraftID(q.PathValue("id"))
	d := c.readDraft(q)
	d.ID = id
	switch q.PostFormValue("act") {
	case "approve":
		if _, err := c.Herald.Approve(q.Context(), q.actor, id, d.Version); err != nil {
			c.problem(w, q, err)
			return
		}
		c.draftDone(w, q, id, "draft-approved")
	case "drop":
		if err := c.Herald.Drop(q.Context(), q.actor, id, d.Version); err != nil {
			c.problem(w, q, err)
			return
		}
		http.Redirect(w, q.Request, "/announcements?done=draft-dropped", http.StatusSeeOther)
	default:
		c.saveDraft(w, q, d)
	}
}

// saveDraft keeps changed words, and posts them when that was pressed. Words that
// did not change are not saved anew: an approval of them stands.
func (c *Console) saveDraft(w http.ResponseWriter, q *request, d cordon.AnnouncementDraft) {
	seen, err := c.Herald.Look(q.Context(), q.actor, d.ID)
	if err != nil {
		c.problem(w, q, err)
		return
	}
	posting := q.PostFormValue("act") == "post"
	if !sameWords(seen.Draft, d) || !posting {
		saved, err := c.Herald.Write(q.Context(), q.actor, d)
		if err != nil {
			seen.Draft.AnnouncementText = d.AnnouncementText
			c.showDraft(w, q, statusOf(err), seen, err)
			return
		}
		d = saved
	}
	if posting {
		c.postDraft(w, q, d.ID, d.Version)
		return
	}
	c.draftDone(w, q, d.ID, "draft-saved")
}

// sameWords compares what a reader sees; when the next is due moves with the
// clock while the form is open.
func sameWords(a, b cordon.AnnouncementDraft) bool {
	return a.Kind == b.Kind && a.Title == b.Title && a.Body == b.Body && a.NotAffected == b.NotAffected && a.SignedBy == b.SignedBy && a.State == b.State &&
		a.Impact == b.Impact && slices.Equal(a.Components, b.Components) && a.ReportBy.Equal(b.ReportBy) && a.NextUpdateDue.IsZero() == b.NextUpdateDue.IsZero()
}

func (c *Console) postDraft(w http.ResponseWriter, q *request, id cordon.AnnouncementDraftID, version int64) {
	next, _ := strconv.Atoi(q.PostFormValue("next"))
	posted, err := c.Herald.Post(q.Context(), q.actor, id, announce.Signature{Version: version, Next: time.Duration(max(next, 0)) * time.Minute})
	if err != nil {
		seen, failed := c.Herald.Look(q.Context(), q.actor, id)
		if failed != nil {
			c.problem(w, q, failed)
			return
		}
		c.showDraft(w, q, statusOf(err), seen, err)
		return
	}
	if posted.Waiting != nil {
		http.Redirect(w, q.Request, "/announcements?done=post-waits", http.StatusSeeOther)
		return
	}
	http.Redirect(w, q.Request, postURL(*posted.Post)+"?done=posted", http.StatusSeeOther)
}

func postURL(a cordon.Announcement) string {
	return "/announcements/" + strconv.FormatInt(a.Number, 10) + "/" + strconv.Itoa(a.Seq)
}

func (c *Console) draftDone(w http.ResponseWriter, q *request, id cordon.AnnouncementDraftID, done string) {
	http.Redirect(w, q.Request, "/announcements/drafts/"+url.PathEscape(string(id))+"?done="+done, http.StatusSeeOther)
}
