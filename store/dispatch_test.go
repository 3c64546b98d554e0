package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func each(t *testing.T, f func(t *testing.T, s *store.Store, c *handClock)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			c := newHandClock()
			open := storetest.New
			if engine == "postgres" {
				open = storetest.NewPostgres
			}
			f(t, open(t, storetest.Clock(c.now)), c)
		})
	}
}

func TestABulkSendGoesFromAcceptedToDone(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 30), newSender(t, s, c, 5)
		d := p.bulk()
		if d.Recipients != 30 || d.Counts.Queued != 30 || string(d.Provenance) != "mark "+string(d.ID) {
			t.Fatalf("accepted: %+v", d)
		}
		claims := claimAll(t, s, 12)
		if len(claims) != 12 {
			t.Fatalf("claimed %d copies, want 12", len(claims))
		}
		for i, claim := range claims {
			if claim.Delivery.Seq != int64(i+1) || claim.Delivery.Attempt != 1 || claim.RecipientTenant != p.tenant || claim.RecipientState != cordon.RecipientActive {
				t.Fatalf("claim %d: %+v", i, claim)
			}
			person, err := s.Unseal(p.tenant, claim.Delivery.Recipient, claim.Sealed)
			if err != nil || person.Name != "Ann" {
				t.Fatalf("unseal: %v", err)
			}
		}
		settle(t, s, c, claims[:2], cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, time.Hour)
		settle(t, s, c, claims[2:4], cordon.Outcome{State: cordon.Queued}, 0)
		settle(t, s, c, claims[4:5], cordon.Outcome{}, 0) // not knowing is uncertain
		deliver(t, s, c, claims[5:])
		if got, want := p.counts(d.ID), (cordon.Counts{Queued: 20, Deferred: 2, Uncertain: 1, Delivered: 7}); got != want {
			t.Fatalf("counts %+v, want %+v", got, want)
		}
		deliver(t, s, c, claimAll(t, s, 100))
		if left := claimAll(t, s, 100); len(left) != 0 {
			t.Fatalf("claimed %d copies that are not due", len(left))
		}
		c.advance(2 * time.Hour)
		again := claimAll(t, s, 100)
		if len(again) != 2 || again[0].Delivery.Attempt != 2 || again[0].Delivery.Reply != "451 4.7.1" {
			t.Fatalf("second try: %+v", again)
		}
		deliver(t, s, c, again)
		done, err := s.Dispatch(ctx, p.tenant, d.ID)
		ok(t, err)
		if done.State != cordon.DispatchDone || done.Counts.Delivered != 30 {
			t.Fatalf("at the end: %+v", done)
		}
		if _, err := s.Dispatch(ctx, other.tenant, d.ID); cordon.CodeOf(err) != cordon.Missing {
			t.Fatalf("another tenant's look: %v", err)
		}
		if list, _, err := s.Dispatches(ctx, other.tenant, cordon.Page{}); err != nil || len(list) != 0 {
			t.Fatalf("another tenant's list: %v %v", list, err)
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestAnAudienceIsChosenWithoutSuppressedAndErased(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 20)
		ok(t, s.Suppress(ctx, operator, p.tenant, p.people[0], cordon.SuppressedByHand))
		ok(t, s.EraseRecipient(ctx, operator, p.tenant, p.people[2]))
		ok(t, s.PlantDecoys(ctx, operator, p.tenant, []cordon.Person{{Name: "D", Address: "decoy@example.org"}}))
		d := p.bulk(func(n *cordon.NewDispatch) { n.Filter = cordon.Filter{All: []string{"even"}} })
		if d.Recipients != 8 {
			t.Fatalf("%d recipients, want the 10 even ones without the suppressed and the erased", d.Recipients)
		}
		n := p.order(cordon.Bulk)
		n.Filter = cordon.Filter{All: []string{"nobody"}}
		if _, err := s.CreateDispatch(ctx, p.actor(), n); cordon.CodeOf(err) != cordon.Invalid {
			t.Fatalf("an empty audience: %v", err)
		}
		// Suppressed after it was accepted: the claim says so.
		ok(t, s.Suppress(ctx, operator, p.tenant, p.people[4], cordon.SuppressedByHand))
		suppressed := 0
		for _, claim := range claimAll(t, s, 100) {
			if claim.Suppressed {
				suppressed++
			}
		}
		if suppressed != 1 {
			t.Fatalf("%d claims are of suppressed people, want 1", suppressed)
		}
	})
}

func TestValuesGoSealedToTheirCopyAlone(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 6)
		give := func(n *cordon.NewDispatch) {
			n.Rows = rowsOf(cordon.Row{Line: 2, Recipient: p.people[3], Values: map[string]string{"date": "2026-04-01"}}, cordon.Row{Line: 3, Recipient: p.people[1], Values: map[string]string{"date": "2026-05-01"}})
		}
		p.bulk(give)
		p.single(p.people[:4], give)
		for _, claim := range claimAll(t, s, 100) {
			values, err := s.UnsealValues(claim)
			ok(t, err)
			want := map[cordon.RecipientID]string{p.people[3]: "2026-04-01", p.people[1]: "2026-05-01"}[claim.Delivery.Recipient]
			if values["date"] != want {
				t.Fatalf("%s of %s got %q, want %q", claim.Delivery.Recipient, claim.Delivery.Kind, values["date"], want)
			}
			if claim.Values == nil {
				continue
			}
			swapped := claim
			swapped.Delivery.Recipient = p.people[0]
			if _, err := s.UnsealValues(swapped); err == nil {
				t.Fatal("one recipient's values opened for another")
			}
		}
	})
}

func TestRowsThatDoNotFitAcceptNothing(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 6), newSender(t, s, c, 1)
		row := func(line int, r cordon.RecipientID) cordon.Row {
			return cordon.Row{Line: line, Recipient: r, Values: map[string]string{"date": "x"}}
		}
		even := cordon.Filter{All: []string{"even"}}
		cases := map[string]struct {
			filter   cordon.Filter
			rows     []cordon.Row
			required bool
			lines    []int
		}{
			"unknown":    {cordon.Filter{Everyone: true}, []cordon.Row{row(2, p.people[0]), row(3, cordon.NewRecipientID())}, false, []int{3}},
			"foreign":    {cordon.Filter{Everyone: true}, []cordon.Row{row(2, other.people[0])}, false, []int{2}},
			"not chosen": {even, []cordon.Row{row(2, p.people[0]), row(3, p.people[1]), row(4, p.people[3])}, false, []int{3, 4}},
			"twice":      {even, []cordon.Row{row(2, p.people[0]), row(3, p.people[0])}, false, []int{3}},
			"left out":   {even, []cordon.Row{row(2, p.people[0])}, true, nil},
		}
		for name, k := range cases {
			n := p.order(cordon.Bulk)
			n.Filter, n.Rows, n.RowsRequired, n.IdempotencyKey = k.filter, rowsOf(k.rows...), k.required, name
			_, err := s.CreateDispatch(ctx, p.actor(), n)
			var e *cordon.Error
			if !errors.As(err, &e) || e.Code != cordon.Invalid {
				t.Fatalf("%s: %v", name, err)
			}
			var lines []int
			for _, f := range e.Faults {
				lines = append(lines, f.Line)
			}
			if !slices.Equal(lines, k.lines) {
				t.Fatalf("%s: names lines %v, want %v", name, lines, k.lines)
			}
			if _, _, found, err := s.IdempotentDispatch(ctx, p.tenant, string(p.key), name); found || err != nil {
				t.Fatalf("%s: was remembered: %v", name, err)
			}
		}
		broken := p.order(cordon.Bulk)
		broken.Filter = even
		broken.Rows = func(yield func(cordon.Row, error) bool) {
			if yield(row(2, p.people[0]), nil) {
				yield(cordon.Row{}, cordon.InvalidField("line 3: date", "is not a date", ""))
			}
		}
		if _, err := s.CreateDispatch(ctx, p.actor(), broken); cordon.CodeOf(err) != cordon.Invalid {
			t.Fatalf("a bad row: %v", err)
		}
		if list, _, err := s.Dispatches(ctx, p.tenant, cordon.Page{}); err != nil || len(list) != 0 {
			t.Fatalf("something was accepted: %v %v", list, err)
		}
		sweepAll(t, s, 2)
		for _, table := range []string{"dispatch", "delivery", "delivery_value", "lane", "usage_hour"} {
			var n int
			ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM `+table).Scan(&n))
			if n != 0 {
				t.Fatalf("%d rows of what was never accepted are left in %s", n, table)
			}
		}
	})
}

func TestTwoOrdersCannotBothPassOneCeiling(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 10)
		ceiling := func(n *cordon.NewDispatch) {
			n.Verdict.Ceilings = []cordon.Ceiling{{Name: "key, single sends an hour", Key: p.key, Kind: cordon.Single, Since: c.now().Add(-time.Hour), Max: 5}}
		}
		results := make(chan error, 8)
		for i := range 8 {
			go func() {
				n := p.order(cordon.Single)
				n.Members = p.people[i : i+2]
				ceiling(&n)
				_, err := s.CreateDispatch(ctx, p.actor(), n)
				results <- err
			}()
		}
		passed := 0
		for range 8 {
			switch err := <-results; cordon.CodeOf(err) {
			case "":
				passed++
			case cordon.Limited:
			default:
				t.Fatal(err)
			}
		}
		if passed != 2 {
			t.Fatalf("%d orders of two copies passed a ceiling of five", passed)
		}
		used, err := s.Usage(ctx, p.tenant, cordon.Ceiling{Key: p.key, Since: c.now().Add(-time.Hour)})
		if err != nil || used != 4 {
			t.Fatalf("usage %d, %v", used, err)
		}
		if busiest, err := s.BusiestHour(ctx, p.tenant, p.key, c.now().Add(-28*24*time.Hour)); err != nil || busiest != 0 {
			t.Fatalf("what was sent today counts as history already: %d, %v", busiest, err)
		}
		c.advance(48 * time.Hour) // history
		busiest, err := s.BusiestHour(ctx, p.tenant, p.key, c.now().Add(-28*24*time.Hour))
		if err != nil || busiest != 4 {
			t.Fatalf("busiest hour %d, %v", busiest, err)
		}
		copies, days, err := s.BusiestDay(ctx, p.tenant, c.now().Add(-28*24*time.Hour))
		if err != nil || copies != 4 || days != 1 {
			t.Fatalf("busiest day %d of %d, %v", copies, days, err)
		}
		checkLanes(t, s)
	})
}

func TestAnIdempotencyKeyAcceptsOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 3)
		with := func(n *cordon.NewDispatch) { n.IdempotencyKey, n.OrderDigest = "k1", []byte("digest") }
		d := p.single(p.people[:1], with)
		id, digest, found, err := s.IdempotentDispatch(ctx, p.tenant, string(p.key), "k1")
		if err != nil || !found || id != d.ID || string(digest) != "digest" {
			t.Fatalf("remembered %s %q %v %v", id, digest, found, err)
		}
		for _, n := range []cordon.NewDispatch{p.order(cordon.Single), p.order(cordon.Bulk)} {
			n.Members, n.Filter = p.people[:1], cordon.Filter{Everyone: true}
			with(&n)
			if _, err := s.CreateDispatch(ctx, p.actor(), n); cordon.CodeOf(err) != cordon.Conflict {
				t.Fatalf("a second time: %v", err)
			}
		}
		if copies := claimAll(t, s, 100); len(copies) != 1 {
			t.Fatalf("%d copies", len(copies))
		}
	})
}

func TestAHeldDispatchWaitsForAPerson(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 9)
		mark := func(d cordon.Dispatch) []byte { return []byte("released " + d.ID) }
		for _, d := range []cordon.Dispatch{p.bulk(held), p.single(p.people[:4], held)} {
			if d.Provenance != nil || d.Counts.Held != int64(d.Recipients) {
				t.Fatalf("held: %+v", d)
			}
			sweepAll(t, s, 100)
			if claims := claimAll(t, s, 100); len(claims) != 0 {
				t.Fatal("a held copy was claimed")
			}
			ok(t, s.ReleaseDispatch(ctx, operator, p.tenant, d.ID, cordon.HoldNote{}, mark))
			if err := s.ReleaseDispatch(ctx, operator, p.tenant, d.ID, cordon.HoldNote{}, mark); cordon.CodeOf(err) != cordon.Conflict {
				t.Fatalf("released twice: %v", err)
			}
			claims := claimAll(t, s, 100)
			if len(claims) != d.Recipients {
				t.Fatalf("%d copies go out after the release, want %d", len(claims), d.Recipients)
			}
			deliver(t, s, c, claims)
		}
		other := newSender(t, s, c, 1)
		for _, d := range []cordon.Dispatch{p.bulk(held), p.single(p.people[:4], held)} {
			if _, err := s.DiscardDispatch(ctx, operator, other.tenant, d.ID, cordon.HoldNote{}); cordon.CodeOf(err) != cordon.Missing {
				t.Fatalf("another tenant discards: %v", err)
			}
			cut, err := s.DiscardDispatch(ctx, operator, p.tenant, d.ID, cordon.HoldNote{})
			if err != nil || cut != int64(d.Recipients) {
				t.Fatalf("cut %d, %v", cut, err)
			}
			if got := p.counts(d.ID); got.Cut != cut {
				t.Fatalf("after the discard: %+v", got)
			}
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestWhatANodeWasSendingWhenItDiedIsSettledNotLost(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 12)
		d := p.bulk()
		ok(t, s.Join(ctx, node))
		claims := claimAll(t, s, 9)
		refs, err := s.SendingOf(ctx, node)
		if err != nil || len(refs) != 9 {
			t.Fatalf("sending: %d %v", len(refs), err)
		}
		ok(t, s.SettleLost(ctx, node, []cordon.Lost{
			{Ref: refs[0], Outcome: cordon.Outcome{State: cordon.Queued}, At: c.now()},
			{Ref: refs[1], Outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, At: c.now()},
			{Ref: refs[2], At: c.now(), NextDue: c.now().Add(90 * time.Minute)},
		}))
		// A late record of copies that were settled meanwhile changes nothing of them.
		settle(t, s, c, claims[:4], cordon.Outcome{State: cordon.Bounced, Reply: "550 5.7.1"}, 0)
		if got, want := p.counts(d.ID), (cordon.Counts{Queued: 4, Delivered: 1, Uncertain: 1, Bounced: 1, Sending: 5}); got != want {
			t.Fatalf("counts %+v, want %+v", got, want)
		}
		// Another node cannot settle what is not its own.
		ok(t, s.RecordAttempts(ctx, "node-b", cordon.AttemptGroup{Attempts: []cordon.Attempt{{Claim: claims[5], Outcome: cordon.Outcome{State: cordon.Delivered}, At: c.now()}}}))
		if got := p.counts(d.ID); got.Sending != 5 {
			t.Fatalf("another node settled a copy: %+v", got)
		}
		c.advance(time.Hour)
		ok(t, s.Beat(ctx, "node-b"))
		n, err := s.ReapNodes(ctx, c.now().Add(-time.Minute), c.now().Add(time.Hour))
		if err != nil || n != 5 {
			t.Fatalf("reaped %d, %v", n, err)
		}
		if got, want := p.counts(d.ID), (cordon.Counts{Queued: 4, Delivered: 1, Uncertain: 6, Bounced: 1}); got != want {
			t.Fatalf("counts %+v, want %+v", got, want)
		}
		// What may have arrived is not sent again before its time.
		if now := claimAll(t, s, 100); len(now) != 4 {
			t.Fatalf("%d are claimed at once, want the 4 that never left", len(now))
		}
		c.advance(30 * time.Minute)
		if then := claimAll(t, s, 100); len(then) != 1 || then[0].Ref.Seq != refs[2].Seq {
			t.Fatalf("claimed after half an hour: %d, want the lost one that is due", len(then))
		}
		c.advance(31 * time.Minute)
		if last := claimAll(t, s, 100); len(last) != 5 {
			t.Fatalf("claimed after an hour: %d, want the 5 of the dead node", len(last))
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestABadAddressIsSuppressedWithItsBounce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 10)
		p.bulk()
		claims := claimAll(t, s, 10)
		settle(t, s, c, claims[:3], cordon.Outcome{State: cordon.Bounced, Reply: "550 5.1.1"}, 0)
		settle(t, s, c, claims[3:5], cordon.Outcome{State: cordon.Bounced, Reply: "554 5.7.1"}, 0)
		settle(t, s, c, claims[5:6], cordon.Outcome{State: cordon.Bounced, Reply: "553 5.1.8"}, 0) // our own address
		deliver(t, s, c, claims[6:])
		found, err := s.FindRecipients(ctx, p.tenant, p.people)
		ok(t, err)
		n := 0
		for _, f := range found {
			if f.Suppressed {
				n++
			}
		}
		if n != 3 || !found[claims[0].Delivery.Recipient].Suppressed {
			t.Fatalf("%d people are suppressed, want the 3 whose address is bad", n)
		}
		if d := p.bulk(); d.Recipients != 7 {
			t.Fatalf("the next send goes to %d, want 7", d.Recipients)
		}
	})
}

func TestARefusalSignalsStopsAndSuspendsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 3)
		p.single(p.people[:1])
		v := cordon.Verdict{
			Decision: cordon.Refuse, Code: cordon.Denied, SuspendKey: "walked recipient IDs",
			Signals: []cordon.Signal{{Kind: cordon.SignalUnknownID, Grade: cordon.GradeIncident, Tenant: p.tenant, Key: p.key, Count: 5, Message: "unknown recipients"}},
			Stops:   []cordon.Stop{{Scope: cordon.Scope{Key: p.key}, Reason: "walked recipient IDs"}},
		}
		ok(t, s.RecordRefusal(ctx, p.actor(), p.tenant, cordon.Order{Tenant: p.tenant, Kind: cordon.Single, Template: p.template}, v))
		n, err := s.BadIDs(ctx, p.key, c.now().Add(-time.Minute))
		if err != nil || n != 5 {
			t.Fatalf("bad IDs %d, %v", n, err)
		}
		k, err := s.Key(ctx, p.key)
		if err != nil || k.State != cordon.KeySuspended {
			t.Fatalf("key %+v, %v", k, err)
		}
		if claims := claimAll(t, s, 10); len(claims) != 0 {
			t.Fatal("the stopped key's copy was claimed")
		}
		signals, _, err := s.Signals(ctx, p.tenant, cordon.Page{})
		if err != nil || len(signals) != 1 || signals[0].Count != 5 {
			t.Fatalf("signals %+v, %v", signals, err)
		}
		entries, _, err := s.EntriesOf(ctx, p.tenant, string(p.template), cordon.Page{})
		if err != nil || len(entries) != 1 || entries[0].Kind != cordon.EntryOrderRefused {
			t.Fatalf("entries %+v, %v", entries, err)
		}
		if strings.Contains(string(entries[0].Body), "example.org") {
			t.Fatal("personal data in the ledger")
		}
	})
}

func TestAnAbandonedAcceptanceIsRemovedAndNeverSent(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 20)
		d := p.bulk()
		// As a crash between the last chunk and the opening would leave it.
		storetest.Tamper(t, s, `UPDATE dispatch SET state = 'accepting'`)
		storetest.Tamper(t, s, `DELETE FROM lane`)
		if claims := claimAll(t, s, 100); len(claims) != 0 {
			t.Fatal("a copy of what was not accepted was claimed")
		}
		ok(t, s.Join(ctx, node))
		sweepAll(t, s, 100)
		if _, err := s.Dispatch(ctx, p.tenant, d.ID); cordon.CodeOf(err) != cordon.Missing {
			t.Fatalf("an acceptance under way is shown: %v", err)
		}
		c.advance(5 * time.Minute)
		ok(t, s.Join(ctx, node))
		sweepAll(t, s, 7)
		var n int
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT (SELECT COUNT(*) FROM delivery) + (SELECT COUNT(*) FROM dispatch)`).Scan(&n))
		if n != 0 {
			t.Fatalf("%d rows are left", n)
		}
	})
}
