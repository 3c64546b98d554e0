package notice_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/store/storetest"
)

// The numbers to beat: tenants told within the hour, here in seconds after
// approval; the follow-ups to 8,332 people queued within ten minutes. Run with
// -bench . -benchtime 1x
func BenchmarkApproveAndTell(b *testing.B) {
	for _, scale := range []struct{ tenants, people int }{{2000, 2}, {1, 8332}} {
		b.Run(fmt.Sprintf("%d tenants of %d", scale.tenants, scale.people), func(b *testing.B) {
			c := &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
			h := newHouse(b, storetest.New(b, storetest.Clock(c.now)), c)
			h.identity()
			n := cordon.NewIncident{Kind: cordon.IncidentTemplate, Severity: 1, Title: "Spam"}
			for i := range scale.tenants {
				id, _ := h.tenant(fmt.Sprintf("t%d", i), scale.people, scale.people)
				h.contact(id, fmt.Sprintf("privacy@t%d.example", i), "en")
				if len(n.Scope) < 1 {
					n.Scope = append(n.Scope, cordon.Question{Account: "acc_of_everything"})
				}
			}
			storetest.Tamper(b, h.s, `UPDATE dispatch SET account = 'acc_of_everything'`)
			i, err := h.s.OpenIncident(b.Context(), operator, n)
			h.ok(err)
			h.inc = i
			h.ok(h.m.Step(b.Context()))
			act := h.look()
			b.ResetTimer()
			_, err = h.m.Approve(b.Context(), operator, i.ID, notice.Approval{Hash: act.Hash})
			h.ok(err)
			b.ReportMetric(b.Elapsed().Seconds(), "s-to-told")
			_, err = h.m.WriteTo(b.Context(), operator, i.ID, nil)
			h.ok(err)
			b.ReportMetric(b.Elapsed().Seconds(), "s-to-written")
			b.StopTimer()
			if got := h.outgoing(); got != scale.tenants {
				b.Fatalf("%d messages for %d tenants", got, scale.tenants)
			}
			if len(h.door.orders) != scale.tenants {
				b.Fatalf("%d follow-ups", len(h.door.orders))
			}
			began := time.Now()
			debts, err := h.s.IncidentDebts(b.Context(), i.ID)
			h.ok(err)
			b.Logf("debts of %d kinds in %v", len(debts), time.Since(began))
		})
	}
}
