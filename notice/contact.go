package notice

import (
	"context"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// AddContact names whom to tell at a tenant. A tenant's own people may.
func (m *Messenger) AddContact(ctx context.Context, by cordon.Actor, c cordon.TenantContact) (cordon.TenantContact, error) {
	if !mayTend(by, c.Tenant) {
		return c, mayNot("change whom to tell at this tenant")
	}
	if c.Language == "" {
		c.Language = cordon.English
	}
	if c.Role == "" {
		c.Role = cordon.ContactGeneral
	}
	a, err := cordon.ParseAddress(string(c.Address))
	if err != nil {
		return c, err
	}
	c.Address, c.Name, c.ID = a, strings.TrimSpace(c.Name), cordon.NewContactID()
	return m.store.AddContact(ctx, by, c)
}

// mayTend says whether the actor may change what is known of a tenant for the day
// on which it must be told: whoever approves what it sends, and the operator.
func mayTend(by cordon.Actor, tenant cordon.TenantID) bool {
	return by.Can(cordon.ManageNotices, tenant) || by.Can(cordon.ManageTenants, tenant) || tenant != "" && by.Can(cordon.ApproveNotices, tenant)
}

// RemoveContact forgets one.
func (m *Messenger) RemoveContact(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.ContactID) error {
	if !mayTend(by, tenant) {
		return mayNot("change whom to tell at this tenant")
	}
	return m.store.RemoveContact(ctx, by, tenant, id)
}

// Contacts lists whom to tell at a tenant. Nothing is opened.
func (m *Messenger) Contacts(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) ([]cordon.TenantContact, error) {
	if !by.Can(cordon.ReadIncidents, tenant) {
		return nil, mayNot("see whom to tell at this tenant")
	}
	return m.store.Contacts(ctx, tenant)
}

// Settings answers a tenant's language and laws; for "", the installation's.
func (m *Messenger) Settings(ctx context.Context, by cordon.Actor, tenant cordon.TenantID) (cordon.NoticeSettings, error) {
	if !by.Can(cordon.ReadIncidents, tenant) {
		return cordon.NoticeSettings{}, mayNot("see this tenant's settings")
	}
	return m.store.NoticeSettings(ctx, tenant)
}

// SetSettings replaces them.
func (m *Messenger) SetSettings(ctx context.Context, by cordon.Actor, n cordon.NoticeSettings) (cordon.NoticeSettings, error) {
	if !mayTend(by, n.Tenant) {
		return n, mayNot("change this tenant's settings")
	}
	if n.Language == "" {
		n.Language = cordon.English
	}
	if !slices.Contains(cordon.Languages(), n.Language) {
		return n, cordon.InvalidField("language", "is not one of letters", "use en, de, fr, nl or es")
	}
	known := m.Jurisdictions()
	for _, j := range n.Jurisdictions {
		if !slices.Contains(known, j) {
			return n, cordon.InvalidField("jurisdictions", "has one that no regime knows", "use "+strings.Join(known, ", "))
		}
	}
	slices.Sort(n.Jurisdictions)
	if n.Jurisdictions = slices.Compact(n.Jurisdictions); n.Jurisdictions == nil {
		n.Jurisdictions = []string{}
	}
	if err := m.store.SetNoticeSettings(ctx, by, n); err != nil {
		return n, err
	}
	return m.store.NoticeSettings(ctx, n.Tenant)
}

// Jurisdictions lists what a tenant may declare, by name.
func (m *Messenger) Jurisdictions() []string {
	var all []string
	for _, r := range m.regimes {
		all = append(all, r.Jurisdictions...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
