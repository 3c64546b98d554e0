package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

const stageColumns = `SELECT d.tenant_id, d.id, s.number, s.of_all, s.first_seq, s.last_seq, s.wait, s.state,
	s.opened_at, s.left_at, s.due_at, s.ended_at, s.by_actor, s.reason`

func scanStage(r scanner) (cordon.Stage, error) {
	var s cordon.Stage
	var wait, opened, left, due, ended int64
	err := r.Scan(&s.Tenant, &s.Dispatch, &s.Number, &s.Of, &s.From, &s.To, &wait, &s.State, &opened, &left, &due, &ended, &s.By, &s.Reason)
	s.Wait = time.Duration(wait) * time.Microsecond
	s.OpenedAt, s.LeftAt, s.DueAt, s.EndedAt = fromMicros(opened), fromMicros(left), fromMicros(due), fromMicros(ended)
	return s, err
}

// layStages writes the stages of a bulk dispatch that is being opened, and bounds
// its lane: by the first, or, while its verdict holds it, by nothing at all.
func (t *tx) layStages(ctx context.Context, b *birth) error {
	b.stages = 0
	if !b.bounded() {
		return nil
	}
	openTo := int64(b.d.Recipients)
	stages := b.n.Release.Lay(openTo)
	if b.stages = len(stages); b.stages > 0 {
		openTo = stages[0].To
	}
	if b.d.State != cordon.DispatchOpen {
		openTo = 0
	} else if b.stages > 0 {
		stages[0].State, stages[0].OpenedAt = cordon.StageOpen, opening(b.d)
	}
	for _, s := range stages {
		_, err := t.exec(ctx, `INSERT INTO stage (tenant, dispatch, number, of_all, first_seq, last_seq, wait, state, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			b.tenant, b.num, s.Number, s.Of, s.From, s.To, s.Wait.Microseconds(), string(s.State), micros(s.OpenedAt))
		if err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, `UPDATE lane SET open_to = $3, opens_at = $4 WHERE tenant = $1 AND num = $2`, b.tenant, b.lane, openTo, b.due())
	return err
}

// opening is when the first copy of an accepted dispatch may leave.
func opening(d cordon.Dispatch) time.Time {
	if d.NotBefore.After(d.AcceptedAt) {
		return d.NotBefore
	}
	return d.AcceptedAt
}

// beginStages opens what a person has released: the first stage, or the whole of
// a dispatch that has none. The end of its undo window stays.
func (t *tx) beginStages(ctx context.Context, lane laneKey, d cordon.Dispatch) error {
	if d.Kind != cordon.Bulk {
		return nil
	}
	opened := max(micros(t.now), micros(d.NotBefore))
	if _, err := t.exec(ctx, `UPDATE stage SET state = 'open', opened_at = $3 WHERE tenant = $1 AND dispatch = $2 AND number = 1`, lane.tenant, lane.num, opened); err != nil {
		return err
	}
	_, err := t.exec(ctx, `UPDATE lane SET open_to = COALESCE((SELECT s.last_seq FROM stage s WHERE s.tenant = $1 AND s.dispatch = $2 AND s.number = 1), $3)
		WHERE tenant = $1 AND num = $2 AND open_to IS NOT NULL`, lane.tenant, lane.num, d.Recipients)
	return err
}

// stopStages ends a release of which nothing more leaves.
func (t *tx) stopStages(ctx context.Context, lane laneKey, by cordon.Actor) error {
	_, err := t.exec(ctx, `UPDATE stage SET state = 'stopped', ended_at = $3, by_actor = $4, reason = 'What was left of it was discarded.'
		WHERE tenant = $1 AND dispatch = $2 AND state <> 'done'`, lane.tenant, lane.num, micros(t.now), by.ID())
	return err
}

// endStages ends the release of staged dispatches that are done although stages
// were held or still to come: what was left of them was cut. What a release has
// sent in full is watched to its end.
func (t *tx) endStages(ctx context.Context, tenant int64, dispatches []int64, stands map[laneKey]laneStand) error {
	for _, num := range dispatches {
		lane := laneKey{tenant, num}
		if stand, touched := stands[lane]; !touched || !stand.openTo.Valid {
			continue
		}
		var cut bool
		err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM stage s CROSS JOIN dispatch d
			WHERE s.tenant = $1 AND s.dispatch = $2 AND s.state IN ('waiting', 'held') AND d.tenant = $1 AND d.num = $2 AND d.state = 'done')`, tenant, num).Scan(&cut)
		if err == nil && cut {
			err = t.stopStages(ctx, lane, cordon.System())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pickDue chooses up to n copies of the lane whose turn has come.
func (t *tx) pickDue(ctx context.Context, lane laneKey, n int) ([]picked, error) {
	var kind cordon.Kind // as the store knows it, whatever the caller says
	var openTo sql.NullInt64
	var opensAt int64
	err := t.queryRow(ctx, `SELECT l.kind, l.open_to, l.opens_at FROM lane l WHERE l.tenant = $1 AND l.num = $2`, lane.tenant, lane.num).Scan(&kind, &openTo, &opensAt)
	now := micros(t.now)
	switch {
	case err != nil:
		return nil, orMissing(err, "lane")
	case !kind.OwnLane():
		return t.pick(ctx, claimableSingle, lane.tenant, lane.num, now, n)
	case !openTo.Valid:
		return t.pick(ctx, claimableBulk, lane.tenant, lane.num, now, n)
	case openTo.Int64 == 0 || now < opensAt:
		return nil, nil
	}
	taken, err := t.pick(ctx, claimableFresh, lane.tenant, lane.num, now, n, openTo.Int64)
	if err != nil || len(taken) == n {
		return taken, err
	}
	again, err := t.pick(ctx, claimableAgain, lane.tenant, lane.num, now, n-len(taken), openTo.Int64)
	return append(taken, again...), err
}

// noteLeft writes when the last copy of the open stage had its first try: from
// then on what comes back is watched.
func (t *tx) noteLeft(ctx context.Context, lane laneKey) error {
	_, err := t.exec(ctx, `UPDATE stage SET left_at = $3, due_at = CAST($3 AS BIGINT) + wait WHERE tenant = $1 AND dispatch = $2 AND state = 'open' AND left_at = 0`,
		lane.tenant, lane.num, micros(t.now))
	return err
}

// Stages lists the stages of a dispatch in their order; none for one that is
// released whole.
func (s *Store) Stages(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) ([]cordon.Stage, error) {
	var stages []cordon.Stage
	err := s.snapshot(ctx, func(q querier) error {
		n, err := s.dispatchOf(ctx, q, tenant, id)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, stageColumns+` FROM stage s CROSS JOIN dispatch d WHERE d.id = $1 AND s.tenant = d.tenant AND s.dispatch = d.num AND s.dispatch = $2
			ORDER BY s.number`, string(id), n.num)
		stages, err = collect(rows, err, scanStage)
		return err
	})
	return stages, wrap(err, "stages")
}

// StagedDispatches lists up to n stages that their dispatches stand at, open or
// held: first the open ones that have left, the longest due first, then those
// that are still leaving, then the held ones.
func (s *Store) StagedDispatches(ctx context.Context, n int) ([]cordon.Stage, error) {
	var stages []cordon.Stage
	err := s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, stageColumns+` FROM stage s CROSS JOIN dispatch d
			WHERE s.state IN ('open', 'held') AND d.tenant = s.tenant AND d.num = s.dispatch AND d.state IN ('open', 'done')
			ORDER BY CASE WHEN s.state = 'held' THEN 2 WHEN s.due_at = 0 THEN 1 ELSE 0 END, s.due_at, s.tenant, s.dispatch LIMIT $1`, n)
		stages, err = collect(rows, err, scanStage)
		return err
	})
	return stages, wrap(err, "staged dispatches")
}

// GoneOutInBulk says whether a copy of the version has ever been delivered by a
// bulk send of the tenant.
func (s *Store) GoneOutInBulk(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, version int) (gone bool, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM dispatch d CROSS JOIN lane l
			WHERE d.tenant = $1 AND d.template = $2 AND d.version = $3 AND d.kind = 'bulk' AND l.tenant = d.tenant AND l.num = d.lane AND l.first_at <> 0)`,
			num, string(template), version).Scan(&gone)
	})
	return gone, wrap(err, "first use")
}

// release is a staged dispatch whose stages are about to change: its lane, its
// row and its stages are locked.
type release struct {
	lane    laneKey
	d       numberedDispatch
	stages  []cordon.Stage
	current int // index of the stage it stands at
	stopped bool
}

// lockRelease reads a staged dispatch for a change of the stage that the caller
// takes for the current one.
func (t *tx) lockRelease(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID, number int) (release, error) {
	var r release
	num, err := t.s.tenantNum(ctx, t, tenant)
	if err != nil {
		return r, missing("dispatch")
	}
	if r.d, err = t.s.dispatchOf(ctx, t, tenant, id); err != nil {
		return r, err
	}
	r.lane = laneKey{num, r.d.num}
	// Like a try that is recorded: the lane first, then its stages.
	if _, err := t.exec(ctx, `UPDATE lane SET open_to = open_to WHERE tenant = $1 AND num = $2 AND kind = 'bulk'`, num, r.d.num); err != nil {
		return r, err
	}
	if r.d, err = t.s.dispatchOf(ctx, t, tenant, id); err != nil { // as it is behind the lock
		return r, err
	}
	rows, err := t.query(ctx, stageColumns+` FROM stage s CROSS JOIN dispatch d WHERE s.tenant = $1 AND s.dispatch = $2 AND d.tenant = $1 AND d.num = $2 ORDER BY s.number`, num, r.d.num)
	if r.stages, err = collect(rows, err, scanStage); err != nil {
		return r, err
	}
	err = t.queryRow(ctx, `SELECT `+blocked("d", "id", "$3")+` FROM dispatch d WHERE d.tenant = $1 AND d.num = $2`, num, r.d.num, micros(t.now)).Scan(&r.stopped)
	if err != nil {
		return r, err
	}
	if len(r.stages) == 0 {
		return r, cordon.Errorf(cordon.Conflict, "the dispatch has no stages: it is released whole")
	}
	r.current = slices.IndexFunc(r.stages, func(s cordon.Stage) bool { return s.State.Current() })
	switch {
	case r.d.d.State == cordon.DispatchHeld:
		return r, cordon.Errorf(cordon.Conflict, "the dispatch is held: release it first")
	case r.current < 0:
		return r, cordon.Errorf(cordon.Conflict, "the release is over")
	case r.stages[r.current].Number != number:
		return r, cordon.Errorf(cordon.Conflict, "the dispatch stands at stage %d, not %d", r.stages[r.current].Number, number)
	}
	return r, nil
}

// AdvanceStage ends the current stage and opens the next, or ends the release
// after the last. Cordon itself may do so only when the stage is open and due;
// that a person may, over a hold and before it is due, is the caller's to judge.
func (s *Store) AdvanceStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error {
	return s.changeStage(ctx, "share", tenant, dispatch, number, func(t *tx, r release) error {
		now := r.stages[r.current]
		switch {
		case r.stopped:
			return cordon.Errorf(cordon.Conflict, "a stop keeps the dispatch back: lift it first")
		case by.Kind == cordon.ActorSystem && now.State == cordon.StageHeld:
			return cordon.Errorf(cordon.Conflict, "the stage is held: only a person may go on")
		case by.Kind == cordon.ActorSystem && !now.Due(t.now):
			return cordon.Errorf(cordon.Conflict, "the stage is not due yet")
		}
		if err := t.putStage(ctx, r.lane, now.Number, cordon.StageDone, by, reason); err != nil {
			return err
		}
		if r.current == len(r.stages)-1 {
			t.noteStage(cordon.EntryStageDone, by, now, reason)
			return t.boundTo(ctx, r, now.To) // perhaps it was held
		}
		next := r.stages[r.current+1]
		_, err := t.exec(ctx, `UPDATE stage SET state = 'open', opened_at = $4 WHERE tenant = $1 AND dispatch = $2 AND number = $3`, r.lane.tenant, r.lane.num, next.Number, micros(t.now))
		if err != nil {
			return err
		}
		t.noteStage(cordon.EntryStageOpened, by, next, reason)
		return t.boundTo(ctx, r, next.To)
	})
}

// HoldStage keeps back whatever of the dispatch has not been claimed, until a
// person advances or resumes it. From its commit on no claim takes a copy.
func (s *Store) HoldStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error {
	return s.changeStage(ctx, "exclude", tenant, dispatch, number, func(t *tx, r release) error {
		now := r.stages[r.current]
		switch {
		case now.State == cordon.StageHeld:
			return cordon.Errorf(cordon.Conflict, "the stage is held already")
		case r.d.d.State != cordon.DispatchOpen:
			return cordon.Errorf(cordon.Conflict, "everything has left: there is nothing to hold back")
		}
		if err := t.putStage(ctx, r.lane, now.Number, cordon.StageHeld, by, reason); err != nil {
			return err
		}
		t.noteStage(cordon.EntryStageHeld, by, now, reason)
		return t.boundTo(ctx, r, 0)
	})
}

// ResumeStage lets a held stage go on where it was.
func (s *Store) ResumeStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error {
	return s.changeStage(ctx, "share", tenant, dispatch, number, func(t *tx, r release) error {
		now := r.stages[r.current]
		if now.State != cordon.StageHeld {
			return cordon.Errorf(cordon.Conflict, "the stage is not held")
		}
		if err := t.putStage(ctx, r.lane, now.Number, cordon.StageOpen, by, reason); err != nil {
			return err
		}
		t.noteStage(cordon.EntryStageOpened, by, now, reason)
		return t.boundTo(ctx, r, now.To)
	})
}

// changeStage runs a change of the current stage. A hold has the queue's lock
// alone, like a stop, so that no claim is under way when it commits.
func (s *Store) changeStage(ctx context.Context, lock string, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, change func(*tx, release) error) error {
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `{{`+lock+` queue}}`); err != nil {
			return err
		}
		r, err := t.lockRelease(ctx, tenant, dispatch, number)
		if err != nil {
			return err
		}
		return change(t, r)
	})
	return wrap(err, "change stage")
}

// putStage writes the state of the current stage, with who changed it and why.
func (t *tx) putStage(ctx context.Context, lane laneKey, number int, to cordon.StageState, by cordon.Actor, reason string) error {
	ended := int64(0)
	if to == cordon.StageDone {
		ended = micros(t.now)
	}
	_, err := t.exec(ctx, `UPDATE stage SET state = $4, by_actor = $5, reason = $6, ended_at = $7 WHERE tenant = $1 AND dispatch = $2 AND number = $3`,
		lane.tenant, lane.num, number, string(to), by.ID(), reason, ended)
	return err
}

// boundTo sets how far the dispatch is open, and finds out what that makes due,
// left or done.
func (t *tx) boundTo(ctx context.Context, r release, openTo int64) error {
	if _, err := t.exec(ctx, `UPDATE lane SET open_to = $3 WHERE tenant = $1 AND num = $2`, r.lane.tenant, r.lane.num, openTo); err != nil {
		return err
	}
	moves := laneMoves{}
	moves.of(r.lane).reopened = true
	stands, err := moves.apply(ctx, t)
	if err != nil {
		return err
	}
	t.wake("queue")
	facts, err := readDispatchFacts(ctx, t, r.lane.tenant, []int64{r.lane.num})
	if err != nil {
		return err
	}
	return t.finishDispatches(ctx, map[laneKey]*dispatchFacts{r.lane: facts[r.lane.num]}, stands)
}

// stageBody is the body of a stage's entries.
type stageBody struct {
	Stage  int    `json:"stage"`
	Of     int    `json:"of"`
	Copies int64  `json:"copies"` // of this stage
	To     int64  `json:"to"`     // of all stages so far
	Reason string `json:"reason,omitempty"`
}

func (t *tx) noteStage(kind cordon.EntryKind, by cordon.Actor, s cordon.Stage, reason string) {
	t.append(cordon.Entry{
		Kind: kind, Tenant: s.Tenant, Actor: by.ID(), Subject: string(s.Dispatch),
		Body: mustJSON(stageBody{Stage: s.Number, Of: s.Of, Copies: s.Copies(), To: s.To, Reason: reason}),
	})
}
