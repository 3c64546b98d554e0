package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/store"
	"github.com/cordonmail/cordon/store/storetest"
)

// anIncident opens an incident about questions.
func anIncident(t testing.TB, s *store.Store, tenant cordon.TenantID, scope ...cordon.Question) cordon.Incident {
	t.Helper()
	i, err := s.OpenIncident(context.Background(), operator, cordon.NewIncident{Title: "something", Severity: 2, Tenant: tenant, Scope: scope})
	ok(t, err)
	return i
}

func TestTheDamageOfAnIncidentIsExactlyItsScope(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 10), newSender(t, s, c, 4)
		before := p.single(p.people[:2]) // by the same key, before it was stolen
		deliver(t, s, c, claimAll(t, s, 2))
		c.advance(time.Hour)
		stolen := c.now()
		bulk := p.bulk()
		one := p.single(p.people[1:4])
		other.bulk()
		claims := claimAll(t, s, 17)
		var mine []cordon.Claim
		for _, claim := range claims {
			if claim.Delivery.Tenant == p.tenant {
				mine = append(mine, claim)
			} else {
				deliver(t, s, c, []cordon.Claim{claim})
			}
		}
		settle(t, s, c, mine[:1], cordon.Outcome{State: cordon.Uncertain}, time.Hour)
		deliver(t, s, c, mine[1:])
		c.advance(time.Hour)
		over := c.now()
		p.single(p.people[:1]) // the rightful owner's again
		deliver(t, s, c, claimAll(t, s, 1))

		// The key's row and the dispatch's row name the bulk send both: it counts once.
		i := anIncident(t, s, p.tenant, cordon.Question{Key: p.key, From: stolen, Until: over}, cordon.Question{Dispatch: bulk.ID})
		a, err := s.IncidentDamage(ctx, i.ID)
		ok(t, err)
		if a.Dispatches != 2 || a.Delivered != 12 || a.Unknown != 1 || len(a.Tenants) != 1 || a.Tenants[0].Tenant != p.tenant || a.FirstAt.Before(stolen) || !a.LastAt.Before(over) {
			t.Errorf("damage %+v", a)
		}
		f, err := s.IncidentFigures(ctx, i.ID)
		ok(t, err)
		if f[cordon.FigureRecipients].Value != 10 || f[cordon.FigureTenants].Value != 1 || f[cordon.FigureDelivered].Value != 12 || len(f) != len(cordon.FigureNames()) {
			t.Errorf("figures %+v", f)
		}
		ok(t, s.AddIncidentScope(ctx, operator, i.ID, cordon.Question{Dispatch: before.ID}))
		ok(t, s.AddIncidentScope(ctx, operator, i.ID, cordon.Question{Dispatch: before.ID})) // twice is once
		if a, err = s.IncidentDamage(ctx, i.ID); err != nil || a.Dispatches != 3 || a.Delivered != 14 {
			t.Errorf("with what came before: %+v, %v", a, err)
		}
		rows, err := s.IncidentScopes(ctx, i.ID)
		ok(t, err)
		wantEqual(t, "rows of scope", len(rows), 3)
		ok(t, s.RemoveIncidentScope(ctx, operator, i.ID, rows[0].Num, "his own"))
		if a, err = s.IncidentDamage(ctx, i.ID); err != nil || a.Dispatches != 2 || a.Delivered+a.Unknown != 12 {
			t.Errorf("without the key: %+v, %v", a, err)
		}
		for _, q := range []cordon.Question{{Account: p.account, From: stolen, Until: over}, {Template: p.template, From: stolen, Until: over}, {Tenant: p.tenant, From: stolen, Until: over}} {
			a, err := s.IncidentDamage(ctx, anIncident(t, s, p.tenant, q).ID)
			if err != nil || a.Dispatches != 2 || a.Delivered+a.Unknown != 13 {
				t.Errorf("%+v: %+v, %v", q, a, err)
			}
		}
		share, err := s.IncidentDamageOf(ctx, i.ID, other.tenant)
		if err != nil || share.Dispatches != 0 || share.Delivered != 0 {
			t.Errorf("the other tenant's share: %+v, %v", share, err)
		}
		_ = one
	})
}

func TestWhoIsAffectedStandsOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 9), newSender(t, s, c, 3)
		p.bulk()
		p.single(p.people[:3])
		other.bulk()
		claims := claimAll(t, s, 15)
		deliver(t, s, c, claims[1:])
		settle(t, s, c, claims[:1], cordon.Outcome{State: cordon.Uncertain}, time.Hour)
		i := anIncident(t, s, "", cordon.Question{Tenant: p.tenant}, cordon.Question{Tenant: other.tenant})
		for _, size := range []int{1, 2, 5, 500} {
			all := everyPage(t, size, func(page cordon.Page) ([]cordon.Affected, string, error) {
				return s.IncidentAffected(ctx, i.ID, "", page)
			})
			seen := map[cordon.RecipientID]bool{}
			for _, a := range all {
				if seen[a.Recipient] || a.Recipient == "" || a.Dispatch == "" || a.At.IsZero() || a.State != cordon.Delivered && a.State != cordon.Uncertain {
					t.Errorf("%+v", a)
				}
				seen[a.Recipient] = true
			}
			wantEqual(t, fmt.Sprintf("people by %d", size), len(all), 12)
		}
		n := 0
		ok(t, s.EachAffected(ctx, i.ID, other.tenant, func(a cordon.Affected) error {
			if n++; a.Tenant != other.tenant {
				t.Errorf("of another tenant: %+v", a)
			}
			return nil
		}))
		wantEqual(t, "the other tenant's people", n, 3)
	})
}

// sign makes the sighting of the newest sign.
func sighted(t testing.TB, s *store.Store, parts func(cordon.IncidentSign) []string) (cordon.Incident, bool) {
	t.Helper()
	ctx := context.Background()
	signs, err := s.IncidentSigns(ctx, 10)
	ok(t, err)
	if len(signs) == 0 {
		t.Fatal("there is no sign")
	}
	g := signs[0]
	i, opened, err := s.SightIncident(ctx, cordon.System(), cordon.IncidentSighting{NewIncident: cordon.NewIncident{Title: "x", Severity: 2, Tenant: g.Tenant}, Sign: g, Parts: parts(g)})
	ok(t, err)
	return i, opened
}

func tenantPart(g cordon.IncidentSign) []string { return []string{"tenant:" + string(g.Tenant)} }

func TestASignOpensOnceOrJoins(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 2), newSender(t, s, c, 2)
		drill := newSender(t, s, c, 2, func(x *cordon.Tenant) { x.Exercise = true })
		signal := func(tenant cordon.TenantID) {
			ok(t, s.RecordSignals(ctx, cordon.System(), []cordon.Signal{
				{Kind: cordon.SignalUnknownID, Grade: cordon.GradeWarning, Tenant: tenant},
				{Kind: cordon.SignalUnknownID, Grade: cordon.GradeIncident, Tenant: tenant},
			}))
		}
		signal(p.tenant)
		first, fresh := sighted(t, s, tenantPart)
		if !fresh || first.Exercise || first.Tenant != p.tenant || first.Number != 1 || first.State != cordon.IncidentTriage {
			t.Fatalf("opened %v %+v", fresh, first)
		}
		signal(p.tenant)
		if again, fresh := sighted(t, s, tenantPart); fresh || again.ID != first.ID {
			t.Errorf("the second sign opened %v %+v", fresh, again)
		}
		signal(other.tenant)
		if second, fresh := sighted(t, s, tenantPart); !fresh || second.ID == first.ID {
			t.Errorf("another tenant's: %v %+v", fresh, second)
		}
		signal(drill.tenant)
		if exercise, fresh := sighted(t, s, func(cordon.IncidentSign) []string { return []string{"tenant:" + string(p.tenant)} }); !fresh || !exercise.Exercise {
			t.Errorf("an exercise joined what is real: %v %+v", fresh, exercise)
		}
		if signs, err := s.IncidentSigns(ctx, 10); err != nil || len(signs) != 0 {
			t.Errorf("signs left: %v, %v", signs, err)
		}
		_, err := s.MoveIncident(ctx, operator, first.ID, 0, cordon.IncidentDeclined, "none")
		ok(t, err)
		signal(p.tenant)
		if third, fresh := sighted(t, s, tenantPart); !fresh || third.ID == first.ID {
			t.Errorf("after it was declined: %v %+v", fresh, third)
		}
		checkLedger(t, s)
	})
}

func TestTwoNodesNeverOpenTwo(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 1)
		for range 6 {
			ok(t, s.RecordSignals(ctx, cordon.System(), []cordon.Signal{{Kind: cordon.SignalDecoy, Grade: cordon.GradeIncident, Tenant: p.tenant, Key: p.key}}))
		}
		signs, err := s.IncidentSigns(ctx, 100)
		ok(t, err)
		wantEqual(t, "signs", len(signs), 6)
		var wait sync.WaitGroup
		for range 4 { // nodes that read the same signs
			wait.Go(func() {
				for _, g := range signs {
					_, _, err := s.SightIncident(ctx, cordon.System(), cordon.IncidentSighting{NewIncident: cordon.NewIncident{Title: "x", Tenant: p.tenant}, Sign: g, Parts: []string{"key:" + string(p.key)}})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		list, _, err := s.Incidents(ctx, cordon.IncidentFilter{}, cordon.Page{})
		ok(t, err)
		wantEqual(t, "incidents", len(list), 1)
	})
}

func TestSignsSayWhenWhatWasOddBegan(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 3)
		p.single(p.people[:1]) // the owner's, in the morning
		c.advance(3 * time.Hour)
		began := p.single(p.people[:1]).AcceptedAt // the intruder's first lucky guess
		c.advance(time.Minute)
		p.single(p.people[1:2])
		c.advance(time.Minute)
		ok(t, s.RecordSignals(ctx, cordon.System(), []cordon.Signal{{Kind: cordon.SignalUnknownID, Grade: cordon.GradeWarning, Tenant: p.tenant, Key: p.key}}))
		c.advance(20 * time.Minute)
		p.single(p.people[2:])
		ok(t, s.RecordSignals(ctx, cordon.System(), []cordon.Signal{{Kind: cordon.SignalDecoy, Grade: cordon.GradeIncident, Tenant: p.tenant, Key: p.key}}))
		place(t, s, cordon.Scope{Template: p.template})
		signs, err := s.IncidentSigns(ctx, 10)
		ok(t, err)
		if len(signs) != 2 || signs[0].Signal == nil || signs[1].Stop == nil {
			t.Fatalf("signs %+v", signs)
		}
		if !signs[0].Since.Equal(began) {
			t.Errorf("the key was odd since %s, want %s", signs[0].Since, began)
		}
		if signs[1].Since.After(began.Add(-2 * time.Hour)) {
			t.Errorf("the version was first sent in the morning: %+v", signs[1])
		}
	})
}

func TestItIsContainedWhenNothingCanLeave(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 6)
		from := c.now()
		p.bulk()
		deliver(t, s, c, claimAll(t, s, 2))
		i := anIncident(t, s, p.tenant, cordon.Question{Key: p.key, From: from})
		look := func() cordon.IncidentContainment {
			t.Helper()
			got, err := s.IncidentContainment(ctx, i.ID)
			ok(t, err)
			return got
		}
		if got := look(); got.Contained || got.Queued != 4 || len(got.Open) != 2 || got.Delivered != 2 {
			t.Errorf("at first %+v", got)
		}
		claims := claimAll(t, s, 1)
		ok(t, s.SetKeyState(ctx, operator, p.key, cordon.KeySuspended, "stolen"))
		if got := look(); got.Contained || len(got.Open) != 2 || got.InFlight != 1 || got.Queued != 3 {
			t.Errorf("suspended, and copies wait: %+v", got)
		}
		stop, _ := place(t, s, cordon.Scope{Key: p.key})
		ok(t, s.LinkIncident(ctx, operator, i.ID, cordon.IncidentLink{Noun: cordon.LinkStop, Subject: string(stop.ID)}))
		if got := look(); got.Contained || got.InFlight != 1 {
			t.Errorf("stopped, one on its way: %+v", got)
		}
		deliver(t, s, c, claims)
		got := look()
		if !got.Contained || got.Delivered != 3 {
			t.Fatalf("stopped: %+v", got)
		}
		_, err := s.ContainIncident(ctx, cordon.System(), i.ID, 0, got.At, "")
		ok(t, err)

		// A person lifts the stop; the key is in order again. What comes then is not bad.
		ok(t, s.SetKeyState(ctx, operator, p.key, cordon.KeyActive, "new owner"))
		_, err = s.LiftStop(ctx, operator, stop.ID, cordon.Discard)
		ok(t, err)
		if fresh, err := s.TendIncident(ctx, cordon.System(), i.ID, cordon.IncidentFinding{}); err != nil || !fresh {
			t.Errorf("the stop's end was not seen: %v", err)
		}
		if fresh, err := s.TendIncident(ctx, cordon.System(), i.ID, cordon.IncidentFinding{}); err != nil || fresh {
			t.Errorf("it was seen twice: %v", err)
		}
		c.advance(time.Second)
		p.bulk()
		if got := look(); !got.Contained || got.Delivered != 3 || got.Dispatches != 1 {
			t.Errorf("after the lift: %+v", got)
		}
	})
}

func TestItIsNotResolvedWhileSomethingIsOwed(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 2)
		p.bulk()
		i, err := s.OpenIncident(ctx, operator, cordon.NewIncident{Title: "stolen key", Severity: 3, Tenant: p.tenant,
			Scope: []cordon.Question{{Key: p.key}}, Links: []cordon.IncidentLink{{Noun: cordon.LinkKey, Subject: string(p.key), Tenant: p.tenant, Recover: true}},
			Tasks: []cordon.IncidentTask{{Title: "Look", Required: true}, {Title: "Perhaps"}}})
		ok(t, err)
		_, err = s.MoveIncident(ctx, operator, i.ID, 0, cordon.IncidentResolved, "")
		kinds := debtKinds(err)
		for _, want := range []cordon.DebtKind{cordon.DebtScope, cordon.DebtAccount, cordon.DebtTask} {
			if !slices.Contains(kinds, string(want)) {
				t.Errorf("the refusal names %v, not %s", kinds, want)
			}
		}
		place(t, s, cordon.Scope{Key: p.key})
		ok(t, s.SetKeyState(ctx, operator, p.key, cordon.KeyRevoked, "stolen"))
		ok(t, s.SettleIncidentTask(ctx, operator, i.ID, 1, cordon.TaskSkipped, "seen"))
		debts, err := s.IncidentDebts(ctx, i.ID)
		ok(t, err)
		if len(debts) != 0 {
			t.Fatalf("still owed: %+v", debts)
		}
		got, err := s.MoveIncident(ctx, operator, i.ID, 0, cordon.IncidentResolved, "")
		ok(t, err)
		if got.State != cordon.IncidentResolved || got.ResolvedAt.IsZero() {
			t.Errorf("%+v", got)
		}
		if _, err = s.MoveIncident(ctx, operator, i.ID, i.Version, cordon.IncidentReview, ""); cordon.CodeOf(err) != cordon.Conflict {
			t.Errorf("a move upon an old version: %v", err)
		}
		checkLedger(t, s)
	})
}

func debtKinds(err error) []string {
	var kinds []string
	var e *cordon.Error
	if errors.As(err, &e) {
		for _, f := range e.Faults {
			kinds = append(kinds, f.Field)
		}
	}
	return kinds
}

func TestTheTimelineIsNeverChanged(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p, other := newSender(t, s, c, 1), newSender(t, s, c, 1)
		i := anIncident(t, s, p.tenant, cordon.Question{Tenant: p.tenant})
		ok(t, s.NoteIncident(ctx, operator, i.ID, "rang the practice"))
		ok(t, s.NoteIncidentFor(ctx, operator, i.ID, other.tenant, "and the other"))
		lines := everyPage(t, 1, func(page cordon.Page) ([]cordon.IncidentLine, string, error) {
			return s.IncidentTimeline(ctx, i.ID, "", page)
		})
		if len(lines) < 4 || lines[0].Text != "and the other" || lines[len(lines)-1].Kind != cordon.LineOpened {
			t.Errorf("lines %+v", lines)
		}
		for _, l := range must(s.IncidentTimeline(ctx, i.ID, other.tenant, cordon.Page{})) {
			if l.Tenant != other.tenant && !l.Shared {
				t.Errorf("the other tenant reads %+v", l)
			}
		}
		for _, change := range []string{"UPDATE incident_line SET body = 'x'", "DELETE FROM incident_line"} {
			if _, err := storetest.Raw(t, s).Exec(change); err == nil {
				t.Errorf("%s was let through", change)
			}
		}
		checkLedger(t, s)
	})
}

func must[T any](v T, _ string, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestMergingIsALinkAndNoMove(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 3)
		d := p.bulk()
		a, b := anIncident(t, s, p.tenant, cordon.Question{Dispatch: d.ID}), anIncident(t, s, p.tenant)
		ok(t, s.LinkIncident(ctx, operator, a.ID, cordon.IncidentLink{Noun: cordon.LinkKey, Subject: string(p.key), Recover: true}))
		got, err := s.MergeIncident(ctx, operator, a.ID, a.Version, b.ID, "the same")
		if cordon.CodeOf(err) == cordon.Conflict {
			got, err = s.MergeIncident(ctx, operator, a.ID, 0, b.ID, "the same")
		}
		ok(t, err)
		if got.State != cordon.IncidentMerged || got.Into != b.ID {
			t.Errorf("%+v", got)
		}
		for _, id := range []cordon.IncidentID{a.ID, b.ID} { // it stays where it was, and is there too
			damage, err := s.IncidentDamage(ctx, id)
			ok(t, err)
			wantEqual(t, "dispatches", damage.Dispatches, 1)
			links, err := s.IncidentLinks(ctx, id, "")
			ok(t, err)
			if !slices.ContainsFunc(links, func(l cordon.IncidentLink) bool { return l.Noun == cordon.LinkKey }) {
				t.Errorf("%s lost its key: %+v", id, links)
			}
		}
		if _, err := s.MergeIncident(ctx, operator, b.ID, 0, a.ID, ""); cordon.CodeOf(err) != cordon.Conflict {
			t.Errorf("merged into what is merged: %v", err)
		}
	})
}

func TestMeasuresComeFromWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store, c *handClock) {
		ctx := context.Background()
		p := newSender(t, s, c, 4)
		d := p.bulk()
		claims := claimAll(t, s, 3)
		deliver(t, s, c, claims[:2])
		c.advance(40 * time.Second)
		i := anIncident(t, s, p.tenant, cordon.Question{Dispatch: d.ID})
		m, err := s.IncidentMeasures(ctx, i.ID)
		ok(t, err)
		if !m.TTD.Known || m.TTD.Duration().Round(time.Second) != 40*time.Second || m.TTC.Known || m.TTR.Known || m.TTA.Known || m.Recipients != 2 || m.Accounts != 1 {
			t.Errorf("at opening %+v", m)
		}
		place(t, s, cordon.Scope{Dispatch: d.ID})
		c.advance(5 * time.Second)
		deliver(t, s, c, claims[2:])
		look, err := s.IncidentContainment(ctx, i.ID)
		ok(t, err)
		_, err = s.ContainIncident(ctx, cordon.System(), i.ID, 0, look.At, "")
		ok(t, err)
		if m, err = s.IncidentMeasures(ctx, i.ID); err != nil || !m.TTC.Known || m.TTC.Duration().Round(time.Second) != 5*time.Second || m.Tenants != 1 {
			t.Errorf("contained %+v, %v", m, err)
		}
		if strings.TrimSpace(m.TTI.Says) == "" || m.TTI.Known || m.TTN.Known {
			t.Errorf("nobody was told: %+v", m)
		}
	})
}
