package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cordonmail/cordon"
)

// sealedOutgoing is what is personal in a message of the outbox.
type sealedOutgoing struct {
	To      string                `json:"to"`
	Content cordon.OutgoingLetter `json:"content"`
}

// enqueue puts messages into the outbox, as part of the transaction that makes
// them due. One whose key is there already is left out: nothing is doubled.
func (t *tx) enqueue(ctx context.Context, all ...cordon.Outgoing) error {
	if len(all) == 0 {
		return nil
	}
	first, err := t.take(ctx, 0, "outgoing", int64(len(all)))
	if err != nil {
		return err
	}
	for i := range all {
		o := &all[i]
		if o.Key == "" || o.To == "" || o.Channel == "" || o.Purpose == "" {
			return cordon.Errorf(cordon.Internal, "a message of the outbox needs key, channel, purpose and receiver")
		}
		o.ID, o.State, o.CreatedAt = cordon.NewOutgoingID(), cordon.OutgoingPending, t.now
		if o.DueAt.IsZero() {
			o.DueAt = t.now
		}
	}
	t.wake("outgoing")
	return t.insertRows(ctx, `INSERT INTO outgoing (num, id, key, channel, purpose, tenant, incident, subject, exercise, urgent, sealed, state, tries, reply, node, created_at, due_at, stale_at, done_at)`,
		`ON CONFLICT (key) DO NOTHING`, 19, len(all), func(i int, args []any) []any {
			o := all[i]
			sealed := t.s.sealHouse("outgoing "+string(o.ID), mustJSON(sealedOutgoing{To: o.To, Content: o.Content}))
			return append(args, first+int64(i), string(o.ID), o.Key, string(o.Channel), string(o.Purpose), string(o.Tenant), string(o.Incident), o.Subject,
				o.Exercise, o.Urgent, sealed, string(o.State), 0, "", "", micros(o.CreatedAt), micros(o.DueAt), micros(o.StaleAt), 0)
		})
}

// EnqueueOutgoing puts messages into the outbox. One whose key is there already
// is left out.
func (s *Store) EnqueueOutgoing(ctx context.Context, all []cordon.Outgoing) error {
	err := s.write(ctx, func(t *tx) error { return t.enqueue(ctx, all...) })
	return wrap(err, "enqueue outgoing")
}

const outgoingColumns = `o.num, o.id, o.key, o.channel, o.purpose, o.tenant, o.incident, o.subject, o.exercise, o.urgent, o.sealed,
	o.state, o.tries, o.reply, o.created_at, o.due_at, o.stale_at, o.done_at`

// scanOutgoing reads one message and opens it, when it is not forgotten.
func (s *Store) scanOutgoing(r scanner) (num int64, o cordon.Outgoing, err error) {
	var sealed []byte
	var created, due, stale, done int64
	err = r.Scan(&num, &o.ID, &o.Key, &o.Channel, &o.Purpose, &o.Tenant, &o.Incident, &o.Subject, &o.Exercise, &o.Urgent, &sealed,
		&o.State, &o.Tries, &o.Reply, &created, &due, &stale, &done)
	if err != nil {
		return 0, o, err
	}
	o.CreatedAt, o.DueAt, o.StaleAt, o.DoneAt = fromMicros(created), fromMicros(due), fromMicros(stale), fromMicros(done)
	if sealed == nil {
		return num, o, nil
	}
	raw, err := s.openHouse("outgoing "+string(o.ID), sealed)
	if err != nil {
		return 0, o, err
	}
	var open sealedOutgoing
	if json.Unmarshal(raw, &open) != nil { // its error may quote the data
		return 0, o, fmt.Errorf("outgoing %s: sealed data is no message", o.ID)
	}
	o.To, o.Content = open.To, open.Content
	return num, o, nil
}
