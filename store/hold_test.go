package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
)

// heldBy holds an order for the reasons of these checks.
func heldBy(checks ...string) func(*cordon.NewDispatch) {
	return func(n *cordon.NewDispatch) {
		held(n)
		for _, c := range checks {
			n.Dispatch.Reasons = append(n.Dispatch.Reasons, cordon.Reason{Check: c, Decision: cordon.Hold, Message: `so says {"check":"forged","decision":"hold"`})
		}
		n.Dispatch.Reasons = append(n.Dispatch.Reasons, cordon.Reason{Check: "approve", Decision: cordon.Pass, Message: "fine"})
	}
}

func ids(list []cordon.Dispatch) []cordon.DispatchID {
	out := make([]cordon.DispatchID, len(list))
	for i, d := range list {
		out[i] = d.ID
	}
	return out
}

func TestTheQueueOfHoldsIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 9), newSender(t, s, c, 3)
		bulk := p.bulk(heldBy("ceilings"))
		c.advance(time.Hour)
		middle := c.now()
		single := p.single(p.people[:2], heldBy("pace", "screen"))
		theirs := other.bulk(heldBy("screen"))
		p.single(p.people[:1]) // open: never in the queue
		gone := p.single(p.people[:1], held)
		_, err := s.DiscardDispatch(ctx, operator, p.tenant, gone.ID, cordon.HoldNote{})
		ok(t, err)

		for name, want := range map[string]struct {
			tenant cordon.TenantID
			filter cordon.HoldFilter
			ids    []cordon.DispatchID
		}{
			"all":                          {"", cordon.HoldFilter{}, []cordon.DispatchID{theirs.ID, single.ID, bulk.ID}},
			"a tenant's":                   {p.tenant, cordon.HoldFilter{}, []cordon.DispatchID{single.ID, bulk.ID}},
			"of all, one tenant's":         {"", cordon.HoldFilter{Tenant: other.tenant}, []cordon.DispatchID{theirs.ID}},
			"a tenant's, another's":        {p.tenant, cordon.HoldFilter{Tenant: other.tenant}, nil},
			"by check":                     {"", cordon.HoldFilter{Check: "screen"}, []cordon.DispatchID{theirs.ID, single.ID}},
			"by a check that passed":       {"", cordon.HoldFilter{Check: "approve"}, nil},
			"by a check a message names":   {"", cordon.HoldFilter{Check: "forged"}, nil},
			"by a part of a check's name":  {"", cordon.HoldFilter{Check: "scree"}, nil},
			"by template":                  {"", cordon.HoldFilter{Template: p.template}, []cordon.DispatchID{single.ID, bulk.ID}},
			"by key":                       {"", cordon.HoldFilter{Key: other.key}, []cordon.DispatchID{theirs.ID}},
			"by account":                   {"", cordon.HoldFilter{Account: p.account, Kind: cordon.Single}, []cordon.DispatchID{single.ID}},
			"by kind":                      {p.tenant, cordon.HoldFilter{Kind: cordon.Bulk}, []cordon.DispatchID{bulk.ID}},
			"from":                         {p.tenant, cordon.HoldFilter{From: middle}, []cordon.DispatchID{single.ID}},
			"until":                        {"", cordon.HoldFilter{Until: middle}, []cordon.DispatchID{bulk.ID}},
			"named":                        {"", cordon.HoldFilter{Dispatches: []cordon.DispatchID{bulk.ID, gone.ID, theirs.ID}}, []cordon.DispatchID{theirs.ID, bulk.ID}},
			"named, from another's tenant": {p.tenant, cordon.HoldFilter{Dispatches: []cordon.DispatchID{theirs.ID}}, nil},
		} {
			list, next, err := s.HeldDispatches(ctx, want.tenant, want.filter, false, cordon.Page{})
			if err != nil || next != "" || !slices.Equal(ids(list), want.ids) {
				t.Errorf("%s: %v %q %v, want %v", name, ids(list), next, err, want.ids)
			}
			n, copies, err := s.CountHeld(ctx, want.tenant, want.filter)
			sum := int64(0)
			for _, d := range list {
				sum += d.Counts.Held
			}
			if err != nil || n != len(want.ids) || copies != sum {
				t.Errorf("%s: counted %d and %d, %v", name, n, copies, err)
			}
			set, all, err := s.HeldSet(ctx, want.tenant, want.filter, 1)
			if err != nil || all != len(want.ids) || len(set) != min(1, all) || all > 0 && set[0].ID != want.ids[all-1] {
				t.Errorf("%s: the set's first is %v of %d, %v", name, ids(set), all, err)
			}
		}
		checkPaging(t, s, []cordon.DispatchID{theirs.ID, single.ID, bulk.ID})
	})
}

func checkPaging(t *testing.T, s *store.Store, newest []cordon.DispatchID) {
	t.Helper()
	for _, oldest := range []bool{false, true} {
		var got []cordon.DispatchID
		for page := (cordon.Page{Limit: 1}); ; {
			list, next, err := s.HeldDispatches(context.Background(), "", cordon.HoldFilter{}, oldest, page)
			ok(t, err)
			got = append(got, ids(list)...)
			if page.After = next; next == "" {
				break
			}
		}
		if oldest {
			slices.Reverse(got)
		}
		if !slices.Equal(got, newest) {
			t.Errorf("oldest first %v: paged through %v", oldest, got)
		}
	}
	if _, _, err := s.HeldDispatches(context.Background(), "", cordon.HoldFilter{}, true, cordon.Page{After: "rubbish"}); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func TestRequestsForASecondPersonAreInTheLedger(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 2), newSender(t, s, c, 1)
		d := p.bulk(held)
		began := c.now()
		ask := func(tenant cordon.TenantID, id cordon.DispatchID, token string) cordon.HoldAsk {
			a := cordon.HoldAsk{Verb: cordon.HoldRelease, Dispatch: id, By: "operator", Person: "operator", At: c.now(), Until: c.now().Add(time.Hour), Dispatches: 1, Copies: 2, Token: token, Filter: cordon.HoldFilter{Check: "pace"}, Reason: "why"}
			ok(t, s.AskHold(ctx, operator, tenant, a))
			return a
		}
		one, several := ask(p.tenant, d.ID, "a"), ask(p.tenant, "", "b")
		elsewhere, everywhere := ask(other.tenant, "", "c"), ask("", "", "d")
		tokens := func(tenant cordon.TenantID, about []cordon.DispatchID, since time.Time) (out []string) {
			list, err := s.HoldAsks(ctx, tenant, about, since)
			ok(t, err)
			for _, a := range list {
				out = append(out, a.Token)
			}
			return out
		}
		for _, check := range []struct {
			got  []string
			want []string
		}{
			{tokens("", []cordon.DispatchID{d.ID}, began), []string{everywhere.Token, elsewhere.Token, several.Token, one.Token}},
			{tokens(p.tenant, []cordon.DispatchID{d.ID}, began), []string{several.Token, one.Token}},
			{tokens(p.tenant, nil, began), []string{several.Token}},
			{tokens("", nil, c.now()), nil},
		} {
			if !slices.Equal(check.got, check.want) {
				t.Errorf("requests %v, want %v", check.got, check.want)
			}
		}
		list, err := s.HoldAsks(ctx, p.tenant, nil, began)
		ok(t, err)
		if got := list[0]; fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", several) {
			t.Errorf("read back %+v, want %+v", got, several)
		}
		checkLedger(t, s)
	})
}

func TestAReleaseSaysWhyAndWhoAskedFirst(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 2)
		released, cut := p.bulk(held), p.bulk(held)
		note := cordon.HoldNote{Reason: "it is ours", AskedBy: "acc_1"}
		ok(t, s.ReleaseDispatch(ctx, operator, p.tenant, released.ID, note, func(cordon.Dispatch) []byte { return []byte("m") }))
		_, err := s.DiscardDispatch(ctx, operator, p.tenant, cut.ID, note)
		ok(t, err)
		for _, id := range []cordon.DispatchID{released.ID, cut.ID} {
			entries, _, err := s.EntriesOf(ctx, p.tenant, string(id), cordon.Page{})
			ok(t, err)
			at := slices.IndexFunc(entries, func(e cordon.Entry) bool {
				return e.Kind == cordon.EntryDispatchReleased || e.Kind == cordon.EntryDispatchDiscarded
			})
			if at < 0 || string(entries[at].Body) != `{"asked_by":"acc_1","copies":2,"reason":"it is ours"}` {
				t.Errorf("the ledger says %+v", entries)
			}
		}
		checkLedger(t, s)
	})
}

func TestTheHistoryOfASenderIsItsOwn(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 5), newSender(t, s, c, 5)
		person := func(n *cordon.NewDispatch) { n.Dispatch.Key, n.Dispatch.Actor = "", string(p.account) }
		p.bulk()
		c.advance(30 * 24 * time.Hour)
		past := p.bulk(heldBy("pace", "pace"))
		_, err := s.DiscardDispatch(ctx, operator, p.tenant, past.ID, cordon.HoldNote{})
		ok(t, err)
		c.advance(24 * time.Hour)
		p.single(p.people[:3])
		p.single(p.people[:2], person)
		other.bulk(held)
		now := p.bulk(heldBy("ceilings"))
		h, err := s.SenderHistory(ctx, now)
		ok(t, err)
		if len(h.Days) != 28 || h.Days[27].Copies != 8 || h.Days[26].Copies != 5 || h.Days[0].Copies != 0 || h.Days[27].Day.Sub(h.Days[0].Day) != 27*24*time.Hour {
			t.Errorf("days %+v", h.Days)
		}
		if !h.FirstAt.Before(past.AcceptedAt.Add(-29 * 24 * time.Hour)) {
			t.Errorf("first seen %v", h.FirstAt)
		}
		if len(h.Holds) != 1 || h.Holds[0].Dispatch != past.ID || h.Holds[0].State != cordon.DispatchDiscarded || !slices.Equal(h.Holds[0].Checks, []string{"pace"}) || h.Holds[0].Recipients != 5 {
			t.Errorf("holds %+v", h.Holds)
		}
		mine := p.bulk(heldBy("ceilings"), person)
		if h, err = s.SenderHistory(ctx, mine); err != nil || h.Days[27].Copies != 7 || h.Days[26].Copies != 0 || len(h.Holds) != 0 {
			t.Errorf("without a key: %+v, %v", h, err)
		}
	})
}
