package identity_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/store"
)

// house is a registry over a real store, with a clock the test turns.
type house struct {
	*identity.Registry
	t     *testing.T
	store *store.Store
	at    time.Time
	log   bytes.Buffer
	op    cordon.Actor
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.at }
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	s, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), Master: bytes.Repeat([]byte{7}, 32), Now: now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h.store, h.Registry = s, identity.New(identity.Config{Store: s, Now: now, Log: log})
	h.op = h.Operator()
	return h
}

func (h *house) tenant(handle string) cordon.TenantID {
	h.t.Helper()
	n := cordon.Tenant{ID: cordon.NewTenantID(), Handle: handle, Name: handle, State: cordon.TenantActive, CreatedAt: h.at}
	if err := h.store.CreateTenant(h.t.Context(), h.op, n); err != nil {
		h.t.Fatal(err)
	}
	return n.ID
}

func (h *house) account(tenant cordon.TenantID, role cordon.Role) cordon.Account {
	h.t.Helper()
	a, err := h.CreateAccount(h.t.Context(), h.op, cordon.Account{Tenant: tenant, Name: "A " + string(role), Role: role})
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) key(a cordon.Account, rights ...cordon.Permission) (cordon.Key, cordon.Secret) {
	h.t.Helper()
	k, secret, err := h.CreateKey(h.t.Context(), h.op, identity.KeyRequest{Account: a.ID, Name: "for a test", Permissions: rights})
	if err != nil {
		h.t.Fatal(err)
	}
	return k, secret
}

func (h *house) actor(a cordon.Account) cordon.Actor {
	h.t.Helper()
	actor, err := h.As(h.t.Context(), h.op, a.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return actor
}

func wantCode(t *testing.T, err error, want cordon.Code) {
	t.Helper()
	if got := cordon.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestAKeyOpensWhatItWasGiven(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	sender := h.account(clinic, cordon.RoleSender)
	key, secret := h.key(sender)
	if !strings.HasPrefix(secret.Reveal(), "cordon_") || len(secret.Reveal()) != len("cordon_")+52 {
		t.Errorf("the secret has the wrong shape")
	}
	actor, err := h.Authenticate(t.Context(), secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	want := cordon.Actor{Kind: cordon.ActorKey, Account: sender.ID, Key: key.ID, Tenant: clinic, Permissions: []cordon.Permission{cordon.SendSingle, cordon.SendBulk}}
	if diff := cmp.Diff(want, actor); diff != "" {
		t.Error(diff)
	}
	// Stored as a hash alone.
	sum := sha256.Sum256([]byte(secret.Reveal()))
	if k, err := h.store.KeyBySecret(t.Context(), sum[:]); err != nil || k.ID != key.ID {
		t.Errorf("not found by its hash: %v", err)
	}
	if strings.Contains(fmt.Sprint(secret, key)+h.log.String(), secret.Reveal()) {
		t.Error("the secret shows itself")
	}
}

// Every way of not getting in reads the same.
func TestRefusalsReadTheSame(t *testing.T) {
	h := newHouse(t)
	clinic, gone := h.tenant("clinic"), h.tenant("gone")
	sender := h.account(clinic, cordon.RoleSender)
	roaming := h.account("", cordon.RoleSender)
	suspended, s1 := h.key(sender)
	revoked, s2 := h.key(sender)
	_, expired, err := h.CreateKey(t.Context(), h.op, identity.KeyRequest{Account: sender.ID, Name: "short", ExpiresAt: h.at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_, s4 := h.key(h.account(gone, cordon.RoleSender))
	_, s5, err := h.CreateKey(t.Context(), h.op, identity.KeyRequest{Account: roaming.ID, Tenant: gone, Name: "roaming"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.SuspendKey(t.Context(), h.op, suspended.ID, "looks stolen"); err != nil {
		t.Fatal(err)
	}
	if err := h.RevokeKey(t.Context(), h.op, revoked.ID, "was stolen"); err != nil {
		t.Fatal(err)
	}
	if err := h.store.EraseTenant(t.Context(), h.op, gone); err != nil {
		t.Fatal(err)
	}
	h.at = h.at.Add(2 * time.Hour)

	var answers []string
	for name, secret := range map[string]string{
		"nothing": "", "nonsense": "x' OR 1=1 --", "well formed": "cordon_" + strings.Repeat("a", 52), "no prefix": s1.Reveal()[7:],
		"upper case": strings.ToUpper(s1.Reveal()), "padded": s1.Reveal() + " ", "suspended": s1.Reveal(), "revoked": s2.Reveal(),
		"expired": expired.Reveal(), "erased tenant": s4.Reveal(), "erased tenant, roaming account": s5.Reveal(), "huge": strings.Repeat("a", 1<<20),
	} {
		actor, err := h.Authenticate(t.Context(), secret)
		wantCode(t, err, cordon.Denied)
		if actor.Kind != "" || len(actor.Permissions) > 0 {
			t.Errorf("%s: let in as %+v", name, actor)
		}
		answers = append(answers, err.Error())
	}
	if slices.Sort(answers); answers[0] != answers[len(answers)-1] {
		t.Errorf("answers differ: %q and %q", answers[0], answers[len(answers)-1])
	}
}

func TestSuspendResumeRevoke(t *testing.T) {
	h := newHouse(t)
	key, secret := h.key(h.account(h.tenant("clinic"), cordon.RoleSender))
	step := func(name string, change func(context.Context, cordon.Actor, cordon.KeyID, string) error, code, opens cordon.Code) {
		t.Helper()
		if got := cordon.CodeOf(change(t.Context(), h.op, key.ID, "because")); got != code {
			t.Errorf("%s: %q, want %q", name, got, code)
		}
		_, err := h.Authenticate(t.Context(), secret.Reveal())
		wantCode(t, err, opens)
	}
	step("suspend", h.SuspendKey, "", cordon.Denied)
	step("suspend again", h.SuspendKey, "", cordon.Denied)
	step("resume", h.ResumeKey, "", "")
	step("revoke", h.RevokeKey, "", cordon.Denied)
	step("resume what is revoked", h.ResumeKey, cordon.Conflict, cordon.Denied)
	step("revoke again", h.RevokeKey, "", cordon.Denied)
	wantCode(t, h.SuspendKey(t.Context(), h.op, cordon.NewKeyID(), "x"), cordon.Missing)
	wantCode(t, h.SuspendKey(t.Context(), h.op, key.ID, ""), cordon.Invalid)
	if k, err := h.Key(t.Context(), h.op, key.ID); err != nil || k.State != cordon.KeyRevoked || k.StateReason != "because" {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestAKeyNeverHasMoreThanItsRoleOrItsMaker(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	sender, viewer := h.account(clinic, cordon.RoleSender), h.account(clinic, cordon.RoleViewer)
	ask := func(by cordon.Actor, a cordon.Account, rights ...cordon.Permission) error {
		_, _, err := h.CreateKey(t.Context(), by, identity.KeyRequest{Account: a.ID, Name: "k", Permissions: rights})
		return err
	}
	err := ask(h.op, sender, cordon.SendSingle, "send.everything", cordon.SendFree, cordon.Reveal)
	wantCode(t, err, cordon.Invalid)
	var e *cordon.Error
	if errors.As(err, &e); len(e.Faults) != 3 {
		t.Fatalf("faults: %+v", e)
	}
	if f := e.Faults[0]; f.Field != "permissions[1]" || !strings.Contains(f.Remedy, "send.single") || !strings.Contains(f.Remedy, "drills.run") {
		t.Errorf("an unknown right is not answered with the valid ones: %+v", f)
	}
	if f := e.Faults[1]; !strings.Contains(f.Message, "more than the account's role sender") {
		t.Errorf("%+v", f)
	}
	wantCode(t, ask(h.op, viewer), cordon.Invalid) // no right to send, so no default
	wantCode(t, ask(h.op, viewer, cordon.Assess), "")

	// A maker who may make keys, but may not send.
	maker := cordon.Actor{Kind: cordon.ActorAccount, Account: viewer.ID, Tenant: clinic, Permissions: []cordon.Permission{cordon.ManageKeys, cordon.SendSingle}}
	wantCode(t, ask(maker, sender, cordon.SendSingle), "")
	wantCode(t, ask(maker, sender, cordon.SendBulk), cordon.Invalid)
	// The default is judged by the same rule.
	wantCode(t, ask(maker, sender), cordon.Invalid)
	// Repeats are one.
	k, _ := h.key(sender, cordon.SendBulk, cordon.SendBulk)
	if len(k.Permissions) != 1 {
		t.Errorf("permissions %v", k.Permissions)
	}
}

// An older key with rights its role does not have any more opens with what is
// left; the same for one whose row was tampered with.
func TestRightsAreWhatTheRoleStillGrants(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	viewer := h.account(clinic, cordon.RoleViewer)
	secret := "cordon_" + cordon.RandomText(52)
	sum := sha256.Sum256([]byte(secret))
	key := cordon.Key{ID: cordon.NewKeyID(), Tenant: clinic, Account: viewer.ID, Name: "from another time", State: cordon.KeyActive, CreatedAt: h.at,
		Permissions: []cordon.Permission{cordon.SendBulk, cordon.Assess, cordon.Reveal}}
	if err := h.store.CreateKey(t.Context(), h.op, key, sum[:]); err != nil {
		t.Fatal(err)
	}
	actor, err := h.Authenticate(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(actor.Permissions, []cordon.Permission{cordon.Assess}) {
		t.Errorf("permissions %v", actor.Permissions)
	}
}

func TestTenantsWalls(t *testing.T) {
	h := newHouse(t)
	clinic, home := h.tenant("clinic"), h.tenant("home")
	chief := h.account(clinic, cordon.RoleOperator)
	stranger := h.account(home, cordon.RoleSender)
	foreign, _ := h.key(stranger)
	by := h.actor(chief)
	if by.Tenant != clinic || by.Kind != cordon.ActorAccount {
		t.Fatalf("%+v", by)
	}
	_, _, err := h.CreateKey(t.Context(), by, identity.KeyRequest{Account: stranger.ID, Name: "k"})
	wantCode(t, err, cordon.Missing)
	_, _, err = h.CreateKey(t.Context(), by, identity.KeyRequest{Account: chief.ID, Tenant: home, Name: "k"})
	wantCode(t, err, cordon.Invalid)
	wantCode(t, h.RevokeKey(t.Context(), by, foreign.ID, "mine now"), cordon.Missing)
	_, err = h.Key(t.Context(), by, foreign.ID)
	wantCode(t, err, cordon.Missing)
	_, err = h.Account(t.Context(), by, stranger.ID)
	wantCode(t, err, cordon.Missing)
	_, _, err = h.Keys(t.Context(), by, home, cordon.Page{})
	wantCode(t, err, cordon.Denied)
	_, _, err = h.Keys(t.Context(), by, "", cordon.Page{})
	wantCode(t, err, cordon.Denied)
	_, _, err = h.Accounts(t.Context(), by, "", cordon.Page{})
	wantCode(t, err, cordon.Denied)
	_, err = h.CreateAccount(t.Context(), by, cordon.Account{Name: "x", Role: cordon.RoleViewer})
	wantCode(t, err, cordon.Denied)
	_, err = h.CreateAccount(t.Context(), by, cordon.Account{Tenant: home, Name: "x", Role: cordon.RoleViewer})
	wantCode(t, err, cordon.Denied)
	// Within its walls the same account may.
	if _, err := h.CreateAccount(t.Context(), by, cordon.Account{Tenant: clinic, Name: "x", Role: cordon.RoleViewer}); err != nil {
		t.Error(err)
	}
	list, _, err := h.Accounts(t.Context(), by, clinic, cordon.Page{})
	if err != nil || len(list) != 2 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
	// An installation-wide account's key can be kept within one tenant.
	k, secret, err := h.CreateKey(t.Context(), h.op, identity.KeyRequest{Account: h.account("", cordon.RoleSender).ID, Tenant: home, Name: "k"})
	if err != nil || k.Tenant != home {
		t.Fatal(k.Tenant, err)
	}
	if actor, err := h.Authenticate(t.Context(), secret.Reveal()); err != nil || actor.Can(cordon.SendBulk, clinic) || !actor.Can(cordon.SendBulk, home) {
		t.Errorf("%+v, %v", actor, err)
	}
}

func TestWithoutTheRightNothingHappens(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	sender := h.account(clinic, cordon.RoleSender)
	key, _ := h.key(sender)
	for name, by := range map[string]cordon.Actor{"nobody": {}, "system": cordon.System(), "sender": h.actor(sender)} {
		_, err := h.CreateAccount(t.Context(), by, cordon.Account{Tenant: clinic, Name: "x", Role: cordon.RoleViewer})
		wantCode(t, err, cordon.Denied)
		_, _, err = h.CreateKey(t.Context(), by, identity.KeyRequest{Account: sender.ID, Name: "k"})
		wantCode(t, err, cordon.Denied)
		wantCode(t, h.SuspendKey(t.Context(), by, key.ID, "x"), cordon.Denied)
		wantCode(t, h.ResumeKey(t.Context(), by, key.ID, "x"), cordon.Denied)
		wantCode(t, h.RevokeKey(t.Context(), by, key.ID, "x"), cordon.Denied)
		_, err = h.As(t.Context(), by, sender.ID)
		wantCode(t, err, cordon.Denied)
		_, err = h.NewLink(t.Context(), by)
		wantCode(t, err, cordon.Denied)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAccountsAreChecked(t *testing.T) {
	h := newHouse(t)
	gone := h.tenant("gone")
	if err := h.store.EraseTenant(t.Context(), h.op, gone); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		account cordon.Account
		want    cordon.Code
	}{
		"no name":        {cordon.Account{Role: cordon.RoleViewer}, cordon.Invalid},
		"two lines":      {cordon.Account{Name: "a\nb", Role: cordon.RoleViewer}, cordon.Invalid},
		"long":           {cordon.Account{Name: strings.Repeat("x", 101), Role: cordon.RoleViewer}, cordon.Invalid},
		"no role":        {cordon.Account{Name: "a"}, cordon.Invalid},
		"unknown role":   {cordon.Account{Name: "a", Role: "root"}, cordon.Invalid},
		"unknown tenant": {cordon.Account{Name: "a", Role: cordon.RoleViewer, Tenant: cordon.NewTenantID()}, cordon.Missing},
		"erased tenant":  {cordon.Account{Name: "a", Role: cordon.RoleViewer, Tenant: gone}, cordon.Conflict},
	} {
		_, err := h.CreateAccount(t.Context(), h.op, tc.account)
		if got := cordon.CodeOf(err); got != tc.want {
			t.Errorf("%s: %q (%v), want %q", name, got, err, tc.want)
		}
	}
	// Nobody makes an account mightier than themselves.
	little := cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Permissions: []cordon.Permission{cordon.ManageTenants}}
	_, err := h.CreateAccount(t.Context(), little, cordon.Account{Name: "a", Role: cordon.RoleOperator})
	wantCode(t, err, cordon.Denied)
}

func TestUseIsNotedOnceAMinute(t *testing.T) {
	h := newHouse(t)
	key, secret := h.key(h.account(h.tenant("clinic"), cordon.RoleSender))
	used := func() time.Time {
		t.Helper()
		if _, err := h.Authenticate(t.Context(), secret.Reveal()); err != nil {
			t.Fatal(err)
		}
		k, err := h.Key(t.Context(), h.op, key.ID)
		if err != nil {
			t.Fatal(err)
		}
		return k.LastUsedAt
	}
	first := h.at
	if got := used(); !got.Equal(first) {
		t.Errorf("first use at %v, want %v", got, first)
	}
	h.at = first.Add(59 * time.Second)
	if got := used(); !got.Equal(first) {
		t.Errorf("within the minute: %v", got)
	}
	h.at = first.Add(61 * time.Second)
	if got := used(); !got.Equal(h.at) {
		t.Errorf("after the minute: %v, want %v", got, h.at)
	}
}

func TestALinkOpensTheConsoleOnce(t *testing.T) {
	h := newHouse(t)
	link, err := h.NewLink(t.Context(), h.op)
	if err != nil {
		t.Fatal(err)
	}
	// Of many who hold the link at once, one gets in.
	var mu sync.Mutex
	var wg sync.WaitGroup
	var sessions []cordon.Secret
	for range 8 {
		wg.Go(func() {
			session, err := h.Redeem(t.Context(), link.Reveal())
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				sessions = append(sessions, session)
			} else if cordon.CodeOf(err) != cordon.Denied {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(sessions) != 1 {
		t.Fatalf("the link opened %d sessions", len(sessions))
	}
	session := sessions[0].Reveal()
	actor, err := h.Session(t.Context(), session)
	if err != nil || actor.Kind != cordon.ActorOperator || !actor.Can(cordon.Reveal, "") {
		t.Fatalf("%+v, %v", actor, err)
	}
	_, err = h.Session(t.Context(), link.Reveal())
	wantCode(t, err, cordon.Denied) // a link is no session
	_, err = h.Redeem(t.Context(), session)
	wantCode(t, err, cordon.Denied) // nor the other way round
	h.at = h.at.Add(12*time.Hour - time.Second)
	if _, err := h.Session(t.Context(), session); err != nil {
		t.Error(err)
	}
	h.at = h.at.Add(time.Second)
	_, err = h.Session(t.Context(), session)
	wantCode(t, err, cordon.Denied)
}

func TestALinkLastsAQuarterOfAnHour(t *testing.T) {
	h := newHouse(t)
	link, err := h.NewLink(t.Context(), h.op)
	if err != nil {
		t.Fatal(err)
	}
	h.at = h.at.Add(15 * time.Minute)
	_, err = h.Redeem(t.Context(), link.Reveal())
	wantCode(t, err, cordon.Denied)
}

func TestSignOut(t *testing.T) {
	h := newHouse(t)
	link, err := h.NewLink(t.Context(), h.op)
	if err != nil {
		t.Fatal(err)
	}
	session, err := h.Redeem(t.Context(), link.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.SignOut(t.Context(), session.Reveal()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.SignOut(t.Context(), "nonsense"); err != nil {
		t.Fatal(err)
	}
	_, err = h.Session(t.Context(), session.Reveal())
	wantCode(t, err, cordon.Denied)
}

// An account's session has the account's rights, and ends with its tenant.
func TestAnAccountsSession(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	approver := h.account(clinic, cordon.RoleApprover)
	secret := "session_" + cordon.RandomText(52)
	sum := sha256.Sum256([]byte(secret))
	if err := h.store.CreateSession(t.Context(), "session", sum[:], approver, h.at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	actor, err := h.Session(t.Context(), secret)
	if err != nil || actor.Account != approver.ID || actor.Tenant != clinic || actor.Can(cordon.SendBulk, clinic) || !actor.Can(cordon.ApproveTemplates, clinic) {
		t.Errorf("%+v, %v", actor, err)
	}
	if err := h.store.EraseTenant(t.Context(), h.op, clinic); err != nil {
		t.Fatal(err)
	}
	_, err = h.Session(t.Context(), secret)
	wantCode(t, err, cordon.Denied)
}

// When the store cannot answer, nobody gets in, and the trouble is not called a
// wrong secret.
func TestAStoreThatCannotAnswer(t *testing.T) {
	h := newHouse(t)
	_, secret := h.key(h.account(h.tenant("clinic"), cordon.RoleSender))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	actor, err := h.Authenticate(ctx, secret.Reveal())
	if err == nil || cordon.CodeOf(err) == cordon.Denied || actor.Kind != "" {
		t.Errorf("%+v, %v", actor, err)
	}
}
