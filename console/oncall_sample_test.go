package console

import (
	"strings"
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/oncall"
)

func sampleBook() cordon.OnCallBook {
	anna, ben, cleo := cordon.OnCallContactID("con_00000000000000000000000001"), cordon.OnCallContactID("con_00000000000000000000000002"), cordon.OnCallContactID("con_00000000000000000000000003")
	primary := cordon.Schedule{ID: "sch_1", Handle: "primary", Name: "Primary", Zone: "Europe/Oslo", Layers: []cordon.Layer{
		{Name: "office hours", Rotation: cordon.RotateDays, Length: 1, Start: "2026-11-02", Handoff: "09:00", People: []cordon.OnCallContactID{anna, ben}, Days: []time.Weekday{1, 2, 3, 4, 5}, From: "08:00", Until: "17:00"},
		{Name: "nights", Rotation: cordon.RotateWeeks, Length: 1, Start: "2026-11-02", Handoff: "09:00", People: []cordon.OnCallContactID{cleo, ben}},
	}}
	return cordon.OnCallBook{
		Contacts: []cordon.OnCallContact{
			{ID: anna, Name: "Duty engineer <1>", Methods: []cordon.ContactMethod{{ID: "met_1", Channel: cordon.ChannelMail, Hint: "d…@house.example", VerifiedAt: sampleNow}, {ID: "met_2", Channel: cordon.ChannelSMS, Hint: "…42"}},
				Rules: []cordon.NotifyRule{{Method: "met_2", DelayMinutes: 5}}},
			{ID: ben, Name: "Duty engineer 2", Methods: []cordon.ContactMethod{{ID: "met_3", Channel: cordon.ChannelPagerDuty, Hint: "…abcd", VerifiedAt: sampleNow}}},
			{ID: cleo, Name: "Duty manager"},
		},
		Schedules: []cordon.Schedule{primary, {ID: "sch_2", Handle: "desk", Name: "Desk", Zone: "UTC", Layers: []cordon.Layer{{Name: "desk", Rotation: cordon.RotateWeeks, Length: 1, Start: "2026-11-26", Handoff: "09:00", People: []cordon.OnCallContactID{anna}}}}},
		Overrides: []cordon.Override{{ID: "ovr_1", Schedule: "sch_1", Contact: ben, From: sampleNow.Add(24 * time.Hour), Until: sampleNow.Add(30 * time.Hour)}},
		Policies: []cordon.Policy{{ID: "pol_1", Handle: "default", Name: "Default", Repeats: 2, Steps: []cordon.EscalationStep{{Minutes: 10, Targets: []cordon.PageTarget{{Schedule: "sch_1"}}},
			{Minutes: 15, Targets: []cordon.PageTarget{{Schedule: "sch_1", Layer: 2}, {Contact: cleo}}}}}, {ID: "pol_2", Handle: "none", Name: "None", Steps: []cordon.EscalationStep{{Minutes: 1, Targets: []cordon.PageTarget{{Contact: cleo}}}}}},
		Routes:   []cordon.PolicyRoute{{Policy: "pol_1"}, {Role: cordon.RoleCustomerLiaison, Severity: 2, Policy: "pol_1"}},
		Settings: cordon.OnCallSettings{Fallback: []cordon.OnCallContactID{cleo}, OnCallLimits: cordon.DefaultOnCallSettings().OnCallLimits},
	}
}

func sampleOnCall() onCallPage {
	p := onCallPage{MayManage: true, MayAct: true, Now: oncall.Now{Open: 2, Problems: []string{"No fallback can be reached: a page that nobody takes is lost."},
		Schedules: []oncall.NowOn{{Schedule: "sch_1", Handle: "primary", Contact: "con_00000000000000000000000003", Name: "Duty manager", Until: sampleNow.Add(17 * time.Hour), Next: "Duty engineer 2", Override: true}, {Schedule: "sch_2", Handle: "desk", Until: sampleNow.Add(time.Hour)}}}}
	p.fill(sampleBook(), []cordon.Monitor{{Name: "nightly-backup", Every: 86400, Severity: 3, LastAt: sampleNow.Add(-time.Hour)}, {Name: "probe", Every: 60, Severity: 1, MissingAt: sampleNow}, {Name: "new", Every: 60}}, sampleNow)
	return p
}

func samplePage(state cordon.PageState) onePage {
	p := cordon.OnCallPage{ID: "pag_7k2m4qx9a0c1v5h8n3e6w4r2tz", NewPage: cordon.NewPage{Severity: 1, Role: cordon.RoleCommander, Incident: "inc_7k2m4qx9a0c1v5h8n3e6w4r2tz", Title: "Copies leave that must not", Text: "Seen in the queue.", Exercise: true},
		State: state, Policy: "pol_1", TriggeredAt: sampleNow.Add(-20 * time.Minute), FirstSentAt: sampleNow.Add(-19 * time.Minute), NextAt: sampleNow.Add(time.Minute)}
	if state != cordon.PageTriggered {
		p.AcknowledgedAt, p.AcknowledgedBy, p.AckUntil = sampleNow.Add(-15*time.Minute), "con_00000000000000000000000001", sampleNow.Add(time.Minute)
	}
	var events []cordon.PageEvent
	for i, kind := range []string{cordon.PageEventTriggered, cordon.PageEventNotified, cordon.PageEventSent, cordon.PageEventFailed, cordon.PageEventRepeated, cordon.PageEventEscalated, cordon.PageEventFallback, cordon.PageEventNobody,
		cordon.PageEventAcked, cordon.PageEventRenewed, cordon.PageEventLapsed, cordon.PageEventResolved, cordon.PageEventAllClear} {
		e := cordon.PageEvent{Num: int64(i + 1), At: sampleNow.Add(time.Duration(i-20) * time.Minute), Kind: kind}
		if i%2 == 1 {
			e.Contact, e.Channel, e.Text = "con_00000000000000000000000001", cordon.ChannelMail, "250 2.0.0"
		} else {
			e.By = "operator"
		}
		events = append(events, e)
	}
	return drawPage(p, events, sampleBook(), func(s string) string { return s }, true)
}

func onCallSamples() []samplePageCase {
	rows := pagesPage{MayAct: true, Rows: []pageRow{samplePage(cordon.PageTriggered).pageRow, samplePage(cordon.PageAcknowledged).pageRow, samplePage(cordon.PageResolved).pageRow}, Next: "/pages?after=x"}
	f := func(title string, body any) frame {
		return frame{Title: title, Section: "oncall", Who: "The operator", CanOnCall: true, Body: body}
	}
	return []samplePageCase{
		{"on call", "oncall", f("On call", sampleOnCall())}, {"on call, empty", "oncall", f("On call", onCallPage{MayManage: true, MayAct: true})}, {"on call, a viewer", "oncall", f("On call", onCallPage{})},
		{"pages", "oncall-pages", f("Pages", rows)}, {"pages, empty", "oncall-pages", f("Pages", pagesPage{})},
		{"page, triggered", "oncall-page", f("Page", samplePage(cordon.PageTriggered))}, {"page, acknowledged", "oncall-page", f("Page", samplePage(cordon.PageAcknowledged))}, {"page, resolved", "oncall-page", f("Page", samplePage(cordon.PageResolved))},
		{"link", "oncall-link", frame{Title: "You are paged", Body: linkPage{Row: rowOfPage(samplePage(cordon.PageTriggered).Page), Action: "/page/x"}}},
		{"link, done", "oncall-link", frame{Title: "You are paged", Body: linkPage{Row: rowOfPage(samplePage(cordon.PageAcknowledged).Page), Action: "/page/x", Done: true}}},
		{"link, over", "oncall-link", frame{Title: "You are paged", Body: linkPage{Row: rowOfPage(samplePage(cordon.PageResolved).Page), Action: "/page/x"}}},
		{"link, method", "oncall-link", frame{Title: "Is this yours?", Body: linkPage{Method: true, Action: "/page/x"}}}, {"link, method done", "oncall-link", frame{Title: "Is this yours?", Body: linkPage{Method: true, Done: true, Action: "/page/x"}}},
	}
}

// The drawing has no gap and no overlap in its upper band, from its first day to
// its last.
func TestShiftsFillTheDrawing(t *testing.T) {
	plots, legend := drawShifts(sampleBook(), sampleNow)
	if len(plots) != 2 || len(legend) != 3 {
		t.Fatalf("%d drawings, %d colours", len(plots), len(legend))
	}
	for _, p := range plots {
		at := 0.0
		for _, b := range p.Bars {
			if b.Y != 0 {
				continue
			}
			if d := b.X - at; d > 0.2 || d < -0.2 {
				t.Errorf("%s: a bar begins at %v, the one before ends at %v", p.Name, b.X, at)
			}
			at = b.X + b.W
		}
		if at < plotWidth-0.5 || at > plotWidth+0.5 {
			t.Errorf("%s: the band ends at %v", p.Name, at)
		}
		if !strings.Contains(p.Summary, "on call now") {
			t.Errorf("said %q", p.Summary)
		}
	}
}
