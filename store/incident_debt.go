package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// incidentDebts is who says what is still owed in an incident, each of one kind,
// in the order in which debts are shown. now is µs. Resolving reads them in its own
// transaction.
var incidentDebts = []func(ctx context.Context, q querier, id cordon.IncidentID, now int64) ([]cordon.Debt, error){
	scopeDebts,
	recoveryDebts,
	taskDebts,
	announcementDebts,
	noticeDebts,
	clockDebts,
	reportDebts,
}

func debtsOf(ctx context.Context, q querier, id cordon.IncidentID, now int64) ([]cordon.Debt, error) {
	all := []cordon.Debt{}
	for _, of := range incidentDebts {
		some, err := of(ctx, q, id, now)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// IncidentDebts lists what is still owed.
func (s *Store) IncidentDebts(ctx context.Context, id cordon.IncidentID) (all []cordon.Debt, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		if _, err := incidentOf(ctx, q, id, ""); err != nil {
			return err
		}
		all, err = debtsOf(ctx, q, id, micros(s.now()))
		return err
	})
	return all, wrap(err, "incident's debts")
}

// scopeDebts: whatever bad can still leave.
func scopeDebts(ctx context.Context, q querier, id cordon.IncidentID, now int64) ([]cordon.Debt, error) {
	c, err := containment(ctx, q, id, now)
	if err != nil {
		return nil, err
	}
	var all []cordon.Debt
	for _, open := range c.Open {
		all = append(all, cordon.Debt{Kind: cordon.DebtScope, Text: open})
	}
	return all, nil
}

// recoveryDebts: keys and accounts that were in foreign hands, and of which nobody
// has said that they are safe again. A key is when it is revoked, too.
func recoveryDebts(ctx context.Context, q querier, id cordon.IncidentID, _ int64) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT n.noun, n.subject, COALESCE(k.state, '') FROM incident_link n LEFT JOIN api_key k ON n.noun = 'key' AND k.id = n.subject
		WHERE n.incident = $1 AND n.recover AND n.settled_at = 0 AND COALESCE(k.state, '') <> 'revoked' ORDER BY n.num`, string(id))
	return collect(rows, err, func(r scanner) (cordon.Debt, error) {
		d := cordon.Debt{Kind: cordon.DebtAccount}
		var noun string
		var state cordon.KeyState
		err := r.Scan(&noun, &d.Subject, &state)
		d.Text = "nobody has said that the account is in the right hands again"
		if noun == cordon.LinkKey {
			d.Text = fmt.Sprintf("the key is %s: revoke it, or say why it is safe", state)
		}
		return d, err
	})
}

// taskDebts: what the playbook requires.
func taskDebts(ctx context.Context, q querier, id cordon.IncidentID, _ int64) ([]cordon.Debt, error) {
	open, err := openTasks(ctx, q, id, false)
	var all []cordon.Debt
	for _, k := range open {
		all = append(all, cordon.Debt{Kind: cordon.DebtTask, Text: k.Title, Subject: fmt.Sprintf("task %d", k.Num)})
	}
	return all, err
}
