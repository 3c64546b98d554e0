package console_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestOneTimeCode(t *testing.T) {
	h := openHouse(t)
	code := h.code()
	b := h.browser()

	if status, body, at := b.get("/"); status != http.StatusOK || at != "/enter" || !strings.Contains(body, "One-time code") {
		t.Fatalf("a stranger was led to %s (%d)", at, status)
	}
	if status, _, _ := b.post("/enter", url.Values{"code": {"link_wrong"}}); status != http.StatusForbidden {
		t.Errorf("a wrong code answered %d", status)
	}
	// The whole link pasted is as good as its code.
	if _, body, at := b.post("/enter", url.Values{"code": {" http://127.0.0.1:8080/enter#" + code + " "}}); at != "/" || !strings.Contains(body, "All clear") {
		t.Errorf("the code led to %s", at)
	}
	if status, body, _ := h.browser().post("/enter", url.Values{"code": {code}}); status != http.StatusForbidden || !strings.Contains(body, "used already") {
		t.Errorf("the code opened the door twice (%d)", status)
	}
	cookies := b.Jar.Cookies(mustURL(t, h.server.URL))
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	if _, _, at := b.post("/leave", nil); at != "/enter" {
		t.Errorf("signing out led to %s", at)
	}
	// The session is ended in the house, not only forgotten by this browser.
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+"/", nil)
	r.AddCookie(cookies[0])
	if _, _, at := h.browser().do(r); at != "/enter" {
		t.Errorf("the cookie of an ended session still opens %s", at)
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCookieCannotBeReadOrSentByOthers(t *testing.T) {
	h := openHouse(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/enter", strings.NewReader(url.Values{"code": {h.code()}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	h.must(err)
	_ = resp.Body.Close()
	c := resp.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
		t.Errorf("cookie %+v", c)
	}
	if resp.Header.Get("Cache-Control") != "no-store" || strings.Contains(resp.Header.Get("Location"), "link_") {
		t.Errorf("headers %v", resp.Header)
	}
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 10)
	h.order(p)
	b := h.signedIn()
	form := url.Values{"scope": {"tenant"}, "tenant": {string(p.ID)}, "reason": {"forged"}, "step": {"place"}}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/stop", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", "https://evil.example")
	if status, _, _ := b.do(r); status != http.StatusForbidden {
		t.Errorf("a form of another site answered %d", status)
	}
	if stops, err := h.store.ActiveStops(t.Context()); err != nil || len(stops) != 0 {
		t.Errorf("it placed %d stops (%v)", len(stops), err)
	}
}

// A stop from the first click to the last figure, as plain forms.
func TestStopAndLiftWithoutScript(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 60)
	other := h.practice("northgate", "Northgate Dental", 10)
	dispatch := h.order(p)
	h.order(other)
	b := h.signedIn()

	form := url.Values{"scope": {"tenant"}, "tenant": {string(p.ID)}, "kind": {""}, "step": {"preview"}}
	if _, body, _ := b.post("/stop", form); !strings.Contains(body, "<b>60</b> <span>copies would be kept back") {
		t.Errorf("the preview does not count 60 copies:\n%s", part(body, `id="preview"`))
	}
	form.Set("step", "place")
	if status, body, _ := b.post("/stop", form); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Reason is missing.") {
		t.Errorf("a stop without a reason answered %d", status)
	}
	form.Set("reason", "wrong date <column>")
	status, body, at := b.post("/stop", form)
	if status != http.StatusOK || !strings.HasPrefix(at, "/stops/stp_") {
		t.Fatalf("the stop led to %s (%d):\n%s", at, status, part(body, `id="fault"`))
	}
	for _, want := range []string{"All mail of Harbour Street Practice", "wrong date &lt;column&gt;", "60 copies are kept back", "None was on the wire."} {
		if !strings.Contains(body, want) {
			t.Errorf("the result does not say %q", want)
		}
	}
	if strings.Contains(at, "date") {
		t.Errorf("the reason stands in the address: %s", at)
	}
	if _, body, _ := b.get("/"); !strings.Contains(body, "1 stop in force") || !strings.Contains(body, "keeps back 60") {
		t.Error("the overview does not show the stop")
	}

	id, _, _ := strings.Cut(strings.TrimPrefix(at, "/stops/"), "?")
	if status, _, _ := b.post("/stops/"+id+"/lift", url.Values{"disposition": {"discard"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a discard without the tick answered %d", status)
	}
	if status, body, _ := b.post("/stops/"+id+"/lift", url.Values{"disposition": {"resume"}}); status != http.StatusOK || !strings.Contains(body, "Lifted, resumed") {
		t.Errorf("lifting answered %d", status)
	}
	d, err := h.store.Dispatch(t.Context(), p.ID, dispatch.ID)
	if err != nil || d.Counts.Queued != 60 {
		t.Errorf("after the lift: %+v (%v)", d.Counts, err)
	}
}

func TestMoreThanAHundredNeedASecondPerson(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 130)
	h.order(p)
	b := h.signedIn()
	_, _, at := b.post("/stop", url.Values{"scope": {"tenant"}, "tenant": {string(p.ID)}, "reason": {"wrong text"}, "step": {"place"}})
	id, _, _ := strings.Cut(strings.TrimPrefix(at, "/stops/"), "?")
	status, body, _ := b.post("/stops/"+id+"/lift", url.Values{"disposition": {"resume"}})
	if status != http.StatusForbidden || !strings.Contains(body, "second person") {
		t.Errorf("the one who placed it lifted it alone (%d)", status)
	}
	if stops, _ := h.store.ActiveStops(t.Context()); len(stops) != 1 {
		t.Errorf("%d stops stand", len(stops))
	}
}

func TestEverythingMustBeSaid(t *testing.T) {
	h := openHouse(t)
	b := h.signedIn()
	form := url.Values{"scope": {"everything"}, "reason": {"drill"}, "step": {"place"}}
	if status, body, _ := b.post("/stop", form); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Everything must be said") {
		t.Errorf("everything without the tick answered %d", status)
	}
	form.Set("sure", "yes")
	if _, body, at := b.post("/stop", form); !strings.HasPrefix(at, "/stops/stp_") || !strings.Contains(body, "all mail of all tenants") {
		t.Errorf("everything led to %s", at)
	}
	if _, body, _ := b.get("/"); !strings.Contains(body, "Everything is stopped") {
		t.Error("the overview does not say so")
	}
}

func TestPagesOfAWorkingHouse(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 20)
	d := h.order(p)
	b := h.signedIn()
	if _, body, _ := b.get("/ledger"); !strings.Contains(body, "No checkpoint has been signed yet.") {
		t.Error("looking at the ledger signs a checkpoint")
	}
	if _, err := h.auditor.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := "/dispatches/" + string(p.ID) + "/" + string(d.ID)
	for _, c := range []struct {
		path string
		want []string
	}{
		{"/", []string{"Harbour Street Practice", "appointment-recall v1"}},
		{"/dispatches", []string{"appointment-recall v1", "20 queued"}},
		{path, []string{"Ines Moreau", "Nobody has got it.", "Dispatch accepted", "Stop this dispatch"}},
		{"/stop?scope=dispatch&dispatch=" + string(p.ID) + "/" + string(d.ID), []string{"<b>20</b>"}},
		{"/stops", []string{"No stop is in force."}},
		{"/signals", []string{"No signal yet."}},
		{"/tenants", []string{"Harbour Street Practice"}},
		{"/tenants/" + string(p.ID), []string{"Approved", "Tom Adeyemi", "of 3 planted", "5 in 60 s"}},
		{"/ledger", []string{"Template version approved", "cordon/local"}},
		{"/mailbox", []string{"Ana, it is time"}},
		{"/mailbox/1", []string{"Dear Ana", "sandbox"}},
	} {
		status, body, _ := b.get(c.path)
		if status != http.StatusOK {
			t.Errorf("%s answered %d", c.path, status)
		}
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %q", c.path, want)
			}
		}
		if strings.Contains(body, "person1@patients.example") {
			t.Errorf("%s shows a recipient's address", c.path)
		}
	}
	if status, body, _ := b.post("/ledger/verify", nil); status != http.StatusOK || !strings.Contains(body, "The stored data says what the ledger says") {
		t.Errorf("verifying answered %d: %s", status, part(body, `id="h-report"`))
	}
	for _, path := range []string{"/nowhere", "/stops/stp_none", "/dispatches/ten_x/dsp_x", "/tenants/nobody", "/mailbox/77"} {
		if status, body, _ := b.get(path); status != http.StatusNotFound || !strings.Contains(body, "Not here") {
			t.Errorf("%s answered %d", path, status)
		}
	}
}

func TestCSVNamesEveryCopyAndNobody(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 25)
	d := h.order(p)
	status, body, _ := h.signedIn().get("/dispatches/" + string(p.ID) + "/" + string(d.ID) + "/affected.csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if status != http.StatusOK || err != nil || len(rows) != 26 {
		t.Fatalf("status %d, %d rows, %v", status, len(rows), err)
	}
	if !cordon.RecipientID(rows[1][0]).Valid() || !strings.HasPrefix(rows[1][1], "p") || rows[1][2] != "queued" {
		t.Errorf("row %v", rows[1])
	}
	if strings.Contains(body, "@") || strings.Contains(body, "Person") {
		t.Error("the file holds personal data")
	}
}

// The live stream sends the same parts the page drew, then a beat; and it ends
// when the session does.
func TestLiveStream(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 10)
	b := h.signedIn()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.server.URL+"/live/overview", nil)
	resp, err := b.Do(r)
	h.must(err)
	defer func() { _ = resp.Body.Close() }()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %q", got)
	}
	events := bufio.NewScanner(resp.Body)
	events.Buffer(nil, 1<<20)
	if !heard(events, "headline", "All clear") {
		t.Fatal("the first round has no headline")
	}
	h.order(p)
	if _, err := h.warden.Place(t.Context(), h.operator, cordon.Stop{Scope: cordon.Scope{Tenant: p.ID}, Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	if !heard(events, "headline", "1 stop in force") {
		t.Error("the stop is not told")
	}
	h.stop()
	said := false
	for events.Scan() { // ends with the stream
		said = said || events.Text() == "event: end"
	}
	if !said || events.Err() != nil {
		t.Errorf("the console ended and the stream did not say so (%v)", events.Err())
	}
}

// heard reads events until the part says the words.
func heard(events *bufio.Scanner, id, words string) bool {
	for events.Scan() {
		data, ok := strings.CutPrefix(events.Text(), "data: ")
		if !ok {
			continue
		}
		var piece struct{ ID, HTML string }
		if json.Unmarshal([]byte(data), &piece) == nil && piece.ID == id && strings.Contains(piece.HTML, words) {
			return true
		}
	}
	return false
}

func TestLetterIsShownBehindGlass(t *testing.T) {
	h := openHouse(t)
	b := h.signedIn()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+"/mailbox/1/body", nil)
	resp, err := b.Do(r)
	h.must(err)
	_ = resp.Body.Close()
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "sandbox", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the letter's policy lacks %q: %s", want, policy)
		}
	}
}

// part is the body from the mark on, for a failing test's words.
func part(body, mark string) string {
	if i := strings.Index(body, mark); i >= 0 {
		return body[i:min(i+600, len(body))]
	}
	return "(no " + mark + ")"
}

// A person of one tenant sees that tenant, and the others are not there.
func TestOneTenantSeesNothingOfAnother(t *testing.T) {
	h := openHouse(t)
	own, other := h.practice("harbour", "Harbour Street Practice", 10), h.practice("northgate", "Northgate Dental", 10)
	h.order(own)
	foreign := h.order(other)
	theirs, err := h.warden.Place(t.Context(), h.operator, cordon.Stop{Scope: cordon.Scope{Tenant: other.ID}, Reason: "theirs"})
	h.must(err)
	b := h.signedInAs(h.account(own.ID, "Rosa Lind", cordon.RoleResponder))

	for _, path := range []string{"/", "/dispatches", "/stops", "/stops?show=all", "/stop", "/tenants", "/ledger", "/signals"} {
		status, body, _ := b.get(path)
		if status != http.StatusOK || strings.Contains(body, "Northgate") || strings.Contains(body, string(other.ID)) || strings.Contains(body, string(foreign.ID)) {
			t.Errorf("%s (%d) tells of another tenant", path, status)
		}
	}
	for _, path := range []string{"/tenants/" + string(other.ID), "/tenants/northgate", "/stops/" + string(theirs.ID), "/mailbox", "/mailbox/1"} {
		if status, _, _ := b.get(path); status != http.StatusNotFound {
			t.Errorf("%s answered %d", path, status)
		}
	}
	path := "/dispatches/" + string(other.ID) + "/" + string(foreign.ID)
	for _, path := range []string{path, path + "/affected.csv"} {
		if status, body, _ := b.get(path); status == http.StatusOK || strings.Contains(body, "appointment") {
			t.Errorf("%s answered %d", path, status)
		}
	}
	form := url.Values{"scope": {"tenant"}, "tenant": {string(other.ID)}, "reason": {"not mine"}, "step": {"place"}}
	if status, _, _ := b.post("/stop", form); status != http.StatusForbidden {
		t.Errorf("stopping another tenant answered %d", status)
	}
	if status, body, _ := b.get("/tenants/" + string(own.ID)); status != http.StatusOK || strings.Contains(body, "Decoys</h2>") {
		t.Errorf("its own page answered %d, or tells of decoys", status)
	}
	form.Set("scope", "everything")
	form.Set("sure", "yes")
	if status, _, _ := b.post("/stop", form); status != http.StatusForbidden {
		t.Errorf("stopping everything answered %d", status)
	}
}

func TestRolesOpenTheirOwnDoorsOnly(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 10)
	h.order(p)
	b := h.signedInAs(h.account(p.ID, "Vera Novak", cordon.RoleViewer))
	for path, want := range map[string]int{"/": 200, "/dispatches": 200, "/tenants": 200, "/stop": 403, "/ledger": 403, "/signals": 403} {
		status, body, _ := b.get(path)
		if status != want {
			t.Errorf("a viewer's %s answered %d", path, status)
		}
		if strings.Contains(body, `href="/signals"`) || strings.Contains(body, "No signal yet") {
			t.Errorf("%s speaks of signals to a viewer who may not see them", path)
		}
		if strings.Contains(body, `href="/stop"`) {
			t.Errorf("%s offers a viewer to stop mail", path)
		}
	}
	if status, _, _ := b.post("/stop", url.Values{"scope": {"tenant"}, "tenant": {string(p.ID)}, "reason": {"x"}}); status != http.StatusForbidden {
		t.Errorf("a viewer's stop answered %d", status)
	}
}

func TestSignedOutPiecesSendTheWholePageToTheDoor(t *testing.T) {
	h := openHouse(t)
	for _, path := range []string{"/live/overview", "/live/stops/x"} {
		if status, _, _ := h.browser().get(path); status != http.StatusUnauthorized {
			t.Errorf("%s answered %d to a stranger", path, status)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/stop/preview", nil)
	r.Header.Set("HX-Request", "true")
	resp, err := http.DefaultClient.Do(r)
	h.must(err)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("HX-Redirect") != "/enter" {
		t.Errorf("answered %d, %v", resp.StatusCode, resp.Header)
	}
}

// What was held for a person is released or discarded from its page.
func TestHeldDispatchIsSettledByAPerson(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 12)
	b := h.signedIn()
	path := func(d cordon.Dispatch) string { return "/dispatches/" + string(p.ID) + "/" + string(d.ID) }

	first := h.held(p)
	_, body, _ := b.get(path(first))
	for _, want := range []string{"Held for a person", "This could not be checked, so it waits for a person.", "Release 12 copies", "12 copies are kept back."} {
		if !strings.Contains(body, want) {
			t.Errorf("the held dispatch's page does not say %q", want)
		}
	}
	if status, _, _ := b.post(path(first)+"/discard", nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a discard without the tick answered %d", status)
	}
	if _, body, at := b.post(path(first)+"/release", nil); !strings.HasSuffix(at, "?done=released") || !strings.Contains(body, "judged again and released") {
		t.Errorf("releasing led to %s:\n%s", at, part(body, `id="fault"`))
	}
	if d, err := h.store.Dispatch(t.Context(), p.ID, first.ID); err != nil || d.State != cordon.DispatchOpen {
		t.Errorf("released: %s (%v)", d.State, err)
	}

	second := h.held(p)
	if _, body, at := b.post(path(second)+"/discard", url.Values{"sure": {"yes"}}); !strings.HasSuffix(at, "?done=discarded") || !strings.Contains(body, "Discarded") {
		t.Errorf("discarding led to %s", at)
	}
	if d, err := h.store.Dispatch(t.Context(), p.ID, second.ID); err != nil || d.Counts.Cut != 12 {
		t.Errorf("discarded: %+v (%v)", d.Counts, err)
	}
	if status, body, _ := b.post(path(second)+"/release", nil); status != http.StatusConflict || !strings.Contains(body, "is not held") {
		t.Errorf("releasing what was discarded answered %d", status)
	}
}
