package store_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// benchBad is how many copies of the bulk send are bad: CORDON_BENCH_BAD, or
// 180,000, as in a published case. A quarter as many single sends, 10,000 at most,
// are by a stolen key.
func benchBad() int {
	if n, err := strconv.Atoi(os.Getenv("CORDON_BENCH_BAD")); err == nil && n > 0 {
		return n
	}
	return 180_000
}

// BenchmarkIncident sizes an incident of one bulk send, and one of a key's single
// sends; it reports how long each question takes.
func BenchmarkIncident(b *testing.B) {
	engines(b, func(b *testing.B, s *store.Store, _ string) {
		ctx := context.Background()
		n := benchBad()
		singles := min(n/4, 10_000)
		p := crowd(b, s, n)
		d := p.bulk()
		db := storetest.Raw(b, s)
		for _, text := range []string{
			fmt.Sprintf(`UPDATE delivery SET state = 'delivered', at = %d WHERE dispatch > 0`, p.clock.now().UnixMicro()),
			fmt.Sprintf(`UPDATE lane SET delivered = queued, queued = 0, first_at = %d, last_at = %d, next_due = NULL`, p.clock.now().UnixMicro(), p.clock.now().UnixMicro()),
			`UPDATE dispatch SET state = 'done'`,
		} {
			_, err := db.Exec(text)
			ok(b, err)
		}
		from := p.clock.now()
		number := `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ` + fmt.Sprint(singles) + `)`
		columns := `num, id, tenant, tenant_id, kind, template, version, hash, audience, actor, account, key_id, lane, state, recipients, accepted_at, not_before, exercise, has_values, reasons, touched_at, done_at`
		_, err := db.Exec(number + ` INSERT INTO dispatch (` + columns + `) SELECT 1000000 + c.n, 'dsp_' || c.n, d.tenant, d.tenant_id, 'single', d.template, 1, '', '', '', d.account, 'key_stolen', 999, 'done', 1, ` +
			fmt.Sprint(from.UnixMicro()) + ` + c.n, 0, FALSE, FALSE, '[]', 0, 0 FROM c CROSS JOIN dispatch d WHERE d.id = '` + string(d.ID) + `'`)
		ok(b, err)
		_, err = db.Exec(number + ` INSERT INTO delivery (tenant, dispatch, seq, recipient, lane, due, at, attempts, state) SELECT d.tenant, 1000000 + c.n, 1, c.n, 999, 0, ` + fmt.Sprint(from.UnixMicro()) +
			` + c.n, 1, 'delivered' FROM c CROSS JOIN dispatch d WHERE d.id = '` + string(d.ID) + `'`)
		ok(b, err)
		if s.Engine() == "postgres" {
			_, err = db.Exec("ANALYZE")
			ok(b, err)
		}
		bulk := anIncident(b, s, p.tenant, cordon.Question{Dispatch: d.ID})
		key := anIncident(b, s, "", cordon.Question{Key: "key_stolen", From: from})
		for name, i := range map[string]cordon.Incident{"bulk": bulk, "key": key} {
			want := int64(n)
			if name == "key" {
				want = int64(singles)
			}
			for question, ask := range map[string]func() int64{
				"damage": func() int64 { a, err := s.IncidentDamage(ctx, i.ID); ok(b, err); return a.Delivered },
				"figures": func() int64 {
					f, err := s.IncidentFigures(ctx, i.ID)
					ok(b, err)
					return f[cordon.FigureRecipients].Value
				},
				"contained": func() int64 { c, err := s.IncidentContainment(ctx, i.ID); ok(b, err); return c.Delivered },
				"list": func() (got int64) {
					ok(b, s.EachAffected(ctx, i.ID, "", func(cordon.Affected) error { got++; return nil }))
					return got
				},
				"page": func() int64 {
					list, _, err := s.IncidentAffected(ctx, i.ID, "", cordon.Page{Limit: 500})
					ok(b, err)
					return want * int64(len(list)) / 500
				},
			} {
				began := time.Now()
				const times = 3
				for range times {
					if got := ask(); got != want {
						b.Fatalf("%s of the %s incident: %d, want %d", question, name, got, want)
					}
				}
				b.ReportMetric(float64(time.Since(began).Milliseconds())/times, name+"-"+question+"-ms")
			}
		}
	})
}
