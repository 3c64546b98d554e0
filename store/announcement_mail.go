package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cordonmail/cordon"
)

// staleMail is for how long a mail about an announcement is worth sending.
const staleMail = 24 * time.Hour

// MailDue says whether a post is on its way to subscribers.
func (s *Store) MailDue(ctx context.Context) (due bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM announcement_mail m WHERE NOT m.done)`).Scan(&due)
	})
	return due, wrap(err, "announcements to mail")
}

// MailAnnouncements queues the oldest post that is on its way for the next n
// subscribers, one message each; write words it. Whoever subscribed after it was
// posted does not get it. How far it came is kept in the same transaction, and
// the messages' keys make sure besides that nobody gets one twice.
func (s *Store) MailAnnouncements(ctx context.Context, n int, write func(cordon.Announcement, cordon.Subscriber) cordon.OutgoingLetter) error {
	err := s.write(ctx, func(t *tx) error { return t.mailAnnouncement(ctx, n, write) })
	return wrap(err, "mail announcements")
}

func (t *tx) mailAnnouncement(ctx context.Context, n int, write func(cordon.Announcement, cordon.Subscriber) cordon.OutgoingLetter) error {
	var number, after int64
	var seq int
	err := t.queryRow(ctx, `SELECT m.number, m.seq, m.after FROM announcement_mail m WHERE NOT m.done ORDER BY m.number, m.seq LIMIT 1 {{forupdate}}`).Scan(&number, &seq, &after)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	post, err := announcementOf(ctx, t, number, seq)
	if err != nil {
		return err
	}
	last, all, err := t.subscribersAfter(ctx, after, post.PostedAt, n)
	if err != nil {
		return err
	}
	messages := make([]cordon.Outgoing, len(all))
	for i, sub := range all {
		messages[i] = cordon.Outgoing{
			Key: mailKey(post.Announcement, sub.ID), Channel: cordon.ChannelMail, Purpose: cordon.PurposeAnnouncement,
			Incident: post.Incident, Subject: postName(number, seq), To: string(sub.Address), Content: write(post.Announcement, sub), StaleAt: t.now.Add(staleMail),
		}
	}
	if err := t.enqueue(ctx, messages...); err != nil {
		return err
	}
	done := len(all) < n
	_, err = t.exec(ctx, `UPDATE announcement_mail SET after = $3, done = $4, queued = queued + $5 WHERE number = $1 AND seq = $2`, number, seq, max(last, after), done, len(all))
	return err
}

func mailKey(a cordon.Announcement, id cordon.SubscriptionID) string {
	return "announcement/" + postName(a.Number, a.Seq) + "/" + string(id)
}

// subscribersAfter opens the next n who had confirmed by the time.
func (t *tx) subscribersAfter(ctx context.Context, after int64, by time.Time, n int) (last int64, all []cordon.Subscriber, err error) {
	rows, err := t.query(ctx, `SELECT s.num, s.id, s.sealed FROM subscription s WHERE s.num > $1 AND s.confirmed_at > 0 AND s.confirmed_at <= $2 ORDER BY s.num LIMIT $3`, after, micros(by), n)
	all, err = collect(rows, err, func(r scanner) (sub cordon.Subscriber, err error) {
		var sealed []byte
		if err := r.Scan(&last, &sub.ID, &sealed); err != nil {
			return sub, err
		}
		address, err := t.s.openHouse("subscription "+string(sub.ID), sealed)
		sub.Address, sub.Token = cordon.Address(address), t.s.unsubscribeToken(sub.ID)
		return sub, err
	})
	return last, all, err
}
