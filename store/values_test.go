package store_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// dated gives everybody of the list a date with the order.
func dated(people []cordon.RecipientID) func(*cordon.NewDispatch) {
	return func(n *cordon.NewDispatch) {
		var rows []cordon.Row
		for i, id := range people {
			rows = append(rows, cordon.Row{Line: i + 2, Recipient: id, Values: map[string]string{"date": "2026-04-01"}})
		}
		n.Rows, n.RowsRequired = rowsOf(rows...), true
	}
}

// wantValues says how many values are kept, over all tenants.
func wantValues(t *testing.T, s *store.Store, when string, want int64) {
	t.Helper()
	var n int64
	ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM delivery_value`).Scan(&n))
	if n != want {
		t.Fatalf("%s: %d values are kept, want %d", when, n, want)
	}
}

func TestErasingAPersonErasesWhatOrdersSayOfIt(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 6), newSender(t, s, c, 6)
		p.bulk(dated(p.people))
		p.single(p.people[:3], dated(p.people[:3]))
		p.bulk(dated(p.people), held)
		other.bulk(dated(other.people)) // its people have the same numbers
		wantValues(t, s, "accepted", 6+3+6+6)
		ok(t, s.EraseRecipient(ctx, operator, p.tenant, p.people[1]))
		wantValues(t, s, "one erased", 5+2+5+6)
		refused := 0
		for _, claim := range claimAll(t, s, 100) {
			if claim.RecipientState == cordon.RecipientErased {
				if refused++; claim.Values != nil {
					t.Error("the erased person's values are handed to the exit")
				}
			}
		}
		if refused != 2 {
			t.Errorf("%d copies of the erased person are claimed, want 2", refused)
		}
	})
}

func TestValuesGoWhenTheirCopyIsFinal(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		p := newSender(t, s, c, 30)
		p.bulk(dated(p.people))
		p.single(p.people[:4], dated(p.people[:4]))
		p.bulk()                         // without values
		p.bulk(held, dated(p.people[:])) // waits for a person, and keeps its own
		claims := claimAll(t, s, 100)
		if len(claims) != 64 {
			t.Fatalf("claimed %d", len(claims))
		}
		var with []cordon.Claim
		for _, claim := range claims {
			if claim.Values == nil {
				deliver(t, s, c, []cordon.Claim{claim})
				continue
			}
			with = append(with, claim)
		}
		wantValues(t, s, "others delivered", 64)
		settle(t, s, c, with[:2], cordon.Outcome{State: cordon.Deferred, Reply: "451 4.7.1"}, time.Hour)
		settle(t, s, c, with[2:4], cordon.Outcome{State: cordon.Queued}, time.Hour)
		settle(t, s, c, with[4:6], cordon.Outcome{}, time.Hour)
		wantValues(t, s, "to be tried again", 64)
		settle(t, s, c, with[6:9], cordon.Outcome{State: cordon.Bounced, Reply: "550 5.1.1"}, 0)
		settle(t, s, c, with[9:10], cordon.Outcome{State: cordon.Refused, Reason: "suppressed"}, 0)
		odd := []cordon.Claim{} // many runs of sequence numbers
		for i := 11; i < len(with); i += 2 {
			odd = append(odd, with[i])
		}
		deliver(t, s, c, odd)
		wantValues(t, s, "bounced, refused and delivered", int64(64-4-len(odd)))
		ok(t, s.RecordAttempts(context.Background(), node, cordon.AttemptGroup{Attempts: []cordon.Attempt{
			{Claim: with[10], Outcome: cordon.Outcome{}, At: c.now(), NextDue: time.UnixMicro(1<<63 - 1)}, // never again
		}}))
		wantValues(t, s, "uncertain to the end", int64(64-5-len(odd)))
		c.advance(2 * time.Hour)
		for _, claim := range claimAll(t, s, 100) {
			if values, err := s.UnsealValues(claim); err != nil || values["date"] == "" {
				t.Fatalf("tried again without its values: %v", err)
			}
		}
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

func TestValuesGoWhenTheirCopyIsCut(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 10), newSender(t, s, c, 10)
		other.bulk(dated(other.people))
		p.bulk(dated(p.people))
		p.single(p.people[:3], dated(p.people[:3]))
		kept := p.bulk(dated(p.people), held)
		unsure := 0
		for _, claim := range claimAll(t, s, 15) {
			if claim.Delivery.Tenant == p.tenant && unsure < 2 {
				unsure++
				settle(t, s, c, []cordon.Claim{claim}, cordon.Outcome{}, time.Hour)
				continue
			}
			settle(t, s, c, []cordon.Claim{claim}, cordon.Outcome{State: cordon.Queued}, 0)
		}
		wantValues(t, s, "accepted", 33)
		stop, err := s.PlaceStop(ctx, operator, cordon.Stop{Scope: cordon.Scope{Tenant: p.tenant}, Reason: "wrong"}, nil)
		ok(t, err)
		sweepAll(t, s, 7)
		wantValues(t, s, "held", 33)
		_, err = s.LiftStop(ctx, operator, stop.ID, cordon.Discard)
		ok(t, err)
		sweepAll(t, s, 7)
		wantValues(t, s, "discarded, but for what a verdict holds and the other tenant", 20)
		if _, err := s.DiscardDispatch(ctx, operator, p.tenant, kept.ID, cordon.HoldNote{}); err != nil {
			t.Fatal(err)
		}
		sweepAll(t, s, 7)
		wantValues(t, s, "the held dispatch discarded", 10)
		checkLanes(t, s)
		checkLedger(t, s)
	})
}

// A list given as an argument leads its join: SQLite keeps the order of a CROSS
// JOIN, and may turn any other around and read a whole table for each value
// (4,000 values once took a hundred times as long to accept).
func TestListsLeadTheirJoins(t *testing.T) {
	names, err := filepath.Glob("*.go")
	ok(t, err)
	turned := regexp.MustCompile(`\{\{(nums|texts|rows) \$\d+\}\} \w+\s+(INNER )?JOIN\b`)
	for _, name := range names {
		raw, err := os.ReadFile(name)
		ok(t, err)
		for _, found := range turned.FindAllString(string(raw), -1) {
			t.Errorf("%s: %s: write CROSS JOIN … WHERE", name, found)
		}
	}
}
