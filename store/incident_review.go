package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// SavePostmortem writes what the review found; the timeline keeps that it was
// written, and by whom.
func (s *Store) SavePostmortem(ctx context.Context, by cordon.Actor, id cordon.IncidentID, p cordon.Postmortem) error {
	_, err := s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		switch i.State {
		case cordon.IncidentResolved, cordon.IncidentReview:
		default:
			return &cordon.Error{Code: cordon.Conflict, Field: "state", Message: fmt.Sprintf("%s is %s: a review comes when it is resolved, and before it is closed", i.Name(), i.State), Remedy: "write what you know into the timeline meanwhile"}
		}
		p.WrittenBy, p.WrittenAt = "", time.Time{}
		if _, err := t.exec(ctx, `UPDATE incident SET postmortem = $2, review_by = $3, review_at = $4 WHERE id = $1`, string(id), string(mustJSON(p)), by.ID(), micros(t.now)); err != nil {
			return err
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineReview, Text: "The review was written"})
	})
	return wrap(err, "save review")
}

// IncidentPostmortem answers what the review found; the zero Postmortem before.
func (s *Store) IncidentPostmortem(ctx context.Context, id cordon.IncidentID) (p cordon.Postmortem, err error) {
	err = s.read(ctx, func(q querier) error {
		var body string
		var at int64
		if err := q.queryRow(ctx, `SELECT i.postmortem, i.review_by, i.review_at FROM incident i WHERE i.id = $1`, string(id)).Scan(&body, &p.WrittenBy, &at); err != nil {
			return orMissing(err, "incident")
		}
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			return err
		}
		p.WrittenAt = fromMicros(at)
		return nil
	})
	return p, wrap(err, "review")
}

// ScopeBefore counts the copies that left, or perhaps did, in the time before a row
// of scope begins, and would be part of it if it began earlier.
func (s *Store) ScopeBefore(ctx context.Context, id cordon.IncidentID, num int64, before time.Duration) (copies int64, err error) {
	err = s.snapshot(ctx, func(r querier) error {
		rows, err := scopeOf(ctx, r, id)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Num != num || row.From.IsZero() {
				continue
			}
			c := row.Question
			c.From, c.Until = row.From.Add(-before), row.From
			a := &asked{q: c}
			where := a.lead()
			b := &asked{q: cordon.Question{Tenant: c.Tenant, Template: c.Template}, args: a.args}
			where += " AND " + b.where("d", "id")
			return r.queryRow(ctx, `SELECT COUNT(*) FROM dispatch d JOIN delivery v ON v.tenant = d.tenant AND v.dispatch = d.num
				WHERE d.kind <> 'notice' AND d.state NOT IN ('accepting', 'void') AND `+where+` AND `+gotIt, b.args...).Scan(&copies)
		}
		return nil
	})
	return copies, wrap(err, "copies before the scope")
}
