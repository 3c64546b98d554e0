package incident

import (
	"cmp"
	"context"
	"slices"

	"github.com/cordonmail/cordon"
)

// measured is the measures of an incident that is over, as it was then.
type measured struct {
	version int64
	m       cordon.IncidentMeasures
}

// measuredMost bounds how many incidents a report looks at: the newest.
const measuredMost = 500

// Measures answers the clock times of one incident.
func (k *Keeper) Measures(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (cordon.IncidentMeasures, error) {
	i, err := k.seen(ctx, by, id)
	if err != nil {
		return cordon.IncidentMeasures{}, err
	}
	if by.Tenant != "" && i.Tenant != by.Tenant { // they count everybody's copies
		return cordon.IncidentMeasures{}, forbidden(cordon.ReadIncidents)
	}
	return k.measure(ctx, i)
}

// measure computes them; of an incident that is closed once.
func (k *Keeper) measure(ctx context.Context, i cordon.Incident) (cordon.IncidentMeasures, error) {
	k.mu.Lock()
	known, ok := k.past[i.ID]
	k.mu.Unlock()
	if ok && known.version == i.Version {
		return known.m, nil
	}
	m, err := k.store.IncidentMeasures(ctx, i.ID)
	if err == nil && i.State == cordon.IncidentClosed {
		k.mu.Lock()
		k.past[i.ID] = measured{i.Version, m}
		k.mu.Unlock()
	}
	return m, err
}

// Report is the measures over time, of what was real or of exercises: never mixed.
// Declined and merged incidents are none.
func (k *Keeper) Report(ctx context.Context, by cordon.Actor, exercises bool) (cordon.MeasureReport, error) {
	if !by.Can(cordon.ReadIncidents, "") {
		return cordon.MeasureReport{}, forbidden(cordon.ReadIncidents)
	}
	f := cordon.IncidentFilter{Real: !exercises, Exercises: exercises}
	for _, s := range cordon.IncidentStates() {
		if s != cordon.IncidentDeclined && s != cordon.IncidentMerged {
			f.States = append(f.States, s)
		}
	}
	var all []cordon.IncidentMeasures
	for page := (cordon.Page{Limit: 500}); len(all) < measuredMost; {
		list, next, err := k.store.Incidents(ctx, f, page)
		if err != nil {
			return cordon.MeasureReport{}, err
		}
		for _, i := range list {
			m, err := k.measure(ctx, i)
			if err != nil {
				return cordon.MeasureReport{}, err
			}
			all = append(all, m)
		}
		if page.After = next; next == "" {
			break
		}
	}
	return report(all, exercises), nil
}

// report puts measures, the newest first, together by month.
func report(all []cordon.IncidentMeasures, exercises bool) cordon.MeasureReport {
	r := cordon.MeasureReport{Exercises: exercises, Whole: spreads(all), Incidents: all, Months: []cordon.MeasureMonth{}}
	if r.Incidents == nil {
		r.Incidents = []cordon.IncidentMeasures{}
	}
	months := map[string][]cordon.IncidentMeasures{}
	for _, m := range all {
		month := m.OpenedAt.UTC().Format("2006-01")
		months[month] = append(months[month], m)
	}
	for month, of := range months {
		one := cordon.MeasureMonth{Month: month, Incidents: len(of), Measures: spreads(of)}
		for _, m := range of {
			one.Recipients += m.Recipients
		}
		r.Months = append(r.Months, one)
	}
	slices.SortFunc(r.Months, func(a, b cordon.MeasureMonth) int { return cmp.Compare(a.Month, b.Month) })
	return r
}

func spreads(all []cordon.IncidentMeasures) map[string]cordon.MeasureSpread {
	out := map[string]cordon.MeasureSpread{}
	for _, name := range cordon.MeasureNames() {
		var ms []int64
		for _, m := range all {
			if one := m.MeasureOf(name); one.Known {
				ms = append(ms, one.Millis)
			}
		}
		if len(ms) > 0 {
			slices.Sort(ms)
			out[name] = cordon.MeasureSpread{N: len(ms), Median: quantile(ms, 50), P90: quantile(ms, 90)}
		}
	}
	return out
}

// quantile is the smallest value that at least so many percent do not exceed
// (nearest rank): always one that was measured.
func quantile(sorted []int64, percent int) int64 {
	rank := (percent*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}
