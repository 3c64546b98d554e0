package console

import (
	"testing"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/incident"
)

// sampleIncident is a stolen key in the night, an hour after it was seen.
func sampleIncident(state cordon.IncidentState, exercise bool) cordon.Incident {
	i := cordon.Incident{
		ID: "inc_00000000000000000000000000", Number: 12, Kind: cordon.IncidentTemplate, Severity: 1, State: state,
		Title: "A planted recipient was named: recipient IDs were stolen", Tenant: "ten_1", Public: true, Exercise: exercise,
		OpenedBy: "system", OpenedAt: sampleNow.Add(-time.Hour), Version: 9,
		Roles: map[cordon.IncidentRole]cordon.AccountID{cordon.RoleCommander: "acc_1"},
	}
	if state != cordon.IncidentTriage && state != cordon.IncidentInvestigating {
		i.ContainedAt = sampleNow.Add(-59 * time.Minute)
	}
	return i
}

func sampleIncidentRow(i cordon.Incident) incidentRow {
	return incidentRow{Incident: i, Path: "/incidents/" + string(i.ID), Tone: incidentTone(i), State: incidentState(i.State), Kind: incidentKind(i.Kind), Tenant: "Northside Physiotherapy", Commander: "Kim on duty"}
}

func sampleMeasures() cordon.IncidentMeasures {
	known := func(d time.Duration, says string) cordon.Measure {
		return cordon.Measure{Known: true, Millis: d.Milliseconds(), Says: says}
	}
	return cordon.IncidentMeasures{
		Number: 12, Title: "Stolen IDs", Severity: 1, OpenedAt: sampleNow.Add(-time.Hour), Recipients: 4, Tenants: 1, Accounts: 1, Copies: 4,
		TTD: known(9*time.Second, "from the first bad copy handed over"), TTA: known(95*time.Second, ""), TTC: known(0, "no bad copy left after opening"),
		TTI: known(31*time.Minute, ""), TTN: cordon.Measure{Says: "no follow-up was sent"}, TTR: cordon.Measure{Says: "not resolved yet"},
	}
}

func sampleIncidentPage(i cordon.Incident) incidentPage {
	p := incidentPage{Row: sampleIncidentRow(i), Says: stateSays(i), Exercise: i.Exercise, May: true, MayNote: true, Whole: true, Known: true, AsOf: sampleNow, Size: 18_340}
	d := cordon.Assessment{Delivered: 4, Held: 210, OrdersRefused: 7, FirstAt: sampleNow.Add(-61 * time.Minute), LastAt: sampleNow.Add(-60 * time.Minute)}
	p.Figures = []figure{
		{Label: "People", Value: "4", Tone: cordon.Bounced, Help: "got a bad copy, or perhaps did"}, {Label: "Delivered", Value: "4", Tone: cordon.Delivered, Help: "bad copies the relay took"},
		{Label: "Unknown", Value: "0", Tone: cordon.Uncertain, Help: "perhaps delivered", Quiet: true}, {Label: "Held", Value: "210", Tone: cordon.HeldState, Help: "kept back"},
	}
	p.Sentence = damageWords(4, d, true)
	p.Tenants = []tenantShare{{"Northside Physiotherapy", "/tenants/ten_1", 3, 0, 200}, {"Southside Dental", "/tenants/ten_2", 1, 0, 10}}
	p.Tasks = []taskRow{
		{IncidentTask: cordon.IncidentTask{Num: 1, Title: "Take command", Required: true, Role: cordon.RoleCommander, State: cordon.TaskDone, SettledAt: sampleNow.Add(-50 * time.Minute)}, By: "Kim on duty"},
		{IncidentTask: cordon.IncidentTask{Num: 2, Title: "Revoke the credential and issue a new one", Why: "What was stolen is never used again.", Required: true, Role: cordon.RoleDeputy, State: cordon.TaskOpen, DueAt: sampleNow.Add(-10 * time.Minute), Command: "cordon key revoke KEY", Link: "/stop"}, Late: "10 min"},
		{IncidentTask: cordon.IncidentTask{Num: 3, Title: "Watch for a day", State: cordon.TaskSkipped, Reason: "never left", SettledAt: sampleNow}, By: "Kim on duty"},
		{IncidentTask: cordon.IncidentTask{Num: 4, Title: "Ring them", Action: true, State: cordon.TaskOpen, DueAt: sampleNow.Add(time.Hour)}},
	}
	p.Left = 2
	p.Owed = []debtRow{{"Not in the right hands", "The key is suspended: revoke it, or say why it is safe.", "key “booking”", "#recover", 0, nil, nil}, {"Not done", "Revoke the credential and issue a new one.", "", "#tasks", 0, []string{"Revoke it.", "Look."}, []string{"gdpr-33", "gdpr-34"}}, {"A reporter has no answer", "Reporters wait.", "", "/reports", 7, nil, nil}}
	p.Debt = 4
	for _, r := range cordon.IncidentRoles() {
		p.Roles = append(p.Roles, roleRow{Role: r, Name: roleName(r), Says: roleSays(r)})
	}
	p.Roles[0].Holder, p.Roles[0].Mine = "Kim on duty", true
	for n, k := range []cordon.IncidentWord{cordon.LineNote, cordon.LineMoved, cordon.LineScope, cordon.LineOpened} {
		p.Lines = append(p.Lines, lineRow{cordon.IncidentLine{Num: int64(9 - n), At: sampleNow.Add(-time.Duration(n) * time.Minute), Kind: k, Text: "Counted as bad: key key_00000000000000000000000000 from 2026-11-22 13:04:08 UTC"}, "Cordon itself", lineTone(k)})
	}
	p.Older = "/incidents/inc_1?after=x#timeline"
	p.Stops = []linkRow{{IncidentLink: cordon.IncidentLink{Noun: cordon.LinkStop, Subject: "stp_1"}, Name: "key “booking”", Link: "/stops/stp_1", State: "in force", Tone: "held"}}
	p.Links = []linkRow{{IncidentLink: cordon.IncidentLink{Noun: cordon.LinkSignal, Subject: "sig_1", LinkedAt: sampleNow}, Name: "sig_1", Link: "/signals"}, {IncidentLink: cordon.IncidentLink{Noun: cordon.LinkTemplate, LinkedAt: sampleNow}, Name: "recall"}}
	p.Recover = []linkRow{{IncidentLink: cordon.IncidentLink{Noun: cordon.LinkKey, Subject: "key_1", Recover: true}, Name: "booking", State: "suspended"}, {IncidentLink: cordon.IncidentLink{Noun: cordon.LinkAccount, Subject: "acc_1", Recover: true, SettledAt: sampleNow}, Name: "desk", State: "safe again: rang", Tone: "good"}}
	p.Scope = []scopeRow{{incident.ScopeRow{IncidentScope: cordon.IncidentScope{Num: 1, Question: cordon.Question{From: sampleNow.Add(-time.Hour)}}, Before: 12}, "key “booking”"}, {incident.ScopeRow{IncidentScope: cordon.IncidentScope{Num: 2, Question: cordon.Question{From: sampleNow, Until: sampleNow.Add(time.Hour)}}}, "the letter “recall”"}}
	p.Facts = []fact{{Name: "Opened", Value: full(i.OpenedAt)}, {Name: "Incident", Value: string(i.ID), Mono: true}}
	p.Measures = measureRows(sampleMeasures())
	p.Next, p.Moves = nextOf(i, p), movesOf(i)
	return p
}

func sampleMeasureReport() cordon.MeasureReport {
	r := cordon.MeasureReport{Whole: map[string]cordon.MeasureSpread{"TTD": {N: 3, Median: 9_000, P90: 95_000}, "TTR": {N: 1, Median: 86_400_000, P90: 86_400_000}}}
	for n, month := range []string{"2026-08", "2026-11"} {
		r.Months = append(r.Months, cordon.MeasureMonth{Month: month, Incidents: n + 1, Recipients: 4, Measures: map[string]cordon.MeasureSpread{"TTD": {N: 1, Median: int64(9_000 * (n + 1)), P90: 95_000}}})
	}
	r.Months[1].Measures["TTR"] = cordon.MeasureSpread{N: 1, Median: 86_400_000, P90: 86_400_000}
	r.Incidents = []cordon.IncidentMeasures{sampleMeasures()}
	return r
}

func incidentSamples() []samplePageCase {
	f := func(body any) frame {
		return frame{Title: "Incident", Section: "incidents", Who: "The operator", CanIncidents: true, OpenIncidents: 1, Live: "/live", Body: body}
	}
	rows := incidentsPage{Show: "open", MayOpen: true, Next: "/incidents?after=x"}
	for _, i := range []cordon.Incident{sampleIncident(cordon.IncidentTriage, false), sampleIncident(cordon.IncidentContained, true), sampleIncident(cordon.IncidentClosed, false)} {
		rows.Rows = append(rows.Rows, sampleIncidentRow(i))
	}
	refused := sampleIncidentPage(sampleIncident(cordon.IncidentMonitoring, false))
	refused.Fault, refused.Debts = &fault{"INC-12 cannot be resolved: 2 things are still owed.", "Settle each of them first."}, refused.Owed
	worst := sampleIncidentPage(sampleIncident(cordon.IncidentTriage, false))
	worst.Open, worst.Row.Commander, worst.Row.Incident.Roles = []string{"210 bad copies wait for their turn, and no stop keeps them back", "key key_0 is active, and no stop covers it"}, "", nil
	worst.Next = nextOf(worst.Row.Incident, worst)
	over := sampleIncidentPage(sampleIncident(cordon.IncidentReview, false))
	over.MayWrite, over.Review = true, cordon.Postmortem{Summary: "A key was stolen.", Cause: "It had no end.", WentWell: "Stopped by itself.", WentBadly: "The call.", Lucky: "Sunday.", WrittenAt: sampleNow}
	closed := over
	closed.MayWrite, closed.May = false, false
	tenants := incidentPage{Row: sampleIncidentRow(sampleIncident(cordon.IncidentContained, false)), Says: "x", Known: true, Figures: refused.Figures, AsOf: sampleNow, Sentence: "x"}
	return []samplePageCase{
		{"incidents", "incidents", f(rows)}, {"incidents, none", "incidents", f(incidentsPage{Show: "open"})}, {"incidents, refused", "incidents", f(incidentsPage{Show: "all", MayOpen: true, Fault: &fault{"x", "y"}})},
		{"incident, at its worst", "incident", f(worst)}, {"incident, contained, exercise", "incident", f(sampleIncidentPage(sampleIncident(cordon.IncidentContained, true)))},
		{"incident, refused", "incident", f(refused)}, {"incident, in review", "incident", f(over)}, {"incident, closed", "incident", f(closed)}, {"incident, a tenant's view", "incident", f(tenants)},
		{"incident, nothing known", "incident", f(incidentPage{Row: sampleIncidentRow(sampleIncident(cordon.IncidentTriage, false)), May: true, Whole: true})},
		{"measures", "measures", f(measuresOf(sampleMeasureReport()))}, {"measures, none", "measures", f(measuresOf(cordon.MeasureReport{}))}, {"measures, exercises", "measures", f(measuresOf(cordon.MeasureReport{Exercises: true}))},
	}
}

func TestWhatComesNextIsTheWorstFirst(t *testing.T) {
	i := sampleIncident(cordon.IncidentTriage, false)
	i.Roles = nil
	p := incidentPage{May: true, Known: true, Open: []string{"key key_1 is active"}, Owed: []debtRow{{}}, Debt: 1}
	if next := nextOf(i, p); next.Act != "assign" {
		t.Errorf("without a commander: %+v", next)
	}
	i.Roles = map[cordon.IncidentRole]cordon.AccountID{cordon.RoleCommander: "acc_1"}
	if next := nextOf(i, p); next.Link != "/stop" {
		t.Errorf("while it leaves: %+v", next)
	}
	p.Open = nil
	i.State = cordon.IncidentMonitoring
	if next := nextOf(i, p); next.Link != "#owed" {
		t.Errorf("while it owes: %+v", next)
	}
	p.Owed, p.Debt = nil, 0
	if next := nextOf(i, p); next.Act != "move" || next.Value != string(cordon.IncidentResolved) {
		t.Errorf("at its end: %+v", next)
	}
	p.May = false
	if next := nextOf(i, p); next.Title != "" {
		t.Errorf("to who may not: %+v", next)
	}
}

func TestAPlotOfMeasuresStaysWithinItsFrame(t *testing.T) {
	for _, ms := range []int64{-5_000, 0, 1, 90_000, 86_400_000, 200 * 86_400_000} {
		m := sampleMeasures()
		m.TTD.Millis = ms
		r := cordon.MeasureReport{Whole: map[string]cordon.MeasureSpread{"TTD": {N: 1, Median: ms, P90: ms}}, Incidents: []cordon.IncidentMeasures{m},
			Months: []cordon.MeasureMonth{{Month: "2026-11", Incidents: 1, Measures: map[string]cordon.MeasureSpread{"TTD": {N: 1, Median: ms, P90: ms}}}}}
		p := drawMeasure("TTD", r)
		if len(p.Dots) != 1 || p.Dots[0].Y < 0 || p.Dots[0].Y > measureHeight || p.Dots[0].X < 0 || p.Dots[0].X > measureWidth || p.Line == "" {
			t.Errorf("%d ms: %+v", ms, p)
		}
	}
}
