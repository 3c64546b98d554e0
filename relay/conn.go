package relay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/emersion/go-sasl"
)

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// conn is one connection to the relay, used by one goroutine at a time.
type conn struct {
	raw     net.Conn // the TCP connection, for abort from another goroutine
	c       net.Conn // raw, or TLS over it
	aborted atomic.Bool
	br      *bufio.Reader
	out     []byte // reused for every write
	ext     extensions
	private bool // TLS with a certificate that was verified
	dirty   bool // a transaction was left open: RSET before the next
	served  int
	last    time.Time
}

// fault is a failure of the relay or the way to it, before any message.
type fault struct {
	reply  reply
	reason string // a constant word: connect, greeting, tls, certificate, ehlo, auth …
	err    error
}

func (f fault) Error() string {
	if f.reply.code != 0 {
		return f.reason + ": " + f.reply.String()
	}
	return f.reason
}

func (f fault) Unwrap() error { return f.err }

// outcome: nothing left, and it is not the copy's fault.
func (f fault) outcome() cordon.Outcome {
	return cordon.Outcome{State: cordon.Queued, Reply: f.reply.String(), Relay: true, Reason: f.reason}
}

// dial makes a connection ready for MAIL: greeting, EHLO, TLS, AUTH.
func (c *Client) dial(ctx context.Context) (*conn, error) {
	cn, err := c.dialOnce(ctx, c.cfg.TLS != TLSOff)
	var f fault
	if c.cfg.TLS == TLSOpportunistic && errors.As(err, &f) && f.reason == "tls" && ctx.Err() == nil {
		// RFC 7435 3: failing TLS is no reason to fail where clear text would do.
		cn, err = c.dialOnce(ctx, false)
	}
	if err != nil {
		c.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "relay connection failed",
			slog.String("relay", c.cfg.Addr), slog.String("reason", err.Error()))
	}
	return cn, err
}

func (c *Client) dialOnce(ctx context.Context, private bool) (*conn, error) {
	dctx, cancel := context.WithTimeout(ctx, c.cfg.Timeouts.Connect)
	defer cancel()
	raw, err := c.cfg.Dial(dctx, "tcp", c.cfg.Addr)
	if err != nil {
		return nil, fault{reason: "connect", err: err}
	}
	cn := &conn{raw: raw, c: raw, br: bufio.NewReaderSize(raw, 4096)}
	stop := context.AfterFunc(ctx, cn.abort)
	defer stop()
	if err := c.prepare(dctx, cn, private); err != nil {
		cn.c.Close()
		return nil, err
	}
	return cn, nil
}

func (c *Client) prepare(ctx context.Context, cn *conn, private bool) error {
	t := c.cfg.Timeouts
	if c.cfg.TLS == TLSImplicit {
		if err := c.handshake(ctx, cn); err != nil {
			return err
		}
	}
	greeting, err := cn.read(t.Greeting, false)
	if err != nil || greeting.code != 220 {
		return fault{reply: greeting, reason: "greeting", err: err}
	}
	if err := cn.hello(c.cfg.HELO, t.Greeting); err != nil {
		return err
	}
	if private && c.cfg.TLS != TLSImplicit {
		if err := c.startTLS(ctx, cn); err != nil {
			return err
		}
	}
	if c.cfg.Auth.Username != "" {
		return cn.signIn(c.cfg.Auth, t.Greeting)
	}
	return nil
}

// startTLS asks for TLS where the server offers it (RFC 3207).
func (c *Client) startTLS(ctx context.Context, cn *conn) error {
	if !cn.ext.startTLS {
		if c.cfg.TLS == TLSRequired {
			return fault{reason: "starttls not offered"}
		}
		return nil
	}
	r, err := cn.command(c.cfg.Timeouts.Greeting, "STARTTLS")
	if err != nil || r.code != 220 {
		return fault{reply: r, reason: "tls", err: err}
	}
	if cn.br.Buffered() > 0 { // words slipped in before TLS (RFC 3207 5)
		return fault{reason: "tls"}
	}
	if err := c.handshake(ctx, cn); err != nil {
		return err
	}
	// RFC 3207 4.2: what was learnt before TLS is forgotten.
	return cn.hello(c.cfg.HELO, c.cfg.Timeouts.Greeting)
}

func (c *Client) handshake(ctx context.Context, cn *conn) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeouts.Connect)
	defer cancel()
	verified := c.cfg.TLS != TLSOpportunistic
	conf := &tls.Config{ServerName: c.cfg.ServerName, RootCAs: c.cfg.RootCAs, MinVersion: tls.VersionTLS12}
	if c.cfg.TLS == TLSOpportunistic {
		conf.InsecureSkipVerify = true // RFC 7435: encryption without authentication beats none
		conf.VerifyConnection = func(s tls.ConnectionState) error {
			verified = c.verify(s) == nil
			return nil
		}
	}
	secure := tls.Client(cn.c, conf)
	if err := secure.HandshakeContext(ctx); err != nil {
		var bad *tls.CertificateVerificationError
		if errors.As(err, &bad) {
			return fault{reason: "certificate", err: err}
		}
		return fault{reason: "tls", err: err}
	}
	cn.c, cn.br, cn.private = secure, bufio.NewReaderSize(secure, 4096), verified
	return nil
}

// verify checks the chain as crypto/tls would have.
func (c *Client) verify(s tls.ConnectionState) error {
	opts := x509.VerifyOptions{DNSName: c.cfg.ServerName, Roots: c.cfg.RootCAs, Intermediates: x509.NewCertPool()}
	for _, cert := range s.PeerCertificates[1:] {
		opts.Intermediates.AddCert(cert)
	}
	_, err := s.PeerCertificates[0].Verify(opts)
	return err
}

// hello says EHLO, or HELO to a server that knows no better (RFC 5321 3.2).
func (cn *conn) hello(name string, timeout time.Duration) error {
	cn.ext = extensions{}
	if err := cn.write(timeout, append(append(append(cn.out[:0], "EHLO "...), name...), "\r\n"...)); err != nil {
		return fault{reason: "ehlo", err: err}
	}
	r, err := cn.read(timeout, true)
	if err != nil {
		return fault{reason: "ehlo", err: err}
	}
	if r.code == 500 || r.code == 502 {
		if r, err = cn.command(timeout, "HELO "+name); err != nil || r.code != 250 {
			return fault{reply: r, reason: "ehlo", err: err}
		}
		return nil
	}
	if r.code != 250 {
		return fault{reply: r, reason: "ehlo"}
	}
	cn.ext = parseExtensions(r.lines)
	return nil
}

// signIn authenticates with PLAIN, else LOGIN (RFC 4954).
func (cn *conn) signIn(a Auth, timeout time.Duration) error {
	if !cn.private && !a.AllowClear {
		return fault{reason: "auth over clear text refused"}
	}
	var mech sasl.Client
	switch {
	case slices.Contains(cn.ext.auth, "PLAIN"):
		mech = sasl.NewPlainClient("", a.Username, a.Password.Reveal())
	case slices.Contains(cn.ext.auth, "LOGIN"):
		mech = &login{answers: [][]byte{[]byte(a.Username), []byte(a.Password.Reveal())}}
	default:
		return fault{reason: "auth not offered"}
	}
	name, first, err := mech.Start()
	if err != nil {
		return fault{reason: "auth", err: err}
	}
	line := "AUTH " + name
	if first != nil {
		line += " " + base64.StdEncoding.EncodeToString(first)
	}
	r, err := cn.exchange(timeout, line)
	for range 3 {
		if err != nil || r.code != 334 {
			break
		}
		var challenge []byte
		if challenge, err = base64.StdEncoding.DecodeString(r.lines[0]); err != nil {
			break
		}
		var answer []byte
		if answer, err = mech.Next(challenge); err != nil {
			break
		}
		r, err = cn.exchange(timeout, base64.StdEncoding.EncodeToString(answer))
	}
	if err != nil || r.code != 235 {
		r.lines = nil
		return fault{reply: r, reason: "auth"}
	}
	return nil
}

// login is the LOGIN mechanism, answering name and password in the order asked
// for; go-sasl's insists on the exact words of one server's questions.
type login struct{ answers [][]byte }

func (l *login) Start() (string, []byte, error) { return "LOGIN", nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return answer, nil
}

// alive asks an idle connection whether it still stands.
func (cn *conn) alive(timeout time.Duration) bool {
	r, err := cn.command(min(timeout, 10*time.Second), "NOOP")
	return err == nil && r.ok()
}

// quit says goodbye without waiting for the answer: nothing depends on it.
func (cn *conn) quit() { _ = cn.write(time.Second, append(cn.out[:0], "QUIT\r\n"...)) }

// abort makes whatever the connection waits for fail now.
func (cn *conn) abort() {
	cn.aborted.Store(true)
	_ = cn.raw.SetDeadline(longAgo)
}

// armed puts the past back where abort came before a deadline was set.
func (cn *conn) armed() {
	if cn.aborted.Load() {
		_ = cn.raw.SetDeadline(longAgo)
	}
}

func (cn *conn) command(timeout time.Duration, line string) (reply, error) {
	if err := cn.write(timeout, append(append(cn.out[:0], line...), "\r\n"...)); err != nil {
		return reply{}, err
	}
	return cn.read(timeout, false)
}

func (cn *conn) exchange(timeout time.Duration, line string) (reply, error) {
	if err := cn.write(timeout, append(append(cn.out[:0], line...), "\r\n"...)); err != nil {
		return reply{}, err
	}
	return cn.read(timeout, true)
}

func (cn *conn) write(timeout time.Duration, b []byte) error {
	cn.out = b[:0]
	if err := cn.c.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	cn.armed()
	_, err := cn.c.Write(b)
	return err
}

// read waits for one reply. The deadline covers the whole of it, so that a
// server cannot hold the connection by a byte a minute.
func (cn *conn) read(timeout time.Duration, keep bool) (reply, error) {
	if cn.br.Buffered() == 0 || !bufferedLine(cn.br) {
		if err := cn.c.SetReadDeadline(time.Now().Add(timeout)); err != nil {
			return reply{}, err
		}
		cn.armed()
	}
	return readReply(cn.br, keep)
}

func bufferedLine(br *bufio.Reader) bool {
	b, _ := br.Peek(br.Buffered())
	return bytes.IndexByte(b, '\n') >= 0
}
