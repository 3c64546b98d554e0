package sim

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/relay"
	"github.com/cordonmail/cordon/store"
)

// World is one house and everything around it, inside a synctest bubble: the
// clock moves only when everybody waits.
type World struct {
	t     *testing.T
	dir   string
	house *app.House
	sink  *mailsink.Sink
	wire  *pipeNetwork

	stopHouse context.CancelFunc
	houseDone chan error
	faulty    *Faulty
	journal   map[string][]byte // the flight journal as it was at the moment of death
	log       logBook

	tenants  map[string]*tenant
	actors   map[string]cordon.Actor
	dispatch []cordon.Dispatch  // accepted so far; scripts number them from 1
	stops    []cordon.Stop      // placed so far; scripts number them from 1
	held     intake.HoldPreview // what the last holds counted
	lastErr  error
	answer   string // what the last assess, stop or verify said
}

// New makes a world whose relay takes everything. Call it inside a bubble.
func New(t *testing.T) *World { return newWorld(t, t.TempDir()) }

func newWorld(t *testing.T, dir string) *World {
	w := &World{t: t, dir: dir, wire: newPipeNetwork(), tenants: map[string]*tenant{}, actors: map[string]cordon.Actor{}}
	w.sink = mailsink.Serve(w.wire, mailsink.Config{Keep: 5000, Answer: w.wire.judge})
	w.start()
	t.Cleanup(func() {
		w.stop()
		w.sink.Close()
		if t.Failed() {
			t.Logf("what the house logged last:\n%s", w.log.tail())
		}
	})
	return w
}

// logBook keeps what houses logged, for a test that failed.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(line))
	return len(line), nil
}

// tail is the last lines.
func (l *logBook) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-60):], "")
}

// start opens the house and sets everything in it going.
func (w *World) start() {
	w.t.Helper()
	w.wire.sever(false)
	config := app.DefaultConfig()
	config.Data = w.dir
	config.Sign.DKIM = false // "the relay signs"; signing has tests of its own
	config.Relay.Connections = 4
	config.Node = "sim"
	// Fewer turns an hour of the bubble's time; what matters is woken by its cause.
	config.Queue.Poll.Duration, config.Queue.DeadAfter.Duration = 10*time.Second, 10*time.Minute
	config.Ledger.Checkpoint.Duration = 10 * time.Minute
	config.Watch.Interval.Duration, config.Incident.Interval.Duration = 10*time.Second, 10*time.Second
	config.Status = app.StatusConfig{URL: statusURL, Name: "Northside Mail", FirstNumber: 42837}
	config.Reports.Mailbox, config.Queue.BounceDomain, config.Reports.Loops = abuseBox, bounceAt, loopAt
	client := relay.New(relay.Config{Addr: "relay.invalid:25", TLS: relay.TLSOff, Connections: 4, Dial: w.wire.dial, Now: time.Now})
	house, err := app.Open(context.Background(), config, app.Options{
		Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2)), Log: slog.New(slog.NewTextHandler(&w.log, nil)), Relay: client, DNS: w.dns,
		Storage: func(s *store.Store) app.Storage {
			w.faulty = NewFaulty(s)
			w.faulty.died = w.death
			return w.faulty
		},
	})
	if err != nil {
		w.t.Fatalf("open house: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.house, w.stopHouse, w.houseDone = house, cancel, make(chan error, 1)
	go func() {
		err := house.Work(ctx)
		client.Close()
		w.houseDone <- err
	}()
	synctest.Wait()
}

// stop ends the house in good order and closes its store.
func (w *World) stop() {
	if w.house == nil {
		return
	}
	w.stopHouse()
	if err := <-w.houseDone; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errDead) {
		w.t.Errorf("house: %v", err)
	}
	if err := w.house.Close(); err != nil {
		w.t.Errorf("close house: %v", err)
	}
	w.house = nil
}

// crash ends the house as a kill does: no write reaches the store any more, no
// byte reaches the relay, and the flight journal says what it said when the
// process died, whatever the dying process still did.
func (w *World) crash() {
	w.t.Helper()
	w.faulty.Die()
	w.stop()
	for _, name := range w.flights() {
		if err := os.Remove(name); err != nil {
			w.t.Fatal(err)
		}
	}
	for name, raw := range w.journal {
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// death is the moment itself: the wire first, so that no copy leaves that the
// journal does not know.
func (w *World) death() {
	w.wire.sever(true)
	w.journal = map[string][]byte{}
	for _, name := range w.flights() {
		raw, err := os.ReadFile(name)
		if err != nil {
			w.t.Errorf("flight journal: %v", err)
		}
		w.journal[name] = raw
	}
}

func (w *World) flights() []string {
	names, err := filepath.Glob(filepath.Join(w.dir, "flight-*.log"))
	if err != nil {
		w.t.Errorf("flight journal: %v", err)
	}
	return names
}

func (w *World) operator() cordon.Actor { return w.house.Registry.Operator() }

// advance lets time pass; everything that is due in it happens.
func (w *World) advance(d time.Duration) {
	time.Sleep(d) // the bubble's clock
	synctest.Wait()
}

func (w *World) doAdvance(_ *txtar.Archive, l line) error {
	d, err := time.ParseDuration(l.word(0))
	w.advance(d)
	return err
}

// crash, close and start: the house dies, ends in good order, begins.
func (w *World) doCrash(*txtar.Archive, line) error { w.crash(); return nil }
func (w *World) doClose(*txtar.Archive, line) error { w.stop(); return nil }
func (w *World) doStart(*txtar.Archive, line) error { w.start(); return nil }

// die writes=N: the process dies before the N-th write from now.
func (w *World) doDie(_ *txtar.Archive, l line) error {
	n, err := strconv.Atoi(l.named["writes"])
	w.faulty.DieBefore(n)
	return err
}
