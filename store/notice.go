package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/cordonmail/cordon"
)

// topicNotice is rung when there is somebody to tell.
const topicNotice = "notice"

const factsColumns = `SELECT f.incident, f.seq, f.revision, f.state, f.texts, f.figures, f.why, f.changes, f.written_by, f.written_at, f.approved_by, f.approved_at FROM notice_facts f `

func scanFacts(r scanner) (cordon.NoticeFacts, error) {
	var f cordon.NoticeFacts
	var texts, figures, changes string
	var written, approved int64
	err := r.Scan(&f.Incident, &f.Seq, &f.Revision, &f.State, &texts, &figures, &f.Why, &changes, &f.WrittenBy, &written, &f.ApprovedBy, &approved)
	if err != nil {
		return f, err
	}
	f.WrittenAt, f.ApprovedAt = fromMicros(written), fromMicros(approved)
	return f, errors.Join(json.Unmarshal([]byte(texts), &f.Texts), json.Unmarshal([]byte(figures), &f.Figures), json.Unmarshal([]byte(changes), &f.Changes))
}

// NoticeFacts answers the newest revision of one notice of the incident, of the
// newest notice for seq 0.
func (s *Store) NoticeFacts(ctx context.Context, id cordon.IncidentID, seq int) (f cordon.NoticeFacts, err error) {
	err = s.read(ctx, func(q querier) error {
		f, err = newestFacts(ctx, q, id, seq)
		return err
	})
	return f, wrap(err, "read notice")
}

func newestFacts(ctx context.Context, q querier, id cordon.IncidentID, seq int) (cordon.NoticeFacts, error) {
	f, err := scanFacts(q.queryRow(ctx, factsColumns+`WHERE f.incident = $1 AND (CAST($2 AS BIGINT) = 0 OR f.seq = CAST($2 AS BIGINT)) ORDER BY f.seq DESC, f.revision DESC LIMIT 1`, string(id), seq))
	return f, orMissing(err, "notice")
}

// ApprovedNotice answers what is told about the incident now; Missing while
// nothing is.
func (s *Store) ApprovedNotice(ctx context.Context, id cordon.IncidentID) (f cordon.NoticeFacts, err error) {
	err = s.read(ctx, func(q querier) error {
		f, err = approvedNotice(ctx, q, id)
		return err
	})
	return f, wrap(err, "read notice")
}

func approvedNotice(ctx context.Context, q querier, id cordon.IncidentID) (cordon.NoticeFacts, error) {
	f, err := scanFacts(q.queryRow(ctx, factsColumns+`WHERE f.incident = $1 AND f.state = 'approved' ORDER BY f.seq DESC LIMIT 1`, string(id)))
	return f, orMissing(err, "notice")
}

// NoticeHistory lists every revision of every notice of the incident, the newest
// first.
func (s *Store) NoticeHistory(ctx context.Context, id cordon.IncidentID) (all []cordon.NoticeFacts, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, factsColumns+`WHERE f.incident = $1 ORDER BY f.seq DESC, f.revision DESC`, string(id))
		all, err = collect(rows, err, scanFacts)
		return err
	})
	return all, wrap(err, "notice history")
}

// NoticedIncidents lists the incidents that have an approved notice, with their
// numbers, and whether they are still open; the newest first.
func (s *Store) NoticedIncidents(ctx context.Context, open bool) (all []cordon.IncidentID, err error) {
	err = s.read(ctx, func(q querier) error {
		where := ``
		if open {
			where = ` AND i.state IN ('triage', 'investigating', 'contained', 'fixing', 'monitoring')`
		}
		rows, err := q.query(ctx, `SELECT i.id FROM incident i WHERE EXISTS (SELECT 1 FROM notice_facts f WHERE f.incident = i.id AND f.state = 'approved')`+where+` ORDER BY i.num DESC`)
		all, err = collect(rows, err, func(r scanner) (id cordon.IncidentID, err error) { return id, r.Scan(&id) })
		return err
	})
	return all, wrap(err, "list notices")
}

// DraftNotice adds a revision to the incident's draft; to a new one, the next in
// number, when the newest notice is approved or there is none. seen names the
// revision the writer began with: when there is a newer one, or when seq and
// revision of it are not the newest, it is a Conflict and nothing is lost. Every
// revision is kept.
func (s *Store) DraftNotice(ctx context.Context, by cordon.Actor, f, seen cordon.NoticeFacts) (cordon.NoticeFacts, error) {
	err := s.write(ctx, func(t *tx) error {
		newest, err := newestFacts(ctx, t, f.Incident, 0)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return err
		}
		if newest.Seq != seen.Seq || newest.Revision != seen.Revision || newest.State != seen.State {
			return &cordon.Error{Code: cordon.Conflict, Field: "revision", Message: "is not the newest: somebody changed the notice meanwhile", Remedy: "look at it again, and put your change into what is there now"}
		}
		f.Seq, f.Revision, f.State = newest.Seq, newest.Revision+1, cordon.FactsDraft
		if newest.State != cordon.FactsDraft {
			f.Seq, f.Revision = newest.Seq+1, 1
		}
		f.WrittenBy, f.WrittenAt, f.ApprovedBy = by.Person(), t.now, ""
		t.append(entry(by, cordon.EntryNoticeDrafted, "", string(f.Incident), map[string]any{"seq": f.Seq, "revision": f.Revision, "why": f.Why, "changes": len(f.Changes), "hash": f.Hash()}))
		_, err = t.exec(ctx, `INSERT INTO notice_facts (incident, seq, revision, state, texts, figures, why, changes, written_by, written_at, approved_by, approved_at)
			VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, '', 0)`,
			string(f.Incident), f.Seq, f.Revision, jsonText(f.Texts), jsonText(f.Figures), f.Why, jsonText(orNone(f.Changes)), f.WrittenBy, micros(t.now))
		return s.orTaken(err, "revision", "was written by somebody else at the same moment")
	})
	return f, wrap(err, "draft notice")
}

func orNone(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

// ApproveNotice makes the newest revision of the incident's draft what is told,
// with the figures the approver saw, and plans to tell every affected tenant. hash
// is that of what the approver saw. Nobody approves what he wrote any revision of.
func (s *Store) ApproveNotice(ctx context.Context, by cordon.Actor, seen cordon.NoticeFacts, hash string) (f cordon.NoticeFacts, err error) {
	err = s.write(ctx, func(t *tx) error {
		f, err = newestFacts(ctx, t, seen.Incident, 0)
		switch {
		case err != nil:
			return err
		case f.State != cordon.FactsDraft:
			return cordon.Errorf(cordon.Conflict, "there is no draft: notice %d is %s", f.Seq, f.State)
		}
		f.Figures = seen.Figures
		if f.Seq != seen.Seq || f.Revision != seen.Revision || f.Hash() != hash {
			return &cordon.Error{Code: cordon.Conflict, Field: "hash", Message: "is not the hash of the notice as it is now", Remedy: "look at it again and approve what you see"}
		}
		if err := t.otherHand(ctx, by, f); err != nil {
			return err
		}
		f.State, f.ApprovedBy, f.ApprovedAt = cordon.FactsApproved, by.Person(), t.now
		if _, err := t.exec(ctx, `UPDATE notice_facts SET state = 'superseded' WHERE incident = $1 AND state = 'approved'`, string(f.Incident)); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE notice_facts SET state = 'approved', figures = $4, approved_by = $5, approved_at = $6 WHERE incident = $1 AND seq = $2 AND revision = $3`,
			string(f.Incident), f.Seq, f.Revision, jsonText(f.Figures), f.ApprovedBy, micros(t.now))
		if err != nil {
			return err
		}
		tenants, err := t.planTellings(ctx, f.Incident, f.Seq)
		if err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryNoticeApproved, "", string(f.Incident), map[string]any{
			"seq": f.Seq, "revision": f.Revision, "hash": hash, "person": by.Person(), "tenants": tenants, "people": f.Figures[cordon.FigureRecipients].Value}))
		t.wake(topicNotice)
		return nil
	})
	return f, wrap(err, "approve notice")
}

// otherHand refuses whoever wrote any revision of the notice.
func (t *tx) otherHand(ctx context.Context, by cordon.Actor, f cordon.NoticeFacts) error {
	rows, err := t.query(ctx, `SELECT DISTINCT f.written_by FROM notice_facts f WHERE f.incident = $1 AND f.seq = $2`, string(f.Incident), f.Seq)
	writers, err := collect(rows, err, func(r scanner) (person string, err error) { return person, r.Scan(&person) })
	if err != nil {
		return err
	}
	if by.Person() == "" || by.Kind == cordon.ActorSystem || slices.Contains(writers, by.Person()) {
		return &cordon.Error{Code: cordon.Denied, Message: "who wrote a notice cannot approve it", Remedy: "ask a second person"}
	}
	return nil
}

// planTellings adds a row for each tenant of whose people somebody got, or perhaps
// got, what the incident is about. A tenant that has one keeps it.
func (t *tx) planTellings(ctx context.Context, id cordon.IncidentID, seq int) (int64, error) {
	res, err := t.exec(ctx, `INSERT INTO notice_telling (tenant, incident, seq, state, told_at, told_by, because, counts, follow_up, template, version, dispatch, followed_by, followed_at, waived)
		SELECT x.tenant, CAST($1 AS TEXT), CAST($2 AS BIGINT), 'planned', 0, '', '', '{}', '', '', 0, '', '', 0, '' FROM (`+affectedTenants("$1")+`) x WHERE TRUE
		ON CONFLICT (tenant, incident, seq) DO NOTHING`, string(id), seq)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// affectedTenants are the numbers of the tenants whose people got, or perhaps got,
// what the incident is about.
func affectedTenants(incident string) string {
	return `SELECT DISTINCT a.tenant FROM dispatch a WHERE ` + ofIncident("a", incident) + ` AND EXISTS (SELECT 1 FROM delivery v
		JOIN recipient r ON r.tenant = v.tenant AND r.num = v.recipient AND NOT r.decoy
		WHERE v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps))`
}

// PlanTellings plans to tell tenants that came to an incident's damage since its
// notice was approved. It answers how many there were.
func (s *Store) PlanTellings(ctx context.Context, id cordon.IncidentID, seq int) (n int64, err error) {
	var found bool
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM (`+affectedTenants("$1")+`) x
			WHERE NOT EXISTS (SELECT 1 FROM notice_telling n WHERE n.tenant = x.tenant AND n.incident = $1 AND n.seq = $2))`, string(id), seq).Scan(&found)
	})
	if err != nil || !found {
		return 0, wrap(err, "plan tellings")
	}
	err = s.write(ctx, func(t *tx) error {
		n, err = t.planTellings(ctx, id, seq)
		t.wake(topicNotice)
		return err
	})
	return n, wrap(err, "plan tellings")
}

// noApproved says whether the error is that nothing is told yet.
func noApproved(err error) bool {
	return errors.Is(err, sql.ErrNoRows) || cordon.CodeOf(err) == cordon.Missing
}
