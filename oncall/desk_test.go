package oncall_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	operator  = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	responder = cordon.Actor{Kind: cordon.ActorAccount, Account: "acc_1", Permissions: cordon.RoleResponder.Permissions()}
	viewer    = cordon.Actor{Kind: cordon.ActorAccount, Account: "acc_2", Permissions: cordon.RoleViewer.Permissions()}
	ofTenant  = cordon.Actor{Kind: cordon.ActorAccount, Account: "acc_3", Tenant: "ten_1", Permissions: cordon.Permissions()}
)

// withIncident answers an incident in the state that the test wants.
type withIncident struct {
	*store.Store
	state *cordon.IncidentState
}

func (s withIncident) Incident(context.Context, cordon.IncidentID) (cordon.Incident, error) {
	return cordon.Incident{Number: 7, State: *s.state}, nil
}

type wire struct{ broken error }

func (w wire) Ready(context.Context, cordon.Channel) error         { return w.broken }
func (wire) Check(_ cordon.Channel, target string) (string, error) { return target, nil }

func newDesk(t *testing.T, s oncall.Store) *oncall.Desk {
	return oncall.New(oncall.Config{Store: s, Wire: wire{}, LinkKey: []byte("key"), URL: "https://house.example/"})
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func step(t *testing.T, d *oncall.Desk) {
	t.Helper()
	_, err := d.Step(t.Context())
	ok(t, err)
}

// reachable is a contact with one verified method, and a policy that wakes it.
func reachable(t *testing.T, s *store.Store, d *oncall.Desk) cordon.OnCallContactID {
	t.Helper()
	c, err := d.SaveContact(t.Context(), operator, cordon.OnCallContact{Name: "Duty engineer", Account: "acc_1"})
	ok(t, err)
	m := cordon.ContactMethod{ID: cordon.NewMethodID(), Channel: cordon.ChannelMail, Target: "duty@house.example"}
	ok(t, s.AddMethod(t.Context(), operator, c.ID, m))
	ok(t, s.VerifyMethod(t.Context(), operator, m.ID, nil))
	_, err = d.SavePolicy(t.Context(), operator, cordon.Policy{Handle: "default", Steps: []cordon.EscalationStep{{Minutes: 30, Targets: []cordon.PageTarget{{Contact: c.ID}}}}})
	ok(t, err)
	return c.ID
}

func TestWhoMayWhat(t *testing.T) {
	s := storetest.New(t)
	d := newDesk(t, s)
	ctx := t.Context()
	for name, by := range map[string]cordon.Actor{"nobody": {}, "a tenant's": ofTenant} {
		if _, err := d.Now(ctx, by); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s sees who is on call: %v", name, err)
		}
		if _, err := d.Book(ctx, by); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s reads the book: %v", name, err)
		}
		if _, _, err := d.Pages(ctx, by, cordon.PageFilter{}, cordon.Page{}); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("%s lists pages: %v", name, err)
		}
	}
	if _, err := d.Now(ctx, viewer); err != nil {
		t.Errorf("a viewer: %v", err)
	}
	if _, err := d.Trigger(ctx, viewer, cordon.NewPage{Title: "x"}); cordon.CodeOf(err) != cordon.Denied {
		t.Errorf("a viewer wakes people: %v", err)
	}
	p, err := d.Trigger(ctx, responder, cordon.NewPage{Title: "x"})
	ok(t, err)
	if _, err := d.Acknowledge(ctx, viewer, p.ID, 0); cordon.CodeOf(err) != cordon.Denied {
		t.Errorf("a viewer acknowledges: %v", err)
	}
	if _, err := d.SaveContact(ctx, responder, cordon.OnCallContact{Name: "x"}); cordon.CodeOf(err) != cordon.Denied {
		t.Errorf("a responder changes on call: %v", err)
	}
	// A responder may take a shift himself, and give it back; not give it to another.
	mine := reachable(t, s, d)
	other, err := d.SaveContact(ctx, operator, cordon.OnCallContact{Name: "Other"})
	ok(t, err)
	_, err = d.SaveSchedule(ctx, operator, cordon.Schedule{Handle: "primary", Zone: "UTC", Layers: []cordon.Layer{{Rotation: cordon.RotateDays, Length: 1, Start: "2026-01-01", Handoff: "09:00", People: []cordon.OnCallContactID{other.ID}}}})
	ok(t, err)
	o := cordon.Override{Contact: mine, From: time.Now(), Until: time.Now().Add(time.Hour)}
	made, err := d.Override(ctx, responder, "primary", o)
	ok(t, err)
	ok(t, d.DeleteOverride(ctx, responder, made.ID))
	o.Contact = other.ID
	if _, err := d.Override(ctx, responder, "primary", o); cordon.CodeOf(err) != cordon.Denied {
		t.Errorf("a responder puts somebody else on call: %v", err)
	}
}

func links(t *testing.T, s *store.Store, subject string) []string {
	t.Helper()
	all, err := s.OutgoingOf(t.Context(), subject)
	ok(t, err)
	var found []string
	for _, o := range all {
		if _, link, yes := strings.Cut(o.Content.Text, "https://house.example/page/"); yes {
			token, _, _ := strings.Cut(link, "\n")
			found = append(found, token)
		}
	}
	return found
}

// A link acknowledges by POST alone, for the contact it was sent to; one that was
// changed, or is too old, does nothing.
func TestLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		d := newDesk(t, s)
		who := reachable(t, s, d)
		p, err := d.Trigger(t.Context(), operator, cordon.NewPage{Title: "Copies leave that must not"})
		ok(t, err)
		step(t, d)
		token := links(t, s, string(p.ID))[0]
		seen, err := d.Linked(t.Context(), token)
		ok(t, err)
		if seen.Page.State != cordon.PageTriggered {
			t.Errorf("looking made it %s", seen.Page.State)
		}
		for _, bad := range []string{"", "a", token + "x", token[:len(token)-1], "v" + token[1:], strings.Replace(token, ".", ".0", 1), strings.Repeat("a.", 400)} {
			if _, err := d.FollowLink(t.Context(), bad); cordon.CodeOf(err) != cordon.Missing {
				t.Errorf("%.20q: %v", bad, err)
			}
		}
		done, err := d.FollowLink(t.Context(), token)
		ok(t, err)
		if done.Page.State != cordon.PageAcknowledged || done.Page.AcknowledgedBy != string(who) {
			t.Errorf("%+v", done.Page)
		}
		time.Sleep(73 * time.Hour)
		if _, err := d.FollowLink(t.Context(), token); cordon.CodeOf(err) != cordon.Missing {
			t.Errorf("an old link: %v", err)
		}

		m, err := d.AddMethod(t.Context(), operator, who, cordon.ChannelMail, "other@house.example")
		ok(t, err)
		if _, err := d.FollowLink(t.Context(), links(t, s, string(m.ID))[0]); err != nil {
			t.Fatal(err)
		}
		b, err := d.Book(t.Context(), operator)
		ok(t, err)
		if c, _ := b.Contact(who); len(c.Methods) != 2 || c.Methods[1].VerifiedAt.IsZero() || c.Methods[1].Target != "" {
			t.Errorf("methods %+v", c.Methods)
		}
	})
}

// An acknowledgement lapses while the incident is in triage, and holds while
// somebody is at work on it.
func TestAnAcknowledgementHoldsWhileSomebodyIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		state := cordon.IncidentTriage
		d := newDesk(t, withIncident{s, &state})
		reachable(t, s, d)
		ctx := t.Context()
		p, err := d.Trigger(ctx, operator, cordon.NewPage{Title: "Copies leave", Incident: cordon.NewIncidentID(), Severity: 2})
		ok(t, err)
		step(t, d)
		is := func(want cordon.PageState) {
			t.Helper()
			step(t, d)
			if got, _, err := d.Page(ctx, operator, p.ID); err != nil || got.State != want {
				t.Fatalf("%s, want %s; %v", got.State, want, err)
			}
		}
		_, err = d.Acknowledge(ctx, operator, p.ID, 0)
		ok(t, err)
		state = cordon.IncidentContained
		time.Sleep(11 * time.Minute)
		is(cordon.PageAcknowledged)
		state = cordon.IncidentTriage
		time.Sleep(11 * time.Minute)
		is(cordon.PageTriggered)
		_, err = d.Acknowledge(ctx, operator, p.ID, time.Hour)
		ok(t, err)
		time.Sleep(59 * time.Minute)
		is(cordon.PageAcknowledged)
		time.Sleep(2 * time.Minute)
		is(cordon.PageTriggered)
		all, err := s.OutgoingOf(ctx, string(p.ID))
		ok(t, err)
		if first := all[0]; !first.Urgent || !strings.HasPrefix(first.Content.Title, "SEV-2 INC-7: ") || all[1].Urgent {
			t.Errorf("the first message of an incident: %+v", first)
		}
		if _, err := d.Acknowledge(ctx, operator, p.ID, 5*time.Hour); cordon.CodeOf(err) != cordon.Invalid {
			t.Errorf("five hours: %v", err)
		}
	})
}

// Whatever would keep a page from reaching somebody is said, and a page that
// nobody can get is tried again once somebody can.
func TestNobodyCanBeReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		d := newDesk(t, s)
		ctx := t.Context()
		p, err := d.Trigger(ctx, operator, cordon.NewPage{Title: "Copies leave", Exercise: true})
		ok(t, err)
		step(t, d)
		_, events, err := d.Page(ctx, operator, p.ID)
		ok(t, err)
		if len(events) != 3 || events[1].Kind != cordon.PageEventFallback || events[2].Kind != cordon.PageEventNobody {
			t.Errorf("events %+v", events)
		}
		now, err := d.Now(ctx, operator)
		ok(t, err)
		if len(now.Problems) != 1 || !strings.Contains(now.Problems[0], "no contact") {
			t.Errorf("problems %q", now.Problems)
		}
		reachable(t, s, d) // with a policy
		time.Sleep(10 * time.Minute)
		step(t, d)
		all, err := s.OutgoingOf(ctx, string(p.ID))
		ok(t, err)
		if len(all) != 1 || !all[0].Exercise || !strings.HasPrefix(all[0].Content.Title, "EXERCISE: SEV") {
			t.Errorf("messages %+v", all)
		}
		broken := oncall.New(oncall.Config{Store: s, Wire: wire{cordon.Errorf(cordon.Unavailable, "no sender")}, LinkKey: []byte("key")})
		if now, err = broken.Now(ctx, operator); err != nil || !strings.Contains(strings.Join(now.Problems, " "), "by mail, and cannot: no sender") {
			t.Errorf("problems %q, %v", now.Problems, err)
		}
	})
}

func TestMissingHeartbeatsPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		d := newDesk(t, s)
		ctx := t.Context()
		_, err := d.SaveMonitor(ctx, operator, cordon.Monitor{Name: "backup", Every: 3600, Severity: 3})
		ok(t, err)
		time.Sleep(time.Hour)
		step(t, d)
		next, err := d.Step(ctx)
		ok(t, err)
		if wait := time.Until(next); wait <= 0 || wait > time.Minute {
			t.Errorf("the next look is in %s", wait)
		}
		time.Sleep(time.Minute)
		step(t, d)
		list, _, err := d.Pages(ctx, operator, cordon.PageFilter{Open: true}, cordon.Page{})
		ok(t, err)
		if len(list) != 1 || list[0].Severity != 3 || !strings.Contains(list[0].Title, "backup") {
			t.Fatalf("pages %+v", list)
		}
		ok(t, d.Heartbeat(ctx, responder, "backup"))
		step(t, d)
		if list, _, _ := d.Pages(ctx, operator, cordon.PageFilter{Open: true}, cordon.Page{}); len(list) != 0 {
			t.Errorf("still open: %+v", list)
		}
		if err := d.Heartbeat(ctx, viewer, "backup"); cordon.CodeOf(err) != cordon.Denied {
			t.Errorf("a viewer gives heartbeats: %v", err)
		}
	})
}
