package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// heldOnly chooses held dispatches by the index of what is not over: without
// its own words the planner of one engine does not see that it may.
const heldOnly = `d.state <> 'done' AND d.state = 'held'`

// heldWhere is the filter as SQL, with its arguments behind those given. A
// number added to nothing keeps a time from being read off the index of all
// dispatches, held or not.
func (s *Store) heldWhere(ctx context.Context, q querier, tenant cordon.TenantID, f cordon.HoldFilter, args []any) (string, []any, error) {
	var where strings.Builder
	where.WriteString(heldOnly)
	and := func(text string, arg any) {
		args = append(args, arg)
		where.WriteString(" AND " + strings.ReplaceAll(text, "?", "$"+strconv.Itoa(len(args))))
	}
	for _, t := range []cordon.TenantID{tenant, f.Tenant} {
		if t == "" {
			continue
		}
		num, err := s.tenantNum(ctx, q, t)
		if err != nil {
			return "", nil, err
		}
		and("d.tenant = ?", num)
	}
	if tenant == "" && f.Tenant == "" {
		where.WriteString(" AND d.tenant > 0")
	}
	for _, p := range []struct{ column, value string }{
		{"d.template", string(f.Template)}, {"d.key_id", string(f.Key)}, {"d.account", string(f.Account)}, {"d.kind", string(f.Kind)},
	} {
		if p.value != "" {
			and(p.column+" = ?", p.value)
		}
	}
	if f.Check != "" { // written by formatReasons, and quoted there: a message cannot look like it
		and(`d.reasons LIKE ?`, `%{"check":"`+f.Check+`","decision":"hold"%`)
	}
	if !f.From.IsZero() {
		and("d.accepted_at + 0 >= ?", micros(f.From))
	}
	if !f.Until.IsZero() {
		and("d.accepted_at + 0 < ?", micros(f.Until))
	}
	if len(f.Dispatches) > 0 {
		and("d.id IN (SELECT r.value FROM {{texts ?}} r)", jsonText(f.Dispatches))
	}
	return where.String(), args, nil
}

// HeldDispatches lists what is held, of one tenant or ("") of all, the newest
// or the oldest first.
func (s *Store) HeldDispatches(ctx context.Context, tenant cordon.TenantID, f cordon.HoldFilter, oldest bool, p cordon.Page) ([]cordon.Dispatch, string, error) {
	at, id, err := afterPair(p)
	if err != nil {
		return nil, "", err
	}
	sign, order := "<", "DESC"
	if oldest {
		sign, order = ">", "ASC"
	} else if p.After == "" {
		at = never
	}
	var all []numberedDispatch
	err = s.snapshot(ctx, func(q querier) error {
		where, args, err := s.heldWhere(ctx, q, tenant, f, []any{at, id, p.Size() + 1})
		if err != nil {
			return err
		}
		where += ` AND (d.accepted_at + 0 ` + sign + ` $1 OR (d.accepted_at + 0 = $1 AND d.id ` + sign + ` $2))`
		rows, err := q.query(ctx, dispatchColumns+where+` ORDER BY d.accepted_at + 0 `+order+`, d.id `+order+` LIMIT $3`, args...)
		if all, err = collect(rows, err, scanDispatch); err != nil {
			return err
		}
		for i := range all {
			num, err := s.tenantNum(ctx, q, all[i].d.Tenant)
			if err == nil {
				err = withCounts(ctx, q, num, &all[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", wrap(err, "held dispatches")
	}
	all, next := page(all, p, func(n numberedDispatch) string { return pairKey(n.d.AcceptedAt, string(n.d.ID)) })
	return bare(all), next, nil
}

// HeldSet answers the held dispatches that a bulk act would take: the oldest
// first, at most so many, without counts by state, and how many there are in all.
func (s *Store) HeldSet(ctx context.Context, tenant cordon.TenantID, f cordon.HoldFilter, most int) (set []cordon.Dispatch, dispatches int, err error) {
	var all []numberedDispatch
	err = s.snapshot(ctx, func(q querier) error {
		where, args, err := s.heldWhere(ctx, q, tenant, f, []any{most})
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, dispatchColumns+where+` ORDER BY d.accepted_at + 0, d.id LIMIT $1`, args...)
		if all, err = collect(rows, err, scanDispatch); err != nil {
			return err
		}
		if dispatches = len(all); dispatches == most {
			dispatches, _, err = s.countHeld(ctx, q, tenant, f)
		}
		return err
	})
	return bare(all), dispatches, wrap(err, "held dispatches")
}

func bare(all []numberedDispatch) []cordon.Dispatch {
	list := make([]cordon.Dispatch, len(all))
	for i, n := range all {
		list[i] = n.d
	}
	return list
}

// CountHeld counts what is held and matches, of one tenant or ("") of all.
func (s *Store) CountHeld(ctx context.Context, tenant cordon.TenantID, f cordon.HoldFilter) (dispatches int, copies int64, err error) {
	err = s.read(ctx, func(q querier) error {
		dispatches, copies, err = s.countHeld(ctx, q, tenant, f)
		return err
	})
	return dispatches, copies, wrap(err, "count held dispatches")
}

func (s *Store) countHeld(ctx context.Context, q querier, tenant cordon.TenantID, f cordon.HoldFilter) (dispatches int, copies int64, err error) {
	where, args, err := s.heldWhere(ctx, q, tenant, f, nil)
	if err != nil {
		return 0, 0, err
	}
	err = q.queryRow(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(d.recipients), 0) AS BIGINT) FROM dispatch d WHERE `+where, args...).Scan(&dispatches, &copies)
	return dispatches, copies, err
}

// holdQueue is the subject of a request that is about several dispatches.
const holdQueue = "holds"

// AskHold writes down that a first person asked to release or discard.
func (s *Store) AskHold(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, ask cordon.HoldAsk) error {
	subject := holdQueue
	if ask.Dispatch != "" {
		subject = string(ask.Dispatch)
	}
	err := s.write(ctx, func(t *tx) error {
		t.append(cordon.Entry{Kind: cordon.EntryHoldAsked, Tenant: tenant, Actor: by.ID(), Subject: subject, Body: mustJSON(ask)})
		return nil
	})
	return wrap(err, "ask for a second person")
}

const maxAsks = 500

// HoldAsks answers what first people asked for since then, the newest first:
// about these dispatches, and about several at once. With a tenant, only what
// was asked within it.
func (s *Store) HoldAsks(ctx context.Context, tenant cordon.TenantID, about []cordon.DispatchID, since time.Time) (asks []cordon.HoldAsk, err error) {
	subjects := []string{holdQueue}
	for _, id := range about {
		subjects = append(subjects, string(id))
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT `+entryColumns+` FROM entry e WHERE e.subject IN (SELECT r.value FROM {{texts $1}} r)
			AND e.kind = 'hold.asked' AND e.at >= $2 AND ($3 = '' OR e.tenant = $3) ORDER BY e.num DESC LIMIT $4`,
			jsonText(subjects), micros(since), string(tenant), maxAsks)
		asks, err = collect(rows, err, func(r scanner) (cordon.HoldAsk, error) {
			e, err := scanEntry(r)
			if err != nil {
				return cordon.HoldAsk{}, err
			}
			var a cordon.HoldAsk
			if err := json.Unmarshal(e.Body, &a); err != nil {
				return a, fmt.Errorf("ledger entry %d: %w", e.Num, err)
			}
			return a, nil
		})
		return err
	})
	return asks, wrap(err, "requests for a second person")
}

// ApprovedAround answers the last version before this one that was ever
// approved, nil for none, and the number of the newest approved one behind it,
// 0 for none. A template of free content has as many versions as it had orders,
// so they are not all read.
func (s *Store) ApprovedAround(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (before *cordon.Version, newer int, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT `+versionColumns+` FROM version
			WHERE tenant = $1 AND template = $2 AND number < $3 AND approved_at <> 0 ORDER BY number DESC LIMIT 1`, num, string(template), number)
		found, err := collect(rows, err, func(r scanner) (cordon.Version, error) { return scanVersion(r, tenant) })
		if err != nil {
			return err
		}
		if before = nil; len(found) > 0 {
			before = &found[0]
		}
		return q.queryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM version
			WHERE tenant = $1 AND template = $2 AND number > $3 AND state = 'approved'`, num, string(template), number).Scan(&newer)
	})
	return before, newer, wrap(err, "approved versions")
}

// noteBody is what the ledger keeps of a release or a discard.
func noteBody(copies int64, note cordon.HoldNote) json.RawMessage {
	body := map[string]any{"copies": copies}
	if note.Reason != "" {
		body["reason"] = note.Reason
	}
	if note.AskedBy != "" {
		body["asked_by"] = note.AskedBy
	}
	return mustJSON(body)
}

const (
	historyDays  = 28
	day          = 24 * hour
	holdsShown   = 10
	holdsSearch  = 2000 // orders of the sender that are looked through for them
	heldReasonIs = `%"decision":"hold"%`
)

// SenderHistory answers what the key of a dispatch, or without one its account,
// has sent for the tenant before, in counts.
func (s *Store) SenderHistory(ctx context.Context, d cordon.Dispatch) (h cordon.SenderHistory, err error) {
	today := micros(s.now()) / day
	first := today - historyDays + 1
	var past []cordon.PastHold
	copies := map[int64]int64{}
	err = s.snapshot(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, d.Tenant)
		if err != nil {
			return err
		}
		// Served by dispatch_key: people who use no key share its empty one.
		const his = `d.key_id = $2 AND d.tenant = $1 AND d.account = $3 AND d.actor = $4 AND d.state NOT IN ('accepting', 'void')`
		args := []any{num, string(d.Key), string(d.Account), d.Actor}
		var firstAt int64
		err = q.queryRow(ctx, `SELECT COALESCE((SELECT d.accepted_at FROM dispatch d WHERE `+his+` ORDER BY d.accepted_at LIMIT 1), 0)`, args...).Scan(&firstAt)
		if err != nil {
			return err
		}
		h.FirstAt = fromMicros(firstAt)
		if err := sentByDay(ctx, q, d, num, first, copies); err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT x.id, x.accepted_at, x.recipients, x.state, x.reasons FROM (
				SELECT d.id, d.accepted_at, d.recipients, d.state, d.reasons FROM dispatch d WHERE `+his+` ORDER BY d.accepted_at DESC LIMIT $5) x
			WHERE x.id <> $6 AND (x.state IN ('held', 'discarded') OR x.reasons LIKE $7) ORDER BY x.accepted_at DESC LIMIT $8`,
			append(args, holdsSearch, string(d.ID), heldReasonIs, holdsShown)...)
		past, err = collect(rows, err, scanPastHold)
		return err
	})
	h.Holds = past
	for n := first; n <= today; n++ {
		h.Days = append(h.Days, cordon.DayCopies{Day: fromMicros(n * day), Copies: copies[n]})
	}
	return h, wrap(err, "history of the sender")
}

// sentByDay adds up what was accepted of the sender, by the number of the day:
// of a key from its hours, of a person without one from the dispatches.
func sentByDay(ctx context.Context, q querier, d cordon.Dispatch, tenant, first int64, into map[int64]int64) error {
	text := `SELECT u.hour / 24, CAST(SUM(u.copies) AS BIGINT) FROM usage_hour u WHERE u.tenant = $1 AND u.hour >= $2 AND u.key_id = $3 GROUP BY u.hour / 24`
	args := []any{tenant, first * 24, string(d.Key)}
	if d.Key == "" {
		text = `SELECT d.accepted_at / ` + strconv.FormatInt(day, 10) + `, CAST(SUM(d.recipients) AS BIGINT) FROM dispatch d
			WHERE d.key_id = '' AND d.accepted_at >= $2 AND d.tenant = $1 AND d.account = $3 AND d.actor = $4 AND d.state NOT IN ('accepting', 'void') GROUP BY 1`
		args = []any{tenant, first * day, string(d.Account), d.Actor}
	}
	rows, err := q.query(ctx, text, args...)
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var n, copies int64
		err := r.Scan(&n, &copies)
		into[n] = copies
		return struct{}{}, err
	})
	return err
}

func scanPastHold(r scanner) (cordon.PastHold, error) {
	var p cordon.PastHold
	var at int64
	var text string
	if err := r.Scan(&p.Dispatch, &at, &p.Recipients, &p.State, &text); err != nil {
		return p, err
	}
	p.AcceptedAt = fromMicros(at)
	reasons, err := parseReasons(text)
	if err != nil {
		return p, fmt.Errorf("dispatch %s: reasons: %w", p.Dispatch, err)
	}
	for _, reason := range reasons {
		if reason.Decision.Effective() == cordon.Hold && !slices.Contains(p.Checks, reason.Check) {
			p.Checks = append(p.Checks, reason.Check)
		}
	}
	return p, nil
}
