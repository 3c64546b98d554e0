package compose

import (
	"strings"
	"testing"

	"github.com/cordonmail/cordon"
)

func drawn(p DiffPart) string {
	marks := map[DiffOp]string{DiffSame: "  ", DiffAdded: "+ ", DiffRemoved: "- ", DiffGap: "…"}
	var b strings.Builder
	for _, l := range p.Lines {
		b.WriteString(marks[l.Op] + l.Text + "\n")
	}
	return b.String()
}

func TestDiffShowsWhatChanged(t *testing.T) {
	before := cordon.Content{
		FromAddress: "care@clinic.example", Subject: "Your visit",
		Text:      "Dear {{first_name}},\n\nyour visit is on {{date}}.\nPlease bring your card.\n\nYours\nThe desk",
		HTML:      `<p>Dear {{first_name}}</p><p><a href="https://clinic.example/book">Book</a></p>`,
		LinkHosts: []string{"clinic.example"},
	}
	if got := Diff(before, before); len(got) != 0 {
		t.Fatalf("the same text differs: %+v", got)
	}
	after := before
	after.Text = "Dear {{first_name}},\n\nyour visit is on {{date}}.\nYou have won a prize.\nPlease bring your card.\n\nYours\nThe desk"
	after.HTML = strings.Replace(before.HTML, "https://clinic.example/book", "https://prize.example/x", 1)
	after.LinkHosts = []string{"prize.example", "clinic.example"}
	got := Diff(before, after)
	if len(got) != 3 || got[0].Part != "text" || got[1].Part != "html" || got[2].Part != "link hosts" {
		t.Fatalf("parts %+v", got)
	}
	if want := "…\n  \n  your visit is on {{date}}.\n+ You have won a prize.\n  Please bring your card.\n  \n…\n"; drawn(got[0]) != want {
		t.Errorf("text:\n%s\nwant\n%s", drawn(got[0]), want)
	}
	if html := drawn(got[1]); !strings.Contains(html, "- ") || !strings.Contains(html, "prize.example") || !strings.Contains(html, "clinic.example/book") {
		t.Errorf("a swapped link does not show:\n%s", html)
	}
	if hosts := drawn(got[2]); hosts != "  clinic.example\n+ prize.example\n" {
		t.Errorf("hosts:\n%s", hosts)
	}
	// A change that no reader sees is said all the same.
	after = before
	after.HTML = before.HTML + `<img src="cid:1" alt="">`
	if got := Diff(before, after); len(got) != 1 || got[0].Part != "html source" || !got[0].Rough {
		t.Errorf("an unseen change: %+v", got)
	}
}

func TestDiffIsBounded(t *testing.T) {
	before := cordon.Content{Subject: "x", Text: strings.Repeat("one\ntwo\n", 100_000)}
	after := cordon.Content{Subject: "x", Text: strings.Repeat("two\none\n", 100_000) + strings.Repeat("z", 1<<20)}
	got := Diff(before, after)
	if len(got) != 1 || !got[0].Rough || len(got[0].Lines) > 2*diffLines+2 {
		t.Fatalf("%d parts, rough %v, %d lines", len(got), got[0].Rough, len(got[0].Lines))
	}
}

// FuzzDiff: what is shown, read back with the gaps closed, is each of the texts.
func FuzzDiff(f *testing.F) {
	f.Add("a\nb\nc", "a\nc\nd")
	f.Add("", "x")
	f.Add("a\na\nb", "b\na\na")
	f.Fuzz(func(t *testing.T, before, after string) {
		p := diffPart("text", before, after)
		old, cutOld := linesOf(before)
		recent, cutRecent := linesOf(after)
		var gone, come, had, has int
		for _, l := range compare(old[:min(len(old), diffTable)], recent[:min(len(recent), diffTable)]) {
			switch l.Op {
			case DiffRemoved:
				gone++
			case DiffAdded:
				come++
			case DiffSame:
				had, has = had+1, has+1
			}
		}
		if gone+had != min(len(old), diffTable) || come+has != min(len(recent), diffTable) {
			t.Fatalf("lines were lost: %d removed, %d added, %d kept of %d and %d", gone, come, had, len(old), len(recent))
		}
		if before == after && len(p.Lines) > 1 {
			t.Fatalf("the same text differs: %+v", p)
		}
		if (cutOld || cutRecent) && !p.Rough {
			t.Fatal("a cut part does not say so")
		}
	})
}
