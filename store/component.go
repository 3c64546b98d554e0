package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cordonmail/cordon"
)

// Components lists the parts of the service as the status page shows them.
func (s *Store) Components(ctx context.Context) (all []cordon.Component, err error) {
	err = s.read(ctx, func(q querier) error {
		all, err = components(ctx, q)
		return err
	})
	return all, wrap(err, "components")
}

func components(ctx context.Context, q querier) ([]cordon.Component, error) {
	rows, err := q.query(ctx, `SELECT `+componentColumns+` FROM component c ORDER BY c.position, c.num`)
	return collect(rows, err, scanComponent)
}

const componentColumns = `c.id, c.name, c.description, c.position, c.kinds, c.work_from, c.work_until, c.created_at, c.updated_at`

func scanComponent(r scanner) (c cordon.Component, err error) {
	var kinds string
	var from, until, created, updated int64
	if err := r.Scan(&c.ID, &c.Name, &c.Description, &c.Position, &kinds, &from, &until, &created, &updated); err != nil {
		return c, err
	}
	c.MaintenanceFrom, c.MaintenanceUntil, c.CreatedAt, c.UpdatedAt = fromMicros(from), fromMicros(until), fromMicros(created), fromMicros(updated)
	if err := json.Unmarshal([]byte(kinds), &c.Kinds); err != nil {
		return c, fmt.Errorf("kinds of component %s: %w", c.ID, err)
	}
	return c, nil
}

// SaveComponent writes a part of the service: a new one without an ID.
func (s *Store) SaveComponent(ctx context.Context, by cordon.Actor, c cordon.Component) (cordon.Component, error) {
	if c.Kinds == nil {
		c.Kinds = []cordon.Kind{}
	}
	var saved cordon.Component
	err := s.write(ctx, func(t *tx) (err error) {
		saved, err = t.saveComponent(ctx, c)
		if err == nil {
			t.append(entry(by, cordon.EntryComponentChanged, "", string(saved.ID), map[string]any{"component": saved}))
			t.wake(topicAnnouncements)
		}
		return err
	})
	return saved, wrap(err, "save component")
}

func (t *tx) saveComponent(ctx context.Context, c cordon.Component) (cordon.Component, error) {
	c.UpdatedAt = t.now
	if c.ID != "" {
		before, err := scanComponent(t.queryRow(ctx, `SELECT `+componentColumns+` FROM component c WHERE c.id = $1 {{forupdate}}`, string(c.ID)))
		if err != nil {
			return c, orMissing(err, "component")
		}
		c.CreatedAt = before.CreatedAt
		_, err = t.exec(ctx, `UPDATE component SET name = $2, description = $3, position = $4, kinds = $5, work_from = $6, work_until = $7, updated_at = $8 WHERE id = $1`,
			string(c.ID), c.Name, c.Description, c.Position, jsonText(c.Kinds), micros(c.MaintenanceFrom), micros(c.MaintenanceUntil), micros(t.now))
		return c, t.s.orTaken(err, "name", "is taken by another component")
	}
	num, err := t.take(ctx, 0, "component", 1)
	if err != nil {
		return c, err
	}
	c.ID, c.CreatedAt = cordon.NewComponentID(), t.now
	if c.Position == 0 {
		c.Position = int(num)
	}
	_, err = t.exec(ctx, `INSERT INTO component (num, id, name, description, position, kinds, work_from, work_until, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
		num, string(c.ID), c.Name, c.Description, c.Position, jsonText(c.Kinds), micros(c.MaintenanceFrom), micros(c.MaintenanceUntil), micros(t.now))
	return c, t.s.orTaken(err, "name", "is taken by another component")
}

// DeleteComponent takes a part of the service off the status page. Posts that
// name it stay as they are.
func (s *Store) DeleteComponent(ctx context.Context, by cordon.Actor, id cordon.ComponentID) error {
	err := s.write(ctx, func(t *tx) error {
		t.append(entry(by, cordon.EntryComponentChanged, "", string(id), map[string]any{"deleted": true}))
		t.wake(topicAnnouncements)
		res, err := t.exec(ctx, `DELETE FROM component WHERE id = $1`, string(id))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return missing("component")
		}
		return nil
	})
	return wrap(err, "delete component")
}
