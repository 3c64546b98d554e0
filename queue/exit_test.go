package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

var testKey = []byte("the door's key")

func markOf(d cordon.Dispatch) []byte {
	mac := hmac.New(sha256.New, testKey)
	mac.Write(d.Binding())
	return mac.Sum(nil)
}

// good is a copy that the exit lets go, and what it is judged by.
func good() (cordon.Claim, evidence) {
	tenant, tpl, key, acc := cordon.NewTenantID(), cordon.NewTemplateID(), cordon.NewKeyID(), cordon.NewAccountID()
	content := cordon.Content{FromAddress: "desk@clinic.example", Subject: "Recall", Text: "Call us."}
	d := cordon.Dispatch{
		ID: cordon.NewDispatchID(), Tenant: tenant, Kind: cordon.Single, Template: tpl, Version: 1, Hash: content.Hash(),
		Actor: string(key), Account: acc, Key: key, State: cordon.DispatchOpen, Recipients: 3, AcceptedAt: time.Unix(1_700_000_000, 0),
	}
	d.Provenance = markOf(d)
	e := evidence{known: true, hash: content.Hash(), facts: cordon.ExitFacts{
		Dispatch: d, TenantState: cordon.TenantActive, KeyState: cordon.KeyActive, KeyTenant: tenant, KeyRights: []cordon.Permission{cordon.SendSingle},
		Domain: cordon.Domain{Tenant: tenant, Name: "clinic.example", Selector: "c1"},
		Version: cordon.Version{
			Template: tpl, Tenant: tenant, Number: 1, Content: content, Hash: content.Hash(), State: cordon.VersionApproved,
			Author: cordon.NewAccountID(), Approver: "acc_other", ApprovedHash: content.Hash(),
		},
	}}
	c := cordon.Claim{
		Delivery: cordon.Delivery{
			Tenant: tenant, Template: tpl, Account: acc, Key: key, Dispatch: d.ID, Kind: cordon.Single, Seq: 2,
			Recipient: cordon.NewRecipientID(), State: cordon.Sending,
		},
		RecipientTenant: tenant, RecipientState: cordon.RecipientActive, Sealed: []byte("sealed"),
	}
	return c, e
}

var judgedAt = time.Unix(1_700_000_100, 0)

func judge(c cordon.Claim, e evidence) refusal {
	if r := (exit{testKey}).judgeDispatch(e, judgedAt); !r.zero() {
		return r
	}
	return judgeCopy(c, e)
}

func TestTheExitLetsAGoodCopyGo(t *testing.T) {
	if r := judge(good()); !r.zero() {
		t.Errorf("refused: %s", r.reason)
	}
	c, e := good()
	e.facts.Dispatch.Key, e.facts.Dispatch.Actor, c.Delivery.Key = "", "operator", ""
	e.facts.Dispatch.Provenance = markOf(e.facts.Dispatch)
	if r := judge(c, e); !r.zero() {
		t.Errorf("a person's order refused: %s", r.reason)
	}
}

// Every way in which a row may have slipped into the queue, or what it rests on
// may have changed, is refused by its own check; a fault in the mark never
// hides behind a mark made anew.
func TestTheExitRefuses(t *testing.T) {
	other := cordon.NewTenantID()
	cases := []struct {
		name   string
		remark bool // the door's mark is made over the change: another check must find it
		change func(*cordon.Claim, *evidence)
		signal cordon.SignalKind
	}{
		{"no dispatch", false, func(_ *cordon.Claim, e *evidence) { e.known = false }, cordon.SignalExitProvenance},
		{"no mark", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.Provenance = nil }, cordon.SignalExitProvenance},
		{"another's mark", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.Provenance[0] ^= 1 }, cordon.SignalExitProvenance},
		{"recipients added", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.Recipients++ }, cordon.SignalExitProvenance},
		{"another text", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.Hash = "x" }, cordon.SignalExitProvenance},
		{"another actor", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.Actor = "operator" }, cordon.SignalExitProvenance},
		{"sequence 0", false, func(c *cordon.Claim, _ *evidence) { c.Delivery.Seq = 0 }, cordon.SignalExitProvenance},
		{"sequence past the end", false, func(c *cordon.Claim, _ *evidence) { c.Delivery.Seq = 4 }, cordon.SignalExitProvenance},
		{"lane of another key", false, func(c *cordon.Claim, _ *evidence) { c.Delivery.Key = cordon.NewKeyID() }, cordon.SignalExitProvenance},
		{"lane of another template", false, func(c *cordon.Claim, _ *evidence) { c.Delivery.Template = cordon.NewTemplateID() }, cordon.SignalExitProvenance},
		{"lane of another kind", false, func(c *cordon.Claim, _ *evidence) { c.Delivery.Kind = cordon.Bulk }, cordon.SignalExitProvenance},
		{"never opened", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.State = cordon.DispatchAccepting }, cordon.SignalExitProvenance},
		{"state unknown", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.State = "" }, cordon.SignalExitProvenance},
		{"tenant erased", false, func(_ *cordon.Claim, e *evidence) { e.facts.TenantState = cordon.TenantErased }, cordon.SignalExitAuthority},
		{"tenant unknown", false, func(_ *cordon.Claim, e *evidence) { e.facts.TenantState = "" }, cordon.SignalExitAuthority},
		{"drill at a real tenant", true, func(_ *cordon.Claim, e *evidence) {
			e.facts.Dispatch.Exercise = true
			e.tenant = cordon.Tenant{ID: e.facts.Dispatch.Tenant}
		}, cordon.SignalExitAuthority},
		{"drill at an unknown tenant", true, func(_ *cordon.Claim, e *evidence) {
			e.facts.Dispatch.Exercise = true
			e.tenant = cordon.Tenant{ID: other, Exercise: true}
		}, cordon.SignalExitAuthority},
		{"key suspended", false, func(_ *cordon.Claim, e *evidence) { e.facts.KeyState = cordon.KeySuspended }, cordon.SignalExitAuthority},
		{"key revoked", false, func(_ *cordon.Claim, e *evidence) { e.facts.KeyState = cordon.KeyRevoked }, cordon.SignalExitAuthority},
		{"key unknown", false, func(_ *cordon.Claim, e *evidence) { e.facts.KeyState = "" }, cordon.SignalExitAuthority},
		{"key expired", false, func(_ *cordon.Claim, e *evidence) { e.facts.KeyExpiresAt = judgedAt }, cordon.SignalExitAuthority},
		{"another tenant's key", false, func(_ *cordon.Claim, e *evidence) { e.facts.KeyTenant = other }, cordon.SignalExitAuthority},
		{"key without the right", false, func(_ *cordon.Claim, e *evidence) { e.facts.KeyRights = []cordon.Permission{cordon.SendBulk} }, cordon.SignalExitAuthority},
		{"ordered by nobody", true, func(c *cordon.Claim, e *evidence) {
			e.facts.Dispatch.Key, e.facts.Dispatch.Actor, c.Delivery.Key = "", "", ""
		}, cordon.SignalExitAuthority},
		{"no version", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version = cordon.Version{} }, cordon.SignalExitApproval},
		{"another version", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.Number = 2 }, cordon.SignalExitApproval},
		{"another tenant's version", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.Tenant = other }, cordon.SignalExitApproval},
		{"draft", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.State = cordon.VersionDraft }, cordon.SignalExitApproval},
		{"revoked", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.State = cordon.VersionRevoked }, cordon.SignalExitApproval},
		{"approved by its author", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.Approver = string(e.facts.Version.Author) }, cordon.SignalExitApproval},
		{"approved by nobody", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.Approver = "" }, cordon.SignalExitApproval},
		{"changed after approval", false, func(_ *cordon.Claim, e *evidence) { e.hash = "what the content really is" }, cordon.SignalExitApproval},
		{"another text approved", false, func(_ *cordon.Claim, e *evidence) { e.facts.Version.ApprovedHash = "x" }, cordon.SignalExitApproval},
		{"free content", true, func(c *cordon.Claim, e *evidence) {
			e.facts.Dispatch.Template, c.Delivery.Template, e.facts.Version.Template = "", "", ""
		}, cordon.SignalExitApproval},
		{"no sending domain", false, func(_ *cordon.Claim, e *evidence) { e.facts.Domain = cordon.Domain{} }, cordon.SignalExitAuthority},
		{"another domain", false, func(_ *cordon.Claim, e *evidence) { e.facts.Domain.Name = "evil.example" }, cordon.SignalExitAuthority},
		{"another tenant's domain", false, func(_ *cordon.Claim, e *evidence) { e.facts.Domain.Tenant = other }, cordon.SignalExitAuthority},
		{"recipient of another tenant", false, func(c *cordon.Claim, _ *evidence) { c.RecipientTenant = other }, cordon.SignalExitTenant},
		{"no such recipient", false, func(c *cordon.Claim, _ *evidence) { c.RecipientTenant = "" }, cordon.SignalExitTenant},
		{"recipient in no state", false, func(c *cordon.Claim, _ *evidence) { c.RecipientState = "" }, cordon.SignalExitTenant},
		{"decoy", false, func(c *cordon.Claim, _ *evidence) { c.Decoy = true }, cordon.SignalExitDecoy},
		{"no sealed data", false, func(c *cordon.Claim, _ *evidence) { c.Sealed = nil }, cordon.SignalStoreUnreadable},
		{"suppressed", false, func(c *cordon.Claim, _ *evidence) { c.Suppressed = true }, ""},
		{"erased", false, func(c *cordon.Claim, _ *evidence) { c.RecipientState = cordon.RecipientErased }, ""},
		{"discarded", false, func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.State = cordon.DispatchDiscarded }, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, e := good()
			tc.change(&c, &e)
			if tc.remark {
				e.facts.Dispatch.Provenance = markOf(e.facts.Dispatch)
			}
			r := judge(c, e)
			if r.zero() || r.signal != tc.signal || r.outcome().State != cordon.Refused {
				t.Fatalf("refusal %+v, want signal %q", r, tc.signal)
			}
			if scopes := r.scopesOf(c.Delivery); (len(scopes) > 0) != (tc.signal != "") {
				t.Errorf("stops %+v", scopes)
			}
		})
	}
}

func TestAHeldDispatchIsHeldNotRefused(t *testing.T) {
	c, e := good()
	e.facts.Dispatch.State = cordon.DispatchHeld
	if r := judge(c, e); r.outcome().State != cordon.HeldState || r.signal != "" {
		t.Errorf("refusal %+v", r)
	}
}

func TestAnExitWithoutItsKeyLetsNothingGo(t *testing.T) {
	_, e := good()
	e.facts.Dispatch.Provenance = hmac.New(sha256.New, nil).Sum(nil)
	if r := (exit{}).judgeDispatch(e, judgedAt); r.signal != cordon.SignalExitProvenance {
		t.Errorf("refusal %+v", r)
	}
}

// One hit on a decoy stops the key, the template and the tenant's bulk.
func TestADecoyStopsKeyTemplateAndBulk(t *testing.T) {
	c, e := good()
	c.Decoy = true
	got := judge(c, e).scopesOf(c.Delivery)
	d := c.Delivery
	want := []cordon.Scope{{Key: d.Key}, {Tenant: d.Tenant, Template: d.Template}, {Tenant: d.Tenant, Kind: cordon.Bulk}}
	if !slices.Equal(got, want) {
		t.Errorf("stops %+v, want %+v", got, want)
	}
	for _, s := range got {
		if err := (cordon.Stop{Scope: s, Reason: "x"}).Validate(); err != nil {
			t.Error(err)
		}
	}
}
