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
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { run(t, archive) })
		})
	}
}

func run(t *testing.T, archive *txtar.Archive) {
	if err := New(t).play(archive); err != nil {
		t.Fatal(err)
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
