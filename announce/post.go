package announce

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// Signature is what whoever posts adds at last.
type Signature struct {
	Version  int64         // of the draft, as it was read
	SignedBy string        // "" keeps the draft's
	Next     time.Duration // until the next post; 0 keeps the draft's
}

// Posted is what came of posting.
type Posted struct {
	Post *cordon.Announcement `json:"post,omitempty"`
	// Waiting is the draft that is kept back, figures frozen, until a witness has
	// seen the ledger that they are of. It is posted by itself then.
	Waiting *cordon.AnnouncementDraft `json:"waiting,omitempty"`
	// Warnings are what should have been looked at once more.
	Warnings []string `json:"warnings,omitempty"`
}

// Post makes a post of a draft: immutable, with the figures of this moment. Posts
// to the public may be posted alone; those to tenants, to recipients, and
// retractions, need a second person's approval of these very words.
func (h *Herald) Post(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, s Signature) (Posted, error) {
	if err := mayPost(by); err != nil {
		return Posted{}, err
	}
	d, err := h.store.AnnouncementDraft(ctx, id)
	if err != nil {
		return Posted{}, err
	}
	if d.Stage != cordon.DraftOpen {
		return Posted{}, over(d)
	}
	if s.Version != 0 && s.Version != d.Version {
		return Posted{}, &cordon.Error{Code: cordon.Conflict, Field: "version", Message: "the draft was changed meanwhile", Remedy: "look at it again"}
	}
	if s.SignedBy != "" {
		d.SignedBy = s.SignedBy
	}
	if s.Next > 0 {
		d.NextUpdateDue = h.now().UTC().Add(s.Next).Truncate(time.Second)
	}
	if d.NeedsApproval() && (d.ApprovedBy == "" || d.Approver == by.Person()) {
		return Posted{}, &cordon.Error{Code: cordon.Denied, Field: "draft", Message: "needs a second person's approval", Remedy: "somebody else than who posts it must approve it: cordon announce approve"}
	}
	r, err := h.ready(ctx, d)
	if err != nil {
		return Posted{}, err
	}
	if len(r.faults) > 0 {
		f := r.faults[0]
		return Posted{}, &cordon.Error{Code: cordon.Invalid, Field: f.Field, Message: f.Message, Remedy: f.Remedy, Faults: r.faults}
	}
	if r.waits {
		d.Frozen = r.quoted
		d.NextUpdateDue = r.text.NextUpdateDue
		kept, err := h.store.FreezeAnnouncementDraft(ctx, by, d)
		return Posted{Waiting: &kept, Warnings: r.warnings}, err
	}
	post, err := h.publish(ctx, by, d, r, by.ID())
	if err != nil {
		return Posted{}, err
	}
	return Posted{Post: &post, Warnings: r.warnings}, nil
}

// over says why a draft can be posted no more.
func over(d cordon.AnnouncementDraft) error {
	e := &cordon.Error{Code: cordon.Conflict, Field: "draft", Message: "was dropped", Remedy: "write a new one"}
	switch d.Stage {
	case cordon.DraftPosted:
		e.Message = fmt.Sprintf("was posted already, as %d/%d", d.Number, d.PostedSeq)
		e.Remedy = "a post never changes: write an update or a correction"
	case cordon.DraftWaiting:
		e.Message, e.Remedy = "is posted, and waits for the ledger's witness", "wait, or drop it"
	}
	return e
}

// publish hands a post that is ready to the store.
func (h *Herald) publish(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft, r ready, poster string) (cordon.Announcement, error) {
	post := cordon.Announcement{AnnouncementText: r.text, Source: d.Body, Figures: r.quoted, LedgerSize: r.size, PostedBy: poster, ApprovedBy: d.ApprovedBy}
	post.Body = r.body
	var promises []cordon.Promise
	if !r.text.NextUpdateDue.IsZero() {
		promises = append(promises, cordon.Promise{Kind: cordon.PromiseUpdate, DueAt: r.text.NextUpdateDue})
	}
	if !r.text.ReportBy.IsZero() {
		promises = append(promises, cordon.Promise{Kind: cordon.PromiseReport, DueAt: r.text.ReportBy})
	}
	return h.store.PostAnnouncement(ctx, cordon.Posting{By: by, Draft: d.ID, Version: d.Version, Post: post, Promises: promises, FirstNumber: h.first})
}

// readableBy are the audiences whose posts the actor may read in here.
func readableBy(by cordon.Actor) ([]cordon.PostAudience, error) {
	if !by.Can(cordon.ReadIncidents, by.Tenant) && !by.Can(cordon.PostAnnouncements, by.Tenant) {
		return nil, forbidden(cordon.ReadIncidents)
	}
	if by.Tenant != "" {
		return []cordon.PostAudience{cordon.ForPublic, cordon.ForRecipients, cordon.ForTenants}, nil
	}
	return cordon.PostAudiences(), nil
}

// Announcements lists posts, the newest first. A tenant's people see what is for
// them or for everybody.
func (h *Herald) Announcements(ctx context.Context, by cordon.Actor, f cordon.AnnouncementFilter, p cordon.Page) ([]cordon.Announcement, string, error) {
	may, err := readableBy(by)
	if err != nil {
		return nil, "", err
	}
	if len(f.Audiences) == 0 {
		f.Audiences = may
	}
	f.Audiences = slices.DeleteFunc(slices.Clone(f.Audiences), func(a cordon.PostAudience) bool { return !slices.Contains(may, a) })
	if len(f.Audiences) == 0 {
		return nil, "", nil
	}
	return h.store.Announcements(ctx, f, p)
}

// Announcement answers one post.
func (h *Herald) Announcement(ctx context.Context, by cordon.Actor, number int64, seq int) (cordon.Announcement, error) {
	may, err := readableBy(by)
	if err != nil {
		return cordon.Announcement{}, err
	}
	a, err := h.store.Announcement(ctx, number, seq)
	if err == nil && !slices.Contains(may, a.Audience) {
		err = &cordon.Error{Code: cordon.Missing, Field: "announcement", Message: "there is no such announcement, or it is not yours"}
	}
	if err != nil {
		return cordon.Announcement{}, err
	}
	return a, nil
}

// Promises lists what was promised, the newest first.
func (h *Herald) Promises(ctx context.Context, by cordon.Actor, f cordon.PromiseFilter, p cordon.Page) ([]cordon.Promise, string, error) {
	if err := mayRead(by); err != nil {
		return nil, "", err
	}
	return h.store.Promises(ctx, f, p)
}

// Subscribers is how many get announcements by mail. Who they are is shown to
// nobody.
func (h *Herald) Subscribers(ctx context.Context, by cordon.Actor) (int64, error) {
	if err := mayRead(by); err != nil {
		return 0, err
	}
	return h.store.Subscribers(ctx)
}

// Components lists the parts of the service.
func (h *Herald) Components(ctx context.Context, by cordon.Actor) ([]cordon.Component, error) {
	if _, err := readableBy(by); err != nil {
		return nil, err
	}
	return h.store.Components(ctx)
}

// SaveComponent writes a part of the service: a new one without an ID.
func (h *Herald) SaveComponent(ctx context.Context, by cordon.Actor, c cordon.Component) (cordon.Component, error) {
	if err := mayPost(by); err != nil {
		return c, err
	}
	if err := c.Validate(); err != nil {
		return c, err
	}
	return h.store.SaveComponent(ctx, by, c)
}

// DeleteComponent takes a part of the service off the status page.
func (h *Herald) DeleteComponent(ctx context.Context, by cordon.Actor, id cordon.ComponentID) error {
	if err := mayPost(by); err != nil {
		return err
	}
	return h.store.DeleteComponent(ctx, by, id)
}
