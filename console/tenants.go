package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

type tenantsPage struct {
	Tenants []tenantCard
	Next    string
}

type templateRow struct {
	Template   cordon.Template
	Tone, Word string
	Detail     string
}

type keyRow struct {
	Key              cordon.Key
	Edge, Tone, Word string
}

type tenantPage struct {
	Tenant       cordon.Tenant
	Figures      []figure
	Total        flow
	Templates    []templateRow
	Keys         []keyRow
	ShowDecoys   bool
	Decoys       int
	DecoysWanted int
	DecoyWords   string
	Limits       []fact
	Domains      []cordon.Domain // always approved for links
	Hosts        []cordon.LinkHost
	MayApprove   bool // hosts
}

const tenantsAPage = 60

func (c *Console) tenants(w http.ResponseWriter, q *request) {
	page, err := c.tenantsOf(q.Context(), q.actor, q.page(tenantsAPage))
	if err != nil {
		c.problem(w, q, err)
		return
	}
	f := frame{Title: "Tenants", Section: "tenants", Body: page}
	if q.FormValue("after") == "" {
		f.Live = "/live/tenants"
	}
	c.show(w, q, http.StatusOK, "tenants", f)
}

func (c *Console) tenantsLive(w http.ResponseWriter, q *request) {
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.tenantsOf(ctx, q.actor, cordon.Page{Limit: tenantsAPage})
		return p.parts(), err
	})
}

func (p tenantsPage) parts() []part { return []part{{"tenants", "part-tenants", p}} }

func (c *Console) tenantsOf(ctx context.Context, a cordon.Actor, at cordon.Page) (tenantsPage, error) {
	var p tenantsPage
	if err := c.sample(ctx); err != nil {
		return p, err
	}
	list, next, err := c.Catalog.Tenants(ctx, a, at)
	if err != nil {
		return p, err
	}
	stops, signals, err := c.marksFor(ctx, a)
	if err != nil {
		return p, err
	}
	for _, t := range list {
		p.Tenants = append(p.Tenants, c.tenantCard(t, stops, signals))
	}
	if next != "" {
		p.Next = "/tenants?" + url.Values{"after": {next}}.Encode()
	}
	return p, nil
}

// marksFor is what charts are marked with, as far as the viewer may see it.
func (c *Console) marksFor(ctx context.Context, a cordon.Actor) ([]cordon.Stop, []cordon.Signal, error) {
	if !a.Can(cordon.ReadDispatches, a.Tenant) {
		return nil, nil, nil
	}
	stops, err := c.activeStops(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	signals, err := c.latestSignals(ctx, a)
	return stops, signals, err
}

func (c *Console) tenant(w http.ResponseWriter, q *request) {
	page, err := c.tenantOf(q.Context(), q.actor, q.PathValue("id"))
	if err == nil {
		err = c.fillTenant(q.Context(), q.actor, &page)
	}
	if err != nil {
		c.problem(w, q, err)
		return
	}
	c.show(w, q, http.StatusOK, "tenant", frame{
		Title: page.Tenant.Name, Section: "tenants", Live: "/live/tenants/" + url.PathEscape(string(page.Tenant.ID)), Body: page,
	})
}

func (c *Console) tenantLive(w http.ResponseWriter, q *request) {
	id := q.PathValue("id")
	c.stream(w, q, func(ctx context.Context) ([]part, error) {
		p, err := c.tenantOf(ctx, q.actor, id)
		return p.parts(), err
	})
}

func (p tenantPage) parts() []part {
	return []part{{"figures", "part-figures", p}, {"flow", "part-flow", p}}
}

func (c *Console) tenantOf(ctx context.Context, a cordon.Actor, id string) (tenantPage, error) {
	t, err := c.Catalog.Tenant(ctx, a, id)
	if err != nil {
		return tenantPage{}, err
	}
	if err := c.sample(ctx); err != nil {
		return tenantPage{}, err
	}
	stops, signals, err := c.marksFor(ctx, a)
	if err != nil {
		return tenantPage{}, err
	}
	card := c.tenantCard(t, stops, signals)
	return tenantPage{Tenant: t, Figures: stateFigures(card.Counts), Total: card.Flow}, nil
}

func (c *Console) fillTenant(ctx context.Context, a cordon.Actor, p *tenantPage) error {
	id := p.Tenant.ID
	templates, _, err := c.Catalog.Templates(ctx, a, id, cordon.Page{Limit: 200})
	if err != nil {
		return err
	}
	for _, t := range templates {
		versions, err := c.Catalog.Versions(ctx, a, id, string(t.ID))
		if err != nil {
			return err
		}
		p.Templates = append(p.Templates, c.templateRow(t, versions))
	}
	keys, _, err := c.Registry.Keys(ctx, a, id, cordon.Page{Limit: 200})
	if err != nil {
		return err
	}
	for _, k := range keys {
		p.Keys = append(p.Keys, keyRowOf(k, c.Now()))
	}
	people, err := c.Catalog.CountRecipients(ctx, a, id)
	if err != nil {
		return err
	}
	limits, err := c.Catalog.Limits(ctx, a, id)
	if err != nil {
		return err
	}
	p.Limits = limitFacts(limits, people)
	if p.Domains, err = c.Catalog.Domains(ctx, a, id); err != nil {
		return err
	}
	if p.Hosts, err = c.Catalog.LinkHosts(ctx, a, id); err != nil {
		return err
	}
	p.MayApprove = a.Can(cordon.ManageTenants, "")
	// Which recipients are decoys, and how many, is told to the operator alone.
	if p.ShowDecoys = a.Can(cordon.ManageTenants, ""); p.ShowDecoys {
		decoys, err := c.Catalog.Decoys(ctx, a, id)
		if err != nil {
			return err
		}
		p.Decoys, p.DecoysWanted = len(decoys), limits.Decoys(people)
		p.DecoyWords = decoyWords(p.Decoys, p.DecoysWanted)
	}
	return nil
}

func decoyWords(have, want int) string {
	if have >= want {
		return "Enough for a thief who walks the list to hit one early. They are in no audience, and no mail to them ever leaves."
	}
	return "Fewer than its limits ask for: " + num(want-have) + " more are planted with the next import, or by cordon decoy plant."
}

// templateRow says whether the newest version may be sent, and if not, which may.
func (c *Console) templateRow(t cordon.Template, versions []cordon.Version) templateRow {
	row := templateRow{Template: t, Word: "No version", Detail: ""}
	approved := 0
	var latest cordon.Version
	for _, v := range versions {
		if v.Approved() && v.Number > approved {
			approved = v.Number
		}
		if v.Number >= latest.Number {
			latest = v
		}
	}
	switch {
	case latest.Number == 0:
		return row
	case latest.Approved():
		row.Tone, row.Word, row.Detail = "good", "Approved", "by "+c.names.actor(latest.Approver)
	case latest.State == cordon.VersionRevoked:
		row.Tone, row.Word = "incident", "Revoked"
	case latest.State == cordon.VersionApproved: // the word stands, the proof does not
		row.Tone, row.Word, row.Detail = "incident", "Void", "changed since it was approved"
	default:
		row.Tone, row.Word, row.Detail = "warn", "Draft", "cannot be sent"
	}
	if approved > 0 && approved != latest.Number {
		row.Detail = "v" + strconv.Itoa(approved) + " is approved"
	}
	return row
}

func keyRowOf(k cordon.Key, now time.Time) keyRow {
	row := keyRow{Key: k, Word: capital(k.State)}
	switch {
	case k.State == cordon.KeySuspended:
		row.Edge, row.Tone = "incident", "incident"
	case k.State == cordon.KeyRevoked:
		row.Edge, row.Tone = "plain", ""
	case !k.Usable(now):
		row.Edge, row.Tone, row.Word = "plain", "", "Expired"
	default:
		row.Edge, row.Tone = "good", "good"
	}
	return row
}

func limitFacts(l cordon.Limits, people int) []fact {
	return []fact{
		{Name: "Recipients", Value: num(people)},
		{Name: "Unknown IDs that suspend a key", Value: num(l.BadIDs) + " in " + span(l.BadIDWindow)},
		{Name: "A key's single letters", Value: num(l.KeySinglePerHour) + " an hour at least, " + rate(l.KeyBusiestFactor) + " × its busiest hour"},
		{Name: "While the tenant is new", Value: num(l.NewTenantPerDay) + " a day"},
		{Name: "Reach of a template in a day", Value: rate(l.ReachFactor) + " × its recipients"},
		{Name: "Wait before a single letter", Value: span(l.UndoSingle)},
		{Name: "Beyond a key's usual hour", Value: "from " + num(l.KeyPromptPerHour) + " an hour on, wait " + span(l.UnusualWait)},
		{Name: "Wait before a bulk send", Value: span(l.UndoBulk) + "; " + span(l.FirstUseHold) + " at the first use of a letter"},
		{Name: "Steps of a bulk send", Value: stageFact(l)},
		{Name: "Held copies one person may settle", Value: num(l.SecondPersonOver) + " at most; more takes two"},
		{Name: "Held by what comes back", Value: watchFact(l.WatchLimits)},
		{Name: "Decoys", Value: "1 for every " + num(l.RecipientsADecoy) + " people, " + num(l.DecoysPerTenant) + " at least"},
	}
}
