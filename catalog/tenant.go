package catalog

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// CreateTenant makes an organisation's walls and plants its first decoys, so
// that it is watched from the first recipient on.
func (c *Catalog) CreateTenant(ctx context.Context, by cordon.Actor, handle, name string) (cordon.Tenant, error) {
	return c.createTenant(ctx, by, cordon.Tenant{Handle: handle, Name: name})
}

// CreateExerciseTenant makes a tenant of a drill or the demo: the only kind an
// exercise may send to.
func (c *Catalog) CreateExerciseTenant(ctx context.Context, by cordon.Actor, handle, name string) (cordon.Tenant, error) {
	return c.createTenant(ctx, by, cordon.Tenant{Handle: handle, Name: name, Exercise: true})
}

func (c *Catalog) createTenant(ctx context.Context, by cordon.Actor, t cordon.Tenant) (cordon.Tenant, error) {
	if !by.Can(cordon.ManageTenants, "") {
		return cordon.Tenant{}, forbidden(cordon.ManageTenants)
	}
	if err := checkHandle(t.Handle); err != nil {
		return cordon.Tenant{}, err
	}
	if err := checkLabel("name", t.Name); err != nil {
		return cordon.Tenant{}, err
	}
	t.ID, t.State, t.CreatedAt = cordon.NewTenantID(), cordon.TenantActive, c.now().UTC()
	if err := c.store.CreateTenant(ctx, by, t); err != nil {
		return cordon.Tenant{}, fmt.Errorf("create tenant: %w", err)
	}
	if _, err := c.topUp(ctx, by, t.ID, ""); err != nil {
		return cordon.Tenant{}, fmt.Errorf("create tenant: %w", err)
	}
	return c.store.Tenant(ctx, t.ID)
}

// Tenant finds a tenant by ID or handle.
func (c *Catalog) Tenant(ctx context.Context, by cordon.Actor, idOrHandle string) (cordon.Tenant, error) {
	if !by.Can(cordon.ReadCatalog, by.Tenant) {
		return cordon.Tenant{}, forbidden(cordon.ReadCatalog)
	}
	var t cordon.Tenant
	var err error
	if id := cordon.TenantID(idOrHandle); id.Valid() {
		t, err = c.store.Tenant(ctx, id)
	} else {
		t, err = c.store.TenantByHandle(ctx, idOrHandle)
	}
	if err == nil && !by.Can(cordon.ReadCatalog, t.ID) {
		err = missing("tenant") // as an unknown one
	}
	if err != nil {
		return cordon.Tenant{}, oneAnswer("tenant", err)
	}
	return t, nil
}

// oneAnswer makes unknown and foreign read alike, in the same words.
func oneAnswer(noun string, err error) error {
	if cordon.CodeOf(err) == cordon.Missing {
		return missing(noun)
	}
	return err
}

// Tenants lists the tenants the actor can see: its own, or all.
func (c *Catalog) Tenants(ctx context.Context, by cordon.Actor, p cordon.Page) ([]cordon.Tenant, string, error) {
	if !by.Can(cordon.ReadCatalog, by.Tenant) {
		return nil, "", forbidden(cordon.ReadCatalog)
	}
	if by.Tenant == "" {
		return c.store.Tenants(ctx, p)
	}
	t, err := c.store.Tenant(ctx, by.Tenant)
	if err != nil || p.After != "" {
		return nil, "", err
	}
	return []cordon.Tenant{t}, "", nil
}

// EraseTenant drops the tenant's key: everything sealed under it is gone for
// good, in every backup too.
func (c *Catalog) EraseTenant(ctx context.Context, by cordon.Actor, id cordon.TenantID) error {
	if !by.Can(cordon.ManageTenants, "") {
		return forbidden(cordon.ManageTenants)
	}
	return c.store.EraseTenant(ctx, by, id)
}

// active fetches a tenant that something is to be added to.
func (c *Catalog) active(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error) {
	t, err := c.store.Tenant(ctx, id)
	switch {
	case err != nil:
		return cordon.Tenant{}, err
	case t.State != cordon.TenantActive:
		return cordon.Tenant{}, &cordon.Error{Code: cordon.Conflict, Field: "tenant", Message: "was erased"}
	}
	return t, nil
}
