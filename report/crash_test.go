package report_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

// dying is a store whose process dies before the n-th write; after lets the n-th
// happen, and its answer get lost.
type dying struct {
	report.Store
	left  atomic.Int64
	after bool
}

func (d *dying) write(do func() error) error {
	switch n := d.left.Add(-1); {
	case n > 0:
		return do()
	case n == 0 && d.after:
		_ = do()
	}
	return errDead
}

func (d *dying) ReceiveReport(ctx context.Context, n cordon.NewReport) (r cordon.Report, fresh bool, err error) {
	err = d.write(func() (err error) { r, fresh, err = d.Store.ReceiveReport(ctx, n); return err })
	return r, fresh, err
}

func (d *dying) FileReport(ctx context.Context, f cordon.Filing) (r cordon.Report, p cordon.Problem, err error) {
	err = d.write(func() (err error) { r, p, err = d.Store.FileReport(ctx, f); return err })
	return r, p, err
}

func (d *dying) DelayReport(ctx context.Context, id cordon.ReportID, waits []time.Duration) error {
	return d.write(func() error { return d.Store.DelayReport(ctx, id, waits) })
}

func (d *dying) RecordLateBounce(ctx context.Context, ref cordon.Ref, b cordon.LateBounce, n int) (noted bool, err error) {
	err = d.write(func() (err error) { noted, err = d.Store.RecordLateBounce(ctx, ref, b, n); return err })
	return noted, err
}

func (d *dying) EnqueueOutgoing(ctx context.Context, all []cordon.Outgoing) error {
	return d.write(func() error { return d.Store.EnqueueOutgoing(ctx, all) })
}

// Whatever the moment of death, the sender who got no 250 sends again, and then
// each report is there once, with one receipt and one complaint.
func TestAKillAtAnyPointLosesAndDoublesNothing(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := int64(1); n <= 8; n++ {
			h := newHouse(t)
			h.publish("people.example", "p1")
			mails := []report.Arrived{
				{To: "abuse@house.example", From: "ann@people.example", Raw: []byte(h.sign(forwarded("Ann <ann@people.example>", h.letter(0)), "people.example", "p1"))},
				{To: "abuse@house.example", From: "bob@people.example", Raw: []byte(forwarded("Bob <bob@people.example>", h.letter(1)))},
				{To: "check@house.example", From: "ann@people.example", Raw: []byte(h.sign(forwarded("Ann <ann@people.example>", h.sign(h.letter(0), "north.example", "s1")), "people.example", "p1"))},
			}
			killed := &dying{Store: h.store, after: after}
			killed.left.Store(n)
			doomed := newClerkOver(h, killed)
			accepted := 0
			for _, m := range mails {
				if doomed.Arrive(t.Context(), inbound, m) != nil {
					break
				}
				accepted++
				_, _ = doomed.Step(t.Context())
			}
			// The process starts again; the far side tries what it got no 250 for.
			for _, m := range mails[accepted:] {
				h.must(h.clerk.Arrive(t.Context(), inbound, m))
			}
			h.now = h.now.Add(2 * time.Minute)
			h.step()
			if got := h.mails(); got != "answer 1, receipt 2" {
				t.Errorf("dead at write %d (after: %v): mails %q", n, after, got)
			}
			e, err := h.store.Evidence(t.Context(), cordon.EvidenceOf{Tenant: h.tenant})
			h.must(err)
			p := h.problems()
			if len(h.reports()) != 2 || e.Complaints != 2 || len(p) != 1 || p[0].Counts.Reports != 2 {
				t.Errorf("dead at write %d (after: %v): %d reports, %+v, %+v", n, after, len(h.reports()), e, p)
			}
		}
	}
}
