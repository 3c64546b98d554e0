package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/store/storetest"
)

func TestAFeedbackLoopsComplaintCounts(t *testing.T) {
	h := newHouse(t)
	h.publish("fbl.example", "k1")
	h.mail("", h.sign(arf("abuse", "Loop <reports@fbl.example>", h.letter(0)), "fbl.example", "k1"))
	r := h.last()
	if r.Kind != cordon.ReportUnwanted || r.Match != cordon.MatchCode || !r.Authenticated || r.Vouched != "loop fbl.example" || r.Dispatch != h.dispatch || r.Tenant != h.tenant {
		t.Errorf("report %+v", r)
	}
	e, err := h.store.Evidence(t.Context(), cordon.EvidenceOf{Tenant: h.tenant, Dispatch: h.dispatch})
	h.must(err)
	if e.Complaints != 1 || e.Reports != 0 {
		t.Errorf("evidence %+v", e)
	}
	if h.mails() != "" {
		t.Errorf("a loop was mailed: %s", h.mails())
	}
	problems := h.problems()
	if len(problems) != 1 || problems[0].Rate != (cordon.ComplaintRate{Complaints: 1, HandedOver: 4}) || problems[0].Title != "unwanted mail, in a letter of Northside Physiotherapy" {
		t.Errorf("problems %+v", problems)
	}
}

// Who has no copy in hand can write what he likes: no complaint is recorded.
func TestForgedReportsAreNoProof(t *testing.T) {
	h := newHouse(t)
	h.publish("fbl.example", "k1")
	// It names no copy of ours, and a code that was made up.
	forged := strings.ReplaceAll(h.letter(0), string(h.code(0)), "0123456789abcdefghjkmnpqrs")
	forged = strings.ReplaceAll(forged, h.code(0).String(), cordon.MessageCode("0123456789abcdefghjkmnpqrs").String())
	for range 20 {
		h.mail("x@evil.example", arf("abuse", "Loop <"+cordon.RandomText(5)+"@fbl.example>", forged))
	}
	h.mail("x@evil.example", h.sign(arf("abuse", "Loop <reports@fbl.example>", forged), "fbl.example", "k1"))
	// The code of a copy that never left is in nobody's hands.
	h.mail("x@evil.example", forwarded("x@evil.example", h.letter(4)))
	e, err := h.store.Evidence(t.Context(), cordon.EvidenceOf{Tenant: h.tenant})
	h.must(err)
	if e.Complaints+e.NotMe+e.Reports != 0 {
		t.Errorf("evidence %+v", e)
	}
	for _, r := range h.reports() {
		if r.Authenticated {
			t.Errorf("authenticated: %+v", r)
		}
	}
	for _, p := range h.problems() {
		if p.Priority < 3 {
			t.Errorf("forged reports came to %s: %+v", p.Priority, p)
		}
	}
}

func TestAForwardedCopySpeaksForItself(t *testing.T) {
	h := newHouse(t)
	h.mail("ann@people.example", forwarded("Ann <ann@people.example>", h.letter(1)))
	if r := h.last(); !r.Authenticated || r.Vouched != "code" || r.Kind != cordon.ReportUnwanted {
		t.Errorf("report %+v", r)
	}
	// The same copy from another mailbox is the same voice.
	h.mail("bob@people.example", forwarded("Bob <bob@people.example>", h.letter(1)))
	p := h.problems()
	if len(p) != 1 || p[0].Counts.Reports != 2 || p[0].Counts.Reporters != 1 || p[0].Counts.Authenticated != 1 {
		t.Errorf("problems %+v", p)
	}
}

func TestTheReporterIsToldTwice(t *testing.T) {
	h := newHouse(t)
	h.publish("people.example", "p1")
	proved := h.sign(forwarded("Ann <ann@people.example>", h.letter(0)), "people.example", "p1")
	h.mail("ann@people.example", proved)
	h.mail("ann@people.example", "Received: from elsewhere\r\n"+proved) // exactly the same, by another way
	h.mail("bob@other.example", forwarded("Bob <bob@other.example>", h.letter(1)))
	if h.mails() != "receipt 2" {
		t.Fatalf("mails %q", h.mails())
	}
	reports := h.reports()
	if len(reports) != 2 || reports[1].Copies != 2 || reports[1].Answer != cordon.AnswerOwing || reports[0].Answer != cordon.AnswerNone {
		t.Fatalf("reports %+v", reports)
	}
	p := h.problems()[0]
	_, told, err := h.clerk.Settle(t.Context(), operator, p.ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: "The letter was stopped."})
	h.must(err)
	if told != 1 || h.mails() != "answer 1, receipt 2" {
		t.Errorf("told %d, mails %q", told, h.mails())
	}
	tracked, err := h.clerk.Track(t.Context(), "192.0.2.0/24", reports[0].Tracking)
	h.must(err)
	if tracked.State != cordon.ProblemAnswered || tracked.Outcome != "The letter was stopped." || !tracked.Ours {
		t.Errorf("tracked %+v", tracked)
	}
	if _, err := h.clerk.Track(t.Context(), "192.0.2.0/24", "unknown"); codeOf(err) != cordon.Missing {
		t.Errorf("an unknown tracking code: %v", err)
	}
}

// Nothing is answered that a machine wrote, and nobody is flooded.
func TestMachinesAndStrangersGetNoMail(t *testing.T) {
	h := newHouse(t)
	for name, raw := range map[string]string{
		"auto-submitted": "Auto-Submitted: auto-replied\r\n" + forwarded("a1@people.example", h.letter(0)),
		"bulk":           "Precedence: bulk\r\n" + forwarded("a2@people.example", h.letter(0)),
		"list":           "List-Id: <x.example>\r\n" + forwarded("a3@people.example", h.letter(0)),
		"daemon":         forwarded("MAILER-DAEMON@people.example", h.letter(0)),
		"ours":           forwarded("desk@north.example", h.letter(0)),
		"ourselves":      forwarded("abuse@house.example", h.letter(0)),
	} {
		h.mail("a@people.example", raw)
		if h.mails() != "" {
			t.Errorf("%s: mailed %s", name, h.mails())
		}
	}
	h.mail("", forwarded("null@people.example", h.letter(0)))
	if h.mails() != "" {
		t.Errorf("a null sender was mailed %s", h.mails())
	}
	// An address that nobody proved gets one short mail a day, however much is
	// sent in its name.
	for range 5 {
		h.mail("victim@people.example", forwarded("Victim <victim@people.example>", h.letter(0)))
	}
	if h.mails() != "receipt 1" {
		t.Errorf("mails %q", h.mails())
	}
}

// While DNS does not answer, a report waits; after a day it is filed without.
func TestAReportWaitsForWhatMustBeLookedUp(t *testing.T) {
	h := newHouse(t)
	h.publish("people.example", "p1")
	raw := h.sign(forwarded("Ann <ann@people.example>", h.letter(0)), "people.example", "p1")
	h.broken = true
	h.mail("ann@people.example", raw)
	if h.last().State != cordon.ReportReceived {
		t.Fatal("filed without an answer")
	}
	h.now = h.now.Add(30 * time.Second)
	if h.step(); h.last().State != cordon.ReportReceived {
		t.Fatal("tried before its turn")
	}
	h.broken = false
	h.now = h.now.Add(time.Minute)
	if h.step(); h.last().Answer != cordon.AnswerOwing {
		t.Errorf("report %+v", h.last())
	}
	h.broken = true
	h.mail("ann@people.example", strings.Replace(raw, "I never", "We never", 1))
	for range 10 {
		h.now = h.now.Add(25 * time.Hour)
		h.step()
	}
	if r := h.last(); r.State != cordon.ReportFiled || r.Answer != cordon.AnswerNone {
		t.Errorf("after a day: %+v", r)
	}
}

func TestMailOfStrangersToKnownAddressesIsALeakSuspect(t *testing.T) {
	h := newHouse(t)
	spam := func(to string, n string) string {
		return "From: Pills <win" + n + "@spam" + n + ".example>\r\nTo: " + to + "\r\nSubject: cheap " + n + "\r\nMessage-ID: <" + n + "@spam.example>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\r\nBuy " + strings.Repeat(n+" pills now ", 20) + "\r\n"
	}
	for i, n := range []string{"one", "two", "three"} {
		h.mail("x@elsewhere.example", forwarded("someone"+n+"@elsewhere.example", spam("p"+string(rune('0'+i))+"@people.example", n)))
	}
	h.mail("x@elsewhere.example", forwarded("other@elsewhere.example", spam("nobody@people.example", "four")))
	problems := h.problems()
	if len(problems) != 2 {
		t.Fatalf("problems %+v", problems)
	}
	leak := problems[1]
	if leak.Kind != cordon.ReportLeak || leak.Counts.Known != 3 || leak.Priority != 3 || leak.Tenant != h.tenant || strings.Contains(leak.Title, "@") {
		t.Errorf("leak %+v", leak)
	}
	if known, err := h.clerk.Leaks(t.Context(), operator, leak.ID); err != nil || known[h.tenant] != 3 {
		t.Errorf("known %v, %v", known, err)
	}
	if _, err := h.clerk.Leaks(t.Context(), cordon.Actor{Kind: cordon.ActorAccount, Tenant: h.tenant, Permissions: cordon.Permissions()}, leak.ID); codeOf(err) != cordon.Denied {
		t.Errorf("a tenant is told: %v", err)
	}
}

func TestNearlyTheSameTextIsFoundWithoutACode(t *testing.T) {
	h := newHouse(t)
	bare := func(text string) string {
		return "From: Northside <desk@north.example>\r\nTo: p0@people.example\r\nSubject: We have moved, Ann\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n\r\nDear Ann,\r\n\r\n" + text + "\r\n"
	}
	h.mail("ann@people.example", forwarded("Ann <ann@people.example>", bare(letterText)))
	first := h.last()
	if first.Authenticated || first.Match != cordon.MatchNone || first.Tenant != h.tenant {
		t.Errorf("nothing was sighted yet: %+v", first) // its sender's domain is ours all the same
	}
	p := h.problems()[0]
	h.must(h.store.RecordSighting(t.Context(), h.tenant, h.template, h.dispatch, uint64(p.Clue.Print), h.now))
	h.mail("bob@people.example", forwarded("Bob <bob@people.example>", bare(letterText+" Thank you.")))
	if r := h.last(); r.Match != cordon.MatchAlike || r.Dispatch != h.dispatch || r.Authenticated {
		t.Errorf("report %+v", r)
	}
}

func TestTheFormAndTheClick(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	for name, f := range map[string]report.Form{
		"kind":    {Words: "x"},
		"text":    {Kind: cordon.ReportUnwanted},
		"code":    {Kind: cordon.ReportUnwanted, Code: "short"},
		"address": {Kind: cordon.ReportUnwanted, Words: "x", Address: "no address"},
		"message": {Kind: cordon.ReportUnwanted, Message: bytes.Repeat([]byte("x"), report.MaxForm+1)},
	} {
		if _, err := h.clerk.Fill(ctx, "a", f); codeOf(err) != cordon.Invalid || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := h.clerk.Fill(ctx, "198.51.100.0/24", report.Form{Kind: cordon.ReportPhishing, Message: []byte(h.letter(2)), Address: "cy@people.example"})
	h.must(err)
	h.step()
	got := h.last()
	if got.ID != r.ID || !got.Authenticated || got.Kind != cordon.ReportPhishing || got.Dispatch != h.dispatch || got.Answer != cordon.AnswerNone || !got.Receipt {
		t.Errorf("report %+v", got)
	}
	if _, err := h.clerk.Click(ctx, "a", "nonsense", cordon.ReportUnwanted); codeOf(err) != cordon.Invalid {
		t.Errorf("nonsense: %v", err)
	}
	for _, code := range []string{h.code(3).String(), "0000000000000000000000000z"} {
		if _, err := h.clerk.Click(ctx, "b", code, cordon.ReportNotMe); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
	h.step()
	e, err := h.store.Evidence(ctx, cordon.EvidenceOf{Tenant: h.tenant, Dispatch: h.dispatch})
	h.must(err)
	if e.NotMe != 2 { // phishing and not-me, of two people
		t.Errorf("evidence %+v", e)
	}
	// Twice the same click is one report.
	before := len(h.reports())
	_, err = h.clerk.Click(ctx, "b", h.code(3).String(), cordon.ReportNotMe)
	h.must(err)
	if h.step(); len(h.reports()) != before {
		t.Error("the second click is a second report")
	}
}

// The reporter who got the short mail proves his address with the word in it.
func TestAnAddressOfTheFormIsProvedByTheWordMailedToIt(t *testing.T) {
	h := newHouse(t)
	r, err := h.clerk.Fill(t.Context(), "a", report.Form{Kind: cordon.ReportUnwanted, Words: "too much", Address: "cy@people.example"})
	h.must(err)
	h.step()
	out, err := h.store.ClaimOutgoing(t.Context(), "node", cordon.LaneTell, 10, time.Minute)
	h.must(err)
	if len(out) != 1 || out[0].To != "cy@people.example" || out[0].Purpose != cordon.PurposeReceipt {
		t.Fatalf("outbox %+v", out)
	}
	text := out[0].Content.Text
	_, word, found := strings.Cut(text, r.Tracking+"?word=")
	if !found || strings.Contains(text, "too much") {
		t.Fatalf("mail %q", text)
	}
	word, _, _ = strings.Cut(word, "\n")
	headers := ""
	for _, f := range out[0].Content.Mail {
		headers += f.Name + ": " + f.Value + "\n"
	}
	if !strings.Contains(headers, "Auto-Submitted: auto-replied") {
		t.Errorf("headers %q", headers)
	}
	if err := h.clerk.Prove(t.Context(), "a", r.Tracking, "wrong"); codeOf(err) != cordon.Missing {
		t.Errorf("a wrong word: %v", err)
	}
	h.must(h.clerk.Prove(t.Context(), "a", r.Tracking, word))
	_, told, err := h.clerk.Settle(t.Context(), operator, h.problems()[0].ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: "Sorry."})
	h.must(err)
	if told != 1 {
		t.Errorf("told %d", told)
	}
}

func TestWhatAReportSaysIsShownAsTextAlone(t *testing.T) {
	h := newHouse(t)
	evil := "From: x@evil.example\r\nSubject: =?utf-8?q?a=E2=80=AEb?=\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>Hello <img src=\"https://track.example/p.gif\"></p>\r\n"
	r, _, err := h.clerk.Receive(t.Context(), operator, report.In{Way: cordon.WayHand, Raw: []byte(evil)})
	h.must(err)
	h.step()
	o, err := h.clerk.Evidence(t.Context(), operator, r.ID)
	h.must(err)
	all := o.Text
	for _, f := range o.Fields {
		all += f.Name + f.Value
	}
	if strings.Contains(all, "<") || strings.Contains(all, "alert") || strings.ContainsRune(all, 0x202e) || !strings.Contains(all, "Hello") {
		t.Errorf("shown: %q", all)
	}
	entries, err := h.store.Entries(t.Context(), 0, 1000)
	h.must(err)
	if e := entries[len(entries)-1]; e.Kind != cordon.EntryPersonalDataRead || e.Subject != string(r.ID) {
		t.Errorf("last entry %+v", e)
	}
}

func TestOnlyWhoMayHandlesReports(t *testing.T) {
	h := newHouse(t)
	h.mail("ann@people.example", forwarded("ann@people.example", h.letter(0)))
	r, p := h.last(), h.problems()[0]
	own := cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Tenant: h.tenant, Permissions: []cordon.Permission{cordon.HandleReports}}
	other, nobody := own, own
	other.Tenant, nobody.Permissions = cordon.NewTenantID(), nil
	ctx := t.Context()
	verbs := map[string]func(by cordon.Actor) error{
		"report":   func(by cordon.Actor) error { _, err := h.clerk.Report(ctx, by, r.ID); return err },
		"evidence": func(by cordon.Actor) error { _, err := h.clerk.Evidence(ctx, by, r.ID); return err },
		"problem":  func(by cordon.Actor) error { _, err := h.clerk.Problem(ctx, by, p.ID); return err },
		"settle": func(by cordon.Actor) error {
			_, _, err := h.clerk.Settle(ctx, by, p.ID, cordon.SettleProblem{To: cordon.ProblemInvestigating})
			return err
		},
	}
	for name, do := range verbs {
		if err := do(nobody); codeOf(err) != cordon.Denied {
			t.Errorf("%s without the right: %v", name, err)
		}
		if err := do(other); codeOf(err) != cordon.Missing {
			t.Errorf("%s of another tenant: %v", name, err)
		}
		if err := do(own); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, _, err := h.clerk.Reports(ctx, other, cordon.ReportFilter{}, cordon.Page{}); err != nil || len(list) != 0 {
		t.Errorf("another tenant's list: %v, %v", list, err)
	}
	if _, _, err := h.clerk.Reports(ctx, other, cordon.ReportFilter{Tenant: h.tenant}, cordon.Page{}); codeOf(err) != cordon.Denied {
		t.Errorf("another tenant's list by name: %v", err)
	}
	if _, _, err := h.clerk.Receive(ctx, own, report.In{Way: cordon.WayREST, Raw: []byte("x: y\r\n\r\nz")}); codeOf(err) != cordon.Denied {
		t.Errorf("a tenant hands in reports: %v", err)
	}
	if err := h.clerk.Arrive(ctx, own, report.Arrived{To: "abuse@house.example"}); codeOf(err) != cordon.Denied {
		t.Errorf("arrive: %v", err)
	}
}

func TestBouncesAtAReturnPath(t *testing.T) {
	h := newHouse(t)
	dsn := func(status, action string) string {
		return "From: MAILER-DAEMON@mx.example\r\nTo: x\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=D\r\n\r\n" +
			"--D\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n--D\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
			"Final-Recipient: rfc822; p0@people.example\r\nAction: " + action + "\r\nStatus: " + status + "\r\n\r\n--D--\r\n"
	}
	to := func(n int) cordon.Address { return cordon.Address("b-" + string(h.code(n)) + "@bounce.house.example") }
	arrive := func(a cordon.Address, raw string) {
		h.must(h.clerk.Arrive(t.Context(), inbound, report.Arrived{To: a, Raw: []byte(raw)}))
	}
	arrive(to(0), dsn("5.1.1", "failed"))
	arrive(to(0), dsn("5.1.1", "failed"))
	arrive(to(1), dsn("4.2.2", "delayed"))
	arrive(to(4), dsn("5.1.1", "failed")) // never left
	arrive("b-0123456789abcdefghjkmnpqrs@bounce.house.example", dsn("5.1.1", "failed"))
	arrive(to(2), "From: ann@people.example\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nI am away.\r\n")
	arrive(to(3), arf("abuse", "Loop <r@fbl.example>", h.letter(3)))
	h.step()
	hard, soft, err := h.store.LateBounces(t.Context(), h.tenant, h.dispatch)
	h.must(err)
	if hard != 1 || soft != 1 {
		t.Errorf("hard %d, soft %d", hard, soft)
	}
	back, err := h.clerk.Returned(t.Context(), operator, h.now.Add(-time.Hour))
	h.must(err)
	if back[cordon.ReturnedBounce] != 2 || back[cordon.ReturnedUnknown] != 2 || back[cordon.ReturnedAutoReply] != 1 {
		t.Errorf("returned %v", back)
	}
	if r := h.last(); !r.Authenticated || r.Kind != cordon.ReportUnwanted {
		t.Errorf("a complaint at the return path: %+v", r)
	}
	if d, err := h.store.Dispatch(t.Context(), h.tenant, h.dispatch); err != nil || d.Counts.Delivered != 4 {
		t.Errorf("counts %+v, %v", d.Counts, err)
	}
}

func TestNothingPersonalIsLogged(t *testing.T) {
	h := newHouse(t)
	h.broken = true
	h.mail("ann@people.example", forwarded("Ann <ann@people.example>", h.letter(0)))
	h.mail("ann@people.example", "\x00\x01 no message at all")
	h.mail("ann@people.example", strings.Repeat("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n", 50))
	for _, word := range []string{"ann@", "people.example", "Ann"} {
		if strings.Contains(h.log.String(), word) {
			t.Errorf("the log holds %q:\n%s", word, h.log.String())
		}
	}
	for _, table := range storetest.Tables(t, h.store) {
		if table == "sqlite_sequence" {
			continue
		}
		if bytes.Contains(storetest.Dump(t, h.store, table), []byte("ann@")) {
			t.Errorf("table %s holds an address", table)
		}
	}
}

func TestXARFByREST(t *testing.T) {
	h := newHouse(t)
	_, _, err := h.clerk.Receive(t.Context(), operator, report.In{Way: cordon.WayXARF, Raw: []byte(`{"xarf_version":"4.0.0"}`)})
	if codeOf(err) != cordon.Invalid || err.(*cordon.Error).Faults == nil {
		t.Errorf("an invalid document: %v", err)
	}
	_, _, err = h.clerk.Receive(t.Context(), operator, report.In{Way: cordon.WayXARF, Raw: []byte(h.letter(0))})
	if codeOf(err) != cordon.Invalid {
		t.Errorf("a mail as XARF: %v", err)
	}
}

func TestForgetting(t *testing.T) {
	h := newHouse(t)
	h.mail("ann@people.example", forwarded("Ann <ann@people.example>", h.letter(0)))
	id := h.last().ID
	h.must(h.clerk.Forget(context.Background()))
	if !h.last().Kept {
		t.Fatal("forgotten too early")
	}
	h.now = h.now.Add(31 * 24 * time.Hour)
	h.must(h.clerk.Forget(context.Background()))
	o, err := h.clerk.Evidence(t.Context(), operator, id)
	h.must(err)
	if o.Report.Kept || o.Text != "" || o.Reporter == "" {
		t.Errorf("after 31 days: %+v", o)
	}
	h.now = h.now.Add(60 * 24 * time.Hour)
	h.must(h.clerk.Forget(context.Background()))
	if o, err = h.clerk.Evidence(t.Context(), operator, id); err != nil || o.Reporter != "" {
		t.Errorf("after 91 days: %+v, %v", o, err)
	}
}
