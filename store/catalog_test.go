package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func TestTenants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		b := newPractice(t, s, "berg")
		newPractice(t, s, "alm")
		newPractice(t, s, "dal")

		wantCode(t, s.CreateTenant(ctx, operator, cordon.Tenant{ID: cordon.NewTenantID(), Handle: "berg"}), cordon.Conflict)
		wantCode(t, s.CreateTenant(ctx, operator, cordon.Tenant{ID: cordon.NewTenantID(), Handle: "Berg !"}), cordon.Invalid)

		got, err := s.TenantByHandle(ctx, "berg")
		ok(t, err)
		wantEqual(t, "tenant by handle", got.ID, b.id)
		wantEqual(t, "state", got.State, cordon.TenantActive)

		var handles []string
		for _, n := range everyPage(t, 2, func(p cordon.Page) ([]cordon.Tenant, string, error) { return s.Tenants(ctx, p) }) {
			handles = append(handles, n.Handle)
		}
		wantEqual(t, "handles", strings.Join(handles, " "), "alm berg dal")

		_, _, err = s.Tenants(ctx, cordon.Page{After: "not a cursor!"})
		wantCode(t, err, cordon.Invalid)
		wantEqual(t, "entries", len(entryKinds(t, s)), 3)
	})
}

func TestErasedTenantOpensNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		gone, stays := newPractice(t, s, "gone"), newPractice(t, s, "stays")
		gone.upsert(patient("p1"))
		stays.upsert(patient("p1"))
		id := gone.byRef("p1").ID
		ok(t, s.CreateDomain(ctx, operator, cordon.Domain{Tenant: gone.id, Name: "gone.example", Selector: "c1"}, []byte("private")))
		key := cordon.Key{ID: cordon.NewKeyID(), Tenant: gone.id, Account: anna.Account, Name: "booking"}
		ok(t, s.CreateKey(ctx, operator, key, hashOf("k")))
		account := cordon.Account{ID: cordon.NewAccountID(), Tenant: gone.id, Role: cordon.RoleAuthor}
		ok(t, s.CreateAccount(ctx, operator, account))
		ok(t, s.CreateSession(ctx, "session", hashOf("s"), account, time.Now().Add(time.Hour)))
		gone.open(id) // the key is remembered now
		elsewhere := storetest.Reopen(t, s)

		ok(t, s.EraseTenant(ctx, operator, gone.id))
		wantEqual(t, "entry", lastEntry(t, s).Kind, cordon.EntryTenantErased)

		for name, s := range map[string]*store.Store{"here": s, "in another process": elsewhere} {
			_, err := s.OpenPerson(ctx, operator, gone.id, id, "to see")
			if cordon.CodeOf(err) != cordon.Missing {
				t.Errorf("%s: a person of an erased tenant answers %v", name, err)
			}
			_, _, err = s.DomainKey(ctx, gone.id, "gone.example")
			wantCode(t, err, cordon.Missing)
			_, err = s.FindByAddress(ctx, operator, gone.id, "p1@patients.example")
			wantCode(t, err, cordon.Missing)
		}
		_, _, err := s.UpsertRecipients(ctx, operator, gone.id, []cordon.RecipientRow{patient("p2")})
		wantCode(t, err, cordon.Missing)
		k, err := s.Key(ctx, key.ID)
		ok(t, err)
		wantEqual(t, "its keys", k.State, cordon.KeyRevoked)
		_, _, err = s.Session(ctx, hashOf("s"))
		wantCode(t, err, cordon.Missing)
		wantCode(t, s.EraseTenant(ctx, operator, gone.id), cordon.Conflict)
		n, err := s.Tenant(ctx, gone.id)
		ok(t, err)
		wantEqual(t, "state", n.State, cordon.TenantErased)

		var wrapped int
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM tenant_key`).Scan(&wrapped))
		wantEqual(t, "wrapped keys left", wrapped, 1)
		wantEqual(t, "the other tenant's person", stays.open(stays.byRef("p1").ID).Name, "Jo p1")
	})
}

// Nodes on one PostgreSQL wake each other; what one does itself rouses it once.
func TestNodesWakeEachOther(t *testing.T) {
	here := storetest.NewPostgres(t)
	there := storetest.Reopen(t, here)
	p := newPractice(t, here, "berg")
	woken, end := there.Changed("tenants")
	defer end()
	quiet, endQuiet := there.Changed("queue")
	defer endQuiet()
	ok(t, here.EraseTenant(t.Context(), operator, p.id))
	<-woken
	select {
	case <-quiet:
		t.Fatal("another topic was woken")
	default:
	}
}

func TestDomains(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		d := cordon.Domain{Tenant: p.id, Name: "mail.berg.example", Selector: "c1", Record: "v=DKIM1; p=abc"}
		ok(t, s.CreateDomain(ctx, operator, d, []byte("the private key")))
		wantCode(t, s.CreateDomain(ctx, operator, d, []byte("another")), cordon.Conflict)

		got, pkcs8, err := s.DomainKey(ctx, p.id, d.Name)
		ok(t, err)
		wantEqual(t, "key", string(pkcs8), "the private key")
		wantEqual(t, "record", got.Record, d.Record)
		list, err := s.Domains(ctx, p.id)
		ok(t, err)
		wantEqual(t, "domains", len(list), 1)

		var sealed []byte
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT sealed_key FROM domain`).Scan(&sealed))
		if strings.Contains(string(sealed), "private") {
			t.Fatal("the DKIM key is stored in the clear")
		}
		// The same sealed bytes under another name do not open.
		storetest.Tamper(t, s, `UPDATE domain SET name = 'evil.example'`)
		if _, _, err := s.DomainKey(ctx, p.id, "evil.example"); err == nil {
			t.Fatal("a key moved to another domain opened")
		}
	})
}

func TestAccountsAndKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p, other := t.Context(), newPractice(t, s, "berg"), newPractice(t, s, "dal")
		account := cordon.Account{ID: cordon.NewAccountID(), Tenant: p.id, Name: "Anna Berg", Role: cordon.RoleAuthor}
		ok(t, s.CreateAccount(ctx, operator, account))
		if e := lastEntry(t, s); strings.Contains(string(e.Body), "Anna") {
			t.Fatalf("the ledger holds a person's name: %s", e.Body)
		}
		got, err := s.Account(ctx, account.ID)
		ok(t, err)
		wantEqual(t, "role", got.Role, cordon.RoleAuthor)
		for range 3 {
			ok(t, s.CreateAccount(ctx, operator, cordon.Account{ID: cordon.NewAccountID(), Tenant: other.id, Role: cordon.RoleViewer}))
		}
		all := everyPage(t, 2, func(pg cordon.Page) ([]cordon.Account, string, error) { return s.Accounts(ctx, "", pg) })
		wantEqual(t, "all accounts", len(all), 4)
		theirs := everyPage(t, 2, func(pg cordon.Page) ([]cordon.Account, string, error) { return s.Accounts(ctx, other.id, pg) })
		wantEqual(t, "their accounts", len(theirs), 3)

		key := cordon.Key{ID: cordon.NewKeyID(), Tenant: p.id, Account: account.ID, Name: "booking", Permissions: []cordon.Permission{cordon.SendSingle}}
		ok(t, s.CreateKey(ctx, operator, key, hashOf("secret")))
		wantCode(t, s.CreateKey(ctx, operator, cordon.Key{ID: cordon.NewKeyID(), Tenant: p.id}, hashOf("secret")), cordon.Conflict)
		k, err := s.KeyBySecret(ctx, hashOf("secret"))
		ok(t, err)
		wantEqual(t, "key by secret", k.ID, key.ID)
		wantEqual(t, "rights", len(k.Permissions), 1)
		_, err = s.KeyBySecret(ctx, hashOf("another"))
		wantCode(t, err, cordon.Missing)
		keys, _, err := s.Keys(ctx, other.id, cordon.Page{})
		ok(t, err)
		wantEqual(t, "their keys", len(keys), 0)
	})
}

func TestKeyStates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		id := cordon.NewKeyID()
		ok(t, s.CreateKey(ctx, operator, cordon.Key{ID: id, Account: anna.Account}, hashOf("secret")))
		set := func(state cordon.KeyState) error {
			return s.SetKeyState(ctx, operator, id, state, "because "+string(state))
		}
		ok(t, set(cordon.KeySuspended))
		wantEqual(t, "entry", lastEntry(t, s).Kind, cordon.EntryKeySuspended)
		n := len(entryKinds(t, s))
		ok(t, set(cordon.KeySuspended))
		wantEqual(t, "entries after a second suspension", len(entryKinds(t, s)), n)
		ok(t, set(cordon.KeyActive))
		wantEqual(t, "entry", lastEntry(t, s).Kind, cordon.EntryKeyResumed)
		ok(t, set(cordon.KeyRevoked))
		wantCode(t, set(cordon.KeyActive), cordon.Conflict)
		wantCode(t, set("open"), cordon.Invalid)
		wantCode(t, s.SetKeyState(ctx, operator, cordon.NewKeyID(), cordon.KeyRevoked, "x"), cordon.Missing)
		k, err := s.Key(ctx, id)
		ok(t, err)
		wantEqual(t, "reason", k.StateReason, "because revoked")
	})
}

func TestTouchKeyWritesOnceAMinute(t *testing.T) {
	at := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, id := t.Context(), cordon.NewKeyID()
		ok(t, s.CreateKey(ctx, operator, cordon.Key{ID: id}, hashOf("secret")))
		used := func() time.Time {
			k, err := s.Key(ctx, id)
			ok(t, err)
			return k.LastUsedAt
		}
		ok(t, s.TouchKey(ctx, id))
		first := used()
		wantEqual(t, "first use", first, at.Now())
		at.advance(30 * time.Second)
		ok(t, s.TouchKey(ctx, id))
		wantEqual(t, "use half a minute later", used(), first)
		at.advance(31 * time.Second)
		ok(t, s.TouchKey(ctx, id))
		wantEqual(t, "use a minute later", used(), at.Now())
	}, storetest.Clock(at.Now))
}

func TestSessions(t *testing.T) {
	at := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ok(t, s.CreateSession(ctx, "link", hashOf("link"), cordon.Account{}, at.now.Add(15*time.Minute)))
		ok(t, s.CreateSession(ctx, "session", hashOf("session"), cordon.Account{ID: anna.Account}, at.now.Add(time.Hour)))
		_, _, err := s.Session(ctx, hashOf("link"))
		wantCode(t, err, cordon.Missing) // a link is no session
		wantCode(t, s.TakeLink(ctx, hashOf("session")), cordon.Missing)
		ok(t, s.TakeLink(ctx, hashOf("link")))
		wantCode(t, s.TakeLink(ctx, hashOf("link")), cordon.Missing)
		who, until, err := s.Session(ctx, hashOf("session"))
		ok(t, err)
		wantEqual(t, "account", who, anna.Account)
		wantEqual(t, "expires", until, at.now.Add(time.Hour))

		ok(t, s.CreateSession(ctx, "link", hashOf("late"), cordon.Account{}, at.now.Add(15*time.Minute)))
		at.advance(time.Hour)
		wantCode(t, s.TakeLink(ctx, hashOf("late")), cordon.Missing)
		_, _, err = s.Session(ctx, hashOf("session"))
		wantCode(t, err, cordon.Missing)

		ok(t, s.CreateSession(ctx, "session", hashOf("next"), cordon.Account{}, at.now.Add(time.Hour)))
		var left int
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM session`).Scan(&left))
		wantEqual(t, "rows after the expired were cleared", left, 1)
		ok(t, s.EndSession(ctx, hashOf("next")))
		_, _, err = s.Session(ctx, hashOf("next"))
		wantCode(t, err, cordon.Missing)
	}, storetest.Clock(at.Now))
}

func TestLimits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		l, err := s.Limits(ctx, p.id)
		ok(t, err)
		wantEqual(t, "limits of a new tenant", l, cordon.DefaultLimits())
		l.NewTenantPerDay = 500
		ok(t, s.SetLimits(ctx, operator, p.id, l))
		if e := lastEntry(t, s); string(e.Body) != `{"new_tenant_per_day":[200,500]}` {
			t.Fatalf("the entry says %s", e.Body)
		}
		got, err := s.Limits(ctx, p.id)
		ok(t, err)
		wantEqual(t, "limits", got, l)
		n := len(entryKinds(t, s))
		ok(t, s.SetLimits(ctx, operator, p.id, l))
		wantEqual(t, "entries after no change", len(entryKinds(t, s)), n)
	})
}

func TestVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		letter := cordon.Template{ID: cordon.NewTemplateID(), Tenant: p.id, Handle: "recall"}
		ok(t, s.CreateTemplate(ctx, operator, letter))
		wantCode(t, s.CreateTemplate(ctx, operator, cordon.Template{ID: cordon.NewTemplateID(), Tenant: p.id, Handle: "recall"}), cordon.Conflict)
		text := cordon.Content{Subject: "Your visit", Text: "Dear {{name}}", Fields: []cordon.Field{{Name: "name", Type: cordon.FieldPerson, Source: cordon.FromRecipient}}, LinkHosts: []string{}}
		v, err := s.WriteVersion(ctx, anna, p.id, letter.ID, text)
		ok(t, err)
		wantEqual(t, "first number", v.Number, 1)
		second, err := s.WriteVersion(ctx, berta, p.id, letter.ID, cordon.Content{Subject: "Another"})
		ok(t, err)
		wantEqual(t, "second number", second.Number, 2)

		approve := func(by cordon.Actor, hash string) error { return s.ApproveVersion(ctx, by, p.id, letter.ID, 1, hash) }
		wantCode(t, approve(anna, v.Hash), cordon.Denied)
		wantCode(t, approve(cordon.Actor{Kind: cordon.ActorKey, Key: cordon.NewKeyID(), Account: anna.Account}, v.Hash), cordon.Denied)
		wantCode(t, approve(cordon.Actor{}, v.Hash), cordon.Denied)
		wantCode(t, approve(berta, second.Hash), cordon.Conflict)
		ok(t, approve(berta, v.Hash))
		wantEqual(t, "entry", lastEntry(t, s).Kind, cordon.EntryVersionApproved)
		wantCode(t, approve(operator, v.Hash), cordon.Conflict)

		got, err := s.Version(ctx, p.id, letter.ID, 1)
		ok(t, err)
		if !got.Approved() || got.Content.Hash() != v.Hash {
			t.Fatalf("the stored version is not the approved one: %+v", got)
		}
		wantCode(t, s.RevokeVersion(ctx, operator, p.id, letter.ID, 2), cordon.Conflict)
		ok(t, s.RevokeVersion(ctx, operator, p.id, letter.ID, 1))
		got, err = s.Version(ctx, p.id, letter.ID, 1)
		ok(t, err)
		wantEqual(t, "approved after revoking", got.Approved(), false)
		wantCode(t, approve(berta, v.Hash), cordon.Conflict)

		list, err := s.Versions(ctx, p.id, letter.ID)
		ok(t, err)
		wantEqual(t, "versions", len(list), 2)
		wantEqual(t, "newest first", list[0].Number, 2)
		n, err := s.Template(ctx, p.id, "recall")
		ok(t, err)
		wantEqual(t, "latest", n.Latest, 2)
	})
}

// A text changed behind the store's back is neither approved nor approvable.
func TestChangedContentCannotBeApproved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		letter := cordon.NewTemplateID()
		ok(t, s.CreateTemplate(ctx, operator, cordon.Template{ID: letter, Tenant: p.id, Handle: "recall"}))
		v, err := s.WriteVersion(ctx, anna, p.id, letter, cordon.Content{Subject: "Your visit"})
		ok(t, err)
		storetest.Tamper(t, s, `UPDATE version SET content = REPLACE(content, 'Your visit', 'You have won')`)
		wantCode(t, s.ApproveVersion(ctx, berta, p.id, letter, 1, v.Hash), cordon.Conflict)
	})
}

func TestAudiences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		a := cordon.Audience{ID: cordon.NewAudienceID(), Tenant: p.id, Handle: "recall", Filter: cordon.Filter{All: []string{"recall"}, None: []string{"moved"}}}
		ok(t, s.SaveAudience(ctx, operator, a))
		wantCode(t, s.SaveAudience(ctx, operator, cordon.Audience{ID: cordon.NewAudienceID(), Tenant: p.id, Handle: "recall", Filter: cordon.Filter{Everyone: true}}), cordon.Conflict)
		wantCode(t, s.SaveAudience(ctx, operator, cordon.Audience{ID: cordon.NewAudienceID(), Tenant: p.id, Handle: "nobody"}), cordon.Invalid)
		a.Filter.None = nil
		ok(t, s.SaveAudience(ctx, operator, a))
		got, err := s.Audience(ctx, p.id, "recall")
		ok(t, err)
		wantEqual(t, "ID", got.ID, a.ID)
		wantEqual(t, "none", len(got.Filter.None), 0)
		ok(t, s.SaveAudience(ctx, operator, cordon.Audience{ID: cordon.NewAudienceID(), Tenant: p.id, Handle: "all", Filter: cordon.Filter{Everyone: true}}))
		list := everyPage(t, 1, func(pg cordon.Page) ([]cordon.Audience, string, error) { return s.Audiences(ctx, p.id, pg) })
		wantEqual(t, "audiences", len(list), 2)
	})
}
