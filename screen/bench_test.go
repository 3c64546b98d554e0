package screen_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon/screen"
)

// letter5K is a rendered letter of 5 KB, text and HTML together, as a practice sends it.
func letter5K() (subject, text, html string) {
	var t, h strings.Builder
	h.WriteString(`<!doctype html><html><head><meta charset="utf-8"><style>.preheader{display:none} a{color:#0b57d0} @media(max-width:600px){.wide{display:none}}</style></head><body style="margin:0;background:#f4f4f4"><span class="preheader">Your appointment with us</span><table width="100%" role="presentation"><tr><td align="center">`)
	for i := range 6 {
		p := "Dear Ms Ahlgren, your physiotherapy appointment is on 4 May 2026 at 14:30 with Dr Osei in room 12. Please bring your referral letter, wear loose clothing, and come ten minutes early so that we can welcome you properly. If you cannot come, tell us one day before. "
		t.WriteString(p + "\n\n")
		h.WriteString(`<table class="wide" style="width:600px;max-width:100%"><tr><td style="padding:12px;font-family:Arial,sans-serif;font-size:16px;color:#222222"><p>` + p + `</p><p><a href="https://northside.example/visit/` + string(rune('a'+i)) + `" style="color:#0b57d0">Change your appointment</a></p></td></tr></table>`)
	}
	h.WriteString(`<img src="https://northside.example/logo.png" width="120" height="40" alt="Northside Physiotherapy"></td></tr></table></body></html>`)
	return "Your visit on 4 May", t.String(), h.String()
}

func house() screen.Context {
	return screen.Context{
		TenantName: "Northside Physiotherapy", OwnDomains: []string{"northside.example"}, ApprovedHosts: []string{"northside.example", "maps.example"},
		OtherNames: []string{"Riverbank Family Practice", "Hillview Dental", "Lakeside Eye Clinic"},
		Values:     []string{"Ahlgren", "4 May 2026", "14:30", "Dr Osei"},
	}
}

func BenchmarkLetter(b *testing.B) {
	subject, text, html := letter5K()
	about := house()
	b.SetBytes(int64(len(html)))
	b.ReportAllocs()
	for b.Loop() {
		s := screen.ReadLetter(subject, "Northside Physiotherapy", "desk@northside.example", text, html)
		if len(screen.Findings(s, about)) != 0 {
			b.Fatal("an innocent letter has findings")
		}
		screen.Fingerprint(s, about.Values)
	}
}

func BenchmarkReadLetter(b *testing.B) {
	subject, text, html := letter5K()
	b.ReportAllocs()
	for b.Loop() {
		screen.ReadLetter(subject, "Northside Physiotherapy", "desk@northside.example", text, html)
	}
}

func BenchmarkFindings(b *testing.B) {
	subject, text, html := letter5K()
	s := screen.ReadLetter(subject, "Northside Physiotherapy", "desk@northside.example", text, html)
	about := house()
	b.ReportAllocs()
	for b.Loop() {
		screen.Findings(s, about)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	subject, text, html := letter5K()
	s := screen.ReadLetter(subject, "Northside Physiotherapy", "desk@northside.example", text, html)
	about := house()
	b.ReportAllocs()
	for b.Loop() {
		screen.Fingerprint(s, about.Values)
	}
}
