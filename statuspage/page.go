package statuspage

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
)

//go:embed ui
var ui embed.FS

// pages are the parsed templates: one set a page, all sharing the layout.
type pages struct {
	sets  map[string]*template.Template
	files map[string]asset // under /static/, by name
}

type asset struct {
	body []byte
	hash string
	kind string
}

func loadPages() *pages {
	p := &pages{sets: map[string]*template.Template{}, files: map[string]asset{}}
	names, err := fs.Glob(ui, "ui/static/*")
	must(err)
	for _, name := range names {
		body, err := ui.ReadFile(name)
		must(err)
		sum := sha256.Sum256(body)
		p.files[path.Base(name)] = asset{body: body, hash: hex.EncodeToString(sum[:8]), kind: contentType(name)}
	}
	base := template.New("").Funcs(template.FuncMap{
		"day": day, "moment": moment, "clock": clock, "iso": iso, "num": cordon.Thousands,
	})
	template.Must(base.ParseFS(ui, "ui/layout.html"))
	files, err := fs.Glob(ui, "ui/pages/*.html")
	must(err)
	for _, file := range files {
		set := template.Must(base.Clone())
		template.Must(set.ParseFS(ui, file))
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
	case ".svg":
		return "image/svg+xml"
	default:
		return "text/plain; charset=utf-8"
	}
}

// Times are UTC: readers are everywhere, and so are their clocks.
func day(t time.Time) string    { return t.UTC().Format("2 January 2006") }
func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }
func clock(t time.Time) string  { return t.UTC().Format("15:04 UTC") }
func iso(t time.Time) string    { return t.UTC().Format(time.RFC3339) }

// frame is what every page has around its body. show fills what has no comment.
type frame struct {
	Title    string
	Section  string // the lit entry of the navigation: status, announcements, subscribe …
	Exercise bool   // part of a drill: a banner says so
	Summary  string // one line, for search engines and messengers; "" = none
	Private  bool   // search engines are asked to keep out
	Body     any

	Name    string
	Reports bool      // mail can be reported and checked here
	Stale   time.Time // when the page was last known to be right; zero while it is fresh
	File    bool
	live    string
	path    string
	assets  map[string]asset
}

// Link leads to a page or file of the status page.
func (f frame) Link(to string) string {
	if !f.File {
		return to
	}
	to, fragment, _ := strings.Cut(to, "#")
	if fragment != "" {
		fragment = "#" + fragment
	}
	return upFrom(f.path) + fileOf(to) + fragment
}

// Here is Link within the exercise, on a page of one.
func (f frame) Here(to string) string {
	if f.Exercise {
		if to == "/" {
			return f.Link(exercisePath)
		}
		return f.Link(exercisePath + to)
	}
	return f.Link(to)
}

// Live is where a form goes: the live page, even from a file.
func (f frame) Live(to string) string {
	if f.File {
		return f.live + to
	}
	return to
}

// Static leads to a style or picture, named with a hash so that browsers may keep
// it for ever.
func (f frame) Static(name string) (string, error) {
	a, ok := f.assets[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	if f.File {
		return upFrom(f.path) + "static/" + name, nil
	}
	return "/static/" + name + "?v=" + a.hash, nil
}

// Policy stands in pages that are files: nobody sends headers with them.
func (f frame) Policy() string {
	return strings.Replace(strings.Replace(policy, "; frame-ancestors 'none'", "", 1), "form-action 'self'", "form-action 'self' "+f.live, 1)
}

// fileOf is the file that a path is written to.
func fileOf(at string) string {
	at = strings.Trim(at, "/")
	switch {
	case at == "":
		return "index.html"
	case path.Ext(at) != "":
		return at
	}
	return at + "/index.html"
}

// upFrom leads from the file of a path to the top of the folder.
func upFrom(at string) string { return strings.Repeat("../", strings.Count(fileOf(at), "/")) }

// render makes a whole page in memory, so that a fault never sends half of one.
func (s *Server) render(q *request, name string, f frame) ([]byte, error) {
	set, ok := s.pages.sets[name]
	if !ok {
		return nil, fmt.Errorf("no page %q", name)
	}
	f.Reports = s.Reports != nil
	f.Name, f.File, f.live, f.path, f.assets = s.Site.Name, q.file, s.Site.URL, q.URL.Path, s.pages.files
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, "layout", f); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

const htmlType = "text/html; charset=utf-8"

// show renders a page whole and then sends it. Pages that everybody gets alike
// are drawn by fromView instead.
func (s *Server) show(w http.ResponseWriter, q *request, status int, name string, f frame) {
	body, err := s.render(q, name, f)
	if err != nil {
		s.Log.ErrorContext(q.Context(), "status page cannot be drawn", "page", name, "error", err)
		http.Error(w, "This page cannot be drawn.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", htmlType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser is gone: nobody to tell
}

func (s *Server) static(w http.ResponseWriter, q *request) {
	a, ok := s.pages.files[q.PathValue("file")]
	if !ok {
		s.problem(w, q, cordon.Errorf(cordon.Missing, "There is no such file."))
		return
	}
	w.Header().Set("Content-Type", a.kind)
	if q.URL.Query().Get("v") == a.hash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(a.body)
}

// With is the frame around another body, for the pieces of a page.
func (f frame) With(body any) frame {
	f.Body = body
	return f
}

// PreviousOf is the heading of the post before one.
func (f frame) PreviousOf(t thread, p cordon.Announcement) string {
	for i, post := range t.Posts {
		if post.Seq == p.Seq && i+1 < len(t.Posts) {
			return t.Posts[i+1].Heading()
		}
	}
	return "Previous"
}

// FigureWord is a figure's name as readers understand it.
func (f frame) FigureWord(name string) string { return announce.FigureWord(name) }
