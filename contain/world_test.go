package contain_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

const node = "node-a"

var (
	operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	second   = cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Permissions: cordon.RoleResponder.Permissions()}
)

// clock is moved by tests alone.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a house with two tenants, a board and a warden.
type world struct {
	*testing.T
	ctx    context.Context
	store  *store.Store
	clock  *clock
	board  *contain.Board
	warden *contain.Warden
	clinic tenant
	other  tenant
}

type tenant struct {
	cordon.Tenant
	version  cordon.Version
	audience cordon.Audience
	people   int
}

func newWorld(t *testing.T, s *store.Store, at *clock, people int) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), store: s, clock: at}
	w.must(s.Join(w.ctx, node))
	w.board = contain.NewBoard(s, time.Second, at.Now, nil)
	w.warden = contain.New(contain.Config{Store: s, Board: w.board, Node: node, Now: at.Now})
	w.clinic, w.other = w.tenant("clinic", people), w.tenant("surgery", people)
	w.must(w.board.Refresh(w.ctx))
	return w
}

func each(t *testing.T, people int, f func(w *world)) {
	t.Helper()
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	storetest.Each(t, func(t *testing.T, s *store.Store) { f(newWorld(t, s, at, people)) }, storetest.Clock(at.Now))
}

func one(t *testing.T, people int) *world {
	t.Helper()
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	return newWorld(t, storetest.New(t, storetest.Clock(at.Now)), at, people)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) tenant(handle string, people int) tenant {
	w.Helper()
	n := tenant{Tenant: cordon.Tenant{ID: cordon.NewTenantID(), Handle: handle, Name: handle, State: cordon.TenantActive, CreatedAt: w.clock.Now()}, people: people}
	w.must(w.store.CreateTenant(w.ctx, operator, n.Tenant))
	rows := make([]cordon.RecipientRow, people)
	for i := range rows {
		rows[i] = cordon.RecipientRow{ExternalRef: fmt.Sprint(i), Person: cordon.Person{Name: "Pat", Address: cordon.Address(fmt.Sprintf("p%d@example.org", i))}}
	}
	_, _, err := w.store.UpsertRecipients(w.ctx, operator, n.ID, rows)
	w.must(err)
	tpl := cordon.Template{ID: cordon.NewTemplateID(), Tenant: n.ID, Handle: "recall", CreatedAt: w.clock.Now()}
	w.must(w.store.CreateTemplate(w.ctx, operator, tpl))
	n.version, err = w.store.WriteVersion(w.ctx, operator, n.ID, tpl.ID, cordon.Content{Subject: "Recall", Text: "Please call us."})
	w.must(err)
	n.audience = cordon.Audience{ID: cordon.NewAudienceID(), Tenant: n.ID, Handle: "all", Filter: cordon.Filter{Everyone: true}}
	w.must(w.store.SaveAudience(w.ctx, operator, n.audience))
	return n
}

// send puts a bulk dispatch to everyone of the tenant into the queue.
func (w *world) send(n tenant) cordon.Dispatch {
	w.Helper()
	now := w.clock.Now()
	d, err := w.store.CreateDispatch(w.ctx, operator, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: n.ID, Kind: cordon.Bulk, Template: n.version.Template, Version: 1, Hash: n.version.Hash,
			Audience: n.audience.ID, Actor: operator.ID(), State: cordon.DispatchOpen, AcceptedAt: now, NotBefore: now,
		},
		Filter: n.audience.Filter, Verdict: cordon.Verdict{Decision: cordon.Pass},
		Mark: func(cordon.Dispatch) []byte { return []byte("mark") },
	})
	w.must(err)
	return d
}

// claim takes up to n copies that are due, for this node or another.
func (w *world) claim(by string, n int) []cordon.Claim {
	w.Helper()
	lanes, err := w.store.LanesDue(w.ctx, 10)
	w.must(err)
	var all []cordon.Claim
	for _, lane := range lanes {
		if len(all) == n {
			break
		}
		claims, err := w.store.ClaimDue(w.ctx, by, lane, n-len(all))
		w.must(err)
		all = append(all, claims...)
	}
	return all
}

// record writes the same outcome for all, and takes them out of flight.
func (w *world) record(claims []cordon.Claim, state cordon.DeliveryState) {
	w.Helper()
	w.must(w.store.RecordAttempts(w.ctx, node, attempts(claims, state, w.clock.Now())))
	for _, c := range claims {
		w.board.Leave([]cordon.Ref{c.Ref})
	}
}

func attempts(claims []cordon.Claim, state cordon.DeliveryState, at time.Time) cordon.AttemptGroup {
	var g cordon.AttemptGroup
	for _, c := range claims {
		a := cordon.Attempt{Claim: c, Outcome: cordon.Outcome{State: state, Reply: "250"}, At: at}
		if state == cordon.Uncertain {
			a.NextDue = at.Add(time.Hour)
		}
		g.Attempts = append(g.Attempts, a)
	}
	return g
}

func (w *world) place(actor cordon.Actor, scope cordon.Scope) cordon.Stop {
	w.Helper()
	stop, err := w.warden.Place(w.ctx, actor, cordon.Stop{Scope: scope, Reason: "wrong date column"})
	w.must(err)
	return stop
}

func (w *world) counts(d cordon.Dispatch) cordon.Counts {
	w.Helper()
	d, err := w.store.Dispatch(w.ctx, d.Tenant, d.ID)
	w.must(err)
	return d.Counts
}

// settled sweeps until nothing is left to do, and wants the dispatch to stand so.
func (w *world) settled(d cordon.Dispatch, want func(cordon.Counts) bool) cordon.Counts {
	w.Helper()
	for more := true; more; {
		var err error
		_, more, err = w.store.Sweep(w.ctx, 1000)
		w.must(err)
	}
	c := w.counts(d)
	if !want(c) {
		w.Fatalf("the sweep left %+v", c)
	}
	return c
}

func as(tenant cordon.TenantID, role cordon.Role) cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Tenant: tenant, Permissions: role.Permissions()}
}

func code(t *testing.T, err error, want cordon.Code) {
	t.Helper()
	if cordon.CodeOf(err) != want {
		t.Fatalf("answer %v, want code %q", err, want)
	}
}
