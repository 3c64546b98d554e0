package api_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// routes reads the golden list: what is tested is what is published.
func routes(t *testing.T) [][3]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/routes.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all [][3]string
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		all = append(all, [3]string{fields[0], fields[1], strings.Join(fields[2:], " ")})
	}
	return all
}

func concrete(path string) string {
	return strings.NewReplacer("{tenant}", "northside", "{version}", "1", "{", "", "}", "").Replace(path)
}

func TestNoRouteAnswersWithoutAKey(t *testing.T) {
	w := newWorld(t)
	for _, r := range routes(t) {
		for _, header := range [][]string{nil, {"Authorization", "Bearer cordon_wrong"}, {"Authorization", "Basic eDp5"}, {"Authorization", "Bearer"}} {
			got := w.call(w.public, r[0], concrete(r[1]), nil, header...)
			if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s with %v answers %d", r[0], r[1], header, got.status)
			}
		}
	}
}

func TestNoRouteAnswersWithoutItsPermission(t *testing.T) {
	w := newWorld(t)
	tenant := w.tenant("northside")
	boss := w.account("", "boss", cordon.RoleOperator)
	for _, r := range routes(t) {
		if r[2] == "(any key)" {
			continue
		}
		var others []cordon.Permission
		for _, p := range cordon.Permissions() {
			if !strings.Contains(" "+r[2]+" ", " "+string(p)+" ") {
				others = append(others, p)
			}
		}
		_, secret := w.key(boss, tenant, others...)
		got := w.with(secret, r[0], concrete(r[1]), nil)
		if got.status != http.StatusForbidden || got.get(t, "code") != "denied" {
			t.Errorf("%s %s answers %d to a key with everything but %s: %s", r[0], r[1], got.status, r[2], got.text)
		}
	}
}

func TestUnknownAndForeignTenantsAreAnsweredAlike(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	foreign := w.practice("southside")
	boss := w.account("", "boss", cordon.RoleOperator)
	for _, r := range routes(t) {
		if !strings.Contains(r[1], "{tenant}") {
			continue
		}
		// A key of its own for each route: reaching for others costs keys.
		answers := map[string]string{}
		for _, ref := range []string{foreign, "southside", string(cordon.NewTenantID()), "nobody", "%2e%2e", "ten_1"} {
			_, secret := w.key(boss, "northside", cordon.Permissions()...)
			path := strings.Replace(r[1], "{tenant}", ref, 1)
			var body any
			headers := []string{}
			if r[0] != http.MethodGet && r[0] != http.MethodDelete {
				body = map[string]any{"kind": "bulk", "template": "recall", "version": 1, "audience": "due"}
			}
			if strings.HasSuffix(path, "/import") {
				body, headers = "ref,email\n", []string{"Content-Type", "text/csv"}
			}
			got := w.with(secret, r[0], concrete(path), body, headers...)
			if got.status != http.StatusNotFound {
				t.Errorf("%s %s of %s answers %d: %s", r[0], r[1], ref, got.status, got.text)
				continue
			}
			problem := got.json(t)
			delete(problem, "instance")
			answers[strings.Join(strings.Fields(toText(t, problem)), " ")] = ref
		}
		if len(answers) > 1 {
			t.Errorf("%s %s tells foreign from unknown: %v", r[0], r[1], answers)
		}
	}
}

func TestReachingForAnotherTenantIsASignal(t *testing.T) {
	w := newWorld(t)
	tenant := w.practice("northside")
	foreign := w.practice("southside")
	_, secret := w.key(w.account(tenant, "thief", cordon.RoleSender), "northside", cordon.SendSingle)
	w.must(404, w.with(secret, "POST", "/v1/tenants/"+foreign+"/orders", map[string]any{
		"kind": "single", "template": "recall", "version": 1, "recipients": []string{w.recipient("southside", "P-1")},
	}))
	if signals := w.must(200, w.operator("GET", "/v1/signals", nil)); !strings.Contains(signals.text, string(cordon.SignalForeignTenant)) {
		t.Errorf("nothing was recorded: %s", signals.text)
	}
}

func TestOnlyTheOperatorActsForOthers(t *testing.T) {
	w := newWorld(t)
	tenant := w.tenant("northside")
	nurse := w.account(tenant, "nurse", cordon.RoleAuthor)
	if me := w.must(200, w.operator("GET", "/v1/whoami", nil, "X-Cordon-As", nurse)).json(t); me["actor"] != nurse {
		t.Errorf("acting for the nurse is %v", me)
	}
	w.must(404, w.operator("GET", "/v1/whoami", nil, "X-Cordon-As", string(cordon.NewAccountID())))
	_, secret := w.key(nurse, "", cordon.ReadCatalog)
	w.must(403, w.with(secret, "GET", "/v1/whoami", nil, "X-Cordon-As", nurse))
	w.must(403, w.call(w.public, "GET", "/v1/whoami", nil, "X-Cordon-As", nurse))
	w.must(403, w.operator("GET", "/v1/whoami", nil, "X-Cordon-As", nurse, "Authorization", "Bearer "+secret))
}

func TestNoAnswerHoldsPersonalData(t *testing.T) {
	w := newWorld(t)
	w.practice("northside")
	one := w.recipient("northside", "P-1")
	w.must(202, w.operator("POST", "/v1/tenants/northside/orders", map[string]any{
		"kind": "single", "template": "recall", "version": 1, "recipients": []string{one},
		"values": []any{map[string]any{"recipient": one, "values": map[string]string{"visit": "2026-05-04"}}},
	}))
	w.must(204, w.operator("POST", "/v1/tenants/northside/suppressions", map[string]any{"address": "ada.unlikely@mail.example.net"}))
	r := w.must(422, w.operator("POST", "/v1/tenants/northside/suppressions", map[string]any{"address": "ada.unlikely@@mail.example.net"}))
	if strings.Contains(r.text, "unlikely") {
		t.Errorf("a problem repeats the address: %s", r.text)
	}
	r = w.operator("POST", "/v1/tenants/northside/suppressions", map[string]any{"address": "ada.unlikely@mail.example.net", "reason": "ada.unlikely"})
	if strings.Contains(r.text, "unlikely") {
		t.Errorf("a problem repeats the input: %s", r.text)
	}
	for _, route := range routes(t) {
		if route[0] != http.MethodGet {
			continue
		}
		path := strings.NewReplacer("{template}", "recall", "{audience}", "due", "{ref}", "P-1").Replace(route[1])
		if strings.HasPrefix(path, "/v1/assess") {
			path += "?tenant=northside"
		}
		got := w.operator(http.MethodGet, concrete(path), nil)
		for _, personal := range []string{"nlikely", "Ada", "mail.example.net"} {
			if strings.Contains(got.text, personal) {
				t.Errorf("%s holds %q: %s", path, personal, got.text)
			}
		}
	}
}

func TestRevealNeedsItsPermission(t *testing.T) {
	w := newWorld(t)
	tenant := w.practice("northside")
	_, secret := w.key(w.account(tenant, "viewer", cordon.RoleViewer), "northside", cordon.Assess, cordon.ReadCatalog)
	w.must(200, w.with(secret, "GET", "/v1/assess.csv?tenant=northside", nil))
	w.must(403, w.with(secret, "GET", "/v1/assess.csv?tenant=northside&reveal=true", nil))
	w.must(403, w.with(secret, "POST", "/v1/tenants/northside/recipients/"+w.recipient("northside", "P-1")+"/reveal", map[string]any{"purpose": "curiosity"}))
}
