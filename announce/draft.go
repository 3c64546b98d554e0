package announce

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// forbidden is the answer to whoever may not.
func forbidden(p cordon.Permission) error {
	return &cordon.Error{Code: cordon.Denied, Message: "this needs the permission " + string(p), Remedy: "ask an operator of the whole installation"}
}

func mayPost(by cordon.Actor) error {
	if !by.Can(cordon.PostAnnouncements, "") {
		return forbidden(cordon.PostAnnouncements)
	}
	return nil
}

func mayRead(by cordon.Actor) error {
	if !by.Can(cordon.ReadIncidents, "") && !by.Can(cordon.PostAnnouncements, "") {
		return forbidden(cordon.ReadIncidents)
	}
	return nil
}

// Galley is a draft as it would be posted now.
type Galley struct {
	Draft    cordon.AnnouncementDraft `json:"draft"`
	Heading  string                   `json:"heading"` // with ? for a number that is not given yet
	Body     string                   `json:"body"`    // with the figures put in
	Text     cordon.AnnouncementText  `json:"text"`    // as it would be posted: promises and components filled in
	Quoted   []cordon.Figure          `json:"quoted"`  // those in the text
	Figures  []cordon.Figure          `json:"figures"` // all that could be
	Faults   []cordon.Fault           `json:"faults"`  // it cannot be posted while there are any
	Warnings []string                 `json:"warnings"`
	// Approval says that a second person must read it first, and has not.
	Approval bool `json:"approval"`
	// Waits says that its figures are of a ledger that no witness has seen yet.
	Waits bool `json:"waits"`
}

// Write saves a draft: a new one without an ID, or the words of one that stands,
// in the version that was seen. Its words may still be wrong: Look says how.
func (h *Herald) Write(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error) {
	if err := mayPost(by); err != nil {
		return d, err
	}
	if d.ID == "" {
		var err error
		if d, err = h.begin(ctx, d); err != nil {
			return d, err
		}
	}
	if err := bounds(d); err != nil {
		return d, err
	}
	return h.store.SaveAnnouncementDraft(ctx, by, d)
}

// bounds keeps a draft from being stored that is no text at all; what is merely
// missing may come later.
func bounds(d cordon.AnnouncementDraft) error {
	t := d.AnnouncementText
	switch {
	case len(t.Title) > 4*cordon.MaxAnnouncementTitle || len(t.SignedBy) > 4*cordon.MaxAnnouncementTitle:
		return cordon.InvalidField("title", "or signature is far too long", "shorten it")
	case len(t.Body) > 4*cordon.MaxAnnouncementBody || len(t.NotAffected) > 4*cordon.MaxAnnouncementLine:
		return cordon.InvalidField("body", "is far too long", "shorten it")
	case len(t.Components) > 100:
		return cordon.InvalidField("components", "are too many", "name at most 100")
	case !slices.Contains(cordon.AnnouncementKinds(), d.Kind):
		return cordon.InvalidField("kind", "is no kind of post", "original, update, correction, resolved or retraction")
	case !slices.Contains(cordon.PostAudiences(), d.Audience):
		return cordon.InvalidField("audience", "is none", "public, tenants, recipients or staff")
	case (d.Kind == cordon.AnnounceOriginal) != (d.Number == 0):
		return cordon.InvalidField("number", "does not fit the kind", "an original has none yet; everything else names the number it belongs to")
	}
	return nil
}

// begin fills what a new draft has from what it belongs to: whoever follows up on
// a number speaks to the same readers about the same incident.
func (h *Herald) begin(ctx context.Context, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error) {
	if d.Kind == "" {
		d.Kind = cordon.AnnounceOriginal
		if d.Number != 0 {
			d.Kind = cordon.AnnounceUpdate
		}
	}
	if d.Number != 0 {
		last, err := h.newest(ctx, d.Number)
		if err != nil {
			return d, err
		}
		d.Incident, d.Audience, d.Status = last.Incident, last.Audience, last.Status
		if d.Title == "" {
			d.Title = last.Title
		}
		if d.Impact == "" {
			d.Impact = last.Impact
		}
		if d.State == "" {
			d.State = last.State
		}
		if d.Components == nil {
			d.Components = last.Components
		}
	}
	if d.Audience == "" {
		d.Audience = cordon.ForPublic
	}
	if d.Status == "" {
		d.Status = cordon.PostActual
	}
	if d.Kind == cordon.AnnounceResolved || d.Kind == cordon.AnnounceRetraction {
		if !d.State.Over() {
			d.State = cordon.PublicResolved
		}
	}
	if d.State == "" {
		d.State = cordon.PublicInvestigating
	}
	if d.Impact == "" {
		d.Impact = cordon.ImpactMinor
	}
	if d.Incident != "" && d.Number == 0 {
		i, err := h.store.Incident(ctx, d.Incident)
		if err != nil {
			return d, err
		}
		if i.Exercise {
			d.Status = cordon.PostExercise
		}
	}
	d.Why = ""
	return d, nil
}

// newest is the last post under a number.
func (h *Herald) newest(ctx context.Context, number int64) (cordon.Announcement, error) {
	posts, _, err := h.store.Announcements(ctx, cordon.AnnouncementFilter{Number: number}, cordon.Page{Limit: 1})
	if err == nil && len(posts) == 0 {
		err = &cordon.Error{Code: cordon.Missing, Field: "number", Message: "there is no such announcement", Remedy: "cordon announce list shows them"}
	}
	if err != nil {
		return cordon.Announcement{}, err
	}
	return posts[0], nil
}

// Drafts lists drafts, the newest first; open ones alone unless all is set.
func (h *Herald) Drafts(ctx context.Context, by cordon.Actor, all bool, p cordon.Page) ([]cordon.AnnouncementDraft, string, error) {
	if err := mayRead(by); err != nil {
		return nil, "", err
	}
	stages := []cordon.DraftStage{cordon.DraftOpen, cordon.DraftWaiting}
	if all {
		stages = nil
	}
	return h.store.AnnouncementDrafts(ctx, stages, p)
}

// Look answers a draft as it would be posted now.
func (h *Herald) Look(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID) (Galley, error) {
	if err := mayRead(by); err != nil {
		return Galley{}, err
	}
	d, err := h.store.AnnouncementDraft(ctx, id)
	if err != nil {
		return Galley{}, err
	}
	return h.preview(ctx, d)
}

// Try answers words that are not saved, as they would be posted now.
func (h *Herald) Try(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (Galley, error) {
	if err := mayPost(by); err != nil {
		return Galley{}, err
	}
	var err error
	if d.ID != "" {
		saved, err := h.store.AnnouncementDraft(ctx, d.ID)
		if err != nil {
			return Galley{}, err
		}
		saved.AnnouncementText = d.AnnouncementText
		d = saved
	} else if d, err = h.begin(ctx, d); err != nil {
		return Galley{}, err
	}
	if err := bounds(d); err != nil {
		return Galley{}, err
	}
	return h.preview(ctx, d)
}

func (h *Herald) preview(ctx context.Context, d cordon.AnnouncementDraft) (Galley, error) {
	r, err := h.ready(ctx, d)
	p := Galley{Draft: d, Text: r.text, Body: r.body, Quoted: r.quoted, Figures: inOrder(r.figures), Faults: r.faults, Warnings: r.warnings, Waits: r.waits}
	p.Approval = d.NeedsApproval() && d.ApprovedBy == ""
	if d.Stage == cordon.DraftPosted || d.Stage == cordon.DraftDropped {
		p.Faults, p.Warnings, p.Approval = []cordon.Fault{}, []string{}, false
	}
	as := cordon.Announcement{Number: d.Number, Kind: d.Kind, AnnouncementText: r.text, Status: d.Status, PostedAt: h.now()}
	if d.Number != 0 && err == nil {
		var last cordon.Announcement
		last, err = h.newest(ctx, d.Number)
		as.Seq = last.Seq + 1
	}
	p.Heading = headingOf(as)
	return p, err
}

// headingOf is the heading of a post that may have no number yet.
func headingOf(a cordon.Announcement) string {
	if a.Number != 0 {
		return a.Heading()
	}
	text := a.Title + " (?), " + a.PostedAt.UTC().Format("2 January 2006")
	if a.Exercise() {
		text = "EXERCISE – " + text
	}
	return text
}

func inOrder(f cordon.Figures) []cordon.Figure {
	all := []cordon.Figure{}
	for _, name := range cordon.FigureNames() {
		if figure, ok := f[name]; ok {
			all = append(all, figure)
		}
	}
	return all
}

// Approve notes that a second person has read this very version.
func (h *Herald) Approve(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, version int64) (cordon.AnnouncementDraft, error) {
	if !by.Can(cordon.ApproveNotices, "") && !by.Can(cordon.PostAnnouncements, "") {
		return cordon.AnnouncementDraft{}, forbidden(cordon.ApproveNotices)
	}
	return h.store.ApproveAnnouncementDraft(ctx, by, id, version)
}

// Drop ends a draft.
func (h *Herald) Drop(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, version int64) error {
	if err := mayPost(by); err != nil {
		return err
	}
	return h.store.DropAnnouncementDraft(ctx, by, id, version)
}

// ready is a post that has everything but its number.
type ready struct {
	text     cordon.AnnouncementText // promises and components filled in
	body     string
	figures  cordon.Figures // all that there are
	quoted   []cordon.Figure
	size     int64 // of the ledger, of the figures quoted
	faults   []cordon.Fault
	warnings []string
	waits    bool
}

// ready works out what a draft would be as a post now, with every fault.
func (h *Herald) ready(ctx context.Context, d cordon.AnnouncementDraft) (ready, error) {
	now := h.now().UTC()
	r := ready{text: d.AnnouncementText, figures: cordon.Figures{}, quoted: []cordon.Figure{}, faults: []cordon.Fault{}, warnings: []string{}}
	var incident cordon.Incident
	if d.Incident != "" {
		var err error
		if incident, err = h.store.Incident(ctx, d.Incident); err != nil {
			return r, err
		}
		if r.figures, err = h.store.IncidentFigures(ctx, d.Incident); err != nil {
			return r, err
		}
	}
	if d.Stage == cordon.DraftWaiting {
		for _, f := range d.Frozen {
			r.figures[f.Name] = f
		}
	}
	if err := h.fillComponents(ctx, d, &r); err != nil {
		return r, err
	}
	r.fill(d)
	r.promise(d, incident, now)
	d.AnnouncementText = r.text
	r.fault(d.Validate())
	r.check(d, h.site.URL)
	size, any, err := h.store.Witnessed(ctx)
	if err != nil {
		return r, err
	}
	r.waits = any && r.size > size
	return r, nil
}

// fault adds what an error names.
func (r *ready) fault(err error) {
	var e *cordon.Error
	switch {
	case !errors.As(err, &e):
	case len(e.Faults) > 0:
		r.faults = append(r.faults, e.Faults...)
	default:
		r.faults = append(r.faults, cordon.Fault{Field: e.Field, Message: e.Message, Remedy: e.Remedy})
	}
}

// fill puts the figures in.
func (r *ready) fill(d cordon.AnnouncementDraft) {
	r.body = d.Body
	names, err := cordon.FiguresIn(d.Body + d.NotAffected)
	if err != nil {
		return // Validate says so
	}
	body, err := cordon.FillFigures(d.Body, r.figures, nil)
	if err == nil {
		r.body = body
		r.text.NotAffected, err = cordon.FillFigures(d.NotAffected, r.figures, nil)
	}
	if err != nil {
		r.fault(err)
		return
	}
	for _, name := range names {
		f := r.figures[name]
		r.quoted = append(r.quoted, f)
		r.size = max(r.size, f.LedgerSize)
	}
}

// promise fills in when readers hear more, as the house promises it, and says
// what is wrong with what the writer promises.
func (r *ready) promise(d cordon.AnnouncementDraft, i cordon.Incident, now time.Time) {
	next := r.text.NextUpdateDue
	early := d.Audience.OnStatusPage() && d.Incident != "" && now.Before(i.OpenedAt.Add(cordon.FirstUpdatesFor))
	add := func(field, message, remedy string) {
		r.faults = append(r.faults, cordon.Fault{Field: field, Message: message, Remedy: remedy})
	}
	switch {
	case d.State.Over() && next.IsZero():
	case d.State.Over():
		add("next_update_due", "is promised by a post that ends the matter", "leave it out; promise a report with report_by")
	case next.IsZero() && early:
		r.text.NextUpdateDue = now.Add(cordon.FirstUpdateEvery).Truncate(time.Minute)
	case next.IsZero():
		add("next_update_due", "is missing", "say when readers hear more")
	case !next.After(now):
		add("next_update_due", "is over already", "give a time to come")
	case early && next.After(now.Add(cordon.FirstUpdateEvery+time.Minute)):
		add("next_update_due", "is later than the house promises", "in the first 2 hours of an incident readers hear more every 20 minutes")
	}
	if !r.text.ReportBy.IsZero() && !r.text.ReportBy.After(now) {
		add("report_by", "is over already", "give a time to come")
	}
}

// fillComponents names the parts that are touched, where the writer did not: those
// of the incident's kinds of mail; all, while no mail of it is known.
func (h *Herald) fillComponents(ctx context.Context, d cordon.AnnouncementDraft, r *ready) error {
	all, err := h.store.Components(ctx)
	if err != nil {
		return err
	}
	for _, id := range d.Components {
		if !slices.ContainsFunc(all, func(c cordon.Component) bool { return c.ID == id }) {
			r.faults = append(r.faults, cordon.Fault{Field: "components", Message: "names one that there is not", Remedy: "cordon statuspage components lists them"})
		}
	}
	if len(d.Components) > 0 || d.Incident == "" || d.Impact == cordon.ImpactNone {
		return nil
	}
	kinds, err := h.store.IncidentMailKinds(ctx, d.Incident)
	if err != nil {
		return err
	}
	for _, c := range all {
		touched := func(k cordon.Kind) bool { return slices.Contains(kinds, k) }
		if len(c.Kinds) > 0 && (len(kinds) == 0 || slices.ContainsFunc(c.Kinds, touched)) {
			r.text.Components = append(r.text.Components, c.ID)
		}
	}
	return nil
}
