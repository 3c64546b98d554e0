package api

import (
	"context"
	"net/url"

	"github.com/cordonmail/cordon"
)

type hostRequest struct {
	TenantPath
	Body struct {
		Name string `json:"name" minLength:"3" maxLength:"253" doc:"The host; what lies under it is covered" example:"maps.example.org"`
	} `nameHint:"HostRequest"`
}

// HostPath names a host of a tenant.
type HostPath struct {
	TenantPath
	Host string `path:"host" doc:"The host" example:"maps.example.org"`
}

func (a *API) approveHost(ctx context.Context, x *exchange, in *hostRequest) (*created[cordon.LinkHost], error) {
	h, err := a.Catalog.ApproveHost(ctx, x.actor, x.tenant, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &created[cordon.LinkHost]{Location: tenantURL(x.tenant, "/hosts/"+url.PathEscape(h.Name)), Body: h}, nil
}

func (a *API) listHosts(ctx context.Context, x *exchange, _ *TenantPath) (*answer[list[cordon.LinkHost]], error) {
	hosts, err := a.Catalog.LinkHosts(ctx, x.actor, x.tenant)
	return listed(hosts, "", err)
}

func (a *API) withdrawHost(ctx context.Context, x *exchange, in *HostPath) (*nothing, error) {
	return done(a.Catalog.WithdrawHost(ctx, x.actor, x.tenant, in.Host))
}
