package console

import (
	"encoding/json"
	"math"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/drill"
	"github.com/cordonmail/cordon/ledger"
)

// The sample house: three practices, one of them under attack. Every page is
// drawn with it, full and empty.

var sampleNow = time.Date(2026, 11, 22, 14, 5, 9, 0, time.UTC)

const (
	sampleTenant   = cordon.TenantID("ten_00000000000000000000000001")
	sampleDispatch = cordon.DispatchID("dsp_7k2m4qx9a0c1v5h8n3e6w4r2tz")
	sampleStop     = cordon.StopID("stp_4n8w2c7r5x1q9m3k6v0h8e2a5j")
	sampleKey      = cordon.KeyID("key_9q3x7m1c5v8n2h6k4w0r8e2a5j")
)

func sampleFlow(phase float64, stopped bool) flow {
	var samples []sample
	var c cordon.Counts
	for i := 190; i >= 0; i-- {
		at := sampleNow.Add(-time.Duration(i) * time.Second)
		rise := int64(60 + 40*math.Sin(float64(i)/22+phase) + 12*math.Sin(float64(i)/3))
		if stopped && i < 42 {
			rise = 0
			c.Held = 4586
		}
		c.Delivered += max(rise, 0)
		if stopped && i%61 == 0 {
			c.Refused += 3
		}
		samples = append(samples, sample{At: at, Counts: c})
	}
	var marks []moment
	if stopped {
		marks = []moment{{sampleNow.Add(-55 * time.Second), "signal", "A planted recipient was named"}, {sampleNow.Add(-42 * time.Second), "stopped", "Stop placed: prize spam"}}
	}
	return drawFlow(samples, marks, sampleNow)
}

func sampleSignals() []signalRow {
	return []signalRow{
		{Signal: cordon.Signal{Kind: cordon.SignalDecoy, Grade: cordon.GradeIncident, Tenant: sampleTenant, Key: sampleKey, Count: 1, Message: "An API key named a planted recipient. Nobody who has a reason to mail knows this ID.", At: sampleNow.Add(-55 * time.Second)}, Tenant: "Harbour Street Practice", By: "key “booking system”", CanStop: true},
		{Signal: cordon.Signal{Kind: cordon.SignalUnknownID, Grade: cordon.GradeIncident, Tenant: sampleTenant, Key: sampleKey, Count: 5, Message: "5 recipient IDs within 60 seconds that do not exist or belong to another tenant. The key is suspended.", At: sampleNow.Add(-58 * time.Second)}, Tenant: "Harbour Street Practice", By: "key “booking system”", CanStop: true},
		{Signal: cordon.Signal{Kind: cordon.SignalLimit, Grade: cordon.GradeWarning, Tenant: sampleTenant, Message: "The key reached its single letters for this hour.", At: sampleNow.Add(-9 * time.Minute)}, Tenant: "Northgate Dental", By: "key “recalls”", Times: 12, Since: sampleNow.Add(-20 * time.Minute)},
		{Signal: cordon.Signal{Kind: cordon.SignalUnapproved, Grade: cordon.GradeNote, Message: "A draft was ordered; drafts are not sent.", At: sampleNow.Add(-3 * time.Hour)}, Tenant: "Elm Park Physio", By: "Ines Moreau"},
	}
}

func sampleDispatches() []dispatchRow {
	row := func(letter, tenant string, state cordon.DispatchState, c cordon.Counts, ago time.Duration) dispatchRow {
		d := cordon.Dispatch{ID: sampleDispatch, Tenant: sampleTenant, Kind: cordon.Bulk, State: state, Counts: c, Recipients: int(c.Total()), AcceptedAt: sampleNow.Add(-ago),
			Actor: string(sampleKey), Hash: "f2a9c1d04b7e5583aa10c2de98b1f6407c3e21b5d9f08a64c7715e2b39d0a6cf"}
		r := dispatchRow{Dispatch: d, Letter: letter, Tenant: tenant, Bar: drawBar(c), Share: percent(c.Delivered+c.Bounced+c.Cut+c.Refused, c.Total())}
		r.State, r.Tone = dispatchState(d)
		return r
	}
	return []dispatchRow{
		row("prize-draw v1", "Harbour Street Practice", cordon.DispatchOpen, cordon.Counts{Delivered: 8, Sending: 2, Held: 4586, Uncertain: 1, Refused: 3}, time.Minute),
		row("appointment-recall v3", "Northgate Dental", cordon.DispatchOpen, cordon.Counts{Delivered: 3121, Sending: 8, Queued: 1840, Bounced: 12, Deferred: 19}, 4*time.Minute),
		row("flu-clinic v2", "Elm Park Physio", cordon.DispatchHeld, cordon.Counts{Held: 480}, 26*time.Minute),
		row("appointment-recall v3", "Elm Park Physio", cordon.DispatchDone, cordon.Counts{Delivered: 4988, Bounced: 12}, 3*time.Hour),
	}
}

func sampleStopRow() stopRow {
	return stopRow{
		Stop: cordon.Stop{ID: sampleStop, Scope: cordon.Scope{Tenant: sampleTenant, Key: sampleKey}, Reason: "Prize spam under the practice's name, key looks stolen", PlacedBy: "operator", PlacedAt: sampleNow.Add(-42 * time.Second),
			Answer: cordon.StopAnswer{Delivered: 8, InFlight: 2, Held: 4586, Refused: 3, Unknown: 1}},
		Covers: "Key “booking system” of Harbour Street Practice", By: "the operator", Active: true, Keeps: 4586,
	}
}

func sampleTenants() []tenantCard {
	return []tenantCard{
		{ID: sampleTenant, Name: "Elm Park Physio", Flow: sampleFlow(2, false), Counts: cordon.Counts{Delivered: 9810}},
		{ID: sampleTenant, Name: "Harbour Street Practice", Flow: sampleFlow(1, true), Counts: cordon.Counts{Delivered: 6214, Held: 4586, Refused: 3, Uncertain: 1}, Stops: 1},
		{ID: sampleTenant, Name: "Northgate Dental", Flow: sampleFlow(0, false), Counts: cordon.Counts{Delivered: 14021, Queued: 1840}, Waiting: 1840},
	}
}

func sampleEntries() []entryRow {
	entry := func(n int64, kind cordon.EntryKind, by, subject, body string, ago time.Duration) entryRow {
		e := cordon.Entry{Num: n, Kind: kind, At: sampleNow.Add(-ago), Subject: subject, Body: json.RawMessage(body)}
		return entryRow{Entry: e, Tenant: "Harbour Street Practice", By: by, Tone: entryTone(kind), Facts: bodyFacts(e.Body, func(id string) string { return short(id) })}
	}
	return []entryRow{
		entry(412, cordon.EntryStopPlaced, "the operator", string(sampleStop), `{"reason":"prize spam","held":4586,"in_flight":2}`, 42*time.Second),
		entry(411, cordon.EntrySignal, "Cordon itself", "", `{"kind":"decoy","grade":"incident"}`, 55*time.Second),
		entry(409, cordon.EntryAttempts, "Cordon itself", string(sampleDispatch), `{"outcome":"delivered","seqs":"1-8","copies":8}`, 58*time.Second),
		entry(408, cordon.EntryDispatchAccepted, "key “booking system”", string(sampleDispatch), `{"recipients":4600,"kind":"bulk"}`, time.Minute),
	}
}

func samplePreview() preview {
	c := cordon.Counts{Queued: 4480, Deferred: 106, Sending: 2, Delivered: 8, Uncertain: 1}
	return preview{Covers: "All mail of Harbour Street Practice", Counts: c, WouldHold: 4587, At: sampleNow}
}

func sampleStopPage() stopPage {
	p := stopPage{Form: stopForm{Scope: scopeTenant}, Preview: samplePreview()}
	p.Choices = []choice{{scopeTenant, "A tenant", "All mail of one practice or department"}, {scopeTemplate, "A template", "One letter, whoever sends it"}, {scopeDispatch, "A dispatch", "One order that is going out"}, {scopeKey, "A key", "Whatever one program sends"}, {scopeEverything, "Everything", "All mail of all tenants"}}
	p.Tenants = []option{{string(sampleTenant), "Harbour Street Practice", true}, {"x", "Northgate Dental", false}}
	p.Templates = []optionGroup{{"Harbour Street Practice", []option{{"a/b", "prize-draw", false}}}}
	p.Dispatches = []option{{"a/b", "appointment-recall v3 · Northgate Dental · 4 min ago", false}}
	p.Keys = []optionGroup{{"Harbour Street Practice", []option{{string(sampleKey), "booking system", false}}}}
	p.Kinds = []kindOption{{"all", "", "All of it", true}, {"bulk", "bulk", "Bulk only", false}, {"single", "single", "Single letters only", false}}
	return p
}

func sampleStopped() stoppedPage {
	row := sampleStopRow()
	now := cordon.Counts{Delivered: 10, Held: 4586, Refused: 3, Uncertain: 1}
	return stoppedPage{
		Row: row, Title: "Stopped", Tone: "warn", Figures: answerFigures(row.Stop.Answer), Sentence: answerWords(row.Stop.Answer), At: sampleNow,
		NowBar: drawBar(now), NowWords: nowWords(true, now), CanLift: true,
		LiftWords:   "Lifting lets mail within its reach move again. It keeps back 4,586 copies: above 100, whoever placed it cannot lift it. A second person must.",
		ResumeWords: "4,586 copies go back to the queue. The exit judges each again before it leaves.", DiscardWords: "4,586 copies are cut and will never leave. This cannot be taken back.",
		Facts: []fact{{Name: "Reason", Value: row.Stop.Reason}, {Name: "Covers", Value: row.Covers}, {Name: "Placed by", Value: "The operator"}, {Name: "Placed at", Value: full(row.Stop.PlacedAt)}, {Name: "Stop", Value: string(row.Stop.ID), Mono: true}},
	}
}

func sampleDispatchPage() dispatchPage {
	p := dispatchPage{Row: sampleDispatches()[0], Path: "/dispatches/" + string(sampleTenant) + "/" + string(sampleDispatch), Stoppable: true, Entries: sampleEntries()}
	for _, s := range barOrder {
		p.States = append(p.States, stateCount{s, *p.Row.Dispatch.Counts.Of(s)})
	}
	p.Facts = []fact{{Name: "Ordered by", Value: "Key “booking system”"}, {Name: "Accepted", Value: full(sampleNow)}, {Name: "Hash of its text", Value: p.Row.Dispatch.Hash, Mono: true}, {Name: "Dispatch", Value: string(sampleDispatch), Mono: true}}
	p.Release = sampleStrip()
	p.Damage = damageOf(cordon.Assessment{Delivered: 8, Unknown: 1, Held: 4586, FirstAt: sampleNow.Add(-time.Minute), LastAt: sampleNow.Add(-44 * time.Second), LedgerSize: 413})
	return p
}

func sampleHeld() dispatchPage {
	p := sampleDispatchPage()
	p.Row = sampleDispatches()[2]
	p.IsHeld, p.CanRelease, p.Stoppable = true, true, false
	p.Reasons = []reasonRow{{"held", "Hold", "This letter goes to more people than this tenant has ever mailed in a day.", "ceilings"}, {"", "Pass", "The template is approved.", "approve"}}
	p.Fault = &fault{"Dispatch was ordered by you: what is held needs a second person.", "Ask somebody else who may release holds."}
	return p
}

func sampleTenantPage() tenantPage {
	l := cordon.DefaultLimits()
	return tenantPage{
		Tenant:  cordon.Tenant{ID: sampleTenant, Handle: "harbour-street", Name: "Harbour Street Practice", State: cordon.TenantActive, CreatedAt: sampleNow.Add(-400 * time.Hour), Exercise: true},
		Figures: stateFigures(cordon.Counts{Delivered: 6214, Held: 4586, Refused: 3, Uncertain: 1}), Total: sampleFlow(1, true),
		Templates:  []templateRow{{Template: cordon.Template{Handle: "appointment-recall", Latest: 3}, Tone: "good", Word: "Approved", Detail: "by Ines Moreau"}, {Template: cordon.Template{Handle: "prize-draw", Latest: 1}, Tone: "warn", Word: "Draft", Detail: "cannot be sent"}},
		Keys:       []keyRow{{Key: cordon.Key{ID: sampleKey, Name: "booking system", State: cordon.KeySuspended, StateReason: "5 unknown recipient IDs within 60 seconds", LastUsedAt: sampleNow.Add(-time.Minute)}, Edge: "incident", Tone: "incident", Word: "Suspended"}, {Key: cordon.Key{ID: sampleKey, Name: "recalls", State: cordon.KeyActive}, Edge: "good", Tone: "good", Word: "Active"}},
		ShowDecoys: true, Decoys: 25, DecoysWanted: 25, DecoyWords: decoyWords(25, 25), Limits: limitFacts(l, 5000),
	}
}

func sampleOverview() overviewPage {
	return overviewPage{
		Headline: headline{Tone: "alarm", Text: "1 stop in force", Sub: "Everything else is flowing, 112 a second · 4,586 kept back · 2 incident signals in the last 15 minutes · 3 tenants", Spoken: "2 incident signals in the last 15 minutes."},
		Figures:  stateFigures(cordon.Counts{Delivered: 30045, Sending: 10, Queued: 1840, Deferred: 19, Held: 5066, Refused: 3, Uncertain: 1, Bounced: 24}),
		Total:    sampleFlow(.5, true), Tenants: sampleTenants(), Stops: []stopRow{sampleStopRow()}, MoreStops: 1, Signals: sampleSignals(), Dispatches: sampleDispatches(),
	}
}

func sampleMails() []MailboxItem {
	return []MailboxItem{
		{ID: "41", Tenant: "Northgate Dental", From: "Northgate Dental <hello@northgate.example>", To: "a.fernandes@patients.example", Subject: "Ana, it is time for your check-up", Size: 4123, ReceivedAt: sampleNow},
		{ID: "40", Tenant: "Harbour Street Practice", Bad: true, From: "Harbour Street Practice <hello@harbour.example>", To: "k.osei@patients.example", Subject: "You have won 3,000 in crypto!", Size: 2877, ReceivedAt: sampleNow.Add(-50 * time.Second)},
	}
}

// sampleRun is a run in each state; the failed one let copies out.
func sampleRun(state drill.RunState) runPage {
	r := drill.Run{ID: "run_4n8w2c7r5x1q9m3k6v0h8e2a5j", Drill: "id-walk", EdgeFault: true, State: state, Exercise: true, By: "operator", StartedAt: sampleNow.Add(-time.Minute)}
	for n, text := range []string{"setting up two exercise practices with 1000 invented patients each", "random: the intruder names random recipient IDs, one a call", "edge-fault-edited: the intruder slips prize spam into the queue, as if the door's check were missing"} {
		r.Progress = append(r.Progress, drill.Step{At: r.StartedAt.Add(time.Duration(n) * 1700 * time.Millisecond), Text: text})
	}
	if state == drill.Broken {
		r.Fault = "the house was stopped"
	}
	if state == drill.Passed || state == drill.Failed {
		ok := state == drill.Passed
		good := drill.Expectation{Name: "incident-grade signal", Want: "true", Got: "true", OK: true}
		out := drill.Expectation{Name: "bad copies out", Want: "≤ 10", Got: map[bool]string{true: "0", false: "40"}[ok], OK: ok}
		bad := map[bool]int64{true: 0, false: 40}[ok]
		r.Report = &drill.Report{Drill: "id-walk", OK: ok, BadCopiesOut: bad, Exercise: true, TTD: drill.Millis(1100 * time.Millisecond), TTC: drill.Millis(151 * time.Millisecond), Expectations: []drill.Expectation{good, out}, Variants: []drill.Variant{
			{Name: "random", Says: "names random recipient IDs, one a call", OK: true, Exercise: true, Tried: 100, Refused: 100, TTD: drill.Millis(91 * time.Millisecond), Expectations: []drill.Expectation{good}},
			{Name: "harvested", Says: "sends to a leaked list, one a call, as fast as it can", OK: ok, Exercise: true, Tried: 5025, Refused: 5025 - bad, BadCopiesOut: bad, Expectations: []drill.Expectation{good, out}},
			{Name: "whole", Says: "what the receiving server counted by itself", OK: true, Exercise: true, Expectations: []drill.Expectation{good}}}}
	}
	return drawRun(sampleRunRow(r))
}

func sampleRunRow(r drill.Run) runRow {
	row := (&Console{names: newDirectory(nil)}).runRow(r)
	row.By = "the operator"
	return row
}

func sampleDrills() drillsPage {
	return drillsPage{Drills: drill.List(), Runs: []runRow{sampleRun(drill.Passed).Row, sampleRun(drill.Failed).Row, sampleRun(drill.Broken).Row}}
}

type samplePageCase struct {
	name  string
	page  string
	frame frame
}

// samplePages is every page, full and empty.
func samplePages() []samplePageCase {
	full := func(name, page, section, live string, body any) samplePageCase {
		return samplePageCase{name, page, frame{Title: name, Section: section, Live: live, Exercise: true, HasMailbox: true, Who: "The operator", CanStop: true, CanLedger: true, CanDrill: true, CanDecoys: true, StopsInForce: 1, Body: body}}
	}
	bare := func(name, page string, body any) samplePageCase {
		return samplePageCase{name, page, frame{Title: name, Who: "Ines Moreau", Body: body}}
	}
	notice := full("stopped just now", "stopped", "stops", "/live/stops/x", sampleStopped())
	notice.frame.Notice = notices["stopped"]
	mail := sampleMails()[0]
	check := cordon.Checkpoint{Size: 413, Root: "Jf1JCnVq0Qx3Yb1Kk0m0bU0o3y2n7k8Jf1JCnVq0Qx0=", At: sampleNow, Note: "cordon/local\n413\nJf1JCnVq0Qx3Yb1Kk0m0bU0o3y2n7k8Jf1JCnVq0Qx0=\n\n— cordon/local 9f3c…\n"}
	badStop := sampleStopPage()
	badStop.Form = stopForm{Scope: scopeEverything, Reason: ""}
	badStop.Fault, badStop.BadReason = &fault{"Reason is missing.", "Say in a few words why; it goes into the ledger."}, true
	badStop.Preview = preview{Covers: "Nothing chosen yet", Problem: "Say what must stop.", At: sampleNow}
	return append(sampleAnnouncements(full, bare), []samplePageCase{
		{"enter", "enter", frame{Title: "Sign in", Exercise: true, Body: enterPage{}}},
		{"enter refused", "enter", frame{Title: "Sign in", Body: enterPage{Fault: &fault{"This code does not open the door.", "Ask for a new link."}}}},
		full("overview", "overview", "overview", "/live/overview", sampleOverview()),
		bare("overview empty", "overview", overviewPage{Headline: headline{Tone: "good", Text: "All clear", Sub: "0 tenants"}, Total: drawFlow(nil, nil, sampleNow), Figures: stateFigures(cordon.Counts{})}),
		full("stop", "stop", "stop", "", sampleStopPage()),
		bare("stop empty", "stop", stopPage{Preview: preview{Covers: "Nothing chosen yet", Problem: "Say what must stop."}}),
		full("stop refused", "stop", "stop", "", badStop),
		notice,
		bare("stopped lifted", "stopped", stoppedPage{Title: "Lifted, resumed", Tone: "plain", Figures: answerFigures(cordon.StopAnswer{}), Sentence: answerWords(cordon.StopAnswer{})}),
		full("stops", "stops", "stops", "", stopsPage{Rows: []stopRow{sampleStopRow(), {Stop: sampleStopRow().Stop, Covers: "All bulk mail of Northgate Dental", By: "Ines Moreau", Ended: "Lifted, resumed"}}, Next: "/stops?after=x", All: true}),
		bare("stops empty", "stops", stopsPage{}),
		full("dispatches", "dispatches", "dispatches", "/live/dispatches", dispatchesPage{Dispatches: sampleDispatches(), Next: "/dispatches?after=x"}),
		bare("dispatches empty", "dispatches", dispatchesPage{}),
		full("dispatch", "dispatch", "dispatches", "/live/dispatches/x", sampleDispatchPage()),
		full("dispatch held", "dispatch", "dispatches", "/live/dispatches/x", sampleHeld()),
		bare("dispatch bare", "dispatch", dispatchPage{Row: dispatchRow{Letter: "x"}}),
		full("watch", "watch", "watch", "/live/watch", sampleWatch()),
		bare("watch, empty", "watch", watchPage{}),
		full("signals", "signals", "signals", "/live/signals", signalsPage{Signals: sampleSignals(), Next: "/signals?after=x"}),
		bare("signals empty", "signals", signalsPage{}),
		full("ledger", "ledger", "ledger", "", ledgerPage{Size: 413, Root: check.Root, Checkpoint: &check, Entries: sampleEntries(), Next: "/ledger?before=373", Report: reportOf(ledger.Report{OK: true, Entries: 413, Root: check.Root, FirstBad: -1})}),
		bare("ledger broken", "ledger", ledgerPage{Report: reportOf(ledger.Report{Entries: 9, FirstBad: 9, Why: "its content is not what was hashed when it was written"})}),
		full("tenants", "tenants", "tenants", "/live/tenants", tenantsPage{Tenants: sampleTenants(), Next: "/tenants?after=x"}),
		bare("tenants empty", "tenants", tenantsPage{}),
		full("tenant", "tenant", "tenants", "/live/tenants/x", sampleTenantPage()),
		bare("tenant empty", "tenant", tenantPage{Tenant: cordon.Tenant{Name: "New", State: cordon.TenantErased}, Total: drawFlow(nil, nil, sampleNow), Figures: stateFigures(cordon.Counts{})}),
		full("mailbox", "mailbox", "mailbox", "", mailboxPage{Items: sampleMails(), Next: "/mailbox?after=1"}),
		bare("mailbox empty", "mailbox", mailboxPage{}),
		full("message", "message", "mailbox", "", messagePage{Item: mail, HasHTML: true, Text: "Dear Ana,\n\nit is time for your check-up.", Headers: []mailHeader{{"From", mail.From}, {"DKIM-Signature", "v=1; a=rsa-sha256; d=northgate.example; s=c1; h=From:To:Subject"}}}),
		bare("message empty", "message", messagePage{}),
		full("decoys", "decoys", "decoys", "", sampleDecoys()),
		bare("decoys empty", "decoys", decoysPage{}),
		full("holds", "holds", "holds", "", sampleHolds()),
		bare("holds empty", "holds", holdsPage{}),
		bare("holds none match", "holds", holdsPage{Filtered: true, Fault: &fault{"Nothing is ticked.", ""}}),
		full("hold", "hold", "holds", "", sampleHold()),
		bare("hold bare", "hold", sampleHoldBare()),
		full("hold preview", "hold-act", "holds", "", sampleHoldPreview()),
		full("hold answer", "hold-act", "holds", "", sampleHoldAnswer(false)),
		full("hold asked", "hold-act", "holds", "", sampleHoldAnswer(true)),
		bare("hold preview empty", "hold-act", holdActPage{Title: "Release 0 dispatches?", Fault: &fault{"It is another set by now.", "Preview again."}}),
		full("drills", "drills", "drills", "/live/drills", sampleDrills()),
		bare("drills empty", "drills", drillsPage{Drills: drill.List(), Fault: &fault{"Another run is under way.", "Wait for it to end."}}),
		full("drill running", "drill-run", "drills", "/live/drill-runs/x", sampleRun(drill.Running)),
		full("drill passed", "drill-run", "drills", "", sampleRun(drill.Passed)),
		full("drill failed", "drill-run", "drills", "", sampleRun(drill.Failed)),
		bare("drill broken", "drill-run", sampleRun(drill.Broken)),
		full("problem", "problem", "", "", problemPage{"Not here", "There is no such page.", ""}),
	}...)
}
