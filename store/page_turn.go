package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// TakePageTurn writes what paging does next with a page, with its messages, in
// one transaction. When somebody else has taken a turn since the page was judged
// (another node, an acknowledgement) nothing happens and taken is false.
func (s *Store) TakePageTurn(ctx context.Context, by cordon.Actor, turn cordon.PageTurn) (taken bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		taken = false
		watched := int64(0)
		if turn.Watched {
			watched = turn.Turn + 1
		}
		res, err := t.exec(ctx, `UPDATE oncall_page SET turn = turn + 1, state = CAST($3 AS TEXT), policy = $4, step = $5, round = $6, spent = $7, step_ends = $8, next_at = $9,
			all_failed = FALSE, escalate = FALSE, watched = CASE WHEN CAST($10 AS BIGINT) > 0 THEN CAST($10 AS BIGINT) ELSE watched END, ack_until = CASE WHEN CAST($3 AS TEXT) = 'triggered' THEN 0 ELSE ack_until END
			WHERE id = $1 AND turn = $2`,
			string(turn.Page), turn.Turn, string(turn.State), string(turn.Policy), turn.Step, turn.Round, turn.Spent, micros(turn.StepEnds), micros(turn.NextAt), watched)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		taken = true
		if err := t.pageEvents(ctx, turn.Page, turn.Events...); err != nil {
			return err
		}
		return t.enqueue(ctx, turn.Messages...)
	})
	return taken, wrap(err, "page's turn")
}

// AckPage says that somebody has it, until the given time; who is the actor, or
// the contact whose link was opened. One that is acknowledged already is renewed.
// Messages that still wait are not sent any more; messages (for bridges) go out.
func (s *Store) AckPage(ctx context.Context, by cordon.Actor, id cordon.PageID, contact cordon.OnCallContactID, until time.Time, messages []cordon.Outgoing) (p cordon.OnCallPage, err error) {
	err = s.write(ctx, func(t *tx) error {
		if p, err = t.lockPage(ctx, id); err != nil {
			return err
		}
		if p.State == cordon.PageResolved {
			return cordon.Errorf(cordon.Conflict, "this page is over already")
		}
		who := by.ID()
		if contact != "" {
			who = string(contact)
		}
		first := p.AcknowledgedAt.IsZero()
		if first {
			p.AcknowledgedAt = t.now
		}
		kind := cordon.PageEventAcked
		if p.State == cordon.PageAcknowledged {
			kind = cordon.PageEventRenewed
		}
		p.State, p.AcknowledgedBy, p.AckUntil, p.NextAt = cordon.PageAcknowledged, who, until, until
		if _, err := t.exec(ctx, `UPDATE oncall_page SET turn = turn + 1, state = 'acknowledged', acked_at = $2, acked_by = $3, ack_until = $4, next_at = $4, all_failed = FALSE, escalate = FALSE, watched = 0 WHERE id = $1`,
			string(id), micros(p.AcknowledgedAt), who, micros(until)); err != nil {
			return err
		}
		if err := t.pageEvents(ctx, id, cordon.PageEvent{Kind: kind, Contact: contact, By: by.ID()}); err != nil {
			return err
		}
		if err := t.dropPending(ctx, id); err != nil {
			return err
		}
		if first {
			t.append(entry(by, cordon.EntryPageAcked, p.Tenant, string(id), map[string]any{"incident": p.Incident, "contact": contact,
				"triggered_at": micros(p.TriggeredAt), "sent_at": micros(p.FirstSentAt), "acknowledged_at": micros(t.now)}))
		} else {
			t.append(entry(by, cordon.EntryPageAcked, p.Tenant, string(id), map[string]any{"incident": p.Incident, "contact": contact, "again": true}))
		}
		t.wake(topicPages)
		return t.enqueue(ctx, messages...)
	})
	return p, wrap(err, "acknowledge page")
}

// lockPage reads a page that is about to be changed.
func (t *tx) lockPage(ctx context.Context, id cordon.PageID) (cordon.OnCallPage, error) {
	p, err := scanPage(t.queryRow(ctx, `SELECT `+pageColumns+` FROM oncall_page p WHERE p.id = $1 {{forupdate}}`, string(id)))
	return p.OnCallPage, orMissing(err, "page")
}

// dropPending keeps back what was to be said about a page and was not sent yet.
func (t *tx) dropPending(ctx context.Context, id cordon.PageID) error {
	_, err := t.exec(ctx, `UPDATE outgoing SET state = 'stale', done_at = $2, reply = 'over' WHERE subject = $1 AND purpose = 'page' AND state = 'pending'`, string(id), micros(t.now))
	return err
}

// EscalatePage asks that the next step be paged now.
func (s *Store) EscalatePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (p cordon.OnCallPage, err error) {
	err = s.write(ctx, func(t *tx) error {
		if p, err = t.lockPage(ctx, id); err != nil {
			return err
		}
		if p.State == cordon.PageResolved {
			return cordon.Errorf(cordon.Conflict, "this page is over already")
		}
		p.State, p.Escalate, p.NextAt = cordon.PageTriggered, true, t.now
		if _, err := t.exec(ctx, `UPDATE oncall_page SET turn = turn + 1, state = 'triggered', escalate = TRUE, ack_until = 0, next_at = $2 WHERE id = $1`, string(id), micros(t.now)); err != nil {
			return err
		}
		t.wake(topicPages)
		return t.pageEvents(ctx, id, cordon.PageEvent{Kind: cordon.PageEventEscalated, By: by.ID(), Text: "asked for"})
	})
	return p, wrap(err, "escalate page")
}

// ResolvePage ends a page. One that is over stays as it is.
func (s *Store) ResolvePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (p cordon.OnCallPage, err error) {
	err = s.write(ctx, func(t *tx) error {
		p, err = t.resolvePage(ctx, by, id)
		return err
	})
	return p, wrap(err, "resolve page")
}

func (t *tx) resolvePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error) {
	p, err := t.lockPage(ctx, id)
	if err != nil || p.State == cordon.PageResolved {
		return p, err
	}
	p.State, p.ResolvedAt, p.NextAt = cordon.PageResolved, t.now, t.now // the all-clear is its last turn
	if _, err := t.exec(ctx, `UPDATE oncall_page SET turn = turn + 1, state = 'resolved', resolved_at = $2, next_at = $2, ack_until = 0, all_failed = FALSE, escalate = FALSE, watched = 0 WHERE id = $1`,
		string(id), micros(t.now)); err != nil {
		return p, err
	}
	if err := t.pageEvents(ctx, id, cordon.PageEvent{Kind: cordon.PageEventResolved, By: by.ID()}); err != nil {
		return p, err
	}
	if err := t.dropPending(ctx, id); err != nil {
		return p, err
	}
	t.append(entry(by, cordon.EntryPageResolved, p.Tenant, string(id), map[string]any{"incident": p.Incident}))
	t.wake(topicPages)
	return p, nil
}

// ResolvePages ends every page of the incident; those paged are told.
func (s *Store) ResolvePages(ctx context.Context, by cordon.Actor, incident cordon.IncidentID) error {
	err := s.write(ctx, func(t *tx) error { return t.resolvePages(ctx, by, incident) })
	return wrap(err, "resolve pages")
}

// resolvePages is ResolvePages as part of a transaction.
func (t *tx) resolvePages(ctx context.Context, by cordon.Actor, incident cordon.IncidentID) error {
	if incident == "" {
		return cordon.InvalidField("incident", "is missing", "name the incident by its ID")
	}
	rows, err := t.query(ctx, `SELECT p.id FROM oncall_page p WHERE p.incident = $1 AND p.state <> 'resolved' ORDER BY p.num`, string(incident))
	ids, err := collect(rows, err, func(r scanner) (id cordon.PageID, err error) { return id, r.Scan(&id) })
	for _, id := range ids {
		if err == nil {
			_, err = t.resolvePage(ctx, by, id)
		}
	}
	return err
}

// PageAlerts answers the ways by which the page reached somebody, or may have:
// one for each contact's method, with its last message.
func (s *Store) PageAlerts(ctx context.Context, id cordon.PageID) (all []cordon.PageAlert, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+outgoingColumns+` FROM outgoing o WHERE o.subject = $1 AND o.purpose = 'page' AND o.tries > 0 ORDER BY o.num DESC`, string(id))
		list, err := collect(rows, err, func(r scanner) (cordon.Outgoing, error) {
			_, o, err := s.scanOutgoing(r)
			return o, err
		})
		all = nil
		seen := map[cordon.MethodID]bool{}
		for _, o := range list {
			_, _, contact, method, ok := cordon.ParsePageKey(o.Key)
			if !ok || seen[method] {
				continue
			}
			seen[method] = true
			all = append(all, cordon.PageAlert{Contact: contact, Method: method, Message: o})
		}
		return err
	})
	return all, wrap(err, "page alerts")
}
