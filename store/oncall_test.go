package store_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func newContact(t testing.TB, s *store.Store, name string) cordon.OnCallContactID {
	t.Helper()
	id := cordon.NewOnCallContactID()
	ok(t, s.SaveContact(t.Context(), operator, cordon.OnCallContact{ID: id, Name: name}))
	return id
}

func TestOnCallBook(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		one, two := newContact(t, s, "Unlikely Name"), newContact(t, s, "Second Name")
		mail := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: cordon.ChannelMail, Target: "unlikely.address@house.example"}
		ok(t, s.AddMethod(ctx, operator, one, mail))
		ok(t, s.SaveContact(ctx, operator, cordon.OnCallContact{ID: one, Name: "Unlikely Name", Rules: []cordon.NotifyRule{{Method: mail.ID, DelayMinutes: 3}}}))
		wantCode(t, s.SaveContact(ctx, operator, cordon.OnCallContact{ID: two, Name: "x", Rules: []cordon.NotifyRule{{Method: mail.ID}}}), cordon.Missing)
		schedule := cordon.Schedule{ID: cordon.NewScheduleID(), Handle: "primary", Name: "Primary", Zone: "Europe/Oslo",
			Layers: []cordon.Layer{{Rotation: cordon.RotateWeeks, Length: 1, Start: "2026-11-02", Handoff: "09:00", People: []cordon.OnCallContactID{one, two}}}}
		ok(t, s.SaveSchedule(ctx, operator, schedule))
		twin := schedule
		twin.ID = cordon.NewScheduleID()
		wantCode(t, s.SaveSchedule(ctx, operator, twin), cordon.Conflict)
		ghost := schedule
		ghost.ID, ghost.Handle, ghost.Layers = cordon.NewScheduleID(), "ghost", []cordon.Layer{{People: []cordon.OnCallContactID{cordon.NewOnCallContactID()}}}
		wantCode(t, s.SaveSchedule(ctx, operator, ghost), cordon.Missing)
		over := cordon.Override{ID: cordon.NewOverrideID(), Schedule: schedule.ID, Contact: two, From: c.now, Until: c.now.Add(time.Hour)}
		ok(t, s.AddOverride(ctx, operator, over))
		policy := cordon.Policy{ID: cordon.NewPolicyID(), Handle: "default", Name: "Default", Steps: []cordon.EscalationStep{{Minutes: 5, Targets: []cordon.PageTarget{{Schedule: schedule.ID}}}}, Repeats: 2}
		ok(t, s.SavePolicy(ctx, operator, policy))
		settings := cordon.DefaultOnCallSettings()
		settings.Fallback = []cordon.OnCallContactID{two}
		ok(t, s.SetOnCallSettings(ctx, operator, settings))

		b, err := s.OnCallBook(ctx, c.now)
		ok(t, err)
		if len(b.Contacts) != 2 || len(b.Overrides) != 1 || len(b.Schedules) != 1 || len(b.Policies) != 1 || b.Policies[0].Repeats != 2 {
			t.Fatalf("book %+v", b)
		}
		first, _ := b.Contact(one)
		if first.Name != "Unlikely Name" || first.Methods[0].Target != string(mail.Target) || first.Methods[0].Hint != "u…@house.example" || first.Rules[0].DelayMinutes != 3 {
			t.Errorf("contact %+v", first)
		}
		wantEqual(t, "the first policy takes everything", cordon.RouteOf(b.Routes, cordon.NewPage{Severity: 4}), policy.ID)
		wantEqual(t, "fallback", b.Settings.Fallback[0], two)
		c.advance(2 * time.Hour)
		b, err = s.OnCallBook(ctx, c.now)
		ok(t, err)
		wantEqual(t, "overrides left", len(b.Overrides), 0)

		wantCode(t, s.DeleteContact(ctx, operator, one), cordon.Conflict)
		wantCode(t, s.DeleteSchedule(ctx, operator, schedule.ID), cordon.Conflict)
		wantCode(t, s.DeletePolicy(ctx, operator, policy.ID), cordon.Conflict)
		ok(t, s.DeleteMethod(ctx, operator, mail.ID))
		wantCode(t, s.DeleteMethod(ctx, operator, mail.ID), cordon.Missing)
		ok(t, s.SetRoute(ctx, operator, cordon.PolicyRoute{}))
		ok(t, s.DeletePolicy(ctx, operator, policy.ID))
		ok(t, s.DeleteSchedule(ctx, operator, schedule.ID))
		ok(t, s.DeleteContact(ctx, operator, one))

		// Nobody's name or address stands in the ledger, and none in the clear.
		rows, err := storetest.Raw(t, s).Query(`SELECT body FROM entry`)
		ok(t, err)
		defer rows.Close()
		for rows.Next() {
			var body string
			ok(t, rows.Scan(&body))
			if strings.Contains(body, "nlikely") || strings.Contains(body, "house.example") {
				t.Errorf("the ledger says %s", body)
			}
		}
	})
}

func TestContactMethodsAreProved(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		who := newContact(t, s, "A")
		m := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: cordon.ChannelSMS, Target: "+4712345678"}
		ok(t, s.AddMethod(ctx, operator, who, m))
		right, wrong := sha256.Sum256([]byte("123456")), sha256.Sum256([]byte("654321"))
		ask := func(hash []byte) error {
			return s.AskMethod(ctx, operator, m.ID, hash, c.now.Add(time.Minute), func(m cordon.ContactMethod, num int64) cordon.Outgoing {
				return cordon.Outgoing{Key: string(m.ID) + string(rune('a'+num)), Channel: m.Channel, Purpose: cordon.PurposeVerify, Subject: string(m.ID), To: m.Target}
			})
		}
		wantCode(t, s.VerifyMethod(ctx, operator, m.ID, right[:]), cordon.Invalid) // none was sent
		ok(t, ask(right[:]))
		for range 5 {
			wantCode(t, s.VerifyMethod(ctx, operator, m.ID, wrong[:]), cordon.Invalid)
		}
		wantCode(t, s.VerifyMethod(ctx, operator, m.ID, right[:]), cordon.Invalid) // after five wrong ones
		ok(t, ask(right[:]))
		c.advance(time.Minute)
		wantCode(t, s.VerifyMethod(ctx, operator, m.ID, right[:]), cordon.Invalid) // too late
		ok(t, ask(right[:]))
		ok(t, s.VerifyMethod(ctx, operator, m.ID, right[:]))
		wantCode(t, ask(right[:]), cordon.Conflict)
		b, err := s.OnCallBook(ctx, c.now)
		ok(t, err)
		wantEqual(t, "verified at", b.Contacts[0].Methods[0].VerifiedAt, c.now)
		sent, err := s.OutgoingOf(ctx, string(m.ID))
		ok(t, err)
		wantEqual(t, "codes sent", len(sent), 3)

		guessed := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: cordon.ChannelSMS, Target: "+4712345679"}
		ok(t, s.AddMethod(ctx, operator, who, guessed))
		m = guessed
		for range 10 {
			ok(t, ask(right[:]))
		}
		wantCode(t, ask(right[:]), cordon.Limited)
	})
}

func TestHeartbeats(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		wantCode(t, s.Heartbeat(ctx, operator, "backup"), cordon.Missing)
		ok(t, s.SaveMonitor(ctx, operator, cordon.Monitor{Name: "backup", Every: 60, Severity: 3}))
		ok(t, s.Heartbeat(ctx, operator, "backup"))
		list, err := s.Monitors(ctx)
		ok(t, err)
		m := list[0]
		wantEqual(t, "due", m.Due(time.Minute), c.now.Add(2*time.Minute))
		since := m.Due(0)
		c.advance(time.Hour)
		page := cordon.NewPage{Title: "backup is missing", Severity: 3}
		for range 3 { // several nodes see it
			ok(t, s.MissHeartbeat(ctx, cordon.System(), m, since, page))
		}
		pages, _, err := s.OnCallPages(ctx, cordon.PageFilter{}, cordon.Page{})
		ok(t, err)
		wantEqual(t, "pages", len(pages), 1)
		ok(t, s.Heartbeat(ctx, operator, "backup"))
		p, err := s.OnCallPage(ctx, pages[0].ID)
		ok(t, err)
		wantEqual(t, "state", p.State, cordon.PageResolved)
		// A look at the monitor from before the heartbeat pages nobody.
		ok(t, s.MissHeartbeat(ctx, cordon.System(), m, c.now, page))
		pages, _, err = s.OnCallPages(ctx, cordon.PageFilter{Open: true}, cordon.Page{})
		ok(t, err)
		wantEqual(t, "open pages", len(pages), 0)
		ok(t, s.DeleteMonitor(ctx, operator, "backup"))
		wantCode(t, s.DeleteMonitor(ctx, operator, "backup"), cordon.Missing)
	})
}
