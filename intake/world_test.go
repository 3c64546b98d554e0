package intake_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var provenance = []byte("the key that the door and the exit share")

// clock is moved by tests alone.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// practice is one tenant with what it needs to send.
type practice struct {
	cordon.Tenant
	author, approver cordon.Actor
	plain, dated     cordon.Version // dated needs a date with the order
	draft            cordon.Version
	patients         []cordon.RecipientID // all have a name
	nameless         cordon.RecipientID
	everyone, named  cordon.Audience // named leaves the nameless out
	decoys           []cordon.RecipientID
}

// world is a house with two practices and a desk.
type world struct {
	*testing.T
	ctx    context.Context
	store  *store.Store
	clock  *clock
	guard  *guard.Guard
	desk   *intake.Desk
	clinic practice
	other  practice
}

var operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}

// newWorld builds the house on a store; both practices are a month old.
func newWorld(t *testing.T, s *store.Store, at *clock) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), store: s, clock: at}
	w.guard = guard.New(guard.Config{Store: s, Now: at.Now})
	w.desk = intake.New(intake.Config{Store: s, Judge: w.guard, Provenance: provenance, Now: at.Now})
	w.clinic, w.other = w.practice("clinic"), w.practice("surgery")
	at.Advance(30 * 24 * time.Hour)
	return w
}

// each runs a test on both engines, in a world of its own.
func each(t *testing.T, f func(w *world)) {
	t.Helper()
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	storetest.Each(t, func(t *testing.T, s *store.Store) { f(newWorld(t, s, at)) }, storetest.Clock(at.Now))
}

// one runs a test on SQLite alone, where the engine has no part in it.
func one(t *testing.T) *world {
	t.Helper()
	at := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	return newWorld(t, storetest.New(t, storetest.Clock(at.Now)), at)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) practice(handle string) practice {
	w.Helper()
	p := practice{Tenant: cordon.Tenant{ID: cordon.NewTenantID(), Handle: handle, Name: handle, State: cordon.TenantActive, CreatedAt: w.clock.Now()}}
	w.must(w.store.CreateTenant(w.ctx, operator, p.Tenant))
	p.author, p.approver = w.account(p.ID, cordon.RoleAuthor), w.account(p.ID, cordon.RoleApprover)
	p.patients = w.recipients(p.ID, handle, 12, true)
	p.nameless = w.recipients(p.ID, handle+"-nameless", 1, false)[0]
	w.must(w.store.PlantDecoys(w.ctx, operator, p.ID, []cordon.Person{
		{Name: "Ann Nobody", Address: "ann@decoy.invalid"}, {Name: "Bob Nobody", Address: "bob@decoy.invalid"}, {Name: "Cy Nobody", Address: "cy@decoy.invalid"},
	}))
	var err error
	p.decoys, err = w.store.Decoys(w.ctx, p.ID)
	w.must(err)
	name := cordon.Field{Name: cordon.FieldName, Type: cordon.FieldPerson, Source: cordon.FromRecipient}
	date := cordon.Field{Name: "date", Type: cordon.FieldDate, Source: cordon.FromOrder}
	p.plain = w.version(p, "plain", "Dear {{name}}, please call us.", name)
	p.dated = w.version(p, "dated", "Dear {{name}}, your visit is on {{date}}.", name, date)
	p.draft = w.written(p, "draft", "Dear {{name}}, you won a prize.", name)
	p.everyone = w.audience(p, "everyone", cordon.Filter{Everyone: true})
	p.named = w.audience(p, "named", cordon.Filter{All: []string{"named"}})
	return p
}

func (w *world) account(tenant cordon.TenantID, role cordon.Role) cordon.Actor {
	w.Helper()
	a := cordon.Account{ID: cordon.NewAccountID(), Tenant: tenant, Name: string(role), Role: role, CreatedAt: w.clock.Now()}
	w.must(w.store.CreateAccount(w.ctx, operator, a))
	return cordon.Actor{Kind: cordon.ActorAccount, Account: a.ID, Tenant: tenant, Permissions: role.Permissions()}
}

// key makes a key of the practice's author, with the rights of a sender.
func (w *world) key(p practice, more ...cordon.Permission) cordon.Actor {
	w.Helper()
	k := cordon.Key{
		ID: cordon.NewKeyID(), Tenant: p.ID, Account: p.author.Account, Name: "program", State: cordon.KeyActive,
		Permissions: append([]cordon.Permission{cordon.SendSingle, cordon.SendBulk, cordon.ReadDispatches}, more...), CreatedAt: w.clock.Now(),
	}
	secret := sha256.Sum256([]byte(k.ID))
	w.must(w.store.CreateKey(w.ctx, operator, k, secret[:]))
	return cordon.Actor{Kind: cordon.ActorKey, Account: k.Account, Key: k.ID, Tenant: p.ID, Permissions: k.Permissions}
}

func (w *world) recipients(tenant cordon.TenantID, prefix string, n int, named bool) []cordon.RecipientID {
	w.Helper()
	rows := make([]cordon.RecipientRow, n)
	for i := range rows {
		rows[i] = cordon.RecipientRow{ExternalRef: fmt.Sprintf("%s-%d", prefix, i), Person: cordon.Person{Address: cordon.Address(fmt.Sprintf("%s-%d@example.org", prefix, i))}}
		if named {
			rows[i].Person.Name, rows[i].Tags = "Pat Doe", []string{"named"}
		}
	}
	_, _, err := w.store.UpsertRecipients(w.ctx, operator, tenant, rows)
	w.must(err)
	ids := make([]cordon.RecipientID, n)
	for i := range ids {
		r, err := w.store.RecipientByRef(w.ctx, tenant, rows[i].ExternalRef)
		w.must(err)
		ids[i] = r.ID
	}
	return ids
}

func (w *world) written(p practice, handle, text string, fields ...cordon.Field) cordon.Version {
	w.Helper()
	tpl := cordon.Template{ID: cordon.NewTemplateID(), Tenant: p.ID, Handle: handle, CreatedAt: w.clock.Now()}
	w.must(w.store.CreateTemplate(w.ctx, p.author, tpl))
	v, err := w.store.WriteVersion(w.ctx, p.author, p.ID, tpl.ID, cordon.Content{
		FromName: "The practice", FromAddress: "desk@" + cordon.Address(p.Handle) + ".example", Subject: "From your practice", Text: text, Fields: fields,
	})
	w.must(err)
	return v
}

func (w *world) version(p practice, handle, text string, fields ...cordon.Field) cordon.Version {
	w.Helper()
	v := w.written(p, handle, text, fields...)
	w.must(w.store.ApproveVersion(w.ctx, p.approver, p.ID, v.Template, v.Number, v.Hash))
	v, err := w.store.Version(w.ctx, p.ID, v.Template, v.Number)
	w.must(err)
	return v
}

func (w *world) audience(p practice, handle string, f cordon.Filter) cordon.Audience {
	w.Helper()
	a := cordon.Audience{ID: cordon.NewAudienceID(), Tenant: p.ID, Handle: handle, Filter: f, CreatedAt: w.clock.Now()}
	w.must(w.store.SaveAudience(w.ctx, operator, a))
	return a
}

// single is an order of the plain letter to the recipients.
func single(p practice, to ...cordon.RecipientID) cordon.Order {
	return cordon.Order{Tenant: p.ID, Kind: cordon.Single, Template: p.plain.Template, Version: p.plain.Number, Recipients: to}
}

// visit is an order of the dated letter, with a row for each recipient.
func visit(p practice, date string, to ...cordon.RecipientID) cordon.Order {
	o := single(p, to...)
	o.Template, o.Version = p.dated.Template, p.dated.Number
	o.Rows = dates(date, to...)
	return o
}

func bulk(p practice, a cordon.Audience) cordon.Order {
	return cordon.Order{Tenant: p.ID, Kind: cordon.Bulk, Template: p.plain.Template, Version: p.plain.Number, Audience: a.ID}
}

func dates(date string, to ...cordon.RecipientID) iter.Seq2[cordon.Row, error] {
	return func(yield func(cordon.Row, error) bool) {
		for i, id := range to {
			if !yield(cordon.Row{Line: i + 2, Recipient: id, Values: map[string]string{"date": date}}, nil) {
				return
			}
		}
	}
}

// accept wants the order to be taken.
func (w *world) accept(actor cordon.Actor, o cordon.Order) intake.Receipt {
	w.Helper()
	r, err := w.desk.Accept(w.ctx, actor, o)
	if err != nil {
		w.Fatalf("accept: %v", err)
	}
	return r
}

// refused wants the order to be refused with the code, and nothing accepted.
func (w *world) refused(actor cordon.Actor, o cordon.Order, code cordon.Code) *cordon.Error {
	w.Helper()
	before := w.copies()
	r, err := w.desk.Accept(w.ctx, actor, o)
	var e *cordon.Error
	if !errors.As(err, &e) || e.Code != code {
		w.Fatalf("accept answered %v, want code %s", err, code)
	}
	if r.Dispatch.ID != "" || r.Verdict.Decision != cordon.Undecided || len(r.Verdict.Signals) > 0 {
		w.Fatalf("a refusal came with a receipt: %+v", r)
	}
	if after := w.copies(); after != before {
		w.Fatalf("a refused order left %d copies", after-before)
	}
	return e
}

// copies is how many copies the whole house holds, in any state.
func (w *world) copies() int64 {
	w.Helper()
	totals, err := w.store.Totals(w.ctx)
	w.must(err)
	var sum int64
	for _, c := range totals {
		sum += c.Total()
	}
	return sum
}

func (w *world) signals(p practice, kind cordon.SignalKind) []cordon.Signal {
	w.Helper()
	all, _, err := w.store.Signals(w.ctx, p.ID, cordon.Page{Limit: 500})
	w.must(err)
	return slices.DeleteFunc(all, func(s cordon.Signal) bool { return s.Kind != kind })
}

func (w *world) stops() []cordon.Stop {
	w.Helper()
	all, err := w.store.ActiveStops(w.ctx)
	w.must(err)
	return all
}

func (w *world) stopped(scope cordon.Scope) bool {
	w.Helper()
	return slices.ContainsFunc(w.stops(), func(s cordon.Stop) bool { return s.Scope == scope })
}

func (w *world) keyState(actor cordon.Actor) cordon.KeyState {
	w.Helper()
	k, err := w.store.Key(w.ctx, actor.Key)
	w.must(err)
	return k.State
}

func (w *world) limits(change func(*cordon.Limits)) {
	w.Helper()
	l, err := w.store.Limits(w.ctx, w.clinic.ID)
	w.must(err)
	change(&l)
	w.must(w.store.SetLimits(w.ctx, operator, w.clinic.ID, l))
}
