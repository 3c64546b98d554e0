package oncall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

// heartbeats pages for every monitor whose heartbeat is missing, and answers when
// the next could be.
func (d *Desk) heartbeats(ctx context.Context) (next time.Time, err error) {
	monitors, err := d.store.Monitors(ctx)
	if err != nil || len(monitors) == 0 {
		return time.Time{}, err
	}
	b, err := d.store.OnCallBook(ctx, d.now())
	if err != nil {
		return time.Time{}, err
	}
	grace := time.Duration(b.Settings.HeartbeatGrace) * time.Second
	var errs []error
	for _, m := range monitors {
		due := m.Due(grace)
		switch {
		case !m.MissingAt.IsZero():
		case d.now().Before(due):
			if next.IsZero() || due.Before(next) {
				next = due
			}
		default:
			errs = append(errs, d.store.MissHeartbeat(ctx, cordon.System(), m, due, missing(m)))
		}
	}
	return next, errors.Join(errs...)
}

func missing(m cordon.Monitor) cordon.NewPage {
	text := "It has never been heard since it is expected."
	if !m.LastAt.IsZero() {
		text = "It was last heard " + m.LastAt.UTC().Format("2 January 2006, 15:04:05 UTC") + "."
	}
	return cordon.NewPage{Severity: m.Severity, Role: m.Role, Path: "/oncall",
		Title: "The heartbeat " + m.Name + " is missing",
		Text:  fmt.Sprintf("It is expected every %s. %s", time.Duration(m.Every)*time.Second, text)}
}

const (
	minHeartbeat = 10 * time.Second
	maxHeartbeat = 31 * 24 * time.Hour
)

// SaveMonitor expects a heartbeat.
func (d *Desk) SaveMonitor(ctx context.Context, by cordon.Actor, m cordon.Monitor) (cordon.Monitor, error) {
	if !manages(by) {
		return m, denied(cordon.ManageOnCall)
	}
	if every := time.Duration(m.Every) * time.Second; every < minHeartbeat || every > maxHeartbeat {
		return m, cordon.InvalidField("every_seconds", "must be 10 s to 31 days", "")
	}
	m.Severity = m.Severity.Effective()
	m.CreatedAt = d.now().UTC()
	return m, d.store.SaveMonitor(ctx, by, m)
}

// DeleteMonitor expects it no more.
func (d *Desk) DeleteMonitor(ctx context.Context, by cordon.Actor, name string) error {
	if !manages(by) {
		return denied(cordon.ManageOnCall)
	}
	return d.store.DeleteMonitor(ctx, by, name)
}

// Monitors lists the heartbeats that are expected.
func (d *Desk) Monitors(ctx context.Context, by cordon.Actor) ([]cordon.Monitor, error) {
	if !sees(by) && !manages(by) {
		return nil, denied(cordon.ReadIncidents)
	}
	return d.store.Monitors(ctx)
}

// Heartbeat takes a heartbeat: whoever may report what comes in from outside, or
// act on incidents, may.
func (d *Desk) Heartbeat(ctx context.Context, by cordon.Actor, name string) error {
	if !by.Can(cordon.ReportInbound, "") && !acts(by) && !manages(by) {
		return denied(cordon.ReportInbound)
	}
	return d.store.Heartbeat(ctx, by, name)
}
