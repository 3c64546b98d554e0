package compose_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

func TestCheckValue(t *testing.T) {
	tests := []struct {
		typ  cordon.FieldType
		good []string
		bad  []string
	}{
		{cordon.FieldText,
			[]string{
				"Knee check", "Dr.Smith", "Dr. Smith", "Dr.Li", "Prof.Wang", "K.Ng", "J.R.Li", "St.John", "3.30pm", "9.am", "at 9.30", "e.g. x", "i.e.", "z.B. so",
				"u.a.", "1.200,50", "v1.2.3", "10.0.0.1", "12.05.2026", "3.Stock", "1.OG", "and/or", "Room 4/5", "C++", "50 %", "Müller & Söhne", "a...b", "...", ".", "Ärztin",
				"$24.00", "No.4", "ends here.", "北京", "مرحبا", "नमस्ते", "می\u200cخواهم", "❤️", "<b>", "{{7*7}}", "${x}", "readme.txt", "Inc.", "a:b", "5:30",
			},
			[]string{
				"http://x", "HTTPS://EVIL", "see https://evil.com/x", "www.evil", "WWW.Evil.com", "evil.com", "Evil.Com", "X.Com", "visit evil.co.uk now", "evil.com.Please",
				"evil.com,", "(evil.com)", "bit.ly/x", "a.b.c.ru", "täst.de", "例え.中国", "evil．com", "evil。com", "xn--80ak6aa92e.com", "today.Call us", ".com", "evil.example", "foo.onion",
				"//evil", "a@b", "info@clinic.example", "mailto:x", "1.2.3.4/x", "1.2.3.4:80", "evil.bd", "x.co.bd",
				"a\nb", "a\r\nBcc: x", "a\x00b", "a\tb", "a\x1b[31mb", "a\u0085b", "a\u2028b", "a\u202eb", "a\u200bb", "ev\u200dil.com", "a\ufeffb", "\xff", "\u00ad",
				strings.Repeat("x", 201),
			}},
		{cordon.FieldPerson,
			[]string{"Ada", "O'Neil", "O’Neil", "Jean-Luc", "J. R. R.", "Dr.Smith", "Nguyễn Văn", "李小龍", "Σωκράτης", "María José"},
			[]string{"Ada1", "Ada <x>", "evil.com", "A@b", "Ada\nLove", "{{x}}", "a/b", "a,b", "£"}},
		{cordon.FieldDate,
			[]string{"2006-01-02", "2 January 2026", "Mo., 3. Mai 2026", "12/05/2026", "1er mars 2026", "2026年5月1日"},
			[]string{"tomorrow", "1//2", "2.com", "1<2", "2026-01-02T10:00", "5.may.com"}},
		{cordon.FieldTime,
			[]string{"15:04", "9:30", "09.30", "3:04 pm", "3pm", "3.30pm", "11 a.m.", "23:59:59", "9 Uhr", "14h"},
			[]string{"15", "25:00", "12:60", "13pm", "0pm", "noon", "9:3", "9:30 com", "-1:00", "9.com"}},
		{cordon.FieldNumber,
			[]string{"0", "-12", "+1", "1,200.50", "1.200,50", "1 000", "−5", "1'000"},
			[]string{"", "x", "1e9", "1.", ".5", "--1", "1 x", "٣"}},
		{cordon.FieldPhone,
			[]string{"+44 20 7946 0000", "(030) 123-456", "030/123456", "112"},
			[]string{"12", "+", "call me", "12345678901234567890123", "+44;ext=1", "123-"}},
		{cordon.FieldEmail,
			[]string{"ada@example.org", "a.b+c_d@x-y.example.org", "jürgen@example.org", "o'neil@example.org"},
			[]string{"ada", "ada@", "@x.org", "a@b", "a b@x.org", "a@x.org\n", "Ada <a@x.org>", "a@x..org", "a@-x.org", "a..b@x.org", "a@x.org,b@x.org", "a@exa_mple.org", "a@täst.de"}},
	}
	for _, tt := range tests {
		f := cordon.Field{Name: "f", Type: tt.typ, Source: cordon.FromOrder}
		for _, v := range tt.good {
			if err := compose.CheckValue(f, v); err != nil {
				t.Errorf("%s %q: %v", tt.typ, v, err)
			}
		}
		for _, v := range tt.bad {
			if v == "" {
				continue
			}
			err := compose.CheckValue(f, v)
			if cordon.CodeOf(err) != cordon.Invalid {
				t.Errorf("%s %q: taken", tt.typ, v)
			} else if len(v) > 3 && strings.Contains(err.Error(), v) {
				t.Errorf("%s %q: the error repeats the value", tt.typ, v)
			}
		}
	}
	if compose.CheckValue(cordon.Field{Name: "f", Type: "url"}, "x") == nil {
		t.Error("an unknown type takes values")
	}
	if compose.CheckValue(cordon.Field{Name: "f", Type: cordon.FieldText, MaxLength: 3}, "four") == nil {
		t.Error("max_length does not bound")
	}
}

func TestFitNamesEveryFaultOfARow(t *testing.T) {
	c := base()
	c.Text = "{{first_name}}: {{note}} on {{date}}, {{room|the hall}}, {{pounds}}"
	l := compile(t, c)
	if got := l.Fit(map[string]string{"note": "Knee", "date": "2026-05-01", "pounds": "12", "phone": "+44 20 7946 0000"}); got != nil {
		t.Errorf("a good row has faults: %+v", got)
	}
	secret := "Ms Jane Roe, 12 Elm Road"
	got := l.Fit(map[string]string{
		"note": "see evil.com", "date": "tomorrow", "room": "a\nb", "first_name": "Ada", "unknown": "x", secret: "y", "pounds": " ",
	})
	want := []string{"date", "first_name", "note", "pounds", "room", "unknown", "values"}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, f := range got {
		if f.Field != want[i] || f.Remedy == "" {
			t.Errorf("fault %d: %+v, want field %s", i, f, want[i])
		}
		if strings.Contains(f.Field+f.Message+f.Remedy, "Jane") || strings.Contains(f.Message, "evil") {
			t.Errorf("%+v repeats a value", f)
		}
	}
}
