package message_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	gomessage "github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

var day = time.Date(2026, 5, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600))

func parts() message.Parts {
	return message.Parts{
		From: message.Mailbox{Name: "Elm Road Surgery", Address: "post@elmroad.example"}, To: message.Mailbox{Name: "Ada Lovelace", Address: "ada@example.org"},
		Subject: "Your visit", Text: "Dear Ada,\n\nsee you.\n", Date: day, MessageID: "<dsp-1.7@elmroad.example>",
	}
}

func build(t testing.TB, p message.Parts) []byte {
	t.Helper()
	raw, err := message.Build(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := message.Wire(raw); err != nil {
		t.Fatalf("built what may not leave: %v\n%q", err, raw)
	}
	return raw
}

func TestBuildWritesThePlainMessageInFull(t *testing.T) {
	p := parts()
	p.ReplyTo.Address = "desk@elmroad.example"
	p.Headers = []message.Header{{Name: "List-Unsubscribe", Value: "<https://elmroad.example/u/1>"}, {Name: "Auto-Submitted", Value: "auto-generated"}}
	want := "From: Elm Road Surgery <post@elmroad.example>\r\nTo: Ada Lovelace <ada@example.org>\r\nReply-To: desk@elmroad.example\r\nSubject: Your visit\r\n" +
		"Date: Fri, 01 May 2026 09:30:00 +0200\r\nMessage-ID: <dsp-1.7@elmroad.example>\r\nList-Unsubscribe: <https://elmroad.example/u/1>\r\nAuto-Submitted: auto-generated\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nDear Ada,\r\n\r\nsee you.\r\n"
	if got := string(build(t, p)); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestBuildIsTheSameForTheSameCopy(t *testing.T) {
	p := parts()
	p.HTML = "<p>Dear Ada</p>"
	if !bytes.Equal(build(t, p), build(t, p)) {
		t.Error("two builds of one copy differ")
	}
	a, err := message.MessageID("dsp_1-7", "elmroad.example")
	b, _ := message.MessageID("dsp_1-7", "elmroad.example")
	if err != nil || a != b || a != "<dsp_1-7@elmroad.example>" {
		t.Errorf("%q %q %v", a, b, err)
	}
	for _, bad := range [][2]string{{"", "x.org"}, {"a b", "x.org"}, {"a", ""}, {"a>", "x.org"}, {"a", "x..org"}, {"a\r\nb", "x.org"}, {"ä", "x.org"}, {"a", "täst.de"}} {
		if _, err := message.MessageID(bad[0], bad[1]); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%q@%q: %v", bad[0], bad[1], err)
		}
	}
}

func TestHeadersComeBack(t *testing.T) {
	long := strings.Repeat("A reminder of your appointment ", 20) + "end"
	for _, s := range []string{
		"Ada", "Zoë Müller", "李小龍", "Dr. Ada, PhD", `a "quoted" \ name`, "=?utf-8?q?evil?=", "  two  spaces  ", strings.Repeat("ü", 200), strings.Repeat("x", 500),
		long, "🎉 " + long, "a@b <c@d>", "tab-free", strings.Repeat("ab ", 300) + "c", "x=?", "(comment)", "a;b:c", ".", "é", "'", "“q”",
	} {
		p := parts()
		p.Subject, p.To.Name, p.From.Name = s, s, s
		p.Text = "x"
		same(t, p, build(t, p))
	}
}

func TestBuildRefusesInjectionByName(t *testing.T) {
	evil := []string{"a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b", "a\x1bb", "\r\n\r\nbody", "x\x7f"}
	raw, err := os.ReadFile("testdata/crlf-injection.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		decoded := strings.NewReplacer("%0d", "\r", "%0D", "\r", "%0a", "\n", "%0A", "\n", `\r`, "\r", `\n`, "\n").Replace(line)
		if strings.ContainsAny(decoded, "\r\n") {
			evil = append(evil, decoded)
		}
	}
	if len(evil) < 20 {
		t.Fatalf("only %d strings", len(evil))
	}
	set := map[string]func(*message.Parts, string){
		"from":           func(p *message.Parts, s string) { p.From.Name = s },
		"to":             func(p *message.Parts, s string) { p.To.Name = s },
		"reply-to":       func(p *message.Parts, s string) { p.ReplyTo = message.Mailbox{Name: s, Address: "a@b.example"} },
		"subject":        func(p *message.Parts, s string) { p.Subject = s },
		"X-Campaign":     func(p *message.Parts, s string) { p.Headers = []message.Header{{Name: "X-Campaign", Value: s}} },
		"headers":        func(p *message.Parts, s string) { p.Headers = []message.Header{{Name: s, Value: "x"}} },
		"message-id":     func(p *message.Parts, s string) { p.MessageID = "<" + s + "@x.example>" },
		"to address":     func(p *message.Parts, s string) { p.To.Address = cordon.Address("a@" + s) },
		"from address":   func(p *message.Parts, s string) { p.From.Address = cordon.Address(s + "@x.example") },
		"reply-to alone": func(p *message.Parts, s string) { p.ReplyTo.Address = cordon.Address(s) },
	}
	for field, put := range set {
		for _, s := range evil {
			p := parts()
			put(&p, s)
			_, err := message.Build(p)
			var e *cordon.Error
			if !errors.As(err, &e) || e.Code != cordon.Invalid || !strings.HasPrefix(field, e.Field) {
				t.Errorf("%s with %q: %v", field, s, err)
			} else if strings.Contains(err.Error(), "Bcc") {
				t.Errorf("%s: the error repeats the value", field)
			}
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		field  string
		change func(*message.Parts)
	}{
		{"text", func(p *message.Parts) { p.Text = "" }},
		{"text", func(p *message.Parts) { p.Text = "a\x00" }},
		{"text", func(p *message.Parts) { p.Text = "\xff" }},
		{"html", func(p *message.Parts) { p.HTML = "\xff" }},
		{"date", func(p *message.Parts) { p.Date = time.Time{} }},
		{"message-id", func(p *message.Parts) { p.MessageID = "x@y" }},
		{"to", func(p *message.Parts) { p.To.Address = "" }},
		{"to", func(p *message.Parts) { p.To.Address = "a@b@c.example" }},
		{"to", func(p *message.Parts) { p.To.Address = "a@b.example,c@d.example" }},
		{"subject", func(p *message.Parts) { p.Subject = "\xff" }},
		{"subject", func(p *message.Parts) { p.Subject = strings.Repeat("x", 5000) }},
		{"BCC", func(p *message.Parts) { p.Headers = []message.Header{{Name: "BCC", Value: "x@y.example"}} }},
		{"Content-Type", func(p *message.Parts) { p.Headers = []message.Header{{Name: "Content-Type", Value: "x"}} }},
		{"headers", func(p *message.Parts) { p.Headers = []message.Header{{Name: "X Y", Value: "x"}} }},
		{"X-Long", func(p *message.Parts) {
			p.Headers = []message.Header{{Name: "X-Long", Value: strings.Repeat("x", 1200)}}
		}},
	}
	for i, tt := range tests {
		p := parts()
		tt.change(&p)
		_, err := message.Build(p)
		var e *cordon.Error
		if !errors.As(err, &e) || e.Code != cordon.Invalid || e.Field != tt.field {
			t.Errorf("%d: %v, want %s", i, err, tt.field)
		}
	}
}

func TestBodiesComeBack(t *testing.T) {
	welcome, err := os.ReadFile("testdata/postmark-welcome.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{
		"x", "x\n", "a\r\nb\rc\nd", "\n\n\nx", "From me\nFrom you", ".\n..\n.x", "--=_x\n--", "trailing \t \nspace ", strings.Repeat("y", 5000), strings.Repeat("ü", 3000),
		"=3D =\n==", string(welcome), "a\tb", "\x0c\x1b", strings.Repeat("word ", 400), "🎉" + strings.Repeat("🎉", 100), "x\n.\n" + strings.Repeat(".", 300),
	} {
		p := parts()
		p.Text = body
		same(t, p, build(t, p))
		p.HTML = "<p>" + body
		same(t, p, build(t, p))
		p.Text = ""
		same(t, p, build(t, p))
	}
}

func TestNoBodyCanCloseItsPart(t *testing.T) {
	p := parts()
	p.HTML = "<p>x</p>"
	first := build(t, p)
	_, params, err := mime.ParseMediaType(header(t, first, "Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	p.Text = "x\r\n--" + params["boundary"] + "\r\nContent-Type: text/html\r\n\r\n<b>evil</b>\r\n--" + params["boundary"] + "--\r\n"
	same(t, p, build(t, p))
}

func TestInternationalAddressStaysUTF8(t *testing.T) {
	p := parts()
	p.To = message.Mailbox{Name: "Jürgen", Address: "jürgen@example.org"}
	raw := build(t, p)
	if !bytes.Contains(raw, []byte("<jürgen@example.org>")) { // RFC 6532
		t.Errorf("%s", raw)
	}
	same(t, p, raw)
}

func TestPartsRedactThemselves(t *testing.T) {
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "p", parts(), "m", parts().To)
	b.WriteString(fmt.Sprintf("%v %+v %#v %v", parts(), parts(), parts(), parts().To))
	if strings.Contains(b.String(), "Ada") || strings.Contains(b.String(), "ada@") {
		t.Error(b.String())
	}
}

// FuzzBuild: what is built may leave, and two readers that are not ours find in
// it what was put in.
func FuzzBuild(f *testing.F) {
	f.Add("Elm Road", "Ada", "Your visit", "Dear Ada", "<p>Dear Ada</p>", "auto-generated")
	f.Add("Zoë", "=?utf-8?q?x?=", "  ü  ", "From x\n.\n", "", "a  b")
	f.Add("a\"\\b", strings.Repeat("é ", 90), strings.Repeat("x", 300), "--=_\r\r\n", "=\n", "ü")
	f.Fuzz(func(t *testing.T, from, to, subject, text, html, extra string) {
		p := parts()
		p.From.Name, p.To.Name, p.Subject, p.Text, p.HTML = from, to, subject, text, html
		p.Headers = []message.Header{{Name: "X-Extra", Value: extra}}
		raw, err := message.Build(p)
		if err != nil {
			if cordon.CodeOf(err) != cordon.Invalid {
				t.Fatal(err)
			}
			return
		}
		if err := message.Wire(raw); err != nil {
			t.Fatalf("%v\n%q", err, raw)
		}
		same(t, p, raw)
	})
}

// same reads raw with net/mail and with go-message, and compares with p.
func same(t testing.TB, p message.Parts, raw []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	want := 7 + len(p.Headers)
	if p.HTML != "" && p.Text != "" {
		want-- // the parts carry the transfer encodings
	}
	if p.ReplyTo.Address != "" {
		want++
	}
	if len(m.Header) != want+1 {
		t.Fatalf("%d headers, want %d: %q", len(m.Header), want+1, raw)
	}
	for name, box := range map[string]message.Mailbox{"From": p.From, "To": p.To} {
		got, err := m.Header.AddressList(name)
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v\n%s", name, err, raw)
		}
		if got[0].Address != string(box.Address) || strings.Trim(box.Name, " ") != "" && got[0].Name != box.Name {
			t.Fatalf("%s: %q <%s>, want %q", name, got[0].Name, got[0].Address, box.Name)
		}
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || got != p.Subject {
		t.Fatalf("subject %q, want %q (%v)", got, p.Subject, err)
	}
	if id := m.Header.Get("Message-Id"); id != p.MessageID {
		t.Fatalf("message-id %q", id)
	}
	if when, err := m.Header.Date(); err != nil || !when.Equal(p.Date.Truncate(time.Second)) {
		t.Fatalf("date %v %v", when, err)
	}
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if bytes.Contains(line, []byte("=?")) && len(line) > 76 && bytes.HasPrefix(line, []byte(" =?utf-8?")) {
			t.Fatalf("an encoded line of %d bytes", len(line))
		}
	}
	sameBodies(t, p, m)
	sameByGoMessage(t, p, raw)
}

func sameBodies(t testing.TB, p message.Parts, m *mail.Message) {
	t.Helper()
	typ, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if typ != "multipart/alternative" {
		body := p.Text + p.HTML
		if (typ == "text/html") != (p.HTML != "") {
			t.Fatalf("type %s", typ)
		}
		if got := decode(t, m.Header.Get("Content-Transfer-Encoding"), m.Body); trim(got) != trim(body) {
			t.Fatalf("body %q, want %q", got, body)
		}
		return
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ typ, body string }{{"text/plain", p.Text}, {"text/html", p.HTML}} {
		part, err := r.NextRawPart()
		if err != nil || !strings.HasPrefix(part.Header.Get("Content-Type"), want.typ) {
			t.Fatalf("part %s: %v", want.typ, err)
		}
		if got := decode(t, part.Header.Get("Content-Transfer-Encoding"), part); trim(got) != trim(want.body) {
			t.Fatalf("%s %q, want %q", want.typ, got, want.body)
		}
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		t.Fatalf("a third part: %v", err)
	}
}

func sameByGoMessage(t testing.TB, p message.Parts, raw []byte) {
	t.Helper()
	e, err := gomessage.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	h := gomail.Header{Header: e.Header}
	if got, err := h.Subject(); err != nil || got != p.Subject {
		t.Fatalf("go-message: subject %q, want %q (%v)", got, p.Subject, err)
	}
	if to, err := h.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != string(p.To.Address) {
		t.Fatalf("go-message: to: %v", err)
	}
	for _, x := range p.Headers {
		got, err := h.Text(x.Name)
		if ascii := strings.IndexFunc(x.Value, func(r rune) bool { return r > 126 }) < 0; ascii {
			got = h.Get(x.Name)
			x.Value = strings.Join(strings.Fields(x.Value), " ")
			got = strings.Join(strings.Fields(got), " ")
		} else {
			x.Value = strings.Trim(x.Value, " ")
		}
		if err != nil && !strings.Contains(x.Value, "=?") || got != x.Value {
			t.Fatalf("go-message: %s %q, want %q (%v)", x.Name, got, x.Value, err)
		}
	}
	var bodies []string
	err = e.Walk(func(_ []int, part *gomessage.Entity, err error) error {
		if err != nil || part.MultipartReader() != nil {
			return err
		}
		body, err := io.ReadAll(part.Body)
		bodies = append(bodies, trim(string(body)))
		return err
	})
	var want []string
	for _, body := range []string{p.Text, p.HTML} {
		if body != "" {
			want = append(want, trim(body))
		}
	}
	if err != nil || strings.Join(bodies, "\x00") != strings.Join(want, "\x00") {
		t.Fatalf("go-message: %q, want %q (%v)", bodies, want, err)
	}
}

func decode(t testing.TB, encoding string, r io.Reader) string {
	t.Helper()
	if encoding == "quoted-printable" {
		r = quotedprintable.NewReader(r)
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// trim makes line ends alike and drops those at the end: the boundary owns one.
func trim(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.TrimRight(s, "\n")
}

func header(t testing.TB, raw []byte, name string) string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header.Get(name)
}

func BenchmarkBuild(b *testing.B) {
	p := parts()
	p.Subject = "Your visit on 1 May – Zoë"
	p.Text = strings.Repeat("Please come to the surgery, and bring your card.\n", 15)
	p.HTML = "<p>" + strings.Repeat("Please come to the surgery – and bring your card. ", 24) + "</p>"
	b.SetBytes(int64(len(p.Text) + len(p.HTML)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := message.Build(p); err != nil {
			b.Fatal(err)
		}
	}
}
