package statuspage

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// house is a status page over a real store, with a clock that tests turn.
type house struct {
	t      testing.TB
	now    time.Time
	store  *store.Store
	herald *announce.Herald
	site   *Server
}

var speaker = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}

const siteURL = "https://status.example.org"

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2007, 5, 12, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	h.store = storetest.New(t, storetest.Clock(clock))
	site := cordon.StatusSite{Name: "Northside Mail", URL: siteURL}
	h.herald = announce.New(announce.Config{Store: h.store, Site: site, FirstNumber: 42837, Now: clock})
	h.site = New(Config{Herald: h.herald, Site: site, Now: clock, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	return h
}

func (h *house) advance(d time.Duration) { h.now = h.now.Add(d) }

// post writes and posts at once.
func (h *house) post(change func(*cordon.AnnouncementDraft)) cordon.Announcement {
	h.t.Helper()
	d := cordon.AnnouncementDraft{}
	d.Title, d.Body, d.NotAffected, d.SignedBy = "Reports of spam email", "We are looking into reports of spam.\n\nMore <soon> & here: "+siteURL+"/history.", "Sending & receiving.", "Customer Care"
	d.NextUpdateDue = h.now.Add(time.Hour)
	if change != nil {
		change(&d)
	}
	if d.State.Over() || d.Kind == cordon.AnnounceResolved || d.Kind == cordon.AnnounceRetraction {
		d.NextUpdateDue = time.Time{}
	}
	saved, err := h.herald.Write(context.Background(), speaker, d)
	if err != nil {
		h.t.Fatal(err)
	}
	posted, err := h.herald.Post(context.Background(), speaker, saved.ID, announce.Signature{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.advance(10 * time.Second) // longer than pages are kept
	return *posted.Post
}

func (h *house) component(name string, kinds ...cordon.Kind) cordon.Component {
	h.t.Helper()
	c, err := h.herald.SaveComponent(context.Background(), speaker, cordon.Component{Name: name, Kinds: kinds})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) ask(r *http.Request) *httptest.ResponseRecorder {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.site.Handler().ServeHTTP(w, r)
	return w
}

func (h *house) get(path string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.ask(httptest.NewRequest(http.MethodGet, path, nil))
}

func (h *house) form(path string, values url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.ask(r)
}

// page is a page that must be there.
func (h *house) page(path string) string {
	h.t.Helper()
	w := h.get(path)
	if w.Code != http.StatusOK {
		h.t.Fatalf("%s answers %d: %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func wantOut(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%q in:\n%s", part, text)
		}
	}
}

func follows(number int64) func(*cordon.AnnouncementDraft) {
	return func(d *cordon.AnnouncementDraft) { d.Number, d.Title = number, "" }
}

func resolves(number int64) func(*cordon.AnnouncementDraft) {
	return func(d *cordon.AnnouncementDraft) {
		d.Number, d.Kind, d.Title, d.Body = number, cordon.AnnounceResolved, "", "It is over."
	}
}
