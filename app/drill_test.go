package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/app"
	"github.com/cordonmail/cordon/catalog"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/message"
)

// outside is the real relay: it takes everything, and tells whose it was.
type outside struct {
	mu   sync.Mutex
	took []message.Envelope
}

func (o *outside) Connections() int { return 1 }

func (o *outside) Send(_ context.Context, env message.Envelope, look func() bool) cordon.Outcome {
	for range 2 { // before MAIL FROM and before the body
		if !look() {
			return cordon.Outcome{State: cordon.HeldState}
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.took = append(o.took, env)
	return cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}
}

func (o *outside) taken() []message.Envelope {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]message.Envelope(nil), o.took...)
}

// drillHouse is a running house with a real relay, where drills are quick.
func drillHouse(t *testing.T, c app.Config) (*running, *outside) {
	t.Helper()
	relay := &outside{}
	return runWith(t, c, app.Options{Relay: relay, DrillPatients: 220, DrillUndo: time.Second, Log: app.NewLog(io.Discard, c.Log)}), relay
}

// send orders a letter to one person of a new tenant, and waits until it has
// gone. It answers the tenant and the copies the outcome is of.
func (r *running) send(t *testing.T, handle string, exercise bool) cordon.TenantID {
	t.Helper()
	ctx, operator := t.Context(), r.Registry.Operator()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	create := r.Catalog.CreateTenant
	if exercise {
		create = r.Catalog.CreateExerciseTenant
	}
	tenant, err := create(ctx, operator, handle, handle)
	must(err)
	_, err = r.Catalog.CreateDomain(ctx, operator, tenant.ID, handle+".example")
	must(err)
	limits, err := r.Catalog.Limits(ctx, operator, tenant.ID)
	must(err)
	limits.UndoSingle = 0
	must(r.Catalog.SetLimits(ctx, operator, tenant.ID, limits))
	_, err = r.Catalog.Import(ctx, operator, tenant.ID, strings.NewReader("ref,name,email\nP-1,Ada,ada@people.example\n"), catalog.ImportOptions{})
	must(err)
	author := r.account(t, tenant.ID, cordon.RoleAuthor)
	template, err := r.Catalog.CreateTemplate(ctx, author, tenant.ID, "recall")
	must(err)
	version, err := r.Catalog.WriteVersion(ctx, author, tenant.ID, "recall", cordon.Content{
		FromName: handle, FromAddress: cordon.Address("desk@" + handle + ".example"), Subject: "Your visit", Text: "Please ring us.\n"})
	must(err)
	_, err = r.Catalog.Approve(ctx, r.account(t, tenant.ID, cordon.RoleApprover), tenant.ID, "recall", 1, version.Hash)
	must(err)
	person, err := r.Store.RecipientByRef(ctx, tenant.ID, "P-1")
	must(err)
	receipt, err := r.Desk.Accept(ctx, author, cordon.Order{Tenant: tenant.ID, Kind: cordon.Single, Template: template.ID, Version: 1, Recipients: []cordon.RecipientID{person.ID}})
	must(err)
	wait(t, "the letter to go", func() bool {
		d, err := r.Store.Dispatch(ctx, tenant.ID, receipt.Dispatch.ID)
		must(err)
		return d.Counts.Delivered == 1
	})
	return tenant.ID
}

func (r *running) account(t *testing.T, tenant cordon.TenantID, role cordon.Role) cordon.Actor {
	t.Helper()
	operator := r.Registry.Operator()
	a, err := r.Registry.CreateAccount(t.Context(), operator, cordon.Account{Tenant: tenant, Name: string(role), Role: role})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := r.Registry.As(t.Context(), operator, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

// wait looks until it is so; a test that waits in vain fails.
func wait(t *testing.T, what string, so func() bool) {
	t.Helper()
	end := time.NewTimer(time.Minute)
	defer end.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-end.C:
			t.Fatalf("waited in vain for %s", what)
		case <-look.C:
		}
	}
}

func TestExerciseMailStaysInTheHouse(t *testing.T) {
	h, relay := drillHouse(t, config(t))
	defer h.end(t)
	real := h.send(t, "harbour", false)
	h.send(t, "practice-run", true)
	for _, env := range relay.taken() {
		if env.Tenant != real {
			t.Error("the real relay took an exercise's mail")
		}
	}
	if len(relay.taken()) != 1 {
		t.Errorf("the real relay took %d letters, want the real tenant's one", len(relay.taken()))
	}
	if h.Sink.Taken() != 1 || h.Sink.TakenFrom("practice-run.example") != 1 {
		t.Errorf("the sink took %d letters, %d of the exercise's: want its one and no other", h.Sink.Taken(), h.Sink.TakenFrom("practice-run.example"))
	}
}

func TestADrillLeavesTheHouseAsItWas(t *testing.T) {
	h, relay := drillHouse(t, config(t))
	defer h.end(t)
	real := h.send(t, "harbour", false)
	ctx, operator := t.Context(), h.Registry.Operator()
	var begun drill.Run
	wait(t, "the house to take drills", func() (ok bool) {
		var err error
		if begun, err = h.Drills.Start(ctx, operator, "id-walk", drill.Options{EdgeFault: true}); err != nil && cordon.CodeOf(err) != cordon.Unavailable {
			t.Fatal(err)
		}
		return err == nil
	})
	if _, err := h.Drills.Start(ctx, operator, "id-walk", drill.Options{}); cordon.CodeOf(err) != cordon.Conflict || !strings.Contains(err.Error(), string(begun.ID)) {
		t.Errorf("a second run at the same time: %v", err)
	}
	run := h.drilled(t, begun.ID)
	if run.State != drill.Passed || run.Report == nil || !run.Report.OK || run.Fault != "" {
		raw, _ := json.Marshal(run)
		t.Fatalf("the run: %s", raw)
	}
	if n := len(relay.taken()); n != 1 || relay.taken()[0].Tenant != real {
		t.Errorf("the real relay took %d letters", n)
	}
	if h.Sink.Taken() == 0 {
		t.Error("the practice's own mail did not reach the sink")
	}
	stops, err := h.Store.ActiveStops(ctx)
	if err != nil || len(stops) != 0 {
		t.Errorf("stops still stand: %+v, %v", stops, err)
	}
	tenants, _, err := h.Catalog.Tenants(ctx, operator, cordon.Page{})
	if err != nil || len(tenants) != 3 {
		t.Fatalf("%d tenants, %v", len(tenants), err)
	}
	for _, n := range tenants {
		if n.Exercise != (n.State == cordon.TenantErased) {
			t.Errorf("%s: exercise %v, %s", n.Handle, n.Exercise, n.State)
		}
	}
	h.checkQuiet(t, run)
	h.checkEntries(t, run)
}

// checkQuiet: taking the practices away leaves no copy that may still leave, and
// is no incident.
func (r *running) checkQuiet(t *testing.T, run drill.Run) {
	t.Helper()
	totals, err := r.Store.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for id, c := range totals {
		if c.Open()+c.Held > 0 {
			t.Errorf("%s still has %+v", id, c)
		}
	}
	signals, _, err := r.Auditor.Signals(t.Context(), r.Registry.Operator(), "", cordon.Page{})
	if err != nil || len(signals) == 0 {
		t.Fatalf("%d signals, %v", len(signals), err)
	}
	if last := run.Progress[len(run.Progress)-1]; signals[0].At.After(last.At) {
		t.Errorf("taking the practices away gave a signal: %s %s", signals[0].Kind, signals[0].Message)
	}
}

// rehearsal is a drill's way into the house, as the house itself takes it.
func (r *running) rehearsal(t *testing.T) *drill.Rehearsal {
	t.Helper()
	socket := filepath.Join(r.Config.Data, app.SocketName)
	operator := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(operator.CloseIdleConnections)
	return drill.New(drill.Config{Operator: &http.Client{Transport: operator}, Intruder: r.client, URL: r.url,
		Store: r.Store, Arrived: r.Sink.TakenWith, Undo: time.Second})
}

func (r *running) drilled(t *testing.T, id drill.RunID) (run drill.Run) {
	t.Helper()
	wait(t, "the run to end", func() bool {
		var err error
		if run, err = r.Drills.Find(t.Context(), r.Registry.Operator(), id); err != nil {
			t.Fatal(err)
		}
		return run.State != drill.Running
	})
	return run
}

// checkEntries holds the ledger's account of a run against the run.
func (r *running) checkEntries(t *testing.T, run drill.Run) {
	t.Helper()
	var bodies []string
	wait(t, "the run's last entry", func() bool {
		entries, _, err := r.Auditor.EntriesOf(t.Context(), r.Registry.Operator(), "", string(run.ID), cordon.Page{})
		if err != nil {
			t.Fatal(err)
		}
		bodies = nil
		for _, e := range entries {
			if e.Kind != cordon.EntryDrill || e.Actor != "operator" {
				t.Errorf("entry %s by %s", e.Kind, e.Actor)
			}
			bodies = append(bodies, string(e.Body))
		}
		return len(bodies) == 2
	})
	all := strings.Join(bodies, "\n")
	for _, want := range []string{`"state":"running"`, `"state":"passed"`, `"bad_copies_out":`} {
		if !strings.Contains(all, want) {
			t.Errorf("the ledger does not say %s:\n%s", want, all)
		}
	}
}

// A process that is killed during a run leaves its practices; the next start on
// the folder takes them away.
func TestWhatAKilledDrillLeftIsTakenAway(t *testing.T) {
	c := config(t)
	h, _ := drillHouse(t, c)
	ctx, operator := t.Context(), h.Registry.Operator()
	var begun drill.Run
	wait(t, "the house to take drills", func() bool {
		var err error
		begun, err = h.Drills.Start(ctx, operator, "id-walk", drill.Options{})
		return err == nil
	})
	wait(t, "the intruder to be at it", func() bool {
		run, err := h.Drills.Find(ctx, operator, begun.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(run.Progress) > 3
	})
	h.end(t)
	if run, err := h.Drills.Find(ctx, operator, begun.ID); err != nil || run.State != drill.Broken || run.Fault == "" {
		t.Errorf("a run cut short is %s, %q, %v", run.State, run.Fault, err)
	}
	h, _ = drillHouse(t, c)
	defer h.end(t)
	wait(t, "the practices to be erased", func() bool {
		tenants, _, err := h.Catalog.Tenants(ctx, operator, cordon.Page{})
		if err != nil || len(tenants) != 2 {
			t.Fatalf("%d tenants, %v", len(tenants), err)
		}
		return tenants[0].State == cordon.TenantErased && tenants[1].State == cordon.TenantErased
	})
	wait(t, "their stops to be lifted", func() bool {
		stops, err := h.Store.ActiveStops(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(stops) == 0
	})
}

func TestDrillsAreTheOperators(t *testing.T) {
	h, _ := drillHouse(t, config(t))
	defer h.end(t)
	tenant, err := h.Catalog.CreateTenant(t.Context(), h.Registry.Operator(), "harbour", "Harbour")
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []cordon.Actor{{}, cordon.System(), h.account(t, "", cordon.RoleResponder), h.account(t, tenant.ID, cordon.RoleOperator)} {
		_, list := h.Drills.Drills(t.Context(), by)
		_, runs := h.Drills.Runs(t.Context(), by)
		_, one := h.Drills.Find(t.Context(), by, "run_x")
		_, start := h.Drills.Start(t.Context(), by, "id-walk", drill.Options{EdgeFault: true})
		for _, err := range []error{list, runs, one, start} {
			if cordon.CodeOf(err) != cordon.Denied {
				t.Errorf("%s: %v", by.ID(), err)
			}
		}
	}
	for name, code := range map[string]cordon.Code{"id-wlak": cordon.Missing, "": cordon.Missing} {
		if _, err := h.Drills.Start(t.Context(), h.Registry.Operator(), name, drill.Options{}); cordon.CodeOf(err) != code {
			t.Errorf("drill %q: %v", name, err)
		}
	}
}

// A drill slips nothing into the queue of a tenant that was not made for it,
// whatever else was changed about the practice.
func TestARealTenantIsNoGroundForADrill(t *testing.T) {
	h, relay := drillHouse(t, config(t))
	defer h.end(t)
	tenant := h.send(t, "harbour", false)
	before := len(relay.taken())
	r := h.rehearsal(t)
	ok, err := r.Open(t.Context(), "exercise-a", "EXERCISE a", 200)
	if err != nil {
		t.Fatal(err)
	}
	real := *ok
	real.ID = tenant
	if _, err := r.Run(t.Context(), "id-walk", []*drill.Practice{ok, &real}, drill.Options{EdgeFault: true}); !errors.As(err, new(*cordon.Error)) || !strings.Contains(err.Error(), "not made for exercises") {
		t.Errorf("a drill with a real tenant: %v", err)
	}
	if err := r.Tidy(t.Context(), "harbour"); !strings.Contains(err.Error(), "not made for exercises") {
		t.Errorf("taking a real tenant away: %v", err)
	}
	if n, err := h.Catalog.Tenant(t.Context(), h.Registry.Operator(), "harbour"); err != nil || n.State != cordon.TenantActive {
		t.Errorf("the real tenant is %s, %v", n.State, err)
	}
	if len(relay.taken()) != before {
		t.Error("something of the drill left")
	}
}
