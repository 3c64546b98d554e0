package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/api"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/watch"
)

// world is the edge over real services and a real database.
type world struct {
	t      *testing.T
	public *httptest.Server // takes keys
	local  *httptest.Server // the operator's
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	master := bytes.Repeat([]byte{7}, 32)
	st, err := store.Open(t.Context(), store.Options{DataDir: dir, Master: master})
	if err != nil {
		t.Fatal(err)
	}
	edge := api.New(api.Config{
		Desk:     intake.New(intake.Config{Store: st, Judge: guard.New(guard.Config{Store: st}), Provenance: store.Derive(master, "provenance")}),
		Warden:   contain.New(contain.Config{Store: st}),
		Auditor:  ledger.New(ledger.Config{Store: st, Seed: store.Derive(master, "ledger")}),
		Registry: identity.New(identity.Config{Store: st}),
		Catalog:  catalog.New(catalog.Config{Store: st, DataDir: dir}),
		Watch:    watch.New(watch.Config{Store: st}),
		Herald:   announce.New(announce.Config{Store: st, FirstNumber: 42837}),
		StatusFiles: func(context.Context) (map[string][]byte, error) {
			return map[string][]byte{"index.html": []byte("<!doctype html>")}, nil
		},
		OnCall: oncall.New(oncall.Config{Store: st, Wire: anyWire{}, LinkKey: master, URL: "https://house.example"}),
	})
	w := &world{t: t, public: httptest.NewServer(edge.Handler()), local: httptest.NewServer(edge.Local())}
	t.Cleanup(func() {
		w.public.Close()
		w.local.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	text   string
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.text), &v); err != nil {
		t.Fatalf("answer is not one JSON object: %v: %s", err, r.text)
	}
	return v
}

// get digs a string out of the answer.
func (r reply) get(t *testing.T, keys ...string) string {
	t.Helper()
	var v any = r.json(t)
	for _, key := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no %v in %s", keys, r.text)
		}
		v = m[key]
	}
	s, ok := v.(string)
	if !ok {
		t.Fatalf("no text %v in %s", keys, r.text)
	}
	return s
}

// call is one request; headers come in pairs.
func (w *world) call(server *httptest.Server, method, path string, body any, headers ...string) reply {
	w.t.Helper()
	var from io.Reader
	media := ""
	switch b := body.(type) {
	case nil:
	case string:
		from = strings.NewReader(b)
	case io.Reader:
		from = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		from, media = bytes.NewReader(raw), "application/json"
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, server.URL+path, from)
	if err != nil {
		w.t.Fatal(err)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

// operator calls as who holds the data folder.
func (w *world) operator(method, path string, body any, headers ...string) reply {
	w.t.Helper()
	return w.call(w.local, method, path, body, headers...)
}

// with calls with a key.
func (w *world) with(secret, method, path string, body any, headers ...string) reply {
	w.t.Helper()
	return w.call(w.public, method, path, body, append(headers, "Authorization", "Bearer "+secret)...)
}

// must fails the test unless the answer has the status.
func (w *world) must(status int, r reply) reply {
	w.t.Helper()
	if r.status != status {
		w.t.Fatalf("answered %d, want %d: %s", r.status, status, r.text)
	}
	return r
}

func (w *world) tenant(handle string) string {
	w.t.Helper()
	r := w.must(201, w.operator("POST", "/v1/tenants", map[string]any{"handle": handle, "name": "Practice " + handle}))
	return r.get(w.t, "id")
}

func (w *world) account(tenant, name string, role cordon.Role) string {
	w.t.Helper()
	body := map[string]any{"name": name, "role": role}
	if tenant != "" {
		body["tenant"] = tenant
	}
	return w.must(201, w.operator("POST", "/v1/accounts", body)).get(w.t, "id")
}

func (w *world) key(account, tenant string, may ...cordon.Permission) (id, secret string) {
	w.t.Helper()
	body := map[string]any{"account": account, "name": "test", "permissions": may}
	if tenant != "" {
		body["tenant"] = tenant
	}
	r := w.must(201, w.operator("POST", "/v1/keys", body))
	return r.get(w.t, "key", "id"), r.get(w.t, "secret")
}

const people = "ref,email,name,first_name,tags\n" +
	"P-1,ada.unlikely@mail.example.net,Ada Unlikely,Ada,recall\n" +
	"P-2,ben.unlikely@mail.example.net,Ben Unlikely,Ben,recall\n" +
	"P-3,cyd.unlikely@mail.example.net,Cyd Unlikely,Cyd,other\n"

// practice is a tenant that may send: people, an approved letter, an audience.
func (w *world) practice(handle string) (tenant string) {
	w.t.Helper()
	tenant = w.tenant(handle)
	w.must(201, w.operator("POST", "/v1/tenants/"+handle+"/domains", map[string]any{"name": handle + ".example"}))
	w.imported(handle, people)
	author, chief := w.account(tenant, handle+" author", cordon.RoleAuthor), w.account(tenant, handle+" chief", cordon.RoleApprover)
	t := "/v1/tenants/" + handle
	w.must(201, w.operator("POST", t+"/templates", map[string]any{"handle": "recall"}, "X-Cordon-As", author))
	v := w.must(201, w.operator("POST", t+"/templates/recall/versions", map[string]any{
		"from_address": "care@" + handle + ".example", "from_name": "Practice", "subject": "Your visit, {{first_name}}",
		"text": "Dear {{first_name}}, please come on {{visit}}.", "fields": []any{
			map[string]any{"name": "first_name", "type": "name"},
			map[string]any{"name": "visit", "type": "date", "source": "order"},
		},
	}, "X-Cordon-As", author))
	w.must(200, w.operator("POST", t+"/templates/recall/versions/1/approve", map[string]any{"hash": v.get(w.t, "hash")}, "X-Cordon-As", chief))
	w.must(201, w.operator("POST", t+"/audiences", map[string]any{"handle": "due", "filter": map[string]any{"all": []string{"recall"}}}))
	return tenant
}

func (w *world) imported(handle, csv string) {
	w.t.Helper()
	r := w.must(200, w.operator("POST", "/v1/tenants/"+handle+"/recipients/import", csv, "Content-Type", "text/csv"))
	if !strings.Contains(r.text, `"ok":true`) {
		w.t.Fatalf("not imported: %s", r.text)
	}
}

func (w *world) recipient(handle, ref string) string {
	w.t.Helper()
	return w.must(200, w.operator("GET", "/v1/tenants/"+handle+"/refs/"+ref, nil)).get(w.t, "id")
}
