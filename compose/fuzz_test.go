package compose_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// fuzzed is content around any bodies, with fields of every kind of presence.
func fuzzed(subject, text, html string) cordon.Content {
	return cordon.Content{
		FromName: "Elm", FromAddress: "post@elmroad.example", Subject: subject, Text: text, HTML: html, LinkHosts: []string{"elmroad.example"},
		Fields: []cordon.Field{
			{Name: "a", Type: cordon.FieldText, Source: cordon.FromOrder, MaxLength: 2000},
			{Name: "b", Type: cordon.FieldText, Source: cordon.FromOrder, MaxLength: 2000, Optional: true},
			{Name: "n", Type: cordon.FieldNumber, Source: cordon.FromOrder},
			{Name: "m", Type: cordon.FieldEmail, Source: cordon.FromOrder},
		},
	}
}

// FuzzRender: whatever compiles, renders; and no value changes the structure of
// the HTML, adds a line to the subject, or brings a link.
func FuzzRender(f *testing.F) {
	for _, html := range []string{
		`<p title="{{a}}">{{a}}</p>`, `<a href="https://elmroad.example/{{a}}?{{b|x}}">{{n}}</a>`, `<a href='mailto:{{m}}'>{{m}}</a>`,
		`<!--[if mso]><td alt="{{a}}">{{a}}><![endif]-->`, `<!--[if !mso]><!-->{{a}}<!--<![endif]-->`, `<title>{{a}}</title>`,
		`{{#if b}}<b>{{b}}</b>{{else}}<i>{{a}}</i>{{/if}}`, `<script>{{a}}</script>`, `<{{a}}>`, `</{{a}}>`, `<!{{a}}>`, `<p {{a}}=x>`, `<svg>{{a}}</svg>`,
		`&{{a}};`, `&#{{n}};`, `a < {{a}} > b`, `<p class="{{#if b}}x{{/if}}">`, `<noscript>{{a}}</noscript>`, `<![CDATA[{{a}}]]>`, `<x y='{{a}}"'>`,
		`<!--[if mso]>{{a}}-->{{b|x}}<![endif]-->`, `https://elmroad.example/{{a}}#{{b|x}}`, `{{^b}}x{{/b}}`, `<p/{{a}}="">`,
		`<textarea>{{a}}</textarea>`, `<style>{{a}}</style>`, `<plaintext>{{a}}`, `{{a}} {{#if b}}{{b}}.{{/if}} x`,
	} {
		f.Add("s {{a}}", "t {{a}} {{b|x}}", html, `"><script>`, `--><b x='`)
	}
	f.Add("{{#if b}}{{b}}{{/if}}", "", "<p>{{a}}</p>", "-", ">")
	f.Add("x", "https://elmroad.example/{{a}} {{m}}", "", "com", ".")
	f.Fuzz(func(t *testing.T, subject, text, html, one, two string) {
		l, err := compose.Compile(fuzzed(subject, text, html))
		if err != nil {
			if cordon.CodeOf(err) != cordon.Invalid || len(faults(err)) == 0 {
				t.Fatalf("%v", err)
			}
			return
		}
		values := map[string]string{"a": one, "b": two, "n": "12", "m": "x@elmroad.example"}
		benign := map[string]string{"a": "word", "n": "7", "m": "y@elmroad.example"}
		if two != "" {
			benign["b"] = "word"
		}
		fit := l.Fit(values)
		out, err := l.Render(compose.Merge{Values: values})
		if fit == nil && err != nil && one != "." && one != ".." && two != "." && two != ".." {
			t.Fatalf("Fit takes what Render refuses: %v", err)
		}
		if strings.TrimSpace(two) == "" {
			delete(benign, "b")
		}
		plain, err2 := l.Render(compose.Merge{Values: benign})
		if err2 != nil {
			t.Fatalf("a benign copy fails: %v %+v", err2, faults(err2))
		}
		if err != nil {
			return
		}
		if strings.ContainsAny(out.Subject, "\r\n\x00") {
			t.Fatalf("subject %q", out.Subject)
		}
		if diff := cmp.Diff(shape(plain.HTML), shape(out.HTML)); diff != "" {
			t.Fatalf("%q and %q changed the structure of %q:\n%s", one, two, html, diff)
		}
	})
}

// FuzzCheckValue: a value that passes holds nothing a letter may not.
func FuzzCheckValue(f *testing.F) {
	for _, s := range []string{"Dr.Smith", "evil.com", "3.30pm", "a@b", "https://x", "xn--80ak6aa92e.com", "a\u202eb", "．com", "\xff"} {
		f.Add(s)
	}
	types := []cordon.FieldType{cordon.FieldText, cordon.FieldPerson, cordon.FieldDate, cordon.FieldTime, cordon.FieldNumber, cordon.FieldPhone, cordon.FieldEmail}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range types {
			if compose.CheckValue(cordon.Field{Name: "f", Type: typ, Source: cordon.FromOrder}, s) != nil {
				continue
			}
			low := strings.ToLower(s)
			if strings.ContainsAny(s, "\r\n\x00\t") || len(s) > 200 || strings.Contains(low, "://") || strings.Contains(low, "www.") ||
				strings.Contains(low, ".com") && typ != cordon.FieldEmail && !continues(low) || strings.Contains(s, "@") != (typ == cordon.FieldEmail && s != "") {
				t.Fatalf("%s takes %q", typ, s)
			}
		}
	})
}

// continues says whether every ".com" goes on as a longer label (".comfort").
func continues(s string) bool {
	for _, after := range strings.Split(s, ".com")[1:] {
		if after == "" || !strings.ContainsAny(after[:1], "abcdefghijklmnopqrstuvwxyz0123456789-_") && after[0] < 0x80 || strings.HasPrefix(after, "-") {
			return false
		}
	}
	return true
}

// TestAnyNestingOfSectionsMatchesAPlainReading compares the compiled jumps with
// a recursive reading of the same tree.
func TestAnyNestingOfSectionsMatchesAPlainReading(t *testing.T) {
	names := []string{"a", "b", "c"}
	content := fuzzed("s", "x", "")
	content.Fields = nil
	for _, n := range names {
		content.Fields = append(content.Fields, cordon.Field{Name: n, Type: cordon.FieldText, Source: cordon.FromOrder, Optional: true})
	}
	rapid.Check(t, func(t *rapid.T) {
		values := map[string]string{}
		for _, n := range names {
			if rapid.Bool().Draw(t, "has "+n) {
				values[n] = "[" + n + "]"
			}
		}
		var source, want strings.Builder
		var grow func(depth int, live bool)
		grow = func(depth int, live bool) {
			for range rapid.IntRange(0, 3).Draw(t, "pieces") {
				n := rapid.SampledFrom(names).Draw(t, "field")
				_, has := values[n]
				shape := rapid.IntRange(0, 3).Draw(t, "shape")
				if depth == 0 {
					shape = 0
				}
				switch shape {
				case 0:
					source.WriteString("x ")
					if live {
						want.WriteString("x ")
					}
				case 1:
					source.WriteString("{{#if " + n + "}}y ")
					if live && has {
						want.WriteString("y ")
					}
					grow(depth-1, live && has)
					source.WriteString("{{else}}n ")
					if live && !has {
						want.WriteString("n ")
					}
					grow(depth-1, live && !has)
					source.WriteString("{{/if}}")
				case 2:
					source.WriteString("{{^" + n + "}}- ")
					if live && !has {
						want.WriteString("- ")
					}
					grow(depth-1, live && !has)
					source.WriteString("{{/" + n + "}}")
				case 3:
					source.WriteString("{{#" + n + "}}+ ")
					if live && has {
						want.WriteString("+ ")
					}
					grow(depth-1, live && has)
					source.WriteString("{{/" + n + "}}")
				}
			}
		}
		grow(3, true)
		content.Text = "> " + source.String()
		l, err := compose.Compile(content)
		if err != nil {
			t.Fatalf("%s: %v", content.Text, err)
		}
		out, err := l.Render(compose.Merge{Values: values})
		if err != nil || out.Text != "> "+want.String() {
			t.Fatalf("%s with %v: %q, want %q (%v)", content.Text, values, out.Text, want.String(), err)
		}
	})
}
