package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// candidateProblems bounds how many open problems a report is compared with; the
// newest count.
const candidateProblems = 1000

// FileReport files a report that was received: with its problem, which is opened
// when there is none, its complaint, what the problem asks of people, and the
// reporter's first mail, in one transaction and once. One that somebody else
// filed meanwhile is answered as it is.
func (s *Store) FileReport(ctx context.Context, f cordon.Filing) (r cordon.Report, p cordon.Problem, err error) {
	err = s.write(ctx, func(t *tx) error {
		// Two reports of the same must not open two problems.
		if _, err := t.exec(ctx, `{{exclude problems}}`); err != nil {
			return err
		}
		r, p, err = t.fileReport(ctx, f)
		return err
	})
	return r, p, wrap(err, "file report")
}

func (t *tx) fileReport(ctx context.Context, f cordon.Filing) (cordon.Report, cordon.Problem, error) {
	var none cordon.Problem
	_, r, err := scanReport(t.queryRow(ctx, `SELECT `+reportColumns+` FROM report r WHERE r.id = $1 {{forupdate}}`, string(f.Report)))
	if err != nil {
		return r, none, orMissing(err, "report")
	}
	if r.State == cordon.ReportFiled {
		p, err := t.problemBy(ctx, `p.id = $1`, string(r.Problem))
		return r, p, err
	}
	p, err := t.problemFor(ctx, f)
	if err != nil {
		return r, none, err
	}
	r.Kind, r.State, r.Match, r.Problem, r.Exercise = f.Kind, cordon.ReportFiled, f.Match, p.ID, r.Exercise || f.Exercise
	r.Authenticated, r.Vouched = f.Authenticated, f.Vouched
	r.Tenant, r.Dispatch, r.Template, r.Sender, r.Hosts = f.Clue.Tenant, f.Clue.Dispatch, f.Clue.Template, f.Clue.Sender, f.Clue.Hosts
	if f.Copy != nil {
		r.Recipient = f.Copy.Recipient
	}
	if err := t.complain(ctx, f, &r); err != nil {
		return r, none, err
	}
	if err := t.countReporter(ctx, f, r, &p); err != nil {
		return r, none, err
	}
	if err := t.bother(ctx, f, &p); err != nil {
		return r, none, err
	}
	if err := t.saveProblem(ctx, p); err != nil {
		return r, none, err
	}
	if err := t.answerTo(ctx, f, &r); err != nil {
		return r, none, err
	}
	return r, p, t.saveFiled(ctx, f, r)
}

// problemFor answers the open problem that the report belongs to, or a new one
// that saveProblem has still to write.
func (t *tx) problemFor(ctx context.Context, f cordon.Filing) (cordon.Problem, error) {
	// What is known of our own mail leads straight to its problem: no flood of
	// others can hide it.
	asks := []struct {
		where string
		args  []any
	}{
		{` AND p.dispatch = $3 AND p.dispatch <> ''`, []any{string(f.Clue.Dispatch)}},
		{` AND p.tenant = $3 AND p.tenant <> ''`, []any{string(f.Clue.Tenant)}},
		{``, nil},
	}
	for _, ask := range asks {
		rows, err := t.query(ctx, `SELECT `+problemColumns+` FROM problem p WHERE p.state IN ('open', 'investigating') AND p.exercise = CAST($1 AS BOOLEAN)`+ask.where+` ORDER BY p.num DESC LIMIT $2`,
			append([]any{f.Exercise, candidateProblems}, ask.args...)...)
		open, err := collect(rows, err, scanProblem)
		if err != nil {
			return cordon.Problem{}, err
		}
		for _, p := range open {
			if p.Clue.Same(f.Clue) {
				return p, nil
			}
		}
	}
	num, err := t.take(ctx, 0, "problem", 1)
	if err != nil {
		return cordon.Problem{}, err
	}
	kind := f.Kind
	if f.Clue.Leak {
		kind = cordon.ReportLeak
	}
	return cordon.Problem{
		ID: cordon.NewProblemID(), Number: num, Kind: kind, State: cordon.ProblemOpen, Priority: 5, Title: f.Title,
		Tenant: f.Clue.Tenant, Dispatch: f.Clue.Dispatch, Template: f.Clue.Template, Exercise: f.Exercise, OpenedAt: t.now, Clue: f.Clue,
	}, nil
}

// complain records the complaint that the report is when it names a copy. One
// about a copy that was never handed over is nobody's: it stays a report.
func (t *tx) complain(ctx context.Context, f cordon.Filing, r *cordon.Report) error {
	word := f.Kind.Complaint()
	if f.Copy == nil || word == "" || f.Copy.Recipient == "" {
		return nil
	}
	c := *f.Copy
	if r.Authenticated && !c.HandedOver {
		r.Authenticated, r.Vouched = false, ""
	}
	_, err := t.recordComplaint(ctx, cordon.System(), cordon.Complaint{
		Tenant: c.Tenant, Dispatch: c.Dispatch, Recipient: c.Recipient, Kind: word, Authenticated: r.Authenticated, Source: r.Vouched,
	}, complained{tenant: c.Ref.Tenant, dispatch: c.Ref.Dispatch, seq: c.Ref.Seq, kind: string(c.Kind), template: string(c.Template), account: string(c.Account), key: string(c.Key)})
	return err
}

// reporterMark is by what distinct reporters are counted: the copy's recipient,
// else the address, else the network. nil: nothing is known of him.
func (t *tx) reporterMark(ctx context.Context, f cordon.Filing) ([]byte, error) {
	if f.Copy != nil && f.Copy.Recipient != "" {
		return t.s.blindHouse("reporter of", cordon.Address(f.Copy.Recipient)), nil
	}
	o, err := t.s.openReport(ctx, t, f.Report)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Reporter != "":
		return t.s.blindHouse("reporter of", o.Reporter), nil
	case o.Network != "":
		return t.s.blindHouse("reporter of", cordon.Address("network "+o.Network)), nil
	}
	return t.s.blindHouse("reporter of", "nobody"), nil
}

// countReporter adds the report to the problem's counts.
func (t *tx) countReporter(ctx context.Context, f cordon.Filing, r cordon.Report, p *cordon.Problem) error {
	mark, err := t.reporterMark(ctx, f)
	if err != nil {
		return err
	}
	word := "bad"
	if f.Kind == cordon.ReportNotSpam {
		word = "fine"
	}
	_, err = t.exec(ctx, `INSERT INTO problem_reporter (problem, reporter, word, authenticated, tenant) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (problem, reporter, word) DO UPDATE SET authenticated = TRUE WHERE excluded.authenticated`,
		string(p.ID), mark, word, r.Authenticated, string(r.Tenant))
	if err != nil {
		return err
	}
	if f.Address != "" {
		at := t.s.blindHouse("leaked", f.Address)
		for _, tenant := range f.Directories {
			if _, err := t.exec(ctx, `INSERT INTO problem_address (problem, mark, tenant) VALUES ($1, $2, $3) ON CONFLICT (problem, mark, tenant) DO NOTHING`,
				string(p.ID), at, string(tenant)); err != nil {
				return err
			}
		}
	}
	c := &p.Counts
	c.Reports++
	err = t.queryRow(ctx, `SELECT COUNT(CASE WHEN x.word = 'bad' THEN 1 END), COUNT(CASE WHEN x.word = 'bad' AND x.authenticated THEN 1 END),
		COUNT(CASE WHEN x.word = 'fine' THEN 1 END), COUNT(DISTINCT CASE WHEN x.tenant <> '' THEN x.tenant END)
		FROM problem_reporter x WHERE x.problem = $1`, string(p.ID)).Scan(&c.Reporters, &c.Authenticated, &c.NotSpam, &c.Tenants)
	if err != nil {
		return err
	}
	p.LastAt = t.now
	if worse := p.Kind.Worse(f.Kind); worse != p.Kind && !p.Clue.Leak {
		p.Kind, p.Title = worse, f.Title
	}
	return t.queryRow(ctx, `SELECT COUNT(DISTINCT x.mark) FROM problem_address x WHERE x.problem = $1`, string(p.ID)).Scan(&c.Known)
}

// bother raises the priority, never lowers it, and shows the problem to people
// when it crosses a threshold.
func (t *tx) bother(ctx context.Context, f cordon.Filing, p *cordon.Problem) error {
	now := cordon.PriorityOf(p.Kind, p.Counts, p.Dispatch != "" || p.Tenant != "", f.Limits)
	was := p.Priority
	if now >= was && p.Counts.Reports > 1 {
		return nil
	}
	p.Priority = min(now, was)
	grade := p.Priority.Bothers()
	if grade == "" || grade == was.Bothers() {
		return nil
	}
	g := cordon.Signal{
		ID: cordon.NewSignalID(), Kind: cordon.SignalProblem, Grade: grade, Tenant: p.Tenant, Template: p.Template, Dispatch: p.Dispatch,
		Count: int(p.Counts.Reports), Message: problemSignal(*p), At: t.now,
	}
	p.Signal = g.ID
	return t.recordSignals(ctx, cordon.System(), []cordon.Signal{g})
}

// problemSignal says in words what a person should see.
func problemSignal(p cordon.Problem) string {
	text := fmt.Sprintf("Reports from outside came to %s problem %s: %s; %s reported it", p.Priority, p.Name(), p.Title, people(p.Counts.Reporters))
	if p.Counts.Authenticated > 0 {
		text += fmt.Sprintf(", %d of them vouched for", p.Counts.Authenticated)
	}
	if p.Counts.Known > 0 {
		text += fmt.Sprintf("; the mail is not ours, and came to %d addresses that a directory knows", p.Counts.Known)
	}
	return text + "."
}

func people(n int64) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// answerTo puts the reporter's first mail into the outbox and notes whether the
// second is owed.
func (t *tx) answerTo(ctx context.Context, f cordon.Filing, r *cordon.Report) error {
	r.Answer = cordon.AnswerNone
	if f.MayAnswer && f.Proved {
		r.Answer = cordon.AnswerOwing
	}
	if f.Receipt == nil {
		return nil
	}
	mail := *f.Receipt
	mail.Key, mail.Purpose, mail.Channel, mail.Subject, mail.Exercise = "receipt/"+string(r.ID), cordon.PurposeReceipt, cordon.ChannelMail, string(r.Problem), r.Exercise
	r.Receipt = true
	return t.enqueue(ctx, mail)
}

func (t *tx) saveFiled(ctx context.Context, f cordon.Filing, r cordon.Report) error {
	var receipt int64
	if r.Receipt {
		receipt = micros(t.now)
	}
	_, err := t.exec(ctx, `UPDATE report SET kind = $2, state = 'filed', authenticated = $3, vouched = $4, matched = $5, tenant = $6, dispatch = $7, template = $8,
		recipient = $9, problem = $10, sender = $11, hosts = $12, exercise = $13, receipt_at = $14, answer = $15, confirm = $16 WHERE id = $1`,
		string(r.ID), string(r.Kind), r.Authenticated, r.Vouched, string(r.Match), string(r.Tenant), string(r.Dispatch), string(r.Template),
		string(r.Recipient), string(r.Problem), r.Sender, hostsText(r.Hosts), r.Exercise, receipt, string(r.Answer), f.Confirm)
	if err != nil {
		return err
	}
	t.append(cordon.Entry{Kind: cordon.EntryReportReceived, Tenant: r.Tenant, Actor: cordon.System().ID(), Subject: string(r.ID), Body: mustJSON(map[string]any{
		"number": r.Number, "way": r.Way, "kind": r.Kind, "authenticated": r.Authenticated, "match": r.Match, "problem": r.Problem,
		"dispatch": r.Dispatch, "recipient": r.Recipient,
	})})
	return nil
}

func hostsText(hosts []string) string {
	if len(hosts) == 0 {
		return "[]"
	}
	return jsonText(hosts)
}
