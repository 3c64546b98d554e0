package catalog

import (
	"context"
	"fmt"
	"slices"

	"github.com/cordonmail/cordon"
)

// SaveAudience saves a filter under a handle, or changes what the handle's
// audience chooses.
func (c *Catalog) SaveAudience(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, handle string, f cordon.Filter) (cordon.Audience, error) {
	if !by.Can(cordon.ManageRecipients, tenant) {
		return cordon.Audience{}, forbidden(cordon.ManageRecipients)
	}
	if err := checkHandle(handle); err != nil {
		return cordon.Audience{}, err
	}
	f, err := checkFilter(f)
	if err != nil {
		return cordon.Audience{}, err
	}
	if _, err := c.active(ctx, tenant); err != nil {
		return cordon.Audience{}, err
	}
	a := cordon.Audience{ID: cordon.NewAudienceID(), Tenant: tenant, Handle: handle, Filter: f, CreatedAt: c.now().UTC()}
	switch old, err := c.store.Audience(ctx, tenant, handle); {
	case err == nil:
		a.ID, a.CreatedAt = old.ID, old.CreatedAt
	case cordon.CodeOf(err) != cordon.Missing:
		return cordon.Audience{}, err
	}
	if err := c.store.SaveAudience(ctx, by, a); err != nil {
		return cordon.Audience{}, fmt.Errorf("save audience: %w", err)
	}
	return c.store.Audience(ctx, tenant, handle)
}

// Audience finds an audience by ID or handle.
func (c *Catalog) Audience(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, idOrHandle string) (cordon.Audience, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return cordon.Audience{}, forbidden(cordon.ReadCatalog)
	}
	return c.store.Audience(ctx, tenant, idOrHandle)
}

// Audiences lists the tenant's audiences.
func (c *Catalog) Audiences(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, p cordon.Page) ([]cordon.Audience, string, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, "", forbidden(cordon.ReadCatalog)
	}
	return c.store.Audiences(ctx, tenant, p)
}

// Reach is how many people a filter chooses, and how many of them have every
// personal field a letter needs.
type Reach struct {
	Total int                  `json:"total"`
	Fit   int                  `json:"fit"`
	Unfit []cordon.RecipientID `json:"unfit,omitempty"` // the first few who do not
}

const unfitShown = 20

// Reach counts an audience against the fields a letter needs, opening nobody.
// No fields means only how many.
func (c *Catalog) Reach(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, f cordon.Filter, fields []string) (Reach, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return Reach{}, forbidden(cordon.ReadCatalog)
	}
	f, err := checkFilter(f)
	if err != nil {
		return Reach{}, err
	}
	var want cordon.FieldMask
	if len(fields) > 0 {
		if want, err = c.store.FieldMask(ctx, tenant, fields); err != nil {
			return Reach{}, err
		}
	}
	var r Reach
	if r.Total, r.Fit, err = c.store.AudienceCount(ctx, tenant, f, want); err != nil {
		return Reach{}, fmt.Errorf("count audience: %w", err)
	}
	if r.Fit < r.Total {
		if r.Unfit, err = c.store.AudienceUnfit(ctx, tenant, f, want, unfitShown); err != nil {
			return Reach{}, fmt.Errorf("count audience: %w", err)
		}
	}
	return r, nil
}

// checkFilter refuses filters that choose nobody or can be read two ways, and
// brings tags into the form in which imports store them.
func checkFilter(f cordon.Filter) (cordon.Filter, error) {
	switch {
	case f.Zero():
		return f, cordon.InvalidField("filter", "chooses nobody", "name tags, or say everyone")
	case f.Everyone && (len(f.All) > 0 || len(f.Any) > 0):
		return f, cordon.InvalidField("filter", "says everyone and names tags", "give one or the other; none may go with both")
	}
	for _, part := range []struct {
		field string
		tags  *[]string
	}{{"filter.all", &f.All}, {"filter.any", &f.Any}, {"filter.none", &f.None}} {
		if len(*part.tags) > maxTags {
			return f, cordon.InvalidField(part.field, fmt.Sprintf("has more than %d tags", maxTags), "use fewer")
		}
		clean := make([]string, 0, len(*part.tags))
		for _, t := range *part.tags {
			tag, why := normalTag(t)
			if why != "" {
				return f, cordon.InvalidField(part.field, why, tagRemedy)
			}
			if !slices.Contains(clean, tag) {
				clean = append(clean, tag)
			}
		}
		if *part.tags = clean; len(clean) == 0 {
			*part.tags = nil
		}
	}
	return f, nil
}
