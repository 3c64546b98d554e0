package guard_test

import (
	"testing"

	"github.com/cordonmail/cordon"
)

// A hold for what a letter says teaches the tenant's screening what the person
// decided; a hold for other reasons teaches nothing, and another tenant's
// screening stays as it was.
func TestHoldsTeachTheScreening(t *testing.T) {
	d := newDesk(t)
	other := cordon.NewTenantID()
	d.must(d.store.CreateTenant(t.Context(), operator, cordon.Tenant{ID: other, Handle: "other", Name: "Other", State: cordon.TenantActive, CreatedAt: start}))
	version := noteVersion(d.tenant, "house number 1")
	version.Content.Text = "Dear {{name}}, congratulations: you won a free lesson at our summer raffle. {{note}} Claim it at the desk."
	order := cordon.Order{Tenant: d.tenant, Kind: cordon.Single}
	lessons := func(tenant cordon.TenantID) int64 {
		t.Helper()
		facts, err := d.store.ScreenFacts(t.Context(), tenant)
		d.must(err)
		return facts.Lessons
	}
	held := func(check string) cordon.Dispatch {
		return cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: d.tenant, Reasons: []cordon.Reason{{Check: check, Decision: cordon.Hold}}}
	}
	d.must(d.guard.Learn(t.Context(), operator, held("behaviour"), order, version, true))
	if n := lessons(d.tenant); n != 0 {
		t.Fatalf("%d lessons from a hold for another reason", n)
	}
	for i := range 3 {
		d.must(d.guard.Learn(t.Context(), operator, held(cordon.CheckScreen), order, version, true))
		if n := lessons(d.tenant); n != int64(i+1) {
			t.Fatalf("%d lessons after %d holds", n, i+1)
		}
	}
	if n := lessons(other); n != 0 {
		t.Errorf("another tenant learnt %d lessons", n)
	}
	facts, err := d.store.ScreenFacts(t.Context(), d.tenant)
	d.must(err)
	if len(facts.Tuning) == 0 {
		t.Error("nothing was kept")
	}
}
