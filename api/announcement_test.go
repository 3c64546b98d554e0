package api_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// Announcements over REST, by keys: written, looked at, approved, posted, read.
func TestAnnouncementsOverREST(t *testing.T) {
	w := newWorld(t)
	north := w.practice("north")
	_, desk := w.key(w.account("", "desk", cordon.RoleOperator), "", cordon.PostAnnouncements, cordon.ReadIncidents)
	_, second := w.key(w.account("", "second", cordon.RoleApprover), "", cordon.ApproveNotices)
	_, reader := w.key(w.account("", "reader", cordon.RoleViewer), "", cordon.ReadIncidents)
	_, theirs := w.key(w.account(north, "north desk", cordon.RoleViewer), north, cordon.ReadIncidents)
	_, none := w.key(w.account("", "none", cordon.RoleViewer), "", cordon.ReadCatalog)
	const drafts = "/v1/announcement-drafts"

	words := map[string]any{"title": "Reports of spam email", "body": "We count 7.", "not_affected": "Letters.", "signed_by": "Customer Care"}
	for _, secret := range []string{reader, second, theirs, none} {
		w.must(403, w.with(secret, "POST", drafts, words))
		w.must(403, w.with(secret, "POST", drafts+"/preview", words))
	}
	r := w.must(200, w.with(desk, "POST", drafts+"/preview", words))
	for _, want := range []string{`"field":"next_update_due"`, "The number 7 is typed", `"approval":false`} {
		if !strings.Contains(r.text, want) {
			t.Errorf("the preview lacks %s: %s", want, r.text)
		}
	}
	w.must(422, w.with(desk, "POST", drafts, map[string]any{"title": "x", "body": "y", "kind": "rumour"}))
	made := w.must(201, w.with(desk, "POST", drafts, words))
	draft := drafts + "/" + made.get(t, "id")
	if made.header.Get("Location") != draft {
		t.Errorf("Location %q", made.header.Get("Location"))
	}
	w.must(422, w.with(desk, "POST", draft+"/post", map[string]any{"version": 1}))
	words["version"], words["next_update_due"] = 1, "2099-01-01T00:00:00Z"
	w.must(200, w.with(desk, "PUT", draft, words))
	w.must(409, w.with(desk, "PUT", draft, words))
	w.must(409, w.with(desk, "POST", draft+"/post", map[string]any{"version": 1}))
	posted := w.must(200, w.with(desk, "POST", draft+"/post", map[string]any{"version": 2}))
	if !strings.Contains(posted.text, `"number":42837`) || !strings.Contains(posted.text, `"warnings":["The number 7 is typed`) {
		t.Errorf("posted: %s", posted.text)
	}
	w.must(409, w.with(desk, "POST", draft+"/post", map[string]any{"version": 2}))

	// To tenants it takes two people; they, and not strangers, read it.
	inside := w.must(201, w.with(desk, "POST", drafts, map[string]any{"title": "Among us", "body": "x", "not_affected": "y", "signed_by": "z", "audience": "tenants", "next_update_due": "2099-01-01T00:00:00Z"}))
	draft = drafts + "/" + inside.get(t, "id")
	w.must(403, w.with(desk, "POST", draft+"/post", map[string]any{"version": 1}))
	w.must(403, w.with(desk, "POST", draft+"/approve", map[string]any{"version": 1}))
	w.must(200, w.with(second, "POST", draft+"/approve", map[string]any{"version": 1}))
	w.must(200, w.with(desk, "POST", draft+"/post", map[string]any{"version": 1}))
	if r := w.must(200, w.with(theirs, "GET", "/v1/announcements", nil)); strings.Count(r.text, `"number":`) != 2 {
		t.Errorf("a tenant reads %s", r.text)
	}
	w.must(200, w.with(theirs, "GET", "/v1/announcements/42838/0", nil))
	for _, path := range []string{drafts, "/v1/promises", "/v1/subscribers", draft} {
		w.must(403, w.with(theirs, "GET", path, nil))
		w.must(200, w.with(reader, "GET", path, nil))
		w.must(403, w.with(none, "GET", path, nil))
	}
	w.must(404, w.with(reader, "GET", "/v1/announcements/1/0", nil))
	w.must(404, w.with(reader, "GET", drafts+"/adr_x", nil))
	third := w.must(201, w.with(desk, "POST", drafts, words2()))
	w.must(204, w.with(desk, "POST", drafts+"/"+third.get(t, "id")+"/drop", map[string]any{"version": 1}))
}

func words2() map[string]any { return map[string]any{"number": 42837, "title": "", "body": "More."} }

func TestComponentsOverREST(t *testing.T) {
	w := newWorld(t)
	_, desk := w.key(w.account("", "desk", cordon.RoleOperator), "", cordon.PostAnnouncements)
	_, reader := w.key(w.account("", "reader", cordon.RoleViewer), "", cordon.ReadIncidents)
	w.must(403, w.with(reader, "POST", "/v1/components", map[string]any{"name": "Letters"}))
	made := w.must(201, w.with(desk, "POST", "/v1/components", map[string]any{"name": "Letters", "kinds": []string{"single"}}))
	w.must(409, w.with(desk, "POST", "/v1/components", map[string]any{"name": "Letters"}))
	w.must(422, w.with(desk, "POST", "/v1/components", map[string]any{"name": "More", "kinds": []string{"pigeon"}}))
	path := "/v1/components/" + made.get(t, "id")
	w.must(422, w.with(desk, "PUT", path, map[string]any{"name": "Letters", "maintenance_from": "2099-01-01T00:00:00Z"}))
	w.must(200, w.with(desk, "PUT", path, map[string]any{"name": "Appointment letters"}))
	if r := w.must(200, w.with(reader, "GET", "/v1/components", nil)); !strings.Contains(r.text, "Appointment letters") {
		t.Errorf("components: %s", r.text)
	}
	w.must(404, w.with(desk, "PUT", "/v1/components/"+string(cordon.NewComponentID()), map[string]any{"name": "x"}))
	w.must(204, w.with(desk, "DELETE", path, nil))
	w.must(404, w.with(desk, "DELETE", path, nil))

	r := w.must(200, w.with(reader, "GET", "/v1/status-page.zip", nil))
	z, err := zip.NewReader(bytes.NewReader([]byte(r.text)), int64(len(r.text)))
	if err != nil || len(z.File) != 1 || z.File[0].Name != "index.html" {
		t.Errorf("the page as files: %v, %v", z, err)
	}
}
