package screen_test

import (
	"testing"

	"github.com/cordonmail/cordon/screen"
)

// What organisations of health write to their own people, linked to themselves,
// passes: words that would be a lure from a stranger are their trade.
func TestOwnLettersOfPracticesPass(t *testing.T) {
	for _, l := range []struct{ from, subject, text string }{
		{"Hillview Dental", "Time for your dental check-up", "it is time for your yearly dental check-up. Gum disease is best treated early. Please ring us, or choose a time yourself."},
		{"Westleigh Podiatry", "Your visit on Monday", "please leave nail varnish off, so that we can see the toenails. Your visit is on Monday at ten."},
		{"Southmere Skin Clinic", "Results of your moles", "the moles we took away were harmless. You need not do anything. Keep the dressing dry for two more days."},
		{"Northby Surgery", "Blood pressure review", "your yearly review of blood pressure and diabetes is due. Please book a time with the nurse, and bring your readings."},
		{"Lowdale Pharmacy", "Your prescription is ready", "your repeat prescription is ready to collect until six today. Bring your card, please."},
		{"Eastwick Hospital", "Confirm your appointment", "please confirm your appointment in radiology on 4 December at 09:20. If you cannot come, tell us, so that another patient can."},
		{"Millbrook Physio", "Invoice for your treatment", "please find below the invoice for your treatment in November: 3 sessions, 126.00 in all, payable within 30 days by bank transfer."},
		{"Highfield Eye Centre", "Before your cataract operation", "do not eat after midnight. Somebody should drive you home, because your eyesight will be blurred for some hours."},
		{"Northby Surgery", "Vaccination for your child", "your child is due for a vaccination. Please tell us by Friday whether you agree. The form takes two minutes."},
		{"Riverbank Care Home", "Visiting at Christmas", "visitors are welcome every day from two to five. On Christmas Eve we sing carols in the hall at three."},
	} {
		s := screen.ReadLetter(l.subject, l.from, "desk@own.example", "Dear Sample,\n\n"+l.text+"\n\nMore <https://own.example/visits>\n\n"+l.from,
			"<p>Dear Sample,</p><p>"+l.text+"</p><p><a href=\"https://own.example/visits\">More</a></p><p>"+l.from+"</p>")
		r := screen.Judge(s, screen.Context{TenantName: l.from, OwnDomains: []string{"own.example"}, ApprovedHosts: []string{"own.example"}}, nil)
		if len(r.Reasons) > 0 {
			t.Errorf("%s, %q: score %.2f, %v", l.from, l.subject, r.Score, r.Reasons)
		}
	}
}

// The same trust is not given to a letter that leads elsewhere, nor to one that
// speaks of what no practice speaks of.
func TestTrustAtHomeEnds(t *testing.T) {
	about := screen.Context{TenantName: "Northby Surgery", OwnDomains: []string{"own.example"}, ApprovedHosts: []string{"own.example"}}
	for name, text := range map[string][2]string{
		"a link elsewhere":   {"please confirm your appointment on Monday.", "elsewhere.example"},
		"a prize":            {"congratulations! You were drawn as winner of 250,000 dollars in our lottery. Claim your prize with your bank account today.", "own.example"},
		"goods of no clinic": {"genuine Swiss replica watches: Rolex and Omega from 99 dollars, perfect copies. Reply for our catalogue.", "own.example"},
	} {
		s := screen.ReadLetter("A note", "Northby Surgery", "desk@own.example", "Dear Sample, "+text[0],
			"<p>Dear Sample, "+text[0]+" <a href=\"https://"+text[1]+"/x\">More</a></p>")
		if r := screen.Judge(s, about, nil); len(r.Reasons) == 0 {
			t.Errorf("%s passes: score %.2f", name, r.Score)
		}
	}
}
