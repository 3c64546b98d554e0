package compose_test

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// BenchmarkRender merges 2 KB of HTML and text with 8 fields and one section.
func BenchmarkRender(b *testing.B) {
	c := base()
	c.Fields = append(c.Fields, cordon.Field{Name: "last_name", Type: cordon.FieldPerson, Source: cordon.FromRecipient})
	c.Subject = "Your visit on {{date}}"
	c.HTML = `<html><body><p>Dear {{title|friend}} {{first_name}} {{last_name}},</p>{{#if room}}<p>Room {{room}}</p>{{/if}}<p>` +
		strings.Repeat("Please come to the surgery and bring your card. ", 28) +
		`<a href="https://elmroad.example/v/{{pounds}}">Change it</a> {{note}} {{phone}} {{date}}</p></body></html>`
	c.Text = "Dear {{first_name}} {{last_name}},\n" + strings.Repeat("Please come to the surgery. ", 14) + "\n{{note}} {{date}}\n"
	l := compile(b, c)
	p := ada()
	p.Fields["last_name"], p.Fields["title"] = "Lovelace", "Countess"
	m := compose.Merge{Person: p, Values: map[string]string{"date": "2026-05-01", "room": "12", "pounds": "77", "note": "Knee check with Dr.Smith", "phone": "+44 20 7946 0000"}}
	out, err := l.Render(m)
	if err != nil {
		b.Fatal(err, faults(err))
	}
	b.SetBytes(int64(len(out.Subject + out.Text + out.HTML)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Render(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFit(b *testing.B) {
	c := base()
	c.Text = "{{first_name}} {{note}} {{date}}"
	l := compile(b, c)
	values := map[string]string{"date": "2026-05-01", "note": "Knee check"}
	b.ReportAllocs()
	for b.Loop() {
		if l.Fit(values) != nil {
			b.Fatal("does not fit")
		}
	}
}

func BenchmarkCompileRealLetter(b *testing.B) {
	tt := realLetters[2]
	c := letter(read(b, "testdata/letters/"+tt.file), tt.values, tt.hosts)
	b.ReportAllocs()
	for b.Loop() {
		compile(b, c)
	}
}
