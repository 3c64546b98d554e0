package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// shaky is a send of which one copy was perhaps delivered, and what happens to
// that copy afterwards.
type shaky struct {
	*sender
	d     cordon.Dispatch
	copy  cordon.Claim // as it was when the connection broke
	until time.Time    // just after it
}

// newShaky sends to six people, four of whom get the letter and one perhaps; the
// sixth copy waits, so that the dispatch stays open.
func newShaky(t *testing.T, s *store.Store, c *handClock, kind cordon.Kind) *shaky {
	t.Helper()
	x := &shaky{sender: newSender(t, s, c, 6)}
	if kind == cordon.Bulk {
		x.d = x.bulk(dated(x.people))
	} else {
		x.d = x.single(x.people, dated(x.people))
	}
	claims := claimAll(t, s, 5)
	settle(t, s, c, claims[:1], cordon.Outcome{}, 10*time.Minute)
	deliver(t, s, c, claims[1:])
	x.copy, x.until = claims[0], c.now()
	x.unknown(1)
	return x
}

// again claims the copy for its next try; whatever else is claimed goes back to
// the queue.
func (x *shaky) again() []cordon.Claim {
	x.t.Helper()
	x.clock.advance(11 * time.Minute)
	all := claimAll(x.t, x.s, 10)
	mine := slices.IndexFunc(all, func(c cordon.Claim) bool { return c.Ref == x.copy.Ref })
	if mine < 0 {
		x.t.Fatalf("the copy that was perhaps delivered is not among the %d claimed", len(all))
	}
	settle(x.t, x.s, x.clock, slices.Delete(slices.Clone(all), mine, mine+1), cordon.Outcome{State: cordon.Queued}, time.Hour)
	x.unknown(1)
	return all[mine : mine+1]
}

func (x *shaky) tries(o cordon.Outcome, due time.Duration) {
	x.t.Helper()
	settle(x.t, x.s, x.clock, x.again(), o, due)
}

// unknown asks everything that counts copies: n of this send are perhaps
// delivered, and the others are what they are.
func (x *shaky) unknown(n int64) {
	x.t.Helper()
	ctx := context.Background()
	delivered := int64(4)
	if n == 0 {
		delivered = 5
	}
	for name, q := range map[string]cordon.Question{
		"dispatch": {Dispatch: x.d.ID}, "tenant": {Tenant: x.tenant}, "key": {Key: x.key},
		"time": {Tenant: x.tenant, From: x.d.AcceptedAt, Until: x.clock.now()},
	} {
		a, err := x.s.Assess(ctx, q)
		ok(x.t, err)
		if a.Unknown != n || a.Delivered != delivered || a.Refused+a.Bounced+a.Cut+a.InFlight > 1 || len(a.Tenants) != 1 || a.Tenants[0].Unknown != n {
			x.t.Fatalf("assessed by %s: %+v, want %d unknown", name, a, n)
		}
		list, _, err := x.s.Affected(ctx, q, cordon.Page{})
		ok(x.t, err)
		at := slices.IndexFunc(list, func(f cordon.Affected) bool { return f.Recipient == x.copy.Delivery.Recipient || f.Recipient == "" })
		if at < 0 || (list[at].State == cordon.Uncertain) != (n == 1) {
			x.t.Fatalf("listed by %s: %+v", name, list)
		}
	}
	if got := x.counts(x.d.ID); got.Uncertain != n || got.Delivered != delivered || got.Total() != 6 {
		x.t.Fatalf("the dispatch counts %+v, want %d uncertain", got, n)
	}
	totals, err := x.s.Totals(ctx)
	if got := totals[x.tenant]; err != nil || got.Uncertain != n || got.Delivered != delivered || got.Total() != 6 {
		x.t.Fatalf("the lanes count %+v, want %d uncertain, %v", got, n, err)
	}
	for _, scope := range []cordon.Scope{{Dispatch: x.d.ID}, {Key: x.key}} {
		preview, err := x.s.StopPreview(ctx, scope)
		if err != nil || preview.Uncertain != n {
			x.t.Fatalf("a stop over %+v would meet %+v, want %d uncertain, %v", scope, preview, n, err)
		}
	}
	checkLanes(x.t, x.s)
	checkLedger(x.t, x.s)
}

// stop places one whose answer is sharpened as a node does that has nothing past
// the last look: what is being sent is held.
func (x *shaky) stop(scope cordon.Scope) cordon.Stop {
	x.t.Helper()
	stop, err := x.s.PlaceStop(context.Background(), operator, cordon.Stop{Scope: scope, Reason: "wrong date column"},
		func(a cordon.StopAnswer, sending []cordon.Ref) cordon.StopAnswer {
			a.Held, a.InFlight = a.Held+int64(len(sending)), 0
			return a
		})
	ok(x.t, err)
	if want := (cordon.StopAnswer{Delivered: 4, Held: 1, Unknown: 1}); stop.Answer != want {
		x.t.Fatalf("the stop answers %+v, want %+v", stop.Answer, want)
	}
	return stop
}

// ended: the copy is never tried again, and what the order said of it is gone.
func (x *shaky) ended() {
	x.t.Helper()
	x.unknown(1)
	x.clock.advance(20 * 24 * time.Hour)
	for _, claim := range claimAll(x.t, x.s, 10) {
		if claim.Ref == x.copy.Ref {
			x.t.Fatal("a copy that was refused for good is tried again")
		}
		deliver(x.t, x.s, x.clock, []cordon.Claim{claim})
	}
	d, err := x.s.Dispatch(context.Background(), x.tenant, x.d.ID)
	if err != nil || d.State != cordon.DispatchDone || d.Counts.Uncertain != 1 {
		x.t.Fatalf("at the end: %s %+v, %v", d.State, d.Counts, err)
	}
	var values int
	ok(x.t, storetest.Raw(x.t, x.s).QueryRow(`SELECT COUNT(*) FROM delivery_value w JOIN dispatch d ON d.tenant = w.tenant AND d.num = w.dispatch WHERE d.id = $1`, string(x.d.ID)).Scan(&values))
	if values != 0 {
		x.t.Fatalf("%d values of a send that is over are left", values)
	}
}

// arrives: the next try is delivered, and nothing is unknown any more.
func (x *shaky) arrives() {
	x.t.Helper()
	x.unknown(1)
	x.clock.advance(2 * time.Hour)
	x.tries(cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, 0)
	x.unknown(0)
}

// said: the last entry about the copy tells what happened, and that it is
// uncertain all the same; and it counts for the time at which it perhaps arrived.
func (x *shaky) said(outcome cordon.DeliveryState, reply, reason string) {
	x.t.Helper()
	entries, err := x.s.Entries(context.Background(), 0, 1_000_000)
	ok(x.t, err)
	var last struct {
		Outcome, Remains    cordon.DeliveryState
		Reply, Reason, Seqs string
	}
	for _, e := range entries {
		if e.Subject == string(x.d.ID) && (e.Kind == cordon.EntryAttempts || e.Kind == cordon.EntrySwept) && strings.Contains(string(e.Body), fmt.Sprintf(`"seqs":"%d"`, x.copy.Ref.Seq)) {
			last.Reply, last.Reason = "", ""
			ok(x.t, json.Unmarshal(e.Body, &last))
		}
	}
	if last.Outcome != outcome || last.Remains != cordon.Uncertain || last.Reply != reply || last.Reason != reason {
		x.t.Fatalf("the ledger says %+v", last)
	}
	a, err := x.s.Assess(context.Background(), cordon.Question{Tenant: x.tenant, From: x.d.AcceptedAt, Until: x.until})
	if err != nil || a.Unknown != 1 {
		x.t.Fatalf("assessed by the time at which it was perhaps delivered: %+v, %v", a, err)
	}
}

// TestWhatWasPerhapsDeliveredStaysUnknown: whatever becomes of a later try, or
// of the copy between two tries, it is counted as unknown until it is known to
// be delivered.
func TestWhatWasPerhapsDeliveredStaysUnknown(t *testing.T) {
	ctx := context.Background()
	ways := map[string]func(x *shaky){
		"delivered after all": func(x *shaky) { x.arrives() },
		"uncertain again":     func(x *shaky) { x.tries(cordon.Outcome{}, time.Minute); x.arrives() },
		"refused": func(x *shaky) {
			x.tries(cordon.Outcome{State: cordon.Refused, Reason: "tenant"}, 0)
			x.said(cordon.Refused, "", "tenant")
			x.ended()
		},
		"bounced": func(x *shaky) {
			x.tries(cordon.Outcome{State: cordon.Bounced, Reply: "550 5.1.1"}, 0)
			x.said(cordon.Bounced, "550 5.1.1", "")
			if found, err := x.s.FindRecipients(ctx, x.tenant, x.people); err != nil || !found[x.copy.Delivery.Recipient].Suppressed {
				x.t.Fatalf("the address that does not exist is not suppressed: %v", err)
			}
			x.ended()
		},
		"deferred": func(x *shaky) {
			x.tries(cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, time.Minute)
			x.said(cordon.Deferred, "451 4.7.1", "")
			x.arrives()
		},
		"given back": func(x *shaky) {
			x.tries(cordon.Outcome{State: cordon.Queued}, time.Minute)
			x.said(cordon.Queued, "", "")
			x.arrives()
		},
		"its days are over": func(x *shaky) {
			g := cordon.AttemptGroup{Attempts: []cordon.Attempt{{
				Claim: x.again()[0], At: x.clock.now(), NextDue: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), // as the queue says "never"
			}}}
			ok(x.t, x.s.RecordAttempts(ctx, node, g))
			x.ended()
		},
		"its node died": func(x *shaky) {
			x.again()
			_, err := x.s.ReapNodes(ctx, x.clock.now(), x.clock.now().Add(time.Minute))
			ok(x.t, err)
			x.arrives()
		},
		"its node died before the last look": func(x *shaky) {
			claim := x.again()[0]
			ok(x.t, x.s.SettleLost(ctx, node, []cordon.Lost{{Ref: claim.Ref, Outcome: cordon.Outcome{State: cordon.Queued}, At: x.clock.now()}}))
			x.arrives()
		},
		"stopped while it waits": func(x *shaky) {
			stop := x.stop(cordon.Scope{Tenant: x.tenant})
			sweepAll(x.t, x.s, 1)
			x.unknown(1)
			lift(x.t, x.s, stop.ID, cordon.Resume)
			sweepAll(x.t, x.s, 1)
			x.arrives()
		},
		"stopped at the last look": func(x *shaky) {
			claims := x.again()
			stop := x.stop(cordon.Scope{Dispatch: x.d.ID})
			settle(x.t, x.s, x.clock, claims, cordon.Outcome{State: cordon.HeldState}, 0)
			x.said(cordon.HeldState, "", "")
			sweepAll(x.t, x.s, 100)
			x.unknown(1)
			lift(x.t, x.s, stop.ID, cordon.Resume)
			sweepAll(x.t, x.s, 100)
			x.arrives()
		},
		"discarded": func(x *shaky) {
			stop := x.stop(cordon.Scope{Key: x.key})
			lift(x.t, x.s, stop.ID, cordon.Discard)
			x.said(cordon.Cut, "", "")
			x.ended()
		},
		"its dispatch discarded": func(x *shaky) {
			stop := x.stop(cordon.Scope{Dispatch: x.d.ID})
			lift(x.t, x.s, stop.ID, cordon.Discard)
			x.said(cordon.Cut, "", "")
			x.ended()
		},
		"discarded while it is tried": func(x *shaky) {
			claims := x.again()
			stop := x.stop(cordon.Scope{Dispatch: x.d.ID})
			if lifted := lift(x.t, x.s, stop.ID, cordon.Discard); !lifted.LiftedAt.IsZero() {
				x.t.Fatal("lifted while a copy is being sent")
			}
			settle(x.t, x.s, x.clock, claims, cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, 0)
			sweepAll(x.t, x.s, 100)
			if lifted, err := x.s.Stop(ctx, stop.ID); err != nil || lifted.LiftedAt.IsZero() {
				x.t.Fatalf("not lifted: %v", err)
			}
			x.ended()
		},
		"suppressed between two tries": func(x *shaky) {
			ok(x.t, x.s.Suppress(ctx, operator, x.tenant, x.copy.Delivery.Recipient, cordon.SuppressedByHand))
			x.unknown(1)
			claims := x.again()
			if !claims[0].Suppressed {
				x.t.Fatal("the claim does not say that it is suppressed")
			}
			settle(x.t, x.s, x.clock, claims, cordon.Outcome{State: cordon.Refused, Reason: "suppressed"}, 0)
			x.said(cordon.Refused, "", "suppressed")
			x.ended()
		},
		"erased between two tries": func(x *shaky) {
			ok(x.t, x.s.EraseRecipient(ctx, operator, x.tenant, x.copy.Delivery.Recipient))
			x.unknown(1)
			claims := x.again()
			if claims[0].RecipientState != cordon.RecipientErased {
				x.t.Fatalf("the claim says that the recipient is %s", claims[0].RecipientState)
			}
			settle(x.t, x.s, x.clock, claims, cordon.Outcome{State: cordon.Refused, Reason: "recipient"}, 0)
			x.ended()
		},
	}
	for _, name := range slices.Sorted(maps.Keys(ways)) {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *store.Store, c *handClock) {
				for _, kind := range []cordon.Kind{cordon.Bulk, cordon.Single} {
					ways[name](newShaky(t, s, c, kind))
				}
			})
		})
	}
}

// TestALateWordDoesNotForget: a node whose copy was taken from it, settled as
// uncertain and claimed once more speaks of the first try.
func TestALateWordDoesNotForget(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		x := newShaky(t, s, c, cordon.Bulk)
		x.again()
		settle(t, s, c, []cordon.Claim{x.copy}, cordon.Outcome{State: cordon.Refused, Reason: "tenant"}, 0)
		x.unknown(1)
	})
}

// TestASendIsNotDoneWhileACopyIsTriedAgain: what is tried again is counted
// uncertain, and all the same is under way.
func TestASendIsNotDoneWhileACopyIsTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		for _, kind := range []cordon.Kind{cordon.Bulk, cordon.Single} {
			x := newShaky(t, s, c, kind)
			again := x.again()
			c.advance(2 * time.Hour)
			deliver(t, s, c, claimAll(t, s, 10)) // the sixth
			is := func(want cordon.DispatchState) {
				t.Helper()
				if d, err := s.Dispatch(t.Context(), x.tenant, x.d.ID); err != nil || d.State != want {
					t.Fatalf("%s: is %s with %+v, want %s, %v", kind, d.State, d.Counts, want, err)
				}
			}
			is(cordon.DispatchOpen)
			deliver(t, s, c, again)
			is(cordon.DispatchDone)
		}
	})
}

// TestPerhapsDeliveredIsNotTakenBackBehindTheStore: neither by the row nor by an
// entry that forgets it.
func TestPerhapsDeliveredIsNotTakenBackBehindTheStore(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		x := newShaky(t, s, c, cordon.Bulk)
		if _, err := storetest.Raw(t, s).Exec(`UPDATE delivery SET state = 'refused' WHERE perhaps`); err == nil {
			t.Fatal("the table lets a copy that was perhaps delivered become refused")
		}
		verified := func() (last error) {
			entries, err := s.Entries(ctx, 0, 1000)
			ok(t, err)
			for _, e := range entries {
				if err := s.VerifyStored(ctx, e); err != nil {
					last = err
				}
			}
			return last
		}
		x.again()
		storetest.Tamper(t, s, `UPDATE delivery SET perhaps = FALSE WHERE perhaps`)
		if verified() == nil {
			t.Fatal("a mark taken away while the copy is being sent is not found")
		}
		storetest.Tamper(t, s, `UPDATE delivery SET state = 'refused' WHERE state = 'sending'`)
		storetest.Tamper(t, s, `UPDATE entry SET body = REPLACE(body, '"outcome":"deferred"', '"outcome":"refused"')`)
		if verified() == nil {
			t.Fatal("a mark taken away with the state is not found")
		}
	})
}
