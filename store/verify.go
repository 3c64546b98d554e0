package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cordonmail/cordon"
)

// VerifyStored says whether the rows an entry speaks of still say what it says;
// nil also for entries that speak of no rows of the queue.
//
//	dispatch.accepted, .held   the copies are all there, for the same recipients, and each stands
//	                           where the entries about it, taken in order, leave it
//	attempts, swept            final outcomes still stand; of others the copies are still there
//	stop.placed, .lifted       the stop has the scope, the words and the answer it was given
//	incident.*                 the line of the timeline says what was written
func (s *Store) VerifyStored(ctx context.Context, e cordon.Entry) error {
	err := s.snapshot(ctx, func(q querier) error {
		switch e.Kind {
		case cordon.EntryDispatchAccepted, cordon.EntryDispatchHeld:
			return verifyAccepted(ctx, q, e)
		case cordon.EntryAttempts, cordon.EntrySwept:
			return verifyAttempts(ctx, q, e)
		case cordon.EntryStopPlaced, cordon.EntryStopLifted:
			return verifyStop(ctx, q, e)
		case cordon.EntryIncidentOpened, cordon.EntryIncidentMoved, cordon.EntryIncidentChanged, cordon.EntryIncidentNoted:
			return verifyIncidentLine(ctx, q, e)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("entry %d (%s): %w", e.Num, e.Kind, err)
	}
	return nil
}

// placeOf finds the dispatch an entry is about.
func placeOf(ctx context.Context, q querier, e cordon.Entry) (k laneKey, err error) {
	err = q.queryRow(ctx, `SELECT d.tenant, d.num FROM dispatch d WHERE d.id = $1 AND d.tenant_id = $2`, e.Subject, string(e.Tenant)).Scan(&k.tenant, &k.num)
	if errors.Is(err, sql.ErrNoRows) {
		return k, errors.New("the tenant has no such dispatch")
	}
	return k, err
}

func verifyAttempts(ctx context.Context, q querier, e cordon.Entry) error {
	var b attemptsBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	seqs, err := parseSpans(b.Seqs)
	if err != nil {
		return err
	}
	if seqs.size() != b.Copies {
		return fmt.Errorf("names %d copies and counts %d", seqs.size(), b.Copies)
	}
	k, err := placeOf(ctx, q, e)
	if err != nil {
		return err
	}
	for _, r := range seqs {
		var there, same int64
		err := q.queryRow(ctx, `SELECT COUNT(*), COUNT(*) FILTER (WHERE v.state = $5) FROM delivery v
			WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq BETWEEN $3 AND $4`, k.tenant, k.num, r.from, r.to, string(b.state())).Scan(&there, &same)
		switch {
		case err != nil:
			return err
		case there != r.size():
			return fmt.Errorf("of copies %s %d are gone", spans{r}, r.size()-there)
		case b.state().Final() && same != r.size():
			return fmt.Errorf("of copies %s %d are no longer %s", spans{r}, r.size()-same, b.state())
		}
	}
	return nil
}

// verifyAccepted replays every entry about the dispatch and compares each copy
// with what they come to: one byte a copy is kept.
func verifyAccepted(ctx context.Context, q querier, e cordon.Entry) error {
	var b acceptedBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	k, err := placeOf(ctx, q, e)
	if err != nil {
		return err
	}
	if err := verifyDispatchRow(ctx, q, k, b); err != nil {
		return err
	}
	digest := sha256.New()
	count := 0
	for {
		text, n, _, err := recipientsFrom(ctx, q, k.tenant, k.num, int64(count))
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		addDigest(digest, text, count > 0)
		count += n
	}
	if count != b.Recipients {
		return fmt.Errorf("was accepted for %d recipients; %d copies are there", b.Recipients, count)
	}
	if sum := hex.EncodeToString(digest.Sum(nil)); sum != b.Digest {
		return errors.New("its copies are not for the recipients it was accepted for")
	}
	states, err := replay(ctx, q, e, b)
	if err != nil {
		return err
	}
	return compareStates(ctx, q, k, states)
}

func verifyDispatchRow(ctx context.Context, q querier, k laneKey, b acceptedBody) error {
	var kind, template, hash, audience, account, key string
	var version, recipients int
	err := q.queryRow(ctx, `SELECT d.kind, d.template, d.version, d.hash, d.audience, d.account, d.key_id, d.recipients FROM dispatch d WHERE d.tenant = $1 AND d.num = $2`,
		k.tenant, k.num).Scan(&kind, &template, &version, &hash, &audience, &account, &key, &recipients)
	if err != nil {
		return err
	}
	if kind != string(b.Kind) || template != string(b.Template) || version != b.Version || hash != b.Hash || audience != string(b.Audience) ||
		account != string(b.Account) || key != string(b.Key) || recipients != b.Recipients {
		return errors.New("the dispatch's row says something else")
	}
	return nil
}

// replay takes the entries about a dispatch in their order: the state each copy
// must be in, by index of cordon.DeliveryStates, at seq - 1.
func replay(ctx context.Context, q querier, e cordon.Entry, b acceptedBody) ([]byte, error) {
	index := map[cordon.DeliveryState]byte{}
	for i, state := range cordon.DeliveryStates() {
		index[state] = byte(i)
	}
	states := make([]byte, b.Recipients)
	if b.State == cordon.DispatchHeld {
		for i := range states {
			states[i] = index[cordon.HeldState]
		}
	}
	rows, err := q.query(ctx, `SELECT `+entryColumns+` FROM entry e WHERE e.subject = $1 AND e.num > $2 ORDER BY e.num`, e.Subject, e.Num)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		later, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		if later.Kind != cordon.EntryAttempts && later.Kind != cordon.EntrySwept {
			continue
		}
		var body attemptsBody
		if err := json.Unmarshal(later.Body, &body); err != nil {
			return nil, fmt.Errorf("entry %d: body: %w", later.Num, err)
		}
		seqs, err := parseSpans(body.Seqs)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", later.Num, err)
		}
		to, known := index[body.state()]
		if !known || slices.ContainsFunc(seqs, func(s span) bool { return s.to > int64(len(states)) }) {
			return nil, fmt.Errorf("entry %d speaks of copies that were never accepted", later.Num)
		}
		for seq := range seqs.seqs() {
			if states[seq-1] == index[cordon.Uncertain] && body.state() != cordon.Uncertain && body.state() != cordon.Delivered {
				return nil, fmt.Errorf("copy %d was perhaps delivered; entry %d forgets that", seq, later.Num)
			}
			states[seq-1] = to
		}
	}
	return states, rows.Err()
}

// compareStates compares every copy with the ledger. A copy that is being sent
// stands nowhere else yet: the ledger must have it open, and its row must still
// say whether it was perhaps delivered before.
func compareStates(ctx context.Context, q querier, k laneKey, states []byte) error {
	words := cordon.DeliveryStates()
	rows, err := q.query(ctx, `SELECT v.seq, v.state, v.perhaps FROM delivery v WHERE v.tenant = $1 AND v.dispatch = $2 ORDER BY v.seq`, k.tenant, k.num)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var is cordon.DeliveryState
		var perhaps bool
		if err := rows.Scan(&seq, &is, &perhaps); err != nil {
			return err
		}
		if seq < 1 || seq > int64(len(states)) {
			return fmt.Errorf("copy %d was never accepted", seq)
		}
		said := words[states[seq-1]]
		if is != said && !(is == cordon.Sending && said.Open()) {
			return fmt.Errorf("copy %d is %s; the ledger says %s", seq, is, said)
		}
		if is == cordon.Sending && perhaps != (said == cordon.Uncertain) {
			return fmt.Errorf("copy %d is being sent, and was perhaps delivered before: %v; the ledger says %v", seq, perhaps, !perhaps)
		}
	}
	return rows.Err()
}

func verifyStop(ctx context.Context, q querier, e cordon.Entry) error {
	_, stop, err := scanStop(q.queryRow(ctx, `SELECT `+stopColumns+` FROM stop s WHERE s.id = $1`, e.Subject))
	if err != nil {
		return orMissing(err, "stop")
	}
	if e.Kind == cordon.EntryStopLifted {
		var b struct {
			Disposition cordon.Disposition `json:"disposition"`
		}
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return fmt.Errorf("body: %w", err)
		}
		if stop.Disposition != b.Disposition || stop.LiftedBy != e.Actor {
			return errors.New("the stop's row says something else of its end")
		}
		return nil
	}
	var said cordon.Stop
	if err := json.Unmarshal(e.Body, &said); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if stop.Scope != said.Scope || stop.Reason != said.Reason || stop.PlacedBy != said.PlacedBy || !stop.PlacedAt.Equal(said.PlacedAt) || stop.Answer != said.Answer {
		return errors.New("the stop's row says something else")
	}
	if (!stop.LiftedAt.IsZero() || stop.Disposition != "") && !liftedIn(ctx, q, e) {
		return errors.New("the stop is lifted, and no entry says so")
	}
	return nil
}

func liftedIn(ctx context.Context, q querier, e cordon.Entry) bool {
	var n int64
	err := q.queryRow(ctx, `SELECT COUNT(*) FROM entry e WHERE e.subject = $1 AND e.kind = 'stop.lifted' AND e.num > $2`, e.Subject, e.Num).Scan(&n)
	return err == nil && n > 0
}
