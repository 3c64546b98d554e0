package intake_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
)

// heldBulk orders bulk mail that a check cannot decide on, and switches the
// check back on.
func (w *world) heldBulk(by cordon.Actor, p practice) cordon.Dispatch {
	w.Helper()
	l, err := w.store.Limits(w.ctx, p.ID)
	w.must(err)
	l.ReachFactor, l.BusiestDayFactor = 1000, 1000
	w.must(w.store.SetLimits(w.ctx, operator, p.ID, l))
	d := w.deafen(false)
	held := w.accept(by, bulk(p, p.named)).Dispatch
	d.on = false
	if held.State != cordon.DispatchHeld {
		w.Fatalf("it is %s", held.State)
	}
	return held
}

// heldFree is one copy of a text that waits for a second person.
func (w *world) heldFree(p practice, key cordon.Actor, text string) cordon.Dispatch {
	w.Helper()
	o := single(p, p.patients[0])
	o.Template, o.Version = "", 0
	o.Free = &cordon.Content{FromAddress: cordon.Address("desk@" + p.Handle + ".example"), Subject: "About your visit", Text: text}
	return w.accept(key, o).Dispatch
}

func (w *world) entries(kind cordon.EntryKind) []cordon.Entry {
	w.Helper()
	all, err := w.store.Entries(w.ctx, 0, 100_000)
	w.must(err)
	return slices.DeleteFunc(all, func(e cordon.Entry) bool { return kind != "" && e.Kind != kind })
}

func (w *world) stateOf(d cordon.Dispatch) cordon.DispatchState {
	w.Helper()
	now, err := w.store.Dispatch(w.ctx, d.Tenant, d.ID)
	w.must(err)
	return now.State
}

func TestManyCopiesTakeTwoPeople(t *testing.T) {
	each(t, func(w *world) {
		w.limits(func(l *cordon.Limits) { l.SecondPersonOver = 11 })
		author, second := w.clinic.author, w.account(w.clinic.ID, cordon.RoleApprover)
		author.Permissions = cordon.Permissions()
		held := w.heldBulk(w.key(w.clinic), w.clinic) // 12 copies

		first, err := w.desk.Release(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		if first.Asked == nil || first.Asked.Person != w.clinic.approver.Person() || first.Asked.Copies != 12 || w.stateOf(held) != cordon.DispatchHeld {
			w.Fatalf("the first person's release came to %+v", first)
		}
		// Asking twice, or by a key of one's own, does not make two people of one.
		own := w.clinic.approver
		own.Kind, own.Key = cordon.ActorKey, cordon.NewKeyID()
		for _, again := range []cordon.Actor{w.clinic.approver, own} {
			s, err := w.desk.Release(w.ctx, again, w.clinic.ID, held.ID)
			w.must(err)
			if s.Asked == nil || w.stateOf(held) != cordon.DispatchHeld {
				w.Fatal("one person was taken for two")
			}
		}
		if n := len(w.entries(cordon.EntryHoldAsked)); n != 1 {
			w.Fatalf("%d requests are in the ledger", n)
		}
		if _, err := w.desk.Release(w.ctx, author, w.clinic.ID, held.ID); cordon.CodeOf(err) != cordon.Denied {
			w.Fatalf("the orderer confirmed: %v", err)
		}
		rows, _, err := w.desk.Holds(w.ctx, second, w.clinic.ID, cordon.HoldFilter{}, false, cordon.Page{})
		w.must(err)
		if len(rows) != 1 || len(rows[0].Asked) != 1 || rows[0].Asked[0].Verb != cordon.HoldRelease {
			w.Fatalf("the queue shows %+v", rows)
		}
		// The other verb is another question.
		if s, err := w.desk.Discard(w.ctx, second, w.clinic.ID, held.ID); err != nil || s.Asked == nil || s.Cut != 0 {
			w.Fatalf("a discard was confirmed by a request to release: %+v, %v", s, err)
		}
		third := w.account("", cordon.RoleResponder)
		released, err := w.desk.Release(w.ctx, third, w.clinic.ID, held.ID)
		w.must(err)
		if released.Asked != nil || released.State != cordon.DispatchOpen {
			w.Fatalf("two people released %+v", released)
		}
		w.vouched(released.Dispatch)
		if e := w.entries(cordon.EntryDispatchReleased); len(e) != 1 || e[0].Actor != third.ID() || !strings.Contains(string(e[0].Body), w.clinic.approver.ID()) {
			w.Fatalf("the ledger says %+v", e)
		}
	})
}

func TestARequestLapsesAndCanBeTakenBack(t *testing.T) {
	w := one(t)
	w.limits(func(l *cordon.Limits) { l.SecondPersonOver = 11 })
	a, b := w.clinic.approver, w.account(w.clinic.ID, cordon.RoleApprover)
	asked := func(act func() (intake.Settled, error)) {
		t.Helper()
		if s, err := act(); err != nil || s.Asked == nil {
			t.Fatalf("it went through: %+v, %v", s, err)
		}
	}
	held := w.heldBulk(w.key(w.clinic), w.clinic)
	release := func(by cordon.Actor) func() (intake.Settled, error) {
		return func() (intake.Settled, error) { return w.desk.Release(w.ctx, by, w.clinic.ID, held.ID) }
	}
	discard := func(by cordon.Actor) func() (intake.Settled, error) {
		return func() (intake.Settled, error) { return w.desk.Discard(w.ctx, by, w.clinic.ID, held.ID) }
	}
	asked(release(a))
	w.clock.Advance(cordon.HoldAskFor)
	asked(release(b)) // the first request has lapsed: this is a first one again
	asked(discard(b)) // and now b wants the contrary
	asked(release(a))
	if w.stateOf(held) != cordon.DispatchHeld {
		t.Fatal("what was taken back was confirmed")
	}
	if s, err := discard(w.account("", cordon.RoleResponder))(); err != nil || s.Cut != 12 || s.State != cordon.DispatchDiscarded {
		t.Fatalf("two people discarded %+v, %v", s, err)
	}
}

func (w *world) preview(by cordon.Actor, tenant cordon.TenantID, f cordon.HoldFilter) intake.HoldPreview {
	w.Helper()
	p, err := w.desk.PreviewHolds(w.ctx, by, tenant, f)
	w.must(err)
	return p
}

func order(verb cordon.HoldVerb, p intake.HoldPreview) intake.HoldOrder {
	return intake.HoldOrder{Verb: verb, Filter: p.Filter, Expect: p.Token, Reason: "seen and weighed"}
}

func ofOutcomes(list []intake.HoldOutcome) []cordon.DispatchID {
	var out []cordon.DispatchID
	for _, o := range list {
		out = append(out, o.Dispatch)
	}
	return out
}

func TestABulkActIsAboutWhatWasPreviewed(t *testing.T) {
	each(t, func(w *world) {
		key, mine := w.key(w.clinic), w.account(w.clinic.ID, cordon.RoleAuthor)
		// Held three ways: may go now; ordered by who releases; refused by now.
		good := w.heldBulk(key, w.clinic)
		mine.Permissions = cordon.Permissions()
		own := w.heldBulk(mine, w.clinic)
		refused := w.heldFree(w.clinic, w.key(w.clinic, cordon.SendFree), "Please call us.") // its text is not approved
		theirs := w.heldBulk(w.key(w.other), w.other)

		p := w.preview(mine, w.clinic.ID, cordon.HoldFilter{})
		if p.Dispatches != 3 || p.Copies != 25 || p.Own != 1 || p.SecondPerson || len(p.Templates) != 2 || p.Templates[0].Copies != 24 || len(p.Senders) != 3 || len(p.Tenants) != 1 {
			w.Fatalf("preview %+v", p)
		}
		if want := []string{"ceilings", "approve"}; len(p.Checks) != 2 || p.Checks[0].Check != want[0] || p.Checks[0].Dispatches != 2 || p.Checks[1].Check != want[1] {
			w.Fatalf("by check %+v", p.Checks)
		}
		before := len(w.entries(""))
		// Another set by now: nothing is done, and the answer says what is held.
		w.clock.Advance(time.Second)
		late := w.heldBulk(key, w.clinic)
		stale := order(cordon.HoldRelease, p)
		stale.Filter.Until = time.Time{}
		_, err := w.desk.SettleHolds(w.ctx, mine, w.clinic.ID, stale)
		if cordon.CodeOf(err) != cordon.Conflict || !strings.Contains(err.Error(), "4 dispatches, 37 copies") || w.stateOf(good) != cordon.DispatchHeld {
			w.Fatalf("a stale act: %v", err)
		}
		if n := len(w.entries("")); n != before+1 { // the late order alone
			w.Fatalf("a refused act left %d entries", n-before-1)
		}
		got, err := w.desk.SettleHolds(w.ctx, mine, w.clinic.ID, order(cordon.HoldRelease, p))
		w.must(err)
		for name, c := range map[string]struct {
			got  []intake.HoldOutcome
			want cordon.DispatchID
		}{"released": {got.Done, good.ID}, "still held": {got.Held, own.ID}, "refused": {got.Refused, refused.ID}} {
			if !slices.Equal(ofOutcomes(c.got), []cordon.DispatchID{c.want}) {
				w.Errorf("%s: %+v", name, c.got)
			}
		}
		if !strings.Contains(got.Held[0].Reason, "ordered by you") || !strings.Contains(got.Refused[0].Reason, "not approved") || len(got.Gone) != 0 || got.Asked != nil {
			w.Errorf("answer %+v", got)
		}
		for d, want := range map[cordon.DispatchID]cordon.DispatchState{good.ID: cordon.DispatchOpen, own.ID: cordon.DispatchHeld, refused.ID: cordon.DispatchHeld, late.ID: cordon.DispatchHeld} {
			now, err := w.store.Dispatch(w.ctx, w.clinic.ID, d)
			w.must(err)
			if now.State != want {
				w.Errorf("%s is %s, want %s", d, now.State, want)
			}
		}
		if w.stateOf(theirs) != cordon.DispatchHeld {
			w.Error("another tenant's was settled")
		}
		if e := w.entries(cordon.EntryDispatchReleased); len(e) != 1 || !strings.Contains(string(e[0].Body), "seen and weighed") {
			w.Errorf("the ledger says %+v", e)
		}
	})
}

func TestTheSumOfABulkActTakesTwoPeople(t *testing.T) {
	w := one(t)
	key := w.key(w.clinic)
	var held []cordon.Dispatch
	for range 9 { // 108 copies, none of them many
		held = append(held, w.heldBulk(key, w.clinic))
	}
	b := w.account(w.clinic.ID, cordon.RoleApprover)
	p := w.preview(w.clinic.approver, w.clinic.ID, cordon.HoldFilter{})
	if !p.SecondPerson || p.Copies != 108 {
		t.Fatalf("preview %+v", p)
	}
	first, err := w.desk.SettleHolds(w.ctx, w.clinic.approver, w.clinic.ID, order(cordon.HoldDiscard, p))
	w.must(err)
	if first.Asked == nil || len(first.Done) != 0 || first.Asked.Dispatches != 9 {
		t.Fatalf("one person discarded %+v", first)
	}
	asks, err := w.desk.HoldRequests(w.ctx, b, w.clinic.ID)
	w.must(err)
	if len(asks) != 1 || asks[0].Reason != "seen and weighed" {
		t.Fatalf("requests %+v", asks)
	}
	if other, err := w.desk.HoldRequests(w.ctx, w.other.approver, w.other.ID); err != nil || len(other) != 0 {
		t.Fatalf("another tenant sees %+v, %v", other, err)
	}
	// The set loses one: the request is about nothing any more.
	if _, err := w.desk.Discard(w.ctx, b, w.clinic.ID, held[0].ID); err != nil {
		t.Fatal(err)
	}
	if asks, err = w.desk.HoldRequests(w.ctx, b, w.clinic.ID); err != nil || len(asks) != 0 {
		t.Fatalf("a request about another set stands: %+v, %v", asks, err)
	}
	if _, err := w.desk.SettleHolds(w.ctx, b, w.clinic.ID, order(cordon.HoldDiscard, p)); cordon.CodeOf(err) != cordon.Conflict {
		t.Fatalf("it was confirmed: %v", err)
	}
	// 96 are left: one person is enough.
	p = w.preview(b, w.clinic.ID, cordon.HoldFilter{})
	if got, err := w.desk.SettleHolds(w.ctx, b, w.clinic.ID, order(cordon.HoldDiscard, p)); err != nil || len(got.Done) != 8 || got.Asked != nil {
		t.Fatalf("discarded %+v, %v", got, err)
	}
}

func TestABulkActSaysWhatItNeeds(t *testing.T) {
	w := one(t)
	w.heldBulk(w.key(w.clinic), w.clinic)
	p := w.preview(w.clinic.approver, w.clinic.ID, cordon.HoldFilter{})
	viewer := w.account(w.clinic.ID, cordon.RoleViewer)
	author := w.clinic.author
	author.Permissions = cordon.Permissions()
	for name, tc := range map[string]struct {
		actor  cordon.Actor
		tenant cordon.TenantID
		change func(*intake.HoldOrder)
		want   cordon.Code
	}{
		"no reason":              {w.clinic.approver, w.clinic.ID, func(o *intake.HoldOrder) { o.Reason = " " }, cordon.Invalid},
		"a long reason":          {w.clinic.approver, w.clinic.ID, func(o *intake.HoldOrder) { o.Reason = strings.Repeat("x", 501) }, cordon.Invalid},
		"no token":               {w.clinic.approver, w.clinic.ID, func(o *intake.HoldOrder) { o.Expect = "" }, cordon.Invalid},
		"no verb":                {w.clinic.approver, w.clinic.ID, func(o *intake.HoldOrder) { o.Verb = "" }, cordon.Invalid},
		"a filter of rubbish":    {w.clinic.approver, w.clinic.ID, func(o *intake.HoldOrder) { o.Filter.Check = "%" }, cordon.Invalid},
		"a viewer":               {viewer, w.clinic.ID, func(*intake.HoldOrder) {}, cordon.Denied},
		"in another's tenant":    {w.clinic.approver, w.other.ID, func(*intake.HoldOrder) {}, cordon.Denied},
		"in all tenants":         {w.clinic.approver, "", func(*intake.HoldOrder) {}, cordon.Denied},
		"another's in the own":   {w.clinic.approver, w.clinic.ID, func(o *intake.HoldOrder) { o.Filter.Tenant = w.other.ID }, cordon.Missing},
		"only what one ordered":  {author, w.clinic.ID, func(*intake.HoldOrder) {}, cordon.Denied},
		"where nothing is held ": {w.other.approver, w.other.ID, func(*intake.HoldOrder) {}, cordon.Conflict},
	} {
		o := order(cordon.HoldRelease, p)
		tc.change(&o)
		if _, err := w.desk.SettleHolds(w.ctx, tc.actor, tc.tenant, o); cordon.CodeOf(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if n := len(w.entries(cordon.EntryHoldAsked)) + len(w.entries(cordon.EntryDispatchReleased)); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// Whoever acts, in whatever order and by whatever filter: nobody settles what
// they ordered, and above the limit two different people asked for the same.
func TestNobodySettlesTheirOwn(t *testing.T) {
	w := one(t)
	rnd := rand.New(rand.NewPCG(7, 11))
	w.limits(func(l *cordon.Limits) { l.SecondPersonOver = 30 })
	people := []cordon.Actor{operator}
	for range 3 {
		a := w.account(w.clinic.ID, cordon.RoleAuthor)
		a.Permissions = cordon.Permissions()
		people = append(people, a)
	}
	settled := map[bool]int{} // by whether it took two
	for range 40 {
		for range 1 + rnd.IntN(4) {
			w.heldBulk(people[rnd.IntN(len(people))], w.clinic)
		}
		f := cordon.HoldFilter{}
		if rnd.IntN(3) == 0 {
			f.Account = people[rnd.IntN(len(people))].Account
		}
		verb := []cordon.HoldVerb{cordon.HoldRelease, cordon.HoldDiscard}[rnd.IntN(2)]
		p := w.preview(operator, w.clinic.ID, f)
		two := p.Copies > 30
		for range 3 { // whoever comes by, with the same preview in hand
			by := people[rnd.IntN(len(people))]
			got, err := w.desk.SettleHolds(w.ctx, by, w.clinic.ID, order(verb, p))
			if code := cordon.CodeOf(err); code != "" && code != cordon.Denied && code != cordon.Conflict {
				t.Fatal(err)
			}
			settled[two] += len(got.Done)
			for _, o := range got.Done {
				x, err := w.store.Dispatch(w.ctx, o.Tenant, o.Dispatch)
				w.must(err)
				if x.Actor == by.ID() {
					t.Fatalf("%s settled its own", by.ID())
				}
				if two && (got.First == nil || got.First.Person == by.Person() || got.First.By == x.Actor || got.First.Verb != verb || got.First.Token != p.Token) {
					t.Fatalf("%s settled %s of %s, of %d copies; the first person's request was %+v", by.ID(), o.Dispatch, x.Actor, p.Copies, got.First)
				}
			}
		}
	}
	if settled[true] == 0 || settled[false] == 0 {
		t.Fatalf("settled %v: the test proves nothing", settled)
	}
}

func TestAHoldShowsWhatAPersonNeedsAndNobodysData(t *testing.T) {
	each(t, func(w *world) {
		key := w.key(w.clinic)
		past := w.heldBulk(key, w.clinic)
		_, err := w.desk.Discard(w.ctx, w.clinic.approver, w.clinic.ID, past.ID)
		w.must(err)
		// A second version of the letter, approved too, with a swapped line.
		v, err := w.store.WriteVersion(w.ctx, w.clinic.author, w.clinic.ID, w.clinic.plain.Template, cordon.Content{
			FromName: "The practice", FromAddress: "desk@clinic.example", Subject: "From your practice", Text: "Dear {{name}}, you have won.",
			HTML: "<p>Dear {{name}}, you have won.</p>", Fields: w.clinic.plain.Content.Fields,
		})
		w.must(err)
		w.must(w.store.ApproveVersion(w.ctx, w.clinic.approver, w.clinic.ID, v.Template, v.Number, v.Hash))
		d := w.deafen(false)
		o := bulk(w.clinic, w.clinic.named)
		o.Version = v.Number
		held := w.accept(key, o).Dispatch
		before := len(w.entries(""))

		h, err := w.desk.Hold(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		if h.Now.Decision != cordon.Undecided {
			w.Errorf("judged now: %v, though a check finds no answer", h.Now.Decision)
		}
		d.on = false
		h, err = w.desk.Hold(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		if h.Now.Decision != cordon.Pass || len(h.Held) == 0 || h.Held[0].Check != "ceilings" || len(h.Held[0].Messages) != 1 {
			w.Errorf("now %+v, held for %+v", h.Now, h.Held)
		}
		l := h.Letter
		if l == nil || !l.Sample.Invented || !strings.Contains(l.Sample.Text, "Sam Sample") || !strings.Contains(l.Sample.HTML, "Sam Sample") || l.Newer != 0 {
			w.Fatalf("letter %+v", l)
		}
		if a := l.Against; a == nil || a.Version.Number != 1 || !a.Approved || len(a.Parts) != 2 || a.Parts[0].Part != "text" {
			w.Errorf("against %+v", a)
		}
		if h.Audience != "named" || h.Own || h.SecondPerson || len(h.History.Holds) != 1 || h.History.Holds[0].State != cordon.DispatchDiscarded || h.History.Days[27].Copies != 24 {
			w.Errorf("hold %+v", h)
		}
		if shown := fmt.Sprintf("%+v %+v %s %s", h, *l, l.Sample.Text, l.Sample.HTML); strings.Contains(shown, "Pat Doe") || strings.Contains(shown, "example.org") {
			w.Error("a real person's data is on the page")
		}
		again, err := w.desk.JudgeNow(w.ctx, w.clinic.approver, w.clinic.ID, held.ID)
		w.must(err)
		if again.Decision != cordon.Pass || len(w.entries("")) != before || w.stateOf(held) != cordon.DispatchHeld {
			w.Errorf("looking changed something: %+v", again)
		}
		w.must(w.store.SetKeyState(w.ctx, operator, key.Key, cordon.KeySuspended, "stolen"))
		before = len(w.entries(""))
		if again, err = w.desk.JudgeNow(w.ctx, w.clinic.approver, w.clinic.ID, held.ID); err != nil || again.Decision != cordon.Refuse || len(w.entries("")) != before || len(w.stops()) != 0 {
			w.Errorf("a dry refusal: %+v, %v", again, err)
		}
		if h, err = w.desk.Hold(w.ctx, cordon.Actor{Kind: cordon.ActorKey, Tenant: w.clinic.ID, Permissions: []cordon.Permission{cordon.ReadDispatches}}, w.clinic.ID, held.ID); err != nil || h.Letter != nil {
			w.Errorf("who may not read the catalog sees the text: %v", err)
		}
		for _, stranger := range []cordon.Actor{w.other.approver, {Kind: cordon.ActorOperator}} {
			if _, err := w.desk.Hold(w.ctx, stranger, w.clinic.ID, held.ID); cordon.CodeOf(err) != cordon.Denied {
				w.Errorf("a stranger sees it: %v", err)
			}
		}
		if _, err := w.desk.Hold(w.ctx, w.other.approver, w.other.ID, held.ID); cordon.CodeOf(err) != cordon.Missing {
			w.Errorf("found by its ID in another tenant: %v", err)
		}
	})
}
