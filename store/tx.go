package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

const writeTries = 8

// querier runs statements with their tokens expanded; both a transaction and a
// read are one.
type querier interface {
	exec(ctx context.Context, text string, args ...any) (sql.Result, error)
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	queryRow(ctx context.Context, text string, args ...any) row
}

// row is one row to be scanned.
type row struct {
	r   *sql.Row
	err error
	on  *statements
}

// Scan is sql.Row's.
func (r row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	return r.on.note(r.r.Scan(into...))
}

// statements runs SQL on a connection. The first failure sticks: what comes
// after a failed statement would not be part of the same transaction on one
// engine and be refused by the other.
type statements struct {
	s    *Store
	run  runner
	fail error
}

func (q *statements) note(err error) error {
	if err != nil && q.fail == nil && !errors.Is(err, sql.ErrNoRows) {
		q.fail = err
	}
	return err
}

func (q *statements) text(text string) (string, error) {
	if q.fail != nil {
		return "", fmt.Errorf("after an earlier failure: %w", q.fail)
	}
	expanded, err := q.s.expanded(text)
	return expanded, q.note(err)
}

func (q *statements) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	text, err := q.text(text)
	if err != nil {
		return nil, err
	}
	res, err := q.run.ExecContext(ctx, text, args...)
	return res, q.note(err)
}

// query must be read to its end or closed before the next statement.
func (q *statements) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	text, err := q.text(text)
	if err != nil {
		return nil, err
	}
	rows, err := q.run.QueryContext(ctx, text, args...)
	return rows, q.note(err)
}

func (q *statements) queryRow(ctx context.Context, text string, args ...any) row {
	text, err := q.text(text)
	if err != nil {
		return row{err: err}
	}
	return row{r: q.run.QueryRowContext(ctx, text, args...), on: q}
}

// expanded is the statement with its tokens replaced, remembered.
func (s *Store) expanded(text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	if done, ok := s.texts.Load(text); ok {
		return done.(string), nil
	}
	done, err := expand(s.tokens, text)
	if err != nil {
		return "", err
	}
	s.texts.Store(text, done)
	return done, nil
}

// tx is one write transaction, with the ledger entries and wake-ups that
// belong to it.
type tx struct {
	statements
	now     time.Time // one moment for everything in the transaction
	entries []cordon.Entry
	topics  []string
	after   []func()
}

// append queues a ledger entry. It is numbered, dated and hashed into the log
// just before the commit, so that the log's head is locked for as short a time
// as possible.
func (t *tx) append(e cordon.Entry) { t.entries = append(t.entries, e) }

// wake rouses whoever waits on the topic, after the commit.
func (t *tx) wake(topic string) {
	if !slices.Contains(t.topics, topic) {
		t.topics = append(t.topics, topic)
	}
}

// committed calls f after the commit; for caches.
func (t *tx) committed(f func()) { t.after = append(t.after, f) }

// write runs f in a transaction that other writers do not see half of, and
// commits it. f may be run more than once and so must set, not add to, what it
// captures. It must not call read or write.
func (s *Store) write(ctx context.Context, f func(*tx) error) error {
	for try := 1; ; try++ {
		err := s.writeOnce(ctx, f)
		if err == nil || !s.engine.retryable(err) || try == writeTries {
			return s.orUnavailable(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try*try) * time.Millisecond):
		}
	}
}

// orUnavailable tells a database that cannot be had now from a fault of ours.
func (s *Store) orUnavailable(err error) error {
	if err != nil && (s.engine.busy(err) || s.engine.retryable(err)) {
		return fmt.Errorf("%w: %w", cordon.Errorf(cordon.Unavailable, "the database is busy or away; try again"), err)
	}
	return err
}

func (s *Store) writeOnce(ctx context.Context, f func(*tx) error) (err error) {
	under, err := s.engine.begin(ctx)
	if err != nil {
		return err
	}
	open := true
	defer func() {
		if open { // an error, or a panic on its way up
			under.rollback()
		}
	}()
	t := &tx{statements: statements{s: s, run: under}, now: s.now().UTC().Truncate(time.Microsecond)}
	if err := f(t); err != nil {
		return err
	}
	if t.fail != nil {
		return t.fail
	}
	if err := t.appendEntries(ctx); err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	open = false
	if err := under.commit(t.topics); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, done := range t.after {
		done()
	}
	for _, topic := range t.topics {
		s.bell.ring(topic)
	}
	return nil
}

// read runs f outside any transaction: each statement sees the newest state.
func (s *Store) read(ctx context.Context, f func(querier) error) error {
	return s.look(ctx, false, f)
}

// snapshot runs f so that all its statements see one state.
func (s *Store) snapshot(ctx context.Context, f func(querier) error) error {
	return s.look(ctx, true, f)
}

func (s *Store) look(ctx context.Context, consistent bool, f func(querier) error) error {
	run, done, err := s.engine.reader(ctx, consistent)
	if err != nil {
		return s.orUnavailable(err)
	}
	defer done()
	return s.orUnavailable(f(&statements{s: s, run: run}))
}

// take draws n consecutive numbers, ≥ 1, for a noun. On a shared engine the
// counter stays locked to others until the end of the transaction.
func (t *tx) take(ctx context.Context, tenant int64, noun string, n int64) (first int64, err error) {
	err = t.queryRow(ctx, `INSERT INTO counter (tenant, noun, last) VALUES ($1, $2, $3)
ON CONFLICT (tenant, noun) DO UPDATE SET last = counter.last + excluded.last RETURNING last`, tenant, noun, n).Scan(&first)
	return first - n + 1, err
}

// insertRows runs "head VALUES (…), (…) tail" over n rows of cols columns in
// chunks of few sizes, so that each of its texts is prepared once.
func (t *tx) insertRows(ctx context.Context, head, tail string, cols, n int, fill func(i int, args []any) []any) error {
	args := make([]any, 0, insertChunks[0]*cols)
	for i := 0; i < n; {
		size := 1
		for _, chunk := range insertChunks {
			if n-i >= chunk {
				size = chunk
				break
			}
		}
		args = args[:0]
		for range size {
			args = fill(i, args)
			i++
		}
		if _, err := t.exec(ctx, t.s.valuesText(head, tail, cols, size), args...); err != nil {
			return err
		}
	}
	return nil
}

var insertChunks = []int{128, 16, 1}

type valuesKey struct {
	head, tail string
	cols, rows int
}

func (s *Store) valuesText(head, tail string, cols, rows int) string {
	key := valuesKey{head, tail, cols, rows}
	if text, ok := s.values.Load(key); ok {
		return text.(string)
	}
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(" VALUES ")
	for i := range rows {
		for j := range cols {
			sep := ", "
			switch {
			case j == 0 && i == 0:
				sep = "("
			case j == 0:
				sep = "), ("
			}
			b.WriteString(sep + s.engine.placeholder(i*cols+j+1))
		}
	}
	b.WriteString(") ")
	b.WriteString(tail)
	text := b.String()
	s.values.Store(key, text)
	return text
}
