package console

import (
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/notice"
)

const sampleIncidentID = cordon.IncidentID("inc_0000000000000000000000000k")

func sampleNoticed() cordon.Incident {
	return cordon.Incident{ID: sampleIncidentID, Number: 12, Kind: cordon.IncidentTemplate, Severity: 1, State: cordon.IncidentContained, Title: "Prize spam through the template endpoint", OpenedAt: sampleNow.Add(-3 * time.Hour), ContainedAt: sampleNow.Add(-2 * time.Hour)}
}

func sampleDocument() notice.Document {
	return notice.Document{Language: "en", Title: "About a message sent in the name of your practice", Watermark: "EXERCISE. This is a rehearsal.", Sections: []notice.Section{
		{Paragraphs: []notice.Paragraph{{Text: "Somebody used our message system without permission."}}},
		{Heading: "How many people", Paragraphs: []notice.Paragraph{{Text: "1,005 messages arrived."}, {Items: []string{"Messages that arrived: 1,005", "People: 1,003"}}}},
	}}
}

// sampleTongues are all languages, as the service has them.
func sampleTongues(t *testing.T) []*notice.Tongue {
	t.Helper()
	m, err := notice.New(notice.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Tongues()
}

func sampleClocks() []clockRow {
	regime := cordon.Regime{ID: "gdpr-33", Name: "GDPR / UK GDPR: controller to supervisory authority", Law: "GDPR Article 33", Source: "https://eur-lex.europa.eu/eli/reg/2016/679/oj", Deadline: "Without undue delay and, where feasible, not later than 72 hours after becoming aware.", To: "the supervisory authority"}
	at := func(since, whole time.Duration, change func(*cordon.Clock)) clockRow {
		c := cordon.Clock{Incident: sampleIncidentID, Tenant: sampleTenant, Handle: "harbour-street", Regime: regime, StartsAt: sampleNow.Add(-since), DueAt: sampleNow.Add(whole - since), Decision: cordon.ClockUndecided}
		c.Regime.ID += "-" + whole.String()
		change(&c)
		return clockRowOf(c.At(sampleNow), sampleNow)
	}
	return []clockRow{
		at(80*time.Hour, 72*time.Hour, func(c *cordon.Clock) { c.Missing = []string{"contact"} }),
		at(60*time.Hour, 71*time.Hour, func(c *cordon.Clock) { c.Hint = "Seems to fit: 1,005 people are affected now." }),
		at(3*time.Hour, 60*24*time.Hour, func(c *cordon.Clock) {
			c.Decision, c.Because = cordon.ClockDoesNot, "no data was shown to anybody else"
		}),
		at(3*time.Hour, 24*time.Hour, func(c *cordon.Clock) {
			c.Decision, c.MetAt, c.MetHow = cordon.ClockApplies, sampleNow, "told with its list, notice 1"
		}),
		at(3*time.Hour, 25*time.Hour, func(c *cordon.Clock) { c.DueAt = time.Time{}; c.Decision = cordon.ClockApplies }),
	}
}

func sampleNoticePage(t *testing.T) noticePage {
	t.Helper()
	figures := cordon.Figures{cordon.FigureDelivered: {Name: cordon.FigureDelivered, Value: 1005}}
	facts := cordon.NoticeFacts{Incident: sampleIncidentID, Seq: 2, Revision: 3, State: cordon.FactsDraft, Figures: figures, WrittenBy: "system", WrittenAt: sampleNow, Why: "what was told is not what is known now",
		Texts: map[cordon.Language]cordon.NoticeTexts{"en": {Text: map[cordon.NoticeField]string{cordon.NoticeHappened: "Somebody used our message system <b>without</b> permission."}}}}
	p := noticePage{Incident: sampleNoticed(), Language: cordon.English, MayEdit: true, MayApprove: true,
		Act: notice.Act{Facts: facts, Hash: "f2a9", Missing: []cordon.NoticeField{cordon.NoticeAdvice}, Offers: []cordon.Language{"en"}, Drift: []string{"copies_delivered 1,005 → 1,010"}, FromNobody: true,
			Reach: cordon.NoticeReach{Tenants: 3, Told: 2, Contacts: 5, NoContact: []string{"northgate"}, People: 1007, Mailable: 1005, Beyond: 2}}}
	p.Incident.Exercise = true
	p.fill(sampleTongues(t), nil)
	p.Preview = letterView{Label: letterLabel(notice.PatientPage), Doc: sampleDocument()}
	p.letters(p.Preview.Label)
	telling := cordon.Telling{Incident: sampleIncidentID, Seq: 1, Tenant: sampleTenant, Handle: "harbour-street", Name: "Harbour Street Practice", State: cordon.TellingTold, Contacts: 2, ToldAt: sampleNow, Counts: cordon.TellingCounts{People: 1003}, FollowUp: cordon.FollowUpAccepted, Dispatch: sampleDispatch}
	untold := telling
	untold.Name, untold.State, untold.Contacts, untold.FollowUp, untold.Dispatch = "Northgate Dental", cordon.TellingPlanned, 0, "", ""
	waived := telling
	waived.Name, waived.State, waived.Because, waived.FollowUp, waived.Waived, waived.Dispatch = "Elm Park Physio", cordon.TellingOtherwise, "by telephone", cordon.FollowUpWaived, "it writes itself", ""
	p.Tellings = []tellingRow{tellingRowOf(telling), tellingRowOf(untold), tellingRowOf(waived)}
	p.Next = "/notices/x?after=y"
	p.History = []cordon.NoticeFacts{facts, {Seq: 1, Revision: 1, State: cordon.FactsApproved, WrittenBy: "system", WrittenAt: sampleNow, ApprovedBy: "operator"}}
	return p
}

func samplePacketPage(t *testing.T) packetPage {
	t.Helper()
	p := packetPage{Name: "Harbour Street Practice", Path: notice.PacketPath(sampleIncidentID, sampleTenant), Language: cordon.English, Packet: notice.Packet{Incident: sampleNoticed(), Languages: []cordon.Language{"en", "de"},
		Counts: cordon.TellingCounts{Delivered: 1005, Unknown: 2, People: 1007, Mailable: 1003, Beyond: 4}, Letter: sampleDocument(), Sample: sampleDocument(), Page: "https://status.example.org/notice/12", Practice: "https://status.example.org/notice/12/practices"}}
	p.fill(sampleTongues(t), sampleNow)
	p.Clocks = sampleClocks()
	p.Drafts = []notice.Draft{{Clock: p.Clocks[0].Clock, Missing: 2}, {Clock: p.Clocks[1].Clock}}
	return p
}

func sampleWorksheet() notice.Worksheet {
	return notice.Worksheet{Incident: sampleNoticed(), Tenant: sampleTenant, Name: "Harbour Street Practice", AsOf: sampleNow, Keep: "Keep this for six years.",
		Factors:  []notice.Factor{{Number: 1, Law: "The nature and extent of the protected health information", Known: []string{"The letter showed no field of anybody's data."}, ToAnswer: "Does the letter say something about somebody's health?"}},
		Decision: cordon.Clock{Decision: cordon.ClockDoesNot, DecidedBy: "operator", DecidedAt: sampleNow, Because: "a low probability"}}
}

// noticeSamples are the pages of notices, full and empty.
func noticeSamples(t *testing.T) []samplePageCase {
	full := func(name, page, section string, body any) samplePageCase {
		return samplePageCase{name, page, frame{Title: name, Section: section, Exercise: true, Who: "The operator", CanStop: true, CanLedger: true, Body: body}}
	}
	bare := func(name, page string, body any) samplePageCase {
		return samplePageCase{name, page, frame{Title: name, Who: "Ines Moreau", Body: body}}
	}
	reader := sampleNoticePage(t)
	reader.MayEdit, reader.MayApprove, reader.Act.Facts.State, reader.Draft = false, false, cordon.FactsApproved, false
	board := clocksPage{Groups: []clockGroup{{Incident: sampleNoticed(), Rows: sampleClocks(), MayDecide: true}}}
	board.count()
	empty := clocksPage{}
	empty.count()
	contacts := contactsPage{Tenant: cordon.Tenant{ID: sampleTenant, Name: "Harbour Street Practice"}, Roles: cordon.ContactRoles(), MayEdit: true, Settings: cordon.NoticeSettings{Language: "de"},
		Contacts:  []cordon.TenantContact{{ID: "tct_x", Role: cordon.ContactPrivacy, Language: "de", Domain: "harbour.example"}},
		Languages: []tongueLink{{Language: "en", Name: "English"}, {Language: "de", Name: "Deutsch", Current: true}}, Jurisdictions: []lawChoice{{"eu-controller", true}, {"uk", false}}}
	return []samplePageCase{
		full("notices", "notices", "incidents", noticesPage{Named: true, Identity: cordon.NoticeIdentity{Name: "Example Health Systems", Address: "privacy@house.example"}, Rows: []noticeRow{{sampleNoticed(), "warn", "contained"}}, Next: "/notices?after=x"}),
		bare("notices empty", "notices", noticesPage{}),
		full("notice", "notice", "incidents", sampleNoticePage(t)),
		bare("notice of a reader", "notice", reader),
		full("packet", "packet", "incidents", samplePacketPage(t)),
		bare("packet empty", "packet", packetPage{Packet: notice.Packet{Incident: sampleNoticed()}}),
		full("worksheet", "worksheet", "incidents", sampleWorksheet()),
		full("clocks", "clocks", "incidents", board),
		bare("clocks empty", "clocks", empty),
		full("contacts", "contacts", "tenants", contacts),
		bare("contacts empty", "contacts", contactsPage{Tenant: cordon.Tenant{ID: sampleTenant, Name: "New"}, Languages: contacts.Languages, Roles: contacts.Roles}),
	}
}
