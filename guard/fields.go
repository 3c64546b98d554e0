package guard

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// maxFaults is how many misfits are named in one answer; the rest are counted.
const maxFaults = 100

// fields: everybody has what the text cannot do without. The masks beside the
// recipients answer that; nobody's data is opened.
func fields(ctx context.Context, m *matter) cordon.Verdict {
	need, err := m.needs(ctx)
	if fault, ok := unknownField(err); ok {
		return refuse(cordon.Invalid, "The template needs a field that no recipient has.", fault)
	}
	if err != nil {
		return m.failed(ctx, "fields", err)
	}
	if m.order.Kind == cordon.Bulk {
		return audienceFields(ctx, m, need)
	}
	found, err := m.recipients(ctx)
	if err != nil {
		return m.failed(ctx, "fields", err)
	}
	var faults []cordon.Fault
	for i, id := range m.order.Recipients {
		if who := found[id]; !who.Fields.Has(need.mask) {
			faults = append(faults, lacks(fmt.Sprintf("recipients[%d]", i), need))
		}
	}
	return misfits(faults, len(faults), len(m.order.Recipients))
}

func audienceFields(ctx context.Context, m *matter, need need) cordon.Verdict {
	reach, err := m.size(ctx)
	if err != nil {
		return m.failed(ctx, "fields", err)
	}
	if reach.total == 0 {
		return refuse(cordon.Invalid, "The audience holds nobody who may be mailed.", cordon.Fault{
			Field: "audience", Message: "holds nobody who may be mailed", Remedy: "check its tags, or import recipients",
		})
	}
	unfit := reach.total - reach.fit
	if unfit <= 0 {
		return pass()
	}
	audience, err := m.aimed(ctx)
	if err != nil {
		return m.failed(ctx, "fields", err)
	}
	sample, err := m.guard.store.AudienceUnfit(ctx, m.order.Tenant, audience.Filter, need.mask, maxFaults)
	if err != nil {
		return m.failed(ctx, "fields", err)
	}
	faults := make([]cordon.Fault, 0, len(sample))
	for _, id := range sample {
		faults = append(faults, lacks(string(id), need))
	}
	return misfits(faults, unfit, reach.total)
}

func lacks(who string, need need) cordon.Fault {
	return cordon.Fault{
		Field:   who,
		Message: "lacks a field that the template needs: " + strings.Join(need.names, ", "),
		Remedy:  "import the field, or give it a fallback in the template",
	}
}

// misfits refuses when there are any: the first hundred named, the rest counted.
func misfits(faults []cordon.Fault, unfit, total int) cordon.Verdict {
	if unfit == 0 {
		return pass()
	}
	if len(faults) > maxFaults {
		faults = faults[:maxFaults]
	}
	why := fmt.Sprintf("%d of %d recipients lack a field that the template needs.", unfit, total)
	if unfit > len(faults) {
		faults = append(faults, cordon.Fault{
			Field: "recipients", Message: fmt.Sprintf("and %d more lack one", unfit-len(faults)),
		})
	}
	return refuse(cordon.Invalid, why, faults...)
}

// unknownField tells a field name the tenant never had from a failure.
func unknownField(err error) (cordon.Fault, bool) {
	var e *cordon.Error
	if !errors.As(err, &e) || e.Code != cordon.Invalid {
		return cordon.Fault{}, false
	}
	return cordon.Fault{
		Field: "template", Message: "needs a field that no recipient has: " + e.Message,
		Remedy: "import the field, or give it a fallback in the template",
	}, true
}
