package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// addTasks writes tasks behind those that are there.
func (t *tx) addTasks(ctx context.Context, i *storedIncident, tasks []cordon.IncidentTask) error {
	for _, k := range tasks {
		if k.After > 0 {
			k.DueAt = i.OpenedAt.Add(k.After)
		}
		_, err := t.exec(ctx, `INSERT INTO incident_task (incident, num, title, why, role, required, action, command, link, due_at, state, reason, settled_by, settled_at)
			SELECT CAST($1 AS TEXT), COALESCE(MAX(k.num), 0) + 1, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BOOLEAN), CAST($6 AS BOOLEAN),
				CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS BIGINT), 'open', '', '', 0
			FROM incident_task k WHERE k.incident = $1`,
			string(i.ID), k.Title, k.Why, string(k.Role), k.Required, k.Action, k.Command, k.Link, micros(k.DueAt))
		if err != nil {
			return err
		}
	}
	return nil
}

const taskColumns = `k.num, k.title, k.why, k.role, k.required, k.action, k.command, k.link, k.due_at, k.state, k.reason, k.settled_by, k.settled_at`

func scanTask(r scanner) (cordon.IncidentTask, error) {
	var k cordon.IncidentTask
	var due, settled int64
	err := r.Scan(&k.Num, &k.Title, &k.Why, &k.Role, &k.Required, &k.Action, &k.Command, &k.Link, &due, &k.State, &k.Reason, &k.SettledBy, &settled)
	k.DueAt, k.SettledAt = fromMicros(due), fromMicros(settled)
	return k, err
}

// IncidentTasks lists the tasks in the order in which they were set.
func (s *Store) IncidentTasks(ctx context.Context, id cordon.IncidentID) (all []cordon.IncidentTask, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+taskColumns+` FROM incident_task k WHERE k.incident = $1 ORDER BY k.num`, string(id))
		all, err = collect(rows, err, scanTask)
		return err
	})
	return all, wrap(err, "incident's tasks")
}

// openTasks lists the tasks that are owed: the required ones, or the action items
// of the review.
func openTasks(ctx context.Context, q querier, id cordon.IncidentID, actions bool) ([]cordon.IncidentTask, error) {
	which := "k.required AND NOT k.action"
	if actions {
		which = "k.action"
	}
	rows, err := q.query(ctx, `SELECT `+taskColumns+` FROM incident_task k WHERE k.incident = $1 AND k.state = 'open' AND `+which+` ORDER BY k.num`, string(id))
	return collect(rows, err, scanTask)
}

// AddIncidentTask sets a further task.
func (s *Store) AddIncidentTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, k cordon.IncidentTask) error {
	if err := cordon.ValidIncidentTitle(k.Title); err != nil {
		return err
	}
	_, err := s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		if err := ended(i); err != nil {
			return err
		}
		if err := t.addTasks(ctx, i, []cordon.IncidentTask{k}); err != nil {
			return err
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineTask, Text: "To do: " + k.Title})
	})
	return wrap(err, "add task")
}

// SettleIncidentTask marks a task as done, or as skipped with the reason, or ("open")
// as to be done again.
func (s *Store) SettleIncidentTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, to cordon.TaskState, reason string) error {
	_, err := s.changeIncident(ctx, id, 0, func(t *tx, i *storedIncident) error {
		k, err := scanTask(t.queryRow(ctx, `SELECT `+taskColumns+` FROM incident_task k WHERE k.incident = $1 AND k.num = $2`, string(id), num))
		switch {
		case err != nil:
			return orMissing(err, "task")
		case k.State == to:
			return cordon.Errorf(cordon.Conflict, "task %d is %s already", num, to)
		}
		if err := ended(i); err != nil {
			return err
		}
		settled, who := micros(t.now), by.ID()
		if to == cordon.TaskOpen {
			settled, who = 0, ""
		}
		if _, err := t.exec(ctx, `UPDATE incident_task SET state = $3, reason = $4, settled_by = $5, settled_at = $6 WHERE incident = $1 AND num = $2`,
			string(id), num, string(to), reason, who, settled); err != nil {
			return err
		}
		text := fmt.Sprintf("Task %s: %s", to, k.Title)
		if reason != "" {
			text += ": " + reason
		}
		return t.incidentLine(ctx, by, id, cordon.IncidentLine{Kind: cordon.LineTask, Subject: fmt.Sprint(num), Text: text})
	})
	return wrap(err, "settle task")
}
