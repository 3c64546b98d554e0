package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/cordonmail/cordon"
)

const draftColumns = `d.num, d.id, d.number, d.incident, d.kind, d.audience, d.exercise, d.words, d.stage, d.why, d.author, d.approved_by, d.approver,
	d.version, d.created_at, d.updated_at, d.posted_by, d.posted_seq, d.frozen`

type numberedDraft struct {
	num int64
	cordon.AnnouncementDraft
}

func scanDraft(r scanner) (n numberedDraft, err error) {
	d := &n.AnnouncementDraft
	var words, frozen string
	var exercise bool
	var created, updated int64
	err = r.Scan(&n.num, &d.ID, &d.Number, &d.Incident, &d.Kind, &d.Audience, &exercise, &words, &d.Stage, &d.Why, &d.Author, &d.ApprovedBy, &d.Approver,
		&d.Version, &created, &updated, &d.PostedBy, &d.PostedSeq, &frozen)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal([]byte(words), &d.AnnouncementText); err != nil {
		return n, fmt.Errorf("words of draft %s: %w", d.ID, err)
	}
	if err := json.Unmarshal([]byte(frozen), &d.Frozen); err != nil {
		return n, fmt.Errorf("figures of draft %s: %w", d.ID, err)
	}
	d.Status = cordon.PostActual
	if exercise {
		d.Status = cordon.PostExercise
	}
	d.CreatedAt, d.UpdatedAt = fromMicros(created), fromMicros(updated)
	return n, nil
}

// AnnouncementDraft answers one draft.
func (s *Store) AnnouncementDraft(ctx context.Context, id cordon.AnnouncementDraftID) (cordon.AnnouncementDraft, error) {
	var n numberedDraft
	err := s.read(ctx, func(q querier) (err error) {
		n, err = draftOf(ctx, q, id, "")
		return err
	})
	return n.AnnouncementDraft, wrap(err, "draft")
}

func draftOf(ctx context.Context, q querier, id cordon.AnnouncementDraftID, lock string) (numberedDraft, error) {
	n, err := scanDraft(q.queryRow(ctx, `SELECT `+draftColumns+` FROM announcement_draft d WHERE d.id = $1 `+lock, string(id)))
	return n, orMissing(err, "draft")
}

// AnnouncementDrafts lists drafts in the stages (none: all), the newest first.
func (s *Store) AnnouncementDrafts(ctx context.Context, stages []cordon.DraftStage, p cordon.Page) ([]cordon.AnnouncementDraft, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	if len(stages) == 0 {
		stages = []cordon.DraftStage{cordon.DraftOpen, cordon.DraftWaiting, cordon.DraftPosted, cordon.DraftDropped}
	}
	var all []numberedDraft
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+draftColumns+` FROM announcement_draft d WHERE d.num < $1 AND d.stage IN (SELECT r.value FROM {{texts $2}} r)
			ORDER BY d.num DESC LIMIT $3`, before, jsonText(stages), p.Size()+1)
		all, err = collect(rows, err, scanDraft)
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "drafts")
	}
	all, next := page(all, p, func(n numberedDraft) string { return strconv.FormatInt(n.num, 10) })
	list := make([]cordon.AnnouncementDraft, len(all))
	for i, n := range all {
		list[i] = n.AnnouncementDraft
	}
	return list, next, nil
}

// SaveAnnouncementDraft writes a person's draft: a new one without an ID, or the
// words of one that stands, in the version that the writer saw. An approval ends
// with it.
func (s *Store) SaveAnnouncementDraft(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error) {
	var saved numberedDraft
	err := s.write(ctx, func(t *tx) error {
		var err error
		if d.ID == "" {
			saved, err = t.addDraft(ctx, by, d, "")
			return err
		}
		if saved, err = t.standing(ctx, d.ID, d.Version); err != nil {
			return err
		}
		saved.AnnouncementText, saved.Author, saved.ApprovedBy, saved.Approver = d.AnnouncementText, by.Person(), "", ""
		if saved.Kind != cordon.AnnounceOriginal && d.Kind != cordon.AnnounceOriginal {
			saved.Kind = d.Kind // an update may become the end, never an original
		}
		return t.rewriteDraft(ctx, &saved)
	})
	return saved.AnnouncementDraft, wrap(err, "save draft")
}

// standing locks a draft that may still be changed, in the version that was seen.
func (t *tx) standing(ctx context.Context, id cordon.AnnouncementDraftID, version int64) (numberedDraft, error) {
	n, err := draftOf(ctx, t, id, "{{forupdate}}")
	switch {
	case err != nil:
		return n, err
	case n.Stage == cordon.DraftPosted:
		return n, &cordon.Error{Code: cordon.Conflict, Field: "draft", Message: "was posted already, as " + postName(n.Number, n.PostedSeq), Remedy: "a post never changes: write an update or a correction"}
	case n.Stage == cordon.DraftWaiting:
		return n, &cordon.Error{Code: cordon.Conflict, Field: "draft", Message: "is posted and waits for the ledger's witness", Remedy: "drop it, or wait"}
	case n.Stage != cordon.DraftOpen:
		return n, &cordon.Error{Code: cordon.Conflict, Field: "draft", Message: "was dropped", Remedy: "write a new one"}
	case n.Version != version:
		return n, &cordon.Error{Code: cordon.Conflict, Field: "version", Message: "the draft was changed meanwhile", Remedy: "look at it again"}
	}
	return n, nil
}

func postName(number int64, seq int) string {
	return strconv.FormatInt(number, 10) + "/" + strconv.Itoa(seq)
}

// addDraft writes a new draft. slot names what the house wrote it for; "" is a
// person's. One that stands in the slot already is left as it is.
func (t *tx) addDraft(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft, slot string) (numberedDraft, error) {
	num, err := t.take(ctx, 0, "announcement draft", 1)
	if err != nil {
		return numberedDraft{}, err
	}
	d.ID, d.Stage, d.Version, d.Author = cordon.NewAnnouncementDraftID(), cordon.DraftOpen, 1, by.Person()
	d.CreatedAt, d.UpdatedAt, d.ApprovedBy, d.Approver, d.PostedBy, d.PostedSeq, d.Frozen = t.now, t.now, "", "", "", 0, nil
	if slot == "" {
		slot = string(d.ID)
	}
	t.wake(topicAnnouncements)
	_, err = t.exec(ctx, `INSERT INTO announcement_draft (num, id, number, incident, kind, audience, exercise, words, stage, why, author, approved_by, approver, version, created_at, updated_at, posted_by, posted_seq, frozen, slot)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', 1, $12, $12, '', 0, 'null', $13) ON CONFLICT (slot) DO NOTHING`,
		num, string(d.ID), d.Number, string(d.Incident), string(d.Kind), string(d.Audience), d.Status != cordon.PostActual, string(mustJSON(d.AnnouncementText)),
		string(d.Stage), d.Why, d.Author, micros(t.now), slot)
	return numberedDraft{num, d}, err
}

// rewriteDraft writes the words of a draft that stands, as its next version.
func (t *tx) rewriteDraft(ctx context.Context, n *numberedDraft) error {
	n.Version++
	n.UpdatedAt = t.now
	t.wake(topicAnnouncements)
	_, err := t.exec(ctx, `UPDATE announcement_draft SET words = $2, kind = $3, author = $4, approved_by = $5, approver = $6, version = $7, updated_at = $8, why = $9 WHERE num = $1`,
		n.num, string(mustJSON(n.AnnouncementText)), string(n.Kind), n.Author, n.ApprovedBy, n.Approver, n.Version, micros(t.now), n.Why)
	return err
}

// ApproveAnnouncementDraft notes that somebody else than who wrote the words has
// read this very version.
func (s *Store) ApproveAnnouncementDraft(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, version int64) (cordon.AnnouncementDraft, error) {
	var n numberedDraft
	err := s.write(ctx, func(t *tx) (err error) {
		if n, err = t.standing(ctx, id, version); err != nil {
			return err
		}
		if n.Author == by.Person() {
			return &cordon.Error{Code: cordon.Denied, Field: "draft", Message: "was written by the same person", Remedy: "somebody else must approve it"}
		}
		n.ApprovedBy, n.Approver = by.ID(), by.Person()
		t.wake(topicAnnouncements)
		_, err = t.exec(ctx, `UPDATE announcement_draft SET approved_by = $2, approver = $3 WHERE num = $1`, n.num, n.ApprovedBy, n.Approver)
		return err
	})
	return n.AnnouncementDraft, wrap(err, "approve draft")
}

// DropAnnouncementDraft ends a draft, also one that waits for a witness.
func (s *Store) DropAnnouncementDraft(ctx context.Context, by cordon.Actor, id cordon.AnnouncementDraftID, version int64) error {
	err := s.write(ctx, func(t *tx) error {
		n, err := draftOf(ctx, t, id, "{{forupdate}}")
		if err != nil {
			return err
		}
		if n.Stage != cordon.DraftWaiting || n.Version != version {
			if n, err = t.standing(ctx, id, version); err != nil {
				return err
			}
		}
		// What the house wrote keeps its slot: it is not written again for the same cause.
		t.wake(topicAnnouncements)
		_, err = t.exec(ctx, `UPDATE announcement_draft SET stage = 'dropped', updated_at = $2 WHERE num = $1`, n.num, micros(t.now))
		return err
	})
	return wrap(err, "drop draft")
}

// FreezeAnnouncementDraft keeps a post back until a witness has seen the ledger
// that its figures are of; the figures stay as they are now.
func (s *Store) FreezeAnnouncementDraft(ctx context.Context, by cordon.Actor, d cordon.AnnouncementDraft) (cordon.AnnouncementDraft, error) {
	var n numberedDraft
	err := s.write(ctx, func(t *tx) (err error) {
		if n, err = t.standing(ctx, d.ID, d.Version); err != nil {
			return err
		}
		n.AnnouncementText, n.Stage, n.Frozen, n.PostedBy = d.AnnouncementText, cordon.DraftWaiting, d.Frozen, by.ID()
		t.wake(topicAnnouncements)
		_, err = t.exec(ctx, `UPDATE announcement_draft SET stage = 'waiting', words = $2, frozen = $3, posted_by = $4, updated_at = $5 WHERE num = $1`,
			n.num, string(mustJSON(n.AnnouncementText)), jsonText(d.Frozen), n.PostedBy, micros(t.now))
		return err
	})
	return n.AnnouncementDraft, wrap(err, "keep post back")
}

// KeepCorrection writes the correction that the house proposes for a number, or
// brings it up to date. Words that a person wrote there stay; so does what a
// person dropped, until the figures change again.
func (s *Store) KeepCorrection(ctx context.Context, d cordon.AnnouncementDraft) error {
	err := s.write(ctx, func(t *tx) error {
		slot := correctionSlot(d.Number)
		n, err := scanDraft(t.queryRow(ctx, `SELECT `+draftColumns+` FROM announcement_draft d WHERE d.slot = $1 {{forupdate}}`, slot))
		if err = orMissing(err, "draft"); cordon.CodeOf(err) == cordon.Missing {
			_, err = t.addDraft(ctx, cordon.System(), d, slot)
			return err
		}
		if err != nil || n.Why == d.Why {
			return err
		}
		if n.Stage == cordon.DraftDropped {
			if err := t.clearSlot(ctx, n.num, n.ID); err != nil {
				return err
			}
			_, err = t.addDraft(ctx, cordon.System(), d, slot)
			return err
		}
		if n.Stage != cordon.DraftOpen {
			return nil
		}
		n.Why = d.Why
		if n.Author == cordon.System().Person() {
			n.AnnouncementText = d.AnnouncementText
		}
		n.ApprovedBy, n.Approver = "", ""
		return t.rewriteDraft(ctx, &n)
	})
	return wrap(err, "write correction")
}

func correctionSlot(number int64) string { return "correction/" + strconv.FormatInt(number, 10) }

// clearSlot lets the house write another draft for the same.
func (t *tx) clearSlot(ctx context.Context, num int64, id cordon.AnnouncementDraftID) error {
	_, err := t.exec(ctx, `UPDATE announcement_draft SET slot = $2 WHERE num = $1`, num, string(id))
	return err
}

// DropCorrection ends the correction that the house proposed for a number: what
// was published is true again, or was said again.
func (s *Store) DropCorrection(ctx context.Context, number int64) error {
	standing := false
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM announcement_draft d WHERE d.slot = $1 AND d.stage IN ('open', 'dropped'))`, correctionSlot(number)).Scan(&standing)
	})
	if err == nil && standing {
		err = s.write(ctx, func(t *tx) error {
			t.wake(topicAnnouncements)
			_, err := t.exec(ctx, `UPDATE announcement_draft SET stage = 'dropped', slot = id, updated_at = $2 WHERE slot = $1 AND stage IN ('open', 'dropped')`,
				correctionSlot(number), micros(t.now))
			return err
		})
	}
	return wrap(err, "drop correction")
}
