package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type readRecord struct {
	Line    int
	Fields  []string
	Trouble trouble
}

func readAll(t testing.TB, text string) []readRecord {
	t.Helper()
	r := newCSVReader(strings.NewReader(text))
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	var out []readRecord
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.blank() {
			continue
		}
		got := readRecord{Line: rec.line, Trouble: rec.trouble}
		for _, f := range rec.fields {
			got.Fields = append(got.Fields, string(f))
		}
		out = append(out, got)
	}
}

func TestCSVReader(t *testing.T) {
	long := strings.Repeat("x", 3*maxKept)
	for _, tc := range []struct {
		name, text string
		want       []readRecord
	}{
		{"plain", "a,b\n1,2\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "2"}, fine}}},
		{"no end at the end", "a,b\n1,2", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "2"}, fine}}},
		{"CRLF", "a,b\r\n1,2\r\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "2"}, fine}}},
		{"CR alone", "a,b\r1,2\r3,4", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "2"}, fine}, {3, []string{"3", "4"}, fine}}},
		{"a CR in a file of LF stays in the field", "a,b\n1,x\ry\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "x\ry"}, fine}}},
		{"byte order mark", "\uFEFFa\n1\n", []readRecord{{1, []string{"a"}, fine}, {2, []string{"1"}, fine}}},
		{"semicolons", "a;b,c;d\n1;2,3;4\n", []readRecord{{1, []string{"a", "b,c", "d"}, fine}, {2, []string{"1", "2,3", "4"}, fine}}},
		{"tabs", "a\tb\n1\t2\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "2"}, fine}}},
		{"delimiters inside quotes do not count", "\"a;b;c\",d\n1,2\n", []readRecord{{1, []string{"a;b;c", "d"}, fine}, {2, []string{"1", "2"}, fine}}},
		{"a spreadsheet's sep line", "sep=;\r\na;b\r\n1;2\r\n", []readRecord{{2, []string{"a", "b"}, fine}, {3, []string{"1", "2"}, fine}}},
		{"quotes", "a,b\n\"x, \"\"y\"\"\",\"\"\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{`x, "y"`, ""}, fine}}},
		{"spaces around quotes", "a,b\n \"x\" ,\t\"y\"\t\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"x", "y"}, fine}}},
		{"line numbers go on behind a quoted line break", "a,b\n1,\"x\r\ny\nz\"\n2,3\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "x\r\ny\nz"}, fine}, {5, []string{"2", "3"}, fine}}},
		{"line numbers in a file of CR", "a\r\"x\ry\"\r1\r", []readRecord{{1, []string{"a"}, fine}, {2, []string{"x\ry"}, fine}, {4, []string{"1"}, fine}}},
		{"empty lines count but say nothing", "\n\na\n\n1\n", []readRecord{{3, []string{"a"}, fine}, {5, []string{"1"}, fine}}},
		{"a trailing delimiter is a field", "a,b\n1,\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", ""}, fine}}},
		{"a quote inside a bare field", "a,b\n1,O\"Brien\n2,3\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "O"}, strayQuote}, {3, []string{"2", "3"}, fine}}},
		{"text behind a closing quote", "a,b\n1,\"x\"y,z\n2,3\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "x"}, textAfterQuote}, {3, []string{"2", "3"}, fine}}},
		{"a quote never closed", "a,b\n1,\"x\n2,3\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{"1", "x\n2,3\n"}, neverClosed}}},
		{"NUL bytes are bytes", "a\n\x00\x00\n", []readRecord{{1, []string{"a"}, fine}, {2, []string{"\x00\x00"}, fine}}},
		{"a long field is cut, the next is whole", "a,b\n" + long + ",2\n", []readRecord{{1, []string{"a", "b"}, fine}, {2, []string{long[:maxKept], "2"}, fine}}},
		{"nothing", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, readAll(t, tc.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCSVReaderCountsWhatItDoesNotKeep(t *testing.T) {
	r := newCSVReader(strings.NewReader("a,b\n" + strings.Repeat(",", 3*maxFields) + "\n" + strings.Repeat("y", 2*maxKept) + ",1\n"))
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ count, kept, long int }{{2, 2, 0}, {3*maxFields + 1, maxFields, 0}, {2, 2, 1}} {
		rec, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		if rec.count != want.count || len(rec.fields) != want.kept || rec.long != want.long {
			t.Errorf("record has count %d, kept %d, long %d; want %+v", rec.count, len(rec.fields), rec.long, want)
		}
	}
}

// A field of 16 MB passes through at the memory of a short one.
func TestCSVReaderOnAHugeField(t *testing.T) {
	const size = 16 << 20
	huge := io.MultiReader(strings.NewReader("a\n\""), io.LimitReader(xs{}, size), strings.NewReader("\"\nlast\n"))
	r := newCSVReader(huge)
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	var last string
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = string(rec.fields[0])
		if cap(r.buf) > 4*maxKept {
			t.Fatalf("kept %d bytes", cap(r.buf))
		}
	}
	if last != "last" {
		t.Errorf("last record is %.20q", last)
	}
}

type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Whatever was written as RFC 4180 is read back.
func TestCSVReaderReadsWhatWasWritten(t *testing.T) {
	value := rapid.StringOf(rapid.SampledFrom([]rune("ab ,;\t|\"\r\né漢\x00")))
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 5).Draw(t, "width")
		rows := rapid.SliceOfN(rapid.SliceOfN(value, width, width), 1, 6).Draw(t, "rows")
		delim := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(t, "delim")
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "end")
		head := make([]string, width)
		for i := range head {
			head[i] = "h"
		}
		if width == 1 {
			delim = ","
		}
		var text strings.Builder
		for _, row := range append([][]string{head}, rows...) {
			for i, v := range row {
				if i > 0 {
					text.WriteString(delim)
				}
				if v != "" && strings.Trim(v, "abhé漢") == "" {
					text.WriteString(v)
					continue
				}
				text.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
			}
			text.WriteString(end)
		}
		r := newCSVReader(strings.NewReader(text.String()))
		if err := r.begin(); err != nil {
			t.Fatal(err)
		}
		for i, want := range append([][]string{head}, rows...) {
			rec, err := r.next()
			if err != nil {
				t.Fatal(err)
			}
			for j := range want {
				if rec.count != width || string(rec.fields[j]) != want[j] {
					t.Fatalf("record %d field %d of %q: %q, want %q", i, j, text.String(), rec.fields, want)
				}
			}
		}
		if _, err := r.next(); !errors.Is(err, io.EOF) {
			t.Fatalf("more than was written in %q", text.String())
		}
	})
}

// On what encoding/csv takes too, both read the same.
func FuzzCSVReader(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a;b\r\n\"x\"\"y\";2", "a\r1\r", "\"", "a,\"b\nc\n", "sep=;\na;b", "\xEF\xBB\xBFa", "a\n\x00", " \"a\" ,b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := newCSVReader(bytes.NewReader(text))
		if err := r.begin(); err != nil {
			t.Fatal(err)
		}
		var ours [][]string
		troubled, line := r.oldCR || r.line > 1, 0
		for {
			rec, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.line <= line || rec.last < rec.line || len(rec.fields) > rec.count {
				t.Fatalf("record at line %d behind %d, to %d, %d of %d fields", rec.line, line, rec.last, len(rec.fields), rec.count)
			}
			line = rec.line
			troubled = troubled || rec.trouble != fine || rec.long > 0 || rec.count > len(rec.fields)
			var fields []string
			for _, v := range rec.fields {
				fields = append(fields, string(v))
			}
			ours = append(ours, fields)
		}
		if lines := bytes.Count(text, []byte("\n")) + 1; !r.oldCR && line > lines+1 {
			t.Fatalf("line %d of %d", line, lines)
		}
		if troubled || bytes.ContainsRune(text, '\r') || bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")) {
			return
		}
		theirs := csv.NewReader(bytes.NewReader(text))
		theirs.FieldsPerRecord, theirs.Comma = -1, rune(r.delim)
		want, err := theirs.ReadAll()
		if err != nil {
			return // it is stricter: spaces around quotes
		}
		var kept [][]string
		for _, rec := range ours {
			if len(rec) > 1 || rec[0] != "" {
				kept = append(kept, rec)
			}
		}
		var want2 [][]string
		for _, rec := range want {
			if len(rec) > 1 || rec[0] != "" {
				want2 = append(want2, rec)
			}
		}
		if diff := cmp.Diff(want2, kept); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	})
}
