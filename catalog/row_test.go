package catalog

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

// faultsOf checks one record under a header and answers what is wrong with it.
func faultsOf(t testing.TB, head, line string) []string {
	t.Helper()
	r := newCSVReader(strings.NewReader(head + "\n" + line + "\n"))
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	rec, err := r.next()
	if err != nil {
		t.Fatal(err)
	}
	cols, err := understand(rec)
	if err != nil {
		t.Fatal(err)
	}
	if rec, err = r.next(); err != nil {
		t.Fatal(err)
	}
	check := rowChecker{cols: cols}
	if _, ok := check.check(rec); ok != (len(check.faults) == 0) {
		t.Fatalf("ok is %v with faults %v", ok, check.faults)
	}
	var out []string
	for _, f := range check.faults {
		if f.Line != 2 || f.Remedy == "" {
			t.Errorf("fault %+v lacks its line or a remedy", f)
		}
		out = append(out, f.Field+": "+f.Message)
	}
	return out
}

func TestRowFaults(t *testing.T) {
	const head = "email,name,ref,tags,note"
	for _, tc := range []struct{ name, line, want string }{
		{"good", `ada@example.org,Ada,p1,recall;vip,x`, ""},
		{"good, with little", `ada@example.org,,,,`, ""},
		{"padding", "  ada@example.org\t,\u00A0Ada ,,,", ""},
		{"title with dots", `ada@example.org,Dr.Ada St.John-O’Neill,,,`, ""},
		{"too few columns", `ada@example.org,Ada`, "line: has 2 columns, the header has 5"},
		{"too many columns", `ada@example.org,Ada,Lovelace,p1,,`, "line: has 6 columns, the header has 5"},
		{"no address", `,Ada,p1,,`, "email: is empty"},
		{"a bad address", `ada.example.org,Ada,p1,,`, "email: has no local part or no domain"},
		{"two addresses", `a@example.org;b@example.org,Ada,p1,,`, "email: has a character that is not allowed (or holds a name or several addresses)"},
		{"line break", "ada@example.org,\"Ada\r\nBcc: x\",p1,,", "name: has a line break inside"},
		{"line break at the end of a value", "\"ada@example.org\n\",Ada,p1,,", "email: has a line break inside"},
		{"bare CR", "ada@example.org,A\rda,p1,,", "name: has a line break inside"},
		{"NUL", "ada@example.org,Ada,p1,,a\x00b", "note: has a NUL byte inside"},
		{"control character", "ada@example.org,Ada,p1,,a\x1Bb", "note: has a control character inside"},
		{"C1 control", "ada@example.org,Ada,p1,,a\u0085b", "note: has a control character inside"},
		{"text turned around", "ada@example.org,Ada,p1,,a\u202Eb", "note: has a control character inside"},
		{"broken UTF-8", "ada@example.org,A\xFFda,p1,,", "name: is not valid UTF-8"},
		{"damaged earlier", "ada@example.org,M\uFFFDller,p1,,", "name: has a character that was damaged earlier (shown as \uFFFD)"},
		{"long", "ada@example.org,Ada,p1,," + strings.Repeat("x", 501), "note: is longer than 500 bytes"},
		{"endless", "ada@example.org,Ada,p1,," + strings.Repeat("x", 100_000), "note: is longer than 500 bytes"},
		{"web address in a name", `ada@example.org,Ada https://prize.example/win,p1,,`, "name: holds a web address or something mail programs turn into a link"},
		{"host in a name", `ada@example.org,prize-win.com,p1,,`, "name: holds a web address or something mail programs turn into a link"},
		{"address in a name", `ada@example.org,ada@lovelace,p1,,`, "name: contains @"},
		{"web address elsewhere is kept", `ada@example.org,Ada,p1,,https://portal.example/`, ""},
		{"reference that is an address", `ada@example.org,Ada,ada@x.org,,`, "external_ref: looks like an address; a reference must not be personal data"},
		{"long reference", `ada@example.org,Ada,` + strings.Repeat("r", 101) + `,,`, "external_ref: is longer than 100 bytes"},
		{"bad tag", `ada@example.org,Ada,p1,a;<b>,`, "tags: has a tag with characters that are not allowed"},
		{"stray quote", `ada@example.org,O"Brien,p1,,`, "line: has a quote inside a field that is not quoted"},
		{"ragged quote", `ada@example.org,"O"Brien,p1,,`, "line: has text after a closing quote"},
		{"ragged over lines", "ada@example.org,\"O\nB\"rien,p1,,", "line: has text after a closing quote; the quoted text runs to line 3"},
		{"several at once", "x,Ada\x01,p1,,b\x02", "name: has a control character inside|note: has a control character inside|email: has no local part or no domain"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := strings.Join(faultsOf(t, head, tc.line), "|"); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestValueInAColumnWithoutAName(t *testing.T) {
	if got := faultsOf(t, "email,,", "ada@example.org,,"); got != nil {
		t.Errorf("empty cells: %v", got)
	}
	if got := faultsOf(t, "email,,", "ada@example.org,,x"); !slices.Equal(got, []string{"column 3: has a value, but the column has no name"}) {
		t.Errorf("got %v", got)
	}
}

// The public lists of good and bad addresses: the good ones that are no quoted
// local parts or address literals (which no file of people has) come in, the bad
// ones do not, and no fault repeats an address.
func TestRowAddresses(t *testing.T) {
	for _, list := range []struct {
		file string
		good bool
	}{{"testdata/fuzzdb-valid-email-addresses.txt", true}, {"testdata/fuzzdb-invalid-email-addresses.txt", false}} {
		raw, err := os.ReadFile(list.file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			address := strings.TrimRight(line, "\r\n")
			cell := `"` + strings.ReplaceAll(address, `"`, `""`) + `"`
			got := faultsOf(t, "email,name", cell+",Ada")
			if want := list.good && !unusual(address) || accepted[address]; (len(got) == 0) != want {
				t.Errorf("%s: %q: %v", list.file, address, got)
			}
			for _, f := range got {
				if strings.Contains(f, address) && len(address) > 3 {
					t.Errorf("the fault repeats %q", address)
				}
			}
		}
	}
}

// unusual says whether an address of a form that RFC 5321 allows is one that no
// import takes: a quoted local part, an IP address, a host without a dot.
func unusual(address string) bool {
	return strings.ContainsAny(address, "\"\\[") || address == "jacco@mailserver1" || address == "name@129.129.129.129"
}

// accepted are listed as bad although RFC 5321 or 6531 allows them, or are bad
// only in their padding, which is trimmed.
var accepted = map[string]bool{
	"うえあいお@address.com":              true,
	"sql'or'1'='1'or'test@email.com": true,
	"notallowed@example.com ":        true,
	" notallowed@example.com":        true,
}

func TestNormalTag(t *testing.T) {
	for in, want := range map[string]string{"VIP": "vip", "  Recall  2026 ": "recall 2026", "Größe": "größe", "a/b:c.d_e-f": "a/b:c.d_e-f", "e\u0301": "é"} {
		if got, why := normalTag(in); got != want || why != "" {
			t.Errorf("%q: %q, %q", in, got, why)
		}
	}
	for _, in := range []string{"", " ", "<x>", "a@b", "a\x00", "\xFF", strings.Repeat("x", 61)} {
		if got, why := normalTag(in); why == "" {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func FuzzRowChecker(f *testing.F) {
	f.Add([]byte("email,name,ref,tags,note"), []byte("ada@example.org,Ada,p1,a;b,x"))
	f.Add([]byte("sep=;\nmail;id"), []byte("\"a\"\"b\"@x.org;\x00\n\"\n"))
	f.Add([]byte("email,vorname"), []byte("zo\xEB@example.org,Zo\xEB"))
	f.Fuzz(func(t *testing.T, head, body []byte) {
		r := newCSVReader(strings.NewReader(string(head) + "\n" + string(body)))
		if err := r.begin(); err != nil {
			t.Fatal(err)
		}
		rec, err := r.next()
		if err != nil {
			return
		}
		cols, err := understand(rec)
		if err != nil {
			return
		}
		check := rowChecker{cols: cols}
		for {
			rec, err := r.next()
			if err != nil {
				return
			}
			row, ok := check.check(rec)
			if ok != (len(check.faults) == 0) {
				t.Fatalf("ok %v, faults %v", ok, check.faults)
			}
			if !ok {
				continue
			}
			if a, err := cordon.ParseAddress(string(row.address)); err != nil || a != row.address {
				t.Fatalf("address %q came in", string(row.address))
			}
			for _, v := range check.values {
				if len(v) > maxValue || strings.ContainsAny(string(v), "\r\n\x00") {
					t.Fatalf("value %q came in", v)
				}
			}
		}
	})
}
