package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/inspect"
)

// Config is what a Clerk is made of.
type Config struct {
	Store Store
	Codes *cordon.Codebook
	Read  func(raw []byte) (inspect.Found, error) // what a message is
	// LookupTXT asks DNS, for the keys of feedback loops and of reporters; nil:
	// nobody is believed by his signature.
	LookupTXT func(ctx context.Context, name string) ([]string, error)

	Mailboxes    []cordon.Address // of reports: "abuse@example.org"
	Questions    []cordon.Address // where "is this from you?" is asked by forwarding: "check@example.org"
	BounceDomain string           // of return paths; "" = none come here
	Loops        []string         // domains whose verified signature makes a feedback report believed
	Site         string           // URL of the status page, without a slash at the end; "" = there is none
	Name         string           // of the house, in mails
	Limits       cordon.ReportLimits

	Now func() time.Time
	Log *slog.Logger
}

// Clerk takes reports in and says whether a mail is ours. It is safe for use by
// many goroutines.
type Clerk struct {
	Config
	loops    map[string]bool
	pace     *pace
	siteHost string // every letter leads there, so it tells none apart
}

// New makes a Clerk; nothing is filed until Run or Step.
func New(c Config) *Clerk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Limits == (cordon.ReportLimits{}) {
		c.Limits = cordon.DefaultReportLimits()
	}
	if c.Read == nil {
		c.Read = inspect.Read
	}
	c.Site = strings.TrimSuffix(c.Site, "/")
	k := &Clerk{Config: c, loops: map[string]bool{}, pace: newPace(c.Limits.CheckPerMinute)}
	if u, err := url.Parse(c.Site); err == nil {
		k.siteHost = u.Hostname()
	}
	for _, d := range c.Loops {
		k.loops[strings.ToLower(strings.TrimSpace(d))] = true
	}
	return k
}

const (
	lookEvery   = 30 * time.Second // for reports whose turn comes again
	forgetEvery = time.Hour
	stepSize    = 50
	forgetSize  = 500
)

// Run files what came in until ctx ends, and forgets what is old.
func (c *Clerk) Run(ctx context.Context) error {
	changed, done := c.Store.Changed("reports")
	defer done()
	look, forget := time.NewTicker(lookEvery), time.NewTicker(forgetEvery)
	defer look.Stop()
	defer forget.Stop()
	failing := false
	for {
		_, err := c.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			c.Log.ErrorContext(ctx, "reports cannot be filed", "error", err)
		case err == nil && failing:
			c.Log.InfoContext(ctx, "reports are filed again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-look.C:
		case <-forget.C:
			if err := c.Forget(ctx); err != nil && ctx.Err() == nil {
				c.Log.ErrorContext(ctx, "old reports are not forgotten", "error", err)
			}
		}
	}
}

// Step files what waits, oldest first; one that cannot be filed now waits for its
// next turn and keeps no other from being filed. It answers how many were filed.
func (c *Clerk) Step(ctx context.Context) (filed int, err error) {
	for {
		ids, err := c.Store.ReportsWaiting(ctx, c.Now(), stepSize)
		if err != nil || len(ids) == 0 {
			return filed, err
		}
		for _, id := range ids {
			switch err := c.file(ctx, id); {
			case err == nil:
				filed++
			case ctx.Err() != nil:
				return filed, nil
			default:
				if err := c.later(ctx, id, err); err != nil {
					return filed, err
				}
			}
		}
	}
}

// filingWaits are the waits before a report is tried again. Behind the last it is
// filed without what could not be looked up.
var filingWaits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// later puts a report off. The error is the cause when even that fails.
func (c *Clerk) later(ctx context.Context, id cordon.ReportID, cause error) error {
	if !errors.Is(cause, errLookup) {
		c.Log.ErrorContext(ctx, "a report was not filed", "report", string(id), "error", cause)
	}
	err := c.Store.DelayReport(ctx, id, filingWaits)
	if err != nil && cordon.CodeOf(err) != cordon.Missing { // missing: filed by somebody else meanwhile
		return fmt.Errorf("delay report: %w", errors.Join(err, cause))
	}
	return nil
}

// Forget drops what was kept long enough.
func (c *Clerk) Forget(ctx context.Context) error {
	for {
		more, err := c.Store.ForgetReports(ctx, c.Now().Add(-c.Limits.Keep), c.Now().Add(-c.Limits.KeepReporter), forgetSize)
		if err != nil || !more {
			return err
		}
	}
}

func mayNot(what string) error {
	return &cordon.Error{Code: cordon.Denied, Message: "you may not " + what, Remedy: "ask the operator for the permission"}
}
