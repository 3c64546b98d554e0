package relay

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// TLSMode says how the connection is made private. The zero value requires it.
type TLSMode string

const (
	TLSRequired      TLSMode = "required"      // STARTTLS, certificate verified (RFC 3207); the default
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where it is offered, verified or not (RFC 7435)
	TLSImplicit      TLSMode = "implicit"      // TLS from the first byte (RFC 8314)
	TLSOff           TLSMode = "off"           // clear text
)

// Auth is the credential for the smarthost; the zero Auth signs in as nobody.
type Auth struct {
	Username string
	Password cordon.Secret
	// AllowClear lets the password travel over a connection that is not proven
	// private. Only for a relay on the same machine.
	AllowClear bool
}

// Timeouts bounds every phase. Zero parts take the minimum of RFC 5321 4.5.3.2.
type Timeouts struct {
	Connect  time.Duration // TCP and TLS; 30 s
	Greeting time.Duration // the first 220 and EHLO; 5 min
	Mail     time.Duration // MAIL, RSET, NOOP; 5 min
	Rcpt     time.Duration // 5 min
	Data     time.Duration // until 354; 2 min
	Body     time.Duration // writing the message; 3 min
	End      time.Duration // the answer to the final dot; 10 min
}

// Config is everything a Client needs. Addr alone is a working configuration.
type Config struct {
	Addr       string // host:port of the smarthost
	TLS        TLSMode
	ServerName string         // name the certificate must carry; "" takes it from Addr
	RootCAs    *x509.CertPool // nil means the system's
	Auth       Auth
	HELO       string // our name, an FQDN or address literal; "" means localhost

	Connections       int           // at once; 0 means 20
	MessagesPerConn   int           // then a new connection; 0 means 1000
	IdleTimeout       time.Duration // an idle connection is closed after; 0 means 60 s
	MessagesPerSecond float64       // 0 means no limit
	Burst             int           // of the rate limit; 0 means 1
	Timeouts          Timeouts

	Dial func(ctx context.Context, network, addr string) (net.Conn, error) // nil means net.Dialer
	Now  func() time.Time
	Log  *slog.Logger
}

const (
	defaultConnections     = 20
	defaultMessagesPerConn = 1000
	defaultIdle            = 60 * time.Second
	noopAfter              = 15 * time.Second // an idle connection older than this is asked whether it lives
	softLimitFor           = time.Minute      // how long a relay's refusal of one more connection is respected
)

// Validate says what is wrong with the configuration, in the words of its
// settings. A Client made from a wrong one sends nothing.
func (c Config) Validate() error {
	host, port, err := net.SplitHostPort(c.Addr)
	switch {
	case c.Addr == "":
		return cordon.InvalidField("relay.address", "is missing", "give the smarthost as host:port")
	case err != nil || host == "" || port == "":
		return cordon.InvalidField("relay.address", "is not host:port", "write it like smtp.example.org:587")
	case c.Connections < 0 || c.Connections > 1000:
		return cordon.InvalidField("relay.connections", "must be 1 to 1000", "")
	case c.MessagesPerSecond < 0:
		return cordon.InvalidField("relay.messages_per_second", "is negative", "use 0 for no limit")
	case c.Auth.Username == "" && c.Auth.Password != "":
		return cordon.InvalidField("relay.username", "is missing beside a password", "give both or neither")
	case c.HELO != "" && !safeName(c.HELO):
		return cordon.InvalidField("relay.helo", "is not a host name", "use this machine's full name, or an address literal like [192.0.2.1]")
	}
	switch c.TLS {
	case "", TLSRequired, TLSImplicit, TLSOpportunistic:
	case TLSOff:
		if c.Auth.Username != "" && !c.Auth.AllowClear {
			return cordon.InvalidField("relay.tls", "is off while a password is set", "use required or implicit, or allow the password in clear text explicitly")
		}
	default:
		return cordon.InvalidField("relay.tls", "must be required, opportunistic, implicit or off", "")
	}
	return nil
}

// withDefaults fills the zero parts.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&c.Timeouts.Connect, 30*time.Second)
	set(&c.Timeouts.Greeting, 5*time.Minute) // RFC 5321 4.5.3.2.1
	set(&c.Timeouts.Mail, 5*time.Minute)     // RFC 5321 4.5.3.2.2
	set(&c.Timeouts.Rcpt, 5*time.Minute)     // RFC 5321 4.5.3.2.3
	set(&c.Timeouts.Data, 2*time.Minute)     // RFC 5321 4.5.3.2.4
	set(&c.Timeouts.Body, 3*time.Minute)     // RFC 5321 4.5.3.2.5
	set(&c.Timeouts.End, 10*time.Minute)     // RFC 5321 4.5.3.2.6
	set(&c.IdleTimeout, defaultIdle)
	if c.Connections == 0 {
		c.Connections = defaultConnections
	}
	if c.MessagesPerConn <= 0 {
		c.MessagesPerConn = defaultMessagesPerConn
	}
	if c.Burst <= 0 {
		c.Burst = 1
	}
	if c.TLS == "" {
		c.TLS = TLSRequired
	}
	if c.HELO == "" {
		c.HELO = "localhost"
	}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(c.Addr)
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// safeName says whether s can stand in EHLO without changing the line.
func safeName(s string) bool {
	return len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
