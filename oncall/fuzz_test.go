package oncall

import (
	"testing"
	"time"

	"github.com/cordonmail/cordon"
)

// FuzzLink: no text that was not signed here is a link, and what was signed is
// read back.
func FuzzLink(f *testing.F) {
	at := time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC)
	l := links{key: []byte("a key for tests")}
	f.Add(l.ack("pag_x", "con_y", at), "x")
	f.Add(l.verify("met_x", at), "y")
	f.Add("a.x.y.0.aaaaaaaaaaaaaaaaaaaaaaaaaa", "z")
	f.Fuzz(func(t *testing.T, token, page string) {
		if got, err := (links{key: []byte("another key")}).read(token, at); err == nil {
			t.Fatalf("a stranger's link is one: %+v", got)
		}
		_, _ = l.read(token, at)
		made := l.ack(cordon.PageID("pag_"+cordon.RandomText(26)), "con_y", at.Add(time.Hour))
		got, err := l.read(made, at)
		if err != nil || got.contact != "con_y" || got.expired {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := l.read(made+page, at); err == nil && page != "" {
			t.Fatalf("a lengthened link is one: %q", made+page)
		}
	})
}
