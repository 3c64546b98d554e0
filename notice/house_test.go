package notice_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

var (
	operator = cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}
	anna     = cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Permissions: cordon.Permissions()}
	berta    = cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Permissions: cordon.Permissions()}
)

// house is a store, a messenger on it, and a door that accepts by the store's own
// means what the queue would send.
type house struct {
	t     testing.TB
	s     *store.Store
	m     *notice.Messenger
	clock *clock
	door  *door
	inc   cordon.Incident
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

// door is the far side of the seam: it answers a repeated key with the first
// dispatch, as the house's own door does.
type door struct {
	mu     sync.Mutex
	s      *store.Store
	now    func() time.Time
	broken error
	taken  map[string]cordon.Dispatch
	orders []cordon.NoticeOrder
	by     []cordon.Actor
}

func (d *door) AcceptNotice(ctx context.Context, by cordon.Actor, o cordon.NoticeOrder) (cordon.Dispatch, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return cordon.Dispatch{}, d.broken
	}
	if !by.Can(cordon.ManageNotices, o.Tenant) {
		return cordon.Dispatch{}, errors.New("may not")
	}
	key := string(o.Tenant) + " " + by.ID() + " " + o.IdempotencyKey
	if have, ok := d.taken[key]; ok {
		return have, nil
	}
	v, err := d.s.Version(ctx, o.Tenant, o.Template, o.Version)
	if err != nil || !v.Approved() {
		return cordon.Dispatch{}, fmt.Errorf("not approved: %w", err)
	}
	at := d.now()
	n := cordon.NewDispatch{
		Dispatch: cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: o.Tenant, Kind: cordon.Notice, Template: o.Template, Version: o.Version, Hash: v.Hash,
			Audience: cordon.AudienceID(o.Incident), Actor: by.ID(), Account: by.Account, State: cordon.DispatchOpen, AcceptedAt: at, NotBefore: at},
		Affected: o.Incident, Mark: func(d cordon.Dispatch) []byte { return []byte("mark") }, Verdict: cordon.Verdict{Decision: cordon.Pass},
	}
	made, err := d.s.CreateDispatch(ctx, by, n)
	if err == nil {
		d.taken[key], d.orders, d.by = made, append(d.orders, o), append(d.by, by)
	}
	return made, err
}

func newHouse(t testing.TB, s *store.Store, c *clock) *house {
	t.Helper()
	h := &house{t: t, s: s, clock: c, door: &door{s: s, now: c.now, taken: map[string]cordon.Dispatch{}}}
	h.m = h.messenger(s)
	return h
}

func (h *house) messenger(s notice.Store) *notice.Messenger {
	h.t.Helper()
	m, err := notice.New(notice.Config{Store: s, Door: h.door, StatusURL: "https://status.example", ConsoleURL: "https://console.example", Now: h.clock.now})
	h.ok(err)
	return m
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// tenant makes a practice with people P-0, P-1, … and an open dispatch to all of
// them, of which the first copies were delivered.
func (h *house) tenant(handle string, people, delivered int) (cordon.TenantID, cordon.Dispatch) {
	h.t.Helper()
	ctx := h.t.Context()
	id := cordon.NewTenantID()
	h.ok(h.s.CreateTenant(ctx, operator, cordon.Tenant{ID: id, Handle: handle, Name: "Practice " + handle}))
	var rows []cordon.RecipientRow
	for i := range people {
		rows = append(rows, cordon.RecipientRow{ExternalRef: fmt.Sprintf("P-%d", i), Person: cordon.Person{Name: "Ann", Address: cordon.Address(fmt.Sprintf("p%d@%s.example", i, handle))}})
		if len(rows) == 1000 || i == people-1 {
			_, _, err := h.s.UpsertRecipients(ctx, operator, id, rows)
			h.ok(err)
			rows = nil
		}
	}
	letter := cordon.NewTemplateID()
	d, err := h.s.CreateDispatch(ctx, operator, cordon.NewDispatch{
		Dispatch: cordon.Dispatch{ID: cordon.NewDispatchID(), Tenant: id, Kind: cordon.Bulk, Template: letter, Version: 1, Hash: "h", Actor: "operator", State: cordon.DispatchOpen, AcceptedAt: h.clock.now()},
		Filter:   cordon.Filter{Everyone: true}, Verdict: cordon.Verdict{Decision: cordon.Pass}, Mark: func(cordon.Dispatch) []byte { return []byte("m") },
	})
	h.ok(err)
	h.deliver(d, delivered)
	return id, d
}

// deliver sends n copies of the dispatch.
func (h *house) deliver(d cordon.Dispatch, n int) {
	h.t.Helper()
	ctx := h.t.Context()
	for n > 0 {
		lanes, err := h.s.LanesDue(ctx, 3000)
		h.ok(err)
		for _, l := range lanes {
			if l.Tenant != d.Tenant || l.Kind == cordon.Notice {
				continue
			}
			claims, err := h.s.ClaimDue(ctx, "node", l, min(n, 500))
			h.ok(err)
			if len(claims) == 0 {
				h.t.Fatal("nothing to deliver")
			}
			n -= len(claims)
			g := cordon.AttemptGroup{}
			for _, c := range claims {
				g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, At: h.clock.now()})
			}
			h.ok(h.s.RecordAttempts(ctx, "node", g))
			break
		}
	}
}

func (h *house) incident(tenants ...cordon.TenantID) cordon.Incident {
	h.t.Helper()
	n := cordon.NewIncident{Kind: cordon.IncidentTemplate, Severity: 1, Title: "Prize spam"}
	for _, t := range tenants {
		n.Scope = append(n.Scope, cordon.Question{Tenant: t})
	}
	i, err := h.s.OpenIncident(h.t.Context(), operator, n)
	h.ok(err)
	h.inc = i
	return i
}

func (h *house) contact(tenant cordon.TenantID, address string, l cordon.Language) {
	h.t.Helper()
	_, err := h.m.AddContact(h.t.Context(), operator, cordon.TenantContact{Tenant: tenant, Role: cordon.ContactPrivacy, Language: l, Address: cordon.Address(address)})
	h.ok(err)
}

// identity is a tenant of the operator's own, with the domain notices come from.
func (h *house) identity() {
	h.t.Helper()
	ctx := h.t.Context()
	id := cordon.NewTenantID()
	h.ok(h.s.CreateTenant(ctx, operator, cordon.Tenant{ID: id, Handle: "house", Name: "House"}))
	h.ok(h.s.CreateDomain(ctx, operator, cordon.Domain{Tenant: id, Name: "house.example", Selector: "c1"}, []byte("key")))
	_, err := h.m.SetIdentity(ctx, operator, cordon.NoticeIdentity{Tenant: id, Name: "House Systems", Address: "privacy@house.example"})
	h.ok(err)
}

func (h *house) look() notice.Act {
	h.t.Helper()
	a, err := h.m.Look(h.t.Context(), operator, h.inc.ID)
	h.ok(err)
	return a
}

func (h *house) tellings() map[string]cordon.Telling {
	h.t.Helper()
	list, _, err := h.m.Tellings(h.t.Context(), operator, h.inc.ID, cordon.Page{Limit: 500})
	h.ok(err)
	all := map[string]cordon.Telling{}
	for _, n := range list {
		all[n.Handle] = n
	}
	return all
}

func wantCode(t testing.TB, err error, want cordon.Code) {
	t.Helper()
	if got := cordon.CodeOf(err); got != want {
		t.Fatalf("error %v has code %q, want %q", err, got, want)
	}
}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	for engine, open := range map[string]func(testing.TB, ...storetest.Option) *store.Store{"sqlite": storetest.New, "postgres": storetest.NewPostgres} {
		t.Run(engine, func(t *testing.T) {
			c := &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
			f(t, newHouse(t, open(t, storetest.Clock(c.now)), c))
		})
	}
}

func TestFromTheFirstDraftToTheLastLetter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.identity()
		north, bad := h.tenant("north", 30, 20)
		south, _ := h.tenant("south", 5, 5)
		h.tenant("bystander", 5, 5)
		h.contact(north, "privacy@north.example", "de")
		h.contact(north, "desk@north.example", "en")
		h.incident(north, south)
		h.ok(h.m.Step(ctx))
		// One who got it asks never to be mailed, another is erased.
		first, second := h.person(north, 0), h.person(north, 1)
		h.ok(h.s.Suppress(ctx, operator, north, first, cordon.SuppressedByHand))
		h.ok(h.s.EraseRecipient(ctx, operator, north, second))

		act := h.look()
		if got, want := act.Says(), "tells 1 tenant (2 contacts), writes to 23 people; 1 tenant has no contact; 2 people must be told by other means"; got != want {
			t.Fatalf("says %q,\nwant %q", got, want)
		}
		if act.Facts.WrittenBy != "system" || len(act.Offers) != 5 || len(act.Missing) != 0 {
			t.Fatalf("drafted %+v", act)
		}
		_, err := h.m.Approve(ctx, operator, h.inc.ID, notice.Approval{Hash: "x"})
		wantCode(t, err, cordon.Conflict)
		// A figure changes between looking and approving.
		h.deliver(bad, 2)
		_, err = h.m.Approve(ctx, operator, h.inc.ID, notice.Approval{Hash: act.Hash})
		wantCode(t, err, cordon.Conflict)

		// Whoever wrote any of it cannot approve it.
		_, err = h.m.Edit(ctx, anna, h.inc.ID, notice.Edit{Texts: map[cordon.Language]map[cordon.NoticeField]string{"en": {cordon.NoticeSubject: "You won"}}})
		h.ok(err)
		_, err = h.m.Approve(ctx, anna, h.inc.ID, notice.Approval{Hash: h.look().Hash})
		wantCode(t, err, cordon.Denied)
		f, err := h.m.Approve(ctx, berta, h.inc.ID, notice.Approval{Hash: h.look().Hash, FollowUp: true})
		h.ok(err)
		if f.Seq != 1 || f.ApprovedBy != berta.Person() || f.Figures[cordon.FigureDelivered].Value != 27 {
			t.Fatalf("approved %+v", f)
		}

		all := h.tellings()
		if n := all["north"]; n.State != cordon.TellingTold || n.Counts.Delivered != 22 || n.Counts.People != 22 || n.Counts.Beyond != 2 || n.FollowUp != cordon.FollowUpAccepted {
			t.Errorf("north %+v", n)
		}
		if n := all["south"]; n.State != cordon.TellingPlanned || n.FollowUp != cordon.FollowUpAccepted || n.Contacts != 0 {
			t.Errorf("south %+v", n)
		}
		if len(all) != 2 {
			t.Errorf("%d tenants are owed something", len(all))
		}
		if got := h.outgoing(); got != 2 {
			t.Errorf("%d messages in the outbox", got)
		}
		if len(h.door.orders) != 2 {
			t.Fatalf("%d follow-ups", len(h.door.orders))
		}
		for _, by := range h.door.by {
			if by.ID() != berta.ID() {
				t.Errorf("ordered by %s", by.ID())
			}
		}
		// Nothing is done twice.
		h.ok(h.m.Step(ctx))
		n, err := h.m.WriteTo(ctx, berta, h.inc.ID, nil)
		if h.ok(err); n != 0 || len(h.door.orders) != 2 || h.outgoing() != 2 {
			t.Errorf("written twice: %d, %d, %d", n, len(h.door.orders), h.outgoing())
		}
		// A contact that comes later is told by the next step.
		h.contact(south, "privacy@south.example", "fr")
		h.ok(h.m.Step(ctx))
		if n := h.tellings()["south"]; n.State != cordon.TellingTold || h.outgoing() != 3 {
			t.Errorf("south %+v", n)
		}
		h.list(north)
		h.correction(bad)
	})
}

// person is one of those who got a copy.
func (h *house) person(tenant cordon.TenantID, n int) cordon.RecipientID {
	h.t.Helper()
	list, _, err := h.s.IncidentAffected(h.t.Context(), h.inc.ID, tenant, cordon.Page{Limit: 500})
	h.ok(err)
	return list[n].Recipient
}

func (h *house) outgoing() (n int) {
	h.t.Helper()
	h.ok(storetest.Raw(h.t, h.s).QueryRow(`SELECT COUNT(*) FROM outgoing WHERE purpose = 'tenant-notice'`).Scan(&n))
	return n
}

// list holds the packet's list against what is known.
func (h *house) list(north cordon.TenantID) {
	t := h.t
	t.Helper()
	ctx := t.Context()
	told := map[cordon.ToldBy]int{}
	own := cordon.Actor{Kind: cordon.ActorAccount, Account: cordon.NewAccountID(), Tenant: north, Permissions: cordon.RoleViewer.Permissions()}
	for row, err := range h.m.List(ctx, own, h.inc.ID, north, false) {
		h.ok(err)
		if row.Address != "" || !row.Recipient.Valid() || row.ExternalRef == "" && row.Told != cordon.ToldErased {
			t.Errorf("row %+v", row)
		}
		told[row.Told]++
	}
	if told[cordon.ToldQueued] != 20 || told[cordon.ToldSuppressed] != 1 || told[cordon.ToldErased] != 1 {
		t.Errorf("told %v", told)
	}
	foreign := own
	foreign.Tenant = cordon.NewTenantID()
	for _, err := range h.m.List(ctx, foreign, h.inc.ID, north, false) {
		wantCode(t, err, cordon.Denied)
	}
	approver := own
	approver.Permissions = cordon.Permissions()
	_, err := h.m.Look(ctx, approver, h.inc.ID)
	wantCode(t, err, cordon.Missing)
	_, err = h.m.WriteTo(ctx, approver, h.inc.ID, nil)
	wantCode(t, err, cordon.Missing)
	for _, err := range h.m.List(ctx, own, h.inc.ID, north, true) {
		wantCode(t, err, cordon.Denied) // to open addresses takes a right of its own
	}
	revealed := 0
	for row, err := range h.m.List(ctx, operator, h.inc.ID, north, true) {
		if h.ok(err); row.Address != "" {
			revealed++
		}
	}
	if revealed != 21 {
		t.Errorf("%d addresses", revealed)
	}
	p, err := h.m.Packet(ctx, own, h.inc.ID, north, "")
	if h.ok(err); !strings.Contains(p.Sample.Text(), "Practice north") || p.Counts.People != 22 {
		t.Errorf("packet %+v", p)
	}
}

// correction: a figure that was said changes, and a correction drafts itself.
func (h *house) correction(bad cordon.Dispatch) {
	t := h.t
	t.Helper()
	ctx := t.Context()
	h.ok(h.m.Step(ctx))
	if f := h.look().Facts; f.Seq != 1 || f.State != cordon.FactsApproved {
		t.Fatalf("corrected without need: %+v", f)
	}
	h.deliver(bad, 3)
	h.ok(h.m.Step(ctx))
	act := h.look()
	if f := act.Facts; f.Seq != 2 || f.State != cordon.FactsDraft || f.WrittenBy != "system" || len(act.Drift) == 0 || !strings.Contains(strings.Join(act.Drift, ";"), "copies_delivered 27 → 30") {
		t.Fatalf("no correction: %+v", act)
	}
	h.ok(h.m.Step(ctx))
	if f := h.look().Facts; f.Revision != 1 {
		t.Errorf("drafted again: %+v", f)
	}
	page, err := h.m.PublicPage(ctx, h.inc.Number, notice.PatientPage, "en")
	if h.ok(err); !strings.Contains(page.Document.Text(), "27 messages arrived") {
		t.Errorf("says what was not approved:\n%s", page.Document.Text())
	}
	_, err = h.m.Approve(ctx, operator, h.inc.ID, notice.Approval{Hash: act.Hash})
	h.ok(err)
	page, err = h.m.PublicPage(ctx, h.inc.Number, notice.PatientPage, "es")
	if h.ok(err); !strings.Contains(page.Document.Text(), "Mensajes que llegaron: 27 → 30") || page.Seq != 2 {
		t.Errorf("does not say what changed:\n%s", page.Document.Text())
	}
	if h.outgoing() != 6 {
		t.Errorf("%d messages in the outbox: each contact gets the correction once", h.outgoing())
	}
}
