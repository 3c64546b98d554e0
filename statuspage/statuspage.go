package statuspage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/report"
)

// Config is what the status page stands on.
type Config struct {
	Herald  *announce.Herald
	Reports *report.Clerk // nil: nobody reports mail here, and none is checked
	Notices *notice.Messenger

	Site    cordon.StatusSite // its name, and where readers reach it
	Folder  string            // where it is written as files; "" = nowhere
	Proxies []netip.Prefix    // of proxies in front, whose X-Forwarded-For is believed
	Limits  Limits            // the zero Limits are DefaultLimits
	Now     func() time.Time
	Log     *slog.Logger
}

// Server is the status page. It is safe for use by many goroutines.
type Server struct {
	Config
	pages   *pages
	crowd   *crowd
	handler http.Handler
	filing  http.Handler // the same pages, drawn as files

	mu      sync.Mutex // one look at the house at a time
	current *snapshot
	tried   time.Time // the last look, whatever came of it
	written string    // what the folder holds, by its sum
}

const (
	refreshEvery = 5 * time.Second
	staleAfter   = time.Minute      // then the page says how old it is
	lookTimeout  = 3 * time.Second  // of a look at the house
	headTimeout  = 5 * time.Second  // to read a request's header
	readTimeout  = 30 * time.Second // and its body
	writeTimeout = 30 * time.Second
	idleTimeout  = time.Minute
	closeGrace   = 5 * time.Second
	maxHeader    = 16 << 10 // bytes
)

// New makes the status page. It panics when a page does not parse: that is a
// fault of the binary, not of its input.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	c.Site.URL = strings.TrimSuffix(c.Site.URL, "/")
	s := &Server{Config: c, pages: loadPages(), crowd: newCrowd(c.Limits)}
	s.handler, s.filing = s.routes(), s.filer()
	return s
}

// Handler answers every path of the status page.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve answers the listener's clients until ctx is done, and closes it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0), // it would name clients
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // whoever still reads has had his time
		}
	})
	defer ended()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve status page: %w", err)
	}
	return nil
}

// Run keeps the snapshot fresh and the folder written until ctx ends. Without it
// pages are refreshed when somebody asks, and no files are written.
func (s *Server) Run(ctx context.Context) error {
	changed, done := s.Herald.Changed()
	defer done()
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	failing := false
	for {
		err := s.refresh(ctx)
		if err == nil {
			err = s.keepFolder(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			s.Log.ErrorContext(ctx, "status page is not kept fresh", "error", err)
		case err == nil && failing:
			s.Log.InfoContext(ctx, "status page is fresh again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-tick.C:
		}
	}
}

// snapshot is the house as the page shows it, and what was drawn of it.
type snapshot struct {
	view cordon.StatusView
	mu   sync.Mutex
	done map[string]drawn // by path
}

// look is the snapshot to draw from. It is never older than refreshEvery while
// the house answers; while it does not, it is the last there was, and only
// without any there is an error.
func (s *Server) look(ctx context.Context) (*snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if s.current != nil && now.Sub(s.tried) < refreshEvery {
		return s.current, nil
	}
	err := s.take(ctx)
	if err == nil || s.current != nil {
		return s.current, nil
	}
	return nil, err
}

// refresh takes a new snapshot.
func (s *Server) refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(ctx)
}

func (s *Server) take(ctx context.Context) error {
	// The client who asked may leave; those who wait behind him do not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	s.tried = s.Now()
	view, err := s.Herald.View(ctx)
	if err != nil {
		if s.current != nil { // drawn again, so that the pages say how old they are
			s.current = &snapshot{view: s.current.view, done: map[string]drawn{}}
		}
		return err
	}
	view.At = s.tried
	s.current = &snapshot{view: view, done: map[string]drawn{}}
	return nil
}
