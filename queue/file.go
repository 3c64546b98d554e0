package queue

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// factsLast is how old the facts about a dispatch may be at the last look.
const factsLast = time.Second

// dossier is a dispatch as the exit saw it at a moment, ready to send from. It
// does not change.
type dossier struct {
	evidence
	read     time.Time
	verdict  refusal // of the dispatch as a whole
	lens     *lens   // the screening; nil for a letter without room for words
	letter   *compose.Letter
	key      crypto.Signer // DKIM; nil when there is none
	feedback string        // header value, the same for the whole dispatch
}

// file keeps the newest dossier of one dispatch for the copies of one claim.
type file struct {
	tenant cordon.TenantID
	id     cordon.DispatchID
	mu     sync.Mutex
	now    *dossier
}

// current answers a dossier no older than factsLast, reading it anew if need be.
func (r *Runner) current(ctx context.Context, f *file) (*dossier, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := r.cfg.Now()
	if f.now != nil && now.Sub(f.now.read) < factsLast {
		return f.now, nil
	}
	facts, err := r.facts(ctx, f.tenant, []cordon.DispatchID{f.id})
	if err != nil {
		return nil, err
	}
	d, err := r.study(ctx, f.id, facts, now)
	if err != nil {
		return nil, err
	}
	f.now = d
	return d, nil
}

// files reads the facts of the dispatches of one claim. The files are there
// even when the facts are not.
func (r *Runner) files(ctx context.Context, claims []cordon.Claim) (map[cordon.DispatchID]*file, error) {
	var ids []cordon.DispatchID
	files := make(map[cordon.DispatchID]*file)
	for i := range claims {
		if id := claims[i].Delivery.Dispatch; files[id] == nil {
			files[id] = &file{tenant: claims[i].Delivery.Tenant, id: id}
			ids = append(ids, id)
		}
	}
	now := r.cfg.Now()
	facts, err := r.facts(ctx, claims[0].Delivery.Tenant, ids)
	if err != nil {
		return files, err
	}
	for id, f := range files {
		if f.now, err = r.study(ctx, id, facts, now); err != nil {
			return files, err
		}
	}
	return files, nil
}

// facts: of a tenant that is not there, nothing is known.
func (r *Runner) facts(ctx context.Context, tenant cordon.TenantID, ids []cordon.DispatchID) (map[cordon.DispatchID]cordon.ExitFacts, error) {
	facts, err := r.cfg.Store.ExitFacts(ctx, tenant, ids)
	if err != nil && cordon.CodeOf(err) != cordon.Missing {
		return nil, fmt.Errorf("exit facts: %w", err)
	}
	return facts, nil
}

// study judges a dispatch and prepares what its copies share.
func (r *Runner) study(ctx context.Context, id cordon.DispatchID, all map[cordon.DispatchID]cordon.ExitFacts, now time.Time) (*dossier, error) {
	facts, known := all[id]
	d := &dossier{read: now, evidence: evidence{facts: facts, known: known && facts.Dispatch.ID == id}}
	if !d.known {
		d.verdict = r.exit.judgeDispatch(d.evidence, now)
		return d, nil
	}
	if facts.Dispatch.Exercise {
		tenant, err := r.cfg.Store.Tenant(ctx, facts.Dispatch.Tenant)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return nil, fmt.Errorf("exit facts: %w", err)
		}
		d.tenant = tenant
	}
	press := r.presses.of(facts.Version.Content)
	d.hash, d.letter = press.hash, press.letter
	d.verdict = r.exit.judgeDispatch(d.evidence, now)
	if d.verdict.zero() && press.letter == nil {
		d.verdict = unapproved("compile", "the queue holds a letter that cannot be read")
	}
	if r.cfg.Signer != nil {
		if d.key = r.keys.of(facts.DomainKey); d.key == nil && d.verdict.zero() {
			r.cfg.Log.Error("sending domain has no usable signing key", "tenant", facts.Dispatch.Tenant, "dispatch", id)
		}
	}
	d.lens = lensFor(d.letter)
	d.feedback = r.tokens.feedback(facts.Dispatch)
	return d, nil
}

// press is content with its hash and its compiled letter.
type press struct {
	content cordon.Content
	hash    string
	letter  *compose.Letter // nil when it does not compile
}

// presses keeps compiled letters by the very content they were made from, so
// that neither hash nor compilation is taken on trust or done per message.
type presses struct {
	mu   sync.Mutex
	kept []*press // newest first
}

const pressesKept = 64

func (p *presses) of(c cordon.Content) *press {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, k := range p.kept {
		if sameContent(k.content, c) {
			copy(p.kept[1:i+1], p.kept[:i])
			p.kept[0] = k
			return k
		}
	}
	k := &press{content: c, hash: c.Hash()}
	if letter, err := compose.Compile(c); err == nil {
		k.letter = letter
	}
	p.kept = slices.Insert(p.kept, 0, k)
	if len(p.kept) > pressesKept {
		p.kept = p.kept[:pressesKept]
	}
	return k
}

func sameContent(a, b cordon.Content) bool {
	return a.FromName == b.FromName && a.FromAddress == b.FromAddress && a.ReplyTo == b.ReplyTo &&
		a.Subject == b.Subject && a.Text == b.Text && a.HTML == b.HTML &&
		slices.Equal(a.Fields, b.Fields) && slices.Equal(a.LinkHosts, b.LinkHosts)
}

// keyring keeps parsed DKIM keys by the hash of what they were parsed from.
type keyring struct {
	mu   sync.Mutex
	kept map[[32]byte]crypto.Signer
}

const keysKept = 1024

// of answers nil for what is no private key.
func (k *keyring) of(pkcs8 []byte) crypto.Signer {
	if len(pkcs8) == 0 {
		return nil
	}
	sum := sha256.Sum256(pkcs8)
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.kept[sum]; ok {
		return key
	}
	if k.kept == nil || len(k.kept) >= keysKept {
		k.kept = make(map[[32]byte]crypto.Signer)
	}
	parsed, _ := x509.ParsePKCS8PrivateKey(pkcs8)
	key, _ := parsed.(crypto.Signer)
	k.kept[sum] = key
	return key
}
