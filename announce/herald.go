package announce

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is what a Herald is made of.
type Config struct {
	Store Store
	// Site is the status page as readers reach it.
	Site cordon.StatusSite
	// FirstNumber begins the series of announcements; 0 means 1.
	FirstNumber int64
	// Interval is the time between two steps when nothing calls for one; 0 = 10 s.
	Interval time.Duration
	Now      func() time.Time
	Log      *slog.Logger
}

// Herald speaks for the house. It is safe for use by many goroutines.
type Herald struct {
	store    Store
	site     cordon.StatusSite
	first    int64
	interval time.Duration
	now      func() time.Time
	log      *slog.Logger

	mu     sync.Mutex
	looked map[int64]time.Time // when the figures of a number were last compared

	kept cordon.Glance // of Step alone
}

// New makes a Herald.
func New(c Config) *Herald {
	h := &Herald{store: c.Store, site: c.Site, first: max(c.FirstNumber, 1), interval: c.Interval, now: c.Now, log: c.Log, looked: map[int64]time.Time{}}
	if h.interval <= 0 {
		h.interval = 10 * time.Second
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.site.URL = strings.TrimSuffix(h.site.URL, "/")
	return h
}

// View is what the status page shows: posts for everybody, the parts of the
// service, and what was promised. It asks for no right: all of it is public.
func (h *Herald) View(ctx context.Context) (cordon.StatusView, error) {
	return h.store.StatusView(ctx)
}

// Changed answers a channel that gets a value when the view may have changed, and
// a function that ends it.
func (h *Herald) Changed() (<-chan struct{}, func()) { return h.store.Changed(topic) }

const topic = "announcements"

// Run steps until ctx ends: at its interval, and soon after something changed.
func (h *Herald) Run(ctx context.Context) error {
	changed, done := h.store.Changed(topic)
	defer done()
	failing := false
	for {
		err := h.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			h.log.ErrorContext(ctx, "announcements are not seen to", "error", err)
		case err == nil && failing:
			h.log.InfoContext(ctx, "announcements are seen to again")
		}
		failing = err != nil
		if err := h.rest(ctx, changed); err != nil {
			return err
		}
	}
}

// between is the least time between two steps, however much changes.
const between = 500 * time.Millisecond

func (h *Herald) rest(ctx context.Context, changed <-chan struct{}) error {
	short, long := time.NewTimer(min(between, h.interval)), time.NewTimer(h.interval)
	defer short.Stop()
	defer long.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-short.C:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-long.C:
	}
	return nil
}

// AskSubscription takes a wish to get announcements by mail. It answers alike
// whatever is known of the address.
func (h *Herald) AskSubscription(ctx context.Context, a cordon.Address, network string) error {
	return h.store.AskSubscription(ctx, a, network)
}

// ConfirmSubscription is the second opt-in, by the link that was mailed.
func (h *Herald) ConfirmSubscription(ctx context.Context, token string) error {
	return h.store.ConfirmSubscription(ctx, token)
}

// Unsubscribe ends a subscription and forgets the address. One that has ended
// already is no fault.
func (h *Herald) Unsubscribe(ctx context.Context, token string) error {
	return h.store.Unsubscribe(ctx, token)
}
