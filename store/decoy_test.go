package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// trap is a planting with an address of its own and references to try.
func trap(local string, refs ...string) cordon.Planting {
	return cordon.Planting{
		Person: cordon.Person{Name: "Nobody " + local, Address: cordon.Address(local + "@post.example")},
		Kind:   cordon.DecoyMailbox, Refs: refs, Label: "autumn export",
	}
}

func (p practice) sow(plantings ...cordon.Planting) {
	p.t.Helper()
	ok(p.t, p.s.SowDecoys(p.t.Context(), operator, p.id, plantings))
}

func (p practice) traps() []cordon.RecipientID {
	p.t.Helper()
	ids, err := p.s.Decoys(p.t.Context(), p.id)
	ok(p.t, err)
	return ids
}

func (p practice) cover() cordon.DecoyCoverage {
	p.t.Helper()
	c, err := p.s.TenantDecoys(p.t.Context(), p.id)
	ok(p.t, err)
	return c
}

// refOf reads a recipient's reference past everything that hides decoys.
func refOf(t *testing.T, s *store.Store, id cordon.RecipientID) (ref string) {
	t.Helper()
	ok(t, storetest.Raw(t, s).QueryRow(`SELECT external_ref FROM recipient WHERE id = '`+string(id)+`'`).Scan(&ref))
	return ref
}

func TestAPlantedAddressIsFoundOverAllTenants(t *testing.T) {
	c := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p, other := t.Context(), newPractice(t, s, "berg"), newPractice(t, s, "dal")
		p.sow(trap("anna.k7"), trap("bo.x2"))
		other.sow(trap("cy.q9"))
		found, err := s.FindDecoys(ctx, "ANNA.K7@post.example")
		ok(t, err)
		if len(found) != 1 || found[0].Tenant != p.id || found[0].Kind != cordon.DecoyMailbox || found[0].Label != "autumn export" || found[0].PlantedAt.IsZero() || !found[0].RetiredAt.IsZero() {
			t.Fatalf("found %+v", found)
		}
		for _, a := range []cordon.Address{"anna.k8@post.example", "anna.k7@post.example.org", "", "x@patients.example"} {
			if found, err := s.FindDecoys(ctx, a); err != nil || len(found) != 0 {
				t.Errorf("a stranger's address is %+v, %v", found, err)
			}
		}
		// A person of the same address is no decoy, and an erased tenant's decoys
		// still say whose directory they were in.
		ok(t, s.EraseTenant(ctx, operator, other.id))
		found, err = s.FindDecoys(ctx, "cy.q9@post.example")
		ok(t, err)
		if len(found) != 1 || found[0].Tenant != other.id {
			t.Fatalf("of an erased tenant: %+v", found)
		}
		for _, table := range storetest.Tables(t, s) {
			if bytes.Contains(bytes.ToLower(storetest.Dump(t, s, table)), []byte("anna.k7")) {
				t.Errorf("table %s holds a planted address in the clear", table)
			}
		}
	}, storetest.Clock(c.Now))
}

func TestRotationRetiresTheOldestAndKeepsThemTraps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(patient("a"))
		p.sow(trap("one"))
		old := p.traps()[0]
		p.sow(trap("two"), trap("three"))
		n, err := s.RotateDecoys(ctx, operator, p.id, []cordon.Planting{trap("four")}, time.Now().Add(time.Hour))
		ok(t, err)
		wantEqual(t, "retired", n, 1)
		e := lastEntry(t, s)
		wantEqual(t, "entry", e.Kind, cordon.EntryDecoysRotated)
		wantEqual(t, "body", string(e.Body), `{"count":1,"label":"autumn export","mailboxes":1,"retired":1}`)
		if ids := p.traps(); len(ids) != 3 || slices.Contains(ids, old) {
			t.Fatalf("standing %v, retired %v", ids, old)
		}
		c := p.cover()
		if c.Standing != 3 || c.Retired != 1 || c.Mailboxes != 3 || c.People != 1 || c.LastRotation.IsZero() {
			t.Fatalf("coverage %+v", c)
		}
		_, decoys, err := s.CountRecipients(ctx, p.id)
		ok(t, err)
		wantEqual(t, "headcount", decoys, 3)
		// The retired one is a trap still: at the door, and for mail.
		found, err := s.FindRecipients(ctx, p.id, []cordon.RecipientID{old})
		ok(t, err)
		wantEqual(t, "still a decoy", found[old].Decoy, true)
		mail, err := s.FindDecoys(ctx, "one@post.example")
		ok(t, err)
		if len(mail) != 1 || mail[0].RetiredAt.IsZero() {
			t.Fatalf("its address: %+v", mail)
		}
		wantEqual(t, "audience", p.count(cordon.Filter{Everyone: true}), 1)
		// Whoever comes second to the same rotation does nothing.
		before := len(entryKinds(t, s))
		_, err = s.RotateDecoys(ctx, operator, p.id, []cordon.Planting{trap("five")}, time.Now().Add(-time.Hour))
		wantCode(t, err, cordon.Conflict)
		wantEqual(t, "entries", len(entryKinds(t, s)), before)
		wantEqual(t, "standing", len(p.traps()), 3)
	})
}

func TestArrivalsAreCountedAndSignalledOnceAnHour(t *testing.T) {
	clock := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.sow(trap("one"))
		found, err := s.FindDecoys(ctx, "one@post.example")
		ok(t, err)
		d, at := found[0], clock.Now().Add(10*time.Minute)
		mail := func(sender string, at time.Time, probe bool) int64 {
			n, err := s.RecordArrival(ctx, cordon.System(), d, cordon.Arrival{Sender: sender, Network: "192.0.2.0/24", Size: 900, Probe: probe, At: at},
				cordon.Signal{Kind: cordon.SignalDecoyMail, Grade: cordon.GradeIncident, Message: "leaked"})
			ok(t, err)
			return n
		}
		signals := func() (counts []int) {
			list, _, err := s.Signals(ctx, p.id, cordon.Page{Limit: 100})
			ok(t, err)
			for _, g := range slices.Backward(list) {
				if g.Kind != cordon.SignalDecoyMail || g.Tenant != p.id || g.Grade != cordon.GradeIncident {
					t.Fatalf("signal %+v", g)
				}
				counts = append(counts, g.Count)
			}
			return counts
		}
		for i := range 30 {
			wantEqual(t, "count", mail(fmt.Sprintf("s%d.example", i), at, false), int64(i+1))
		}
		wantEqual(t, "signals of the hour", fmt.Sprint(signals()), "[1 10]")
		mail("s1.example", at.Add(time.Hour), false)
		wantEqual(t, "signals of two hours", fmt.Sprint(signals()), "[1 10 1]")
		mail("s1.example", at, true)
		wantEqual(t, "and of an address that was tried", fmt.Sprint(signals()), "[1 10 1 1]")

		// What a flood from everywhere leaves is bounded, and nothing of it is lost.
		list, err := s.DecoyArrivals(ctx, 100)
		ok(t, err)
		var copies int64
		for _, a := range list {
			copies += a.Copies
			if a.Tenant != p.id || a.Label != "autumn export" {
				t.Fatalf("arrival %+v", a)
			}
		}
		if len(list) != 20+1+1+1 || copies != 32 {
			t.Fatalf("%d rows of %d copies", len(list), copies)
		}
		if !list[0].FirstAt.Equal(at.Add(time.Hour)) {
			t.Fatalf("the latest is %v", list[0].FirstAt)
		}
		c := p.cover()
		if c.Arrivals != 32 || c.Days[cordon.DecoyDays-1].Arrivals != 32 || c.Touches != 0 {
			t.Fatalf("coverage %+v", c)
		}
		ok(t, s.RecordSignals(ctx, operator, []cordon.Signal{{Kind: cordon.SignalDecoy, Grade: cordon.GradeIncident, Tenant: p.id, Count: 2, Message: "named", At: clock.Now().AddDate(0, 0, -3)}}))
		if c := p.cover(); c.Touches != 2 || c.Days[cordon.DecoyDays-4].Touches != 2 {
			t.Fatalf("touches %+v", c)
		}
	}, storetest.Clock(clock.Now))
}

func TestArrivalsAtOnceRaiseOneSignal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.sow(trap("one"))
		found, err := s.FindDecoys(ctx, "one@post.example")
		ok(t, err)
		var wg sync.WaitGroup
		at := time.Now()
		for range 8 {
			wg.Go(func() {
				if _, err := s.RecordArrival(ctx, cordon.System(), found[0], cordon.Arrival{At: at}, cordon.Signal{Kind: cordon.SignalDecoyMail, Message: "leaked"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list, _, err := s.Signals(ctx, p.id, cordon.Page{})
		ok(t, err)
		wantEqual(t, "signals", len(list), 1)
		wantEqual(t, "copies", p.cover().Arrivals, int64(8))
	})
}

// A decoy has a reference like everybody, until a real person comes who has it.
func TestARealPersonTakesTheirReferenceBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(patient("P-1"))
		p.sow(trap("one", "P-1", "P-2", "P-3"), trap("two", "P-2", "P-4"))
		ids := p.traps()
		var refs []string
		for _, id := range ids {
			refs = append(refs, refOf(t, s, id))
		}
		slices.Sort(refs)
		wantEqual(t, "free references only", strings.Join(refs, " "), "P-2 P-4")
		_, err := s.RecipientByRef(ctx, p.id, "P-2")
		wantCode(t, err, cordon.Missing)

		inserted, _ := p.upsert(patient("P-2"))
		wantEqual(t, "inserted", inserted, 1)
		if r := p.byRef("P-2"); slices.Contains(ids, r.ID) || r.Decoy {
			t.Fatalf("the person got a decoy's row: %+v", r)
		}
		wantEqual(t, "people", p.count(cordon.Filter{Everyone: true}), 2)
		wantEqual(t, "decoys", len(p.traps()), 2)

		// One that has none is given one, and none that somebody has.
		n, err := s.DressDecoys(ctx, operator, p.id, []string{"P-1", "P-4", "P-9", "P-8"})
		ok(t, err)
		wantEqual(t, "dressed", n, 1)
		var bare int
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM recipient WHERE decoy AND external_ref = ''`).Scan(&bare))
		wantEqual(t, "without a reference", bare, 0)
	})
}

// A decoy named in no list, count, sample, search or account of the affected,
// whatever it looks like.
func TestDecoysAreInNoExport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(patient("P-1", "recall"), patient("P-2"))
		p.sow(trap("one", "P-7"), trap("two", "P-8"))
		_, err := s.RotateDecoys(ctx, operator, p.id, []cordon.Planting{trap("three", "P-9")}, time.Now().Add(time.Hour))
		ok(t, err)
		planted := map[cordon.RecipientID]bool{}
		rows, err := storetest.Raw(t, s).Query(`SELECT id FROM recipient WHERE decoy`)
		ok(t, err)
		defer rows.Close()
		for rows.Next() {
			var id cordon.RecipientID
			ok(t, rows.Scan(&id))
			planted[id] = true
		}
		wantEqual(t, "planted", len(planted), 3)
		for _, f := range []cordon.Filter{{Everyone: true}, {Everyone: true, None: []string{"recall"}}, {Any: []string{"recall"}}, {All: []string{"recall"}}} {
			for _, r := range everyPage(t, 1, func(pg cordon.Page) ([]cordon.Recipient, string, error) { return s.Recipients(ctx, p.id, f, pg) }) {
				if planted[r.ID] {
					t.Errorf("%+v lists a decoy", f)
				}
			}
			unfit, err := s.AudienceUnfit(ctx, p.id, f, 1<<40, 10)
			ok(t, err)
			for _, id := range unfit {
				if planted[id] {
					t.Errorf("%+v names a decoy as unfit", f)
				}
			}
		}
		wantEqual(t, "everyone", p.count(cordon.Filter{Everyone: true}), 2)
		refs, err := s.SampleRefs(ctx, p.id, 10)
		ok(t, err)
		slices.Sort(refs) // of the oldest, and of the newest
		wantEqual(t, "sample", fmt.Sprint(refs), "[P-1 P-1 P-2 P-2]")
		active, decoys, err := s.CountRecipients(ctx, p.id)
		ok(t, err)
		wantEqual(t, "counts", fmt.Sprint(active, decoys), "2 2")
	})
}

func TestCoverageOfAllTenants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for _, handle := range []string{"a", "b", "c"} {
			p := newPractice(t, s, handle)
			p.sow(trap("x." + handle))
			if handle == "b" {
				ok(t, s.EraseTenant(ctx, operator, p.id))
			}
		}
		list := everyPage(t, 1, func(pg cordon.Page) ([]cordon.DecoyCoverage, string, error) { return s.DecoyCoverage(ctx, pg) })
		if len(list) != 2 || list[0].Handle != "a" || list[1].Handle != "c" || list[1].Standing != 1 || len(list[1].Days) != cordon.DecoyDays {
			t.Fatalf("coverage %+v", list)
		}
		_, err := s.TenantDecoys(ctx, cordon.NewTenantID())
		wantCode(t, err, cordon.Missing)
	})
}
