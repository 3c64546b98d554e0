package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

func TestNumbersAreReadable(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 12: "12", 999: "999", 1000: "1,000", 840000: "840,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestTheMeterSaysWhatIsLeft(t *testing.T) {
	got := meterLine("writing", 3000, 5000, "rows", 2*time.Second)
	if want := "writing   ━━━━━━━━━━━━━━──────────  60 %  3,000 rows  1,500/s  1s left"; got != want {
		t.Errorf("meter is\n%q, want\n%q", got, want)
	}
	if got := meterLine("reading", 3000, 0, "bytes", 2*time.Second); strings.Contains(got, "%") || strings.Contains(got, "left") {
		t.Errorf("a meter without an end is %q", got)
	}
	if got := meterLine("reading", 32768, 0, "bytes", time.Microsecond); strings.Contains(got, "/s") {
		t.Errorf("a rate out of nothing: %q", got)
	}
	if got := meterLine("writing", 5000, 5000, "rows", 0); !strings.Contains(got, "100 %") {
		t.Errorf("a full meter is %q", got)
	}
}

func TestAPipeSeesNoMeter(t *testing.T) {
	var out bytes.Buffer
	m := (&shell{err: &out, getenv: os.Getenv}).meter()
	m.show("writing", 1, 2, "rows")
	m.clear()
	if out.Len() > 0 {
		t.Errorf("a pipe got %q", out.String())
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if terminal(null, os.Getenv) {
		t.Error("the null device is taken for a terminal")
	}
}

func TestFaultsAreListedAndBounded(t *testing.T) {
	var out bytes.Buffer
	sh := &shell{err: &out}
	faults := make([]cordon.Fault, faultsShown+7)
	for i := range faults {
		faults[i] = cordon.Fault{Line: i + 1, Field: "email", Message: "is empty", Remedy: "give one"}
	}
	status := sh.report(&cordon.Error{Code: cordon.Invalid, Field: "file", Message: "is wrong", Remedy: "correct it", Faults: faults})
	text := out.String()
	if status != 1 || !strings.HasPrefix(text, "cordon: file: is wrong\nfix: correct it\n") {
		t.Errorf("status %d: %s", status, text)
	}
	if !strings.Contains(text, "line 1: email: is empty (give one)") || !strings.Contains(text, "… and 7 more") {
		t.Errorf("faults are %s", text)
	}
}

func TestMomentsAreTimesOrLengths(t *testing.T) {
	now := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2h": now.Add(2 * time.Hour), "-24h": now.Add(-24 * time.Hour), "2026-11-23T00:00:00Z": time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := moment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("moment(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	if _, err := moment("yesterday", now); err == nil {
		t.Error("yesterday is taken for a time")
	}
}

func FuzzParseField(f *testing.F) {
	for _, seed := range []string{"visit:date:order", "a", "a:name:optional", ":::", "a:order:optional"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		field, err := parseField(text)
		if err == nil && field.Source != "" && field.Source != "recipient" && field.Source != "order" {
			t.Errorf("%q has the source %q", text, field.Source)
		}
	})
}
