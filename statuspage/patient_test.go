package statuspage

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

// noticed is a house with one incident whose notice is drafted.
func noticed(t *testing.T, exercise bool) (*house, cordon.Incident, *notice.Messenger) {
	t.Helper()
	h := newHouse(t)
	ctx := t.Context()
	m, err := notice.New(notice.Config{Store: h.store, StatusURL: siteURL, Now: h.site.Now})
	if err != nil {
		t.Fatal(err)
	}
	tenant := cordon.Tenant{ID: cordon.NewTenantID(), Handle: "house", Name: "House"}
	if err := h.store.CreateTenant(ctx, speaker, tenant); err != nil {
		t.Fatal(err)
	}
	if err := h.store.CreateDomain(ctx, speaker, cordon.Domain{Tenant: tenant.ID, Name: "house.example", Selector: "c1"}, []byte("key")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.SetIdentity(ctx, speaker, cordon.NoticeIdentity{Tenant: tenant.ID, Name: "House <Systems>", Address: "privacy@house.example"}); err != nil {
		t.Fatal(err)
	}
	i, err := h.store.OpenIncident(ctx, speaker, cordon.NewIncident{Kind: cordon.IncidentTemplate, Severity: 1, Title: "Spam", Exercise: exercise})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Facts(ctx, speaker, i.ID); err != nil {
		t.Fatal(err)
	}
	h.site = New(Config{Herald: h.herald, Notices: m, Site: h.site.Site, Now: h.site.Now})
	return h, i, m
}

func (h *house) approveNotice(i cordon.Incident, m *notice.Messenger) {
	h.t.Helper()
	ctx := h.t.Context()
	act, err := m.Look(ctx, speaker, i.ID)
	if err == nil {
		_, err = m.Approve(ctx, speaker, i.ID, notice.Approval{Hash: act.Hash})
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestANoticeIsPublicOnceItIsApproved(t *testing.T) {
	h, i, m := noticed(t, false)
	for _, path := range []string{"/notice/1", "/notice/1/practices", "/notice/1/de"} {
		if w := h.get(path); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "without permission") {
			t.Errorf("%s answers %d before anybody approved it", path, w.Code)
		}
	}
	h.approveNotice(i, m)
	wantIn(t, h.page("/notice/1"), "without permission", `href="/notice/1/de"`, `href="/notice/1/practices"`, "House &lt;Systems&gt;", siteURL+"/check")
	wantIn(t, h.page("/notice/1/de"), `lang="de"`, "unbefugt benutzt")
	wantIn(t, h.page("/notice/1/practices/fr"), "Dois-je le déclarer")
	for _, path := range []string{"/notice/2", "/notice/01", "/notice/-1", "/notice/x", "/notice/1/xx", "/notice/1/practices/xx", "/notice/99999999999999999999"} {
		if w := h.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
	files, err := h.site.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for name := range files {
		if strings.HasPrefix(name, "notice/") {
			pages++
		}
	}
	if pages != 2*len(cordon.Languages()) {
		t.Errorf("%d pages of the notice as files: %v", pages, files)
	}
}

func TestANoticeOfAnExerciseSaysSo(t *testing.T) {
	h, i, m := noticed(t, true)
	h.approveNotice(i, m)
	wantIn(t, h.page("/notice/1/es"), "EXERCISE", "SIMULACRO", "noindex")
}
