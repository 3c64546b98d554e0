package mailsink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// Config says how the sink behaves; the zero Config takes everything at once.
type Config struct {
	// Keep is how many whole messages the mailbox holds; older ones are dropped.
	// 0 keeps none and, without Most, reads no headers, for benchmarks.
	Keep int
	// Most is how many copies are remembered at all, by their headers; older ones
	// are forgotten, and only Taken and TakenFrom still count them. 0 forgets none.
	Most int
	// Answer, when set, decides on each copy instead of taking it: return an
	// *smtp.SMTPError to refuse. It is called after DATA.
	Answer func(Copy) error
	// Delay is waited before each final reply: a slow relay.
	Delay time.Duration
	// Now stamps the copies.
	Now func() time.Time
}

// Copy is one message as it arrived for one recipient.
type Copy struct {
	ID        string // position in the mailbox
	At        time.Time
	To        string
	MessageID string
	Subject   string
	FromName  string
	From      string
	Return    string // the envelope's sender, where it would be sent back to
	Tag       string // the X-Cordon-Exercise header, when there is one
	Data      []byte // nil once dropped from the mailbox
}

// Sink is the running server.
type Sink struct {
	config   Config
	listener net.Listener
	server   *smtp.Server
	done     chan struct{}

	taken atomic.Int64

	mu     sync.Mutex
	first  int              // position of the oldest copy remembered
	copies []Copy           // from there on; Data only on the last Keep
	seen   map[string]int   // by Message-ID and recipient
	byFrom map[string]int64 // by sender's domain
}

// Listen starts a sink on a loopback address; "127.0.0.1:0" picks a free port.
func Listen(address string, config Config) (*Sink, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("sink address: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("sink address %s: the sink listens on loopback only", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	return Serve(listener, config), nil
}

// Serve starts a sink on a listener of the caller's, such as a pipe in tests.
func Serve(listener net.Listener, config Config) *Sink {
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Sink{config: config, listener: listener, done: make(chan struct{}), seen: map[string]int{}, byFrom: map[string]int64{}}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.server.Domain = "sink.invalid"
	s.server.EnableSMTPUTF8 = true
	s.server.MaxMessageBytes = 32 << 20
	s.server.ErrorLog = log.New(io.Discard, "", 0) // a client that goes away is no news here
	go func() {
		defer close(s.done)
		s.server.Serve(listener) // returns when closed
	}()
	return s
}

// Address is where the sink listens.
func (s *Sink) Address() string { return s.listener.Addr().String() }

// Close ends the server and waits for it.
func (s *Sink) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	s.listener.Close() // the server may not have taken it up yet, and then knows nothing of it
	<-s.done
	return err
}

// Taken is the number of copies taken so far.
func (s *Sink) Taken() int64 { return s.taken.Load() }

// TakenFrom is the number of copies taken from senders of the domain.
func (s *Sink) TakenFrom(domain string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byFrom[domain]
}

// TakenWith is the number of copies from senders of the domain whose subject
// holds the words.
func (s *Sink) TakenWith(domain, words string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for _, c := range s.copies {
		if domainOf(c.From) == domain && strings.Contains(c.Subject, words) {
			n++
		}
	}
	return n
}

// Copies returns what arrived since the given position, oldest first, and the
// next position.
func (s *Sink) Copies(from int) ([]Copy, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from = min(max(from-s.first, 0), len(s.copies))
	return append([]Copy(nil), s.copies[from:]...), s.first + len(s.copies)
}

// Duplicates counts copies whose Message-ID had arrived for the same recipient before.
func (s *Sink) Duplicates() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, times := range s.seen {
		n += times - 1
	}
	return n
}

// Copy returns one copy by its ID.
func (s *Sink) Copy(id string) (Copy, bool) {
	n, err := strconv.Atoi(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n -= s.first; err != nil || n < 0 || n >= len(s.copies) {
		return Copy{}, false
	}
	return s.copies[n], true
}

func (s *Sink) take(from, to string, data []byte) error {
	if !s.config.reads() {
		s.taken.Add(1)
		return nil
	}
	c := Copy{At: s.config.Now(), To: to, From: from, Return: from, Data: data}
	if m, err := mail.ReadMessage(bytes.NewReader(data)); err == nil {
		c.MessageID = m.Header.Get("Message-Id")
		c.Tag = m.Header.Get("X-Cordon-Exercise")
		c.Subject = decode(m.Header.Get("Subject"))
		if a, err := mail.ParseAddress(m.Header.Get("From")); err == nil {
			c.FromName = a.Name
			c.From = a.Address
		}
	}
	if s.config.Answer != nil {
		if err := s.config.Answer(c); err != nil {
			return err
		}
	}
	s.taken.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ID = strconv.Itoa(s.first + len(s.copies))
	s.copies = append(s.copies, c)
	if old := len(s.copies) - 1 - s.config.Keep; old >= 0 {
		s.copies[old].Data = nil
	}
	s.seen[c.MessageID+" "+to]++
	s.byFrom[domainOf(c.From)]++
	if s.config.Most > 0 && len(s.copies) > s.config.Most {
		s.forget()
	}
	return nil
}

// forget drops the oldest copy; s.mu is held.
func (s *Sink) forget() {
	old := s.copies[0]
	if key := old.MessageID + " " + old.To; s.seen[key] > 1 {
		s.seen[key]--
	} else {
		delete(s.seen, key)
	}
	s.copies[0] = Copy{}
	s.copies = s.copies[1:]
	s.first++
}

// reads says whether anything of a message is looked at.
func (c Config) reads() bool { return c.Keep > 0 || c.Most > 0 || c.Answer != nil }

// session is one SMTP session; each transaction may name several recipients.
type session struct {
	sink *Sink
	from string
	to   []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error   { s.to = append(s.to, to); return nil }
func (s *session) Reset()                                      { s.from, s.to = "", s.to[:0] }
func (s *session) Logout() error                               { return nil }

func (s *session) Data(r io.Reader) error {
	var data []byte
	if s.sink.config.reads() {
		var err error
		if data, err = io.ReadAll(r); err != nil {
			return err
		}
	} else if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if s.sink.config.Delay > 0 {
		time.Sleep(s.sink.config.Delay) // a slow relay, on purpose
	}
	for _, to := range s.to {
		if err := s.sink.take(s.from, to, data); err != nil {
			return err
		}
	}
	return nil
}
