package catalog_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/catalog"
)

func TestCreateTenant(t *testing.T) {
	h := newHouse(t)
	n, err := h.CreateTenant(t.Context(), h.op, "praxis-sonne", "Praxis Sonne")
	if err != nil || !n.ID.Valid() || n.State != cordon.TenantActive || n.Handle != "praxis-sonne" || !n.CreatedAt.Equal(h.at) || n.Exercise {
		t.Fatalf("%+v, %v", n, err)
	}
	for _, by := range []string{string(n.ID), n.Handle} {
		if got, err := h.Tenant(t.Context(), h.op, by); err != nil || got.ID != n.ID {
			t.Errorf("%s: %+v, %v", by, got, err)
		}
	}
	if e, err := h.CreateExerciseTenant(t.Context(), h.op, "drill", "Drill"); err != nil || !e.Exercise {
		t.Errorf("%+v, %v", e, err)
	}
	for handle, name := range map[string]string{"": "x", "Praxis": "x", "-a": "x", "a b": "x", "ok": "", "ok2": "two\nlines", "praxis-sonne ": "x"} {
		if _, err := h.CreateTenant(t.Context(), h.op, handle, name); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%q, %q: %v", handle, name, err)
		}
	}
	_, err = h.CreateTenant(t.Context(), h.op, "praxis-sonne", "Again")
	wantCode(t, err, cordon.Conflict)
	_, err = h.CreateTenant(t.Context(), h.person(n.ID, cordon.RoleOperator), "mine", "Mine")
	wantCode(t, err, cordon.Denied)
}

func TestATenantSeesItselfAlone(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	by := h.person(clinic, cordon.RoleOperator)
	list, _, err := h.Tenants(t.Context(), by, cordon.Page{})
	if err != nil || len(list) != 1 || list[0].ID != clinic {
		t.Errorf("%+v, %v", list, err)
	}
	if list, _, err := h.Tenants(t.Context(), h.op, cordon.Page{}); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	// Foreign and unknown read the same.
	_, foreign := h.Tenant(t.Context(), by, "other")
	_, unknown := h.Tenant(t.Context(), by, "nobody")
	_, foreignID := h.Tenant(t.Context(), by, string(other))
	wantCode(t, foreign, cordon.Missing)
	if foreign.Error() != unknown.Error() || foreignID.Error() != unknown.Error() {
		t.Errorf("answers differ: %v, %v, %v", foreign, unknown, foreignID)
	}
	wantCode(t, h.EraseTenant(t.Context(), by, clinic), cordon.Denied)
}

func TestDecoysAreThereFromTheFirstMinute(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	ids, err := h.Decoys(t.Context(), h.op, clinic)
	if err != nil || len(ids) != cordon.DefaultLimits().DecoysPerTenant {
		t.Fatalf("%d decoys, %v", len(ids), err)
	}
	_, err = h.Decoys(t.Context(), h.person(clinic, cordon.RoleOperator), clinic)
	wantCode(t, err, cordon.Denied)
	seen := map[cordon.Address]bool{}
	for _, id := range ids {
		p, err := h.OpenPerson(t.Context(), h.op, clinic, id, "test")
		if err != nil {
			t.Fatal(err)
		}
		if a, err := cordon.ParseAddress(string(p.Address)); err != nil || a != p.Address || a.Domain() != catalog.DefaultDecoyDomain || seen[a] {
			t.Errorf("address %q of a decoy", string(p.Address))
		}
		seen[p.Address] = true
		if first, last, ok := strings.Cut(p.Name, " "); !ok || first == "" || last == "" {
			t.Errorf("name %q of a decoy", p.Name)
		}
	}
	if n := len(h.everyone(clinic)); n != 0 {
		t.Errorf("decoys stand in the list of recipients: %d", n)
	}
	if n, err := h.CountRecipients(t.Context(), h.op, clinic); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestDecoysGrowWithTheTenant(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	var file strings.Builder
	file.WriteString("email,first_name,last_name\n")
	for i := range 1001 {
		fmt.Fprintf(&file, "p%d@example.org,Ada,Lovelace\n", i)
	}
	h.load(clinic, file.String(), catalog.ImportOptions{})
	ids, err := h.Decoys(t.Context(), h.op, clinic)
	if err != nil || len(ids) != 6 {
		t.Fatalf("%d decoys for 1,001 people, %v", len(ids), err)
	}
	if n, err := h.PlantDecoys(t.Context(), h.op, clinic); n != 0 || err != nil {
		t.Errorf("planted %d more, %v", n, err)
	}
	// Those planted behind an import have the shape of its people.
	shaped := 0
	for _, id := range ids {
		p, err := h.OpenPerson(t.Context(), h.op, clinic, id, "test")
		if err != nil {
			t.Fatal(err)
		}
		if p.Fields["first_name"]+" "+p.Fields["last_name"] == p.Name {
			shaped++
		}
	}
	if shaped != 3 {
		t.Errorf("%d decoys have forename and surname, want 3", shaped)
	}
	// An audience of everyone has none of them.
	if r, err := h.Reach(t.Context(), h.op, clinic, cordon.Filter{Everyone: true}, nil); err != nil || r.Total != 1001 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDecoyDomainOfTheInstallation(t *testing.T) {
	h := newHouse(t)
	mine := catalog.New(catalog.Config{Store: h.store, DataDir: h.dir, DecoyDomain: "post.example.net"})
	n, err := mine.CreateTenant(t.Context(), h.op, "clinic", "Clinic")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := mine.Decoys(t.Context(), h.op, n.ID)
	if err != nil || len(ids) == 0 {
		t.Fatal(err)
	}
	if p, err := mine.OpenPerson(t.Context(), h.op, n.ID, ids[0], "test"); err != nil || p.Address.Domain() != "post.example.net" {
		t.Errorf("%q, %v", p.Address.Domain(), err)
	}
}

func TestCreateDomain(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	d, err := h.CreateDomain(t.Context(), h.op, clinic, " Mail.Praxis-Süd.example. ")
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "mail.xn--praxis-sd-x9a.example" || !strings.HasPrefix(d.Selector, "cordon") || len(d.Selector) < 10 {
		t.Errorf("%+v", d)
	}
	// The record holds the public half of the key that was stored.
	stored, pkcs8, err := h.store.DomainKey(t.Context(), clinic, d.Name)
	if err != nil || stored.Record != d.Record {
		t.Fatalf("%+v, %v", stored, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		t.Fatal(err)
	}
	b64, ok := strings.CutPrefix(d.Record, "v=DKIM1; k=rsa; p=")
	der, err := base64.StdEncoding.DecodeString(b64)
	if !ok || err != nil {
		t.Fatalf("record %q: %v", d.Record, err)
	}
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil || pub.(*rsa.PublicKey).Size() != 256 || !key.(*rsa.PrivateKey).PublicKey.Equal(pub) {
		t.Errorf("the record is not the key's: %v", err)
	}
	if strings.Contains(h.log.String(), "PRIVATE") {
		t.Error("the key was logged")
	}
	_, err = h.CreateDomain(t.Context(), h.op, clinic, d.Name)
	wantCode(t, err, cordon.Conflict)
	for _, name := range []string{"", "com", "co.uk", "github.io", "localhost", "192.0.2.1", "a..example.org", "exa mple.org", "-a.example.org", "a@example.org", "under_score.example.org", strings.Repeat("a", 64) + ".org", "xn--a.example"} {
		if _, err := h.CreateDomain(t.Context(), h.op, clinic, name); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, err = h.CreateDomain(t.Context(), h.person(clinic, cordon.RoleAuthor), clinic, "example.org")
	wantCode(t, err, cordon.Denied)
	list, err := h.Domains(t.Context(), h.person(clinic, cordon.RoleViewer), clinic)
	if err != nil || len(list) != 1 {
		t.Errorf("%d domains, %v", len(list), err)
	}
}

func TestLimits(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	l, err := h.Limits(t.Context(), h.op, clinic)
	if err != nil || l != cordon.DefaultLimits() {
		t.Fatalf("%+v, %v", l, err)
	}
	l.DecoysPerTenant, l.UndoSingle = 5, 0
	if err := h.SetLimits(t.Context(), h.op, clinic, l); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Limits(t.Context(), h.op, clinic); err != nil || got != l {
		t.Errorf("%+v, %v", got, err)
	}
	// The tenant's own people cannot raise its ceilings.
	wantCode(t, h.SetLimits(t.Context(), h.person(clinic, cordon.RoleOperator), clinic, l), cordon.Denied)
	// The zero Limits would switch every safeguard off: every number is named.
	err = h.SetLimits(t.Context(), h.op, clinic, cordon.Limits{})
	wantCode(t, err, cordon.Invalid)
	var e *cordon.Error
	if errors.As(err, &e); len(e.Faults) != 20 {
		t.Errorf("%d faults: %+v", len(e.Faults), e)
	}
	for name, change := range map[string]func(*cordon.Limits){
		"no decoys":      func(l *cordon.Limits) { l.DecoysPerTenant = 0 },
		"no timeout":     func(l *cordon.Limits) { l.CheckTimeout = 0 },
		"a negative day": func(l *cordon.Limits) { l.NewTenantPerDay = -1 },
		"a share of 2":   func(l *cordon.Limits) { l.BadIDShare = 2 },
		"a short past":   func(l *cordon.Limits) { l.History = time.Minute },
	} {
		bad := cordon.DefaultLimits()
		change(&bad)
		if err := h.SetLimits(t.Context(), h.op, clinic, bad); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAudiences(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	h.load(clinic, "ref,email,first_name,tags\np1,a@example.org,Ada,recall;vip\np2,b@example.org,,Recall\np3,c@example.org,Carl,deceased;recall\np4,d@example.org,Dora,\n", catalog.ImportOptions{})
	by := h.person(clinic, cordon.RoleAuthor)
	a, err := h.SaveAudience(t.Context(), by, clinic, "recall", cordon.Filter{All: []string{" RECALL ", "recall"}, None: []string{"Deceased"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cordon.Filter{All: []string{"recall"}, None: []string{"deceased"}}, a.Filter); diff != "" {
		t.Error(diff)
	}
	r, err := h.Reach(t.Context(), by, clinic, a.Filter, []string{"first_name", "address"})
	p2, _ := h.RecipientByRef(t.Context(), by, clinic, "p2")
	if err != nil || r.Total != 2 || r.Fit != 1 || !slices.Equal(r.Unfit, []cordon.RecipientID{p2.ID}) {
		t.Errorf("%+v, %v", r, err)
	}
	// Saving again under the handle changes the filter, not the audience.
	b, err := h.SaveAudience(t.Context(), by, clinic, "recall", cordon.Filter{Everyone: true, None: []string{"deceased"}})
	if err != nil || b.ID != a.ID || !b.Filter.Everyone {
		t.Errorf("%+v, %v", b, err)
	}
	for _, key := range []string{"recall", string(a.ID)} {
		if got, err := h.Audience(t.Context(), by, clinic, key); err != nil || got.ID != a.ID {
			t.Errorf("%s: %v", key, err)
		}
	}
	if r, err := h.Reach(t.Context(), by, clinic, b.Filter, nil); err != nil || r.Total != 3 || r.Fit != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	if list, _, err := h.Audiences(t.Context(), by, clinic, cordon.Page{}); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	_, err = h.Reach(t.Context(), by, clinic, b.Filter, []string{"first_nam"})
	wantCode(t, err, cordon.Invalid)
	for name, f := range map[string]cordon.Filter{
		"nobody": {}, "only none": {None: []string{"x"}}, "everyone and some": {Everyone: true, All: []string{"x"}},
		"an empty tag": {Any: []string{" "}}, "a bad tag": {Any: []string{"<x>"}}, "too many": {Any: make([]string, 51)},
	} {
		if _, err := h.SaveAudience(t.Context(), by, clinic, "x", f); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = h.SaveAudience(t.Context(), by, clinic, "Not a handle", cordon.Filter{Everyone: true})
	wantCode(t, err, cordon.Invalid)
	_, err = h.SaveAudience(t.Context(), by, other, "x", cordon.Filter{Everyone: true})
	wantCode(t, err, cordon.Denied)
	_, err = h.Audience(t.Context(), h.op, other, "recall")
	wantCode(t, err, cordon.Missing)
}

func TestSuppression(t *testing.T) {
	h := newHouse(t)
	clinic := h.tenant("clinic")
	h.load(clinic, "ref,email\np1,a@example.org\np2,b@example.org\n", catalog.ImportOptions{})
	by := h.person(clinic, cordon.RoleAuthor)
	p1, err := h.RecipientByRef(t.Context(), by, clinic, "p1")
	if err != nil {
		t.Fatal(err)
	}
	reach := func() int {
		t.Helper()
		r, err := h.Reach(t.Context(), by, clinic, cordon.Filter{Everyone: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Total
	}
	if err := h.Suppress(t.Context(), by, clinic, p1.ID, cordon.SuppressedUnsubscribe); err != nil || reach() != 1 {
		t.Errorf("reach %d, %v", reach(), err)
	}
	if err := h.SuppressAddress(t.Context(), by, clinic, "B@Example.org", cordon.SuppressedByHand); err != nil || reach() != 0 {
		t.Errorf("reach %d, %v", reach(), err)
	}
	// An address suppressed before anyone has it.
	if err := h.SuppressAddress(t.Context(), by, clinic, "later@example.org", cordon.SuppressedByHand); err != nil {
		t.Fatal(err)
	}
	h.load(clinic, "email\nlater@example.org\n", catalog.ImportOptions{})
	if reach() != 0 {
		t.Errorf("reach %d", reach())
	}
	if err := h.Unsuppress(t.Context(), by, clinic, p1.ID, cordon.SuppressedUnsubscribe); err != nil || reach() != 1 {
		t.Errorf("reach %d, %v", reach(), err)
	}
	if err := h.UnsuppressAddress(t.Context(), by, clinic, "b@example.org", cordon.SuppressedByHand); err != nil || reach() != 2 {
		t.Errorf("reach %d, %v", reach(), err)
	}
	wantCode(t, h.Suppress(t.Context(), by, clinic, p1.ID, "whim"), cordon.Invalid)
	wantCode(t, h.Suppress(t.Context(), by, clinic, cordon.NewRecipientID(), cordon.SuppressedByHand), cordon.Missing)
	wantCode(t, h.SuppressAddress(t.Context(), by, clinic, "not an address", cordon.SuppressedByHand), cordon.Invalid)
	wantCode(t, h.Suppress(t.Context(), h.person(clinic, cordon.RoleSender), clinic, p1.ID, cordon.SuppressedByHand), cordon.Denied)
}

func TestOpenPersonLeavesATrace(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	h.load(clinic, "ref,email,name\np1,ada@example.org,Ada\n", catalog.ImportOptions{})
	p1, err := h.RecipientByRef(t.Context(), h.op, clinic, "p1")
	if err != nil {
		t.Fatal(err)
	}
	responder := h.person(clinic, cordon.RoleResponder)
	for _, purpose := range []string{"", "  ", "two\nlines", strings.Repeat("x", 201), "mail to ada@example.org"} {
		if _, err := h.OpenPerson(t.Context(), responder, clinic, p1.ID, purpose); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("%q: %v", purpose, err)
		}
	}
	if _, err := h.OpenPerson(t.Context(), h.person(clinic, cordon.RoleAuthor), clinic, p1.ID, "curious"); cordon.CodeOf(err) != cordon.Denied {
		t.Error(err)
	}
	_, foreign := h.OpenPerson(t.Context(), h.person(other, cordon.RoleResponder), other, p1.ID, "curious")
	_, unknown := h.OpenPerson(t.Context(), h.person(other, cordon.RoleResponder), other, cordon.NewRecipientID(), "curious")
	if wantCode(t, foreign, cordon.Missing); foreign != nil && foreign.Error() != unknown.Error() {
		t.Errorf("%v, %v", foreign, unknown)
	}
	p, err := h.OpenPerson(t.Context(), responder, clinic, p1.ID, "patient called")
	if err != nil || p.Name != "Ada" {
		t.Fatal(err)
	}
	if fmt.Sprint(p, p1) != "" && strings.Contains(fmt.Sprintf("%v %+v", p, p1), "ada@") {
		t.Error("an opened person shows itself")
	}
	found, err := h.RecipientByAddress(t.Context(), h.op, clinic, "ADA@example.org")
	if err != nil || len(found) != 1 || found[0].ID != p1.ID {
		t.Errorf("%v, %v", found, err)
	}
	_, err = h.RecipientByAddress(t.Context(), h.person(clinic, cordon.RoleViewer), clinic, "ada@example.org")
	wantCode(t, err, cordon.Denied)
}

func content(change func(*cordon.Content)) cordon.Content {
	c := cordon.Content{
		FromName: "Praxis Sonne", FromAddress: "praxis@sonne.example", Subject: "Your visit on {{date}}",
		Text: "Dear {{first_name|patient}},\nsee you on {{date}}.\nhttps://sonne.example/visit\n",
		Fields: []cordon.Field{
			{Name: "first_name", Type: cordon.FieldPerson, Source: cordon.FromRecipient, Optional: true},
			{Name: "date", Type: cordon.FieldDate, Source: cordon.FromOrder},
		},
		LinkHosts: []string{"sonne.example"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func TestTemplatesAreApprovedByASecondPerson(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	h.load(clinic, "email,first_name\na@example.org,Ada\n", catalog.ImportOptions{})
	if _, err := h.CreateDomain(t.Context(), h.op, clinic, "sonne.example"); err != nil {
		t.Fatal(err)
	}
	author, approver, sender := h.person(clinic, cordon.RoleAuthor), h.person(clinic, cordon.RoleApprover), h.person(clinic, cordon.RoleSender)
	tpl, err := h.CreateTemplate(t.Context(), author, clinic, "visit")
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.CreateTemplate(t.Context(), author, clinic, "visit")
	wantCode(t, err, cordon.Conflict)
	_, err = h.CreateTemplate(t.Context(), sender, clinic, "x")
	wantCode(t, err, cordon.Denied)
	_, err = h.WriteVersion(t.Context(), sender, clinic, "visit", content(nil))
	wantCode(t, err, cordon.Denied)
	v, err := h.WriteVersion(t.Context(), author, clinic, "visit", content(nil))
	if err != nil || v.Number != 1 || v.State != cordon.VersionDraft || v.Hash != content(nil).Hash() || v.Author != author.Account {
		t.Fatalf("%+v, %v", v, err)
	}
	approve := func(by cordon.Actor, number int, hash string) error {
		_, err := h.Approve(t.Context(), by, clinic, string(tpl.ID), number, hash)
		return err
	}
	wantCode(t, approve(author, 1, v.Hash), cordon.Denied) // has no right to
	both := author
	both.Permissions = append(slices.Clone(author.Permissions), cordon.ApproveTemplates)
	wantCode(t, approve(both, 1, v.Hash), cordon.Denied) // has, but wrote it
	key := both
	key.Kind, key.Key = cordon.ActorKey, cordon.NewKeyID()
	wantCode(t, approve(key, 1, v.Hash), cordon.Denied) // a key is its person
	wantCode(t, approve(approver, 1, ""), cordon.Invalid)
	wantCode(t, approve(approver, 1, content(func(c *cordon.Content) { c.Subject = "x" }).Hash()), cordon.Conflict)
	wantCode(t, approve(approver, 2, v.Hash), cordon.Missing)
	_, err = h.Approve(t.Context(), h.person(other, cordon.RoleApprover), other, string(tpl.ID), 1, v.Hash)
	wantCode(t, err, cordon.Missing)
	got, err := h.Approve(t.Context(), approver, clinic, "visit", 1, v.Hash)
	if err != nil || !got.Approved() || got.Approver != string(approver.Account) {
		t.Fatalf("%+v, %v", got, err)
	}
	wantCode(t, approve(approver, 1, v.Hash), cordon.Conflict)
	// A new text needs a new approval.
	v2, err := h.WriteVersion(t.Context(), author, clinic, "visit", content(func(c *cordon.Content) { c.Subject = "Soon: {{date}}" }))
	if err != nil || v2.Number != 2 || v2.Approved() {
		t.Fatalf("%+v, %v", v2, err)
	}
	wantCode(t, h.Revoke(t.Context(), sender, clinic, "visit", 1), cordon.Denied)
	if err := h.Revoke(t.Context(), author, clinic, "visit", 1); err != nil {
		t.Fatal(err)
	}
	if v, err := h.Version(t.Context(), sender, clinic, "visit", 1); err != nil || v.Approved() || v.State != cordon.VersionRevoked {
		t.Errorf("%+v, %v", v, err)
	}
	wantCode(t, approve(approver, 1, v.Hash), cordon.Conflict) // for good
	if list, err := h.Versions(t.Context(), sender, clinic, "visit"); err != nil || len(list) != 2 {
		t.Errorf("%d versions, %v", len(list), err)
	}
	if list, _, err := h.Templates(t.Context(), sender, clinic, cordon.Page{}); err != nil || len(list) != 1 || list[0].Latest != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = h.Template(t.Context(), h.op, other, string(tpl.ID))
	wantCode(t, err, cordon.Missing)
}

func TestWriteVersionSaysEverythingAtOnce(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	h.load(clinic, "email,first_name\na@example.org,Ada\n", catalog.ImportOptions{})
	for tenant, name := range map[cordon.TenantID]string{clinic: "sonne.example", other: "other.example"} {
		if _, err := h.CreateDomain(t.Context(), h.op, tenant, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.CreateTemplate(t.Context(), h.op, clinic, "visit"); err != nil {
		t.Fatal(err)
	}
	_, err := h.WriteVersion(t.Context(), h.op, clinic, "visit", content(func(c *cordon.Content) {
		c.FromAddress = "praxis@other.example"
		c.ReplyTo = "Praxis <praxis@sonne.example>"
		c.Fields[0].Name = "firstname"
		c.Text = "Dear {{firstname|patient}}, {{unknown}} {{date}} https://elsewhere.example/"
	}))
	wantCode(t, err, cordon.Invalid)
	var e *cordon.Error
	errors.As(err, &e)
	text := ""
	for _, f := range e.Faults {
		text += f.Field + ": " + f.Message + " (" + f.Remedy + ")\n"
	}
	for _, want := range []string{
		"from_address: is not under a sending domain of the tenant (use an address under sonne.example)",
		"reply_to: ",
		`"firstname" is no field of the tenant's recipients (known are name, address, first_name`,
		"unknown", "elsewhere.example",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if list, err := h.Versions(t.Context(), h.op, clinic, "visit"); err != nil || len(list) != 0 {
		t.Errorf("%d versions were stored, %v", len(list), err)
	}
	if err := h.Check(t.Context(), h.op, clinic, content(nil)); err != nil {
		t.Error(err)
	}
	// The two fields that everyone has need no import.
	if err := h.Check(t.Context(), h.op, clinic, content(func(c *cordon.Content) { c.Fields[0].Name = "name"; c.Text = "Dear {{name|patient}}, {{date}}" })); err != nil {
		t.Error(err)
	}
	// A subdomain is not the domain: its DKIM signature would not align.
	err = h.Check(t.Context(), h.op, clinic, content(func(c *cordon.Content) { c.FromAddress = "a@sub.sonne.example" }))
	wantCode(t, err, cordon.Invalid)
}

// The zero actor, the system, and an actor of another tenant can do nothing.
func TestEveryVerbAsksFirst(t *testing.T) {
	h := newHouse(t)
	clinic, other := h.tenant("clinic"), h.tenant("other")
	ctx := t.Context()
	for who, by := range map[string]cordon.Actor{"nobody": {}, "system": cordon.System(), "another tenant's operator": h.person(other, cordon.RoleOperator)} {
		results := map[string]error{}
		note := func(verb string, err error) { results[verb] = err }
		_, err := h.CreateTenant(ctx, by, "x", "X")
		note("CreateTenant", err)
		note("EraseTenant", h.EraseTenant(ctx, by, clinic))
		_, err = h.CreateDomain(ctx, by, clinic, "x.example.org")
		note("CreateDomain", err)
		_, err = h.Domains(ctx, by, clinic)
		note("Domains", err)
		_, err = h.ApproveHost(ctx, by, clinic, "maps.example.org")
		note("ApproveHost", err)
		note("WithdrawHost", h.WithdrawHost(ctx, by, clinic, "maps.example.org"))
		_, err = h.LinkHosts(ctx, by, clinic)
		note("LinkHosts", err)
		_, err = h.Limits(ctx, by, clinic)
		note("Limits", err)
		note("SetLimits", h.SetLimits(ctx, by, clinic, cordon.DefaultLimits()))
		_, err = h.PlantDecoys(ctx, by, clinic)
		note("PlantDecoys", err)
		_, err = h.Decoys(ctx, by, clinic)
		note("Decoys", err)
		_, _, err = h.Recipients(ctx, by, clinic, cordon.Filter{Everyone: true}, cordon.Page{})
		note("Recipients", err)
		_, err = h.RecipientByRef(ctx, by, clinic, "p1")
		note("RecipientByRef", err)
		_, err = h.RecipientByAddress(ctx, by, clinic, "a@example.org")
		note("RecipientByAddress", err)
		_, err = h.CountRecipients(ctx, by, clinic)
		note("CountRecipients", err)
		_, err = h.FieldNames(ctx, by, clinic)
		note("FieldNames", err)
		_, err = h.OpenPerson(ctx, by, clinic, cordon.NewRecipientID(), "x")
		note("OpenPerson", err)
		note("EraseRecipient", h.EraseRecipient(ctx, by, clinic, cordon.NewRecipientID()))
		note("Suppress", h.Suppress(ctx, by, clinic, cordon.NewRecipientID(), cordon.SuppressedByHand))
		note("SuppressAddress", h.SuppressAddress(ctx, by, clinic, "a@example.org", cordon.SuppressedByHand))
		note("Unsuppress", h.Unsuppress(ctx, by, clinic, cordon.NewRecipientID(), cordon.SuppressedByHand))
		note("UnsuppressAddress", h.UnsuppressAddress(ctx, by, clinic, "a@example.org", cordon.SuppressedByHand))
		_, err = h.SaveAudience(ctx, by, clinic, "x", cordon.Filter{Everyone: true})
		note("SaveAudience", err)
		_, err = h.Audience(ctx, by, clinic, "x")
		note("Audience", err)
		_, _, err = h.Audiences(ctx, by, clinic, cordon.Page{})
		note("Audiences", err)
		_, err = h.Reach(ctx, by, clinic, cordon.Filter{Everyone: true}, nil)
		note("Reach", err)
		_, err = h.CreateTemplate(ctx, by, clinic, "x")
		note("CreateTemplate", err)
		_, err = h.Template(ctx, by, clinic, "x")
		note("Template", err)
		_, _, err = h.Templates(ctx, by, clinic, cordon.Page{})
		note("Templates", err)
		_, err = h.WriteVersion(ctx, by, clinic, "x", content(nil))
		note("WriteVersion", err)
		note("Check", h.Check(ctx, by, clinic, content(nil)))
		_, err = h.Version(ctx, by, clinic, "x", 1)
		note("Version", err)
		_, err = h.Versions(ctx, by, clinic, "x")
		note("Versions", err)
		_, err = h.Approve(ctx, by, clinic, "x", 1, "y")
		note("Approve", err)
		note("Revoke", h.Revoke(ctx, by, clinic, "x", 1))
		for verb, err := range results {
			if cordon.CodeOf(err) != cordon.Denied {
				t.Errorf("%s: %s answers %v", who, verb, err)
			}
		}
	}
}
