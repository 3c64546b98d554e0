package guard

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// approve: a second person approved exactly these bytes, and nobody has taken
// that back.
func approve(_ context.Context, m *matter) cordon.Verdict {
	if m.order.Free != nil {
		const why = "Free content waits: a second person must approve the text, and release it."
		return cordon.Verdict{Decision: cordon.Hold, Reasons: []cordon.Reason{{Message: why}}}
	}
	if m.version.Approved() {
		return pass()
	}
	v := refuse(cordon.Conflict, "The template version is not approved, or was changed or revoked since.", cordon.Fault{
		Field:   "version",
		Message: fmt.Sprintf("%d is not approved (its state is %s)", m.version.Number, m.version.State),
		Remedy:  "have a second person approve it, or name an approved version",
	})
	v.Signals = []cordon.Signal{m.signal(cordon.SignalUnapproved, cordon.GradeWarning, len(m.order.Recipients), "A template version that is not approved was ordered.")}
	return v
}
