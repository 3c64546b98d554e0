package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bare is the edge without services: enough for what it says about itself.
func bare() *API { return New(Config{}) }

func TestEveryRouteNamesAPermission(t *testing.T) {
	for _, r := range bare().routes() {
		if len(r.need) == 0 || slices.Contains(r.need, "") {
			t.Errorf("%s %s names no permission: it is closed to everybody", r.method, r.path)
		}
	}
}

func TestRoutesAreTheGoldenOnes(t *testing.T) {
	var got strings.Builder
	for _, r := range bare().routes() {
		fmt.Fprintf(&got, "%-6s %-70s %s\n", r.method, r.path, r.need)
	}
	path := filepath.Join("testdata", "routes.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("routes and permissions changed; if it is meant, run go test ./api -run Golden -update\n%s", got.String())
	}
}

// described fetches the document as a client does.
func described(t *testing.T) map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	bare().Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("answered %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	var doc map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// dig follows keys into a document.
func dig(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func TestDescriptionIsComplete(t *testing.T) {
	doc := described(t)
	if version := dig(doc, "openapi"); version != "3.1.0" {
		t.Errorf("openapi is %v", version)
	}
	if dig(doc, "info", "title") != "Cordon" || dig(doc, "info", "version") == "" {
		t.Errorf("info is %v", doc["info"])
	}
	if dig(doc, "components", "securitySchemes", "bearer", "scheme") != "bearer" {
		t.Error("the bearer scheme is missing")
	}
	tags := map[string]bool{}
	for _, tag := range doc["tags"].([]any) {
		tags[dig(tag, "name").(string)] = true
	}
	for _, r := range bare().routes() {
		op, ok := dig(doc, "paths", r.path, strings.ToLower(r.method)).(map[string]any)
		if !ok {
			t.Errorf("%s %s is not described", r.method, r.path)
			continue
		}
		if op["summary"] == "" || op["operationId"] != r.id || !tags[r.tag] || op["security"] == nil {
			t.Errorf("%s %s lacks a summary, an ID, a known tag or its security", r.method, r.path)
		}
		for _, name := range pathParameters(r.path) {
			if !slices.ContainsFunc(asList(op["parameters"]), func(p any) bool { return dig(p, "in") == "path" && dig(p, "name") == name }) {
				t.Errorf("%s %s does not declare {%s}", r.method, r.path, name)
			}
		}
		for _, p := range asList(op["parameters"]) {
			if dig(p, "description") == nil {
				t.Errorf("%s %s: parameter %v has no description", r.method, r.path, dig(p, "name"))
			}
		}
	}
}

func pathParameters(path string) []string {
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

func asList(v any) []any { l, _ := v.([]any); return l }

func TestEveryReferenceResolves(t *testing.T) {
	doc := described(t)
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				path, local := strings.CutPrefix(ref, "#/")
				if !local || dig(doc, strings.Split(path, "/")...) == nil {
					t.Errorf("%s: %s resolves to nothing", at, ref)
				}
			}
			for key, inner := range v {
				walk(at+"/"+key, inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprintf("%s/%d", at, i), inner)
			}
		}
	}
	walk("", doc)
}

func TestEveryPropertyIsDescribed(t *testing.T) {
	for name, schema := range dig(described(t), "components", "schemas").(map[string]any) {
		properties, _ := dig(schema, "properties").(map[string]any)
		for property, p := range properties {
			if dig(p, "description") == nil {
				t.Errorf("%s.%s has no description", name, property)
			}
		}
	}
}

func TestAnswersMayGrowButRequestsMayNot(t *testing.T) {
	schemas := dig(described(t), "components", "schemas")
	if dig(schemas, "StopRequest", "additionalProperties") != false {
		t.Error("a request with an unknown field would pass")
	}
	if dig(schemas, "Dispatch", "additionalProperties") != nil {
		t.Error("a client that holds to the description breaks when an answer gains a key")
	}
}

func TestEveryWordIsUsed(t *testing.T) {
	used, say := map[string]bool{}, words()
	for name, schema := range bare().huma.OpenAPI().Components.Schemas.Map() {
		for property := range schema.Properties {
			if _, ok := say[name+"."+property]; ok {
				used[name+"."+property] = true
			} else {
				used[property] = true
			}
		}
	}
	for name := range say {
		if !used[name] {
			t.Errorf("%s describes nothing", name)
		}
	}
}
