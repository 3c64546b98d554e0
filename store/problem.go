package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cordonmail/cordon"
)

// problemIncident is the incident that the problem p was linked with, by a person
// or because its signal opened it; the latest counts.
const problemIncident = `COALESCE((SELECT k.incident FROM incident_link k WHERE (k.noun = 'problem' AND k.subject = p.id)
	OR (k.noun = 'signal' AND k.subject = p.signal AND p.signal <> '') ORDER BY k.linked_at DESC, k.incident LIMIT 1), '')`

const problemColumns = `p.num, p.id, p.kind, p.state, p.priority, p.title, p.tenant, p.dispatch, p.template, p.leak, p.print, p.sender, p.hosts, ` + problemIncident + `, p.signal,
	p.exercise, p.outcome, p.reports, p.reporters, p.vouched, p.not_spam, p.tenants, p.known, p.opened_at, p.last_at, p.moved_at, p.answered_at, p.version`

func scanProblem(row scanner) (p cordon.Problem, err error) {
	var print, opened, last, moved, answered int64
	var hosts string
	c := &p.Counts
	err = row.Scan(&p.Number, &p.ID, &p.Kind, &p.State, &p.Priority, &p.Title, &p.Tenant, &p.Dispatch, &p.Template, &p.Clue.Leak, &print, &p.Clue.Sender, &hosts,
		&p.Incident, &p.Signal, &p.Exercise, &p.Outcome, &c.Reports, &c.Reporters, &c.Authenticated, &c.NotSpam, &c.Tenants, &c.Known, &opened, &last, &moved, &answered, &p.Version)
	if err != nil {
		return p, err
	}
	p.OpenedAt, p.LastAt, p.MovedAt, p.AnsweredAt = fromMicros(opened), fromMicros(last), fromMicros(moved), fromMicros(answered)
	p.Clue.Tenant, p.Clue.Dispatch, p.Clue.Template, p.Clue.Print = p.Tenant, p.Dispatch, p.Template, cordon.Fingerprint(print)
	if err := json.Unmarshal([]byte(hosts), &p.Clue.Hosts); err != nil {
		return p, fmt.Errorf("problem %s: hosts: %w", p.ID, err)
	}
	return p, nil
}

func (t *tx) problemBy(ctx context.Context, where string, args ...any) (cordon.Problem, error) {
	return problemBy(ctx, t, where, args...)
}

func problemBy(ctx context.Context, q querier, where string, args ...any) (cordon.Problem, error) {
	p, err := scanProblem(q.queryRow(ctx, `SELECT `+problemColumns+` FROM problem p WHERE `+where, args...))
	return p, orMissing(err, "problem")
}

// saveProblem writes a problem, new or changed.
func (t *tx) saveProblem(ctx context.Context, p cordon.Problem) error {
	c := p.Counts
	_, err := t.exec(ctx, `INSERT INTO problem (num, id, kind, state, priority, title, tenant, dispatch, template, leak, print, sender, hosts, signal, exercise,
		outcome, reports, reporters, vouched, not_spam, tenants, known, opened_at, last_at, moved_at, answered_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		ON CONFLICT (num) DO UPDATE SET kind = excluded.kind, state = excluded.state, priority = excluded.priority, title = excluded.title,
			signal = excluded.signal, outcome = excluded.outcome, reports = excluded.reports, reporters = excluded.reporters, vouched = excluded.vouched,
			not_spam = excluded.not_spam, tenants = excluded.tenants, known = excluded.known, last_at = excluded.last_at, moved_at = excluded.moved_at,
			answered_at = excluded.answered_at, version = excluded.version`,
		p.Number, string(p.ID), string(p.Kind), string(p.State), int(p.Priority), p.Title, string(p.Tenant), string(p.Dispatch), string(p.Template), p.Clue.Leak,
		int64(p.Clue.Print), p.Clue.Sender, hostsText(p.Clue.Hosts), string(p.Signal), p.Exercise, p.Outcome,
		c.Reports, c.Reporters, c.Authenticated, c.NotSpam, c.Tenants, c.Known, micros(p.OpenedAt), micros(p.LastAt), micros(p.MovedAt), micros(p.AnsweredAt), p.Version+1)
	t.wake("problems")
	return err
}

// Problem answers one problem with its complaint rate, as it is now.
func (s *Store) Problem(ctx context.Context, id cordon.ProblemID) (p cordon.Problem, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		if p, err = problemBy(ctx, q, `p.id = $1`, string(id)); err != nil {
			return err
		}
		p.Rate, err = s.complaintRate(ctx, q, p)
		return err
	})
	return p, wrap(err, "problem")
}

// complaintRate counts complaints against copies of the dispatch that were
// handed over: nothing else is a denominator.
func (s *Store) complaintRate(ctx context.Context, q querier, p cordon.Problem) (r cordon.ComplaintRate, err error) {
	if p.Tenant == "" || p.Dispatch == "" {
		return r, nil
	}
	n, err := s.dispatchOf(ctx, q, p.Tenant, p.Dispatch)
	if cordon.CodeOf(err) == cordon.Missing {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.HandedOver = n.d.Counts.Delivered + n.d.Counts.Uncertain
	num, err := s.tenantNum(ctx, q, p.Tenant)
	if err != nil {
		return r, err
	}
	err = q.queryRow(ctx, `SELECT COUNT(DISTINCT CASE WHEN c.authenticated THEN c.recipient END), COUNT(DISTINCT CASE WHEN NOT c.authenticated THEN c.recipient END)
		FROM complaint c WHERE c.tenant = $1 AND c.dispatch = $2`, num, string(p.Dispatch)).Scan(&r.Complaints, &r.Reports)
	return r, err
}

// Problems lists problems, the newest first.
func (s *Store) Problems(ctx context.Context, f cordon.ReportFilter, p cordon.Page) (list []cordon.Problem, next string, err error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	err = s.snapshot(ctx, func(q querier) error {
		where, args := `p.num < $1`, []any{before, p.Size() + 1}
		for _, x := range []struct{ column, value string }{{"tenant", string(f.Tenant)}, {"state", string(f.State)}} {
			if x.value != "" {
				args = append(args, x.value)
				where += fmt.Sprintf(` AND p.%s = $%d AND p.%s <> ''`, x.column, len(args), x.column)
			}
		}
		if f.Incident != "" {
			args = append(args, string(f.Incident))
			where += fmt.Sprintf(` AND `+problemIncident+` = $%d`, len(args))
		}
		if f.Open {
			where += ` AND p.state IN ('open', 'investigating')`
		}
		rows, err := q.query(ctx, `SELECT `+problemColumns+` FROM problem p WHERE `+where+` ORDER BY p.num DESC LIMIT $2`, args...)
		if list, err = collect(rows, err, scanProblem); err != nil {
			return err
		}
		for i := range list {
			if list[i].Rate, err = s.complaintRate(ctx, q, list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", wrap(err, "problems")
	}
	list, next = page(list, p, func(p cordon.Problem) string { return strconv.FormatInt(p.Number, 10) })
	return list, next, nil
}

// ProblemLeaks counts, for each directory that knows some, the distinct addresses
// to which the mail of strangers came. It never says which.
func (s *Store) ProblemLeaks(ctx context.Context, id cordon.ProblemID) (known map[cordon.TenantID]int64, err error) {
	err = s.read(ctx, func(q querier) error {
		known = map[cordon.TenantID]int64{}
		rows, err := q.query(ctx, `SELECT x.tenant, COUNT(*) FROM problem_address x WHERE x.problem = $1 GROUP BY x.tenant`, string(id))
		_, err = collect(rows, err, func(row scanner) (struct{}, error) {
			var tenant cordon.TenantID
			var n int64
			err := row.Scan(&tenant, &n)
			known[tenant] = n
			return struct{}{}, err
		})
		return err
	})
	return known, wrap(err, "leaked addresses")
}

// SettleProblem moves a problem. Answering it puts every reporter's second mail
// into the outbox in the same transaction: compose words it.
func (s *Store) SettleProblem(ctx context.Context, by cordon.Actor, id cordon.ProblemID, m cordon.SettleProblem, compose func(cordon.OpenReport, cordon.Problem) cordon.Outgoing) (p cordon.Problem, told int, err error) {
	if err := m.Validate(); err != nil {
		return p, 0, err
	}
	err = s.write(ctx, func(t *tx) error {
		told = 0
		if _, err := t.exec(ctx, `{{exclude problems}}`); err != nil {
			return err
		}
		if p, err = t.problemBy(ctx, `p.id = $1`, string(id)); err != nil {
			return err
		}
		if m.Version != 0 && m.Version != p.Version {
			return &cordon.Error{Code: cordon.Conflict, Field: "version", Message: "the problem changed meanwhile", Remedy: "look at it again"}
		}
		if !p.State.CanBecome(m.To) {
			return &cordon.Error{Code: cordon.Conflict, Field: "state", Message: "a problem that is " + string(p.State) + " cannot become " + string(m.To), Remedy: "open → investigating → answered → closed"}
		}
		was := p.State
		p.State, p.MovedAt = m.To, t.now
		if m.To == cordon.ProblemAnswered {
			p.Outcome, p.AnsweredAt = strings.TrimSpace(m.Outcome), t.now
			if told, err = t.answerReporters(ctx, p, compose); err != nil {
				return err
			}
		}
		if err := t.saveProblem(ctx, p); err != nil {
			return err
		}
		p.Version++
		body := map[string]any{"number": p.Number, "from": was, "to": p.State}
		if m.To == cordon.ProblemAnswered {
			body["outcome"], body["told"] = p.Outcome, told
		}
		t.append(entry(by, cordon.EntryProblemMoved, p.Tenant, string(p.ID), body))
		return nil
	})
	if err != nil {
		return cordon.Problem{}, 0, wrap(err, "settle problem")
	}
	return p, told, nil
}

// answerReporters puts the second mails into the outbox, one for each address.
func (t *tx) answerReporters(ctx context.Context, p cordon.Problem, compose func(cordon.OpenReport, cordon.Problem) cordon.Outgoing) (int, error) {
	rows, err := t.query(ctx, `SELECT r.id FROM report r WHERE r.problem = $1 AND r.answer = 'owed' ORDER BY r.num`, string(p.ID))
	ids, err := collect(rows, err, func(row scanner) (id cordon.ReportID, err error) { return id, row.Scan(&id) })
	if err != nil {
		return 0, err
	}
	told := map[cordon.Address]bool{}
	var mails []cordon.Outgoing
	for _, id := range ids {
		o, err := t.s.openReport(ctx, t, id)
		if err != nil {
			return 0, err
		}
		if o.Reporter == "" || told[o.Reporter] {
			continue
		}
		told[o.Reporter] = true
		mail := compose(o, p)
		mail.Key, mail.Channel, mail.Purpose, mail.To = "answer/"+string(id), cordon.ChannelMail, cordon.PurposeAnswer, string(o.Reporter)
		mail.Subject, mail.Incident, mail.Exercise = string(p.ID), p.Incident, p.Exercise || o.Exercise
		mails = append(mails, mail)
	}
	if _, err := t.exec(ctx, `UPDATE report SET answer = 'given' WHERE problem = $1 AND answer = 'owed'`, string(p.ID)); err != nil {
		return 0, err
	}
	return len(mails), t.enqueue(ctx, mails...)
}
