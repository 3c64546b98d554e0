package screen

import (
	"testing"

	"github.com/cordonmail/cordon"
)

// FuzzJudge: whatever the bytes are, judging ends in a decision, twice the same.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{
		"", "\r\n", "Subject: x\r\n\r\nhello", "Content-Type: text/html\r\n\r\n<a href=\"http:C#0\">x.c</a><img src=http://\x00>",
		"Subject: =?utf-8?b?4oCu?=\r\nFrom: \"Bank <x@y>\" <a@b>\r\n\r\nv.i.a.g.r.a http://1.2.3.4/ http://xn--80ak6aa92e.com",
	} {
		f.Add([]byte(seed), "north.example", "see www.prize.example")
	}
	f.Fuzz(func(t *testing.T, raw []byte, host, value string) {
		s, err := Read(raw)
		if err != nil {
			return
		}
		for _, about := range []Context{{}, {TenantName: host, OwnDomains: []string{host}, ApprovedHosts: []string{host}, OtherNames: []string{value}, Values: []string{value}}} {
			a, b := Judge(s, about, nil), Judge(s, about, &Tuning{})
			if a.Decision == cordon.Undecided || a.Decision != b.Decision || a.Fingerprint != b.Fingerprint {
				t.Fatalf("judged %v, then %v", a.Decision, b.Decision)
			}
			if a.Decision != cordon.Pass && len(a.Reasons) == 0 {
				t.Fatal("held without a reason")
			}
		}
	})
}
