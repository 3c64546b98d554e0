package store

import (
	"context"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// CopyOf answers the copy at ref, and Missing when there is none. It names its
// recipient by the opaque ID alone, and opens nothing. Whoever asks must hold the
// copy's code: see cordon.Codebook.
func (s *Store) CopyOf(ctx context.Context, ref cordon.Ref) (c cordon.CopyFacts, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		c, err = s.copyOf(ctx, q, ref)
		return err
	})
	return c, wrap(err, "copy")
}

func (s *Store) copyOf(ctx context.Context, q querier, ref cordon.Ref) (cordon.CopyFacts, error) {
	c := cordon.CopyFacts{Ref: cordon.Ref{Tenant: ref.Tenant, Dispatch: ref.Dispatch, Seq: ref.Seq}}
	var at int64
	err := q.queryRow(ctx, `SELECT t.id, t.name, d.id, d.kind, d.template, d.version, d.account, d.key_id, d.exercise, COALESCE(r.id, ''),
		v.state, v.perhaps OR v.state = 'delivered', v.at
		FROM delivery v JOIN dispatch d ON d.tenant = v.tenant AND d.num = v.dispatch JOIN tenant t ON t.num = v.tenant
		LEFT JOIN recipient r ON r.tenant = v.tenant AND r.num = v.recipient
		WHERE v.tenant = $1 AND v.dispatch = $2 AND v.seq = $3 AND d.state NOT IN ('accepting', 'void')`, ref.Tenant, ref.Dispatch, ref.Seq).
		Scan(&c.Tenant, &c.TenantName, &c.Dispatch, &c.Kind, &c.Template, &c.Version, &c.Account, &c.Key, &c.Exercise, &c.Recipient, &c.State, &c.HandedOver, &at)
	if err != nil {
		return c, orMissing(err, "copy")
	}
	c.At = fromMicros(at)
	if err := s.copyText(ctx, q, &c); err != nil {
		return c, err
	}
	rows, err := q.query(ctx, `SELECT DISTINCT i.incident FROM incident_scope i JOIN dispatch d ON d.tenant = $1 AND d.num = $2
		WHERE `+ofIncident("d", "i.incident")+` ORDER BY i.incident`, ref.Tenant, ref.Dispatch)
	c.Incidents, err = collect(rows, err, func(r scanner) (id cordon.IncidentID, err error) { return id, r.Scan(&id) })
	return c, err
}

// copyText adds subject and sender of the approved version. What somebody wrote
// freely for one send is told to nobody.
func (s *Store) copyText(ctx context.Context, q querier, c *cordon.CopyFacts) error {
	v, err := s.version(ctx, q, c.Tenant, c.Template, c.Version)
	if cordon.CodeOf(err) == cordon.Missing {
		return nil
	}
	if err != nil {
		return err
	}
	c.From = v.Content.FromAddress
	var handle string
	err = q.queryRow(ctx, `SELECT t.handle FROM template t WHERE t.tenant = $1 AND t.id = $2`, c.Ref.Tenant, string(c.Template)).Scan(&handle)
	if err != nil {
		return orMissing(err, "template")
	}
	if v.ApprovedAt.IsZero() || strings.HasPrefix(handle, "free-") {
		return nil
	}
	c.Subject = v.Content.Subject
	return nil
}

// CopyInIncident says whether the recipient of the copy got a copy, or perhaps
// got one, of what the incident is about.
func (s *Store) CopyInIncident(ctx context.Context, ref cordon.Ref, incident cordon.IncidentID) (in bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM delivery mine JOIN dispatch d ON d.tenant = mine.tenant
			JOIN delivery v ON v.tenant = d.tenant AND v.dispatch = d.num AND v.recipient = mine.recipient
			WHERE mine.tenant = $1 AND mine.dispatch = $2 AND mine.seq = $3 AND (v.perhaps OR v.state = 'delivered') AND `+ofIncident("d", "$4")+`)`,
			ref.Tenant, ref.Dispatch, ref.Seq, string(incident)).Scan(&in)
	})
	return in, wrap(err, "copy in incident")
}

// SigningDomains answers who signs by this domain and selector: as a rule one
// tenant, with the record that stands in DNS. None when nobody of ours does.
func (s *Store) SigningDomains(ctx context.Context, name, selector string) (list []cordon.Domain, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT t.id, d.name, d.selector, d.record, d.created_at FROM domain d JOIN tenant t ON t.num = d.tenant
			WHERE d.name = $1 AND ($2 = '' OR d.selector = $2) ORDER BY d.tenant`, name, selector)
		list, err = collect(rows, err, func(r scanner) (d cordon.Domain, err error) {
			var created int64
			err = r.Scan(&d.Tenant, &d.Name, &d.Selector, &d.Record, &created)
			d.CreatedAt = fromMicros(created)
			return d, err
		})
		return err
	})
	return list, wrap(err, "signing domains")
}

// DirectoriesOf answers the tenants whose directory knows the address, by blind
// index: nobody is opened. Decoys count: whoever is one has signals of his own.
// It is for who handles reports, and its answer is told in counts alone. With
// exercise it asks the tenants of exercises, and else all others.
func (s *Store) DirectoriesOf(ctx context.Context, a cordon.Address, exercise bool) (known []cordon.TenantID, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT t.id FROM tenant t WHERE t.state = 'active' AND t.exercise = CAST($1 AS BOOLEAN) ORDER BY t.num`, exercise)
		all, err := collect(rows, err, func(r scanner) (id cordon.TenantID, err error) { return id, r.Scan(&id) })
		if err != nil {
			return err
		}
		known = nil
		for _, tenant := range all {
			keys, err := s.tenantKeys(ctx, q, tenant)
			if cordon.CodeOf(err) == cordon.Missing {
				continue // erased meanwhile
			}
			if err != nil {
				return err
			}
			var in bool
			err = q.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM recipient r WHERE r.tenant = $1 AND `+isBlind("r", "$2")+` AND r.state = 'active')`, keys.num, keys.blindOf(a)).Scan(&in)
			if err != nil {
				return err
			}
			if in {
				known = append(known, tenant)
			}
		}
		return nil
	})
	return known, wrap(err, "directories")
}

// TextsSince answers the texts that were sent since then, each once for each
// dispatch, for whoever compares one from outside with them.
func (s *Store) TextsSince(ctx context.Context, since time.Time) (all []cordon.Sighting, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT x.tenant, x.template, MAX(x.dispatch), x.fingerprint, MAX(x.at) FROM sighting x WHERE x.at >= $1
			GROUP BY x.tenant, x.template, x.fingerprint ORDER BY MAX(x.at) DESC LIMIT 100000`, micros(since))
		all, err = collect(rows, err, func(r scanner) (g cordon.Sighting, err error) {
			var print, at int64
			err = r.Scan(&g.Tenant, &g.Template, &g.Dispatch, &print, &at)
			g.Fingerprint, g.At = uint64(print), fromMicros(at)
			return g, err
		})
		return err
	})
	return all, wrap(err, "texts sent")
}
