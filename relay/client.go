package relay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"golang.org/x/time/rate"
)

// Client sends through one smarthost. It keeps connections open between
// messages and is safe for many goroutines.
type Client struct {
	cfg     Config
	wrong   error // of the configuration: such a client sends nothing
	limiter *rate.Limiter

	mu        sync.Mutex
	closed    bool
	idle      []*conn // newest last, so that the oldest fall idle
	live      map[*conn]struct{}
	open      int // connections, those being dialled included
	soft      int // what the relay would bear at most; 0 means unknown
	softUntil time.Time
	waiting   []chan struct{}
	janitor   *time.Timer
	sweeping  sync.WaitGroup
}

var errClosed = errors.New("relay client is closed")

// New makes a client; it connects when it first sends. What is wrong with the
// configuration is said by Config.Validate.
func New(cfg Config) *Client {
	c := &Client{wrong: cfg.Validate(), cfg: cfg.withDefaults(), live: make(map[*conn]struct{})}
	if cfg.MessagesPerSecond > 0 {
		c.limiter = rate.NewLimiter(rate.Limit(cfg.MessagesPerSecond), c.cfg.Burst)
	}
	return c
}

// Send hands one message to the relay and says what came of it. look is asked
// immediately before MAIL FROM and, with true answered there, again immediately
// before the body leaves; when it says no, nothing leaves and the outcome is
// held.
//
// A copy that never reached MAIL is queued with Relay set: that is the relay's
// fault (or an idle connection's end), not the copy's. Once the final dot may
// have left, only the relay's own answer counts; without one the outcome is
// uncertain.
func (c *Client) Send(ctx context.Context, env message.Envelope, look func() bool) cordon.Outcome {
	if reason := unsendable(env); reason != "" {
		return cordon.Outcome{State: cordon.Refused, Reason: reason}
	}
	if c.wrong != nil {
		return fault{reason: "configuration"}.outcome()
	}
	if c.limiter != nil {
		if err := c.limiter.Wait(ctx); err != nil {
			return fault{reason: "cancelled"}.outcome()
		}
	}
	cn, err := c.acquire(ctx)
	if err != nil {
		var f fault
		if !errors.As(err, &f) {
			f = fault{reason: "connect"}
		}
		return f.outcome()
	}
	stop := context.AfterFunc(ctx, cn.abort)
	out, keep := cn.transact(env, look, c.cfg.Timeouts)
	c.release(cn, stop() && keep)
	return out
}

// Connections is how many connections are open now.
func (c *Client) Connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// Close ends every connection at once; what is between dot and answer becomes
// uncertain. Let the sends finish first where there is time.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	idle := c.idle
	c.idle = nil
	if c.janitor != nil && c.janitor.Stop() {
		c.sweeping.Done()
	}
	c.janitor = nil
	for cn := range c.live {
		cn.abort()
	}
	c.wakeAll()
	c.mu.Unlock()
	for _, cn := range idle {
		c.discard(cn, true)
	}
	c.sweeping.Wait()
	return nil
}

// acquire answers with an idle connection, a new one, or waits for one.
func (c *Client) acquire(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, errClosed
		}
		if n := len(c.idle); n > 0 {
			cn := c.idle[n-1]
			c.idle = c.idle[:n-1]
			c.mu.Unlock()
			age := c.cfg.Now().Sub(cn.last)
			if age < noopAfter || age < c.cfg.IdleTimeout && cn.alive(c.cfg.Timeouts.Mail) {
				return cn, nil
			}
			c.discard(cn, false)
			continue
		}
		if c.open < c.limit() {
			c.open++
			c.mu.Unlock()
			cn, err := c.dial(ctx)
			if err == nil {
				return c.adopt(cn)
			}
			if c.dialFailed(ctx, err) {
				continue
			}
			return nil, err
		}
		turn := make(chan struct{})
		c.waiting = append(c.waiting, turn)
		c.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
			c.leave(turn)
			return nil, ctx.Err()
		}
	}
}

// limit is how many connections may be open; c.mu is held.
func (c *Client) limit() int {
	if c.soft > 0 && c.cfg.Now().Before(c.softUntil) {
		return min(c.soft, c.cfg.Connections)
	}
	return c.cfg.Connections
}

func (c *Client) adopt(cn *conn) (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		c.open--
		cn.c.Close()
		return nil, errClosed
	}
	c.live[cn] = struct{}{}
	return cn, nil
}

// dialFailed gives the place back. A relay that answers but wants no more
// connections than are open is left its wish for a minute, and the caller waits
// for one of those: that is no failure.
func (c *Client) dialFailed(ctx context.Context, err error) (wait bool) {
	var f fault
	answered := errors.As(err, &f) && f.reply.transient()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	if len(c.waiting) > 0 {
		c.wake()
	}
	if !answered || len(c.live) == 0 || ctx.Err() != nil {
		return false
	}
	c.soft, c.softUntil = len(c.live), c.cfg.Now().Add(softLimitFor)
	return true
}

// release keeps the connection for the next message, or closes it.
func (c *Client) release(cn *conn, keep bool) {
	cn.served++
	if !keep || cn.served >= c.cfg.MessagesPerConn {
		c.discard(cn, keep)
		return
	}
	cn.last = c.cfg.Now()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		c.discard(cn, true)
		return
	}
	c.idle = append(c.idle, cn)
	c.wake()
	if c.janitor == nil {
		c.sweeping.Add(1)
		c.janitor = time.AfterFunc(c.cfg.IdleTimeout, c.sweep)
	}
	c.mu.Unlock()
}

// discard closes the connection; polite says that it stands between messages.
func (c *Client) discard(cn *conn, polite bool) {
	if polite {
		cn.quit()
	}
	cn.c.Close()
	c.mu.Lock()
	delete(c.live, cn)
	c.open--
	c.wake()
	c.mu.Unlock()
}

// sweep closes what has been idle too long; it runs only while something is idle.
func (c *Client) sweep() {
	defer c.sweeping.Done()
	c.mu.Lock()
	old := c.cfg.Now().Add(-c.cfg.IdleTimeout)
	n := 0
	for n < len(c.idle) && !c.idle[n].last.After(old) {
		n++
	}
	gone := append([]*conn(nil), c.idle[:n]...)
	c.idle = append(c.idle[:0], c.idle[n:]...)
	c.janitor = nil
	if !c.closed && len(c.idle) > 0 {
		c.sweeping.Add(1)
		wait := c.idle[0].last.Sub(old)
		c.janitor = time.AfterFunc(max(wait, time.Millisecond), c.sweep)
	}
	c.mu.Unlock()
	for _, cn := range gone {
		c.discard(cn, true)
	}
}

// wake lets the first waiter look again; c.mu is held.
func (c *Client) wake() {
	if len(c.waiting) > 0 {
		close(c.waiting[0])
		c.waiting = c.waiting[1:]
	}
}

// leave gives up a turn; one that came at the same moment goes to the next.
func (c *Client) leave(turn chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.waiting, turn); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
		return
	}
	c.wake()
}

func (c *Client) wakeAll() {
	for len(c.waiting) > 0 {
		c.wake()
	}
}

// unsendable names what keeps an envelope from any wire. Compose and message
// make none of this; a fault there must not reach a server.
func unsendable(env message.Envelope) string {
	if env.To == "" || !safePath(env.To) || !safePath(env.From) {
		return "address"
	}
	if err := message.Wire(env.Data); err != nil {
		return "wire"
	}
	return ""
}

// safePath says whether the address can stand between < and > as it is.
func safePath(a cordon.Address) bool {
	if len(a) > cordon.MaxAddress {
		return false
	}
	for _, b := range []byte(a) {
		if b <= ' ' || b == 0x7f || b == '<' || b == '>' {
			return false
		}
	}
	return true
}
