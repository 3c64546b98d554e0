package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// picked is a copy chosen by a claim or a sweep, as it stood before.
type picked struct {
	dispatch, seq, recipient, attempts, due int64
	state                                   cordon.DeliveryState
	reply                                   sql.NullString
}

// claimable chooses the copies of a lane whose turn has come. It is the only
// way to "sending", and carries the stop predicate: a stop committed before
// the claim always wins; and, where the dispatch is released in stages, the
// boundary of the open one. The dispatch is looked at in a sub-select, so that the
// lock is on the copies alone; for a bulk lane, which is one dispatch, once for
// the whole claim, for a lane of single sends at each copy. The + keeps the
// primary key out of it: the index delivery_open has the order of the turns. A
// bare LIMIT $4 would have SQLite plan the statement anew for every number.
func claimable(dispatch, turn string) string {
	return `SELECT v.dispatch, v.seq, v.recipient, v.attempts, v.due, v.state, v.reply FROM delivery v
		WHERE v.tenant = $1 AND v.lane = $2 AND v.` + openStates + ` AND ` + turn + `
		AND EXISTS (SELECT 1 FROM dispatch d WHERE d.tenant = $1 AND d.num = ` + dispatch + ` AND d.lane = $2 AND d.state = 'open'
			AND NOT ` + blocked("d", "id", "$3") + `)
		ORDER BY v.due, v.dispatch, v.seq LIMIT $4 + 0 {{skiplocked}}`
}

// A bulk dispatch has its lane's number. Of one in stages, what was not tried
// yet and what is tried again are two ranges of delivery_open: in one, a claim
// would walk over every copy of the stages to come.
var (
	claimableBulk   = claimable("$2", `v.due <= $3 AND +v.dispatch = $2`)
	claimableSingle = claimable("v.dispatch", `v.due <= $3`)
	claimableFresh  = claimable("$2", `v.due = 0 AND v.dispatch = $2 AND v.seq <= $5`)
	claimableAgain  = claimable("$2", `v.due > 0 AND v.due <= $3 AND +v.dispatch = $2 AND v.seq <= $5`)
)

// ClaimDue takes up to n copies of the lane for sending by the node: they are
// `sending` when it returns. What the exit judges them by is read after the
// claim is committed; when that fails, the copies are given back.
func (s *Store) ClaimDue(ctx context.Context, node string, l cordon.Lane, n int) ([]cordon.Claim, error) {
	var taken []picked
	var tenant int64
	var at time.Time
	err := s.write(ctx, func(t *tx) error {
		var err error
		if tenant, err = s.tenantNum(ctx, t, l.Tenant); err != nil {
			return err
		}
		nodeNum, err := t.nodeNum(ctx, node)
		if err != nil {
			return err
		}
		at = t.now
		taken, err = t.claim(ctx, laneKey{tenant, l.Num}, nodeNum, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim due: %w", err)
	}
	if len(taken) == 0 {
		return nil, nil
	}
	claims, err := s.readClaims(ctx, laneKey{tenant, l.Num}, taken, at)
	if err == nil {
		return claims, nil
	}
	back := make([]settled, len(taken))
	for i, p := range taken {
		back[i] = settled{dispatch: laneKey{tenant, p.dispatch}, seq: p.seq, outcome: cordon.Queued, at: micros(at), due: p.due}
	}
	if undo := s.settleAll(context.WithoutCancel(ctx), node, back, nil); undo != nil {
		return nil, fmt.Errorf("claim due: %w; and giving the copies back: %w", err, undo)
	}
	return nil, fmt.Errorf("claim due: %w", err)
}

// claim moves up to n copies of the lane to sending.
func (t *tx) claim(ctx context.Context, lane laneKey, node int64, n int) ([]picked, error) {
	// Held by claims together and by a stop alone: the stop's answer is exact.
	if _, err := t.exec(ctx, `{{share queue}}`); err != nil {
		return nil, err
	}
	now := micros(t.now)
	taken, err := t.pickDue(ctx, lane, n)
	if err != nil {
		return nil, err
	}
	// What was perhaps delivered keeps the time at which it was.
	move := mover{set: `state = 'sending', node = $4, attempts = attempts + 1, at = CASE WHEN perhaps THEN at ELSE $5 END`, guard: openStates, args: []any{node, now}}
	if err := t.moveRows(ctx, lane.tenant, taken, move); err != nil {
		return nil, err
	}
	moves := laneMoves{}
	moves.of(lane).reopened = true
	for _, p := range taken {
		if p.state != cordon.Uncertain { // which it is counted as while it is tried again
			moves.shift(lane, p.state, cordon.Sending, 1)
		}
	}
	stands, err := moves.apply(ctx, t)
	if err != nil {
		return nil, err
	}
	// Fewer than asked for, and still something due: a stop keeps it back, or
	// another node holds it. The lane rests for a moment instead of spinning.
	if due := stands[lane].nextDue; len(taken) < n && due.Valid && due.Int64 <= now {
		_, err = t.exec(ctx, `UPDATE lane SET next_due = $3 WHERE tenant = $1 AND num = $2`, lane.tenant, lane.num, micros(t.now.Add(lanePause)))
	}
	return taken, err
}

// pick runs a query that chooses copies.
func (t *tx) pick(ctx context.Context, text string, args ...any) ([]picked, error) {
	rows, err := t.query(ctx, text, args...)
	return collect(rows, err, func(r scanner) (picked, error) {
		var p picked
		err := r.Scan(&p.dispatch, &p.seq, &p.recipient, &p.attempts, &p.due, &p.state, &p.reply)
		return p, err
	})
}

// mover is a change to be made to chosen rows: the SET text, whose own
// placeholders begin at $4, and what must still be true of a row.
type mover struct {
	set, guard string
	args       []any
}

// put adds a column with its value.
func (m *mover) put(column string, v any) {
	m.args = append(m.args, v)
	m.set += fmt.Sprintf(", %s = $%d", column, 3+len(m.args))
}

// moveRows changes exactly the picked rows of a tenant, or fails with errRaced.
func (t *tx) moveRows(ctx context.Context, tenant int64, rows []picked, m mover) error {
	seqs := make([]rowKey, len(rows))
	for i, p := range rows {
		seqs[i] = rowKey{p.dispatch, p.seq}
	}
	return t.moveSeqs(ctx, tenant, seqs, m)
}

// rowKey names a delivery within its tenant.
type rowKey struct{ dispatch, seq int64 }

type run struct {
	dispatch int64
	span
}

// runsOf gathers neighbouring sequence numbers, in the order given.
func runsOf(rows []rowKey) []run {
	var runs []run
	for _, r := range rows {
		if n := len(runs); n > 0 && runs[n-1].dispatch == r.dispatch && runs[n-1].to+1 == r.seq {
			runs[n-1].to = r.seq
			continue
		}
		runs = append(runs, run{r.dispatch, span{r.seq, r.seq}})
	}
	return runs
}

// moveSeqs writes few runs as ranges of the primary key, many as a joined list.
func (t *tx) moveSeqs(ctx context.Context, tenant int64, rows []rowKey, m mover) error {
	if len(rows) == 0 {
		return nil
	}
	runs := runsOf(rows)
	if len(runs) > t.s.engine.mostRuns() {
		return t.movePoints(ctx, tenant, rows, m)
	}
	var changed int64
	next := 4 + len(m.args)
	text := fmt.Sprintf(`UPDATE delivery SET %s WHERE tenant = $1 AND dispatch = $2 AND seq BETWEEN $3 AND $%d AND %s`, m.set, next, m.guard)
	for _, r := range runs {
		args := append([]any{tenant, r.dispatch, r.from}, m.args...)
		res, err := t.exec(ctx, text, append(args, r.to)...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		changed += n
	}
	return exactly(changed, len(rows))
}

func (t *tx) movePoints(ctx context.Context, tenant int64, rows []rowKey, m mover) error {
	list := jsonRows(rows, func(r rowKey) []any { return []any{r.dispatch, r.seq} })
	// $3 stands where a range has its lower end, so that the SET text is the same.
	text := fmt.Sprintf(`UPDATE delivery SET %s FROM (SELECT CAST(j.value->>0 AS BIGINT) AS dispatch, CAST(j.value->>1 AS BIGINT) AS seq FROM {{rows $2}} j) p
		WHERE delivery.tenant = $1 AND delivery.dispatch = p.dispatch AND delivery.seq = p.seq AND $3 = 0 AND %s`, m.set, m.guard)
	res, err := t.exec(ctx, text, append([]any{tenant, list, int64(0)}, m.args...)...)
	if err != nil {
		return err
	}
	changed, err := res.RowsAffected()
	if err != nil {
		return err
	}
	return exactly(changed, len(rows))
}

// readClaims reads what the exit judges the copies by: what the dispatches and
// the recipients' rows say now, and the values of the order.
func (s *Store) readClaims(ctx context.Context, lane laneKey, taken []picked, at time.Time) ([]cordon.Claim, error) {
	var claims []cordon.Claim
	err := s.read(ctx, func(q querier) error {
		facts, err := readDispatchFacts(ctx, q, lane.tenant, dispatchesOf(taken))
		if err != nil {
			return err
		}
		people, err := s.readClaimed(ctx, q, lane.tenant, taken)
		if err != nil {
			return err
		}
		values, err := readValues(ctx, q, lane.tenant, taken, facts)
		if err != nil {
			return err
		}
		claims = make([]cordon.Claim, len(taken))
		for i, p := range taken {
			f := facts[p.dispatch]
			if f == nil {
				return fmt.Errorf("delivery %d/%d/%d has no dispatch", lane.tenant, p.dispatch, p.seq)
			}
			c := people[p.recipient]
			c.Ref = cordon.Ref{Tenant: lane.tenant, Dispatch: p.dispatch, Seq: p.seq}
			c.Lane, c.FirstAt = lane.num, f.acceptedAt
			c.Values = values[rowKey{p.dispatch, p.recipient}]
			d := &c.Delivery
			d.Tenant, d.Template, d.Account, d.Key, d.Dispatch, d.Kind = f.tenantID, f.template, f.account, f.key, f.id, f.kind
			d.Seq, d.State, d.Attempt, d.Due, d.At, d.Reply = p.seq, cordon.Sending, int(p.attempts)+1, fromMicros(p.due), at, p.reply.String
			claims[i] = c
		}
		return nil
	})
	return claims, err
}

func dispatchesOf(taken []picked) []int64 {
	var nums []int64
	for _, p := range taken {
		if n := len(nums); n == 0 || nums[n-1] != p.dispatch {
			nums = append(nums, p.dispatch)
		}
	}
	slices.Sort(nums)
	return slices.Compact(nums)
}

// dispatchFacts is what of a dispatch never changes.
type dispatchFacts struct {
	num, lane  int64
	id         cordon.DispatchID
	tenantID   cordon.TenantID
	kind       cordon.Kind
	template   cordon.TemplateID
	account    cordon.AccountID
	key        cordon.KeyID
	hasValues  bool
	acceptedAt time.Time
}

func readDispatchFacts(ctx context.Context, q querier, tenant int64, nums []int64) (map[int64]*dispatchFacts, error) {
	list, err := json.Marshal(nums)
	if err != nil {
		return nil, err
	}
	rows, err := q.query(ctx, `SELECT d.num, d.lane, d.id, d.tenant_id, d.kind, d.template, d.account, d.key_id, d.has_values, d.accepted_at
		FROM {{nums $2}} j CROSS JOIN dispatch d WHERE d.tenant = $1 AND d.num = j.value`, tenant, string(list))
	all, err := collect(rows, err, func(r scanner) (*dispatchFacts, error) {
		var f dispatchFacts
		var accepted int64
		err := r.Scan(&f.num, &f.lane, &f.id, &f.tenantID, &f.kind, &f.template, &f.account, &f.key, &f.hasValues, &accepted)
		f.acceptedAt = fromMicros(accepted)
		return &f, err
	})
	if err != nil {
		return nil, err
	}
	facts := make(map[int64]*dispatchFacts, len(all))
	for _, f := range all {
		facts[f.num] = f
	}
	return facts, nil
}

// among is the text and the arguments that choose the numbers in the column: a
// range when they lie close together (a bulk send's do), else a list. Its
// placeholders are $2, $3 and $4; a number of the range that is not asked for
// is read and left.
func among(column string, nums []int64) (string, []any, error) {
	low, high := slices.Min(nums), slices.Max(nums)
	if high-low < int64(2*len(nums)) {
		return column + " BETWEEN $2 AND $3", []any{low, high}, nil
	}
	list, err := json.Marshal(nums)
	return column + " IN (SELECT j.value FROM {{nums $2}} j)", []any{string(list)}, err
}

// readClaimed reads the recipients' rows, by their number.
func (s *Store) readClaimed(ctx context.Context, q querier, tenant int64, taken []picked) (map[int64]cordon.Claim, error) {
	id, err := s.tenantID(ctx, q, tenant)
	if err != nil {
		return nil, err
	}
	nums := make([]int64, len(taken))
	for i, p := range taken {
		nums[i] = p.recipient
	}
	where, args, err := among("r.num", nums)
	if err != nil {
		return nil, err
	}
	rows, err := q.query(ctx, `SELECT r.num, r.id, r.state, r.decoy,
		r.suppressed OR EXISTS (SELECT 1 FROM suppression x WHERE x.tenant = r.tenant AND x.blind = r.blind), r.sealed
		FROM recipient r WHERE r.tenant = $1 AND `+where, append([]any{tenant}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	people := make(map[int64]cordon.Claim, len(taken))
	for rows.Next() {
		var num int64
		c := cordon.Claim{RecipientTenant: id}
		if err := rows.Scan(&num, &c.Delivery.Recipient, &c.RecipientState, &c.Decoy, &c.Suppressed, &c.Sealed); err != nil {
			return nil, err
		}
		people[num] = c
	}
	return people, rows.Err()
}

// readValues reads the sealed values of the copies whose order gave some.
func readValues(ctx context.Context, q querier, tenant int64, taken []picked, facts map[int64]*dispatchFacts) (map[rowKey][]byte, error) {
	values := map[rowKey][]byte{}
	nums := map[int64][]int64{}
	for _, p := range taken {
		if f := facts[p.dispatch]; f != nil && f.hasValues {
			nums[p.dispatch] = append(nums[p.dispatch], p.recipient)
		}
	}
	for dispatch, recipients := range nums {
		where, args, err := among("x.recipient", recipients)
		if err != nil {
			return nil, err
		}
		args = append([]any{tenant}, args...)
		text := fmt.Sprintf(`SELECT x.recipient, x.sealed FROM delivery_value x WHERE x.tenant = $1 AND x.dispatch = $%d AND `, len(args)+1) + where
		rows, err := q.query(ctx, text, append(args, dispatch)...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var recipient int64
			var sealed []byte
			if err := rows.Scan(&recipient, &sealed); err != nil {
				rows.Close()
				return nil, err
			}
			values[rowKey{dispatch, recipient}] = sealed
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return values, nil
}
