package statuspage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// route is one line of the table.
type route struct {
	method  string
	pattern string
	handler func(http.ResponseWriter, *request)
	more    extra
}

// extra is what only some routes have. The zero extra is a page: it costs one,
// takes no body to speak of, may be read by other sites only as a page, and is
// not written to the folder.
type extra struct {
	cost  int   // of the client's allowance; 0 = 1
	body  int64 // bytes a request may have; 0 = maxForm
	open  bool  // other sites' scripts may read it: feeds and JSON
	files func(context.Context) ([]string, error)
}

const (
	maxForm  = 16 << 10 // bytes of a form
	formCost = 20       // a form writes something
)

// table is every address of the status page.
func (s *Server) table() []route {
	return slices.Concat(
		s.statusRoutes(""), s.statusRoutes(exercisePath),
		s.subscribeRoutes(),
		s.reportRoutes(), s.checkRoutes(),
		s.noticeRoutes(),
		[]route{{"GET", "/static/{file}", s.static, extra{files: s.staticFiles}}},
	)
}

// policy is the Content-Security-Policy of every page: our own files, nothing
// inline, no script at all, nowhere else, and in nobody's frame.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.table() {
		mux.HandleFunc(r.method+" "+r.pattern, func(w http.ResponseWriter, hr *http.Request) { s.serve(w, hr, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, hr *http.Request) {
		s.serve(w, hr, route{handler: func(w http.ResponseWriter, q *request) { s.noRoute(w, q, mux) }})
	})
	return mux
}

// request is an HTTP request with the network it comes from.
type request struct {
	*http.Request
	network string
	file    bool // drawn to be a file: links lead to files, forms to the live page
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, to route) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(s.Site.URL, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000") // RFC 6797 7.2: ignored over plain HTTP
	}
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if to.more.open {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Access-Control-Allow-Origin", "*")
	}
	q := &request{Request: r, network: s.clientOf(r)}
	if !s.crowd.admit(q.network, max(to.more.cost, 1), s.Now()) {
		h.Set("Retry-After", "30") // RFC 9110 10.2.3
		s.problem(w, q, cordon.Errorf(cordon.Limited, "Your network asked very often within a minute. Wait half a minute and try again."))
		return
	}
	most := to.more.body
	if most == 0 {
		most = maxForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, most)
	defer s.recover(w, q)
	to.handler(w, q)
}

// recover answers a fault of ours that panicked as any other.
func (s *Server) recover(w http.ResponseWriter, q *request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	s.Log.ErrorContext(q.Context(), "status page failed", "route", q.Pattern, "fault", fault)
	http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
}

// noRoute says 405 with the methods that are allowed, or 404.
func (s *Server) noRoute(w http.ResponseWriter, q *request, mux *http.ServeMux) {
	var allowed []string
	for _, method := range []string{"GET", "POST"} {
		asked := q.Request.Clone(q.Context())
		asked.Method = method
		if _, pattern := mux.Handler(asked); pattern != "" && pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 || slices.Contains(allowed, q.Method) {
		s.problem(w, q, cordon.Errorf(cordon.Missing, "There is no such page."))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", ")) // RFC 9110 15.5.6
	http.Error(w, "This address does not take that method.", http.StatusMethodNotAllowed)
}

// statusOf is the one map from the house's codes to HTTP here.
func statusOf(err error) int {
	switch cordon.CodeOf(err) {
	case "":
		return http.StatusOK
	case cordon.Invalid:
		return http.StatusUnprocessableEntity
	case cordon.Denied:
		return http.StatusForbidden
	case cordon.Missing:
		return http.StatusNotFound
	case cordon.Conflict, cordon.Held, cordon.Stopped:
		return http.StatusConflict
	case cordon.Limited:
		return http.StatusTooManyRequests
	case cordon.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// drawn is an answer made of a snapshot, kept as long as that is.
type drawn struct {
	kind string // Content-Type
	body []byte
	tag  string // ETag
}

// freshFor is what browsers and proxies are told about pages drawn of a snapshot.
const freshFor = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"

// fromView answers with what draw makes of the snapshot, drawn once however many
// ask.
func (s *Server) fromView(w http.ResponseWriter, q *request, kind string, draw func(cordon.StatusView) ([]byte, error)) {
	snap, err := s.look(q.Context())
	if err != nil {
		s.problem(w, q, err)
		return
	}
	d, err := snap.draw(q, kind, draw)
	if err != nil {
		s.problem(w, q, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("Cache-Control", freshFor)
	h.Set("ETag", d.tag)
	if match := q.Header.Get("If-None-Match"); match != "" && etagMatches(match, d.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(d.body) // the browser is gone: nobody to tell
}

func (snap *snapshot) draw(q *request, kind string, draw func(cordon.StatusView) ([]byte, error)) (drawn, error) {
	snap.mu.Lock()
	defer snap.mu.Unlock()
	if d, ok := snap.done[q.URL.Path]; ok && !q.file {
		return d, nil
	}
	body, err := draw(snap.view)
	if err != nil {
		return drawn{}, err
	}
	sum := sha256.Sum256(body)
	d := drawn{kind: kind, body: body, tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	if !q.file {
		snap.done[q.URL.Path] = d // only paths that have something: their number is bounded by what was posted
	}
	return d, nil
}

// etagMatches compares weakly, as a GET does (RFC 9110 13.1.2).
func etagMatches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}

// fault is what went wrong, as a page says it.
type fault struct{ Message, Remedy string }

// faultOf turns a service's error into words for a page. What is our own fault
// is not shown.
func faultOf(err error) *fault {
	var e *cordon.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e) || e.Code == cordon.Internal:
		return &fault{"Something went wrong on our side.", "Try again in a moment."}
	}
	text := e.Message
	if e.Field != "" {
		text = e.Field + " " + text
	}
	return &fault{sentence(text), sentence(e.Remedy)}
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "!") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

type problemPage struct{ Title, Message, Remedy string }

// problem answers with a page that says what is wrong and what to do.
func (s *Server) problem(w http.ResponseWriter, q *request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.Log.ErrorContext(q.Context(), "status page failed", "route", q.Pattern, "error", err)
	}
	f := faultOf(err)
	page := problemPage{Title: "That did not work", Message: f.Message, Remedy: f.Remedy}
	switch status {
	case http.StatusNotFound:
		page.Title = "Not here"
	case http.StatusTooManyRequests:
		page.Title = "Too often"
	case http.StatusServiceUnavailable, http.StatusInternalServerError:
		page.Title = "Not just now"
	}
	s.show(w, q, status, "problem", frame{Title: page.Title, Body: page})
}
