package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cordonmail/cordon"
)

// SaveCosignature keeps what a witness signed about the checkpoint of that size;
// a second one of the same witness is no news.
func (s *Store) SaveCosignature(ctx context.Context, size int64, witness, line string) error {
	err := s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `INSERT INTO cosignature (size, witness, line, at) VALUES ($1, $2, $3, $4) ON CONFLICT (size, witness) DO NOTHING`,
			size, witness, line, micros(t.now))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if n > 0 {
			t.append(entry(cordon.System(), cordon.EntryWitnessed, "", witness, map[string]any{"size": size}))
		}
		return err
	})
	return wrap(err, "save cosignature")
}

// WitnessedSize is the greatest size that any witness signed.
func (s *Store) WitnessedSize(ctx context.Context) (size int64, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT COALESCE(MAX(c.size), 0) FROM cosignature c`).Scan(&size)
	})
	return size, wrap(err, "witnessed size")
}

// RequireWitness says whether a witness is set up: then figures above the size that
// one has signed are not published. Call it before the store is used.
func (s *Store) RequireWitness(on bool) { s.witnessed = on }

// Witnessed is the greatest size of the ledger that somebody outside has signed,
// and whether anybody is asked at all.
func (s *Store) Witnessed(ctx context.Context) (size int64, any bool, err error) {
	size, err = s.WitnessedSize(ctx)
	return size, s.witnessed, err
}

// WitnessedCheckpoint answers the newest checkpoint that a witness signed, with
// the lines of all who did; Missing when there is none.
func (s *Store) WitnessedCheckpoint(ctx context.Context) (c cordon.Checkpoint, lines []string, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		var at int64
		err := q.queryRow(ctx, `SELECT p.size, p.root, p.at, p.note FROM checkpoint p WHERE p.size = (SELECT MAX(c.size) FROM cosignature c)`).
			Scan(&c.Size, &c.Root, &at, &c.Note)
		if err != nil {
			return orMissing(err, "witnessed checkpoint")
		}
		c.At = fromMicros(at)
		rows, err := q.query(ctx, `SELECT c.line FROM cosignature c WHERE c.size = $1 ORDER BY c.witness`, c.Size)
		lines, err = collect(rows, err, func(r scanner) (line string, err error) { return line, r.Scan(&line) })
		return err
	})
	return c, lines, wrap(err, "witnessed checkpoint")
}

// LastVerified is when the ledger was last verified on schedule; zero for never.
func (s *Store) LastVerified(ctx context.Context) (at time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		var us int64
		err := q.queryRow(ctx, `SELECT e.at FROM entry e WHERE e.kind = 'ledger.verified' ORDER BY e.num DESC LIMIT 1`).Scan(&us)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		at = fromMicros(us)
		return err
	})
	return at, wrap(err, "last verified")
}

// WitnessedLog answers the last checkpoint of another ledger that this house
// cosigned; of size 0 when there is none.
func (s *Store) WitnessedLog(ctx context.Context, origin string) (c cordon.Checkpoint, err error) {
	err = s.read(ctx, func(q querier) error {
		var at int64
		err := q.queryRow(ctx, `SELECT w.size, w.root, w.note, w.at FROM witnessed_log w WHERE w.origin = $1`, origin).Scan(&c.Size, &c.Root, &c.Note, &at)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		c.At = fromMicros(at)
		return err
	})
	return c, wrap(err, "witnessed log")
}

// AdvanceWitnessed keeps the checkpoint, only if the last kept is of the size
// from: of two requests at once one comes too late.
func (s *Store) AdvanceWitnessed(ctx context.Context, origin string, from int64, to cordon.Checkpoint) (advanced bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `INSERT INTO witnessed_log (origin, size, root, note, at) SELECT CAST($1 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT)
			WHERE CAST($2 AS BIGINT) = COALESCE((SELECT w.size FROM witnessed_log w WHERE w.origin = $1), 0)
			ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at WHERE witnessed_log.size = $2`,
			origin, from, to.Size, to.Root, to.Note, micros(to.At))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		advanced = n > 0
		return err
	})
	return advanced && err == nil, wrap(err, "advance witnessed log")
}

// RecordFork keeps two contradicting checkpoints and raises the signal, once.
func (s *Store) RecordFork(ctx context.Context, origin, first, second string, g cordon.Signal) error {
	err := s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `INSERT INTO fork (origin, first, second, at) VALUES ($1, $2, $3, $4) ON CONFLICT (origin, first, second) DO NOTHING`,
			origin, first, second, micros(t.now))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return err
		}
		return t.recordSignals(ctx, cordon.System(), []cordon.Signal{g})
	})
	return wrap(err, "record fork")
}

// Forks lists the proofs, the newest first.
func (s *Store) Forks(ctx context.Context) (forks []cordon.Fork, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT f.origin, f.first, f.second, f.at FROM fork f ORDER BY f.at DESC, f.origin LIMIT 100`)
		forks, err = collect(rows, err, func(r scanner) (cordon.Fork, error) {
			var f cordon.Fork
			var at int64
			err := r.Scan(&f.Origin, &f.First, &f.Second, &at)
			f.At = fromMicros(at)
			return f, err
		})
		return err
	})
	return forks, wrap(err, "forks")
}
