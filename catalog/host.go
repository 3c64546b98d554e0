package catalog

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// ApproveHost lets the tenant's letters link to a host and to what lies under
// it, beside the tenant's own sending domains. Only an actor of the whole
// installation may: whoever steals a tenant's credentials gets no host of his own
// past the screening. A host under which anybody gets a place (a public suffix)
// is refused.
func (c *Catalog) ApproveHost(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, name string) (cordon.LinkHost, error) {
	if !by.Can(cordon.ManageTenants, tenant) || by.Tenant != "" {
		return cordon.LinkHost{}, forbidden(cordon.ManageTenants)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return cordon.LinkHost{}, err
	}
	name, err := domainName(name)
	if err != nil {
		return cordon.LinkHost{}, err
	}
	h := cordon.LinkHost{Tenant: tenant, Name: name, ApprovedBy: by.ID(), ApprovedAt: c.now().UTC()}
	if err := c.store.ApproveHost(ctx, by, h); err != nil {
		return cordon.LinkHost{}, fmt.Errorf("approve host: %w", err)
	}
	return h, nil
}

// WithdrawHost takes the approval back: letters that link there are held.
func (c *Catalog) WithdrawHost(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, name string) error {
	if !by.Can(cordon.ManageTenants, tenant) || by.Tenant != "" {
		return forbidden(cordon.ManageTenants)
	}
	name, err := domainName(name)
	if err != nil {
		return err
	}
	return c.store.WithdrawHost(ctx, by, tenant, name)
}

// LinkHosts lists the hosts approved for the tenant. Its own sending domains,
// which are always approved, are not among them.
func (c *Catalog) LinkHosts(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) ([]cordon.LinkHost, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, forbidden(cordon.ReadCatalog)
	}
	return c.store.LinkHosts(ctx, tenant)
}
