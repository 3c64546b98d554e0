package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/cordonmail/cordon"
)

// The whole way in a real browser: the house has written the first draft of a
// public incident; a person looks at it, sees what is missing, signs and posts.
func TestADraftIsReadSignedAndPostedInABrowser(t *testing.T) {
	h := runningHouse(t)
	if _, err := h.store.OpenIncident(h.ctx, h.operator, cordon.NewIncident{Kind: cordon.IncidentLeak, Severity: 2, Title: "Mail at decoys", Public: true}); err != nil {
		t.Fatal(err)
	}
	ctx := chromium(t)
	do(t, ctx, chromedp.Navigate(h.server.URL+"/enter#"+h.code()))
	until(t, ctx, "the link leads in", `location.pathname === "/"`)
	do(t, ctx, chromedp.Click(chromedp.CSS(`.side a[href="/announcements"]`)))
	until(t, ctx, "the house's draft", `document.querySelector("#drafts").innerText.includes("Reports of spam email") && document.querySelector("#promises").innerText.includes("Owed")`)
	fits(t, ctx, "announcements")
	do(t, ctx, chromedp.Click(chromedp.CSS(`#drafts a`)))
	until(t, ctx, "the draft", `document.querySelector("#preview").innerText.includes("signed_by is missing")`)
	fits(t, ctx, "announce")

	// The preview follows what is written: figures are put in, typed numbers are pointed out.
	do(t, ctx, chromedp.SetValue(chromedp.CSS(`#body`), "Stopped: {{contained_at}}. We count 7."), chromedp.SendKeys(chromedp.CSS(`#signed_by`), "Duty officer"))
	until(t, ctx, "the preview", `document.querySelector("#preview").innerText.includes("Stopped: not yet") && document.querySelector("#preview").innerText.includes("The number 7 is typed")`)
	do(t, ctx, chromedp.SetValue(chromedp.CSS(`#body`), "Stopped: {{contained_at}}."), chromedp.Click(chromedp.CSS(`button[value="post"]`)))
	until(t, ctx, "the post", `document.querySelector("h1").innerText.startsWith("Reports of spam email (1)")`)
	fits(t, ctx, "announcement")
	do(t, ctx, chromedp.Click(chromedp.CSS(`a[href="/announcements/new?number=1"]`)))
	until(t, ctx, "the update", `document.querySelector("h1").innerText === "Update to 1" && document.querySelector("#title").value === "Reports of spam email"`)
	fits(t, ctx, "update")
}

func TestTheFormsOfAnnouncementsWorkWithoutAScript(t *testing.T) {
	h := runningHouse(t)
	operator := h.signedIn()
	words := url.Values{"title": {"Delays"}, "kind": {"original"}, "audience": {"tenants"}, "state": {"investigating"}, "impact": {"minor"}, "body": {"Mail is <late>."},
		"not_affected": {"Letters."}, "next": {"60"}, "signed_by": {"Duty officer"}, "act": {"post"}}
	// To tenants it takes two people: the words are kept, and the page says why.
	status, body, _ := operator.post("/announcements/drafts", words)
	if status != http.StatusForbidden || !strings.Contains(body, "second person") || strings.Contains(body, "<late>") {
		t.Fatalf("posted alone: %d\n%s", status, body)
	}
	drafts, _, err := h.store.AnnouncementDrafts(h.ctx, []cordon.DraftStage{cordon.DraftOpen}, cordon.Page{})
	h.must(err)
	if len(drafts) != 1 || drafts[0].Title != "Delays" {
		t.Fatalf("drafts: %+v", drafts)
	}
	path := "/announcements/drafts/" + string(drafts[0].ID)
	berta, err := h.registry.CreateAccount(h.ctx, h.operator, cordon.Account{Name: "Berta", Role: cordon.RoleResponder})
	h.must(err)
	second := h.signedInAs(cordon.Actor{Account: berta.ID})
	if status, body, _ := second.get(path); status != http.StatusOK || !strings.Contains(body, "Approve these words") {
		t.Errorf("a second person is shown %d", status)
	}
	if status, _, _ := second.post(path, url.Values{"act": {"approve"}, "version": {"1"}}); status != http.StatusSeeOther && status != http.StatusOK {
		t.Errorf("approving answers %d", status)
	}
	words.Set("version", "1")
	status, body, _ = operator.post(path, words)
	if status != http.StatusOK && status != http.StatusSeeOther {
		t.Fatalf("posting what is approved answers %d\n%s", status, body)
	}
	post, err := h.store.Announcement(h.ctx, 1, 0)
	h.must(err)
	if post.ApprovedBy != string(berta.ID) {
		t.Errorf("approved by %q", post.ApprovedBy)
	}
	if status, body, _ := operator.get("/announcements/1/0"); status != http.StatusOK || !strings.Contains(body, "&lt;late&gt;") || !strings.Contains(body, "Approved by Berta") {
		t.Errorf("the post's page: %d\n%s", status, body)
	}
	viewer, err := h.registry.CreateAccount(h.ctx, h.operator, cordon.Account{Name: "Vera", Role: cordon.RoleViewer})
	h.must(err)
	reader := h.signedInAs(cordon.Actor{Account: viewer.ID})
	if status, body, _ := reader.get("/announcements"); status != http.StatusOK || strings.Contains(body, "Write one") {
		t.Errorf("a viewer is shown %d, or the way to write", status)
	}
	for _, path := range []string{"/announcements/new"} {
		if status, _, _ := reader.get(path); status != http.StatusForbidden {
			t.Errorf("a viewer at %s: %d", path, status)
		}
	}
	if status, _, _ := reader.post("/announcements/drafts", words); status != http.StatusForbidden {
		t.Errorf("a viewer wrote a draft: %d", status)
	}
}
