package drill

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

// The report's JSON is read by programs: a key may be added, none renamed.
func TestTheReportsShapeIsFixed(t *testing.T) {
	r := Report{Drill: "id-walk", TTD: Millis(1500 * time.Millisecond), TTC: Millis(time.Second)}
	v := Variant{Name: "random", TTD: Millis(1500 * time.Millisecond), TTC: Millis(20 * time.Millisecond)}
	v.expect("bad copies out", "≤ 10", 0, true)
	v.settle()
	r.Variants = append(r.Variants, v)
	r.settle()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	has := func(of map[string]any, want string) {
		t.Helper()
		if keys := strings.Join(slices.Sorted(maps.Keys(of)), " "); keys != want {
			t.Errorf("keys %s\nwant %s", keys, want)
		}
	}
	has(got, "bad_copies_out drill exercise expectations ok tta_ms ttc_ms ttd_ms tti_ms ttn_ms ttr_ms variants")
	variant := got["variants"].([]any)[0].(map[string]any)
	has(variant, "bad_copies_out exercise expectations held name ok refused says tried ttc_ms ttd_ms")
	has(variant["expectations"].([]any)[0].(map[string]any), "got name ok want")
	if got["ttd_ms"] != 1500.0 || got["exercise"] != true || got["ok"] != true {
		t.Errorf("report %s", raw)
	}
}

func TestOneFailureFailsTheReport(t *testing.T) {
	good, bad, empty := Variant{Name: "good"}, Variant{Name: "bad", BadCopiesOut: 12}, Variant{Name: "empty"}
	good.expect("x", 1, 1, true)
	bad.expect("x", 1, 1, true)
	bad.expect("y", "≤ 10", 12, false)
	for _, v := range []*Variant{&good, &bad, &empty} {
		v.settle()
	}
	if !good.OK || bad.OK || empty.OK {
		t.Errorf("good %v, bad %v, without an expectation %v", good.OK, bad.OK, empty.OK)
	}
	r := Report{Variants: []Variant{good, bad}}
	r.settle()
	if r.OK || r.BadCopiesOut != 12 || len(r.Expectations) != 3 || r.Expectations[2].Name != "bad: y" {
		t.Errorf("report %+v", r)
	}
	var none Report
	if none.settle(); none.OK {
		t.Error("a report without variants is ok")
	}
}

func TestNextCountsUpwards(t *testing.T) {
	for id, want := range map[cordon.RecipientID]cordon.RecipientID{
		"rcp_00": "rcp_01", "rcp_09": "rcp_0a", "rcp_0h": "rcp_0j", "rcp_0z": "rcp_10", "rcp_zz": "rcp_00",
	} {
		if got := next(id); got != want {
			t.Errorf("after %s comes %s, want %s", id, got, want)
		}
	}
	id := cordon.NewRecipientID()
	if got := next(id); got == id || !got.Valid() {
		t.Errorf("after %s comes %s", id, got)
	}
}

func TestALeakedListHoldsDecoysAmongThePatients(t *testing.T) {
	p := &Practice{}
	for range 200 {
		p.Patients = append(p.Patients, cordon.NewRecipientID())
	}
	for range 3 {
		p.Decoys = append(p.Decoys, cordon.NewRecipientID())
	}
	all := p.leaked()
	if len(all) != 203 || !slices.IsSorted(all) {
		t.Fatalf("%d IDs, sorted %v", len(all), slices.IsSorted(all))
	}
	for _, id := range slices.Concat(p.Patients, p.Decoys) {
		if !slices.Contains(all, id) {
			t.Errorf("%s is missing", id)
		}
	}
}

func TestInventedPatientsAreTheSameEveryTime(t *testing.T) {
	var one, two strings.Builder
	if err := WritePatients(&one, "north", 50); err != nil {
		t.Fatal(err)
	}
	if err := WritePatients(&two, "north", 50); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(one.String()), "\n")
	if one.String() != two.String() || len(lines) != 51 || !strings.Contains(lines[1], "@north.patients.example") {
		t.Errorf("%d lines, the first %q", len(lines), lines[1])
	}
}
