package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/api"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/console"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/incident"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/outbox"
	"github.com/cordonmail/cordon/pager"
	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/relay"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/scan"
	"github.com/cordonmail/cordon/smtpd"
	"github.com/cordonmail/cordon/statuspage"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/watch"
)

// House is everything wired together; nothing runs until Run.
type House struct {
	Config    Config
	Store     *store.Store
	Registry  *identity.Registry
	Catalog   *catalog.Catalog
	Desk      *intake.Desk
	Board     *contain.Board
	Warden    *contain.Warden
	Auditor   *ledger.Auditor
	Runner    *queue.Runner
	Drills    *drill.Instructor
	Sink      *mailsink.Sink // takes the mail of exercise tenants
	API       *api.API
	Console   *console.Console
	Inbound   *smtpd.Server // mail at planted addresses
	Watcher   *watch.Watcher
	Incidents *incident.Keeper
	Reports   *report.Clerk // what people outside say of mail
	Codes     *cordon.Codebook

	Notices *notice.Messenger
	Herald  *announce.Herald
	Status  *statuspage.Server // the public page

	OnCall *oncall.Desk
	Outbox *outbox.Outbox
	Told   *Told // what exercises would have told outside
	// WebhookSecret signs Standard Webhooks; receivers need it.
	WebhookSecret cordon.Secret

	pager     *pager.Pager
	pageRelay *relay.Client // nil: none, or a test's
	scanner   *scan.Scanner // nil: none
	relay     *relay.Client
	exercises *exercises
	witness   *ledger.Witness
	log       *slog.Logger
	now       func() time.Time
}

// Options are the parts that tests, the demo and the simulated world replace.
type Options struct {
	Now   func() time.Time
	Log   *slog.Logger
	Rand  *rand.Rand
	Relay queue.Relay // instead of the SMTP client; the mail of exercise tenants never goes to it
	Demo  bool        // banner; nothing leaves this machine, the mail that wakes people included
	// Sink says what the receiving server of exercises keeps. The zero Config
	// remembers the newest 20,000 copies by their headers.
	Sink mailsink.Config
	// Mailbox makes the demo's mailbox of what that server took.
	Mailbox func(*mailsink.Sink) console.Mailbox
	// DrillPatients and DrillUndo are of a drill's practices; 0 keeps what they
	// are on a house that serves.
	DrillPatients int
	DrillUndo     time.Duration
	// Web stands in for the network that webhooks, gateways and the like are
	// posted to.
	Web http.RoundTripper
	// DNS stands in for looking up TXT records, by which signatures of those who
	// report are verified.
	DNS func(ctx context.Context, name string) ([]string, error)
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
	ledger.WitnessStore
	queue.Store
	watch.Store
	report.Store
	incident.Store
	announce.Store
	notice.Store
	oncall.Store
	outbox.Store
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
	h.Desk = intake.New(intake.Config{Store: seen, Judge: judge, Provenance: provenance, StatusHost: c.Status.host(), Now: o.Now, Log: o.Log})
	h.Board = contain.NewBoard(seen, c.Queue.Poll.Duration, o.Now, o.Log)
	h.Warden = contain.New(contain.Config{Store: seen, Board: h.Board, Node: node, Now: o.Now, Log: o.Log})
	h.Auditor = ledger.New(ledger.Config{Store: seen, Seed: store.Derive(master, "ledger"), Installation: c.Ledger.Installation,
		Interval: c.Ledger.Checkpoint.Duration, VerifyEvery: c.Ledger.Verify.Duration, Now: o.Now, Log: o.Log})
	if h.witness, err = h.newWitness(seen, store.Derive(master, "witness")); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	h.Watcher = watch.New(watch.Config{Store: seen, Interval: c.Watch.Interval.Duration, Now: o.Now, Log: o.Log})
	if h.Incidents, err = newKeeper(c.Incident, incident.Config{Store: seen, Interval: c.Incident.Interval.Duration, Now: o.Now, Log: o.Log}); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	wire := o.Relay
	if wire == nil {
		if h.relay, err = newRelay(c.Relay); err != nil {
			return nil, errors.Join(err, st.Close())
		}
		wire = h.relay
	}
	h.exercises = h.newExercises(wire, o.Sink)
	h.Sink = h.exercises.sink
	if err := h.wirePaging(c, o, seen, master, node); err != nil {
		return nil, errors.Join(err, h.exercises.close(), st.Close())
	}
	h.Runner = queue.New(queue.Config{Store: seen, Relay: h.exercises, Signer: newSigner(c.Sign), Board: h.Board, Provenance: provenance,
		Node: node, Dir: c.Data, Connections: c.Relay.Connections, Rate: c.Relay.MessagesPerSecond,
		BounceDomain: c.Queue.BounceDomain, Codes: h.Codes, CheckURL: c.checkURL(), Feedback: c.Reports.feedback(), Poll: c.Queue.Poll.Duration,
		RetryUncertain: c.Queue.RetryUncertain.Duration, DeadAfter: c.Queue.DeadAfter.Duration,
		Now: o.Now, Rand: o.Rand, Log: o.Log})
	h.Drills = drill.NewInstructor(drill.InstructorConfig{Store: st, Arrived: h.Sink.TakenWith, Dir: c.Data,
		Patients: o.DrillPatients, Undo: o.DrillUndo, Now: o.Now, Log: o.Log})
	h.Reports = h.newClerk(seen, o, c.Status.site())
	if h.Notices, err = h.newMessenger(c, o, seen); err != nil {
		return nil, errors.Join(err, h.exercises.close(), st.Close())
	}
	if err := h.wireStatus(c.Status, o, seen); err != nil {
		return nil, errors.Join(err, h.exercises.close(), st.Close())
	}
	h.API = api.New(api.Config{Desk: h.Desk, Warden: h.Warden, Auditor: h.Auditor, Registry: h.Registry, Catalog: h.Catalog, Drills: h.Drills, Watch: h.Watcher, OnCall: h.OnCall, Incidents: h.Incidents, Reports: h.Reports, Notices: h.Notices, Herald: h.Herald, StatusFiles: h.Status.Files, Now: o.Now, Log: o.Log})
	h.Inbound = h.newInbound(o)
	var mailbox console.Mailbox
	if o.Mailbox != nil {
		mailbox = o.Mailbox(h.Sink)
	}
	h.Console = console.New(console.Config{Registry: h.Registry, Desk: h.Desk, Warden: h.Warden, Auditor: h.Auditor, Catalog: h.Catalog,
		Drills: h.Drills, Watch: h.Watcher, Reports: h.Reports, OnCall: h.OnCall, Incidents: h.Incidents, Notices: h.Notices, Mailbox: mailbox, Exercise: o.Demo, Herald: h.Herald, Now: o.Now, Log: o.Log})
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
