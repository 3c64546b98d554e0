package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/mailsink"
)

const (
	killPeople      = 1200 // three bulk sends: enough for every kill, and for the race detector
	kills           = 24
	killConnections = 8
)

// The real process is killed at random points of a real send, of its own
// recovery, of an acceptance and behind a stop. Nothing accepted is lost, and
// nothing arrives twice but what was recorded as uncertain.
func TestKilledAtRandomPointsOfASend(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	k := &killing{site: newSite(t), chance: rand.New(rand.NewPCG(seed, 0))}
	k.fill()
	k.order("first", "--audience", "due")
	for n := range kills {
		k.serve()
		switch n % 6 {
		case 1: // an acceptance is cut off, or not
			to := []string{"--audience", "due"}
			if n%12 == 1 {
				to = k.someone()
			}
			k.killDuring(func() { k.order(fmt.Sprint("order-", n), to...) })
			continue
		case 2: // in the middle of the recovery
			k.kill()
			continue
		case 3:
			k.killBehindAStop()
		}
		k.arrive(1 + k.chance.Int64N(80))
		k.kill()
	}
	k.serve()
	k.repeatOrders()
	k.finish()
	k.account()
}

// killing is the site with what it was told to send.
type killing struct {
	*site
	chance *rand.Rand

	mu     sync.Mutex
	orders [][]string // command lines, each with an idempotency key
	stops  int
}

func (k *killing) fill() {
	k.Helper()
	var people bytes.Buffer
	if err := drill.WritePatients(&people, "northside", killPeople); err != nil {
		k.Fatal(err)
	}
	file := filepath.Join(k.TempDir(), "people.csv")
	if err := os.WriteFile(file, people.Bytes(), 0o600); err != nil {
		k.Fatal(err)
	}
	const tenant = "northside"
	k.must("tenant", "create", tenant)
	k.must("tenant", "limits", tenant, "--set", "reach_factor=1000", "--set", "undo_single=0s",
		"--set", "undo_bulk=0s", "--set", "first_use_hold=0s", "--set", "stage_from=0")
	k.must("account", "create", "nurse", "--role", "author", "--tenant", tenant)
	k.must("account", "create", "chief", "--role", "approver", "--tenant", tenant)
	k.must("domain", "create", "northside.example", "--tenant", tenant)
	k.must("recipients", "import", "--tenant", tenant, file)
	k.must("audience", "save", "due", "--tenant", tenant, "--everyone")
	k.must("template", "create", "hello", "--tenant", tenant, "--as", "nurse")
	body := filepath.Join(k.TempDir(), "body.txt")
	if err := os.WriteFile(body, []byte("Dear {{first_name}}, hello.\n"), 0o600); err != nil {
		k.Fatal(err)
	}
	var version cordon.Version
	k.answer(&version, "template", "write", "hello", "--tenant", tenant, "--as", "nurse", "--from", "care@northside.example",
		"--subject", "Hello {{first_name}}", "--text", body, "--field", "first_name:name")
	k.must("template", "approve", "hello", "1", "--tenant", tenant, "--as", "chief", "--hash", version.Hash)
}

// someone names a few recipients.
func (k *killing) someone() []string {
	var args []string
	for _, i := range k.chance.Perm(killPeople)[:3] {
		args = append(args, "--ref", fmt.Sprintf("P-%06d", i+1))
	}
	return args
}

// order may fail when the process dies under it; repeatOrders asks again.
func (k *killing) order(name string, to ...string) {
	line := append([]string{"send", "--tenant", "northside", "--template", "hello", "--as", "nurse", "--idempotency-key", name, "--json"}, to...)
	k.mu.Lock()
	k.orders = append(k.orders, line)
	k.mu.Unlock()
	status, _, said := k.run(line...)
	k.Logf("order %s: status %d %s", name, status, said)
}

// repeatOrders repeats every order: whoever was cut off does.
func (k *killing) repeatOrders() {
	k.Helper()
	for _, line := range k.orders {
		k.must(line...)
	}
}

// killDuring kills while the verb is under way, before or after its answer.
func (k *killing) killDuring(verb func()) {
	k.Helper()
	done := make(chan struct{})
	go func() { defer close(done); verb() }()
	ticks := time.NewTicker(time.Millisecond)
	defer ticks.Stop()
	for range k.chance.IntN(50) { // about as long as a bulk acceptance takes here
		<-ticks.C
	}
	k.kill()
	<-done
}

// killBehindAStop stops everything, kills, and starts again: the stop stands,
// and no more arrives than it said was in flight. It is lifted by another.
func (k *killing) killBehindAStop() {
	k.Helper()
	k.arrive(1)
	var stop stopJSON
	k.answer(&stop, "stop", "--tenant", "northside", "--reason", "before a kill")
	acknowledged := k.sink.Taken()
	k.kill()
	k.serve()
	k.until("the stop's sweep is done", slowly, func() bool {
		c := k.totals()
		return c.Queued+c.Sending+c.Deferred == 0
	})
	if arrived := k.sink.Taken() - acknowledged; arrived > stop.InFlight {
		k.Errorf("%d arrived after a stop that counted %d in flight", arrived, stop.InFlight)
	}
	k.stops++
	k.must("lift", string(stop.ID), "--resume", "--as", "chief")
}

// totals is where all copies stand.
func (k *killing) totals() (c cordon.Counts) {
	k.Helper()
	var s statusJSON
	k.answer(&s, "status")
	for _, t := range s.Tenants {
		c.Add(t.Counts)
	}
	return c
}

// finish lets the house send what is left, and ends it in good order.
func (k *killing) finish() {
	k.Helper()
	k.until("everything is settled", slowly, func() bool { return k.totals().Open() == 0 })
	if err := k.child.Process.Signal(syscall.SIGTERM); err != nil {
		k.Fatal(err)
	}
	if err := k.child.Wait(); err != nil {
		k.Errorf("the process ended with %v\n%s", err, k.said.String())
	}
	k.child = nil
}

// account compares what was accepted, what arrived and what is recorded.
func (k *killing) account() {
	k.Helper()
	config := app.DefaultConfig()
	config.Data = k.dir
	house, err := app.Open(k.Context(), config, app.Options{})
	if err != nil {
		k.Fatal(err)
	}
	defer house.Close()
	book := readBook(k, house)
	if len(book.dispatches) != len(k.orders) {
		k.Errorf("%d dispatches of %d orders, each given twice", len(book.dispatches), len(k.orders))
	}
	if book.unsure == 0 || book.unsure > kills*killConnections {
		k.Errorf("%d copies were uncertain after %d kills with %d connections", book.unsure, kills, killConnections)
	}
	doubles := book.compare(k, k.sink)
	k.Logf("%d dispatches, %d copies, %d arrived twice, %d recorded uncertain, %d stops", len(book.dispatches), book.copies, doubles, book.unsure, k.stops)
}

// site is a data folder, a process that runs on it, and the far side.
type site struct {
	testing.TB
	dir   string
	env   map[string]string
	sink  *mailsink.Sink
	child *exec.Cmd
	said  *words // of the child
}

func newSite(t testing.TB) *site {
	t.Helper()
	sink, err := mailsink.Listen("127.0.0.1:0", mailsink.Config{Keep: 1, Delay: 4 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{TB: t, dir: filepath.Join(t.TempDir(), "data"), sink: sink}
	s.env = map[string]string{
		"CORDON_DATA": s.dir, "CORDON_LISTEN": "127.0.0.1:0", "CORDON_LOG_LEVEL": "warn", "CORDON_SIGN_DKIM": "false",
		"CORDON_RELAY_ADDRESS": sink.Address(), "CORDON_RELAY_TLS": "off", "CORDON_RELAY_CONNECTIONS": strconv.Itoa(killConnections),
		"CORDON_QUEUE_POLL": "50ms", "CORDON_QUEUE_RETRY_UNCERTAIN": "1s", "CORDON_QUEUE_DEAD_AFTER": "4s",
	}
	t.Cleanup(func() {
		if s.child != nil {
			s.kill()
		}
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serve starts the process and waits until it listens.
func (s *site) serve() {
	s.Helper()
	s.said = &words{}
	s.child = exec.Command("cordon", "serve", "--data", s.dir)
	s.child.Stderr = s.said
	s.child.Env = os.Environ()
	for name, value := range s.env {
		s.child.Env = append(s.child.Env, name+"="+value)
	}
	if err := s.child.Start(); err != nil {
		s.Fatal(err)
	}
	s.until("the process listens", quickly, func() bool { return answers(filepath.Join(s.dir, app.SocketName)) })
}

// kill is kill -9: no handler runs, nothing is flushed.
func (s *site) kill() {
	s.Helper()
	if err := s.child.Process.Kill(); err != nil {
		s.Errorf("kill: %v", err)
	}
	_ = s.child.Wait() // says that it was killed
	if state, ok := s.child.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGKILL {
		s.Errorf("the process ended by itself: %v\n%s", s.child.ProcessState, s.said.String())
	}
	s.child = nil
}

// arrive waits until n more copies have arrived.
func (s *site) arrive(n int64) {
	s.Helper()
	want := s.sink.Taken() + n
	s.until(fmt.Sprintf("%d more arrive", n), quickly, func() bool { return s.sink.Taken() >= want })
}

// How often to look: at what costs nothing, and at what asks the store.
const (
	quickly = time.Millisecond
	slowly  = 50 * time.Millisecond
)

// until asks again and again, for far longer than it takes.
func (s *site) until(what string, every time.Duration, ok func() bool) {
	s.Helper()
	if !eventually(s.Context(), every, ok) {
		s.Fatalf("it never came that %s\n%s", what, s.said.String())
	}
}

func eventually(ctx context.Context, every time.Duration, ok func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// words is what a process says, read while it speaks.
type words struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(p)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// run is one command line, through the socket of the process when it runs.
func (s *site) run(args ...string) (status int, out, said string) {
	var stdout, stderr bytes.Buffer
	status = run(args, &shell{in: strings.NewReader(""), out: &stdout, err: &stderr, getenv: func(name string) string { return s.env[name] }})
	return status, stdout.String(), stderr.String()
}

func (s *site) must(args ...string) string {
	s.Helper()
	status, out, said := s.run(args...)
	if status != 0 {
		s.Fatalf("cordon %s: status %d\n%s%s", strings.Join(args, " "), status, out, said)
	}
	return out
}

func (s *site) answer(into any, args ...string) {
	s.Helper()
	if err := json.Unmarshal([]byte(s.must(slices.Concat(args, []string{"--json"})...)), into); err != nil {
		s.Fatal(err)
	}
}
