package cordon_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func TestZeroValuesAreSafe(t *testing.T) {
	for _, d := range []cordon.Decision{cordon.Undecided, cordon.Pass, cordon.Hold, cordon.Refuse} {
		word, _ := d.MarshalText()
		back := cordon.Refuse + 1
		if err := back.UnmarshalText(word); err != nil || back != d {
			t.Errorf("%s is read back as %v: %v", word, back, err)
		}
	}
	forged := cordon.Pass
	if err := forged.UnmarshalText([]byte("Pass")); err == nil || forged != cordon.Undecided {
		t.Errorf("a word that is none is read as %v", forged)
	}
	if got := cordon.Decision(0).Effective(); got != cordon.Hold {
		t.Errorf("the zero Decision acts as %v, want hold", got)
	}
	var v cordon.Verdict
	v.Join(cordon.Verdict{})
	if v.Decision != cordon.Hold {
		t.Errorf("a check that forgot to answer gives %v, want hold", v.Decision)
	}
	if (cordon.Actor{}).Can("", "") || (cordon.Actor{}).Can(cordon.SendBulk, "") || cordon.System().Can(cordon.SendBulk, "") {
		t.Error("an actor without permissions can do something")
	}
	if (cordon.Scope{}).Blocks(cordon.Delivery{}) || (cordon.Scope{Kind: cordon.Bulk}).Blocks(cordon.Delivery{Kind: cordon.Bulk}) {
		t.Error("a scope that names nothing blocks something")
	}
	if err := (cordon.Stop{Reason: "x"}).Validate(); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("the zero Scope can be stored: %v", err)
	}
	if got := (cordon.Outcome{}).Settled(); got != cordon.Uncertain {
		t.Errorf("the zero Outcome is %s, want uncertain", got)
	}
	if (cordon.Version{}).Approved() {
		t.Error("the zero Version is approved")
	}
	if !(cordon.Filter{}).Zero() {
		t.Error("the zero Filter chooses somebody")
	}
}

func TestDeliveryStates(t *testing.T) {
	allowed := map[string]bool{}
	for _, line := range strings.Fields(`
		queued>sending queued>held queued>cut queued>refused
		sending>delivered sending>deferred sending>bounced sending>uncertain sending>queued sending>held sending>refused
		deferred>sending deferred>held deferred>cut deferred>refused deferred>bounced
		uncertain>sending
		held>queued held>cut held>refused`) {
		allowed[line] = true
	}
	for _, from := range cordon.DeliveryStates() {
		for _, to := range cordon.DeliveryStates() {
			if got := from.CanBecome(to); got != allowed[string(from)+">"+string(to)] {
				t.Errorf("%s → %s: %v", from, to, got)
			}
		}
		var c cordon.Counts
		if c.Of(from) == nil {
			t.Errorf("no count for %s", from)
		}
	}
	for _, s := range []cordon.DeliveryState{cordon.Delivered, cordon.Bounced, cordon.Cut, cordon.Refused} {
		if !s.Final() || s.Open() {
			t.Errorf("%s is not final", s)
		}
	}
}

func TestApprovalIsBoundToEveryByte(t *testing.T) {
	content := cordon.Content{FromName: "North Clinic", FromAddress: "desk@north.example", Subject: "Recall",
		HTML: "<p>Dear {{first_name}}</p>", Fields: []cordon.Field{{Name: "first_name", Type: cordon.FieldPerson, Source: cordon.FromRecipient}},
		LinkHosts: []string{"north.example"}}
	approved := cordon.Version{Content: content, Hash: content.Hash(), ApprovedHash: content.Hash(),
		State: cordon.VersionApproved, Author: "acc_a", Approver: "acc_b"}
	if !approved.Approved() {
		t.Fatal("an approved version is not")
	}
	change := map[string]func(*cordon.Version){
		"sender name": func(v *cordon.Version) { v.Content.FromName += " " },
		"sender":      func(v *cordon.Version) { v.Content.FromAddress = "desk@n0rth.example" },
		"reply to":    func(v *cordon.Version) { v.Content.ReplyTo = "x@y.example" },
		"subject":     func(v *cordon.Version) { v.Content.Subject = "Prize" },
		"text":        func(v *cordon.Version) { v.Content.Text = "x" },
		"html":        func(v *cordon.Version) { v.Content.HTML = "<p>You won</p>" },
		"field type": func(v *cordon.Version) {
			v.Content.Fields = []cordon.Field{{Name: "first_name", Type: cordon.FieldText}}
		},
		"link hosts":  func(v *cordon.Version) { v.Content.LinkHosts = []string{"prize.example"} },
		"same person": func(v *cordon.Version) { v.Approver = "acc_a" },
		"revoked":     func(v *cordon.Version) { v.State = cordon.VersionRevoked },
		"stored hash": func(v *cordon.Version) { v.Hash = "0" },
	}
	for name, alter := range change {
		v := approved
		alter(&v)
		if v.Approved() {
			t.Errorf("%s changed, and the version is still approved", name)
		}
	}
}

func TestParseAddress(t *testing.T) {
	good := map[string]cordon.Address{
		"Jo.Doe+x@Example.ORG":  "Jo.Doe+x@example.org",
		" a@b.example ":         "a@b.example",
		"jürgen@bücher.example": "jürgen@xn--bcher-kva.example",
		"o'neil@example.ie":     "o'neil@example.ie",
	}
	for in, want := range good {
		if got, err := cordon.ParseAddress(in); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, string(got), err, string(want))
		}
	}
	bad := []string{"", "x", "@b.example", "a@", "a@b", "a b@c.example", "a@b.example\r\nBcc: x@y.example", "a@b.example,c@d.example",
		"Jo <a@b.example>", "a..b@c.example", strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b", 300) + ".example", "a@b\x00.example", "a@b.example\u202e"}
	for _, in := range bad {
		got, err := cordon.ParseAddress(in)
		if err == nil {
			t.Errorf("%q was taken as %q", in, string(got))
		} else if in != "" && len(in) > 3 && strings.Contains(err.Error(), in) {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("jo@example.org")
	f.Add("a@b.example\r\nBcc: c@d.example")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := cordon.ParseAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(string(a), "\r\n\x00 <>,") {
			t.Fatalf("%q would break a header or a command", string(a))
		}
		if again, err := cordon.ParseAddress(string(a)); err != nil || again != a {
			t.Fatalf("%q does not parse to itself: %q, %v", string(a), string(again), err)
		}
	})
}

func TestPersonalDataCannotBePrinted(t *testing.T) {
	p := cordon.Person{Name: "Ada Example", Address: "ada@example.org", Fields: map[string]string{"city": "Leeds"}}
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%v %+v %#v %s", p, p, p, p), fmt.Sprintf("%v", cordon.Secret("hush"))} {
		if strings.Contains(text, "Ada") || strings.Contains(text, "ada@") || strings.Contains(text, "Leeds") || strings.Contains(text, "hush") {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestVerdictWorstWins(t *testing.T) {
	var v cordon.Verdict
	v.Join(cordon.Verdict{Decision: cordon.Pass})
	v.Join(cordon.Verdict{Decision: cordon.Refuse, Code: cordon.Denied})
	v.Join(cordon.Verdict{Decision: cordon.Hold})
	if v.Decision != cordon.Refuse || v.Code != cordon.Denied {
		t.Errorf("got %v %v", v.Decision, v.Code)
	}
}

func TestErrorCodeSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("accept: %w", cordon.InvalidField("reason", "is missing", "say why"))
	if cordon.CodeOf(err) != cordon.Invalid || cordon.CodeOf(errors.New("x")) != cordon.Internal || cordon.CodeOf(nil) != "" {
		t.Error("codes are lost on the way up")
	}
}

func TestStopExpiresAndLifts(t *testing.T) {
	at := time.Unix(1000, 0)
	d := cordon.Delivery{Tenant: "ten_a", Kind: cordon.Bulk}
	s := cordon.Stop{Scope: cordon.Scope{Tenant: "ten_a"}, Until: at.Add(time.Minute)}
	if !s.Blocks(d, at) || s.Blocks(d, at.Add(time.Minute)) {
		t.Error("until is not honoured")
	}
	s.Until, s.LiftedAt = time.Time{}, at
	if s.Blocks(d, at) {
		t.Error("a lifted stop blocks")
	}
}
