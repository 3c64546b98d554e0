package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// anyWire takes every target and says that every channel is ready.
type anyWire struct{}

func (anyWire) Ready(context.Context, cordon.Channel) error           { return nil }
func (anyWire) Check(_ cordon.Channel, target string) (string, error) { return target, nil }

func TestOnCallOverREST(t *testing.T) {
	w := newWorld(t)
	contact := w.must(201, w.operator("POST", "/v1/oncall/contacts", map[string]any{"name": "Duty engineer"})).get(t, "id")
	added := w.must(201, w.operator("POST", "/v1/oncall/contacts/"+contact+"/methods", map[string]any{"channel": "mail", "target": "unlikely@house.example"}))
	if strings.Contains(added.text, "unlikely") || added.get(t, "hint") != "u…@house.example" {
		t.Errorf("the answer holds the target: %s", added.text)
	}
	w.must(422, w.operator("POST", "/v1/oncall/methods/"+added.get(t, "id")+"/verify", map[string]any{"code": "000000"}))
	listed := w.must(200, w.operator("GET", "/v1/oncall/contacts", nil))
	if strings.Contains(listed.text, "unlikely") {
		t.Errorf("the list holds the target: %s", listed.text)
	}
	schedule := map[string]any{"handle": "primary", "zone": "Europe/Oslo", "layers": []any{map[string]any{"rotation": "weeks", "length": 1, "start": "2026-01-05", "handoff": "09:00", "people": []string{contact}}}}
	id := w.must(201, w.operator("POST", "/v1/oncall/schedules", schedule)).get(t, "id")
	w.must(409, w.operator("POST", "/v1/oncall/schedules", schedule))
	schedule["zone"] = "Europe/Nowhere"
	w.must(422, w.operator("PUT", "/v1/oncall/schedules/primary", schedule))
	shown := w.must(200, w.operator("GET", "/v1/oncall/schedules/primary?weeks=2", nil)).json(t)
	if shifts := shown["shifts"].([]any); len(shifts) == 0 || shifts[0].(map[string]any)["name"] != "Duty engineer" {
		t.Errorf("shifts %v", shown)
	}
	w.must(422, w.operator("POST", "/v1/oncall/policies", map[string]any{"handle": "default", "steps": []any{map[string]any{"minutes": 9001, "targets": []any{map[string]any{"schedule": id}}}}}))
	w.must(201, w.operator("POST", "/v1/oncall/policies", map[string]any{"handle": "default", "steps": []any{map[string]any{"minutes": 9000, "targets": []any{map[string]any{"schedule": id}}}}}))
	w.must(204, w.operator("PUT", "/v1/oncall/routes", map[string]any{"role": "customer-liaison", "severity": "SEV-2", "policy": "default"}))
	now := w.must(200, w.operator("GET", "/v1/oncall", nil))
	if !strings.Contains(now.text, "no verified contact method") || !strings.Contains(now.text, "No fallback") {
		t.Errorf("problems are not named: %s", now.text)
	}

	page := w.must(201, w.operator("POST", "/v1/pages", map[string]any{"title": "Copies leave that must not", "severity": "SEV-2", "key": "k"}))
	if again := w.must(201, w.operator("POST", "/v1/pages", map[string]any{"title": "Copies leave that must not", "key": "k"})); again.get(t, "id") != page.get(t, "id") {
		t.Error("one key gives two pages")
	}
	path := "/v1/pages/" + page.get(t, "id")
	if acked := w.must(200, w.operator("POST", path+"/ack", map[string]any{"minutes": 30})); acked.get(t, "state") != "acknowledged" {
		t.Errorf("answered %s", acked.text)
	}
	w.must(422, w.operator("POST", path+"/ack", map[string]any{"minutes": 1000}))
	w.must(200, w.operator("POST", path+"/escalate", nil))
	w.must(200, w.operator("POST", path+"/resolve", nil))
	w.must(409, w.operator("POST", path+"/ack", map[string]any{}))
	if text := w.must(200, w.operator("GET", path, nil)).text; !strings.Contains(text, `"resolved"`) || !strings.Contains(text, `"events"`) {
		t.Errorf("shown %s", text)
	}
	w.must(200, w.operator("PUT", "/v1/oncall/heartbeats/backup", map[string]any{"every_seconds": 60}))
	w.must(204, w.operator("POST", "/v1/heartbeats/backup", nil))
	w.must(404, w.operator("POST", "/v1/heartbeats/other", nil))
}

// On call belongs to the house: a tenant's people neither see nor change it.
func TestOnCallIsNoTenants(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	_, key := w.key(w.account("northside", "Chief", cordon.RoleOperator), "northside", cordon.ReadIncidents, cordon.ManageIncidents, cordon.ManageOnCall)
	for _, path := range []string{"/v1/oncall", "/v1/oncall/contacts", "/v1/pages", "/v1/oncall/webhook-secret", "/v1/oncall/heartbeats"} {
		w.must(403, w.with(key, "GET", path, nil))
	}
	w.must(403, w.with(key, "POST", "/v1/pages", map[string]any{"title": "x"}))
	w.must(403, w.with(key, "POST", "/v1/oncall/contacts", map[string]any{"name": "x"}))
}
