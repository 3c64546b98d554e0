package store_test

import (
	"context"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// wronged delivers a letter to the people and makes it what a new incident is
// about.
func (p *sender) wronged(people []cordon.RecipientID) cordon.IncidentID {
	p.t.Helper()
	bad := p.single(people)
	deliver(p.t, p.s, p.clock, claimAll(p.t, p.s, len(people)))
	return p.about(bad)
}

// about makes an incident's scope of the dispatches.
func (p *sender) about(bad ...cordon.Dispatch) cordon.IncidentID {
	p.t.Helper()
	id := cordon.NewIncidentID()
	db := storetest.Raw(p.t, p.s)
	for i, d := range bad {
		_, err := db.Exec(`INSERT INTO incident_scope (incident, num, tenant, template, account, key_id, dispatch, from_at, until_at)
			VALUES ($1, $2, '', '', '', '', $3, 0, 0)`, string(id), i+1, string(d.ID))
		ok(p.t, err)
	}
	ok(p.t, db.Close())
	return id
}

func (p *sender) notice(id cordon.IncidentID) (cordon.Dispatch, error) {
	n := p.order(cordon.Notice)
	n.Dispatch.Key, n.Dispatch.Audience, n.Affected = "", cordon.AudienceID(id), id
	return p.s.CreateDispatch(context.Background(), p.actor(), n)
}

// claimed lists who is claimed now of the dispatch.
func claimed(t testing.TB, s *store.Store, d cordon.Dispatch) []cordon.RecipientID {
	t.Helper()
	var got []cordon.RecipientID
	for _, c := range claimAll(t, s, 1000) {
		if c.Delivery.Dispatch == d.ID {
			got = append(got, c.Delivery.Recipient)
		}
	}
	return got
}

// A notice goes to whoever got a bad copy, or perhaps got one, each once, and to
// nobody else: not whose copy was held, bounced or cut, nobody of another tenant,
// and nobody for a second bad copy.
func TestNoticesGoToTheAffectedAlone(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p, other := newSender(t, s, c, 8), newSender(t, s, c, 3)
		first, second := p.single(p.people[:4]), p.single(p.people[3:5])
		innocent := p.single(p.people[6:7])
		bounced := p.single(p.people[5:6])
		theirs := other.single(other.people)
		outcomes := map[cordon.RecipientID]cordon.Outcome{
			p.people[1]: {}, // uncertain
			p.people[5]: {State: cordon.Bounced, Reply: "550 5.1.1"},
		}
		for _, claim := range claimAll(t, s, 100) {
			out, special := outcomes[claim.Delivery.Recipient]
			if !special {
				out = cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}
			}
			settle(t, s, c, []cordon.Claim{claim}, out, 0)
		}
		waiting := p.single(p.people[7:8]) // never left
		_ = innocent

		id := p.about(first, second, bounced, waiting, theirs)
		reached, beyond, err := s.AffectedReach(t.Context(), p.tenant, id)
		ok(t, err)
		if reached != 5 || beyond != 0 {
			t.Errorf("it would reach %d and not reach %d, want 5 and 0", reached, beyond)
		}
		ok(t, s.Suppress(t.Context(), operator, p.tenant, p.people[0], "unsubscribe"))
		if reached, beyond, err = s.AffectedReach(t.Context(), p.tenant, id); err != nil || reached != 4 || beyond != 1 {
			t.Errorf("with one suppressed it would reach %d and not reach %d, %v; want 4 and 1", reached, beyond, err)
		}
		d, err := p.notice(id)
		ok(t, err)
		if d.Recipients != 4 || d.Counts.Queued != 4 {
			t.Fatalf("it goes to %d, %d queued, want 4", d.Recipients, d.Counts.Queued)
		}
		// Everything is stopped, the tenant by name too: the reserved lane stays open.
		for _, scope := range []cordon.Scope{{Everything: true}, {Tenant: p.tenant}, {Template: p.template}, {Account: p.account}} {
			_, err := s.PlaceStop(t.Context(), operator, cordon.Stop{Scope: scope, Reason: "contain"}, nil)
			ok(t, err)
		}
		sweepAll(t, s, 100)
		got := claimed(t, s, d)
		want := map[cordon.RecipientID]bool{p.people[1]: true, p.people[2]: true, p.people[3]: true, p.people[4]: true}
		for _, r := range got {
			if !want[r] {
				t.Errorf("somebody who is owed no letter was claimed, or twice")
			}
			delete(want, r)
		}
		if len(want) > 0 {
			t.Errorf("%d who are owed a letter were not claimed", len(want))
		}
		if n, err := s.NoticesSent(t.Context(), p.tenant, id); err != nil || n != 1 {
			t.Errorf("%d notices sent, %v", n, err)
		}
		if n, err := s.NoticesSent(t.Context(), other.tenant, id); err != nil || n != 0 {
			t.Errorf("%d notices sent to another tenant's people, %v", n, err)
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

// A notice is stopped when it is named: its dispatch, or its kind.
func TestNoticesStopByName(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 3)
		id := p.wronged(p.people)
		for name, scope := range map[string]func(cordon.Dispatch) cordon.Scope{
			"dispatch": func(d cordon.Dispatch) cordon.Scope { return cordon.Scope{Dispatch: d.ID} },
			"kind":     func(cordon.Dispatch) cordon.Scope { return cordon.Scope{Tenant: p.tenant, Kind: cordon.Notice} },
			"all":      func(cordon.Dispatch) cordon.Scope { return cordon.Scope{Everything: true, Kind: cordon.Notice} },
		} {
			d, err := p.notice(id)
			ok(t, err)
			stop, err := s.PlaceStop(t.Context(), operator, cordon.Stop{Scope: scope(d), Reason: "a mistake in it"}, nil)
			ok(t, err)
			if got := claimed(t, s, d); len(got) != 0 {
				t.Errorf("%s: %d copies were claimed all the same", name, len(got))
			}
			_, err = s.LiftStop(t.Context(), operator, stop.ID, cordon.Discard)
			ok(t, err)
			if cut := p.counts(d.ID).Cut; cut != 3 {
				t.Errorf("%s: %d cut, want 3", name, cut)
			}
		}
	})
}

// What is owed uses up no allowance, and a notice for nobody is refused.
func TestNoticesCountInNoCeiling(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 3)
		before, err := s.Usage(t.Context(), p.tenant, cordon.Ceiling{})
		ok(t, err)
		id := p.wronged(p.people)
		_, err = p.notice(id)
		ok(t, err)
		if after, err := s.Usage(t.Context(), p.tenant, cordon.Ceiling{}); err != nil || after != before+3 {
			t.Errorf("used %d copies, %v, want %d", after, err, before+3)
		}
		_, err = p.notice(cordon.NewIncidentID())
		wantCode(t, err, cordon.Invalid)
		damage, err := s.Assess(t.Context(), cordon.Question{Tenant: p.tenant})
		ok(t, err)
		if damage.Delivered != 3 || damage.Dispatches != 2 {
			t.Errorf("assessed %d delivered in %d dispatches", damage.Delivered, damage.Dispatches)
		}
	})
}
