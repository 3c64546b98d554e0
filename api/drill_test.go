package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
)

// running is the edge of a whole house that runs, where drills are quick.
func running(t *testing.T) *world {
	t.Helper()
	config := app.DefaultConfig()
	config.Data, config.Listen = t.TempDir(), "127.0.0.1:0"
	house, err := app.Open(t.Context(), config, app.Options{Log: app.NewLog(io.Discard, config.Log), DrillPatients: 220, DrillUndo: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- house.Run(ctx, func(address string) { ready <- address }) }()
	w := &world{t: t, public: httptest.NewServer(house.API.Handler()), local: httptest.NewServer(house.API.Local())}
	t.Cleanup(func() {
		w.public.Close()
		w.local.Close()
		cancel()
		if err := errors.Join(<-done, house.Close()); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("the house does not run: %v", err)
	}
	return w
}

func TestADrillOverREST(t *testing.T) {
	w := running(t)
	r := w.poll(func() (reply, bool) {
		r := w.operator("POST", "/v1/drills/id-walk/runs", map[string]any{"edge_fault": true})
		return r, r.status != http.StatusServiceUnavailable // it has only just begun
	})
	w.must(202, r)
	where := r.header.Get("Location")
	if where != "/v1/drill-runs/"+r.get(t, "id") || r.get(t, "state") != "running" || r.json(t)["exercise"] != true || r.json(t)["edge_fault"] != true {
		t.Errorf("begun: %s at %q", r.text, where)
	}
	second := w.must(409, w.operator("POST", "/v1/drills/id-walk/runs", map[string]any{}))
	if second.get(t, "code") != "conflict" || !strings.Contains(second.get(t, "remedy"), where) {
		t.Errorf("a second run: %s", second.text)
	}
	r = w.poll(func() (reply, bool) {
		r := w.must(200, w.operator("GET", where, nil))
		return r, r.get(t, "state") != "running"
	})
	var run drill.Run
	if err := json.Unmarshal([]byte(r.text), &run); err != nil {
		t.Fatal(err)
	}
	if run.State != drill.Passed || run.Report == nil || !run.Report.OK || len(run.Report.Variants) != 11 || len(run.Progress) < 10 || run.EndedAt.Before(run.StartedAt) {
		t.Fatalf("ended: %s", r.text)
	}
	// What a program reads of `cordon drill run --json` it reads here too.
	raw, err := json.Marshal(run.Report)
	if err != nil {
		t.Fatal(err)
	}
	var own any
	if err := json.Unmarshal(raw, &own); err != nil {
		t.Fatal(err)
	}
	if there, here := shape(r.json(t)["report"]), shape(own); there != here {
		t.Errorf("REST's report is\n%s\nthe command line's\n%s", there, here)
	}
	list := w.must(200, w.operator("GET", "/v1/drills", nil)).json(t)
	if len(list["drills"].([]any)) != len(drill.List()) || len(list["runs"].([]any)) != 1 {
		t.Errorf("listed: %v", list)
	}
	if entries := w.must(200, w.operator("GET", "/v1/ledger/entries?limit=500", nil)); strings.Contains(entries.text, "patients.example") {
		t.Error("an invented patient's address is in the ledger")
	}
}

// poll asks until the answer is the one waited for.
func (w *world) poll(ask func() (reply, bool)) reply {
	w.t.Helper()
	end := time.NewTimer(time.Minute)
	defer end.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		r, done := ask()
		if done {
			return r
		}
		select {
		case <-end.C:
			w.t.Fatalf("waited in vain; last %s", r.text)
		case <-look.C:
		}
	}
}

// shape is the keys of a value, level by level.
func shape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var keys []string
		for key, inner := range v {
			keys = append(keys, key+shape(inner))
		}
		slices.Sort(keys)
		return "{" + strings.Join(keys, " ") + "}"
	case []any:
		if len(v) > 0 {
			return "[" + shape(v[0]) + "]"
		}
	}
	return ""
}

func TestDrillsAreTheOperatorsAlone(t *testing.T) {
	w := running(t)
	tenant := w.tenant("harbour")
	_, ofTenant := w.key(w.account(tenant, "boss", cordon.RoleOperator), tenant, cordon.RunDrills)
	_, half := w.key(w.account("", "chief", cordon.RoleOperator), "", cordon.RunDrills) // may not make the practices
	_, responder := w.key(w.account("", "duty", cordon.RoleResponder), "", cordon.PlaceStops)
	_, sender := w.key(w.account(tenant, "desk", cordon.RoleSender), tenant, cordon.SendSingle)
	for name, secret := range map[string]string{"a tenant's operator": ofTenant, "a responder": responder, "drills.run alone": half, "a sender": sender} {
		for _, call := range [][2]string{{"GET", "/v1/drills"}, {"POST", "/v1/drills/id-walk/runs"}, {"GET", "/v1/drill-runs/run_x"}} {
			var body any
			if call[0] == "POST" {
				body = map[string]any{}
			}
			if r := w.with(secret, call[0], call[1], body); r.status != http.StatusForbidden {
				t.Errorf("%s: %s %s answered %d", name, call[0], call[1], r.status)
			}
		}
	}
	w.must(404, w.operator("POST", "/v1/drills/id-wlak/runs", map[string]any{}))
	w.must(404, w.operator("GET", "/v1/drill-runs/run_0", nil))
	w.must(422, w.operator("POST", "/v1/drills/id-walk/runs", map[string]any{"edge": true}))
}

// A house that is only opened for one command line sends nothing, so nothing can
// be rehearsed on it.
func TestAHouseThatDoesNotRunRehearsesNothing(t *testing.T) {
	config := app.DefaultConfig()
	config.Data = t.TempDir()
	house, err := app.Open(t.Context(), config, app.Options{Log: app.NewLog(io.Discard, config.Log)})
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	w := &world{t: t, local: httptest.NewServer(house.API.Local())}
	defer w.local.Close()
	r := w.must(503, w.operator("POST", "/v1/drills/id-walk/runs", map[string]any{}))
	if !strings.Contains(r.get(t, "remedy"), "cordon serve") {
		t.Errorf("answered %s", r.text)
	}
}

func TestAnExerciseTenantIsMadeByTheOperatorAlone(t *testing.T) {
	w := newWorld(t)
	r := w.must(201, w.operator("POST", "/v1/tenants", map[string]any{"handle": "practice-run", "name": "Practice run", "exercise": true}))
	if r.json(t)["exercise"] != true || w.must(200, w.operator("GET", r.header.Get("Location"), nil)).json(t)["exercise"] != true {
		t.Errorf("made: %s", r.text)
	}
	_, secret := w.key(w.account("", "duty", cordon.RoleResponder), "", cordon.ReadCatalog)
	w.must(403, w.with(secret, "POST", "/v1/tenants", map[string]any{"handle": "other", "name": "Other", "exercise": true}))
}
