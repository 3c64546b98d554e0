package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// changeIncident runs f on the incident's locked row, counts the change, and
// refuses one that was decided upon an older version; 0 takes any.
func (s *Store) changeIncident(ctx context.Context, id cordon.IncidentID, version int64, f func(*tx, *storedIncident) error) (cordon.Incident, error) {
	var changed cordon.Incident
	err := s.write(ctx, func(t *tx) error {
		i, err := incidentOf(ctx, t, id, "{{forupdate}}")
		if err != nil {
			return err
		}
		if version != 0 && version != i.Version {
			return &cordon.Error{Code: cordon.Conflict, Field: "version", Message: i.Name() + " has been changed meanwhile", Remedy: "look at it again, then decide"}
		}
		if err := f(t, &i); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE incident SET version = version + 1 WHERE id = $1`, string(id)); err != nil {
			return err
		}
		i, err = incidentOf(ctx, t, id, "")
		changed = i.Incident
		return err
	})
	return changed, err
}

// ended says whether nothing about the incident is changed any more.
func ended(i *storedIncident) error {
	switch i.State {
	case cordon.IncidentClosed, cordon.IncidentDeclined, cordon.IncidentMerged:
		return cordon.Errorf(cordon.Conflict, "%s is %s, and that is final", i.Name(), i.State)
	}
	return nil
}

// incidentMove is a step to another state.
type incidentMove struct {
	to   cordon.IncidentState
	text string
	at   time.Time // of Contained: when it was looked at
}

// MoveIncident takes the incident to another state. To Resolved it goes only when
// nothing is owed: the refusal lists every debt.
func (s *Store) MoveIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, to cordon.IncidentState, text string) (cordon.Incident, error) {
	i, err := s.changeIncident(ctx, id, version, func(t *tx, i *storedIncident) error {
		return t.moveIncident(ctx, by, i, incidentMove{to: to, text: text, at: t.now})
	})
	return i, wrap(err, "move incident")
}

// ContainIncident marks the incident as contained, as it was seen at the time: what
// leaves after it is noticed.
func (s *Store) ContainIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, at time.Time, text string) (cordon.Incident, error) {
	i, err := s.changeIncident(ctx, id, version, func(t *tx, i *storedIncident) error {
		return t.moveIncident(ctx, by, i, incidentMove{to: cordon.IncidentContained, text: text, at: at})
	})
	return i, wrap(err, "contain incident")
}

func (t *tx) moveIncident(ctx context.Context, by cordon.Actor, i *storedIncident, m incidentMove) error {
	from := i.State
	switch {
	case from == m.to:
		return cordon.Errorf(cordon.Conflict, "%s is %s already", i.Name(), m.to)
	case !from.CanBecome(m.to):
		return &cordon.Error{Code: cordon.Conflict, Field: "state", Message: fmt.Sprintf("%s is %s and cannot become %s", i.Name(), from, m.to), Remedy: nextStates(from)}
	}
	if m.to == cordon.IncidentResolved {
		if err := t.nothingOwed(ctx, i); err != nil {
			return err
		}
	}
	if m.to == cordon.IncidentClosed {
		if err := t.nothingToDo(ctx, i); err != nil {
			return err
		}
	}
	return t.enter(ctx, by, i, m)
}

func nextStates(from cordon.IncidentState) string {
	var next []string
	for _, s := range cordon.IncidentStates() {
		if from.CanBecome(s) {
			next = append(next, string(s))
		}
	}
	if len(next) == 0 {
		return "nothing comes after it"
	}
	return "it can become " + strings.Join(next, ", ")
}

// enter writes the new state, with what goes along with it.
func (t *tx) enter(ctx context.Context, by cordon.Actor, i *storedIncident, m incidentMove) error {
	from := i.State
	i.State = m.to
	switch {
	case m.to == cordon.IncidentContained:
		i.ContainedAt = m.at
	case m.to == cordon.IncidentResolved:
		i.ResolvedAt = t.now
	case m.to == cordon.IncidentClosed, m.to == cordon.IncidentDeclined, m.to == cordon.IncidentMerged:
		i.ClosedAt = t.now
	case m.to == cordon.IncidentInvestigating && !i.ContainedAt.IsZero():
		i.ContainedAt = time.Time{}
		i.falls++
	}
	if from == cordon.IncidentResolved && m.to == cordon.IncidentMonitoring {
		i.ResolvedAt = time.Time{}
	}
	_, err := t.exec(ctx, `UPDATE incident SET state = $2, contained_at = $3, resolved_at = $4, closed_at = $5, falls = $6, into_id = $7 WHERE id = $1`,
		string(i.ID), string(i.State), micros(i.ContainedAt), micros(i.ResolvedAt), micros(i.ClosedAt), i.falls, string(i.Into))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s → %s", from, m.to)
	if m.text != "" {
		text += ": " + m.text
	}
	line := cordon.IncidentLine{Kind: cordon.LineMoved, Shared: true, Text: text}
	if m.text != "" && by.Kind != cordon.ActorSystem { // a person's words may speak of one tenant
		line.Shared = false
	}
	if err := t.incidentLine(ctx, by, i.ID, line); err != nil {
		return err
	}
	return t.entered(ctx, by, i, from)
}

// entered gives back what an open incident holds once it is over, and takes it
// again when it is not over after all.
func (t *tx) entered(ctx context.Context, by cordon.Actor, i *storedIncident, from cordon.IncidentState) error {
	switch {
	case from.Open() && !i.State.Open():
		if i.State == cordon.IncidentResolved {
			if err := t.closeScope(ctx, i.ID); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, `DELETE FROM incident_part WHERE incident = $1`, string(i.ID)); err != nil {
			return err
		}
		return t.callFor(ctx, i.ID, fmt.Sprintf("resolve/%d", i.Version), t.now)
	case !from.Open() && i.State.Open():
		parts, err := t.partsOf(ctx, i)
		if err != nil {
			return err
		}
		return t.holdParts(ctx, i.ID, parts)
	case i.State == cordon.IncidentInvestigating && by.Kind == cordon.ActorSystem: // it fell back
		return t.callFor(ctx, i.ID, fmt.Sprintf("uncontained/%d", i.falls), t.now)
	}
	return nil
}

// EndExercise ends the incident of an exercise, whatever it owes: declined where
// that can be, else resolved.
func (s *Store) EndExercise(ctx context.Context, by cordon.Actor, id cordon.IncidentID, text string) (cordon.Incident, error) {
	i, err := s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		switch {
		case !i.Exercise:
			return cordon.Errorf(cordon.Conflict, "%s is no exercise", i.Name())
		case !i.State.Open():
			return cordon.Errorf(cordon.Conflict, "%s is %s already", i.Name(), i.State)
		}
		to := cordon.IncidentResolved
		if i.State.CanBecome(cordon.IncidentDeclined) {
			to = cordon.IncidentDeclined
		}
		return t.enter(ctx, by, i, incidentMove{to: to, text: text, at: t.now})
	})
	return i, wrap(err, "end exercise")
}

// nothingOwed refuses with every debt.
func (t *tx) nothingOwed(ctx context.Context, i *storedIncident) error {
	debts, err := debtsOf(ctx, t, i.ID, micros(t.now))
	if err != nil || len(debts) == 0 {
		return err
	}
	e := &cordon.Error{Code: cordon.Conflict, Field: "state", Message: fmt.Sprintf("%s cannot be resolved: %s", i.Name(), owedCount(len(debts))), Remedy: "settle each of them first"}
	for _, d := range debts {
		text := d.Text
		if d.Count > 1 {
			text = fmt.Sprintf("%s (%s)", d.Text, cordon.Thousands(d.Count))
		}
		e.Faults = append(e.Faults, cordon.Fault{Field: string(d.Kind), Message: text, Remedy: d.Subject})
	}
	return e
}

func owedCount(n int) string {
	if n == 1 {
		return "one thing is still owed"
	}
	return fmt.Sprintf("%d things are still owed", n)
}

// nothingToDo refuses to close while an action item of the review is open.
func (t *tx) nothingToDo(ctx context.Context, i *storedIncident) error {
	open, err := openTasks(ctx, t, i.ID, true)
	if err != nil || len(open) == 0 {
		return err
	}
	e := &cordon.Error{Code: cordon.Conflict, Field: "state", Message: i.Name() + " cannot be closed: action items of its review are open", Remedy: "do them, or skip them with the reason"}
	for _, task := range open {
		e.Faults = append(e.Faults, cordon.Fault{Field: string(cordon.DebtTask), Message: task.Title, Remedy: fmt.Sprintf("task %d", task.Num)})
	}
	return e
}

// ChangeIncident changes title, severity, kind or whether it is public.
func (s *Store) ChangeIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, c cordon.IncidentChange) (cordon.Incident, error) {
	i, err := s.changeIncident(ctx, id, version, func(t *tx, i *storedIncident) error {
		if err := ended(i); err != nil {
			return err
		}
		if c.Severity != nil {
			if err := t.setSeverity(ctx, by, i, *c.Severity, c.Reason); err != nil {
				return err
			}
		}
		if c.Title != nil && *c.Title != i.Title {
			if err := t.changeWords(ctx, by, i, "title", *c.Title, fmt.Sprintf("Title: %q", *c.Title)); err != nil {
				return err
			}
		}
		if c.Kind != nil && *c.Kind != i.Kind {
			if err := t.changeWords(ctx, by, i, "kind", string(*c.Kind), fmt.Sprintf("Kind: %s → %s", i.Kind, *c.Kind)); err != nil {
				return err
			}
		}
		if c.Public != nil {
			return t.setPublic(ctx, by, i, *c.Public, c.Reason)
		}
		return nil
	})
	return i, wrap(err, "change incident")
}

// changeWords sets a column of text; column is one of ours.
func (t *tx) changeWords(ctx context.Context, by cordon.Actor, i *storedIncident, column, value, text string) error {
	if _, err := t.exec(ctx, `UPDATE incident SET `+column+` = $2 WHERE id = $1`, string(i.ID), value); err != nil {
		return err
	}
	return t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineChanged, Text: text})
}

func (t *tx) setSeverity(ctx context.Context, by cordon.Actor, i *storedIncident, to cordon.Severity, why string) error {
	from := i.Severity
	if to == from {
		return nil
	}
	if to > from && by.Kind == cordon.ActorSystem {
		return nil // by itself it only rises
	}
	if to > from && strings.TrimSpace(why) == "" {
		return cordon.InvalidField("reason", "is missing", "say why the severity is lowered; it goes into the ledger")
	}
	i.Severity = to
	if _, err := t.exec(ctx, `UPDATE incident SET severity = $2 WHERE id = $1`, string(i.ID), int64(to)); err != nil {
		return err
	}
	text := fmt.Sprintf("%s → %s", from, to)
	if why != "" {
		text += ": " + why
	}
	if err := t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineSeverity, Text: text}); err != nil || to > from {
		return err
	}
	var called bool // otherwise the first page says it
	err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM incident_call c WHERE c.incident = $1 AND c.what = 'opened' AND c.done_at <> 0)`, string(i.ID)).Scan(&called)
	if err != nil || !called {
		return err
	}
	return t.callFor(ctx, i.ID, fmt.Sprintf("severity/%d", to), t.now)
}

func (t *tx) setPublic(ctx context.Context, by cordon.Actor, i *storedIncident, public bool, why string) error {
	if public == i.Public {
		return nil
	}
	if !public && by.Kind != cordon.ActorSystem && strings.TrimSpace(why) == "" {
		return cordon.InvalidField("reason", "is missing", "say why nothing is announced; it goes into the ledger")
	}
	who := by.ID()
	if by.Kind == cordon.ActorSystem {
		if i.publicBy != "" {
			return nil // a person has decided
		}
		who = ""
	}
	i.Public = public
	t.wake(topicAnnouncements)
	if _, err := t.exec(ctx, `UPDATE incident SET public = $2, public_by = $3 WHERE id = $1`, string(i.ID), public, who); err != nil {
		return err
	}
	text := "Public: announcements are owed"
	if !public {
		text = "Not public: nothing is announced"
	}
	if why != "" {
		text += ": " + why
	}
	return t.incidentLine(ctx, by, i.ID, cordon.IncidentLine{Kind: cordon.LineChanged, Text: text})
}

// AssignIncident gives a role to somebody; "" takes it back.
func (s *Store) AssignIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, role cordon.IncidentRole, holder cordon.AccountID) (cordon.Incident, error) {
	if !slices.Contains(cordon.IncidentRoles(), role) {
		return cordon.Incident{}, cordon.InvalidField("role", "is not a role", "say commander, deputy, scribe, customer-liaison or internal-liaison")
	}
	i, err := s.changeIncident(ctx, id, version, func(t *tx, i *storedIncident) error {
		if err := ended(i); err != nil || i.Roles[role] == holder {
			return err
		}
		if err := t.mayHold(ctx, i, holder); err != nil {
			return err
		}
		text := fmt.Sprintf("%s: %s", role, holder)
		if holder == "" {
			text = fmt.Sprintf("%s: nobody any more", role)
			if _, err := t.exec(ctx, `DELETE FROM incident_role WHERE incident = $1 AND role = $2`, string(id), string(role)); err != nil {
				return err
			}
		} else if _, err := t.exec(ctx, `INSERT INTO incident_role (incident, role, holder, since) VALUES ($1, $2, $3, $4)
			ON CONFLICT (incident, role) DO UPDATE SET holder = excluded.holder, since = excluded.since`, string(id), string(role), string(holder), micros(t.now)); err != nil {
			return err
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineRole, Subject: string(holder), Text: text})
	})
	return i, wrap(err, "assign incident")
}

// mayHold says whether the account may have a role in the incident: one of the
// installation's, or of the tenant whose incident it is.
func (t *tx) mayHold(ctx context.Context, i *storedIncident, holder cordon.AccountID) error {
	if holder == "" || holder == cordon.AccountID(cordon.ActorOperator) {
		return nil
	}
	a, err := scanAccount(t.queryRow(ctx, `SELECT `+accountColumns+` FROM account WHERE id = $1`, string(holder)))
	if err != nil {
		return orMissing(err, "account")
	}
	if a.Tenant != "" && a.Tenant != i.Tenant {
		return cordon.InvalidField("account", "is of a tenant whose incident this is not", "name an account of the installation")
	}
	return nil
}

// NoteIncident adds a line to the timeline.
func (s *Store) NoteIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, text string) error {
	return s.NoteIncidentFor(ctx, by, id, "", text)
}

// NoteIncidentFor adds a line that the tenant's people may read too.
func (s *Store) NoteIncidentFor(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, text string) error {
	if err := cordon.ValidIncidentText("text", text, false); err != nil {
		return err
	}
	err := s.write(ctx, func(t *tx) error {
		if _, err := incidentOf(ctx, t, id, "{{forupdate}}"); err != nil {
			return err
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineNote, Tenant: tenant, Text: text})
	})
	return wrap(err, "note incident")
}
