package statuspage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files are the status page as files by path: pages, feeds and JSON. Links in
// them lead to each other, so they may lie anywhere; forms go to the live page.
// When some page cannot be drawn, the others are there beside the error.
func (s *Server) Files(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	var errs []error
	for _, r := range s.table() {
		if r.more.files == nil {
			continue
		}
		paths, err := r.more.files(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("list files of %s: %w", r.pattern, err))
		}
		for _, at := range paths {
			body, err := s.drawFile(ctx, at)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			all[fileOf(at)] = body
		}
	}
	return all, errors.Join(errs...)
}

// drawFile asks the route's own handler for the page, as a file.
func (s *Server) drawFile(ctx context.Context, at string) ([]byte, error) {
	hr, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", at, err)
	}
	out := &page{header: http.Header{}, status: http.StatusOK}
	s.filing.ServeHTTP(out, hr)
	if out.status != http.StatusOK {
		return nil, fmt.Errorf("draw %s: status %d", at, out.status)
	}
	return out.body.Bytes(), nil
}

// filer serves every GET of the table as a file, to ourselves alone.
func (s *Server) filer() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.table() {
		if r.method == http.MethodGet {
			mux.HandleFunc("GET "+r.pattern, func(w http.ResponseWriter, hr *http.Request) { r.handler(w, &request{Request: hr, file: true}) })
		}
	}
	return mux
}

// page is an answer kept in memory.
type page struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (p *page) Header() http.Header         { return p.header }
func (p *page) WriteHeader(status int)      { p.status = status }
func (p *page) Write(b []byte) (int, error) { return p.body.Write(b) }

func (s *Server) staticFiles(context.Context) ([]string, error) {
	var all []string
	for name := range s.pages.files {
		all = append(all, "/static/"+name)
	}
	slices.Sort(all)
	return all, nil
}

// keepFolder writes the folder when anything in it would change.
func (s *Server) keepFolder(ctx context.Context) error {
	if s.Folder == "" {
		return nil
	}
	files, err := s.Files(ctx)
	if _, whole := files["index.html"]; !whole {
		return err
	}
	sum := sumOf(files)
	if sum == s.written {
		return err
	}
	if failed := WriteFolder(s.Folder, files); failed != nil {
		return errors.Join(err, failed)
	}
	s.written = sum
	return err
}

func sumOf(files map[string][]byte) string {
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		one := sha256.Sum256(files[name])
		fmt.Fprintf(all, "%q %x\n", name, one)
	}
	return hex.EncodeToString(all.Sum(nil))
}

// manifest lists what was written into a folder, so that only that is ever taken
// away.
const manifest = ".cordon-files"

// WriteFolder puts the files into the folder: each at once, by a rename, and those
// that lead to others after them, so that whoever reads meanwhile never finds half
// a page or a link to nothing. What an earlier call wrote and is no more is
// removed; other files are left alone.
func WriteFolder(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", errors.Unwrap(err))
	}
	root, err := os.OpenRoot(folder) // nothing is ever written outside
	if err != nil {
		return fmt.Errorf("open folder: %w", errors.Unwrap(err))
	}
	defer root.Close()
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		return cmp.Or(strings.Count(b, "/")-strings.Count(a, "/"), strings.Compare(b, a)) // the deepest first: index.html last
	})
	for _, name := range names {
		if err := putFile(root, name, files[name]); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	before, err := root.ReadFile(manifest)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read manifest: %w", err)
	}
	for name := range strings.SplitSeq(string(before), "\n") {
		if _, kept := files[name]; name == "" || kept || !filepath.IsLocal(name) {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return putFile(root, manifest, []byte(strings.Join(slices.Sorted(maps.Keys(files)), "\n")+"\n"))
}

func putFile(root *os.Root, name string, body []byte) error {
	if old, err := root.ReadFile(name); err == nil && bytes.Equal(old, body) {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	fresh := name + ".new"
	if err := root.WriteFile(fresh, body, 0o644); err != nil {
		return err
	}
	return root.Rename(fresh, name)
}
