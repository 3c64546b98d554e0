package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// clock is a hand-moved clock.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func newHandClock() *handClock { return &handClock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// sender is one tenant with recipients, ready to send.
type sender struct {
	t        testing.TB
	s        *store.Store
	clock    *handClock
	tenant   cordon.TenantID
	people   []cordon.RecipientID
	template cordon.TemplateID
	account  cordon.AccountID
	key      cordon.KeyID
}

func newSender(t testing.TB, s *store.Store, c *handClock, people int, change ...func(*cordon.Tenant)) *sender {
	t.Helper()
	ctx := context.Background()
	p := &sender{t: t, s: s, clock: c, tenant: cordon.NewTenantID(), template: cordon.NewTemplateID(), account: cordon.NewAccountID(), key: cordon.NewKeyID()}
	handle := "p" + cordon.RandomText(8)
	tenant := cordon.Tenant{ID: p.tenant, Handle: handle, Name: handle}
	for _, c := range change {
		c(&tenant)
	}
	ok(t, s.CreateTenant(ctx, operator, tenant))
	ok(t, s.CreateKey(ctx, operator, cordon.Key{ID: p.key, Tenant: p.tenant, Account: p.account, Name: "k"}, []byte(fmt.Sprintf("%-32s", p.key))))
	p.addPeople(people)
	return p
}

func (p *sender) addPeople(n int) {
	p.t.Helper()
	ctx := context.Background()
	for from := 0; from < n; from += 1000 {
		var rows []cordon.RecipientRow
		for i := from; i < min(n, from+1000); i++ {
			tags := []string{"even"}
			if i%2 == 1 {
				tags = []string{"odd"}
			}
			rows = append(rows, cordon.RecipientRow{
				ExternalRef: fmt.Sprintf("P-%d", i), Tags: tags,
				Person: cordon.Person{Name: "Ann", Address: cordon.Address(fmt.Sprintf("p%d@example.org", i))},
			})
		}
		_, _, err := p.s.UpsertRecipients(ctx, operator, p.tenant, rows)
		ok(p.t, err)
	}
	p.people = make([]cordon.RecipientID, n) // in the order of their references
	for page := (cordon.Page{Limit: 500}); ; {
		list, next, err := p.s.Recipients(ctx, p.tenant, cordon.Filter{Everyone: true}, page)
		ok(p.t, err)
		for _, r := range list {
			var i int
			_, err := fmt.Sscanf(r.ExternalRef, "P-%d", &i)
			ok(p.t, err)
			p.people[i] = r.ID
		}
		if next == "" {
			return
		}
		page.After = next
	}
}

func (p *sender) actor() cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorKey, Key: p.key, Account: p.account, Tenant: p.tenant}
}

func (p *sender) order(kind cordon.Kind) cordon.NewDispatch {
	return cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: p.tenant, Kind: kind, Template: p.template, Version: 1, Hash: "hash", Actor: string(p.key),
			Account: p.account, Key: p.key, State: cordon.DispatchOpen, AcceptedAt: p.clock.now(),
		},
		Verdict: cordon.Verdict{Decision: cordon.Pass},
		Mark:    func(d cordon.Dispatch) []byte { return []byte("mark " + d.ID) },
	}
}

func (p *sender) bulk(change ...func(*cordon.NewDispatch)) cordon.Dispatch {
	p.t.Helper()
	n := p.order(cordon.Bulk)
	n.Filter = cordon.Filter{Everyone: true}
	return p.accept(n, change...)
}

func (p *sender) single(to []cordon.RecipientID, change ...func(*cordon.NewDispatch)) cordon.Dispatch {
	p.t.Helper()
	n := p.order(cordon.Single)
	n.Members = to
	return p.accept(n, change...)
}

func (p *sender) accept(n cordon.NewDispatch, change ...func(*cordon.NewDispatch)) cordon.Dispatch {
	p.t.Helper()
	for _, c := range change {
		c(&n)
	}
	d, err := p.s.CreateDispatch(context.Background(), p.actor(), n)
	ok(p.t, err)
	return d
}

func held(n *cordon.NewDispatch) {
	n.Dispatch.State = cordon.DispatchHeld
	n.Verdict.Decision = cordon.Hold
}

const node = "node-a"

// claimAll claims what is due in every lane, n copies at most.
func claimAll(t testing.TB, s *store.Store, n int) []cordon.Claim {
	t.Helper()
	lanes, err := s.LanesDue(context.Background(), 100)
	ok(t, err)
	var all []cordon.Claim
	for _, l := range lanes {
		if len(all) >= n {
			break
		}
		claims, err := s.ClaimDue(context.Background(), node, l, n-len(all))
		ok(t, err)
		all = append(all, claims...)
	}
	return all
}

// settle records the same outcome for every claim.
func settle(t testing.TB, s *store.Store, c *handClock, claims []cordon.Claim, o cordon.Outcome, due time.Duration) {
	t.Helper()
	g := cordon.AttemptGroup{}
	for _, claim := range claims {
		at := c.now()
		g.Attempts = append(g.Attempts, cordon.Attempt{Claim: claim, Outcome: o, At: at, NextDue: at.Add(due)})
	}
	ok(t, s.RecordAttempts(context.Background(), node, g))
}

func deliver(t testing.TB, s *store.Store, c *handClock, claims []cordon.Claim) {
	t.Helper()
	settle(t, s, c, claims, cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, 0)
}

func sweepAll(t testing.TB, s *store.Store, n int) int {
	t.Helper()
	total := 0
	for {
		moved, more, err := s.Sweep(context.Background(), n)
		ok(t, err)
		total += moved
		if !more {
			return total
		}
	}
}

func (p *sender) counts(id cordon.DispatchID) cordon.Counts {
	p.t.Helper()
	d, err := p.s.Dispatch(context.Background(), p.tenant, id)
	ok(p.t, err)
	return d.Counts
}

// checkLanes proves that every lane's counters are what its rows say.
func checkLanes(t testing.TB, s *store.Store) {
	t.Helper()
	db := storetest.Raw(t, s)
	rows, err := db.Query(`SELECT l.tenant, l.num, l.queued, l.sending, l.delivered, l.deferred, l.bounced, l.uncertain, l.held, l.cut, l.refused FROM lane l`)
	ok(t, err)
	type lane struct{ tenant, num int64 }
	said := map[lane]cordon.Counts{}
	for rows.Next() {
		var k lane
		var c cordon.Counts
		ok(t, rows.Scan(&k.tenant, &k.num, &c.Queued, &c.Sending, &c.Delivered, &c.Deferred, &c.Bounced, &c.Uncertain, &c.Held, &c.Cut, &c.Refused))
		said[k] = c
	}
	ok(t, rows.Err())
	rows, err = db.Query(`SELECT v.tenant, v.lane, CASE WHEN v.perhaps AND v.state <> 'delivered' THEN 'uncertain' ELSE v.state END AS is_now, COUNT(*)
		FROM delivery v JOIN dispatch d ON d.tenant = v.tenant AND d.num = v.dispatch
		WHERE d.state NOT IN ('accepting', 'void') GROUP BY v.tenant, v.lane, is_now`)
	ok(t, err)
	is := map[lane]cordon.Counts{}
	for rows.Next() {
		var k lane
		var state cordon.DeliveryState
		var n int64
		ok(t, rows.Scan(&k.tenant, &k.num, &state, &n))
		c := is[k]
		*c.Of(state) = n
		is[k] = c
	}
	ok(t, rows.Err())
	for k := range said {
		if said[k] != is[k] {
			t.Fatalf("lane %v: counters say %+v, rows say %+v", k, said[k], is[k])
		}
	}
	if len(is) > len(said) {
		t.Fatalf("%d lanes have rows, %d have counters", len(is), len(said))
	}
	ok(t, db.Close())
}

// checkLedger proves that every entry's rows still say what the entry says.
func checkLedger(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	entries, err := s.Entries(ctx, 0, 1_000_000)
	ok(t, err)
	for _, e := range entries {
		ok(t, s.VerifyStored(ctx, e))
	}
}

// checkPerhaps proves from the ledger's outcomes alone that what was ever
// uncertain, and not delivered since, is counted as unknown.
func (p *sender) checkPerhaps() {
	p.t.Helper()
	ctx := context.Background()
	entries, err := p.s.Entries(ctx, 0, 1_000_000)
	ok(p.t, err)
	perhaps := map[string]bool{}
	for _, e := range entries {
		if e.Tenant != p.tenant || e.Kind != cordon.EntryAttempts && e.Kind != cordon.EntrySwept {
			continue
		}
		var body struct {
			Outcome cordon.DeliveryState
			Seqs    string
		}
		ok(p.t, json.Unmarshal(e.Body, &body))
		for part := range strings.SplitSeq(body.Seqs, ",") {
			from, to := 0, 0
			if n, _ := fmt.Sscanf(part, "%d-%d", &from, &to); n == 1 {
				to = from
			}
			for seq := from; seq <= to; seq++ {
				switch id := fmt.Sprint(e.Subject, "/", seq); body.Outcome {
				case cordon.Uncertain:
					perhaps[id] = true
				case cordon.Delivered:
					delete(perhaps, id)
				}
			}
		}
	}
	for _, q := range []cordon.Question{{Tenant: p.tenant}, {Key: p.key}, {Tenant: p.tenant, From: time.UnixMicro(1)}} {
		if a := checkListed(p.t, p.s, q); a.Unknown != int64(len(perhaps)) {
			p.t.Fatalf("%d copies were perhaps delivered; %+v is answered with %d", len(perhaps), q, a.Unknown)
		}
	}
}

func rowsOf(rows ...cordon.Row) iter.Seq2[cordon.Row, error] {
	return func(yield func(cordon.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
