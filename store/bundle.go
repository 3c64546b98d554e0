package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/cordonmail/cordon"
)

// BundleCopies calls f with every copy of what the incident is about, whatever its
// state, by tenant, dispatch and sequence number, all from one look at the data.
// Nothing is opened.
func (s *Store) BundleCopies(ctx context.Context, id cordon.IncidentID, f func(cordon.BundledCopy) error) error {
	err := s.snapshot(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT d.tenant_id, t.handle, d.id, v.seq, v.recipient, COALESCE(p.id, ''), COALESCE(p.external_ref, ''), `+countedState("v")+`, v.at
			FROM dispatch d CROSS JOIN tenant t CROSS JOIN delivery v LEFT JOIN recipient p ON p.tenant = v.tenant AND p.num = v.recipient
			WHERE `+ofIncident("d", "$1")+` AND t.num = d.tenant AND v.tenant = d.tenant AND v.dispatch = d.num
			ORDER BY v.tenant, v.dispatch, v.seq`, string(id))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c cordon.BundledCopy
			var at int64
			if err := rows.Scan(&c.Tenant, &c.Handle, &c.Dispatch, &c.Seq, &c.Number, &c.Recipient, &c.ExternalRef, &c.State, &at); err != nil {
				return err
			}
			c.At = fromMicros(at)
			if err := f(c); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return wrap(err, "copies of the incident")
}

// bundledSubjects is a sub-select of everything that entries of the incident $1
// may be about: itself, its dispatches and notices, the stops over them, what its
// scope names, and what is linked with it.
var bundledSubjects = `SELECT CAST($1 AS TEXT) AS subject
	UNION SELECT d.id FROM dispatch d WHERE ` + ofIncident("d", "$1") + `
	UNION SELECT d.id FROM dispatch d WHERE d.kind = 'notice' AND d.audience = $1
	UNION SELECT s.id FROM stop s WHERE EXISTS (SELECT 1 FROM dispatch d WHERE ` + ofIncident("d", "$1") + ` AND ` + covers("s", "d", "id") + `)
	UNION SELECT i.key_id FROM incident_scope i WHERE i.incident = $1 AND i.key_id <> ''
	UNION SELECT i.template FROM incident_scope i WHERE i.incident = $1 AND i.template <> ''
	UNION SELECT l.subject FROM incident_link l WHERE l.incident = $1`

// BundleEntries lists up to n entries from a number on, below another, that are
// about the incident or anything in it, or by a credential that it is about
// opening personal data; by their numbers.
func (s *Store) BundleEntries(ctx context.Context, id cordon.IncidentID, from, below int64, n int) (entries []cordon.Entry, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT x.num, x.at, x.kind, x.tenant, x.actor, x.subject, x.body FROM (
			SELECT `+entryColumns+` FROM (`+bundledSubjects+`) j CROSS JOIN entry e WHERE e.subject = j.subject AND e.num >= $2 AND e.num < $3
			UNION SELECT `+entryColumns+` FROM incident_scope i CROSS JOIN entry e WHERE i.incident = $1 AND e.kind = 'personal-data.read'
				AND e.actor <> '' AND e.actor IN (i.key_id, i.account) AND e.num >= $2 AND e.num < $3) x ORDER BY x.num LIMIT $4`,
			string(id), from, below, n)
		entries, err = collect(rows, err, scanEntry)
		return err
	})
	return entries, wrap(err, "entries of the incident")
}

// bundled are the documents of a bundle: the name of the file, what to ask, and
// the names under which the columns are written.
var bundled = []struct {
	name, text string
	columns    []string
}{
	{"timeline.json", `SELECT l.num, l.at, l.by_actor, l.kind, l.tenant, l.subject, l.body FROM incident_line l WHERE l.incident = $1 ORDER BY l.num`,
		[]string{"num", "at", "by", "kind", "tenant", "subject", "body"}},
	{"announcements.json", `SELECT a.number, a.seq, a.kind, a.state, a.title, a.body, a.not_affected, a.figures, a.ledger_size, a.next_due, a.signed_by, a.approved_by, a.posted_at
		FROM announcement_thread t CROSS JOIN announcement a WHERE t.incident = $1 AND a.number = t.number ORDER BY a.num`,
		[]string{"number", "seq", "kind", "state", "title", "body", "not_affected", "figures", "ledger_size", "next_update_due", "signed_by", "approved_by", "posted_at"}},
	{"promises.json", `SELECT p.kind, p.state, p.made_at, p.due_at FROM promise p WHERE p.incident = $1 ORDER BY p.num`,
		[]string{"kind", "state", "made_at", "due_at"}},
	{"notices.json", `SELECT n.seq, n.revision, n.state, n.texts, n.figures, n.written_by, n.written_at, n.approved_by, n.approved_at
		FROM notice_facts n WHERE n.incident = $1 AND n.approved_at > 0 ORDER BY n.seq, n.revision`,
		[]string{"seq", "revision", "state", "texts", "figures", "written_by", "written_at", "approved_by", "approved_at"}},
	{"told.json", `SELECT t.id, n.seq, n.state, n.told_at, n.told_by, n.because, n.counts, n.follow_up, n.dispatch, n.followed_at
		FROM notice_telling n CROSS JOIN tenant t WHERE n.incident = $1 AND t.num = n.tenant ORDER BY n.seq, t.handle`,
		[]string{"tenant", "seq", "state", "told_at", "told_by", "because", "counts", "follow_up", "dispatch", "followed_at"}},
	{"clocks.json", `SELECT COALESCE((SELECT t.id FROM tenant t WHERE t.num = c.tenant), ''), c.regime, c.starts_at, c.due_at, c.decision, c.because, c.decided_by, c.decided_at, c.met_at, c.met_how
		FROM clock c WHERE c.incident = $1 ORDER BY c.regime, c.tenant`,
		[]string{"tenant", "regime", "starts_at", "due_at", "decision", "because", "decided_by", "decided_at", "met_at", "met_how"}},
}

// BundleDocuments are the further texts of the incident, as JSON: lists of rows,
// times as RFC 3339 has them. Nothing personal is in these tables.
func (s *Store) BundleDocuments(ctx context.Context, id cordon.IncidentID) ([]cordon.Document, error) {
	var all []cordon.Document
	err := s.snapshot(ctx, func(q querier) error {
		all = nil
		for _, b := range bundled {
			rows, err := q.query(ctx, b.text, string(id))
			list, err := collect(rows, err, func(r scanner) (map[string]any, error) { return documentRow(r, b.columns) })
			if err != nil {
				return err
			}
			if len(list) > 0 {
				all = append(all, cordon.Document{Name: b.name, Body: mustJSON(list)})
			}
		}
		return nil
	})
	return all, wrap(err, "documents of the incident")
}

// documentRow reads one row under its names: a number in a column of times is one,
// and what is JSON stays JSON.
func documentRow(r scanner, columns []string) (map[string]any, error) {
	cells := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	row := make(map[string]any, len(columns))
	for i, name := range columns {
		switch v := cells[i].(type) {
		case int64:
			if name != "at" && !strings.HasSuffix(name, "_at") && name != "next_update_due" {
				row[name] = v
			} else if v != 0 {
				row[name] = fromMicros(v)
			}
		case string:
			if raw := json.RawMessage(v); strings.HasPrefix(v, "{") && json.Valid(raw) {
				row[name] = raw
			} else if v != "" {
				row[name] = v
			}
		case []byte:
			row[name] = string(v)
		}
	}
	return row, nil
}
