package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// SetClocks starts the legal clocks of an incident for every affected tenant that
// has none yet: those regimes that fit what the tenant declared about itself. The
// first call keeps the regimes as they are; later ones go by what was kept. The
// answer is for how many tenants clocks were set.
func (s *Store) SetClocks(ctx context.Context, by cordon.Actor, id cordon.IncidentID, regimes []cordon.Regime) (int, error) {
	var owed bool
	err := s.read(ctx, func(q querier) error {
		return q.queryRow(ctx, `SELECT EXISTS (`+clockless+`)`, string(id)).Scan(&owed)
	})
	if err != nil || !owed {
		return 0, wrap(err, "set clocks")
	}
	var tenants []int64
	err = s.write(ctx, func(t *tx) error {
		var opened int64
		if err := t.queryRow(ctx, `SELECT i.opened_at FROM incident i WHERE i.id = $1 {{forupdate}}`, string(id)).Scan(&opened); err != nil {
			return orMissing(err, "incident")
		}
		// Behind the lock: another node may have set them meanwhile.
		kept, err := t.keepRegimes(ctx, id, regimes)
		if err != nil {
			return err
		}
		rows, err := t.query(ctx, clockless, string(id))
		if tenants, err = collect(rows, err, func(r scanner) (n int64, err error) { return n, r.Scan(&n) }); err != nil {
			return err
		}
		if len(tenants) == 0 {
			return nil
		}
		house, err := noticeSettings(ctx, t, 0)
		if err != nil {
			return err
		}
		set := 0
		for _, tenant := range tenants {
			n, err := t.setClocks(ctx, id, tenant, house, kept, fromMicros(opened))
			if err != nil {
				return err
			}
			set += n
		}
		t.append(entry(by, cordon.EntryClockDecided, "", string(id), map[string]any{"set": set, "tenants": len(tenants), "regimes": len(kept)}))
		return nil
	})
	return len(tenants), wrap(err, "set clocks")
}

// clockless are the numbers of an incident's affected tenants without clocks; $1
// is the incident.
var clockless = `SELECT x.tenant FROM (` + affectedTenants("$1") + `) x JOIN tenant t ON t.num = x.tenant
	WHERE t.state = 'active' AND NOT EXISTS (SELECT 1 FROM clock_set c WHERE c.incident = $1 AND c.tenant = x.tenant)`

// keepRegimes is the incident's snapshot of the regimes, made of those given when
// there is none.
func (t *tx) keepRegimes(ctx context.Context, id cordon.IncidentID, regimes []cordon.Regime) ([]cordon.Regime, error) {
	kept, err := incidentRegimes(ctx, t, id)
	if err != nil || len(kept) > 0 {
		return kept, err
	}
	err = t.insertRows(ctx, `INSERT INTO incident_regime (incident, regime, num, body)`, ``, 4, len(regimes), func(i int, args []any) []any {
		return append(args, string(id), regimes[i].ID, i+1, jsonText(regimes[i]))
	})
	return regimes, err
}

func incidentRegimes(ctx context.Context, q querier, id cordon.IncidentID) ([]cordon.Regime, error) {
	rows, err := q.query(ctx, `SELECT r.body FROM incident_regime r WHERE r.incident = $1 ORDER BY r.num`, string(id))
	return collect(rows, err, func(r scanner) (c cordon.Regime, err error) {
		var body string
		if err := r.Scan(&body); err != nil {
			return c, err
		}
		return c, json.Unmarshal([]byte(body), &c)
	})
}

func (t *tx) setClocks(ctx context.Context, id cordon.IncidentID, tenant int64, house cordon.NoticeSettings, regimes []cordon.Regime, began time.Time) (int, error) {
	own, err := noticeSettings(ctx, t, tenant)
	if err != nil {
		return 0, err
	}
	declared := own.Jurisdictions
	if len(declared) == 0 {
		declared = house.Jurisdictions
	}
	var fit []cordon.Regime
	for _, r := range regimes {
		if r.Fits(declared) {
			fit = append(fit, r)
		}
	}
	if _, err := t.exec(ctx, `INSERT INTO clock_set (incident, tenant, at) VALUES ($1, $2, $3)`, string(id), tenant, micros(t.now)); err != nil {
		return 0, err
	}
	return len(fit), t.insertRows(ctx, `INSERT INTO clock (tenant, incident, regime, starts_at, due_at, met_by, decision, because, decided_by, decided_at, met_at, met_how, paged)`,
		`ON CONFLICT (tenant, incident, regime) DO NOTHING`, 13, len(fit), func(i int, args []any) []any {
			return append(args, tenant, string(id), fit[i].ID, micros(began), micros(fit[i].Due(began)), string(fit[i].MetBy), string(cordon.ClockUndecided), "", "", 0, 0, "", 0)
		})
}

// meetClocks marks the clocks met that what was just done meets.
func (t *tx) meetClocks(ctx context.Context, tenant int64, id cordon.IncidentID, by cordon.MetBy, how string) error {
	_, err := t.exec(ctx, `UPDATE clock SET met_at = $4, met_how = $5 WHERE tenant = $1 AND incident = $2 AND met_by = $3 AND met_at = 0`, tenant, string(id), string(by), micros(t.now), how)
	return err
}

const clockColumns = `SELECT c.incident, t.id, t.handle, r.body, c.starts_at, c.due_at, c.decision, c.because, c.decided_by, c.decided_at, c.met_at, c.met_how, c.paged
	FROM clock c JOIN tenant t ON t.num = c.tenant JOIN incident_regime r ON r.incident = c.incident AND r.regime = c.regime `

func scanClock(r scanner) (c cordon.Clock, err error) {
	var body string
	var starts, due, decided, met int64
	err = r.Scan(&c.Incident, &c.Tenant, &c.Handle, &body, &starts, &due, &c.Decision, &c.Because, &c.DecidedBy, &decided, &met, &c.MetHow, &c.Paged)
	if err != nil {
		return c, err
	}
	c.StartsAt, c.DueAt, c.DecidedAt, c.MetAt = fromMicros(starts), fromMicros(due), fromMicros(decided), fromMicros(met)
	return c, json.Unmarshal([]byte(body), &c.Regime)
}

// Clocks lists the legal clocks of an incident (of all open ones for ""), of one
// tenant or ("") of all; n at most.
func (s *Store) Clocks(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID, n int) (all []cordon.Clock, err error) {
	err = s.read(ctx, func(q querier) error {
		where, args := ` AND c.incident IN (SELECT i.id FROM incident i WHERE i.state IN ('triage', 'investigating', 'contained', 'fixing', 'monitoring'))`, []any{n}
		if id != "" {
			where, args = ` AND c.incident = $2`, append(args, string(id))
		}
		if tenant != "" { // leads to the key
			num, err := s.tenantNum(ctx, q, tenant)
			if err != nil {
				return err
			}
			args = append(args, num)
			where += fmt.Sprintf(` AND c.tenant = $%d`, len(args))
		}
		rows, err := q.query(ctx, clockColumns+`WHERE TRUE`+where+`
			ORDER BY CASE WHEN c.due_at = 0 THEN 1 ELSE 0 END, c.due_at, c.regime, t.handle LIMIT $1`, args...)
		all, err = collect(rows, err, scanClock)
		return err
	})
	return all, wrap(err, "list clocks")
}

// DecideClock records a person's decision about a regime, and its reason: for one
// tenant, or for every tenant of the incident for which it is undecided. A
// decision may be taken again: the ledger keeps each. The answer is for how many.
func (s *Store) DecideClock(ctx context.Context, by cordon.Actor, id cordon.IncidentID, c cordon.ClockChoice) (n int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		where, args := `incident = $1 AND regime = $2 AND (decision = 'undecided' OR (CAST($8 AS BIGINT) > 0 AND met_at = 0))`, []any{}
		if c.Tenant != "" {
			num, err := s.tenantNum(ctx, t, c.Tenant)
			if err != nil {
				return err
			}
			where, args = `incident = $1 AND regime = $2 AND CAST($8 AS BIGINT) >= 0 AND tenant = $9`, []any{num}
		}
		met, how := int64(0), ""
		if c.Met {
			met, how = micros(t.now), c.Because
		}
		// What was met stays met, whatever is decided about it later.
		res, err := t.exec(ctx, `UPDATE clock SET decision = $3, because = $4, decided_by = $5, decided_at = $6,
			met_how = CASE WHEN CAST($8 AS BIGINT) > 0 THEN $7 ELSE met_how END, met_at = CASE WHEN CAST($8 AS BIGINT) > 0 THEN CAST($8 AS BIGINT) ELSE met_at END WHERE `+where,
			append([]any{string(id), c.Regime, string(c.Decision), c.Because, by.Person(), micros(t.now), how, met}, args...)...)
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil {
			return err
		}
		if n == 0 {
			return &cordon.Error{Code: cordon.Missing, Field: "regime", Message: "has no clock here that is still to be decided", Remedy: "cordon clock list shows them"}
		}
		t.append(entry(by, cordon.EntryClockDecided, c.Tenant, string(id), map[string]any{
			"regime": c.Regime, "decision": c.Decision, "because": c.Because, "met": c.Met, "tenants": n}))
		return nil
	})
	return n, wrap(err, "decide clock")
}

// ClocksToPage lists running clocks of which half the time or more is used and
// not every page was sent: n at most, those that end first.
func (s *Store) ClocksToPage(ctx context.Context, n int) (all []cordon.Clock, err error) {
	now := micros(s.now())
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, clockColumns+`WHERE c.met_at = 0 AND c.decision IN ('undecided', 'applies') AND c.due_at > 0
			AND $1 >= c.starts_at + (c.due_at - c.starts_at) / 2
			AND c.paged < CASE WHEN $1 >= c.due_at THEN 100 WHEN $1 >= c.starts_at + (c.due_at - c.starts_at) / 10 * 9 THEN 90 WHEN $1 >= c.starts_at + (c.due_at - c.starts_at) / 4 * 3 THEN 75 ELSE 50 END
			ORDER BY c.due_at LIMIT $2`, now, n)
		all, err = collect(rows, err, scanClock)
		return err
	})
	return all, wrap(err, "clocks to page")
}

// ClockPaged notes that somebody was paged about a regime's clocks, up to the
// share of their time.
func (s *Store) ClockPaged(ctx context.Context, id cordon.IncidentID, regime string, tenants []cordon.TenantID, percent int) error {
	err := s.write(ctx, func(t *tx) error {
		nums := make([]int64, len(tenants))
		var err error
		for i, tenant := range tenants {
			if nums[i], err = s.tenantNum(ctx, t, tenant); err != nil {
				return err
			}
		}
		_, err = t.exec(ctx, `UPDATE clock SET paged = $3 WHERE incident = $1 AND regime = $2 AND paged < $3 AND tenant IN (SELECT j.value FROM {{nums $4}} j)`, string(id), regime, percent, jsonText(nums))
		return err
	})
	return wrap(err, "clock paged")
}
