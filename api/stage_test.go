package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestASendIsTakenIntoAPersonsHandsOverREST(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	path := "/v1/tenants/northside/limits"
	limits := w.must(200, w.operator("GET", path, nil)).json(t)
	delete(limits, "$schema")
	if limits["undo_bulk"] != "5m0s" || limits["first_use_hold"] != "10m0s" || limits["stage_from"] != 50.0 || len(limits["stages"].([]any)) != 3 {
		t.Fatalf("the defaults are %v", limits)
	}
	limits["stage_from"], limits["stages"] = 1, []map[string]any{{"copies": 5, "wait": "1m"}, {"copies": 5, "wait": "1m"}}
	if r := w.must(422, w.operator("PUT", path, limits)); !strings.Contains(r.text, "stages[1]") {
		t.Errorf("steps that do not grow: %s", r.text)
	}
	limits["stages"] = []map[string]any{{"copies": 1, "wait": "soon"}}
	if r := w.must(422, w.operator("PUT", path, limits)); !strings.Contains(r.text, "stages[0].wait") {
		t.Errorf("a wait that is none: %s", r.text)
	}
	limits["stages"] = []map[string]any{{"copies": 1, "wait": "90s"}}
	if got := w.must(200, w.operator("PUT", path, limits)).json(t); got["stages"].([]any)[0].(map[string]any)["wait"] != "1m30s" {
		t.Errorf("the limits are %v", got)
	}

	values := "recipient,visit\n" + w.recipient("northside", "P-1") + ",2026-05-04\n" + w.recipient("northside", "P-2") + ",2026-05-05\n"
	dispatch := w.must(202, w.operator("POST", "/v1/tenants/northside/orders?kind=bulk&template=recall&version=1&audience="+audienceID(w, "northside", "due"), values, "Content-Type", "text/csv")).get(t, "dispatch", "id")
	stages := "/v1/tenants/northside/dispatches/" + dispatch + "/stages"
	all := w.must(200, w.operator("GET", stages, nil)).json(t)["items"].([]any)
	if first := all[0].(map[string]any); len(all) != 2 || first["state"] != "open" || first["wait"] != "1m30s" || first["to"] != 1.0 || first["evidence"].(map[string]any)["delivered"] != 0.0 {
		t.Fatalf("the stages are %v", all)
	}
	reason := map[string]any{"reason": "two patients called"}
	w.must(422, w.operator("POST", stages+"/hold", map[string]any{"reason": ""}))
	if held := w.must(200, w.operator("POST", stages+"/hold", reason)).json(t); held["state"] != "held" || held["reason"] != "two patients called" || held["by"] != "operator" {
		t.Errorf("held: %v", held)
	}
	w.must(409, w.operator("POST", stages+"/hold", reason))
	if on := w.must(200, w.operator("POST", stages+"/resume", reason)).json(t); on["state"] != "open" {
		t.Errorf("resumed: %v", on)
	}
	// The operator ordered it, and what it waits for has not come.
	w.must(403, w.operator("POST", stages+"/advance", reason))
	w.must(http.StatusNotFound, w.operator("GET", strings.Replace(stages, dispatch, "dsp_0000000000000000000000000", 1), nil))
}
