package sim

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/tools/txtar"
)

// TestScenarios runs every script of testdata in a world of its own.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { run(t, archive) })
		})
	}
}

func run(t *testing.T, archive *txtar.Archive) {
	lines, err := parseScript(string(archive.Comment))
	if err != nil {
		t.Fatal(err)
	}
	w := New(t)
	language := verbs()
	for _, l := range lines {
		do, known := language[l.verb]
		if !known {
			t.Fatalf("line %d: %s is not a verb", l.number, l.verb)
		}
		err := do(w, archive, l)
		if l.refuse {
			if err == nil {
				t.Fatalf("line %d: %s went through, and must not", l.number, l.verb)
			}
			w.lastErr = err
			continue
		}
		if err != nil {
			t.Fatalf("line %d: %s: %v", l.number, l.verb, err)
		}
	}
}

func TestScriptsAreRead(t *testing.T) {
	lines, err := parseScript("# said\ntenant clinic ; order recall to=1-3 as='day desk' # later\n! stop 'a=b' reason=\"two words\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3 || lines[1].named["as"] != "day desk" || lines[1].word(0) != "recall" ||
		!lines[2].refuse || lines[2].word(0) != "a=b" || lines[2].named["reason"] != "two words" || lines[2].number != 3 {
		t.Errorf("read as %+v", lines)
	}
	if _, err := parseScript("stop 'open"); err == nil {
		t.Error("an open quote was taken")
	}
}
