package store_test

import (
	"bytes"
	"context"
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

// hear receives a report with these words from this person.
func hear(t testing.TB, s *store.Store, words, from string) cordon.Report {
	t.Helper()
	r, fresh, err := s.ReceiveReport(context.Background(), cordon.NewReport{
		Way: cordon.WayMail, Raw: []byte(words), Digest: words + from, Reporter: cordon.Address(from), Network: "192.0.2.0/24", Tracking: cordon.RandomText(26),
	})
	ok(t, err)
	if !fresh {
		t.Fatalf("%q was there before", words)
	}
	return r
}

// copyFacts is the n-th copy of a dispatch, as its code would name it.
func (p *sender) copyFacts(claims []cordon.Claim, n int) *cordon.CopyFacts {
	p.t.Helper()
	c, err := p.s.CopyOf(context.Background(), claims[n].Ref)
	ok(p.t, err)
	return &c
}

func filingOf(r cordon.Report, c *cordon.CopyFacts) cordon.Filing {
	f := cordon.Filing{Report: r.ID, Kind: cordon.ReportUnwanted, Match: cordon.MatchNone, Title: "unwanted mail", Limits: cordon.DefaultReportLimits()}
	if c != nil {
		f.Match, f.Copy, f.Authenticated, f.Vouched = cordon.MatchCode, c, true, "code"
		f.Clue = cordon.Clue{Tenant: c.Tenant, Dispatch: c.Dispatch, Template: c.Template}
	}
	return f
}

func file(t testing.TB, s *store.Store, f cordon.Filing) (cordon.Report, cordon.Problem) {
	t.Helper()
	r, p, err := s.FileReport(context.Background(), f)
	ok(t, err)
	return r, p
}

func TestAReportIsSealedAndItsDoubleDropped(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		n := cordon.NewReport{Way: cordon.WayMail, Raw: []byte("secret words"), Digest: "abc", Reporter: "ann@example.org", Network: "192.0.2.0/24", Tracking: "track1"}
		first, fresh, err := s.ReceiveReport(ctx, n)
		ok(t, err)
		wantEqual(t, "fresh", fresh, true)
		wantEqual(t, "state", first.State, cordon.ReportReceived)
		n.Tracking = "track2"
		second, fresh, err := s.ReceiveReport(ctx, n)
		ok(t, err)
		wantEqual(t, "fresh", fresh, false)
		wantEqual(t, "the first", second.ID, first.ID)
		wantEqual(t, "copies", second.Copies, 2)
		wantEqual(t, "tracking", second.Tracking, "track1")
		o, err := s.OpenReport(ctx, first.ID)
		ok(t, err)
		if string(o.Raw) != "secret words" || o.Reporter != "ann@example.org" || o.Network != "192.0.2.0/24" {
			t.Errorf("opened %+v", o.Report)
		}
		for _, table := range storetest.Tables(t, s) {
			dump := storetest.Dump(t, s, table)
			for _, word := range []string{"secret words", "ann@", "192.0.2"} {
				if bytes.Contains(dump, []byte(word)) {
					t.Errorf("table %s holds %q", table, word)
				}
			}
		}
		returned, err := s.ReturnedSince(ctx, clock.now())
		ok(t, err)
		wantEqual(t, "duplicates", returned[cordon.ReturnedDuplicate], 1)
		// A person who reads it is on record.
		_, err = s.ReadReport(ctx, operator, first.ID)
		ok(t, err)
		e := lastEntry(t, s)
		wantEqual(t, "entry", e.Kind, cordon.EntryPersonalDataRead)
		wantEqual(t, "subject", e.Subject, string(first.ID))
		_, err = s.OpenReport(ctx, "rep_unknown")
		wantCode(t, err, cordon.Missing)
	}, storetest.Clock(clock.now))
}

func TestReportsOfOneLetterAreOneProblem(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		p, other := newSender(t, s, clock, 20), newSender(t, s, clock, 5)
		d := p.bulk()
		foreign := other.bulk()
		claims := claimAll(t, s, 100)
		deliver(t, s, clock, claims)
		mine := slices.DeleteFunc(slices.Clone(claims), func(c cordon.Claim) bool { return c.Delivery.Tenant != p.tenant })
		theirs := slices.DeleteFunc(slices.Clone(claims), func(c cordon.Claim) bool { return c.Delivery.Tenant == p.tenant })

		var problem cordon.Problem
		var first cordon.Report
		for i := range 3 {
			r := hear(t, s, fmt.Sprint("report ", i), fmt.Sprintf("p%d@example.org", i))
			f := filingOf(r, p.copyFacts(mine, i))
			f.Kind = cordon.ReportPhishing
			f.Receipt = &cordon.Outgoing{To: "p@example.org", Content: cordon.OutgoingLetter{Title: "received"}}
			f.MayAnswer, f.Proved = true, i != 2
			r, problem = file(t, s, f)
			if i == 0 {
				first = r
			}
			wantEqual(t, "dispatch", r.Dispatch, d.ID)
			again, _ := file(t, s, f) // a crash between commit and answer
			wantEqual(t, "filed again", again.Problem, r.Problem)
		}
		wantEqual(t, "number", problem.Number, 1)
		wantEqual(t, "counts", problem.Counts, cordon.ProblemCounts{Reports: 3, Reporters: 3, Authenticated: 3, Tenants: 1})
		wantEqual(t, "priority", problem.Priority, 1)
		// The same person again is no further one.
		r := hear(t, s, "again", "p0@example.org")
		_, problem = file(t, s, filingOf(r, p.copyFacts(mine, 0)))
		wantEqual(t, "reporters", problem.Counts.Reporters, 3)
		wantEqual(t, "reports", problem.Counts.Reports, 4)
		wantEqual(t, "it only rises", problem.Priority, 1)
		wantEqual(t, "kind", problem.Kind, cordon.ReportPhishing)

		whole, err := s.Problem(ctx, problem.ID)
		ok(t, err)
		wantEqual(t, "rate", whole.Rate, cordon.ComplaintRate{Complaints: 3, HandedOver: 20})
		e := p.evidence(cordon.EvidenceOf{Dispatch: d.ID})
		wantEqual(t, "not me", e.NotMe, 3)
		wantEqual(t, "complaints", e.Complaints, 1)

		// Another tenant's copy is another problem, and silence elsewhere.
		r = hear(t, s, "foreign", "q@example.org")
		_, second := file(t, s, filingOf(r, other.copyFacts(theirs, 0)))
		wantEqual(t, "another", second.Number, 2)
		wantEqual(t, "its dispatch", second.Dispatch, foreign.ID)
		reports, _, err := s.Reports(ctx, cordon.ReportFilter{Tenant: other.tenant}, cordon.Page{})
		ok(t, err)
		problems, _, err := s.Problems(ctx, cordon.ReportFilter{Tenant: other.tenant}, cordon.Page{})
		ok(t, err)
		if len(reports) != 1 || len(problems) != 1 || problems[0].ID != second.ID {
			t.Errorf("of the other tenant: %d reports, %+v", len(reports), problems)
		}

		// Signals: a warning first, an incident later, once each.
		var grades []cordon.Grade
		signals, _, err := s.Signals(ctx, p.tenant, cordon.Page{})
		ok(t, err)
		for _, g := range slices.Backward(signals) {
			if g.Kind == cordon.SignalProblem {
				grades = append(grades, g.Grade)
			}
		}
		wantEqual(t, "signals", fmt.Sprint(grades), "[warning incident]")

		// Both mails: one receipt each, and the answer to whoever proved himself.
		tracked, err := s.TrackedReport(ctx, first.Tracking)
		ok(t, err)
		wantEqual(t, "owed", tracked.Answer, cordon.AnswerOwing)
		compose := func(o cordon.OpenReport, p cordon.Problem) cordon.Outgoing {
			return cordon.Outgoing{Content: cordon.OutgoingLetter{Title: "outcome", Text: p.Outcome}}
		}
		_, _, err = s.SettleProblem(ctx, operator, problem.ID, cordon.SettleProblem{To: cordon.ProblemClosed}, compose)
		wantCode(t, err, cordon.Conflict)
		moved, told, err := s.SettleProblem(ctx, operator, problem.ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: "stopped"}, compose)
		ok(t, err)
		wantEqual(t, "told", told, 2)
		_, _, err = s.SettleProblem(ctx, operator, problem.ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: "stopped"}, compose)
		wantCode(t, err, cordon.Conflict)
		_, _, err = s.SettleProblem(ctx, operator, problem.ID, cordon.SettleProblem{To: cordon.ProblemClosed, Version: moved.Version - 1}, compose)
		wantCode(t, err, cordon.Conflict)
		_, _, err = s.SettleProblem(ctx, operator, problem.ID, cordon.SettleProblem{To: cordon.ProblemClosed, Version: moved.Version}, compose)
		ok(t, err)
		wantEqual(t, "mails", mailsOf(t, s), "answer 2, receipt 3")
		// What comes later is a new problem.
		r = hear(t, s, "late", "p5@example.org")
		_, third := file(t, s, filingOf(r, p.copyFacts(mine, 5)))
		wantEqual(t, "a new one", third.Number, 3)
		checkLedger(t, s)
	}, storetest.Clock(clock.now))
}

func mailsOf(t testing.TB, s *store.Store) string {
	t.Helper()
	db := storetest.Raw(t, s)
	rows, err := db.Query(`SELECT purpose, COUNT(*) FROM outgoing GROUP BY purpose ORDER BY purpose`)
	ok(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var purpose string
		var n int
		ok(t, rows.Scan(&purpose, &n))
		all = append(all, fmt.Sprint(purpose, " ", n))
	}
	ok(t, rows.Err())
	return strings.Join(all, ", ")
}

func TestWhatNobodyVouchesForAsksForAPersonAndIsNoProof(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newSender(t, s, clock, 5)
		d := p.bulk()
		claims := claimAll(t, s, 100)
		deliver(t, s, clock, claims[:4])
		var problem cordon.Problem
		for i := range 4 {
			f := filingOf(hear(t, s, fmt.Sprint("forged ", i), fmt.Sprintf("x%d@example.net", i)), nil)
			f.Kind = cordon.ReportPhishing
			f.Match, f.Clue = cordon.MatchAlike, cordon.Clue{Tenant: p.tenant, Dispatch: d.ID, Template: p.template}
			_, problem = file(t, s, f)
		}
		wantEqual(t, "priority", problem.Priority, 3)
		wantEqual(t, "complaints", p.evidence(cordon.EvidenceOf{Dispatch: d.ID}), cordon.Evidence{Delivered: 4})
		// A copy that was never handed over can be in nobody's hands.
		r, _ := file(t, s, filingOf(hear(t, s, "early", "y@example.net"), p.copyFacts(claims, 4)))
		wantEqual(t, "authenticated", r.Authenticated, false)
		// "It was fine" lowers a score and closes nothing.
		before := problem.Counts.Score()
		f := filingOf(hear(t, s, "fine", "z@example.net"), nil)
		f.Kind, f.Clue = cordon.ReportNotSpam, problem.Clue
		_, problem = file(t, s, f)
		if problem.Counts.Score() >= before+1 || problem.State != cordon.ProblemOpen || problem.Priority != 3 {
			t.Errorf("after not-spam: %+v", problem)
		}
	}, storetest.Clock(clock.now))
}

func TestProblemsAreClusteredByWhatTheyShare(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		n := 0
		of := func(c cordon.Clue) int64 {
			n++
			f := filingOf(hear(t, s, fmt.Sprint("r", n), fmt.Sprintf("x%d@example.net", n)), nil)
			f.Clue = c
			_, p := file(t, s, f)
			return p.Number
		}
		wantEqual(t, "first", of(cordon.Clue{Print: 0xff00, Sender: "a.example", Hosts: []string{"h.example"}}), 1)
		wantEqual(t, "nearly the same text", of(cordon.Clue{Print: 0xff03}), 1)
		wantEqual(t, "another text, same sender and host", of(cordon.Clue{Print: 1 << 60, Sender: "a.example", Hosts: []string{"g.example", "h.example"}}), 1)
		wantEqual(t, "same sender alone", of(cordon.Clue{Print: 0xf0f0f0f0f0f0, Sender: "a.example", Hosts: []string{"other.example"}}), 2)
		wantEqual(t, "nothing known", of(cordon.Clue{}), 3)
		wantEqual(t, "nothing known again", of(cordon.Clue{}), 4)
		tenant := newSender(t, s, clock, 1).tenant
		wantEqual(t, "a leak", of(cordon.Clue{Leak: true, Tenant: tenant, Print: 5}), 5)
		wantEqual(t, "the same leak", of(cordon.Clue{Leak: true, Tenant: tenant, Print: 0xabcdef}), 5)
	}, storetest.Clock(clock.now))
}

// Two nodes that file at once open one problem, and one report is filed once.
func TestFilingAtOnce(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		p := newSender(t, s, clock, 10)
		p.bulk()
		claims := claimAll(t, s, 100)
		deliver(t, s, clock, claims)
		var all []cordon.Filing
		for i := range 10 {
			f := filingOf(hear(t, s, fmt.Sprint("report ", i), fmt.Sprintf("p%d@example.org", i)), p.copyFacts(claims, i))
			f.Receipt = &cordon.Outgoing{To: "p@example.org"}
			all = append(all, f, f)
		}
		other := storetest.Reopen(t, s)
		var wg sync.WaitGroup
		for i, f := range all {
			wg.Go(func() {
				at := s
				if i%2 == 1 {
					at = other
				}
				_, _, err := at.FileReport(context.Background(), f)
				ok(t, err)
			})
		}
		wg.Wait()
		problems, _, err := s.Problems(context.Background(), cordon.ReportFilter{}, cordon.Page{})
		ok(t, err)
		if len(problems) != 1 || problems[0].Counts.Reports != 10 || problems[0].Counts.Authenticated != 10 {
			t.Fatalf("problems %+v", problems)
		}
		wantEqual(t, "mails", mailsOf(t, s), "receipt 10")
	})
}

func TestABounceThatComesLateIsNotedAndNothingIsRewritten(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		p, other := newSender(t, s, clock, 5), newSender(t, s, clock, 1)
		d := p.bulk()
		claims := claimAll(t, s, 100)
		deliver(t, s, clock, claims[:4])
		note := func(n int, class cordon.BounceClass, status string, after int) bool {
			noted, err := s.RecordLateBounce(ctx, claims[n].Ref, cordon.LateBounce{Class: class, Status: status}, after)
			ok(t, err)
			return noted
		}
		wantEqual(t, "soft", note(0, cordon.BounceSoft, "4.2.2", 0), true)
		wantEqual(t, "soft again", note(0, cordon.BounceSoft, "4.2.2", 0), false)
		wantEqual(t, "worse", note(0, cordon.BounceHard, "5.1.1", 0), true)
		wantEqual(t, "hard again", note(0, cordon.BounceHard, "5.1.1", 0), false)
		wantEqual(t, "policy", note(1, cordon.BounceHard, "5.7.1", 0), true)
		_, err := s.RecordLateBounce(ctx, claims[4].Ref, cordon.LateBounce{Class: cordon.BounceHard}, 0)
		wantCode(t, err, cordon.Missing) // never handed over
		_, err = s.RecordLateBounce(ctx, cordon.Ref{Tenant: 99, Dispatch: 1, Seq: 1}, cordon.LateBounce{Class: cordon.BounceHard}, 0)
		wantCode(t, err, cordon.Missing)
		wantEqual(t, "delivered still", p.counts(d.ID).Delivered, 4)
		e := p.evidence(cordon.EvidenceOf{Dispatch: d.ID})
		wantEqual(t, "evidence", e, cordon.Evidence{Delivered: 4, Bounces: 1, Policy: 1, Errors: 1})
		wantEqual(t, "other's evidence", other.evidence(cordon.EvidenceOf{}), cordon.Evidence{})
		hard, soft, err := s.LateBounces(ctx, p.tenant, d.ID)
		ok(t, err)
		wantEqual(t, "hard", hard, 2)
		wantEqual(t, "soft", soft, 0)
		hard, _, err = s.LateBounces(ctx, other.tenant, d.ID)
		ok(t, err)
		wantEqual(t, "for another tenant", hard, 0)
		b, err := s.LateBounceOf(ctx, claims[0].Ref)
		ok(t, err)
		wantEqual(t, "status", b.Status, "5.1.1")

		// Only when it is asked for, and only of an address that does not exist.
		suppressed := func(n int) bool {
			found, err := s.FindRecipients(ctx, p.tenant, []cordon.RecipientID{claims[n].Delivery.Recipient})
			ok(t, err)
			return found[claims[n].Delivery.Recipient].Suppressed
		}
		wantEqual(t, "not by itself", suppressed(0), false)
		note(2, cordon.BounceHard, "5.7.1", 1)
		wantEqual(t, "not for policy", suppressed(2), false)
		note(3, cordon.BounceHard, "5.1.1", 1)
		wantEqual(t, "when asked for", suppressed(3), true)
		checkLedger(t, s)
	}, storetest.Clock(clock.now))
}

func TestDirectoriesAreCountedAndNeverRevealed(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		p := newSender(t, s, clock, 3)
		drill := newSender(t, s, clock, 3, func(n *cordon.Tenant) { n.Exercise = true })
		known, err := s.DirectoriesOf(ctx, "P1@example.org", false)
		ok(t, err)
		if !slices.Equal(known, []cordon.TenantID{p.tenant}) {
			t.Errorf("known to %v", known)
		}
		known, err = s.DirectoriesOf(ctx, "p1@example.org", true)
		ok(t, err)
		if !slices.Equal(known, []cordon.TenantID{drill.tenant}) {
			t.Errorf("in an exercise known to %v", known)
		}
		known, err = s.DirectoriesOf(ctx, "nobody@example.org", false)
		ok(t, err)
		wantEqual(t, "strangers", len(known), 0)
		var problem cordon.Problem
		for i := range 3 {
			f := filingOf(hear(t, s, fmt.Sprint("spam ", i), fmt.Sprintf("x%d@example.net", i)), nil)
			f.Clue, f.Directories, f.Address = cordon.Clue{Leak: true, Tenant: p.tenant}, []cordon.TenantID{p.tenant}, cordon.Address(fmt.Sprintf("p%d@example.org", i))
			_, problem = file(t, s, f)
		}
		wantEqual(t, "kind", problem.Kind, cordon.ReportLeak)
		wantEqual(t, "known", problem.Counts.Known, 3)
		wantEqual(t, "priority", problem.Priority, 3)
		leaks, err := s.ProblemLeaks(ctx, problem.ID)
		ok(t, err)
		wantEqual(t, "of the directory", leaks[p.tenant], 3)
		for _, table := range storetest.Tables(t, s) {
			if bytes.Contains(storetest.Dump(t, s, table), []byte("p1@example.org")) {
				t.Errorf("table %s holds an address", table)
			}
		}
	}, storetest.Clock(clock.now))
}

func TestReportsAreForgotten(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		filed := hear(t, s, "filed", "a@example.org")
		file(t, s, filingOf(filed, nil))
		owed := hear(t, s, "owed", "b@example.org")
		f := filingOf(owed, nil)
		f.MayAnswer, f.Proved = true, true
		file(t, s, f)
		waiting := hear(t, s, "waiting", "c@example.org")
		clock.advance(48 * time.Hour)
		more, err := s.ForgetReports(ctx, clock.now(), clock.now(), 100)
		ok(t, err)
		wantEqual(t, "more", more, false)
		open := func(id cordon.ReportID) cordon.OpenReport {
			o, err := s.OpenReport(ctx, id)
			ok(t, err)
			return o
		}
		wantEqual(t, "filed: raw", len(open(filed.ID).Raw), 0)
		wantEqual(t, "filed: from", open(filed.ID).Reporter, "")
		wantEqual(t, "owed: raw", len(open(owed.ID).Raw), 0)
		wantEqual(t, "owed: from", open(owed.ID).Reporter, "b@example.org")
		wantEqual(t, "waiting: raw", string(open(waiting.ID).Raw), "waiting")
		ids, err := s.ReportsWaiting(ctx, clock.now(), 10)
		ok(t, err)
		if !slices.Equal(ids, []cordon.ReportID{waiting.ID}) {
			t.Errorf("waiting %v", ids)
		}
		ok(t, s.DelayReport(ctx, waiting.ID, []time.Duration{time.Minute, time.Hour}))
		ids, err = s.ReportsWaiting(ctx, clock.now(), 10)
		ok(t, err)
		wantEqual(t, "delayed", len(ids), 0)
		ok(t, s.DelayReport(ctx, waiting.ID, []time.Duration{time.Minute, time.Hour}))
		clock.advance(30 * time.Minute)
		ids, err = s.ReportsWaiting(ctx, clock.now(), 10)
		ok(t, err)
		wantEqual(t, "delayed for longer", len(ids), 0)
		wantEqual(t, "tries", open(waiting.ID).Tries, 2)
	}, storetest.Clock(clock.now))
}

func TestTheReporterProvesHisAddress(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		r := hear(t, s, "words", "a@example.org")
		f := filingOf(r, nil)
		f.MayAnswer, f.Confirm, f.Receipt = true, []byte("hash"), &cordon.Outgoing{To: "a@example.org"}
		_, p := file(t, s, f)
		wantCode(t, s.ProveReporter(ctx, r.Tracking, []byte("wrong")), cordon.Missing)
		wantCode(t, s.ProveReporter(ctx, "wrong", []byte("hash")), cordon.Missing)
		ok(t, s.ProveReporter(ctx, r.Tracking, []byte("hash")))
		ok(t, s.ProveReporter(ctx, r.Tracking, []byte("hash")))
		n, err := s.MailsToReporter(ctx, "A@example.org", clock.now().Add(-time.Hour))
		ok(t, err)
		wantEqual(t, "mails", n, 1)
		_, told, err := s.SettleProblem(ctx, operator, p.ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: "done"},
			func(cordon.OpenReport, cordon.Problem) cordon.Outgoing { return cordon.Outgoing{} })
		ok(t, err)
		wantEqual(t, "told", told, 1)
	}, storetest.Clock(clock.now))
}

// An incident is not over while somebody who reported it waits.
func TestReportersWhoWaitAreOwedByTheIncident(t *testing.T) {
	clock := newHandClock()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		p := newSender(t, s, clock, 5)
		p.bulk()
		claims := claimAll(t, s, 100)
		deliver(t, s, clock, claims)
		f := filingOf(hear(t, s, "words", "a@example.org"), p.copyFacts(claims, 0))
		f.MayAnswer, f.Proved = true, true
		_, problem := file(t, s, f)
		i, err := s.OpenIncident(ctx, operator, cordon.NewIncident{Title: "wrong letter", Severity: 3, Scope: []cordon.Question{{Tenant: p.tenant}}})
		ok(t, err)
		owed := func() (n int64) {
			all, err := s.IncidentDebts(ctx, i.ID)
			ok(t, err)
			for _, d := range all {
				if d.Kind == cordon.DebtReporter {
					n += d.Count
				}
			}
			return n
		}
		wantEqual(t, "not linked", owed(), 0)
		ok(t, s.LinkIncident(ctx, operator, i.ID, cordon.IncidentLink{Noun: cordon.LinkProblem, Subject: string(problem.ID), Tenant: p.tenant}))
		wantEqual(t, "linked", owed(), 1)
		got, err := s.Problem(ctx, problem.ID)
		ok(t, err)
		wantEqual(t, "incident", got.Incident, i.ID)
		list, _, err := s.Problems(ctx, cordon.ReportFilter{Incident: i.ID}, cordon.Page{})
		ok(t, err)
		wantEqual(t, "of the incident", len(list), 1)
		_, _, err = s.SettleProblem(ctx, operator, problem.ID, cordon.SettleProblem{To: cordon.ProblemAnswered, Outcome: "stopped"},
			func(cordon.OpenReport, cordon.Problem) cordon.Outgoing { return cordon.Outgoing{} })
		ok(t, err)
		wantEqual(t, "answered", owed(), 0)
		// The recipient of a copy can ask whether the incident reached him.
		in, err := s.CopyInIncident(ctx, claims[1].Ref, i.ID)
		ok(t, err)
		wantEqual(t, "reached", in, true)
		c, err := s.CopyOf(ctx, claims[1].Ref)
		ok(t, err)
		wantEqual(t, "its incident", len(c.Incidents), 1)
		other := newSender(t, s, clock, 1)
		other.bulk()
		theirs := claimAll(t, s, 10)
		deliver(t, s, clock, theirs)
		in, err = s.CopyInIncident(ctx, theirs[0].Ref, i.ID)
		ok(t, err)
		wantEqual(t, "another tenant's", in, false)
	}, storetest.Clock(clock.now))
}
