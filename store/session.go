package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// The two things a bearer may hold: a link is taken once, a session stays
// until it ends or expires.
const (
	sessionLink = "link"
	sessionOpen = "session"
)

// CreateSession stores a link or a session by the hash of its secret; the zero
// Account is the operator. What has expired goes at the same time.
func (s *Store) CreateSession(ctx context.Context, kind string, hash []byte, a cordon.Account, expires time.Time) error {
	switch {
	case kind != sessionLink && kind != sessionOpen:
		return cordon.InvalidField("kind", "is neither link nor session", "")
	case len(hash) < 32:
		return cordon.InvalidField("secret", "has no hash", "store the SHA-256 of the secret")
	}
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `DELETE FROM session WHERE expires_at <= $1`, micros(t.now)); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO session (hash, kind, account, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			hash, kind, string(a.ID), micros(t.now), micros(expires))
		return s.orTaken(err, "secret", "is in use")
	})
	return wrap(err, "create session")
}

// TakeLink uses a one-time link up. Of two who take it at once, one gets it.
func (s *Store) TakeLink(ctx context.Context, hash []byte) error {
	err := s.write(ctx, func(t *tx) error {
		var one int
		err := t.queryRow(ctx, `DELETE FROM session WHERE hash = $1 AND kind = $2 AND expires_at > $3 RETURNING 1`, hash, sessionLink, micros(t.now)).Scan(&one)
		return orMissing(err, "link")
	})
	return wrap(err, "take link")
}

// Session answers whose session it is ("" for the operator) and until when.
func (s *Store) Session(ctx context.Context, hash []byte) (account cordon.AccountID, expires time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		var until int64
		err := q.queryRow(ctx, `SELECT account, expires_at FROM session WHERE hash = $1 AND kind = $2 AND expires_at > $3`, hash, sessionOpen, micros(s.now())).
			Scan(&account, &until)
		expires = fromMicros(until)
		return orMissing(err, "session")
	})
	return account, expires, wrap(err, "read session")
}

// EndSession signs out. A session that is not there is ended already.
func (s *Store) EndSession(ctx context.Context, hash []byte) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM session WHERE hash = $1`, hash)
		return err
	})
	return wrap(err, "end session")
}
