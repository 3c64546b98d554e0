package smtpd

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cordonmail/cordon"
)

// Limits bound what strangers may take of the house. A client is a network: a
// /24, or a /48 of IPv6.
type Limits struct {
	Connections       int // open at once
	ClientConnections int // of one client
	PerMinute         int // recipients asked for, of all; as many at once
	ClientPerMinute   int // of one client
	Strangers         int // unknown recipients of one connection, then it is closed
	BytesPerHour      int // of mail that is stored, of all; as many at once. 0: no bound
	ClientBytes       int // an hour, of one client
}

// DefaultLimits are enough for a relay in front that passes mail on, and little
// for anybody who tries addresses.
func DefaultLimits() Limits {
	return Limits{Connections: 50, ClientConnections: 10, PerMinute: 1200, ClientPerMinute: 120, Strangers: 10,
		BytesPerHour: 1 << 30, ClientBytes: 200 << 20}
}

// clientsKept bounds the memory of clients; who is idle goes first.
const clientsKept = 4096

// crowd counts all clients.
type crowd struct {
	limits Limits
	mu     sync.Mutex
	open   int
	all    *rate.Limiter
	bytes  *rate.Limiter // nil: no bound
	known  map[string]*client
}

type client struct {
	open  int
	pace  *rate.Limiter
	bytes *rate.Limiter
}

func newCrowd(l Limits) *crowd {
	return &crowd{limits: l, all: perMinute(l.PerMinute), bytes: perHour(l.BytesPerHour), known: map[string]*client{}}
}

func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), n) }

// perHour bounds bytes; nil for none.
func perHour(n int) *rate.Limiter {
	if n == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(float64(n)/3600), n)
}

// store says whether the client may have so many bytes stored now.
func (c *crowd) store(network string, n int, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.of(network, now)
	return k != nil && (k.bytes == nil || k.bytes.AllowN(now, n)) && (c.bytes == nil || c.bytes.AllowN(now, n))
}

// of is the client's record; nil when there is no room for another.
func (c *crowd) of(network string, now time.Time) *client {
	if k := c.known[network]; k != nil {
		return k
	}
	if len(c.known) >= clientsKept {
		for name, k := range c.known {
			if k.open == 0 && k.pace.TokensAt(now) >= float64(c.limits.ClientPerMinute) {
				delete(c.known, name)
			}
		}
		if len(c.known) >= clientsKept {
			return nil
		}
	}
	k := &client{pace: perMinute(c.limits.ClientPerMinute), bytes: perHour(c.limits.ClientBytes)}
	c.known[network] = k
	return k
}

// enter says whether the client may open another connection.
func (c *crowd) enter(network string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.of(network, now)
	if k == nil || c.open >= c.limits.Connections || k.open >= c.limits.ClientConnections {
		return false
	}
	c.open++
	k.open++
	return true
}

func (c *crowd) leave(network string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if k := c.known[network]; k != nil {
		k.open--
	}
}

// ask says whether the client may name another recipient now.
func (c *crowd) ask(network string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.of(network, now)
	return k != nil && k.pace.AllowN(now, 1) && c.all.AllowN(now, 1)
}

// gate lets in as many connections as the limits allow, tells the others why
// not, and ends each after its lifetime.
type gate struct {
	net.Listener
	crowd *crowd
	now   func() time.Time

	mu   sync.Mutex
	open map[*guest]bool
}

func newGate(l net.Listener, c *crowd, now func() time.Time) *gate {
	return &gate{Listener: l, crowd: c, now: now, open: map[*guest]bool{}}
}

// Accept waits for a connection that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		network := clientOf(conn)
		if !g.crowd.enter(network, g.now()) {
			// One short write, into the empty buffer of a new connection.
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = conn.Write([]byte("421 4.7.0 Too many connections, try again later\r\n"))
			conn.Close()
			continue
		}
		v := &guest{Conn: conn, gate: g, network: network, until: time.Now().Add(lifetime)}
		g.mu.Lock()
		g.open[v] = true
		g.mu.Unlock()
		return v, nil
	}
}

func (g *gate) closeAll() {
	g.mu.Lock()
	open := make([]*guest, 0, len(g.open))
	for v := range g.open {
		open = append(open, v)
	}
	g.mu.Unlock()
	for _, v := range open {
		v.Close()
	}
}

// guest is a connection that was let in.
type guest struct {
	net.Conn
	gate    *gate
	network string
	until   time.Time
	once    sync.Once
}

// SetReadDeadline never reaches beyond the connection's lifetime: a client that
// sends a byte now and then is ended too.
func (v *guest) SetReadDeadline(t time.Time) error {
	if t.IsZero() || t.After(v.until) {
		t = v.until
	}
	return v.Conn.SetReadDeadline(t)
}

// Close gives the place back, once.
func (v *guest) Close() error {
	v.once.Do(func() {
		v.gate.mu.Lock()
		delete(v.gate.open, v)
		v.gate.mu.Unlock()
		v.gate.crowd.leave(v.network)
	})
	return v.Conn.Close()
}

// clientOf is the network a connection comes from; "" when it has none.
func clientOf(conn net.Conn) string {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return ""
	}
	return cordon.ClientNetwork(at.Addr())
}
