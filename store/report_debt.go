package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// reportDebts are the reporters who still wait for an answer in problems that are
// part of the incident.
func reportDebts(ctx context.Context, q querier, id cordon.IncidentID, _ int64) ([]cordon.Debt, error) {
	rows, err := q.query(ctx, `SELECT p.id, p.num, COUNT(*) FROM problem p JOIN report r ON r.problem = p.id
		WHERE `+problemIncident+` = $1 AND p.state IN ('open', 'investigating') AND r.answer = 'owed' GROUP BY p.id, p.num ORDER BY p.num`, string(id))
	return collect(rows, err, func(row scanner) (cordon.Debt, error) {
		var problem cordon.ProblemID
		var number, n int64
		err := row.Scan(&problem, &number, &n)
		return cordon.Debt{
			Kind: cordon.DebtReporter, Subject: string(problem), Count: n,
			Text: fmt.Sprintf("P-%d is not answered: waiting for it after their report: %s", number, people(n)),
		}, err
	})
}
