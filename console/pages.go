package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

//go:embed ui
var ui embed.FS

// pages are the parsed templates: one set a page, all sharing layout and parts.
type pages struct {
	sets   map[string]*template.Template
	parts  *template.Template
	static map[string]asset // by file name
}

// asset is one file under /static/, named with a hash so that it may be kept
// for ever by browsers and still change with the next release.
type asset struct {
	body []byte
	hash string
	kind string
}

func loadPages(now func() time.Time) *pages {
	p := &pages{sets: map[string]*template.Template{}, static: map[string]asset{}}
	names, err := fs.Glob(ui, "ui/static/*")
	must(err)
	for _, name := range names {
		body, err := ui.ReadFile(name)
		must(err)
		sum := sha256.Sum256(body)
		p.static[path.Base(name)] = asset{body: body, hash: hex.EncodeToString(sum[:8]), kind: contentType(name)}
	}
	base := template.New("").Funcs(p.funcs(now))
	p.parts = template.Must(template.Must(base.Clone()).ParseFS(ui, "ui/parts/*.html"))
	files, err := fs.Glob(ui, "ui/pages/*.html")
	must(err)
	for _, file := range files {
		set := template.Must(p.parts.Clone())
		template.Must(set.ParseFS(ui, "ui/layout.html", file))
		p.sets[strings.TrimSuffix(path.Base(file), ".html")] = set
	}
	return p
}

func must(err error) {
	if err != nil {
		panic(err) // an embedded file is missing: the binary is broken
	}
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "text/plain; charset=utf-8"
	}
}

func (p *pages) funcs(now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"num":         anyNum,
		"count":       func(n any, one, many string) string { return count(toInt(n), one, many) },
		"rate":        rate,
		"age":         func(t time.Time) string { return age(t, now()) },
		"cap":         func(s string) string { return capital(s) },
		"clock":       clock,
		"dayClock":    dayClock,
		"full":        full,
		"short":       func(id any) string { return short(fmt.Sprint(id)) },
		"stateWord":   stateWord,
		"stateHelp":   stateHelp,
		"signalTitle": signalTitle,
		"entryTitle":  entryTitle,
		"gradeWord":   gradeWord,
		"icon":        icon,
		"static": func(name string) (string, error) {
			a, ok := p.static[name]
			if !ok {
				return "", fmt.Errorf("no static file %q", name)
			}
			return "/static/" + name + "?v=" + a.hash, nil
		},
	}
}

func anyNum(n any) string { return num(toInt(n)) }

func toInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	default:
		panic(fmt.Sprintf("not a count: %T", n))
	}
}

// render makes a whole page in memory, so that a fault never sends half of one.
func (p *pages) render(name string, f frame) ([]byte, error) {
	set, ok := p.sets[name]
	if !ok {
		return nil, fmt.Errorf("no page %q", name)
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, "layout", f); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// part makes one piece of a page, the same template the page itself used.
func (p *pages) part(name string, body any) (string, error) {
	var b strings.Builder
	if err := p.parts.ExecuteTemplate(&b, name, body); err != nil {
		return "", fmt.Errorf("part %s: %w", name, err)
	}
	return b.String(), nil
}

// frame is what every page has around its body.
type frame struct {
	Title         string
	Section       string // the lit entry of the navigation
	Exercise      bool
	HasMailbox    bool
	Who           string // "" when nobody is signed in
	Live          string // address of the page's live parts; "" when it has none
	StopsInForce  int
	Holds         int // dispatches held for a person
	CanStop       bool
	CanLedger     bool // may see the ledger and the signals
	CanDrill      bool
	CanAnnounce   bool
	CanIncidents  bool
	OpenIncidents int  // real ones
	CanOnCall     bool // of the whole installation
	CanReports    bool
	CanDecoys     bool // of the whole installation: a tenant's people are never told of decoys
	Notice        string
	Body          any
}

// icon is one of our own line drawings.
func icon(name string) (template.HTML, error) {
	d, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="ico" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="` + d + `"/></svg>`), nil
}

var icons = map[string]string{
	"mark":     "M17.2 7.2a7 7 0 1 0 0 9.6M12 12h9",
	"pulse":    "M3 12h4l3-8 4 16 3-8h4",
	"send":     "M21 4 3 11l6.5 2.5M21 4l-6 16-5.5-6.5M21 4 9.500 13.500",
	"stop":     "M8 3h8l5 5v8l-5 5H8l-5-5V8zM8.500 12h7",
	"hand":     "M7 12V6.500a1.500 1.500 0 0 1 3 0V11m0-1V4.500a1.500 1.500 0 0 1 3 0V11m0-5a1.500 1.500 0 0 1 3 0v6m0-3.500a1.500 1.500 0 0 1 3 0V15a6 6 0 0 1-6 6h-1.500a6 6 0 0 1-4.600-2.200L4 15.500c-1.300-1.700.9-3.400 2.200-2L7 14.500",
	"tray":     "M3 13h5l1.500 3h5L16 13h5M3 13l3-8h12l3 8v6H3z",
	"eye":      "M2.500 12C5 7.500 8.300 5.500 12 5.500s7 2 9.500 6.500C19 16.500 15.700 18.500 12 18.500S5 16.500 2.500 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
	"signal":   "M12 4a6 6 0 0 0-6 6v3.500L4.500 17h15L18 13.500V10a6 6 0 0 0-6-6zM10 20.500h4",
	"house":    "M4 20V9l8-5 8 5v11zM9.500 20v-6h5v6",
	"ledger":   "M6 3h12v18H6zM9.500 8h5M9.500 12h5M9.500 16h3",
	"decoy":    "M11 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM3.500 20.500c.8-3.800 3.700-5.500 7.500-5.500s6.700 1.700 7.500 5.500M17 4.500l4 4m0-4-4 4",
	"bell":     "M6.500 9.500a5.500 5.500 0 0 1 11 0c0 5 2 6.500 2 6.500h-15s2-1.500 2-6.500M10 19.500a2 2 0 0 0 4 0M3.500 8.500A9 9 0 0 1 6 4M20.500 8.500A9 9 0 0 0 18 4",
	"flag":     "M5 21V4m0 0h11l-2 4 2 4H5",
	"horn":     "M4 10v4h3l8 4.500V5.500L7 10zM18.500 9.500a3.500 3.500 0 0 1 0 5M8.500 14.500 10 19.500",
	"drill":    "M12 3a9 9 0 1 0 9 9M12 8a4 4 0 1 0 4 4M12 12l8-8M16.500 3.500V7.500h4",
	"mail":     "M3 6h18v13H3zM3 7l9 7 9-7",
	"more":     "M4 7h16M4 12h16M4 17h16",
	"check":    "M20 6.500 9.500 17.500 4 12",
	"alert":    "M12 4 2.500 20h19zM12 10v4.500M12 17.300v.2",
	"download": "M12 4v11m-4.500-4L12 15.500 16.500 11M4 20h16",
}

// figure is one number of a strip.
type figure struct {
	Label, Value, Help string
	Tone               cordon.DeliveryState
	Quiet              bool // nothing to see: drawn back
}

// fact is one line of a record.
type fact struct {
	Name  string
	Value any
	Mono  bool
}
