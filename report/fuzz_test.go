package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
)

// FuzzRead reads what strangers send as a report: nothing panics, and what comes
// out can be stored and shown.
func FuzzRead(f *testing.F) {
	f.Add([]byte("From: a@b.example\r\nSubject: x\r\n\r\nhttps://c.example b-0123456789abcdefghjkmnpqrs@d.example\r\n"))
	f.Add([]byte("Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nFrom: q@w.example\n\nhello\n--x--"))
	f.Add([]byte(`{"xarf_version":"4.0.0","evidence":[{"payload":"eA=="}]}`))
	f.Add([]byte("Received: a\n b\nDKIM-Signature: c\nX: y\n\nbody"))
	clerk := New(Config{Codes: cordon.NewCodebook([]byte("k"))})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, way := range []cordon.ReportWay{cordon.WayMail, cordon.WayHand, cordon.WayForm} {
			r := clerk.read(cordon.OpenReport{Report: cordon.Report{Way: way}, Raw: raw})
			if len(r.codes()) > maxCodes || len(r.hosts) > maxHosts || r.kind() == "" {
				t.Fatalf("%d codes, %d hosts, kind %q", len(r.codes()), len(r.hosts), r.kind())
			}
			for _, host := range append(r.hosts, r.sender) {
				if host != plainDomain(host) {
					t.Fatalf("host %q", host)
				}
			}
			_ = r.reached()
		}
		fields, text, _ := shown(raw)
		for _, x := range fields {
			harmless(t, x.Name, 80)
			harmless(t, x.Value, mostValue)
		}
		harmless(t, text, mostText)
		if !bytes.Equal(content(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))), content(bytes.ReplaceAll(raw, []byte("\r"), nil))) && !bytes.Contains(raw, []byte("\r")) {
			t.Fatal("line ends make another report of it")
		}
		if len(content(raw)) > len(raw)+1 {
			t.Fatal("content grew")
		}
	})
}

func harmless(t *testing.T, text string, most int) {
	t.Helper()
	if len(text) > most+3 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		t.Fatalf("shown: %q", text)
	}
}

// FuzzWords feeds the small readers.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"5.1.1", "<a@b>", "{{name}}, your visit", "Name <a@b.example>", "4.x.1", "<a@b\r\nBcc: c@d>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := cleanStatus(s); got != "" && (got != s || len(got) > 11) {
			t.Fatalf("status %q of %q", got, s)
		}
		if plainMessageID(s) && (strings.ContainsAny(s, "\r\n \t") || s[0] != '<') {
			t.Fatalf("message ID %q", s)
		}
		for _, x := range replyHeaders(s) {
			if strings.ContainsAny(x.Name+x.Value, "\r\n") {
				t.Fatalf("header %q", x.Value)
			}
		}
		if out := openSubject(s); strings.Contains(out, "\n") || len(out) > 203 {
			t.Fatalf("subject %q", out)
		}
		_ = bare(s)
		form := Form{Words: s, Message: []byte(s)}
		if h, err := readHead(form.raw()); err != nil || h.one("subject") != "Report by the form" {
			t.Fatalf("form of %q: %v", s, err)
		}
	})
}
