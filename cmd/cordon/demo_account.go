package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

// account prints, on one screen, what was tried, refused, held, delivered and
// stopped, and says whether every expectation held.
func (d *demo) account(ctx context.Context) (bool, error) {
	fmt.Fprintf(d.out, "\n  ── incident A, as it went here ─────────────────────────────────────────────────────\n\n")
	d.attacks()
	if err := d.tenants(ctx); err != nil {
		return false, err
	}
	if err := d.held(ctx); err != nil {
		return false, err
	}
	if err := d.proof(ctx); err != nil {
		return false, err
	}
	failed := d.expectations()
	fmt.Fprintf(d.out, "\n  time to detect %s · time to contain %s · bad copies out %d · %.1f s in all\n",
		short(time.Duration(d.report.TTD)), short(time.Duration(d.report.TTC)), d.report.BadCopiesOut, time.Since(d.began).Seconds())
	return failed == 0, nil
}

// attacks is a row for each way the intruder tried.
func (d *demo) attacks() {
	fmt.Fprintf(d.out, "  %-18s %8s %8s %8s %10s %9s\n", "the intruder", "tried", "refused", "held", "delivered", "seen in")
	for _, v := range d.report.Variants {
		if v.Tried == 0 {
			continue
		}
		seen := "refused"
		if v.TTD > 0 {
			seen = short(time.Duration(v.TTD))
		}
		fmt.Fprintf(d.out, "  %-18s %8s %8s %8s %10d %9s   %s\n", v.Name, count(v.Tried), count(v.Refused), count(v.Held), v.BadCopiesOut, seen, mark(v.OK))
	}
}

// tenants is a row for each practice, from the house's own account, beside what
// the receiving server counted.
func (d *demo) tenants(ctx context.Context) error {
	h := d.stage.house
	fmt.Fprintf(d.out, "\n  %-28s %9s %7s %7s %9s %11s\n", "practice", "delivered", "held", "refused", "in flight", "far side")
	for i, p := range d.practices {
		a, err := h.Auditor.Assess(ctx, h.Registry.Operator(), cordon.Question{Tenant: p.ID})
		if err != nil {
			return err
		}
		arrived := d.stage.sink.TakenFrom(p.Domain)
		fmt.Fprintf(d.out, "  %-28s %9s %7s %7s %9d %11s\n", p.Name, count(a.Delivered), count(a.Held),
			count(a.Refused+a.OrdersRefused), a.InFlight, count(arrived))
		d.expect(p.Name+": arrived as recorded", a.Delivered, arrived)
		recall, err := h.Desk.Dispatch(ctx, h.Registry.Operator(), p.ID, d.recalls[i].ID)
		if err != nil {
			return err
		}
		stages, err := h.Warden.Stages(ctx, h.Registry.Operator(), p.ID, recall.ID)
		if err != nil {
			return err
		}
		d.expect(p.Name+": its recall leaves in stages", 4, int64(len(stages)))
		d.expect(p.Name+": every patient accounted for", int64(recall.Recipients), recall.Counts.Delivered+recall.Counts.Queued+recall.Counts.Held)
		if i > 0 {
			d.expect(p.Name+": a bystander's recall went on", int64(demoPatients), recall.Counts.Delivered)
		}
	}
	return nil
}

// held lists what waits for a person, and why, as the page Holds does.
func (d *demo) held(ctx context.Context) error {
	h := d.stage.house
	holds, _, err := h.Desk.Holds(ctx, h.Registry.Operator(), "", cordon.HoldFilter{}, true, cordon.Page{})
	if err != nil {
		return err
	}
	names := map[cordon.TenantID]string{}
	for _, p := range d.practices {
		names[p.ID] = p.Name
	}
	fmt.Fprintf(d.out, "\n  held for a person, and why\n")
	reasoned := int64(0)
	for _, x := range holds {
		fmt.Fprintf(d.out, "  %-28s %9s copies\n", names[x.Tenant], count(int64(x.Recipients)))
		told := false
		for _, r := range x.Reasons {
			if r.Decision == cordon.Hold {
				told = true
				fmt.Fprintf(d.out, "      %s: %s\n", r.Check, r.Message)
			}
		}
		if told {
			reasoned++
		}
	}
	d.expect("every held order says why", int64(len(holds)), reasoned)
	return nil
}

// proof verifies the ledger from the stored data.
func (d *demo) proof(ctx context.Context) error {
	h := d.stage.house
	if _, err := h.Auditor.Checkpoint(ctx); err != nil {
		return err
	}
	report, err := h.Auditor.Verify(ctx, h.Registry.Operator(), nil)
	if err != nil {
		return err
	}
	stops, err := h.Store.ActiveStops(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n  stops in force %d · ledger %s entries, re-hashed from stored data: %s · root %s\n",
		len(stops), count(report.Entries), mark(report.OK), report.Root)
	d.expect("the ledger verifies", int64(1), map[bool]int64{true: 1}[report.OK])
	return nil
}

func (d *demo) expect(name string, want, got int64) {
	d.checks = append(d.checks, drill.Expectation{Name: name, Want: strconv.FormatInt(want, 10), Got: strconv.FormatInt(got, 10), OK: want == got})
}

// expectations counts all, and prints those that failed.
func (d *demo) expectations() (failed int) {
	all := append(append([]drill.Expectation(nil), d.report.Expectations...), d.checks...)
	for _, e := range all {
		if !e.OK {
			failed++
			fmt.Fprintf(d.out, "  FAILED  %s: want %s, got %s\n", e.Name, e.Want, e.Got)
		}
	}
	fmt.Fprintf(d.out, "  %d of %d expectations held\n", len(all)-failed, len(all))
	return failed
}

func mark(ok bool) string {
	if ok {
		return "ok"
	}
	return "FAILED"
}

// short writes a duration as people read it.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
