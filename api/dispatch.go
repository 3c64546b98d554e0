package api

import (
	"context"

	"github.com/cordonmail/cordon"
)

type DispatchesQuery struct {
	PageQuery
	State cordon.DispatchState `query:"state" enum:"accepting,open,held,done,discarded" doc:"Only dispatches in this state; a part may then hold fewer rows than limit" example:"held"`
}

type tenantDispatches struct {
	TenantPath
	DispatchesQuery
}

func (a *API) listDispatches(ctx context.Context, x *exchange, in *tenantDispatches) (*answer[list[cordon.Dispatch]], error) {
	return a.dispatches(ctx, x, x.tenant, in.DispatchesQuery)
}

func (a *API) listAllDispatches(ctx context.Context, x *exchange, in *DispatchesQuery) (*answer[list[cordon.Dispatch]], error) {
	return a.dispatches(ctx, x, x.actor.Tenant, *in)
}

func (a *API) dispatches(ctx context.Context, x *exchange, tenant cordon.TenantID, q DispatchesQuery) (*answer[list[cordon.Dispatch]], error) {
	all, next, err := a.Desk.Dispatches(ctx, x.actor, tenant, q.page())
	var fit []cordon.Dispatch
	for _, d := range all {
		if q.State == "" || d.State == q.State {
			fit = append(fit, d)
		}
	}
	return listed(fit, next, err)
}

type dispatchPath struct {
	TenantPath
	Dispatch cordon.DispatchID `path:"dispatch" maxLength:"64" doc:"Dispatch's ID" example:"dsp_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getDispatch(ctx context.Context, x *exchange, in *dispatchPath) (*answer[cordon.Dispatch], error) {
	return answered(a.Desk.Dispatch(ctx, x.actor, x.tenant, in.Dispatch))
}
