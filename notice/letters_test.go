package notice

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

func tongues(t *testing.T) map[cordon.Language]*Tongue {
	t.Helper()
	all, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fullTelling is an incident in which everything happened that a letter can speak
// of.
func fullTelling(t *testing.T, m *Messenger, kind cordon.IncidentKind, reads int64) telling {
	t.Helper()
	at := time.Date(2024, 8, 24, 23, 14, 0, 0, time.UTC)
	figures := cordon.Figures{}
	for n, name := range cordon.FigureNames() {
		f := cordon.Figure{Name: name, Value: int64(1005 + n), AsOf: at.Add(26 * time.Hour), LedgerSize: 77}
		if strings.HasSuffix(name, "_at") {
			f.Value, f.At = 0, at.Add(time.Duration(n)*time.Minute)
		}
		figures[name] = f
	}
	figures[cordon.FigureReads] = cordon.Figure{Name: cordon.FigureReads, Value: reads, AsOf: at}
	f := cordon.NoticeFacts{Incident: cordon.NewIncidentID(), Seq: 1, Revision: 1, Texts: map[cordon.Language]cordon.NoticeTexts{}, Figures: figures}
	for l := range m.tongues {
		f.Texts[l] = cordon.NoticeTexts{Text: m.draftTexts(l, kind, figures, cordon.NoticeIdentity{Name: "Northside Systems", Address: "privacy@northside.example"})}
	}
	f.Texts[cordon.English].Text[cordon.NoticeSubject] = "You won 10,000 in crypto at prize.invalid"
	f.Texts[cordon.English].Text[cordon.NoticeSample] = "Claim it at https://prize.invalid/now, or write to win@prize.invalid"
	f.Texts[cordon.English].Text[cordon.NoticeLinks] = "One, to prize.invalid."
	rebase(&f)
	i := cordon.Incident{ID: f.Incident, Number: 12, Kind: kind, Exercise: false}
	clock := cordon.Clock{Regime: m.regimes[0], DueAt: at.AddDate(0, 0, 60)}
	return telling{incident: i, facts: f, identity: cordon.NoticeIdentity{Name: "Northside Systems", Address: "privacy@northside.example"},
		tenant: &tenantShare{tenant: cordon.NewTenantID(), name: "Northside {{Physio}} & Co", clocks: []cordon.Clock{clock},
			counts: cordon.TellingCounts{Delivered: 8332, Unknown: 2, People: 8330, Mailable: 8326, Beyond: 4, FirstAt: at, LastAt: at.Add(time.Hour)}}}
}

func messenger(t *testing.T) *Messenger {
	t.Helper()
	m, err := New(Config{StatusURL: "https://status.example", ConsoleURL: "https://console.example"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every letter in every language for every kind of incident: nothing is left
// unfilled, no figure is typed, nothing links anywhere but to our own pages, and
// the engine of letters takes the follow-up.
func TestEveryLetterSaysEverything(t *testing.T) {
	m := messenger(t)
	for _, kind := range cordon.IncidentKinds() {
		for _, reads := range []int64{0, 3} {
			x := fullTelling(t, m, kind, reads)
			if got := x.facts.Offers(); !slices.Equal(got, cordon.Languages()) {
				t.Fatalf("%s: drafted in %v only", kind, got)
			}
			if faults := x.facts.Faults(); len(faults) > 0 {
				t.Fatalf("%s: the draft could not be stored: %+v", kind, faults)
			}
			for _, l := range cordon.Languages() {
				for _, name := range Letters() {
					d, err := m.render(name, l, x)
					if err != nil {
						t.Fatalf("%s %s %s: %v", kind, l, name, err)
					}
					checkDocument(t, string(kind)+" "+string(l)+" "+string(name), d)
					if name == FollowUp {
						c := m.content(d, x.identity)
						if _, err := compose.Compile(c); err != nil {
							t.Errorf("%s %s: the follow-up is no letter: %v", kind, l, err)
						}
					}
				}
			}
		}
	}
}

func checkDocument(t *testing.T, what string, d Document) {
	t.Helper()
	text := d.Title + "\n" + d.Text()
	html := d.HTML("https://status.example", "https://console.example")
	for _, bad := range []string{"<no value>", "%!", "prize.invalid", "https://prize"} {
		if strings.Contains(text, bad) || strings.Contains(html, bad) {
			t.Errorf("%s has %q:\n%s", what, bad, text)
		}
	}
	// The one {{ there may be is in the tenant's own odd name.
	if strings.Contains(strings.ReplaceAll(text, "{{Physio}}", ""), "{{") {
		t.Errorf("%s has an unfilled field:\n%s", what, text)
	}
	for word := range strings.FieldsSeq(text) {
		if strings.Contains(word, "://") && !strings.HasPrefix(word, "https://status.example/") && !strings.HasPrefix(word, "https://console.example/") &&
			!strings.HasPrefix(word, "hxxps[:]//") {
			t.Errorf("%s links elsewhere: %s", what, word)
		}
	}
	if strings.Contains(html, "<script") || strings.Contains(html, "{{Physio}} & Co") {
		t.Errorf("%s is not escaped", what)
	}
}

// A letter's file holds no digit and no link: both come from fields alone.
func TestNobodyTypesAFigure(t *testing.T) {
	for l, tongue := range tongues(t) {
		used := map[string]bool{}
		for name, letter := range tongue.letters {
			for _, part := range append([]string{letter.title}, letter.blocks...) {
				for _, f := range fieldsIn(part) {
					used[f] = true
					part = strings.ReplaceAll(part, "{{"+f+"}}", "")
				}
				if strings.ContainsFunc(part, unicode.IsDigit) || strings.Contains(part, "://") || strings.Contains(part, "www.") {
					t.Errorf("%s %s types a figure or a link: %q", l, name, part)
				}
			}
		}
		for kind, texts := range tongue.facts {
			for n, text := range texts {
				if !slices.Contains(cordon.NoticeFields(), n) {
					t.Errorf("%s %s: %s is no text", l, kind, n)
				}
				if _, err := cordon.FiguresIn(text); err != nil {
					t.Errorf("%s %s %s: %v", l, kind, n, err)
				}
			}
			if !slices.Contains(cordon.IncidentKinds(), cordon.IncidentKind(kind)) && kind != "default" && kind != "opened" {
				t.Errorf("%s: %s is no kind", l, kind)
			}
		}
		for _, n := range []string{"what_happened", "advice", "contact", "recipients_affected", "tenant_people", "clocks", "page", "changes"} {
			if !used[n] {
				t.Errorf("%s: no letter says %s", l, n)
			}
		}
		for _, n := range cordon.FigureNames() {
			if tongue.Figures[n] == "" {
				t.Errorf("%s has no word for %s", l, n)
			}
		}
		for _, n := range cordon.NoticeFields() {
			if tongue.field(n) == "" {
				t.Errorf("%s has no word for %s", l, n)
			}
		}
		if len(tongue.Months) != 12 || tongue.Exercise == "" || tongue.NotYet == "" || tongue.Name == "" || tongue.Practice == "" || tongue.Reworded == "" {
			t.Errorf("%s lacks words", l)
		}
	}
}

// The same letters say the same in every language: each has the fields that the
// English one has.
func TestTranslationsLeaveNothingOut(t *testing.T) {
	all := tongues(t)
	of := func(l letterText) []string {
		var names []string
		for _, part := range append([]string{l.title}, l.blocks...) {
			names = append(names, fieldsIn(part)...)
		}
		slices.Sort(names)
		return names
	}
	for l, tongue := range all {
		for _, name := range Letters() {
			if got, want := of(tongue.letters[name]), of(all[cordon.English].letters[name]); !slices.Equal(got, want) {
				t.Errorf("%s %s says\n%v, English says\n%v", l, name, got, want)
			}
		}
		for kind, texts := range all[cordon.English].facts {
			for n := range texts {
				if tongue.facts[kind][n] == "" {
					t.Errorf("%s: %s has no %s", l, kind, n)
				}
			}
		}
	}
}

func TestWhatHasNothingToSayIsLeftOut(t *testing.T) {
	m := messenger(t)
	x := fullTelling(t, m, cordon.IncidentTemplate, 0)
	x.facts.Figures[cordon.FigureUnknown] = cordon.Figure{Name: cordon.FigureUnknown}
	x.facts.Figures[cordon.FigureContained] = cordon.Figure{Name: cordon.FigureContained}
	for _, n := range []cordon.NoticeField{cordon.NoticeSubject, cordon.NoticeSample, cordon.NoticeLinks} {
		delete(x.facts.Texts[cordon.English].Text, n)
	}
	rebase(&x.facts)
	d, err := m.render(PatientPage, "de", x)
	if err != nil {
		t.Fatal(err)
	}
	text := d.Text()
	for _, gone := range []string{"nicht wissen, ob sie angekommen", "Seit noch", "Wie die Nachricht aussah", "berichtigen wir, was"} {
		if strings.Contains(text, gone) {
			t.Errorf("says %q:\n%s", gone, text)
		}
	}
	for _, there := range []string{"1.005 Nachrichten", "24. August 2024", "https://status.example/check"} {
		if !strings.Contains(text, there) {
			t.Errorf("does not say %q:\n%s", there, text)
		}
	}
}

func TestATranslationThatIsOutOfDateIsNotUsed(t *testing.T) {
	m := messenger(t)
	x := fullTelling(t, m, cordon.IncidentTemplate, 0)
	next := edited(x.facts, Edit{Texts: map[cordon.Language]map[cordon.NoticeField]string{"en": {cordon.NoticeAdvice: "Burn it."}, "fr": {cordon.NoticeAdvice: "Brûlez-le."}}})
	if got := next.Offers(); !slices.Equal(got, []cordon.Language{"en", "fr"}) {
		t.Fatalf("offers %v", got)
	}
	x.facts = next
	d, err := m.render(SampleLetter, "de", x)
	if err != nil || d.Language != cordon.English || !strings.Contains(d.Text(), "Burn it.") {
		t.Errorf("%v %v", d.Language, err)
	}
	if d, err = m.render(SampleLetter, "fr", x); err != nil || d.Language != "fr" || !strings.Contains(d.Text(), "Brûlez-le.") {
		t.Errorf("%v %v", d.Language, err)
	}
}

func TestWhatIsQuotedShowsNobodysData(t *testing.T) {
	text := map[cordon.NoticeField]string{}
	quote(text, cordon.Content{Subject: "Win, {{first_name|friend}}", HTML: "<p>Dear {{first_name}},</p><p>go to <a href=\"https://a.example/{{id}}\">a.example</a>. " + strings.Repeat("ä", 400) + "</p>", LinkHosts: []string{"a.example"}})
	if text[cordon.NoticeSubject] != "Win, …" || text[cordon.NoticeLinks] != "a.example" || strings.Contains(text[cordon.NoticeSample], "{{") || len(text[cordon.NoticeSample]) > sampleLength+8 {
		t.Errorf("%q", text)
	}
	f := cordon.NoticeFacts{Texts: map[cordon.Language]cordon.NoticeTexts{"en": {Text: text}}}
	if faults := f.Faults(); len(faults) > 0 {
		t.Errorf("%+v", faults)
	}
}

func TestDefanged(t *testing.T) {
	for in, want := range map[string]string{
		"Win at https://a.b.example/x?y=1 now.": "Win at hxxps[:]//a[.]b[.]example/x?y=1 now.",
		"Hello. It ends here.":                  "Hello. It ends here.",
		"write to me@x.example":                 "write to me[@]x[.]example",
		"www.x.example":                         "www[.]x[.]example",
	} {
		if got := defanged(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestRegimes(t *testing.T) {
	all, err := LoadRegimes("")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"hipaa-164.410", "gdpr-33-2", "gdpr-33", "gdpr-34", "uk-pecr-5a", "hipaa-164.402", "hipaa-164.404", "hipaa-164.406", "hipaa-164.408b", "hipaa-164.408c", "au-ndb", "iso-27001"}
	var got []string
	opened := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	due := map[string]string{"hipaa-164.404": "2027-01-21T09:00", "gdpr-33": "2026-11-25T09:00", "hipaa-164.408c": "2027-03-02T00:00", "au-ndb": "2026-12-22T09:00", "iso-27001": "", "gdpr-34": ""}
	for _, r := range all {
		got = append(got, r.ID)
		text, known := due[r.ID]
		at := ""
		if d := r.Due(opened); !d.IsZero() {
			at = d.Format("2006-01-02T15:04")
		}
		if known && at != text {
			t.Errorf("%s is due %s, want %s", r.ID, at, text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("regimes %v", got)
	}
	if _, err := LoadRegimes(t.TempDir()); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("an empty folder: %v", err)
	}
}
