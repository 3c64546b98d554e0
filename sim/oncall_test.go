package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/outbox"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// TestEveryWriteOfAPageMayBeTheLast lives through a page again and again:
// triggered, sent (one way fails at first, another for good), repeated,
// escalated, acknowledged, lapsed, resolved, all-clear. Each time the process
// dies before another of its writes and starts anew. Nothing may be lost, and
// nothing doubled: the messages, the events and the ledger are those of the life
// without a death, and what a receiver gets twice carries one mark.
func TestEveryWriteOfAPageMayBeTheLast(t *testing.T) {
	var want pageAccount
	writes := 0
	live := func(t *testing.T, n int, restarts bool) (account pageAccount, wrote int) {
		synctest.Test(t, func(t *testing.T) { account, wrote = livePage(t, n, restarts) })
		return account, wrote
	}
	want, writes = live(t, 0, false)
	t.Logf("%d writes, %d messages, %d events", writes, len(want.messages), len(want.events))
	if writes < 30 || len(want.messages) < 12 {
		t.Fatalf("a clean life makes %d writes and %d messages: it does too little", writes, len(want.messages))
	}
	if twice := want.twice(); len(twice) > 0 {
		t.Errorf("without a death these came twice: %v", twice)
	}
	t.Run("a restart between every two steps", func(t *testing.T) {
		got, _ := live(t, 0, true)
		got.is(t, want)
		if twice := got.twice(); len(twice) > 0 {
			t.Errorf("these came twice: %v", twice)
		}
	})
	for n := 1; n <= writes; n++ {
		t.Run(fmt.Sprintf("before write %d", n), func(t *testing.T) {
			t.Parallel()
			got, _ := live(t, n, false)
			got.is(t, want)
			if twice := got.twice(); len(twice) > 1 {
				t.Errorf("one death, and these came twice: %v", twice)
			}
		})
	}
}

// pageAccount is what a page's life has left: messages by key (with names for
// random IDs), its events, the ledger's entries, and what receivers got.
type pageAccount struct {
	messages map[string]cordon.OutgoingState
	events   []string
	entries  int64
	got      map[string]map[cordon.OutgoingID]int // by key, how often under which mark
}

func (a pageAccount) twice() (keys []string) {
	for key, marks := range a.got {
		for _, n := range marks {
			if n > 1 {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (a pageAccount) is(t *testing.T, want pageAccount) {
	t.Helper()
	if !maps.Equal(a.messages, want.messages) {
		t.Errorf("messages\n%s\nwant\n%s", said(a.messages), said(want.messages))
	}
	// Which of two messages of one moment is sent first is nobody's promise.
	if got, want := slices.Sorted(slices.Values(a.events)), slices.Sorted(slices.Values(want.events)); !slices.Equal(got, want) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(a.events, "\n"), strings.Join(want, "\n"))
	}
	if a.entries != want.entries {
		t.Errorf("%d entries of the ledger, want %d", a.entries, want.entries)
	}
	for key, marks := range a.got {
		if len(marks) != 1 {
			t.Errorf("%s came under %d marks", key, len(marks))
		}
	}
	if got, want := slices.Sorted(maps.Keys(a.got)), slices.Sorted(maps.Keys(want.got)); !slices.Equal(got, want) {
		t.Errorf("receivers got\n%v\nwant\n%v", got, want)
	}
}

func said(m map[string]cordon.OutgoingState) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, key+" "+string(m[key]))
	}
	return strings.Join(lines, "\n")
}

// pageWorld is one house's paging on a real store, with receivers that answer by
// their names.
type pageWorld struct {
	t      *testing.T
	store  *store.Store
	faulty *Faulty
	desk   *oncall.Desk
	outbox *outbox.Outbox
	node   int
	names  *strings.Replacer
	page   cordon.PageID
	got    map[string]map[cordon.OutgoingID]int
	tried  map[string]int
}

// start begins a process on the store.
func (w *pageWorld) start() {
	w.node++
	w.faulty = NewFaulty(w.store)
	w.desk = oncall.New(oncall.Config{Store: w.faulty, Wire: w, LinkKey: []byte("key"), URL: "https://house.example", Now: time.Now})
	w.outbox = outbox.New(outbox.Config{Store: w.faulty, Wire: w, Node: fmt.Sprint("node", w.node), Now: time.Now})
}

func (w *pageWorld) Ready(context.Context, cordon.Channel) error           { return nil }
func (w *pageWorld) Check(_ cordon.Channel, target string) (string, error) { return target, nil }
func (w *pageWorld) Ping(context.Context, string, string) error            { return nil }
func (w *pageWorld) Send(_ context.Context, o cordon.Outgoing) cordon.OutgoingOutcome {
	if w.faulty.Dead() {
		return cordon.OutgoingOutcome{} // nothing leaves a dead process
	}
	key := w.names.Replace(o.Key)
	w.tried[key]++
	switch {
	case strings.HasPrefix(o.To, "never"):
		return cordon.OutgoingOutcome{State: cordon.OutgoingFailed, Reply: "HTTP 404"}
	case strings.HasPrefix(o.To, "later") && w.tried[key] == 1:
		return cordon.OutgoingOutcome{Reply: "HTTP 503"}
	}
	if w.got[key] == nil {
		w.got[key] = map[cordon.OutgoingID]int{}
	}
	w.got[key][o.ID]++
	return cordon.OutgoingOutcome{State: cordon.OutgoingDelivered, Reply: "HTTP 200"}
}

// lives does something; when the process dies under it, another one starts and
// does it once more, as whoever got no answer does.
func (w *pageWorld) lives(do func() error) {
	w.t.Helper()
	err := do()
	if w.faulty.Dead() {
		w.start()
		err = do()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// until lets time pass, second by second, with everything that is due in it.
func (w *pageWorld) until(at time.Time, restarts bool) {
	w.t.Helper()
	for {
		w.lives(func() error {
			_, err := w.desk.Step(context.Background())
			if err == nil {
				_, err = w.outbox.Step(context.Background())
			}
			if errors.Is(err, errDead) {
				return nil // lives starts anew
			}
			return err
		})
		if restarts {
			w.start()
		}
		if !time.Now().Before(at) {
			return
		}
		time.Sleep(5 * time.Second)
	}
}

func livePage(t *testing.T, n int, restarts bool) (pageAccount, int) {
	s := storetest.Memory(t)
	w := &pageWorld{t: t, store: s, got: map[string]map[cordon.OutgoingID]int{}, tried: map[string]int{}, names: strings.NewReplacer()}
	w.start()
	ctx, by := context.Background(), cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	names := []string{}
	contact := func(name string, targets ...string) cordon.OnCallContactID {
		c, err := w.desk.SaveContact(ctx, by, cordon.OnCallContact{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, string(c.ID), name)
		var rules []cordon.NotifyRule
		for i, target := range targets {
			m := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: cordon.ChannelWebhook, Target: target}
			if err := errors.Join(s.AddMethod(ctx, by, c.ID, m), s.VerifyMethod(ctx, by, m.ID, nil)); err != nil {
				t.Fatal(err)
			}
			names = append(names, string(m.ID), target)
			rules = append(rules, cordon.NotifyRule{Method: m.ID, DelayMinutes: 2 * i})
		}
		c.Rules = rules
		if _, err := w.desk.SaveContact(ctx, by, c); err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	first, second, last := contact("first", "later-first", "late-first"), contact("second", "never-second"), contact("last", "always-last")
	steps := []cordon.EscalationStep{{Minutes: 15, Targets: []cordon.PageTarget{{Contact: first}}}, {Minutes: 5, Targets: []cordon.PageTarget{{Contact: second}}}}
	if _, err := w.desk.SavePolicy(ctx, by, cordon.Policy{Handle: "default", Steps: steps}); err != nil {
		t.Fatal(err)
	}
	settings := cordon.DefaultOnCallSettings()
	settings.Fallback = []cordon.OnCallContactID{last}
	if err := w.desk.SetSettings(ctx, by, settings); err != nil {
		t.Fatal(err)
	}
	w.names = strings.NewReplacer(names...)
	w.faulty.DieBefore(n)
	writes := 0
	count := func() {
		if n == 0 {
			writes += w.faulty.Writes()
			w.start()
			w.faulty.DieBefore(0)
		}
	}

	begun := time.Now()
	w.lives(func() error {
		p, err := w.desk.Trigger(ctx, by, cordon.NewPage{Key: "one", Title: "Copies leave that must not"})
		w.page = p.ID
		return err
	})
	w.names = strings.NewReplacer(append(names, string(w.page), "page")...)
	w.until(begun.Add(22*time.Minute), restarts) // repeated at 10, escalated at 15, nothing of that arrives: the fallback
	w.lives(func() error {
		if p, _ := s.OnCallPage(ctx, w.page); p.State == cordon.PageAcknowledged { // it was written, the answer was lost
			return nil
		}
		_, err := w.desk.Acknowledge(ctx, by, w.page, 0)
		return err
	})
	acked, err := s.OnCallPage(ctx, w.page)
	if err != nil {
		t.Fatal(err)
	}
	w.until(acked.AckUntil.Add(4*time.Minute), restarts) // it lapses, and pages anew
	w.lives(func() error {
		_, err := w.desk.Resolve(ctx, by, w.page)
		return err
	})
	w.until(time.Now().Add(5*time.Minute), restarts)
	count()
	return w.account(), writes
}

func (w *pageWorld) account() pageAccount {
	w.t.Helper()
	ctx := context.Background()
	a := pageAccount{messages: map[string]cordon.OutgoingState{}, got: w.got}
	list, err := w.store.OutgoingOf(ctx, string(w.page))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range list {
		a.messages[w.names.Replace(o.Key)] = o.State
	}
	if len(list) != len(a.messages) {
		w.t.Errorf("%d messages under %d keys", len(list), len(a.messages))
	}
	events, err := w.store.PageEvents(ctx, w.page)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		a.events = append(a.events, strings.TrimSpace(e.Kind+" "+w.names.Replace(string(e.Contact))+" "+e.Text))
	}
	if a.entries, _, err = w.store.LedgerHead(ctx); err != nil {
		w.t.Fatal(err)
	}
	return a
}
