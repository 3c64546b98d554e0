package guard_test

import (
	"testing"

	"github.com/cordonmail/cordon"
)

// A decoy named by a person's account, without any key, stops that account: its
// mail of every kind, besides the letter and the tenant's bulk.
func TestADecoyNamedByAnAccountStopsTheAccount(t *testing.T) {
	b := newBench(t)
	account := cordon.NewAccountID()
	author := cordon.Actor{Kind: cordon.ActorAccount, Account: account, Tenant: b.tenant, Permissions: cordon.RoleAuthor.Permissions()}
	v := b.guard.Judge(t.Context(), author, b.order(b.approved, b.patient, b.decoy), b.approved)
	if v.Decision != cordon.Refuse || v.Code != cordon.Missing || v.SuspendKey != "" {
		t.Fatalf("verdict %+v", v)
	}
	scopes := map[cordon.Scope]bool{}
	for _, s := range v.Stops {
		scopes[s.Scope] = true
	}
	for _, want := range []cordon.Scope{{Account: account}, {Tenant: b.tenant, Kind: cordon.Bulk}, {Template: b.approved.Template}} {
		if !scopes[want] {
			t.Errorf("no stop of %+v among %+v", want, v.Stops)
		}
	}
	if len(v.Signals) == 0 || v.Signals[0].Account != account {
		t.Errorf("signals %+v", v.Signals)
	}
	// The answer is the one for an ID of nobody.
	w := b.guard.Judge(t.Context(), author, b.order(b.approved, b.patient, cordon.NewRecipientID()), b.approved)
	if len(v.Faults) != 1 || len(w.Faults) != 1 || v.Faults[0] != w.Faults[0] || v.Code != w.Code {
		t.Errorf("a decoy is answered %+v, nobody %+v", v.Faults, w.Faults)
	}
}

// One that was replaced is a trap for good.
func TestARetiredDecoyIsStillOne(t *testing.T) {
	b := newBench(t)
	planting := cordon.Planting{Person: cordon.Person{Name: "Bo", Address: "bo@decoy.invalid"}, Kind: cordon.DecoyEnumeration}
	if _, err := b.store.RotateDecoys(t.Context(), operator, b.tenant, []cordon.Planting{planting}, start.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	v := b.guard.Judge(t.Context(), b.key, b.order(b.approved, b.decoy), b.approved)
	if v.Decision != cordon.Refuse || v.SuspendKey == "" || len(v.Stops) != 3 {
		t.Errorf("verdict %+v", v)
	}
}
