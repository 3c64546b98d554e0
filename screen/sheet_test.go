package screen_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/screen"
)

func letter(html string) *screen.Sheet {
	return screen.ReadLetter("Your visit", "Northside", "desk@northside.example", "", html)
}

func TestVisibleText(t *testing.T) {
	for _, c := range []struct{ html, text, hidden string }{
		{"<p>One</p><p>two  three</p>", "One\ntwo three", ""},
		{"<table><tr><td>a<td>b<tr><td>c</table>d", "a b\nc\nd", ""},
		{"vi<b></b>si<!-- x -->ble", "visible", ""},
		{"a<br>b&nbsp;&nbsp;c&amp;d", "a\nb c&d", ""},
		{"<style>p{}</style><script>no()</script><title>no</title>yes", "yes", ""},
		{"<div style='display:none'>secret <b>more</b></div>shown", "shown", "secret more"},
		{"<div style='DISPLAY : NONE !important'>secret</div>shown", "shown", "secret"},
		{"<p style='display:none'>secret<p>shown", "shown", "secret"},
		{"<span hidden>secret</span>shown", "shown", "secret"},
		{"<span style='font-size:0px'>secret<span style='font-size:14px'>shown</span></span>", "shown", "secret"},
		{"<span style='font-size:1px'>secret</span>shown", "shown", "secret"},
		{"<font color=#ffffff>secret</font>shown", "shown", "secret"},
		{"<table bgcolor=#000000><tr><td><font color=white>shown</font></td></tr></table>", "shown", ""},
		{"<div style='background:#123456'><span style='color:#123456'>secret</span></div>shown", "shown", "secret"},
		{"<div style='background:url(x.png)'><span style='color:#fff'>shown</span></div>", "shown", ""},
		{"<div style='position:absolute;left:-9999px'>secret</div>shown", "shown", "secret"},
		{"<div style='height:0;overflow:hidden'>secret</div>shown", "shown", "secret"},
		{"<div style='opacity:0'>secret</div>shown", "shown", "secret"},
		{"<style>.x{display:none}</style><i class='y x'>secret</i>shown", "shown", "secret"},
		{"<style>@media (max-width:600px){.x{display:none}}</style><i class=x>shown</i>", "shown", ""},
		{"<style>#a, .b { font-size:0 }</style><i id=a>secret</i><b class=b>too</b>shown", "shown", "secret too"},
		{"<noscript>secret</noscript>shown", "shown", "secret"},
		{"<div style='display:none'><div>secret</div>too</div></b>shown", "shown", "secret too"},
		{"<template><p>secret</p>more</template>shown", "shown", "secret more"},
		{"<table><tr><td style='display:none'>secret<tr><td>shown</table>", "shown", "secret"},
		{"<div style='display:none'><table><tr><td>secret</div>too</table></div>shown", "shown", "secret too"},
		{"<textarea>shown</textarea><xmp><b>too</b></xmp>", "shown<b>too</b>", ""},
		{"<!--[if mso]><p>for Outlook</p><![endif]-->shown", "shown", ""},
	} {
		s := letter(c.html)
		if s.Text != c.text || s.Hidden != c.hidden {
			t.Errorf("%s\n got %q hidden %q\nwant %q hidden %q", c.html, s.Text, s.Hidden, c.text, c.hidden)
		}
	}
}

func TestTextIsFolded(t *testing.T) {
	s := screen.ReadLetter("a\u200bb  c", "", "", "Cafe\u0301  au \t lait\r\n\r\n\r\nsoft\u00adhyphen zero\u200bwidth\u202e\n", "")
	if s.Subject != "ab c" || s.Text != "Café au lait\nsofthyphen zerowidth" {
		t.Errorf("%q, %q", s.Subject, s.Text)
	}
	if s.Salt.Invisible != 2 || s.Salt.SoftHyphens != 1 || s.Salt.Bidi != 1 {
		t.Errorf("%+v", s.Salt)
	}
	padded := letter("<p>Preview" + strings.Repeat("&zwnj;&nbsp;", 50) + "text</p>")
	if padded.Salt.Invisible != 0 || padded.Text != "Preview text" {
		t.Errorf("a padded preview counts as salted: %+v", padded.Salt)
	}
}

func TestLinks(t *testing.T) {
	s := letter(`<base href="https://base.example/"><a href="https://Shop.Example.COM:8443/x?y">Our <b>shop</b></a>
<a href="mailto:desk@northside.example">write</a> <img src="//cdn.example/p.png" width=1 height=1>
<form action="http://form.example"><input type=password name=p></form><iframe src=https://frame.example></iframe>
<td background="https://back.example/x"><p style="background-image:url('https://style.example/y')">see www.bare.example.org, not e.g. this.
<meta http-equiv=refresh content="0; url=https://refresh.example/"><a href="javascript:alert(1)">x</a><a href="#top">up</a>
<!--[if mso]><a href="https://outlook.example/">o</a><![endif]-->`)
	var got []string
	for _, l := range s.Links {
		got = append(got, l.Kind.String()+" "+l.Scheme+" "+l.Host+" "+l.Domain+" "+l.Text)
	}
	want := `anchor https base.example base.example 
anchor https shop.example.com example.com Our shop
anchor mailto northside.example northside.example write
image  cdn.example cdn.example 
form http form.example form.example 
frame https frame.example frame.example 
image https back.example back.example 
image https style.example style.example 
frame https refresh.example refresh.example 
anchor javascript   x
anchor https outlook.example outlook.example 
text  www.bare.example.org example.org `
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	h := s.HTML
	if h.Forms != 1 || h.Passwords != 1 || h.Frames != 1 || h.Refresh != 1 || h.Bases != 1 || h.ScriptURLs != 1 || h.TinyImages != 1 {
		t.Errorf("%+v", h)
	}
}

func TestBareLinks(t *testing.T) {
	for text, want := range map[string]string{
		"go to https://a.example.com/x.": "https://a.example.com/x",
		"(see http://a.example.com/(x))": "http://a.example.com/(x)",
		"<http://a.example.com>":         "http://a.example.com",
		"at www.shop.co.uk, now":         "//www.shop.co.uk",
		"visit evil-shop.com today":      "//evil-shop.com",
		"visit evil-shop.com/path!":      "//evil-shop.com/path",
		"mail me at ann@shop.com":        "",
		"e.g. this, i.e. that":           "",
		"the end.Next sentence":          "",
		"file.py and main.rs":            "",
		"version 1.2.3 at 9.30":          "",
		"data.frame in R":                "",
	} {
		s := screen.ReadLetter("", "", "", text, "")
		got := ""
		if len(s.Links) > 0 {
			got = s.Links[0].URL
		}
		if got != want || len(s.Links) > 1 {
			t.Errorf("%q: %q (%d), want %q", text, got, len(s.Links), want)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, c := range []struct {
		url, host, domain string
		trick             screen.Trick
	}{
		{"https://www.northside.example.co.uk/", "www.northside.example.co.uk", "example.co.uk", 0},
		{"https://bank.example@evil.example/", "evil.example", "evil.example", screen.TrickUser},
		{"http://3232235777/", "3232235777", "3232235777", screen.TrickIP},
		{"http://0x7f.1/", "0x7f.1", "0x7f.1", screen.TrickIP},
		{"http://[::1]:81/", "[::1]", "[::1]", screen.TrickIP},
		{"http://evil.example:8081/", "evil.example", "evil.example", screen.TrickPort},
		{"https:\\\\evil.example\\x", "evil.example", "evil.example", screen.TrickSlash},
		{"https:evil.example/x", "evil.example", "evil.example", screen.TrickSlash},
		{"https://ev%69l.example/", "evil.example", "evil.example", screen.TrickEscape},
		{"ht\ntps://evil.example/", "evil.example", "evil.example", screen.TrickSlash},
		{"https://ｅｖｉｌ。example/", "evil.example", "evil.example", screen.TrickForeign},
		{"https://аррӏе.com/", "xn--80ak6aa92e.com", "xn--80ak6aa92e.com", screen.TrickForeign},
		{"https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com", "xn--80ak6aa92e.com", screen.TrickForeign},
		{"https://go.example/?to=https%3A%2F%2Fevil.example", "go.example", "go.example", screen.TrickInner},
		{"https://a b.example/", "a b.example", "a b.example", screen.TrickBad},
		{"https:///", "", "", screen.TrickBad | screen.TrickSlash},
		{"https://evil.example./", "evil.example", "evil.example", 0},
	} {
		s := letter(`<a href="` + c.url + `">x</a>`)
		if len(s.Links) != 1 {
			t.Errorf("%s: %d links", c.url, len(s.Links))
			continue
		}
		if l := s.Links[0]; l.Host != c.host || l.Domain != c.domain || l.Trick != c.trick {
			t.Errorf("%s: %q %q %b, want %q %q %b", c.url, l.Host, l.Domain, l.Trick, c.host, c.domain, c.trick)
		}
	}
}

func picture(w, h int, at func(x, y int) uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetGray(x, y, color.Gray{Y: at(x, y)})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func pattern(x, y int) uint8 { return uint8((x*x/37 + y*7 + x*y/11) % 251) }

func rawPicture(kind string, body []byte) []byte {
	return []byte("Subject: x\r\nContent-Type: " + kind + "; name=p\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(body) + "\r\n")
}

func onePicture(t *testing.T, raw []byte) screen.Image {
	t.Helper()
	s, err := screen.Read(raw)
	if err != nil || len(s.Images) != 1 {
		t.Fatalf("%v, %d pictures", err, len(s.Images))
	}
	return s.Images[0]
}

func TestImageHash(t *testing.T) {
	big := onePicture(t, rawPicture("image/png", picture(360, 240, func(x, y int) uint8 { return pattern(x/4, y/4) })))
	if big.Width != 360 || big.Height != 240 || big.Type != "image/png" || big.Hash == 0 {
		t.Fatalf("%+v", big)
	}
	half, err := png.Decode(bytes.NewReader(picture(180, 120, func(x, y int) uint8 { return pattern(x/2, y/2) })))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, half, &jpeg.Options{Quality: 70}); err != nil {
		t.Fatal(err)
	}
	small := onePicture(t, rawPicture("image/jpeg", b.Bytes()))
	if d := screen.Distance(big.Hash, small.Hash); d > 6 || small.Type != "image/jpeg" {
		t.Errorf("half the size as JPEG differs by %d bits (%s)", d, small.Type)
	}
	other := onePicture(t, rawPicture("image/png", picture(300, 300, func(x, y int) uint8 { return uint8(x * y / 350) })))
	if d := screen.Distance(big.Hash, other.Hash); d < 16 {
		t.Errorf("another picture differs by only %d bits", d)
	}
	if d := screen.Distance(0, big.Hash); d != 64 {
		t.Errorf("no picture is %d bits away from one", d)
	}
}

func TestImageIsBounded(t *testing.T) {
	wide := onePicture(t, rawPicture("image/png", picture(5000, 1, pattern)))
	if wide.Hash != 0 || wide.Width != 5000 {
		t.Errorf("too wide a picture is decoded: %+v", wide)
	}
	if liar := onePicture(t, rawPicture("image/png", []byte("GIF89a no picture"))); liar.Hash != 0 || liar.Bytes == 0 {
		t.Errorf("%+v", liar)
	}
	flat := onePicture(t, rawPicture("image/png", picture(20, 20, func(int, int) uint8 { return 9 })))
	if flat.Hash == 0 {
		t.Error("a flat picture has no hash")
	}
	data := "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture(40, 40, pattern))
	s := letter(`<img src="` + data + `">`)
	if len(s.Images) != 1 || s.Images[0].Hash == 0 || s.Images[0].Remote || len(s.Links[0].URL) > 2048 {
		t.Errorf("a picture in the HTML: %d", len(s.Images))
	}
}

func TestReadRefusesOnlyNothing(t *testing.T) {
	_, err := screen.Read(nil)
	var e *cordon.Error
	if !errors.As(err, &e) || e.Code != cordon.Invalid {
		t.Error(err)
	}
	s, err := screen.Read([]byte("nothing like a message"))
	if err != nil || s.Text != "nothing like a message" {
		t.Errorf("%v, %v", err, s)
	}
}
