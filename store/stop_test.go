package store_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func place(t testing.TB, s *store.Store, scope cordon.Scope) (cordon.Stop, []cordon.Ref) {
	t.Helper()
	var refs []cordon.Ref
	stop, err := s.PlaceStop(context.Background(), operator, cordon.Stop{Scope: scope, Reason: "wrong date column"},
		func(a cordon.StopAnswer, sending []cordon.Ref) cordon.StopAnswer { refs = sending; return a })
	ok(t, err)
	return stop, refs
}

func lift(t testing.TB, s *store.Store, id cordon.StopID, how cordon.Disposition) cordon.Stop {
	t.Helper()
	stop, err := s.LiftStop(context.Background(), operator, id, how)
	ok(t, err)
	return stop
}

func TestAStopAnswersExactlyAndHoldsEverythingItCovers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 30), newSender(t, s, c, 4)
		d := p.bulk()
		claims := claimAll(t, s, 12)
		deliver(t, s, c, claims[:5])
		settle(t, s, c, claims[5:6], cordon.Outcome{State: cordon.Uncertain}, time.Hour)
		settle(t, s, c, claims[6:8], cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, time.Minute)
		settle(t, s, c, claims[8:9], cordon.Outcome{State: cordon.Refused, Reason: "approval"}, 0)
		stop, refs := place(t, s, cordon.Scope{Dispatch: d.ID})
		if want := (cordon.StopAnswer{Delivered: 5, InFlight: 3, Held: 20, Refused: 1, Unknown: 1}); stop.Answer != want {
			t.Fatalf("answer %+v, want %+v", stop.Answer, want)
		}
		if len(refs) != 3 || refs[0].Node != node {
			t.Fatalf("refs %+v", refs)
		}
		preview, err := s.StopPreview(ctx, cordon.Scope{Tenant: p.tenant})
		if err != nil || preview.Delivered != 5 || preview.Queued != 18 {
			t.Fatalf("preview %+v, %v", preview, err)
		}
		c.advance(2 * time.Hour)
		if claims := claimAll(t, s, 100); len(claims) != 0 {
			t.Fatal("a stopped copy was claimed before the sweep")
		}
		other.bulk()
		if claims := claimAll(t, s, 100); len(claims) != 4 {
			t.Fatalf("a bystander's %d copies of 4 went out", len(claims))
		}
		// What was past the last look ends as it ends; what was not is held.
		deliver(t, s, c, claims[9:10])
		settle(t, s, c, claims[10:12], cordon.Outcome{State: cordon.HeldState}, 0)
		if moved := sweepAll(t, s, 7); moved != 20 {
			t.Fatalf("swept %d, want 20", moved)
		}
		if got, want := p.counts(d.ID), (cordon.Counts{Delivered: 6, Held: 22, Uncertain: 1, Refused: 1}); got != want {
			t.Fatalf("counts %+v, want %+v", got, want)
		}
		checkLanes(t, s)
		// The stop survives whoever placed it.
		again := storetest.Reopen(t, s)
		if stops, err := again.ActiveStops(ctx); err != nil || len(stops) != 1 || stops[0].Answer != stop.Answer {
			t.Fatalf("after a restart: %+v, %v", stops, err)
		}
		lift(t, s, stop.ID, cordon.Resume)
		sweepAll(t, s, 7)
		if claims := claimAll(t, s, 100); len(claims) != 23 { // the uncertain one too
			t.Fatalf("%d copies go on after the lift, want 23", len(claims))
		}
		if _, err := s.LiftStop(ctx, operator, stop.ID, cordon.Resume); cordon.CodeOf(err) != cordon.Conflict {
			t.Fatalf("lifted twice: %v", err)
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestALiftByDiscardCutsEverythingAndNothingLeavesBetween(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 20)
		d := p.bulk()
		claims := claimAll(t, s, 6)
		deliver(t, s, c, claims[:2])
		settle(t, s, c, claims[2:3], cordon.Outcome{State: cordon.Uncertain}, time.Hour)
		stop, _ := place(t, s, cordon.Scope{Key: p.key})
		sweepAll(t, s, 5) // some are held already
		lifted := lift(t, s, stop.ID, cordon.Discard)
		if !lifted.LiftedAt.IsZero() {
			t.Fatal("lifted while copies are still being sent")
		}
		if active, _, err := s.Stops(ctx, true, cordon.Page{}); err != nil || len(active) != 1 {
			t.Fatalf("the stop no longer stands: %v", err)
		}
		if _, err := s.LiftStop(ctx, operator, stop.ID, cordon.Resume); cordon.CodeOf(err) != cordon.Conflict {
			t.Fatalf("a discard was turned into a resume: %v", err)
		}
		settle(t, s, c, claims[3:4], cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, 0)
		settle(t, s, c, claims[4:5], cordon.Outcome{State: cordon.HeldState}, 0)
		deliver(t, s, c, claims[5:6])
		if left := claimAll(t, s, 100); len(left) != 0 {
			t.Fatal("a discarded copy was claimed")
		}
		sweepAll(t, s, 3)
		if lifted, err := s.Stop(ctx, stop.ID); err != nil || lifted.LiftedAt.IsZero() || lifted.Disposition != cordon.Discard {
			t.Fatalf("after the sweep: %+v, %v", lifted, err)
		}
		c.advance(48 * time.Hour)
		if left := claimAll(t, s, 100); len(left) != 0 {
			t.Fatal("a discarded copy was claimed after the lift")
		}
		done, err := s.Dispatch(ctx, p.tenant, d.ID)
		ok(t, err)
		if want := (cordon.Counts{Delivered: 3, Uncertain: 1, Cut: 16}); done.Counts != want || done.State != cordon.DispatchDone {
			t.Fatalf("%s with %+v, want done with %+v", done.State, done.Counts, want)
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestAStopOnOneSingleDispatchLeavesItsLaneRunning(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 6)
		one, two, three := p.single(p.people[:3]), p.single(p.people[3:]), p.single(p.people[:2], held)
		stop, _ := place(t, s, cordon.Scope{Dispatch: one.ID})
		if stop.Answer.Held != 3 {
			t.Fatalf("answer %+v", stop.Answer)
		}
		a, err := s.Assess(ctx, cordon.Question{Key: p.key})
		if err != nil || a.Held != 5 || a.Queued != 3 || a.Dispatches != 3 {
			t.Fatalf("assessed before the sweep: %+v, %v", a, err)
		}
		sweepAll(t, s, 2)
		claims := claimAll(t, s, 100)
		for _, claim := range claims {
			if claim.Delivery.Dispatch != two.ID {
				t.Fatalf("claimed a copy of %s", claim.Delivery.Dispatch)
			}
		}
		if len(claims) != 3 {
			t.Fatalf("claimed %d copies of the dispatch that goes on, want 3", len(claims))
		}
		deliver(t, s, c, claims)
		lift(t, s, stop.ID, cordon.Discard)
		if got := p.counts(one.ID); got.Cut != 3 {
			t.Fatalf("discarded: %+v", got)
		}
		if got := p.counts(three.ID); got.Held != 2 {
			t.Fatalf("what a verdict holds was touched by a lift: %+v", got)
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestAStopThatRanOutGivesItsCopiesBack(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 5)
		p.bulk()
		p.bulk(held)
		_, err := s.PlaceStop(context.Background(), operator, cordon.Stop{Scope: cordon.Scope{Everything: true}, Reason: "precaution", Until: c.now().Add(time.Hour)}, nil)
		ok(t, err)
		second, _ := place(t, s, cordon.Scope{Template: p.template, Kind: cordon.Single})
		sweepAll(t, s, 100)
		c.advance(2 * time.Hour)
		sweepAll(t, s, 100)
		if claims := claimAll(t, s, 100); len(claims) != 5 {
			t.Fatalf("%d copies go on, want the 5 that no verdict holds", len(claims))
		}
		p.single(p.people[:1])
		if claims := claimAll(t, s, 100); len(claims) != 0 {
			t.Fatal("the second stop was forgotten")
		}
		lift(t, s, second.ID, cordon.Resume)
		checkLanes(t, s)
	})
}

func TestAStopWithoutScopeOrReasonIsNotStored(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		for _, stop := range []cordon.Stop{{Reason: "x"}, {Scope: cordon.Scope{Everything: true}}, {Scope: cordon.Scope{Kind: cordon.Bulk}, Reason: "x"}} {
			if _, err := s.PlaceStop(context.Background(), operator, stop, nil); cordon.CodeOf(err) != cordon.Invalid {
				t.Fatalf("%+v: %v", stop, err)
			}
		}
	})
}

// fewer bounds a property test that talks to a database, unless the command
// line asks for a number of checks of its own.
func fewer(t *testing.T, checks, steps int) {
	t.Helper()
	for name, n := range map[string]int{"rapid.checks": checks, "rapid.steps": steps} {
		if !slices.ContainsFunc(os.Args, func(arg string) bool { return strings.Contains(arg, name) }) {
			was := flag.Lookup(name).Value.String()
			ok(t, flag.Set(name, strconv.Itoa(n)))
			t.Cleanup(func() { ok(t, flag.Set(name, was)) })
		}
	}
}

// TestTheSQLTwinBlocksWhatTheStopBlocks places random stops over random copies
// and compares, for each copy, whether a claim takes it with whether
// cordon.Stop.Blocks would have it back.
func TestTheSQLTwinBlocksWhatTheStopBlocks(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		fewer(t, 60, 30)
		senders := []*sender{newSender(t, s, c, 3), newSender(t, s, c, 3)}
		db := storetest.Raw(t, s)
		rapid.Check(t, func(rt *rapid.T) {
			p := senders[rapid.IntRange(0, 1).Draw(rt, "tenant")]
			templates := []cordon.TemplateID{p.template, "tpl_b"}
			accounts := []cordon.AccountID{p.account, "acc_b"}
			keys := []cordon.KeyID{p.key, ""}
			n := p.order(rapid.SampledFrom([]cordon.Kind{cordon.Bulk, cordon.Single, cordon.Notice}).Draw(rt, "kind"))
			n.Filter, n.Members = cordon.Filter{Everyone: true}, p.people[:1]
			if n.Dispatch.Kind == cordon.Notice {
				n.Affected = p.wronged(p.people[:1])
			}
			n.Dispatch.Template = rapid.SampledFrom(templates).Draw(rt, "template")
			n.Dispatch.Account = rapid.SampledFrom(accounts).Draw(rt, "account")
			n.Dispatch.Key = rapid.SampledFrom(keys).Draw(rt, "key")
			d := p.accept(n)
			copy := cordon.Delivery{Tenant: d.Tenant, Template: d.Template, Account: d.Account, Key: d.Key, Dispatch: d.ID, Kind: d.Kind}
			blocks := false
			now := c.now()
			for range rapid.IntRange(1, 3).Draw(rt, "stops") {
				stop := cordon.Stop{ID: cordon.NewStopID(), Reason: "x"}
				stop.Scope = cordon.Scope{
					Everything: rapid.IntRange(0, 9).Draw(rt, "everything") == 0,
					Tenant:     rapid.SampledFrom([]cordon.TenantID{"", "", senders[0].tenant, senders[1].tenant}).Draw(rt, "s.tenant"),
					Template:   rapid.SampledFrom([]cordon.TemplateID{"", "", templates[0], templates[1]}).Draw(rt, "s.template"),
					Account:    rapid.SampledFrom([]cordon.AccountID{"", "", accounts[0], accounts[1]}).Draw(rt, "s.account"),
					Key:        rapid.SampledFrom([]cordon.KeyID{"", "", p.key}).Draw(rt, "s.key"),
					Dispatch:   rapid.SampledFrom([]cordon.DispatchID{"", "", d.ID, "dsp_b"}).Draw(rt, "s.dispatch"),
					Kind:       rapid.SampledFrom([]cordon.Kind{"", "", cordon.Bulk, cordon.Single, cordon.Notice}).Draw(rt, "s.kind"),
				}
				switch rapid.IntRange(0, 3).Draw(rt, "until") {
				case 0:
					stop.Until = now.Add(-time.Minute)
				case 1:
					stop.Until = now.Add(time.Hour)
				}
				if rapid.IntRange(0, 4).Draw(rt, "lifted") == 0 {
					stop.LiftedAt = now.Add(-time.Second)
				}
				blocks = blocks || stop.Blocks(copy, now)
				putStop(t, s, stop) // also what PlaceStop would refuse: the twin alone must be right
			}
			lanes, err := s.LanesDue(ctx, 1000)
			ok(t, err)
			offered := slices.ContainsFunc(lanes, func(l cordon.Lane) bool {
				return l.Tenant == d.Tenant && (l.Dispatch == d.ID || l.Kind == cordon.Single && d.Kind == cordon.Single && l.Template == d.Template && l.Account == d.Account && l.Key == d.Key)
			})
			var lane int64
			ok(t, db.QueryRow(`SELECT lane FROM dispatch WHERE id = $1`, string(d.ID)).Scan(&lane))
			claims, err := s.ClaimDue(ctx, node, cordon.Lane{Tenant: d.Tenant, Num: lane}, 1000)
			ok(t, err)
			claimed := slices.ContainsFunc(claims, func(claim cordon.Claim) bool { return claim.Delivery.Dispatch == d.ID })
			if claimed == blocks {
				rt.Fatalf("cordon.Stop.Blocks says %v, the claim took it: %v", blocks, claimed)
			}
			if claimed && !offered {
				rt.Fatal("a copy that may leave was in no lane that is offered")
			}
			a, err := s.Assess(ctx, cordon.Question{Dispatch: d.ID})
			ok(t, err)
			if blocks != (a.Held > 0) {
				rt.Fatalf("cordon.Stop.Blocks says %v, the assessment %+v", blocks, a)
			}
			for _, table := range []string{"stop", "delivery", "lane", "dispatch", "incident_scope"} {
				_, err := db.Exec("DELETE FROM " + table)
				ok(t, err)
			}
		})
	})
}

// putStop writes a stop behind the store's back.
func putStop(t testing.TB, s *store.Store, stop cordon.Stop) {
	t.Helper()
	us := func(at time.Time) int64 {
		if at.IsZero() {
			return 0
		}
		return at.UnixMicro()
	}
	c := stop.Scope
	_, err := storetest.Raw(t, s).Exec(`INSERT INTO stop (num, id, everything, tenant, template, account, key_id, dispatch, kind, reason, placed_by, placed_at, until_at, lifted_at, answer)
		VALUES ((SELECT COALESCE(MAX(num), 0) + 1 FROM stop), $1, $2, $3, $4, $5, $6, $7, $8, 'x', 'x', 1, $9, $10, '{}')`,
		string(stop.ID), c.Everything, string(c.Tenant), string(c.Template), string(c.Account), string(c.Key), string(c.Dispatch), string(c.Kind), us(stop.Until), us(stop.LiftedAt))
	ok(t, err)
}

// TestCountersEqualRowsWhateverHappens does random things to random sends. After
// each run every lane's counters equal its rows, every entry's rows say what it
// says, nothing that was accepted is lost, and nothing that was perhaps delivered
// is forgotten.
func TestCountersEqualRowsWhateverHappens(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		fewer(t, 15, 30)
		p := newSender(t, s, c, 12)
		var all []cordon.Dispatch
		accepted := 0
		rapid.Check(t, func(rt *rapid.T) {
			var sending []cordon.Claim
			note := func(d cordon.Dispatch) { all, accepted = append(all, d), accepted+d.Recipients }
			outcomes := []cordon.Outcome{
				{State: cordon.Delivered, Reply: "250 2.0.0"}, {State: cordon.Deferred, Reply: "451 4.2.0"}, {State: cordon.Bounced, Reply: "550 5.7.1"},
				{}, {State: cordon.Queued}, {State: cordon.HeldState}, {State: cordon.Refused, Reason: "tenant"},
			}
			rt.Repeat(map[string]func(*rapid.T){
				"bulk": func(rt *rapid.T) { note(p.bulk()) },
				"staged": func(rt *rapid.T) {
					note(p.bulk(inStages(rapid.IntRange(1, 12).Draw(rt, "from"), 2*time.Second, 3, 7), func(n *cordon.NewDispatch) {
						n.Dispatch.NotBefore = n.Dispatch.AcceptedAt.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "undo")) * time.Second)
						if rapid.Bool().Draw(rt, "is held") {
							held(n)
						}
					}))
				},
				"stage": func(rt *rapid.T) {
					stages, err := s.StagedDispatches(ctx, 100)
					ok(t, err)
					if len(stages) > 0 {
						changeAnyhow(t, s, rapid.SampledFrom(stages).Draw(rt, "stage"), rapid.IntRange(0, 2).Draw(rt, "change"))
					}
				},
				"held": func(rt *rapid.T) { note(p.single(p.people[:rapid.IntRange(1, 5).Draw(rt, "n")], held)) },
				"single": func(rt *rapid.T) {
					note(p.single(p.people[:rapid.IntRange(1, 5).Draw(rt, "n")], func(n *cordon.NewDispatch) {
						n.Dispatch.NotBefore = n.Dispatch.AcceptedAt.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "undo")) * time.Second)
					}))
				},
				"claim": func(rt *rapid.T) {
					sending = append(sending, claimAll(t, s, rapid.IntRange(1, 20).Draw(rt, "n"))...)
				},
				"record": func(rt *rapid.T) {
					g := cordon.AttemptGroup{}
					for range min(len(sending), rapid.IntRange(1, 15).Draw(rt, "n")) {
						i := rapid.IntRange(0, len(sending)-1).Draw(rt, "i")
						at := c.now()
						g.Attempts = append(g.Attempts, cordon.Attempt{
							Claim: sending[i], Outcome: rapid.SampledFrom(outcomes).Draw(rt, "outcome"), At: at,
							NextDue: at.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "due")) * time.Second),
						})
						sending = slices.Delete(sending, i, i+1)
					}
					ok(t, s.RecordAttempts(ctx, node, g))
				},
				"crash": func(rt *rapid.T) {
					refs, err := s.SendingOf(ctx, node)
					ok(t, err)
					var lost []cordon.Lost
					for _, ref := range refs {
						lost = append(lost, cordon.Lost{Ref: ref, Outcome: rapid.SampledFrom(outcomes[:5]).Draw(rt, "outcome"), At: c.now()})
					}
					ok(t, s.SettleLost(ctx, node, lost))
					sending = nil
				},
				"stop": func(rt *rapid.T) {
					scope := cordon.Scope{Key: p.key}
					switch rapid.IntRange(0, 2).Draw(rt, "scope") {
					case 0:
						scope.Kind = cordon.Bulk
					case 1:
						if len(all) > 0 {
							scope = cordon.Scope{Dispatch: rapid.SampledFrom(all).Draw(rt, "dispatch").ID}
						}
					}
					place(t, s, scope)
				},
				"lift": func(rt *rapid.T) {
					stops, err := s.ActiveStops(ctx)
					ok(t, err)
					stops = slices.DeleteFunc(stops, func(x cordon.Stop) bool { return x.Disposition != "" })
					if len(stops) > 0 {
						lift(t, s, rapid.SampledFrom(stops).Draw(rt, "stop").ID, rapid.SampledFrom([]cordon.Disposition{cordon.Resume, cordon.Discard}).Draw(rt, "how"))
					}
				},
				"sweep": func(rt *rapid.T) {
					_, _, err := s.Sweep(ctx, rapid.IntRange(1, 9).Draw(rt, "n"))
					ok(t, err)
				},
				"judge": func(rt *rapid.T) {
					for _, d := range all {
						if now, err := s.Dispatch(ctx, p.tenant, d.ID); err == nil && now.State == cordon.DispatchHeld {
							if rapid.Bool().Draw(rt, "release") {
								ok(t, s.ReleaseDispatch(ctx, operator, p.tenant, d.ID, cordon.HoldNote{}, func(cordon.Dispatch) []byte { return []byte("m") }))
							} else {
								_, err := s.DiscardDispatch(ctx, operator, p.tenant, d.ID, cordon.HoldNote{})
								ok(t, err)
							}
							return
						}
					}
				},
				"time": func(rt *rapid.T) { c.advance(30 * time.Second) },
			})
			checkLanes(t, s)
			checkStages(t, s)
			p.checkPerhaps()
			checkListed(t, s, cordon.Question{Tenant: p.tenant, From: c.now().Add(-90 * time.Second), Until: c.now().Add(-20 * time.Second)})
		})
		totals, err := s.Totals(ctx)
		ok(t, err)
		if got := totals[p.tenant].Total(); got != int64(accepted) {
			t.Fatalf("%d copies are there, %d were accepted", got, accepted)
		}
		checkLedger(t, s)
		checkDone(t, s)
	})
}

// checkDone proves that exactly the dispatches with nothing left to do are done.
func checkDone(t testing.TB, s *store.Store) {
	t.Helper()
	var wrong int
	ok(t, storetest.Raw(t, s).QueryRow(fmt.Sprintf(`SELECT COUNT(*) FROM dispatch d WHERE d.state = 'done' AND EXISTS (SELECT 1 FROM delivery v
		WHERE v.tenant = d.tenant AND v.dispatch = d.num AND (v.state IN ('queued', 'sending', 'deferred', 'held') OR v.state = 'uncertain' AND v.due < %d))`, int64(1<<63-1))).Scan(&wrong))
	if wrong > 0 {
		t.Fatalf("%d dispatches are done and have copies that may leave", wrong)
	}
}
