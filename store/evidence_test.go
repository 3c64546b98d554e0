package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	noMailbox = cordon.Outcome{State: cordon.Bounced, Reply: "550 5.1.1"}
	rejected  = cordon.Outcome{State: cordon.Bounced, Reply: "550 5.7.1"}
	later     = cordon.Outcome{State: cordon.Deferred, Reply: "451 4.3.0"}
	noRelay   = cordon.Outcome{State: cordon.Queued, Relay: true, Reason: "connect"}
)

func (p *sender) evidence(of cordon.EvidenceOf) cordon.Evidence {
	p.t.Helper()
	if of.Tenant == "" {
		of.Tenant = p.tenant
	}
	e, err := p.s.Evidence(context.Background(), of)
	ok(p.t, err)
	return e
}

func (p *sender) wantEvidence(of cordon.EvidenceOf, want cordon.Evidence) {
	p.t.Helper()
	if got := p.evidence(of); got != want {
		p.t.Errorf("evidence of %+v is\n%+v, want\n%+v", of, got, want)
	}
}

// TestEvidenceIsCounted: replies are counted with the tries, over whatever they
// are asked for, and another tenant's never show.
func TestEvidenceIsCounted(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, other := newSender(t, s, clock, 20), newSender(t, s, clock, 6)
		d := p.bulk()
		foreign := other.bulk()
		var mine, theirs []cordon.Claim
		for _, c := range claimAll(t, s, 100) {
			if c.Delivery.Tenant == p.tenant {
				mine = append(mine, c)
			} else {
				theirs = append(theirs, c)
			}
		}
		began := clock.now()
		deliver(t, s, clock, mine[:10])
		settle(t, s, clock, mine[10:13], noMailbox, 0)
		settle(t, s, clock, mine[13:15], rejected, 0)
		settle(t, s, clock, mine[15:19], later, time.Hour)
		settle(t, s, clock, mine[19:], noRelay, time.Hour)
		settle(t, s, clock, theirs, noMailbox, 0)
		want := cordon.Evidence{Delivered: 10, Bounces: 3, Policy: 2, Errors: 4, ErrorsRow: 4}
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID}, want)
		p.wantEvidence(cordon.EvidenceOf{Key: p.key}, want)
		want.ErrorsRow = 0 // runs are of a dispatch or a key
		p.wantEvidence(cordon.EvidenceOf{Template: p.template}, want)
		p.wantEvidence(cordon.EvidenceOf{Account: p.account}, want)
		p.wantEvidence(cordon.EvidenceOf{}, want)
		p.wantEvidence(cordon.EvidenceOf{Kind: cordon.Bulk, Since: began}, want)
		p.wantEvidence(cordon.EvidenceOf{Kind: cordon.Single}, cordon.Evidence{})
		p.wantEvidence(cordon.EvidenceOf{Key: other.key}, cordon.Evidence{})
		p.wantEvidence(cordon.EvidenceOf{Template: other.template}, cordon.Evidence{})
		if _, err := s.Evidence(context.Background(), cordon.EvidenceOf{Tenant: p.tenant, Dispatch: foreign.ID}); cordon.CodeOf(err) != cordon.Missing {
			t.Errorf("another tenant's dispatch is answered: %v", err)
		}

		clock.advance(time.Minute)
		since := clock.now()
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID, Since: since}, cordon.Evidence{})
		clock.advance(2 * time.Hour)
		again := claimAll(t, s, 100)
		settle(t, s, clock, again[:2], later, 5*time.Hour)
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID, Since: since}, cordon.Evidence{Errors: 2, ErrorsRow: 2})
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID}, cordon.Evidence{Delivered: 10, Bounces: 3, Policy: 2, Errors: 6, ErrorsRow: 6})
		deliver(t, s, clock, again[2:3])
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID}, cordon.Evidence{Delivered: 11, Bounces: 3, Policy: 2, Errors: 6})

		fresh, err := s.FreshEvidence(context.Background(), since)
		ok(t, err)
		if len(fresh) != 1 || fresh[0] != (cordon.EvidenceOf{Tenant: p.tenant, Template: p.template, Key: p.key}) {
			t.Errorf("fresh: %+v", fresh)
		}
	}, storetest.Clock(clock.now))
}

// TestEvidenceInOneGroup: of one group with everything in it, the run of errors
// is what came last.
func TestEvidenceInOneGroup(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newSender(t, s, clock, 10)
		d := p.single(p.people)
		g := cordon.AttemptGroup{}
		for i, c := range claimAll(t, s, 100) {
			out := []cordon.Outcome{later, later, later, noMailbox, later, later, later, later, later, later}[i]
			g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: out, At: clock.now(), NextDue: clock.now().Add(time.Hour)})
		}
		ok(t, s.RecordAttempts(context.Background(), node, g))
		p.wantEvidence(cordon.EvidenceOf{Key: p.key}, cordon.Evidence{Bounces: 1, Errors: 9, ErrorsRow: 6})
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID}, cordon.Evidence{Bounces: 1, Errors: 9})
		p.wantEvidence(cordon.EvidenceOf{Dispatch: d.ID, Kind: cordon.Bulk}, cordon.Evidence{})
	}, storetest.Clock(clock.now))
}

// TestComplaints: counted by distinct recipient; only of copies that are there,
// and authenticated only of such as were delivered.
func TestComplaints(t *testing.T) {
	clock, ctx := newHandClock(), context.Background()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, other := newSender(t, s, clock, 6), newSender(t, s, clock, 3)
		d := p.bulk()
		claims := claimAll(t, s, 100)
		deliver(t, s, clock, claims[:4])
		settle(t, s, clock, claims[4:5], noMailbox, 0)
		got := func(i int) cordon.RecipientID { return claims[i].Delivery.Recipient }
		record := func(c cordon.Complaint) (cordon.Complaint, error) {
			if c.Tenant == "" {
				c.Tenant = p.tenant
			}
			if c.Dispatch == "" {
				c.Dispatch = d.ID
			}
			if c.Kind == "" {
				c.Kind = cordon.ComplaintUnwanted
			}
			return s.RecordComplaint(ctx, operator, c)
		}
		for _, c := range []cordon.Complaint{
			{Recipient: got(0), Authenticated: true}, {Recipient: got(0), Authenticated: true}, {Recipient: got(0)}, // once
			{Recipient: got(1)}, {Recipient: got(1), Authenticated: true, Source: "loop"}, // raised
			{Recipient: got(2), Kind: cordon.ComplaintNotMe, Authenticated: true},
			{Recipient: got(3)}, {Recipient: got(4)}, // reports, of whatever copy there is
		} {
			_, err := record(c)
			ok(t, err)
		}
		want := cordon.Evidence{Delivered: 4, Bounces: 1, Complaints: 2, NotMe: 1, Reports: 2}
		for _, of := range []cordon.EvidenceOf{{Dispatch: d.ID}, {Template: p.template}, {Key: p.key}, {Account: p.account}, {}, {Kind: cordon.Bulk}} {
			p.wantEvidence(of, want)
		}
		other.wantEvidence(cordon.EvidenceOf{}, cordon.Evidence{})
		for name, c := range map[string]struct {
			c    cordon.Complaint
			want cordon.Code
		}{
			"not delivered":        {cordon.Complaint{Recipient: got(4), Authenticated: true}, cordon.Conflict},
			"not of the dispatch":  {cordon.Complaint{Recipient: other.people[0]}, cordon.Missing},
			"of nobody":            {cordon.Complaint{Recipient: cordon.NewRecipientID()}, cordon.Missing},
			"another's dispatch":   {cordon.Complaint{Tenant: other.tenant, Recipient: got(0)}, cordon.Missing},
			"no such dispatch":     {cordon.Complaint{Dispatch: cordon.NewDispatchID(), Recipient: got(0)}, cordon.Missing},
			"no ID":                {cordon.Complaint{Recipient: "p1@example.org"}, cordon.Invalid},
			"a person as a source": {cordon.Complaint{Recipient: got(0), Source: "p1@example.org"}, cordon.Invalid},
			"no such word":         {cordon.Complaint{Recipient: got(0), Kind: "bad"}, cordon.Invalid},
		} {
			if _, err := record(c.c); cordon.CodeOf(err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		list, next, err := s.Complaints(ctx, p.tenant, d.ID, cordon.Page{Limit: 3})
		ok(t, err)
		if len(list) != 3 || next == "" || list[0].Recipient != got(4) || list[0].Authenticated {
			t.Errorf("listed %+v, next %q", list, next)
		}
		rest, next, err := s.Complaints(ctx, p.tenant, "", cordon.Page{Limit: 3, After: next})
		ok(t, err)
		if len(rest) != 2 || next != "" || !rest[0].Authenticated || rest[0].Source != "loop" {
			t.Errorf("the rest: %+v, next %q", rest, next)
		}
		if none, _, err := s.Complaints(ctx, other.tenant, d.ID, cordon.Page{}); err != nil || len(none) != 0 {
			t.Errorf("another tenant reads %d: %v", len(none), err)
		}
		checkLedger(t, s)
	}, storetest.Clock(clock.now))
}

// TestRaiseOnce: however many find the same at once, one raises it, with its
// stop in the same transaction.
func TestRaiseOnce(t *testing.T) {
	clock, ctx := newHandClock(), context.Background()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newSender(t, s, clock, 1)
		scope := cordon.Scope{Tenant: p.tenant, Template: p.template}
		r := cordon.Raise{
			Tenant: p.tenant, Rule: "bounces hold", Subject: string(p.template),
			Signal: cordon.Signal{Kind: cordon.SignalBounces, Grade: cordon.GradeWarning, Tenant: p.tenant, Template: p.template, Message: "too many"},
			Stops:  []cordon.Stop{{Scope: scope, Reason: "too many", Until: clock.now().Add(time.Hour)}},
		}
		var raised atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				did, err := s.Raise(ctx, cordon.System(), r)
				if err != nil {
					t.Error(err)
				}
				if did {
					raised.Add(1)
				}
			})
		}
		wg.Wait()
		stops, err := s.ActiveStops(ctx)
		ok(t, err)
		signals, _, err := s.Signals(ctx, p.tenant, cordon.Page{})
		ok(t, err)
		if raised.Load() != 1 || len(stops) != 1 || len(signals) != 1 {
			t.Fatalf("raised %d times: %d stops, %d signals", raised.Load(), len(stops), len(signals))
		}
		mark, placed, err := s.LastRaised(ctx, p.tenant, r.Rule, r.Subject, scope)
		ok(t, err)
		if mark.IsZero() || !placed.Equal(stops[0].PlacedAt) {
			t.Errorf("last raised %v, stopped %v", mark, placed)
		}
		// Seen and found once more: a second signal, and no second stop while the first stands as long.
		r.Seen = mark
		did, err := s.Raise(ctx, cordon.System(), r)
		ok(t, err)
		if stops, _ = s.ActiveStops(ctx); !did || len(stops) != 1 {
			t.Errorf("raised again: %v, %d stops", did, len(stops))
		}
		if mark, placed, _ = s.LastRaised(ctx, cordon.NewTenantID(), r.Rule, r.Subject, cordon.Scope{}); !mark.IsZero() || !placed.IsZero() {
			t.Error("another tenant's mark shows")
		}
	}, storetest.Clock(clock.now))
}

// TestSightingsAndHours: what the rules over the whole installation read.
func TestSightingsAndHours(t *testing.T) {
	clock, ctx := newHandClock(), context.Background()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newSender(t, s, clock, 10)
		drill := newSender(t, s, clock, 10, func(t *cordon.Tenant) { t.Exercise = true })
		since := clock.now()
		ok(t, s.RecordSighting(ctx, p.tenant, p.template, "", 1<<63|5, clock.now()))
		ok(t, s.RecordSighting(ctx, drill.tenant, drill.template, "", 7, clock.now()))
		if err := s.RecordSighting(ctx, cordon.NewTenantID(), "", "", 7, clock.now()); cordon.CodeOf(err) != cordon.Missing {
			t.Errorf("a sighting of nobody: %v", err)
		}
		seen, err := s.Sightings(ctx, since)
		ok(t, err)
		if len(seen) != 2 || seen[0].Fingerprint != 1<<63|5 || seen[0].Exercise || !seen[1].Exercise || seen[0].Tenant != p.tenant {
			t.Errorf("seen %+v", seen)
		}
		if later, _ := s.Sightings(ctx, clock.now()); len(later) != 0 {
			t.Errorf("seen later: %+v", later)
		}

		p.single(p.people[:4])
		drill.single(drill.people)
		clock.advance(49 * time.Hour)
		p.single(p.people[:3])
		now, err := s.InstallationHour(ctx)
		ok(t, err)
		most, days, err := s.InstallationBusiest(ctx, clock.now().Add(-28*24*time.Hour))
		ok(t, err)
		if now != 3 || most != 4 || days != 1 {
			t.Errorf("this hour %d, busiest %d on %d days; want 3, 4 on 1", now, most, days)
		}
	}, storetest.Clock(clock.now))
}

// TestEvidenceOverDays: series, subjects, and what is removed after a while.
func TestEvidenceOverDays(t *testing.T) {
	clock, ctx := newHandClock(), context.Background()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p, other := newSender(t, s, clock, 12), newSender(t, s, clock, 2)
		began := clock.now()
		p.single(p.people)
		other.single(other.people)
		for _, c := range claimAll(t, s, 100) {
			out := cordon.Outcome{State: cordon.Delivered, Reply: "250"}
			if c.Ref.Seq%4 == 0 {
				out = noMailbox
			}
			settle(t, s, clock, []cordon.Claim{c}, out, 0)
			clock.advance(30 * time.Minute)
		}
		series, err := s.EvidenceSeries(ctx, cordon.EvidenceOf{Tenant: p.tenant, Template: p.template, Since: began}, 2*time.Hour)
		ok(t, err)
		var sum cordon.Evidence
		for i, b := range series {
			sum.Add(b.Evidence)
			if b.At.Sub(began.Truncate(2*time.Hour))%(2*time.Hour) != 0 || i > 0 && !b.At.After(series[i-1].At) {
				t.Errorf("bucket %d at %v", i, b.At)
			}
		}
		if len(series) < 3 || sum != (cordon.Evidence{Delivered: 9, Bounces: 3}) {
			t.Errorf("%d buckets, in all %+v", len(series), sum)
		}
		all, err := s.EvidenceSubjects(ctx, "", began, 5)
		ok(t, err)
		mine, err := s.EvidenceSubjects(ctx, p.tenant, began, 5)
		ok(t, err)
		if len(all) != 4 || all[0].Template != p.template || fmt.Sprint(mine) != fmt.Sprint([]cordon.EvidenceOf{
			{Tenant: p.tenant, Template: p.template, Since: began}, {Tenant: p.tenant, Key: p.key, Since: began}}) {
			t.Errorf("subjects %+v, of one tenant %+v", all, mine)
		}
		for more := true; more; {
			more, err = s.PruneEvidence(ctx, clock.now().Add(time.Minute))
			ok(t, err)
		}
		p.wantEvidence(cordon.EvidenceOf{}, cordon.Evidence{})
	}, storetest.Clock(clock.now))
}
