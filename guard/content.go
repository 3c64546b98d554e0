package guard

import (
	"context"

	"github.com/cordonmail/cordon"
)

// content: mail is an approved template version. Free content takes a right of
// its own, and even then waits for a second person (approve).
func content(_ context.Context, m *matter) cordon.Verdict {
	if m.order.Free == nil {
		return pass()
	}
	if m.actor.Can(cordon.SendFree, m.order.Tenant) {
		return pass()
	}
	v := refuse(cordon.Denied, "Free content was sent by a credential without the right to it.", cordon.Fault{
		Field: "content", Message: "may not be given with an order", Remedy: "send an approved template version",
	})
	v.Signals = []cordon.Signal{m.signal(cordon.SignalFreeContent, cordon.GradeWarning, len(m.order.Recipients), "Free content was sent without the right to it.")}
	return v
}
