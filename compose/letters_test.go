package compose_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

var markers = regexp.MustCompile(`\{\{[^}]*\}\}`)

// realLetters are the public templates in testdata/letters, with the hosts they
// link to and values to render them with. Fields not named are plain text.
var realLetters = []struct {
	file   string
	hosts  []string
	values map[string]string
}{
	{"leemunroe-email.html", []string{"htmlemail.io"}, nil},
	{"mailgun-action.html", []string{"twitter.com", "www.mailgun.com"}, nil},
	{"postmark-invoice.html", []string{"example.com", "fonts.googleapis.com", "links.example.org"}, map[string]string{
		"name": `Zoë O'Neil & <Söhne>`, "total": "€ 1.200,50", "due_date": "2 May 2026", "date": "1 April 2026", "invoice_id": "#77-A",
		"token": "a/b?c=d", "description": "Knee brace, 2×", "amount": "€ 600,25", "purchase_date": "31 March 2026",
	}},
	{"postmark-password-reset.html", []string{"example.com", "fonts.googleapis.com", "links.example.org"}, map[string]string{
		"name": "Ada", "operating_system": "Plan 9", "browser_name": "Lynx \"2\"", "token": "x y",
	}},
	{"postmark-welcome.html", []string{"example.com", "fonts.googleapis.com", "links.example.org"}, map[string]string{
		"name": "Ada", "username": "ada<1815>", "trial_length": "30", "trial_start_date": "1 May", "trial_end_date": "31 May",
		"support_email": "help@clinic.example", "token": "t-1",
	}},
	{"sendgrid-paste-receipt.html", []string{"fonts.gstatic.com", "images.example.org", "sendgrid.com"}, map[string]string{"total": "$54.00", "order_number": "0000224"}},
	{"sendgrid-paste-welcome.html", []string{"fonts.gstatic.com", "images.example.org", "sendgrid.com"}, nil},
	{"video-consult-confirmation.html", []string{"links.example.org"}, map[string]string{
		"token": "q&a=1#x", "first_name": "Søren", "last_name": "Kierkegård", "provider": "Dr.Smith", "clinic": "Elm <Road> Surgery",
		"address": "pat@example.net", "phone": "+1 206 555 0100",
	}},
	{"nhs-vaccination-email-consent_confirmation_given.txt", nil, map[string]string{
		"full_and_preferred_patient_name": "Sam Sample (known as Sammy)", "vaccination": "HPV vaccination", "location_name": "St. Mary's School",
		"consented_vaccine_methods_message": "You've agreed to the nasal spray.", "short_patient_name_apos": "Sammy’s", "subteam_name": "Team 4",
		"subteam_email": "team4@nhs.example", "subteam_phone": "020 7946 0000",
	}},
	{"nhs-vaccination-email-consent_confirmation_triage.txt", nil, map[string]string{
		"full_and_preferred_patient_name": "Sam", "vaccination": "HPV", "location_name": "the hall", "consented_vaccine_methods_message": "Nasal.",
		"short_patient_name": "Sam", "subteam_name": "T", "subteam_email": "t@nhs.example", "subteam_phone": "020 7946 0000",
	}},
	{"nhs-virtual-visit-email_initial_template_id.txt", nil, map[string]string{
		"hospital_name": "General", "ward_name": "Ward 3", "visit_date": "2026-05-01", "visit_time": "15:04",
	}},
}

func TestRealLettersComeOutAsTheyWereWritten(t *testing.T) {
	for _, tt := range realLetters {
		t.Run(tt.file, func(t *testing.T) {
			source := read(t, filepath.Join("testdata", "letters", tt.file))
			content := letter(source, tt.values, tt.hosts)
			l := compile(t, content)
			if got := l.Hosts(); !slices.Equal(got, tt.hosts) {
				t.Errorf("hosts %q, want %q", got, tt.hosts)
			}
			out, err := l.Render(compose.Merge{Person: person(tt.values), Values: orderValues(tt.values)})
			if err != nil {
				t.Fatal(err)
			}
			body := out.Text
			if content.HTML != "" {
				body = out.HTML
				golden(t, tt.file+".txt", out.Text)
			}
			if left := markers.FindString(body + out.Text); left != "" {
				t.Errorf("half-merged: %s is left", left)
			}
			rest := body
			for _, piece := range markers.Split(source, -1) {
				i := strings.Index(rest, piece)
				if i < 0 {
					t.Fatalf("the template's own bytes changed near %.80q", piece)
				}
				rest = rest[i+len(piece):]
			}
			if diff := cmp.Diff(comments(source), comments(body)); diff != "" {
				t.Errorf("comments changed:\n%s", diff)
			}
			if strings.Contains(source, "[if") && !slices.ContainsFunc(comments(body), func(c string) bool { return strings.Contains(c, "[if") }) {
				t.Error("Outlook's conditional comments are gone")
			}
		})
	}
}

func TestRealLettersEscapeValuesForTheirPlace(t *testing.T) {
	want := map[string][]string{
		"postmark-invoice.html": {
			"Hi Zoë O&#39;Neil &amp; &lt;Söhne&gt;,", `href="https://links.example.org/action_url/a%2Fb%3Fc%3Dd"`, ">https://links.example.org/action_url/a%2Fb%3Fc%3Dd<",
		},
		"postmark-welcome.html":           {`href="mailto:help@clinic.example"`, "ada&lt;1815&gt;"},
		"video-consult-confirmation.html": {`src="https://links.example.org/q%26a%3D1%23x"`, "Elm &lt;Road&gt; Surgery", "Dr.Smith"},
	}
	for _, tt := range realLetters {
		l := compile(t, letter(read(t, filepath.Join("testdata", "letters", tt.file)), tt.values, tt.hosts))
		out, err := l.Render(compose.Merge{Person: person(tt.values), Values: orderValues(tt.values)})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want[tt.file] {
			if !strings.Contains(out.HTML, w) {
				t.Errorf("%s: no %s", tt.file, w)
			}
		}
	}
}

// letter makes content of a source: every field it uses is declared as text from
// the order, but name and address; those without a value are optional.
func letter(source string, values map[string]string, hosts []string) cordon.Content {
	c := cordon.Content{
		FromName: "Elm Road Surgery", FromAddress: "post@elmroad.example", Subject: "Your letter", LinkHosts: hosts,
	}
	if strings.Contains(source, "<html") {
		c.HTML = source
	} else {
		c.Text = source
	}
	seen := map[string]bool{"": true, "if": true, "else": true}
	for _, m := range markers.FindAllString(source, -1) {
		name := strings.TrimLeft(strings.TrimPrefix(strings.Trim(m, "{} "), "#if "), "#^/ ")
		name, _, _ = strings.Cut(name, "|")
		if seen[name] {
			continue
		}
		seen[name] = true
		f := cordon.Field{Name: name, Type: cordon.FieldText, Source: cordon.FromOrder}
		switch {
		case name == cordon.FieldName:
			f.Source = cordon.FromRecipient
		case name == cordon.FieldAddress:
			f.Type, f.Source = cordon.FieldEmail, cordon.FromRecipient
		case strings.HasSuffix(name, "_email"):
			f.Type = cordon.FieldEmail
		}
		c.Fields = append(c.Fields, f)
	}
	return c
}

func person(values map[string]string) cordon.Person {
	return cordon.Person{Name: values["name"], Address: cordon.Address(values["address"])}
}

func orderValues(values map[string]string) map[string]string {
	order := map[string]string{}
	for k, v := range values {
		if k != "name" && k != "address" {
			order[k] = v
		}
	}
	return order
}

var commentShape = regexp.MustCompile(`(?s)<!--.*?-->`)

func comments(s string) []string { return commentShape.FindAllString(s, -1) }

func compile(t testing.TB, c cordon.Content) *compose.Letter {
	t.Helper()
	l, err := compose.Compile(c)
	if err != nil {
		t.Fatalf("%v\n%+v", err, faults(err))
	}
	return l
}

func faults(err error) []cordon.Fault {
	var e *cordon.Error
	if errors.As(err, &e) {
		return e.Faults
	}
	return nil
}

func read(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, path), got); diff != "" {
		t.Errorf("%s:\n%s", name, diff)
	}
}
