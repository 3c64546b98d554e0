package announce

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	aStep = 200 // promises, drafts, threads looked at in one step
	chunk = 500 // messages queued in one transaction
)

// Step does once whatever is due: the first draft and promise of incidents that
// became public, pages about promises, corrections, posts that waited for a
// witness, and mail to subscribers. What fails is tried again at the next step,
// and keeps nothing else from being done.
func (h *Herald) Step(ctx context.Context) error {
	return errors.Join(
		h.keepUp(ctx), h.pagePromises(ctx), h.postWaiting(ctx), h.answerWishes(ctx), h.mail(ctx),
	)
}

// keepUp does what follows from what happened, when there is a new entry in the
// ledger.
func (h *Herald) keepUp(ctx context.Context) error {
	size, _, err := h.store.LedgerHead(ctx)
	if err != nil {
		return err
	}
	now := h.now()
	if !h.kept.Old(size, now) {
		return nil
	}
	waits, err := h.correct(ctx)
	if err := errors.Join(err, h.openFirst(ctx), h.store.ForgetPromises(ctx), h.store.ForgetSubscriptions(ctx)); err != nil {
		return err
	}
	if !waits {
		h.kept = cordon.Glance{Size: size, At: now}
	}
	return nil
}

// openFirst promises the first post of every incident that became public, and
// writes its draft.
func (h *Herald) openFirst(ctx context.Context) error {
	all, err := h.store.UntoldIncidents(ctx, aStep)
	if err != nil {
		return err
	}
	for _, i := range all {
		kinds, err := h.store.IncidentMailKinds(ctx, i.ID)
		if err != nil {
			return err
		}
		first := cordon.Promise{Kind: cordon.PromiseFirst, Incident: i.ID, Audience: cordon.ForPublic, Exercise: i.Exercise,
			MadeAt: i.PublicAt, DueAt: i.PublicAt.Add(cordon.FirstPostWithin)}
		if err := h.store.OpenAnnouncing(ctx, firstDraft(i.Incident, kinds), first); err != nil {
			return err
		}
	}
	return nil
}

// pagePromises wakes the Customer Liaison before a promise lapses, and when it
// has.
func (h *Herald) pagePromises(ctx context.Context) error {
	due, err := h.store.DuePromises(ctx, h.now(), aStep)
	if err != nil {
		return err
	}
	for _, p := range due {
		warn, late := promisePages(p)
		if err := h.store.PagePromise(ctx, p.ID, warn, late); err != nil {
			return err
		}
	}
	return nil
}

func promisePages(p cordon.Promise) (warn, late cordon.NewPage) {
	warn = cordon.NewPage{Key: cordon.PromisePage(p.ID, false), Incident: p.Incident, Severity: 3, Role: cordon.RoleCustomerLiaison, Path: "/announcements", Exercise: p.Exercise}
	late = warn
	late.Key, late.Severity = cordon.PromisePage(p.ID, true), 2
	what := fmt.Sprintf("the next update to announcement %d", p.Number)
	switch p.Kind {
	case cordon.PromiseFirst:
		what = "the first announcement of a public incident"
	case cordon.PromiseReport:
		what = fmt.Sprintf("the report on announcement %d", p.Number)
	}
	due := p.DueAt.UTC().Format("15:04 UTC")
	if p.Kind == cordon.PromiseReport {
		due = p.DueAt.UTC().Format("2 January, 15:04 UTC")
	}
	warn.Title = "Due by " + due + ": " + what
	late.Title = "Overdue since " + due + ": " + what
	warn.Text = "Readers were promised it. A draft with the figures of this moment needs a signature: see Announcements in the console."
	late.Text = "Readers were promised it, and it has not come. Post it, even if there is little to say."
	if p.Exercise {
		warn.Title, late.Title = "EXERCISE – "+warn.Title, "EXERCISE – "+late.Title
	}
	return warn, late
}

// How often the figures of a number are compared: while it is not over, and for
// how long and how often afterwards.
const (
	compareOpen  = 5 * time.Second
	compareOver  = 10 * time.Minute
	compareUntil = 90 * 24 * time.Hour
)

// correct drafts a correction for every number of which a published figure is not
// true any more, and drops those that are not needed.
func (h *Herald) correct(ctx context.Context) (waits bool, err error) {
	for after := int64(0); ; {
		all, err := h.store.PublishedFigures(ctx, after, aStep)
		if err != nil {
			return waits, err
		}
		for _, p := range all {
			after = p.Last.Number
			if !h.compareNow(p.Last) {
				waits = waits || !p.Last.State.Over()
				continue
			}
			now, err := h.store.IncidentFigures(ctx, p.Last.Incident)
			if err != nil {
				return waits, fmt.Errorf("figures of announcement %d: %w", p.Last.Number, err)
			}
			if changed := changedFigures(p.Figures, now); len(changed) > 0 {
				err = h.store.KeepCorrection(ctx, correction(p.Last, changed, now))
			} else {
				err = h.store.DropCorrection(ctx, p.Last.Number)
			}
			if err != nil {
				return waits, err
			}
		}
		if len(all) < aStep {
			return waits, nil
		}
	}
}

func (h *Herald) compareNow(last cordon.Announcement) bool {
	now := h.now()
	wait := compareOpen
	if last.State.Over() {
		wait = compareOver
		if now.Sub(last.PostedAt) > compareUntil {
			return false
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.looked[last.Number]) < wait {
		return false
	}
	h.looked[last.Number] = now
	return true
}

// changedFigures are the published ones that say something else now.
func changedFigures(published []cordon.Figure, now cordon.Figures) []cordon.Figure {
	var changed []cordon.Figure
	for _, f := range published {
		if current, known := now[f.Name]; known && !f.Same(current) {
			changed = append(changed, f)
		}
	}
	return changed
}

// correction words what changed. The old values are those that were published;
// the new ones are put in when it is posted.
func correction(last cordon.Announcement, changed []cordon.Figure, now cordon.Figures) cordon.AnnouncementDraft {
	d := cordon.AnnouncementDraft{Number: last.Number, Kind: cordon.AnnounceCorrection, Audience: last.Audience, Status: last.Status, Incident: last.Incident}
	d.Title, d.State, d.Impact, d.Components, d.SignedBy = last.Title, last.State, last.Impact, last.Components, ""
	var lines, why []string
	for _, f := range changed {
		lines = append(lines, fmt.Sprintf("%s: {{%s}} (before: %s).", FigureWord(f.Name), f.Name, f.Text()))
		why = append(why, fmt.Sprintf("%s was %s, is %s", f.Name, f.Text(), now[f.Name].Text()))
	}
	d.Body = "Figures that we published have changed as we learnt more.\n\n" + strings.Join(lines, "\n")
	d.Why = "published figures changed: " + strings.Join(why, "; ")
	return d
}

// postWaiting posts what was kept back, once a witness has seen enough.
func (h *Herald) postWaiting(ctx context.Context) error {
	drafts, _, err := h.store.AnnouncementDrafts(ctx, []cordon.DraftStage{cordon.DraftWaiting}, cordon.Page{Limit: aStep})
	if err != nil {
		return err
	}
	for _, d := range drafts {
		r, err := h.ready(ctx, d)
		if err != nil {
			return err
		}
		// What was promised when it was signed may be over by now; that it comes late
		// is then for all to see.
		if r.waits {
			continue
		}
		if _, err := h.publish(ctx, cordon.System(), d, r, d.PostedBy); err != nil {
			return err
		}
	}
	return nil
}

func (h *Herald) answerWishes(ctx context.Context) error {
	for {
		due, err := h.store.WishesDue(ctx)
		if err != nil || !due {
			return err
		}
		if err := h.store.AnswerSubscriptions(ctx, chunk, h.confirmLetter); err != nil {
			return err
		}
	}
}

func (h *Herald) mail(ctx context.Context) error {
	for {
		due, err := h.store.MailDue(ctx)
		if err != nil || !due {
			return err
		}
		if err := h.store.MailAnnouncements(ctx, chunk, h.postLetter); err != nil {
			return err
		}
	}
}
