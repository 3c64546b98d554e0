package guard

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/cordonmail/cordon"
)

const day = 24 * time.Hour

// ceilings: how much may leave in how long, from the first day on. Each ceiling
// goes along with the verdict and is checked again where two orders at once
// cannot both pass: in the transaction that accepts.
func ceilings(ctx context.Context, m *matter) cordon.Verdict {
	all, err := m.ceilings(ctx)
	if err != nil {
		return m.failed(ctx, "ceilings", err)
	}
	var asks int64
	if !m.again {
		size, err := m.size(ctx)
		if err != nil {
			return m.failed(ctx, "ceilings", err)
		}
		asks = int64(size.total)
	}
	for _, c := range all {
		used, err := m.guard.store.Usage(ctx, m.order.Tenant, c)
		if err != nil {
			return m.failed(ctx, "ceilings", err)
		}
		if used+asks > c.Max {
			return limited(ctx, m, c, used, asks)
		}
	}
	v := pass()
	v.Ceilings = all
	return v
}

// ceilings works out which limits bind this order.
func (m *matter) ceilings(ctx context.Context) ([]cordon.Ceiling, error) {
	var all []cordon.Ceiling
	l := m.limits
	if m.order.Kind == cordon.Single && m.actor.Key != "" {
		busiest, err := m.busiestHour(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, cordon.Ceiling{
			Name: "single sends of this key in an hour", Key: m.actor.Key, Kind: cordon.Single, Since: m.now.Add(-time.Hour),
			Max: max(int64(l.KeySinglePerHour), times(l.KeyBusiestFactor, busiest)),
		})
	}
	// The first approved bulk send ends the newness, so it is not bound by it.
	if m.order.Kind == cordon.Single && m.tenant.FirstBulkAt.IsZero() && m.now.Before(m.tenant.CreatedAt.Add(l.NewTenantFor)) {
		all = append(all, cordon.Ceiling{Name: "copies of a new tenant in a day", Since: m.now.Add(-day), Max: int64(l.NewTenantPerDay)})
	}
	if m.order.Kind == cordon.Bulk {
		active, _, err := m.guard.store.CountRecipients(ctx, m.order.Tenant)
		if err != nil {
			return nil, err
		}
		all = append(all, cordon.Ceiling{
			Name: "bulk copies of this template in a day", Kind: cordon.Bulk, Template: m.version.Template, Since: m.now.Add(-day),
			Max: times(l.ReachFactor, int64(active)),
		})
	}
	busiest, days, err := m.guard.store.BusiestDay(ctx, m.order.Tenant, m.now.Add(-l.History))
	if err != nil {
		return nil, err
	}
	if days >= l.HistoryDays && l.BusiestDayFactor > 0 {
		all = append(all, cordon.Ceiling{Name: "copies of this tenant in a day", Since: m.now.Add(-day), Max: times(l.BusiestDayFactor, busiest)})
	}
	return all, nil
}

// limited refuses, and says when to come again.
func limited(ctx context.Context, m *matter, c cordon.Ceiling, used, asks int64) cordon.Verdict {
	fault := cordon.Fault{
		Field:   "recipients",
		Message: fmt.Sprintf("are over a limit: %s, %d of %d are used and this order asks for %d", c.Name, used, c.Max, asks),
		Remedy:  "the order alone is over the limit: send fewer, or ask the operator to raise it",
	}
	if asks <= c.Max {
		fault.Remedy = "try again in " + written(m.wait(ctx, c, asks))
	}
	v := refuse(cordon.Limited, fmt.Sprintf("A limit is reached: %s (%d).", c.Name, c.Max), fault)
	v.Signals = []cordon.Signal{m.signal(cordon.SignalLimit, cordon.GradeNote, int(asks), "A limit was reached: "+c.Name+".")}
	return burst(ctx, m, c, v)
}

// burstFrom is the fewest copies that make a burst: below it a person at a desk
// may have pressed the button a few times.
const burstFrom = 20

// burst: a key that uses an hour's allowance within a minute is not a program at
// its work. It is stopped, so that what still waits in the undo window waits for
// a person.
func burst(ctx context.Context, m *matter, c cordon.Ceiling, v cordon.Verdict) cordon.Verdict {
	if c.Key == "" || m.limits.BurstShare <= 0 {
		return v
	}
	lately := c
	lately.Since = m.now.Add(-m.limits.BurstWindow)
	used, err := m.guard.store.Usage(ctx, m.order.Tenant, lately)
	if err != nil || used < burstFrom || float64(used) < m.limits.BurstShare*float64(c.Max) {
		return v // refused in any case
	}
	why := fmt.Sprintf("A burst: %d of the %d copies that a key may send in an hour were sent within %s.", used, c.Max, written(m.limits.BurstWindow))
	v.Signals = append(v.Signals, m.signal(cordon.SignalBurst, cordon.GradeIncident, int(used), why))
	v.Stops = append(v.Stops, m.stopActor(why)...)
	return v
}

// wait finds how long until enough of the window has passed: what was accepted
// before Since+w will have left the window in w.
func (m *matter) wait(ctx context.Context, c cordon.Ceiling, asks int64) time.Duration {
	low, high := time.Duration(0), m.now.Sub(c.Since)
	for high-low > time.Minute {
		middle := low + (high-low)/2
		then := c
		then.Since = c.Since.Add(middle)
		used, err := m.guard.store.Usage(ctx, m.order.Tenant, then)
		if err != nil {
			return high // the whole window is always long enough
		}
		if used+asks <= c.Max {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// times multiplies, rounding up so that a small practice's 1.1 is not 1.0.
func times(factor float64, n int64) int64 {
	return int64(math.Ceil(factor*float64(n) - 1e-9))
}

func written(d time.Duration) string {
	minutes := int(math.Ceil(d.Minutes()))
	if minutes < 120 {
		return fmt.Sprintf("%d min", max(1, minutes))
	}
	return fmt.Sprintf("%d h", (minutes+59)/60)
}
