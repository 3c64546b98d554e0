package console

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
)

func samplesAt() func() time.Time { return func() time.Time { return sampleNow } }

// Every page is drawn with sample data, full and empty, and read back as a
// browser would: a wrong tag, a second id, a field without a label, or a piece
// of inline style or script fails here and not before a patient's inbox.
func TestEveryPageIsDrawnWell(t *testing.T) {
	p := loadPages(samplesAt())
	drawn := map[string]bool{}
	for _, s := range slices.Concat(samplePages(), reportSamples(), onCallSamples(), incidentSamples(), noticeSamples(t)) {
		drawn[s.page] = true
		t.Run(s.name, func(t *testing.T) {
			body, err := p.render(s.page, s.frame)
			if err != nil {
				t.Fatal(err)
			}
			checkHTML(t, string(body), true)
		})
	}
	files, err := fs.Glob(ui, "ui/pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(path.Base(f), ".html"); !drawn[name] {
			t.Errorf("page %s is drawn by no sample: add one to samplePages", name)
		}
	}
}

// A live part lands in an element of its page; a part without a place would be
// lost in silence.
func TestEveryLivePartHasItsPlace(t *testing.T) {
	p := loadPages(samplesAt())
	over, disp, one, stopped := sampleOverview(), dispatchesPage{}, sampleDispatchPage(), sampleStopped()
	tenant := sampleTenantPage()
	for _, c := range []struct {
		page  string
		body  any
		parts []part
	}{
		{"overview", over, over.parts()},
		{"dispatches", disp, disp.parts()},
		{"dispatch", one, one.parts()},
		{"stopped", stopped, stopped.parts()},
		{"signals", signalsPage{}, signalsPage{}.parts()},
		{"tenants", tenantsPage{}, tenantsPage{}.parts()},
		{"tenant", tenant, tenant.parts()},
		{"watch", sampleWatch(), sampleWatch().parts()},
		{"watch", watchPage{}, watchPage{}.parts()},
		{"announcements", sampleAnnouncementsPage(), sampleAnnouncementsPage().parts()},
		{"announcements", announcementsPage{}, announcementsPage{}.parts()},
		{"incidents", incidentsPage{Show: "open"}, incidentsPage{Show: "open"}.parts()},
		{"incident", sampleIncidentPage(sampleIncident(cordon.IncidentContained, false)), sampleIncidentPage(sampleIncident(cordon.IncidentContained, false)).parts()},
		{"oncall", sampleOnCall(), sampleOnCall().parts()},
		{"oncall-page", samplePage(cordon.PageTriggered), samplePage(cordon.PageTriggered).parts()},
		{"drills", sampleDrills(), sampleDrills().parts()},
		{"drill-run", sampleRun(drill.Failed), sampleRun(drill.Failed).parts()},
		{"drill-run", sampleRun(drill.Running), sampleRun(drill.Running).parts()},
	} {
		body, err := p.render(c.page, frame{Title: "x", Who: "x", Live: "/live", CanLedger: true, Body: c.body})
		if err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range c.parts {
			place := find(doc, func(n *html.Node) bool { return attr(n, "id") == part.id })
			if place == nil {
				t.Errorf("%s has no element %q for the live part", c.page, part.id)
				continue
			}
			text, err := p.part(part.template, part.body)
			if err != nil {
				t.Fatalf("%s: %v", c.page, err)
			}
			if got := inner(t, place); squeeze(got) != squeeze(normal(t, text, place)) {
				t.Errorf("%s: the live part %q does not draw what the page drew:\n%s\n%s", c.page, part.id, got, text)
			}
		}
	}
}

// checkHTML reads the page twice: as written, tag by tag, and as a browser
// builds it. Where the two differ, the browser had to repair something.
func checkHTML(t *testing.T, page string, whole bool) {
	t.Helper()
	page = strings.NewReplacer("<noscript>", "", "</noscript>", "").Replace(page)
	written, ids := readTags(t, page)
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var built []string
	walk(doc, func(n *html.Node) {
		if n.Type == html.ElementNode {
			built = append(built, n.Data)
		}
	})
	if whole && !slices.Equal(written, built) {
		for i := range min(len(written), len(built)) {
			if written[i] != built[i] {
				t.Fatalf("a browser repairs this page at tag %d: written %v, built %v", i, written[max(i-3, 0):min(i+3, len(written))], built[max(i-3, 0):min(i+3, len(built))])
			}
		}
		t.Fatalf("written %d tags, a browser builds %d", len(written), len(built))
	}
	checkForms(t, doc, ids)
	checkNames(t, doc)
}

var void = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true, "img": true, "wbr": true}

func readTags(t *testing.T, page string) (tags []string, ids map[string]bool) {
	t.Helper()
	ids = map[string]bool{}
	var open []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			if len(open) > 0 {
				t.Errorf("never closed: %v", open)
			}
			return tags, ids
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			tok := z.Token()
			tags = append(tags, tok.Data)
			if tok.Type == html.StartTagToken && !void[tok.Data] {
				open = append(open, tok.Data)
			}
			checkAttributes(t, tok, raw, ids)
		case html.EndTagToken:
			tok := z.Token()
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("</%s> closes %v", tok.Data, open)
			}
			open = open[:len(open)-1]
		case html.TextToken:
			if text := string(z.Text()); strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "%!") || strings.Contains(text, "<no value>") {
				t.Errorf("a template wrote %q", text)
			}
		}
	}
}

func checkAttributes(t *testing.T, tok html.Token, raw string, ids map[string]bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range tok.Attr {
		switch {
		case seen[a.Key]:
			t.Errorf("attribute %s twice in %s", a.Key, raw)
		case a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on"):
			t.Errorf("inline %s in %s: the policy refuses it", a.Key, raw)
		case a.Key == "id" && ids[a.Val]:
			t.Errorf("id %q twice", a.Val)
		case strings.Contains(a.Val, "ZgotmplZ"):
			t.Errorf("the template engine refused a value in %s", raw)
		}
		seen[a.Key] = true
		if a.Key == "id" {
			ids[a.Val] = true
		}
	}
	if tok.Data == "style" || tok.Data == "script" && !seen["src"] {
		t.Errorf("inline %s: the policy refuses it", tok.Data)
	}
}

// checkForms asks that every field has a label, every form a button, and every
// reference to an id a target.
func checkForms(t *testing.T, doc *html.Node, ids map[string]bool) {
	t.Helper()
	labelled := map[string]bool{}
	walk(doc, func(n *html.Node) {
		if n.Data == "label" {
			labelled[attr(n, "for")] = true
			if strings.TrimSpace(text(n)) == "" {
				t.Errorf("an empty label for %q", attr(n, "for"))
			}
		}
		for _, key := range []string{"for", "aria-labelledby", "aria-describedby"} {
			if v := attr(n, key); v != "" && !ids[v] {
				t.Errorf("%s=%q points at nothing", key, v)
			}
		}
		if h := attr(n, "href"); strings.HasPrefix(h, "#") && !ids[h[1:]] {
			t.Errorf("href=%q points at nothing", h)
		}
	})
	walk(doc, func(n *html.Node) {
		switch n.Data {
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" && !labelled[attr(n, "id")] {
				t.Errorf("field %q has no label", attr(n, "name"))
			}
		case "form":
			if find(n, func(m *html.Node) bool { return m.Data == "button" && attr(m, "type") == "submit" }) == nil {
				t.Errorf("form %q has no button: it does not work without a script", attr(n, "action"))
			}
			if search := attr(n, "role") == "search"; search != (attr(n, "method") == "get") || !search && attr(n, "method") != "post" {
				t.Errorf("form %q must post, or be a search that gets", attr(n, "action"))
			}
		}
	})
}

// checkNames asks that whatever can be pressed or looked at has a name.
func checkNames(t *testing.T, doc *html.Node) {
	t.Helper()
	h1 := 0
	walk(doc, func(n *html.Node) {
		switch n.Data {
		case "h1":
			h1++
		case "a", "button", "summary", "h2":
			if strings.TrimSpace(text(n)) == "" {
				t.Errorf("<%s> has no name: %s", n.Data, attr(n, "href"))
			}
		case "svg":
			if attr(n, "aria-hidden") != "true" && attr(n, "aria-label") == "" {
				t.Errorf("a picture without words: class %q", attr(n, "class"))
			}
		case "iframe":
			if !has(n, "sandbox") || attr(n, "title") == "" {
				t.Error("an iframe without sandbox or title")
			}
		}
	})
	if h1 != 1 {
		t.Errorf("%d first headings on one page", h1)
	}
}

func walk(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode || n.Type == html.DocumentNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, f)
	}
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	var found *html.Node
	walk(n, func(m *html.Node) {
		if found == nil && is(m) {
			found = m
		}
	})
	return found
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func text(n *html.Node) string {
	var b strings.Builder
	var add func(*html.Node)
	add = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			add(c)
		}
	}
	add(n)
	return b.String()
}

func inner(t *testing.T, n *html.Node) string {
	t.Helper()
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// normal reads a piece the way the browser does when it replaces a content.
func normal(t *testing.T, piece string, in *html.Node) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(piece), &html.Node{Type: html.ElementNode, Data: in.Data, DataAtom: in.DataAtom})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
