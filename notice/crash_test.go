package notice_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/sim"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// TestEveryWriteMayBeTheLast dies before each write from approval to the last
// follow-up, starts again, and holds that everybody is told once and written to
// once.
func TestEveryWriteMayBeTheLast(t *testing.T) {
	writes := 0
	t.Run("no death", func(t *testing.T) { writes = toldThrough(t, 0) })
	t.Logf("%d writes", writes)
	if writes < 15 {
		t.Fatalf("a clean run makes %d writes: the scenario does too little", writes)
	}
	for n := 1; n <= writes; n++ {
		t.Run(fmt.Sprintf("before write %d", n), func(t *testing.T) { toldThrough(t, n) })
	}
}

func toldThrough(t *testing.T, n int) int {
	ctx := t.Context()
	c := &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	s := storetest.New(t, storetest.Clock(c.now))
	h := newHouse(t, s, c)
	h.identity()
	var tenants []cordon.TenantID
	for i := range 3 {
		id, _ := h.tenant(fmt.Sprintf("t%d", i), 6, 4)
		h.contact(id, fmt.Sprintf("a@t%d.example", i), "en")
		tenants = append(tenants, id)
	}
	h.contact(tenants[0], "b@t0.example", "nl")
	h.incident(tenants...)
	h.ok(h.m.Step(ctx))
	hash := h.look().Hash

	faulty := sim.NewFaulty(s)
	h.m = h.messenger(faulty)
	faulty.DieBefore(n)
	_, err := h.m.Approve(ctx, berta, h.inc.ID, notice.Approval{Hash: hash, FollowUp: true})
	writes := faulty.Writes()
	if n == 0 {
		h.ok(err)
	}
	if faulty.Dead() {
		h.m = h.messenger(s) // the next process
		h.ok(h.m.Step(ctx))
		if f := h.look().Facts; f.State != cordon.FactsApproved {
			_, err := h.m.Approve(ctx, berta, h.inc.ID, notice.Approval{Hash: f.Hash(), FollowUp: true}) // as a person does who got no answer
			h.ok(err)
		} else {
			_, err := h.m.WriteTo(ctx, berta, h.inc.ID, nil)
			h.ok(err)
		}
		h.ok(h.m.Step(ctx))
	}
	h.everybodyOnce(s)
	return writes
}

func (h *house) everybodyOnce(s *store.Store) {
	t := h.t
	t.Helper()
	if got := h.outgoing(); got != 4 {
		t.Errorf("%d messages for 4 contacts", got)
	}
	all := h.tellings()
	for handle, n := range all {
		if n.State != cordon.TellingTold || n.FollowUp != cordon.FollowUpAccepted || n.Dispatch == "" {
			t.Errorf("%s: %+v", handle, n)
		}
	}
	var copies, people, dispatches int
	h.ok(storetest.Raw(t, s).QueryRow(`SELECT COUNT(*), COUNT(DISTINCT v.tenant * 1000 + v.recipient), COUNT(DISTINCT d.id) FROM dispatch d JOIN delivery v ON v.tenant = d.tenant AND v.dispatch = d.num WHERE d.kind = 'notice'`).Scan(&copies, &people, &dispatches))
	if copies != 12 || people != 12 || dispatches != 3 {
		t.Errorf("%d letters to %d people in %d dispatches, want 12 to 12 in 3", copies, people, dispatches)
	}
}
