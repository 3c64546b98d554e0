package catalog

import (
	"errors"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func header(t testing.TB, line string) (columns, error) {
	t.Helper()
	r := newCSVReader(strings.NewReader(line + "\n"))
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	rec, err := r.next()
	if err != nil {
		t.Fatal(err)
	}
	return understand(rec)
}

func TestHeaderIsUnderstood(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{"email", "email"},
		{"E-Mail,First Name,SURNAME,Patient ID,Tags", "email first_name last_name external_ref tags"},
		{"mail;Given name;last_name;ref", "email first_name last_name external_ref"},
		{"email_address\tname\tDate of Birth", "email name date_of_birth"},
		{"Address,Größe (cm),Naïve?,Straße", "email grosse_cm naive strasse"},
		{"\"e-mail\" , \" externalRef \"", "email external_ref"},
		{"email,,note,", "email (no name) note (no name)"},
	} {
		cols, err := header(t, tc.line)
		if err != nil {
			t.Errorf("%q: %v", tc.line, err)
			continue
		}
		var names []string
		for _, c := range cols.all {
			names = append(names, c.name)
		}
		if got := strings.Join(names, " "); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.line, got, tc.want)
		}
	}
}

func TestHeaderIsRefused(t *testing.T) {
	many := "email"
	for range maxColumns {
		many += ",x"
	}
	for _, tc := range []struct{ name, line, want string }{
		{"no address", "name,phone", "none of its 2 columns is called email"},
		{"data, not a header", "ada@example.org,Ada", "holds an address, so it is no header"},
		{"two addresses", "email,mail", "means the same as column 1: email"},
		{"two alike", "email,Date of birth,date-of-birth", "means the same as column 2: date_of_birth"},
		{"not Latin", "email,имя", "no template could use"},
		{"a digit first", "email,2nd phone", "no template could use"},
		{"only punctuation", "email,???", "no template could use"},
		{"too long", "email," + strings.Repeat("x", 41), "no template could use"},
		{"too many", many, "has 61 columns; at most 60"},
		{"NUL", "email\x00,name", "NUL bytes"},
		{"broken UTF-8", "email,n\xFFme", "not valid UTF-8"},
		{"a stray quote", "email,na\"me", "quote that does not belong"},
		{"megabytes", "email," + strings.Repeat("x", 1<<20), "thousands of bytes"},
	} {
		_, err := header(t, tc.line)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
		var e *cordon.Error
		if errors.As(err, &e) && (e.Code != cordon.Invalid || e.Field == "" || e.Remedy == "") {
			t.Errorf("%s: %+v lacks field or remedy", tc.name, e)
		}
		if err != nil && strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: the error repeats the file", tc.name)
		}
	}
}
