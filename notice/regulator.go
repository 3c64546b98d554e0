package notice

import (
	"context"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// Draft is what one regime asks to be said, as far as it is known. It is a draft
// in English: a person sends it, on the way the law names.
type Draft struct {
	Incident cordon.Incident `json:"incident"`
	Tenant   cordon.TenantID `json:"tenant"`
	Name     string          `json:"name"`
	Clock    cordon.Clock    `json:"clock"`
	Parts    []DraftPart     `json:"parts"`
	Missing  int             `json:"missing"`
}

// DraftPart answers one element.
type DraftPart struct {
	Asked   string `json:"asked"`
	Said    string `json:"said,omitempty"`
	Missing bool   `json:"missing,omitempty"`
}

// Drafts makes a draft for each regime of the tenant that was not decided not to
// apply.
func (m *Messenger) Drafts(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID) ([]Draft, error) {
	if tenant == "" || !by.Can(cordon.ReadIncidents, tenant) {
		return nil, mayNot("see this tenant's drafts")
	}
	i, err := m.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	clocks, err := m.clocksOf(ctx, id, tenant)
	if err != nil || len(clocks) == 0 {
		return nil, err
	}
	f, err := m.newest(ctx, i)
	if err != nil {
		return nil, err
	}
	x, err := m.about(ctx, i, f)
	if err == nil {
		x, err = m.share(ctx, x, tenant)
	}
	if err != nil {
		return nil, err
	}
	values, err := m.values(m.tongue(cordon.English), x)
	if err != nil {
		return nil, err
	}
	var all []Draft
	for _, c := range clocks {
		if c.Decision == cordon.ClockDoesNot {
			continue
		}
		d := Draft{Incident: i, Tenant: tenant, Name: x.tenant.name, Clock: c}
		for _, e := range c.Regime.Elements {
			p := DraftPart{Asked: e.Text, Said: strings.TrimSpace(m.said(e.Key, values, x))}
			if p.Missing = p.Said == ""; p.Missing {
				d.Missing++
			}
			d.Parts = append(d.Parts, p)
		}
		all = append(all, d)
	}
	return all, nil
}

// Draft is the one of a regime.
func (m *Messenger) Draft(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, regime string) (Draft, error) {
	all, err := m.Drafts(ctx, by, id, tenant)
	if err != nil {
		return Draft{}, err
	}
	at := slices.IndexFunc(all, func(d Draft) bool { return d.Clock.Regime.ID == regime })
	if at < 0 {
		return Draft{}, &cordon.Error{Code: cordon.Missing, Field: "regime", Message: "has no clock for this tenant in this incident, or does not apply", Remedy: "cordon clock list shows them"}
	}
	return all[at], nil
}

// said answers an element.
func (m *Messenger) said(key string, v map[string]string, x telling) string {
	join := func(parts ...string) string { return strings.Join(parts, " ") }
	switch key {
	case "date_of_breach":
		if v["tenant_first_at"] == "" {
			return ""
		}
		return join("From", v["tenant_first_at"], "to", v["tenant_last_at"]+".")
	case "date_of_discovery":
		if v[cordon.FigureOpened] == "" {
			return ""
		}
		return v[cordon.FigureOpened] + "."
	case "numbers":
		text := join(v["tenant_people"], "people;", v["tenant_delivered"], "messages arrived.")
		if v["tenant_unknown"] != "" {
			text = join(text, "Of a further", v["tenant_unknown"], "it is not known; they are counted as if they had.")
		}
		return text
	case "identity":
		return x.tenant.name
	case "list":
		return "The exact list: packet of the incident, " + PacketPath(x.incident.ID, x.tenant.tenant)
	case "record":
		return "Incident " + x.incident.Name() + ": its timeline, its assessment and its bundle of evidence."
	case "four_factors":
		return ""
	}
	return v[key]
}

// Text writes the draft as plain text, with what is missing marked.
func (d Draft) Text() string {
	var b strings.Builder
	if d.Incident.Exercise {
		b.WriteString("EXERCISE\n\n")
	}
	r := d.Clock.Regime
	b.WriteString("DRAFT, to be checked by counsel before anybody sends it\n\n" + r.Name + "\n" + r.Law + "\n" + r.Source + "\n\nTo: " + r.To + "\nOf: " + d.Name + "\nIncident: " + d.Incident.Name() + "\n")
	if !d.Clock.DueAt.IsZero() {
		b.WriteString("Due: " + d.Clock.DueAt.UTC().Format("2 January 2006, 15:04 UTC") + "\n")
	}
	b.WriteString("Deadline: " + r.Deadline + "\n")
	for _, p := range d.Parts {
		b.WriteString("\n" + p.Asked + "\n")
		if p.Missing {
			b.WriteString("    *** MISSING ***\n")
			continue
		}
		for line := range strings.SplitSeq(p.Said, "\n") {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
	}
	return b.String()
}
