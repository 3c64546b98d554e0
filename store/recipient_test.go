package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func TestUpsertByReference(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		var rows []cordon.RecipientRow
		for i := range 300 { // more than one chunk of every size
			rows = append(rows, patient(fmt.Sprintf("p%03d", i), "recall"))
		}
		inserted, updated := p.upsert(rows...)
		wantEqual(t, "inserted", inserted, 300)
		wantEqual(t, "updated", updated, 0)
		before := p.byRef("p007")

		changed := patient("p007", "moved", "recall")
		changed.Person.Address, changed.Person.Name = "new@patients.example", ""
		changed.Person.Fields = map[string]string{"dentist": "Dr. Li", "city": ""}
		kept := patient("p008")
		kept.Tags = nil
		inserted, updated = p.upsert(changed, kept, patient("p300", "recall"))
		wantEqual(t, "inserted", inserted, 1)
		wantEqual(t, "updated", updated, 2)

		after := p.byRef("p007")
		wantEqual(t, "ID after an update", after.ID, before.ID)
		wantEqual(t, "tags", fmt.Sprint(after.Tags), "[moved recall]")
		wantEqual(t, "tags not said", fmt.Sprint(p.byRef("p008").Tags), "[recall]")
		person := p.open(after.ID)
		wantEqual(t, "address", person.Address, "new@patients.example")

		mask, err := s.FieldMask(ctx, p.id, []string{"name", "city", "dentist"})
		ok(t, err)
		found, err := s.FindRecipients(ctx, p.id, []cordon.RecipientID{after.ID, p.byRef("p008").ID})
		ok(t, err)
		dentist, err := s.FieldMask(ctx, p.id, []string{"dentist", "address"})
		ok(t, err)
		wantEqual(t, "fields of the changed one", found[after.ID].Fields, dentist)
		wantEqual(t, "fits all", found[after.ID].Fields.Has(mask), false)
		names, err := s.FieldNames(ctx, p.id)
		ok(t, err)
		wantEqual(t, "field names", fmt.Sprint(names), "[name address city dentist]")
		_, err = s.FieldMask(ctx, p.id, []string{"shoe_size"})
		wantCode(t, err, cordon.Invalid)

		gone, err := s.FindByAddress(ctx, operator, p.id, "p007@patients.example")
		ok(t, err)
		wantEqual(t, "recipients of the old address", len(gone), 0)
		there, err := s.FindByAddress(ctx, operator, p.id, "NEW@patients.example")
		ok(t, err)
		wantEqual(t, "recipients of the new address, in other case", refs(there), "[p007]")
		active, decoys, err := s.CountRecipients(ctx, p.id)
		ok(t, err)
		wantEqual(t, "active", active, 301)
		wantEqual(t, "decoys", decoys, 0)
		if e := lastEntry(t, s); e.Kind != cordon.EntryRecipientsChanged && e.Kind != cordon.EntryPersonalDataRead {
			t.Fatalf("last entry is %s", e.Kind)
		}
	})
}

func TestUpsertByAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newPractice(t, s, "berg")
		plain := func(address, name string) cordon.RecipientRow {
			return cordon.RecipientRow{Person: cordon.Person{Address: cordon.Address(address), Name: name}}
		}
		inserted, updated := p.upsert(plain("a@x.example", "A"), plain("b@x.example", "B"), plain("A@x.example", "A again"))
		wantEqual(t, "inserted", inserted, 2)
		wantEqual(t, "updated (the later of two rows for one address)", updated, 1)
		inserted, updated = p.upsert(plain("a@x.example", "A third"))
		wantEqual(t, "inserted", inserted, 0)
		wantEqual(t, "updated", updated, 1)

		// References come later: the person of the address is kept.
		before, err := s.FindByAddress(t.Context(), operator, p.id, "a@x.example")
		ok(t, err)
		inserted, _ = p.upsert(cordon.RecipientRow{ExternalRef: "r1", Person: cordon.Person{Address: "a@x.example", Name: "A fourth"}})
		wantEqual(t, "inserted", inserted, 0)
		wantEqual(t, "the same person", p.byRef("r1").ID, before[0].ID)
		wantEqual(t, "name", p.open(before[0].ID).Name, "A fourth")

		// A family shares an address: two references are two people.
		inserted, _ = p.upsert(
			cordon.RecipientRow{ExternalRef: "r2", Person: cordon.Person{Address: "a@x.example"}},
			cordon.RecipientRow{ExternalRef: "r3", Person: cordon.Person{Address: "a@x.example"}})
		wantEqual(t, "inserted", inserted, 2)
		wantEqual(t, "people", p.count(cordon.Filter{Everyone: true}), 4)
		// Without a reference the one who came first is meant.
		p.upsert(plain("a@x.example", "Oldest"))
		wantEqual(t, "name", p.open(p.byRef("r1").ID).Name, "Oldest")
	})
}

func TestUpsertRefuses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newPractice(t, s, "berg")
		person := func(fields map[string]string) cordon.RecipientRow {
			return cordon.RecipientRow{Person: cordon.Person{Address: "a@x.example", Fields: fields}}
		}
		many := map[string]string{}
		for i := range cordon.MaxFields { // with name and address that is two too many
			many[fmt.Sprintf("f%d", i)] = "x"
		}
		for name, rows := range map[string][]cordon.RecipientRow{
			"no address":      {patient("p1"), {ExternalRef: "p2"}},
			"bad field name":  {patient("p1"), person(map[string]string{"Shoe Size": "44"})},
			"too many fields": {patient("p1"), person(many)},
			"empty tag":       {patient("p1", "")},
			"too many rows":   make([]cordon.RecipientRow, store.MaxUpsert+1),
		} {
			_, _, err := s.UpsertRecipients(t.Context(), operator, p.id, rows)
			if cordon.CodeOf(err) != cordon.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantEqual(t, "people after refusals", p.count(cordon.Filter{Everyone: true}), 0)
		names, err := s.FieldNames(t.Context(), p.id)
		ok(t, err)
		wantEqual(t, "field names", len(names), 2)
	})
}

func TestAudienceFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		nameless := patient("f", "recall")
		nameless.Person.Name = ""
		p.upsert(patient("a", "recall"), patient("b", "recall", "moved"), patient("c", "child"), patient("d", "recall", "child"), patient("e"), nameless)
		ok(t, s.PlantDecoys(ctx, operator, p.id, []cordon.Person{{Name: "Nobody", Address: "n@decoy.example"}}))
		for _, c := range []struct {
			name string
			f    cordon.Filter
			want string
		}{
			{"nobody", cordon.Filter{}, "[]"},
			{"only none", cordon.Filter{None: []string{"moved"}}, "[]"},
			{"everyone", cordon.Filter{Everyone: true}, "[a b c d e f]"},
			{"everyone but", cordon.Filter{Everyone: true, None: []string{"moved", "child"}}, "[a e f]"},
			{"all of one", cordon.Filter{All: []string{"recall"}}, "[a b d f]"},
			{"all of two", cordon.Filter{All: []string{"recall", "child"}}, "[d]"},
			{"all, none", cordon.Filter{All: []string{"recall"}, None: []string{"moved"}}, "[a d f]"},
			{"any", cordon.Filter{Any: []string{"moved", "child"}}, "[b c d]"},
			{"any with an unknown", cordon.Filter{Any: []string{"child", "never"}}, "[c d]"},
			{"all and any", cordon.Filter{All: []string{"recall"}, Any: []string{"moved", "child"}}, "[b d]"},
			{"all of an unknown", cordon.Filter{All: []string{"recall", "never"}}, "[]"},
			{"any of unknowns", cordon.Filter{Any: []string{"never"}}, "[]"},
			{"everyone, any of unknowns", cordon.Filter{Everyone: true, Any: []string{"never"}}, "[]"},
			{"none of an unknown", cordon.Filter{Everyone: true, None: []string{"never"}}, "[a b c d e f]"},
		} {
			list := everyPage(t, 2, func(pg cordon.Page) ([]cordon.Recipient, string, error) { return s.Recipients(ctx, p.id, c.f, pg) })
			slices.SortFunc(list, func(a, b cordon.Recipient) int { return strings.Compare(a.ExternalRef, b.ExternalRef) })
			if got := refs(list); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			if got := p.count(c.f); got != len(list) {
				t.Errorf("%s: count %d of %d", c.name, got, len(list))
			}
		}
		want, err := s.FieldMask(ctx, p.id, []string{"name", "city"})
		ok(t, err)
		total, fit, err := s.AudienceCount(ctx, p.id, cordon.Filter{All: []string{"recall"}}, want)
		ok(t, err)
		wantEqual(t, "total", total, 4)
		wantEqual(t, "fit", fit, 3)
		unfit, err := s.AudienceUnfit(ctx, p.id, cordon.Filter{All: []string{"recall"}}, want, 10)
		ok(t, err)
		wantEqual(t, "unfit", fmt.Sprint(unfit), fmt.Sprint([]cordon.RecipientID{p.byRef("f").ID}))
	})
}

func TestDecoysAreInNoList(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(patient("a"))
		ok(t, s.PlantDecoys(ctx, operator, p.id, []cordon.Person{{Name: "D1", Address: "d1@decoy.example"}, {Name: "D2", Address: "d2@decoy.example"}}))
		wantEqual(t, "entry", string(lastEntry(t, s).Body), `{"count":2}`)
		active, decoys, err := s.CountRecipients(ctx, p.id)
		ok(t, err)
		wantEqual(t, "active", active, 1)
		wantEqual(t, "decoys", decoys, 2)
		ids, err := s.Decoys(ctx, p.id)
		ok(t, err)
		wantEqual(t, "decoys listed to the operator", len(ids), 2)
		found, err := s.FindRecipients(ctx, p.id, ids)
		ok(t, err)
		if !found[ids[0]].Decoy || !found[ids[1]].Decoy || !ids[0].Valid() {
			t.Fatalf("the door does not know the decoys: %+v", found)
		}
		list, err := s.FindByAddress(ctx, operator, p.id, "d1@decoy.example")
		ok(t, err)
		wantEqual(t, "decoys found by address", len(list), 0)
		// An import that hits a decoy's address makes a person, and leaves the decoy.
		inserted, _ := p.upsert(cordon.RecipientRow{Person: cordon.Person{Address: "d1@decoy.example"}})
		wantEqual(t, "inserted", inserted, 1)
		wantEqual(t, "audience", p.count(cordon.Filter{Everyone: true}), 2)
		wantCode(t, s.EraseRecipient(ctx, operator, p.id, ids[0]), cordon.Missing)
	})
}

func TestSuppressionFollowsTheAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		everyone := cordon.Filter{Everyone: true}
		family := func(ref string) cordon.RecipientRow {
			return cordon.RecipientRow{ExternalRef: ref, Person: cordon.Person{Address: "family@x.example"}}
		}
		p.upsert(family("mother"), family("father"), patient("a"))
		ok(t, s.Suppress(ctx, operator, p.id, p.byRef("mother").ID, cordon.SuppressedComplaint))
		wantEqual(t, "audience", p.count(everyone), 1)
		n := len(entryKinds(t, s))
		ok(t, s.SuppressAddress(ctx, operator, p.id, "FAMILY@x.example", cordon.SuppressedByHand))
		wantEqual(t, "entries after no change", len(entryKinds(t, s)), n)

		// Imported later: suppressed from the first moment.
		p.upsert(family("child"))
		wantEqual(t, "audience", p.count(everyone), 1)
		// Moved away from the address, and to it.
		moved := patient("father")
		p.upsert(moved)
		wantEqual(t, "audience", p.count(everyone), 2)
		arrived := family("a")
		p.upsert(arrived)
		wantEqual(t, "audience", p.count(everyone), 1)
		found, err := s.FindRecipients(ctx, p.id, []cordon.RecipientID{p.byRef("a").ID, p.byRef("father").ID})
		ok(t, err)
		wantEqual(t, "a", found[p.byRef("a").ID].Suppressed, true)
		wantEqual(t, "father", found[p.byRef("father").ID].Suppressed, false)

		ok(t, s.Unsuppress(ctx, operator, p.id, p.byRef("child").ID, cordon.SuppressedByHand))
		wantEqual(t, "entry", lastEntry(t, s).Kind, cordon.EntryUnsuppressed)
		wantEqual(t, "audience", p.count(everyone), 4)
		wantCode(t, s.UnsuppressAddress(ctx, operator, p.id, "family@x.example", cordon.SuppressedByHand), cordon.Conflict)
		wantCode(t, s.SuppressAddress(ctx, operator, p.id, "x@x.example", "boredom"), cordon.Invalid)
	})
}

func TestErasedRecipient(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(patient("a", "recall"), patient("b", "recall"))
		id := p.byRef("a").ID
		ok(t, s.EraseRecipient(ctx, operator, p.id, id))
		_, err := s.RecipientByRef(ctx, p.id, "a")
		wantCode(t, err, cordon.Missing)
		_, err = s.OpenPerson(ctx, operator, p.id, id, "to see")
		wantCode(t, err, cordon.Missing)
		found, err := s.FindRecipients(ctx, p.id, []cordon.RecipientID{id})
		ok(t, err)
		wantEqual(t, "found", len(found), 0)
		wantEqual(t, "audience", p.count(cordon.Filter{All: []string{"recall"}}), 1)
		wantCode(t, s.EraseRecipient(ctx, operator, p.id, id), cordon.Missing)
		wantCode(t, s.Suppress(ctx, operator, p.id, id, cordon.SuppressedByHand), cordon.Missing)
		var sealed, blind []byte
		var fields int64
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT sealed, blind, fields FROM recipient WHERE state = 'erased'`).Scan(&sealed, &blind, &fields))
		if len(sealed) != 0 || len(blind) != 0 || fields != 0 {
			t.Fatal("something of the erased person is left")
		}
		inserted, _ := p.upsert(patient("a"))
		wantEqual(t, "inserted by the same reference", inserted, 1)
		if p.byRef("a").ID == id {
			t.Fatal("an erased ID came back")
		}
	})
}

func TestOpenPersonIsAnEntry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(patient("a"))
		id := p.byRef("a").ID
		_, err := s.OpenPerson(ctx, berta, p.id, id, "")
		wantCode(t, err, cordon.Invalid)
		person, err := s.OpenPerson(ctx, berta, p.id, id, "she called us")
		ok(t, err)
		wantEqual(t, "city", person.Fields["city"], "Bergen")
		e := lastEntry(t, s)
		wantEqual(t, "kind", e.Kind, cordon.EntryPersonalDataRead)
		wantEqual(t, "actor", e.Actor, string(berta.Account))
		wantEqual(t, "subject", e.Subject, string(id))
		wantEqual(t, "body", string(e.Body), `{"purpose":"she called us"}`)
	})
}

// Nothing that names a person stands in the clear in any column of any table.
func TestNoPersonalDataInTheClear(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		p.upsert(cordon.RecipientRow{ExternalRef: "7", Person: cordon.Person{
			Name: "Wilhelmina", Address: "wilhelmina@patients.example", Fields: map[string]string{"diagnosis": "measles"}}})
		id := p.byRef("7").ID
		ok(t, s.Suppress(ctx, operator, p.id, id, cordon.SuppressedByHand))
		ok(t, s.SuppressAddress(ctx, operator, p.id, "elsewhere@patients.example", cordon.SuppressedByHand))
		p.open(id)
		for _, table := range storetest.Tables(t, s) {
			dump := storetest.Dump(t, s, table)
			for _, word := range []string{"ilhelmina", "measles", "patients.example"} {
				if bytes.Contains(dump, []byte(word)) {
					t.Errorf("table %s holds %q in the clear", table, word)
				}
			}
		}
	})
}

// A sealed person opens in its own row and nowhere else.
func TestSealedPersonMovedDoesNotOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p, other := t.Context(), newPractice(t, s, "berg"), newPractice(t, s, "dal")
		p.upsert(patient("a"), patient("b"))
		other.upsert(patient("c"))
		storetest.Tamper(t, s, `UPDATE recipient SET sealed = (SELECT x.sealed FROM recipient x WHERE x.external_ref = 'a') WHERE external_ref IN ('b', 'c')`)
		for _, at := range []struct {
			p   practice
			ref string
		}{{p, "b"}, {other, "c"}} {
			id := at.p.byRef(at.ref).ID
			_, err := s.OpenPerson(ctx, operator, at.p.id, id, "to see")
			if err == nil || strings.Contains(err.Error(), "patients.example") {
				t.Errorf("%s with another's sealed data answers %v", at.ref, err)
			}
		}
		wantEqual(t, "a itself", p.open(p.byRef("a").ID).Name, "Jo a")
	})
}

// Imports of one tenant from several sides lose nobody and give no number or
// field twice.
func TestConcurrentUpserts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, p := t.Context(), newPractice(t, s, "berg")
		elsewhere := storetest.Reopen(t, s)
		var wg sync.WaitGroup
		for side := range 6 {
			wg.Go(func() {
				s := []*store.Store{s, elsewhere}[side%2]
				for batch := range 5 {
					rows := []cordon.RecipientRow{patient("shared", fmt.Sprint("side-", side))}
					for i := range 20 {
						row := patient(fmt.Sprintf("p%d-%d-%d", side, batch, i), fmt.Sprint("batch-", batch))
						row.Person.Fields = map[string]string{fmt.Sprint("field_", side): "x"}
						rows = append(rows, row)
					}
					if _, _, err := s.UpsertRecipients(ctx, operator, p.id, rows); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		wantEqual(t, "people", p.count(cordon.Filter{Everyone: true}), 601)
		wantEqual(t, "people of a batch", p.count(cordon.Filter{All: []string{"batch-3"}}), 120)
		active, _, err := s.CountRecipients(ctx, p.id)
		ok(t, err)
		wantEqual(t, "headcount", active, 601)
		names, err := s.FieldNames(ctx, p.id)
		ok(t, err)
		slices.Sort(names)
		wantEqual(t, "field names", fmt.Sprint(names), "[address city field_0 field_1 field_2 field_3 field_4 field_5 name]")
	})
}
