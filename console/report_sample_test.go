package console

import (
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/report"
)

func sampleReport(n int64, change func(*cordon.Report)) cordon.Report {
	r := cordon.Report{
		ID: "rep_00000000000000000000000001", Number: n, Way: cordon.WayMail, Kind: cordon.ReportUnwanted, State: cordon.ReportFiled, At: sampleNow.Add(-time.Duration(n) * time.Minute),
		Size: 4096, Copies: 1, Match: cordon.MatchCode, Authenticated: true, Vouched: "code", Tenant: sampleTenant, Dispatch: sampleDispatch, Problem: "prb_00000000000000000000000001",
		Sender: "harbour.example", Receipt: true, Answer: cordon.AnswerOwing, Kept: true,
	}
	if change != nil {
		change(&r)
	}
	return r
}

func sampleProblem(change func(*cordon.Problem)) cordon.Problem {
	p := cordon.Problem{
		ID: "prb_00000000000000000000000001", Number: 3, Kind: cordon.ReportPhishing, State: cordon.ProblemOpen, Priority: 1,
		Title: "phishing, in a letter of Harbour Street Practice", Tenant: sampleTenant, Dispatch: sampleDispatch,
		Counts: cordon.ProblemCounts{Reports: 9, Reporters: 7, Authenticated: 4, NotSpam: 1, Tenants: 1}, Rate: cordon.ComplaintRate{Complaints: 4, HandedOver: 1240},
		OpenedAt: sampleNow.Add(-40 * time.Minute), LastAt: sampleNow.Add(-2 * time.Minute), Version: 9,
		Clue: cordon.Clue{Print: 0x9f3a0c11d2e45b67, Sender: "harbour.example", Hosts: []string{"prize.example"}},
	}
	if change != nil {
		change(&p)
	}
	return p
}

func sampleReports() reportsPage {
	leak := sampleProblem(func(p *cordon.Problem) {
		p.Number, p.Priority, p.Kind, p.Title, p.State = 2, 3, cordon.ReportLeak, "mail of strangers to people of Northgate Dental", cordon.ProblemInvestigating
		p.Dispatch, p.Rate, p.Counts = "", cordon.ComplaintRate{}, cordon.ProblemCounts{Reports: 4, Reporters: 4, Known: 4}
	})
	done := sampleProblem(func(p *cordon.Problem) {
		p.Number, p.Priority, p.State, p.Exercise, p.Outcome = 1, 5, cordon.ProblemAnswered, true, "It was fine."
	})
	problems := []cordon.Problem{sampleProblem(nil), leak, done}
	p := reportsPage{All: true, Next: "/reports?after=x", Figures: heardFigures(problems, map[cordon.Returned]int64{cordon.ReturnedBounce: 12, cordon.ReturnedAutoReply: 40})}
	for _, x := range problems {
		p.Rows = append(p.Rows, rowOfProblem(x, "Harbour Street Practice"))
	}
	p.Latest = sampleReportRows()
	return p
}

func sampleReportRows() []reportRow {
	return []reportRow{
		rowOfReport(sampleReport(12, nil), "Harbour Street Practice"),
		rowOfReport(sampleReport(11, func(r *cordon.Report) { r.Vouched, r.Answer, r.Copies = "loop fbl.example", cordon.AnswerNone, 3 }), "Harbour Street Practice"),
		rowOfReport(sampleReport(10, func(r *cordon.Report) {
			r.Authenticated, r.Vouched, r.Way, r.Tenant, r.Match, r.Answer = false, "", cordon.WayForm, "", cordon.MatchNone, cordon.AnswerSent
		}), ""),
		rowOfReport(sampleReport(9, func(r *cordon.Report) {
			r.State, r.Kind, r.Authenticated, r.Problem, r.Kept = cordon.ReportReceived, "", false, "", false
		}), ""),
	}
}

func sampleProblemPage(state cordon.ProblemState) problemOnePage {
	p := sampleProblem(func(p *cordon.Problem) {
		p.State, p.Incident = state, "inc_00000000000000000000000001"
		if !state.Open() {
			p.Outcome, p.AnsweredAt = "The letter was stopped; it should not have been sent.", sampleNow.Add(-time.Minute)
		}
	})
	c := &Console{}
	c.names = &directory{c: c, known: map[string]named{string(sampleTenant): {name: "Harbour Street Practice", until: sampleNow.Add(time.Hour)}}}
	c.Now = samplesAt()
	q := &request{actor: cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}}
	page := c.problemPageOf(q, p)
	page.Reports, page.Owed, page.Next = sampleReportRows(), 1, "/problems/x?after=y"
	page.Leaks = []fact{{Name: "Northgate Dental", Value: "4 addresses"}}
	page.MayLink = state.Open()
	return page
}

func sampleEvidence() evidencePage {
	return evidencePage{Row: sampleReportRows()[0], Opened: report.Opened{
		Report: sampleReport(12, nil), Kind: "other", Reporter: "person@people.example", Text: "I never asked for this.\n<script>alert(1)</script>", Cut: true,
		Fields:   []report.OpenedField{{Name: "Subject", Value: "Fwd: You have won"}, {Name: "From", Value: "Somebody <person@people.example>"}},
		Original: []report.OpenedField{{Name: "Subject", Value: "You have won"}}, Body: "Open https://prize.example now.",
		Faults: []cordon.Fault{{Field: "evidence[0]", Message: "is missing"}},
	}}
}

// reportSamples are the pages of this room, full and empty.
func reportSamples() []samplePageCase {
	framed := func(name, page string, body any) samplePageCase {
		return samplePageCase{name, page, frame{Title: name, Section: "reports", Who: "The operator", CanReports: true, CanLedger: true, Body: body}}
	}
	return []samplePageCase{
		framed("reports", "reports", sampleReports()), framed("no reports", "reports", reportsPage{Figures: heardFigures(nil, nil)}),
		framed("a problem", "report-problem", sampleProblemPage(cordon.ProblemOpen)), framed("an answered problem", "report-problem", sampleProblemPage(cordon.ProblemAnswered)),
		framed("a report", "report", sampleEvidence()), framed("a forgotten report", "report", evidencePage{Row: rowOfReport(sampleReport(1, func(r *cordon.Report) { r.Kept = false }), "")}),
	}
}
