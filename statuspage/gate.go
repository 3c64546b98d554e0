package statuspage

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/cordonmail/cordon"
)

// Limits bound what strangers may take. A client is a network: a /24, or a /48 of
// IPv6. A page costs one, a form costs what its route says.
type Limits struct {
	PerMinute       int // of all; as many at once
	ClientPerMinute int // of one client
}

// DefaultLimits let a crowd read and keep one network from asking for everybody.
func DefaultLimits() Limits { return Limits{PerMinute: 30_000, ClientPerMinute: 600} }

// clientsKept bounds the memory of clients; who is idle goes first.
const clientsKept = 8192

type crowd struct {
	limits Limits
	mu     sync.Mutex
	all    *rate.Limiter
	known  map[string]*rate.Limiter
}

func newCrowd(l Limits) *crowd {
	return &crowd{limits: l, all: perMinute(l.PerMinute), known: map[string]*rate.Limiter{}}
}

func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(float64(n)/60), n) }

// admit says whether the client may take so much now. When the memory is full of
// busy clients, a new one shares one allowance with all others that are new.
func (c *crowd) admit(network string, cost int, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known[network]
	if k == nil {
		if len(c.known) >= clientsKept {
			c.forgetIdle(now)
		}
		if len(c.known) >= clientsKept {
			network = ""
			k = c.known[network]
		}
		if k == nil {
			k = perMinute(c.limits.ClientPerMinute)
			c.known[network] = k
		}
	}
	return k.AllowN(now, cost) && c.all.AllowN(now, cost)
}

func (c *crowd) forgetIdle(now time.Time) {
	for name, k := range c.known {
		if k.TokensAt(now) >= float64(c.limits.ClientPerMinute) {
			delete(c.known, name)
		}
	}
}

// clientOf is the network that asks: the connection's own, or, when that is a
// proxy that is believed, the last in X-Forwarded-For that is none.
func (s *Server) clientOf(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr := at.Addr().Unmap()
	if s.believed(addr) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			if addr = hop.Unmap(); !s.believed(addr) {
				break
			}
		}
	}
	return cordon.ClientNetwork(addr)
}

func (s *Server) believed(a netip.Addr) bool {
	for _, p := range s.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
