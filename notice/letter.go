package notice

import (
	"html"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// Letter names one of the texts that are made of a facts record.
type Letter string

const (
	PatientPage  Letter = "patient"  // public, for the people concerned
	PracticePage Letter = "practice" // public, with questions and answers
	SampleLetter Letter = "sample"   // for a practice to send in its own name
	TenantLetter Letter = "tenant"   // to a tenant's contacts
	FollowUp     Letter = "followup" // to the people, from the notice identity
	StatusPost   Letter = "post"     // a draft for an announcement
)

// Letters lists them.
func Letters() []Letter {
	return []Letter{PatientPage, PracticePage, SampleLetter, TenantLetter, FollowUp, StatusPost}
}

// letterText is a letter's file: a title, and blocks with empty lines between.
// There is no logic in it but one rule: a paragraph or an item whose field has
// nothing to say is left out, and so is a heading with nothing under it.
type letterText struct {
	title  string
	blocks []string
}

func parseLetter(raw string) (letterText, error) {
	title, rest, _ := strings.Cut(raw, "\n")
	title, ok := strings.CutPrefix(title, "title: ")
	if !ok {
		return letterText{}, cordon.Errorf(cordon.Internal, "does not begin with a title")
	}
	t := letterText{title: title}
	for block := range strings.SplitSeq(rest, "\n\n") {
		if block = strings.Trim(block, "\n"); block == "" {
			continue
		}
		t.blocks = append(t.blocks, block)
	}
	for _, part := range append([]string{title}, t.blocks...) {
		for _, name := range fieldsIn(part) {
			if !slices.Contains(fieldNames(), name) {
				return t, cordon.Errorf(cordon.Internal, "has {{%s}}, which is no field of letters", name)
			}
		}
	}
	return t, nil
}

// fieldsIn lists the names between {{ and }}.
func fieldsIn(text string) []string {
	var names []string
	for {
		_, after, found := strings.Cut(text, "{{")
		if !found {
			return names
		}
		name, rest, _ := strings.Cut(after, "}}")
		names = append(names, name)
		text = rest
	}
}

// Document is a letter filled in.
type Document struct {
	Language  cordon.Language
	Title     string
	Watermark string // of an exercise; "" otherwise
	Sections  []Section
}

// Section is a heading, "" for the first, and what stands under it.
type Section struct {
	Heading    string
	Paragraphs []Paragraph
}

// Paragraph is a text, or a list.
type Paragraph struct {
	Text  string
	Items []string
}

// fill makes the document. Fields that a letter names and values lacks altogether
// are a fault of ours; those that are "" have nothing to say.
func (t letterText) fill(values map[string]string) (Document, error) {
	title, err := put(t.title, values)
	if err != nil {
		return Document{}, err
	}
	d := Document{Title: oneLine(title), Sections: []Section{{}}}
	for _, block := range t.blocks {
		lines := strings.Split(block, "\n")
		if heading, ok := strings.CutPrefix(lines[0], "## "); ok {
			d.Sections = append(d.Sections, Section{Heading: heading})
			lines = lines[1:]
		}
		var kept []string
		for _, line := range lines {
			if slices.ContainsFunc(fieldsIn(line), func(name string) bool { v, known := values[name]; return known && strings.TrimSpace(v) == "" }) {
				continue
			}
			if line, err = put(line, values); err != nil {
				return Document{}, err
			}
			kept = append(kept, line)
		}
		last := &d.Sections[len(d.Sections)-1]
		last.Paragraphs = append(last.Paragraphs, paragraphs(strings.Join(kept, "\n"))...)
	}
	d.Sections = slices.DeleteFunc(d.Sections, func(s Section) bool { return len(s.Paragraphs) == 0 })
	return d, nil
}

// put fills the fields of a text in.
func put(text string, values map[string]string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, _ := strings.Cut(after, "}}")
		v, known := values[name]
		if !known {
			return "", cordon.Errorf(cordon.Internal, "a letter asks for {{%s}}, which was not given", name)
		}
		b.WriteString(strings.Trim(v, " \t"))
		text = rest
	}
}

// paragraphs splits a filled text: what a person wrote may have several, and
// lists.
func paragraphs(text string) []Paragraph {
	var all []Paragraph
	for block := range strings.SplitSeq(text, "\n\n") {
		var p Paragraph
		flush := func() {
			if p.Text != "" || len(p.Items) > 0 {
				all = append(all, p)
			}
			p = Paragraph{}
		}
		for line := range strings.SplitSeq(block, "\n") {
			line = strings.TrimSpace(line)
			item, isItem := strings.CutPrefix(line, "- ")
			switch {
			case line == "":
			case isItem:
				if p.Text != "" {
					flush()
				}
				p.Items = append(p.Items, item)
			default:
				if len(p.Items) > 0 {
					flush()
				}
				p.Text = strings.TrimSpace(p.Text + "\n" + line)
			}
		}
		flush()
	}
	return all
}

// Word is a piece of a text: plain, or an address of our own to be led to.
type Word struct {
	Text string
	Link bool
}

// Words splits a text at the addresses in it. There is none in it but our own:
// what a person writes holds no link, and what is quoted is defanged.
func (p Paragraph) Words() []Word {
	var all []Word
	for rest := p.Text; rest != ""; {
		at := strings.Index(rest, "https://")
		if at < 0 {
			at = strings.Index(rest, "http://")
		}
		if at < 0 {
			return append(all, Word{Text: rest})
		}
		if at > 0 {
			all = append(all, Word{Text: rest[:at]})
		}
		end := strings.IndexAny(rest[at:], " \n")
		if end < 0 {
			end = len(rest) - at
		}
		all = append(all, Word{Text: rest[at : at+end], Link: true})
		rest = rest[at+end:]
	}
	return all
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Text writes the document as plain text, as mail has it.
func (d Document) Text() string {
	var b strings.Builder
	if d.Watermark != "" {
		b.WriteString(d.Watermark + "\n\n")
	}
	for i, s := range d.Sections {
		if i > 0 {
			b.WriteString("\n")
		}
		if s.Heading != "" {
			b.WriteString(s.Heading + "\n" + strings.Repeat("-", len([]rune(s.Heading))) + "\n")
		}
		for j, p := range s.Paragraphs {
			if j > 0 {
				b.WriteString("\n")
			}
			if p.Text != "" {
				b.WriteString(p.Text + "\n")
			}
			for _, item := range p.Items {
				b.WriteString("* " + item + "\n")
			}
		}
	}
	return b.String()
}

// HTML writes the document as a mail's body. Only addresses that begin with one of
// links become links.
func (d Document) HTML(links ...string) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="` + html.EscapeString(string(d.Language)) + `"><head><meta charset="utf-8"><title>` + html.EscapeString(d.Title) + `</title></head>` +
		`<body style="margin:0 auto;max-width:600px;padding:24px 20px;font:16px/1.55 sans-serif;color:#1b2430">`)
	if d.Watermark != "" {
		b.WriteString(`<p style="padding:12px 16px;border:2px solid #8a5a00;color:#6b4500;font-weight:bold">` + html.EscapeString(d.Watermark) + `</p>`)
	}
	b.WriteString(`<h1 style="font-size:22px;line-height:1.3">` + html.EscapeString(d.Title) + `</h1>`)
	for _, s := range d.Sections {
		if s.Heading != "" {
			b.WriteString(`<h2 style="font-size:17px;margin:28px 0 6px">` + html.EscapeString(s.Heading) + `</h2>`)
		}
		for _, p := range s.Paragraphs {
			if p.Text != "" {
				b.WriteString(`<p style="margin:0 0 14px">` + linked(p.Text, links) + `</p>`)
			}
			if len(p.Items) > 0 {
				b.WriteString(`<ul style="margin:0 0 14px;padding-left:22px">`)
				for _, item := range p.Items {
					b.WriteString(`<li>` + linked(item, links) + `</li>`)
				}
				b.WriteString(`</ul>`)
			}
		}
	}
	return b.String() + `</body></html>`
}

// linked escapes a text and makes links of the addresses that are ours.
func linked(text string, links []string) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("<br>")
		}
		for j, word := range strings.Split(line, " ") {
			if j > 0 {
				b.WriteString(" ")
			}
			escaped := html.EscapeString(word)
			if slices.ContainsFunc(links, func(l string) bool {
				return l != "" && (word == l || strings.HasPrefix(word, strings.TrimSuffix(l, "/")+"/"))
			}) {
				escaped = `<a href="` + escaped + `">` + escaped + `</a>`
			}
			b.WriteString(escaped)
		}
	}
	return b.String()
}
