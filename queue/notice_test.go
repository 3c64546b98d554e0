package queue

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// goodNotice is a notice that may leave: by the notice identity, whose domain is
// another tenant's.
func goodNotice() (cordon.Claim, evidence) {
	c, e := good()
	house := cordon.NewTenantID()
	e.facts.Dispatch.Kind, c.Delivery.Kind = cordon.Notice, cordon.Notice
	e.facts.Dispatch.Key, c.Delivery.Key = "", ""
	e.facts.Dispatch.Actor = "system"
	e.facts.Dispatch.Audience = cordon.AudienceID(cordon.NewIncidentID())
	e.facts.Version.Content.FromAddress = "notices@house.example"
	e.facts.Identity = cordon.NoticeIdentity{Tenant: house, Name: "House", Address: "notices@house.example"}
	e.facts.Domain = cordon.Domain{Tenant: house, Name: "house.example"}
	e.facts.Dispatch.Provenance = markOf(e.facts.Dispatch)
	return c, e
}

// A notice leaves by the notice identity alone, ordered by no key, for an
// incident; and what is no notice gains nothing by that identity.
func TestTheExitJudgesNotices(t *testing.T) {
	if c, e := goodNotice(); !judge(c, e).zero() {
		t.Fatalf("a good notice is refused: %+v", judge(c, e))
	}
	for name, change := range map[string]func(*cordon.Claim, *evidence){
		"no identity":             func(_ *cordon.Claim, e *evidence) { e.facts.Identity = cordon.NoticeIdentity{} },
		"another address":         func(_ *cordon.Claim, e *evidence) { e.facts.Identity.Address = "other@house.example" },
		"answers go elsewhere":    func(_ *cordon.Claim, e *evidence) { e.facts.Version.Content.ReplyTo = "x@evil.example" },
		"domain of somebody else": func(_ *cordon.Claim, e *evidence) { e.facts.Domain.Tenant = cordon.NewTenantID() },
		"no domain":               func(_ *cordon.Claim, e *evidence) { e.facts.Domain = cordon.Domain{} },
		"no incident":             func(_ *cordon.Claim, e *evidence) { e.facts.Dispatch.Audience = "aud_x" },
		"not approved":            func(_ *cordon.Claim, e *evidence) { e.facts.Version.Approver = "" },
		"ordered by a key": func(c *cordon.Claim, e *evidence) {
			key := cordon.NewKeyID()
			e.facts.Dispatch.Key, c.Delivery.Key = key, key
			e.facts.KeyState, e.facts.KeyRights = cordon.KeyActive, cordon.Permissions()
		},
		"a bulk send in its name": func(c *cordon.Claim, e *evidence) {
			e.facts.Dispatch.Kind, c.Delivery.Kind = cordon.Bulk, cordon.Bulk
		},
	} {
		c, e := goodNotice()
		change(&c, &e)
		e.facts.Dispatch.Provenance = markOf(e.facts.Dispatch)
		if r := judge(c, e); r.zero() || r.outcome().State != cordon.Refused {
			t.Errorf("%s: leaves (%+v)", name, r)
		}
	}
}

// The line with the code stands below what was approved and inside the HTML body.
func TestEachLetterEndsWithItsCode(t *testing.T) {
	code := cordon.NewCodebook([]byte("k")).Code(cordon.Ref{Tenant: 1, Dispatch: 2, Seq: 3})
	r := &Runner{cfg: Config{CheckURL: "https://status.example/check"}}
	for in, want := range map[string]string{
		"<html><body><p>Dear Ann</p></body></html>": "<html><body><p>Dear Ann</p>LINE</body></html>",
		"<p>a</body> b</p><p>c</p></BODY>\n":        "<p>a</body> b</p><p>c</p>LINE</BODY>\n",
		"<p>no body</p>":                            "<p>no body</p>LINE",
		"":                                          "",
	} {
		got := r.footHTML(in, code)
		before, after, _ := strings.Cut(want, "LINE")
		if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
			t.Errorf("%q became %q", in, got)
		}
		if in != "" && (!strings.Contains(got, code.String()) || !strings.Contains(got, "https://status.example/check")) {
			t.Errorf("%q: the line is missing in %q", in, got)
		}
	}
	text := r.footText("Dear Ann,\r\n\r\nbye\r\n", code)
	if !strings.HasPrefix(text, "Dear Ann,\r\n\r\nbye\n\n-- \n") || !strings.HasSuffix(text, "Code: "+code.String()+"\n") {
		t.Errorf("text is %q", text)
	}
	if quiet := (&Runner{}); quiet.footText("a", code) != "a" || quiet.footHTML("a", code) != "a" {
		t.Error("a house without a status page adds a line")
	}
}
