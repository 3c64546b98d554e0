package guard

import (
	"context"

	"github.com/cordonmail/cordon"
)

// decoy: a planted recipient is in no list, so whoever names one took its ID
// from somewhere: proof at the first hit. The answer is the one for unknown IDs.
func decoy(ctx context.Context, m *matter) cordon.Verdict {
	if m.order.Kind != cordon.Single {
		return pass() // an audience holds no decoys: the store leaves them out
	}
	found, err := m.recipients(ctx)
	if err != nil {
		return m.failed(ctx, "decoy", err)
	}
	hits := 0
	for _, id := range m.order.Recipients {
		if found[id].Decoy {
			hits++
		}
	}
	if hits == 0 {
		return pass()
	}
	const why = "A planted recipient was named: these IDs were not come by honestly."
	v := badRecipients(why)
	v.Signals = []cordon.Signal{m.signal(cordon.SignalDecoy, cordon.GradeIncident, hits, why)}
	v.Stops = append(m.stopActor(why), m.stop(cordon.Scope{Tenant: m.order.Tenant, Kind: cordon.Bulk}, why))
	if m.order.Template != "" && m.version.Tenant == m.order.Tenant {
		v.Stops = append(v.Stops, m.stop(cordon.Scope{Template: m.order.Template}, why))
	}
	if m.actor.Key != "" {
		v.SuspendKey = why
	}
	return v
}
