package store

import (
	"context"
	"strings"

	"github.com/cordonmail/cordon"
)

// ofIncident is the condition that the dispatch in the row named d is one that
// the incident is about; incident is a placeholder. Notices are never part of
// the damage. It is the only place where an incident's scope is matched.
func ofIncident(d, incident string) string {
	return strings.NewReplacer("d.", d+".", "$incident", incident).Replace(
		`(d.state NOT IN ('accepting', 'void') AND d.kind <> 'notice' AND EXISTS (SELECT 1 FROM incident_scope i WHERE i.incident = $incident` +
			` AND (i.tenant <> '' OR i.template <> '' OR i.account <> '' OR i.key_id <> '' OR i.dispatch <> '')` +
			` AND (i.tenant = '' OR i.tenant = d.tenant_id)` +
			` AND (i.template = '' OR i.template = d.template)` +
			` AND (i.account = '' OR i.account = d.account)` +
			` AND (i.key_id = '' OR i.key_id = d.key_id)` +
			` AND (i.dispatch = '' OR i.dispatch = d.id)` +
			` AND (i.from_at = 0 OR d.accepted_at >= i.from_at)` +
			` AND (i.until_at = 0 OR d.accepted_at < i.until_at)))`)
}

// addIncidentScope adds what the question names to what the incident is about;
// what is there already is not added twice.
func (t *tx) addIncidentScope(ctx context.Context, id cordon.IncidentID, q cordon.Question) error {
	if q.Tenant == "" && q.Template == "" && q.Account == "" && q.Key == "" && q.Dispatch == "" {
		return cordon.InvalidField("scope", "names nothing", "name a tenant, template, account, key or dispatch")
	}
	_, err := t.exec(ctx, `INSERT INTO incident_scope (incident, num, tenant, template, account, key_id, dispatch, from_at, until_at)
		SELECT CAST($1 AS TEXT), (SELECT COALESCE(MAX(i.num), 0) + 1 FROM incident_scope i WHERE i.incident = $1), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT)
		WHERE NOT EXISTS (SELECT 1 FROM incident_scope i WHERE i.incident = $1 AND i.tenant = $2 AND i.template = $3 AND i.account = $4 AND i.key_id = $5 AND i.dispatch = $6 AND i.from_at = $7 AND i.until_at = $8)`,
		string(id), string(q.Tenant), string(q.Template), string(q.Account), string(q.Key), string(q.Dispatch), micros(q.From), micros(q.Until))
	return err
}

// incidentScope lists what the incident is about.
func incidentScope(ctx context.Context, q querier, id cordon.IncidentID) ([]cordon.Question, error) {
	rows, err := q.query(ctx, `SELECT i.tenant, i.template, i.account, i.key_id, i.dispatch, i.from_at, i.until_at FROM incident_scope i WHERE i.incident = $1 ORDER BY i.num`, string(id))
	return collect(rows, err, func(r scanner) (cordon.Question, error) {
		var c cordon.Question
		var from, until int64
		err := r.Scan(&c.Tenant, &c.Template, &c.Account, &c.Key, &c.Dispatch, &from, &until)
		c.From, c.Until = fromMicros(from), fromMicros(until)
		return c, err
	})
}
