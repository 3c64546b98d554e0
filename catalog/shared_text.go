package catalog

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
	"github.com/cordonmail/cordon/screen"
)

// ShareText lets many tenants send the text of an approved version in the same
// words: a platform's own letters. Only an actor of the whole installation may;
// any other text that several tenants send at once is held everywhere.
func (c *Catalog) ShareText(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string, number int) (cordon.SharedText, error) {
	if !by.Can(cordon.ManageTenants, tenant) || by.Tenant != "" {
		return cordon.SharedText{}, forbidden(cordon.ManageTenants)
	}
	t, err := c.store.Template(ctx, tenant, idOrHandle)
	if err != nil {
		return cordon.SharedText{}, err
	}
	v, err := c.store.Version(ctx, tenant, t.ID, number)
	if err != nil {
		return cordon.SharedText{}, err
	}
	if !v.Approved() {
		return cordon.SharedText{}, &cordon.Error{Code: cordon.Conflict, Field: "version", Message: "is not approved", Remedy: "have a second person of the tenant approve it first"}
	}
	letter, err := compose.Compile(v.Content)
	if err != nil {
		return cordon.SharedText{}, fmt.Errorf("share text: %w", err)
	}
	x := cordon.SharedText{Fingerprint: screen.LetterPrint(v.Content, letter), Tenant: tenant, Template: t.ID, Version: number, ApprovedBy: by.ID(), ApprovedAt: c.now().UTC()}
	if err := c.store.ApproveSharedText(ctx, by, x); err != nil {
		return cordon.SharedText{}, fmt.Errorf("share text: %w", err)
	}
	return x, nil
}

// UnshareText takes the approval back.
func (c *Catalog) UnshareText(ctx context.Context, by cordon.Actor, f cordon.Fingerprint) error {
	if !by.Can(cordon.ManageTenants, "") {
		return forbidden(cordon.ManageTenants)
	}
	return c.store.WithdrawSharedText(ctx, by, f)
}

// SharedTexts lists the texts that many tenants may send, the newest first.
func (c *Catalog) SharedTexts(ctx context.Context, by cordon.Actor) ([]cordon.SharedText, error) {
	if !by.Can(cordon.ReadCatalog, "") {
		return nil, forbidden(cordon.ReadCatalog)
	}
	return c.store.SharedTexts(ctx)
}
