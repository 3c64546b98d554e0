package store_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// told is a tenant with people who got something, in an incident.
func newReached(t *testing.T, s *store.Store, c *handClock, people, delivered int) (*sender, cordon.Incident) {
	t.Helper()
	p := newSender(t, s, c, people)
	p.bulk()
	claims := claimAll(t, s, delivered)
	deliver(t, s, c, claims)
	i, err := s.OpenIncident(t.Context(), operator, cordon.NewIncident{Kind: cordon.IncidentTemplate, Severity: 1, Title: "Spam", Scope: []cordon.Question{{Tenant: p.tenant}}})
	ok(t, err)
	return p, i
}

func someFacts(id cordon.IncidentID, figures cordon.Figures) cordon.NoticeFacts {
	text := map[cordon.NoticeField]string{}
	for _, n := range cordon.NoticeFields() {
		text[n] = "said of " + strings.ReplaceAll(string(n), "_", " ")
	}
	return cordon.NoticeFacts{Incident: id, Texts: map[cordon.Language]cordon.NoticeTexts{cordon.English: {Text: text}}, Figures: figures, Why: "test"}
}

func draft(t *testing.T, s *store.Store, by cordon.Actor, id cordon.IncidentID) cordon.NoticeFacts {
	t.Helper()
	figures, err := s.IncidentFigures(t.Context(), id)
	ok(t, err)
	seen, err := s.NoticeFacts(t.Context(), id, 0)
	if cordon.CodeOf(err) != cordon.Missing {
		ok(t, err)
	}
	f, err := s.DraftNotice(t.Context(), by, someFacts(id, figures), seen)
	ok(t, err)
	return f
}

func debts(t *testing.T, s *store.Store, id cordon.IncidentID, kind cordon.DebtKind) []cordon.Debt {
	t.Helper()
	all, err := s.IncidentDebts(t.Context(), id)
	ok(t, err)
	var of []cordon.Debt
	for _, d := range all {
		if d.Kind == kind {
			of = append(of, d)
		}
	}
	return of
}

func TestARevisionIsNeverLost(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		_, i := newReached(t, s, c, 5, 3)
		first := draft(t, s, cordon.System(), i.ID)
		second := draft(t, s, anna, i.ID)
		if first.Seq != 1 || first.Revision != 1 || second.Seq != 1 || second.Revision != 2 || second.WrittenBy != anna.Person() {
			t.Fatalf("revisions %d.%d, %d.%d", first.Seq, first.Revision, second.Seq, second.Revision)
		}
		_, err := s.DraftNotice(t.Context(), berta, someFacts(i.ID, first.Figures), first)
		wantCode(t, err, cordon.Conflict)
		_, err = s.ApproveNotice(t.Context(), anna, second, second.Hash())
		wantCode(t, err, cordon.Denied)
		_, err = s.ApproveNotice(t.Context(), cordon.System(), second, second.Hash())
		wantCode(t, err, cordon.Denied)
		_, err = s.ApproveNotice(t.Context(), berta, second, "another")
		wantCode(t, err, cordon.Conflict)
		f, err := s.ApproveNotice(t.Context(), berta, second, second.Hash())
		ok(t, err)
		if f.State != cordon.FactsApproved {
			t.Fatalf("%+v", f)
		}
		third := draft(t, s, anna, i.ID)
		wantEqual(t, "notice of a correction", third.Seq, 2)
		now, err := s.ApprovedNotice(t.Context(), i.ID)
		ok(t, err)
		wantEqual(t, "what is told meanwhile", now.Seq, 1)
		_, err = s.ApproveNotice(t.Context(), berta, third, third.Hash())
		ok(t, err)
		all, err := s.NoticeHistory(t.Context(), i.ID)
		ok(t, err)
		var states []string
		for _, f := range all {
			states = append(states, string(f.State))
		}
		wantEqual(t, "history", strings.Join(states, " "), "approved superseded draft")
		checkLedger(t, s)
	})
}

func TestWhoIsOwedWhat(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := t.Context()
		newReached(t, s, c, 4, 4) // another tenant, another incident
		p, i := newReached(t, s, c, 10, 6)
		if d := debts(t, s, i.ID, cordon.DebtTenant); len(d) != 1 || !strings.Contains(d[0].Text, "No notice is approved: 1 affected tenant is") {
			t.Fatalf("before: %+v", d)
		}
		f := draft(t, s, cordon.System(), i.ID)
		_, err := s.ApproveNotice(ctx, operator, f, f.Hash())
		ok(t, err)
		if d := debts(t, s, i.ID, cordon.DebtTenant); len(d) != 1 || !strings.Contains(d[0].Text, "it has no contact") {
			t.Fatalf("without a contact: %+v", d)
		}
		due, _, err := s.TellingsDue(ctx, "", 10)
		ok(t, err)
		wantEqual(t, "due without a contact", len(due), 0)
		_, err = s.AddContact(ctx, operator, cordon.TenantContact{ID: cordon.NewContactID(), Tenant: p.tenant, Role: cordon.ContactPrivacy, Language: "de", Name: "Desk", Address: "privacy@p.example"})
		ok(t, err)
		due, _, err = s.TellingsDue(ctx, "", 10)
		ok(t, err)
		wantEqual(t, "due", len(due), 1)
		open, err := s.OpenContacts(ctx, p.tenant)
		ok(t, err)
		if len(open) != 1 || open[0].Address != "privacy@p.example" || open[0].Name != "Desk" {
			t.Fatalf("opened %d contacts", len(open))
		}
		counts, err := s.TellingCounts(ctx, p.tenant, i.ID)
		ok(t, err)
		if counts.Delivered != 6 || counts.People != 6 || counts.Mailable != 6 || counts.FirstAt.IsZero() {
			t.Fatalf("counts %+v", counts)
		}
		due[0].Counts = counts
		letter := cordon.Outgoing{Key: "notice/" + string(i.ID) + "/1/x", Channel: cordon.ChannelMail, Purpose: cordon.PurposeTenantNotice, Tenant: p.tenant, Incident: i.ID, To: "privacy@p.example"}
		for range 2 { // the second finds it told
			ok(t, s.RecordTold(ctx, cordon.System(), []cordon.TenantTold{{Telling: due[0], Letters: []cordon.Outgoing{letter}}}))
		}
		if d := debts(t, s, i.ID, cordon.DebtTenant); len(d) != 1 || !strings.Contains(d[0].Text, "is on its way") {
			t.Fatalf("queued: %+v", d)
		}
		storetest.Tamper(t, s, `UPDATE outgoing SET state = 'failed'`)
		if d := debts(t, s, i.ID, cordon.DebtTenant); len(d) != 1 || !strings.Contains(d[0].Text, "every contact's mail failed") {
			t.Fatalf("failed: %+v", d)
		}
		ok(t, s.ToldOtherwise(ctx, berta, p.tenant, i.ID, "by telephone"))
		if d := debts(t, s, i.ID, cordon.DebtTenant); len(d) != 0 {
			t.Fatalf("told: %+v", d)
		}
		if d := debts(t, s, i.ID, cordon.DebtFollowUp); len(d) != 1 || d[0].Count != 6 || d[0].Subject != string(p.tenant) {
			t.Fatalf("follow-ups: %+v", d)
		}
		n, err := s.WaiveFollowUps(ctx, berta, i.ID, []cordon.TenantID{p.tenant}, "they write themselves")
		ok(t, err)
		wantEqual(t, "waived", n, int64(1))
		if d := debts(t, s, i.ID, cordon.DebtFollowUp); len(d) != 0 {
			t.Fatalf("waived: %+v", d)
		}
		ok(t, s.PacketTaken(ctx, anna, p.tenant, i.ID, false))
		e := lastEntry(t, s)
		if e.Kind != cordon.EntryPacketTaken || e.Tenant != p.tenant || e.Actor != anna.ID() {
			t.Fatalf("entry %+v", e)
		}
	})
}

func TestNoticesOfOthersAreSilent(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := t.Context()
		theirs, i := newReached(t, s, c, 5, 5)
		ours := newSender(t, s, c, 2)
		contact, err := s.AddContact(ctx, operator, cordon.TenantContact{ID: cordon.NewContactID(), Tenant: theirs.tenant, Role: cordon.ContactGeneral, Language: "en", Address: "desk@theirs.example"})
		ok(t, err)
		f := draft(t, s, cordon.System(), i.ID)
		_, err = s.ApproveNotice(ctx, operator, f, f.Hash())
		ok(t, err)
		_, err = s.SetClocks(ctx, cordon.System(), i.ID, []cordon.Regime{{ID: "r", Hours: 72, Jurisdictions: []string{"x"}}})
		ok(t, err)

		_, err = s.Telling(ctx, ours.tenant, i.ID)
		wantCode(t, err, cordon.Missing)
		wantCode(t, s.RemoveContact(ctx, operator, ours.tenant, contact.ID), cordon.Missing)
		contacts, err := s.Contacts(ctx, ours.tenant)
		ok(t, err)
		opened, err := s.OpenContacts(ctx, ours.tenant)
		ok(t, err)
		rows, next, err := s.PacketRows(ctx, ours.tenant, i.ID, "", 100)
		ok(t, err)
		clocks, err := s.Clocks(ctx, ours.tenant, i.ID, 100)
		ok(t, err)
		counts, err := s.TellingCounts(ctx, ours.tenant, i.ID)
		ok(t, err)
		names, err := s.LetterFields(ctx, ours.tenant, i.ID)
		ok(t, err)
		senders, err := s.IncidentSenders(ctx, ours.tenant, i.ID)
		ok(t, err)
		if len(contacts)+len(opened)+len(rows)+len(clocks)+len(names)+len(senders) != 0 || next != "" || counts != (cordon.TellingCounts{}) {
			t.Errorf("a foreign tenant hears: %v %v %v %v %v %v", contacts, rows, clocks, counts, names, senders)
		}
		wantCode(t, s.ToldOtherwise(ctx, operator, ours.tenant, i.ID, "because"), cordon.Conflict)
	})
}

func TestTheListIsExact(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := t.Context()
		p, i := newReached(t, s, c, 20, 12)
		var all []cordon.PacketRow
		for after := ""; ; {
			rows, next, err := s.PacketRows(ctx, p.tenant, i.ID, after, 5)
			ok(t, err)
			all = append(all, rows...)
			if after = next; next == "" {
				break
			}
		}
		seen := map[cordon.RecipientID]bool{}
		for _, r := range all {
			if seen[r.Recipient] || r.State != cordon.Delivered || r.Told != cordon.ToldNotYet || r.Address != "" || r.ExternalRef == "" {
				t.Errorf("row %+v", r)
			}
			seen[r.Recipient] = true
		}
		wantEqual(t, "rows", len(all), 12)
	})
}

func TestClocks(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := t.Context()
		p, i := newReached(t, s, c, 5, 5)
		regimes := []cordon.Regime{
			{ID: "gdpr", Hours: 72, Jurisdictions: []string{"eu"}, Name: "GDPR"},
			{ID: "hipaa", Days: 60, Jurisdictions: []string{"us"}},
			{ID: "processor", Hours: 24, Jurisdictions: []string{"eu"}, MetBy: cordon.MetByTelling},
			{ID: "iso", Jurisdictions: []string{"iso"}, Voluntary: true},
		}
		if d := debts(t, s, i.ID, cordon.DebtRegime); len(d) != 1 || !strings.Contains(d[0].Text, "not set yet") {
			t.Fatalf("before they are set: %+v", d)
		}
		ok(t, s.SetNoticeSettings(ctx, operator, cordon.NoticeSettings{Tenant: p.tenant, Language: "de", Jurisdictions: []string{"eu"}}))
		n, err := s.SetClocks(ctx, cordon.System(), i.ID, regimes)
		ok(t, err)
		wantEqual(t, "tenants", n, 1)
		n, err = s.SetClocks(ctx, cordon.System(), i.ID, nil)
		ok(t, err)
		wantEqual(t, "set again", n, 0)
		clocks, err := s.Clocks(ctx, p.tenant, i.ID, 10)
		ok(t, err)
		var ids []string
		for _, k := range clocks {
			ids = append(ids, k.Regime.ID)
		}
		wantEqual(t, "clocks", strings.Join(ids, " "), "processor gdpr")
		if gdpr := clocks[1]; !gdpr.DueAt.Equal(i.OpenedAt.Add(72*time.Hour)) || gdpr.Decision != cordon.ClockUndecided || gdpr.Regime.Name != "GDPR" {
			t.Fatalf("%+v", gdpr)
		}
		wantEqual(t, "undecided", len(debts(t, s, i.ID, cordon.DebtRegime)), 2)

		// Half of the time is used, then three quarters.
		page := func(want string) {
			t.Helper()
			due, err := s.ClocksToPage(ctx, 10)
			ok(t, err)
			var got []string
			for _, k := range due {
				k = k.At(c.now())
				got = append(got, k.Regime.ID)
				ok(t, s.ClockPaged(ctx, i.ID, k.Regime.ID, []cordon.TenantID{p.tenant}, k.PageDue()))
			}
			wantEqual(t, "paged", strings.Join(got, " "), want)
		}
		page("")
		c.advance(13 * time.Hour)
		page("processor")
		page("")
		c.advance(12 * time.Hour)
		page("processor") // overdue
		c.advance(12 * time.Hour)
		page("gdpr")
		decided, err := s.DecideClock(ctx, berta, i.ID, cordon.ClockChoice{Regime: "gdpr", Decision: cordon.ClockDoesNot, Because: "no risk"})
		ok(t, err)
		wantEqual(t, "decided", decided, int64(1))
		c.advance(30 * time.Hour)
		page("")
		_, err = s.DecideClock(ctx, berta, i.ID, cordon.ClockChoice{Regime: "gdpr", Decision: cordon.ClockApplies, Because: "x"})
		wantCode(t, err, cordon.Missing) // decided already, and no tenant is named
		_, err = s.DecideClock(ctx, berta, i.ID, cordon.ClockChoice{Regime: "gdpr", Tenant: p.tenant, Decision: cordon.ClockApplies, Because: "told the authority", Met: true})
		ok(t, err)
		clocks, err = s.Clocks(ctx, "", i.ID, 10)
		ok(t, err)
		if k := clocks[1]; k.Decision != cordon.ClockApplies || k.MetAt.IsZero() || k.MetHow != "told the authority" || k.DecidedBy != berta.Person() {
			t.Fatalf("%+v", k)
		}
		var body struct{ Because string }
		ok(t, json.Unmarshal(lastEntry(t, s).Body, &body))
		wantEqual(t, "ledger", body.Because, "told the authority")
	})
}

// A contact's address stands nowhere in the clear.
func TestContactsAreSealed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newPractice(t, s, "north")
		_, err := s.AddContact(t.Context(), operator, cordon.TenantContact{ID: cordon.NewContactID(), Tenant: p.id, Role: cordon.ContactGeneral, Language: "en", Name: "Very Secret", Address: "very-secret@north.example"})
		ok(t, err)
		var n int
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM entry WHERE body LIKE '%secret%'`).Scan(&n))
		wantEqual(t, "entries that name it", n, 0)
		ok(t, s.EraseTenant(t.Context(), operator, p.id))
		_, err = s.OpenContacts(t.Context(), p.id)
		wantCode(t, err, cordon.Missing)
	})
}
