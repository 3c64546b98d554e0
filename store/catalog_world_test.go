package store_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	anna     = cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID()}
	berta    = cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID()}
)

// practice is a tenant with a few patients.
type practice struct {
	t  testing.TB
	s  *store.Store
	id cordon.TenantID
}

func newPractice(t testing.TB, s *store.Store, handle string) practice {
	t.Helper()
	p := practice{t, s, cordon.NewTenantID()}
	ok(t, s.CreateTenant(t.Context(), operator, cordon.Tenant{ID: p.id, Handle: handle, Name: "Practice " + handle}))
	return p
}

// patient is a row with a reference, an address of its own and tags.
func patient(ref string, tags ...string) cordon.RecipientRow {
	return cordon.RecipientRow{
		ExternalRef: ref,
		Person:      cordon.Person{Name: "Jo " + ref, Address: cordon.Address(ref + "@patients.example"), Fields: map[string]string{"city": "Bergen"}},
		Tags:        tags,
	}
}

func (p practice) upsert(rows ...cordon.RecipientRow) (inserted, updated int) {
	p.t.Helper()
	inserted, updated, err := p.s.UpsertRecipients(p.t.Context(), operator, p.id, rows)
	ok(p.t, err)
	return inserted, updated
}

func (p practice) byRef(ref string) cordon.Recipient {
	p.t.Helper()
	r, err := p.s.RecipientByRef(p.t.Context(), p.id, ref)
	ok(p.t, err)
	return r
}

func (p practice) count(f cordon.Filter) int {
	p.t.Helper()
	total, _, err := p.s.AudienceCount(p.t.Context(), p.id, f, 0)
	ok(p.t, err)
	return total
}

func (p practice) open(id cordon.RecipientID) cordon.Person {
	p.t.Helper()
	person, err := p.s.OpenPerson(p.t.Context(), operator, p.id, id, "a test looks")
	ok(p.t, err)
	return person
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, want cordon.Code) {
	t.Helper()
	if got := cordon.CodeOf(err); got != want {
		t.Fatalf("error %v has code %q, want %q", err, got, want)
	}
}

func wantEqual[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// clock is a time that tests turn.
type clock struct{ now time.Time }

func newClock() *clock                   { return &clock{time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }
func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

// everyPage walks a list in pages of size n.
func everyPage[T any](t testing.TB, n int, list func(cordon.Page) ([]T, string, error)) []T {
	t.Helper()
	var all []T
	p := cordon.Page{Limit: n}
	for {
		some, next, err := list(p)
		ok(t, err)
		if len(some) > n {
			t.Fatalf("a page of %d has %d rows", n, len(some))
		}
		all = append(all, some...)
		if next == "" {
			return all
		}
		p.After = next
	}
}

// entriesOf reads the kinds of the ledger's entries from the database itself.
func entryKinds(t testing.TB, s *store.Store) []cordon.EntryKind {
	t.Helper()
	rows, err := storetest.Raw(t, s).Query(`SELECT kind FROM entry ORDER BY num`)
	ok(t, err)
	defer rows.Close()
	var kinds []cordon.EntryKind
	for rows.Next() {
		var k cordon.EntryKind
		ok(t, rows.Scan(&k))
		kinds = append(kinds, k)
	}
	ok(t, rows.Err())
	return kinds
}

func lastEntry(t testing.TB, s *store.Store) (e cordon.Entry) {
	t.Helper()
	var at int64
	var body string
	ok(t, storetest.Raw(t, s).QueryRow(`SELECT num, at, kind, tenant, actor, subject, body FROM entry ORDER BY num DESC LIMIT 1`).
		Scan(&e.Num, &at, &e.Kind, &e.Tenant, &e.Actor, &e.Subject, &body))
	e.At, e.Body = time.UnixMicro(at).UTC(), []byte(body)
	return e
}

// TestForeignTenantsAreSilent plants a second tenant with one of everything
// and asks for it through the first, by every method on a tenant's rows.
func TestForeignTenantsAreSilent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ours, theirs := newPractice(t, s, "ours"), newPractice(t, s, "theirs")
		row := patient("p1", "recall")
		row.Person.Fields["ward"] = "three"
		theirs.upsert(row)
		victim := theirs.byRef("p1")
		ok(t, s.PlantDecoys(ctx, operator, theirs.id, []cordon.Person{{Name: "D", Address: "d@decoy.example"}}))
		ok(t, s.CreateDomain(ctx, operator, cordon.Domain{Tenant: theirs.id, Name: "theirs.example", Selector: "c1"}, []byte("key")))
		audience := cordon.Audience{ID: cordon.NewAudienceID(), Tenant: theirs.id, Handle: "all", Filter: cordon.Filter{Everyone: true}}
		ok(t, s.SaveAudience(ctx, operator, audience))
		letter := cordon.Template{ID: cordon.NewTemplateID(), Tenant: theirs.id, Handle: "recall"}
		ok(t, s.CreateTemplate(ctx, operator, letter))
		v, err := s.WriteVersion(ctx, anna, theirs.id, letter.ID, cordon.Content{Subject: "Hello"})
		ok(t, err)
		before := entryKinds(t, s)

		everyone := cordon.Filter{Everyone: true}
		missing := map[string]func() error{
			"RecipientByRef": func() error { _, err := s.RecipientByRef(ctx, ours.id, "p1"); return err },
			"OpenPerson":     func() error { _, err := s.OpenPerson(ctx, operator, ours.id, victim.ID, "to see"); return err },
			"EraseRecipient": func() error { return s.EraseRecipient(ctx, operator, ours.id, victim.ID) },
			"Suppress":       func() error { return s.Suppress(ctx, operator, ours.id, victim.ID, cordon.SuppressedByHand) },
			"Unsuppress":     func() error { return s.Unsuppress(ctx, operator, ours.id, victim.ID, cordon.SuppressedByHand) },
			"Audience":       func() error { _, err := s.Audience(ctx, ours.id, string(audience.ID)); return err },
			"Audience by handle": func() error {
				_, err := s.Audience(ctx, ours.id, "all")
				return err
			},
			"Template":           func() error { _, err := s.Template(ctx, ours.id, string(letter.ID)); return err },
			"Template by handle": func() error { _, err := s.Template(ctx, ours.id, "recall"); return err },
			"WriteVersion": func() error {
				_, err := s.WriteVersion(ctx, anna, ours.id, letter.ID, cordon.Content{})
				return err
			},
			"Version":        func() error { _, err := s.Version(ctx, ours.id, letter.ID, 1); return err },
			"ApproveVersion": func() error { return s.ApproveVersion(ctx, berta, ours.id, letter.ID, 1, v.Hash) },
			"RevokeVersion":  func() error { return s.RevokeVersion(ctx, berta, ours.id, letter.ID, 1) },
			"DomainKey":      func() error { _, _, err := s.DomainKey(ctx, ours.id, "theirs.example"); return err },
			"FieldMask": func() error {
				_, err := s.FieldMask(ctx, ours.id, []string{"ward"})
				if cordon.CodeOf(err) == cordon.Invalid {
					return cordon.Errorf(cordon.Missing, "as unknown")
				}
				return err
			},
		}
		for name, call := range missing {
			if err := call(); cordon.CodeOf(err) != cordon.Missing {
				t.Errorf("%s through another tenant answers %v, want missing", name, err)
			}
		}
		empty := map[string]func() (int, error){
			"FindRecipients": func() (int, error) {
				f, err := s.FindRecipients(ctx, ours.id, []cordon.RecipientID{victim.ID})
				return len(f), err
			},
			"Recipients": func() (int, error) {
				l, _, err := s.Recipients(ctx, ours.id, everyone, cordon.Page{})
				return len(l), err
			},
			"Recipients by tag": func() (int, error) {
				l, _, err := s.Recipients(ctx, ours.id, cordon.Filter{All: []string{"recall"}}, cordon.Page{})
				return len(l), err
			},
			"FindByAddress": func() (int, error) {
				l, err := s.FindByAddress(ctx, operator, ours.id, row.Person.Address)
				return len(l), err
			},
			"CountRecipients": func() (int, error) { a, d, err := s.CountRecipients(ctx, ours.id); return a + d, err },
			"Decoys":          func() (int, error) { l, err := s.Decoys(ctx, ours.id); return len(l), err },
			"AudienceCount":   func() (int, error) { n, _, err := s.AudienceCount(ctx, ours.id, everyone, 0); return n, err },
			"AudienceUnfit": func() (int, error) {
				l, err := s.AudienceUnfit(ctx, ours.id, everyone, 1<<40, 10)
				return len(l), err
			},
			"Audiences": func() (int, error) { l, _, err := s.Audiences(ctx, ours.id, cordon.Page{}); return len(l), err },
			"Templates": func() (int, error) { l, _, err := s.Templates(ctx, ours.id, cordon.Page{}); return len(l), err },
			"Versions":  func() (int, error) { l, err := s.Versions(ctx, ours.id, letter.ID); return len(l), err },
			"Domains":   func() (int, error) { l, err := s.Domains(ctx, ours.id); return len(l), err },
			"FieldNames": func() (int, error) {
				l, err := s.FieldNames(ctx, ours.id)
				return len(l) - 2, err // name and address are everybody's
			},
		}
		for name, call := range empty {
			if n, err := call(); err != nil || n != 0 {
				t.Errorf("%s through another tenant answers %d rows and %v, want silence", name, n, err)
			}
		}
		wantEqual(t, "entries after all that", len(entryKinds(t, s)), len(before))
		wantEqual(t, "their audience", theirs.count(everyone), 1)

		// A suppression of theirs' address by us stays ours.
		ok(t, s.SuppressAddress(ctx, operator, ours.id, row.Person.Address, cordon.SuppressedByHand))
		wantEqual(t, "their audience", theirs.count(everyone), 1)
	})
}

// A tenant that does not exist and one that does answer alike to whoever asks
// for rows in it.
func TestUnknownTenantIsMissing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, nobody := t.Context(), cordon.NewTenantID()
		_, _, err := s.UpsertRecipients(ctx, operator, nobody, []cordon.RecipientRow{patient("p1")})
		wantCode(t, err, cordon.Missing)
		_, err = s.FindRecipients(ctx, nobody, []cordon.RecipientID{cordon.NewRecipientID()})
		wantCode(t, err, cordon.Missing)
		_, err = s.Limits(ctx, nobody)
		wantCode(t, err, cordon.Missing)
		wantCode(t, s.SetLimits(ctx, operator, nobody, cordon.DefaultLimits()), cordon.Missing)
		wantCode(t, s.EraseTenant(ctx, operator, nobody), cordon.Missing)
		wantCode(t, s.CreateAccount(ctx, operator, cordon.Account{ID: cordon.NewAccountID(), Tenant: nobody}), cordon.Missing)
		_, err = s.Tenant(ctx, nobody)
		wantCode(t, err, cordon.Missing)
		if len(entryKinds(t, s)) != 0 {
			t.Fatal("a refused change left an entry")
		}
	})
}

func refs(list []cordon.Recipient) string {
	var out []string
	for _, r := range list {
		out = append(out, r.ExternalRef)
	}
	return fmt.Sprint(out)
}
