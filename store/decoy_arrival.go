package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// arrivalRows bounds what one decoy's hour keeps apart: a flood from everywhere
// is counted together beyond it.
const arrivalRows = 20

// FindDecoys answers the decoys planted at the address, retired ones too; none
// when the address is nobody's.
func (s *Store) FindDecoys(ctx context.Context, a cordon.Address) (found []cordon.Decoy, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT t.id, d.recipient, d.kind, d.label, d.planted_at, d.retired_at FROM decoy d JOIN tenant t ON t.num = d.tenant
WHERE d.mark = $1 AND d.mark IS NOT NULL ORDER BY d.tenant, d.recipient`, s.markOf(a))
		found, err = collect(rows, err, func(r scanner) (d cordon.Decoy, err error) {
			var planted, retired int64
			err = r.Scan(&d.Tenant, &d.Num, &d.Kind, &d.Label, &planted, &retired)
			d.PlantedAt, d.RetiredAt = fromMicros(planted), fromMicros(retired)
			return d, err
		})
		return err
	})
	return found, wrap(err, "find decoys")
}

// RecordArrival counts mail that arrived at the decoy. The first of an hour is
// recorded as the signal given, so is the 10th, the 100th and so on, with the
// count so far: a flood cannot fill the ledger. It answers the hour's count.
func (s *Store) RecordArrival(ctx context.Context, by cordon.Actor, d cordon.Decoy, a cordon.Arrival, g cordon.Signal) (copies int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		num, err := s.tenantNum(ctx, t, d.Tenant)
		if err != nil {
			return err
		}
		var retired int64 // the row is locked: arrivals at one decoy are counted one after the other
		if err := t.queryRow(ctx, `SELECT retired_at FROM decoy WHERE tenant = $1 AND recipient = $2 {{forupdate}}`, num, d.Num).Scan(&retired); err != nil {
			return orMissing(err, "decoy")
		}
		at := a.At
		if at.IsZero() {
			at = t.now
		}
		hour := micros(at.UTC().Truncate(time.Hour))
		network, sender := a.Network, a.Sender
		var before, kinds, same int64
		err = t.queryRow(ctx, `SELECT CAST(COALESCE(SUM(copies), 0) AS BIGINT), COUNT(*), COUNT(*) FILTER (WHERE network = $5 AND sender = $6)
FROM decoy_arrival WHERE tenant = $1 AND recipient = $2 AND hour = $3 AND probe = $4`, num, d.Num, hour, a.Probe, network, sender).Scan(&before, &kinds, &same)
		if err != nil {
			return err
		}
		if kinds >= arrivalRows && same == 0 {
			network, sender = "", ""
		}
		_, err = t.exec(ctx, `INSERT INTO decoy_arrival (tenant, recipient, hour, probe, network, sender, size, print, copies, first_at, last_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)
ON CONFLICT (tenant, recipient, hour, probe, network, sender) DO UPDATE SET copies = decoy_arrival.copies + 1, last_at = excluded.last_at`,
			num, d.Num, hour, a.Probe, network, sender, a.Size, a.Print, micros(at))
		if err != nil {
			return err
		}
		copies = before + 1
		if !powerOfTen(copies) {
			return nil
		}
		g.Tenant, g.Count, g.At = d.Tenant, int(copies), at
		return t.recordSignals(ctx, by, []cordon.Signal{g})
	})
	return copies, wrap(err, "record arrival")
}

func powerOfTen(n int64) bool {
	for n > 1 && n%10 == 0 {
		n /= 10
	}
	return n == 1
}

// DecoyArrivals lists what arrived at planted addresses, the latest hours first.
func (s *Store) DecoyArrivals(ctx context.Context, most int) (list []cordon.DecoyArrival, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT t.id, d.label, d.planted_at, d.retired_at, a.sender, a.network, a.size, a.print, a.probe, a.copies, a.first_at, a.last_at
FROM decoy_arrival a JOIN decoy d ON d.tenant = a.tenant AND d.recipient = a.recipient JOIN tenant t ON t.num = a.tenant
ORDER BY a.hour DESC, a.last_at DESC, t.id LIMIT $1`, most)
		list, err = collect(rows, err, func(r scanner) (a cordon.DecoyArrival, err error) {
			var planted, retired, first, last int64
			err = r.Scan(&a.Tenant, &a.Label, &planted, &retired, &a.Sender, &a.Network, &a.Size, &a.Print, &a.Probe, &a.Copies, &first, &last)
			a.PlantedAt, a.RetiredAt, a.FirstAt, a.LastAt = fromMicros(planted), fromMicros(retired), fromMicros(first), fromMicros(last)
			return a, err
		})
		return err
	})
	return list, wrap(err, "list arrivals")
}

// TouchDecoy does what a verdict asks for after somebody named a decoy outside
// an order.
func (s *Store) TouchDecoy(ctx context.Context, by cordon.Actor, v cordon.Verdict) error {
	err := s.write(ctx, func(t *tx) error {
		if len(v.Stops) > 0 {
			if _, err := t.exec(ctx, `{{exclude queue}}`); err != nil {
				return err
			}
		}
		return t.act(ctx, by, v)
	})
	return wrap(err, "touch decoy")
}
