package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	wishesANetwork  = 20     // an hour
	wishesWaiting   = 10_000 // of all, not answered yet
	wishesKept      = time.Hour
	confirmWithin   = 24 * time.Hour     // of the link
	forgottenAfter  = 7 * 24 * time.Hour // an address that was never confirmed
	askAgainAfter   = time.Hour
	askedAtMost     = 3 // before it is forgotten
	remindedAtMost  = 24 * time.Hour
	subscriptionKey = "subscription"
)

// AskSubscription notes a wish to get announcements by mail. Nothing is looked up
// about the address, so the answer, and the time it takes, tell nothing about it.
func (s *Store) AskSubscription(ctx context.Context, a cordon.Address, network string) error {
	err := s.write(ctx, func(t *tx) error {
		from := s.blindHouse("subscription network", cordon.Address(network))
		var asked, waiting int64
		if err := t.queryRow(ctx, `SELECT (SELECT COUNT(*) FROM subscription_wish w WHERE w.network = $1 AND w.at > $2), (SELECT COUNT(*) FROM subscription_wish w WHERE w.sealed IS NOT NULL)`,
			from, micros(t.now.Add(-wishesKept))).Scan(&asked, &waiting); err != nil {
			return err
		}
		if asked >= wishesANetwork || waiting >= wishesWaiting {
			return &cordon.Error{Code: cordon.Limited, Message: "too many subscriptions were asked for just now", Remedy: "try again in an hour"}
		}
		num, err := t.take(ctx, 0, "subscription wish", 1)
		if err != nil {
			return err
		}
		id := "wish_" + cordon.RandomText(26)
		t.wake(topicAnnouncements)
		_, err = t.exec(ctx, `INSERT INTO subscription_wish (num, id, sealed, network, at) VALUES ($1, $2, $3, $4, $5)`,
			num, id, s.sealHouse(id, []byte(a)), from, micros(t.now))
		return err
	})
	return wrap(err, "ask for subscription")
}

// AnswerSubscriptions answers up to n wishes, the oldest first: one mail with a
// link to confirm, at most once an hour and three times in all for an address;
// and to whoever is subscribed a mail that says so, at most once a day.
func (s *Store) AnswerSubscriptions(ctx context.Context, n int, write func(cordon.Subscriber) cordon.OutgoingLetter) error {
	err := s.write(ctx, func(t *tx) error { return t.answerWishes(ctx, n, write) })
	return wrap(err, "answer subscriptions")
}

// WishesDue says whether somebody who asked has no answer yet.
func (s *Store) WishesDue(ctx context.Context) (due bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM subscription_wish w WHERE w.sealed IS NOT NULL)`).Scan(&due)
	})
	return due, wrap(err, "wishes to subscribe")
}

type wish struct {
	num    int64
	id     string
	sealed []byte
}

func (t *tx) answerWishes(ctx context.Context, n int, write func(cordon.Subscriber) cordon.OutgoingLetter) error {
	rows, err := t.query(ctx, `SELECT w.num, w.id, w.sealed FROM subscription_wish w WHERE w.sealed IS NOT NULL ORDER BY w.num LIMIT $1 {{forupdate}}`, n)
	wishes, err := collect(rows, err, func(r scanner) (w wish, err error) { return w, r.Scan(&w.num, &w.id, &w.sealed) })
	if err != nil {
		return err
	}
	for _, w := range wishes {
		address, err := t.s.openHouse(w.id, w.sealed)
		if err == nil {
			err = t.answerWish(ctx, cordon.Address(address), write)
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE subscription_wish SET sealed = NULL WHERE num = $1`, w.num); err != nil {
			return err
		}
	}
	return nil
}

// subscriptionRow is a subscription without what is sealed.
type subscriptionRow struct {
	num                    int64
	id                     cordon.SubscriptionID
	asked                  int64
	askedAt, confirmed, at time.Time
}

func scanSubscription(r scanner) (s subscriptionRow, err error) {
	var askedAt, confirmed, at int64
	err = r.Scan(&s.num, &s.id, &s.asked, &askedAt, &confirmed, &at)
	s.askedAt, s.confirmed, s.at = fromMicros(askedAt), fromMicros(confirmed), fromMicros(at)
	return s, err
}

const subscriptionColumns = `s.num, s.id, s.asked, s.asked_at, s.confirmed_at, s.created_at`

func (t *tx) answerWish(ctx context.Context, a cordon.Address, write func(cordon.Subscriber) cordon.OutgoingLetter) error {
	blind := t.s.blindHouse(subscriptionKey, a)
	token := cordon.RandomText(52)
	row, err := scanSubscription(t.queryRow(ctx, `SELECT `+subscriptionColumns+` FROM subscription s WHERE s.address = $1 {{forupdate}}`, blind))
	if errors.Is(err, sql.ErrNoRows) {
		row.id, row.asked = cordon.NewSubscriptionID(), 0
		if row.num, err = t.take(ctx, 0, "subscription", 1); err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO subscription (num, id, address, sealed, token, asked_at, asked, confirmed_at, created_at) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6)`,
			row.num, string(row.id), blind, t.s.sealHouse("subscription "+string(row.id), []byte(a)), tokenHash(token), micros(t.now))
	}
	if err != nil {
		return err
	}
	sub := cordon.Subscriber{ID: row.id, Address: a, Token: token}
	since := t.now.Sub(row.askedAt)
	switch {
	case !row.confirmed.IsZero() && since < remindedAtMost, row.confirmed.IsZero() && (row.asked >= askedAtMost || row.asked > 0 && since < askAgainAfter):
		return nil
	case !row.confirmed.IsZero():
		sub.Known, sub.Token = true, t.s.unsubscribeToken(row.id)
		_, err = t.exec(ctx, `UPDATE subscription SET asked = asked + 1, asked_at = $2 WHERE num = $1`, row.num, micros(t.now))
	default:
		_, err = t.exec(ctx, `UPDATE subscription SET asked = asked + 1, asked_at = $2, token = $3 WHERE num = $1`, row.num, micros(t.now), tokenHash(token))
	}
	if err != nil {
		return err
	}
	return t.enqueue(ctx, cordon.Outgoing{Key: fmt.Sprintf("subscription/%s/%d", row.id, row.asked+1), Channel: cordon.ChannelMail, Purpose: cordon.PurposeSubscription,
		Subject: string(row.id), To: string(a), Content: write(sub), StaleAt: t.now.Add(confirmWithin)})
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte("cordon subscription " + token))
	return sum[:]
}

// ConfirmSubscription is the second opt-in, within 24 hours of the mail; once
// more is no fault.
func (s *Store) ConfirmSubscription(ctx context.Context, token string) error {
	err := s.write(ctx, func(t *tx) error {
		row, err := scanSubscription(t.queryRow(ctx, `SELECT `+subscriptionColumns+` FROM subscription s WHERE s.token = $1 {{forupdate}}`, tokenHash(token)))
		if errors.Is(err, sql.ErrNoRows) || err == nil && row.confirmed.IsZero() && t.now.Sub(row.askedAt) > confirmWithin {
			return &cordon.Error{Code: cordon.Missing, Message: "this link has ended", Remedy: "ask for a new one"}
		}
		if err != nil || !row.confirmed.IsZero() {
			return err
		}
		_, err = t.exec(ctx, `UPDATE subscription SET confirmed_at = $2, asked_at = 0 WHERE num = $1`, row.num, micros(t.now))
		return err
	})
	return wrap(err, "confirm subscription")
}

// unsubscribeToken is the signed link's: the subscription's random part, and a
// keyed hash of it.
func (s *Store) unsubscribeToken(id cordon.SubscriptionID) string {
	random := strings.TrimPrefix(string(id), "sub_")
	return random + "-" + s.unsubscribeMAC(random)
}

func (s *Store) unsubscribeMAC(random string) string {
	mac := hmac.New(sha256.New, s.houseBlind)
	mac.Write([]byte("unsubscribe\x00" + random))
	return crockford(mac.Sum(nil))
}

// crockford writes 130 bits as the identifiers do.
func crockford(raw []byte) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	out := make([]byte, 26)
	for i := range out {
		bit := i * 5
		v := uint16(raw[bit/8])<<8 | uint16(raw[bit/8+1])
		out[i] = alphabet[v>>(11-bit%8)&31]
	}
	return string(out)
}

// Unsubscribe ends a subscription, forgets the address, and takes back what was
// queued for it. One that has ended is no fault; a link that we never wrote is.
func (s *Store) Unsubscribe(ctx context.Context, token string) error {
	random, mac, _ := strings.Cut(token, "-")
	if !hmac.Equal([]byte(mac), []byte(s.unsubscribeMAC(random))) {
		return &cordon.Error{Code: cordon.Missing, Message: "this link is none of ours", Remedy: "use the link of the newest announcement you got by mail"}
	}
	id := "sub_" + random
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `DELETE FROM subscription WHERE id = $1`, id); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE outgoing SET state = 'stale', sealed = NULL, done_at = $2 WHERE state = 'pending' AND key IN
			(SELECT 'announcement/' || m.number || '/' || m.seq || '/' || CAST($1 AS TEXT) FROM announcement_mail m)`, id, micros(t.now))
		return err
	})
	return wrap(err, "unsubscribe")
}

// Subscribers is how many get announcements by mail.
func (s *Store) Subscribers(ctx context.Context) (n int64, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT COUNT(*) FROM subscription s WHERE s.confirmed_at > 0`).Scan(&n)
	})
	return n, wrap(err, "count subscribers")
}

// ForgetSubscriptions forgets addresses that were never confirmed, after 7 days,
// and that somebody asked, after an hour.
func (s *Store) ForgetSubscriptions(ctx context.Context) error {
	now := s.now()
	before, wishes := micros(now.Add(-forgottenAfter)), micros(now.Add(-wishesKept))
	var due bool
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM subscription s WHERE s.confirmed_at = 0 AND s.created_at <= $1)
			OR EXISTS (SELECT 1 FROM subscription_wish w WHERE w.at <= $2 AND w.sealed IS NULL)`, before, wishes).Scan(&due)
	})
	if err == nil && due {
		err = s.write(ctx, func(t *tx) error {
			if _, err := t.exec(ctx, `DELETE FROM subscription WHERE confirmed_at = 0 AND created_at <= $1`, before); err != nil {
				return err
			}
			_, err := t.exec(ctx, `DELETE FROM subscription_wish WHERE at <= $1 AND sealed IS NULL`, wishes)
			return err
		})
	}
	return wrap(err, "forget subscriptions")
}
