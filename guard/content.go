package guard

import (
	"context"

	"github.com/cordonmail/cordon"
)

// content: mail is an approved template version. Free content has no approval
// for the exit to check, so nothing of it could leave: it is refused here,
// where the answer still helps the caller.
func content(_ context.Context, m *matter) cordon.Verdict {
	if m.order.Free == nil {
		return pass()
	}
	if !m.actor.Can(cordon.SendFree, m.order.Tenant) {
		v := refuse(cordon.Denied, "Free content was sent by a credential without the right to it.", cordon.Fault{
			Field: "content", Message: "may not be given with an order", Remedy: "send an approved template version",
		})
		v.Signals = []cordon.Signal{m.signal(cordon.SignalFreeContent, cordon.GradeWarning, len(m.order.Recipients), "Free content was sent without the right to it.")}
		return v
	}
	return refuse(cordon.Invalid, "Free content has no approval, and only approved text leaves.", cordon.Fault{
		Field: "content", Message: "is not approved, and only approved text leaves",
		Remedy: "write it as a template version, have a second person approve it, and send that version",
	})
}
