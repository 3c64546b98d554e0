package incident

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/cordonmail/cordon"
)

// house is the part of an incident that is about everything.
const house = "house"

// sighting is what the rules make of a sign; false when it opens nothing and
// belongs to nothing that could be open.
func sighting(g cordon.IncidentSign, b Playbooks) cordon.IncidentSighting {
	var s cordon.IncidentSighting
	if g.Signal != nil {
		s = ofSignal(g, *g.Signal)
	} else {
		s = ofStop(g, *g.Stop)
	}
	s.Sign, s.Tenant, s.Text, s.Title = g, g.Tenant, cut(s.Text, 3000), oneLine(s.Title)
	s.Tasks, s.PageAfter = b.Tasks(s.Kind), pageAfter(s.Severity)
	return s
}

// ofSignal: a signal opens an incident about what it names.
func ofSignal(g cordon.IncidentSign, signal cordon.Signal) cordon.IncidentSighting {
	c := classOf(signal.Kind)
	kind := c.kind
	if c.abuse && kind == cordon.IncidentTemplate && signal.Key == "" && signal.Account != "" {
		kind = cordon.IncidentAccount // a person's session, not a program's key
	}
	var s cordon.IncidentSighting
	s.Kind, s.Severity, s.Title = kind, c.severity, c.title
	s.Text = "Signal " + string(signal.Kind) + ": " + signal.Message
	s.Parts = partsOf(cordon.Question{Tenant: signal.Tenant, Template: signal.Template, Account: signal.Account, Key: signal.Key, Dispatch: signal.Dispatch})
	if g.Tenant != "" {
		s.Parts = append(s.Parts, "tenant:"+string(g.Tenant))
	}
	switch signal.Kind {
	case cordon.SignalSameText, cordon.SignalVolume:
		s.Parts = append(s.Parts, "rule:"+string(signal.Kind)) // one campaign, whichever tenants it goes through
	case cordon.SignalLedgerBroken, cordon.SignalWitness:
		s.Parts = append(s.Parts, "rule:ledger")
	}
	if len(s.Parts) == 0 {
		s.Parts = []string{"rule:" + string(signal.Kind)}
	}
	s.Links = linksOf(signal, g.Tenant, c.abuse)
	if q := badOf(signal, g); !q.Zero() {
		s.Scope = []cordon.Question{q}
	}
	return s
}

// badOf is which dispatches the signal calls bad; the zero question where it does
// not say.
func badOf(signal cordon.Signal, g cordon.IncidentSign) cordon.Question {
	switch signal.Kind {
	case cordon.SignalDecoyMail, cordon.SignalVolume, cordon.SignalLedgerBroken, cordon.SignalWitness:
		return cordon.Question{} // about no mail of ours, or about all of it
	}
	switch {
	case signal.Dispatch != "":
		return cordon.Question{Dispatch: signal.Dispatch}
	case signal.Key != "":
		return cordon.Question{Key: signal.Key, From: g.Since}
	case signal.Account != "" && classOf(signal.Kind).abuse:
		return cordon.Question{Account: signal.Account, From: g.Since}
	case signal.Template != "":
		return cordon.Question{Tenant: signal.Tenant, Template: signal.Template, From: g.Since}
	case signal.Account != "":
		return cordon.Question{Account: signal.Account, From: g.Since}
	}
	return cordon.Question{}
}

// linksOf ties the signal and what it names to the incident.
func linksOf(signal cordon.Signal, tenant cordon.TenantID, abuse bool) []cordon.IncidentLink {
	links := []cordon.IncidentLink{{Noun: cordon.LinkSignal, Subject: string(signal.ID), Tenant: tenant}}
	add := func(noun, id string, recover bool) {
		if id != "" {
			links = append(links, cordon.IncidentLink{Noun: noun, Subject: id, Tenant: tenant, Recover: recover})
		}
	}
	add(cordon.LinkDispatch, string(signal.Dispatch), false)
	add(cordon.LinkTemplate, string(signal.Template), false)
	add(cordon.LinkKey, string(signal.Key), abuse)
	add(cordon.LinkAccount, string(signal.Account), abuse && signal.Key == "") // with a key, the key is what was stolen
	return links
}

// ofStop: a stop by a person opens an incident about its scope; one by rule belongs
// to the incident of its signal, and the one that clears an exercise away to what is
// open still.
func ofStop(g cordon.IncidentSign, stop cordon.Stop) cordon.IncidentSighting {
	c := stop.Scope
	q := cordon.Question{Tenant: c.Tenant, Template: c.Template, Account: c.Account, Key: c.Key, Dispatch: c.Dispatch}
	var s cordon.IncidentSighting
	s.Kind, s.Severity, s.Title = stopClass(c)
	s.Joins = stop.PlacedBy == cordon.System().ID() || g.Exercise && stop.Reason == cordon.ReasonExerciseOver
	s.Title += ": " + stop.Reason
	s.Text = "Stop placed: " + stop.Reason
	s.Parts = partsOf(q)
	if g.Tenant != "" {
		s.Parts = append(s.Parts, "tenant:"+string(g.Tenant))
	}
	if c.Everything {
		s.Parts = []string{house}
		if s.Joins {
			s.Parts = append(s.Parts, "rule:"+string(cordon.SignalVolume)) // the only rule that stops everything
		}
	}
	s.Links = []cordon.IncidentLink{{Noun: cordon.LinkStop, Subject: string(stop.ID), Tenant: g.Tenant}}
	add := func(noun, id string, recover bool) {
		if id != "" {
			s.Links = append(s.Links, cordon.IncidentLink{Noun: noun, Subject: id, Tenant: g.Tenant, Recover: recover})
		}
	}
	add(cordon.LinkDispatch, string(c.Dispatch), false)
	add(cordon.LinkTemplate, string(c.Template), false)
	add(cordon.LinkKey, string(c.Key), !s.Joins)
	add(cordon.LinkAccount, string(c.Account), !s.Joins && c.Key == "")
	if named := c.Dispatch != "" || c.Key != "" || c.Account != "" || c.Template != ""; named && !s.Joins {
		if c.Dispatch != "" {
			q = cordon.Question{Dispatch: c.Dispatch}
		}
		q.From = g.Since
		s.Scope = []cordon.Question{q}
	}
	return s
}

// stopClass is what a stop by a person says of its incident.
func stopClass(c cordon.Scope) (cordon.IncidentKind, cordon.Severity, string) {
	switch {
	case c.Everything:
		return cordon.IncidentOther, 1, "A person stopped everything"
	case c.Dispatch != "":
		return cordon.IncidentOther, 3, "A person stopped a send"
	case c.Key != "":
		return cordon.IncidentTemplate, 2, "A person stopped a key"
	case c.Account != "":
		return cordon.IncidentAccount, 2, "A person stopped an account"
	case c.Template != "":
		return cordon.IncidentOther, 3, "A person stopped a letter"
	}
	return cordon.IncidentOther, 2, "A person stopped a tenant's mail"
}

func partsOf(q cordon.Question) []string {
	var parts []string
	for _, p := range []struct{ noun, id string }{
		{"dispatch", string(q.Dispatch)}, {"key", string(q.Key)}, {"account", string(q.Account)}, {"template", string(q.Template)}, {"tenant", string(q.Tenant)},
	} {
		if p.id != "" {
			parts = append(parts, p.noun+":"+p.id)
		}
	}
	return parts
}

// oneLine makes a title of words that may hold anything.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return cut(strings.TrimSpace(clean), 200)
}

// finding is what the rules make of a look at an open incident.
func finding(i cordon.Incident, c cordon.IncidentContainment, people int64) cordon.IncidentFinding {
	f := cordon.IncidentFinding{Tenants: c.Tenants}
	f.Severity, f.Why = damageSeverity(i.Kind, c.Delivered, people, len(c.Reached))
	now := i.Severity
	if f.Severity != 0 && f.Severity < now {
		now = f.Severity
	}
	f.Public = public(now, c.Delivered)
	return f
}

// containedText says how it came to be contained.
func containedText(c cordon.IncidentContainment) string {
	if c.Delivered == 0 {
		return "nothing bad has left, and nothing can"
	}
	return fmt.Sprintf("nothing bad can leave any more; %s copies had left", cordon.Thousands(c.Delivered))
}
