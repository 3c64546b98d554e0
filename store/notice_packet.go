package store

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// MaxPacketRows bounds one part of a tenant's list.
const MaxPacketRows = 5000

// howTold ranks where the follow-ups of one recipient stand; the best counts.
const howTold = `MAX(CASE WHEN n.state = 'delivered' THEN 4 WHEN n.perhaps THEN 3 WHEN n.state IN ('queued', 'sending', 'deferred', 'held') THEN 2 WHEN n.state IN ('bounced', 'refused', 'cut') THEN 1 ELSE 0 END)`

// PacketRows lists a tenant's copies in an incident that were delivered, or
// perhaps, and how each recipient is told of it: n at most, 1 to MaxPacketRows, in
// the order of dispatch and sequence number. Nothing is opened.
func (s *Store) PacketRows(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID, after string, n int) (list []cordon.PacketRow, next string, err error) {
	key, err := afterCursor(cordon.Page{After: after})
	if err != nil {
		return nil, "", err
	}
	var dispatch, seq int64
	if key != "" {
		if _, err := fmt.Sscanf(key, "%d %d", &dispatch, &seq); err != nil {
			return nil, "", badCursor()
		}
	}
	n = min(max(n, 1), MaxPacketRows)
	type placed struct {
		dispatch, seq int64
		cordon.PacketRow
	}
	var found []placed
	err = s.snapshot(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `WITH told AS (SELECT n.recipient, `+howTold+` AS how FROM dispatch d CROSS JOIN delivery n
			WHERE d.tenant = $1 AND d.kind = 'notice' AND d.audience = $2 AND d.state NOT IN ('accepting', 'void') AND n.tenant = d.tenant AND n.dispatch = d.num GROUP BY n.recipient)
			SELECT a.num, v.seq, a.id, `+countedState("v")+`, v.at, r.id, r.external_ref, r.state, r.suppressed, COALESCE(h.how, 0)
			FROM dispatch a CROSS JOIN delivery v JOIN recipient r ON r.tenant = v.tenant AND r.num = v.recipient LEFT JOIN told h ON h.recipient = v.recipient
			WHERE a.tenant = $1 AND `+ofIncident("a", "$2")+` AND v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps) AND NOT r.decoy
			AND (a.num > $3 OR (a.num = $3 AND v.seq > $4)) ORDER BY a.num, v.seq LIMIT $5`, num, string(id), dispatch, seq, n+1)
		found, err = collect(rows, err, func(r scanner) (placed, error) {
			p := placed{}
			p.Tenant = tenant
			var at int64
			var state cordon.RecipientState
			var suppressed bool
			var how int
			err := r.Scan(&p.dispatch, &p.seq, &p.Dispatch, &p.State, &at, &p.Recipient, &p.ExternalRef, &state, &suppressed, &how)
			p.At, p.Told = fromMicros(at), toldBy(how, state, suppressed)
			return p, err
		})
		return err
	})
	if err != nil {
		return nil, "", wrap(err, "packet")
	}
	if len(found) > n {
		found = found[:n]
		last := found[n-1]
		next = cursor(fmt.Sprintf("%d %d", last.dispatch, last.seq))
	}
	for _, p := range found {
		list = append(list, p.PacketRow)
	}
	return list, next, nil
}

func toldBy(how int, state cordon.RecipientState, suppressed bool) cordon.ToldBy {
	switch {
	case how == 4:
		return cordon.ToldMailed
	case how == 3:
		return cordon.ToldPerhaps
	case how == 2:
		return cordon.ToldQueued
	case how == 1:
		return cordon.ToldBounced
	case state != cordon.RecipientActive:
		return cordon.ToldErased
	case suppressed:
		return cordon.ToldSuppressed
	}
	return cordon.ToldNotYet
}

// PacketTaken records that somebody takes a tenant's list, before it goes out.
func (s *Store) PacketTaken(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.IncidentID, revealed bool) error {
	err := s.write(ctx, func(t *tx) error {
		t.append(entry(by, cordon.EntryPacketTaken, tenant, string(id), map[string]any{"revealed": revealed}))
		return nil
	})
	return wrap(err, "packet taken")
}

// LetterFields lists the merge fields that the letters of an incident showed a
// tenant's people: names of fields, nobody's data.
func (s *Store) LetterFields(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) (names []string, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT DISTINCT a.template, a.version FROM dispatch a WHERE a.tenant = $1 AND `+ofIncident("a", "$2")+` AND a.template <> ''`, num, string(id))
		type letter struct {
			template cordon.TemplateID
			number   int
		}
		letters, err := collect(rows, err, func(r scanner) (l letter, err error) { return l, r.Scan(&l.template, &l.number) })
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, l := range letters {
			v, err := s.version(ctx, q, tenant, l.template, l.number)
			if cordon.CodeOf(err) == cordon.Missing {
				continue
			}
			if err != nil {
				return err
			}
			for _, f := range v.Content.Fields {
				seen[f.Name] = true
			}
		}
		names = sortedNames(seen)
		return nil
	})
	return names, wrap(err, "letter fields")
}

// IncidentReads counts, for one tenant, who opened personal data between the two
// times, by actor as the ledger names them.
func (s *Store) IncidentReads(ctx context.Context, tenant cordon.TenantID, from, until int64) (map[string]int64, error) {
	reads := map[string]int64{}
	err := s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT e.actor, COUNT(*) FROM entry e WHERE e.kind = 'personal-data.read' AND e.tenant = $1 AND e.at >= $2 AND e.at < $3 GROUP BY e.actor`, string(tenant), from, until)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var who string
			var n int64
			if err := rows.Scan(&who, &n); err != nil {
				return err
			}
			reads[who] = n
		}
		return rows.Err()
	})
	return reads, wrap(err, "count reads")
}

// IncidentSenders lists by whom what the incident is about was ordered at a
// tenant, as the ledger names actors.
func (s *Store) IncidentSenders(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) (actors []string, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		rows, err := q.query(ctx, `SELECT DISTINCT a.actor FROM dispatch a WHERE a.tenant = $1 AND `+ofIncident("a", "$2")+` ORDER BY a.actor`, num, string(id))
		actors, err = collect(rows, err, func(r scanner) (who string, err error) { return who, r.Scan(&who) })
		return err
	})
	return actors, wrap(err, "list senders")
}

// IncidentLetter answers the letter of which most copies arrived, or perhaps did,
// in the incident: what a person is asked whether he saw. Missing when none is
// known, as of mail that did not come from here.
func (s *Store) IncidentLetter(ctx context.Context, id cordon.IncidentID) (c cordon.Content, err error) {
	err = s.read(ctx, func(q querier) error {
		var tenant int64
		var template cordon.TemplateID
		var number int
		err := q.queryRow(ctx, `SELECT a.tenant, a.template, a.version FROM dispatch a CROSS JOIN delivery v
			WHERE `+ofIncident("a", "$1")+` AND a.template <> '' AND v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps)
			GROUP BY a.tenant, a.template, a.version ORDER BY COUNT(*) DESC, a.tenant, a.template LIMIT 1`, string(id)).Scan(&tenant, &template, &number)
		if err != nil {
			return orMissing(err, "letter")
		}
		owner, err := s.tenantID(ctx, q, tenant)
		if err != nil {
			return err
		}
		v, err := s.version(ctx, q, owner, template, number)
		c = v.Content
		return err
	})
	return c, wrap(err, "letter of an incident")
}
