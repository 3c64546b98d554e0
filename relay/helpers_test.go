package relay_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/relay"
)

const letter = "From: a@clinic.example\r\nTo: b@home.example\r\nSubject: hello\r\n\r\n.dot first\r\nplain\r\n..two\r\n"

func envelope() message.Envelope {
	return message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte(letter)}
}

func yes() bool { return true }

// looks answers each look in turn; further ones are a fault of the test.
func looks(answers ...bool) func() bool {
	return func() bool {
		a := answers[0]
		answers = answers[1:]
		return a
	}
}

func short() relay.Timeouts {
	s := 20 * time.Second // far more than this machine needs: no test waits for it
	return relay.Timeouts{Connect: s, Greeting: s, Mail: s, Rcpt: s, Data: s, Body: s, End: s}
}

// script is a server that says what it is told, line by line. Each step is what
// it expects to read (a prefix; "" reads nothing, "." reads to the final dot)
// and what it then says; "close" ends the connection, "drop" breaks it off.
type step struct{ want, say string }

type script struct {
	t     *testing.T
	l     net.Listener
	mu    sync.Mutex
	news  sync.Cond // something was heard, or a client left
	conns int
	left  int      // clients that have gone
	over  bool     // the test ends
	heard []string // everything read, by line
	wg    sync.WaitGroup
}

// serve plays the first script on the first connection, and so on; the last one
// serves for all that follow.
func serve(t *testing.T, scripts ...[]step) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, l: l}
	s.news.L = &s.mu
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			steps := scripts[min(s.conns, len(scripts)-1)]
			s.conns++
			s.mu.Unlock()
			s.wg.Go(func() { s.play(c, steps) })
		}
	})
	t.Cleanup(func() {
		s.tell(func() { s.over = true })
		l.Close()
		s.wg.Wait()
	})
	return s
}

func (s *script) tell(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.news.Broadcast()
}

// until waits for what ok sees of the script, or for the end of the test.
func (s *script) until(ok func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ok() && !s.over {
		s.news.Wait()
	}
}

func (s *script) addr() string { return s.l.Addr().String() }

func (s *script) play(c net.Conn, steps []step) {
	defer s.tell(func() { s.left++ })
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	br := bufio.NewReader(c)
	for _, st := range steps {
		for st.want != "" {
			line, err := br.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimRight(line, "\r\n")
			s.tell(func() { s.heard = append(s.heard, line) })
			if st.want == "." && line != "." {
				continue
			}
			if !strings.HasPrefix(line, st.want) {
				s.t.Errorf("server wanted %q, heard %q", st.want, line)
				return
			}
			break
		}
		if st.say == "close" {
			return
		}
		if st.say == "drop" {
			if tc, ok := c.(*net.TCPConn); ok {
				tc.SetLinger(0)
			}
			return
		}
		if _, err := io.WriteString(c, st.say); err != nil {
			return
		}
	}
	io.Copy(io.Discard, br) // until the client goes
}

func (s *script) said(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(prefix)
}

// count is said for those who hold s.mu.
func (s *script) count(prefix string) int {
	n := 0
	for _, l := range s.heard {
		if strings.HasPrefix(l, prefix) {
			n++
		}
	}
	return n
}

func client(t *testing.T, cfg relay.Config) *relay.Client {
	t.Helper()
	if cfg.TLS == "" {
		cfg.TLS = relay.TLSOff
	}
	if cfg.Timeouts == (relay.Timeouts{}) {
		cfg.Timeouts = short()
	}
	c := relay.New(cfg)
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t *testing.T, c *relay.Client, look func() bool) cordon.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return c.Send(ctx, envelope(), look)
}

// mailbox is a real go-smtp server that keeps what it gets.
type mailbox struct {
	mu       sync.Mutex
	messages []string
	from, to []string
	options  []smtp.MailOptions
	sessions int
	password string // asked for when not empty
	refuse   func(to string) error
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions++
	return &visit{m: m, in: m.password == ""}, nil
}

type visit struct {
	m        *mailbox
	in       bool
	from, to string
	opts     smtp.MailOptions
}

func (v *visit) AuthMechanisms() []string {
	if v.m.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != "clinic" || pass != v.m.password {
			return smtp.ErrAuthFailed
		}
		v.in = true
		return nil
	}), nil
}

func (v *visit) Mail(from string, opts *smtp.MailOptions) error {
	if !v.in {
		return smtp.ErrAuthRequired
	}
	v.from, v.opts = from, *opts
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.to = to
	if v.m.refuse != nil {
		return v.m.refuse(to)
	}
	return nil
}

func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	v.m.messages = append(v.m.messages, string(raw))
	v.m.from, v.m.to, v.m.options = append(v.m.from, v.from), append(v.m.to, v.to), append(v.m.options, v.opts)
	return nil
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

func (m *mailbox) got() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.messages...)
}

// post starts a real server for the mailbox.
func post(t *testing.T, m *mailbox, set func(*smtp.Server)) string {
	t.Helper()
	s := smtp.NewServer(m)
	s.Domain, s.AllowInsecureAuth, s.EnableSMTPUTF8 = "relay.example", false, true
	if set != nil {
		set(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); l.Close(); <-done })
	return l.Addr().String()
}

// certificate makes a self-signed one for the name, and the pool that trusts it.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
