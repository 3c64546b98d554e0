package guard

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// suppressed: nobody is mailed by name who must not be. It is asked only when
// every recipient is the tenant's own, so its answer tells nothing of others;
// an audience leaves the suppressed out by itself.
func suppressed(ctx context.Context, m *matter) cordon.Verdict {
	if m.order.Kind != cordon.Single {
		return pass()
	}
	found, err := m.recipients(ctx)
	if err != nil {
		return m.failed(ctx, "suppressed", err)
	}
	var faults []cordon.Fault
	for i, id := range m.order.Recipients {
		if found[id].Suppressed {
			faults = append(faults, cordon.Fault{
				Field: fmt.Sprintf("recipients[%d]", i), Message: "is suppressed: this person must not be mailed", Remedy: "leave it out",
			})
		}
	}
	if len(faults) == 0 {
		return pass()
	}
	return refuse(cordon.Invalid, fmt.Sprintf("%d of %d recipients are suppressed.", len(faults), len(m.order.Recipients)), faults...)
}
