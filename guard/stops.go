package guard

import (
	"context"

	"github.com/cordonmail/cordon"
)

// stops: a Stop that covers the order turns it away here, by the same predicate
// that the claim and the last look use, so that nothing piles up behind it.
func stops(ctx context.Context, m *matter) cordon.Verdict {
	active, err := m.guard.store.ActiveStops(ctx)
	if err != nil {
		return m.failed(ctx, "stops", err)
	}
	like := cordon.Delivery{
		Tenant: m.order.Tenant, Template: m.order.Template, Account: m.actor.Account, Key: m.actor.Key, Kind: m.order.Kind,
	}
	for _, stop := range active {
		if stop.Blocks(like, m.now) {
			return refuse(cordon.Stopped, "A stop covers this order: "+string(stop.ID)+".", cordon.Fault{
				Field: "order", Message: "is covered by stop " + string(stop.ID), Remedy: "send it again once the stop is lifted; nothing was accepted",
			})
		}
	}
	return pass()
}
