package guard

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// pace: a key's first single sends in an hour leave promptly; what is beyond
// its usual hour waits a while longer, like the later stages of a bulk send. It
// costs an honest program minutes on its first busy day and nothing after that;
// a thief's first decoy, bad ID or burst comes while all but a few still wait.
func pace(ctx context.Context, m *matter) cordon.Verdict {
	if m.order.Kind != cordon.Single || m.actor.Key == "" || m.limits.UnusualWait <= m.limits.UndoSingle {
		return pass()
	}
	busiest, err := m.busiestHour(ctx)
	if err != nil {
		return m.failed(ctx, "pace", err)
	}
	v := pass()
	v.Pace = &cordon.Pace{
		Ceiling: cordon.Ceiling{
			Name: "prompt single sends of this key in an hour", Key: m.actor.Key, Kind: cordon.Single, Since: m.now.Add(-time.Hour),
			Max: max(int64(m.limits.KeyPromptPerHour), busiest),
		},
		Wait: m.limits.UnusualWait,
		Reason: cordon.Reason{
			Check: "pace", Decision: cordon.Pass,
			Message: "More than this key sends in its busiest hour, so it waits " + written(m.limits.UnusualWait) + " before it leaves.",
		},
	}
	return v
}
