package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/report"
)

const (
	maxRecipients = 20
	ioTimeout     = time.Minute     // of one command, and of the message after DATA
	lifetime      = 5 * time.Minute // of a connection, whatever its client does
	closeGrace    = 5 * time.Second

	smallMail = 256 << 10 // bytes that every connection may have in memory
	largeAt   = 4         // mails above that which are read at once
)

// Config is what a Server is made of.
type Config struct {
	Catalog *catalog.Catalog
	Reports *report.Clerk // nil: no mailbox of reports, and no return paths
	Domains []string      // of planted addresses, lower case; mail to any but these and the clerk's is relaying
	Name    string        // in the greeting; "" means the first domain
	TLS     *tls.Config   // nil: STARTTLS is not offered
	Limits  Limits        // the zero Limits are DefaultLimits
	Now     func() time.Time
	Log     *slog.Logger
}

// Server receives mail at planted addresses.
type Server struct {
	Config
	domains map[string]bool
	crowd   *crowd
	large   chan struct{} // one token for each large mail that is being read
}

// New makes a Server; nothing listens until Serve.
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
	s := &Server{Config: c, domains: map[string]bool{}, crowd: newCrowd(c.Limits), large: make(chan struct{}, largeAt)}
	all := c.Domains
	if c.Reports != nil {
		all = append(c.Reports.Receives(), all...)
	}
	for _, d := range all {
		s.domains[d] = true
	}
	if s.Name == "" && len(all) > 0 {
		s.Name = all[0]
	}
	return s
}

// receiver is the right by which the listener acts: to report mail, and nothing
// else.
func receiver() cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorSystem, Permissions: []cordon.Permission{cordon.ReportInbound}}
}

// mostBytes is the largest mail that anybody may send here.
func (s *Server) mostBytes() int64 {
	if s.Reports == nil {
		return catalog.MaxArrival
	}
	return report.MaxReport
}

// Serve answers the listener's clients until ctx is done, and closes it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, ctx: ctx, conn: c, client: clientOf(c.Conn())}, nil
	}))
	server.Domain = s.Name
	server.MaxRecipients = maxRecipients
	server.MaxMessageBytes = s.mostBytes()
	server.TLSConfig = s.TLS
	server.ReadTimeout, server.WriteTimeout = ioTimeout, ioTimeout
	server.AllowInsecureAuth = true              // so that AUTH is told that there is none, not to come back with TLS
	server.ErrorLog = log.New(io.Discard, "", 0) // it would name clients; ours says what matters
	gate := newGate(l, s.crowd, s.Now)
	done := make(chan error, 1)
	go func() { done <- server.Serve(gate) }()
	select {
	case err := <-done:
		gate.closeAll()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	case <-ctx.Done():
	}
	// An SMTP client tries again: nobody is waited for longer than a moment.
	l.Close() // the server may not have taken it up yet, and then knows nothing of it
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	gate.closeAll()
	err := server.Shutdown(grace)
	<-done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
