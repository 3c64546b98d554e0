package notice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// maxClocks bounds one look at clocks.
const maxClocks = 5000

// Clocks lists the legal clocks of an incident, of all open ones for "", with what
// is left of each and what its text still lacks. A tenant's people see their own.
func (m *Messenger) Clocks(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID) ([]cordon.Clock, error) {
	if by.Tenant != "" {
		tenant = by.Tenant
	}
	if !by.Can(cordon.ReadIncidents, tenant) {
		return nil, mayNot("see legal clocks")
	}
	return m.clocksOf(ctx, id, tenant)
}

func (m *Messenger) clocksOf(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) ([]cordon.Clock, error) {
	all, err := m.store.Clocks(ctx, tenant, id, maxClocks)
	if err != nil {
		return nil, err
	}
	facts := map[cordon.IncidentID]cordon.NoticeFacts{}
	people := map[string]int64{}
	now := m.now()
	for i := range all {
		c := &all[i]
		*c = c.At(now)
		f, known := facts[c.Incident]
		if !known {
			if f, err = m.store.NoticeFacts(ctx, c.Incident, 0); err != nil && cordon.CodeOf(err) != cordon.Missing {
				return nil, err
			}
			facts[c.Incident] = f
		}
		for _, e := range c.Regime.Elements {
			if text, ok := answer(e.Key, f, c.Decision); !ok {
				c.Missing = append(c.Missing, text)
			}
		}
		if c.Regime.AtLeast > 0 || c.Regime.Below > 0 {
			key := string(c.Incident) + string(c.Tenant)
			n, counted := people[key]
			if !counted {
				counts, err := m.store.TellingCounts(ctx, c.Tenant, c.Incident)
				if err != nil {
					return nil, err
				}
				n = counts.People
				people[key] = n
			}
			c.Hint = sizeHint(c.Regime, n)
		}
	}
	return all, nil
}

func sizeHint(r cordon.Regime, people int64) string {
	who := plural(people, "person is", "people are") + " affected now"
	switch {
	case r.AtLeast > 0 && people < r.AtLeast:
		return fmt.Sprintf("Does not seem to fit: %s, it takes %s.", who, cordon.Thousands(r.AtLeast))
	case r.Below > 0 && people >= r.Below:
		return fmt.Sprintf("Does not seem to fit: %s, it is for fewer than %s.", who, cordon.Thousands(r.Below))
	}
	return "Seems to fit: " + who + "."
}

// answer says whether something answers an element, and what it is called.
func answer(key string, f cordon.NoticeFacts, d cordon.ClockDecision) (name string, ok bool) {
	figure := func(n string) bool { return f.Figures[n].Value > 0 || !f.Figures[n].At.IsZero() }
	switch key {
	case "date_of_breach":
		return "date of the breach", figure(cordon.FigureFirstCopy)
	case "date_of_discovery":
		return "date of discovery", figure(cordon.FigureOpened)
	case "numbers":
		return "numbers", figure(cordon.FigureRecipients)
	case "identity":
		return "identity", true // the tenant's own name
	case "list", "record":
		return key, true // always there: the packet, the incident
	case "four_factors":
		return "a decision on the four factors", d != cordon.ClockUndecided
	}
	return strings.ReplaceAll(key, "_", " "), strings.TrimSpace(f.In(cordon.English, cordon.NoticeField(key))) != ""
}

// Decide records a person's decision about a regime.
func (m *Messenger) Decide(ctx context.Context, by cordon.Actor, id cordon.IncidentID, c cordon.ClockChoice) (int64, error) {
	if by.Tenant != "" {
		c.Tenant = by.Tenant // a tenant's people decide for themselves
	}
	if !by.Can(cordon.ApproveNotices, c.Tenant) {
		return 0, mayNot("decide about legal regimes")
	}
	if by.Key != "" {
		return 0, &cordon.Error{Code: cordon.Denied, Message: "a key may not decide", Remedy: "it is a person's to decide: sign in, or use the data folder"}
	}
	if _, err := m.store.Incident(ctx, id); err != nil {
		return 0, err
	}
	c.Because = strings.TrimSpace(c.Because)
	if err := c.Validate(); err != nil {
		return 0, err
	}
	return m.store.DecideClock(ctx, by, id, c)
}

// pageClocks wakes somebody when half, three quarters, nine tenths or all of a
// clock's time is used: once each, one page for all tenants of an incident.
func (m *Messenger) pageClocks(ctx context.Context) error {
	due, err := m.store.ClocksToPage(ctx, maxClocks)
	if err != nil {
		return err
	}
	type group struct {
		incident cordon.IncidentID
		regime   string
		percent  int
	}
	var order []group
	groups := map[group][]cordon.Clock{}
	now := m.now()
	for _, c := range due {
		if c = c.At(now); c.PageDue() == 0 {
			continue
		}
		g := group{c.Incident, c.Regime.ID, c.PageDue()}
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], c)
	}
	var errs []error
	for _, g := range order {
		errs = append(errs, m.pageGroup(ctx, g.percent, groups[g]))
	}
	return errors.Join(errs...)
}

func (m *Messenger) pageGroup(ctx context.Context, percent int, clocks []cordon.Clock) error {
	c := clocks[0]
	i, err := m.store.Incident(ctx, c.Incident)
	if err != nil {
		return err
	}
	t := m.tongue(cordon.English)
	title := fmt.Sprintf("%s: %d %% of the time of %s is used", i.Name(), percent, c.Regime.Name)
	severity := cordon.Severity(3)
	switch {
	case percent >= 100:
		title, severity = fmt.Sprintf("%s: the time of %s is over", i.Name(), c.Regime.Name), 1
	case percent >= 90:
		severity = 2
	}
	var tenants []cordon.TenantID
	undecided := int64(0)
	for _, c := range clocks {
		tenants = append(tenants, c.Tenant)
		if c.Decision == cordon.ClockUndecided {
			undecided++
		}
	}
	text := fmt.Sprintf("Due %s, for %s; %s undecided.\nDecide with cordon clock decide %s --regime %s.", t.moment(c.DueAt), plural(int64(len(clocks)), "tenant", "tenants"), plural(undecided, "is", "are"), i.Name(), c.Regime.ID)
	key := fmt.Sprintf("clock/%s/%s/%d", c.Incident, c.Regime.ID, percent)
	if len(clocks) > 0 {
		slices.Sort(tenants)
	}
	_, err = m.store.TriggerPage(ctx, cordon.System(), cordon.NewPage{Key: key, Incident: c.Incident, Severity: severity, Role: cordon.RoleCustomerLiaison,
		Title: title, Text: text, Path: "/clocks?incident=" + string(c.Incident), Exercise: i.Exercise})
	if err != nil {
		return err
	}
	return m.store.ClockPaged(ctx, c.Incident, c.Regime.ID, tenants, percent)
}
