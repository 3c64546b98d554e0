package intake

import (
	"context"
	"iter"
	"slices"

	"github.com/cordonmail/cordon"
)

// mostHeldValues is how many recipients' values of a held order are judged again.
const mostHeldValues = 500

// heldRows are the values that a held order gave, for judging it again.
func (d *Desk) heldRows(ctx context.Context, dispatch cordon.Dispatch) (iter.Seq2[cordon.Row, error], error) {
	rows, err := d.store.HeldValues(ctx, dispatch.Tenant, dispatch.ID, mostHeldValues)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return func(yield func(cordon.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}, nil
}

// lesson is what a hold has to teach, read while its values are still there.
type lesson struct {
	order   cordon.Order
	version cordon.Version
	none    bool
}

// lessonOf reads a hold's lesson. What cannot be read teaches nothing: a person's
// decision is not kept back by it.
func (d *Desk) lessonOf(ctx context.Context, dispatch cordon.Dispatch) lesson {
	if !slices.ContainsFunc(dispatch.Reasons, func(r cordon.Reason) bool { return r.Check == cordon.CheckScreen }) {
		return lesson{none: true}
	}
	version, err := d.store.Version(ctx, dispatch.Tenant, dispatch.Template, dispatch.Version)
	if err == nil && version.Hash == dispatch.Hash {
		l := lesson{order: cordon.Order{Tenant: dispatch.Tenant}, version: version}
		if l.order.Rows, err = d.heldRows(ctx, dispatch); err == nil {
			return l
		}
	}
	if err != nil {
		d.log.WarnContext(ctx, "hold teaches nothing", "dispatch", dispatch.ID, "error", err)
	}
	return lesson{none: true}
}

// teach tells the screening what was decided.
func (d *Desk) teach(ctx context.Context, by cordon.Actor, dispatch cordon.Dispatch, l lesson, wanted bool) {
	if l.none {
		return
	}
	if err := d.judge.Learn(context.WithoutCancel(ctx), by, dispatch, l.order, l.version, wanted); err != nil {
		d.log.WarnContext(ctx, "hold was not learnt from", "dispatch", dispatch.ID, "error", err)
	}
}
