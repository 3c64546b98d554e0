package catalog

import (
	"context"
	"slices"

	"github.com/cordonmail/cordon"
)

// Suppress keeps a recipient from being mailed by the tenant, from now on.
func (c *Catalog) Suppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error {
	if err := maySuppress(by, tenant, reason); err != nil {
		return err
	}
	return c.store.Suppress(ctx, by, tenant, id, reason)
}

// SuppressAddress does the same for an address, whether a recipient has it or
// will have it one day.
func (c *Catalog) SuppressAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, address string, reason cordon.SuppressionReason) error {
	if err := maySuppress(by, tenant, reason); err != nil {
		return err
	}
	a, err := cordon.ParseAddress(address)
	if err != nil {
		return err
	}
	return c.store.SuppressAddress(ctx, by, tenant, a, reason)
}

// Unsuppress takes a suppression of a recipient's address back.
func (c *Catalog) Unsuppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error {
	if err := maySuppress(by, tenant, reason); err != nil {
		return err
	}
	return c.store.Unsuppress(ctx, by, tenant, id, reason)
}

// UnsuppressAddress takes a suppression of an address back.
func (c *Catalog) UnsuppressAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, address string, reason cordon.SuppressionReason) error {
	if err := maySuppress(by, tenant, reason); err != nil {
		return err
	}
	a, err := cordon.ParseAddress(address)
	if err != nil {
		return err
	}
	return c.store.UnsuppressAddress(ctx, by, tenant, a, reason)
}

func maySuppress(by cordon.Actor, tenant cordon.TenantID, r cordon.SuppressionReason) error {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return forbidden(cordon.ManageRecipients)
	}
	known := []cordon.SuppressionReason{cordon.SuppressedBounce, cordon.SuppressedComplaint, cordon.SuppressedUnsubscribe, cordon.SuppressedByHand}
	if slices.Contains(known, r) {
		return nil
	}
	return cordon.InvalidField("reason", "is missing or unknown", "use bounce, complaint, unsubscribe or by-hand")
}
