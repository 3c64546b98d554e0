package screen

import "testing"

func TestConfusableTable(t *testing.T) {
	n := int(confusables[0])<<8 | int(confusables[1])
	if n < 6000 {
		t.Fatalf("only %d characters", n)
	}
	last := rune(-1)
	for i := range n {
		at := 2 + i*confusableRecord
		r := rune(confusables[at])<<16 | rune(confusables[at+1])<<8 | rune(confusables[at+2])
		if r <= last {
			t.Fatalf("%U does not follow %U", r, last)
		}
		if p, ok := prototype(r); !ok || p == "" {
			t.Fatalf("%U is not found", r)
		}
		last = r
	}
	if _, ok := prototype('b'); ok {
		t.Error("b looks like something else")
	}
}

func TestLikeness(t *testing.T) {
	for _, pair := range [][2]string{
		{"paypal", "paypa1"}, {"paypal", "pаypаl"}, {"paypal", "раураl"}, {"microsoft", "rnicrosoft"}, {"google", "g00gle"},
		{"google", "ɡооɡlе"}, {"apple", "аррӏе"}, {"wellsfargo", "vvellsfargo"}, {"sparkasse", "spärkasse"}, {"ebay", "EBAY"}, {"lidl", "1id1"},
	} {
		if likeness(pair[0]) != likeness(pair[1]) {
			t.Errorf("%s %q and %s %q", pair[0], likeness(pair[0]), pair[1], likeness(pair[1]))
		}
	}
	for _, pair := range [][2]string{{"paypal", "payroll"}, {"apple", "ample"}, {"google", "goggle"}, {"amazon", "arizona"}} {
		if likeness(pair[0]) == likeness(pair[1]) {
			t.Errorf("%s and %s look alike", pair[0], pair[1])
		}
	}
}

func TestEveryBrandIsItsOwn(t *testing.T) {
	table := brandTable()
	for i := range brands {
		b := &brands[i]
		if table.byLabel[b.label] != b {
			t.Errorf("%s stands twice", b.label)
		}
		if who := table.byLikeness[likeness(b.label)]; who != b {
			t.Errorf("%s looks like %s", b.label, who.label)
		}
		if found, how := table.imitates("www."+b.label+".com", b.label+".com"); how != 0 {
			t.Errorf("%s.com imitates %s", b.label, found.label)
		}
	}
}

func TestServices(t *testing.T) {
	for host, want := range map[string]service{
		"bit.ly": shortener, "x.weebly.com": freePage, "sites.google.com": freePage, "google.com": 0, "forms.gle": formMaker, "docs.google.com": formMaker,
		"gmail.com": freeMail, "mail.gmail.com": freeMail, "l.facebook.com": redirects, "facebook.com": 0, "notbit.ly": 0, "": 0,
	} {
		if got := serviceOf(host, domainOf(host, 0)); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
}
