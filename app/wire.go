package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/api"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/console"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/relay"
	"github.com/cordonmail/cordon/scan"
	"github.com/cordonmail/cordon/smtpd"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/watch"
)

// House is everything wired together; nothing runs until Run.
type House struct {
	Config   Config
	Store    *store.Store
	Registry *identity.Registry
	Catalog  *catalog.Catalog
	Desk     *intake.Desk
	Board    *contain.Board
	Warden   *contain.Warden
	Auditor  *ledger.Auditor
	Runner   *queue.Runner
	Drills   *drill.Instructor
	Sink     *mailsink.Sink // takes the mail of exercise tenants
	API      *api.API
	Console  *console.Console
	Inbound  *smtpd.Server // mail at planted addresses
	Watcher  *watch.Watcher
	Codes    *cordon.Codebook

	scanner   *scan.Scanner // nil: none
	relay     *relay.Client
	exercises *exercises
	log       *slog.Logger
	now       func() time.Time
}

// Options are the parts that tests, the demo and the simulated world replace.
type Options struct {
	Now   func() time.Time
	Log   *slog.Logger
	Rand  *rand.Rand
	Relay queue.Relay // instead of the SMTP client; the mail of exercise tenants never goes to it
	Demo  bool        // banner: nothing leaves this machine
	// Sink says what the receiving server of exercises keeps. The zero Config
	// remembers the newest 20,000 copies by their headers.
	Sink mailsink.Config
	// Mailbox makes the demo's mailbox of what that server took.
	Mailbox func(*mailsink.Sink) console.Mailbox
	// DrillPatients and DrillUndo are of a drill's practices; 0 keeps what they
	// are on a house that serves.
	DrillPatients int
	DrillUndo     time.Duration
	// Storage wraps what the services see of the store, for crash tests.
	Storage func(*store.Store) Storage
}

// Storage is all that the services need of the store.
type Storage interface {
	identity.Store
	catalog.Store
	guard.Store
	intake.Store
	contain.Store
	ledger.Store
	queue.Store
	watch.Store
}

// Open wires a house: every constructor, in order, bottom floor first.
func Open(ctx context.Context, c Config, o Options) (*House, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults(c)
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, cordon.InvalidField("data", "cannot be made: "+errors.Unwrap(err).Error(), "choose a folder that can be written")
	}
	master, err := store.LoadMaster(c.Data, c.MasterKey)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, store.Options{Database: c.Database, DataDir: c.Data, Master: master, Now: o.Now, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	provenance := store.Derive(master, "provenance")
	node, err := nodeName(c)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}

	h := &House{Config: c, Store: st, log: o.Log, now: o.Now, Codes: cordon.NewCodebook(store.Derive(master, "message codes"))}
	var seen Storage = st
	if o.Storage != nil {
		seen = o.Storage(st)
	}
	h.Registry = identity.New(identity.Config{Store: seen, Now: o.Now, Log: o.Log})
	h.Catalog = catalog.New(catalog.Config{Store: seen, Now: o.Now, Log: o.Log, DataDir: c.Data, DecoyDomain: c.Decoy.Domain, Print: inboundPrint})
	if h.scanner, err = newScanner(c.Scan, o.Log); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	judge := guard.New(guard.Config{Store: seen, Scanner: h.scanner, Now: o.Now, Log: o.Log})
	h.Desk = intake.New(intake.Config{Store: seen, Judge: judge, Provenance: provenance, Now: o.Now, Log: o.Log})
	h.Board = contain.NewBoard(seen, c.Queue.Poll.Duration, o.Now, o.Log)
	h.Warden = contain.New(contain.Config{Store: seen, Board: h.Board, Node: node, Now: o.Now, Log: o.Log})
	h.Auditor = ledger.New(ledger.Config{Store: seen, Seed: store.Derive(master, "ledger"), Installation: c.Ledger.Installation,
		Interval: c.Ledger.Checkpoint.Duration, Now: o.Now, Log: o.Log})
	h.Watcher = watch.New(watch.Config{Store: seen, Interval: c.Watch.Interval.Duration, Now: o.Now, Log: o.Log})
	wire := o.Relay
	if wire == nil {
		if h.relay, err = newRelay(c.Relay); err != nil {
			return nil, errors.Join(err, st.Close())
		}
		wire = h.relay
	}
	h.exercises = h.newExercises(wire, o.Sink)
	h.Sink = h.exercises.sink
	h.Runner = queue.New(queue.Config{Store: seen, Relay: h.exercises, Signer: newSigner(c.Sign), Board: h.Board, Provenance: provenance,
		Node: node, Dir: c.Data, Connections: c.Relay.Connections, Rate: c.Relay.MessagesPerSecond,
		BounceDomain: c.Queue.BounceDomain, Codes: h.Codes, Poll: c.Queue.Poll.Duration,
		RetryUncertain: c.Queue.RetryUncertain.Duration, DeadAfter: c.Queue.DeadAfter.Duration,
		Now: o.Now, Rand: o.Rand, Log: o.Log})
	h.Drills = drill.NewInstructor(drill.InstructorConfig{Store: st, Arrived: h.Sink.TakenWith, Dir: c.Data,
		Patients: o.DrillPatients, Undo: o.DrillUndo, Now: o.Now, Log: o.Log})
	h.API = api.New(api.Config{Desk: h.Desk, Warden: h.Warden, Auditor: h.Auditor, Registry: h.Registry, Catalog: h.Catalog, Drills: h.Drills, Watch: h.Watcher, Now: o.Now, Log: o.Log})
	h.Inbound = smtpd.New(smtpd.Config{Catalog: h.Catalog, Domains: catalog.DecoyDomains(c.Decoy.Domain), Now: o.Now, Log: o.Log})
	var mailbox console.Mailbox
	if o.Mailbox != nil {
		mailbox = o.Mailbox(h.Sink)
	}
	h.Console = console.New(console.Config{Registry: h.Registry, Desk: h.Desk, Warden: h.Warden, Auditor: h.Auditor, Catalog: h.Catalog,
		Drills: h.Drills, Watch: h.Watcher, Mailbox: mailbox, Exercise: o.Demo, Now: o.Now, Log: o.Log})
	return h, nil
}

func (o Options) withDefaults(c Config) Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if o.Log == nil {
		o.Log = NewLog(os.Stderr, c.Log)
	}
	return o
}

// newRelay makes the client of the smarthost; without an address there is none,
// and the queue keeps what it holds.
func newRelay(c RelayConfig) (*relay.Client, error) {
	var password string
	if c.PasswordFile != "" {
		raw, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return nil, cordon.InvalidField("relay.password_file", "cannot be read", "name a file this user may read")
		}
		password = string(trimNewline(raw))
	}
	return relay.New(relay.Config{Addr: c.Address, TLS: relay.TLSMode(c.TLS), ServerName: c.ServerName,
		Auth: relay.Auth{Username: c.Username, Password: cordon.Secret(password), AllowClear: c.AllowClearAuth}, HELO: c.Hello,
		Connections: c.Connections, MessagesPerConn: c.MessagesPerConnection, MessagesPerSecond: c.MessagesPerSecond}), nil
}

func newSigner(c SignConfig) queue.Signer {
	if !c.DKIM {
		return nil
	}
	return relay.NewSigner(c.Workers)
}

func trimNewline(raw []byte) []byte {
	for len(raw) > 0 && (raw[len(raw)-1] == '\n' || raw[len(raw)-1] == '\r') {
		raw = raw[:len(raw)-1]
	}
	return raw
}

// nodeName is the configured name, or one made at the first start and kept.
func nodeName(c Config) (string, error) {
	if c.Node != "" {
		return c.Node, nil
	}
	path := filepath.Join(c.Data, "node")
	if raw, err := os.ReadFile(path); err == nil {
		return string(trimNewline(raw)), nil
	}
	name := "node-" + cordon.RandomText(8)
	if err := os.WriteFile(path, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("node name: %w", err)
	}
	return name, nil
}
