package contain_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/contain"
	"github.com/cordonmail/cordon/store"
)

var _ contain.Store = (*store.Store)(nil)

func TestAStopAnswersExactly(t *testing.T) {
	each(t, 40, func(w *world) {
		d := w.send(w.clinic)
		w.record(w.claim(node, 10), cordon.Delivered)
		w.record(w.claim(node, 2), cordon.Bounced)
		w.record(w.claim(node, 3), cordon.Uncertain)
		claims := w.claim(node, 8)
		for _, c := range claims[:5] { // 5 past the last look, 3 still before it
			if !w.board.Enter(c.Ref, c.Delivery) {
				w.Fatal("an unstopped copy was kept back")
			}
		}
		abroad := "node-b"
		w.must(w.store.Join(w.ctx, abroad))
		elsewhere := w.claim(abroad, 4)
		stop := w.place(operator, cordon.Scope{Dispatch: d.ID})
		want := cordon.StopAnswer{Delivered: 10, InFlight: 5 + int64(len(elsewhere)), Unknown: 3, Held: 40 - 10 - 2 - 3 - 5 - 4}
		if stop.Answer != want {
			w.Fatalf("answer %+v, want %+v", stop.Answer, want)
		}
		for _, c := range claims[5:] {
			if w.board.Enter(c.Ref, c.Delivery) {
				w.Fatal("a copy passed the last look after the stop")
			}
		}
		if left := w.claim(node, 100); len(left) != 0 {
			w.Fatalf("%d copies were claimed after the stop", len(left))
		}
		w.record(claims[5:], cordon.HeldState)
		w.record(claims[:5], cordon.Delivered)
		c := w.settled(d, func(c cordon.Counts) bool { return c.Queued == 0 })
		if c.Delivered != 15 || c.Uncertain != 3 || c.Held != 16 || c.Sending != 4 {
			w.Fatalf("counts %+v", c)
		}
	})
}

func TestBystandersFlowOn(t *testing.T) {
	each(t, 6, func(w *world) {
		stopped, flowing := w.send(w.clinic), w.send(w.other)
		w.place(operator, cordon.Scope{Tenant: w.clinic.ID})
		claims := w.claim(node, 100)
		if len(claims) != 6 {
			w.Fatalf("%d copies were claimed", len(claims))
		}
		for _, c := range claims {
			if c.Delivery.Dispatch != flowing.ID || !w.board.Enter(c.Ref, c.Delivery) {
				w.Fatalf("copy of %s, stopped is %s", c.Delivery.Dispatch, stopped.ID)
			}
		}
	})
}

func TestALiftResumesOrDiscards(t *testing.T) {
	each(t, 12, func(w *world) {
		d := w.send(w.clinic)
		stop := w.place(operator, cordon.Scope{Dispatch: d.ID})
		w.settled(d, func(c cordon.Counts) bool { return c.Held == 12 })
		lifted, err := w.warden.Lift(w.ctx, second, stop.ID, cordon.Resume)
		w.must(err)
		if lifted.LiftedBy != second.ID() || lifted.LiftedAt.IsZero() {
			w.Fatalf("lifted %+v", lifted)
		}
		w.settled(d, func(c cordon.Counts) bool { return c.Queued == 12 })
		claims := w.claim(node, 2)
		if len(claims) != 2 || !w.board.Enter(claims[0].Ref, claims[0].Delivery) {
			w.Fatal("nothing flows after the lift")
		}
		w.record(claims, cordon.Delivered)
		_, err = w.warden.Lift(w.ctx, second, stop.ID, cordon.Resume)
		code(w.T, err, cordon.Conflict)

		stop = w.place(operator, cordon.Scope{Dispatch: d.ID})
		_, err = w.warden.Lift(w.ctx, second, stop.ID, "perhaps")
		code(w.T, err, cordon.Invalid)
		_, err = w.warden.Lift(w.ctx, second, stop.ID, cordon.Discard)
		w.must(err)
		w.settled(d, func(c cordon.Counts) bool { return c.Cut == 10 && c.Delivered == 2 })
	})
}

func TestMoreThanAHundredNeedASecondPerson(t *testing.T) {
	for name, tc := range map[string]struct {
		people int
		lifter cordon.Actor
		want   cordon.Code
	}{
		"a hundred, alone":         {100, operator, ""},
		"more, alone":              {101, operator, cordon.Denied},
		"more, by another":         {101, second, ""},
		"more, by a mere sender":   {101, as("", cordon.RoleSender), cordon.Denied},
		"a hundred, by nobody":     {100, cordon.Actor{}, cordon.Denied},
		"a hundred, by the system": {100, cordon.System(), cordon.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			w := one(t, tc.people)
			d := w.send(w.clinic)
			stop := w.place(operator, cordon.Scope{Dispatch: d.ID})
			_, err := w.warden.Lift(w.ctx, tc.lifter, stop.ID, cordon.Resume)
			code(t, err, tc.want)
			if tc.want != "" && len(w.claim(node, 10)) != 0 {
				t.Fatal("a refused lift let copies go")
			}
		})
	}
}

func TestAKeyStandsForItsAccount(t *testing.T) {
	w := one(t, 101)
	d := w.send(w.clinic)
	account := cordon.Account{ID: cordon.NewAccountID(), Name: "duty", Role: cordon.RoleResponder}
	w.must(w.store.CreateAccount(w.ctx, operator, account))
	key := cordon.Key{ID: cordon.NewKeyID(), Account: account.ID, Name: "pager", Permissions: account.Role.Permissions(), State: cordon.KeyActive}
	w.must(w.store.CreateKey(w.ctx, operator, key, make([]byte, 32)))
	program := cordon.Actor{Kind: cordon.ActorKey, Account: account.ID, Key: key.ID, Permissions: key.Permissions}
	person := cordon.Actor{Kind: cordon.ActorAccount, Account: account.ID, Permissions: key.Permissions}
	stop := w.place(program, cordon.Scope{Dispatch: d.ID})
	_, err := w.warden.Lift(w.ctx, person, stop.ID, cordon.Resume)
	code(t, err, cordon.Denied)
	_, err = w.warden.Lift(w.ctx, operator, stop.ID, cordon.Resume)
	w.must(err)
}

func TestWhatCordonStoppedOnePersonMayLift(t *testing.T) {
	w := one(t, 101)
	d := w.send(w.clinic)
	w.must(w.store.RecordRefusal(w.ctx, operator, w.clinic.ID, cordon.Order{}, cordon.Verdict{
		Decision: cordon.Refuse, Stops: []cordon.Stop{{Scope: cordon.Scope{Template: d.Template}, Reason: "decoy", PlacedBy: "system"}},
	}))
	stops, _, err := w.warden.List(w.ctx, operator, true, cordon.Page{})
	w.must(err)
	_, err = w.warden.Lift(w.ctx, operator, stops[0].ID, cordon.Resume)
	w.must(err)
}

func TestATenantStopsInsideItsWalls(t *testing.T) {
	w := one(t, 3)
	mine, theirs := w.send(w.clinic), w.send(w.other)
	nurse := as(w.clinic.ID, cordon.RoleApprover)
	for name, tc := range map[string]struct {
		actor cordon.Actor
		scope cordon.Scope
		want  cordon.Code
	}{
		"another tenant":              {nurse, cordon.Scope{Tenant: w.other.ID}, cordon.Denied},
		"everything":                  {nurse, cordon.Scope{Everything: true}, cordon.Denied},
		"nothing":                     {nurse, cordon.Scope{}, cordon.Invalid},
		"a kind alone":                {nurse, cordon.Scope{Kind: cordon.Bulk}, cordon.Invalid},
		"no such ID":                  {operator, cordon.Scope{Dispatch: "recall"}, cordon.Invalid},
		"everything and a tenant":     {operator, cordon.Scope{Everything: true, Tenant: w.clinic.ID}, cordon.Invalid},
		"a viewer":                    {as(w.clinic.ID, cordon.RoleViewer), cordon.Scope{Tenant: w.clinic.ID}, cordon.Denied},
		"a viewer of everything":      {as("", cordon.RoleViewer), cordon.Scope{Everything: true}, cordon.Denied},
		"an actor without any rights": {cordon.Actor{}, cordon.Scope{Everything: true}, cordon.Denied},
	} {
		_, err := w.warden.Place(w.ctx, tc.actor, cordon.Stop{Scope: tc.scope, Reason: "because"})
		if cordon.CodeOf(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	_, err := w.warden.Place(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Everything: true}})
	code(t, err, cordon.Invalid) // no reason
	_, err = w.warden.Place(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Everything: true}, Reason: "x", Until: w.clock.Now()})
	code(t, err, cordon.Invalid)
	if got := len(w.claim(node, 100)); got != 6 {
		t.Fatalf("a refused stop kept copies back: %d were claimed", got)
	}
	// A stop on another tenant's dispatch is a stop inside one's own walls: on nothing.
	stop := w.place(nurse, cordon.Scope{Dispatch: theirs.ID})
	if stop.Scope.Tenant != w.clinic.ID || stop.Answer != (cordon.StopAnswer{}) {
		t.Fatalf("stop %+v", stop)
	}
	stop = w.place(nurse, cordon.Scope{Dispatch: mine.ID})
	if stop.PlacedBy != nurse.ID() || stop.Answer.Held != 3 {
		t.Fatalf("stop %+v", stop)
	}
	counts, err := w.warden.Preview(w.ctx, nurse, cordon.Scope{Dispatch: theirs.ID})
	w.must(err)
	if counts.Total() != 0 {
		t.Fatalf("a preview counted another tenant's copies: %+v", counts)
	}
}

func TestATenantSeesItsOwnStops(t *testing.T) {
	w := one(t, 1)
	nurse := as(w.clinic.ID, cordon.RoleApprover)
	mine := w.place(nurse, cordon.Scope{Tenant: w.clinic.ID})
	theirs := w.place(operator, cordon.Scope{Tenant: w.other.ID})
	list, _, err := w.warden.List(w.ctx, nurse, true, cordon.Page{Limit: 1})
	w.must(err)
	if len(list) != 1 || list[0].ID != mine.ID {
		t.Fatalf("list %+v", list)
	}
	_, foreign := w.warden.Stop(w.ctx, nurse, theirs.ID)
	_, unknown := w.warden.Stop(w.ctx, nurse, cordon.NewStopID())
	code(t, foreign, cordon.Missing)
	code(t, unknown, cordon.Missing)
	if outward(foreign) != outward(unknown) {
		t.Fatalf("a foreign stop is answered by %q, an unknown one by %q", outward(foreign), outward(unknown))
	}
	_, err = w.warden.Lift(w.ctx, nurse, theirs.ID, cordon.Resume)
	code(t, err, cordon.Missing)
	all, _, err := w.warden.List(w.ctx, operator, true, cordon.Page{})
	w.must(err)
	if len(all) != 2 {
		t.Fatalf("the operator sees %d stops", len(all))
	}
}

// A stop that Cordon placed names a key and no tenant, and a stop of everything
// names nobody: both keep back the tenant's mail, and its people must see them.
func TestATenantSeesWhateverKeepsBackItsMail(t *testing.T) {
	w := one(t, 1)
	nurse := as(w.clinic.ID, cordon.RoleApprover)
	concern := map[cordon.StopID]bool{}
	for _, n := range []tenant{w.clinic, w.other} {
		key := cordon.Key{ID: cordon.NewKeyID(), Tenant: n.ID, Account: cordon.NewAccountID(), Name: "k", State: cordon.KeyActive}
		w.must(w.store.CreateAccount(w.ctx, operator, cordon.Account{ID: key.Account, Tenant: n.ID, Name: "a", Role: cordon.RoleAuthor}))
		secret := sha256.Sum256([]byte(key.ID))
		w.must(w.store.CreateKey(w.ctx, operator, key, secret[:]))
		for _, scope := range []cordon.Scope{{Key: key.ID}, {Account: key.Account}, {Template: n.version.Template}, {Dispatch: w.send(n).ID}} {
			concern[w.place(operator, scope).ID] = n.ID == w.clinic.ID
		}
	}
	all := w.place(operator, cordon.Scope{Everything: true})
	concern[all.ID] = true
	list, _, err := w.warden.List(w.ctx, nurse, true, cordon.Page{Limit: 50})
	w.must(err)
	if len(list) != 5 {
		t.Fatalf("%d stops are shown, of 5 that concern the tenant", len(list))
	}
	for id, concerns := range concern {
		stop, err := w.warden.Stop(w.ctx, nurse, id)
		switch {
		case !concerns:
			code(t, err, cordon.Missing)
		case id == all.ID && (stop.Reason == all.Reason || stop.Answer != (cordon.StopAnswer{})):
			t.Fatalf("a stop of everything tells a tenant of the others: %+v", stop)
		default:
			w.must(err)
		}
	}
	_, err = w.warden.Lift(w.ctx, as(w.clinic.ID, cordon.RoleResponder), all.ID, cordon.Resume)
	code(t, err, cordon.Denied)
}

// outward is what an edge shows of an error.
func outward(err error) string {
	var e *cordon.Error
	if errors.As(err, &e) {
		return string(e.Code) + " " + e.Error()
	}
	return "internal"
}

func TestAStopRunsOutWhenAskedTo(t *testing.T) {
	w := one(t, 2)
	d := w.send(w.clinic)
	_, err := w.warden.Place(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Dispatch: d.ID}, Reason: "lunch", Until: w.clock.Now().Add(time.Hour)})
	w.must(err)
	if n := len(w.claim(node, 10)); n != 0 {
		t.Fatalf("%d copies were claimed", n)
	}
	w.clock.Advance(2 * time.Hour)
	w.settled(d, func(c cordon.Counts) bool { return c.Queued == 2 })
	w.must(w.board.Refresh(w.ctx))
	claims := w.claim(node, 10)
	if len(claims) != 2 || !w.board.Enter(claims[0].Ref, claims[0].Delivery) {
		t.Fatal("the stop outlived its hour")
	}
}
