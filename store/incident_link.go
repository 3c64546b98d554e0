package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// LinkIncident ties something to the incident; what is tied already stays as it
// is, and nothing is written.
func (s *Store) LinkIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, l cordon.IncidentLink) error {
	err := s.write(ctx, func(t *tx) error {
		i, err := incidentOf(ctx, t, id, "{{forupdate}}")
		if err != nil {
			return err
		}
		return t.linkIncident(ctx, by, &i, l)
	})
	return wrap(err, "link incident")
}

func (t *tx) linkIncident(ctx context.Context, by cordon.Actor, i *storedIncident, l cordon.IncidentLink) error {
	fresh, err := t.tie(ctx, by, i, l)
	if err != nil || !fresh {
		return err
	}
	return t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineLink, Tenant: l.Tenant, Subject: l.Subject, Text: "Linked: " + l.Noun + " " + l.Subject})
}

// tie writes a link without a line of its own; false when it was there.
func (t *tx) tie(ctx context.Context, by cordon.Actor, i *storedIncident, l cordon.IncidentLink) (fresh bool, err error) {
	switch {
	case !slices.Contains(cordon.IncidentLinkNouns(), l.Noun):
		return false, cordon.InvalidField("noun", "is nothing an incident is linked with", "say one of "+strings.Join(cordon.IncidentLinkNouns(), ", "))
	case l.Subject == "" || len(l.Subject) > 100:
		return false, cordon.InvalidField("subject", "is no ID", "copy the ID as it is shown")
	}
	res, err := t.exec(ctx, `INSERT INTO incident_link (incident, num, noun, subject, tenant, recover, linked_by, linked_at, settled_by, settled_at, settled)
		SELECT CAST($1 AS TEXT), COALESCE(MAX(n.num), 0) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BOOLEAN), CAST($6 AS TEXT), CAST($7 AS BIGINT), '', 0, ''
		FROM incident_link n WHERE n.incident = $1 ON CONFLICT (incident, noun, subject) DO NOTHING`,
		string(i.ID), l.Noun, l.Subject, string(l.Tenant), l.Recover, by.ID(), micros(t.now))
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, t.touchTenants(ctx, i, l.Tenant)
}

// tieAll writes the links that a sign brings: its own line names them.
func (t *tx) tieAll(ctx context.Context, by cordon.Actor, i *storedIncident, links []cordon.IncidentLink) error {
	for _, l := range links {
		if _, err := t.tie(ctx, by, i, l); err != nil {
			return err
		}
	}
	return nil
}

// tiedNames lists what a sign's line names, and the first: the sign itself.
func tiedNames(links []cordon.IncidentLink) (subject, text string) {
	for n, l := range links {
		if n == 0 {
			subject = l.Subject
			continue
		}
		text += ", " + l.Noun + " " + l.Subject
	}
	if text != "" {
		text = " (" + strings.TrimPrefix(text, ", ") + ")"
	}
	return subject, text
}

// IncidentLinks lists what is linked: everything, or what is the tenant's.
func (s *Store) IncidentLinks(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (all []cordon.IncidentLink, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		all, err = incidentLinks(ctx, q, id, tenant)
		return err
	})
	return all, wrap(err, "incident's links")
}

func incidentLinks(ctx context.Context, q querier, id cordon.IncidentID, tenant cordon.TenantID) ([]cordon.IncidentLink, error) {
	rows, err := q.query(ctx, `SELECT n.noun, n.subject, n.tenant, n.recover, n.linked_by, n.linked_at, n.settled_by, n.settled_at, n.settled
		FROM incident_link n WHERE n.incident = $1 AND ($2 = '' OR n.tenant = $2) ORDER BY n.num`, string(id), string(tenant))
	return collect(rows, err, func(r scanner) (cordon.IncidentLink, error) {
		var l cordon.IncidentLink
		var linked, settled int64
		err := r.Scan(&l.Noun, &l.Subject, &l.Tenant, &l.Recover, &l.LinkedBy, &linked, &l.SettledBy, &settled, &l.Settled)
		l.LinkedAt, l.SettledAt = fromMicros(linked), fromMicros(settled)
		return l, err
	})
}

// IncidentsOf lists the incidents that something is linked with, the newest first.
func (s *Store) IncidentsOf(ctx context.Context, noun, subject string) (all []cordon.IncidentID, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT n.incident FROM incident_link n JOIN incident i ON i.id = n.incident
			WHERE n.noun = $1 AND n.subject = $2 ORDER BY i.num DESC`, noun, subject)
		all, err = collect(rows, err, scanOne[cordon.IncidentID])
		return err
	})
	return all, wrap(err, "incidents of it")
}

// RecoverIncident notes that a key or account that was in foreign hands is safe
// again, in a person's words.
func (s *Store) RecoverIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, noun, subject, text string) error {
	err := s.write(ctx, func(t *tx) error {
		if _, err := incidentOf(ctx, t, id, "{{forupdate}}"); err != nil {
			return err
		}
		res, err := t.exec(ctx, `UPDATE incident_link SET settled_by = $4, settled_at = $5, settled = $6
			WHERE incident = $1 AND noun = $2 AND subject = $3 AND recover AND settled_at = 0`, string(id), noun, subject, by.ID(), micros(t.now), text)
		if err := changedOne(res, err, "no such "+noun+" waits to be recovered in this incident"); err != nil {
			return err
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineLink, Subject: subject, Text: "Safe again: " + noun + " " + subject + ": " + text})
	})
	return wrap(err, "recover")
}

// AddIncidentScope adds dispatches to what the incident is about: those that
// match every part of the question, its times being of acceptance.
func (s *Store) AddIncidentScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, q cordon.Question) error {
	_, err := s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		if err := ended(i); err != nil {
			return err
		}
		return t.scopeIncident(ctx, by, i, q)
	})
	return wrap(err, "add scope")
}

// scopeIncident adds a row of scope, touches its tenants and holds its parts.
func (t *tx) scopeIncident(ctx context.Context, by cordon.Actor, i *storedIncident, q cordon.Question) error {
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		return cordon.InvalidField("until", "is not after from", "give a later moment, or leave it out")
	}
	tenants, err := tenantsOf(ctx, t, q)
	if err != nil {
		return err
	}
	before, err := t.scopeRows(ctx, i.ID)
	if err != nil {
		return err
	}
	if err := t.addIncidentScope(ctx, i.ID, q); err != nil {
		return err
	}
	after, err := t.scopeRows(ctx, i.ID)
	if err != nil || after == before {
		return err
	}
	if err := t.touchTenants(ctx, i, tenants...); err != nil {
		return err
	}
	if i.State.Open() {
		if err := t.holdParts(ctx, i.ID, exerciseParts(i.Exercise, questionParts(q))); err != nil {
			return err
		}
	}
	return t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineScope, Text: "Counted as bad: " + sayQuestion(q)})
}

func (t *tx) scopeRows(ctx context.Context, id cordon.IncidentID) (n int64, err error) {
	err = t.queryRow(ctx, `SELECT COUNT(*) FROM incident_scope i WHERE i.incident = $1`, string(id)).Scan(&n)
	return n, err
}

// RemoveIncidentScope takes a row away: what it alone named was not bad after
// all. The timeline keeps who said so and why.
func (s *Store) RemoveIncidentScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, why string) error {
	_, err := s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		if err := ended(i); err != nil {
			return err
		}
		rows, err := scopeOf(ctx, t, id)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rows, func(r cordon.IncidentScope) bool { return r.Num == num })
		if at < 0 {
			return missing("scope")
		}
		if _, err := t.exec(ctx, `DELETE FROM incident_scope WHERE incident = $1 AND num = $2`, string(id), num); err != nil {
			return err
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineScope, Text: "Not bad after all: " + sayQuestion(rows[at].Question) + ": " + why})
	})
	return wrap(err, "remove scope")
}

// IncidentScopes lists what the incident is about.
func (s *Store) IncidentScopes(ctx context.Context, id cordon.IncidentID) (all []cordon.IncidentScope, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		all, err = scopeOf(ctx, q, id)
		return err
	})
	return all, wrap(err, "incident's scope")
}

func scopeOf(ctx context.Context, q querier, id cordon.IncidentID) ([]cordon.IncidentScope, error) {
	rows, err := q.query(ctx, `SELECT i.num, i.tenant, i.template, i.account, i.key_id, i.dispatch, i.from_at, i.until_at FROM incident_scope i WHERE i.incident = $1 ORDER BY i.num`, string(id))
	return collect(rows, err, func(r scanner) (cordon.IncidentScope, error) {
		var c cordon.IncidentScope
		var from, until int64
		err := r.Scan(&c.Num, &c.Tenant, &c.Template, &c.Account, &c.Key, &c.Dispatch, &from, &until)
		c.From, c.Until = fromMicros(from), fromMicros(until)
		return c, err
	})
}

// sayQuestion is a row of scope in words of the timeline.
func sayQuestion(q cordon.Question) string {
	var b strings.Builder
	for _, p := range []struct{ noun, id string }{
		{"dispatch", string(q.Dispatch)}, {"key", string(q.Key)}, {"account", string(q.Account)}, {"template", string(q.Template)}, {"tenant", string(q.Tenant)},
	} {
		if p.id != "" {
			fmt.Fprintf(&b, "%s %s ", p.noun, p.id)
		}
	}
	const minute = "2006-01-02 15:04:05 UTC"
	if !q.From.IsZero() {
		fmt.Fprintf(&b, "from %s ", q.From.UTC().Format(minute))
	}
	if !q.Until.IsZero() {
		fmt.Fprintf(&b, "until %s ", q.Until.UTC().Format(minute))
	}
	return strings.TrimSpace(b.String())
}

// tenantsOf lists the tenants that a question names: by itself, or by its
// dispatch, template, key or account.
func tenantsOf(ctx context.Context, q querier, c cordon.Question) ([]cordon.TenantID, error) {
	rows, err := q.query(ctx, `SELECT CAST($1 AS TEXT)
		UNION SELECT d.tenant_id FROM dispatch d WHERE d.id = $2
		UNION SELECT t.id FROM template m JOIN tenant t ON t.num = m.tenant WHERE m.id = $3
		UNION SELECT k.tenant FROM api_key k WHERE k.id = $4
		UNION SELECT a.tenant FROM account a WHERE a.id = $5`,
		string(c.Tenant), string(c.Dispatch), string(c.Template), string(c.Key), string(c.Account))
	all, err := collect(rows, err, scanOne[cordon.TenantID])
	return slices.DeleteFunc(all, func(t cordon.TenantID) bool { return t == "" }), err
}

// questionParts are the parts of a question as an open incident holds them.
func questionParts(q cordon.Question) []string {
	var parts []string
	for _, p := range []struct{ noun, id string }{
		{"dispatch", string(q.Dispatch)}, {"key", string(q.Key)}, {"account", string(q.Account)}, {"template", string(q.Template)}, {"tenant", string(q.Tenant)},
	} {
		if p.id != "" {
			parts = append(parts, p.noun+":"+p.id)
		}
	}
	return parts
}

// exerciseParts keeps what exercises hold apart from what is real.
func exerciseParts(exercise bool, parts []string) []string {
	if !exercise {
		return parts
	}
	apart := make([]string, len(parts))
	for i, p := range parts {
		apart[i] = "exercise/" + p
	}
	return apart
}

// handParts are the parts of an incident that a person opens.
func handParts(n cordon.NewIncident) []string {
	var parts []string
	if n.Tenant != "" {
		parts = append(parts, "tenant:"+string(n.Tenant))
	}
	for _, q := range n.Scope {
		parts = append(parts, questionParts(q)...)
	}
	return parts
}

// partsOf are the parts of an incident that is opened again.
func (t *tx) partsOf(ctx context.Context, i *storedIncident) ([]string, error) {
	scope, err := incidentScope(ctx, t, i.ID)
	if err != nil {
		return nil, err
	}
	n := cordon.NewIncident{Tenant: i.Tenant, Scope: scope}
	return exerciseParts(i.Exercise, handParts(n)), nil
}

// holdParts claims parts for the incident; what another open one holds stays with
// that.
func (t *tx) holdParts(ctx context.Context, id cordon.IncidentID, parts []string) error {
	slices.Sort(parts) // two transactions claim in the same order
	for _, p := range slices.Compact(parts) {
		if _, err := t.exec(ctx, `INSERT INTO incident_part (part, incident) VALUES ($1, $2) ON CONFLICT (part) DO NOTHING`, p, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// closeScope ends every row of scope that has no end. What is accepted from then
// on was decided upon by people who knew.
func (t *tx) closeScope(ctx context.Context, id cordon.IncidentID) error {
	_, err := t.exec(ctx, `UPDATE incident_scope SET until_at = $2 WHERE incident = $1 AND until_at = 0 AND dispatch = ''`, string(id), micros(t.now))
	return err
}
