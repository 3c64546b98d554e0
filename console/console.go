package console

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/announce"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/identity"
	"github.com/cordonmail/cordon/incident"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/ledger"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/report"
	"github.com/cordonmail/cordon/watch"
)

// Config is what the console stands on.
type Config struct {
	Registry  *identity.Registry
	Desk      *intake.Desk
	Warden    *contain.Warden
	Auditor   *ledger.Auditor
	Catalog   *catalog.Catalog
	Drills    *drill.Instructor // nil: no page of drills
	Mailbox   Mailbox           // nil outside a demonstration
	Watch     *watch.Watcher
	OnCall    *oncall.Desk
	Notices   *notice.Messenger
	Incidents *incident.Keeper
	Herald    *announce.Herald
	Reports   *report.Clerk

	// Exercise puts a banner on every page: nothing leaves this machine.
	Exercise bool
	// Secure marks the cookie Secure even when this process sees plain HTTP,
	// because a proxy in front of it ends TLS.
	Secure bool

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// Console serves the pages. Make it with New; Run feeds its live parts.
type Console struct {
	Config
	pages   *pages
	sampler *sampler
	names   *directory
	handler http.Handler

	ending  context.Context // done when Run ends: every live stream says goodbye
	end     context.CancelFunc
	streams chan struct{} // one token a live stream
	verify  sync.Mutex    // one verification of the ledger at a time
}

// maxStreams bounds the live pages open at once; further ones stay still and
// say so.
const maxStreams = 64

// New makes the console. It panics when a page does not parse: that is a fault
// of the binary, not of its input.
func New(c Config) *Console {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	con := &Console{Config: c, streams: make(chan struct{}, maxStreams)}
	con.ending, con.end = context.WithCancel(context.Background())
	con.pages = loadPages(c.Now)
	con.sampler = newSampler(c.Now)
	con.names = newDirectory(con)
	con.handler = con.routes()
	return con
}

// Handler answers every path of the console.
func (c *Console) Handler() http.Handler { return c.handler }

// Run samples the flow until ctx ends, then ends every live stream, so that a
// server's graceful shutdown does not wait for browsers.
func (c *Console) Run(ctx context.Context) error {
	defer c.end()
	tick := time.NewTicker(unwatchedEvery)
	defer tick.Stop()
	failing := false
	for {
		err := c.sample(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			c.Log.WarnContext(ctx, "console cannot sample the flow", "error", err)
		case err == nil && failing:
			c.Log.InfoContext(ctx, "console samples the flow again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sample asks for the totals, at most once a second whoever asks: a page that is
// looked at keeps the chart fine, an unwatched house is sampled by Run alone.
// The sampler watches as the operator; what a viewer is shown of it is cut to the
// viewer's tenant when it is drawn.
func (c *Console) sample(ctx context.Context) error {
	if !c.sampler.claim() {
		return nil
	}
	totals, err := c.Auditor.Totals(ctx, c.Registry.Operator())
	if err != nil {
		return err
	}
	c.sampler.add(totals)
	return nil
}

// visible says whether the actor may see things of the tenant at all.
func visible(a cordon.Actor, tenant cordon.TenantID) bool {
	return a.Tenant == "" || a.Tenant == tenant
}
