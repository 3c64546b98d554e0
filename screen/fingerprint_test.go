package screen_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon/screen"
)

const body = `Dear %name%, your physiotherapy appointment is on %date% with %doctor%. Please bring your referral letter,
wear loose clothing, and come ten minutes early so that we can welcome you properly. If you cannot come, tell us one day before.
You can change or cancel your appointment on our page. Your invoice number is %number%. We look forward to seeing you.`

func merged(values ...string) (*screen.Sheet, []string) {
	text := strings.NewReplacer("%name%", values[0], "%date%", values[1], "%doctor%", values[2], "%number%", values[3]).Replace(body)
	return screen.ReadLetter("Your visit on "+values[1], "Northside", "desk@northside.example", text, ""), values
}

func TestCopiesOfOneLetterHaveOneFingerprint(t *testing.T) {
	first := screen.Fingerprint(merged("Ann Lee", "4 May 2026", "Dr Osei", "10017"))
	for _, values := range [][]string{
		{"Bartholomew van der Berg", "11 December 2026", "Dr Ahlgren-Smith", "9"},
		{"李小龍", "2026-05-04", "Dr. Иванова", "A-77/1"},
		{"Ann Lee", "Monday", "Ann Lee", "1,000.50"},
	} {
		if got := screen.Fingerprint(merged(values...)); screen.Distance(first, got) > 3 {
			t.Errorf("%v: %d bits differ", values, screen.Distance(first, got))
		}
	}
}

func TestFingerprintTellsLettersApart(t *testing.T) {
	s, values := merged("Ann Lee", "4 May 2026", "Dr Osei", "10017")
	first := screen.Fingerprint(s, values)
	near := screen.ReadLetter("Your visit", "", "", strings.Replace(s.Text, "loose clothing", "comfortable shoes", 1), "")
	if d := screen.Distance(first, screen.Fingerprint(near, values)); d > 12 {
		t.Errorf("two words changed: %d bits", d)
	}
	other := screen.ReadLetter("Claim it", "", "", `Congratulations, you were selected for a grand prize of one million dollars in our yearly draw.
To receive the sum send us your full name, your bank and a copy of your passport within three days, and keep this secret until it is paid out.`, "")
	if d := screen.Distance(first, screen.Fingerprint(other, nil)); d < 18 {
		t.Errorf("another letter: only %d bits", d)
	}
	rich := screen.ReadLetter("Your visit on 4 May 2026", "", "", "", "<p>"+strings.ReplaceAll(s.Text, "\n", "<br>")+"</p>")
	if d := screen.Distance(first, screen.Fingerprint(rich, values)); d > 2 {
		t.Errorf("the same as HTML: %d bits", d)
	}
}

func TestFingerprintOfLittle(t *testing.T) {
	if f := screen.Fingerprint(screen.ReadLetter("", "", "", "", ""), nil); f != 0 {
		t.Errorf("nothing has the fingerprint %x", f)
	}
	a := screen.Fingerprint(letter(`<a href="https://a.example/"><img src="https://a.example/p.png"></a>`), nil)
	b := screen.Fingerprint(letter(`<a href="https://b.example/"><img src="https://b.example/p.png"></a>`), nil)
	if a == 0 || a == b {
		t.Error("letters of one picture from two hosts have one fingerprint")
	}
	if a != screen.Fingerprint(&screen.Sheet{Subject: "Your visit", Links: []screen.Link{{Domain: "a.example"}}}, nil) {
		t.Error("a sheet made by hand has another fingerprint than one that was read")
	}
}

// Fingerprints are stored: the same letter must have the same one in every
// release and on every machine.
func TestFingerprintNeverChanges(t *testing.T) {
	s, values := merged("Ann Lee", "4 May 2026", "Dr Osei", "10017")
	if got := screen.Fingerprint(s, values); got != 0x28d1598a483ed898 {
		t.Errorf("the fingerprint of a known letter has become %#x", got)
	}
}
