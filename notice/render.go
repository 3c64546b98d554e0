package notice

import (
	"context"

	"github.com/cordonmail/cordon"
)

// render makes one letter in a language, in English where the facts are not
// offered in it.
func (m *Messenger) render(name Letter, l cordon.Language, x telling) (Document, error) {
	t := m.tongue(l)
	if t.Language != cordon.English && !offered(x.facts, t.Language) {
		t = m.tongue(cordon.English)
	}
	values, err := m.values(t, x)
	if err != nil {
		return Document{}, err
	}
	d, err := t.letters[name].fill(values)
	d.Language = t.Language
	if x.incident.Exercise {
		d.Watermark = t.Exercise
		d.Title = "EXERCISE: " + d.Title
	}
	return d, err
}

func offered(f cordon.NoticeFacts, l cordon.Language) bool {
	for _, o := range f.Offers() {
		if o == l {
			return true
		}
	}
	return false
}

// about gathers what every text of a notice is made of, of nobody in particular.
func (m *Messenger) about(ctx context.Context, i cordon.Incident, f cordon.NoticeFacts) (telling, error) {
	identity, err := m.orNobody(ctx, i.ID)
	if err != nil {
		return telling{}, err
	}
	x := telling{incident: i, facts: f, identity: identity}
	if f.Seq > 1 {
		before, err := m.store.NoticeFacts(ctx, i.ID, f.Seq-1)
		if err != nil {
			return x, err
		}
		x.before = &before
	}
	return x, nil
}

// share puts a tenant's own part in.
func (m *Messenger) share(ctx context.Context, x telling, tenant cordon.TenantID) (telling, error) {
	who, err := m.store.Tenant(ctx, tenant)
	if err != nil {
		return x, err
	}
	counts, err := m.store.TellingCounts(ctx, tenant, x.incident.ID)
	if err != nil {
		return x, err
	}
	clocks, err := m.store.Clocks(ctx, tenant, x.incident.ID, maxClocks)
	if err != nil {
		return x, err
	}
	x.tenant = &tenantShare{tenant: tenant, name: who.Name, counts: counts}
	for _, c := range clocks {
		if c.Regime.Duty == cordon.DutyTenant && c.Decision != cordon.ClockDoesNot {
			x.tenant.clocks = append(x.tenant.clocks, c)
		}
	}
	return x, nil
}

// Preview renders one letter of the newest notice, draft or approved: for one
// tenant, or for nobody in particular.
func (m *Messenger) Preview(ctx context.Context, by cordon.Actor, id cordon.IncidentID, name Letter, l cordon.Language, tenant cordon.TenantID) (Document, error) {
	f, err := m.Facts(ctx, by, id)
	if err != nil {
		return Document{}, err
	}
	return m.PreviewOf(ctx, by, f, name, l, tenant)
}

// PreviewOf renders a record as it would be told: one that is being edited and was
// not stored as well.
func (m *Messenger) PreviewOf(ctx context.Context, by cordon.Actor, f cordon.NoticeFacts, name Letter, l cordon.Language, tenant cordon.TenantID) (Document, error) {
	i, err := m.incidentFor(ctx, by, cordon.ReadIncidents, f.Incident)
	if err != nil {
		return Document{}, err
	}
	if _, ok := m.tongue(l).letters[name]; !ok {
		return Document{}, cordon.InvalidField("letter", "is not one", "use patient, practice, sample, tenant, followup or post")
	}
	if tenant != "" && !by.Can(cordon.ReadIncidents, tenant) {
		return Document{}, mayNot("see what that tenant is told")
	}
	x, err := m.about(ctx, i, f)
	if err == nil && tenant != "" {
		x, err = m.share(ctx, x, tenant)
	}
	if err != nil {
		return Document{}, err
	}
	return m.render(name, l, x)
}

// With is the record with an edit put in, unstored, for a preview while somebody
// types; the error says what keeps it from being stored.
func (m *Messenger) With(ctx context.Context, by cordon.Actor, id cordon.IncidentID, e Edit) (cordon.NoticeFacts, error) {
	if _, err := m.incidentFor(ctx, by, cordon.ManageNotices, id); err != nil {
		return cordon.NoticeFacts{}, err
	}
	f, err := m.Facts(ctx, by, id)
	if err != nil {
		return f, err
	}
	next := edited(f, e)
	if faults := next.Faults(); len(faults) > 0 {
		first := faults[0]
		return f, &cordon.Error{Code: cordon.Invalid, Field: first.Field, Message: first.Message, Remedy: first.Remedy, Faults: faults}
	}
	return next, nil
}
