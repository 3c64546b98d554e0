package relay_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/relay"
)

const (
	hello      = "220 relay.example\r\n"
	pipelining = "250-relay.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n"
	plain      = "250 relay.example\r\n"
)

// opening is a server up to the answer to EHLO.
func opening(ehlo string, rest ...step) []step {
	return append([]step{{"", hello}, {"EHLO", ehlo}}, rest...)
}

// Every answer a relay can give, at every stage, with and without PIPELINING,
// has one meaning.
func TestWhatEachReplyMeans(t *testing.T) {
	type want struct {
		state cordon.DeliveryState
		reply string
		relay bool
	}
	cases := []struct {
		name             string
		mail, rcpt, data string // data is the answer to DATA
		end              string
		want             want
	}{
		{"taken", "250 2.1.0 ok", "250 2.1.5 ok", "354 go", "250 2.0.0 queued as <b@home.example>", want{cordon.Delivered, "250 2.0.0", false}},
		{"several lines", "250-one\r\n250 two", "250 ok", "354 go", "250-2.6.0 first\r\n250 2.6.0 last", want{cordon.Delivered, "250 2.6.0", false}},
		{"forwarded", "250 ok", "251 will forward", "354 go", "250 ok", want{cordon.Delivered, "250", false}},
		{"bare code", "250", "250", "354", "250", want{cordon.Delivered, "250", false}},
		{"greylisted", "250 ok", "451 4.7.1 try later", "503 no", "", want{cordon.Deferred, "451 4.7.1", false}},
		{"greylisted, DATA still taken", "250 ok", "450 4.2.0 busy", "354 go", "554 no recipients", want{cordon.Deferred, "450 4.2.0", false}},
		{"no such person", "250 ok", "550 5.1.1 <b@home.example> unknown", "554 no", "", want{cordon.Bounced, "550 5.1.1", false}},
		{"full after dot", "250 ok", "250 ok", "354 go", "452 4.3.1 full", want{cordon.Deferred, "452 4.3.1", false}},
		{"spam after dot", "250 ok", "250 ok", "354 go", "554 5.7.1 no", want{cordon.Bounced, "554 5.7.1", false}},
		{"421 after dot", "250 ok", "250 ok", "354 go", "421 4.7.0 slow down", want{cordon.Deferred, "421 4.7.0", false}},
		{"DATA refused", "250 ok", "250 ok", "451 4.3.0 later", "", want{cordon.Deferred, "451 4.3.0", false}},
		{"DATA refused for good", "250 ok", "250 ok", "554 5.5.1 no", "", want{cordon.Bounced, "554 5.5.1", false}},
		{"closing at MAIL", "421 4.3.2 closing", "421 x", "421 x", "", want{cordon.Queued, "421 4.3.2", true}},
		{"sign in first", "530 5.7.0 authenticate", "503 x", "503 x", "", want{cordon.Deferred, "530 5.7.0", true}},
		{"sender refused", "550 5.1.8 who are you", "503 x", "503 x", "", want{cordon.Deferred, "550 5.1.8", false}},
		{"too large at MAIL", "552 5.3.4 too big", "503 x", "503 x", "", want{cordon.Bounced, "552 5.3.4", false}},
		{"enhanced of another class is none", "250 ok", "550 2.1.1 odd", "503 x", "", want{cordon.Bounced, "550", false}},
		{"nonsense after dot", "250 ok", "250 ok", "354 go", "hello there", want{cordon.Uncertain, "", false}},
		{"334 after dot", "250 ok", "250 ok", "354 go", "334 ", want{cordon.Uncertain, "334", false}},
		{"two codes in one reply after dot", "250 ok", "250 ok", "354 go", "250-a\r\n550 b", want{cordon.Uncertain, "", false}},
		{"dropped after dot", "250 ok", "250 ok", "354 go", "drop", want{cordon.Uncertain, "", false}},
		{"dropped at DATA", "250 ok", "250 ok", "drop", "", want{cordon.Deferred, "", false}},
		{"dropped at MAIL", "drop", "", "", "", want{cordon.Queued, "", true}},
		{"DATA answered 250", "250 ok", "250 ok", "250 what", "", want{cordon.Deferred, "250", false}},
	}
	for _, c := range cases {
		for _, ehlo := range []string{pipelining, plain} {
			name := c.name + "/one by one"
			if ehlo == pipelining {
				name = c.name + "/pipelined"
			}
			t.Run(name, func(t *testing.T) {
				steps := opening(ehlo)
				for _, s := range []step{{"MAIL FROM:<a@clinic.example>", c.mail}, {"RCPT TO:<b@home.example>", c.rcpt}, {"DATA", c.data}, {".", c.end}} {
					if s.say == "" || ehlo == plain && len(steps) > 2 && !strings.HasPrefix(steps[len(steps)-1].say, "2") && !strings.HasPrefix(steps[len(steps)-1].say, "354") {
						break
					}
					if s.say != "drop" {
						s.say += "\r\n"
					}
					steps = append(steps, s)
				}
				srv := serve(t, steps)
				got := send(t, client(t, relay.Config{Addr: srv.addr()}), yes)
				if got.State != c.want.state || got.Reply != c.want.reply || got.Relay != c.want.relay {
					t.Errorf("outcome %+v, want %+v", got, c.want)
				}
			})
		}
	}
}

// A look that says no before MAIL keeps the connection; one that says no before
// the body drops it, and no octet of the body leaves.
func TestALookThatSaysNo(t *testing.T) {
	for _, ehlo := range []string{pipelining, plain} {
		srv := serve(t, opening(ehlo, step{"MAIL", "250 ok\r\n"}, step{"RCPT", "250 ok\r\n"}, step{"DATA", "354 go\r\n"}))
		c := client(t, relay.Config{Addr: srv.addr()})
		if got := send(t, c, looks(false)); got.State != cordon.HeldState {
			t.Fatalf("first look: %+v", got)
		}
		if srv.said("MAIL") != 0 || c.Connections() != 1 {
			t.Fatalf("MAIL said %d times, %d connections; want 0 and 1", srv.said("MAIL"), c.Connections())
		}
		if got := send(t, c, looks(true, false)); got.State != cordon.HeldState {
			t.Fatalf("second look: %+v", got)
		}
		if c.Connections() != 0 {
			t.Error("the connection stands between DATA and dot")
		}
		if n := srv.said("From:"); n != 0 {
			t.Errorf("%d lines of the body left", n)
		}
	}
}

// A body arrives octet for octet, whatever its dots; connections are reused.
func TestARealServerGetsWhatWasSent(t *testing.T) {
	m := &mailbox{}
	c := client(t, relay.Config{Addr: post(t, m, nil)})
	for range 3 {
		if got := send(t, c, looks(true, true)); got.State != cordon.Delivered {
			t.Fatalf("outcome %+v", got)
		}
	}
	for _, got := range m.got() {
		if got != letter {
			t.Errorf("arrived as %q", got)
		}
	}
	if len(m.got()) != 3 || m.sessions != 1 {
		t.Errorf("%d messages over %d connections, want 3 over 1", len(m.got()), m.sessions)
	}
}

// After a refused recipient the same connection carries the next message.
func TestARefusalDoesNotCostTheConnection(t *testing.T) {
	refusals := 1
	m := &mailbox{refuse: func(string) error {
		if refusals > 0 {
			refusals--
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}
		}
		return nil
	}}
	c := client(t, relay.Config{Addr: post(t, m, nil)})
	if got := send(t, c, yes); got.State != cordon.Bounced || got.Reply != "550 5.1.1" {
		t.Fatalf("outcome %+v", got)
	}
	if got := send(t, c, yes); got.State != cordon.Delivered {
		t.Fatalf("outcome %+v", got)
	}
	if m.sessions != 1 || len(m.got()) != 1 {
		t.Errorf("%d connections, %d messages, want 1 and 1", m.sessions, len(m.got()))
	}
}

// What the server cannot carry bounces before anything is said of it.
func TestWhatTheServerCannotCarry(t *testing.T) {
	cases := []struct {
		name  string
		env   message.Envelope
		state cordon.DeliveryState
		reply string
	}{
		{"internationalised address", message.Envelope{From: "a@clinic.example", To: "jürgen@home.example", Data: []byte(letter)}, cordon.Bounced, "550 5.6.7"},
		{"8-bit body", message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte("Subject: x\r\n\r\ngrün\r\n")}, cordon.Bounced, "554 5.6.3"},
		{"too large", message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte("Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 20))}, cordon.Bounced, "552 5.3.4"},
		{"bare LF", message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte("Subject: x\r\n\r\na\n.\nMAIL FROM:<x>\r\n")}, cordon.Refused, ""},
		{"bare CR", message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte("Subject: x\r\n\r\na\rb\r\n")}, cordon.Refused, ""},
		{"NUL", message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte("Subject: x\r\n\r\na\x00b\r\n")}, cordon.Refused, ""},
		{"long line", message.Envelope{From: "a@clinic.example", To: "b@home.example", Data: []byte("Subject: x\r\n\r\n" + strings.Repeat("x", 999) + "\r\n")}, cordon.Refused, ""},
		{"command in the address", message.Envelope{From: "a@clinic.example", To: "b@home.example>\r\nRCPT TO:<c@home.example", Data: []byte(letter)}, cordon.Refused, ""},
		{"nobody", message.Envelope{From: "a@clinic.example", Data: []byte(letter)}, cordon.Refused, ""},
	}
	srv := serve(t, opening("250-relay.example\r\n250-PIPELINING\r\n250 SIZE 200\r\n"))
	c := client(t, relay.Config{Addr: srv.addr()})
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got := c.Send(t.Context(), tc.env, func() bool { t.Error("asked for a look"); return false })
			if got.State != tc.state || got.Reply != tc.reply || got.Relay {
				t.Errorf("outcome %+v, want %s %s", got, tc.state, tc.reply)
			}
		})
	}
	if n := srv.said("MAIL"); n != 0 {
		t.Errorf("MAIL was said %d times", n)
	}
}

func TestSMTPUTF8AndNullPath(t *testing.T) {
	m := &mailbox{}
	c := client(t, relay.Config{Addr: post(t, m, nil)})
	if got := c.Send(t.Context(), message.Envelope{To: "jürgen@home.example", Data: []byte(letter)}, yes); got.State != cordon.Delivered {
		t.Fatalf("outcome %+v", got)
	}
	if !m.options[0].UTF8 || m.from[0] != "" || m.to[0] != "jürgen@home.example" {
		t.Errorf("from %q to %q, UTF8 %v", m.from[0], m.to[0], m.options[0].UTF8)
	}
}

func TestNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	if got := send(t, client(t, relay.Config{Addr: addr}), yes); got.State != cordon.Queued || !got.Relay || got.Reason != "connect" {
		t.Errorf("outcome %+v", got)
	}
}

// An idle connection that the relay has closed costs the copy nothing.
func TestAClosedIdleConnectionLeavesTheCopyQueued(t *testing.T) {
	taken := []step{{"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"}, {".", "250 ok\r\n"}}
	srv := serve(t, opening(pipelining, append(taken, step{"MAIL", "421 4.4.2 idle\r\n"}, step{"RCPT", ""}, step{"DATA", "close"})...), opening(pipelining, taken...))
	c := client(t, relay.Config{Addr: srv.addr()})
	for i, want := range []cordon.DeliveryState{cordon.Delivered, cordon.Queued, cordon.Delivered} {
		if got := send(t, c, yes); got.State != want || got.Relay != (want == cordon.Queued) {
			t.Fatalf("send %d: %+v, want %s", i, got, want)
		}
	}
}

// A relay that bears one connection and refuses a second is left its wish.
func TestTheRelaysConnectionLimitIsRespected(t *testing.T) {
	one := step{"MAIL", "250 ok\r\n"}
	gate := make(chan struct{})
	taken := []step{one, {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"}, {".", "250 ok\r\n"}}
	srv := serve(t, opening(pipelining, append(taken, taken...)...), []step{{"", "421 4.7.0 too many connections\r\n"}})
	c := client(t, relay.Config{Addr: srv.addr(), Connections: 5})
	var wg sync.WaitGroup
	asked := make(chan struct{})
	wg.Go(func() {
		first := true
		if got := send(t, c, func() bool {
			if first {
				first = false
				close(asked)
				<-gate
			}
			return true
		}); got.State != cordon.Delivered {
			t.Errorf("first: %+v", got)
		}
	})
	<-asked
	wg.Go(func() {
		if got := send(t, c, yes); got.State != cordon.Delivered {
			t.Errorf("second: %+v", got)
		}
	})
	srv.until(func() bool { return srv.left == 1 }) // the second was refused
	close(gate)
	wg.Wait()
}

func TestAFewMessagesAConnection(t *testing.T) {
	m := &mailbox{}
	c := client(t, relay.Config{Addr: post(t, m, nil), MessagesPerConn: 2})
	for range 5 {
		if got := send(t, c, yes); got.State != cordon.Delivered {
			t.Fatalf("outcome %+v", got)
		}
	}
	if m.sessions != 3 {
		t.Errorf("%d connections for 5 messages, want 3", m.sessions)
	}
}

// A cancelled send ends at once: before the dot it is deferred or queued, after
// it uncertain.
func TestCancelling(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []step
		at    string // cancelled when the server has heard this
		want  cordon.DeliveryState
	}{
		{"waiting for 354", opening(plain, step{"MAIL", "250 ok\r\n"}, step{"RCPT", "250 ok\r\n"}, step{"DATA", ""}), "DATA", cordon.Deferred},
		{"waiting after the dot", opening(plain, step{"MAIL", "250 ok\r\n"}, step{"RCPT", "250 ok\r\n"}, step{"DATA", "354 go\r\n"}, step{".", ""}), ".", cordon.Uncertain},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, c.steps)
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				srv.until(func() bool { return srv.count(c.at) > 0 })
				cancel(errors.New("enough"))
			}()
			if got := client(t, relay.Config{Addr: srv.addr()}).Send(ctx, envelope(), yes); got.State != c.want || got.Relay {
				t.Errorf("outcome %+v, want %s", got, c.want)
			}
		})
	}
}

// A server that trickles a reply is given up when the phase's time is over.
func TestASlowReplyTimesOut(t *testing.T) {
	srv := serve(t, opening(plain, step{"MAIL", "250 ok\r\n"}, step{"RCPT", "250 ok\r\n"}, step{"DATA", "354 go\r\n"}, step{".", "25"}))
	limits := short()
	limits.End = 50 * time.Millisecond
	if got := send(t, client(t, relay.Config{Addr: srv.addr(), Timeouts: limits}), yes); got.State != cordon.Uncertain {
		t.Errorf("outcome %+v", got)
	}
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	for field, cfg := range map[string]relay.Config{
		"relay.address":     {Addr: "smtp.example.org"},
		"relay.tls":         {Addr: "a:25", TLS: "starttls"},
		"relay.helo":        {Addr: "a:25", HELO: "a b"},
		"relay.username":    {Addr: "a:25", Auth: relay.Auth{Password: "x"}},
		"relay.connections": {Addr: "a:25", Connections: -1},
	} {
		var e *cordon.Error
		if err := cfg.Validate(); !errors.As(err, &e) || e.Field != field || e.Code != cordon.Invalid {
			t.Errorf("%s: %v", field, err)
		}
	}
}
