package inspect

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden file anew")

// row is one line of the golden file, as `cordon inspect --tsv` writes it.
func row(path string, f Found) string {
	to := make([]string, len(f.Recipients))
	for i, a := range f.Recipients {
		to[i] = string(a)
	}
	return strings.Join([]string{path, string(f.Kind), string(f.Class), f.Status, string(f.Reason), strings.Join(to, ",")}, "\t") + "\n"
}

// TestRealMessages reads real messages of other projects (testdata/real). Kind,
// class and status of the golden file were held against what those projects
// expect of them.
func TestRealMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/real/*.*")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, path := range files {
		if filepath.Ext(path) == ".md" {
			continue
		}
		for _, one := range Messages(read(t, path)) {
			found, err := Read(one)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			got.WriteString(row(filepath.Base(path), found))
		}
	}
	const golden = "testdata/real.tsv"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := read(t, golden)
	for i, line := range strings.Split(string(want), "\n") {
		if rows := strings.Split(got.String(), "\n"); i >= len(rows) || rows[i] != line {
			t.Errorf("line %d:\nwant %s\ngot  %s", i+1, line, at(rows, i))
		}
	}
}

func at(rows []string, i int) string {
	if i < len(rows) {
		return rows[i]
	}
	return "(nothing)"
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestKindsOfRealMessages is the accuracy on the committed messages by what
// their own projects call them; what is not in the list is a bounce.
func TestKindsOfRealMessages(t *testing.T) {
	kinds := map[string]Kind{
		"sisimai-lhost-amazonses-11.eml": Complaint, "sisimai-lhost-amazonses-12.eml": DeliveryReceipt,
		"sisimai-rfc3464-28.eml": DeliveryReceipt, "sisimai-rfc3834-02.eml": AutoReply,
	}
	right, all := 0, 0
	files, err := filepath.Glob("testdata/real/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		want, ok := kinds[name]
		switch {
		case strings.HasSuffix(name, ".md"):
			continue
		case strings.HasPrefix(name, "xarf-"):
			want = XARF
		case strings.Contains(name, "-arf-"), strings.HasPrefix(name, "stalwart-"):
			want = Complaint
		case !ok:
			want = Bounce
		}
		found, err := Read(read(t, path))
		if err != nil {
			t.Fatal(err)
		}
		all++
		if found.Kind == want && (want != XARF || found.Report.Valid()) {
			right++
		} else {
			t.Logf("%s: %s, want %s", name, found.Kind, want)
		}
		if (want == Bounce) != (found.Class != None) {
			t.Errorf("%s: class %s", name, found.Class)
		}
	}
	if all < 40 || right*100 < all*98 {
		t.Errorf("%d of %d right", right, all)
	}
	t.Logf("%d of %d", right, all)
}
