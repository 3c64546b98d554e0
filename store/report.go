package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

// reportFrom is what is personal beside the raw report.
type reportFrom struct {
	Reporter cordon.Address     `json:"reporter,omitempty"`
	Network  string             `json:"network,omitempty"`
	Code     cordon.MessageCode `json:"code,omitempty"`
	Asked    cordon.ReportKind  `json:"asked,omitempty"`
}

// ReceiveReport stores a report before anybody reads it: once this returns, it is
// safe, and the channel may say so. Of two with one digest the second is counted
// and dropped; it is answered with the first, and fresh is false.
func (s *Store) ReceiveReport(ctx context.Context, n cordon.NewReport) (r cordon.Report, fresh bool, err error) {
	if n.Digest == "" || n.Way == "" || n.Tracking == "" {
		return r, false, cordon.Errorf(cordon.Internal, "a report needs way, digest and tracking code")
	}
	digest := s.blindHouse("report digest", cordon.Address(n.Digest))
	err = s.write(ctx, func(t *tx) error {
		num, err := t.take(ctx, 0, "report", 1)
		if err != nil {
			return err
		}
		id := cordon.NewReportID()
		var mark []byte
		if n.Reporter != "" {
			mark = s.blindHouse("reporter", n.Reporter)
		}
		from := reportFrom{Reporter: n.Reporter, Network: n.Network, Code: n.Code, Asked: n.Kind}
		res, err := t.exec(ctx, `INSERT INTO report (num, id, digest, tracking, way, kind, state, at, size, copies, authenticated, vouched, matched, tenant, dispatch,
			template, recipient, problem, sender, hosts, exercise, reporter, receipt_at, answer, confirm, tries, next_at, sealed, sealed_from)
			VALUES ($1, $2, $3, $4, $5, '', 'received', $6, $7, 1, FALSE, '', '', '', '', '', '', '', '', '[]', $8, $9, 0, 'none', NULL, 0, $6, $10, $11)
			ON CONFLICT (digest) DO NOTHING`,
			num, string(id), digest, n.Tracking, string(n.Way), micros(t.now), len(n.Raw), n.Exercise, mark,
			s.sealHouse("report "+string(id), n.Raw), s.sealHouse("report from "+string(id), mustJSON(from)))
		if err != nil {
			return err
		}
		stored, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if fresh = stored > 0; !fresh {
			if _, err := t.exec(ctx, `UPDATE report SET copies = copies + 1 WHERE digest = $1`, digest); err != nil {
				return err
			}
			if err := t.countReturned(ctx, cordon.ReturnedDuplicate); err != nil {
				return err
			}
		}
		t.wake("reports")
		_, r, err = scanReport(t.queryRow(ctx, `SELECT `+reportColumns+` FROM report r WHERE r.digest = $1`, digest))
		return err
	})
	return r, fresh && err == nil, wrap(err, "receive report")
}

const reportColumns = `r.num, r.id, r.way, r.kind, r.state, r.at, r.size, r.copies, r.authenticated, r.vouched, r.matched, r.tenant, r.dispatch, r.template,
	r.recipient, r.problem, r.sender, r.hosts, r.exercise, r.receipt_at <> 0, r.answer, r.sealed IS NOT NULL, r.tracking`

func scanReport(row scanner) (num int64, r cordon.Report, err error) {
	var at int64
	var hosts string
	err = row.Scan(&r.Number, &r.ID, &r.Way, &r.Kind, &r.State, &at, &r.Size, &r.Copies, &r.Authenticated, &r.Vouched, &r.Match, &r.Tenant, &r.Dispatch,
		&r.Template, &r.Recipient, &r.Problem, &r.Sender, &hosts, &r.Exercise, &r.Receipt, &r.Answer, &r.Kept, &r.Tracking)
	if err != nil {
		return 0, r, err
	}
	r.At = fromMicros(at)
	if err := json.Unmarshal([]byte(hosts), &r.Hosts); err != nil {
		return 0, r, fmt.Errorf("report %s: hosts: %w", r.ID, err)
	}
	return r.Number, r, nil
}

// ReportsWaiting answers reports that are still to be filed and whose turn has
// come, the oldest first.
func (s *Store) ReportsWaiting(ctx context.Context, now time.Time, n int) (ids []cordon.ReportID, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT r.id FROM report r WHERE r.state = 'received' AND r.next_at <= $1 ORDER BY r.next_at, r.num LIMIT $2`, micros(now), n)
		ids, err = collect(rows, err, func(row scanner) (id cordon.ReportID, err error) { return id, row.Scan(&id) })
		return err
	})
	return ids, wrap(err, "reports waiting")
}

// DelayReport puts off a report that could not be filed now, the longer the more
// often that was tried.
func (s *Store) DelayReport(ctx context.Context, id cordon.ReportID, waits []time.Duration) error {
	err := s.write(ctx, func(t *tx) error {
		var tries int
		err := t.queryRow(ctx, `SELECT r.tries FROM report r WHERE r.id = $1 AND r.state = 'received' {{forupdate}}`, string(id)).Scan(&tries)
		if err != nil {
			return orMissing(err, "report")
		}
		next := t.now.Add(waits[min(tries, len(waits)-1)])
		_, err = t.exec(ctx, `UPDATE report SET tries = $2, next_at = $3 WHERE id = $1`, string(id), tries+1, micros(next))
		return err
	})
	return wrap(err, "delay report")
}

// OpenReport opens a report for the house itself, which files it. People use
// ReadReport.
func (s *Store) OpenReport(ctx context.Context, id cordon.ReportID) (o cordon.OpenReport, err error) {
	err = s.read(ctx, func(q querier) error {
		o, err = s.openReport(ctx, q, id)
		return err
	})
	return o, wrap(err, "open report")
}

// ReadReport opens a report for a person: the ledger keeps who did.
func (s *Store) ReadReport(ctx context.Context, by cordon.Actor, id cordon.ReportID) (o cordon.OpenReport, err error) {
	err = s.write(ctx, func(t *tx) error {
		if o, err = s.openReport(ctx, t, id); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryPersonalDataRead, o.Tenant, string(id), map[string]any{"purpose": "report " + o.Name()}))
		return nil
	})
	if err != nil {
		return cordon.OpenReport{}, wrap(err, "read report")
	}
	return o, nil
}

func (s *Store) openReport(ctx context.Context, q querier, id cordon.ReportID) (cordon.OpenReport, error) {
	var o cordon.OpenReport
	var raw, from []byte
	if err := q.queryRow(ctx, `SELECT r.tries, r.sealed, r.sealed_from FROM report r WHERE r.id = $1`, string(id)).Scan(&o.Tries, &raw, &from); err != nil {
		return o, orMissing(err, "report")
	}
	_, r, err := scanReport(q.queryRow(ctx, `SELECT `+reportColumns+` FROM report r WHERE r.id = $1`, string(id)))
	if err != nil {
		return o, err
	}
	o.Report = r
	if raw != nil {
		if o.Raw, err = s.openHouse("report "+string(id), raw); err != nil {
			return o, err
		}
	}
	if from == nil {
		return o, nil
	}
	open, err := s.openHouse("report from "+string(id), from)
	if err != nil {
		return o, err
	}
	var f reportFrom
	if json.Unmarshal(open, &f) != nil { // its error may quote the data
		return o, fmt.Errorf("report %s: sealed data is no reporter", id)
	}
	o.Reporter, o.Network, o.Code, o.Asked = f.Reporter, f.Network, f.Code, f.Asked
	return o, nil
}

// Reports lists reports, the newest first.
func (s *Store) Reports(ctx context.Context, f cordon.ReportFilter, p cordon.Page) (list []cordon.Report, next string, err error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, func(q querier) error {
		where, args := `r.num < $1`, []any{before, p.Size() + 1}
		if f.Tenant != "" {
			args = append(args, string(f.Tenant))
			where += fmt.Sprintf(` AND r.tenant = $%d AND r.tenant <> ''`, len(args))
		}
		if f.Problem != "" {
			args = append(args, string(f.Problem))
			where += fmt.Sprintf(` AND r.problem = $%d AND r.problem <> ''`, len(args))
		}
		rows, err := q.query(ctx, `SELECT `+reportColumns+` FROM report r WHERE `+where+` ORDER BY r.num DESC LIMIT $2`, args...)
		list, err = collect(rows, err, func(row scanner) (cordon.Report, error) {
			_, r, err := scanReport(row)
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "reports")
	}
	list, next = page(list, p, func(r cordon.Report) string { return strconv.FormatInt(r.Number, 10) })
	return list, next, nil
}

// Report answers one report.
func (s *Store) Report(ctx context.Context, id cordon.ReportID) (r cordon.Report, err error) {
	err = s.read(ctx, func(q querier) error {
		_, r, err = scanReport(q.queryRow(ctx, `SELECT `+reportColumns+` FROM report r WHERE r.id = $1`, string(id)))
		return orMissing(err, "report")
	})
	return r, wrap(err, "report")
}

// TrackedReport answers the report with this tracking code.
func (s *Store) TrackedReport(ctx context.Context, tracking string) (r cordon.Report, err error) {
	err = s.read(ctx, func(q querier) error {
		_, r, err = scanReport(q.queryRow(ctx, `SELECT `+reportColumns+` FROM report r WHERE r.tracking = $1`, tracking))
		return orMissing(err, "report")
	})
	return r, wrap(err, "tracked report")
}

// ProveReporter notes that the reporter has the word that was mailed to him alone:
// the address is his, and he is owed the outcome. Missing when the word is not
// his; Conflict when the outcome was said already, or the address is forgotten.
func (s *Store) ProveReporter(ctx context.Context, tracking string, confirm []byte) error {
	err := s.write(ctx, func(t *tx) error {
		var id, answer, state string
		err := t.queryRow(ctx, `SELECT r.id, r.answer, COALESCE(p.state, '') FROM report r LEFT JOIN problem p ON p.id = r.problem
			WHERE r.tracking = $1 AND r.confirm = $2 AND r.confirm IS NOT NULL AND r.sealed_from IS NOT NULL`, tracking, confirm).Scan(&id, &answer, &state)
		if err != nil {
			return orMissing(err, "report")
		}
		if answer != string(cordon.AnswerNone) {
			return nil // asked before
		}
		if !cordon.ProblemState(state).Open() {
			return &cordon.Error{Code: cordon.Conflict, Field: "report", Message: "has its answer already", Remedy: "read it on this page"}
		}
		_, err = t.exec(ctx, `UPDATE report SET answer = 'owed' WHERE id = $1`, id)
		return err
	})
	return wrap(err, "prove reporter")
}

// MailsToReporter counts the first mails that went to the address since then.
func (s *Store) MailsToReporter(ctx context.Context, a cordon.Address, since time.Time) (n int, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT COUNT(*) FROM report r WHERE r.reporter = $1 AND r.reporter IS NOT NULL AND r.receipt_at >= $2 AND r.receipt_at <> 0`,
			s.blindHouse("reporter", a), micros(since)).Scan(&n)
	})
	return n, wrap(err, "mails to reporter")
}

// ForgetReports drops raw reports from before rawBefore, and who sent them from
// before fromBefore, up to n of each; what is not filed, and an address to which
// an answer is owed, stays. It answers whether there is more.
func (s *Store) ForgetReports(ctx context.Context, rawBefore, fromBefore time.Time, n int) (more bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		more = false
		for _, x := range []struct {
			text   string
			before time.Time
		}{
			{`UPDATE report SET sealed = NULL WHERE num IN (SELECT r.num FROM report r WHERE r.sealed IS NOT NULL AND r.at < $1 AND r.state = 'filed' ORDER BY r.at LIMIT $2)`, rawBefore},
			{`UPDATE report SET sealed_from = NULL, confirm = NULL, answer = CASE WHEN answer = 'owed' THEN 'none' ELSE answer END
				WHERE num IN (SELECT r.num FROM report r WHERE r.sealed_from IS NOT NULL AND r.at < $1 AND r.state = 'filed' AND r.answer <> 'owed' ORDER BY r.at LIMIT $2)`, fromBefore},
		} {
			res, err := t.exec(ctx, x.text, micros(x.before), n)
			if err != nil {
				return err
			}
			gone, err := res.RowsAffected()
			if err != nil {
				return err
			}
			more = more || gone == int64(n)
		}
		return nil
	})
	return more, wrap(err, "forget reports")
}

// CountReturned counts a mail that came back and is not kept.
func (s *Store) CountReturned(ctx context.Context, what cordon.Returned) error {
	err := s.write(ctx, func(t *tx) error { return t.countReturned(ctx, what) })
	return wrap(err, "count returned")
}

func (t *tx) countReturned(ctx context.Context, what cordon.Returned) error {
	_, err := t.exec(ctx, `INSERT INTO returned (day, what, n) VALUES ($1, $2, 1) ON CONFLICT (day, what) DO UPDATE SET n = returned.n + 1`,
		micros(t.now.Truncate(24*time.Hour)), string(what))
	return err
}

// ReturnedSince answers how much came back since then, by kind; days count whole.
func (s *Store) ReturnedSince(ctx context.Context, since time.Time) (counts map[cordon.Returned]int64, err error) {
	err = s.read(ctx, func(q querier) error {
		counts = map[cordon.Returned]int64{}
		rows, err := q.query(ctx, `SELECT x.what, CAST(SUM(x.n) AS BIGINT) FROM returned x WHERE x.day >= $1 GROUP BY x.what`, micros(since.UTC().Truncate(24*time.Hour)))
		_, err = collect(rows, err, func(row scanner) (struct{}, error) {
			var what cordon.Returned
			var n int64
			err := row.Scan(&what, &n)
			counts[what] = n
			return struct{}{}, err
		})
		return err
	})
	return counts, wrap(err, "returned")
}
