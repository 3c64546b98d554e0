package drill

import (
	"bufio"
	"fmt"
	"io"
)

// The invented patients of exercises: names put together by rule, addresses
// under a reserved domain (RFC 2606), the same for the same practice every time.
var (
	forenames = [...]string{"Ada", "Bruno", "Chidi", "Dara", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam",
		"Mira", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Samir", "Tess", "Umar", "Vera", "Wanda", "Xenia", "Yusuf", "Zoë"}
	surnames = [...]string{"Abara", "Brandt", "Castell", "Dunmore", "Eriksen", "Fontaine", "Galloway", "Haddad", "Iversen", "Jansen",
		"Kowal", "Lindqvist", "Moreau", "Nakata", "O'Hanlon", "Petrov", "Quist", "Romano", "Silva", "Thorne", "Ueda", "Vance", "Weiss", "Yilmaz", "Zimmer"}
	cities = [...]string{"Northby", "Eastwick", "Southmere", "Westleigh", "Highfield", "Lowdale", "Millbrook"}
)

// WritePatients writes the CSV file of a practice's n invented patients.
func WritePatients(w io.Writer, practice string, n int) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "ref,email,name,first_name,city,tags")
	for i := range n {
		first := forenames[i%len(forenames)]
		last := surnames[(i/len(forenames)+i)%len(surnames)]
		tag := "adult"
		if i%5 == 0 {
			tag = "child"
		}
		fmt.Fprintf(out, "P-%06d,patient%06d@%s.patients.example,%s %s,%s,%s,%s\n", i+1, i+1, practice, first, last, first, cities[i%len(cities)], tag)
	}
	return out.Flush()
}

// field declares a merge field in the API's form.
func field(name, kind, source string) map[string]any {
	return map[string]any{"name": name, "type": kind, "source": source}
}

const (
	appointmentSubject = "EXERCISE: your appointment"
	prizeSubject       = "EXERCISE: you have won an NFT award"
)

// appointmentLetter is an approved single letter: one value comes with the order.
func appointmentLetter(p *Practice) map[string]any {
	return map[string]any{
		"from_name": p.Name, "from_address": "desk@" + p.Domain,
		"subject": appointmentSubject + " at " + p.Name,
		"html": "<p>Dear {{first_name}},</p><p>we look forward to seeing you on {{visit_date}}.</p>" +
			"<p><a href=\"https://" + p.Domain + "/visits\">Change the appointment</a></p><p>" + p.Name + "</p>",
		"fields":     []any{field("first_name", "name", "recipient"), field("visit_date", "date", "order")},
		"link_hosts": []string{p.Domain},
	}
}

// RecallLetter is an approved bulk letter with personal fields only.
func RecallLetter(p *Practice) map[string]any {
	return map[string]any{
		"from_name": p.Name, "from_address": "desk@" + p.Domain,
		"subject": "EXERCISE: time for your check-up, {{first_name}}",
		"html": "<html><body><table><tr><td><h1>" + p.Name + "</h1><p>Dear {{name}},</p>" +
			"<p>it is time for your yearly check-up{{#if city}} at our rooms in {{city}}{{/if}}. Please ring us, or choose a time yourself.</p>" +
			"<p><a href=\"https://" + p.Domain + "/book\">Book a visit</a></p></td></tr></table></body></html>",
		"fields": []any{field("name", "text", "recipient"), field("first_name", "name", "recipient"),
			map[string]any{"name": "city", "type": "text", "source": "recipient", "optional": true}},
		"link_hosts": []string{p.Domain},
	}
}

// prizeLetter is what the intruder makes of a letter: prize spam like that of
// incident A. The host is reserved and answers nobody.
func prizeLetter(p *Practice) map[string]any {
	return map[string]any{
		"from_name": p.Name, "from_address": "desk@" + p.Domain,
		"subject":    prizeSubject + ", {{first_name}}",
		"html":       "<p>Dear {{first_name}}, your wallet was chosen for a crypto award. <a href=\"https://prize.invalid/claim\">Claim it</a>. See the attachment.</p>",
		"fields":     []any{field("first_name", "name", "recipient")},
		"link_hosts": []string{"prize.invalid"},
	}
}
