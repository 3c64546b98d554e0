package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func toText(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestBadInputNamesTheFieldAndTheFix(t *testing.T) {
	w := newWorld(t)
	w.tenant("northside")
	const js = "application/json"
	for name, c := range map[string]struct {
		method, path, media, body string
		status                    int
		field                     string
	}{
		"no body":             {"POST", "/v1/tenants", js, ``, 400, "body"},
		"malformed":           {"POST", "/v1/tenants", js, `{"handle":`, 400, "body"},
		"two objects":         {"POST", "/v1/tenants", js, `{"handle":"a","name":"b"}{}`, 400, "body"},
		"not an object":       {"POST", "/v1/tenants", js, `[]`, 422, "body"},
		"unknown field":       {"POST", "/v1/tenants", js, `{"handle":"a","name":"b","colour":"red"}`, 422, "colour"},
		"unknown deep field":  {"POST", "/v1/stops", js, `{"scope":{"tennant":"x"},"reason":"y"}`, 422, "scope.tennant"},
		"field missing":       {"POST", "/v1/tenants", js, `{"handle":"a"}`, 422, "name"},
		"deep field missing":  {"POST", "/v1/tenants/northside/templates/x/versions", js, `{"from_address":"a@b.example","subject":"s","fields":[{}]}`, 422, "fields[0].name"},
		"wrong type":          {"POST", "/v1/tenants", js, `{"handle":7,"name":"b"}`, 422, "handle"},
		"not one of":          {"POST", "/v1/accounts", js, `{"name":"x","role":"king"}`, 422, "role"},
		"too long":            {"POST", "/v1/tenants", js, `{"handle":"` + strings.Repeat("a", 41) + `","name":"b"}`, 422, "handle"},
		"not a handle":        {"POST", "/v1/tenants", js, `{"handle":"No Handle","name":"b"}`, 422, "handle"},
		"too large":           {"POST", "/v1/tenants", js, `{"handle":"a","name":"` + strings.Repeat("b", 1<<20) + `"}`, 413, "body"},
		"wrong media":         {"POST", "/v1/tenants", "text/plain", `{}`, 415, "Content-Type"},
		"no media":            {"POST", "/v1/tenants", "", `{}`, 415, "Content-Type"},
		"odd media":           {"POST", "/v1/tenants", ";;", `{}`, 415, "Content-Type"},
		"unknown query":       {"GET", "/v1/tenants?colour=red", "", ``, 422, "colour"},
		"limit not a number":  {"GET", "/v1/tenants?limit=all", "", ``, 422, "limit"},
		"limit too high":      {"GET", "/v1/tenants?limit=501", "", ``, 422, "limit"},
		"limit nought":        {"GET", "/v1/tenants?limit=0", "", ``, 422, "limit"},
		"version not one":     {"GET", "/v1/tenants/northside/templates/x/versions/zero", "", ``, 422, "version"},
		"time not one":        {"GET", "/v1/assess?from=yesterday", "", ``, 422, "from"},
		"nothing asked":       {"GET", "/v1/assess", "", ``, 422, "scope"},
		"stop of nothing":     {"POST", "/v1/stops", js, `{"scope":{},"reason":"x"}`, 422, "scope"},
		"stop without reason": {"POST", "/v1/stops", js, `{"scope":{"everything":true}}`, 422, "reason"},
		"stop of handle":      {"POST", "/v1/stops", js, `{"scope":{"template":"recall"},"reason":"x"}`, 422, "template"},
		"order of no kind":    {"POST", "/v1/tenants/northside/orders", js, `{"template":"x","version":1}`, 422, "kind"},
		"order unknown field": {"POST", "/v1/tenants/northside/orders", js, `{"kind":"bulk","subject":"Win!"}`, 422, "subject"},
		"order malformed":     {"POST", "/v1/tenants/northside/orders", js, `{`, 400, "body"},
		"order too large":     {"POST", "/v1/tenants/northside/orders", js, `{"kind":"` + strings.Repeat("b", 1<<20) + `"}`, 413, "body"},
		"order no version":    {"POST", "/v1/tenants/northside/orders", js, `{"kind":"bulk","template":"recall","audience":"due"}`, 0, ""},
		"form without order":  {"POST", "/v1/tenants/northside/orders", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"values\"\r\n\r\nx\r\n--b--\r\n", 400, "body"},
		"form not one":        {"POST", "/v1/tenants/northside/orders", "multipart/form-data", "x", 400, "body"},
		"sender no address":   {"POST", "/v1/tenants/northside/templates/x/versions", js, `{"from_address":"nobody","subject":"s"}`, 422, "from_address"},
		"neither of two":      {"POST", "/v1/tenants/northside/suppressions", js, `{}`, 422, "recipient"},
		"both of two":         {"POST", "/v1/tenants/northside/suppressions", js, `{"recipient":"r","address":"a@b.example"}`, 422, "recipient"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.media != "" {
				headers = []string{"Content-Type", c.media}
			}
			r := w.operator(c.method, c.path, strings.NewReader(c.body), headers...)
			if c.status == 0 {
				if r.status < 400 || r.status >= 500 {
					t.Errorf("answered %d: %s", r.status, r.text)
				}
				return
			}
			if r.status != c.status {
				t.Fatalf("answered %d, want %d: %s", r.status, c.status, r.text)
			}
			if media := r.header.Get("Content-Type"); media != "application/problem+json" {
				t.Errorf("Content-Type is %s", media)
			}
			p := r.json(t)
			if p["field"] != c.field || p["detail"] == "" || p["code"] != "invalid" || p["status"] != float64(c.status) {
				t.Errorf("want field %q: %s", c.field, r.text)
			}
		})
	}
}

func TestRoutesThatAreNotThereAreProblems(t *testing.T) {
	w := newWorld(t)
	r := w.must(404, w.operator("GET", "/v1/nothing", nil))
	if r.header.Get("Content-Type") != "application/problem+json" || r.get(t, "code") != "missing" {
		t.Errorf("answered %s", r.text)
	}
	r = w.must(405, w.operator("DELETE", "/v1/tenants", nil))
	if r.header.Get("Allow") != "GET, HEAD, POST" || r.get(t, "code") != "invalid" || !strings.Contains(r.get(t, "remedy"), "POST") {
		t.Errorf("Allow is %q: %s", r.header.Get("Allow"), r.text)
	}
	w.must(200, w.call(w.public, http.MethodGet, "/openapi.json", nil))
}

func TestEveryProblemNamesItsCall(t *testing.T) {
	w := newWorld(t)
	for _, r := range []reply{
		w.operator("GET", "/v1/nothing", nil),
		w.operator("POST", "/v1/tenants", `{`, "Content-Type", "application/json"),
		w.operator("GET", "/v1/tenants/nobody", nil),
		w.call(w.public, "GET", "/v1/whoami", nil),
	} {
		if id := r.header.Get("X-Request-Id"); id == "" || r.get(t, "instance") != "urn:cordon:request:"+id {
			t.Errorf("call %q is named %q", id, r.text)
		}
	}
}
