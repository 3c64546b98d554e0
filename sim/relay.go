package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon/mailsink"
)

// relay up|down|defer|refuse [to=TENANT:FIRST-LAST [times=N]]: how the relay
// behaves, to everybody or to some mailboxes, for ever or for their next N copies.
// relay slow 100ms: how long it takes over each copy.
func (w *World) doRelay(_ *txtar.Archive, l line) error {
	if l.word(0) == "slow" {
		d, err := time.ParseDuration(l.word(1))
		w.wire.takeTime(d)
		return err
	}
	to := l.named["to"]
	if to == "" {
		return w.wire.set(l.word(0))
	}
	replies := map[string]*smtp.SMTPError{"defer": later(), "refuse": never()}
	handle, numbers, _ := strings.Cut(to, ":")
	first, last, err := w.span(numbers)
	if err != nil || replies[l.word(0)] == nil {
		return fmt.Errorf("to=%s: say defer or refuse, and TENANT:FIRST-LAST", to)
	}
	times := -1
	if l.named["times"] != "" {
		if times, err = strconv.Atoi(l.named["times"]); err != nil {
			return err
		}
	}
	for i := first; i <= last; i++ {
		w.wire.refuseTo(fmt.Sprintf("patient%06d@%s.patients.example", i, handle), &reticent{replies[l.word(0)], times})
	}
	return nil
}

// pipeNetwork is the wire to the relay: connections are pipes, and scripts say
// how the relay behaves.
type pipeNetwork struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu      sync.Mutex
	down    bool
	severed bool // the process is dead: nothing of it reaches the relay
	open    map[net.Conn]bool
	reply   *smtp.SMTPError
	slow    time.Duration        // before each answer
	refuse  map[string]*reticent // by recipient's address
	turns   []turn               // by the order in which copies come
	came    int
}

// reticent is a mailbox that the relay does not serve, for ever or for a while.
type reticent struct {
	reply *smtp.SMTPError
	times int // < 0: for ever
}

func newPipeNetwork() *pipeNetwork {
	return &pipeNetwork{conns: make(chan net.Conn), closed: make(chan struct{}), open: map[net.Conn]bool{}, refuse: map[string]*reticent{}}
}

func (n *pipeNetwork) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	n.mu.Lock()
	down := n.down || n.severed
	if !down {
		n.open[near] = true
	}
	n.mu.Unlock()
	if down {
		return nil, errors.New("connection refused")
	}
	select {
	case n.conns <- far:
		return near, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *pipeNetwork) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *pipeNetwork) Close() error   { n.once.Do(func() { close(n.closed) }); return nil }
func (n *pipeNetwork) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "relay.invalid:25" }

// sever cuts every connection, and lets none be made until it is undone.
func (n *pipeNetwork) sever(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.severed = cut
	for conn := range n.open {
		if cut {
			conn.Close()
		}
	}
	if cut {
		clear(n.open)
	}
}

func (n *pipeNetwork) refuseTo(address string, r *reticent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuse[address] = r
}

func (n *pipeNetwork) takeTime(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slow = d
}

// judge is the relay's answer to a copy.
func (n *pipeNetwork) judge(c mailsink.Copy) error {
	n.mu.Lock()
	slow := n.slow
	n.mu.Unlock()
	time.Sleep(slow) // the bubble's clock
	n.mu.Lock()
	defer n.mu.Unlock()
	n.came++
	for _, t := range n.turns {
		if n.came >= t.first && n.came <= t.last {
			return t.reply
		}
	}
	if r := n.refuse[c.To]; r != nil && r.times != 0 {
		r.times--
		return r.reply
	}
	if n.reply != nil {
		return n.reply
	}
	return nil
}

func (n *pipeNetwork) set(state string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch state {
	case "up":
		n.down, n.reply = false, nil
	case "down":
		n.down = true
	case "defer":
		n.reply = later()
	case "refuse":
		n.reply = never()
	default:
		return fmt.Errorf("a relay can be up, down, defer or refuse, not %q", state)
	}
	return nil
}

func later() *smtp.SMTPError {
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "try again later"}
}

func never() *smtp.SMTPError {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "policy"}
}
