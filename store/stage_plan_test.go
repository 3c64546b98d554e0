package store

import (
	"context"
	"strings"
	"testing"
)

// What a claim of a staged dispatch reads must not grow with the stages that
// have left or are to come: every choice of copies goes by delivery_open.
func TestTheClaimsOfAStageUseTheirIndex(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{DataDir: t.TempDir(), Master: []byte("a master key for tests, 32 bytes")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, c := range map[string]struct {
		text string
		args []any
		want []string
	}{
		"fresh":    {claimableFresh, []any{1, 1, 1, 10, 10}, []string{"delivery_open (tenant=? AND lane=? AND due=? AND dispatch=? AND seq<?)"}},
		"again":    {claimableAgain, []any{1, 1, 1, 10, 10}, []string{"delivery_open (tenant=? AND lane=? AND due>? AND due<?)"}},
		"whole":    {claimableBulk, []any{1, 1, 1, 10}, []string{"delivery_open (tenant=? AND lane=? AND due<?)"}},
		"next due": {nextDueStaged, []any{1, 1, 1, 10}, []string{"delivery_open (tenant=? AND lane=? AND due<?)", "delivery_open (tenant=? AND lane=? AND due>? AND due<?)"}},
	} {
		plan, err := planOf(ctx, s, "EXPLAIN QUERY PLAN "+strings.ReplaceAll(c.text, "{{skiplocked}}", ""), c.args)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(plan, "v USING INDEX "+want) {
				t.Errorf("%s is read by another way than %s:\n%s", name, want, plan)
			}
		}
	}
}

// planOf answers the plan of a statement, as text.
func planOf(ctx context.Context, s *Store, text string, args []any) (plan string, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, text, args...)
		lines, err := collect(rows, err, func(r scanner) (string, error) {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			return detail, err
		})
		plan = strings.Join(lines, "\n")
		return err
	})
	return plan, err
}
