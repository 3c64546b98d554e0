package relay_test

import (
	"crypto/tls"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/relay"
)

func TestTLSModes(t *testing.T) {
	cert, pool := certificate(t, "relay.example")
	_, otherPool := certificate(t, "relay.example")
	withTLS := func(s *smtp.Server) { s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}} }
	secret := &mailbox{password: "open sesame"}
	auth := relay.Auth{Username: "clinic", Password: "open sesame"}
	cases := []struct {
		name   string
		set    func(*smtp.Server)
		cfg    relay.Config
		state  cordon.DeliveryState
		reason string
	}{
		{"required", withTLS, relay.Config{TLS: relay.TLSRequired, ServerName: "relay.example", RootCAs: pool, Auth: auth}, cordon.Delivered, ""},
		{"required is the default", nil, relay.Config{TLS: "required", ServerName: "relay.example", RootCAs: pool}, cordon.Queued, "starttls not offered"},
		{"wrong name", withTLS, relay.Config{TLS: relay.TLSRequired, ServerName: "other.example", RootCAs: pool}, cordon.Queued, "certificate"},
		{"unknown issuer", withTLS, relay.Config{TLS: relay.TLSRequired, ServerName: "relay.example", RootCAs: otherPool}, cordon.Queued, "certificate"},
		{"opportunistic, verified", withTLS, relay.Config{TLS: relay.TLSOpportunistic, ServerName: "relay.example", RootCAs: pool, Auth: auth}, cordon.Delivered, ""},
		{"opportunistic, unverified, with a password", withTLS, relay.Config{TLS: relay.TLSOpportunistic, ServerName: "relay.example", RootCAs: otherPool, Auth: auth}, cordon.Queued, "auth over clear text refused"},
		{"wrong password", withTLS, relay.Config{TLS: relay.TLSRequired, ServerName: "relay.example", RootCAs: pool, Auth: relay.Auth{Username: "clinic", Password: "x"}}, cordon.Queued, "auth"},
		{"password over clear text", nil, relay.Config{TLS: relay.TLSOff, Auth: auth}, cordon.Queued, "configuration"},
		{"signed in as nobody", withTLS, relay.Config{TLS: relay.TLSRequired, ServerName: "relay.example", RootCAs: pool}, cordon.Deferred, "mail"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Addr = post(t, secret, c.set)
			got := send(t, client(t, c.cfg), yes)
			if got.State != c.state || got.Reason != c.reason || got.Relay != (c.state != cordon.Delivered) {
				t.Errorf("outcome %+v, want %s %q", got, c.state, c.reason)
			}
		})
	}
	if n := len(secret.got()); n != 2 {
		t.Errorf("%d messages arrived, want 2", n)
	}
}

func TestOpportunisticGoesClearWhereNothingElseIs(t *testing.T) {
	open := &mailbox{}
	got := send(t, client(t, relay.Config{TLS: relay.TLSOpportunistic, Addr: post(t, open, nil)}), yes)
	if got.State != cordon.Delivered {
		t.Errorf("outcome %+v", got)
	}
}

func TestImplicitTLS(t *testing.T) {
	cert, pool := certificate(t, "relay.example")
	m := &mailbox{}
	inner := post(t, m, nil)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { // TLS in front of the clear server
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", inner)
			if err != nil {
				t.Error(err)
				return
			}
			wg.Go(func() { pump(a, b) })
			wg.Go(func() { pump(b, a) })
		}
	})
	c := client(t, relay.Config{TLS: relay.TLSImplicit, ServerName: "relay.example", RootCAs: pool, Addr: l.Addr().String()})
	if got := send(t, c, yes); got.State != cordon.Delivered || m.got()[0] != letter {
		t.Errorf("outcome %+v", got)
	}
	c.Close()
	l.Close()
	wg.Wait()
}

func pump(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Words slipped in behind the answer to STARTTLS must not count as said under TLS.
func TestWordsBeforeTLSAreRefused(t *testing.T) {
	srv := serve(t, []step{{"", hello}, {"EHLO", "250-relay.example\r\n250 STARTTLS\r\n"}, {"STARTTLS", "220 go\r\n250 slipped in\r\n"}})
	got := send(t, client(t, relay.Config{TLS: relay.TLSRequired, Addr: srv.addr()}), yes)
	if got.State != cordon.Queued || got.Reason != "tls" {
		t.Errorf("outcome %+v", got)
	}
}

func TestLoginInAnyWording(t *testing.T) {
	srv := serve(t, opening("250-relay.example\r\n250 AUTH LOGIN\r\n",
		step{"AUTH LOGIN", "334 VXNlciBOYW1lAA==\r\n"}, step{"Y2xpbmlj", "334 UGFzc3dvcmQA\r\n"}, step{"c2VzYW1l", "235 2.7.0 in\r\n"},
		step{"MAIL", "250 ok\r\n"}, step{"RCPT", "250 ok\r\n"}, step{"DATA", "354 go\r\n"}, step{".", "250 ok\r\n"}))
	c := client(t, relay.Config{Addr: srv.addr(), Auth: relay.Auth{Username: "clinic", Password: "sesame", AllowClear: true}})
	if got := send(t, c, yes); got.State != cordon.Delivered {
		t.Errorf("outcome %+v", got)
	}
}
