package intake_test

import (
	"context"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
	"github.com/cordonmail/cordon/store"
)

// telling is a world in which three of the clinic's patients got a bad letter and
// the clinic is stopped.
type telling struct {
	*world
	incident cordon.Incident
	letter   cordon.Version
	house    cordon.Tenant // whose address notices are sent by
}

const houseAddress = cordon.Address("notices@platform.example")

func (w *world) telling() *telling {
	w.Helper()
	tell := &telling{world: w, house: cordon.Tenant{ID: cordon.NewTenantID(), Handle: "platform", Name: "The platform", State: cordon.TenantActive, CreatedAt: w.clock.Now()}}
	w.must(w.store.CreateTenant(w.ctx, operator, tell.house))
	w.must(w.store.CreateDomain(w.ctx, operator, cordon.Domain{Tenant: tell.house.ID, Name: "platform.example", Selector: "s1", Record: "v=DKIM1", CreatedAt: w.clock.Now()}, []byte("key")))
	w.must(w.store.SetNoticeIdentity(w.ctx, operator, cordon.NoticeIdentity{Tenant: tell.house.ID, Name: "The platform", Address: houseAddress}))
	w.limits(func(l *cordon.Limits) { l.UndoSingle = 0 })
	bad := w.accept(w.key(w.clinic), single(w.clinic, w.clinic.patients[:3]...)).Dispatch
	w.must(w.store.Join(w.ctx, "node"))
	lanes, err := w.store.LanesDue(w.ctx, 10)
	w.must(err)
	var g cordon.AttemptGroup
	for _, lane := range lanes {
		claims, err := w.store.ClaimDue(w.ctx, "node", lane, 10)
		w.must(err)
		for _, c := range claims {
			g.Attempts = append(g.Attempts, cordon.Attempt{Claim: c, Outcome: cordon.Outcome{State: cordon.Delivered, Reply: "250 2.0.0"}, At: w.clock.Now()})
		}
	}
	w.must(w.store.RecordAttempts(w.ctx, "node", g))
	_, err = w.store.PlaceStop(w.ctx, operator, cordon.Stop{Scope: cordon.Scope{Tenant: w.clinic.ID}, Reason: "contain"}, nil)
	w.must(err)
	tell.incident, err = w.store.OpenIncident(w.ctx, operator, cordon.NewIncident{Title: "Prize spam", Tenant: w.clinic.ID, Scope: []cordon.Question{{Dispatch: bad.ID}}})
	w.must(err)
	tell.letter = tell.write("Dear {{name}}, please delete our letter. More: https://status.example/notice/1")
	tell.desk = intake.New(intake.Config{Store: w.store, Judge: w.guard, Provenance: provenance, StatusHost: "status.example", Now: w.clock.Now})
	return tell
}

// write writes a letter by the notice identity and has it approved.
func (w *telling) write(text string, change ...func(*cordon.Content)) cordon.Version {
	w.Helper()
	tpl := cordon.Template{ID: cordon.NewTemplateID(), Tenant: w.clinic.ID, Handle: "notice-" + cordon.RandomText(6), CreatedAt: w.clock.Now()}
	w.must(w.store.CreateTemplate(w.ctx, w.clinic.author, tpl))
	c := cordon.Content{
		FromName: "The platform", FromAddress: houseAddress, Subject: "About a letter you got", Text: text, LinkHosts: []string{"status.example"},
		Fields: []cordon.Field{{Name: cordon.FieldName, Type: cordon.FieldPerson, Source: cordon.FromRecipient}},
	}
	for _, f := range change {
		f(&c)
	}
	v, err := w.store.WriteVersion(w.ctx, w.clinic.author, w.clinic.ID, tpl.ID, c)
	w.must(err)
	w.must(w.store.ApproveVersion(w.ctx, w.clinic.approver, w.clinic.ID, tpl.ID, v.Number, v.Hash))
	v, err = w.store.Version(w.ctx, w.clinic.ID, tpl.ID, v.Number)
	w.must(err)
	return v
}

func (w *telling) order() cordon.NoticeOrder {
	return cordon.NoticeOrder{Tenant: w.clinic.ID, Incident: w.incident.ID, Template: w.letter.Template, Version: w.letter.Number}
}

// early is a store that is asked for the first call a moment too early, once.
type early struct {
	*store.Store
	asked bool
}

func (e *early) IdempotentDispatch(ctx context.Context, tenant cordon.TenantID, actor, key string) (cordon.DispatchID, []byte, bool, error) {
	if !e.asked {
		e.asked = true
		return "", nil, false, nil
	}
	return e.Store.IdempotentDispatch(ctx, tenant, actor, key)
}

// Of two calls at once with one key, by two nodes say, both are answered with the
// dispatch of the first.
func TestANoticeThatIsAskedForTwiceAtOnceIsOne(t *testing.T) {
	each(t, func(w *world) {
		tell := w.telling()
		o := tell.order()
		o.IdempotencyKey = "inc/1/clinic"
		first, err := tell.desk.AcceptNotice(w.ctx, operator, o)
		w.must(err)
		other := func() *intake.Desk {
			return intake.New(intake.Config{Store: &early{Store: w.store}, Judge: w.guard, Provenance: provenance, StatusHost: "status.example", Now: w.clock.Now})
		}
		second, err := other().AcceptNotice(w.ctx, operator, o)
		if err != nil || second.ID != first.ID {
			t.Errorf("the second is answered with %q, %v", second.ID, err)
		}
		letter := tell.write("Dear {{name}}, once more.")
		o.Template, o.Version = letter.Template, letter.Number
		if _, err := other().AcceptNotice(w.ctx, operator, o); cordon.CodeOf(err) != cordon.Conflict {
			t.Errorf("another letter with its key: %v", err)
		}
	})
}

// Whoever got the bad letter is written to while the clinic is stopped, once
// however often the call is repeated.
func TestNoticesAreAcceptedWhileTheTenantIsStopped(t *testing.T) {
	each(t, func(w *world) {
		tell := w.telling()
		o := tell.order()
		o.IdempotencyKey = "inc/1/clinic"
		d, err := tell.desk.AcceptNotice(w.ctx, operator, o)
		w.must(err)
		if d.Kind != cordon.Notice || d.Recipients != 3 || d.State != cordon.DispatchOpen || d.Audience != cordon.AudienceID(tell.incident.ID) || d.Actor != "operator" {
			t.Fatalf("accepted %+v", d)
		}
		if len(d.Provenance) == 0 {
			t.Error("it carries no mark of the door")
		}
		again, err := tell.desk.AcceptNotice(w.ctx, operator, o)
		if err != nil || again.ID != d.ID {
			t.Errorf("repeated: %v, %v", again.ID, err)
		}
		o.Version++
		if _, err := tell.desk.AcceptNotice(w.ctx, operator, o); cordon.CodeOf(err) != cordon.Conflict {
			t.Errorf("the same key for another letter: %v", err)
		}
	})
}

func TestWhatANoticeMayNotBe(t *testing.T) {
	w := one(t)
	tell := w.telling()
	key := w.key(w.clinic, cordon.ManageNotices)
	foreign := w.account(w.other.ID, cordon.RoleResponder)
	const text = "Dear {{name}}, sorry."
	draft := w.clinic.draft
	for name, tc := range map[string]struct {
		actor  cordon.Actor
		change func(*cordon.NoticeOrder)
		code   cordon.Code
	}{
		"by nobody":           {cordon.Actor{}, nil, cordon.Denied},
		"by a sender":         {w.account(w.clinic.ID, cordon.RoleSender), nil, cordon.Denied},
		"by a key":            {key, nil, cordon.Denied},
		"by another's people": {foreign, nil, cordon.Denied},
		"of no incident":      {operator, func(o *cordon.NoticeOrder) { o.Incident = cordon.NewIncidentID() }, cordon.Missing},
		"nothing":             {operator, func(o *cordon.NoticeOrder) { *o = cordon.NoticeOrder{} }, cordon.Invalid},
		"of another's letter": {operator, func(o *cordon.NoticeOrder) { o.Template = w.other.plain.Template }, cordon.Missing},
		"not approved":        {operator, func(o *cordon.NoticeOrder) { o.Template, o.Version = draft.Template, draft.Number }, cordon.Denied},
		"by the clinic":       {operator, func(o *cordon.NoticeOrder) { o.Template, o.Version = w.clinic.plain.Template, w.clinic.plain.Number }, cordon.Invalid},
		"answers elsewhere": {operator, func(o *cordon.NoticeOrder) {
			o.Template = tell.write(text, func(c *cordon.Content) { c.ReplyTo = "x@evil.example" }).Template
		}, cordon.Invalid},
		"a link elsewhere": {operator, func(o *cordon.NoticeOrder) {
			o.Template = tell.write(text, func(c *cordon.Content) { c.LinkHosts = []string{"clinic.example"} }).Template
		}, cordon.Invalid},
		"a field of the order": {operator, func(o *cordon.NoticeOrder) {
			o.Template = tell.write("{{note}}", func(c *cordon.Content) {
				c.Fields = []cordon.Field{{Name: "note", Type: cordon.FieldText, Source: cordon.FromOrder}}
			}).Template
		}, cordon.Invalid},
		"to people of another tenant": {operator, func(o *cordon.NoticeOrder) { o.Tenant = w.other.ID }, cordon.Missing},
	} {
		o := tell.order()
		if tc.change != nil {
			tc.change(&o)
		}
		before := w.copies()
		_, err := tell.desk.AcceptNotice(w.ctx, tc.actor, o)
		if cordon.CodeOf(err) != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
		if after := w.copies(); after != before {
			t.Errorf("%s: left %d copies", name, after-before)
		}
	}
}

// Five letters in one incident are enough.
func TestNoticesOfOneIncidentAreCounted(t *testing.T) {
	w := one(t)
	tell := w.telling()
	for i := range 5 {
		if _, err := tell.desk.AcceptNotice(w.ctx, operator, tell.order()); err != nil {
			t.Fatalf("letter %d: %v", i+1, err)
		}
		w.clock.Advance(time.Hour)
	}
	if _, err := tell.desk.AcceptNotice(w.ctx, operator, tell.order()); cordon.CodeOf(err) != cordon.Limited {
		t.Errorf("a sixth: %v", err)
	}
}
