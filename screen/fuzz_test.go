package screen_test

import (
	"bytes"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/screen"
	"golang.org/x/text/unicode/norm"
)

// sound holds a sheet against its bounds.
func sound(t *testing.T, s *screen.Sheet) {
	t.Helper()
	for name, text := range map[string]string{"subject": s.Subject, "name": s.FromName, "text": s.Text, "plain text": s.PlainText, "hidden": s.Hidden, "alt": s.Alt} {
		if len(text) > 64<<10 || !utf8.ValidString(text) || strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
			t.Fatalf("the %s is not folded text within its bound: %.200q", name, text)
		}
		if !norm.NFC.IsNormalString(text) {
			t.Fatalf("the %s is not NFC: %.200q", name, text)
		}
	}
	if len(s.Links) > 500 || len(s.Images) > 200 || len(s.Attachments) > 500 {
		t.Fatalf("%d links, %d pictures, %d attachments", len(s.Links), len(s.Images), len(s.Attachments))
	}
	for _, l := range s.Links {
		if len(l.URL) > 2048 || len(l.Host) > 253 || len(l.Text) > 300 || !strings.HasSuffix(l.Host, l.Domain) {
			t.Fatalf("a link out of bounds: host %q, domain %q", l.Host, l.Domain)
		}
		if l.Host != strings.ToLower(l.Host) && !l.Trick.Has(screen.TrickBad) {
			t.Fatalf("host %q", l.Host)
		}
	}
	about := house()
	found := screen.Findings(s, about)
	for _, f := range append(found, screen.Findings(s, screen.Context{})...) {
		if f.Message == "" || f.Decision == cordon.Undecided || f.Weight <= 0 || len(f.Message) > 250 {
			t.Fatalf("%+v", f)
		}
	}
	first, second := screen.Fingerprint(s, about.Values), screen.Fingerprint(s, about.Values)
	if !reflect.DeepEqual(found, screen.Findings(s, about)) || first != second {
		t.Fatal("two looks at one sheet differ")
	}
}

// FuzzRead: any bytes make a sound sheet, the same every time.
func FuzzRead(f *testing.F) {
	f.Add([]byte("Subject: x\nFrom: PayPal <a@b.example>\nContent-Type: text/html\n\n<p style='display:none'>a<a href=https://e\u0301vil.example>b"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/html\n\n<style>.a{font-size:0}</style><b class=a>y\n--b--\n"))
	f.Add(rawPicture("image/png", picture(12, 9, pattern)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := screen.Read(raw)
		if err != nil {
			if len(bytes.TrimSpace(raw)) != 0 {
				t.Fatal("a message with something in it is refused")
			}
			return
		}
		sound(t, s)
		if again, _ := screen.Read(raw); !reflect.DeepEqual(s, again) {
			t.Fatal("two readings differ")
		}
	})
}

// FuzzReadLetter: a letter makes a sound sheet, and the text of a sheet reads
// as itself.
func FuzzReadLetter(f *testing.F) {
	subject, text, html := letter5K()
	f.Add(subject, "Northside", text, html)
	f.Add("a\u200bb\u0301", "\u202ex", "v.i.a.g.r.a v1agra www.x.com", "<table><td hidden>a<td style='color:#fff;background:url(x)'>b<!--[if x]><a href=//y>z<![endif]-->")
	f.Add("0\u20290", "0", "0", "0")
	f.Add("", "", "", "<a href='https://a@b%2e:0x1/\\'>c.d</a><img src=data:image/gif;base64,R0lGODlhAQABAAAAACw=>")
	f.Fuzz(func(t *testing.T, subject, from, text, html string) {
		s := screen.ReadLetter(subject, from, from, text, html)
		sound(t, s)
		if !reflect.DeepEqual(s, screen.ReadLetter(subject, from, from, text, html)) {
			t.Fatal("two readings differ")
		}
		if again := screen.ReadLetter(s.Subject, "", "", s.Text, ""); again.Text != s.Text || again.Subject != s.Subject {
			t.Fatalf("the text of a sheet does not read as itself:\n%q\n%q", s.Text, again.Text)
		}
	})
}

// FuzzLinks: whatever stands in an href, the sheet's host is one that DNS could
// be asked for, or it is marked as none.
func FuzzLinks(f *testing.F) {
	for _, url := range []string{"https://a.example/", "//b", "http:\\\\c@d:1", "https://аррӏе.com", "https://%61.example", "http://0x7f000001", "http://[::1", "mailto:x@y", "data:,", "ht\ttp://e", "https://xn--/", "https://a..b", "https://.example.", "http:C#0"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s := screen.ReadLetter("", "", "", url, `<a href="`+strings.ReplaceAll(url, `"`, "&quot;")+`">x</a>`)
		for _, l := range s.Links {
			if l.Trick&(screen.TrickBad|screen.TrickIP) != 0 {
				continue
			}
			for _, c := range l.Host {
				if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
					t.Fatalf("host %q of %q", l.Host, l.URL)
				}
			}
			if l.Host != "" && l.Domain == "" {
				t.Fatalf("host %q has no domain", l.Host)
			}
		}
		sound(t, s)
	})
}

// FuzzImage: any bytes that say they are a picture are read within bounds.
func FuzzImage(f *testing.F) {
	f.Add(picture(9, 8, pattern))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := screen.Read(rawPicture("image/jpeg", body))
		if err != nil || len(s.Images) != 1 {
			t.Fatalf("%v", err)
		}
		p := s.Images[0]
		if p.Bytes != len(body) || p.Hash != 0 && (p.Width > 4096 || p.Height > 4096) {
			t.Fatalf("%+v", p)
		}
		inline := letter(`<img src="data:image/jpeg;base64,` + base64.StdEncoding.EncodeToString(body) + `">`)
		if len(inline.Images) == 1 && inline.Images[0].Hash != p.Hash {
			t.Fatal("the same picture has two hashes")
		}
	})
}
