package queue

import (
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func refused(seq int64, d cordon.Delivery, why refusal) result {
	d.Seq = seq
	return result{cordon.Attempt{Claim: cordon.Claim{Delivery: d}, Outcome: why.outcome(), At: at}, why}
}

// Many refusals of one dispatch are one signal that counts them, and one stop a
// scope; after the stop has ended, the next offence is stopped anew.
func TestRefusalsAreGathered(t *testing.T) {
	d := cordon.Delivery{Tenant: cordon.NewTenantID(), Dispatch: cordon.NewDispatchID(), Key: cordon.NewKeyID(), Kind: cordon.Single}
	other := d
	other.Dispatch = cordon.NewDispatchID()
	why := forged("provenance", "no mark")
	r := New(Config{})
	offend := func(now time.Time) cordon.AttemptGroup {
		for _, x := range []cordon.Delivery{d, other} {
			for _, s := range why.scopesOf(x) {
				r.own.place(s, now)
			}
		}
		var g cordon.AttemptGroup
		r.accuse(&g, []result{refused(1, d, why), refused(2, d, why), refused(1, other, why), refused(3, d, refusal{reason: "suppressed"})})
		return g
	}
	g := offend(at)
	if len(g.Signals) != 2 || g.Signals[0].Count != 2 || g.Signals[1].Count != 1 || g.Signals[0].Grade != cordon.GradeIncident {
		t.Errorf("signals %+v", g.Signals)
	}
	if len(g.Stops) != 3 { // two dispatches and their key
		t.Errorf("stops %+v", g.Stops)
	}
	for _, s := range g.Stops {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	if !r.own.blocks(d, at) {
		t.Error("the stop is not in force before it is committed")
	}
	if again := offend(at); len(again.Stops) != 0 {
		t.Errorf("placed twice: %+v", again.Stops)
	}
	for _, s := range g.Stops {
		r.own.committed(s.Scope, at)
	}
	later := at.Add(boardKnows)
	if r.own.blocks(d, later) {
		t.Error("our own watch must end when the board knows the stop")
	}
	if again := offend(later); len(again.Stops) != 3 {
		t.Errorf("after a lift the offence is stopped %d times, want 3", len(again.Stops))
	}
}
