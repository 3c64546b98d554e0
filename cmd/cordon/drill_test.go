package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/identity"
)

// walkIDs runs the whole walk on a house of its own, with the weak practice as
// weaken left it.
func walkIDs(t *testing.T, weaken func(*stage, *drill.Practice)) drill.Report {
	t.Helper()
	ctx := t.Context()
	config := app.DefaultConfig()
	config.Data, config.Listen = t.TempDir(), "127.0.0.1:0"
	s, err := openStage(ctx, config, app.Options{Log: app.NewLog(io.Discard, config.Log)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := s.rehearsal(time.Second, 0, nil)
	var practices []*drill.Practice
	for _, name := range []string{"exercise-one", "exercise-two"} {
		p, err := r.Open(ctx, name, "EXERCISE "+name, 220)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Patients) != 220 || len(p.Decoys) < 3 {
			t.Fatalf("%s has %d patients and %d decoys", name, len(p.Patients), len(p.Decoys))
		}
		practices = append(practices, p)
	}
	weaken(s, practices[0])
	report, err := r.Run(ctx, "id-walk", practices, drill.Options{EdgeFault: true})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAnHonestHousePassesTheWalk(t *testing.T) {
	report := walkIDs(t, func(*stage, *drill.Practice) {})
	for _, e := range report.Expectations {
		if !e.OK {
			t.Errorf("%s: want %s, got %s", e.Name, e.Want, e.Got)
		}
	}
	if !report.OK || !report.Exercise || len(report.Variants) != 11 {
		t.Errorf("ok %v, exercise %v, %d variants", report.OK, report.Exercise, len(report.Variants))
	}
}

// A rehearsal that cannot fail proves nothing: with the guard's limits out of
// the way and a list that holds no decoys, it must say what it saw.
func TestAWeakenedHouseFailsTheWalk(t *testing.T) {
	report := walkIDs(t, func(s *stage, p *drill.Practice) {
		operator := s.house.Registry.Operator()
		limits, err := s.house.Catalog.Limits(t.Context(), operator, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		limits.BadIDs, limits.BadIDShare, limits.BurstShare, limits.KeyPromptPerHour = 100_000, 1, 0, 100_000
		if err := s.house.Catalog.SetLimits(t.Context(), operator, p.ID, limits); err != nil {
			t.Fatal(err)
		}
		p.Decoys = nil // the thief knows which they are
	})
	failed := map[string]bool{}
	for _, v := range report.Variants {
		failed[v.Name] = !v.OK
	}
	if report.OK || !failed["random"] || !failed["foreign"] || !failed["harvested"] || report.BadCopiesOut <= 10 {
		t.Errorf("ok %v, %d bad copies out, failed %v", report.OK, report.BadCopiesOut, failed)
	}
	if failed["edited-template"] || failed["free-content"] || failed["edge-fault"] {
		t.Errorf("what does not hang on these limits failed too: %v", failed)
	}
	var out strings.Builder
	printReport(&out, report)
	if !strings.Contains(out.String(), "FAILED") {
		t.Errorf("the report does not say FAILED:\n%s", out.String())
	}
}

func TestADrillThatIsNoneIsNamed(t *testing.T) {
	_, err := runDrill(t.Context(), io.Discard, drillOptions{name: "id-wlak", patients: 220})
	if cordon.CodeOf(err) != cordon.Invalid || !strings.Contains(err.Error(), "drill list") {
		t.Errorf("answered %v", err)
	}
}

// On a running house the command line asks REST, tells the progress, and ends
// with the report; the house is as it was.
func TestADrillOnTheRunningHouse(t *testing.T) {
	config := app.DefaultConfig()
	config.Data, config.Listen = t.TempDir(), "127.0.0.1:0"
	house, err := app.Open(t.Context(), config, app.Options{Log: app.NewLog(io.Discard, config.Log), DrillPatients: 220, DrillUndo: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- house.Run(ctx, func(address string) { ready <- address }) }()
	defer func() {
		cancel()
		if err := errors.Join(<-done, house.Close()); err != nil {
			t.Error(err)
		}
	}()
	address := <-ready
	cordonWith := func(env map[string]string, args ...string) (status int, out, said string) {
		var stdout, stderr strings.Builder
		status = run(args, &shell{in: strings.NewReader(""), out: &stdout, err: &stderr, getenv: func(name string) string { return env[name] }})
		return status, stdout.String(), stderr.String()
	}
	here := map[string]string{"CORDON_DATA": config.Data}
	status, out, said := cordonWith(here, "drill", "run", "id-walk", "--edge-fault", "--json")
	for status == 1 && strings.Contains(said, "only just begun") {
		status, out, said = cordonWith(here, "drill", "run", "id-walk", "--edge-fault", "--json")
	}
	var report drill.Report
	if err := json.Unmarshal([]byte(out), &report); status != 0 || err != nil || !report.OK || report.TTD <= 0 || len(report.Variants) != 11 {
		t.Fatalf("status %d, %v\n%s%s", status, err, out, said)
	}
	if !strings.Contains(said, "random: the intruder") || !strings.Contains(said, "taking the exercise practices away") {
		t.Errorf("the progress is not told: %s", said)
	}
	_, key, err := house.Registry.CreateKey(ctx, house.Registry.Operator(), keyOf(t, house))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]string{"CORDON_SERVER": "http://" + address, "CORDON_KEY": key.Reveal()}
	for _, env := range []map[string]string{here, there} {
		if status, out, said := cordonWith(env, "drill", "list"); status != 0 || !strings.Contains(out, "id-walk") || !strings.Contains(out, "passed") {
			t.Errorf("drill list: status %d\n%s%s", status, out, said)
		}
	}
	runs, err := house.Drills.Runs(ctx, house.Registry.Operator())
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	if status, out, said := cordonWith(there, "drill", "show", string(runs[0].ID)); status != 0 || !strings.Contains(out, "EXERCISE id-walk: ok") {
		t.Errorf("drill show: status %d\n%s%s", status, out, said)
	}
	if status, _, said := cordonWith(there, "drill", "run", "id-wlak"); status != 1 || !strings.Contains(said, "drill list") {
		t.Errorf("a drill that is none: status %d, %s", status, said)
	}
}

// keyOf is an operator's key for the whole installation.
func keyOf(t *testing.T, house *app.House) identity.KeyRequest {
	t.Helper()
	a, err := house.Registry.CreateAccount(t.Context(), house.Registry.Operator(), cordon.Account{Name: "duty", Role: cordon.RoleOperator})
	if err != nil {
		t.Fatal(err)
	}
	return identity.KeyRequest{Account: a.ID, Name: "drills", Permissions: []cordon.Permission{cordon.RunDrills, cordon.ManageTenants}}
}

func TestAnExerciseTenantIsMarkedOnTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	for _, args := range [][]string{{"tenant", "create", "practice-run", "--exercise"}, {"tenant", "show", "practice-run"}} {
		var said strings.Builder
		out.Reset()
		status := run(args, &shell{in: strings.NewReader(""), out: &out, err: &said, getenv: func(name string) string { return map[string]string{"CORDON_DATA": dir}[name] }})
		if status != 0 || !strings.Contains(out.String(), "EXERCISE") {
			t.Errorf("%v: status %d\n%s%s", args, status, out.String(), said.String())
		}
	}
}

func TestARunOfNoHouseIsNotToBeShown(t *testing.T) {
	var said strings.Builder
	status := run([]string{"drill", "show", "run_x"}, &shell{out: io.Discard, err: &said, getenv: func(name string) string { return map[string]string{"CORDON_DATA": t.TempDir()}[name] }})
	if status != 1 || !strings.Contains(said.String(), "--server") {
		t.Errorf("status %d, %s", status, said.String())
	}
}
