package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
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
	r := s.rehearsal(time.Second, nil)
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
	report, err := r.Run(ctx, "id-walk", practices, true)
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
	if !report.OK || !report.Exercise || len(report.Variants) != 10 {
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
