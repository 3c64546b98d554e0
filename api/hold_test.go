package api_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// The queue over REST, by keys: listed, shown, counted, settled; a tenant's key
// sees its own alone.
func TestHoldsOverREST(t *testing.T) {
	w := newWorld(t)
	north, south := w.practice("north"), w.practice("south")
	held := func(handle, tenant string) string {
		_, secret := w.key(w.account(tenant, handle+" desk", cordon.RoleOperator), tenant, cordon.SendSingle, cordon.SendFree)
		r := w.must(202, w.with(secret, "POST", "/v1/tenants/"+handle+"/orders", map[string]any{
			"kind": "single", "recipients": []string{w.recipient(handle, "P-1"), w.recipient(handle, "P-2")},
			"content": map[string]any{"from_address": "care@" + handle + ".example", "subject": "Hello {{first_name}}", "text": "Dear {{first_name}}.", "fields": []any{map[string]any{"name": "first_name", "type": "name"}}},
		}))
		return r.get(t, "dispatch", "id")
	}
	one, two := held("north", north), held("north", north)
	theirs := held("south", south)
	_, chief := w.key(w.account(north, "chief two", cordon.RoleApprover), north, cordon.ReadDispatches, cordon.ReleaseHolds, cordon.ReadCatalog)
	_, viewer := w.key(w.account(north, "viewer", cordon.RoleViewer), north, cordon.ReadDispatches)

	r := w.must(200, w.with(chief, "GET", "/v1/holds?order=oldest&check=approve", nil))
	if first, second := strings.Index(r.text, one), strings.Index(r.text, two); first < 0 || second < first || strings.Contains(r.text, theirs) {
		t.Fatalf("the queue: %s", r.text)
	}
	w.must(404, w.with(chief, "GET", "/v1/holds?tenant=south", nil))
	w.must(404, w.with(chief, "GET", "/v1/tenants/south/holds", nil))
	w.must(422, w.with(chief, "GET", "/v1/holds?check=%25", nil))
	if r = w.must(200, w.operator("GET", "/v1/holds?tenant=south", nil)); !strings.Contains(r.text, theirs) || strings.Contains(r.text, one) {
		t.Errorf("the operator's view: %s", r.text)
	}

	r = w.must(200, w.with(chief, "GET", "/v1/tenants/north/holds/"+one, nil))
	for _, want := range []string{`"[Sample] Hello Sample"`, `"decision":"refuse"`, `"check":"approve"`, `"second_person":false`, `"days":[{`} {
		if !strings.Contains(r.text, want) {
			t.Errorf("the hold lacks %s: %s", want, r.text)
		}
	}
	if strings.Contains(r.text, "Ada") || strings.Contains(r.text, "unlikely") {
		t.Error("a real person's data was answered")
	}
	if r = w.must(200, w.with(viewer, "GET", "/v1/tenants/north/holds/"+one, nil)); strings.Contains(r.text, `"letter"`) {
		t.Error("a key without catalog.read reads the text")
	}
	w.must(404, w.with(chief, "GET", "/v1/tenants/north/holds/"+theirs, nil))

	w.must(403, w.with(viewer, "POST", "/v1/holds/preview", map[string]any{"filter": map[string]any{}}))
	p := w.must(200, w.with(chief, "POST", "/v1/holds/preview", map[string]any{"filter": map[string]any{}}))
	v := p.json(t)
	if v["dispatches"] != 2.0 || v["copies"] != 4.0 || len(v["by_key"].([]any)) != 2 || len(v["by_template"].([]any)) != 2 || v["second_person"] != false {
		t.Errorf("preview: %s", p.text)
	}
	act := map[string]any{"filter": v["filter"], "expect": "another", "reason": "known"}
	if r = w.must(409, w.with(chief, "POST", "/v1/holds/release", act)); !strings.Contains(r.text, "2 dispatches, 4 copies") {
		t.Errorf("the conflict: %s", r.text)
	}
	act["expect"] = v["token"]
	if r = w.must(200, w.with(chief, "POST", "/v1/holds/release", act)); strings.Contains(r.text, `"released"`) || strings.Count(r.text, "not approved") != 2 {
		t.Errorf("released what nobody approved: %s", r.text)
	}
	act["filter"] = map[string]any{"dispatches": []string{one, theirs}}
	r = w.must(200, w.with(chief, "POST", "/v1/tenants/north/holds/preview", map[string]any{"filter": act["filter"]}))
	act["expect"] = r.get(t, "token")
	if r = w.must(200, w.with(chief, "POST", "/v1/tenants/north/holds/discard", act)); !strings.Contains(r.text, `"discarded":[{`) || !strings.Contains(r.text, one) || strings.Contains(r.text, theirs) {
		t.Errorf("discarded: %s", r.text)
	}
	w.must(404, w.with(chief, "POST", "/v1/tenants/south/holds/discard", act))
	if r = w.must(200, w.operator("GET", "/v1/tenants/south/dispatches/"+theirs, nil)); r.get(t, "state") != "held" {
		t.Error("another tenant's was settled")
	}
	w.must(422, w.with(chief, "POST", "/v1/holds/discard", map[string]any{"filter": map[string]any{"nonsense": 1}, "expect": "x", "reason": "y"}))
}
