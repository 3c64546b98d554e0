package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// topicPages rouses who takes pages' turns.
const topicPages = "pages"

const pageColumns = `p.num, p.id, p.key, p.incident, p.severity, p.role, p.title, p.body, p.path, p.tenant, p.exercise, p.first, p.state, p.policy,
	p.step, p.round, p.spent, p.turn, p.all_failed, p.escalate, p.triggered_at, p.sent_at, p.acked_at, p.acked_by, p.ack_until, p.resolved_at, p.step_ends, p.next_at`

// numberedPage is a page with its place in lists.
type numberedPage struct {
	num int64
	cordon.OnCallPage
}

func scanPage(r scanner) (p numberedPage, err error) {
	var triggered, sent, acked, until, resolved, ends, next int64
	err = r.Scan(&p.num, &p.ID, &p.Key, &p.Incident, &p.Severity, &p.Role, &p.Title, &p.Text, &p.Path, &p.Tenant, &p.Exercise, &p.First, &p.State, &p.Policy,
		&p.Step, &p.Round, &p.Spent, &p.Turn, &p.AllFailed, &p.Escalate, &triggered, &sent, &acked, &p.AcknowledgedBy, &until, &resolved, &ends, &next)
	p.TriggeredAt, p.FirstSentAt, p.AcknowledgedAt, p.AckUntil = fromMicros(triggered), fromMicros(sent), fromMicros(acked), fromMicros(until)
	p.ResolvedAt, p.StepEnds, p.NextAt = fromMicros(resolved), fromMicros(ends), fromMicros(next)
	return p, err
}

// TriggerPage asks that somebody be woken. A page with the same key is answered
// as it stands: nobody is woken twice for one thing, and what is resolved never
// re-opens.
func (s *Store) TriggerPage(ctx context.Context, by cordon.Actor, n cordon.NewPage) (cordon.OnCallPage, error) {
	var p cordon.OnCallPage
	err := s.write(ctx, func(t *tx) (err error) {
		p, err = t.triggerPage(ctx, by, n)
		return err
	})
	return p, wrap(err, "trigger page")
}

// triggerPage is TriggerPage as part of a transaction.
func (t *tx) triggerPage(ctx context.Context, by cordon.Actor, n cordon.NewPage) (cordon.OnCallPage, error) {
	if err := n.Validate(); err != nil {
		return cordon.OnCallPage{}, err
	}
	if there, err := pageByKey(ctx, t, n.Key); !errors.Is(err, sql.ErrNoRows) {
		return there, err
	}
	num, err := t.take(ctx, 0, "page", 1)
	if err != nil {
		return cordon.OnCallPage{}, err
	}
	p := cordon.OnCallPage{ID: cordon.NewPageID(), NewPage: n, State: cordon.PageTriggered, TriggeredAt: t.now, NextAt: t.now}
	res, err := t.exec(ctx, `INSERT INTO oncall_page (num, id, key, incident, severity, role, title, body, path, tenant, exercise, first, state, policy, step, round, spent, turn,
			all_failed, escalate, watched, triggered_at, sent_at, acked_at, acked_by, ack_until, resolved_at, step_ends, next_at, events)
		SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($10 AS TEXT), CAST($11 AS BOOLEAN),
			NOT EXISTS (SELECT 1 FROM oncall_page o WHERE o.incident = $4 AND o.incident <> ''), 'triggered', '', 0, 0, FALSE, 0,
			FALSE, FALSE, 0, CAST($12 AS BIGINT), 0, 0, '', 0, 0, 0, CAST($12 AS BIGINT), 0
		WHERE NOT EXISTS (SELECT 1 FROM oncall_page o WHERE o.key = $3)
		ON CONFLICT (key) DO NOTHING`,
		num, string(p.ID), n.Key, string(n.Incident), int64(n.Severity.Effective()), string(n.Role), n.Title, n.Text, n.Path, string(n.Tenant), n.Exercise, micros(t.now))
	if err != nil {
		return cordon.OnCallPage{}, err
	}
	if one, err := res.RowsAffected(); err != nil || one == 0 { // another node's, committed since
		if err != nil {
			return cordon.OnCallPage{}, err
		}
		return pageByKey(ctx, t, n.Key)
	}
	if err := t.pageEvents(ctx, p.ID, cordon.PageEvent{Kind: cordon.PageEventTriggered, By: by.ID()}); err != nil {
		return cordon.OnCallPage{}, err
	}
	t.append(entry(by, cordon.EntryPageTriggered, n.Tenant, string(p.ID), map[string]any{"incident": n.Incident, "severity": n.Severity, "role": n.Role}))
	t.wake(topicPages)
	return p, nil
}

func pageByKey(ctx context.Context, q querier, key string) (cordon.OnCallPage, error) {
	p, err := scanPage(q.queryRow(ctx, `SELECT `+pageColumns+` FROM oncall_page p WHERE p.key = $1`, key))
	return p.OnCallPage, err
}

// pageEvents adds lines to a page's life.
func (t *tx) pageEvents(ctx context.Context, id cordon.PageID, all ...cordon.PageEvent) error {
	if len(all) == 0 {
		return nil
	}
	var last int64
	if err := t.queryRow(ctx, `UPDATE oncall_page SET events = events + $2 WHERE id = $1 RETURNING events`, string(id), len(all)).Scan(&last); err != nil {
		return orMissing(err, "page")
	}
	first := last - int64(len(all)) + 1
	return t.insertRows(ctx, `INSERT INTO oncall_page_event (page, num, at, kind, contact, channel, made_by, text)`, ``, 8, len(all), func(i int, args []any) []any {
		e := all[i]
		return append(args, string(id), first+int64(i), micros(t.now), e.Kind, string(e.Contact), string(e.Channel), e.By, e.Text)
	})
}

// OnCallPage answers one page.
func (s *Store) OnCallPage(ctx context.Context, id cordon.PageID) (p cordon.OnCallPage, err error) {
	err = s.read(ctx, func(q querier) error {
		p, err = onePage(ctx, q, id)
		return err
	})
	return p, wrap(err, "read page")
}

func onePage(ctx context.Context, q querier, id cordon.PageID) (cordon.OnCallPage, error) {
	p, err := scanPage(q.queryRow(ctx, `SELECT `+pageColumns+` FROM oncall_page p WHERE p.id = $1`, string(id)))
	return p.OnCallPage, orMissing(err, "page")
}

// PageEvents lists what happened to the page, in order.
func (s *Store) PageEvents(ctx context.Context, id cordon.PageID) (all []cordon.PageEvent, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT e.num, e.at, e.kind, e.contact, e.channel, e.made_by, e.text FROM oncall_page_event e WHERE e.page = $1 ORDER BY e.num`, string(id))
		all, err = collect(rows, err, func(r scanner) (cordon.PageEvent, error) {
			e := cordon.PageEvent{Page: id}
			var at int64
			err := r.Scan(&e.Num, &at, &e.Kind, &e.Contact, &e.Channel, &e.By, &e.Text)
			e.At = fromMicros(at)
			return e, err
		})
		return err
	})
	return all, wrap(err, "page events")
}

// OnCallPages lists pages, the newest first.
func (s *Store) OnCallPages(ctx context.Context, f cordon.PageFilter, p cordon.Page) ([]cordon.OnCallPage, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	where, args := []string{`p.num < $1`}, []any{before}
	put := func(condition string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.State != "" {
		put(`p.state = $%d`, string(f.State))
	}
	if f.Open {
		where = append(where, `p.state <> 'resolved'`)
	}
	if f.Incident != "" {
		put(`p.incident = $%d`, string(f.Incident))
	}
	var all []numberedPage
	err = s.read(ctx, func(q querier) error {
		args := append(args, p.Size()+1)
		rows, err := q.query(ctx, `SELECT `+pageColumns+` FROM oncall_page p WHERE `+strings.Join(where, ` AND `)+fmt.Sprintf(` ORDER BY p.num DESC LIMIT $%d`, len(args)), args...)
		all, err = collect(rows, err, scanPage)
		return err
	})
	all, next := page(all, p, func(n numberedPage) string { return fmt.Sprint(n.num) })
	list := make([]cordon.OnCallPage, len(all))
	for i, n := range all {
		list[i] = n.OnCallPage
	}
	return list, next, wrap(err, "list pages")
}

// DuePages lists pages whose timer has run out, the longest overdue first.
func (s *Store) DuePages(ctx context.Context, n int) (list []cordon.OnCallPage, err error) {
	now := micros(s.now())
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+pageColumns+` FROM oncall_page p WHERE p.next_at > 0 AND p.next_at <= $1 ORDER BY p.next_at, p.num LIMIT $2`, now, n)
		list, err = collect(rows, err, func(r scanner) (cordon.OnCallPage, error) {
			p, err := scanPage(r)
			return p.OnCallPage, err
		})
		return err
	})
	return list, wrap(err, "pages due")
}

// NextPageTurn is when the next page's timer runs out; zero when none is set.
func (s *Store) NextPageTurn(ctx context.Context) (at time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		var us sql.NullInt64
		if err := q.queryRow(ctx, `SELECT MIN(p.next_at) FROM oncall_page p WHERE p.next_at > 0`).Scan(&us); err != nil {
			return err
		}
		at = fromMicros(us.Int64)
		return nil
	})
	return at, wrap(err, "next page")
}

// OpenPages counts the pages that are not over, by state.
func (s *Store) OpenPages(ctx context.Context) (map[cordon.PageState]int64, error) {
	open := map[cordon.PageState]int64{}
	err := s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT p.state, COUNT(*) FROM oncall_page p WHERE p.state <> 'resolved' GROUP BY p.state`)
		_, err = collect(rows, err, func(r scanner) (state cordon.PageState, err error) {
			var n int64
			err = r.Scan(&state, &n)
			open[state] = n
			return state, err
		})
		return err
	})
	return open, wrap(err, "open pages")
}

// unlessNone takes "no rows" for nothing to do.
func unlessNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
