package statuspage

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cordonmail/cordon/store/storetest"
)

func TestSubscribingAnswersAlikeWhateverTheAddress(t *testing.T) {
	h := newHouse(t)
	ask := func(address string) string {
		w := h.form("/subscribe", url.Values{"address": {address}})
		if w.Code != http.StatusOK {
			t.Fatalf("answers %d: %s", w.Code, w.Body)
		}
		return w.Body.String()
	}
	first := ask("jo@example.org")
	wantIn(t, first, "If this address can be subscribed")
	wantOut(t, first, "jo@example.org")
	step(t, h)
	token := h.mailed("/subscribe/")
	wantIn(t, h.page("/subscribe/"+token), `action="/subscribe/`+token) // looking at the link confirms nothing
	if n := h.subscribers(); n != 0 {
		t.Fatalf("%d subscribers after a look", n)
	}
	w := h.form("/subscribe/"+token, nil)
	wantIn(t, w.Body.String(), "You are subscribed")
	if again := ask("jo@example.org"); again != first {
		t.Error("a subscriber who asks again gets another answer")
	}
	if w := h.form("/subscribe", url.Values{"address": {"nobody"}}); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), ">nobody<") {
		t.Errorf("no address answers %d", w.Code)
	}

	h.post(nil)
	step(t, h)
	leave := h.mailed("/unsubscribe/")
	wantIn(t, h.page("/unsubscribe/"+leave), "Unsubscribe")
	if n := h.subscribers(); n != 1 {
		t.Fatalf("%d subscribers after a look", n)
	}
	if w := h.form("/unsubscribe/"+leave, url.Values{"List-Unsubscribe": {"One-Click"}}); w.Code != http.StatusOK { // RFC 8058 3.2
		t.Errorf("one click answers %d", w.Code)
	}
	if n := h.subscribers(); n != 0 {
		t.Errorf("%d subscribers after one click", n)
	}
	if w := h.form("/unsubscribe/made-up", nil); w.Code != http.StatusNotFound {
		t.Errorf("a made-up link answers %d", w.Code)
	}
	if w := h.form("/subscribe/made-up", nil); w.Code != http.StatusNotFound {
		t.Errorf("a made-up link answers %d", w.Code)
	}
}

func step(t *testing.T, h *house) {
	t.Helper()
	if err := h.herald.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) subscribers() int64 {
	h.t.Helper()
	n, err := h.store.Subscribers(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// mailed is the token of the link in the newest mail.
func (h *house) mailed(path string) string {
	h.t.Helper()
	var subject string
	if err := storetest.Raw(h.t, h.store).QueryRow(`SELECT subject FROM outgoing ORDER BY num DESC LIMIT 1`).Scan(&subject); err != nil {
		h.t.Fatal(err)
	}
	all, err := h.store.OutgoingOf(h.t.Context(), subject)
	if err != nil || len(all) != 1 {
		h.t.Fatalf("%d mails about %s, %v", len(all), subject, err)
	}
	_, after, found := strings.Cut(all[0].Content.Text, siteURL+path)
	if !found {
		h.t.Fatalf("no link to %s in %q", path, all[0].Content.Text)
	}
	token, _, _ := strings.Cut(after, "\n")
	return token
}
