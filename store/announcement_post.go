package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/cordonmail/cordon"
)

// PostAnnouncement makes a post of a draft, in one transaction with everything
// that follows from it: its number, the promises it keeps and makes, the mail to
// those who subscribed, the ledger's entry and the incident's line.
func (s *Store) PostAnnouncement(ctx context.Context, p cordon.Posting) (cordon.Announcement, error) {
	var a cordon.Announcement
	err := s.write(ctx, func(t *tx) (err error) {
		a, err = t.postAnnouncement(ctx, p)
		return err
	})
	return a, wrap(err, "post announcement")
}

func (t *tx) postAnnouncement(ctx context.Context, p cordon.Posting) (cordon.Announcement, error) {
	d, err := draftOf(ctx, t, p.Draft, "{{forupdate}}")
	if err != nil {
		return p.Post, err
	}
	if d.Stage != cordon.DraftWaiting || d.Version != p.Version {
		if d, err = t.standing(ctx, p.Draft, p.Version); err != nil {
			return p.Post, err
		}
	}
	a := p.Post
	a.Number, a.Kind, a.Incident, a.Audience, a.Status, a.PostedAt = d.Number, d.Kind, d.Incident, d.Audience, d.Status, t.now
	if err := t.numberPost(ctx, &a, p.FirstNumber); err != nil {
		return a, err
	}
	if err := t.insertPost(ctx, a); err != nil {
		return a, err
	}
	if _, err := t.exec(ctx, `UPDATE announcement_draft SET stage = 'posted', slot = id, number = $2, posted_seq = $3, posted_by = $4, updated_at = $5 WHERE num = $1`,
		d.num, a.Number, a.Seq, a.PostedBy, micros(t.now)); err != nil {
		return a, err
	}
	if err := t.keepPromises(ctx, a); err != nil {
		return a, err
	}
	for _, promise := range p.Promises {
		promise.Number, promise.Seq, promise.Incident, promise.Audience, promise.Exercise = a.Number, a.Seq, a.Incident, a.Audience, a.Exercise()
		if _, err := t.addPromise(ctx, promise); err != nil {
			return a, err
		}
	}
	return a, t.tellOfPost(ctx, p.By, a)
}

// numberPost gives an original the next number of the series, and what follows
// one the next place under it.
func (t *tx) numberPost(ctx context.Context, a *cordon.Announcement, first int64) error {
	defer placeAnnouncement(a)
	if a.Number == 0 {
		var err error
		if a.Number, err = t.take(ctx, 0, "announcement", 1); err != nil {
			return err
		}
		if a.Number < first {
			a.Number = first
			if _, err := t.exec(ctx, `UPDATE counter SET last = $1 WHERE tenant = 0 AND noun = 'announcement'`, first); err != nil {
				return err
			}
		}
		_, err = t.exec(ctx, `INSERT INTO announcement_thread (number, incident, audience, exercise, last_seq, state, kind, at) VALUES ($1, $2, $3, $4, 0, $5, $6, $7)`,
			a.Number, string(a.Incident), string(a.Audience), a.Exercise(), string(a.State), string(a.Kind), micros(t.now))
		return err
	}
	var before cordon.AnnouncementKind
	if err := t.queryRow(ctx, `SELECT h.last_seq + 1, h.kind FROM announcement_thread h WHERE h.number = $1 {{forupdate}}`, a.Number).Scan(&a.Seq, &before); err != nil {
		return orMissing(err, "announcement")
	}
	if before == cordon.AnnounceRetraction {
		return &cordon.Error{Code: cordon.Conflict, Field: "number", Message: "was retracted", Remedy: "post an original"}
	}
	_, err := t.exec(ctx, `UPDATE announcement_thread SET last_seq = $2, state = $3, kind = $4, at = $5 WHERE number = $1`,
		a.Number, a.Seq, string(a.State), string(a.Kind), micros(t.now))
	return err
}

func (t *tx) insertPost(ctx context.Context, a cordon.Announcement) error {
	num, err := t.take(ctx, 0, "announcement post", 1)
	if err != nil {
		return err
	}
	components, figures := a.Components, a.Figures
	if components == nil {
		components = []cordon.ComponentID{}
	}
	if figures == nil {
		figures = []cordon.Figure{}
	}
	_, err = t.exec(ctx, `INSERT INTO announcement (number, seq, num, kind, state, impact, title, body, source, not_affected, components, figures, ledger_size, next_due, report_by, signed_by, posted_by, approved_by, posted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		a.Number, a.Seq, num, string(a.Kind), string(a.State), string(a.Impact), a.Title, a.Body, a.Source, a.NotAffected, jsonText(components), jsonText(figures),
		a.LedgerSize, micros(a.NextUpdateDue), micros(a.ReportBy), a.SignedBy, a.PostedBy, a.ApprovedBy, micros(a.PostedAt))
	return err
}

// keepPromises settles what the post was promised for.
func (t *tx) keepPromises(ctx context.Context, a cordon.Announcement) error {
	if err := t.settlePromises(ctx, a.Seq, cordon.PromiseKept, `p.kind = 'next-update' AND p.number = $1`, a.Number); err != nil {
		return err
	}
	if a.Incident != "" && a.Audience.OnStatusPage() {
		if err := t.settlePromises(ctx, a.Seq, cordon.PromiseKept, `p.kind = 'first-post' AND p.incident = $1`, string(a.Incident)); err != nil {
			return err
		}
	}
	switch {
	case a.Kind == cordon.AnnounceRetraction: // there is nothing to report on
		return t.settlePromises(ctx, a.Seq, cordon.PromiseDropped, `p.kind = 'report' AND p.number = $1`, a.Number)
	case a.State == cordon.PublicPostmortem:
		return t.settlePromises(ctx, a.Seq, cordon.PromiseKept, `p.kind = 'report' AND p.number = $1`, a.Number)
	}
	return nil
}

// tellOfPost puts the post on its way: to subscribers, into the ledger, into the
// incident's timeline.
func (t *tx) tellOfPost(ctx context.Context, by cordon.Actor, a cordon.Announcement) error {
	if !a.Exercise() && a.Audience.OnStatusPage() {
		if _, err := t.exec(ctx, `INSERT INTO announcement_mail (number, seq, after, done, queued) VALUES ($1, $2, 0, FALSE, 0)`, a.Number, a.Seq); err != nil {
			return err
		}
	}
	if a.Seq == 0 && a.Incident != "" && a.Audience.OnStatusPage() { // the house's own proposal is not needed any more
		if _, err := t.exec(ctx, `UPDATE announcement_draft SET stage = 'dropped', updated_at = $2 WHERE slot = $1 AND stage = 'open'`, "opening/"+string(a.Incident), micros(t.now)); err != nil {
			return err
		}
	}
	t.wake(topicAnnouncements)
	name := postName(a.Number, a.Seq)
	sum := sha256.Sum256([]byte(a.Title + "\x00" + a.Body + "\x00" + a.NotAffected))
	figures := map[string]int64{}
	for _, f := range a.Figures {
		figures[f.Name] = f.Value
		if !f.At.IsZero() {
			figures[f.Name] = micros(f.At)
		}
	}
	t.append(entry(by, cordon.EntryAnnounced, "", name, map[string]any{
		"kind": a.Kind, "audience": a.Audience, "status": a.Status, "state": a.State, "impact": a.Impact, "incident": a.Incident, "text_sha256": hex.EncodeToString(sum[:]),
		"figures": figures, "ledger_size": a.LedgerSize, "posted_by": a.PostedBy, "approved_by": a.ApprovedBy, "alone": a.ApprovedBy == "",
	}))
	if a.Incident == "" {
		return nil
	}
	i, err := incidentOf(ctx, t, a.Incident, "{{forupdate}}")
	if err == nil {
		err = t.linkIncident(ctx, by, &i, cordon.IncidentLink{Noun: cordon.LinkAnnouncement, Subject: name})
	}
	if err != nil {
		return fmt.Errorf("link announcement: %w", err)
	}
	return nil
}
