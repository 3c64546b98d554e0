package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/incident"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/watch"
)

// Config holds the services the edge speaks to.
type Config struct {
	Desk     *intake.Desk
	Warden   *contain.Warden
	Auditor  *ledger.Auditor
	Registry *identity.Registry
	Catalog  *catalog.Catalog
	Drills   *drill.Instructor // nil: this house runs none
	Watch    *watch.Watcher
	Notices  *notice.Messenger
	OnCall   *oncall.Desk
	Herald   *announce.Herald
	// StatusFiles are the status page as files; nil: there is none.
	StatusFiles func(context.Context) (map[string][]byte, error)
	Incidents   *incident.Keeper
	Reports     *report.Clerk

	Version string // of the software, shown in the description; "" = "dev"
	Now     func() time.Time
	Log     *slog.Logger
}

// API answers every /v1 route and /openapi.json: to keys by Handler, to the
// operator by Local.
type API struct {
	Config
	mux  *http.ServeMux
	huma huma.API
}

// New registers every route of the table.
func New(c Config) *API {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	a := &API{Config: c, mux: http.NewServeMux()}
	a.huma = humago.New(a.mux, a.description())
	for _, r := range a.routes() {
		a.register(r)
	}
	a.finishDescription()
	a.mux.HandleFunc("GET /openapi.json", a.serveDescription)
	return a
}

// Handler serves the network: every call needs a key.
func (a *API) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, false) })
}

// Local serves a listener only the operator can reach: the socket in the data
// folder, or memory. A call without a key acts for the operator, or for the
// account named by X-Cordon-As.
func (a *API) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, true) })
}

// exchange is one call as the edge sees it. Handlers take it as an argument;
// it travels in the context only through huma, from serve to on.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	id     string // shown in problems and logs, to find one with the other
	local  bool
	actor  cordon.Actor
	tenant cordon.TenantID // of the path; "" on routes without one
}

type exchangeKey struct{}

func (a *API) serve(w http.ResponseWriter, r *http.Request, local bool) {
	x := &exchange{w: w, id: "req_" + cordon.RandomText(16), local: local}
	x.r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	w.Header().Set("X-Request-Id", x.id)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	defer a.recover(x)
	if _, pattern := a.mux.Handler(x.r); pattern == "" {
		a.noRoute(x)
		return
	}
	a.mux.ServeHTTP(w, x.r)
}

// recover answers a fault of ours that panicked as any other internal one.
func (a *API) recover(x *exchange) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	a.Log.Error("request failed", "request", x.id, "method", x.r.Method, "fault", fault)
	writeProblem(x.w, newProblem(cordon.Internal, "", x.id))
}

// noRoute asks the mux what is wrong, and says it as a problem: 405 with the
// methods that are allowed, or 404.
func (a *API) noRoute(x *exchange) {
	asked := &headerOnly{header: http.Header{}}
	handler, _ := a.mux.Handler(x.r)
	handler.ServeHTTP(asked, x.r)
	p := newProblem(cordon.Missing, "there is no such route", x.id)
	p.Remedy = "see /openapi.json for all of them"
	if asked.status == http.StatusMethodNotAllowed {
		p = newProblem(cordon.Invalid, "the route does not take this method", x.id)
		p.Status, p.Title = http.StatusMethodNotAllowed, "Method not allowed"
		p.Remedy = "use one of: " + asked.header.Get("Allow")
		x.w.Header().Set("Allow", asked.header.Get("Allow")) // RFC 9110 15.5.6
	}
	writeProblem(x.w, p)
}

// headerOnly takes the status and headers of a handler and drops the rest.
type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }
