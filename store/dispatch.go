package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/cordonmail/cordon"
)

// dispatchColumns are what scanDispatch reads, with the counters of a bulk
// dispatch's lane beside it. An acceptance under way or broken off is nobody's
// dispatch yet.
const dispatchColumns = `SELECT d.num, d.id, d.tenant_id, d.kind, d.template, d.version, d.hash, d.audience, d.actor, d.account, d.key_id,
	d.state, d.recipients, d.accepted_at, d.not_before, d.exercise, d.reasons, d.provenance,
	COALESCE(l.queued, 0), COALESCE(l.sending, 0), COALESCE(l.delivered, 0), COALESCE(l.deferred, 0), COALESCE(l.bounced, 0),
	COALESCE(l.uncertain, 0), COALESCE(l.held, 0), COALESCE(l.cut, 0), COALESCE(l.refused, 0)
	FROM dispatch d LEFT JOIN lane l ON d.kind <> 'single' AND l.tenant = d.tenant AND l.num = d.lane
	WHERE d.state NOT IN ('accepting', 'void') AND `

type numberedDispatch struct {
	num int64
	d   cordon.Dispatch
}

func scanDispatch(r scanner) (numberedDispatch, error) {
	var n numberedDispatch
	var accepted, notBefore int64
	var reasons string
	d := &n.d
	err := r.Scan(append([]any{&n.num, &d.ID, &d.Tenant, &d.Kind, &d.Template, &d.Version, &d.Hash, &d.Audience, &d.Actor, &d.Account, &d.Key,
		&d.State, &d.Recipients, &accepted, &notBefore, &d.Exercise, &reasons, &d.Provenance}, scanCounts(&d.Counts)...)...)
	if err != nil {
		return n, err
	}
	d.AcceptedAt, d.NotBefore = fromMicros(accepted), fromMicros(notBefore)
	if d.Reasons, err = parseReasons(reasons); err != nil {
		return n, fmt.Errorf("dispatch %s: reasons: %w", d.ID, err)
	}
	return n, nil
}

func formatReasons(reasons []cordon.Reason) string {
	if len(reasons) == 0 {
		return "[]"
	}
	return string(mustJSON(reasons))
}

func parseReasons(text string) (reasons []cordon.Reason, err error) {
	if text == "[]" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &reasons)
	return reasons, err
}

// withCounts counts a dispatch of single sends from its rows, which are few; a
// bulk dispatch has its lane's counters.
func withCounts(ctx context.Context, q querier, tenant int64, n *numberedDispatch) error {
	if n.d.Kind.OwnLane() {
		return nil
	}
	rows, err := q.query(ctx, `SELECT `+countedState("v")+`, COUNT(*) FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2 GROUP BY 1`, tenant, n.num)
	if err != nil {
		return err
	}
	n.d.Counts, err = addStates(rows, cordon.Counts{})
	return err
}

// Dispatch answers one dispatch with its counts.
func (s *Store) Dispatch(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error) {
	var n numberedDispatch
	err := s.snapshot(ctx, func(q querier) error {
		var err error
		n, err = s.dispatchOf(ctx, q, tenant, id)
		return err
	})
	return n.d, err
}

func (s *Store) dispatchOf(ctx context.Context, q querier, tenant cordon.TenantID, id cordon.DispatchID) (numberedDispatch, error) {
	num, err := s.tenantNum(ctx, q, tenant)
	if err != nil {
		return numberedDispatch{}, missing("dispatch")
	}
	n, err := scanDispatch(q.queryRow(ctx, dispatchColumns+`d.id = $1 AND d.tenant = $2`, string(id), num))
	if err != nil {
		return n, orMissing(err, "dispatch")
	}
	return n, withCounts(ctx, q, num, &n)
}

// Dispatches lists dispatches, of one tenant or ("") of all, the newest first.
func (s *Store) Dispatches(ctx context.Context, tenant cordon.TenantID, p cordon.Page) ([]cordon.Dispatch, string, error) {
	beforeTime, beforeID, err := dispatchCursor(p)
	if err != nil {
		return nil, "", err
	}
	var all []numberedDispatch
	err = s.snapshot(ctx, func(q querier) error {
		where := `(d.accepted_at < $1 OR (d.accepted_at = $1 AND d.id < $2))`
		args := []any{beforeTime, beforeID, p.Size() + 1}
		if tenant != "" {
			num, err := s.tenantNum(ctx, q, tenant)
			if err != nil {
				return err
			}
			where, args = where+` AND d.tenant = $4`, append(args, num)
		}
		rows, err := q.query(ctx, dispatchColumns+where+` ORDER BY d.accepted_at DESC, d.id DESC LIMIT $3`, args...)
		all, err = collect(rows, err, scanDispatch)
		if err != nil {
			return err
		}
		for i := range all {
			num, err := s.tenantNum(ctx, q, all[i].d.Tenant)
			if err != nil {
				return err
			}
			if err := withCounts(ctx, q, num, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("dispatches: %w", err)
	}
	all, next := page(all, p, func(n numberedDispatch) string {
		return strconv.FormatInt(micros(n.d.AcceptedAt), 10) + " " + string(n.d.ID)
	})
	list := make([]cordon.Dispatch, len(all))
	for i, n := range all {
		list[i] = n.d
	}
	return list, next, nil
}

func dispatchCursor(p cordon.Page) (at int64, id string, err error) {
	key, err := afterCursor(p)
	if err != nil || key == "" {
		return never, "", err
	}
	if _, err := fmt.Sscanf(key, "%d %s", &at, &id); err != nil {
		return 0, "", cordon.InvalidField("after", "is not a cursor of this list", "pass on the cursor of the last answer unchanged")
	}
	return at, id, nil
}

// IdempotentDispatch answers which dispatch a call with the key made before.
func (s *Store) IdempotentDispatch(ctx context.Context, tenant cordon.TenantID, actor, key string) (id cordon.DispatchID, digest []byte, found bool, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		err = q.queryRow(ctx, `SELECT i.dispatch, i.digest FROM idempotency i WHERE i.tenant = $1 AND i.actor = $2 AND i.key = $3`, num, actor, key).Scan(&id, &digest)
		if errors.Is(err, sql.ErrNoRows) {
			found = false
			return nil
		}
		found = err == nil
		return err
	})
	if err != nil {
		return "", nil, false, fmt.Errorf("idempotency key: %w", err)
	}
	return id, digest, found, nil
}

// ReleaseDispatch opens a dispatch that its verdict held, with the door's new
// mark. The copies go back to the queue by the sweep, of which the first part
// is done here.
func (s *Store) ReleaseDispatch(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID, note cordon.HoldNote, mark func(cordon.Dispatch) []byte) error {
	err := s.write(ctx, func(t *tx) error {
		n, num, err := t.heldDispatch(ctx, tenant, id)
		if err != nil {
			return err
		}
		n.d.State = cordon.DispatchOpen
		if n.d.Provenance = mark(n.d); len(n.d.Provenance) == 0 {
			return cordon.Errorf(cordon.Internal, "a release needs a mark")
		}
		if _, err := t.exec(ctx, `UPDATE dispatch SET state = 'open', provenance = $3 WHERE tenant = $1 AND num = $2`, num, n.num, n.d.Provenance); err != nil {
			return err
		}
		if err := t.beginStages(ctx, laneKey{num, n.num}, n.d); err != nil {
			return err
		}
		t.append(cordon.Entry{
			Kind: cordon.EntryDispatchReleased, Tenant: tenant, Actor: by.ID(), Subject: string(id),
			Body: noteBody(n.d.Counts.Held, note),
		})
		t.wake("queue")
		if err := t.pardon(ctx, num, n.num, n.d); err != nil {
			return err
		}
		return t.markFirstBulk(ctx, num, n.d)
	})
	if err != nil {
		return fmt.Errorf("release dispatch: %w", err)
	}
	return s.sweepOut(ctx)
}

// heldDispatch reads a dispatch that a verdict holds and locks it.
func (t *tx) heldDispatch(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (numberedDispatch, int64, error) {
	var n numberedDispatch
	num, err := t.s.tenantNum(ctx, t, tenant)
	if err != nil {
		return n, 0, missing("dispatch")
	}
	// Locks the row: two people cannot release and discard at once.
	if _, err := t.exec(ctx, `UPDATE dispatch SET touched_at = $3 WHERE tenant = $1 AND id = $2 AND state NOT IN ('accepting', 'void')`, num, string(id), micros(t.now)); err != nil {
		return n, 0, err
	}
	n, err = t.s.dispatchOf(ctx, t, tenant, id)
	if err != nil {
		return n, 0, err
	}
	if n.d.State != cordon.DispatchHeld {
		return n, 0, cordon.Errorf(cordon.Conflict, "the dispatch is %s, not held", n.d.State)
	}
	return n, num, nil
}

// DiscardDispatch cuts every copy of a dispatch that its verdict held. None of
// them can leave from the moment this commits; that they are all marked cut is
// the sweep's work, done here as far as ctx allows.
func (s *Store) DiscardDispatch(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID, note cordon.HoldNote) (cut int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		n, num, err := t.heldDispatch(ctx, tenant, id)
		if err != nil {
			return err
		}
		cut = n.d.Counts.Held
		if _, err := t.exec(ctx, `UPDATE dispatch SET state = 'discarded', done_at = $3 WHERE tenant = $1 AND num = $2`, num, n.num, micros(t.now)); err != nil {
			return err
		}
		if err := t.stopStages(ctx, laneKey{num, n.num}, by); err != nil {
			return err
		}
		t.append(cordon.Entry{
			Kind: cordon.EntryDispatchDiscarded, Tenant: tenant, Actor: by.ID(), Subject: string(id),
			Body: noteBody(cut, note),
		})
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("discard dispatch: %w", err)
	}
	return cut, s.sweepOut(ctx)
}

// sweepOut sweeps until there is nothing to do or ctx ends; whatever is left is
// done by the next Sweep, and nothing depends on when.
func (s *Store) sweepOut(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if _, more, err = s.Sweep(ctx, sweepChunk); err != nil {
			return err
		}
	}
	return nil
}
