package ledger

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/cordonmail/cordon"
)

// Config is what an Auditor is made of.
type Config struct {
	Store Store
	// Seed is the 32-byte Ed25519 seed that signs checkpoints.
	Seed []byte
	// Installation names the house in the checkpoint's origin,
	// "cordon/<installation>"; "" means "local".
	Installation string
	// Interval is how often Run looks whether the log has grown; 0 = a minute.
	Interval time.Duration
	// VerifyEvery is how often Run verifies the whole ledger; 0 is never.
	VerifyEvery time.Duration
	Now         func() time.Time
	Log         *slog.Logger
}

// Auditor verifies the log and sizes the damage.
type Auditor struct {
	store    Store
	origin   string
	signer   note.Signer
	verifier note.Verifier
	key      string
	keyErr   error // why there is no signer; every verb that needs one answers it
	interval time.Duration
	every    time.Duration // between two verifications; 0: none
	started  time.Time
	peers    []*peer
	post     Post
	now      func() time.Time
	log      *slog.Logger
}

// New makes an Auditor.
func New(c Config) *Auditor {
	a := &Auditor{store: c.Store, interval: c.Interval, every: c.VerifyEvery, now: c.Now, log: c.Log}
	if a.interval <= 0 {
		a.interval = time.Minute
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	a.started = a.now()
	installation := c.Installation
	if installation == "" {
		installation = "local"
	}
	a.origin = "cordon/" + installation
	a.keyErr = a.useKey(c.Seed)
	return a
}

// useKey makes the note signer and verifier of the seed.
func (a *Auditor) useKey(seed []byte) error {
	if len(seed) != ed25519.SeedSize {
		return fmt.Errorf("ledger key: a seed of %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	key, err := note.NewEd25519VerifierKey(a.origin, public)
	if err != nil {
		return fmt.Errorf("ledger key: %w", err)
	}
	hash := strings.Split(key, "+")[1] // name+hash+key; the name holds no +, or the line above fails
	const ed25519Algorithm = 1
	secret := base64.StdEncoding.EncodeToString(append([]byte{ed25519Algorithm}, seed...))
	if a.signer, err = note.NewSigner("PRIVATE+KEY+" + a.origin + "+" + hash + "+" + secret); err != nil {
		return fmt.Errorf("ledger key: %w", err)
	}
	if a.verifier, err = note.NewVerifier(key); err != nil {
		return fmt.Errorf("ledger key: %w", err)
	}
	a.key = key
	return nil
}

// VerifierKey is the public key, as note.NewVerifier takes it, for whoever
// checks a checkpoint elsewhere.
func (a *Auditor) VerifierKey() string { return a.key }

// Assess answers the size of the damage.
func (a *Auditor) Assess(ctx context.Context, actor cordon.Actor, q cordon.Question) (cordon.Assessment, error) {
	q, err := asked(actor, q, cordon.Assess)
	if err != nil {
		return cordon.Assessment{}, err
	}
	return a.store.Assess(ctx, q)
}

// Affected gives every copy of the question, page by page, in bounded memory.
// With reveal, each address is opened through the store, which writes the
// personal-data.read entry first; an erased person has none.
func (a *Auditor) Affected(ctx context.Context, actor cordon.Actor, q cordon.Question, reveal bool) iter.Seq2[cordon.Affected, error] {
	return func(yield func(cordon.Affected, error) bool) {
		q, err := asked(actor, q, cordon.Assess)
		if err == nil && reveal && !actor.Can(cordon.Reveal, q.Tenant) {
			err = mayNot("open addresses")
		}
		page := cordon.Page{Limit: 500}
		for err == nil {
			var copies []cordon.Affected
			var next string
			if copies, next, err = a.store.Affected(ctx, q, page); err != nil {
				break
			}
			for _, c := range copies {
				if reveal {
					if c.Address, err = a.reveal(ctx, actor, c); err != nil {
						yield(cordon.Affected{}, err)
						return
					}
				}
				if !yield(c, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			page.After = next
		}
		yield(cordon.Affected{}, err)
	}
}

// reveal opens one address.
func (a *Auditor) reveal(ctx context.Context, actor cordon.Actor, c cordon.Affected) (cordon.Address, error) {
	person, err := a.store.OpenPerson(ctx, actor, c.Tenant, c.Recipient, "assessment")
	if cordon.CodeOf(err) == cordon.Missing {
		return "", nil // erased since
	}
	if err != nil {
		return "", fmt.Errorf("open person: %w", err)
	}
	return person.Address, nil
}

// Entries answers part of the log of the whole installation.
func (a *Auditor) Entries(ctx context.Context, actor cordon.Actor, from int64, n int) ([]cordon.Entry, error) {
	if !actor.Can(cordon.ReadLedger, "") {
		return nil, mayNot("read the whole ledger")
	}
	if from < 0 {
		return nil, cordon.InvalidField("from", "is negative", "entries are numbered from 0")
	}
	return a.store.Entries(ctx, from, min(max(n, 1), 1000))
}

// EntriesOf answers the entries of a tenant about one subject, about all for "".
func (a *Auditor) EntriesOf(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, subject string, page cordon.Page) ([]cordon.Entry, string, error) {
	if !actor.Can(cordon.ReadLedger, tenant) {
		return nil, "", mayNot("read this ledger")
	}
	return a.store.EntriesOf(ctx, tenant, subject, page)
}

// Signals answers what the detectors saw in a tenant, in all for "". It needs
// ReadLedger: a sending credential must not learn that it was seen.
func (a *Auditor) Signals(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, page cordon.Page) ([]cordon.Signal, string, error) {
	if !actor.Can(cordon.ReadLedger, tenant) {
		return nil, "", mayNot("see signals")
	}
	return a.store.Signals(ctx, tenant, page)
}

// Totals answers the copies in each state, by tenant: the actor's own tenant
// alone for a tenant's actor.
func (a *Auditor) Totals(ctx context.Context, actor cordon.Actor) (map[cordon.TenantID]cordon.Counts, error) {
	if !actor.Can(cordon.ReadDispatches, actor.Tenant) {
		return nil, mayNot("see totals")
	}
	all, err := a.store.Totals(ctx)
	if err != nil || actor.Tenant == "" {
		return all, err
	}
	return map[cordon.TenantID]cordon.Counts{actor.Tenant: all[actor.Tenant]}, nil
}

// asked checks a question and keeps it inside its actor's walls.
func asked(actor cordon.Actor, q cordon.Question, right cordon.Permission) (cordon.Question, error) {
	if q.Zero() {
		return q, cordon.InvalidField("question", "is empty", "name a tenant, template, dispatch, account, key or a time")
	}
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		return q, cordon.InvalidField("until", "is not after from", "give a later time")
	}
	if q.Tenant == "" {
		q.Tenant = actor.Tenant
	}
	if !actor.Can(right, q.Tenant) {
		return q, mayNot("assess this")
	}
	return q, nil
}

func mayNot(what string) error {
	return &cordon.Error{Code: cordon.Denied, Message: "you may not " + what, Remedy: "ask the operator for the permission"}
}
