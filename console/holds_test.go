package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// fieldsOf reads the hidden fields of the form that posts there.
func fieldsOf(page, action string) url.Values {
	_, form, _ := strings.Cut(page, `action="`+action+`"`)
	form, _, _ = strings.Cut(form, "</form>")
	out := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(form, -1) {
		out.Add(m[1], strings.ReplaceAll(m[2], "&#43;", "+"))
	}
	return out
}

// Many copies are released by two people, through plain forms alone.
func TestTwoPeopleReleaseThroughTheQueue(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 130)
	other := h.practice("northgate", "Northgate Dental", 10)
	d, theirs := h.held(p), h.held(other)
	first := h.signedInAs(p.approver)
	second := h.signedInAs(h.account(p.ID, "Vera Lindqvist", cordon.RoleApprover))
	author := h.account(p.ID, "Aki Sato", cordon.RoleViewer)

	status, body, _ := first.get("/holds")
	if status != http.StatusOK || !strings.Contains(body, string(d.ID)) || strings.Contains(body, string(theirs.ID)) || !strings.Contains(body, `<b>130</b> copies`) {
		t.Fatalf("the queue (%d):\n%s", status, part(body, `id="queue"`))
	}
	if !strings.Contains(body, `Holds<span class="tally">1<`) {
		t.Error("the navigation does not count")
	}
	if _, body, _ = first.get("/holds?check=approve"); strings.Contains(body, string(d.ID)) || !strings.Contains(body, "Nothing held matches this") {
		t.Error("the filter chooses nothing")
	}
	if _, body, _ = h.signedInAs(author).get("/holds"); strings.Contains(body, "discard-all") || !strings.Contains(body, string(d.ID)) {
		t.Error("a viewer is offered what they may not do")
	}

	// The ticked one, counted first.
	if status, body, _ = first.post("/holds/preview", url.Values{"act": {"release-chosen"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Nothing is ticked") {
		t.Errorf("nothing ticked answered %d", status)
	}
	_, body, _ = first.post("/holds/preview", url.Values{"act": {"release-chosen"}, "dispatch": {string(d.ID)}})
	if !strings.Contains(body, "Release 1 dispatch?") || !strings.Contains(body, "130 copies are more than one person may settle") {
		t.Fatalf("the preview:\n%s", part(body, `id="main"`))
	}
	form := fieldsOf(body, "/holds/settle")
	if status, body, _ = first.post("/holds/settle", form); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Reason is missing") {
		t.Errorf("no reason answered %d", status)
	}
	form.Set("reason", "a known recall")
	for range 2 { // asking again does not help
		if _, body, _ = first.post("/holds/settle", form); !strings.Contains(body, "Asked, not done yet") {
			t.Fatalf("the first person's word:\n%s", part(body, `id="main"`))
		}
	}
	if _, body, _ = second.get("/holds"); !strings.Contains(body, "Tom Adeyemi asked to release") {
		t.Error("the queue does not say who waits")
	}
	_, page, _ := second.get("/holds/" + string(p.ID) + "/" + string(d.ID))
	for _, want := range []string{"Tom Adeyemi asked to release", "takes two people", "This could not be checked, so it waits for a person.", "Judged again just now", "Would pass", "Dear patient,", "No earlier version", "First seen", "everyone"} {
		if !strings.Contains(page, want) {
			t.Errorf("the hold's page does not say %q", want)
		}
	}
	if strings.Contains(page, "patients.example") || strings.Contains(page, "Person A") {
		t.Error("a real person is on the page")
	}
	form = fieldsOf(page, "/holds/settle")
	form.Set("reason", "seen")
	if _, body, _ = second.post("/holds/settle", form); !strings.Contains(body, "Released: 1 dispatch, 130 copies") || !strings.Contains(body, "Confirmed what Tom Adeyemi had asked for") {
		t.Fatalf("the second person's word:\n%s", part(body, `id="main"`))
	}
	if status, body, _ = second.post("/holds/settle", form); status != http.StatusConflict || !strings.Contains(body, "Nothing held matches any more") {
		t.Errorf("a second time answered %d", status)
	}
	if _, _, at := second.get("/holds/" + string(p.ID) + "/" + string(d.ID)); !strings.HasPrefix(at, "/dispatches/") {
		t.Errorf("what is held no more is shown at %s", at)
	}
	if status, _, _ = second.get("/holds/" + string(other.ID) + "/" + string(theirs.ID)); status != http.StatusForbidden {
		t.Errorf("another tenant's hold answered %d", status)
	}
	if _, body, _ = second.get("/holds"); !strings.Contains(body, "Nothing is held") {
		t.Error("the empty queue does not say so")
	}
}

// The sample is a letter like any other: shown under a policy of its own, with
// nothing of the letter's able to run or to load.
func TestTheSampleOfAHoldIsHarmless(t *testing.T) {
	h := openHouse(t)
	p := h.practice("harbour", "Harbour Street Practice", 5)
	version, err := h.catalog.WriteVersion(h.ctx, p.author, p.ID, "appointment-recall", cordon.Content{
		FromName: "Harbour", FromAddress: "hello@harbour.example", Subject: "Your visit, {{name}}", HTML: `<p>Dear {{name}}, <a href="https://harbour.example/x">book</a>.</p>`,
		Fields: []cordon.Field{{Name: "name", Type: cordon.FieldPerson, Source: cordon.FromRecipient}}, LinkHosts: []string{"harbour.example"},
	})
	h.must(err)
	_, err = h.catalog.Approve(h.ctx, p.approver, p.ID, "appointment-recall", version.Number, version.Hash)
	h.must(err)
	d := h.held(p, version.Number)
	b := h.signedIn()
	path := "/holds/" + string(p.ID) + "/" + string(d.ID)
	_, page, _ := b.get(path)
	for _, want := range []string{`<iframe class="letter sample-frame" sandbox`, "[Sample] Your visit, Sam Sample", "against version 1", "<ins>", "<del>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+path+"/sample", nil)
	resp, err := b.Do(r)
	h.must(err)
	defer func() { _ = resp.Body.Close() }()
	if policy := resp.Header.Get("Content-Security-Policy"); resp.StatusCode != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox") {
		t.Errorf("the sample answered %d under %q", resp.StatusCode, policy)
	}
}
