package watch

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		about Over
		e     cordon.Evidence
		want  string // act, rule and grade of each finding
	}{
		"nothing":                     {OverStage, cordon.Evidence{}, ""},
		"a clean stage":               {OverStage, cordon.Evidence{Delivered: 110}, ""},
		"bounces below the hold":      {OverStage, cordon.Evidence{Delivered: 106, Bounces: 5}, ""},
		"bounces at the hold":         {OverStage, cordon.Evidence{Delivered: 95, Bounces: 5}, "hold bounces hold warning"},
		"49 answers say nothing":      {OverStage, cordon.Evidence{Delivered: 40, Bounces: 9}, ""},
		"50 do":                       {OverStage, cordon.Evidence{Delivered: 40, Bounces: 10}, "hold bounces stop incident"},
		"bounces call, and only hold": {OverSingles, cordon.Evidence{Bounces: 900}, "hold bounces stop incident"},
		"policy at the hold":          {OverKey, cordon.Evidence{Delivered: 98, Policy: 2}, "hold policy hold warning"},
		"policy calls":                {OverStage, cordon.Evidence{Delivered: 95, Policy: 5}, "hold policy stop incident"},
		"both":                        {OverStage, cordon.Evidence{Delivered: 90, Policy: 5, Bounces: 5}, "hold bounces hold warning, hold policy stop incident"},
		"five of ten first answers":   {OverStage, cordon.Evidence{Delivered: 5, Bounces: 3, Policy: 2}, "hold first-answers hold warning"},
		"four of ten":                 {OverStage, cordon.Evidence{Delivered: 6, Bounces: 4}, ""},
		"four of four":                {OverStage, cordon.Evidence{Bounces: 4}, ""},
		"the first answers of a key":  {OverKey, cordon.Evidence{Bounces: 10}, ""},
		"20 errors in a row":          {OverStage, cordon.Evidence{Errors: 30, ErrorsRow: 20}, "hold errors hold warning"},
		"50 errors in a row":          {OverKey, cordon.Evidence{Errors: 50, ErrorsRow: 50}, "hold errors stop incident"},
		"errors between others":       {OverStage, cordon.Evidence{Errors: 500, ErrorsRow: 3, Delivered: 900}, ""},
		"two complaints":              {OverStage, cordon.Evidence{Delivered: 10, Complaints: 2}, ""},
		"three of 3,000":              {OverStage, cordon.Evidence{Delivered: 3000, Complaints: 3}, "hold complaints hold warning"},
		"three of 3,001":              {OverStage, cordon.Evidence{Delivered: 3001, Complaints: 3}, ""},
		"three of 1,000":              {OverStage, cordon.Evidence{Delivered: 1000, Complaints: 3}, "stop complaints stop incident"},
		"three in minutes":            {OverBurst, cordon.Evidence{Delivered: 90000, Complaints: 3}, "hold complaint-burst hold warning"},
		"two say not me":              {OverTemplate, cordon.Evidence{NotMe: 2, Delivered: 9}, "hold not-me hold warning"},
		"five say not me":             {OverStage, cordon.Evidence{NotMe: 5, Delivered: 900}, "stop not-me stop incident"},
		"a decoy":                     {OverKey, cordon.Evidence{Decoys: 1}, "stop decoy stop incident"},
		"reports":                     {OverTenant, cordon.Evidence{Reports: 3, Delivered: 3}, "signal reports hold warning"},
		"reports about a stage":       {OverStage, cordon.Evidence{Reports: 900, Delivered: 900}, ""},
	} {
		var got []string
		for _, f := range Judge(c.e, cordon.DefaultLimits(), c.about) {
			got = append(got, fmt.Sprintf("%s %s %s", f.Act, f.Rule, f.Grade))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", name, strings.Join(got, ", "), c.want)
		}
	}
}

// TestForgedEvidenceStopsNobody: whatever else is known, reports that nobody
// vouches for change nothing but that a person is asked to look; and nothing but
// proof stops.
func TestForgedEvidenceStopsNobody(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	overs := []Over{OverStage, OverSingles, OverTemplate, OverBurst, OverKey, OverTenant}
	l := cordon.DefaultLimits()
	for range 20_000 {
		e := cordon.Evidence{Delivered: r.Int64N(3000), Bounces: r.Int64N(60), Policy: r.Int64N(60), Errors: r.Int64N(90), ErrorsRow: r.Int64N(90)}
		if r.IntN(2) == 0 {
			e.Complaints, e.NotMe, e.Decoys = r.Int64N(4), r.Int64N(4), r.Int64N(2)
		}
		forged := e
		forged.Reports = r.Int64N(1 << 40)
		for _, over := range overs {
			honest, told := acts(Judge(e, l, over)), acts(Judge(forged, l, over))
			if honest != told {
				t.Fatalf("%d reports turned %q into %q (%+v)", forged.Reports, honest, told, e)
			}
			if strings.Contains(told, "stop ") && e.Complaints+e.NotMe+e.Decoys == 0 {
				t.Fatalf("stopped without proof: %q (%+v)", told, e)
			}
		}
	}
}

// acts is what the findings do beyond asking a person.
func acts(found []Finding) string {
	var all []string
	for _, f := range found {
		if f.Act != Note {
			all = append(all, f.Act.String()+" by "+f.Rule)
		}
	}
	return strings.Join(all, ", ")
}

// TestRulesCanBeSwitchedOff: thresholds of 0 never speak.
func TestRulesCanBeSwitchedOff(t *testing.T) {
	l := cordon.DefaultLimits()
	l.BounceHold, l.BounceStop, l.ReportsFrom, l.ErrorsHold = 0, 0, 0, 0
	for _, over := range []Over{OverSingles, OverTenant} {
		if found := Judge(cordon.Evidence{Bounces: 1000, Reports: 1000}, l, over); len(found) > 0 {
			t.Errorf("%s: %+v", over, found)
		}
	}
	if found := Judge(cordon.Evidence{ErrorsRow: 50, Errors: 50}, l, OverStage); len(found) != 1 || found[0].Rule != "errors stop" {
		t.Errorf("errors, the hold off: %+v", found)
	}
}

func TestAlike(t *testing.T) {
	at := func(tenant string, print uint64, exercise bool) cordon.Sighting {
		return cordon.Sighting{Tenant: cordon.TenantID(tenant), Fingerprint: print, Exercise: exercise}
	}
	for name, c := range map[string]struct {
		seen []cordon.Sighting
		want int // sightings in groups
	}{
		"two tenants":        {[]cordon.Sighting{at("a", 0, false), at("b", 0, false), at("b", 1, false)}, 0},
		"three":              {[]cordon.Sighting{at("a", 0, false), at("x", 1<<40-1, false), at("b", 1, false), at("c", 7, false)}, 3},
		"four bits apart":    {[]cordon.Sighting{at("a", 0, false), at("b", 15, false), at("c", 15, false)}, 0},
		"an exercise beside": {[]cordon.Sighting{at("a", 0, false), at("b", 0, false), at("c", 0, true)}, 0},
		"an exercise":        {[]cordon.Sighting{at("a", 0, true), at("b", 0, true), at("c", 0, true)}, 3},
		"two texts":          {[]cordon.Sighting{at("a", 0, false), at("b", 0, false), at("c", 0, false), at("a", 255, false), at("b", 255, false), at("c", 255, false)}, 6},
	} {
		n := 0
		for _, g := range Alike(c.seen) {
			n += len(g)
		}
		if n != c.want {
			t.Errorf("%s: %d sightings in groups, want %d", name, n, c.want)
		}
	}
}

// TestTableSaysEverything: each rule has its line, with a threshold and words.
func TestTableSaysEverything(t *testing.T) {
	table := Table(cordon.DefaultLimits())
	if len(table) != len(rules)+2 {
		t.Fatalf("%d lines for %d rules", len(table), len(rules))
	}
	for _, row := range table {
		if row.Counts == "" || row.Over == "" || row.Does == "" || row.Hold == "–" && row.Stop == "–" {
			t.Errorf("a line says too little: %+v", row)
		}
	}
	if table[0].Hold != "5 %" || table[0].Stop != "10 %" || table[0].From != "50 answers" || table[4].Hold != "0.1 %" {
		t.Errorf("the first lines: %+v %+v", table[0], table[4])
	}
}
