package console

import (
	"strings"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/intake"
)

func sampleAsk(dispatch cordon.DispatchID) cordon.HoldAsk {
	return cordon.HoldAsk{Verb: cordon.HoldRelease, Dispatch: dispatch, By: "operator", Person: "operator", At: sampleNow, Until: sampleNow.Add(23 * time.Hour), Dispatches: 12, Copies: 340, Token: "t", Reason: "the new booking system writes these"}
}

func sampleHolds() holdsPage {
	d := sampleDispatches()[2].Dispatch
	other := d
	other.ID, other.Recipients, other.Kind = "dsp_1a2m4qx9a0c1v5h8n3e6w4r2tz", 1, cordon.Single
	return holdsPage{
		Filtered: true, MaySettle: true, Next: "/holds?after=1", Form: holdForm{Check: "ceilings", Tenant: string(sampleTenant), Age: "24h", Kind: "bulk", Key: string(sampleKey), Template: "tpl_x", Account: "acc_x"},
		Rows: []holdRow{
			{Dispatch: d, Letter: "flu-clinic v2", Tenant: "Elm Park Physio", By: "Ines Moreau", Why: "This letter goes to more people than this tenant has ever mailed in a day.", Checks: []string{"ceilings", "screen"}, Asked: []string{"The operator asked to release; a second person must confirm before 23 Nov 13:05 UTC"}},
			{Dispatch: other, Letter: "free-desk v9", Tenant: "Northgate Dental", By: "key “booking system”", Why: strings.Repeat("A reason without an end. ", 12), Checks: []string{"approve"}},
		},
		Requests: []requestRow{{Words: "The operator asked to release 12 dispatches, 340 copies; a second person must confirm before 23 Nov 13:05 UTC.", Reason: "the new booking system writes these", Verb: cordon.HoldRelease, Hidden: []hidden{{"check", "ceilings"}}}, {Words: "You asked.", Verb: cordon.HoldDiscard, Mine: true}},
		All:      intake.HoldPreview{Dispatches: 2, Copies: 481, SecondPerson: true},
		Tenants:  []option{{"", "All tenants", false}, {string(sampleTenant), "Elm Park Physio · 1", true}}, Checks: []option{{"", "Any check", false}, {"ceilings", "Limits · 1", true}},
		Kinds: []option{{"", "Any kind", true}}, Ages: []option{{"", "Any time", true}}, Orders: []option{{"", "Newest first", true}},
	}
}

func sampleHoldPreview() holdActPage {
	c := New(Config{Now: samplesAt()})
	p := intake.HoldPreview{
		Filter: cordon.HoldFilter{Check: "ceilings", Until: sampleNow}, Dispatches: 12, Copies: 340, Own: 1, Beyond: 3, SecondPerson: true, Token: "t",
		Checks: []cordon.HoldGroup{{Check: "ceilings", Dispatches: 12, Copies: 340}}, Tenants: []cordon.HoldGroup{{Dispatches: 12, Copies: 340}},
	}
	return c.holdPreview(cordon.Actor{Kind: cordon.ActorOperator}, cordon.HoldDiscard, p)
}

func sampleHoldAnswer(asked bool) holdActPage {
	r := intake.HoldAnswer{Verb: cordon.HoldRelease, Done: []intake.HoldOutcome{{Dispatch: sampleDispatch, Copies: 480}},
		Held: []intake.HoldOutcome{{Dispatch: sampleDispatch, Copies: 1, Reason: "It was ordered by you: somebody else must settle it."}}, Refused: []intake.HoldOutcome{{Dispatch: sampleDispatch, Copies: 9, Reason: "The template version is not approved, or was changed or revoked since."}}}
	if asked {
		ask := sampleAsk("")
		r = intake.HoldAnswer{Verb: cordon.HoldRelease, Asked: &ask}
	}
	return New(Config{Now: samplesAt()}).holdAnswer(r)
}

func sampleHold() holdPage {
	d := sampleDispatches()[2].Dispatch
	d.Tenant, d.Actor = "", "operator"
	before := cordon.Content{Subject: "Your flu clinic", Text: "Dear {{name}},\n\nthe clinic is open on Monday.\nPlease book.\n\nYours"}
	after := before
	after.Text = "Dear {{name}},\n\nyou have won a prize: prize.example.\nPlease book.\n\nYours"
	days := make([]cordon.DayCopies, 28)
	for i := range days {
		days[i] = cordon.DayCopies{Day: sampleNow.AddDate(0, 0, i-27), Copies: int64(i * i % 37 * 12)}
	}
	return New(Config{Now: samplesAt()}).holdPage(cordon.Actor{Kind: cordon.ActorAccount, Account: "acc_x", Permissions: cordon.Permissions()}, intake.Hold{
		Dispatch: d, Audience: "everyone", SecondPerson: true, Asked: []cordon.HoldAsk{sampleAsk(d.ID)},
		Held: []intake.CheckWords{{Check: "ceilings", Decision: cordon.Hold, Messages: []string{"This letter goes to more people than this tenant has ever mailed in a day."}}, {Check: "approve", Decision: cordon.Pass, Messages: []string{"The text is approved."}}},
		Now:  intake.Again{At: sampleNow, Decision: cordon.Hold, Checks: []intake.CheckWords{{Check: "ceilings", Decision: cordon.Hold, Messages: []string{"still more"}}}},
		Letter: &intake.HeldLetter{Version: cordon.Version{Number: 2, State: cordon.VersionApproved, Content: after}, Sample: compose.Rendered{Subject: "[Sample] Your flu clinic", Text: "Dear Sam Sample", HTML: "<p>Dear Sam Sample</p>", Invented: true},
			Newer: 3, Against: &intake.Against{Version: cordon.Version{Number: 1, ApprovedAt: sampleNow.Add(-90 * time.Hour)}, Parts: append(compose.Diff(before, after), compose.DiffPart{Part: "html source", Rough: true})}},
		History: cordon.SenderHistory{FirstAt: sampleNow.AddDate(-1, 0, 0), Days: days, Holds: []cordon.PastHold{{Dispatch: sampleDispatch, AcceptedAt: sampleNow.Add(-50 * time.Hour), Recipients: 41, State: cordon.DispatchDiscarded, Checks: []string{"screen", "ceilings"}}, {Dispatch: d.ID, AcceptedAt: sampleNow.Add(-90 * time.Hour), Recipients: 1, State: cordon.DispatchHeld}}},
	})
}

func sampleHoldBare() holdPage {
	p := sampleHold()
	p.Own, p.Text, p.Past, p.Asked, p.Held, p.TwoPeople, p.HasHTML = true, nil, nil, nil, nil, false, false
	p.Plot, p.PlotSays, p.Sent = drawSent(make([]cordon.DayCopies, 28))
	return p
}
