package intake

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// prepareBulk says when and in which steps a bulk send leaves: behind its undo
// window, longer while no copy of the version has gone out in bulk, and in the
// stages of the tenant's limits.
func (d *Desk) prepareBulk(ctx context.Context, n *cordon.NewDispatch, version cordon.Version) error {
	limits, err := d.store.Limits(ctx, n.Dispatch.Tenant)
	if err != nil {
		return unavailable("read limits", err)
	}
	n.Release = limits.Plan()
	wait := limits.UndoBulk
	if limits.FirstUseHold > wait {
		used, err := d.store.GoneOutInBulk(ctx, n.Dispatch.Tenant, version.Template, version.Number)
		if err != nil {
			return unavailable("look for an earlier use", err)
		}
		if !used {
			wait = limits.FirstUseHold
			n.Dispatch.Reasons = append(n.Dispatch.Reasons, cordon.Reason{
				Check: "first-use", Decision: cordon.Pass,
				Message: "First use of this version: it waits " + spoken(wait) + " before the first copy leaves.",
			})
		}
	}
	n.Dispatch.NotBefore = n.Dispatch.AcceptedAt.Add(wait)
	return nil
}

// spoken is a length of time as people say it: 10 min, 1 h 30 min, 15 s.
func spoken(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, " h"}, {time.Minute, " min"}, {time.Second, " s"}} {
		if n := d / unit.size; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+unit.name)
			d -= n * unit.size
		}
	}
	if len(parts) == 0 {
		return "a moment"
	}
	return strings.Join(parts, " ")
}
