package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// CreateTemplate makes a named letter without a text yet.
func (c *Catalog) CreateTemplate(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, handle string) (cordon.Template, error) {
	if !by.Can(cordon.ManageTemplates, tenant) {
		return cordon.Template{}, forbidden(cordon.ManageTemplates)
	}
	if err := checkHandle(handle); err != nil {
		return cordon.Template{}, err
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return cordon.Template{}, err
	}
	t := cordon.Template{ID: cordon.NewTemplateID(), Tenant: tenant, Handle: handle, CreatedAt: c.now().UTC()}
	if err := c.store.CreateTemplate(ctx, by, t); err != nil {
		return cordon.Template{}, fmt.Errorf("create template: %w", err)
	}
	return t, nil
}

// Template finds a template by ID or handle.
func (c *Catalog) Template(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string) (cordon.Template, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return cordon.Template{}, forbidden(cordon.ReadCatalog)
	}
	return c.store.Template(ctx, tenant, idOrHandle)
}

// Templates lists the tenant's templates.
func (c *Catalog) Templates(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, p cordon.Page) ([]cordon.Template, string, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, "", forbidden(cordon.ReadCatalog)
	}
	return c.store.Templates(ctx, tenant, p)
}

// WriteVersion adds a text to a template, as a draft by the actor's person. It
// is compiled first, and everything wrong with it is said at once: a text that
// could not be sent to everyone is never stored.
func (c *Catalog) WriteVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string, content cordon.Content) (cordon.Version, error) {
	if !by.Can(cordon.ManageTemplates, tenant) {
		return cordon.Version{}, forbidden(cordon.ManageTemplates)
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return cordon.Version{}, err
	}
	t, err := c.store.Template(ctx, tenant, idOrHandle)
	if err != nil {
		return cordon.Version{}, err
	}
	if err := c.checkContent(ctx, tenant, content); err != nil {
		return cordon.Version{}, err
	}
	v, err := c.store.WriteVersion(ctx, by, tenant, t.ID, content)
	if err != nil {
		return cordon.Version{}, fmt.Errorf("write version: %w", err)
	}
	return v, nil
}

// Check says what is wrong with a content without storing it.
func (c *Catalog) Check(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, content cordon.Content) error {
	if !by.Can(cordon.ManageTemplates, tenant) {
		return forbidden(cordon.ManageTemplates)
	}
	return c.checkContent(ctx, tenant, content)
}

func (c *Catalog) checkContent(ctx context.Context, tenant cordon.TenantID, content cordon.Content) error {
	var faults []cordon.Fault
	if _, err := compose.Compile(content); err != nil {
		var e *cordon.Error
		if !errors.As(err, &e) {
			return fmt.Errorf("compile: %w", err)
		}
		if faults = e.Faults; len(faults) == 0 {
			faults = []cordon.Fault{{Field: e.Field, Message: e.Message, Remedy: e.Remedy}}
		}
	}
	domains, err := c.store.Domains(ctx, tenant)
	if err != nil {
		return fmt.Errorf("check content: %w", err)
	}
	known, err := c.fieldNames(ctx, tenant)
	if err != nil {
		return fmt.Errorf("check content: %w", err)
	}
	add := func(f ...cordon.Fault) {
		for _, f := range f {
			// Compile may have found the same; one fault a place is enough.
			if !slices.ContainsFunc(faults, func(have cordon.Fault) bool { return have.Field == f.Field && have.Line == f.Line }) {
				faults = append(faults, f)
			}
		}
	}
	add(senderFaults(content, domains)...)
	add(fieldFaults(content.Fields, known)...)
	return all(faults)
}

// senderFaults lets nobody write in another's name: the From domain must be one
// the tenant has a key for, and that one exactly, or the DKIM signature would
// not align (RFC 9989).
func senderFaults(content cordon.Content, domains []cordon.Domain) []cordon.Fault {
	names := make([]string, len(domains))
	for i, d := range domains {
		if names[i] = d.Name; d.Name == content.FromAddress.Domain() {
			return nil
		}
	}
	remedy := "the tenant has no sending domain yet; create one first"
	if len(names) > 0 {
		remedy = "use an address under " + strings.Join(names, ", ")
	}
	return []cordon.Fault{{Field: "from_address", Message: "is not under a sending domain of the tenant", Remedy: remedy}}
}

// fieldFaults catches the misspelt field while a person is there to mend it: a
// name no recipient has ever had would stop, or worse, empty every letter.
func fieldFaults(fields []cordon.Field, known []string) []cordon.Fault {
	var faults []cordon.Fault
	for i, f := range fields {
		if f.Source == cordon.FromRecipient && !slices.Contains(known, f.Name) {
			faults = append(faults, cordon.Fault{
				Field:   fmt.Sprintf("fields[%d]", i),
				Message: fmt.Sprintf("%.40q is no field of the tenant's recipients", f.Name),
				Remedy:  "known are " + strings.Join(known, ", ") + "; import a file with that column first, or declare the field with source order",
			})
		}
	}
	return faults
}

// fieldNames is every field a template may take from recipients, the two that
// everyone has first.
func (c *Catalog) fieldNames(ctx context.Context, tenant cordon.TenantID) ([]string, error) {
	stored, err := c.store.FieldNames(ctx, tenant)
	if err != nil {
		return nil, err
	}
	names := []string{cordon.FieldName, cordon.FieldAddress}
	for _, n := range stored {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names[2:])
	return names, nil
}

// Version shows one text.
func (c *Catalog) Version(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string, number int) (cordon.Version, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return cordon.Version{}, forbidden(cordon.ReadCatalog)
	}
	t, err := c.store.Template(ctx, tenant, idOrHandle)
	if err != nil {
		return cordon.Version{}, err
	}
	return c.store.Version(ctx, tenant, t.ID, number)
}

// Versions lists a template's texts.
func (c *Catalog) Versions(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string) ([]cordon.Version, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, forbidden(cordon.ReadCatalog)
	}
	t, err := c.store.Template(ctx, tenant, idOrHandle)
	if err != nil {
		return nil, err
	}
	return c.store.Versions(ctx, tenant, t.ID)
}

// Approve lets a version be sent. It takes a second person, and the hash of the
// text that person saw: a text changed in between is not the one approved.
func (c *Catalog) Approve(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string, number int, hash string) (cordon.Version, error) {
	if !by.Can(cordon.ApproveTemplates, tenant) {
		return cordon.Version{}, forbidden(cordon.ApproveTemplates)
	}
	t, err := c.store.Template(ctx, tenant, idOrHandle)
	if err != nil {
		return cordon.Version{}, err
	}
	v, err := c.store.Version(ctx, tenant, t.ID, number)
	if err != nil {
		return cordon.Version{}, err
	}
	switch {
	case by.Person() == "" || by.Person() == string(v.Author):
		return cordon.Version{}, &cordon.Error{Code: cordon.Denied, Message: "whoever wrote a version cannot approve it", Remedy: "ask a second person"}
	case v.State != cordon.VersionDraft:
		return cordon.Version{}, &cordon.Error{Code: cordon.Conflict, Field: "version", Message: "is " + string(v.State) + ", not a draft", Remedy: "write a new version"}
	case hash == "":
		return cordon.Version{}, cordon.InvalidField("hash", "is missing", "give the hash of the text you read")
	case hash != v.Hash || v.Hash != v.Content.Hash():
		return cordon.Version{}, &cordon.Error{Code: cordon.Conflict, Field: "hash", Message: "is not the hash of this version", Remedy: "read the version again and approve what you see"}
	}
	// A domain may have gone, or a rule become stricter, since it was written.
	if err := c.checkContent(ctx, tenant, v.Content); err != nil {
		return cordon.Version{}, err
	}
	if err := c.store.ApproveVersion(ctx, by, tenant, t.ID, number, hash); err != nil {
		return cordon.Version{}, fmt.Errorf("approve version: %w", err)
	}
	return c.store.Version(ctx, tenant, t.ID, number)
}

// Revoke takes a version out of use for good. Whoever may write or approve may:
// holding a letter back needs no second person.
func (c *Catalog) Revoke(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string, number int) error {
	if !by.Can(cordon.ApproveTemplates, tenant) && !by.Can(cordon.ManageTemplates, tenant) {
		return forbidden(cordon.ApproveTemplates)
	}
	t, err := c.store.Template(ctx, tenant, idOrHandle)
	if err != nil {
		return err
	}
	if err := c.store.RevokeVersion(ctx, by, tenant, t.ID, number); err != nil {
		return fmt.Errorf("revoke version: %w", err)
	}
	return nil
}
