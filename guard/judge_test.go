package guard_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	_ guard.Store = (*store.Store)(nil)

	operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	start    = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
)

// bench is a practice with one patient, one decoy, one approved text and a key.
type bench struct {
	*testing.T
	store           *store.Store
	guard           *guard.Guard
	tenant          cordon.TenantID
	key             cordon.Actor
	approved, draft cordon.Version
	patient, decoy  cordon.RecipientID
}

func newBench(t *testing.T) *bench {
	t.Helper()
	now := func() time.Time { return start.Add(30 * 24 * time.Hour) }
	s := storetest.New(t, storetest.Clock(now))
	b := &bench{T: t, store: s, guard: guard.New(guard.Config{Store: s, Now: now}), tenant: cordon.NewTenantID()}
	ctx := t.Context()
	b.must(s.CreateTenant(ctx, operator, cordon.Tenant{ID: b.tenant, Handle: "clinic", Name: "Clinic", State: cordon.TenantActive, CreatedAt: start}))
	_, _, err := s.UpsertRecipients(ctx, operator, b.tenant, []cordon.RecipientRow{{ExternalRef: "1", Person: cordon.Person{Name: "Pat", Address: "pat@example.org"}}})
	b.must(err)
	r, err := s.RecipientByRef(ctx, b.tenant, "1")
	b.must(err)
	b.must(s.PlantDecoys(ctx, operator, b.tenant, []cordon.Person{{Name: "Ann", Address: "ann@decoy.invalid"}}))
	decoys, err := s.Decoys(ctx, b.tenant)
	b.must(err)
	b.patient, b.decoy = r.ID, decoys[0]
	author := cordon.Account{ID: cordon.NewAccountID(), Tenant: b.tenant, Name: "author", Role: cordon.RoleAuthor}
	b.must(s.CreateAccount(ctx, operator, author))
	tpl := cordon.Template{ID: cordon.NewTemplateID(), Tenant: b.tenant, Handle: "recall", CreatedAt: start}
	b.must(s.CreateTemplate(ctx, operator, tpl))
	by := cordon.Actor{Kind: cordon.ActorAccount, Account: author.ID, Tenant: b.tenant, Permissions: author.Role.Permissions()}
	v, err := s.WriteVersion(ctx, by, b.tenant, tpl.ID, cordon.Content{Subject: "Recall", Text: "Please call us.", FromAddress: "desk@clinic.example"})
	b.must(err)
	b.must(s.ApproveVersion(ctx, operator, b.tenant, tpl.ID, v.Number, v.Hash))
	b.approved, err = s.Version(ctx, b.tenant, tpl.ID, v.Number)
	b.must(err)
	b.draft, err = s.WriteVersion(ctx, by, b.tenant, tpl.ID, cordon.Content{Subject: "You won", Text: "Collect your prize.", FromAddress: "desk@clinic.example"})
	b.must(err)
	k := cordon.Key{ID: cordon.NewKeyID(), Tenant: b.tenant, Account: author.ID, Name: "k", Permissions: []cordon.Permission{cordon.SendSingle}, State: cordon.KeyActive}
	secret := sha256.Sum256([]byte(k.ID))
	b.must(s.CreateKey(ctx, operator, k, secret[:]))
	b.key = cordon.Actor{Kind: cordon.ActorKey, Account: k.Account, Key: k.ID, Tenant: b.tenant, Permissions: k.Permissions}
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) order(v cordon.Version, to ...cordon.RecipientID) cordon.Order {
	return cordon.Order{Tenant: b.tenant, Kind: cordon.Single, Template: v.Template, Version: v.Number, Recipients: to}
}

func TestAGoodOrderPassesWithItsCeilings(t *testing.T) {
	b := newBench(t)
	v := b.guard.Judge(t.Context(), b.key, b.order(b.approved, b.patient), b.approved)
	if v.Decision != cordon.Pass || len(v.Signals)+len(v.Stops)+len(v.Faults) != 0 || v.SuspendKey != "" {
		t.Fatalf("verdict %+v", v)
	}
	if len(v.Ceilings) == 0 || v.Ceilings[0].Key != b.key.Key || v.Ceilings[0].Max != 60 {
		t.Fatalf("ceilings %+v", v.Ceilings)
	}
}

// An order that is wrong in two ways is answered by the first; what the second
// proves is kept all the same.
func TestARefusalKeepsLaterEvidence(t *testing.T) {
	b := newBench(t)
	v := b.guard.Judge(t.Context(), b.key, b.order(b.draft, b.decoy), b.draft)
	if v.Decision != cordon.Refuse || v.Code != cordon.Conflict || len(v.Faults) != 1 || v.Faults[0].Field != "version" {
		t.Fatalf("verdict %+v", v)
	}
	kinds := map[cordon.SignalKind]bool{}
	for _, s := range v.Signals {
		kinds[s.Kind] = true
	}
	if !kinds[cordon.SignalUnapproved] || !kinds[cordon.SignalDecoy] || v.SuspendKey == "" || len(v.Stops) != 3 {
		t.Fatalf("signals %+v, stops %+v", v.Signals, v.Stops)
	}
}

func TestEveryReasonNamesItsCheck(t *testing.T) {
	b := newBench(t)
	for want, order := range map[string]cordon.Order{
		"approve":    b.order(b.draft, b.patient),
		"recipients": b.order(b.approved, b.patient, cordon.NewRecipientID()),
		"decoy":      b.order(b.approved, b.patient, b.decoy),
	} {
		version := b.approved
		if want == "approve" {
			version = b.draft
		}
		v := b.guard.Judge(t.Context(), b.key, order, version)
		if len(v.Reasons) != 1 || v.Reasons[0].Check != want || v.Reasons[0].Decision != cordon.Refuse || v.Reasons[0].Message == "" {
			t.Errorf("%s: reasons %+v", want, v.Reasons)
		}
	}
}

// A version that was changed after its approval, in any part, is not approved;
// and one that is not the order's own is not looked at.
func TestTheTextJudgedIsTheTextApproved(t *testing.T) {
	b := newBench(t)
	changed := b.approved
	changed.Content.Text += " Collect your prize."
	if v := b.guard.Judge(t.Context(), b.key, b.order(b.approved, b.patient), changed); v.Decision != cordon.Refuse || v.Code != cordon.Conflict {
		t.Fatalf("changed text: %+v", v)
	}
	self := b.approved
	self.Approver = string(self.Author)
	if v := b.guard.Judge(t.Context(), b.key, b.order(b.approved, b.patient), self); v.Decision != cordon.Refuse {
		t.Fatalf("approved by its author: %+v", v)
	}
	if v := b.guard.Judge(t.Context(), b.key, b.order(b.draft, b.patient), b.approved); v.Decision != cordon.Refuse || v.Code != cordon.Missing {
		t.Fatalf("another version than ordered: %+v", v)
	}
}

// The zero order, actor and version are refused, not passed.
func TestNothingIsRefused(t *testing.T) {
	b := newBench(t)
	if v := b.guard.Judge(t.Context(), cordon.Actor{}, cordon.Order{}, cordon.Version{}); v.Decision != cordon.Refuse {
		t.Fatalf("verdict %+v", v)
	}
	if v := b.guard.Judge(t.Context(), operator, cordon.Order{Tenant: cordon.NewTenantID(), Kind: cordon.Single}, cordon.Version{}); v.Decision != cordon.Refuse || v.Code != cordon.Missing {
		t.Fatalf("verdict %+v", v)
	}
}

func TestAHeldOrderIsNotCountedTwice(t *testing.T) {
	b := newBench(t)
	l, err := b.store.Limits(t.Context(), b.tenant)
	b.must(err)
	l.KeySinglePerHour, l.KeyBusiestFactor = 1, 0
	b.must(b.store.SetLimits(t.Context(), operator, b.tenant, l))
	now := start.Add(30 * 24 * time.Hour)
	_, err = b.store.CreateDispatch(t.Context(), b.key, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: b.tenant, Kind: cordon.Single, Template: b.approved.Template, Version: 1, Hash: b.approved.Hash,
			Actor: b.key.ID(), Account: b.key.Account, Key: b.key.Key, State: cordon.DispatchHeld, AcceptedAt: now, NotBefore: now,
		},
		Members: []cordon.RecipientID{b.patient}, Verdict: cordon.Verdict{Decision: cordon.Hold}, Mark: func(cordon.Dispatch) []byte { return []byte("m") },
	})
	b.must(err)
	order := b.order(b.approved, b.patient)
	if v := b.guard.Judge(t.Context(), b.key, order, b.approved); v.Code != cordon.Limited {
		t.Fatalf("a second order: %+v", v)
	}
	if v := b.guard.Rejudge(t.Context(), b.key, order, b.approved); v.Decision != cordon.Pass {
		t.Fatalf("the held order itself: %+v", v)
	}
}
