package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

func eachWithClock(t *testing.T, f func(t *testing.T, s *store.Store, c *clock)) {
	t.Helper()
	c := newClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) { f(t, s, c) }, storetest.Clock(c.Now))
}

func trigger(t testing.TB, s *store.Store, key string, incident cordon.IncidentID) cordon.OnCallPage {
	t.Helper()
	p, err := s.TriggerPage(t.Context(), operator, cordon.NewPage{Key: key, Incident: incident, Severity: 2, Role: cordon.RoleCommander, Title: "Copies leave that must not"})
	ok(t, err)
	return p
}

func message(p cordon.OnCallPage, turn int64, method cordon.MethodID) cordon.Outgoing {
	return cordon.Outgoing{Key: cordon.PageKey(p.ID, turn, "con_1", method), Channel: cordon.ChannelMail, Purpose: cordon.PurposePage, Subject: string(p.ID), To: "duty@house.example",
		Content: cordon.OutgoingLetter{Title: "SEV-2: wake up", Text: "now"}}
}

func events(t testing.TB, s *store.Store, id cordon.PageID) string {
	t.Helper()
	all, err := s.PageEvents(t.Context(), id)
	ok(t, err)
	var said []string
	for i, e := range all {
		wantEqual(t, "number of the event", e.Num, int64(i+1))
		said = append(said, e.Kind)
	}
	return strings.Join(said, " ")
}

func TestAPageOfOneKeyIsOnePage(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		incident := cordon.NewIncidentID()
		first := trigger(t, s, "k1", incident)
		c.advance(time.Minute)
		again := trigger(t, s, "k1", incident)
		wantEqual(t, "page", again.ID, first.ID)
		wantEqual(t, "events", events(t, s, first.ID), "triggered")
		other := trigger(t, s, "k2", incident)
		p, err := s.OnCallPage(t.Context(), first.ID)
		ok(t, err)
		wantEqual(t, "first of its incident", p.First, true)
		wantEqual(t, "severity", p.Severity, cordon.Severity(2))
		p, err = s.OnCallPage(t.Context(), other.ID)
		ok(t, err)
		wantEqual(t, "second of its incident", p.First, false)

		list, _, err := s.OnCallPages(t.Context(), cordon.PageFilter{Incident: incident}, cordon.Page{Limit: 1})
		ok(t, err)
		wantEqual(t, "newest", list[0].ID, other.ID)
		all := everyPage(t, 1, func(p cordon.Page) ([]cordon.OnCallPage, string, error) {
			return s.OnCallPages(t.Context(), cordon.PageFilter{Open: true}, p)
		})
		wantEqual(t, "open pages", len(all), 2)

		// What is resolved never re-opens.
		_, err = s.ResolvePage(t.Context(), operator, first.ID)
		ok(t, err)
		over := trigger(t, s, "k1", incident)
		wantEqual(t, "state", over.State, cordon.PageResolved)
		_, err = s.AckPage(t.Context(), operator, first.ID, "", c.now.Add(time.Minute), nil)
		wantCode(t, err, cordon.Conflict)
		_, err = s.EscalatePage(t.Context(), operator, first.ID)
		wantCode(t, err, cordon.Conflict)
		_, err = s.ResolvePage(t.Context(), operator, first.ID)
		ok(t, err)
		wantEqual(t, "events", events(t, s, first.ID), "triggered resolved")

		kinds := fmt.Sprint(entryKinds(t, s))
		wantEqual(t, "ledger", kinds, "[page.triggered page.triggered page.resolved]")
		_, err = s.TriggerPage(t.Context(), operator, cordon.NewPage{Key: "k", Title: "two\nlines"})
		wantCode(t, err, cordon.Invalid)
	})
}

// A turn judged on an older state of the page does nothing at all.
func TestAPagesTurnIsTakenOnce(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		p := trigger(t, s, "k", "")
		due, err := s.DuePages(t.Context(), 10)
		ok(t, err)
		wantEqual(t, "due", len(due), 1)
		turn := cordon.PageTurn{Page: p.ID, Turn: due[0].Turn, State: cordon.PageTriggered, Policy: "pol_1", StepEnds: c.now.Add(time.Hour), NextAt: c.now.Add(10 * time.Minute), Watched: true,
			Events: []cordon.PageEvent{{Kind: cordon.PageEventNotified, Contact: "con_1", Channel: cordon.ChannelMail}}, Messages: []cordon.Outgoing{message(p, due[0].Turn+1, "met_1")}}
		for i := range 3 {
			taken, err := s.TakePageTurn(t.Context(), cordon.System(), turn)
			ok(t, err)
			wantEqual(t, "taken", taken, i == 0)
		}
		all, err := s.OutgoingOf(t.Context(), string(p.ID))
		ok(t, err)
		wantEqual(t, "messages", len(all), 1)
		wantEqual(t, "events", events(t, s, p.ID), "triggered notified")
		at, err := s.NextPageTurn(t.Context())
		ok(t, err)
		wantEqual(t, "next", at, c.now.Add(10*time.Minute))
		if due, _ := s.DuePages(t.Context(), 10); len(due) != 0 {
			t.Error("still due")
		}
	})
}

func TestAcknowledgedPagesStaySilent(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		p := trigger(t, s, "k", cordon.NewIncidentID())
		later := message(p, 1, "met_2")
		later.DueAt = c.now.Add(5 * time.Minute)
		_, err := s.TakePageTurn(ctx, cordon.System(), cordon.PageTurn{Page: p.ID, State: p.State, NextAt: c.now.Add(time.Hour), Messages: []cordon.Outgoing{message(p, 1, "met_1"), later}, Watched: true})
		ok(t, err)
		sent, err := s.ClaimOutgoing(ctx, "node", cordon.LaneWake, 10, time.Minute)
		ok(t, err)
		wantEqual(t, "claimed", len(sent), 1)
		wantEqual(t, "receiver", sent[0].To, "duty@house.example")
		c.advance(3 * time.Second)
		ok(t, s.RecordOutgoing(ctx, "node", sent[0].ID, 1, cordon.OutgoingResult{State: cordon.OutgoingSent, Reply: "250"}))
		c.advance(time.Minute)
		acked, err := s.AckPage(ctx, operator, p.ID, "con_1", c.now.Add(10*time.Minute), nil)
		ok(t, err)
		first := c.now
		wantEqual(t, "first sent", acked.FirstSentAt, first.Add(-time.Minute))
		wantEqual(t, "acknowledged by", acked.AcknowledgedBy, "con_1")
		c.advance(10 * time.Minute)
		if sent, _ := s.ClaimOutgoing(ctx, "node", cordon.LaneWake, 10, time.Minute); len(sent) != 0 {
			t.Error("an acknowledged page is still told")
		}
		// Renewed, it keeps the moment of the first acknowledgement.
		again, err := s.AckPage(ctx, operator, p.ID, "", c.now.Add(time.Hour), nil)
		ok(t, err)
		wantEqual(t, "acknowledged at", again.AcknowledgedAt, first)
		wantEqual(t, "events", events(t, s, p.ID), "triggered sent acknowledged renewed")

		// Those paged are known when it is over: the one told, and not the one spared.
		ok(t, s.ResolvePages(ctx, operator, p.Incident))
		alerts, err := s.PageAlerts(ctx, p.ID)
		ok(t, err)
		if len(alerts) != 1 || alerts[0].Method != "met_1" || alerts[0].Message.To != "duty@house.example" {
			t.Errorf("alerts %+v", alerts)
		}
		due, err := s.DuePages(ctx, 10)
		ok(t, err)
		if len(due) != 1 || due[0].State != cordon.PageResolved {
			t.Errorf("no last turn: %+v", due)
		}
		var body string
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT body FROM entry WHERE kind = 'page.acknowledged' ORDER BY num LIMIT 1`).Scan(&body))
		if !strings.Contains(body, fmt.Sprint(first.UnixMicro())) || strings.Contains(body, "duty@") {
			t.Errorf("entry %s", body)
		}
	})
}

// When every message of a step failed, and not before, the page's turn comes.
func TestEveryMessageFailed(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		p := trigger(t, s, "k", "")
		_, err := s.TakePageTurn(ctx, cordon.System(), cordon.PageTurn{Page: p.ID, State: p.State, NextAt: c.now.Add(time.Hour), StepEnds: c.now.Add(time.Hour),
			Messages: []cordon.Outgoing{message(p, 1, "met_1"), message(p, 1, "met_2")}, Watched: true})
		ok(t, err)
		for i := range 2 {
			list, err := s.ClaimOutgoing(ctx, "node", cordon.LaneWake, 1, time.Minute)
			ok(t, err)
			wantEqual(t, "claimed", len(list), 1)
			ok(t, s.RecordOutgoing(ctx, "node", list[0].ID, 1, cordon.OutgoingResult{State: cordon.OutgoingFailed, Reply: "HTTP 404"}))
			due, err := s.DuePages(ctx, 10)
			ok(t, err)
			wantEqual(t, "due", len(due), i)
			if i == 1 && !due[0].AllFailed {
				t.Error("the page does not know")
			}
		}
	})
}

func TestSendersThatDieAreFoundOut(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		o := cordon.Outgoing{Key: "a", Channel: cordon.ChannelMail, Purpose: cordon.PurposeVerify, To: "x@y.example"}
		ok(t, s.EnqueueOutgoing(ctx, []cordon.Outgoing{o}))
		ok(t, s.EnqueueOutgoing(ctx, []cordon.Outgoing{o})) // of one key the second is the first
		one, err := s.ClaimOutgoing(ctx, "dies", cordon.LaneWake, 5, time.Minute)
		ok(t, err)
		wantEqual(t, "claimed", len(one), 1)
		two, err := s.ClaimOutgoing(ctx, "lives", cordon.LaneWake, 5, time.Minute)
		ok(t, err)
		wantEqual(t, "claimed while leased", len(two), 0)
		at, err := s.NextOutgoing(ctx, cordon.LaneWake)
		ok(t, err)
		wantEqual(t, "next", at, c.now.Add(time.Minute))
		c.advance(time.Minute)
		two, err = s.ClaimOutgoing(ctx, "lives", cordon.LaneWake, 5, time.Minute)
		ok(t, err)
		wantEqual(t, "claimed after the lease", len(two), 1)
		wantEqual(t, "same message", two[0].ID, one[0].ID)
		// What the dead one says late counts only when it is a yes.
		ok(t, s.RecordOutgoing(ctx, "dies", one[0].ID, 1, cordon.OutgoingResult{State: cordon.OutgoingFailed}))
		state := func() cordon.OutgoingState {
			h, err := s.OutboxHealth(ctx)
			ok(t, err)
			return h.Counts[0].State
		}
		wantEqual(t, "state", state(), cordon.OutgoingSending)
		ok(t, s.RecordOutgoing(ctx, "dies", one[0].ID, 1, cordon.OutgoingResult{State: cordon.OutgoingDelivered}))
		wantEqual(t, "state", state(), cordon.OutgoingDelivered)
		ok(t, s.RecordOutgoing(ctx, "lives", one[0].ID, 2, cordon.OutgoingResult{State: cordon.OutgoingPending, DueAt: c.now}))
		wantEqual(t, "state", state(), cordon.OutgoingDelivered)

		// What is done is forgotten, and stays counted.
		c.advance(24 * time.Hour)
		_, err = s.ForgetOutgoing(ctx, c.now.Add(-time.Hour), 100)
		ok(t, err)
		var left int
		ok(t, storetest.Raw(t, s).QueryRow(`SELECT COUNT(*) FROM outgoing WHERE sealed IS NOT NULL`).Scan(&left))
		wantEqual(t, "still sealed", left, 0)
		wantEqual(t, "state", state(), cordon.OutgoingDelivered)
	})
}

// What wakes people never waits behind what informs them, and the urgent goes
// first; what is over is not sent.
func TestLanesOfTheOutbox(t *testing.T) {
	eachWithClock(t, func(t *testing.T, s *store.Store, c *clock) {
		ctx := t.Context()
		put := func(key string, p cordon.Purpose, urgent bool, stale time.Duration) {
			o := cordon.Outgoing{Key: key, Channel: cordon.ChannelMail, Purpose: p, To: "x@y.example", Urgent: urgent}
			if stale > 0 {
				o.StaleAt = c.now.Add(stale)
			}
			ok(t, s.EnqueueOutgoing(ctx, []cordon.Outgoing{o}))
		}
		for i := range 20 {
			put(fmt.Sprint("post", i), cordon.PurposeAnnouncement, false, 0)
		}
		put("clear", cordon.PurposeAllClear, false, 0)
		put("late", cordon.PurposeVerify, true, time.Second)
		put("code", cordon.PurposeVerify, true, time.Hour)
		c.advance(time.Minute)
		h, err := s.OutboxHealth(ctx)
		ok(t, err)
		wantEqual(t, "oldest", h.OldestWake, c.now.Add(-time.Minute))
		list, err := s.ClaimOutgoing(ctx, "n", cordon.LaneWake, 10, time.Minute)
		ok(t, err)
		if len(list) != 2 || list[0].Key != "code" || list[1].Key != "clear" {
			t.Fatalf("claimed %+v", list)
		}
		h, err = s.OutboxHealth(ctx)
		ok(t, err)
		wantEqual(t, "oldest", h.OldestWake.IsZero(), true)
		stale := false
		for _, n := range h.Counts {
			stale = stale || n.State == cordon.OutgoingStale && n.Count == 1
		}
		wantEqual(t, "stale", stale, true)
		list, err = s.ClaimOutgoing(ctx, "n", cordon.LaneTell, 7, time.Minute)
		ok(t, err)
		wantEqual(t, "told", len(list), 7)
		wantEqual(t, "first", list[0].Key, "post0")
	})
}
