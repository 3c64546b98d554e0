package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/relay"
)

func benchCommand() *cobra.Command {
	c := &cobra.Command{Use: "bench", Short: "Measure the speed of this machine", Long: "Each measurement makes a house of its own in a temporary folder and removes it.\ndocs/benchmarks.md says how to compare with other software."}
	c.AddCommand(benchSendCommand(), benchStopCommand())
	return c
}

// benchOptions are common to all measurements.
type benchOptions struct {
	recipients  int
	relay       string
	dkim        string
	engine      string
	database    string
	connections int
	asJSON      bool
}

func (o *benchOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.relay, "relay", "", "host:port of a receiving server on this machine (default: one in this process)")
	f.StringVar(&o.engine, "engine", "sqlite", "sqlite or postgres")
	f.StringVar(&o.database, "database", "", "with --engine postgres: postgres://… of an empty database")
	f.IntVar(&o.connections, "connections", 20, "connections to the relay")
	f.BoolVar(&o.asJSON, "json", false, "one JSON object on stdout")
}

func (o *benchOptions) validate() error {
	switch {
	case o.recipients < 1 || o.recipients > 10_000_000:
		return cordon.InvalidField("recipients", "must be 1 to 10,000,000", "")
	case o.dkim != "on" && o.dkim != "off":
		return cordon.InvalidField("dkim", "must be on or off", "")
	case o.engine != "sqlite" && o.engine != "postgres":
		return cordon.InvalidField("engine", "must be sqlite or postgres", "")
	case (o.engine == "postgres") != (o.database != ""):
		return cordon.InvalidField("database", "goes with --engine postgres, and only with it", "name an empty database: --database postgres://user@127.0.0.1/cordon_bench")
	}
	return nil
}

// benchHouse is a house with one tenant, an approved letter of about 2 KB and
// its recipients.
type benchHouse struct {
	*app.House
	dir       string
	by        cordon.Actor
	tenant    cordon.Tenant
	audience  cordon.Audience
	version   cordon.Version
	wire      *countingRelay
	log       io.Writer
	importing time.Duration
	cancel    context.CancelFunc
	done      chan error
}

func openBench(ctx context.Context, o benchOptions, log io.Writer) (*benchHouse, error) {
	dir, err := os.MkdirTemp("", "cordon-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench folder: %w", err)
	}
	b := &benchHouse{dir: dir, log: log}
	if err := b.open(ctx, o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := b.unused(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if err := b.fill(ctx, o.recipients); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// unused refuses a database that holds anything: a bench fills it with invented
// people, and its measures would be of both.
func (b *benchHouse) unused(ctx context.Context) error {
	tenants, _, err := b.Catalog.Tenants(ctx, b.by, cordon.Page{Limit: 1})
	if err == nil && len(tenants) > 0 {
		err = cordon.InvalidField("--database", "is in use", "give bench an empty database, and drop it afterwards")
	}
	return err
}

// open opens (or, after shut, opens again) the house in the folder.
func (b *benchHouse) open(ctx context.Context, o benchOptions) error {
	config := app.DefaultConfig()
	config.Data, config.Database = b.dir, o.database
	config.Sign.DKIM = o.dkim == "on"
	config.Relay.Connections = o.connections
	client := relay.New(relay.Config{Addr: o.relay, TLS: relay.TLSOff, Connections: o.connections, MessagesPerConn: 1_000_000})
	b.wire = &countingRelay{client: client}
	house, err := app.Open(ctx, config, app.Options{Relay: b.wire, Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		client.Close()
		return err
	}
	b.House, b.by = house, house.Registry.Operator()
	return nil
}

// start sets queue, board and ledger going.
func (b *benchHouse) start(ctx context.Context) {
	ctx, b.cancel = context.WithCancel(ctx)
	b.done = make(chan error, 1)
	go func() { b.done <- b.Work(ctx) }()
}

// shut ends the house; its folder stays.
func (b *benchHouse) shut() error {
	var err error
	if b.cancel != nil {
		b.cancel()
		err = <-b.done
		b.cancel = nil
	}
	b.wire.client.Close()
	return errors.Join(err, b.House.Close())
}

func (b *benchHouse) Close() error { return errors.Join(b.shut(), os.RemoveAll(b.dir)) }

// fill makes the tenant and imports its people from a CSV stream.
func (b *benchHouse) fill(ctx context.Context, n int) (err error) {
	if b.tenant, err = b.Catalog.CreateTenant(ctx, b.by, "bench-"+cordon.RandomText(6), "Bench"); err != nil {
		return err
	}
	if err = b.unstaged(ctx); err != nil {
		return err
	}
	domain := b.tenant.Handle + ".example"
	if _, err = b.Catalog.CreateDomain(ctx, b.by, b.tenant.ID, domain); err != nil {
		return err
	}
	pipe, file := io.Pipe()
	go func() { file.CloseWithError(drill.WritePatients(file, b.tenant.Handle, n)) }()
	began := time.Now()
	if _, err = b.Catalog.Import(ctx, b.by, b.tenant.ID, pipe, catalog.ImportOptions{}); err != nil {
		return err
	}
	b.importing = time.Since(began)
	author, err := b.person(ctx, cordon.RoleAuthor)
	if err != nil {
		return err
	}
	approver, err := b.person(ctx, cordon.RoleApprover)
	if err != nil {
		return err
	}
	if b.audience, err = b.Catalog.SaveAudience(ctx, author, b.tenant.ID, "everyone", cordon.Filter{Everyone: true}); err != nil {
		return err
	}
	if _, err = b.Catalog.CreateTemplate(ctx, author, b.tenant.ID, "letter"); err != nil {
		return err
	}
	written, err := b.Catalog.WriteVersion(ctx, author, b.tenant.ID, "letter", benchLetter(domain))
	if err != nil {
		return err
	}
	b.version, err = b.Catalog.Approve(ctx, approver, b.tenant.ID, "letter", written.Number, written.Hash)
	b.by = author
	return err
}

// unstaged takes away every wait before and within a send: it is to show the
// speed of the machine.
func (b *benchHouse) unstaged(ctx context.Context) error {
	limits, err := b.Catalog.Limits(ctx, b.by, b.tenant.ID)
	if err != nil {
		return err
	}
	limits.UndoBulk, limits.FirstUseHold, limits.StageFrom = 0, 0, 0
	return b.Catalog.SetLimits(ctx, b.by, b.tenant.ID, limits)
}

func (b *benchHouse) person(ctx context.Context, role cordon.Role) (cordon.Actor, error) {
	operator := b.Registry.Operator()
	a, err := b.Registry.CreateAccount(ctx, operator, cordon.Account{Tenant: b.tenant.ID, Name: string(role), Role: role})
	if err != nil {
		return cordon.Actor{}, err
	}
	return b.Registry.As(ctx, operator, a.ID)
}

// order sends the letter to everyone.
func (b *benchHouse) order(ctx context.Context) (cordon.Dispatch, error) {
	receipt, err := b.Desk.Accept(ctx, b.by, cordon.Order{Tenant: b.tenant.ID, Kind: cordon.Bulk,
		Template: b.version.Template, Version: b.version.Number, Audience: b.audience.ID})
	return receipt.Dispatch, err
}

// benchLetter makes a message of about 2 KB with eight merge places.
func benchLetter(domain string) cordon.Content {
	body := "<p>Dear {{first_name}},</p><p>it is time for your yearly visit, {{name}}, at our rooms in {{city}}.</p>" +
		strings.Repeat("<p>Please bring your card and the list of what you take, {{first_name}}.</p>", 4) +
		"<p><a href=\"https://" + domain + "/book\">Book a visit</a></p><p>Until soon in {{city}}</p>"
	return cordon.Content{FromName: "Bench", FromAddress: cordon.Address("desk@" + domain), Subject: "A visit for {{first_name}}", HTML: body,
		Fields: []cordon.Field{{Name: "first_name", Type: cordon.FieldPerson, Source: cordon.FromRecipient},
			{Name: "name", Type: cordon.FieldText, Source: cordon.FromRecipient}, {Name: "city", Type: cordon.FieldText, Source: cordon.FromRecipient}},
		LinkHosts: []string{domain}}
}

// diskUse is the size of everything the house keeps.
func (b *benchHouse) diskUse(ctx context.Context) (int64, error) {
	size, err := b.Store.Size(ctx)
	if err != nil {
		return 0, err
	}
	journals, _ := filepath.Glob(filepath.Join(b.dir, "*journal*"))
	for _, name := range journals {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size, nil
}

// cpuSeconds is what this process has used so far.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// peakRSS is the largest memory of this process so far, in bytes.
func peakRSS() int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil { // not Linux: the rusage figure, in KiB there too on most systems
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return u.Maxrss * 1024
	}
	var kib int64
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &kib)
		}
	}
	return kib * 1024
}

// runBench ends a measurement on Ctrl-C and prints its figures.
func runBench(cmd *cobra.Command, o benchOptions, measure func(context.Context, io.Writer) (any, error), print func(io.Writer, any)) error {
	if err := o.validate(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	figures, err := measure(ctx, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if o.asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(figures)
	}
	print(cmd.OutOrStdout(), figures)
	return nil
}
