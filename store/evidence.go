package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// slotOf is the slot of the evidence table that a time lies in.
func slotOf(us int64) int64 { return us / slotSize }

// firstSlot is the first slot that counts.
func firstSlot(of cordon.EvidenceOf) int64 {
	if of.After {
		return slotOf(micros(of.Since)) + 1
	}
	return slotOf(micros(of.Since))
}

const slotSize = int64(cordon.EvidenceSlot / time.Microsecond)

// tally is what one transaction learnt about one lane.
type tally struct {
	lane                               laneKey
	facts                              *dispatchFacts
	delivered, bounces, policy, errors int64
}

// errorRun is what one transaction says about the failed tries in a row of one
// subject: so many at its end, with (broken) or without something else before.
type errorRun struct {
	tenant  int64
	subject string
	errors  int64
	broken  bool
}

// countEvidence counts what came back about copies, in the transaction that
// records the tries: a row or two for each lane, whatever the group's size.
func (t *tx) countEvidence(ctx context.Context, items []settled, facts map[laneKey]*dispatchFacts) error {
	tallies, runs, bad := tallyOf(items, facts)
	if len(tallies) == 0 {
		return nil
	}
	list := jsonRows(tallies, func(c *tally) []any {
		f := c.facts
		return []any{c.lane.tenant, c.lane.num, string(f.kind), string(f.template), string(f.account), string(f.key), c.delivered, c.bounces, c.policy, c.errors}
	})
	_, err := t.exec(ctx, `INSERT INTO evidence (tenant, lane, slot, kind, template, account, key_id, delivered, bounces, policy, errors)
		SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT), CAST($2 AS BIGINT), j.value->>2, j.value->>3, j.value->>4, j.value->>5,
			CAST(j.value->>6 AS BIGINT), CAST(j.value->>7 AS BIGINT), CAST(j.value->>8 AS BIGINT), CAST(j.value->>9 AS BIGINT)
		FROM {{rows $1}} j WHERE TRUE
		ON CONFLICT (tenant, lane, slot) DO UPDATE SET delivered = evidence.delivered + excluded.delivered,
			bounces = evidence.bounces + excluded.bounces, policy = evidence.policy + excluded.policy, errors = evidence.errors + excluded.errors`,
		list, slotOf(micros(t.now)))
	if err != nil {
		return fmt.Errorf("count evidence: %w", err)
	}
	if err := t.countRuns(ctx, runs); err != nil {
		return fmt.Errorf("count errors in a row: %w", err)
	}
	if bad {
		t.wake("evidence")
	}
	return nil
}

// tallyOf sums the items by lane, and finds the runs of errors at their ends.
func tallyOf(items []settled, facts map[laneKey]*dispatchFacts) (tallies []*tally, runs []*errorRun, bad bool) {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b settled) int { return cmp.Compare(a.at, b.at) })
	byLane, bySubject := map[laneKey]*tally{}, map[string]*errorRun{}
	for _, it := range items {
		f := facts[it.dispatch]
		kind := cordon.ReplyKind(cordon.Outcome{State: it.outcome, Reply: it.reply, Reason: it.reason})
		if kind == "" || f == nil {
			continue
		}
		lane := laneKey{it.dispatch.tenant, f.lane}
		c := byLane[lane]
		if c == nil {
			c = &tally{lane: lane, facts: f}
			byLane[lane] = c
			tallies = append(tallies, c)
		}
		c.add(kind)
		bad = bad || kind != cordon.EvidenceDelivered
		for _, subject := range runSubjects(f) {
			r := bySubject[subject]
			if r == nil {
				r = &errorRun{tenant: lane.tenant, subject: subject}
				bySubject[subject] = r
				runs = append(runs, r)
			}
			if kind == cordon.EvidenceError {
				r.errors++
			} else {
				r.errors, r.broken = 0, true
			}
		}
	}
	// Always in one order: two transactions must not wait for each other in a circle.
	slices.SortFunc(tallies, func(a, b *tally) int { return compareLanes(a.lane, b.lane) })
	slices.SortFunc(runs, func(a, b *errorRun) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.subject, b.subject))
	})
	return tallies, runs, bad
}

func (c *tally) add(kind cordon.EvidenceKind) {
	switch kind {
	case cordon.EvidenceDelivered:
		c.delivered++
	case cordon.EvidenceBounce:
		c.bounces++
	case cordon.EvidencePolicy:
		c.policy++
	case cordon.EvidenceError:
		c.errors++
	}
}

// runSubjects names whose errors in a row are counted: the bulk dispatch and
// the key.
func runSubjects(f *dispatchFacts) []string {
	var subjects []string
	if f.kind == cordon.Bulk {
		subjects = append(subjects, string(f.id))
	}
	if f.key != "" {
		subjects = append(subjects, string(f.key))
	}
	return subjects
}

// countRuns writes the runs. While nothing fails it reads a few keys and writes
// nothing.
func (t *tx) countRuns(ctx context.Context, runs []*errorRun) error {
	var ended, grown []*errorRun
	for _, r := range runs {
		switch {
		case r.errors > 0:
			grown = append(grown, r)
		case r.broken:
			ended = append(ended, r)
		}
	}
	if len(ended) > 0 {
		list := jsonRows(ended, func(r *errorRun) []any { return []any{r.tenant, r.subject} })
		_, err := t.exec(ctx, `UPDATE error_run SET errors = 0, at = $2 FROM (SELECT CAST(j.value->>0 AS BIGINT) AS tenant, j.value->>1 AS subject FROM {{rows $1}} j) p
			WHERE error_run.tenant = p.tenant AND error_run.subject = p.subject AND error_run.errors <> 0`, list, micros(t.now))
		if err != nil {
			return err
		}
	}
	for _, r := range grown {
		_, err := t.exec(ctx, `INSERT INTO error_run (tenant, subject, errors, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant, subject) DO UPDATE SET at = excluded.at,
				errors = excluded.errors + CASE WHEN CAST($5 AS BOOLEAN) THEN 0 ELSE error_run.errors END`,
			r.tenant, r.subject, r.errors, micros(t.now), r.broken)
		if err != nil {
			return err
		}
	}
	return nil
}

// Evidence counts what came back about the copies that of names, since then.
// Replies to single sends of one dispatch are read from its few copies. An
// unknown dispatch, or one of another tenant, is Missing.
func (s *Store) Evidence(ctx context.Context, of cordon.EvidenceOf) (e cordon.Evidence, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		e = cordon.Evidence{}
		tenant, err := s.tenantNum(ctx, q, of.Tenant)
		if err != nil {
			return err
		}
		if err := s.replies(ctx, q, tenant, of, &e); err != nil {
			return err
		}
		if err := complaints(ctx, q, tenant, of, &e); err != nil {
			return err
		}
		return decoyHits(ctx, q, of, &e)
	})
	return e, wrap(err, "evidence")
}

// replies adds what the relay answered.
func (s *Store) replies(ctx context.Context, q querier, tenant int64, of cordon.EvidenceOf, e *cordon.Evidence) error {
	where, args := evidenceWhere(of, tenant)
	subject := string(of.Key)
	if of.Dispatch != "" {
		var num int64
		var kind cordon.Kind
		err := q.queryRow(ctx, `SELECT d.num, d.kind FROM dispatch d WHERE d.id = $1 AND d.tenant = $2`, string(of.Dispatch), tenant).Scan(&num, &kind)
		if err != nil {
			return orMissing(err, "dispatch")
		}
		if of.Kind != "" && of.Kind != kind {
			return nil
		}
		if !kind.OwnLane() {
			return singleReplies(ctx, q, tenant, num, of.Since, e)
		}
		where, args, subject = `x.tenant = $1 AND x.slot >= $2 AND x.lane = $3`, []any{tenant, firstSlot(of), num}, string(of.Dispatch)
	}
	err := q.queryRow(ctx, `SELECT `+sumReplies+` FROM evidence x WHERE `+where, args...).Scan(&e.Delivered, &e.Bounces, &e.Policy, &e.Errors)
	if err != nil || subject == "" || e.Errors == 0 {
		return err
	}
	err = q.queryRow(ctx, `SELECT r.errors FROM error_run r WHERE r.tenant = $1 AND r.subject = $2`, tenant, subject).Scan(&e.ErrorsRow)
	if e.ErrorsRow = min(e.ErrorsRow, e.Errors); errors.Is(err, sql.ErrNoRows) { // what failed before the window is not of it
		return nil
	}
	return err
}

const sumReplies = `CAST(COALESCE(SUM(x.delivered), 0) AS BIGINT), CAST(COALESCE(SUM(x.bounces), 0) AS BIGINT),
	CAST(COALESCE(SUM(x.policy), 0) AS BIGINT), CAST(COALESCE(SUM(x.errors), 0) AS BIGINT)`

// evidenceWhere is the condition on evidence, named x, of anything but a
// dispatch. What it is about leads to the index.
func evidenceWhere(of cordon.EvidenceOf, tenant int64) (string, []any) {
	where, args := `x.tenant = $1 AND x.slot >= $2`, []any{tenant, firstSlot(of)}
	more := func(text, value string) {
		args = append(args, value)
		where += fmt.Sprintf(text, len(args))
	}
	switch {
	case of.Template != "":
		more(` AND x.template = $%d AND x.template <> ''`, string(of.Template))
	case of.Key != "":
		more(` AND x.key_id = $%d AND x.key_id <> ''`, string(of.Key))
	case of.Account != "":
		more(` AND x.account = $%d`, string(of.Account))
	}
	if of.Kind != "" {
		more(` AND x.kind = $%d`, string(of.Kind))
	}
	return where, args
}

// singleReplies reads the at most 500 copies of a dispatch of single sends.
func singleReplies(ctx context.Context, q querier, tenant, num int64, since time.Time, e *cordon.Evidence) error {
	rows, err := q.query(ctx, `SELECT v.state, COALESCE(v.reply, ''), COUNT(*) FROM delivery v
		WHERE v.tenant = $1 AND v.dispatch = $2 AND v.at >= $3 GROUP BY v.state, v.reply`, tenant, num, micros(since))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var out cordon.Outcome
		var n int64
		if err := rows.Scan(&out.State, &out.Reply, &n); err != nil {
			return err
		}
		switch cordon.ReplyKind(out) {
		case cordon.EvidenceDelivered:
			e.Delivered += n
		case cordon.EvidenceBounce:
			e.Bounces += n
		case cordon.EvidencePolicy:
			e.Policy += n
		case cordon.EvidenceError:
			e.Errors += n
		}
	}
	return rows.Err()
}

// decoyHits adds how often a planted recipient was touched.
func decoyHits(ctx context.Context, q querier, of cordon.EvidenceOf, e *cordon.Evidence) error {
	if of.Kind == cordon.Bulk {
		return nil // no audience holds one
	}
	return q.queryRow(ctx, `SELECT COUNT(*) FROM signal g WHERE g.kind IN ('decoy', 'exit-decoy') AND g.tenant = $1 AND g.at >= $2
		AND ($3 = '' OR g.dispatch = $3) AND ($4 = '' OR g.template = $4) AND ($5 = '' OR g.key_id = $5) AND ($6 = '' OR g.account = $6)`,
		string(of.Tenant), micros(of.Since), string(of.Dispatch), string(of.Template), string(of.Key), string(of.Account)).Scan(&e.Decoys)
}
