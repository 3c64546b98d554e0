package statuspage

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/store/storetest"
)

// hearing is a status page where mail can be reported and checked, over a house
// that handed over one letter.
func hearing(t testing.TB) (h *house, clerk *report.Clerk, code cordon.MessageCode) {
	t.Helper()
	h = &house{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	h.store = storetest.New(t, storetest.Clock(clock))
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tenant := cordon.NewTenantID()
	must(h.store.CreateTenant(ctx, speaker, cordon.Tenant{ID: tenant, Handle: "north", Name: "Northside <Physiotherapy>"}))
	_, _, err := h.store.UpsertRecipients(ctx, speaker, tenant, []cordon.RecipientRow{{ExternalRef: "P-1", Person: cordon.Person{Name: "Ann", Address: "ann@people.example"}}})
	must(err)
	_, err = h.store.CreateDispatch(ctx, speaker, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: tenant, Kind: cordon.Bulk, Template: cordon.NewTemplateID(), Version: 1, State: cordon.DispatchOpen, AcceptedAt: h.now},
		Filter:   cordon.Filter{Everyone: true}, Verdict: cordon.Verdict{Decision: cordon.Pass}, Mark: func(cordon.Dispatch) []byte { return []byte("mark") },
	})
	must(err)
	lanes, err := h.store.LanesDue(ctx, 1)
	must(err)
	claims, err := h.store.ClaimDue(ctx, "node", lanes[0], 1)
	must(err)
	must(h.store.RecordAttempts(ctx, "node", cordon.AttemptGroup{Attempts: []cordon.Attempt{{Claim: claims[0], Outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250"}, At: h.now}}}))
	codes := cordon.NewCodebook([]byte("k"))
	clerk = report.New(report.Config{Store: h.store, Codes: codes, Site: siteURL, Now: clock})
	h.herald = announce.New(announce.Config{Store: h.store, Site: cordon.StatusSite{Name: "Northside Mail", URL: siteURL}, Now: clock})
	h.site = New(Config{Herald: h.herald, Reports: clerk, Site: cordon.StatusSite{Name: "Northside Mail", URL: siteURL}, Now: clock})
	return h, clerk, codes.Code(claims[0].Ref)
}

func (h *house) upload(path string, fields map[string]string, file string) *httptest.ResponseRecorder {
	h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			h.t.Fatal(err)
		}
	}
	if file != "" {
		part, err := w.CreateFormFile("message", "mail.eml")
		if err != nil {
			h.t.Fatal(err)
		}
		_, _ = part.Write([]byte(file))
	}
	w.Close()
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return h.ask(r)
}

func TestTheFormTakesAReportAndLeadsToItsPage(t *testing.T) {
	h, clerk, code := hearing(t)
	wantIn(t, h.page("/report"), `enctype="multipart/form-data"`, `name="kind" value="phishing"`)
	w := h.upload("/report", map[string]string{"kind": "", "text": "keep <this>"}, "")
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a kind: %d", w.Code)
	}
	wantIn(t, w.Body.String(), "keep &lt;this&gt;", "Choose what is wrong")
	w = h.upload("/report", map[string]string{"kind": "phishing", "code": code.String(), "address": "ann@people.example"}, "Subject: x\r\n\r\nhello\r\n")
	if w.Code != http.StatusOK {
		t.Fatalf("answers %d: %s", w.Code, w.Body)
	}
	wantIn(t, w.Body.String(), "R-1", "/report/")
	_, after, _ := strings.Cut(w.Body.String(), `href="/report/`)
	tracking, _, _ := strings.Cut(after, `"`)
	page := h.page("/report/" + tracking)
	wantIn(t, page, "R-1", "Received", "noindex")
	wantOut(t, page, "ann@", "hello")
	if _, err := clerk.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantIn(t, h.page("/report/"+tracking), "The mail went through us.", "problem P-1")
	if w := h.get("/report/unknown"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown page answers %d", w.Code)
	}
	if w := h.form("/report/"+tracking, url.Values{"word": {"wrong"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a wrong word answers %d", w.Code)
	}
	big := strings.Repeat("x", report.MaxForm+200<<10)
	if w := h.upload("/report", map[string]string{"kind": "unwanted"}, big); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("too large a file answers %d", w.Code)
	}
}

// A link in a mail is looked at by programs: only the click says something.
func TestTheLinkInALetterAsksFirst(t *testing.T) {
	h, clerk, code := hearing(t)
	wantIn(t, h.page("/m/"+string(code)), "This is spam", `action="/m/`+string(code)+`"`)
	count := func() int {
		if _, err := clerk.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, _, err := clerk.Reports(t.Context(), speaker, cordon.ReportFilter{}, cordon.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if count() != 0 {
		t.Error("looking at the link reported something")
	}
	if w := h.form("/m/"+string(code), url.Values{"kind": {"leak-suspect"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a kind that nobody reports: %d", w.Code)
	}
	if w := h.form("/m/"+string(code), url.Values{"kind": {"not-me"}}); w.Code != http.StatusOK {
		t.Errorf("a click answers %d: %s", w.Code, w.Body)
	}
	if w := h.form("/m/"+string(code), url.Values{"Report-Spam": {"One-Click"}}); w.Code != http.StatusOK {
		t.Errorf("one click answers %d", w.Code)
	}
	if count() != 2 {
		t.Errorf("%d reports", count())
	}
	if w := h.get("/m/short"); w.Code != http.StatusNotFound {
		t.Errorf("a broken link answers %d", w.Code)
	}
}

func TestCheckingAMail(t *testing.T) {
	h, _, code := hearing(t)
	wantIn(t, h.page("/check"), "Is this mail from us?", "copy its code into his own")
	ask := func(fields map[string]string, file string) string {
		t.Helper()
		w := h.upload("/check", fields, file)
		if w.Code != http.StatusOK {
			t.Fatalf("%v answers %d: %s", fields, w.Code, w.Body)
		}
		return w.Body.String()
	}
	page := ask(map[string]string{"code": code.String()}, "")
	wantIn(t, page, "The code is ours", "Northside &lt;Physiotherapy&gt;", "2 March 2026", "was not looked at")
	wantOut(t, page, "ann@", "rcp_")
	wantIn(t, ask(map[string]string{"code": "0123456789abcdefghjkmnpqrs"}, ""), "This is not from us")
	phish := "From: a@evil.example\r\nSubject: pay\r\n\r\n" + code.String() + "\r\n"
	wantIn(t, ask(nil, phish), "We cannot tell", "Codes can be copied")
	wantIn(t, ask(map[string]string{"pasted": phish}, ""), "We cannot tell")
	if w := h.form("/check", url.Values{"code": {"x"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no code answers %d", w.Code)
	}
	if w := h.form("/check", url.Values{"code": {code.String()}, "incident": {"abc"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no incident answers %d", w.Code)
	}
	if w := h.get("/check?code=" + string(code)); strings.Contains(w.Body.String(), "Northside &lt;") {
		t.Error("a code in the address is answered")
	}
}

func TestMachinesCheckToo(t *testing.T) {
	h, _, code := hearing(t)
	post := func(media, body string) (*httptest.ResponseRecorder, report.Answer) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/check", strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		w := h.ask(r)
		var a report.Answer
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
		}
		return w, a
	}
	if w, a := post("application/json", `{"code":"`+code.String()+`"}`); w.Code != 200 || a.Verdict != report.Genuine || a.Proved {
		t.Errorf("%d %+v", w.Code, a)
	}
	if w, a := post("message/rfc822", "From: a@b.example\r\n\r\nhello"); w.Code != 200 || a.Verdict != report.NotOurs {
		t.Errorf("%d %+v", w.Code, a)
	}
	for _, body := range []string{`{"code":""}`, `{`, `{"codes":"x"}`} {
		w, _ := post("application/json", body)
		if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s answers %d %s", body, w.Code, w.Header())
		}
	}
	limited := false
	for range 30 {
		w, _ := post("application/json", `{"code":"0123456789abcdefghjkmnpqrs"}`)
		limited = limited || w.Code == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("nobody is turned away")
	}
}

// Without a clerk there is nothing to report to, and no link to it.
func TestWithoutAClerkNothingIsPromised(t *testing.T) {
	h := newHouse(t)
	wantOut(t, h.page("/"), "/report", "/check")
	for _, path := range []string{"/report", "/check"} {
		if w := h.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}
