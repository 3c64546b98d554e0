package report_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

func (h *house) ask(q report.Question) report.Answer {
	h.Helper()
	a, err := h.clerk.Check(context.Background(), cordon.RandomText(5), q)
	h.must(err)
	return a
}

// The public answer is one of four, and holds nothing of whoever got the mail.
func TestFourAnswers(t *testing.T) {
	h := newHouse(t)
	signed := h.sign(h.letter(0), "north.example", "s1")
	changed := strings.Replace(signed, "near the station", "near the harbour", 1)
	phish := "From: Northside <desk@north.example>\r\nTo: a@b.example\r\nSubject: Pay now\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@x>\r\n\r\nPay at evil.example. " + h.code(0).String() + "\r\n"
	stranger := "From: Bank <x@bank.example>\r\nTo: a@b.example\r\nSubject: Hello\r\nMessage-ID: <2@bank.example>\r\n\r\nHello.\r\n"
	claims := strings.Replace(phish, h.code(0).String(), "", 1)
	otherKey := newHouse(t)
	wrongKey := otherKey.sign(h.letter(0), "north.example", "s1")
	for _, c := range []struct {
		name   string
		q      report.Question
		want   report.Verdict
		proved bool
	}{
		{"a code", report.Question{Code: h.code(0).String()}, report.Genuine, false},
		{"a code as people type it", report.Question{Code: " " + strings.ToUpper(h.code(0).String()) + " "}, report.Genuine, false},
		{"a made-up code", report.Question{Code: "0123456789abcdefghjkmnpqrs"}, report.NotOurs, false},
		{"a code of a copy that never left", report.Question{Code: string(h.code(4))}, report.NotOurs, false},
		{"the message", report.Question{Message: []byte(signed)}, report.Genuine, true},
		{"the message with the line ends of a file", report.Question{Message: []byte(strings.ReplaceAll(signed, "\r\n", "\n"))}, report.Genuine, true},
		{"the message forwarded as attachment", report.Question{Message: []byte(forwarded("ann@people.example", signed))}, report.Genuine, true},
		{"the message, changed", report.Question{Message: []byte(changed)}, report.CannotTell, false},
		{"unsigned", report.Question{Message: []byte(h.letter(0))}, report.CannotTell, false},
		{"signed by another key", report.Question{Message: []byte(wrongKey)}, report.CannotTell, false},
		{"a second subject above the signed one", report.Question{Message: []byte("Subject: Pay now\r\n" + signed)}, report.CannotTell, false},
		{"an answer address added", report.Question{Message: []byte("Reply-To: x@evil.example\r\n" + signed)}, report.CannotTell, false},
		{"a phish with a real code", report.Question{Message: []byte(phish)}, report.CannotTell, false},
		{"in our name, without a code", report.Question{Message: []byte(claims)}, report.NotOurs, false},
		{"a stranger's", report.Question{Message: []byte(stranger)}, report.NotOurs, false},
		{"text without a header", report.Question{Message: []byte("hello, is this from you?")}, report.CannotTell, false},
	} {
		a := h.ask(c.q)
		if a.Verdict != c.want || a.Proved != c.proved {
			t.Errorf("%s: %s, proved %v; want %s, %v\n%+v", c.name, a.Verdict, a.Proved, c.want, c.proved, a.Checks)
		}
		raw, err := json.Marshal(a)
		h.must(err)
		for _, personal := range []string{"people.example", "Ann", "rcp_", "dsp_", "ten_", "desk@"} {
			if strings.Contains(string(raw), personal) {
				t.Errorf("%s: the answer holds %q: %s", c.name, personal, raw)
			}
		}
	}
	a := h.ask(report.Question{Code: h.code(0).String()})
	if a.Organisation != "Northside Physiotherapy" || a.Subject != "We have moved, …" || a.Sent != "2 March 2026" || a.From != "north.example" {
		t.Errorf("answer %+v", a)
	}
}

// A letter that belongs to somebody else's code is not proved by its signature.
func TestASignatureProvesOnlyTheMessageItIsOn(t *testing.T) {
	h := newHouse(t)
	// Signed with our key (a stolen one, say), and no copy of ours.
	alien := strings.ReplaceAll(h.letter(0), string(h.code(0)), "0123456789abcdefghjkmnpqrs")
	alien = strings.ReplaceAll(alien, h.code(0).String(), "")
	a := h.ask(report.Question{Message: []byte(h.sign(alien, "north.example", "s1"))})
	if a.Verdict != report.CannotTell || a.Proved {
		t.Errorf("%+v", a)
	}
	// A signature of ours over too little proves nothing.
	raw := h.letter(0)
	thin := "From: Northside <desk@north.example>\r\n" + raw[strings.Index(raw, "\r\n")+2:]
	if a = h.ask(report.Question{Message: []byte(h.thinSign(thin))}); a.Proved {
		t.Errorf("From alone is signed: %+v", a)
	}
}

// Two organisations with one domain: the key must be of the one that sent it.
func TestTheKeyMustBeOfWhoSentIt(t *testing.T) {
	h := newHouse(t)
	other := cordon.NewTenantID()
	h.must(h.store.CreateTenant(t.Context(), operator, cordon.Tenant{ID: other, Handle: "other", Name: "Other"}))
	h.must(h.store.CreateDomain(t.Context(), operator, cordon.Domain{Tenant: other, Name: "north.example", Selector: "s2", Record: h.record()}, []byte("key")))
	if a := h.ask(report.Question{Message: []byte(h.sign(h.letter(0), "north.example", "s2"))}); a.Proved || a.Verdict != report.CannotTell {
		t.Errorf("%+v", a)
	}
	if a := h.ask(report.Question{Message: []byte(h.sign(h.letter(0), "north.example", "s1"))}); !a.Proved {
		t.Errorf("%+v", a)
	}
	// A header too long to be read whole proves nothing.
	if a := h.ask(report.Question{Message: []byte(strings.Repeat("X-Pad: x\r\n", 1000) + h.sign(h.letter(0), "north.example", "s1"))}); a.Proved {
		t.Errorf("%+v", a)
	}
}

func TestPartOfAnIncident(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	i, err := h.store.OpenIncident(ctx, operator, cordon.NewIncident{
		Title: "wrong letter", Severity: 2, Public: true, Scope: []cordon.Question{{Tenant: h.tenant, Dispatch: h.dispatch}},
	})
	h.must(err)
	a := h.ask(report.Question{Code: h.code(0).String()})
	if a.Verdict != report.InIncident || a.Incident != i.Name() || a.Number != i.Number {
		t.Errorf("answer %+v", a)
	}
	signed := h.sign(h.letter(0), "north.example", "s1")
	if a = h.ask(report.Question{Message: []byte(signed)}); a.Verdict != report.InIncident || !a.Proved {
		t.Errorf("the message: %+v", a)
	}
	// Asked whether it reached me: only with a code of mine.
	if a = h.ask(report.Question{Code: h.code(1).String(), Incident: i.Number}); a.Reached == nil || !*a.Reached {
		t.Errorf("reached: %+v", a)
	}
	for _, q := range []report.Question{{Code: "0123456789abcdefghjkmnpqrs", Incident: i.Number}, {Code: h.code(0).String(), Incident: 99}} {
		if a = h.ask(q); a.Reached != nil {
			t.Errorf("%+v is told", q)
		}
	}
	other, err := h.store.OpenIncident(ctx, operator, cordon.NewIncident{
		Title: "another", Severity: 3, Public: true, Scope: []cordon.Question{{Template: cordon.NewTemplateID()}},
	})
	h.must(err)
	if a = h.ask(report.Question{Code: h.code(0).String(), Incident: other.Number}); a.Reached == nil || *a.Reached {
		t.Errorf("not reached: %+v", a)
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	limited := 0
	for range 40 {
		if _, err := h.clerk.Check(ctx, "192.0.2.0/24", report.Question{Code: "0123456789abcdefghjkmnpqrs"}); codeOf(err) == cordon.Limited {
			limited++
		}
	}
	if limited != 20 {
		t.Errorf("%d of 40 are turned away", limited)
	}
	if _, err := h.clerk.Check(ctx, "198.51.100.0/24", report.Question{Code: h.code(0).String()}); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	// A crowd of networks together is bounded too.
	limited = 0
	for range 1200 {
		if _, err := h.clerk.Check(ctx, cordon.RandomText(8), report.Question{Code: "0123456789abcdefghjkmnpqrs"}); codeOf(err) == cordon.Limited {
			limited++
		}
	}
	if limited < 500 {
		t.Errorf("only %d of 1,200 are turned away", limited)
	}
	h.now = h.now.Add(time.Minute)
	if _, err := h.clerk.Check(ctx, "192.0.2.0/24", report.Question{Code: h.code(0).String()}); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// Forwarding a mail to the address for questions is answered, to whoever proved
// that he asks.
func TestAskingByMail(t *testing.T) {
	h := newHouse(t)
	h.publish("people.example", "p1")
	ask := func(raw, from string) {
		h.must(h.clerk.Arrive(t.Context(), inbound, report.Arrived{To: "check@house.example", From: cordon.Address(from), Raw: []byte(raw)}))
	}
	question := forwarded("Ann <ann@people.example>", h.sign(h.letter(0), "north.example", "s1"))
	ask(question, "ann@people.example") // nobody proved anything
	ask(h.sign(question, "people.example", "p1"), "")
	ask(h.sign("Auto-Submitted: auto-replied\r\n"+question, "people.example", "p1"), "ann@people.example")
	if h.mails() != "" {
		t.Fatalf("mailed %s", h.mails())
	}
	proved := h.sign(question, "people.example", "p1")
	ask(proved, "ann@people.example")
	ask(proved, "ann@people.example") // the far side did not hear the 250
	if h.mails() != "answer 1" {
		t.Fatalf("mailed %s", h.mails())
	}
	out, err := h.store.ClaimOutgoing(t.Context(), "node", cordon.LaneTell, 10, time.Minute)
	h.must(err)
	if len(out) != 1 || out[0].To != "ann@people.example" || !strings.Contains(out[0].Content.Title, "Yes") || strings.Contains(out[0].Content.Text, "p0@") {
		t.Errorf("answer %+v %q", out, out[0].Content.Text)
	}
}
