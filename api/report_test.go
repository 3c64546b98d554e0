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
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/store/storetest"
)

// A report is handed in, filed, read, and its problem answered; nothing of what it
// says is in a log or a list.
func TestReportsOverREST(t *testing.T) {
	s := storetest.New(t)
	var log bytes.Buffer
	clerk := report.New(report.Config{Store: s, Codes: cordon.NewCodebook([]byte("k"))})
	edge := api.New(api.Config{Registry: identity.New(identity.Config{Store: s}), Catalog: catalog.New(catalog.Config{Store: s, DataDir: t.TempDir()}), Reports: clerk,
		Log: slog.New(slog.NewTextHandler(&log, nil))})
	public, local := httptest.NewServer(edge.Handler()), httptest.NewServer(edge.Local())
	t.Cleanup(public.Close)
	t.Cleanup(local.Close)
	w := &world{t: t, public: public, local: local}
	w.tenant("northside")

	mail := []string{"Content-Type", "message/rfc822"}
	got := w.must(201, w.operator("POST", "/v1/reports", mailText, mail...))
	if !strings.Contains(got.text, `"duplicate":false`) || !strings.Contains(got.text, `"way":"hand"`) {
		t.Errorf("answer %s", got.text)
	}
	if got = w.must(201, w.operator("POST", "/v1/reports", mailText, mail...)); !strings.Contains(got.text, `"duplicate":true`) {
		t.Errorf("the second: %s", got.text)
	}
	w.must(422, w.operator("POST", "/v1/reports", " ", mail...))
	w.must(413, w.operator("POST", "/v1/reports", strings.Repeat("x", report.MaxReport+1), mail...))
	w.must(415, w.operator("POST", "/v1/reports", mailText, "Content-Type", "text/plain"))
	bad := w.must(422, w.operator("POST", "/v1/reports/xarf", `{"xarf_version":"4.0.0"}`, "Content-Type", "application/json"))
	if !strings.Contains(bad.text, `"faults"`) {
		t.Errorf("an invalid document: %s", bad.text)
	}
	if _, err := clerk.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := w.must(200, w.operator("GET", "/v1/reports", nil)).text
	problems := w.must(200, w.operator("GET", "/v1/problems?open=true", nil))
	for _, text := range []string{list, problems.text, log.String()} {
		if strings.Contains(text, "secret words") || strings.Contains(text, "win@") {
			t.Errorf("what it says is told: %s", text)
		}
	}
	item := problems.json(t)["items"].([]any)[0].(map[string]any)
	id := item["id"].(string)
	if item["priority"] != "P5" || item["state"] != "open" {
		t.Errorf("problem %v", item)
	}
	read := w.must(200, w.operator("GET", got.header.Get("Location"), nil)).json(t)
	opened := w.must(200, w.operator("GET", "/v1/reports/"+read["id"].(string)+"/evidence", nil)).text
	if !strings.Contains(opened, "secret words") {
		t.Errorf("evidence %s", opened)
	}
	w.must(409, w.operator("POST", "/v1/problems/"+id+"/settle", map[string]any{"state": "closed"}))
	w.must(422, w.operator("POST", "/v1/problems/"+id+"/settle", map[string]any{"state": "answered"}))
	w.must(422, w.operator("POST", "/v1/problems/"+id+"/settle", map[string]any{"state": "answered", "outcome": "write to ann@example.org"}))
	w.must(409, w.operator("POST", "/v1/problems/"+id+"/settle", map[string]any{"state": "answered", "outcome": "done", "version": 99}))
	w.must(200, w.operator("POST", "/v1/problems/"+id+"/settle", map[string]any{"state": "answered", "outcome": "done"}))
	w.must(404, w.operator("GET", "/v1/problems/prb_unknown", nil))

	// Whoever has a key may check a code; only who handles reports reads them.
	_, secret := w.key(w.account("northside", "Desk", cordon.RoleSender), "northside", cordon.SendSingle)
	if check := w.must(200, w.with(secret, "POST", "/v1/check", map[string]any{"code": "0123456789abcdefghjkmnpqrs"})); !strings.Contains(check.text, `"verdict":"not-ours"`) {
		t.Errorf("check %s", check.text)
	}
	w.must(200, w.with(secret, "POST", "/v1/check/message", mailText, mail...))
	w.must(422, w.with(secret, "POST", "/v1/check", map[string]any{"code": "x"}))
	w.must(403, w.with(secret, "GET", "/v1/reports", nil))
	w.must(403, w.with(secret, "POST", "/v1/reports", mailText, mail...))
}
