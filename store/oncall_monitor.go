package store

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// SaveMonitor expects a heartbeat of that name, or changes what is expected.
func (s *Store) SaveMonitor(ctx context.Context, by cordon.Actor, m cordon.Monitor) error {
	if !cordon.ValidHandle(m.Name) {
		return invalidHandle("name")
	}
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `INSERT INTO oncall_monitor (name, every_s, severity, role, last_at, missing_at, created_at) VALUES ($1, $2, $3, $4, 0, 0, $5)
			ON CONFLICT (name) DO UPDATE SET every_s = excluded.every_s, severity = excluded.severity, role = excluded.role`,
			m.Name, m.Every, int64(m.Severity.Effective()), string(m.Role), micros(t.now)); err != nil {
			return err
		}
		t.changedOnCall(by, "monitor", m.Name, map[string]any{"every_seconds": m.Every, "severity": m.Severity, "role": m.Role})
		return nil
	})
	return wrap(err, "save monitor")
}

// DeleteMonitor expects the heartbeat no more.
func (s *Store) DeleteMonitor(ctx context.Context, by cordon.Actor, name string) error {
	err := s.write(ctx, func(t *tx) error {
		return t.deletedOnCall(ctx, by, `DELETE FROM oncall_monitor WHERE name = $1`, "monitor", name)
	})
	return wrap(err, "delete monitor")
}

// Monitors lists the heartbeats that are expected, by name.
func (s *Store) Monitors(ctx context.Context) (all []cordon.Monitor, err error) {
	err = s.read(ctx, func(q querier) error {
		rows, err := q.query(ctx, `SELECT m.name, m.every_s, m.severity, m.role, m.last_at, m.missing_at, m.created_at FROM oncall_monitor m ORDER BY m.name`)
		all, err = collect(rows, err, func(r scanner) (m cordon.Monitor, err error) {
			var last, missing, created int64
			err = r.Scan(&m.Name, &m.Every, &m.Severity, &m.Role, &last, &missing, &created)
			m.LastAt, m.MissingAt, m.CreatedAt = fromMicros(last), fromMicros(missing), fromMicros(created)
			return m, err
		})
		return err
	})
	return all, wrap(err, "list monitors")
}

// Heartbeat says that what the monitor watches is alive. The page about its
// silence, when there is one, is over.
func (s *Store) Heartbeat(ctx context.Context, by cordon.Actor, name string) error {
	err := s.write(ctx, func(t *tx) error {
		var missingAt int64
		err := t.queryRow(ctx, `SELECT m.missing_at FROM oncall_monitor m WHERE m.name = $1 {{forupdate}}`, name).Scan(&missingAt)
		if err != nil {
			return orMissing(err, "monitor")
		}
		if _, err := t.exec(ctx, `UPDATE oncall_monitor SET last_at = $2, missing_at = 0 WHERE name = $1`, name, micros(t.now)); err != nil {
			return err
		}
		if missingAt == 0 {
			return nil
		}
		p, err := pageByKey(ctx, t, monitorKey(name, fromMicros(missingAt)))
		if err == nil {
			_, err = t.resolvePage(ctx, by, p.ID)
		}
		return unlessNone(err)
	})
	return wrap(err, "heartbeat")
}

func monitorKey(name string, missing time.Time) string {
	return "heartbeat/" + name + "/" + missing.UTC().Format(time.RFC3339Nano)
}

// MissHeartbeat says that the monitor's heartbeat is missing since then, and
// pages: once, however many nodes see it, and not when one came meanwhile.
func (s *Store) MissHeartbeat(ctx context.Context, by cordon.Actor, m cordon.Monitor, since time.Time, page cordon.NewPage) error {
	err := s.write(ctx, func(t *tx) error {
		res, err := t.exec(ctx, `UPDATE oncall_monitor SET missing_at = $2 WHERE name = $1 AND missing_at = 0 AND last_at = $3`, m.Name, micros(since), micros(m.LastAt))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		page.Key = monitorKey(m.Name, since)
		_, err = t.triggerPage(ctx, by, page)
		return err
	})
	return wrap(err, "miss heartbeat")
}
