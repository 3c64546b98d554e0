package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

const promiseColumns = `p.id, p.kind, p.state, p.incident, p.number, p.seq, p.audience, p.exercise, p.made_at, p.due_at, p.settled_at, p.settled_by, p.warned_at, p.paged_at`

func scanPromise(r scanner) (p cordon.Promise, err error) {
	var made, due, settled, warned, paged int64
	err = r.Scan(&p.ID, &p.Kind, &p.State, &p.Incident, &p.Number, &p.Seq, &p.Audience, &p.Exercise, &made, &due, &settled, &p.SettledBy, &warned, &paged)
	p.MadeAt, p.DueAt, p.SettledAt, p.WarnedAt, p.PagedAt = fromMicros(made), fromMicros(due), fromMicros(settled), fromMicros(warned), fromMicros(paged)
	return p, err
}

// promiseOwed is the text of the partial index promise_owed.
const promiseOwed = `p.state IN ('open', 'missed') AND p.settled_at = 0`

// promiseSlot names what can be promised once.
func promiseSlot(p cordon.Promise) string {
	if p.Kind == cordon.PromiseFirst {
		return string(p.Kind) + "/" + string(p.Incident)
	}
	return string(p.Kind) + "/" + postName(p.Number, p.Seq)
}

func (t *tx) addPromise(ctx context.Context, p cordon.Promise) (added bool, err error) {
	num, err := t.take(ctx, 0, "promise", 1)
	if err != nil {
		return false, err
	}
	p.ID, p.State = cordon.NewPromiseID(), cordon.PromiseOpen
	if p.MadeAt.IsZero() {
		p.MadeAt = t.now
	}
	t.wake(topicAnnouncements)
	res, err := t.exec(ctx, `INSERT INTO promise (num, id, slot, kind, state, incident, number, seq, audience, exercise, made_at, due_at, warn_at, settled_at, settled_by, warned_at, paged_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 0, 0) ON CONFLICT (slot) DO NOTHING`,
		num, string(p.ID), promiseSlot(p), string(p.Kind), string(p.State), string(p.Incident), p.Number, p.Seq, string(p.Audience), p.Exercise,
		micros(p.MadeAt), micros(p.DueAt), micros(p.WarnAt()))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Promises lists promises, the newest first.
func (s *Store) Promises(ctx context.Context, f cordon.PromiseFilter, p cordon.Page) ([]cordon.Promise, string, error) {
	before, err := numBefore(p)
	if err != nil {
		return nil, "", err
	}
	type numbered struct {
		num int64
		cordon.Promise
	}
	var all []numbered
	where := ""
	if f.Owed {
		where = " AND " + promiseOwed
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+promiseColumns+`, p.num FROM promise p WHERE p.num < $1 AND ($2 = '' OR p.incident = $2)`+where+` ORDER BY p.num DESC LIMIT $3`,
			before, string(f.Incident), p.Size()+1)
		all, err = collect(rows, err, func(r scanner) (n numbered, err error) {
			n.Promise, err = scanPromise(withNum{r, &n.num})
			return n, err
		})
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "promises")
	}
	all, next := page(all, p, func(n numbered) string { return strconv.FormatInt(n.num, 10) })
	list := make([]cordon.Promise, len(all))
	for i, n := range all {
		list[i] = n.Promise
	}
	return list, next, nil
}

// withNum scans one more column behind the others.
type withNum struct {
	scanner
	num *int64
}

func (w withNum) Scan(into ...any) error { return w.scanner.Scan(append(into, w.num)...) }

// DuePromises lists what is owed, is about to lapse or has lapsed, and was not
// paged about yet; and what has lapsed and is not marked as missed.
func (s *Store) DuePromises(ctx context.Context, now time.Time, n int) (list []cordon.Promise, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+promiseColumns+` FROM promise p WHERE `+promiseOwed+` AND p.warn_at <= $1
			AND (p.warned_at = 0 AND p.due_at > $1 OR p.due_at <= $1 AND (p.paged_at = 0 OR p.state = 'open')) ORDER BY p.warn_at, p.num LIMIT $2`, micros(now), n)
		list, err = collect(rows, err, scanPromise)
		return err
	})
	return list, wrap(err, "due promises")
}

// PagePromise pages about a promise that is still owed, as warn says before it
// lapses or as late says afterwards, and marks it; once each, whoever else tries
// the same. One that was kept meanwhile is left alone.
func (s *Store) PagePromise(ctx context.Context, id cordon.PromiseID, warn, late cordon.NewPage) error {
	err := s.write(ctx, func(t *tx) error {
		p, err := scanPromise(t.queryRow(ctx, `SELECT `+promiseColumns+` FROM promise p WHERE p.id = $1 {{forupdate}}`, string(id)))
		if err != nil {
			return orMissing(err, "promise")
		}
		if !p.Owed() {
			return nil
		}
		over := !t.now.Before(p.DueAt)
		switch {
		case over && p.PagedAt.IsZero():
			_, err = t.triggerPage(ctx, cordon.System(), late)
			p.PagedAt = t.now
		case !over && p.WarnedAt.IsZero():
			_, err = t.triggerPage(ctx, cordon.System(), warn)
			p.WarnedAt = t.now
		}
		if err != nil {
			return err
		}
		if over {
			p.State = cordon.PromiseMissed
		}
		t.wake(topicAnnouncements)
		_, err = t.exec(ctx, `UPDATE promise SET state = $2, warned_at = $3, paged_at = $4 WHERE id = $1`, string(id), string(p.State), micros(p.WarnedAt), micros(p.PagedAt))
		return err
	})
	return wrap(err, "page about promise")
}

// promisePages are the keys of the pages about a promise.
func promisePages(id cordon.PromiseID) []string {
	return []string{cordon.PromisePage(id, false), cordon.PromisePage(id, true)}
}

// settlePromises notes that what was promised has come: kept when it was in time,
// missed when it was not. Whoever is being paged about it is told.
func (t *tx) settlePromises(ctx context.Context, seq int, to cordon.PromiseState, where string, args ...any) error {
	rows, err := t.query(ctx, `SELECT `+promiseColumns+` FROM promise p WHERE `+promiseOwed+` AND `+where+` ORDER BY p.num {{forupdate}}`, args...)
	all, err := collect(rows, err, scanPromise)
	if err != nil {
		return err
	}
	for _, p := range all {
		state := to
		if to == cordon.PromiseKept && (p.State == cordon.PromiseMissed || t.now.After(p.DueAt)) {
			state = cordon.PromiseMissed
		}
		if _, err := t.exec(ctx, `UPDATE promise SET state = $2, settled_at = $3, settled_by = $4 WHERE id = $1`, string(p.ID), string(state), micros(t.now), seq); err != nil {
			return err
		}
		for _, key := range promisePages(p.ID) {
			page, err := pageByKey(ctx, t, key)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err == nil {
				_, err = t.resolvePage(ctx, cordon.System(), page.ID)
			}
			if err != nil {
				return err
			}
		}
	}
	if len(all) > 0 {
		t.wake(topicAnnouncements)
	}
	return nil
}

// promiseVoid is a promise of a first post that nobody needs any more: the
// incident was none, is part of another, or is not public.
const promiseVoid = `p.kind = 'first-post' AND EXISTS (SELECT 1 FROM incident i WHERE i.id = p.incident AND (i.state IN ('declined', 'merged') OR NOT i.public))`

// ForgetPromises drops promises of first posts that are not owed any more.
func (s *Store) ForgetPromises(ctx context.Context) error {
	var some bool
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM promise p WHERE `+promiseOwed+` AND `+promiseVoid+`)`).Scan(&some)
	})
	if err == nil && some {
		err = s.write(ctx, func(t *tx) error { return t.settlePromises(ctx, 0, cordon.PromiseDropped, promiseVoid) })
	}
	return wrap(err, "forget promises")
}

// UntoldIncidents lists public incidents that are open, of which nothing was
// announced or promised yet, with when each became public.
func (s *Store) UntoldIncidents(ctx context.Context, n int) (all []cordon.UntoldIncident, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT i.id, i.kind, i.title, i.severity, i.exercise, i.opened_at,
			COALESCE((SELECT MAX(l.at) FROM incident_line l WHERE l.incident = i.id AND l.kind = 'changed' AND l.body LIKE 'Public:%'), i.opened_at)
			FROM incident i WHERE `+incidentOpen+` AND i.public
			AND NOT EXISTS (SELECT 1 FROM promise p WHERE p.slot = 'first-post/' || i.id AND p.state <> 'dropped')
			AND NOT EXISTS (SELECT 1 FROM announcement_thread h WHERE h.incident = i.id AND h.audience IN ('public', 'recipients')) ORDER BY i.num LIMIT $1`, n)
		all, err = collect(rows, err, func(r scanner) (u cordon.UntoldIncident, err error) {
			var opened, public int64
			err = r.Scan(&u.ID, &u.Kind, &u.Title, &u.Severity, &u.Exercise, &opened, &public)
			u.OpenedAt, u.PublicAt = fromMicros(opened), fromMicros(public)
			return u, err
		})
		return err
	})
	return all, wrap(err, "untold incidents")
}

// OpenAnnouncing promises the first post of a public incident and writes its
// draft, once.
func (s *Store) OpenAnnouncing(ctx context.Context, d cordon.AnnouncementDraft, first cordon.Promise) error {
	err := s.write(ctx, func(t *tx) error {
		// One that was dropped, when the incident was not public for a while, begins anew.
		if _, err := t.exec(ctx, `UPDATE promise SET slot = id WHERE slot = $1 AND state = 'dropped'`, promiseSlot(first)); err != nil {
			return err
		}
		added, err := t.addPromise(ctx, first)
		if err != nil || !added {
			return err
		}
		_, err = t.addDraft(ctx, cordon.System(), d, "opening/"+string(d.Incident))
		return err
	})
	return wrap(err, "open announcing")
}
