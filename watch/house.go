package watch

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	textWindow  = cordon.SameTextWindow
	textTenants = cordon.SameTextTenants // within textWindow
	textBits    = cordon.SameTextBits    // fingerprints no more bits apart are the same text

	volumeFactor = 2
	volumeDays   = 7 // days with sends before the history says anything
	volumeBack   = 28 * 24 * time.Hour
)

// sameText stops letters that several tenants send at the same time: one text
// from many keys is a campaign of somebody who holds them all. Exercises are
// judged among themselves.
func (s *step) sameText(ctx context.Context) error {
	seen, err := s.w.store.Sightings(ctx, s.now.Add(-textWindow))
	if err != nil {
		return err
	}
	var errs []error
	for _, group := range Alike(seen) {
		if err := s.stopText(ctx, group); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Alike groups sightings of nearly one text, where at least textTenants tenants
// are in the group; each sighting is in one group at most.
func Alike(seen []cordon.Sighting) [][]cordon.Sighting {
	var groups [][]cordon.Sighting
	grouped := make([]bool, len(seen))
	for i, first := range seen {
		if grouped[i] {
			continue
		}
		var group []cordon.Sighting
		var at []int
		tenants := map[cordon.TenantID]bool{}
		for j := i; j < len(seen); j++ {
			if !grouped[j] && seen[j].Exercise == first.Exercise && bits.OnesCount64(seen[j].Fingerprint^first.Fingerprint) <= textBits {
				group, at = append(group, seen[j]), append(at, j)
				tenants[seen[j].Tenant] = true
			}
		}
		if len(tenants) < textTenants {
			continue
		}
		for _, j := range at {
			grouped[j] = true
		}
		groups = append(groups, group)
	}
	return groups
}

// stopText stops each letter of the group at its tenant, once in a window.
func (s *step) stopText(ctx context.Context, group []cordon.Sighting) error {
	tenants := map[cordon.TenantID]bool{}
	for _, g := range group {
		tenants[g.Tenant] = true
	}
	why := fmt.Sprintf("the same text from %d tenants within %s", len(tenants), minutes(textWindow))
	done := map[cordon.Scope]bool{}
	for _, g := range group {
		scope := cordon.Scope{Tenant: g.Tenant, Template: g.Template}
		if g.Template == "" {
			scope.Dispatch = g.Dispatch
		}
		if done[scope] || scope == (cordon.Scope{Tenant: g.Tenant}) {
			continue
		}
		done[scope] = true
		subject := string(scope.Template) + string(scope.Dispatch)
		raised, stopped, err := s.w.store.LastRaised(ctx, g.Tenant, "same-text", subject, scope)
		if err != nil {
			return err
		}
		if !raised.Before(g.At) || !stopped.Before(g.At) { // acted on since it was seen
			continue
		}
		l, err := s.limitsOf(ctx, g.Tenant)
		if err != nil {
			return err
		}
		err = s.raise(ctx, cordon.Raise{
			Tenant: g.Tenant, Rule: "same-text", Subject: subject, Seen: raised,
			Signal: cordon.Signal{
				Kind: cordon.SignalSameText, Grade: cordon.GradeIncident, Tenant: g.Tenant, Actor: cordon.System().ID(), Template: g.Template, Dispatch: g.Dispatch,
				Count: len(tenants), Message: why + ". This letter is stopped for " + minutes(l.RuleStopFor) + ", unless a person decides before.", At: s.now,
			},
			Stops: []cordon.Stop{{Scope: scope, Reason: why, Until: s.now.Add(l.RuleStopFor)}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// busiest is the busiest hour of the history, read once an hour.
type busiest struct {
	at     time.Time
	copies int64
	days   int
}

// volume holds bulk mail back when the whole installation accepts far more in an
// hour than in the busiest of its history. Single mail goes on.
func (s *step) volume(ctx context.Context) error {
	w := s.w
	if s.now.Sub(w.busiest.at) >= time.Hour {
		copies, days, err := w.store.InstallationBusiest(ctx, s.now.Add(-volumeBack))
		if err != nil {
			return err
		}
		w.busiest = busiest{s.now, copies, days}
	}
	if w.busiest.days < volumeDays {
		return nil // the ceilings of each tenant protect a young house
	}
	copies, err := w.store.InstallationHour(ctx)
	if err != nil || copies <= volumeFactor*w.busiest.copies {
		return err
	}
	scope := cordon.Scope{Everything: true, Kind: cordon.Bulk}
	raised, stopped, err := w.store.LastRaised(ctx, "", "volume", "", scope)
	if err != nil {
		return err
	}
	hour := s.now.Truncate(time.Hour)
	if !raised.Before(hour) || !stopped.Before(hour) { // acted on within this hour
		return nil
	}
	lasts := cordon.DefaultLimits().RuleStopFor
	why := fmt.Sprintf("the whole installation accepted %d copies in this hour; its busiest hour of 28 days had %d", copies, w.busiest.copies)
	return s.raise(ctx, cordon.Raise{
		Rule: "volume", Seen: raised,
		Signal: cordon.Signal{Kind: cordon.SignalVolume, Grade: cordon.GradeIncident, Actor: cordon.System().ID(), Count: int(copies),
			Message: why + ". Bulk mail is stopped for " + minutes(lasts) + ", unless a person decides before; single mail goes on.", At: s.now},
		Stops: []cordon.Stop{{Scope: scope, Reason: why, Until: s.now.Add(lasts)}},
	})
}
