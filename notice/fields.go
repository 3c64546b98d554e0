package notice

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cordonmail/cordon"
)

// ofTenant and ofHouse are the fields of letters beside texts and figures.
func ofTenant() []string {
	return []string{"tenant_name", "tenant_delivered", "tenant_unknown", "tenant_people", "tenant_beyond", "tenant_first_at", "tenant_last_at"}
}

func ofHouse() []string {
	return []string{"organisation", "incident", "page", "practice_page", "packet_page", "check_page", "clocks", "changes", "as_of"}
}

// fieldNames is the closed list of what a letter may name.
func fieldNames() []string {
	var all []string
	for _, n := range cordon.NoticeFields() {
		all = append(all, string(n))
	}
	return slices.Concat(all, cordon.FigureNames(), ofTenant(), ofHouse())
}

// telling is what one text is made of.
type telling struct {
	incident cordon.Incident
	facts    cordon.NoticeFacts
	before   *cordon.NoticeFacts // that it corrects
	identity cordon.NoticeIdentity
	tenant   *tenantShare // nil: of nobody in particular
}

type tenantShare struct {
	tenant cordon.TenantID
	name   string
	counts cordon.TellingCounts
	clocks []cordon.Clock
}

// values words every field in the language.
func (m *Messenger) values(t *Tongue, x telling) (map[string]string, error) {
	v := map[string]string{}
	for _, name := range fieldNames() {
		v[name] = ""
	}
	for _, n := range cordon.NoticeFields() {
		text := x.facts.In(t.Language, n)
		if n.Quoted() {
			v[string(n)] = defanged(text)
			continue
		}
		filled, err := cordon.FillFigures(text, x.facts.Figures, t.say)
		if err != nil {
			return nil, fmt.Errorf("notice of %s: %w", x.incident.Name(), err)
		}
		v[string(n)] = filled
	}
	for _, name := range cordon.FigureNames() {
		f := x.facts.Figures[name]
		f.Name = name
		if said := !f.At.IsZero() || f.Value != 0; said || alwaysSaid(name) {
			v[name] = t.say(f)
		}
	}
	v["organisation"], v["incident"] = x.identity.Name, x.incident.Name()
	v["page"], v["practice_page"], v["check_page"] = m.PageURL(x.incident, t.Language), m.practiceURL(x.incident, t.Language), m.checkURL()
	v["as_of"] = t.moment(x.facts.Figures[cordon.FigureDelivered].AsOf)
	v["changes"] = t.changes(x.facts, x.before)
	v["tenant_name"] = t.Practice
	if x.tenant != nil {
		m.tenantValues(t, x, v)
	}
	return v, nil
}

// alwaysSaid are figures that are said even when they are nought.
func alwaysSaid(name string) bool {
	return name == cordon.FigureDelivered || name == cordon.FigureRecipients || name == cordon.FigureTenants
}

func (m *Messenger) tenantValues(t *Tongue, x telling, v map[string]string) {
	c := x.tenant.counts
	v["tenant_name"] = oneLine(x.tenant.name)
	v["tenant_delivered"], v["tenant_people"] = t.count(c.Delivered), t.count(c.People)
	if c.Unknown > 0 {
		v["tenant_unknown"] = t.count(c.Unknown)
	}
	if c.Beyond > 0 {
		v["tenant_beyond"] = t.count(c.Beyond)
	}
	if !c.FirstAt.IsZero() {
		v["tenant_first_at"], v["tenant_last_at"] = t.moment(c.FirstAt), t.moment(c.LastAt)
	}
	if m.consoleURL != "" {
		v["packet_page"] = m.consoleURL + PacketPath(x.incident.ID, x.tenant.tenant)
	}
	var lines []string
	for _, clock := range x.tenant.clocks {
		line := "- " + clock.Regime.Name + " (" + clock.Regime.Law + ")"
		if !clock.DueAt.IsZero() {
			line += ": " + t.moment(clock.DueAt)
		}
		lines = append(lines, line)
	}
	v["clocks"] = strings.Join(lines, "\n")
}

// PacketPath is the console's page of a tenant's packet.
func PacketPath(id cordon.IncidentID, tenant cordon.TenantID) string {
	return "/notices/" + url.PathEscape(string(id)) + "/packet/" + url.PathEscape(string(tenant))
}

// changes says in the language what differs from what was told before; "" when
// nothing was.
func (t *Tongue) changes(now cordon.NoticeFacts, before *cordon.NoticeFacts) string {
	if before == nil {
		return ""
	}
	var lines []string
	for _, name := range now.Told() {
		is, was := now.Figures[name], before.Figures[name]
		is.Name, was.Name = name, name
		if !is.Same(was) {
			lines = append(lines, "- "+t.Figures[name]+": "+t.say(was)+" → "+t.say(is))
		}
	}
	for _, n := range cordon.NoticeFields() {
		if now.In(t.Language, n) != before.In(t.Language, n) {
			lines = append(lines, "- "+t.field(n)+": "+t.Reworded)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "\n" + strings.Join(lines, "\n")
}

// defanged makes what the bad message said harmless: no program makes a link of
// it, and nothing in it is read as a field.
func defanged(text string) string {
	text = strings.NewReplacer("http://", "hxxp://", "https://", "hxxps://", "HTTP://", "hxxp://", "HTTPS://", "hxxps://", "{{", "{ {").Replace(text)
	words := strings.Split(text, " ")
	for i, w := range words {
		words[i] = defangWord(w)
	}
	return strings.Join(words, " ")
}

// defangWord writes each dot and each @ between letters or digits in brackets.
func defangWord(w string) string {
	runes := []rune(w)
	var b strings.Builder
	for i, r := range runes {
		if (r == '.' || r == '@') && i > 0 && i+1 < len(runes) && runes[i+1] != '.' && runes[i-1] != '.' && runes[i+1] != '\n' {
			b.WriteString("[" + string(r) + "]")
			continue
		}
		b.WriteRune(r)
	}
	return strings.ReplaceAll(b.String(), "://", "[:]//")
}
