package queue_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	operator   = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	provenance = []byte("the door's key, known to the exit")
)

const node = "node-a"

// mark is what the door puts on a dispatch.
func mark(d cordon.Dispatch) []byte {
	mac := hmac.New(sha256.New, provenance)
	mac.Write(d.Binding())
	return mac.Sum(nil)
}

// wire is the far side: a relay that answers as told and keeps what it took.
type wire struct {
	mu     sync.Mutex
	took   []message.Envelope
	asked  int
	answer func(n int, env message.Envelope) cordon.Outcome // nil: delivered; n counts from 1
	atBody func()                                           // between the looks
	busy   func(message.Envelope)                           // after the last look, before the answer
	bell   *bell                                            // told of every copy taken
}

func newWire() *wire { return &wire{bell: newBell()} }

func (w *wire) Connections() int { return 1 }

func (w *wire) Send(_ context.Context, env message.Envelope, look func() bool) cordon.Outcome {
	if message.Wire(env.Data) != nil {
		return cordon.Outcome{State: cordon.Refused, Reason: "wire"}
	}
	if !look() {
		return cordon.Outcome{State: cordon.HeldState}
	}
	w.mu.Lock()
	w.asked++
	n, answer, atBody, busy := w.asked, w.answer, w.atBody, w.busy
	w.mu.Unlock()
	out := cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}
	if answer != nil {
		out = answer(n, env)
	}
	if out.State == cordon.Queued {
		return out
	}
	if atBody != nil {
		atBody()
	}
	if !look() {
		return cordon.Outcome{State: cordon.HeldState}
	}
	if busy != nil {
		busy(env)
	}
	w.mu.Lock()
	w.took = append(w.took, env)
	w.mu.Unlock()
	w.bell.ring()
	return out
}

func (w *wire) taken() []message.Envelope {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]message.Envelope(nil), w.took...)
}

func (w *wire) to() map[cordon.Address]int {
	got := make(map[cordon.Address]int)
	for _, env := range w.taken() {
		got[env.To]++
	}
	return got
}

// world is a house with a real store, a real board and a wire that is ours.
type world struct {
	testing.TB
	ctx   context.Context
	store *store.Store
	board *contain.Board
	wire  *wire
	books *bell        // told of everything a runner commits
	looks atomic.Int64 // for what is due
	now   func() time.Time
	dir   string
}

func newWorld(t testing.TB, s *store.Store, now func() time.Time) *world {
	t.Helper()
	w := &world{TB: t, ctx: context.Background(), store: s, wire: newWire(), books: newBell(), now: now, dir: t.TempDir()}
	w.board = contain.NewBoard(s, time.Second, now, nil)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// practice is a tenant ready to send.
type practice struct {
	w *world
	cordon.Tenant
	key     cordon.KeyID
	account cordon.AccountID
	version cordon.Version
	people  []cordon.RecipientID
}

func letterOf(domain string) cordon.Content {
	return cordon.Content{
		FromName: "The Practice", FromAddress: cordon.Address("desk@" + domain), Subject: "Your visit, {{name}}",
		Text:   "Dear {{name}},\nplease call us about your visit.\n",
		Fields: []cordon.Field{{Name: "name", Type: cordon.FieldPerson, Source: cordon.FromRecipient}},
	}
}

// forExercise makes a practice that rows may be planted into.
func forExercise(t *cordon.Tenant) { t.Exercise = true }

func (w *world) practice(handle string, people int, change ...func(*cordon.Tenant)) *practice {
	w.Helper()
	p := &practice{w: w, key: cordon.NewKeyID(), account: cordon.NewAccountID()}
	p.Tenant = cordon.Tenant{ID: cordon.NewTenantID(), Handle: handle, Name: handle, State: cordon.TenantActive, CreatedAt: w.now()}
	for _, c := range change {
		c(&p.Tenant)
	}
	w.must(w.store.CreateTenant(w.ctx, operator, p.Tenant))
	w.must(w.store.CreateDomain(w.ctx, operator, cordon.Domain{Tenant: p.ID, Name: p.domain(), Selector: "c1"}, dkimKey()))
	w.must(w.store.CreateKey(w.ctx, operator, cordon.Key{
		ID: p.key, Tenant: p.ID, Account: p.account, Name: "k", State: cordon.KeyActive,
		Permissions: []cordon.Permission{cordon.SendBulk, cordon.SendSingle},
	}, []byte(fmt.Sprintf("%-32.32s", p.key))))
	for from := 0; from < people; from += 1000 {
		var rows []cordon.RecipientRow
		for i := from; i < min(people, from+1000); i++ {
			rows = append(rows, cordon.RecipientRow{ExternalRef: fmt.Sprintf("%s-%06d", handle, i), Person: p.person(i)})
		}
		_, _, err := w.store.UpsertRecipients(w.ctx, operator, p.ID, rows)
		w.must(err)
	}
	for i := range min(people, 20) {
		r, err := w.store.RecipientByRef(w.ctx, p.ID, fmt.Sprintf("%s-%06d", handle, i))
		w.must(err)
		p.people = append(p.people, r.ID)
	}
	p.version = p.approve(letterOf(p.domain()))
	return p
}

func (p *practice) domain() string { return p.Handle + ".example" }

func (p *practice) person(i int) cordon.Person {
	return cordon.Person{Name: "Pat Example", Address: cordon.Address(fmt.Sprintf("p%d@%s.home.example", i, p.Handle))}
}

// approve writes a version and has a second person approve it.
func (p *practice) approve(c cordon.Content) cordon.Version {
	w := p.w
	w.Helper()
	tpl := cordon.Template{ID: cordon.NewTemplateID(), Tenant: p.ID, Handle: "t" + strings.ToLower(cordon.RandomText(8)), CreatedAt: w.now()}
	w.must(w.store.CreateTemplate(w.ctx, operator, tpl))
	v, err := w.store.WriteVersion(w.ctx, cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID()}, p.ID, tpl.ID, c)
	w.must(err)
	w.must(w.store.ApproveVersion(w.ctx, cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID()}, p.ID, tpl.ID, v.Number, v.Hash))
	v, err = w.store.Version(w.ctx, p.ID, tpl.ID, v.Number)
	w.must(err)
	return v
}

func (p *practice) order(kind cordon.Kind, change ...func(*cordon.NewDispatch)) cordon.NewDispatch {
	now := p.w.now()
	n := cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: p.ID, Kind: kind, Template: p.version.Template, Version: p.version.Number, Hash: p.version.Hash,
			Actor: string(p.key), Account: p.account, Key: p.key, State: cordon.DispatchOpen, AcceptedAt: now, NotBefore: now,
		},
		Verdict: cordon.Verdict{Decision: cordon.Pass}, Mark: mark,
	}
	if kind == cordon.Bulk {
		n.Filter = cordon.Filter{Everyone: true}
	}
	for _, c := range change {
		c(&n)
	}
	return n
}

func (p *practice) actor() cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorKey, Key: p.key, Account: p.account, Tenant: p.ID}
}

func (p *practice) accept(n cordon.NewDispatch) cordon.Dispatch {
	p.w.Helper()
	d, err := p.w.store.CreateDispatch(p.w.ctx, p.actor(), n)
	p.w.must(err)
	return d
}

func (p *practice) bulk() cordon.Dispatch { p.w.Helper(); return p.accept(p.order(cordon.Bulk)) }

func (p *practice) single(to ...cordon.RecipientID) cordon.Dispatch {
	p.w.Helper()
	return p.accept(p.order(cordon.Single, func(n *cordon.NewDispatch) { n.Members = to }))
}

func (w *world) counts(d cordon.Dispatch) cordon.Counts {
	w.Helper()
	got, err := w.store.Dispatch(w.ctx, d.Tenant, d.ID)
	w.must(err)
	return got.Counts
}

func (w *world) signals(d cordon.Dispatch) map[cordon.SignalKind]cordon.Grade {
	w.Helper()
	list, _, err := w.store.Signals(w.ctx, d.Tenant, cordon.Page{Limit: 500})
	w.must(err)
	kinds := make(map[cordon.SignalKind]cordon.Grade)
	for _, s := range list {
		kinds[s.Kind] = s.Grade
	}
	return kinds
}

func (w *world) stops() []cordon.Stop {
	w.Helper()
	list, err := w.store.ActiveStops(w.ctx)
	w.must(err)
	return list
}

// start runs a runner and the board until stop is called.
func (w *world) start(change ...func(*queue.Config)) (r *queue.Runner, stop func()) {
	w.Helper()
	cfg := queue.Config{
		Store: w.store, Relay: w.wire, Board: w.board, Provenance: provenance, Node: node, Dir: w.dir,
		Connections: 4, Poll: 5 * time.Millisecond, Grace: 5 * time.Second, Now: w.now, Rand: mrand.New(mrand.NewPCG(1, 2)),
		Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	cfg.Store = told{cfg.Store, w.books, &w.looks}
	w.must(w.board.Refresh(w.ctx))
	ctx, cancel := context.WithCancel(w.ctx)
	var wg sync.WaitGroup
	r = queue.New(cfg)
	wg.Go(func() {
		if err := w.board.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	wg.Go(func() {
		if err := r.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	return r, func() { cancel(); wg.Wait() }
}

func (w *world) settled(d cordon.Dispatch) cordon.Counts {
	w.Helper()
	var c cordon.Counts
	w.books.until(w, "the dispatch settles", func() bool {
		c = w.counts(d)
		return c.Queued+c.Sending == 0
	})
	return c
}

var dkimKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return raw
})

func real(t testing.TB) *world { return newWorld(t, storetest.New(t), time.Now) }
