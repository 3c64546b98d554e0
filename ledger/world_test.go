package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	_ ledger.Store = (*store.Store)(nil)

	operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	start    = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	seed     = []byte("an Ed25519 seed of thirty-two by")
)

const node = "node-a"

// world is a house in which something has happened: two tenants, a send to
// each, copies delivered, bounced and stopped.
type world struct {
	*testing.T
	ctx     context.Context
	store   *store.Store
	auditor *ledger.Auditor
	clinic  tenant
	other   tenant
}

type tenant struct {
	cordon.Tenant
	dispatch cordon.Dispatch
}

func newWorld(t *testing.T, s *store.Store) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), store: s}
	w.auditor = ledger.New(ledger.Config{Store: s, Seed: seed, Installation: "test", Now: func() time.Time { return start }})
	w.must(s.Join(w.ctx, node))
	w.clinic, w.other = w.tenant("clinic", 30), w.tenant("surgery", 5)
	w.deliver(w.clinic, 20, cordon.Delivered)
	w.deliver(w.clinic, 2, cordon.Bounced)
	w.deliver(w.other, 5, cordon.Delivered)
	_, err := s.PlaceStop(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Tenant: w.clinic.ID}, Reason: "wrong column"}, nil)
	w.must(err)
	for more := true; more; {
		_, more, err = s.Sweep(w.ctx, 1000)
		w.must(err)
	}
	return w
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) { f(newWorld(t, s)) }, storetest.Clock(func() time.Time { return start }))
}

func one(t *testing.T) *world {
	t.Helper()
	return newWorld(t, storetest.New(t, storetest.Clock(func() time.Time { return start })))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) tenant(handle string, people int) tenant {
	w.Helper()
	n := tenant{Tenant: cordon.Tenant{ID: cordon.NewTenantID(), Handle: handle, Name: handle, State: cordon.TenantActive, CreatedAt: start}}
	w.must(w.store.CreateTenant(w.ctx, operator, n.Tenant))
	rows := make([]cordon.RecipientRow, people)
	for i := range rows {
		rows[i] = cordon.RecipientRow{ExternalRef: fmt.Sprintf("%s-%d", handle, i), Person: cordon.Person{Name: "Pat", Address: cordon.Address(fmt.Sprintf("p%d@%s.example", i, handle))}}
	}
	_, _, err := w.store.UpsertRecipients(w.ctx, operator, n.ID, rows)
	w.must(err)
	tpl := cordon.Template{ID: cordon.NewTemplateID(), Tenant: n.ID, Handle: "recall", CreatedAt: start}
	w.must(w.store.CreateTemplate(w.ctx, operator, tpl))
	v, err := w.store.WriteVersion(w.ctx, operator, n.ID, tpl.ID, cordon.Content{Subject: "Recall", Text: "Please call us."})
	w.must(err)
	n.dispatch, err = w.store.CreateDispatch(w.ctx, operator, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: n.ID, Kind: cordon.Bulk, Template: tpl.ID, Version: 1, Hash: v.Hash,
			Actor: operator.ID(), State: cordon.DispatchOpen, AcceptedAt: start, NotBefore: start,
		},
		Filter: cordon.Filter{Everyone: true}, Verdict: cordon.Verdict{Decision: cordon.Pass},
		Mark: func(cordon.Dispatch) []byte { return []byte("mark") },
	})
	w.must(err)
	return n
}

// deliver claims copies of the tenant and records the same outcome for all.
func (w *world) deliver(n tenant, copies int, state cordon.DeliveryState) {
	w.Helper()
	lanes, err := w.store.LanesDue(w.ctx, 10)
	w.must(err)
	for _, lane := range lanes {
		if lane.Tenant != n.ID {
			continue
		}
		claims, err := w.store.ClaimDue(w.ctx, node, lane, copies)
		w.must(err)
		var g cordon.AttemptGroup
		for _, c := range claims {
			g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: cordon.Outcome{State: state, Reply: "250 2.0.0"}, At: start})
		}
		w.must(w.store.RecordAttempts(w.ctx, node, g))
	}
}

// entry is the number of the first entry of the kind.
func (w *world) entry(kind cordon.EntryKind) int64 {
	w.Helper()
	all, err := w.store.Entries(w.ctx, 0, 1000)
	w.must(err)
	for _, e := range all {
		if e.Kind == kind {
			return e.Num
		}
	}
	w.Fatalf("no entry of kind %s", kind)
	return 0
}

func as(tenant cordon.TenantID, role cordon.Role) cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Tenant: tenant, Permissions: role.Permissions()}
}
