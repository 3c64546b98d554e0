package intake_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/store"
)

var _ intake.Store = (*store.Store)(nil)

func TestASingleOrderIsTaken(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		r := w.accept(key, visit(w.clinic, "2026-12-24", w.clinic.patients[:3]...))
		d := r.Dispatch
		if d.State != cordon.DispatchOpen || d.Recipients != 3 || r.Verdict.Decision != cordon.Pass {
			w.Fatalf("dispatch %+v, verdict %v", d, r.Verdict.Decision)
		}
		stored, err := w.store.Dispatch(w.ctx, w.clinic.ID, d.ID)
		w.must(err)
		if stored.Counts.Queued != 3 || stored.Hash != w.clinic.dated.Hash || stored.Key != key.Key || stored.Account != key.Account {
			w.Fatalf("stored %+v", stored)
		}
		if wait := stored.NotBefore.Sub(w.clock.Now()); wait != cordon.DefaultLimits().UndoSingle {
			w.Fatalf("the undo window is %v", wait)
		}
		w.vouched(stored)
	})
}

// vouched wants the dispatch to carry the door's mark.
func (w *world) vouched(d cordon.Dispatch) {
	w.Helper()
	facts, err := w.store.ExitFacts(w.ctx, d.Tenant, []cordon.DispatchID{d.ID})
	w.must(err)
	stored := facts[d.ID].Dispatch
	mac := hmac.New(sha256.New, provenance)
	mac.Write(stored.Binding())
	if !hmac.Equal(stored.Provenance, mac.Sum(nil)) {
		w.Fatal("the dispatch does not carry the door's mark over what is stored")
	}
}

func TestABulkOrderIsTaken(t *testing.T) {
	each(t, func(w *world) {
		r := w.accept(w.key(w.clinic), bulk(w.clinic, w.clinic.named))
		if r.Dispatch.State != cordon.DispatchOpen || r.Dispatch.Recipients != len(w.clinic.patients) {
			w.Fatalf("dispatch %+v", r.Dispatch)
		}
		w.vouched(r.Dispatch)
		tenant, err := w.store.Tenant(w.ctx, w.clinic.ID)
		w.must(err)
		if tenant.FirstBulkAt.IsZero() {
			w.Fatal("the first approved bulk send did not end the tenant's newness")
		}
	})
}

func TestBulkValuesAreForMembersAlone(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	o := bulk(w.clinic, w.clinic.named)
	o.Template, o.Version = w.clinic.dated.Template, w.clinic.dated.Number
	w.refused(key, o, cordon.Invalid) // no rows at all
	o.Rows = dates("2026-12-24", w.clinic.patients[1:]...)
	w.refused(key, o, cordon.Invalid) // one member without a row
	o.Rows = dates("2026-12-24", append([]cordon.RecipientID{w.clinic.nameless}, w.clinic.patients...)...)
	mine := w.refused(key, o, cordon.Invalid)
	o.Rows = dates("2026-12-24", append([]cordon.RecipientID{w.other.patients[0]}, w.clinic.patients...)...)
	theirs := w.refused(key, o, cordon.Invalid)
	if mine.Error() != theirs.Error() {
		w.Fatalf("a row for a stranger is answered by %q, one for a patient outside the audience by %q", theirs, mine)
	}
	o.Rows = dates("2026-12-24", w.clinic.patients...)
	if r := w.accept(key, o); r.Dispatch.Recipients != len(w.clinic.patients) {
		w.Fatalf("%d recipients", r.Dispatch.Recipients)
	}
}

func TestARepeatedCallIsAnsweredByTheFirst(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		order := func(date string) cordon.Order {
			o := visit(w.clinic, date, w.clinic.patients[:2]...)
			o.IdempotencyKey = "5f0c"
			return o
		}
		first := w.accept(key, order("2026-12-24"))
		again := w.accept(key, order("2026-12-24"))
		if !again.Replayed || again.Dispatch.ID != first.Dispatch.ID || w.copies() != 2 {
			w.Fatalf("the second call made %+v; %d copies in all", again, w.copies())
		}
		w.refused(key, order("2026-12-25"), cordon.Conflict)
		// The same key of another credential is another key.
		if r := w.accept(w.key(w.clinic), order("2026-12-26")); r.Replayed {
			w.Fatal("one credential was answered with another's dispatch")
		}
	})
}

func TestTheSameCallManyTimesAtOnceIsAcceptedOnce(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		var wait sync.WaitGroup
		ids := make([]cordon.DispatchID, 8)
		for i := range ids {
			wait.Go(func() {
				o := single(w.clinic, w.clinic.patients[0])
				o.IdempotencyKey = "once"
				r, err := w.desk.Accept(w.ctx, key, o)
				if err != nil {
					w.Errorf("call %d: %v", i, err)
				}
				ids[i] = r.Dispatch.ID
			})
		}
		wait.Wait()
		for _, id := range ids {
			if id != ids[0] {
				w.Fatalf("dispatches %v", ids)
			}
		}
		if n := w.copies(); n != 1 {
			w.Fatalf("%d copies", n)
		}
	})
}

func TestOnlyApprovedTextIsTaken(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	o := single(w.clinic, w.clinic.patients[0])
	o.Template, o.Version = w.clinic.draft.Template, w.clinic.draft.Number
	w.refused(key, o, cordon.Conflict)
	w.must(w.store.RevokeVersion(w.ctx, w.clinic.approver, w.clinic.ID, w.clinic.plain.Template, w.clinic.plain.Number))
	w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Conflict)
	if n := len(w.signals(w.clinic, cordon.SignalUnapproved)); n != 2 {
		w.Fatalf("%d signals", n)
	}
}

func TestAnotherTenantsThingsAreMissing(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	foreign, unknown := single(w.clinic, w.clinic.patients[0]), single(w.clinic, w.clinic.patients[0])
	foreign.Template, unknown.Template = w.other.plain.Template, cordon.NewTemplateID()
	if a, b := w.refused(key, foreign, cordon.Missing), w.refused(key, unknown, cordon.Missing); a.Error() != b.Error() {
		w.Fatalf("a foreign template is answered by %q, an unknown one by %q", a, b)
	}
	foreign, unknown = bulk(w.clinic, w.other.named), bulk(w.clinic, cordon.Audience{ID: cordon.NewAudienceID()})
	if a, b := w.refused(key, foreign, cordon.Missing), w.refused(key, unknown, cordon.Missing); a.Error() != b.Error() {
		w.Fatalf("a foreign audience is answered by %q, an unknown one by %q", a, b)
	}
	foreign, unknown = single(w.other, w.other.patients[0]), single(w.other, w.other.patients[0])
	unknown.Tenant = cordon.NewTenantID()
	if a, b := w.refused(key, foreign, cordon.Denied), w.refused(key, unknown, cordon.Denied); a.Error() != b.Error() {
		w.Fatalf("a foreign tenant is answered by %q, an unknown one by %q", a, b)
	}
	if n := len(w.signals(w.clinic, cordon.SignalForeignTenant)); n != 2 {
		w.Fatalf("%d signals", n)
	}
	if n := len(w.signals(w.other, cordon.SignalForeignTenant)); n != 0 {
		w.Fatalf("the other tenant was given %d signals about a key that is not its own", n)
	}
}

func TestEveryFaultOfEveryRowIsNamed(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	e := w.refused(key, visit(w.clinic, "https://prize.example/now", w.clinic.patients[:3]...), cordon.Invalid)
	if len(e.Faults) != 3 || e.Faults[0].Line != 2 || e.Faults[2].Line != 4 {
		w.Fatalf("faults %+v", e.Faults)
	}
	w.limits(func(l *cordon.Limits) { l.KeySinglePerHour = 500 })
	many := w.recipients(w.clinic.ID, "many", 150, true)
	if e := w.refused(key, visit(w.clinic, "evil.example/x", many...), cordon.Invalid); len(e.Faults) != 100 || !strings.Contains(e.Message, "150") {
		w.Fatalf("%d faults, %q", len(e.Faults), e.Message)
	}
	twice := visit(w.clinic, "2026-12-24", w.clinic.patients[:2]...)
	twice.Rows = dates("2026-12-24", w.clinic.patients[0], w.clinic.patients[1], w.clinic.patients[0])
	w.refused(key, twice, cordon.Invalid)
	lacking := visit(w.clinic, "2026-12-24", w.clinic.patients[:2]...)
	lacking.Rows = dates("2026-12-24", w.clinic.patients[0])
	w.refused(key, lacking, cordon.Invalid)
	beside := visit(w.clinic, "2026-12-24", w.clinic.patients[:2]...)
	beside.Rows = dates("2026-12-24", w.clinic.patients[:3]...)
	w.refused(key, beside, cordon.Invalid)
	torn := visit(w.clinic, "2026-12-24", w.clinic.patients[:2]...)
	torn.Rows = func(yield func(cordon.Row, error) bool) {
		if yield(cordon.Row{Line: 2, Recipient: w.clinic.patients[0], Values: map[string]string{"date": "2026-12-24"}}, nil) {
			yield(cordon.Row{}, cordon.InvalidField("line 3", "is not CSV", "quote it"))
		}
	}
	w.refused(key, torn, cordon.Invalid)
}

func TestNobodyIsMailedWithoutAFieldTheTextNeeds(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		w.refused(key, single(w.clinic, w.clinic.patients[0], w.clinic.nameless), cordon.Invalid)
		if e := w.refused(key, bulk(w.clinic, w.clinic.everyone), cordon.Invalid); !strings.Contains(e.Field, string(w.clinic.nameless)) {
			w.Fatalf("the answer %q does not name who lacks the field", e)
		}
		w.refused(key, bulk(w.clinic, w.audience(w.clinic, "nobody", cordon.Filter{All: []string{"no-such-tag"}})), cordon.Invalid)
	})
}

func TestASuppressedRecipientIsRefusedByName(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	gone := w.clinic.patients[1]
	w.must(w.store.Suppress(w.ctx, operator, w.clinic.ID, gone, cordon.SuppressedUnsubscribe))
	e := w.refused(key, single(w.clinic, w.clinic.patients[0], gone), cordon.Invalid)
	if e.Field != "recipients[1]" || !strings.Contains(e.Message, "suppressed") {
		w.Fatalf("answer %q", e)
	}
	// Beside a stranger nothing is told of it.
	if e := w.refused(key, single(w.clinic, gone, w.other.patients[0]), cordon.Missing); strings.Contains(e.Error(), "suppressed") {
		w.Fatalf("answer %q", e)
	}
	if r := w.accept(key, bulk(w.clinic, w.clinic.named)); r.Dispatch.Recipients != len(w.clinic.patients)-1 {
		w.Fatalf("%d recipients", r.Dispatch.Recipients)
	}
}

func TestAStopTurnsNewOrdersAway(t *testing.T) {
	w := one(t)
	key, program := w.key(w.clinic), w.key(w.clinic)
	stop, err := w.store.PlaceStop(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Key: key.Key}, Reason: "stolen"}, nil)
	w.must(err)
	e := w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Stopped)
	if !strings.Contains(e.Error(), string(stop.ID)) {
		w.Fatalf("the answer %q does not name the stop", e)
	}
	w.accept(program, single(w.clinic, w.clinic.patients[0]))
	_, err = w.store.LiftStop(w.ctx, w.clinic.approver, stop.ID, cordon.Resume)
	w.must(err)
	w.accept(key, single(w.clinic, w.clinic.patients[0]))
}

func TestAKeySendsNoMoreThanItsHourAllows(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		w.limits(func(l *cordon.Limits) { l.KeySinglePerHour, l.KeyBusiestFactor = 10, 0 })
		var wait sync.WaitGroup
		taken := make([]bool, 16)
		for i := range taken { // all at once: the guard alone could not tell
			wait.Go(func() {
				_, err := w.desk.Accept(w.ctx, key, single(w.clinic, w.clinic.patients[i%12]))
				taken[i] = err == nil
				if code := cordon.CodeOf(err); err != nil && code != cordon.Limited {
					w.Errorf("call %d: %v", i, err)
				}
			})
		}
		wait.Wait()
		if n := w.copies(); n != 10 {
			w.Fatalf("%d copies were accepted", n)
		}
		e := w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Limited)
		if !strings.Contains(e.Remedy, "60 min") {
			w.Fatalf("the answer does not say when to come again: %q", e)
		}
		w.accept(w.key(w.clinic), single(w.clinic, w.clinic.patients[0])) // another program is not held up
		w.clock.Advance(61 * time.Minute)
		w.accept(key, single(w.clinic, w.clinic.patients[0]))
	})
}

func TestTheHourThatRunsIsNotItsOwnMeasure(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	w.limits(func(l *cordon.Limits) { l.KeySinglePerHour = 5; l.KeyBusiestFactor = 5 })
	for i := range 5 {
		w.accept(key, single(w.clinic, w.clinic.patients[i]))
		w.clock.Advance(time.Minute)
	}
	w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Limited)
}

func TestANewTenantStartsSmall(t *testing.T) {
	w := one(t)
	young := w.practice("young")
	l, err := w.store.Limits(w.ctx, young.ID)
	w.must(err)
	l.NewTenantPerDay = 3
	w.must(w.store.SetLimits(w.ctx, operator, young.ID, l))
	key := w.key(young)
	w.accept(key, single(young, young.patients[:3]...))
	w.refused(key, single(young, young.patients[3]), cordon.Limited)
	w.accept(key, bulk(young, young.named)) // approved by a second person
	w.accept(key, single(young, young.patients[3]))
}

func TestABulkTemplateReachesNobodyTwiceADay(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	w.accept(key, bulk(w.clinic, w.clinic.named))
	w.refused(key, bulk(w.clinic, w.clinic.named), cordon.Limited)
	w.clock.Advance(25 * time.Hour)
	w.accept(key, bulk(w.clinic, w.clinic.named))
}

func TestWhoMayNotSendIsDenied(t *testing.T) {
	w := one(t)
	for name, actor := range map[string]cordon.Actor{
		"nobody": {}, "a viewer": w.account(w.clinic.ID, cordon.RoleViewer), "an approver": w.clinic.approver,
		"the system": cordon.System(), "a key that never was": {Kind: cordon.ActorKey, Key: cordon.NewKeyID(), Tenant: w.clinic.ID, Permissions: []cordon.Permission{cordon.SendSingle}},
	} {
		if _, err := w.desk.Accept(w.ctx, actor, single(w.clinic, w.clinic.patients[0])); cordon.CodeOf(err) != cordon.Denied {
			w.Errorf("%s: %v", name, err)
		}
	}
	key := w.key(w.clinic)
	w.must(w.store.SetKeyState(w.ctx, operator, key.Key, cordon.KeySuspended, "by hand"))
	w.refused(key, single(w.clinic, w.clinic.patients[0]), cordon.Denied)
	if w.copies() != 0 {
		w.Fatal("something was accepted")
	}
}

func TestATenantsDayIsMeasuredByItsBusiest(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	w.limits(func(l *cordon.Limits) { l.HistoryDays, l.BusiestDayFactor = 3, 3 })
	for range 4 {
		w.accept(key, single(w.clinic, w.clinic.patients[:2]...))
		w.clock.Advance(25 * time.Hour)
	}
	e := w.refused(key, single(w.clinic, w.clinic.patients[:7]...), cordon.Limited)
	if !strings.Contains(e.Message, "0 of 6") {
		t.Fatalf("answer %q", e)
	}
	w.accept(key, single(w.clinic, w.clinic.patients[:6]...))
	if n := len(w.signals(w.clinic, cordon.SignalLimit)); n != 1 {
		t.Fatalf("%d signals", n)
	}
}

func TestADrillsOrderStaysAmongDrills(t *testing.T) {
	w := one(t)
	o := single(w.clinic, w.clinic.patients[0])
	o.Exercise = true
	w.refused(w.key(w.clinic), o, cordon.Denied)
}
