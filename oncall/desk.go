package oncall

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is what a Desk is made of.
type Config struct {
	Store   Store
	Wire    Wire
	LinkKey []byte // signs the links in messages
	URL     string // how people reach the console, without a slash at the end
	// WebhookSecret signs Standard Webhooks; receivers are given it.
	WebhookSecret cordon.Secret
	Poll          time.Duration // between two steps when no timer runs out; 0 = 15 s
	Now           func() time.Time
	Log           *slog.Logger
}

// Desk keeps who is on call and takes pages' turns. Its verbs are safe for use by
// many goroutines; of Run one runs at a time.
type Desk struct {
	store  Store
	wire   Wire
	links  links
	url    string
	poll   time.Duration
	secret cordon.Secret
	now    func() time.Time
	log    *slog.Logger
}

// New makes a Desk.
func New(c Config) *Desk {
	d := &Desk{store: c.Store, wire: c.Wire, links: links{c.LinkKey}, url: strings.TrimSuffix(c.URL, "/"), poll: c.Poll, secret: c.WebhookSecret, now: c.Now, log: c.Log}
	if d.poll <= 0 {
		d.poll = 15 * time.Second
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d
}

// Run steps until ctx ends: when a timer runs out, when something changes, and
// at its interval.
func (d *Desk) Run(ctx context.Context) error {
	fresh, done := d.store.Changed("pages")
	defer done()
	failing := false
	for {
		next, err := d.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			d.log.ErrorContext(ctx, "pages stand still", "error", err)
		case err == nil && failing:
			d.log.InfoContext(ctx, "pages go on")
		}
		failing = err != nil
		wait := d.poll
		if !next.IsZero() && err == nil {
			wait = min(wait, max(next.Sub(d.now()), 10*time.Millisecond))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-fresh:
		case <-timer.C:
		}
		timer.Stop()
	}
}

const (
	pagesAStep = 100
	turnsAStep = 100 // a turn may make the next one due at once, a few times at most
)

// Step takes every turn that is due and answers when the next one is; zero when
// no timer runs. It may be called on several nodes at once, and again after it
// was broken off anywhere.
func (d *Desk) Step(ctx context.Context) (next time.Time, err error) {
	missing, err := d.heartbeats(ctx)
	errs := []error{err}
	for range turnsAStep {
		due, err := d.store.DuePages(ctx, pagesAStep)
		if err != nil {
			return time.Time{}, errors.Join(append(errs, err)...)
		}
		if len(due) == 0 {
			break
		}
		book, err := d.store.OnCallBook(ctx, d.now())
		if err != nil {
			return time.Time{}, errors.Join(append(errs, err)...)
		}
		stuck := 0
		for _, p := range due {
			if err := d.turn(ctx, book, p); err != nil {
				errs = append(errs, err)
				stuck++
			}
		}
		if stuck > 0 { // tried again at the next step
			break
		}
	}
	next, err = d.store.NextPageTurn(ctx)
	if !missing.IsZero() && (next.IsZero() || missing.Before(next)) {
		next = missing
	}
	return next, errors.Join(append(errs, err)...)
}

// turn takes one page's turn.
func (d *Desk) turn(ctx context.Context, book cordon.OnCallBook, p cordon.OnCallPage) error {
	j := judge{book: book, now: d.now(), say: d.speaker(ctx, p, book)}
	var t cordon.PageTurn
	switch p.State {
	case cordon.PageResolved:
		alerts, err := d.store.PageAlerts(ctx, p.ID)
		if err != nil {
			return err
		}
		t = j.over(p, alerts)
	case cordon.PageAcknowledged:
		held, err := d.atWork(ctx, p)
		if err != nil {
			return err
		}
		t = j.acknowledged(p, held)
	default:
		t = j.triggered(p)
	}
	_, err := d.store.TakePageTurn(ctx, cordon.System(), t)
	return err
}

// atWork says whether the page's incident has left triage, or is over.
func (d *Desk) atWork(ctx context.Context, p cordon.OnCallPage) (bool, error) {
	if p.Incident == "" {
		return false, nil
	}
	i, err := d.store.Incident(ctx, p.Incident)
	if cordon.CodeOf(err) == cordon.Missing {
		return false, nil
	}
	return i.State != "" && i.State != cordon.IncidentTriage, err
}

func denied(p cordon.Permission) error {
	return &cordon.Error{Code: cordon.Denied, Message: "this needs the permission " + string(p) + " for the whole installation", Remedy: "ask an operator"}
}

// sees, acts and manages are who may look, act on pages, and change on call: on
// call belongs to the house, so a tenant's people have no part in it.
func sees(by cordon.Actor) bool    { return by.Can(cordon.ReadIncidents, "") }
func acts(by cordon.Actor) bool    { return by.Can(cordon.ManageIncidents, "") }
func manages(by cordon.Actor) bool { return by.Can(cordon.ManageOnCall, "") }
