package catalog

import (
	"context"
	"strings"

	"github.com/cordonmail/cordon"
)

// Recipients lists the recipients a filter chooses, unopened; Everyone lists all.
func (c *Catalog) Recipients(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, f cordon.Filter, p cordon.Page) ([]cordon.Recipient, string, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, "", forbidden(cordon.ReadCatalog)
	}
	f, err := checkFilter(f)
	if err != nil {
		return nil, "", err
	}
	return c.store.Recipients(ctx, tenant, f, p)
}

// RecipientByRef finds a recipient by the tenant's own reference.
func (c *Catalog) RecipientByRef(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, ref string) (cordon.Recipient, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return cordon.Recipient{}, forbidden(cordon.ReadCatalog)
	}
	return c.store.RecipientByRef(ctx, tenant, ref)
}

// RecipientByAddress finds the recipients who have an address, without opening
// anybody. Knowing that an address is there says something about a person, so it
// takes the right to keep recipients, not only to read names and counts.
func (c *Catalog) RecipientByAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, address string) ([]cordon.Recipient, error) {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return nil, forbidden(cordon.ManageRecipients)
	}
	a, err := cordon.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	return c.store.FindByAddress(ctx, by, tenant, a)
}

// CountRecipients answers how many active recipients a tenant has, decoys left out.
func (c *Catalog) CountRecipients(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (int, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return 0, forbidden(cordon.ReadCatalog)
	}
	active, _, err := c.store.CountRecipients(ctx, tenant)
	return active, err
}

// FieldNames lists the personal fields the tenant's recipients have ever had, as
// templates may name them.
func (c *Catalog) FieldNames(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) ([]string, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, forbidden(cordon.ReadCatalog)
	}
	return c.fieldNames(ctx, tenant)
}

// OpenPerson opens one recipient. The purpose goes into the ledger with it.
func (c *Catalog) OpenPerson(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, purpose string) (cordon.Person, error) {
	if !by.Can(cordon.Reveal, tenant) {
		return cordon.Person{}, forbidden(cordon.Reveal)
	}
	if err := checkLabel("purpose", purpose); err != nil {
		return cordon.Person{}, err
	}
	if strings.Contains(purpose, "@") {
		return cordon.Person{}, cordon.InvalidField("purpose", "holds what looks like an address", "leave personal data out: the purpose stays in the ledger for good")
	}
	if err := c.touched(ctx, by, tenant, id); err != nil {
		return cordon.Person{}, err
	}
	return c.store.OpenPerson(ctx, by, tenant, id, purpose)
}

// EraseRecipient forgets a person: the sealed fields are gone, the opaque ID
// stays in the ledger.
func (c *Catalog) EraseRecipient(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID) error {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return forbidden(cordon.ManageRecipients)
	}
	return c.store.EraseRecipient(ctx, by, tenant, id)
}
