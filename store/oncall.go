package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// OnCallBook reads everything that decides who is woken, as of one moment.
// Overrides that ended before since are left out.
func (s *Store) OnCallBook(ctx context.Context, since time.Time) (b cordon.OnCallBook, err error) {
	err = s.snapshot(ctx, func(q querier) error {
		b, err = s.onCallBook(ctx, q, since)
		return err
	})
	return b, wrap(err, "read on call")
}

func (s *Store) onCallBook(ctx context.Context, q querier, since time.Time) (b cordon.OnCallBook, err error) {
	if b.Contacts, err = s.onCallContacts(ctx, q); err != nil {
		return b, err
	}
	rows, err := q.query(ctx, `SELECT c.id, c.handle, c.name, c.body, c.created_at FROM oncall_schedule c ORDER BY c.handle`)
	if b.Schedules, err = collect(rows, err, scanSchedule); err != nil {
		return b, err
	}
	rows, err = q.query(ctx, `SELECT v.id, v.schedule, v.contact, v.from_at, v.until_at, v.made_by, v.created_at FROM oncall_override v WHERE v.until_at > $1 ORDER BY v.created_at, v.id`, micros(since))
	if b.Overrides, err = collect(rows, err, scanOverride); err != nil {
		return b, err
	}
	rows, err = q.query(ctx, `SELECT c.id, c.handle, c.name, c.body, c.created_at FROM oncall_policy c ORDER BY c.handle`)
	if b.Policies, err = collect(rows, err, scanPolicy); err != nil {
		return b, err
	}
	rows, err = q.query(ctx, `SELECT r.role, r.severity, r.policy FROM oncall_route r ORDER BY r.role, r.severity`)
	b.Routes, err = collect(rows, err, func(r scanner) (c cordon.PolicyRoute, err error) {
		return c, r.Scan(&c.Role, &c.Severity, &c.Policy)
	})
	if err != nil {
		return b, err
	}
	b.Settings, err = onCallSettings(ctx, q)
	return b, err
}

func onCallSettings(ctx context.Context, q querier) (cordon.OnCallSettings, error) {
	o := cordon.DefaultOnCallSettings()
	var body string
	switch err := q.queryRow(ctx, `SELECT c.body FROM oncall_setting c WHERE c.one = 1`).Scan(&body); {
	case errors.Is(err, sql.ErrNoRows):
		return o, nil
	case err != nil:
		return o, err
	}
	return o, json.Unmarshal([]byte(body), &o)
}

// OnCallSettings answers what holds for every page.
func (s *Store) OnCallSettings(ctx context.Context) (o cordon.OnCallSettings, err error) {
	err = s.read(ctx, func(q querier) error {
		o, err = onCallSettings(ctx, q)
		return err
	})
	return o, wrap(err, "read on-call settings")
}

// SetOnCallSettings changes what holds for every page.
func (s *Store) SetOnCallSettings(ctx context.Context, by cordon.Actor, o cordon.OnCallSettings) error {
	err := s.write(ctx, func(t *tx) error {
		for _, id := range o.Fallback {
			if err := t.needContact(ctx, "fallback", id); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, `INSERT INTO oncall_setting (one, body) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET body = excluded.body`, jsonText(o)); err != nil {
			return err
		}
		t.changedOnCall(by, "settings", "", map[string]any{"settings": o})
		return nil
	})
	return wrap(err, "change on-call settings")
}

// changedOnCall keeps on record that on call was changed, in opaque IDs, and
// rouses who takes pages' turns.
func (t *tx) changedOnCall(by cordon.Actor, what, subject string, body map[string]any) {
	body["what"] = what
	t.append(entry(by, cordon.EntryOnCallChanged, "", subject, body))
	t.wake(topicPages)
}

type scheduleBody struct {
	Zone   string         `json:"zone"`
	Layers []cordon.Layer `json:"layers"`
}

func scanSchedule(r scanner) (c cordon.Schedule, err error) {
	var body string
	var created int64
	if err := r.Scan(&c.ID, &c.Handle, &c.Name, &body, &created); err != nil {
		return c, err
	}
	var b scheduleBody
	err = json.Unmarshal([]byte(body), &b)
	c.Zone, c.Layers, c.CreatedAt = b.Zone, b.Layers, fromMicros(created)
	return c, err
}

// SaveSchedule writes a schedule: a new one, or what one of that ID becomes.
func (s *Store) SaveSchedule(ctx context.Context, by cordon.Actor, c cordon.Schedule) error {
	if !cordon.ValidHandle(c.Handle) {
		return invalidHandle("handle")
	}
	err := s.write(ctx, func(t *tx) error {
		for _, l := range c.Layers {
			for _, id := range l.People {
				if err := t.needContact(ctx, "layers.people", id); err != nil {
					return err
				}
			}
		}
		_, err := t.exec(ctx, `INSERT INTO oncall_schedule (id, handle, name, body, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name, body = excluded.body`,
			string(c.ID), c.Handle, c.Name, jsonText(scheduleBody{c.Zone, c.Layers}), micros(t.now))
		if err != nil {
			return s.orTaken(err, "handle", "is already a schedule")
		}
		t.changedOnCall(by, "schedule", string(c.ID), map[string]any{"handle": c.Handle, "zone": c.Zone, "layers": c.Layers})
		return nil
	})
	return wrap(err, "save schedule")
}

// DeleteSchedule removes a schedule that no policy names, with its overrides.
func (s *Store) DeleteSchedule(ctx context.Context, by cordon.Actor, id cordon.ScheduleID) error {
	err := s.write(ctx, func(t *tx) error {
		b, err := s.onCallBook(ctx, t, time.Time{})
		if err != nil {
			return err
		}
		for _, p := range b.Policies {
			if slices.ContainsFunc(p.Steps, func(st cordon.EscalationStep) bool {
				return slices.ContainsFunc(st.Targets, func(g cordon.PageTarget) bool { return g.Schedule == id })
			}) {
				return &cordon.Error{Code: cordon.Conflict, Field: "schedule", Message: "is paged by the policy " + p.Handle, Remedy: "change the policy first"}
			}
		}
		if _, err := t.exec(ctx, `DELETE FROM oncall_override WHERE schedule = $1`, string(id)); err != nil {
			return err
		}
		return t.deletedOnCall(ctx, by, `DELETE FROM oncall_schedule WHERE id = $1`, "schedule", string(id))
	})
	return wrap(err, "delete schedule")
}

// deletedOnCall deletes one row, or says that it is missing.
func (t *tx) deletedOnCall(ctx context.Context, by cordon.Actor, text, what, id string) error {
	res, err := t.exec(ctx, text, id)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		if err == nil {
			err = missing(what)
		}
		return err
	}
	t.changedOnCall(by, what, id, map[string]any{"deleted": true})
	return nil
}

func scanOverride(r scanner) (o cordon.Override, err error) {
	var from, until, created int64
	err = r.Scan(&o.ID, &o.Schedule, &o.Contact, &from, &until, &o.By, &created)
	o.From, o.Until, o.CreatedAt = fromMicros(from), fromMicros(until), fromMicros(created)
	return o, err
}

// AddOverride puts somebody on call for a while.
func (s *Store) AddOverride(ctx context.Context, by cordon.Actor, o cordon.Override) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.needContact(ctx, "contact", o.Contact); err != nil {
			return err
		}
		var there bool
		if err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM oncall_schedule c WHERE c.id = $1)`, string(o.Schedule)).Scan(&there); err != nil {
			return err
		}
		if !there {
			return missing("schedule")
		}
		_, err := t.exec(ctx, `INSERT INTO oncall_override (id, schedule, contact, from_at, until_at, made_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			string(o.ID), string(o.Schedule), string(o.Contact), micros(o.From), micros(o.Until), by.ID(), micros(t.now))
		if err != nil {
			return err
		}
		t.changedOnCall(by, "override", string(o.ID), map[string]any{"schedule": o.Schedule, "contact": o.Contact, "from": micros(o.From), "until": micros(o.Until)})
		return nil
	})
	return wrap(err, "add override")
}

// DeleteOverride takes an override back.
func (s *Store) DeleteOverride(ctx context.Context, by cordon.Actor, id cordon.OverrideID) error {
	err := s.write(ctx, func(t *tx) error {
		return t.deletedOnCall(ctx, by, `DELETE FROM oncall_override WHERE id = $1`, "override", string(id))
	})
	return wrap(err, "delete override")
}

type policyBody struct {
	Steps   []cordon.EscalationStep `json:"steps"`
	Repeats int                     `json:"repeats"`
}

func scanPolicy(r scanner) (c cordon.Policy, err error) {
	var body string
	var created int64
	if err := r.Scan(&c.ID, &c.Handle, &c.Name, &body, &created); err != nil {
		return c, err
	}
	var b policyBody
	err = json.Unmarshal([]byte(body), &b)
	c.Steps, c.Repeats, c.CreatedAt = b.Steps, b.Repeats, fromMicros(created)
	return c, err
}

// SavePolicy writes a policy: a new one, or what one of that ID becomes. The
// first of all takes every page until a route says otherwise.
func (s *Store) SavePolicy(ctx context.Context, by cordon.Actor, c cordon.Policy) error {
	if !cordon.ValidHandle(c.Handle) {
		return invalidHandle("handle")
	}
	err := s.write(ctx, func(t *tx) error {
		if err := t.needTargets(ctx, c.Steps); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO oncall_policy (id, handle, name, body, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, name = excluded.name, body = excluded.body`,
			string(c.ID), c.Handle, c.Name, jsonText(policyBody{c.Steps, c.Repeats}), micros(t.now))
		if err != nil {
			return s.orTaken(err, "handle", "is already a policy")
		}
		if _, err := t.exec(ctx, `INSERT INTO oncall_route (role, severity, policy) SELECT '', 0, CAST($1 AS TEXT) WHERE NOT EXISTS (SELECT 1 FROM oncall_route)`, string(c.ID)); err != nil {
			return err
		}
		t.changedOnCall(by, "policy", string(c.ID), map[string]any{"handle": c.Handle, "steps": c.Steps, "repeats": c.Repeats})
		return nil
	})
	return wrap(err, "save policy")
}

func (t *tx) needTargets(ctx context.Context, steps []cordon.EscalationStep) error {
	b, err := t.s.onCallBook(ctx, t, t.now)
	if err != nil {
		return err
	}
	for _, st := range steps {
		for _, g := range st.Targets {
			if g.Contact != "" {
				if _, ok := b.Contact(g.Contact); !ok {
					return missing("on-call contact")
				}
				continue
			}
			c, ok := b.Schedule(string(g.Schedule))
			if !ok {
				return missing("schedule")
			}
			if g.Layer > len(c.Layers) {
				return cordon.InvalidField("steps.targets.layer", fmt.Sprintf("is %d, and the schedule has %d", g.Layer, len(c.Layers)), "0 is the first that has somebody")
			}
		}
	}
	return nil
}

// DeletePolicy removes a policy that takes no page.
func (s *Store) DeletePolicy(ctx context.Context, by cordon.Actor, id cordon.PolicyID) error {
	err := s.write(ctx, func(t *tx) error {
		var used bool
		if err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM oncall_route r WHERE r.policy = $1)`, string(id)).Scan(&used); err != nil {
			return err
		}
		if used {
			return &cordon.Error{Code: cordon.Conflict, Field: "policy", Message: "still takes pages", Remedy: "route them to another one first"}
		}
		return t.deletedOnCall(ctx, by, `DELETE FROM oncall_policy WHERE id = $1`, "policy", string(id))
	})
	return wrap(err, "delete policy")
}

// SetRoute says which policy takes the pages of a role from a severity on; with
// policy "" the route is taken away.
func (s *Store) SetRoute(ctx context.Context, by cordon.Actor, r cordon.PolicyRoute) error {
	err := s.write(ctx, func(t *tx) (err error) {
		if r.Policy == "" {
			_, err = t.exec(ctx, `DELETE FROM oncall_route WHERE role = $1 AND severity = $2`, string(r.Role), int64(r.Severity))
		} else {
			var there bool
			if err := t.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM oncall_policy c WHERE c.id = $1)`, string(r.Policy)).Scan(&there); err != nil {
				return err
			}
			if !there {
				return missing("policy")
			}
			_, err = t.exec(ctx, `INSERT INTO oncall_route (role, severity, policy) VALUES ($1, $2, $3) ON CONFLICT (role, severity) DO UPDATE SET policy = excluded.policy`,
				string(r.Role), int64(r.Severity), string(r.Policy))
		}
		if err != nil {
			return err
		}
		t.changedOnCall(by, "route", string(r.Policy), map[string]any{"role": r.Role, "severity": int(r.Severity)})
		return nil
	})
	return wrap(err, "route pages")
}
