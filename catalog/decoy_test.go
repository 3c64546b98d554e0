package catalog_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

// reporter is who receives mail for the installation.
func reporter() cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorSystem, Permissions: []cordon.Permission{cordon.ReportInbound}}
}

// patientsOf is a file of n people with references that leave gaps.
func patientsOf(n int, ref string) string {
	var file strings.Builder
	file.WriteString("ref,email,first_name\n")
	for i := range n {
		fmt.Fprintf(&file, ref+",p%d@example.org,Ada\n", 7*i, i)
	}
	return file.String()
}

// planted are the tenant's decoys with what they look like.
func (h *house) planted(tenant cordon.TenantID) (people []cordon.Person, refs []string) {
	h.t.Helper()
	ids, err := h.Decoys(h.t.Context(), h.op, tenant)
	if err != nil {
		h.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "cordon.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	for _, id := range ids {
		p, err := h.store.OpenPerson(h.t.Context(), h.op, tenant, id, "test")
		if err != nil {
			h.t.Fatal(err)
		}
		var ref string // the catalog tells it to nobody
		if err := db.QueryRowContext(h.t.Context(), `SELECT external_ref FROM recipient WHERE id = $1`, string(id)).Scan(&ref); err != nil {
			h.t.Fatal(err)
		}
		people, refs = append(people, p), append(refs, ref)
	}
	return people, refs
}

// A thief who keeps only who has a reference keeps the decoys too, and one who
// looks at the references sees nothing odd.
func TestDecoysHaveReferencesWhereTheirTenantHas(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic") // with three decoys that nobody resembles yet
	h.load(clinic, patientsOf(900, "P-%05d"), catalog.ImportOptions{})
	_, refs := h.planted(clinic)
	if len(refs) != 5 {
		t.Fatalf("%d decoys", len(refs))
	}
	shape := regexp.MustCompile(`^P-0\d{4}$`)
	for i, ref := range refs {
		if !shape.MatchString(ref) || slices.Contains(refs[:i], ref) {
			t.Errorf("references of decoys: %q", refs)
		}
		if _, err := h.RecipientByRef(t.Context(), h.op, clinic, ref); err == nil {
			t.Errorf("%s is told to be somebody", ref)
		}
	}
	// The same file once more: nobody's row is a decoy's, and nobody is missing.
	h.load(clinic, patientsOf(1000, "P-%05d"), catalog.ImportOptions{})
	if n := len(h.everyone(clinic)); n != 1000 {
		t.Errorf("%d people of 1,000", n)
	}
	bare := h.tenant("bare")
	h.load(bare, "email\na@example.org\nb@example.org\n", catalog.ImportOptions{})
	for _, ref := range func() []string { _, refs := h.planted(bare); return refs }() {
		if ref != "" {
			t.Errorf("a decoy has the reference %s where nobody has one", ref)
		}
	}
}

// An address is a name and 80 random bits: none is ever made twice, and none can
// be guessed from another.
func TestPlantedAddressesCannotBeGuessed(t *testing.T) {
	h := newHouse(t)
	mine := catalog.New(catalog.Config{Store: h.store, DataDir: h.dir, DecoyDomain: "post.example.net, mail.example.org."})
	n, err := mine.CreateTenant(t.Context(), h.op, "clinic", "Clinic")
	if err != nil {
		t.Fatal(err)
	}
	l := cordon.DefaultLimits()
	l.DecoysPerTenant = 200
	if err := mine.SetLimits(t.Context(), h.op, n.ID, l); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.PlantDecoys(t.Context(), h.op, n.ID); err != nil {
		t.Fatal(err)
	}
	people, _ := h.planted(n.ID)
	tail := regexp.MustCompile(`(^|[._])[0-9a-hjkmnp-tv-z]{16}($|[.])`)
	seen, domains := map[string]bool{}, map[string]int{}
	for _, p := range people {
		local, _, _ := strings.Cut(string(p.Address), "@")
		domains[p.Address.Domain()]++
		random := strings.Trim(tail.FindString(local), "._")
		if len(random) != 16 || seen[random] || len(local) > 64 || len(local) < 18 {
			t.Errorf("local part of %d characters, %d random", len(local), len(random))
		}
		seen[random] = true
		if a, err := cordon.ParseAddress(string(p.Address)); err != nil || a != p.Address {
			t.Error("an address that is none")
		}
	}
	if len(people) != 200 || domains["post.example.net"] < 50 || domains["mail.example.org"] < 50 {
		t.Errorf("%d decoys at %v", len(people), domains)
	}
}

func TestMailAtADecoyNamesTheDirectory(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	people, _ := h.planted(clinic)
	to := people[0].Address
	arrival := cordon.Arrival{Sender: "offers.example", Network: "192.0.2.0/24"}
	if err := h.MailArrived(t.Context(), reporter(), to, arrival, strings.NewReader("Subject: x\r\n\r\nhello\r\n")); err != nil {
		t.Fatal(err)
	}
	signals, _, err := h.store.Signals(t.Context(), clinic, cordon.Page{})
	if err != nil || len(signals) != 1 {
		t.Fatalf("%+v, %v", signals, err)
	}
	g := signals[0]
	local, _, _ := strings.Cut(string(to), "@")
	if g.Kind != cordon.SignalDecoyMail || g.Grade != cordon.GradeIncident || g.Tenant != clinic || g.Count != 1 ||
		!strings.Contains(g.Message, "the directory has leaked") || !strings.Contains(g.Message, "planted "+h.at.Format(time.DateOnly)) {
		t.Errorf("signal %+v", g)
	}
	for _, word := range []string{local, "rcp_", "@", "192.0.2", "hello", people[0].Name} {
		if strings.Contains(g.Message, word) {
			t.Errorf("the signal tells %q", word)
		}
	}
	if others, _, err := h.store.Signals(t.Context(), other, cordon.Page{}); err != nil || len(others) != 0 {
		t.Errorf("another directory is named: %+v, %v", others, err)
	}
	// It stops nothing: whoever has the address can write to it.
	if stops, err := h.store.ActiveStops(t.Context()); err != nil || len(stops) != 0 {
		t.Errorf("stops %+v, %v", stops, err)
	}
	list, err := h.DecoyArrivals(t.Context(), h.op)
	if err != nil || len(list) != 1 || list[0].Size != 21 || list[0].Sender != "offers.example" {
		t.Errorf("%+v, %v", list, err)
	}

	wantCode(t, h.MailArrived(t.Context(), reporter(), "nobody@decoy.invalid", arrival, nil), cordon.Missing)
	wantCode(t, h.MailArrived(t.Context(), reporter(), to, arrival, strings.NewReader(strings.Repeat("x", catalog.MaxArrival+1))), cordon.Invalid)
	boss := h.person(clinic, cordon.RoleOperator)
	wantCode(t, h.MailArrived(t.Context(), boss, to, arrival, nil), cordon.Denied)
	_, err = h.IsDecoyAddress(t.Context(), boss, to)
	wantCode(t, err, cordon.Denied)
	_, err = h.DecoyArrivals(t.Context(), boss)
	wantCode(t, err, cordon.Denied)
	_, _, err = h.DecoyCoverage(t.Context(), boss, cordon.Page{})
	wantCode(t, err, cordon.Denied)
	_, err = h.RotateDecoys(t.Context(), boss, clinic)
	wantCode(t, err, cordon.Denied)
}

func TestDecoysAreTended(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	first, _ := h.planted(clinic)
	tend := func(at time.Time) cordon.DecoyCoverage {
		t.Helper()
		h.at = at
		if err := h.TendDecoys(t.Context()); err != nil {
			t.Fatal(err)
		}
		cover, err := h.TenantDecoys(t.Context(), h.op, clinic)
		if err != nil {
			t.Fatal(err)
		}
		return cover
	}
	if c := tend(h.at.Add(89 * 24 * time.Hour)); c.Retired != 0 || c.Standing != 3 {
		t.Errorf("before its time: %+v", c)
	}
	if c := tend(h.at.Add(2 * 24 * time.Hour)); c.Retired != 1 || c.Standing != 3 || c.LastRotation.IsZero() {
		t.Errorf("when it is due: %+v", c)
	}
	// The retired one still names the directory, and says when it stood.
	retired := 0
	for _, p := range first {
		found, err := h.store.FindDecoys(t.Context(), p.Address)
		if err != nil || len(found) != 1 {
			t.Fatalf("%+v, %v", found, err)
		}
		if !found[0].RetiredAt.IsZero() {
			retired++
			if err := h.MailArrived(t.Context(), reporter(), p.Address, cordon.Arrival{Probe: true}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	signals, _, err := h.store.Signals(t.Context(), clinic, cordon.Page{})
	if err != nil || retired != 1 || len(signals) != 1 || !strings.Contains(signals[0].Message, "and retired ") || !strings.Contains(signals[0].Message, "asked whether") {
		t.Errorf("%d retired, %+v, %v", retired, signals, err)
	}
	// What a tenant grew by another way than an import is made up for.
	l := cordon.DefaultLimits()
	l.DecoysPerTenant, l.DecoyRotation = 7, 0
	if err := h.SetLimits(t.Context(), h.op, clinic, l); err != nil {
		t.Fatal(err)
	}
	if c := tend(h.at.Add(1000 * 24 * time.Hour)); c.Standing != 7 || c.Retired != 1 || c.Wanted != 7 {
		t.Errorf("after a higher limit, without rotation: %+v", c)
	}
	l.DecoyRotation = time.Minute
	wantCode(t, h.SetLimits(t.Context(), h.op, clinic, l), cordon.Invalid)
}

// Once the installation receives mail, decoys that cannot receive do not count.
func TestMailboxesAreMadeUpFor(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	c := catalog.New(catalog.Config{Store: h.store, DataDir: h.dir, DecoyDomain: "post.example.net"})
	n, err := c.PlantDecoysFor(t.Context(), h.op, clinic, "first receiving ones")
	if err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}
	if n, err := c.PlantDecoys(t.Context(), h.op, clinic); err != nil || n != 0 {
		t.Errorf("%d more, %v", n, err)
	}
	cover, err := c.TenantDecoys(t.Context(), h.op, clinic)
	if err != nil || cover.Standing != 6 || cover.Mailboxes != 3 {
		t.Errorf("%+v, %v", cover, err)
	}
	for _, label := range []string{"a\nb", strings.Repeat("x", 201), "for ann@example.org"} {
		_, err := c.PlantDecoysFor(t.Context(), h.op, clinic, label)
		wantCode(t, err, cordon.Invalid)
	}
}

// To open a decoy is to touch it: the credential is stopped, and is answered as
// for anybody.
func TestOpeningADecoyStopsTheAccount(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	ids, err := h.Decoys(t.Context(), h.op, clinic)
	if err != nil {
		t.Fatal(err)
	}
	thief := h.person(clinic, cordon.RoleResponder)
	p, err := h.OpenPerson(t.Context(), thief, clinic, ids[0], "they rang")
	if err != nil || p.Name == "" {
		t.Fatalf("answered %v", err)
	}
	stops, err := h.store.ActiveStops(t.Context())
	if err != nil || len(stops) != 1 || stops[0].Scope.Account != thief.Account || stops[0].PlacedBy != "system" {
		t.Errorf("stops %+v, %v", stops, err)
	}
	signals, _, err := h.store.Signals(t.Context(), clinic, cordon.Page{})
	if err != nil || len(signals) != 1 || signals[0].Kind != cordon.SignalDecoy || signals[0].Account != thief.Account {
		t.Errorf("signals %+v, %v", signals, err)
	}
}
