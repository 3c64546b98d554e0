package api_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// TestComplaintsOverREST: recorded once, listed, counted; about a copy that was
// never delivered only as a report.
func TestComplaintsOverREST(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	w.practice("southside")
	tenant := "/v1/tenants/northside"
	order := w.must(202, w.operator("POST", tenant+"/orders", map[string]any{
		"kind": "single", "template": "recall", "version": 1, "recipients": []string{w.recipient("northside", "P-1")},
		"values": []any{map[string]any{"recipient": w.recipient("northside", "P-1"), "values": map[string]any{"visit": "2026-12-01"}}},
	}, "X-Cordon-As", w.account("northside", "sender", cordon.RoleSender)))
	complaint := map[string]any{"dispatch": order.get(t, "dispatch", "id"), "recipient": w.recipient("northside", "P-1"), "kind": "complaint", "authenticated": true, "source": "example-fbl"}
	loop := w.account("northside", "loop", cordon.RoleAuthor)
	_, other := w.key(loop, "northside", cordon.SendSingle)
	_, secret := w.key(loop, "northside", cordon.RecordComplaints)

	w.must(403, w.with(other, "POST", tenant+"/complaints", complaint))
	r := w.must(409, w.with(secret, "POST", tenant+"/complaints", complaint))
	if r.get(t, "field") != "recipient" || !strings.Contains(r.get(t, "remedy"), "without authenticated") {
		t.Errorf("a copy not delivered: %s", r.text)
	}
	complaint["authenticated"] = false
	first := w.must(201, w.with(secret, "POST", tenant+"/complaints", complaint))
	again := w.must(201, w.with(secret, "POST", tenant+"/complaints", complaint))
	if first.get(t, "id") != again.get(t, "id") {
		t.Errorf("recorded twice: %s %s", first.text, again.text)
	}
	w.must(404, w.operator("POST", "/v1/tenants/southside/complaints", complaint))
	complaint["recipient"] = "p1@example.org"
	if r := w.must(422, w.with(secret, "POST", tenant+"/complaints", complaint)); strings.Contains(r.text, "p1@") {
		t.Errorf("an address came back: %s", r.text)
	}
	if list := w.must(200, w.operator("GET", tenant+"/complaints", nil)); strings.Count(list.text, `"id"`) != 1 || !strings.Contains(list.text, "example-fbl") {
		t.Errorf("listed: %s", list.text)
	}
	if e := w.must(200, w.operator("GET", tenant+"/evidence?template=recall&from=2020-01-01T00:00:00Z", nil)); !strings.Contains(e.text, `"reports":1`) || !strings.Contains(e.text, `"delivered":0`) {
		t.Errorf("evidence: %s", e.text)
	}
	if e := w.must(200, w.operator("GET", "/v1/tenants/southside/evidence", nil)); !strings.Contains(e.text, `"reports":0`) {
		t.Errorf("another tenant's evidence: %s", e.text)
	}
	w.must(422, w.operator("GET", tenant+"/evidence?template=recall&key=key_x", nil))
	w.must(404, w.operator("GET", "/v1/tenants/southside/evidence?dispatch="+order.get(t, "dispatch", "id"), nil))
}

// TestThresholdsAreLimits: the operator changes them, and a slip is named.
func TestThresholdsAreLimits(t *testing.T) {
	w := newWorld(t)
	w.tenant("northside")
	limits := w.must(200, w.operator("GET", "/v1/tenants/northside/limits", nil)).json(t)
	if limits["bounce_hold"] != 0.05 || limits["rule_stop_for"] != "12h0m0s" || limits["complaint_stop"] != 0.003 {
		t.Fatalf("the defaults are %v", limits)
	}
	delete(limits, "$schema")
	limits["bounce_hold"], limits["evidence_window"] = 0.08, "48h0m0s"
	changed := w.must(200, w.operator("PUT", "/v1/tenants/northside/limits", limits)).json(t)
	if changed["bounce_hold"] != 0.08 || changed["evidence_window"] != "48h0m0s" || changed["bounce_stop"] != 0.1 {
		t.Errorf("changed to %v", changed)
	}
	limits["bounce_hold"] = 0.5
	if r := w.must(422, w.operator("PUT", "/v1/tenants/northside/limits", limits)); !strings.Contains(r.text, "bounce_hold") {
		t.Errorf("a hold above its stop: %s", r.text)
	}
}
