package smtpd_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/smtpd"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// post is a house that receives mail for its decoys.
type post struct {
	*testing.T
	store   *store.Store
	catalog *catalog.Catalog
	tenant  cordon.TenantID
	decoy   string // a planted address
	address string
	log     bytes.Buffer
}

var operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}

func newPost(t *testing.T, limits smtpd.Limits) *post {
	t.Helper()
	p := &post{T: t, store: storetest.New(t)}
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	p.catalog = catalog.New(catalog.Config{Store: p.store, DataDir: t.TempDir(), DecoyDomain: "post.example", Log: log,
		Print: func(raw []byte) string { return fmt.Sprint("len ", len(raw)) }})
	clinic, err := p.catalog.CreateTenant(t.Context(), operator, "clinic", "Clinic")
	p.must(err)
	p.tenant = clinic.ID
	ids, err := p.store.Decoys(t.Context(), clinic.ID)
	p.must(err)
	person, err := p.store.OpenPerson(t.Context(), operator, clinic.ID, ids[0], "test")
	p.must(err)
	p.decoy = string(person.Address)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	p.address = l.Addr().String()
	server := smtpd.New(smtpd.Config{Catalog: p.catalog, Domains: []string{"post.example"}, Limits: limits, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		local, _, _ := strings.Cut(p.decoy, "@")
		if strings.Contains(p.log.String(), local) || strings.Contains(p.log.String(), "secret words") {
			t.Error("the log holds an address or a text")
		}
	})
	return p
}

func (p *post) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *post) dial() *smtp.Client {
	p.Helper()
	c, err := smtp.Dial(p.address)
	p.must(err)
	p.Cleanup(func() { c.Close() })
	return c
}

func (p *post) send(c *smtp.Client, from, to, text string) error {
	if err := c.Mail(from, nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return w.Close()
}

func (p *post) arrivals() []cordon.DecoyArrival {
	p.Helper()
	list, err := p.catalog.DecoyArrivals(p.Context(), operator)
	p.must(err)
	return list
}

// status is the code and the enhanced status of an answer.
func status(err error) string {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %d.%d.%d", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2])
	}
	return fmt.Sprint(err)
}

const letter = "From: Prize <win@offers.example>\r\nSubject: You won\r\n\r\nsecret words\r\n"

func TestMailAtAPlantedAddressIsProof(t *testing.T) {
	p := newPost(t, smtpd.Limits{})
	c := p.dial()
	p.must(p.send(c, "win@offers.example", strings.ToUpper(p.decoy[:3])+p.decoy[3:], letter))
	p.must(p.send(c, "", p.decoy, letter)) // the null sender, on the same connection
	p.must(c.Quit())
	list := p.arrivals()
	if len(list) != 2 {
		t.Fatalf("arrivals %+v", list)
	}
	senders := map[string]bool{}
	for _, a := range list {
		senders[a.Sender] = true
		if a.Tenant != p.tenant || a.Network != "127.0.0.0/24" || a.Size != int64(len(letter)) || a.Print != fmt.Sprint("len ", len(letter)) || a.Copies != 1 || a.Probe {
			t.Errorf("arrival %+v", a)
		}
	}
	if !senders[""] || !senders["offers.example"] {
		t.Errorf("senders %v", senders)
	}
	signals, _, err := p.store.Signals(t.Context(), p.tenant, cordon.Page{})
	if err != nil || len(signals) != 1 || signals[0].Kind != cordon.SignalDecoyMail || signals[0].Grade != cordon.GradeIncident {
		t.Errorf("signals %+v, %v", signals, err)
	}
	// Nothing of the text, the addresses or the client's own address is kept.
	local, _, _ := strings.Cut(p.decoy, "@")
	for _, table := range storetest.Tables(t, p.store) {
		dump := storetest.Dump(t, p.store, table)
		for _, word := range []string{"secret words", "You won", "win@", local, "127.0.0.1"} {
			if bytes.Contains(dump, []byte(word)) {
				t.Errorf("table %s holds %q", table, word)
			}
		}
	}
}

func TestStrangersAreTurnedAway(t *testing.T) {
	p := newPost(t, smtpd.Limits{})
	for to, want := range map[string]string{
		"nobody@post.example":           "550 5.1.1",
		"postmaster@post.example":       "550 5.1.1",
		"someone@elsewhere.example":     "550 5.7.1",
		"a%elsewhere.example@else.test": "550 5.7.1",
		"x@sub.post.example":            "550 5.7.1",
	} {
		c := p.dial()
		if got := status(p.send(c, "win@offers.example", to, letter)); got != want {
			t.Errorf("%s is answered %s, want %s", to, got, want)
		}
	}
	if list := p.arrivals(); len(list) != 0 {
		t.Errorf("arrivals %+v", list)
	}
}

// Who tests a list has the list: an address that is asked for and gets no mail
// is counted too.
func TestAnAddressThatIsOnlyTriedIsProof(t *testing.T) {
	p := newPost(t, smtpd.Limits{})
	for _, end := range []func(*smtp.Client) error{(*smtp.Client).Reset, (*smtp.Client).Quit, (*smtp.Client).Close} {
		c := p.dial()
		p.must(c.Mail("win@offers.example", nil))
		p.must(c.Rcpt(p.decoy, nil))
		p.must(end(c))
	}
	p.eventually("three tries", func() bool {
		list := p.arrivals()
		return len(list) == 1 && list[0].Probe && list[0].Copies == 3
	})
}

// eventually waits for what the server does after its client has gone.
func (p *post) eventually(what string, is func() bool) {
	p.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			p.Fatalf("%s: never", what)
		case <-tick.C:
		}
	}
}

// raw speaks to the server word by word.
type raw struct {
	t    *testing.T
	conn net.Conn
	in   *textproto.Reader
}

func (p *post) raw() *raw {
	p.Helper()
	conn, err := net.Dial("tcp", p.address)
	p.must(err)
	p.Cleanup(func() { conn.Close() })
	return &raw{p.T, conn, textproto.NewReader(bufio.NewReader(conn))}
}

// say sends a line and reads a whole answer.
func (r *raw) say(line string) string {
	r.t.Helper()
	if line != "" {
		if _, err := r.conn.Write([]byte(line + "\r\n")); err != nil {
			return "closed"
		}
	}
	code, message, err := r.in.ReadResponse(0)
	if err != nil {
		return "closed"
	}
	return fmt.Sprint(code, " ", message)
}

func TestEveryHostileThingEndsInAClearAnswer(t *testing.T) {
	p := newPost(t, smtpd.Limits{})
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"sign-in", []string{"EHLO x", "AUTH PLAIN AGEAYg=="}, "504"},
		{"recipient before sender", []string{"EHLO x", "RCPT TO:<a@post.example>"}, "502"},
		{"data before recipient", []string{"EHLO x", "MAIL FROM:<a@b.example>", "DATA"}, "502"},
		{"no address", []string{"EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<@>"}, "5"},
		{"too large by its own word", []string{"EHLO x", "MAIL FROM:<a@b.example> SIZE=99999999"}, "552"},
		{"nonsense", []string{"\x00\x01\x02"}, "5"},
		{"a line without end", []string{strings.Repeat("x", 5000)}, "500"},
		{"an unknown verb", []string{"XPLODE"}, "50"},
		{"a proxy", []string{"GET / HTTP/1.1"}, "50"},
		{"reset", []string{"RSET"}, "OK"},
	} {
		r := p.raw()
		got := r.say("")
		for _, line := range c.lines {
			got = r.say(line)
		}
		if c.want == "OK" {
			if strings.HasPrefix(got, "4") || strings.HasPrefix(got, "5") || got == "closed" {
				t.Errorf("%s: %q", c.name, got)
			}
			continue
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s is answered %q", c.name, got)
		}
	}
	r := p.raw()
	r.say("")
	if hello := r.say("EHLO x"); strings.Contains(hello, "AUTH") || strings.Contains(hello, "STARTTLS") {
		t.Errorf("offered: %q", hello)
	}
}

func TestTooMuchMailIsRefused(t *testing.T) {
	p := newPost(t, smtpd.Limits{})
	c := p.dial()
	if got := status(p.send(c, "a@b.example", p.decoy, strings.Repeat(strings.Repeat("x", 76)+"\r\n", catalog.MaxArrival/78+100))); got != "552 5.3.4" {
		t.Errorf("a mail above 1 MiB is answered %s", got)
	}
	c = p.dial()
	p.must(c.Mail("a@b.example", nil))
	for range 20 {
		p.must(c.Rcpt(p.decoy, nil))
	}
	if got := status(c.Rcpt(p.decoy, nil)); !strings.HasPrefix(got, "452") {
		t.Errorf("the 21st recipient is answered %s", got)
	}
}

func TestWhoTriesAddressesIsClosedOut(t *testing.T) {
	limits := smtpd.DefaultLimits()
	limits.Strangers = 3
	p := newPost(t, limits)
	r := p.raw()
	r.say("")
	r.say("EHLO x")
	r.say("MAIL FROM:<a@b.example>")
	var got []string
	for i := range 5 {
		got = append(got, strings.Fields(r.say(fmt.Sprintf("RCPT TO:<p%d@post.example>", i)))[0])
	}
	if fmt.Sprint(got) != "[550 550 550 421 closed]" {
		t.Errorf("answers %v", got)
	}
}

func TestALimitOfEachClientAndOfAll(t *testing.T) {
	limits := smtpd.DefaultLimits()
	limits.ClientPerMinute, limits.ClientConnections = 3, 2
	p := newPost(t, limits)
	c := p.dial()
	p.must(c.Mail("a@b.example", nil))
	for range 3 {
		p.must(c.Rcpt(p.decoy, nil))
	}
	if got := status(c.Rcpt(p.decoy, nil)); got != "451 4.7.1" {
		t.Errorf("the fourth within a minute is answered %s", got)
	}
	second := p.raw()
	second.say("")
	third := p.raw()
	if got := third.say(""); !strings.HasPrefix(got, "421") {
		t.Errorf("the third connection is greeted %q", got)
	}
	p.must(c.Quit())
	p.eventually("a place", func() bool {
		r := p.raw()
		defer r.conn.Close()
		return !strings.HasPrefix(r.say(""), "421")
	})
}

// A house that ends does not wait for who says nothing.
func TestAnIdleClientDoesNotHoldTheHouse(t *testing.T) {
	p := newPost(t, smtpd.Limits{})
	r := p.raw()
	r.say("")
	r.say("EHLO x")
	r.say("MAIL FROM:<a@b.example>")
}

func FuzzSession(f *testing.F) {
	f.Add("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@post.example>\r\nDATA\r\nx\r\n.\r\n")
	f.Add("HELO\r\nBDAT 3 LAST\r\nabc")
	f.Add("MAIL FROM:<\"a b\"@[1.2.3.4]> SIZE=x BODY=8BITMIME\r\nRCPT TO:<@a,@b:c@d>\r\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	s := storetest.New(f)
	limits := smtpd.Limits{Connections: 100, ClientConnections: 100, PerMinute: 1 << 30, ClientPerMinute: 1 << 30, Strangers: 100}
	server := smtpd.New(smtpd.Config{Catalog: catalog.New(catalog.Config{Store: s, DecoyDomain: "post.example"}), Domains: []string{"post.example"}, Limits: limits})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, l) }()
	f.Cleanup(func() { cancel(); <-done })
	f.Fuzz(func(t *testing.T, text string) {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		go func() {
			_, _ = conn.Write([]byte(text))
			_ = conn.(*net.TCPConn).CloseWrite()
		}()
		in := bufio.NewScanner(conn)
		for in.Scan() {
			if line := in.Text(); len(line) < 3 || line[0] < '2' || line[0] > '5' {
				t.Fatalf("answered %q", line)
			}
		}
		list, err := s.DecoyArrivals(t.Context(), 1)
		if err != nil || len(list) != 0 {
			t.Fatalf("arrivals %+v, %v", list, err)
		}
	})
}
