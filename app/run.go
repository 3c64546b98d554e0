package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cordonmail/cordon"
)

// shutdownGrace is how long requests and copies in flight may take to finish.
const shutdownGrace = 15 * time.Second

// NewLog makes the logger that the configuration asks for.
func NewLog(w io.Writer, c LogConfig) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // checked by Validate; info otherwise
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Run starts everything and returns when ctx is done and all of it has stopped,
// or when a part fails. ready, when not nil, is called with the address once
// requests are answered.
func (h *House) Run(ctx context.Context, ready func(address string)) error {
	lock, err := lockData(h.Config.Data)
	if err != nil {
		return err
	}
	defer lock.Close()
	public, err := h.listen()
	if err != nil {
		return err
	}
	local, err := h.listenLocal()
	if err != nil {
		public.Close()
		return err
	}

	inbounds, err := h.listenInbound()
	if err != nil {
		return errors.Join(err, public.Close(), local.Close())
	}

	status, err := h.listenStatus()
	if err != nil {
		for _, inbound := range inbounds {
			err = errors.Join(err, inbound.Close())
		}
		return errors.Join(err, public.Close(), local.Close())
	}

	group, ctx := errgroup.WithContext(ctx)
	if status != nil {
		group.Go(part("status page", func() error { return h.Status.Serve(ctx, status) }))
		h.log.Info("serving the status page", "listen", status.Addr().String())
	}
	group.Go(part("status page", func() error { return h.Status.Run(ctx) }))
	for _, inbound := range inbounds {
		group.Go(part("inbound", func() error { return h.Inbound.Serve(ctx, inbound) }))
		h.log.Info("receiving mail", "listen", inbound.Addr().String())
	}
	h.serve(ctx, group, public, h.Handler())
	h.serve(ctx, group, local, h.API.Local())
	group.Go(func() error { return h.Work(ctx) })
	group.Go(part("console", func() error { return h.Console.Run(ctx) }))
	group.Go(part("drills", func() error { return h.drill(ctx, public.Addr()) }))
	h.log.Info("running", "listen", public.Addr().String(), "engine", h.Store.Engine())
	if ready != nil {
		ready(public.Addr().String())
	}
	err = group.Wait()
	h.log.Info("stopped")
	return err
}

// Work runs what needs no listener: the board of stops, their sweeps, the queue
// and the ledger's checkpoints. Run calls it; the simulated world calls it alone.
func (h *House) Work(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(part("board", func() error { return h.Board.Run(ctx) }))
	group.Go(part("stops", func() error { return h.Warden.Run(ctx) }))
	group.Go(part("queue", func() error { return h.Runner.Run(ctx) }))
	group.Go(part("ledger", func() error { return h.Auditor.Run(ctx) }))
	group.Go(part("watch", func() error { return h.Watcher.Run(ctx) }))
	group.Go(part("notices", func() error { return h.Notices.Run(ctx) }))
	group.Go(part("announcements", func() error { return h.Herald.Run(ctx) }))
	group.Go(part("incidents", func() error { return h.Incidents.Run(ctx) }))
	group.Go(part("on call", func() error { return h.OnCall.Run(ctx) }))
	group.Go(part("outbox", func() error { return h.Outbox.Run(ctx) }))
	group.Go(part("decoys", func() error { return h.Catalog.KeepDecoys(ctx) }))
	group.Go(part("reports", func() error { return h.Reports.Run(ctx) }))
	return group.Wait()
}

// part names a part in its error; being told to stop is none.
func part(name string, run func() error) func() error {
	return func() error {
		if err := run(); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
}

// Close releases the store, the relay's connections and the receiving server of
// exercises. Call it after Run.
func (h *House) Close() error {
	if h.relay != nil {
		h.relay.Close()
	}
	h.scanner.Close()
	return errors.Join(h.closePaging(), h.exercises.close(), h.Store.Close())
}

// Handler is what the public listener serves: REST, the console, and what an
// operator's tools ask for.
func (h *House) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", h.API.Handler())
	mux.Handle("/openapi.json", h.API.Handler())
	mux.HandleFunc("GET /healthz", h.healthz)
	mux.HandleFunc("GET /readyz", h.readyz)
	mux.Handle("GET /metrics", h.metrics())
	mux.HandleFunc("POST /witness/add-checkpoint", h.addCheckpoint)
	mux.HandleFunc("GET /witness/key", h.witnessKey)
	mux.Handle("/", h.Console.Handler())
	return mux
}

func (h *House) serve(ctx context.Context, group *errgroup.Group, l net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return ctx }}
	group.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", l.Addr().Network(), err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		if err := server.Shutdown(grace); err != nil {
			return server.Close()
		}
		return nil
	})
}

func (h *House) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", h.Config.Listen)
	if err != nil {
		return nil, cordon.InvalidField("listen", h.Config.Listen+" cannot be opened: "+rootCause(err), "choose a free port with --listen")
	}
	if h.Config.TLS.Certificate == "" {
		return l, nil
	}
	pair, err := tls.LoadX509KeyPair(h.Config.TLS.Certificate, h.Config.TLS.Key)
	if err != nil {
		l.Close()
		return nil, cordon.InvalidField("tls.certificate", "cannot be loaded: "+rootCause(err), "name a PEM certificate and its key")
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// SocketName is the operator's door in the data folder: who may open the folder
// is the operator (ADR 9).
const SocketName = "cordon.sock"

func (h *House) listenLocal() (net.Listener, error) {
	path := filepath.Join(h.Config.Data, SocketName)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // left by a killed process; the lock says nobody listens
		return nil, fmt.Errorf("local socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, cordon.InvalidField("data", "the local socket cannot be made: "+rootCause(err), "use a shorter path: a socket's may have about 100 characters")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("local socket: %w", err)
	}
	return l, nil
}

func rootCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
