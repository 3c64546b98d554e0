package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cordonmail/cordon"
)

const tellingColumns = `SELECT n.tenant, n.incident, n.seq, t.id, t.handle, t.name, n.state, n.told_at, n.told_by, n.because, n.counts,
	n.follow_up, n.template, n.version, n.dispatch, n.followed_by, n.followed_at, n.waived,
	(SELECT COUNT(*) FROM tenant_contact c WHERE c.tenant = n.tenant)
	FROM notice_telling n JOIN tenant t ON t.num = n.tenant `

type numberedTelling struct {
	num int64 // of the tenant
	cordon.Telling
}

func scanTelling(r scanner) (n numberedTelling, err error) {
	var counts string
	var told, followed int64
	err = r.Scan(&n.num, &n.Incident, &n.Seq, &n.Tenant, &n.Handle, &n.Name, &n.State, &told, &n.ToldBy, &n.Because, &counts,
		&n.FollowUp, &n.Template, &n.Version, &n.Dispatch, &n.FollowedBy, &followed, &n.Waived, &n.Contacts)
	if err != nil {
		return n, err
	}
	n.ToldAt, n.FollowedAt = fromMicros(told), fromMicros(followed)
	return n, json.Unmarshal([]byte(counts), &n.Counts)
}

func tellingsOf(all []numberedTelling) []cordon.Telling {
	list := make([]cordon.Telling, len(all))
	for i, n := range all {
		list[i] = n.Telling
	}
	return list
}

// Tellings lists what each tenant is owed of a notice, by handle.
func (s *Store) Tellings(ctx context.Context, id cordon.IncidentID, seq int, p cordon.Page) ([]cordon.Telling, string, error) {
	after, err := afterCursor(p)
	if err != nil {
		return nil, "", err
	}
	var all []numberedTelling
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, tellingColumns+`WHERE n.incident = $1 AND n.seq = $2 AND t.handle > $3 ORDER BY t.handle LIMIT $4`, string(id), seq, after, p.Size()+1)
		all, err = collect(rows, err, scanTelling)
		return err
	})
	all, next := page(all, p, func(n numberedTelling) string { return n.Handle })
	return tellingsOf(all), next, wrap(err, "list tellings")
}

// Telling answers what one tenant is owed of the newest approved notice.
func (s *Store) Telling(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) (n cordon.Telling, err error) {
	err = s.read(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		one, err := scanTelling(q.queryRow(ctx, tellingColumns+`WHERE n.tenant = $1 AND n.incident = $2 ORDER BY n.seq DESC LIMIT 1`, num, string(id)))
		n = one.Telling
		return orMissing(err, "notice")
	})
	return n, wrap(err, "read telling")
}

// TellingsDue lists tenants that can be told now, of every notice in force, or
// whose people are to be written to: n at most, from the cursor on, and the next
// cursor, "" at the end. A planned one without a contact is not among them.
func (s *Store) TellingsDue(ctx context.Context, after string, n int) (all []cordon.Telling, next string, err error) {
	var incident string
	var seq, tenant int64
	key, err := afterCursor(cordon.Page{After: after})
	if err != nil {
		return nil, "", err
	}
	if key != "" {
		if _, err := fmt.Sscanf(key, "%s %d %d", &incident, &seq, &tenant); err != nil {
			return nil, "", badCursor()
		}
	}
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, tellingColumns+`WHERE (n.state = 'planned' OR n.follow_up IN ('planned', 'written')) AND t.state = 'active'
			AND (n.follow_up IN ('planned', 'written') OR EXISTS (SELECT 1 FROM tenant_contact c WHERE c.tenant = n.tenant))
			AND EXISTS (SELECT 1 FROM notice_facts f WHERE f.incident = n.incident AND f.seq = n.seq AND f.state = 'approved')
			AND (n.incident > $1 OR n.incident = $1 AND (n.seq > $2 OR n.seq = $2 AND n.tenant > $3))
			ORDER BY n.incident, n.seq, n.tenant LIMIT $4`, incident, seq, tenant, n)
		found, err := collect(rows, err, scanTelling)
		if err == nil && len(found) == n {
			last := found[n-1]
			next = cursor(fmt.Sprintf("%s %d %d", last.Incident, last.Seq, last.num))
		}
		all = tellingsOf(found)
		return err
	})
	return all, next, wrap(err, "tellings due")
}

// TellingCounts works out a tenant's own share of an incident.
func (s *Store) TellingCounts(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) (c cordon.TellingCounts, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		num, err := s.tenantNum(ctx, q, tenant)
		if err != nil {
			return err
		}
		c, err = tellingCounts(ctx, q, num, id)
		return err
	})
	return c, wrap(err, "count a tenant's share")
}

func tellingCounts(ctx context.Context, q querier, tenant int64, id cordon.IncidentID) (c cordon.TellingCounts, err error) {
	var first, last *int64
	err = q.queryRow(ctx, `SELECT COUNT(*) FILTER (WHERE v.state = 'delivered'), COUNT(*) FILTER (WHERE v.state <> 'delivered'), COUNT(DISTINCT v.recipient),
		COUNT(DISTINCT CASE WHEN `+mailable+` THEN v.recipient END), MIN(CASE WHEN v.state = 'delivered' THEN v.at END), MAX(CASE WHEN v.state = 'delivered' THEN v.at END)
		FROM dispatch a CROSS JOIN delivery v JOIN recipient r ON r.tenant = v.tenant AND r.num = v.recipient
		WHERE a.tenant = $1 AND `+ofIncident("a", "$2")+` AND v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps) AND NOT r.decoy`,
		tenant, string(id)).Scan(&c.Delivered, &c.Unknown, &c.People, &c.Mailable, &first, &last)
	c.Beyond = c.People - c.Mailable
	c.FirstAt, c.LastAt = fromMicros(orZero(first)), fromMicros(orZero(last))
	return c, err
}

// RecordTold puts the messages of several tenants into the outbox and marks the
// tenants told, in one transaction. A tenant that was told meanwhile is left out.
// What the tenants' clocks ask of the operator is met by it.
func (s *Store) RecordTold(ctx context.Context, by cordon.Actor, all []cordon.TenantTold) error {
	err := s.write(ctx, func(t *tx) error {
		var letters []cordon.Outgoing
		for _, told := range all {
			num, err := s.tenantNum(ctx, t, told.Tenant)
			if err != nil {
				return err
			}
			res, err := t.exec(ctx, `UPDATE notice_telling SET state = 'told', told_at = $4, told_by = $5, counts = $6 WHERE tenant = $1 AND incident = $2 AND seq = $3 AND state = 'planned'`,
				num, string(told.Incident), told.Seq, micros(t.now), by.Person(), jsonText(told.Counts))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue
			}
			letters = append(letters, told.Letters...)
			t.append(entry(by, cordon.EntryNoticeSent, told.Tenant, string(told.Incident), map[string]any{
				"seq": told.Seq, "what": "tenant", "contacts": len(told.Letters), "delivered": told.Counts.Delivered, "unknown": told.Counts.Unknown, "people": told.Counts.People}))
			if err := t.meetClocks(ctx, num, told.Incident, cordon.MetByTelling, fmt.Sprintf("told with its list, notice %d", told.Seq)); err != nil {
				return err
			}
		}
		return t.enqueue(ctx, letters...)
	})
	return wrap(err, "tell tenants")
}

// ToldOtherwise records that a person told a tenant by other means: one that has
// no contact, or whose messages all failed.
func (s *Store) ToldOtherwise(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.IncidentID, because string) error {
	err := s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, tenant)
		if err != nil {
			return err
		}
		f, err := approvedNotice(ctx, t, id)
		if err != nil {
			return err
		}
		counts, err := tellingCounts(ctx, t, num, id)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `UPDATE notice_telling SET state = 'told-otherwise', told_at = $4, told_by = $5, because = $6, counts = $7 WHERE tenant = $1 AND incident = $2 AND seq = $3 AND state IN ('planned', 'told')`,
			num, string(id), f.Seq, micros(t.now), by.Person(), because, jsonText(counts))
		if err := changedOne(res, err, "the tenant is not one that is told of this notice, or it was told otherwise already"); err != nil {
			return err
		}
		t.append(entry(by, cordon.EntryNoticeSent, tenant, string(id), map[string]any{"seq": f.Seq, "what": "tenant", "otherwise": because}))
		return t.meetClocks(ctx, num, id, cordon.MetByTelling, because)
	})
	return wrap(err, "told otherwise")
}

// NoticeReach counts whom a notice of the incident would reach if it were approved
// now.
func (s *Store) NoticeReach(ctx context.Context, id cordon.IncidentID) (reach cordon.NoticeReach, err error) {
	const most = 100
	err = s.snapshot(ctx, func(q querier) error {
		reach = cordon.NoticeReach{NoContact: []string{}}
		rows, err := q.query(ctx, `SELECT t.handle, x.people, x.mailable, (SELECT COUNT(*) FROM tenant_contact c WHERE c.tenant = x.tenant) FROM (
			SELECT a.tenant, COUNT(DISTINCT v.recipient) AS people, COUNT(DISTINCT CASE WHEN `+mailable+` THEN v.recipient END) AS mailable
			FROM dispatch a CROSS JOIN delivery v JOIN recipient r ON r.tenant = v.tenant AND r.num = v.recipient
			WHERE `+ofIncident("a", "$1")+` AND v.tenant = a.tenant AND v.dispatch = a.num AND (v.state = 'delivered' OR v.perhaps) AND NOT r.decoy
			GROUP BY a.tenant) x JOIN tenant t ON t.num = x.tenant WHERE t.state = 'active' ORDER BY t.handle`, string(id))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var handle string
			var people, mail, contacts int64
			if err := rows.Scan(&handle, &people, &mail, &contacts); err != nil {
				return err
			}
			reach.Tenants, reach.People, reach.Mailable, reach.Beyond, reach.Contacts = reach.Tenants+1, reach.People+people, reach.Mailable+mail, reach.Beyond+people-mail, reach.Contacts+contacts
			switch {
			case contacts > 0:
				reach.Told++
			case len(reach.NoContact) < most:
				reach.NoContact = append(reach.NoContact, handle)
			}
		}
		return rows.Err()
	})
	return reach, wrap(err, "notice reach")
}
