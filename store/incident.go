package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const incidentColumns = `i.num, i.id, i.kind, i.severity, i.damage_level, i.state, i.title, i.tenant, i.public, i.public_by, i.exercise, i.into_id,
	i.opened_by, i.opened_at, i.contained_at, i.resolved_at, i.closed_at, i.version, i.falls`

// incidentOpen is the text of the partial index incident_open: a query that
// means to use the index says exactly this.
const incidentOpen = `i.state IN ('triage', 'investigating', 'contained', 'fixing', 'monitoring')`

// storedIncident is an incident with what only the store asks of it.
type storedIncident struct {
	cordon.Incident
	damageLevel int64
	publicBy    string
	falls       int64
}

func scanIncident(r scanner) (storedIncident, error) {
	var i storedIncident
	var opened, contained, resolved, closed int64
	err := r.Scan(&i.Number, &i.ID, &i.Kind, &i.Severity, &i.damageLevel, &i.State, &i.Title, &i.Tenant, &i.Public, &i.publicBy, &i.Exercise, &i.Into,
		&i.OpenedBy, &opened, &contained, &resolved, &closed, &i.Version, &i.falls)
	i.OpenedAt, i.ContainedAt, i.ResolvedAt, i.ClosedAt = fromMicros(opened), fromMicros(contained), fromMicros(resolved), fromMicros(closed)
	return i, err
}

// Incident answers one incident.
func (s *Store) Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error) {
	var found storedIncident
	err := s.read(ctx, func(q querier) (err error) {
		found, err = incidentOf(ctx, q, id, "")
		return err
	})
	return found.Incident, wrap(err, "incident")
}

// IncidentNumbered answers the incident that people call INC-<number>.
func (s *Store) IncidentNumbered(ctx context.Context, number int64) (cordon.Incident, error) {
	var id cordon.IncidentID
	err := s.read(ctx, func(q querier) error {
		return orMissing(q.queryRow(ctx, `SELECT i.id FROM incident i WHERE i.num = $1`, number).Scan(&id), "incident")
	})
	if err != nil {
		return cordon.Incident{}, wrap(err, "incident")
	}
	return s.Incident(ctx, id)
}

// incidentOf reads one incident with its roles; lock is {{forupdate}} or nothing.
func incidentOf(ctx context.Context, q querier, id cordon.IncidentID, lock string) (storedIncident, error) {
	found, err := scanIncident(q.queryRow(ctx, `SELECT `+incidentColumns+` FROM incident i WHERE i.id = $1 `+lock, string(id)))
	if err != nil {
		return found, orMissing(err, "incident")
	}
	return found, withRoles(ctx, q, &found.Incident)
}

func withRoles(ctx context.Context, q querier, i *cordon.Incident) error {
	type held struct {
		role   cordon.IncidentRole
		holder cordon.AccountID
	}
	rows, err := q.query(ctx, `SELECT r.role, r.holder FROM incident_role r WHERE r.incident = $1`, string(i.ID))
	all, err := collect(rows, err, func(r scanner) (held, error) {
		var h held
		err := r.Scan(&h.role, &h.holder)
		return h, err
	})
	for _, h := range all {
		if i.Roles == nil {
			i.Roles = map[cordon.IncidentRole]cordon.AccountID{}
		}
		i.Roles[h.role] = h.holder
	}
	return err
}

// Incidents lists incidents, the newest first.
func (s *Store) Incidents(ctx context.Context, f cordon.IncidentFilter, p cordon.Page) ([]cordon.Incident, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	args := []any{before, p.Size() + 1}
	where := incidentWhere(f, &args)
	var all []storedIncident
	err = s.snapshot(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+incidentColumns+` FROM incident i WHERE i.num < $1`+where+` ORDER BY i.num DESC LIMIT $2`, args...)
		if all, err = collect(rows, err, scanIncident); err != nil {
			return err
		}
		for n := range all {
			if err := withRoles(ctx, q, &all[n].Incident); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", wrap(err, "incidents")
	}
	all, next := page(all, p, func(i storedIncident) string { return fmt.Sprint(i.Number) })
	list := make([]cordon.Incident, len(all))
	for n, i := range all {
		list[n] = i.Incident
	}
	return list, next, nil
}

func incidentWhere(f cordon.IncidentFilter, args *[]any) string {
	var b strings.Builder
	and := func(text string, arg any) {
		*args = append(*args, arg)
		b.WriteString(" AND " + strings.ReplaceAll(text, "?", "$"+strconv.Itoa(len(*args))))
	}
	if f.Tenant != "" {
		and(`EXISTS (SELECT 1 FROM incident_tenant n WHERE n.incident = i.id AND n.tenant = ?)`, string(f.Tenant))
	}
	if f.Open {
		b.WriteString(" AND " + incidentOpen)
	}
	if len(f.States) > 0 {
		and(`i.state IN (SELECT r.value FROM {{texts ?}} r)`, jsonText(f.States))
	}
	if f.Kind != "" {
		and(`i.kind = ?`, string(f.Kind))
	}
	if f.Real {
		b.WriteString(" AND NOT i.exercise")
	}
	if f.Exercises {
		b.WriteString(" AND i.exercise")
	}
	return b.String()
}

// TouchesTenant says whether the incident touches the tenant.
func (s *Store) TouchesTenant(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (touches bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident_tenant n WHERE n.incident = $1 AND n.tenant = $2)`, string(id), string(tenant)).Scan(&touches)
	})
	return touches, wrap(err, "incident's tenants")
}

// IncidentTenants lists whom the incident touches.
func (s *Store) IncidentTenants(ctx context.Context, id cordon.IncidentID) (all []cordon.TenantID, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		all, err = incidentTenants(ctx, q, id)
		return err
	})
	return all, wrap(err, "incident's tenants")
}

func incidentTenants(ctx context.Context, q querier, id cordon.IncidentID) ([]cordon.TenantID, error) {
	rows, err := q.query(ctx, `SELECT n.tenant FROM incident_tenant n WHERE n.incident = $1 ORDER BY n.tenant`, string(id))
	return collect(rows, err, scanOne[cordon.TenantID])
}

// scanOne reads rows of one column.
func scanOne[T any](r scanner) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// OpenIncident opens one. Of two that are opened by hand about the same, both
// stand; a person merges them.
func (s *Store) OpenIncident(ctx context.Context, by cordon.Actor, n cordon.NewIncident) (cordon.Incident, error) {
	var opened cordon.Incident
	err := s.write(ctx, func(t *tx) error {
		i, err := t.openIncident(ctx, by, n, handParts(n))
		opened = i.Incident
		return err
	})
	return opened, wrap(err, "open incident")
}

// openIncident writes an incident with everything it begins with: parts, scope,
// links, tasks, its first page and the first line of its timeline.
func (t *tx) openIncident(ctx context.Context, by cordon.Actor, n cordon.NewIncident, parts []string) (storedIncident, error) {
	if err := n.Validate(); err != nil {
		return storedIncident{}, err
	}
	i := storedIncident{Incident: cordon.Incident{
		ID: cordon.NewIncidentID(), Kind: n.Kind, Severity: n.Severity.Effective(), State: cordon.IncidentTriage, Title: n.Title,
		Tenant: n.Tenant, Public: n.Public, Exercise: n.Exercise, OpenedBy: by.ID(), OpenedAt: t.now, Version: 1,
	}, damageLevel: 5}
	if i.Kind == "" {
		i.Kind = cordon.IncidentOther
	}
	var err error
	if i.Number, err = t.take(ctx, 0, "incident", 1); err != nil {
		return i, err
	}
	if n.Tenant != "" {
		if i.Exercise, err = tenantExercise(ctx, t, n.Tenant); err != nil {
			return i, err
		}
	}
	if i.Public {
		t.wake(topicAnnouncements)
	}
	if _, err = t.exec(ctx, `INSERT INTO incident (num, id, kind, severity, damage_level, state, title, tenant, public, public_by, exercise, into_id,
			opened_by, opened_at, contained_at, resolved_at, closed_at, version, falls, postmortem, review_by, review_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, $13, 0, 0, 0, 1, 0, '{}', '', 0)`,
		i.Number, string(i.ID), string(i.Kind), int64(i.Severity), i.damageLevel, string(i.State), i.Title, string(i.Tenant), i.Public, publicBy(by, n), i.Exercise,
		i.OpenedBy, micros(i.OpenedAt)); err != nil {
		return i, err
	}
	text := n.Text
	if text == "" {
		text = n.Title
	}
	subject, names := tiedNames(n.Links)
	line := cordon.IncidentLine{Kind: cordon.LineOpened, Tenant: n.Tenant, Subject: subject, Text: fmt.Sprintf("Opened as %s, %s: %s%s", i.Severity, i.Kind, text, names)}
	if err := t.incidentLine(ctx, by, i.ID, line); err != nil {
		return i, err
	}
	return i, t.fillIncident(ctx, by, &i, n, exerciseParts(i.Exercise, parts))
}

// publicBy is who said whether the incident is public: a person who opens one as
// public has; otherwise the rule goes on deciding.
func publicBy(by cordon.Actor, n cordon.NewIncident) string {
	if by.Kind != cordon.ActorSystem && n.Public {
		return by.ID()
	}
	return ""
}

// fillIncident writes what hangs on a new incident.
func (t *tx) fillIncident(ctx context.Context, by cordon.Actor, i *storedIncident, n cordon.NewIncident, parts []string) error {
	if err := t.holdParts(ctx, i.ID, parts); err != nil {
		return err
	}
	if n.Tenant != "" {
		if err := t.touchTenants(ctx, i, n.Tenant); err != nil {
			return err
		}
	}
	for _, q := range n.Scope {
		if err := t.scopeIncident(ctx, by, i, q); err != nil {
			return err
		}
	}
	if err := t.tieAll(ctx, by, i, n.Links); err != nil {
		return err
	}
	if err := t.addTasks(ctx, i, n.Tasks); err != nil {
		return err
	}
	t.wake("incidents")
	if n.PageAfter > 0 {
		if err := t.callFor(ctx, i.ID, "uncontained/0", t.now.Add(n.PageAfter)); err != nil {
			return err
		}
	}
	return t.callFor(ctx, i.ID, "opened", t.now)
}

func tenantExercise(ctx context.Context, q querier, id cordon.TenantID) (exercise bool, err error) {
	err = q.queryRow(ctx, `SELECT t.exercise FROM tenant t WHERE t.id = $1`, string(id)).Scan(&exercise)
	return exercise, orMissing(err, "tenant")
}

// touchTenants notes that the incident touches a tenant. One that touches several
// belongs to none.
func (t *tx) touchTenants(ctx context.Context, i *storedIncident, tenants ...cordon.TenantID) error {
	for _, tenant := range tenants {
		if tenant == "" {
			continue
		}
		if _, err := t.exec(ctx, `INSERT INTO incident_tenant (incident, tenant) VALUES ($1, $2) ON CONFLICT (incident, tenant) DO NOTHING`, string(i.ID), string(tenant)); err != nil {
			return err
		}
	}
	all, err := incidentTenants(ctx, t, i.ID)
	if err != nil {
		return err
	}
	owner := cordon.TenantID("")
	if len(all) == 1 {
		owner = all[0]
	}
	if owner == i.Tenant {
		return nil
	}
	i.Tenant = owner
	_, err = t.exec(ctx, `UPDATE incident SET tenant = $2 WHERE id = $1`, string(i.ID), string(owner))
	return err
}

// lineBody is the body of the entry that every line of a timeline has.
type lineBody struct {
	Line    int64               `json:"line"`
	Kind    cordon.IncidentWord `json:"kind"`
	Subject string              `json:"subject,omitempty"`
	Text    string              `json:"text"`
}

var lineEntries = map[cordon.IncidentWord]cordon.EntryKind{
	cordon.LineOpened: cordon.EntryIncidentOpened, cordon.LineMoved: cordon.EntryIncidentMoved,
	cordon.LineMerged: cordon.EntryIncidentMoved, cordon.LineNote: cordon.EntryIncidentNoted,
}

// incidentLine adds a line to the timeline, and its entry to the ledger. The
// caller holds the incident's row.
func (t *tx) incidentLine(ctx context.Context, by cordon.Actor, id cordon.IncidentID, l cordon.IncidentLine) error {
	if len(l.Text) > 8000 {
		return cordon.InvalidField("text", "is longer than a line of the timeline", "shorten it")
	}
	err := t.queryRow(ctx, `INSERT INTO incident_line (incident, num, at, by_actor, kind, tenant, shared, subject, body)
		SELECT CAST($1 AS TEXT), COALESCE(MAX(n.num), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BOOLEAN), CAST($7 AS TEXT), CAST($8 AS TEXT)
		FROM incident_line n WHERE n.incident = $1 RETURNING num`,
		string(id), micros(t.now), by.ID(), string(l.Kind), string(l.Tenant), l.Shared, l.Subject, l.Text).Scan(&l.Num)
	if err != nil {
		return err
	}
	kind, ok := lineEntries[l.Kind]
	if !ok {
		kind = cordon.EntryIncidentChanged
	}
	t.append(cordon.Entry{Kind: kind, Tenant: l.Tenant, Actor: by.ID(), Subject: string(id), Body: mustJSON(lineBody{l.Num, l.Kind, l.Subject, l.Text})})
	t.wake("incidents")
	return nil
}

// verifyIncidentLine says whether the timeline still has the line an entry wrote.
func verifyIncidentLine(ctx context.Context, q querier, e cordon.Entry) error {
	var b lineBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	var same bool
	err := q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident_line n WHERE n.incident = $1 AND n.num = $2 AND n.kind = $3 AND n.subject = $4 AND n.body = $5 AND n.by_actor = $6 AND n.tenant = $7)`,
		e.Subject, b.Line, string(b.Kind), b.Subject, b.Text, e.Actor, string(e.Tenant)).Scan(&same)
	if err == nil && !same {
		err = fmt.Errorf("line %d of the timeline is not what was written", b.Line)
	}
	return err
}

// IncidentTimeline lists the lines of the timeline, the newest first: all of
// them, or those that the tenant's people may read.
func (s *Store) IncidentTimeline(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, p cordon.Page) ([]cordon.IncidentLine, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	var all []cordon.IncidentLine
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT n.num, n.at, n.by_actor, n.kind, n.tenant, n.shared, n.subject, n.body FROM incident_line n
			WHERE n.incident = $1 AND n.num < $2 AND ($3 = '' OR n.tenant = $3 OR n.shared) ORDER BY n.num DESC LIMIT $4`, string(id), before, string(tenant), p.Size()+1)
		all, err = collect(rows, err, func(r scanner) (cordon.IncidentLine, error) {
			var l cordon.IncidentLine
			var at int64
			err := r.Scan(&l.Num, &at, &l.By, &l.Kind, &l.Tenant, &l.Shared, &l.Subject, &l.Text)
			l.At = fromMicros(at)
			return l, err
		})
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "timeline")
	}
	all, next := page(all, p, func(l cordon.IncidentLine) string { return fmt.Sprint(l.Num) })
	return all, next, nil
}

// callFor notes that the incident owes a page.
func (t *tx) callFor(ctx context.Context, id cordon.IncidentID, what string, due time.Time) error {
	_, err := t.exec(ctx, `INSERT INTO incident_call (incident, what, due_at, done_at) VALUES ($1, $2, $3, 0) ON CONFLICT (incident, what) DO NOTHING`,
		string(id), what, micros(due))
	return err
}
