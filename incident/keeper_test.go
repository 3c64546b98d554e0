package incident_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/incident"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}

// world is a house with two tenants, and a clock moved by hand.
type world struct {
	*store.Store
	t            *testing.T
	mu           sync.Mutex
	at           time.Time
	north, south cordon.TenantID
	key          cordon.KeyID
	forgets      bool // dies after a page and before its mark
	keeper       *incident.Keeper
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, at: time.Date(2026, 5, 4, 3, 0, 0, 0, time.UTC), key: cordon.NewKeyID()}
	w.Store = storetest.New(t, storetest.Clock(w.now))
	w.north, w.south = w.tenant("north", false), w.tenant("south", false)
	w.ok(w.CreateKey(t.Context(), operator, cordon.Key{ID: w.key, Tenant: w.north, Account: cordon.NewAccountID(), Name: "k"}, []byte(fmt.Sprintf("%-32s", w.key))))
	w.keeper = incident.New(incident.Config{Store: w, Now: w.now})
	return w
}

func (w *world) tenant(handle string, exercise bool) cordon.TenantID {
	id := cordon.NewTenantID()
	w.ok(w.CreateTenant(w.t.Context(), operator, cordon.Tenant{ID: id, Handle: handle, Name: handle, Exercise: exercise}))
	return id
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(time.Microsecond)
	return w.at
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

var errDied = errors.New("died")

// IncidentCalled dies when it is told to.
func (w *world) IncidentCalled(ctx context.Context, c cordon.IncidentCall) error {
	if w.forgets {
		return errDied
	}
	return w.Store.IncidentCalled(ctx, c)
}

func (w *world) signal(s cordon.Signal) {
	w.t.Helper()
	s.Grade = cordon.GradeIncident
	w.ok(w.RecordSignals(w.t.Context(), cordon.System(), []cordon.Signal{s}))
}

func (w *world) step() {
	w.t.Helper()
	w.ok(w.keeper.Step(w.t.Context()))
}

func (w *world) only() cordon.Incident {
	w.t.Helper()
	all, _, err := w.Incidents(w.t.Context(), cordon.IncidentFilter{}, cordon.Page{})
	w.ok(err)
	if len(all) != 1 {
		w.t.Fatalf("%d incidents: %+v", len(all), all)
	}
	return all[0]
}

func (w *world) pages() []cordon.OnCallPage {
	w.t.Helper()
	all, _, err := w.OnCallPages(w.t.Context(), cordon.PageFilter{}, cordon.Page{Limit: 100})
	w.ok(err)
	return all
}

func TestOnePageHoweverOftenItDies(t *testing.T) {
	w := newWorld(t)
	w.signal(cordon.Signal{Kind: cordon.SignalDecoy, Tenant: w.north, Key: w.key})
	w.forgets = true
	for range 3 {
		if err := w.keeper.Step(t.Context()); !errors.Is(err, errDied) {
			t.Fatalf("step: %v", err)
		}
	}
	w.forgets = false
	w.step()
	w.step()
	i := w.only()
	pages := w.pages()
	if len(pages) != 1 {
		t.Fatalf("%d pages", len(pages))
	}
	p := pages[0]
	if p.Key != "incident/"+string(i.ID)+"/opened" || p.Role != cordon.RoleCommander || p.Severity != 1 || p.Incident != i.ID || p.Tenant != w.north || p.Path != "/incidents/"+string(i.ID) || !strings.Contains(p.Title, "INC-1") {
		t.Errorf("page %+v", p)
	}
	if calls, err := w.IncidentCalls(t.Context()); err != nil || len(calls) != 0 {
		t.Errorf("calls left: %v, %v", calls, err)
	}
}

func TestWhoIsNotContainedInTimePagesAgain(t *testing.T) {
	w := newWorld(t)
	w.signal(cordon.Signal{Kind: cordon.SignalUnknownID, Tenant: w.north, Key: w.key})
	w.step() // the key is active, and nothing stops it
	if i := w.only(); i.State != cordon.IncidentTriage || i.Severity != 2 {
		t.Fatalf("%+v", i)
	}
	w.advance(14 * time.Minute)
	w.step()
	if n := len(w.pages()); n != 1 {
		t.Errorf("%d pages after 14 minutes", n)
	}
	w.advance(2 * time.Minute)
	w.step()
	w.step()
	if pages := w.pages(); len(pages) != 2 || !strings.Contains(pages[0].Title, "is not contained") {
		t.Errorf("after 16 minutes: %+v", pages)
	}
	// A decoy is hit: worse, and somebody hears of it.
	w.signal(cordon.Signal{Kind: cordon.SignalDecoy, Tenant: w.north, Key: w.key})
	w.step()
	if i := w.only(); i.Severity != 1 || len(w.pages()) != 3 {
		t.Errorf("%+v, %d pages", i, len(w.pages()))
	}
	// A person lowers it with a reason; the same damage does not raise it again.
	i := w.only()
	four := cordon.Severity(4)
	if _, err := w.keeper.Change(t.Context(), operator, i.ID, 0, cordon.IncidentChange{Severity: &four}); cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("lowered without a reason: %v", err)
	}
	_, err := w.keeper.Change(t.Context(), operator, i.ID, 0, cordon.IncidentChange{Severity: &four, Reason: "our own auditor"})
	w.ok(err)
	w.step()
	if i := w.only(); i.Severity != 4 {
		t.Errorf("raised again to %s", i.Severity)
	}
	// It ends: whoever was paged is told.
	_, err = w.keeper.Decline(t.Context(), operator, i.ID, 0, "a test")
	w.ok(err)
	w.step()
	for _, p := range w.pages() {
		if p.State != cordon.PageResolved {
			t.Errorf("page %s is %s", p.Title, p.State)
		}
	}
}

func TestContainedAndBack(t *testing.T) {
	w := newWorld(t)
	w.signal(cordon.Signal{Kind: cordon.SignalUnknownID, Tenant: w.north, Key: w.key})
	w.ok(w.SetKeyState(t.Context(), operator, w.key, cordon.KeySuspended, "walking"))
	w.step()
	if i := w.only(); i.State != cordon.IncidentContained || i.ContainedAt.IsZero() {
		t.Fatalf("%+v", i)
	}
	w.ok(w.SetKeyState(t.Context(), operator, w.key, cordon.KeyActive, "resumed by mistake"))
	w.step()
	if i := w.only(); i.State != cordon.IncidentInvestigating || !i.ContainedAt.IsZero() {
		t.Errorf("%+v", i)
	}
	_, err := w.keeper.Move(t.Context(), operator, w.only().ID, 0, cordon.IncidentContained, "")
	if cordon.CodeOf(err) != cordon.Conflict {
		t.Errorf("contained by word alone: %v", err)
	}
	w.ok(w.SetKeyState(t.Context(), operator, w.key, cordon.KeyRevoked, "stolen"))
	w.step()
	if i := w.only(); i.State != cordon.IncidentContained {
		t.Errorf("%+v", i)
	}
}

// What was recorded before an incident ends is part of it, though nobody had looked
// at it yet: it opens no second one.
func TestWhatCameBeforeTheEndBelongsToIt(t *testing.T) {
	w := newWorld(t)
	w.signal(cordon.Signal{Kind: cordon.SignalUnknownID, Tenant: w.north, Key: w.key})
	w.step()
	i := w.only()
	w.signal(cordon.Signal{Kind: cordon.SignalDecoy, Tenant: w.north, Key: w.key})
	_, err := w.keeper.Decline(t.Context(), operator, i.ID, 0, "a test of ours")
	w.ok(err)
	w.step()
	w.only()
	w.signal(cordon.Signal{Kind: cordon.SignalDecoy, Tenant: w.north, Key: w.key})
	w.step()
	all, _, err := w.Incidents(t.Context(), cordon.IncidentFilter{}, cordon.Page{})
	if w.ok(err); len(all) != 2 {
		t.Errorf("what came afterwards: %d incidents", len(all))
	}
}

func TestAnExerciseEndsWithItsPractices(t *testing.T) {
	w := newWorld(t)
	drill := w.tenant("drill", true)
	w.signal(cordon.Signal{Kind: cordon.SignalDecoy, Tenant: drill})
	w.step()
	i := w.only()
	if !i.Exercise || len(w.pages()) != 1 || !w.pages()[0].Exercise || !strings.HasPrefix(w.pages()[0].Title, "EXERCISE ") {
		t.Fatalf("%+v, %+v", i, w.pages())
	}
	_, err := w.keeper.EndExercise(t.Context(), operator, i.ID, "")
	if cordon.CodeOf(err) != cordon.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	w.ok(w.EraseTenant(t.Context(), operator, drill))
	w.step()
	if i := w.only(); i.State != cordon.IncidentDeclined {
		t.Errorf("%+v", i)
	}
}

// Every verb asks first who it is, and a tenant's people find nothing of others.
func TestWhoMayDoWhat(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.signal(cordon.Signal{Kind: cordon.SignalDecoy, Tenant: w.north, Key: w.key})
	w.step()
	id := w.only().ID
	w.ok(w.NoteIncident(ctx, operator, id, "rang them"))
	one, k := cordon.Severity(1), w.keeper
	reads := map[string]func(cordon.Actor) error{
		"show":     func(a cordon.Actor) error { _, err := k.Show(ctx, a, id); return err },
		"find":     func(a cordon.Actor) error { _, err := k.Find(ctx, a, "INC-1"); return err },
		"timeline": func(a cordon.Actor) error { _, _, err := k.Timeline(ctx, a, id, cordon.Page{}); return err },
		"links":    func(a cordon.Actor) error { _, err := k.Links(ctx, a, id); return err },
		"scope":    func(a cordon.Actor) error { _, err := k.Scope(ctx, a, id); return err },
		"tasks":    func(a cordon.Actor) error { _, err := k.Tasks(ctx, a, id); return err },
		"owed":     func(a cordon.Actor) error { _, err := k.Owed(ctx, a, id); return err },
		"damage":   func(a cordon.Actor) error { _, err := k.Damage(ctx, a, id); return err },
		"figures":  func(a cordon.Actor) error { _, err := k.Figures(ctx, a, id); return err },
		"sight":    func(a cordon.Actor) error { _, err := k.Sight(ctx, a, id); return err },
		"affected": func(a cordon.Actor) error { _, _, err := k.Affected(ctx, a, id, "", cordon.Page{}); return err },
		"each": func(a cordon.Actor) error {
			return k.EachAffected(ctx, a, id, "", func(cordon.Affected) error { return nil })
		},
		"measures":   func(a cordon.Actor) error { _, err := k.Measures(ctx, a, id); return err },
		"postmortem": func(a cordon.Actor) error { _, err := k.Postmortem(ctx, a, id); return err },
		"tenants":    func(a cordon.Actor) error { _, err := k.Tenants(ctx, a, id); return err },
	}
	acts := map[string]func(cordon.Actor) error{
		"move": func(a cordon.Actor) error {
			_, err := k.Move(ctx, a, id, 0, cordon.IncidentInvestigating, "")
			return err
		},
		"decline": func(a cordon.Actor) error { _, err := k.Decline(ctx, a, id, 0, "x"); return err },
		"merge":   func(a cordon.Actor) error { _, err := k.Merge(ctx, a, id, 0, id, ""); return err },
		"change": func(a cordon.Actor) error {
			_, err := k.Change(ctx, a, id, 0, cordon.IncidentChange{Severity: &one})
			return err
		},
		"assign": func(a cordon.Actor) error { _, err := k.Assign(ctx, a, id, 0, cordon.RoleScribe, ""); return err },
		"link": func(a cordon.Actor) error {
			return k.Link(ctx, a, id, cordon.IncidentLink{Noun: "key", Subject: "key_x"})
		},
		"recovered":    func(a cordon.Actor) error { return k.Recovered(ctx, a, id, "key", "key_x", "x") },
		"add scope":    func(a cordon.Actor) error { return k.AddScope(ctx, a, id, cordon.Question{Tenant: w.south}) },
		"remove scope": func(a cordon.Actor) error { return k.RemoveScope(ctx, a, id, 1, "x") },
		"add task":     func(a cordon.Actor) error { return k.AddTask(ctx, a, id, cordon.IncidentTask{Title: "x"}) },
		"settle task":  func(a cordon.Actor) error { return k.SettleTask(ctx, a, id, 1, cordon.TaskDone, "") },
		"review":       func(a cordon.Actor) error { return k.Review(ctx, a, id, cordon.Postmortem{}) },
		"end exercise": func(a cordon.Actor) error { _, err := k.EndExercise(ctx, a, id, "x"); return err },
	}
	of := func(tenant cordon.TenantID, role cordon.Role) cordon.Actor {
		return cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Tenant: tenant, Permissions: role.Permissions()}
	}
	for name, do := range reads {
		check(t, name, "a foreign tenant's operator", do(of(w.south, cordon.RoleOperator)), cordon.Missing)
		check(t, name, "the zero actor", do(cordon.Actor{}), cordon.Denied)
		check(t, name, "who may only send", do(of(w.north, cordon.RoleSender)), cordon.Denied)
		check(t, name, "its own viewer", do(of(w.north, cordon.RoleViewer)), "")
		check(t, name, "the operator", do(operator), "")
	}
	for name, do := range acts {
		check(t, name, "a foreign tenant's operator", do(of(w.south, cordon.RoleOperator)), cordon.Missing)
		check(t, name, "the tenant's own responder", do(of(w.north, cordon.RoleResponder)), cordon.Denied)
		check(t, name, "a viewer of the installation", do(of("", cordon.RoleViewer)), cordon.Denied)
	}
	check(t, "report", "a tenant's operator", second(k.Report(ctx, of(w.north, cordon.RoleOperator), false)), cordon.Denied)
	check(t, "open for another", "a tenant's operator", second(k.Open(ctx, of(w.north, cordon.RoleOperator), cordon.NewIncident{Title: "x", Tenant: w.south})), cordon.Denied)
	check(t, "open with scope", "a tenant's operator", second(k.Open(ctx, of(w.north, cordon.RoleOperator), cordon.NewIncident{Title: "x", Scope: []cordon.Question{{Tenant: w.south}}})), cordon.Invalid)
	check(t, "containment", "a tenant's viewer", second(k.Containment(ctx, of(w.north, cordon.RoleViewer), id)), cordon.Denied)
	check(t, "affected of another", "a tenant's viewer", third(k.Affected(ctx, of(w.north, cordon.RoleViewer), id, w.south, cordon.Page{})), cordon.Missing)
	if w.only().State != cordon.IncidentTriage {
		t.Errorf("somebody moved it: %+v", w.only())
	}
	lines, _, err := k.Timeline(ctx, of(w.north, cordon.RoleViewer), id, cordon.Page{Limit: 100})
	w.ok(err)
	for _, l := range lines {
		if strings.Contains(l.Text, "rang them") {
			t.Errorf("a tenant's viewer reads the installation's notes: %+v", l)
		}
	}
}

// Of an incident that touches several, a tenant's people are told nothing about the
// others.
func TestATenantSeesNothingOfTheOthers(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	i, err := w.keeper.Open(ctx, operator, cordon.NewIncident{Title: "South's key, and North's letters", Severity: 2, Scope: []cordon.Question{{Tenant: w.north}, {Tenant: w.south}}})
	w.ok(err)
	_, err = w.keeper.Take(ctx, operator, i.ID, 0, cordon.RoleCommander)
	w.ok(err)
	w.ok(w.keeper.Note(ctx, operator, i.ID, "South's director is away"))
	viewer := cordon.Actor{Kind: cordon.ActorAccount, Account: "acc_1", Tenant: w.north, Permissions: cordon.RoleViewer.Permissions()}
	seen, err := w.keeper.Show(ctx, viewer, i.ID)
	w.ok(err)
	list, _, err := w.keeper.List(ctx, viewer, cordon.IncidentFilter{}, cordon.Page{})
	w.ok(err)
	for _, s := range append(list, seen) {
		if strings.Contains(s.Title, "South") || len(s.Roles) > 0 || s.OpenedBy != "" {
			t.Errorf("shown %+v", s)
		}
	}
	scope, err := w.keeper.Scope(ctx, viewer, i.ID)
	w.ok(err)
	lines, _, err := w.keeper.Timeline(ctx, viewer, i.ID, cordon.Page{Limit: 100})
	w.ok(err)
	text := fmt.Sprint(scope, lines)
	if strings.Contains(text, "South") || strings.Contains(text, string(w.south)) {
		t.Errorf("told %s", text)
	}
	if tenants, err := w.keeper.Tenants(ctx, viewer, i.ID); err != nil || len(tenants) != 1 || tenants[0] != w.north {
		t.Errorf("tenants %v, %v", tenants, err)
	}
	if _, err := w.keeper.Measures(ctx, viewer, i.ID); cordon.CodeOf(err) != cordon.Denied {
		t.Errorf("measures of everybody's copies: %v", err)
	}
}

func check(t *testing.T, verb, who string, err error, want cordon.Code) {
	t.Helper()
	if got := cordon.CodeOf(err); got != want {
		t.Errorf("%s by %s: %q, want %q (%v)", verb, who, got, want, err)
	}
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }
