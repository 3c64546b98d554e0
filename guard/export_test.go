package guard

import (
	"context"

	"github.com/cordonmail/cordon"
)

// Twins asks the check of the same words alone.
func (g *Guard) Twins(ctx context.Context, tenant cordon.Tenant, order cordon.Order, version cordon.Version) cordon.Verdict {
	return twins(ctx, &matter{guard: g, order: order, version: version, tenant: tenant, now: g.now(), limits: cordon.DefaultLimits()})
}
