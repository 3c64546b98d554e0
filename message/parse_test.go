package message_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

func read(t testing.TB, raw string) message.Parsed {
	t.Helper()
	m, err := message.Parse([]byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseReadsWhatBuildWrites(t *testing.T) {
	p := parts()
	p.HTML = "<p>Gr\u00fc\u00dfe &amp; more</p>"
	m, err := message.Parse(build(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != p.Subject || m.FromName != p.From.Name || m.FromAddress != string(p.From.Address) {
		t.Errorf("heading: %q from %q", m.Subject, m.FromName)
	}
	if len(m.Defects) != 0 || len(m.Parts) != 2 || m.Parts[0].Type != "text/plain" || m.Parts[1].Type != "text/html" {
		t.Fatalf("parts %d, defects %v", len(m.Parts), m.Defects)
	}
	if trim(m.Parts[0].Text) != trim(p.Text) || trim(m.Parts[1].Text) != trim(p.HTML) {
		t.Error("a body came back changed")
	}
	if m.Parts[0].Alternative != 1 || m.Parts[1].Alternative != 1 {
		t.Error("the parts are no alternatives of each other")
	}
}

func TestParseRefusesNothingButNothing(t *testing.T) {
	for _, raw := range []string{"", " \r\n\t\n"} {
		_, err := message.Parse([]byte(raw))
		var e *cordon.Error
		if !errors.As(err, &e) || e.Code != cordon.Invalid || e.Remedy == "" {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestParseHeadings(t *testing.T) {
	for _, c := range []struct{ header, subject, name, address string }{
		{"Subject: plain\nFrom: Ann <ann@a.example>", "plain", "Ann", "ann@a.example"},
		{"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= from =?iso-8859-1?B?S/ZsbgA=?=\nFrom: \"Lee, Ann \\\"A\\\"\" <ann@a.example>", "Grüße from Köln", `Lee, Ann "A"`, "ann@a.example"},
		{"Subject: =?utf-8?B?w?= =?utf-8?B?w7w=?=\nFrom: ann@a.example (Ann)", "ü", "Ann", "ann@a.example"},
		{"subject: =?utf-8?B?w6Q=?= =?utf-8?B?w7Y=?=\nFROM: <ann@a.example>", "äö", "", "ann@a.example"},
		{"Subject: =?utf-8?Q?=C3?= =?utf-8?Q?=A4?=\nFrom: ann@a.example", "ä", "", "ann@a.example"},
		{"Subject: =?nonsense?Q?a=E4b?=\nFrom: a", "aäb", "a", ""},
		{"Subject: folded\n  over\n\tlines\nFrom: \"=?utf-8?Q?J=C3=B6rg?=\" <j@a.example>", "folded over lines", "Jörg", "j@a.example"},
		{"Subject: =?utf-8?Q?unfinished\nFrom: Bank <a@bank.example> <x@evil.example>", "=?utf-8?Q?unfinished", "Bank", "a@bank.example"},
		{"Subject: 8-bit \xe4\nFrom: =?utf-8?Q?a=40b.example?= <x@evil.example>", "8-bit ä", "a@b.example", "x@evil.example"},
		{"Subject : spaced\nnonsense\nFrom:a@b.example, c@d.example", "spaced", "", "a@b.example"},
		{"Subject: one\nSubject: two\nFrom: a@b.example", "one", "", "a@b.example"},
	} {
		m := read(t, c.header+"\n\nbody\n")
		if m.Subject != c.subject || m.FromName != c.name || m.FromAddress != c.address {
			t.Errorf("%q:\n got %q, %q, %q\nwant %q, %q, %q", c.header, m.Subject, m.FromName, m.FromAddress, c.subject, c.name, c.address)
		}
		if len(m.Parts) != 1 || !strings.Contains(m.Parts[0].Text, "body") {
			t.Errorf("%q: the body is lost: %v", c.header, len(m.Parts))
		}
	}
}

// What a mail program would show must be read, however broken the message is.
func TestParseReadsWhatIsBroken(t *testing.T) {
	html := "<p>Pay here</p>"
	for name, c := range map[string]struct {
		raw    string
		shown  string
		defect message.Defect
	}{
		"no header at all":             {"<html>" + html + "\n\nmore\n", "Pay here", ""},
		"boundary is not named":        {"Content-Type: multipart/mixed\n\n--xyzzy1\nContent-Type: text/html\n\n" + html + "\n--xyzzy1--\n", html, message.DefectNoBoundary},
		"no part begins":               {"Content-Type: multipart/mixed; boundary=b\n\n" + html + "\n", html, message.DefectNoParts},
		"no end":                       {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n" + html + "\n", html, message.DefectUnclosed},
		"a part header is broken":      {"Content-Type: multipart/mixed; boundary=b\n\n--b\nthis is no field\n\nfirst\n--b\nContent-Type: text/html\nthis is no field\n\n" + html + "\n--b--\n", html, message.DefectHeader},
		"the blank line is missing":    {"Content-Type: multipart/mixed; boundary=b\nX: y\n--b\nContent-Type: text/html\n\n" + html + "\n--b--\n", html, message.DefectHeader},
		"base64 with rubbish":          {"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPHA+U**GF5IGhl\ncmU8L3A+!\n", html, message.DefectBase64},
		"base64 in pieces":             {"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPHA+UGF5IA==aGVyZTwvcD4=\n", html, ""},
		"quoted-printable that is not": {"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p =ZZ>Pay =\nhere</p>=\n", "Pay here", message.DefectQuoted},
		"encoding nobody knows":        {"Content-Type: text/html\nContent-Transfer-Encoding: rot13\n\n" + html + "\n", html, message.DefectEncoding},
		"charset nobody knows":         {"Content-Type: text/html; charset=klingon\n\n" + html + "\n", html, message.DefectCharset},
		"type without a slash":         {"Content-Type: html\n\n" + html + "\n", html, message.DefectType},
		"type with two parameters":     {"Content-Type: text/html; charset=utf-8; charset=latin1\n\n" + html + "\n", html, message.DefectType},
		"type twice":                   {"Content-Type: text/plain\nContent-Type: text/html\n\n" + html + "\n", html, message.DefectRepeated},
		"old line ends":                {"Content-Type: text/html\n\n" + html, html, ""},
		"an mbox line first":           {"From someone Mon Jan 1\nSubject: x\n\n" + html + "\n", html, ""},
		"NUL bytes":                    {"Subject: x\n\n<p>Pay\x00 here</p>\n", html, message.DefectNUL},
	} {
		for _, end := range []string{"\r\n", "\n", "\r"} {
			m, err := message.Parse([]byte(strings.ReplaceAll(c.raw, "\n", end)))
			if err != nil {
				t.Fatal(name, err)
			}
			all := ""
			for _, p := range m.Parts {
				all += p.Text + "\n"
			}
			if !strings.Contains(all, c.shown) {
				t.Errorf("%s (%q): read %q", name, end, all)
			}
			if c.defect != "" && !slices.Contains(m.Defects, c.defect) {
				t.Errorf("%s (%q): defects %v, want %q", name, end, m.Defects, c.defect)
			}
		}
	}
}

func TestParseCharsets(t *testing.T) {
	for _, c := range []struct{ charset, bytes, want string }{
		{"iso-8859-1", "caf\xe9 \x80", "café €"},
		{"", "caf\xe9", "café"},
		{"us-ascii", "caf\xc3\xa9", "café"},
		{"utf-8", "caf\xe9", "café"},
		{"koi8-r", "\xf0\xd2\xc9", "При"},
		{"gb2312", "\xc4\xe3", "你"},
		{"iso-2022-jp", "\x1b$B$\"\x1b(B", "あ"},
		{"utf-16be", "\x00a\x00b", "ab"},
		{`"windows-1251"`, "\xcf\xf0", "Пр"},
		{"klingon", "caf\xe9", "café"},
	} {
		m := read(t, "Content-Type: text/plain; charset="+c.charset+"\n\n"+c.bytes)
		if got := m.Parts[0].Text; got != c.want {
			t.Errorf("%s: %q, want %q", c.charset, got, c.want)
		}
	}
	m := read(t, "Content-Type: text/html\n\n<meta charset=\"windows-1251\"><p>\xcf\xf0")
	if !strings.HasSuffix(m.Parts[0].Text, "Пр") {
		t.Errorf("the character set an HTML part names in itself is not used: %q", m.Parts[0].Text)
	}
}

func TestParseAttachmentsAndEnclosed(t *testing.T) {
	m := read(t, `Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: text/plain

words
--outer
Content-Type: application/pdf; name="=?utf-8?Q?Brief=C3=A4.pdf?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

AAECAw==
--outer
Content-Type: text/plain; name=x.txt
Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.txt

kept apart
--outer
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/alternative; boundary=inner

--inner

plain
--inner
Content-Type: text/html

<b>rich</b>
--inner--
--outer--
`)
	if len(m.Parts) != 5 {
		t.Fatalf("%d parts", len(m.Parts))
	}
	pdf, txt := m.Parts[1], m.Parts[2]
	if pdf.Name != "Briefä.pdf" || !pdf.Attachment || !bytes.Equal(pdf.Body, []byte{0, 1, 2, 3}) {
		t.Errorf("pdf: %q %v %v", pdf.Name, pdf.Attachment, pdf.Body)
	}
	if txt.Name != "naïve.txt" || txt.Text != "" || string(txt.Body) != "kept apart" {
		t.Errorf("text file: %q %q %q", txt.Name, txt.Text, txt.Body)
	}
	if in := m.Parts[4]; !in.Enclosed || in.Alternative != 1 || in.Text != "<b>rich</b>" {
		t.Errorf("enclosed: %+v", in.Enclosed)
	}
}

func TestParseIsBounded(t *testing.T) {
	deep := ""
	for i := range 60 {
		b := "b" + strings.Repeat("x", i)
		deep += "Content-Type: multipart/mixed; boundary=" + b + "\n\n--" + b + "\n"
	}
	if m := read(t, deep+"\nend\n"); !slices.Contains(m.Defects, message.DefectDepth) {
		t.Errorf("nesting: %v", m.Defects)
	}
	many := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 2000)
	if m := read(t, many); len(m.Parts) != message.MaxParts || !slices.Contains(m.Defects, message.DefectParts) {
		t.Errorf("parts: %d, %v", len(m.Parts), m.Defects)
	}
	if m := read(t, "Subject: x\n"+strings.Repeat("X: y\n", 5000)+"\nbody\n"); !slices.Contains(m.Defects, message.DefectHeaderSize) || m.Parts[0].Text != "body\r\n" {
		t.Errorf("header: %v", m.Defects)
	}
	big := append([]byte("Subject: x\n\n"), bytes.Repeat([]byte("y"), message.MaxMessage+10)...)
	if m, err := message.Parse(big); err != nil || len(m.Parts[0].Text) != message.MaxText || !slices.Contains(m.Defects, message.DefectSize) {
		t.Errorf("size: %v, %v", err, m.Defects)
	}
}

// Of a message in order, another reader must see the same.
func TestParseAgreesWithGoMessage(t *testing.T) {
	sameLeaves(t, build(t, parts()))
	p := parts()
	p.HTML = "<p>Gr\u00fc\u00dfe</p>"
	sameLeaves(t, build(t, p))
}

func sameLeaves(t testing.TB, raw []byte) {
	t.Helper()
	m, err := message.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	e, err := gomessage.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Walk(func(_ []int, e *gomessage.Entity, err error) error {
		if kind, _, _ := e.Header.ContentType(); err == nil && strings.HasPrefix(kind, "text/") {
			b, _ := io.ReadAll(e.Body)
			texts = append(texts, string(b))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(texts) != len(m.Parts) {
		t.Fatalf("%d parts, go-message sees %d", len(m.Parts), len(texts))
	}
	for i := range texts {
		if trim(texts[i]) != trim(m.Parts[i].Text) {
			t.Errorf("part %d: %q, go-message reads %q", i, m.Parts[i].Text, texts[i])
		}
	}
}

func TestParsedRedactsItself(t *testing.T) {
	m := read(t, "Subject: secret\n\nsecret\n")
	if s := m.String() + m.GoString() + m.Parts[0].String() + m.LogValue().String(); strings.Contains(s, "secret") {
		t.Error(s)
	}
}

// FuzzParse: whatever comes in, nothing panics, every bound holds, text is
// UTF-8 without NUL, and the same bytes give the same answer.
func FuzzParse(f *testing.F) {
	f.Add([]byte("Subject: x\r\n\r\nbody"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nx\n--bb--\n--b--\n"))
	f.Add([]byte("Subject: =?utf-8?B?w7w=?= =?x?q?=\nContent-Type: text/html; charset=utf-7\nContent-Transfer-Encoding: base64\n\nPHA+"))
	f.Add([]byte("Content-Type: message/rfc822\n\nContent-Type: multipart/digest; boundary=\"\"\n\n--x\n\nSubject: y\n\nz\n"))
	f.Add([]byte("From: \"a\\\"b\" (c) <d@e> , f@g\r\rContent-Disposition: attachment; filename*0=a; filename*1=b\r\r"))
	f.Add([]byte("Content-Transfer-Encoding: base64\n\n00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := message.Parse(raw)
		if err != nil {
			if len(bytes.TrimSpace(raw)) != 0 {
				t.Fatal("a message with something in it is refused")
			}
			return
		}
		if len(m.Parts) > message.MaxParts || len(m.Defects) > 20 {
			t.Fatalf("%d parts, %d defects", len(m.Parts), len(m.Defects))
		}
		again, _ := message.Parse(raw)
		for i, p := range m.Parts {
			if !utf8.ValidString(p.Text) || strings.ContainsRune(p.Text, 0) {
				t.Fatalf("part %d is no clean text", i)
			}
			if len(p.Body)+len(p.Text) > 4*len(raw)+16 {
				t.Fatalf("part %d grew from %d to %d bytes", i, len(raw), len(p.Body)+len(p.Text))
			}
			if again.Parts[i].Text != p.Text || again.Parts[i].Type != p.Type {
				t.Fatal("two readings differ")
			}
		}
		for _, s := range []string{m.Subject, m.FromName, m.FromAddress, m.ReplyTo} {
			if !utf8.ValidString(s) {
				t.Fatal("a heading is no UTF-8")
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw := build(b, parts())
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := message.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
