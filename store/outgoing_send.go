package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// outgoingMost is how often a message is taken up at most, whatever becomes of
// the processes that do: one that kills whoever sends it must not go on for ever.
const outgoingMost = 20

// laneOf is the condition that a message of the outbox waits in the lane.
func laneOf(l cordon.OutboxLane) string {
	wakes := `purpose IN ('page', 'page-update', 'all-clear', 'verify')` // word for word as in the index outgoing_wake
	if l == cordon.LaneWake {
		return wakes
	}
	return `NOT (` + wakes + `)`
}

// due_at of a message being sent is when its sender counts as dead.
const outgoingDue = `state IN ('pending', 'sending') AND o.due_at <= $1`

// NextOutgoing is when the next message of the lane is due, in the past when one
// is already; zero when none waits.
func (s *Store) NextOutgoing(ctx context.Context, l cordon.OutboxLane) (at time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		at = time.Time{}
		for _, urgent := range []bool{true, false} { // each has its part of the index
			var us int64
			err := q.queryRow(ctx, `SELECT o.due_at FROM outgoing o WHERE state IN ('pending', 'sending') AND `+laneOf(l)+` AND o.urgent = $1 ORDER BY o.due_at LIMIT 1`, urgent).Scan(&us)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			if due := fromMicros(us); at.IsZero() || due.Before(at) {
				at = due
			}
		}
		return nil
	})
	return at, wrap(err, "next outgoing")
}

// ClaimOutgoing takes up to n messages of the lane for sending by the node: they
// are `sending` when it returns, until the lease ends. A message whose sender was
// not heard of for that long is taken again: it may go out twice rather than
// never. What is over (its time is past, or its page is no longer waiting for
// anybody) becomes stale instead.
func (s *Store) ClaimOutgoing(ctx context.Context, node string, l cordon.OutboxLane, n int, lease time.Duration) (list []cordon.Outgoing, err error) {
	err = s.write(ctx, func(t *tx) error {
		list = nil
		due, err := t.dueOutgoing(ctx, l, n)
		if err != nil {
			return err
		}
		for _, o := range due {
			over, why, err := t.outgoingOver(ctx, o)
			if err != nil {
				return err
			}
			if over != "" {
				if err := t.settleOutgoing(ctx, o, cordon.OutgoingResult{State: over, Reply: why}); err != nil {
					return err
				}
				continue
			}
			if _, err := t.exec(ctx, `UPDATE outgoing SET state = 'sending', tries = tries + 1, node = $2, due_at = $3 WHERE id = $1`, string(o.ID), node, micros(t.now.Add(lease))); err != nil {
				return err
			}
			o.State, o.Tries = cordon.OutgoingSending, o.Tries+1
			list = append(list, o)
		}
		return nil
	})
	return list, wrap(err, "claim outgoing")
}

// dueOutgoing reads up to n messages whose turn it is, the urgent ones first.
func (t *tx) dueOutgoing(ctx context.Context, l cordon.OutboxLane, n int) (all []cordon.Outgoing, err error) {
	for _, urgent := range []bool{true, false} {
		if n <= len(all) {
			break
		}
		rows, err := t.query(ctx, `SELECT `+outgoingColumns+` FROM outgoing o WHERE `+outgoingDue+` AND `+laneOf(l)+` AND o.urgent = $2 ORDER BY o.due_at, o.num LIMIT $3 + 0 {{skiplocked}}`,
			micros(t.now), urgent, n-len(all))
		some, err := collect(rows, err, func(r scanner) (cordon.Outgoing, error) {
			_, o, err := t.s.scanOutgoing(r)
			return o, err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// outgoingOver says what a due message becomes instead of being sent; "" when it
// is to be sent.
func (t *tx) outgoingOver(ctx context.Context, o cordon.Outgoing) (cordon.OutgoingState, string, error) {
	switch {
	case !o.StaleAt.IsZero() && !t.now.Before(o.StaleAt):
		return cordon.OutgoingStale, "too late", nil
	case o.Tries >= outgoingMost:
		return cordon.OutgoingFailed, "given up", nil
	case o.Purpose != cordon.PurposePage:
		return "", "", nil
	}
	p, err := t.lockPage(ctx, cordon.PageID(o.Subject))
	if err != nil {
		if cordon.CodeOf(err) == cordon.Missing { // a message that no page of ours asked for
			return "", "", nil
		}
		return "", "", err
	}
	if p.State != cordon.PageTriggered {
		return cordon.OutgoingStale, "over", nil
	}
	return "", "", nil
}

// RecordOutgoing writes what came of the try that the node made as the message's
// tries-th. A try that is no longer the latest (its lease had ended, and another
// node took the message) still settles it when it was accepted.
func (s *Store) RecordOutgoing(ctx context.Context, node string, id cordon.OutgoingID, tries int, r cordon.OutgoingResult) error {
	err := s.write(ctx, func(t *tx) error {
		_, o, err := s.scanOutgoing(t.queryRow(ctx, `SELECT `+outgoingColumns+` FROM outgoing o WHERE o.id = $1 {{forupdate}}`, string(id)))
		if err != nil {
			return orMissing(err, "message")
		}
		latest := o.Tries == tries && o.State == cordon.OutgoingSending
		if !latest && (!r.State.Accepted() || o.State.Accepted()) {
			return nil
		}
		return t.settleOutgoing(ctx, o, r)
	})
	return wrap(err, "record outgoing")
}

// settleOutgoing moves a message, and tells the page it belongs to.
func (t *tx) settleOutgoing(ctx context.Context, o cordon.Outgoing, r cordon.OutgoingResult) error {
	if r.State == cordon.OutgoingPending {
		t.wake("outgoing")
		_, err := t.exec(ctx, `UPDATE outgoing SET state = 'pending', reply = $2, due_at = $3, node = '' WHERE id = $1`, string(o.ID), r.Reply, micros(r.DueAt))
		return err
	}
	if _, err := t.exec(ctx, `UPDATE outgoing SET state = $2, reply = $3, done_at = $4, node = '' WHERE id = $1`, string(o.ID), string(r.State), r.Reply, micros(t.now)); err != nil {
		return err
	}
	t.wake("outgoing done")
	if o.Purpose != cordon.PurposePage && o.Purpose != cordon.PurposeAllClear {
		return nil
	}
	return t.pageToldOf(ctx, o, r)
}

// pageToldOf writes into the page what became of its message. When it was the
// last of the step, and none of them reached anybody, the page's turn comes now.
func (t *tx) pageToldOf(ctx context.Context, o cordon.Outgoing, r cordon.OutgoingResult) error {
	id, turn, contact, _, ok := cordon.ParsePageKey(strings.TrimPrefix(o.Key, "over/"))
	if !ok {
		return nil
	}
	e := cordon.PageEvent{Kind: cordon.PageEventSent, Contact: contact, Channel: o.Channel, Text: r.Reply}
	if !r.State.Accepted() {
		e.Kind = cordon.PageEventFailed
		if r.State == cordon.OutgoingStale {
			e.Text = "not sent: " + r.Reply
		}
	}
	if o.Purpose == cordon.PurposeAllClear {
		e.Text = strings.TrimSpace("all-clear " + e.Text)
	}
	if err := t.pageEvents(ctx, id, e); err != nil {
		if cordon.CodeOf(err) == cordon.Missing {
			return nil
		}
		return err
	}
	if o.Purpose == cordon.PurposeAllClear {
		return nil
	}
	if r.State.Accepted() {
		_, err := t.exec(ctx, `UPDATE oncall_page SET sent_at = $2 WHERE id = $1 AND sent_at = 0`, string(id), micros(t.now))
		return err
	}
	if r.State != cordon.OutgoingFailed {
		return nil
	}
	res, err := t.exec(ctx, `UPDATE oncall_page SET all_failed = TRUE, next_at = $3, turn = turn + 1, watched = 0 WHERE id = $1 AND state = 'triggered' AND watched = $2
		AND NOT EXISTS (SELECT 1 FROM outgoing o WHERE o.subject = $1 AND o.purpose = 'page' AND o.key LIKE $4 AND o.state IN ('pending', 'sending', 'sent', 'delivered'))`,
		string(id), turn, micros(t.now), strings.TrimSuffix(cordon.PageKey(id, turn, "", ""), "/")+"%")
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	t.wake(topicPages)
	return nil
}

// FailOutgoing says that a message that was taken came back: it is failed. What
// is not sent, or is known to have arrived otherwise, stays as it is.
func (s *Store) FailOutgoing(ctx context.Context, id cordon.OutgoingID, reply string) error {
	err := s.write(ctx, func(t *tx) error {
		_, o, err := s.scanOutgoing(t.queryRow(ctx, `SELECT `+outgoingColumns+` FROM outgoing o WHERE o.id = $1 {{forupdate}}`, string(id)))
		if errors.Is(err, sql.ErrNoRows) || err == nil && o.State != cordon.OutgoingSent {
			return nil
		}
		if err != nil {
			return err
		}
		return t.settleOutgoing(ctx, o, cordon.OutgoingResult{State: cordon.OutgoingFailed, Reply: reply})
	})
	return wrap(err, "fail outgoing")
}

// OutgoingOf lists the messages that belong to a subject (a page, a post), in
// the order in which they were queued; what they say is opened.
func (s *Store) OutgoingOf(ctx context.Context, subject string) (list []cordon.Outgoing, err error) {
	if subject == "" {
		return nil, nil
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+outgoingColumns+` FROM outgoing o WHERE o.subject = $1 ORDER BY o.num`, subject)
		list, err = collect(rows, err, func(r scanner) (cordon.Outgoing, error) {
			_, o, err := s.scanOutgoing(r)
			return o, err
		})
		return err
	})
	return list, wrap(err, "list outgoing")
}

// OutboxHealth counts messages by purpose and state, and says since when the
// oldest due one that wakes somebody waits.
func (s *Store) OutboxHealth(ctx context.Context) (h cordon.OutboxHealth, err error) {
	now := micros(s.now())
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT o.purpose, o.state, COUNT(*) FROM outgoing o GROUP BY o.purpose, o.state`)
		h.Counts, err = collect(rows, err, func(r scanner) (c cordon.OutgoingCount, err error) {
			return c, r.Scan(&c.Purpose, &c.State, &c.Count)
		})
		if err != nil {
			return err
		}
		var us sql.NullInt64
		err = q.queryRow(ctx, `SELECT MIN(o.due_at) FROM outgoing o WHERE `+outgoingDue+` AND `+laneOf(cordon.LaneWake), now).Scan(&us)
		h.OldestWake = fromMicros(us.Int64)
		return err
	})
	slices.SortFunc(h.Counts, func(a, b cordon.OutgoingCount) int {
		if c := strings.Compare(string(a.Purpose), string(b.Purpose)); c != 0 {
			return c
		}
		return strings.Compare(string(a.State), string(b.State))
	})
	return h, wrap(err, "outbox health")
}

// ForgetOutgoing drops what up to n messages said, and where they went, that
// were done before then; that they were sent stays on record. Pages still open
// keep theirs: who was paged is told when it is over.
func (s *Store) ForgetOutgoing(ctx context.Context, before time.Time, n int) (more bool, err error) {
	var due bool
	const old = `o.done_at > 0 AND o.done_at < $1 AND o.sealed IS NOT NULL AND NOT EXISTS (SELECT 1 FROM oncall_page p WHERE p.id = o.subject AND (p.state <> 'resolved' OR p.next_at > 0))`
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM outgoing o WHERE `+old+`)`, micros(before)).Scan(&due)
	})
	if err != nil || !due {
		return false, wrap(err, "forget outgoing")
	}
	err = s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `UPDATE outgoing SET sealed = NULL WHERE num IN (SELECT o.num FROM outgoing o WHERE `+old+` ORDER BY o.done_at LIMIT $2 + 0)`, micros(before), n)
		if err != nil {
			return err
		}
		changed, err := res.RowsAffected()
		more = changed >= int64(n)
		return err
	})
	return more, wrap(err, "forget outgoing")
}
