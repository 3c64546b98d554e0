package guard

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// recipients: every named recipient is the tenant's own. IDs that do not exist,
// that are another tenant's and that were erased are one case with one answer,
// and walking them suspends the key within a few.
func recipients(ctx context.Context, m *matter) cordon.Verdict {
	if m.order.Kind != cordon.Single {
		return pass()
	}
	found, err := m.recipients(ctx)
	if err != nil {
		return m.failed(ctx, "recipients", err)
	}
	bad := 0
	for _, id := range m.order.Recipients {
		if _, ok := found[id]; !ok {
			bad++
		}
	}
	if m.again && bad > 0 { // erased since: nobody is walking
		return badRecipients(fmt.Sprintf("%d of %d recipients are no longer there.", bad, len(m.order.Recipients)))
	}
	// Asked also when no ID is bad, so that an answer's time tells nothing.
	w, err := countBad(ctx, m, bad, len(m.order.Recipients))
	switch {
	case bad == 0 && err == nil:
		return pass()
	case bad == 0:
		return m.failed(ctx, "recipients", err)
	case err != nil:
		m.guard.log.ErrorContext(ctx, "bad ids not counted", "error", err)
	}
	v := badRecipients(fmt.Sprintf("%d of %d recipients are unknown, or not this tenant's.", bad, len(m.order.Recipients)))
	v.Signals, v.Stops, v.SuspendKey = w.Signals, w.Stops, w.SuspendKey
	if len(v.Signals) == 0 {
		v.Signals = []cordon.Signal{m.signal(cordon.SignalUnknownID, cordon.GradeWarning, bad, "Recipient IDs were named that are unknown or not this tenant's.")}
	}
	return v
}

// badRecipients is the one answer for unknown, foreign, erased and planted
// recipients. It names no ID and no number: either would sort the good from
// the bad for whoever walks them.
func badRecipients(why string) cordon.Verdict {
	return refuse(cordon.Missing, why, cordon.Fault{
		Field: "recipients", Message: "hold an ID that is unknown, or not yours", Remedy: "check the IDs; nothing was accepted",
	})
}

// countBad adds n bad IDs of a call that named so many, and says what follows:
// nothing for none, a signal for a few, and a suspended and stopped key once
// they are no slip any more.
func countBad(ctx context.Context, m *matter, n, of int) (cordon.Verdict, error) {
	since := m.now.Add(-m.limits.BadIDWindow)
	total := m.guard.bad.add(m.actor.ID(), n, m.now, since)
	var err error
	if m.actor.Key != "" {
		var recorded int
		recorded, err = m.guard.store.BadIDs(ctx, m.actor.Key, since)
		total = max(total, recorded+n)
	}
	if n == 0 {
		return cordon.Verdict{}, err
	}
	share := m.limits.BadIDShareFrom > 0 && of >= m.limits.BadIDShareFrom && float64(n) > m.limits.BadIDShare*float64(of)
	if total < m.limits.BadIDs && !share {
		return cordon.Verdict{Signals: []cordon.Signal{
			m.signal(cordon.SignalUnknownID, cordon.GradeWarning, n, "Recipient IDs were named that are unknown or not this tenant's."),
		}}, err
	}
	const why = "Recipient IDs are being walked."
	v := cordon.Verdict{
		Signals: []cordon.Signal{m.signal(cordon.SignalUnknownID, cordon.GradeIncident, n, why)},
		Stops:   m.stopActor(why),
	}
	if m.actor.Key != "" {
		v.SuspendKey = why
	}
	return v, err
}
