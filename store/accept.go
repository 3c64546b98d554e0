package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/cordonmail/cordon"
)

// acceptChunk is how many copies of a bulk send are written in one transaction:
// a stop never waits longer than for one of them.
const acceptChunk = 5000

// birth is a dispatch while it is being written.
type birth struct {
	n      cordon.NewDispatch
	d      cordon.Dispatch
	tenant int64
	num    int64
	lane   int64 // of single sends; a bulk dispatch's lane has its own number
	digest hash.Hash
	values int64 // rows of values written
	stages int   // laid out; 0: it leaves whole

	lastRecipient int64 // bulk: how far the audience has been walked
	members       map[cordon.RecipientID]int64
}

// CreateDispatch accepts an order that is believed. What it has not committed
// when it returns was never accepted.
//
// A single order is one transaction. A bulk order is written in chunks in the
// state `accepting`, without a lane, so that no claim can reach it; then one
// small transaction counts the ceilings again under the tenant's lock, writes
// lane, counters, ledger entry and signals, and opens it. What a crash leaves
// half-way is void and removed by Sweep.
func (s *Store) CreateDispatch(ctx context.Context, by cordon.Actor, n cordon.NewDispatch) (cordon.Dispatch, error) {
	b, err := newBirth(n)
	if err != nil {
		return cordon.Dispatch{}, err
	}
	if n.Dispatch.Kind == cordon.Single {
		err = s.acceptSingle(ctx, by, b)
	} else {
		err = s.acceptBulk(ctx, by, b)
	}
	if err != nil {
		return cordon.Dispatch{}, wrap(err, "create dispatch")
	}
	return b.d, nil
}

func newBirth(n cordon.NewDispatch) (*birth, error) {
	d := n.Dispatch
	switch {
	case !d.ID.Valid():
		return nil, cordon.Errorf(cordon.Internal, "a dispatch needs an ID")
	case !d.Kind.OwnLane() && d.Kind != cordon.Single:
		return nil, cordon.Errorf(cordon.Internal, "a dispatch is bulk, single or a notice")
	case (d.Kind == cordon.Notice) != n.Affected.Valid():
		return nil, cordon.Errorf(cordon.Internal, "a notice goes to those affected by an incident, and nothing else does")
	case d.State != cordon.DispatchOpen && d.State != cordon.DispatchHeld:
		return nil, cordon.Errorf(cordon.Internal, "a dispatch begins open or held")
	case d.State == cordon.DispatchOpen && n.Verdict.Decision.Effective() != cordon.Pass:
		return nil, cordon.Errorf(cordon.Internal, "only a verdict that passes opens a dispatch") // fail closed
	case d.State == cordon.DispatchOpen && n.Mark == nil:
		return nil, cordon.Errorf(cordon.Internal, "an open dispatch needs the door's mark")
	case d.AcceptedAt.IsZero():
		return nil, cordon.Errorf(cordon.Internal, "a dispatch needs the time of its acceptance")
	}
	d.AcceptedAt, d.NotBefore = fromMicros(micros(d.AcceptedAt)), fromMicros(micros(d.NotBefore))
	return &birth{n: n, d: d}, nil
}

// rowState is how the copies begin.
func (b *birth) rowState() cordon.DeliveryState {
	if b.d.State == cordon.DispatchHeld {
		return cordon.HeldState
	}
	return cordon.Queued
}

// due is when the copies may first leave: 0 is at once.
func (b *birth) due() int64 {
	if !b.d.NotBefore.After(b.d.AcceptedAt) {
		return 0
	}
	return micros(b.d.NotBefore)
}

// bounded says whether the lane says when and how far the dispatch is open,
// instead of the rows: whether it is staged is known when they are written.
func (b *birth) bounded() bool { return b.d.Kind == cordon.Bulk && b.n.Release.From > 0 }

func (b *birth) rowDue() int64 {
	if b.bounded() {
		return 0
	}
	return b.due()
}

// start resets what a transaction that is run again has set.
func (b *birth) start() {
	b.digest, b.values, b.lastRecipient = sha256.New(), 0, 0
	b.d = b.n.Dispatch
	b.d.AcceptedAt, b.d.NotBefore = fromMicros(micros(b.d.AcceptedAt)), fromMicros(micros(b.d.NotBefore))
	b.d.Recipients, b.d.Provenance, b.d.Counts = 0, nil, cordon.Counts{}
}

// begin writes the dispatch in the state `accepting`.
func (t *tx) begin(ctx context.Context, b *birth) error {
	b.start()
	d := b.d
	keys, err := t.s.tenantKeys(ctx, t, d.Tenant) // Missing also for an erased tenant
	if err != nil {
		return err
	}
	b.tenant = keys.num
	if b.num, err = t.take(ctx, b.tenant, "dispatch", 1); err != nil {
		return err
	}
	b.lane = b.num
	if err := t.keepPace(ctx, b); err != nil {
		return err
	}
	d = b.d
	_, err = t.exec(ctx, `INSERT INTO dispatch (tenant, num, id, tenant_id, kind, template, version, hash, audience, actor, account, key_id,
		lane, state, recipients, accepted_at, not_before, exercise, has_values, reasons, touched_at, done_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'accepting', 0, $14, $15, $16, FALSE, $17, $18, 0)`,
		b.tenant, b.num, string(d.ID), string(d.Tenant), string(d.Kind), string(d.Template), d.Version, d.Hash, string(d.Audience), d.Actor,
		string(d.Account), string(d.Key), b.lane, micros(d.AcceptedAt), micros(d.NotBefore), d.Exercise, formatReasons(d.Reasons), micros(t.now))
	return t.s.orTaken(err, "dispatch", "exists already")
}

// acceptBulk writes the audience in chunks and then opens the dispatch.
func (s *Store) acceptBulk(ctx context.Context, by cordon.Actor, b *birth) error {
	if err := s.write(ctx, func(t *tx) error { return t.begin(ctx, b) }); err != nil {
		return err
	}
	err := s.fillBulk(ctx, b)
	if err == nil {
		err = s.write(ctx, func(t *tx) error { return t.open(ctx, by, b) })
	}
	if err == nil {
		return nil
	}
	// Not accepted: nothing of it may linger until the next start.
	void := s.write(context.WithoutCancel(ctx), func(t *tx) error {
		_, err := t.exec(context.WithoutCancel(ctx), `UPDATE dispatch SET state = 'void' WHERE tenant = $1 AND num = $2 AND state = 'accepting'`, b.tenant, b.num)
		return err
	})
	return errors.Join(err, void)
}

func (s *Store) fillBulk(ctx context.Context, b *birth) error {
	for {
		var wrote int
		before := *b
		state, err := b.saveDigest()
		if err != nil {
			return err
		}
		err = s.write(ctx, func(t *tx) error {
			d := b.digest
			*b = before
			if err := restoreDigest(d, state); err != nil {
				return err
			}
			b.digest = d
			var err error
			wrote, err = t.fillChunk(ctx, b)
			return err
		})
		if err != nil {
			return err
		}
		if wrote < acceptChunk {
			break
		}
	}
	if b.d.Recipients == 0 {
		return nobodyChosen(b.d.Kind)
	}
	if b.n.Rows == nil {
		return nil
	}
	return s.fillValues(ctx, b)
}

// fillChunk writes the next copies. No row leaves the database but the list of
// recipient numbers that the ledger's digest is made of.
func (t *tx) fillChunk(ctx context.Context, b *birth) (int, error) {
	if err := t.touch(ctx, b); err != nil {
		return 0, err
	}
	c, err := t.s.chosen(ctx, t, b)
	if err != nil || c.nobody {
		return 0, err
	}
	after, limit := c.arg(b.lastRecipient), c.arg(acceptChunk)
	seq, dispatch := c.arg(b.d.Recipients), c.arg(b.num)
	due, at, state := c.arg(b.rowDue()), c.arg(micros(b.d.AcceptedAt)), c.arg(string(b.rowState()))
	_, err = t.exec(ctx, fmt.Sprintf(`INSERT INTO delivery (tenant, dispatch, seq, recipient, lane, due, at, attempts, state)
		SELECT $1, CAST(%s AS BIGINT), CAST(%s AS BIGINT) + ROW_NUMBER() OVER (ORDER BY m.num), m.num, CAST(%s AS BIGINT), CAST(%s AS BIGINT), CAST(%s AS BIGINT), 0, CAST(%s AS TEXT)
		FROM (SELECT r.num AS num FROM %s WHERE %s AND %s > %s ORDER BY %s LIMIT %s) m ORDER BY m.num`,
		dispatch, seq, dispatch, due, at, state, c.from, c.where, c.order, after, c.order, limit), c.args...)
	if err != nil {
		return 0, err
	}
	return t.digestChunk(ctx, b)
}

// digestChunk takes the rows written after the last into the digest: recipient
// numbers in the order of the copies, with commas between.
func (t *tx) digestChunk(ctx context.Context, b *birth) (int, error) {
	text, n, last, err := recipientsFrom(ctx, t, b.tenant, b.num, int64(b.d.Recipients))
	if err != nil || n == 0 {
		return 0, err
	}
	addDigest(b.digest, text, b.d.Recipients > 0)
	b.d.Recipients += n
	b.lastRecipient = last
	return n, nil
}

func addDigest(h hash.Hash, text string, more bool) {
	if more {
		h.Write([]byte(","))
	}
	h.Write([]byte(text))
}

// recipientsFrom reads the recipient numbers of the next acceptChunk copies as
// one text.
func recipientsFrom(ctx context.Context, q querier, tenant, dispatch, after int64) (text string, n int, last int64, err error) {
	var got sql.NullString
	var highest sql.NullInt64
	err = q.queryRow(ctx, `SELECT STRING_AGG(CAST(x.recipient AS TEXT), ',' ORDER BY x.seq), COUNT(*), MAX(x.recipient) FROM
		(SELECT v.recipient, v.seq FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq > $3 AND v.seq <= $4) x`,
		tenant, dispatch, after, after+acceptChunk).Scan(&got, &n, &highest)
	return got.String, n, highest.Int64, err
}

// touch says that the acceptance goes on, and fails when it was given up for
// abandoned.
func (t *tx) touch(ctx context.Context, b *birth) error {
	res, err := t.exec(ctx, `UPDATE dispatch SET touched_at = $3 WHERE tenant = $1 AND num = $2 AND state = 'accepting'`, b.tenant, b.num, micros(t.now))
	return changedOne(res, err, "the acceptance took too long and was given up; nothing was sent")
}

// open is the last step of an acceptance: from its commit on the copies can be
// claimed, and the order is accepted.
func (t *tx) open(ctx context.Context, by cordon.Actor, b *birth) error {
	lock := `{{share queue}}`
	if len(b.n.Verdict.Stops) > 0 {
		lock = `{{exclude queue}}`
	}
	if _, err := t.exec(ctx, lock); err != nil {
		return err
	}
	var state cordon.TenantState // the tenant's row is locked until the commit
	if err := t.queryRow(ctx, `UPDATE tenant SET state = state WHERE num = $1 RETURNING state`, b.tenant).Scan(&state); err != nil {
		return err
	}
	if state != cordon.TenantActive {
		return missing("tenant")
	}
	if err := t.checkCeilings(ctx, b.tenant, b.d, b.n.Verdict.Ceilings); err != nil {
		return err
	}
	if err := t.keepIdempotency(ctx, b); err != nil {
		return err
	}
	*b.d.Counts.Of(b.rowState()) = int64(b.d.Recipients)
	if b.d.State == cordon.DispatchOpen {
		if b.d.Provenance = b.n.Mark(b.d); len(b.d.Provenance) == 0 {
			return cordon.Errorf(cordon.Internal, "the door gave no mark")
		}
		if err := t.markFirstBulk(ctx, b.tenant, b.d); err != nil {
			return err
		}
	}
	if err := t.openLane(ctx, b); err != nil {
		return err
	}
	res, err := t.exec(ctx, `UPDATE dispatch SET state = $3, recipients = $4, lane = $5, has_values = $6, provenance = $7
		WHERE tenant = $1 AND num = $2 AND state = 'accepting'`,
		b.tenant, b.num, string(b.d.State), b.d.Recipients, b.lane, b.values > 0, b.d.Provenance)
	if err := changedOne(res, err, "the acceptance took too long and was given up; nothing was sent"); err != nil {
		return err
	}
	if err := t.countUsage(ctx, b.tenant, b.d); err != nil {
		return err
	}
	if err := t.learn(ctx, b); err != nil {
		return err
	}
	if err := t.recordSightings(ctx, b.d, b.n.Verdict.Sightings); err != nil {
		return err
	}
	t.noteAccepted(by, b)
	t.wake("queue")
	verdict := b.n.Verdict
	verdict.SuspendKey = "" // of a refusal only
	return t.act(ctx, by, verdict)
}

// openLane makes a bulk dispatch's lane, or adds to that of its stream.
func (t *tx) openLane(ctx context.Context, b *birth) error {
	if b.d.Kind.OwnLane() {
		_, err := t.exec(ctx, `INSERT INTO lane (tenant, num, tenant_id, kind, template, account, key_id, dispatch_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			b.tenant, b.lane, string(b.d.Tenant), string(b.d.Kind), string(b.d.Template), string(b.d.Account), string(b.d.Key), string(b.d.ID))
		if err != nil {
			return err
		}
		if err := t.layStages(ctx, b); err != nil {
			return err
		}
	}
	var due sql.NullInt64
	if b.rowState() == cordon.Queued {
		due = sql.NullInt64{Int64: b.due(), Valid: true}
	}
	c := b.d.Counts
	_, err := t.exec(ctx, `UPDATE lane SET queued = queued + $3, held = held + $4,
		next_due = CASE WHEN next_due IS NULL OR next_due > CAST($5 AS BIGINT) THEN COALESCE(CAST($5 AS BIGINT), next_due) ELSE next_due END
		WHERE tenant = $1 AND num = $2`, b.tenant, b.lane, c.Queued, c.Held, due)
	return err
}

// keepIdempotency writes the order's key; of two calls at once with one key,
// one is refused and finds the other's dispatch when it asks again.
func (t *tx) keepIdempotency(ctx context.Context, b *birth) error {
	if b.n.IdempotencyKey == "" {
		return nil
	}
	res, err := t.exec(ctx, `INSERT INTO idempotency (tenant, actor, key, digest, dispatch, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, actor, key) DO NOTHING`,
		b.tenant, b.d.Actor, b.n.IdempotencyKey, append([]byte{}, b.n.OrderDigest...), string(b.d.ID), micros(t.now))
	return changedOne(res, err, "another call with the same idempotency key was accepted at the same moment; ask again")
}

// markFirstBulk ends the limits of a new tenant.
func (t *tx) markFirstBulk(ctx context.Context, tenant int64, d cordon.Dispatch) error {
	if d.Kind != cordon.Bulk {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE tenant SET first_bulk_at = $2 WHERE num = $1 AND first_bulk_at = 0`, tenant, micros(t.now))
	return err
}

// acceptedBody is the body of a dispatch.accepted or dispatch.held entry.
type acceptedBody struct {
	Kind       cordon.Kind          `json:"kind"`
	Template   cordon.TemplateID    `json:"template,omitempty"`
	Version    int                  `json:"version,omitempty"`
	Hash       string               `json:"hash"`
	Audience   cordon.AudienceID    `json:"audience,omitempty"`
	Account    cordon.AccountID     `json:"account,omitempty"`
	Key        cordon.KeyID         `json:"key,omitempty"`
	Recipients int                  `json:"recipients"`
	Digest     string               `json:"digest"` // SHA-256 over who is the recipient of which copy
	Values     int64                `json:"values,omitempty"`
	Stages     int                  `json:"stages,omitempty"` // in so many steps it leaves
	Exercise   bool                 `json:"exercise,omitempty"`
	State      cordon.DispatchState `json:"state"`
	Reasons    []cordon.Reason      `json:"reasons,omitempty"`
}

func (t *tx) noteAccepted(by cordon.Actor, b *birth) {
	kind, d := cordon.EntryDispatchAccepted, b.d
	if d.State == cordon.DispatchHeld {
		kind = cordon.EntryDispatchHeld
	}
	t.append(cordon.Entry{
		Kind: kind, Tenant: d.Tenant, Actor: by.ID(), Subject: string(d.ID),
		Body: mustJSON(acceptedBody{
			Kind: d.Kind, Template: d.Template, Version: d.Version, Hash: d.Hash, Audience: d.Audience, Account: d.Account, Key: d.Key,
			Recipients: d.Recipients, Digest: hex.EncodeToString(b.digest.Sum(nil)), Values: b.values, Stages: b.stages, Exercise: d.Exercise, State: d.State, Reasons: d.Reasons,
		}),
	})
}
