package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func TestTheDamageIsCountedByEveryQuestion(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 10), newSender(t, s, c, 4)
		before := c.now()
		d := p.bulk()
		claims := claimAll(t, s, 6)
		deliver(t, s, c, claims[:3])
		settle(t, s, c, claims[3:4], cordon.Outcome{State: cordon.Uncertain}, time.Hour)
		settle(t, s, c, claims[4:5], cordon.Outcome{State: cordon.Refused, Reason: "approval"}, 0)
		c.advance(time.Hour)
		between := c.now()
		single := p.single(p.people[:2])
		bystander := other.bulk()
		_ = bystander
		deliver(t, s, c, claimAll(t, s, 1))
		place(t, s, cordon.Scope{Dispatch: d.ID})
		_, err := s.OpenPerson(ctx, p.actor(), p.tenant, p.people[0], "a look")
		ok(t, err)
		ok(t, s.RecordRefusal(ctx, p.actor(), p.tenant, cordon.Order{Kind: cordon.Single, Template: p.template}, cordon.Verdict{Decision: cordon.Refuse}))

		type figures struct{ dispatches, delivered, inFlight, held, refused, unknown, queued, ordersRefused, reads int64 }
		all := func(q cordon.Question) figures {
			a, err := s.Assess(ctx, q)
			ok(t, err)
			return figures{a.Dispatches, a.Delivered, a.InFlight, a.Held, a.Refused, a.Unknown, a.Queued, a.OrdersRefused, a.PersonalDataReads}
		}
		delivered := int64(3)
		if p.counts(single.ID).Delivered == 1 || p.counts(d.ID).Delivered == 4 {
			delivered = 4
		}
		mine := int64(0)
		if p.counts(single.ID).Delivered == 1 {
			mine = 1
		}
		dHeld := p.counts(d.ID).Queued
		for name, k := range map[string]struct {
			q    cordon.Question
			want figures
		}{
			"dispatch":         {cordon.Question{Dispatch: d.ID}, figures{1, p.counts(d.ID).Delivered, 1, dHeld, 1, 1, 0, 0, 1}},
			"single dispatch":  {cordon.Question{Dispatch: single.ID}, figures{1, mine, 0, 0, 0, 0, 2 - mine, 0, 1}},
			"key":              {cordon.Question{Key: p.key}, figures{2, delivered, 1, dHeld, 1, 1, 2 - mine, 1, 1}},
			"account":          {cordon.Question{Account: p.account}, figures{2, delivered, 1, dHeld, 1, 1, 2 - mine, 1, 1}},
			"template":         {cordon.Question{Template: p.template}, figures{2, delivered, 1, dHeld, 1, 1, 2 - mine, 1, 0}},
			"tenant":           {cordon.Question{Tenant: p.tenant}, figures{2, delivered, 1, dHeld, 1, 1, 2 - mine, 1, 1}},
			"tenant and time":  {cordon.Question{Tenant: p.tenant, From: before, Until: between}, figures{1, 3, 1, p.counts(d.ID).Queued, 1, 1, 0, 0, 0}},
			"another key":      {cordon.Question{Key: cordon.NewKeyID()}, figures{}},
			"another tenant":   {cordon.Question{Tenant: cordon.NewTenantID()}, figures{}},
			"not the tenant's": {cordon.Question{Tenant: other.tenant, Dispatch: d.ID}, figures{reads: 1}},
		} {
			if got := all(k.q); got != k.want {
				t.Errorf("%s: %+v, want %+v", name, got, k.want)
			}
		}
		a, err := s.Assess(ctx, cordon.Question{From: before})
		ok(t, err)
		if len(a.Tenants) != 2 || a.Delivered != 4 || a.Dispatches != 3 || a.FirstAt.IsZero() || a.LastAt.Before(between) {
			t.Errorf("everything since: %+v", a)
		}
		size, root, err := s.LedgerHead(ctx)
		ok(t, err)
		if a.LedgerSize != size || a.Root != tlog.Hash(root).String() {
			t.Errorf("assessed at %d %s, the ledger is at %d", a.LedgerSize, a.Root, size)
		}
		if _, err := s.Assess(ctx, cordon.Question{}); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("a question about nothing: %v", err)
		}
	})
}

func TestAffectedListsEveryCopyOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 7), newSender(t, s, c, 3)
		other.bulk()
		p.bulk()
		for i := range 5 {
			p.single(p.people[i : i+2])
		}
		p.bulk()
		deliver(t, s, c, claimAll(t, s, 9))
		for _, q := range []cordon.Question{{Tenant: p.tenant}, {Key: p.key}, {Template: p.template}, {Tenant: p.tenant, From: c.now().Add(-time.Hour)}} {
			for _, size := range []int{1, 2, 5, 500} {
				seen := map[string]int{}
				for page := (cordon.Page{Limit: size}); ; {
					list, next, err := s.Affected(ctx, q, page)
					ok(t, err)
					for _, a := range list {
						if a.Tenant != p.tenant || a.Recipient == "" || a.ExternalRef == "" || a.At.IsZero() {
							t.Fatalf("%+v", a)
						}
						seen[fmt.Sprint(a.Dispatch, a.Recipient)]++
					}
					if next == "" {
						break
					}
					page.After = next
				}
				if len(seen) != 24 {
					t.Fatalf("%+v by %d: %d copies, want 24", q, size, len(seen))
				}
				for k, n := range seen {
					if n != 1 {
						t.Fatalf("%s stands %d times", k, n)
					}
				}
			}
		}
	})
}

// checkListed proves that the list of copies says what the counts say.
func checkListed(t testing.TB, s *store.Store, q cordon.Question) cordon.Assessment {
	t.Helper()
	ctx := context.Background()
	var listed cordon.Counts
	for page := (cordon.Page{Limit: 500}); ; {
		list, next, err := s.Affected(ctx, q, page)
		ok(t, err)
		for _, f := range list {
			*listed.Of(f.State)++
		}
		if next == "" {
			break
		}
		page.After = next
	}
	a, err := s.Assess(ctx, q)
	ok(t, err)
	counted := cordon.Counts{
		Queued: a.Queued, Sending: a.InFlight, Delivered: a.Delivered, Deferred: a.Deferred, Bounced: a.Bounced,
		Uncertain: a.Unknown, Held: a.Held, Cut: a.Cut, Refused: a.Refused,
	}
	if counted != listed {
		t.Fatalf("%+v is answered with %+v, the list has %+v", q, counted, listed)
	}
	return a
}

func TestTheListSaysWhatTheCountsSay(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 8)
		before := c.now()
		bulk := p.bulk()
		one := p.single(p.people[:3])
		p.single(p.people[3:])
		claims := claimAll(t, s, 6)
		deliver(t, s, c, claims[:2])
		settle(t, s, c, claims[2:3], cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, time.Hour)
		settle(t, s, c, claims[3:4], cordon.Outcome{}, time.Hour)
		half := c.now()
		deliver(t, s, c, claims[4:5])
		questions := []cordon.Question{
			{Dispatch: bulk.ID}, {Dispatch: one.ID}, {Tenant: p.tenant}, {Key: p.key}, {Tenant: p.tenant, From: before},
			{Tenant: p.tenant, From: before, Until: half}, {Tenant: p.tenant, From: half}, {Dispatch: bulk.ID, Until: half}, {From: half, Until: c.now()},
		}
		for _, scope := range []cordon.Scope{{Dispatch: one.ID}, {Dispatch: bulk.ID}, {Tenant: p.tenant}} {
			place(t, s, scope)
			for _, q := range questions {
				checkListed(t, s, q) // before the sweep
			}
		}
		if a := checkListed(t, s, cordon.Question{Tenant: p.tenant}); a.Held != 11 || a.Queued+a.Deferred != 0 {
			t.Fatalf("behind the stops: %+v", a)
		}
		if a := checkListed(t, s, cordon.Question{Tenant: p.tenant, From: before, Until: half}); a.Delivered != 2 || a.Unknown != 1 || a.Dispatches != 3 {
			t.Fatalf("in the first half: %+v", a)
		}
		sweepAll(t, s, 100)
		for _, q := range questions {
			checkListed(t, s, q)
		}
	})
}

func TestChangedRowsAreFound(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 10)
		p.bulk()
		deliver(t, s, c, claimAll(t, s, 4))
		stop, _ := place(t, s, cordon.Scope{Tenant: p.tenant})
		sweepAll(t, s, 100)
		checkLedger(t, s)
		first := func() int64 {
			entries, err := s.Entries(ctx, 0, 1000)
			ok(t, err)
			for _, e := range entries {
				if s.VerifyStored(ctx, e) != nil {
					return e.Num
				}
			}
			return -1
		}
		for _, change := range []struct{ name, do, undo string }{
			{"a delivery that never was", `UPDATE delivery SET state = 'delivered' WHERE seq = 7`, `UPDATE delivery SET state = 'held' WHERE seq = 7`},
			{"a delivery denied", `UPDATE delivery SET state = 'held' WHERE seq = 2`, `UPDATE delivery SET state = 'delivered' WHERE seq = 2`},
			{"another recipient", `UPDATE delivery SET recipient = recipient + 100 WHERE seq = 3`, `UPDATE delivery SET recipient = recipient - 100 WHERE seq = 3`},
			{"another template", `UPDATE dispatch SET template = 'tpl_x'`, `UPDATE dispatch SET template = '` + string(p.template) + `'`},
			{"a stop that ended unsaid", `UPDATE stop SET lifted_at = 5`, `UPDATE stop SET lifted_at = 0`},
			{"a stop over something else", `UPDATE stop SET tenant = '', everything = TRUE`, `UPDATE stop SET tenant = '` + string(p.tenant) + `', everything = FALSE`},
			{"a copy taken away", `DELETE FROM delivery WHERE seq = 10`, ``},
		} {
			storetest.Tamper(t, s, change.do)
			if first() < 0 {
				t.Errorf("%s: not found", change.name)
			}
			if change.undo != "" {
				storetest.Tamper(t, s, change.undo)
				if bad := first(); bad >= 0 {
					t.Fatalf("%s: entry %d is still bad when it is undone", change.name, bad)
				}
			}
		}
		_ = stop
	})
}

func TestTheLedgerProvesItsEntries(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 5)
		p.bulk()
		deliver(t, s, c, claimAll(t, s, 5))
		size, root, err := s.LedgerHead(ctx)
		ok(t, err)
		entries, err := s.Entries(ctx, 0, 1000)
		ok(t, err)
		if int64(len(entries)) != size {
			t.Fatalf("%d entries, size %d", len(entries), size)
		}
		for _, e := range entries {
			proof, err := tlog.ProveRecord(size, e.Num, s.LedgerHashes(ctx))
			ok(t, err)
			ok(t, tlog.CheckRecord(proof, size, tlog.Hash(root), e.Num, tlog.RecordHash(e.Leaf())))
		}
		if _, err := s.LedgerHashes(ctx).ReadHashes([]int64{1 << 40}); err == nil {
			t.Fatal("a hash that is not there was read")
		}
		ok(t, s.SaveCheckpoint(ctx, cordon.Checkpoint{Size: size, Root: "r", At: c.now(), Note: "n"}))
		if err := s.SaveCheckpoint(ctx, cordon.Checkpoint{Size: size, Root: "other", At: c.now(), Note: "n"}); cordon.CodeOf(err) != cordon.Conflict {
			t.Fatalf("two roots for one size: %v", err)
		}
		latest, found, err := s.LatestCheckpoint(ctx)
		if err != nil || !found || latest.Size != size || latest.Note != "n" {
			t.Fatalf("%+v %v %v", latest, found, err)
		}
		var b struct {
			Outcome cordon.DeliveryState
			Seqs    string
			Copies  int
		}
		last := entries[len(entries)-1]
		ok(t, json.Unmarshal(last.Body, &b))
		if last.Kind != cordon.EntryAttempts || b.Outcome != cordon.Delivered || b.Seqs != "1-5" || b.Copies != 5 {
			t.Fatalf("five deliveries in a row are %s %s", last.Kind, last.Body)
		}
	})
}

func TestExitFactsAreTheTenantsOwn(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 2), newSender(t, s, c, 2)
		d, foreign := p.bulk(), other.bulk()
		facts, err := s.ExitFacts(ctx, p.tenant, []cordon.DispatchID{d.ID, foreign.ID, cordon.NewDispatchID()})
		ok(t, err)
		f, there := facts[d.ID]
		if len(facts) != 1 || !there || f.TenantState != cordon.TenantActive || f.KeyState != cordon.KeyActive || f.KeyTenant != p.tenant || string(f.Dispatch.Provenance) != "mark "+string(d.ID) {
			t.Fatalf("facts %+v", facts)
		}
		if string(f.Dispatch.Binding()) != string(d.Binding()) {
			t.Fatalf("the dispatch read back binds to something else:\n%s\n%s", f.Dispatch.Binding(), d.Binding())
		}
	})
}

func TestWhatIsPlantedHasNoMarkAndNoEntry(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 2, func(t *cordon.Tenant) { t.Exercise = true })
		other := newSender(t, s, c, 2)
		real := other.order(cordon.Single)
		real.Members = other.people
		_, err := s.PlantUnchecked(ctx, real)
		wantCode(t, err, cordon.Denied) // never into a tenant that was not made for exercises
		size, _, err := s.LedgerHead(ctx)
		ok(t, err)
		n := p.order(cordon.Single)
		n.Members = []cordon.RecipientID{p.people[0], other.people[1], cordon.NewRecipientID()}
		d, err := s.PlantUnchecked(ctx, n)
		ok(t, err)
		if after, _, _ := s.LedgerHead(ctx); after != size {
			t.Fatal("planting wrote to the ledger")
		}
		if used, err := s.Usage(ctx, p.tenant, cordon.Ceiling{}); err != nil || used != 0 {
			t.Fatalf("planted copies use up %d of the tenant's own allowance (%v)", used, err)
		}
		claims := claimAll(t, s, 10)
		if len(claims) != 3 || claims[2].RecipientTenant != "" {
			t.Fatalf("claims %+v", claims)
		}
		facts, err := s.ExitFacts(ctx, p.tenant, []cordon.DispatchID{d.ID})
		if err != nil || len(facts[d.ID].Dispatch.Provenance) != 0 {
			t.Fatalf("facts %+v %v", facts, err)
		}
		settle(t, s, c, claims, cordon.Outcome{State: cordon.Refused, Reason: "provenance"}, 0)
		if got := p.counts(d.ID); got.Refused != 3 {
			t.Fatalf("counts %+v", got)
		}
		checkLanes(t, s)
	})
}
