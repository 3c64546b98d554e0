package api_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/api"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/store/storetest"
)

const mailText = "From: win@offers.example\r\nSubject: You won\r\n\r\nsecret words\r\n"

// Mail that another server received counts as if it had come to us, and nothing
// of it, nor the address, comes back or is written down.
func TestMailIsReportedForAPlantedAddress(t *testing.T) {
	s := storetest.New(t)
	var log bytes.Buffer
	keeper := catalog.New(catalog.Config{Store: s, DataDir: t.TempDir(), DecoyDomain: "post.example"})
	edge := api.New(api.Config{Registry: identity.New(identity.Config{Store: s}), Catalog: keeper, Log: slog.New(slog.NewTextHandler(&log, nil))})
	local := httptest.NewServer(edge.Local())
	t.Cleanup(local.Close)
	w := &world{t: t, public: local, local: local}
	clinic := w.tenant("northside")
	ids, err := s.Decoys(t.Context(), cordon.TenantID(clinic))
	if err != nil || len(ids) == 0 {
		t.Fatal(err)
	}
	operator := cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	person, err := s.OpenPerson(t.Context(), operator, cordon.TenantID(clinic), ids[0], "test")
	if err != nil {
		t.Fatal(err)
	}
	to := string(person.Address)
	report := func(want int, to, body string, more ...string) reply {
		t.Helper()
		headers := append([]string{"Content-Type", "message/rfc822", "Cordon-Envelope-To", to}, more...)
		got := w.must(want, w.operator("POST", "/v1/inbound", body, headers...))
		if to != "" && strings.Contains(got.text+log.String(), to) || strings.Contains(got.text+log.String(), "secret words") {
			t.Errorf("an address or a text came back: %s%s", got.text, log.String())
		}
		return got
	}
	report(204, to, mailText, "Cordon-Envelope-From", "win@offers.example", "Cordon-Client-Address", "192.0.2.77")
	report(204, to, mailText, "Cordon-Envelope-From", "not an address", "Cordon-Client-Address", "here")
	report(404, "nobody@post.example", mailText)
	report(422, "", mailText)
	report(422, "without-an-at", mailText)
	report(413, to, strings.Repeat("x", catalog.MaxArrival+1))
	w.must(415, w.operator("POST", "/v1/inbound", mailText, "Content-Type", "text/plain", "Cordon-Envelope-To", to))

	arrivals := w.must(200, w.operator("GET", "/v1/decoys/arrivals", nil)).text
	for _, word := range []string{`"network":"192.0.2.0/24"`, `"sender":"offers.example"`, `"copies":1`, clinic} {
		if !strings.Contains(arrivals, word) {
			t.Errorf("arrivals lack %s: %s", word, arrivals)
		}
	}
	cover := w.must(200, w.operator("GET", "/v1/tenants/northside/decoys", nil))
	for _, word := range []string{`"decoys":3`, `"wanted":3`, `"mailboxes":3`, `"arrivals":2`, `"recipients":0`} {
		if !strings.Contains(cover.text, word) {
			t.Errorf("coverage lacks %s: %s", word, cover.text)
		}
	}
	w.must(200, w.operator("POST", "/v1/tenants/northside/decoys?label=autumn+export", nil))
	if got := w.must(200, w.operator("POST", "/v1/tenants/northside/decoys/rotate", nil)); !strings.Contains(got.text, `"retired":1`) {
		t.Errorf("rotated: %s", got.text)
	}
	if all := w.must(200, w.operator("GET", "/v1/decoys?limit=1", nil)); !strings.Contains(all.text, `"handle":"northside"`) || strings.Contains(all.text, "rcp_") {
		t.Errorf("coverage of all: %s", all.text)
	}
}

// The right to report is an oracle on who is planted: a tenant's own key, with
// whatever permissions, is told nothing of decoys.
func TestATenantsKeyLearnsNothingOfDecoys(t *testing.T) {
	w := newWorld(t)
	tenant := w.tenant("northside")
	_, secret := w.key(w.account("", "boss", cordon.RoleOperator), tenant, cordon.Permissions()...)
	for _, r := range [][2]string{{"GET", "/v1/decoys"}, {"GET", "/v1/decoys/arrivals"}, {"GET", "/v1/tenants/northside/decoys"}, {"POST", "/v1/tenants/northside/decoys/rotate"}} {
		w.must(403, w.with(secret, r[0], r[1], nil))
	}
	w.must(403, w.with(secret, "POST", "/v1/inbound", mailText, "Content-Type", "message/rfc822", "Cordon-Envelope-To", "x@decoy.invalid"))
}
