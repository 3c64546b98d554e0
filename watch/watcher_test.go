package watch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
	"github.com/cordonmail/cordon/watch"
)

// world is a tenant with people, on a real store, and a clock moved by hand.
type world struct {
	t      *testing.T
	s      *store.Store
	mu     sync.Mutex
	at     time.Time
	tenant cordon.TenantID
	letter cordon.TemplateID
	key    cordon.KeyID
	people []cordon.RecipientID
}

var operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}

func newWorld(t *testing.T, people int) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC), tenant: cordon.NewTenantID(), letter: cordon.NewTemplateID(), key: cordon.NewKeyID()}
	w.s = storetest.New(t, storetest.Clock(w.now))
	w.ok(w.s.CreateTenant(t.Context(), operator, cordon.Tenant{ID: w.tenant, Handle: "north", Name: "North"}))
	var rows []cordon.RecipientRow
	for i := range people {
		rows = append(rows, cordon.RecipientRow{ExternalRef: fmt.Sprint(i), Person: cordon.Person{Name: "Ann", Address: cordon.Address(fmt.Sprintf("p%d@example.org", i))}})
	}
	_, _, err := w.s.UpsertRecipients(t.Context(), operator, w.tenant, rows)
	w.ok(err)
	for page := (cordon.Page{Limit: 500}); ; {
		list, next, err := w.s.Recipients(t.Context(), w.tenant, cordon.Filter{Everyone: true}, page)
		w.ok(err)
		for _, r := range list {
			w.people = append(w.people, r.ID)
		}
		if page.After = next; next == "" {
			return w
		}
	}
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

// send accepts a dispatch; a bulk one in the stages of the defaults.
func (w *world) send(kind cordon.Kind, to []cordon.RecipientID) cordon.Dispatch {
	w.t.Helper()
	n := cordon.NewDispatch{
		Dispatch: cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: w.tenant, Kind: kind, Template: w.letter, Version: 1, Hash: "h", Actor: string(w.key), Key: w.key,
			State: cordon.DispatchOpen, AcceptedAt: w.now()},
		Verdict: cordon.Verdict{Decision: cordon.Pass}, Mark: func(cordon.Dispatch) []byte { return []byte("mark") },
		Release: cordon.DefaultLimits().Plan(), Members: to,
	}
	if kind == cordon.Bulk {
		n.Filter, n.Members = cordon.Filter{Everyone: true}, nil
	}
	d, err := w.s.CreateDispatch(w.t.Context(), operator, n)
	w.ok(err)
	return d
}

// leave sends what is due; the n-th copy's outcome is the answer's.
func (w *world) leave(answer func(i int) cordon.Outcome) int {
	w.t.Helper()
	lanes, err := w.s.LanesDue(w.t.Context(), 100)
	w.ok(err)
	sent := 0
	for _, l := range lanes {
		claims, err := w.s.ClaimDue(w.t.Context(), "node", l, 5000)
		w.ok(err)
		g := cordon.AttemptGroup{}
		for _, c := range claims {
			g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: answer(sent), At: w.now(), NextDue: w.now().Add(time.Hour)})
			sent++
		}
		w.ok(w.s.RecordAttempts(w.t.Context(), "node", g))
	}
	return sent
}

func good(int) cordon.Outcome {
	return cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}
}

func (w *world) watcher(s watch.Store) *watch.Watcher {
	return watch.New(watch.Config{Store: s, Now: w.now})
}

func (w *world) step(watchers ...*watch.Watcher) {
	w.t.Helper()
	var wg sync.WaitGroup
	for _, x := range watchers {
		wg.Go(func() {
			if err := x.Step(w.t.Context()); err != nil {
				w.t.Error(err)
			}
		})
	}
	wg.Wait()
}

func (w *world) signals() string {
	w.t.Helper()
	list, _, err := w.s.Signals(w.t.Context(), "", cordon.Page{Limit: 500})
	w.ok(err)
	var all []string
	for _, s := range list {
		all = append(all, string(s.Kind)+" "+string(s.Grade))
	}
	return strings.Join(all, ", ")
}

func (w *world) stops() []cordon.Stop {
	w.t.Helper()
	stops, err := w.s.ActiveStops(w.t.Context())
	w.ok(err)
	return stops
}

// TestManyNodesRaiseOnce: several nodes that judge the same evidence at once
// raise it once, stop once and advance a stage once.
func TestManyNodesRaiseOnce(t *testing.T) {
	w := newWorld(t, 120)
	nodes := []*watch.Watcher{w.watcher(w.s), w.watcher(w.s), w.watcher(w.s), w.watcher(w.s)}
	d := w.send(cordon.Bulk, nil)
	w.leave(good)
	w.advance(3 * time.Minute)
	w.step(nodes...)
	if sent := w.leave(func(i int) cordon.Outcome {
		if i < 9 {
			return cordon.Outcome{State: cordon.Bounced, Reply: "550 5.1.1"}
		}
		return good(i)
	}); sent != 90 {
		t.Fatalf("%d copies of the second stage left", sent)
	}
	w.step(nodes...)
	w.step(nodes...)
	stages, err := w.s.Stages(t.Context(), w.tenant, d.ID)
	w.ok(err)
	if stages[1].State != cordon.StageHeld || w.signals() != "bounces incident" && w.signals() != "bounces warning" {
		t.Errorf("stage %+v, signals %q", stages[1], w.signals())
	}
	if sent := w.leave(good); sent != 0 {
		t.Errorf("%d copies left behind the hold", sent)
	}
	w.send(cordon.Single, w.people[:100])
	w.leave(func(int) cordon.Outcome { return cordon.Outcome{State: cordon.Bounced, Reply: "550 5.7.1"} })
	w.step(nodes...)
	w.step(nodes...)
	if n := strings.Count(w.signals(), "policy incident"); n != 2 || len(w.stops()) != 2 { // the letter's single mail, and the key's
		t.Errorf("%d signals, %d stops: %q", n, len(w.stops()), w.signals())
	}
	for _, s := range w.stops() {
		if s.Until.IsZero() || s.Scope.Tenant != w.tenant {
			t.Errorf("a stop for a while: %+v", s)
		}
	}
}

// blind is a store that cannot say what came back.
type blind struct{ *store.Store }

var errBlind = errors.New("not readable")

func (blind) Evidence(context.Context, cordon.EvidenceOf) (cordon.Evidence, error) {
	return cordon.Evidence{}, errBlind
}

// TestUnknownIsNoAdvance: a stage whose evidence cannot be read stays.
func TestUnknownIsNoAdvance(t *testing.T) {
	w := newWorld(t, 120)
	d := w.send(cordon.Bulk, nil)
	w.leave(good)
	w.advance(3 * time.Hour)
	if err := w.watcher(blind{w.s}).Step(t.Context()); !errors.Is(err, errBlind) {
		t.Errorf("the step says %v", err)
	}
	stages, err := w.s.Stages(t.Context(), w.tenant, d.ID)
	w.ok(err)
	if stages[0].State != cordon.StageOpen || stages[1].State != cordon.StageWaiting {
		t.Errorf("it went on: %+v", stages)
	}
}

// TestReportsNeverStop: any number of complaints that nobody vouches for, about
// every copy there is, holds and stops nothing.
func TestReportsNeverStop(t *testing.T) {
	w := newWorld(t, 120)
	x := w.watcher(w.s)
	bulk, single := w.send(cordon.Bulk, nil), w.send(cordon.Single, w.people[:40])
	for round := range 4 {
		w.leave(good)
		for i, r := range w.people {
			for _, d := range []cordon.Dispatch{bulk, single} {
				kind := []cordon.ComplaintKind{cordon.ComplaintUnwanted, cordon.ComplaintNotMe}[(i+round)%2]
				_, err := x.Record(t.Context(), operator, cordon.Complaint{Tenant: w.tenant, Dispatch: d.ID, Recipient: r, Kind: kind})
				if err != nil && cordon.CodeOf(err) != cordon.Missing {
					t.Fatal(err)
				}
			}
		}
		w.step(x)
		w.advance(20 * time.Minute)
		w.step(x)
	}
	stages, err := w.s.Stages(t.Context(), w.tenant, bulk.ID)
	w.ok(err)
	for _, st := range stages {
		if st.State != cordon.StageDone {
			t.Errorf("stage %d is %s: %s", st.Number, st.State, st.Reason)
		}
	}
	if len(w.stops()) > 0 || strings.Trim(strings.ReplaceAll(w.signals(), "reports warning", ""), ", ") != "" || w.signals() == "" {
		t.Errorf("stops %+v, signals %q", w.stops(), w.signals())
	}
}

// TestWhoMayRecord: only who holds the permission, and within his own walls.
func TestWhoMayRecord(t *testing.T) {
	w := newWorld(t, 2)
	x := w.watcher(w.s)
	d := w.send(cordon.Single, w.people)
	w.leave(good)
	c := cordon.Complaint{Tenant: w.tenant, Dispatch: d.ID, Recipient: w.people[0], Kind: cordon.ComplaintUnwanted, Authenticated: true}
	for name, by := range map[string]cordon.Actor{
		"nobody": {}, "the system": cordon.System(), "a sender": {Kind: cordon.ActorKey, Tenant: w.tenant, Permissions: cordon.RoleSender.Permissions()},
		"another tenant's": {Kind: cordon.ActorKey, Tenant: cordon.NewTenantID(), Permissions: []cordon.Permission{cordon.RecordComplaints}},
	} {
		if _, err := x.Record(t.Context(), by, c); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := x.Complaints(t.Context(), by, w.tenant, "", cordon.Page{}); name != "a sender" && cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s reads complaints: %v", name, err)
		}
		if _, err := x.Evidence(t.Context(), by, cordon.EvidenceOf{Tenant: w.tenant}); name != "a sender" && cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s reads evidence: %v", name, err)
		}
	}
	kept, err := x.Record(t.Context(), cordon.Actor{Kind: cordon.ActorKey, Tenant: w.tenant, Permissions: []cordon.Permission{cordon.RecordComplaints}}, c)
	if err != nil || !kept.Authenticated || !kept.ID.Valid() || kept.At.IsZero() {
		t.Errorf("kept %+v: %v", kept, err)
	}
}

// TestVolumeOfTheHouse: twice the busiest hour of four weeks holds bulk mail and
// lets single mail go on; a young house has no such rule.
func TestVolumeOfTheHouse(t *testing.T) {
	w := newWorld(t, 120)
	hours := func(at time.Time) int64 { return at.Unix() / 3600 }
	x := w.watcher(w.s)
	w.send(cordon.Bulk, nil)
	w.step(x)
	if len(w.stops()) > 0 {
		t.Fatalf("a young house is stopped: %+v", w.stops())
	}
	for day := 2; day < 10; day++ {
		storetest.Tamper(t, w.s, fmt.Sprintf(`INSERT INTO usage_hour (tenant, hour, key_id, kind, copies) VALUES (1, %d, '', 'bulk', 100)`, hours(w.now().Add(-time.Duration(day)*24*time.Hour))))
	}
	x = w.watcher(w.s)
	w.step(x)
	if len(w.stops()) > 0 { // 120 is not twice 100
		t.Fatalf("stopped below: %+v", w.stops())
	}
	w.send(cordon.Single, w.people[:90])
	w.step(x, w.watcher(w.s))
	stops := w.stops()
	if len(stops) != 1 || stops[0].Scope != (cordon.Scope{Everything: true, Kind: cordon.Bulk}) || stops[0].Until.IsZero() || w.signals() != "volume incident" {
		t.Fatalf("stops %+v, signals %q", stops, w.signals())
	}
	if sent := w.leave(good); sent != 90 {
		t.Errorf("%d copies left, want the 90 single ones", sent)
	}
	_, err := w.s.LiftStop(t.Context(), operator, stops[0].ID, cordon.Resume)
	w.ok(err)
	w.step(x, w.watcher(w.s))
	if len(w.stops()) > 0 {
		t.Error("whoever lifted it was overruled within the hour")
	}
}
