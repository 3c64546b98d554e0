package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/guard"
	"github.com/cordonmail/cordon/store/storetest"
)

// desk is a practice whose receptionist has her own account, with a clock that
// is moved by hand.
type desk struct {
	*bench
	clock  time.Time
	person cordon.Actor
	people []cordon.RecipientID
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{bench: newBench(t), clock: start.Add(30 * 24 * time.Hour)} // a Wednesday, at nine
	now := func() time.Time { return d.clock }
	d.bench.store = storetest.New(t, storetest.Clock(now))
	d.rebuild(t, now)
	return d
}

// rebuild puts the practice into a store that follows the clock.
func (d *desk) rebuild(t *testing.T, now func() time.Time) {
	t.Helper()
	ctx := t.Context()
	d.guard = guard.New(guard.Config{Store: d.store, Now: now})
	d.must(d.store.CreateTenant(ctx, operator, cordon.Tenant{ID: d.tenant, Handle: "clinic", Name: "Clinic", State: cordon.TenantActive, CreatedAt: start}))
	var rows []cordon.RecipientRow
	for i := range 300 {
		rows = append(rows, cordon.RecipientRow{ExternalRef: fmt.Sprint(i), Person: cordon.Person{Name: "Pat", Address: cordon.Address(fmt.Sprintf("p%d@example.org", i))}})
	}
	_, _, err := d.store.UpsertRecipients(ctx, operator, d.tenant, rows)
	d.must(err)
	for i := range rows {
		r, err := d.store.RecipientByRef(ctx, d.tenant, fmt.Sprint(i))
		d.must(err)
		d.people = append(d.people, r.ID)
	}
	account := cordon.Account{ID: cordon.NewAccountID(), Tenant: d.tenant, Name: "reception", Role: cordon.RoleOperator}
	d.must(d.store.CreateAccount(ctx, operator, account))
	d.person = cordon.Actor{Kind: cordon.ActorAccount, Account: account.ID, Tenant: d.tenant, Permissions: cordon.Permissions()}
	d.key = cordon.Actor{Kind: cordon.ActorKey, Account: account.ID, Key: cordon.NewKeyID(), Tenant: d.tenant, Permissions: cordon.Permissions()}
}

func (d *desk) judge(by cordon.Actor, to ...cordon.RecipientID) cordon.Verdict {
	d.Helper()
	v := d.guard.JudgeBehaviour(d.Context(), by, d.order(d.approved, to...), d.approved)
	if v.Decision == cordon.Hold && v.Code == cordon.Unavailable {
		d.Fatalf("the check failed: %+v", v.Reasons)
	}
	return v
}

// accept commits a verdict as the door does, and answers the store's error.
func (d *desk) accept(by cordon.Actor, v cordon.Verdict, to ...cordon.RecipientID) (cordon.Dispatch, error) {
	d.Helper()
	n := cordon.NewDispatch{
		Dispatch: cordon.Dispatch{
			ID: cordon.NewDispatchID(), Tenant: d.tenant, Kind: cordon.Single, Template: d.approved.Template, Version: 1, Hash: d.approved.Hash,
			Actor: by.ID(), Account: by.Account, Key: by.Key, State: cordon.DispatchOpen, AcceptedAt: d.clock, NotBefore: d.clock,
		},
		Members: to, Verdict: v, Mark: func(cordon.Dispatch) []byte { return []byte("m") },
	}
	if v.Decision != cordon.Pass {
		n.Dispatch.State, n.Dispatch.Reasons = cordon.DispatchHeld, v.Reasons
	}
	return d.store.CreateDispatch(d.Context(), by, n)
}

// send judges and accepts, and answers the verdict.
func (d *desk) send(by cordon.Actor, to ...cordon.RecipientID) cordon.Verdict {
	d.Helper()
	v := d.judge(by, to...)
	_, err := d.accept(by, v, to...)
	d.must(err)
	return v
}

// weeks lets the receptionist write to the same few people on working days.
func (d *desk) weeks(n int) {
	d.Helper()
	for range 7 * n {
		if w := d.clock.Weekday(); w != time.Saturday && w != time.Sunday {
			for i := range 4 {
				if v := d.send(d.person, d.people[i], d.people[i+1]); v.Decision != cordon.Pass {
					d.Fatalf("an honest letter is held: %+v", v.Reasons)
				}
			}
		}
		d.clock = d.clock.Add(24 * time.Hour)
	}
}

func TestAStolenAccountIsHeldWithTheReason(t *testing.T) {
	d := newDesk(t)
	d.weeks(3)
	d.clock = d.clock.Add(-d.clock.Sub(d.clock.Truncate(24*time.Hour)) + 3*time.Hour + 12*time.Minute)
	for d.clock.Weekday() != time.Sunday {
		d.clock = d.clock.Add(24 * time.Hour)
	}
	v := d.send(d.person, append(d.people[100:140], d.people[:5]...)...)
	if v.Decision != cordon.Hold || len(v.Reasons) != 1 || len(v.Signals) != 1 || v.Signals[0].Kind != cordon.SignalBehaviour {
		t.Fatalf("verdict %+v", v)
	}
	why := v.Reasons[0].Message
	for _, part := range []string{"never written to 40 of these 45 people", "it is Sunday 03:12 UTC, when it never sends"} {
		if !strings.Contains(why, part) {
			t.Errorf("the reason %q does not say %q", why, part)
		}
	}
	// While it waits, the next stranger waits too; those it knows are written to.
	if v := d.send(d.person, d.people[200]); v.Decision != cordon.Hold {
		t.Errorf("a stranger: %+v", v)
	}
	if v := d.send(d.person, d.people[1]); v.Decision != cordon.Pass {
		t.Errorf("somebody known: %+v", v.Reasons)
	}
}

func TestASlowDripIsHeldWithinTen(t *testing.T) {
	d := newDesk(t)
	d.weeks(2)
	out := 0
	for i := range 60 {
		if v := d.send(d.person, d.people[100+i]); v.Decision == cordon.Pass {
			out++
		}
		d.clock = d.clock.Add(time.Minute)
	}
	if out > 10 {
		t.Errorf("%d copies out", out)
	}
}

// A release answers what had piled up, and makes its people known.
func TestAReleaseAnswersWhatPiledUp(t *testing.T) {
	d := newDesk(t)
	d.weeks(2)
	group := d.people[100:130]
	v := d.judge(d.person, group...)
	dispatch, err := d.accept(d.person, v, group...)
	d.must(err)
	if v.Decision != cordon.Hold {
		t.Fatalf("thirty strangers pass: %+v", v)
	}
	d.clock = d.clock.Add(time.Minute)
	d.must(d.store.ReleaseDispatch(t.Context(), operator, d.tenant, dispatch.ID, cordon.HoldNote{}, func(cordon.Dispatch) []byte { return []byte("m") }))
	d.clock = d.clock.Add(time.Minute)
	if v := d.send(d.person, group...); v.Decision != cordon.Pass {
		t.Errorf("the same people after the release: %+v", v.Reasons)
	}
	if v := d.send(d.person, d.people[250]); v.Decision != cordon.Pass {
		t.Errorf("a stranger after the release: %+v", v.Reasons)
	}
}

// Two orders judged at the same moment do not both pass as the first ten.
func TestTwoAtOnceAreNotBothTheFirst(t *testing.T) {
	d := newDesk(t)
	d.weeks(2)
	one, two := d.people[100:108], d.people[110:118]
	v, w := d.judge(d.person, one...), d.judge(d.person, two...)
	if v.Decision != cordon.Pass || w.Decision != cordon.Pass {
		t.Fatalf("eight strangers are held: %+v, %+v", v.Reasons, w.Reasons)
	}
	_, err := d.accept(d.person, v, one...)
	d.must(err)
	_, err = d.accept(d.person, w, two...)
	if cordon.CodeOf(err) != cordon.Conflict || !strings.Contains(fmt.Sprint(err), "same moment") {
		t.Fatalf("the second: %v", err)
	}
	if w := d.send(d.person, two...); w.Decision != cordon.Hold {
		t.Fatalf("the second, judged again: %+v", w)
	}
}

// A practice's key sends its reminders on the first day.
func TestAKeyMeetsItsPatients(t *testing.T) {
	d := newDesk(t)
	for i := range 40 {
		if v := d.send(d.key, d.people[i]); v.Decision != cordon.Pass {
			t.Fatalf("reminder %d: %+v", i+1, v.Reasons)
		}
	}
}

// Fixed ceilings bind an account from its first minute.
func TestTheFirstDayIsBounded(t *testing.T) {
	d := newDesk(t)
	if v := d.judge(d.person, d.people[:51]...); v.Decision != cordon.Hold {
		t.Fatalf("51 people in the first minute: %+v", v)
	}
	out := 0
	for i := range 60 {
		if v := d.send(d.person, d.people[i]); v.Decision == cordon.Pass {
			out++
		}
	}
	if out > 10 {
		t.Errorf("%d one by one in the first minute", out)
	}
}

// What cannot be read back holds: nothing passes on a torn memory.
func TestATornMemoryHolds(t *testing.T) {
	d := newDesk(t)
	d.send(d.person, d.people[0])
	_, err := storetest.Raw(t, d.store).Exec(`UPDATE behaviour SET state = $1`, []byte{9, 9, 9})
	d.must(err)
	v := d.guard.JudgeBehaviour(t.Context(), d.person, d.order(d.approved, d.people[0]), d.approved)
	if v.Decision != cordon.Hold || v.Code != cordon.Unavailable {
		t.Fatalf("verdict %+v", v)
	}
}
