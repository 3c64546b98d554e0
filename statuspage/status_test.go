package statuspage

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/cordonmail/cordon"
)

func TestAPostIsNumberedLinkedAndSuperseded(t *testing.T) {
	h := newHouse(t)
	h.post(nil)
	h.advance(48 * time.Hour)
	h.post(follows(42837))
	h.post(follows(42837))

	update := h.page("/announcements/42837/2")
	wantIn(t, update, "<h1>Reports of spam email (42837) – UPDATE 2, 14 May 2007</h1>", `href="/announcements/42837"`, `href="/announcements/42837/1"`,
		"Reports of spam email (42837) – UPDATE 1, 14 May 2007", "Signed: <strong>Customer Care</strong>", "Next update by 14 May 2007")
	wantOut(t, update, "Superseded")
	original := h.page("/announcements/42837")
	wantIn(t, original, `Superseded by <a href="/announcements/42837/2">UPDATE 2</a>`, "(42837), 12 May 2007", "More &lt;soon&gt; &amp; here",
		`<a href="/history">`+siteURL+`/history</a>.`, "Sending &amp; receiving.")
	wantOut(t, original, "<soon>")
	for _, path := range []string{"/announcements/1", "/announcements/42837/3", "/announcements/42837/0", "/announcements/042837", "/announcements/42837/01", "/announcements/x", "/announcements/42837/-1", "/exercise/announcements/42837", "/nothing"} {
		if w := h.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

func TestTheStatusPageSaysHowItIs(t *testing.T) {
	h := newHouse(t)
	letters := h.component("Appointment letters", cordon.Single)
	h.component("Mailings", cordon.Bulk)
	h.advance(6 * time.Second)
	wantIn(t, h.page("/"), "Everything works", "Appointment letters", "Nothing to report.")

	h.post(func(d *cordon.AnnouncementDraft) {
		d.Impact, d.Components = cordon.ImpactMajor, []cordon.ComponentID{letters.ID}
	})
	during := h.page("/")
	wantIn(t, during, "Part of the service is out", "Partial outage", "Reports of spam email", "Next update by", "Appointment letters. Last 1 days recorded: operational but for 1 (12 May: partial outage)")
	h.advance(2 * time.Hour)
	wantIn(t, h.page("/"), "is late")

	h.post(resolves(42837))
	after := h.page("/")
	wantIn(t, after, "Everything works", "12 May: partial outage")
	wantOut(t, after, "is late")
	wantIn(t, h.page("/history"), "May 2007", "resolved")
	wantIn(t, h.page("/announcements/42837/1"), "1 missed")
}

func TestWhatWasRetractedDidNotHappen(t *testing.T) {
	h := newHouse(t)
	c := h.component("Mailings", cordon.Bulk)
	h.post(func(d *cordon.AnnouncementDraft) {
		d.Impact, d.Components = cordon.ImpactCritical, []cordon.ComponentID{c.ID}
	})
	wantIn(t, h.page("/"), "A major outage")
	d, err := h.herald.Write(t.Context(), speaker, cordon.AnnouncementDraft{Number: 42837, Kind: cordon.AnnounceRetraction,
		AnnouncementText: cordon.AnnouncementText{Body: "There was nothing.", SignedBy: "Customer Care"}})
	if err != nil {
		t.Fatal(err)
	}
	second := cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Permissions: cordon.Permissions()}
	if _, err := h.herald.Approve(t.Context(), second, d.ID, d.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := h.herald.Post(t.Context(), speaker, d.ID, signature()); err != nil {
		t.Fatal(err)
	}
	h.advance(10 * time.Second)
	page := h.page("/")
	wantIn(t, page, "Everything works", "operational throughout", "retracted")
}

func TestExercisesStayAmongThemselves(t *testing.T) {
	h := newHouse(t)
	h.post(func(d *cordon.AnnouncementDraft) {
		d.Status, d.Title, d.Impact = cordon.PostExercise, "A rehearsal", cordon.ImpactCritical
	})
	for _, path := range []string{"/", "/announcements", "/history", "/feed.rss", "/feed.atom", "/api/v2/summary.json", "/api/v2/incidents.json"} {
		wantOut(t, h.page(path), "A rehearsal")
	}
	wantIn(t, h.page("/"), "Everything works")
	for _, path := range []string{"/exercise", "/exercise/", "/exercise/announcements", "/exercise/history", "/exercise/announcements/42837", "/exercise/feed.rss", "/exercise/feed.atom"} {
		wantIn(t, h.page(path), "A rehearsal", "EXERCISE")
	}
	wantIn(t, h.page("/exercise/announcements/42837"), "<h1>EXERCISE – A rehearsal (42837)", `content="noindex`, `href="/exercise/history"`)
	wantIn(t, h.page("/exercise/api/v2/summary.json"), `"exercise": true`, `"EXERCISE – A rehearsal"`)
}

func TestPostsForOthersAreNotHere(t *testing.T) {
	h := newHouse(t)
	h.post(func(d *cordon.AnnouncementDraft) { d.Audience, d.Title = cordon.ForStaff, "Among us" })
	for _, path := range []string{"/", "/announcements", "/feed.atom"} {
		wantOut(t, h.page(path), "Among us")
	}
	if w := h.get("/announcements/42837"); w.Code != http.StatusNotFound {
		t.Errorf("a post for staff answers %d", w.Code)
	}
}

// Every public page is drawn empty and full and read back: it closes what it
// opens, has one id of a kind, a label for each field, and nothing inline.
func TestEveryPageIsDrawnWell(t *testing.T) {
	h := newHouse(t)
	paths := []string{"/", "/history", "/announcements", "/subscribe", "/subscribe/token", "/unsubscribe/token", "/exercise/", "/nothing"}
	for _, path := range paths {
		checkHTML(t, path, h.get(path).Body.String())
	}
	c := h.component("Mailings", cordon.Bulk)
	h.post(func(d *cordon.AnnouncementDraft) {
		d.Components, d.ReportBy = []cordon.ComponentID{c.ID}, h.now.Add(24*time.Hour)
	})
	h.post(follows(42837))
	h.post(func(d *cordon.AnnouncementDraft) { d.Status = cordon.PostExercise })
	h.post(nil)
	h.post(resolves(42839))
	for _, path := range append(paths, "/announcements/42837", "/announcements/42837/1", "/exercise/announcements/42838") {
		checkHTML(t, path, h.get(path).Body.String())
	}
}

func checkHTML(t *testing.T, path, page string) {
	t.Helper()
	var open []string
	ids := map[string]bool{}
	labels, fields := map[string]bool{}, map[string]bool{}
	empty := []string{"meta", "link", "input", "br"}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			if len(open) > 0 {
				t.Errorf("%s never closes %v", path, open)
			}
			for id := range fields {
				if !labels[id] {
					t.Errorf("%s: field %q has no label", path, id)
				}
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			if !slices.Contains(empty, tok.Data) {
				open = append(open, tok.Data)
			}
			for _, a := range tok.Attr {
				switch {
				case a.Key == "style", strings.HasPrefix(a.Key, "on"), strings.Contains(a.Val, "ZgotmplZ"):
					t.Errorf("%s: %s in %s", path, a.Key, tok)
				case a.Key == "id" && ids[a.Val]:
					t.Errorf("%s: id %q twice", path, a.Val)
				case a.Key == "id":
					ids[a.Val] = true
					if tok.Data == "input" || tok.Data == "textarea" || tok.Data == "select" {
						fields[a.Val] = true
					}
				case a.Key == "for":
					labels[a.Val] = true
				}
			}
			if tok.Data == "script" || tok.Data == "style" {
				t.Errorf("%s has a %s", path, tok.Data)
			}
		case html.EndTagToken:
			tok := z.Token()
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("%s: </%s> closes %v", path, tok.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func TestHeadersKeepPagesToThemselves(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/nothing", "/feed.atom", "/api/v2/status.json", "/static/status.css"} {
		head := h.get(path).Header()
		if head.Get("Content-Security-Policy") != policy || head.Get("X-Content-Type-Options") != "nosniff" || head.Get("X-Frame-Options") != "DENY" ||
			head.Get("Referrer-Policy") != "no-referrer" || head.Get("Strict-Transport-Security") == "" || head.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", path, head)
		}
		open := strings.HasPrefix(path, "/feed") || strings.HasPrefix(path, "/api")
		if got := head.Get("Access-Control-Allow-Origin") == "*"; got != open {
			t.Errorf("%s: open to other sites %v", path, got)
		}
	}
	w := h.ask(httptest.NewRequest(http.MethodDelete, "/subscribe", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, POST" {
		t.Errorf("DELETE answers %d %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestACrowdIsAnsweredFromOneSnapshot(t *testing.T) {
	h := newHouse(t)
	h.post(nil)
	first := h.get("/")
	again := httptest.NewRequest(http.MethodGet, "/", nil)
	again.Header.Set("If-None-Match", first.Header().Get("ETag"))
	if w := h.ask(again); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same again answers %d, %d bytes", w.Code, w.Body.Len())
	}
	if c := first.Header().Get("Cache-Control"); !strings.HasPrefix(c, "public, max-age=5") {
		t.Errorf("Cache-Control %q", c)
	}
	// The house is gone: the page stays, and says how old it is.
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	h.advance(30 * time.Second)
	wantOut(t, h.page("/"), "cannot refresh")
	h.advance(time.Minute)
	wantIn(t, h.page("/"), "Reports of spam email", "We cannot refresh this page just now. It was right at 12 May 2007, 09:00 UTC.")
	wantIn(t, h.page("/announcements/42837"), "cannot refresh")
	if w := h.form("/subscribe", map[string][]string{"address": {"jo@example.org"}}); w.Code < 500 || strings.Contains(w.Body.String(), "sql") {
		t.Errorf("a form without a house answers %d: %s", w.Code, w.Body)
	}
}

func TestOneNetworkCannotTakeEverything(t *testing.T) {
	h := newHouse(t)
	h.site.crowd = newCrowd(Limits{PerMinute: 1000, ClientPerMinute: 10})
	from := func(remote, forwarded string) int {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return h.ask(r).Code
	}
	for range 10 {
		if code := from("192.0.2.7:4000", ""); code != http.StatusOK {
			t.Fatalf("answers %d", code)
		}
	}
	if code := from("192.0.2.8:4000", "198.51.100.1"); code != http.StatusTooManyRequests {
		t.Errorf("the same network, or one that says it is another, answers %d", code)
	}
	if code := from("203.0.113.1:4000", ""); code != http.StatusOK {
		t.Errorf("another network answers %d", code)
	}
	if code := from("10.0.0.1:4000", "192.0.2.9, 10.0.0.2"); code != http.StatusTooManyRequests {
		t.Errorf("the same network behind a proxy answers %d", code)
	}
	if code := from("10.0.0.1:4000", "192.0.2.9, 198.51.100.1"); code != http.StatusOK {
		t.Errorf("another behind a proxy, which only says that it is ours, answers %d", code)
	}
	h.advance(time.Minute)
	if code := from("192.0.2.7:4000", ""); code != http.StatusOK {
		t.Errorf("after a minute answers %d", code)
	}
}

func TestJSONHasTheShapeThatReadersKnow(t *testing.T) {
	h := newHouse(t)
	c := h.component("Mailings", cordon.Bulk)
	h.post(func(d *cordon.AnnouncementDraft) {
		d.Impact, d.Components = cordon.ImpactMinor, []cordon.ComponentID{c.ID}
	})
	h.post(func(d *cordon.AnnouncementDraft) { d.Number, d.State = 42837, cordon.PublicMonitoring })
	h.post(nil)
	h.post(resolves(42838))
	read := func(name string) map[string]any {
		w := h.get("/api/v2/" + name + ".json")
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			t.Fatalf("%s answers %d %s", name, w.Code, w.Header().Get("Content-Type"))
		}
		var doc map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	summary := read("summary")
	wantKeys(t, "summary", summary, "page", "status", "components", "incidents", "scheduled_maintenances")
	wantKeys(t, "page", summary["page"], "id", "name", "url", "time_zone", "updated_at")
	wantKeys(t, "status", summary["status"], "indicator", "description")
	component := summary["components"].([]any)[0].(map[string]any)
	wantKeys(t, "component", component, "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date", "group_id", "page_id", "group", "only_show_if_degraded")
	incidents := summary["incidents"].([]any)
	incident := incidents[0].(map[string]any)
	wantKeys(t, "incident", incident, "id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink", "started_at", "page_id", "incident_updates", "components")
	update := incident["incident_updates"].([]any)[0]
	wantKeys(t, "update", update, "id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components", "deliver_notifications", "custom_tweet", "tweet_id")
	if component["status"] != "degraded_performance" || len(incidents) != 1 || incident["monitoring_at"] == nil || incident["resolved_at"] != nil || incident["shortlink"] != siteURL+"/announcements/42837" {
		t.Errorf("summary: %v", summary)
	}
	if all := read("incidents")["incidents"].([]any); len(all) != 2 || all[0].(map[string]any)["resolved_at"] == nil {
		t.Errorf("incidents: %v", all)
	}
	if all := read("incidents/unresolved")["incidents"].([]any); len(all) != 1 {
		t.Errorf("unresolved: %v", all)
	}
	if s := read("status")["status"].(map[string]any); s["indicator"] != "minor" || s["description"] != "Minor Service Outage" {
		t.Errorf("status: %v", s)
	}
	wantKeys(t, "components", read("components"), "page", "components")

	c.MaintenanceFrom, c.MaintenanceUntil = h.now.Add(time.Hour), h.now.Add(2*time.Hour)
	if _, err := h.herald.SaveComponent(context.Background(), speaker, c); err != nil {
		t.Fatal(err)
	}
	h.advance(10 * time.Second)
	planned := read("scheduled-maintenances/upcoming")["scheduled_maintenances"].([]any)
	if len(planned) != 1 || planned[0].(map[string]any)["status"] != "scheduled" || len(read("scheduled-maintenances/active")["scheduled_maintenances"].([]any)) != 0 {
		t.Errorf("planned: %v", planned)
	}
}

func wantKeys(t *testing.T, what string, v any, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if _, ok := v.(map[string]any)[key]; !ok {
			t.Errorf("%s has no %q: %v", what, key, v)
		}
	}
}
