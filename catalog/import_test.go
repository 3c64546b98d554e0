package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

func TestImport(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	report := h.load(clinic, "ref,email,first_name,last_name,Date of birth,tags\r\n"+
		"p1,Ada@Example.ORG,Ada,Lovelace,1815-12-10,Recall; VIP\r\n"+
		"p2,grace@example.org,Grace,Hopper,,recall|navy\r\n"+
		"p3,alan@münchen.example,,Turing,1912-06-23,\r\n", catalog.ImportOptions{})
	want := catalog.ImportReport{Rows: 3, Inserted: 3, Charset: catalog.CharsetUTF8,
		Columns: []string{"external_ref", "email", "first_name", "last_name", "date_of_birth", "tags"}}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
	for ref, want := range map[string]cordon.Person{
		"p1": {Name: "Ada Lovelace", Address: "Ada@example.org", Fields: map[string]string{"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1815-12-10"}},
		"p2": {Name: "Grace Hopper", Address: "grace@example.org", Fields: map[string]string{"first_name": "Grace", "last_name": "Hopper"}},
		"p3": {Name: "Turing", Address: "alan@xn--mnchen-3ya.example", Fields: map[string]string{"last_name": "Turing", "date_of_birth": "1912-06-23"}},
	} {
		if diff := cmp.Diff(want, h.open(clinic, ref)); diff != "" {
			t.Errorf("%s: %s", ref, diff)
		}
	}
	for ref, want := range map[string][]string{"p1": {"recall", "vip"}, "p2": {"navy", "recall"}, "p3": nil} {
		r, err := h.RecipientByRef(t.Context(), h.op, clinic, ref)
		if slices.Sort(r.Tags); err != nil || !slices.Equal(r.Tags, want) {
			t.Errorf("%s has tags %v, want %v (%v)", ref, r.Tags, want, err)
		}
	}
	names, err := h.FieldNames(t.Context(), h.op, clinic)
	if want := []string{"name", "address", "date_of_birth", "first_name", "last_name"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("fields %v, want %v, %v", names, want, err)
	}
}

// Every dirty kind of file that offices have comes in as the same people.
func TestImportReadsDirtyFiles(t *testing.T) {
	const clean = "id,email,name,note\np1,zoe@example.org,Zoë O’Brien,\"a, b\"\np2,jose@example.org,José Núñez,\np3,ada@example.org,Ada,x\n"
	windows := func(s string) string {
		out, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	utf16 := func(e unicode.Endianness, b unicode.BOMPolicy) string {
		out, err := unicode.UTF16(e, b).NewEncoder().String(clean)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	semicolons := strings.ReplaceAll(strings.ReplaceAll(clean, ",", ";"), "\"a; b\"", "a, b")
	for name, text := range map[string]string{
		"clean":               clean,
		"byte order mark":     "\uFEFF" + clean,
		"CRLF":                strings.ReplaceAll(clean, "\n", "\r\n"),
		"CR":                  strings.ReplaceAll(clean, "\n", "\r"),
		"no last line end":    strings.TrimRight(clean, "\n"),
		"empty lines":         "\n\n" + strings.ReplaceAll(clean, "\n", "\n\n,,,\n"),
		"semicolons":          semicolons,
		"sep line":            "sep=;\r\n" + semicolons,
		"tabs":                strings.ReplaceAll(strings.ReplaceAll(clean, "\"a, b\"", "a& b"), ",", "\t"),
		"Windows-1252":        windows(clean),
		"UTF-16 LE":           utf16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16 BE":           utf16(unicode.BigEndian, unicode.UseBOM),
		"UTF-16 without mark": utf16(unicode.LittleEndian, unicode.IgnoreBOM),
		"padding":             strings.ReplaceAll(strings.ReplaceAll(clean, "p1,", " p1\t,"), "Ada,", "  Ada\u00A0,"),
		"everything quoted":   "\"id\",\"email\",\"name\",\"note\"\n\"p1\",\"zoe@example.org\",\"Zoë O’Brien\",\"a, b\"\n\"p2\",\"jose@example.org\",\"José Núñez\",\"\"\n\"p3\" , \"ada@example.org\",\"Ada\",\"x\"",
		"other names":         strings.Replace(clean, "id,email,name", "Patient-ID,E-Mail Address,FULL NAME", 1),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			clinic := h.tenant("clinic")
			report := h.load(clinic, text, catalog.ImportOptions{})
			if report.Inserted != 3 || report.Rows != 3 {
				t.Errorf("%+v", report)
			}
			note := map[string]string{"note": "a, b"}
			if name == "tabs" {
				note["note"] = "a& b"
			}
			for ref, want := range map[string]cordon.Person{
				"p1": {Name: "Zoë O’Brien", Address: "zoe@example.org", Fields: note},
				"p2": {Name: "José Núñez", Address: "jose@example.org"},
				"p3": {Name: "Ada", Address: "ada@example.org", Fields: map[string]string{"note": "x"}},
			} {
				if diff := cmp.Diff(want, h.open(clinic, ref)); diff != "" {
					t.Errorf("%s: %s", ref, diff)
				}
			}
		})
	}
}

func TestImportChangesNothingWhenARowIsBad(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	const file = "ref,email,name\np1,ada@example.org,Ada\np2,,Nobody\np3,grace@example.org,\"Grace\nBcc: x@example.org\"\np1,alan@example.org,Alan\np5,ADA@example.org,Ada again\np6,ok@example.org,Ok\n"
	var seen []cordon.Fault
	opts := catalog.ImportOptions{Fault: func(f cordon.Fault) { seen = append(seen, f) }}
	report, err := h.Import(t.Context(), h.op, clinic, strings.NewReader(file), opts)
	wantCode(t, err, cordon.Invalid)
	var e *cordon.Error
	if !errors.As(err, &e) || e.Field != "file" || !strings.Contains(e.Message, "4 of 6 rows are wrong; nothing was imported") || len(e.Faults) != 4 {
		t.Errorf("%+v", err)
	}
	want := []string{
		"3 email is empty",
		"4 name has a line break inside",
		"6 external_ref same reference as line 2",
		"7 email same address as line 2",
	}
	var got []string
	for _, f := range report.Faults {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Field, f.Message))
		if f.Remedy == "" {
			t.Errorf("no remedy in %+v", f)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(seen) != 4 || !strings.Contains(report.Faults[3].Remedy, "--allow-shared-address") {
		t.Errorf("callback saw %v", seen)
	}
	for _, person := range []string{"ada", "Ada", "grace", "Grace", "p1", "Bcc"} {
		if strings.Contains(fmt.Sprint(err, report, seen)+h.log.String(), person) {
			t.Errorf("a fault repeats %q", person)
		}
	}
	if report.Inserted != 0 || len(h.everyone(clinic)) != 0 {
		t.Errorf("%d recipients came in, report says %d", len(h.everyone(clinic)), report.Inserted)
	}

	// With --skip-bad the others come in; of two alike the first one.
	opts.SkipBad = true
	report, err = h.Import(t.Context(), h.op, clinic, strings.NewReader(file), opts)
	if err != nil || report.Inserted != 2 || report.Bad != 4 || report.Rows != 6 {
		t.Fatalf("%+v, %v", report, err)
	}
	if p := h.open(clinic, "p1"); p.Name != "Ada" {
		t.Errorf("p1 is not the first of the two")
	}
	if len(h.everyone(clinic)) != 2 {
		t.Errorf("%d recipients", len(h.everyone(clinic)))
	}
}

func TestImportOfSharedAddresses(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	family := "ref,email,name\np1,family@example.org,Mother\np2,Family@example.org,Child\n"
	_, err := h.Import(t.Context(), h.op, clinic, strings.NewReader(family), catalog.ImportOptions{})
	wantCode(t, err, cordon.Invalid)
	h.load(clinic, family, catalog.ImportOptions{AllowSharedAddress: true})
	h.load(clinic, family, catalog.ImportOptions{AllowSharedAddress: true})
	if a, b := h.open(clinic, "p1"), h.open(clinic, "p2"); a.Name != "Mother" || b.Name != "Child" || len(h.everyone(clinic)) != 2 {
		t.Errorf("mother and child are mixed up: %d recipients", len(h.everyone(clinic)))
	}
	// Two without references cannot be told apart, and one would be lost.
	report, err := h.Import(t.Context(), h.op, clinic, strings.NewReader("ref,email,name\n,two@example.org,A\nq2,two@example.org,B\n"), catalog.ImportOptions{AllowSharedAddress: true})
	wantCode(t, err, cordon.Invalid)
	if len(report.Faults) != 1 || report.Faults[0].Line != 3 || !strings.Contains(report.Faults[0].Message, "without a reference") {
		t.Errorf("%+v", report.Faults)
	}
}

func TestImportAgainUpdates(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	h.load(other, "ref,email,name\np1,other@example.org,Other\n", catalog.ImportOptions{})
	h.load(clinic, "ref,email,name,tags\np1,old@example.org,Old,a;b\np2,two@example.org,Two,a\n", catalog.ImportOptions{})
	before, err := h.RecipientByRef(t.Context(), h.op, clinic, "p1")
	if err != nil {
		t.Fatal(err)
	}
	_, decoys, err := h.store.CountRecipients(t.Context(), clinic)
	if err != nil {
		t.Fatal(err)
	}
	report := h.load(clinic, "ref,email,name\np1,new@example.org,New\np3,three@example.org,Three\n", catalog.ImportOptions{})
	if report.Inserted != 1 || report.Updated != 1 {
		t.Errorf("%+v", report)
	}
	after, err := h.RecipientByRef(t.Context(), h.op, clinic, "p1")
	if err != nil || after.ID != before.ID {
		t.Errorf("the person has a new ID: %v", err)
	}
	if slices.Sort(after.Tags); !slices.Equal(after.Tags, []string{"a", "b"}) {
		t.Errorf("a file without tags changed them: %v", after.Tags)
	}
	if p := h.open(clinic, "p1"); p.Name != "New" || p.Address != "new@example.org" {
		t.Error("not updated")
	}
	if p := h.open(other, "p1"); p.Name != "Other" {
		t.Error("another tenant's person of the same reference changed")
	}
	if _, again, _ := h.store.CountRecipients(t.Context(), clinic); again != decoys || len(h.everyone(clinic)) != 3 {
		t.Errorf("%d recipients, decoys went from %d to %d", len(h.everyone(clinic)), decoys, again)
	}
	// A file with a tags column says what they are; an empty one takes them away.
	h.load(clinic, "ref,email,tags\np1,new@example.org,\n", catalog.ImportOptions{})
	if r, _ := h.RecipientByRef(t.Context(), h.op, clinic, "p1"); len(r.Tags) != 0 {
		t.Errorf("tags %v", r.Tags)
	}
	// Without references, the address says who it is.
	if report := h.load(clinic, "email,name\nTWO@example.org,Two!\n", catalog.ImportOptions{}); report.Updated != 1 {
		t.Errorf("%+v", report)
	}
	if p := h.open(clinic, "p2"); p.Name != "Two!" {
		t.Error("not updated by address")
	}
}

func TestImportRefusesFilesItCannotTrust(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"nothing":               {"", "is empty"},
		"blank lines":           {"\n \n,,\n", "is empty"},
		"only a header":         {"email,name\n", "has a header and no rows"},
		"no header":             {"ada@example.org,Ada\n", "holds an address, so it is no header"},
		"an Excel file":         {"PK\x03\x04\x14\x00\x06\x00", "is an Excel or zip file, not CSV"},
		"a gzip file":           {"\x1F\x8B\x08", "is a gzip file"},
		"zeros":                 {strings.Repeat("\x00", 4000), "NUL bytes"},
		"a quote never closed":  {"email,name\na@example.org,\"A\nb@example.org,B\n", "line 2: a quote opened in the row that begins here is never closed; nothing was imported"},
		"a quote over many":     {"email,name\na@example.org,\"A\n" + strings.Repeat("b@example.org,B\n", 60) + "c@example.org,\"C\"\n", "is closed only in line 63; nothing was imported"},
		"nobody is good":        {"email\nx\n", "has no row that can be imported"},
		"61 columns":            {"email" + strings.Repeat(",f", 60) + "\n", "has 61 columns; at most 60"},
		"a NUL in every name":   {"email,name\na@example.org,A\x00\n", "has no row that can be imported"},
		"a field of 10 MB":      {"email,name\na@example.org,\"" + strings.Repeat("x", 10<<20) + "\"\n", "has no row that can be imported"},
		"bytes of nothing":      {string([]byte{0xC3, 0x28, 0xA0, 0xFF, 0x00, 0x9F, 0x0A, 0x22}), "NUL bytes"},
		"a binary after header": {"email,name\n\x7FELF\x02\x01\x01" + strings.Repeat("\x00\xFF\x22", 500), "has no row that can be imported"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			clinic := h.tenant("clinic")
			report, err := h.Import(t.Context(), h.op, clinic, strings.NewReader(tc.file), catalog.ImportOptions{SkipBad: true})
			wantCode(t, err, cordon.Invalid)
			if err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q (faults %v)", err, tc.want, report.Faults)
			}
			if n := len(h.everyone(clinic)); n != 0 || report.Inserted != 0 {
				t.Errorf("%d recipients came in", n)
			}
		})
	}
}

func TestImportSaysWhichCharsetItRead(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	broken := "ref,email,name\np1,a@example.org,Zoë Łukasz\np2,b@example.org,Jos\xE9\n"
	report, err := h.Import(t.Context(), h.op, clinic, strings.NewReader(broken), catalog.ImportOptions{})
	wantCode(t, err, cordon.Invalid)
	if report.Charset != catalog.CharsetUTF8 || len(report.Faults) != 1 || report.Faults[0].Line != 3 || report.Faults[0].Message != "is not valid UTF-8" {
		t.Errorf("%+v", report)
	}
	// Forced, the bytes are what one says they are.
	report = h.load(clinic, "ref,email,name\np2,b@example.org,Jos\xE9\n", catalog.ImportOptions{Charset: catalog.CharsetWindows})
	if p := h.open(clinic, "p2"); p.Name != "José" || report.Charset != catalog.CharsetWindows {
		t.Errorf("%+v", report)
	}
	_, err = h.Import(t.Context(), h.op, clinic, strings.NewReader("email,name\nb@example.org,Jos\xE9\n"), catalog.ImportOptions{Charset: catalog.CharsetUTF8})
	wantCode(t, err, cordon.Invalid)
}

// Names of thirty countries, in their scripts, come back as they went in.
func TestImportOfInternationalNames(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	var file strings.Builder
	file.WriteString("ref,email,first_name,last_name,country\n")
	people := map[string]cordon.Person{}
	for i, line := range lines(t, "testdata/names-international.tsv") {
		parts := strings.Split(line, "\t")
		ref := fmt.Sprintf("p%d", i)
		fmt.Fprintf(&file, "%s,person%d@example.org,%s,\"%s\",%s\n", ref, i, parts[1], parts[2], parts[0])
		people[ref] = cordon.Person{Name: parts[1] + " " + parts[2], Address: cordon.Address(fmt.Sprintf("person%d@example.org", i)),
			Fields: map[string]string{"first_name": parts[1], "last_name": parts[2], "country": parts[0]}}
	}
	report := h.load(clinic, file.String(), catalog.ImportOptions{})
	if report.Inserted != len(people) {
		t.Fatalf("%+v", report)
	}
	for ref, want := range people {
		if diff := cmp.Diff(want, h.open(clinic, ref)); diff != "" {
			t.Fatalf("%s: %s", ref, diff)
		}
	}
}

func TestImportOfInternationalAddresses(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	h.load(clinic, "ref,email\np1,üñîçøðé@üñîçøðé.com\np2,用户@例え.jp\n", catalog.ImportOptions{})
	for ref, want := range map[string]cordon.Address{"p1": "üñîçøðé@xn--ida4fmf6eg4e.com", "p2": "用户@xn--r8jz45g.jp"} {
		got := h.open(clinic, ref).Address
		if parsed, err := cordon.ParseAddress(string(got)); err != nil || parsed != got || !strings.Contains(string(got), "@xn--") || strings.Split(string(got), "@")[0] != strings.Split(string(want), "@")[0] {
			t.Errorf("%s: %q", ref, string(got))
		}
	}
}

// What is imported, opened again, equals what was in the file.
func TestImportKeepsWhatTheFileSays(t *testing.T) {
	h := newHouse(t)
	word := rapid.StringMatching(`[A-Za-zÄäßéŁł漢字가Жя][A-Za-zÄäßéŁł漢字가Жя '’,;"|-]{0,20}[A-Za-zéя]`)
	clinic := h.tenant("clinic")
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		n := rapid.IntRange(1, 6).Draw(rt, "people")
		delim := rapid.SampledFrom([]string{",", ";", "\t"}).Draw(rt, "delimiter")
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(rt, "line end")
		want := map[string]cordon.Person{}
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		var file strings.Builder
		file.WriteString(strings.Join([]string{"ref", "email", "name", "doctor", "ward"}, delim) + end)
		for i := range n {
			p := cordon.Person{Name: word.Draw(rt, "name"), Address: cordon.Address(fmt.Sprintf("p%d.%d@example.org", round, i)), Fields: map[string]string{}}
			if rapid.Bool().Draw(rt, "has a doctor") {
				p.Fields["doctor"] = word.Draw(rt, "doctor")
			}
			if rapid.Bool().Draw(rt, "has a ward") {
				p.Fields["ward"] = word.Draw(rt, "ward")
			}
			ref := fmt.Sprintf("r%d.%d", round, i)
			file.WriteString(strings.Join([]string{ref, string(p.Address), quote(p.Name), quote(p.Fields["doctor"]), quote(p.Fields["ward"])}, delim) + end)
			if len(p.Fields) == 0 {
				p.Fields = nil
			}
			want[ref] = p
		}
		h.load(clinic, file.String(), catalog.ImportOptions{})
		got := map[string]cordon.Person{}
		for ref := range want {
			got[ref] = h.open(clinic, ref)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s\n%s", diff, file.String())
		}
	})
}

func TestImportShowsProgress(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	var file strings.Builder
	file.WriteString("ref,email\n")
	const n = 12_000
	for i := range n {
		fmt.Fprintf(&file, "r%d,p%d@example.org\n", i, i)
	}
	var last = map[catalog.Phase]catalog.Progress{}
	var order []catalog.Phase
	opts := catalog.ImportOptions{Progress: func(p catalog.Progress) {
		if was, ok := last[p.Phase]; !ok {
			order = append(order, p.Phase)
		} else if p.Rows < was.Rows || p.Bytes < was.Bytes {
			t.Errorf("%+v after %+v", p, was)
		}
		last[p.Phase] = p
	}}
	h.load(clinic, file.String(), opts)
	if want := []catalog.Phase{catalog.PhaseReading, catalog.PhaseChecking, catalog.PhaseWriting}; !slices.Equal(order, want) {
		t.Errorf("phases %v", order)
	}
	size := int64(file.Len())
	if p := last[catalog.PhaseReading]; p.Bytes != size {
		t.Errorf("%+v", p)
	}
	if p := last[catalog.PhaseChecking]; p.Bytes != size || p.Of != size || p.Rows != n {
		t.Errorf("%+v", p)
	}
	if p := last[catalog.PhaseWriting]; p.Of != n || p.Rows != n {
		t.Errorf("%+v", p)
	}
	// One decoy for each 200 people.
	active, decoys, err := h.store.CountRecipients(t.Context(), clinic)
	if err != nil || active != n || decoys != n/200 {
		t.Errorf("%d people, %d decoys, %v", active, decoys, err)
	}
}

// Millions of faults need no memory: the report keeps the first ones, the
// callback gets all.
func TestImportReportsManyFaults(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	var calls int
	file := "email\n" + strings.Repeat("x\n", 5000) + "ok@example.org\n"
	report, err := h.Import(t.Context(), h.op, clinic, strings.NewReader(file), catalog.ImportOptions{SkipBad: true, Fault: func(cordon.Fault) { calls++ }})
	if err != nil || calls != 5000 || report.Bad != 5000 || len(report.Faults) != catalog.MaxReportedFaults || report.Inserted != 1 {
		t.Errorf("%d calls, %d kept, %+v, %v", calls, len(report.Faults), report.Bad, err)
	}
}

func TestImportStopsWhenAsked(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	ctx, cancel := context.WithCancel(t.Context())
	opts := catalog.ImportOptions{Progress: func(p catalog.Progress) {
		if p.Phase == catalog.PhaseChecking {
			cancel()
		}
	}}
	if _, err := h.Import(ctx, h.op, clinic, patients(t, 5000), opts); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := len(h.everyone(clinic)); n != 0 {
		t.Errorf("%d recipients", n)
	}
	broken := io.MultiReader(strings.NewReader("email\na@example.org\n"), iotest.ErrReader(errors.New("the line broke")))
	if _, err := h.Import(t.Context(), h.op, clinic, broken, catalog.ImportOptions{}); err == nil || !strings.Contains(err.Error(), "the line broke") {
		t.Errorf("got %v", err)
	}
	if n := len(h.everyone(clinic)); n != 0 {
		t.Errorf("%d recipients", n)
	}
}

func TestImportKeepsToTheFieldRegister(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	columns := func(from, n int) string {
		head, row := "email", "a@example.org"
		for i := range n {
			head += fmt.Sprintf(",f%d", from+i)
			row += ",x"
		}
		return head + "\n" + row + "\n"
	}
	h.load(clinic, columns(0, 50), catalog.ImportOptions{})
	_, err := h.Import(t.Context(), h.op, clinic, strings.NewReader(columns(50, 12)), catalog.ImportOptions{})
	if wantCode(t, err, cordon.Invalid); err != nil && !strings.Contains(err.Error(), "64 personal fields; it can have 63") {
		t.Error(err)
	}
	h.load(clinic, columns(40, 21), catalog.ImportOptions{})
}

func TestImportNeedsTheRight(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	for name, by := range map[string]cordon.Actor{"nobody": {}, "a sender": h.person(clinic, cordon.RoleSender), "another's author": h.person(other, cordon.RoleAuthor)} {
		if _, err := h.Import(t.Context(), by, clinic, iotest.ErrReader(errors.New("was read")), catalog.ImportOptions{}); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.EraseTenant(t.Context(), h.op, other); err != nil {
		t.Fatal(err)
	}
	_, err := h.Import(t.Context(), h.op, other, strings.NewReader("email\na@example.org\n"), catalog.ImportOptions{})
	wantCode(t, err, cordon.Conflict)
	_, err = h.Import(t.Context(), h.op, cordon.NewTenantID(), strings.NewReader("email\na@example.org\n"), catalog.ImportOptions{})
	wantCode(t, err, cordon.Missing)
}

// An erased ID stays closed when an old file comes again.
func TestImportDoesNotOpenAnErasedID(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	const file = "ref,email,name\np1,ada@example.org,Ada\np2,alan@example.org,Alan\n"
	h.load(clinic, file, catalog.ImportOptions{})
	r, err := h.RecipientByRef(t.Context(), h.op, clinic, "p1")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EraseRecipient(t.Context(), h.op, clinic, r.ID); err != nil {
		t.Fatal(err)
	}
	h.load(clinic, file, catalog.ImportOptions{})
	if _, err := h.OpenPerson(t.Context(), h.op, clinic, r.ID, "test"); cordon.CodeOf(err) != cordon.Missing {
		t.Errorf("the erased ID opens again: %v", err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("ref,email,name,tags\np1,ada@example.org,Ada,a;b\n"), false, false)
	f.Add([]byte("\xFF\xFEe\x00m\x00a\x00i\x00l\x00\n\x00"), true, false)
	f.Add([]byte("sep=;\nmail;vorname\nzo\xEB@example.org;\"Zo\xEB\"\r"), true, true)
	f.Add([]byte("email\n\"a@example.org"), true, true)
	h := newHouse(f)
	clinic := h.tenant("clinic")
	f.Fuzz(func(t *testing.T, file []byte, skip, shared bool) {
		report, err := h.Import(t.Context(), h.op, clinic, bytes.NewReader(file), catalog.ImportOptions{SkipBad: skip, AllowSharedAddress: shared})
		if err != nil && cordon.CodeOf(err) != cordon.Invalid {
			t.Fatalf("%v", err)
		}
		if good := report.Rows - report.Bad; err == nil && report.Inserted+report.Updated != good {
			t.Fatalf("%+v", report)
		}
		if err != nil && report.Inserted+report.Updated > 0 {
			t.Fatalf("something came in with %v", err)
		}
		if !skip && report.Bad > 0 && err == nil {
			t.Fatal("bad rows were passed over")
		}
	})
}
