package queue

import (
	"fmt"
	"testing"

	"github.com/cordonmail/cordon"
)

func claimOf(k cordon.Kind, tenant string, lane, seq int64) job {
	return job{claim: cordon.Claim{Lane: lane, Delivery: cordon.Delivery{Kind: k, Tenant: cordon.TenantID(tenant), Seq: seq}}}
}

func fill(b *backlog, k cordon.Kind, tenant string, lane int64, n int) {
	for i := range n {
		b.push([]job{claimOf(k, tenant, lane, int64(i+1))})
	}
}

func order(t *testing.T, b *backlog, n int) []string {
	t.Helper()
	var got []string
	for range n {
		j, ok := b.take()
		if !ok {
			t.Fatal("the backlog closed")
		}
		d := j.claim.Delivery
		got = append(got, fmt.Sprintf("%s/%d", d.Tenant, j.claim.Lane))
		b.done(d.Kind)
	}
	return got
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

// Tenants take turns, whatever each has waiting; a tenant's lanes take turns.
func TestTenantsAndLanesTakeTurns(t *testing.T) {
	b := newBacklog(8)
	fill(b, cordon.Bulk, "storm", 1, 100)
	fill(b, cordon.Bulk, "storm", 2, 100)
	fill(b, cordon.Bulk, "clinic", 3, 2)
	same(t, order(t, b, 7), "storm/1", "clinic/3", "storm/2", "clinic/3", "storm/1", "storm/2", "storm/1")
}

// Single letters go first, but bulk has its share, so that neither starves.
func TestSingleFirstWithAShareForBulk(t *testing.T) {
	b := newBacklog(8)
	fill(b, cordon.Bulk, "bulk", 1, 10)
	fill(b, cordon.Single, "one", 2, 10)
	same(t, order(t, b, 10), "one/2", "one/2", "one/2", "one/2", "bulk/1", "one/2", "one/2", "one/2", "one/2", "bulk/1")
}

// A slow bulk never holds the last connection.
func TestBulkLeavesAConnectionForSingles(t *testing.T) {
	b := newBacklog(4)
	fill(b, cordon.Bulk, "bulk", 1, 100)
	for range 3 {
		b.take()
	}
	if j, ok := func() (job, bool) { b.mu.Lock(); defer b.mu.Unlock(); return b.pick() }(); ok {
		t.Fatalf("the fourth sender got %+v", j.claim.Delivery)
	}
	fill(b, cordon.Single, "one", 2, 1)
	if j, _ := b.take(); j.claim.Delivery.Tenant != "one" {
		t.Errorf("got %+v", j.claim.Delivery)
	}
}

func TestDrainTakesEverythingBack(t *testing.T) {
	b := newBacklog(4)
	fill(b, cordon.Bulk, "a", 1, 5)
	fill(b, cordon.Bulk, "b", 2, 5)
	fill(b, cordon.Single, "a", 3, 5)
	if n := len(b.drain()); n != 15 {
		t.Errorf("%d taken back", n)
	}
	if n, _ := b.counts(); n != 0 {
		t.Errorf("%d left", n)
	}
}

func lane(k cordon.Kind, tenant string, num, open int64) cordon.Lane {
	return cordon.Lane{Kind: k, Tenant: cordon.TenantID(tenant), Num: num, Counts: cordon.Counts{Queued: open}}
}

func none(cordon.Kind, cordon.TenantID) int { return 0 }

func planned(shares []share) map[string]int {
	got := make(map[string]int)
	for _, s := range shares {
		got[fmt.Sprintf("%s/%d", s.lane.Tenant, s.lane.Num)] += s.n
	}
	return got
}

func TestClaimsAreDividedFairly(t *testing.T) {
	bulk, single := cordon.Bulk, cordon.Single
	cases := []struct {
		name    string
		lanes   []cordon.Lane
		want    int
		waiting func(cordon.Kind, cordon.TenantID) int
		got     map[string]int
	}{
		{"one bulk takes all", []cordon.Lane{lane(bulk, "a", 1, 9000)}, 500, none, map[string]int{"a/1": 500}},
		{"two tenants, halves", []cordon.Lane{lane(bulk, "a", 1, 9000), lane(bulk, "b", 2, 9000)}, 500, none, map[string]int{"a/1": 250, "b/2": 250}},
		{"a tenant's many lanes count once", []cordon.Lane{lane(bulk, "a", 1, 9000), lane(bulk, "a", 2, 9000), lane(bulk, "b", 3, 9000)}, 400, none,
			map[string]int{"a/1": 100, "a/2": 100, "b/3": 200}},
		{"what a small one leaves goes to the other", []cordon.Lane{lane(bulk, "a", 1, 10), lane(bulk, "b", 2, 9000)}, 500, none, map[string]int{"a/1": 10, "b/2": 490}},
		{"single first, a fifth for bulk", []cordon.Lane{lane(bulk, "a", 1, 9000), lane(single, "b", 2, 9000)}, 500, none, map[string]int{"a/1": 100, "b/2": 400}},
		{"few singles leave the rest to bulk", []cordon.Lane{lane(bulk, "a", 1, 9000), lane(single, "b", 2, 3)}, 500, none, map[string]int{"a/1": 497, "b/2": 3}},
		{"no room, but a newcomer's letter", []cordon.Lane{lane(bulk, "a", 1, 9000), lane(single, "b", 2, 1)}, 0, none, map[string]int{"b/2": 1}},
		{"who waits in memory already waits his turn", []cordon.Lane{lane(bulk, "a", 1, 9000), lane(bulk, "b", 2, 9000)}, 100,
			func(_ cordon.Kind, t cordon.TenantID) int { return map[cordon.TenantID]int{"a": 400}[t] }, map[string]int{"b/2": 100}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := planned(plan(c.lanes, c.want, 0, c.waiting))
			if fmt.Sprint(got) != fmt.Sprint(c.got) {
				t.Errorf("claims %v, want %v", got, c.got)
			}
		})
	}
}

// What waits in memory is what leaves in a moment, never more than the bound.
func TestTheBacklogFollowsTheRate(t *testing.T) {
	for rate, want := range map[float64]int{0: 0, 1: 0, 20: 3, 1000: 150, 1e6: maxBacklog} {
		if got := backlogFor(rate); got != want {
			t.Errorf("at %v/s: %d, want %d", rate, got, want)
		}
	}
}
