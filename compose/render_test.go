package compose_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

func ada() cordon.Person {
	return cordon.Person{Name: "Ada Lovelace", Address: "ada@example.org", Fields: map[string]string{"first_name": "Ada"}}
}

func TestRenderChoosesByWhatIsThere(t *testing.T) {
	c := base()
	c.Subject = "{{#if title}}{{title}}{{else}}Dear{{/if}} {{first_name}}"
	c.Text = "Dear {{title|friend}},\n{{#if room}}\nRoom {{room}}.\n{{else}}\nAsk at the desk.\n{{/if}}\n{{^room}}\nSorry.\n{{/room}}\n  {{#title}}\nbye {{title}}\n  {{/title}}\nend\n"
	l := compile(t, c)
	with := ada()
	with.Fields["title"] = "Countess"
	tests := []struct {
		m             compose.Merge
		subject, text string
	}{
		{compose.Merge{Person: ada()}, "Dear Ada", "Dear friend,\nAsk at the desk.\nSorry.\nend\n"},
		{compose.Merge{Person: with, Values: map[string]string{"room": "4"}}, "Countess Ada", "Dear Countess,\nRoom 4.\nbye Countess\nend\n"},
		{compose.Merge{Person: ada(), Values: map[string]string{"room": "  "}}, "Dear Ada", "Dear friend,\nAsk at the desk.\nSorry.\nend\n"},
	}
	for _, tt := range tests {
		out, err := l.Render(tt.m)
		if err != nil {
			t.Fatal(err)
		}
		if out.Subject != tt.subject || out.Text != tt.text || out.HTML != "" || out.Invented {
			t.Errorf("got %q\n%s", out.Subject, cmp.Diff(tt.text, out.Text))
		}
	}
}

func TestRenderEscapesByPlace(t *testing.T) {
	c := base()
	c.Text = "https://elmroad.example/{{note}} {{note}}"
	c.HTML = `<a href="https://elmroad.example/{{note}}" title="{{note}}">{{note}}</a><a href='mailto:{{mail}}?subject={{note}}'>` +
		`<a href="tel:{{phone}}"><!--[if mso]><v:x alt="{{note}}" href="https://elmroad.example/{{note}}">{{note}}<![endif]-->{{title|A & B}}`
	out, err := compile(t, c).Render(compose.Merge{Person: ada(), Values: map[string]string{
		"note": `a-->"<b>'&?/`, "mail": "o'neil+x@example.org", "phone": "+44 (20) 79-46",
	}})
	if err != nil {
		t.Fatal(err)
	}
	const escaped, query = `a--&gt;&#34;&lt;b&gt;&#39;&amp;?/`, `a--%3E%22%3Cb%3E%27%26%3F%2F`
	want := `<a href="https://elmroad.example/` + query + `" title="` + escaped + `">` + escaped + `</a><a href='mailto:o%27neil%2Bx@example.org?subject=` + query + `'>` +
		`<a href="tel:+442079-46"><!--[if mso]><v:x alt="` + strings.ReplaceAll(escaped, "--", "&#45;&#45;") + `" href="https://elmroad.example/` + strings.ReplaceAll(query, "--", "%2D%2D") + `">` +
		strings.ReplaceAll(escaped, "--", "&#45;&#45;") + `<![endif]-->A &amp; B`
	if diff := cmp.Diff(want, out.HTML); diff != "" {
		t.Error(diff)
	}
	if want := "https://elmroad.example/" + query + ` a-->"<b>'&?/`; out.Text != want {
		t.Errorf("text %q", out.Text)
	}
}

func TestRenderNeverGivesAHalfMergedLetter(t *testing.T) {
	c := base()
	c.Text = "{{first_name}} {{note}} {{title|x}} https://elmroad.example/{{room|y}}"
	l := compile(t, c)
	evil := ada()
	evil.Fields["title"] = "win at evil.com"
	split := ada()
	split.Fields["first_name"] = "Ada\r\nBcc"
	tests := []struct {
		name  string
		m     compose.Merge
		field string
	}{
		{"nobody", compose.Merge{Values: map[string]string{"note": "x"}}, "first_name"},
		{"no value", compose.Merge{Person: ada()}, "note"},
		{"blank value", compose.Merge{Person: ada(), Values: map[string]string{"note": " \u00a0"}}, "note"},
		{"value of no field", compose.Merge{Person: ada(), Values: map[string]string{"note": "x", "extra": "y"}}, "extra"},
		{"order overrides a person's field", compose.Merge{Person: ada(), Values: map[string]string{"note": "x", "first_name": "Eve"}}, "first_name"},
		{"stored value with a link", compose.Merge{Person: evil, Values: map[string]string{"note": "x"}}, "title"},
		{"stored value with a line break", compose.Merge{Person: split, Values: map[string]string{"note": "x"}}, "first_name"},
		{"dots that climb in a link", compose.Merge{Person: ada(), Values: map[string]string{"note": "x", "room": ".."}}, "room"},
	}
	for _, tt := range tests {
		out, err := l.Render(tt.m)
		if cordon.CodeOf(err) != cordon.Invalid || out != (compose.Rendered{}) {
			t.Errorf("%s: %v, letter %t", tt.name, err, out != (compose.Rendered{}))
			continue
		}
		if fs := faults(err); len(fs) == 0 || fs[0].Field != tt.field {
			t.Errorf("%s: faults %+v, want %s", tt.name, fs, tt.field)
		}
		if text := fmt.Sprintf("%v %+v", err, faults(err)); strings.Contains(text, "evil") || strings.Contains(text, "Bcc") {
			t.Errorf("%s: the error repeats a value: %s", tt.name, text)
		}
	}
}

func TestPayloadsComeOutInert(t *testing.T) {
	c := base()
	c.Fields = []cordon.Field{{Name: "note", Type: cordon.FieldText, Source: cordon.FromOrder, MaxLength: 2000}}
	c.Subject, c.Text = "About {{note}}", "Text {{note}} end"
	c.HTML = `<p title="{{note}}">{{note}}</p><a href="https://elmroad.example/?q={{note}}">x</a><!--[if mso]><i alt='{{note}}'>{{note}}</i><![endif]-->`
	l := compile(t, c)
	benign := shape(render(t, l, "benign").HTML)
	merged, refused := 0, 0
	for _, file := range []string{"ssti.txt", "crlf-injection.txt", "naughty.txt"} {
		for _, payload := range strings.Split(read(t, "testdata/payloads/"+file), "\n") {
			if strings.TrimSpace(payload) == "" {
				continue
			}
			if compose.CheckValue(c.Fields[0], payload) != nil {
				refused++
				continue
			}
			merged++
			out := render(t, l, payload)
			if diff := cmp.Diff(benign, shape(out.HTML)); diff != "" {
				t.Errorf("%q changed the structure:\n%s", payload, diff)
			}
			if out.Subject != "About "+payload || out.Text != "Text "+payload+" end" {
				t.Errorf("%q was evaluated: %q", payload, out.Subject)
			}
			if got := visible(out.HTML); got != payload {
				t.Errorf("%q reads %q", payload, got)
			}
		}
	}
	t.Logf("%d payloads merged inert, %d refused as values", merged, refused)
	if merged < 100 || refused < 20 {
		t.Errorf("%d merged, %d refused: the lists were not read", merged, refused)
	}
	if _, err := l.Render(compose.Merge{Values: map[string]string{"note": "a\r\nBcc: x@y.example"}}); err == nil {
		t.Error("a line break reached the subject")
	}
}

func TestSampleIsMarkedAndWhole(t *testing.T) {
	for _, tt := range realLetters {
		s := compile(t, letter(read(t, "testdata/letters/"+tt.file), tt.values, tt.hosts)).Sample()
		if !s.Invented || !strings.HasPrefix(s.Subject, "[Sample] ") || s.Text == "" || markers.MatchString(s.Text+s.HTML) {
			t.Errorf("%s: %q", tt.file, s.Subject)
		}
	}
}

func TestSampleOfHoldsTheOrdersOwnWords(t *testing.T) {
	l := compile(t, cordon.Content{
		FromName: "North", FromAddress: "desk@north.example", Subject: "For {{name}}: {{note}}", Text: "{{note}} {{street}}",
		Fields: []cordon.Field{
			{Name: "name", Type: cordon.FieldText, Source: cordon.FromRecipient},
			{Name: "street", Type: cordon.FieldText, Source: cordon.FromRecipient},
			{Name: "note", Type: cordon.FieldText, Source: cordon.FromOrder},
		},
	})
	note := "please bring the letter of your own doctor"
	s := l.SampleOf(map[string]string{"note": note, "street": "not the order's to give"})
	if s.Subject != "For Sam Sample: "+note || s.Text != note+" sample street" || !s.Invented {
		t.Errorf("sample %q / %q, invented %v", s.Subject, s.Text, s.Invented)
	}
	if s := l.SampleOf(map[string]string{"note": "see www.prize.example"}); s.Text != "sample note sample street" {
		t.Errorf("a value that may not stand in a letter was put there: %q", s.Text)
	}
	person := cordon.Person{Name: "Ada", Fields: map[string]string{"street": "Long Lane"}}
	if got := l.Free(compose.Merge{Person: person, Values: map[string]string{"note": note}}); got != note+"\n" {
		t.Errorf("free words %q", got)
	}
	if got := l.Free(compose.Merge{Person: person, Values: map[string]string{"note": "room 4"}}); got != "" {
		t.Errorf("short values count as free words: %q", got)
	}
}

func TestLettersRedactThemselves(t *testing.T) {
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "m", compose.Merge{Person: ada()}, "r", compose.Rendered{Text: "Ada"})
	b.WriteString(fmt.Sprintf("%v %+v %#v", compose.Rendered{Text: "Ada"}, compose.Merge{Person: ada()}, compose.Rendered{Text: "Ada"}))
	if strings.Contains(b.String(), "Ada") {
		t.Error(b.String())
	}
}

func render(t testing.TB, l *compose.Letter, note string) compose.Rendered {
	t.Helper()
	out, err := l.Render(compose.Merge{Values: map[string]string{"note": note}})
	if err != nil {
		t.Fatalf("%q: %v", note, err)
	}
	return out
}

// shape is everything about HTML that is not a value: tokens, names, attribute
// keys; inside Outlook's comments too.
func shape(source string) []string {
	var out []string
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out
		}
		raw := string(z.Raw()) // the tokenizer decodes entities in comments, no mail program does
		tok := z.Token()
		switch kind {
		case html.TextToken:
			if len(out) > 0 && out[len(out)-1] == "text" {
				continue
			}
			out = append(out, "text")
		case html.CommentToken:
			inner := strings.TrimSuffix(strings.TrimPrefix(raw, "<!--"), "-->")
			if _, body, ok := strings.Cut(inner, "]>"); ok && strings.HasPrefix(inner, "[if") {
				out = append(append(out, "comment"), shape(body)...)
				continue
			}
			out = append(out, "comment "+inner)
		default:
			key := kind.String() + " " + tok.Data
			for _, a := range tok.Attr {
				key += " " + a.Key
			}
			out = append(out, key)
		}
	}
}

// visible is the text of the first element.
func visible(source string) string {
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.TextToken:
			return z.Token().Data
		case html.ErrorToken:
			return ""
		}
	}
}
