package statuspage

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/cordonmail/cordon"
)

// Every link between files leads to a file; every form to the live page.
func TestFilesLeadToEachOther(t *testing.T) {
	h := newHouse(t)
	h.component("Mailings", cordon.Bulk)
	h.post(nil)
	h.post(follows(42837))
	h.post(func(d *cordon.AnnouncementDraft) { d.Status = cordon.PostExercise })
	h.post(nil)
	h.post(resolves(42839))
	files, err := h.site.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "history/index.html", "announcements/index.html", "announcements/42837/index.html", "announcements/42837/1/index.html",
		"exercise/announcements/42838/index.html", "feed.atom", "feed.rss", "api/v2/summary.json", "api/v2/incidents/unresolved.json", "static/status.css", "static/mark.svg"} {
		if len(files[name]) == 0 {
			t.Errorf("no file %s", name)
		}
	}
	for name, body := range files {
		if path.Ext(name) != ".html" {
			continue
		}
		for _, link := range linksOf(t, string(body)) {
			switch {
			case strings.HasPrefix(link, siteURL):
			case strings.Contains(link, "://") || strings.HasPrefix(link, "/"):
				t.Errorf("%s leads to %s", name, link)
			case !strings.HasPrefix(link, "#"):
				to, _, _ := strings.Cut(path.Join(path.Dir(name), link), "#")
				if files[to] == nil {
					t.Errorf("%s leads to %s, which is none", name, to)
				}
			}
		}
		wantIn(t, string(body), `http-equiv="Content-Security-Policy"`, siteURL+"/subscribe")
	}
}

func linksOf(t *testing.T, page string) (all []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "src" || a.Key == "action" {
				all = append(all, a.Val)
			}
		}
	}
	return all
}

func TestAFolderIsWrittenAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return ""
		}
		return string(raw)
	}
	write := func(files map[string]string) {
		raw := map[string][]byte{}
		for name, body := range files {
			raw[name] = []byte(body)
		}
		if err := WriteFolder(dir, raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "theirs.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(map[string]string{"index.html": "1", "a/b.html": "1", "gone/c.html": "1"})
	write(map[string]string{"index.html": "2", "a/b.html": "1"})
	if read("index.html") != "2" || read("a/b.html") != "1" || read("gone/c.html") != "" || read("theirs.txt") != "x" {
		t.Errorf("index %q, kept %q, gone %q, theirs %q", read("index.html"), read("a/b.html"), read("gone/c.html"), read("theirs.txt"))
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.new"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	// A manifest that somebody wrote leads nowhere else.
	outside := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, manifest), []byte("../"+filepath.Base(filepath.Dir(outside))+"/precious\n"+outside+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(map[string]string{"index.html": "3"})
	if _, err := os.Stat(outside); err != nil {
		t.Error("removed a file outside the folder")
	}
}

func TestTheFolderFollowsEveryChange(t *testing.T) {
	h := newHouse(t)
	h.site.Folder = t.TempDir()
	index := func() string {
		raw, err := os.ReadFile(filepath.Join(h.site.Folder, "announcements", "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	keep := func() {
		if err := h.site.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.site.keepFolder(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	keep()
	wantIn(t, index(), "Nothing has been announced yet")
	h.post(nil)
	keep()
	wantIn(t, index(), "Reports of spam email (42837)")
}
