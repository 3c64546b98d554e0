package notice

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordonmail/cordon"
)

// Worksheet is the four factors of 45 CFR 164.402(2), filled in as far as the
// records go. It decides nothing: a person does, with cordon clock decide.
type Worksheet struct {
	Incident cordon.Incident      `json:"incident"`
	Tenant   cordon.TenantID      `json:"tenant"`
	Name     string               `json:"name"`
	AsOf     time.Time            `json:"as_of"`
	Counts   cordon.TellingCounts `json:"counts"`
	Factors  []Factor             `json:"factors"`
	Decision cordon.Clock         `json:"decision"` // about the regime that asks for it; zero when it has no clock
	Keep     string               `json:"keep"`
}

// Factor is one of the four.
type Factor struct {
	Number   int      `json:"number"`
	Law      string   `json:"law"` // as the law has it
	Known    []string `json:"known"`
	ToAnswer string   `json:"to_answer"` // what only a person can say
}

// Worksheet fills the four factors in for one tenant.
func (m *Messenger) Worksheet(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID) (Worksheet, error) {
	if !by.Can(cordon.ReadIncidents, tenant) {
		return Worksheet{}, mayNot("see this worksheet")
	}
	i, err := m.store.Incident(ctx, id)
	if err != nil {
		return Worksheet{}, err
	}
	who, err := m.store.Tenant(ctx, tenant)
	if err != nil {
		return Worksheet{}, err
	}
	w := Worksheet{Incident: i, Tenant: tenant, Name: who.Name, AsOf: m.now().UTC(),
		Keep: "Keep this for six years from the decision: 45 CFR 164.414(b), 164.530(j). An impermissible use or disclosure is presumed to be a breach unless a low probability that the information was compromised is demonstrated."}
	if w.Counts, err = m.store.TellingCounts(ctx, tenant, id); err != nil {
		return w, err
	}
	clocks, err := m.store.Clocks(ctx, tenant, id, maxClocks)
	if err != nil {
		return w, err
	}
	if at := slices.IndexFunc(clocks, func(c cordon.Clock) bool { return c.Regime.Worksheet }); at >= 0 {
		w.Decision = clocks[at].At(m.now())
	}
	w.Factors, err = m.factors(ctx, w)
	return w, err
}

func (m *Messenger) factors(ctx context.Context, w Worksheet) ([]Factor, error) {
	fields, err := m.store.LetterFields(ctx, w.Tenant, w.Incident.ID)
	if err != nil {
		return nil, err
	}
	senders, err := m.store.IncidentSenders(ctx, w.Tenant, w.Incident.ID)
	if err != nil {
		return nil, err
	}
	// Whoever opened personal data a month before, or until now.
	reads, err := m.store.IncidentReads(ctx, w.Tenant, w.Incident.OpenedAt.AddDate(0, -1, 0).UnixMicro(), m.now().UnixMicro())
	if err != nil {
		return nil, err
	}
	telling, err := m.store.Telling(ctx, w.Tenant, w.Incident.ID)
	if err != nil && cordon.CodeOf(err) != cordon.Missing {
		return nil, err
	}
	t := m.tongue(cordon.English)
	nature := []string{"A mail address and, where one is kept, a name, of each person.", fmt.Sprintf("People: %s, of %s copies that arrived and %s that perhaps did.", t.count(w.Counts.People), t.count(w.Counts.Delivered), t.count(w.Counts.Unknown))}
	if len(fields) > 0 {
		nature = append(nature, "Fields that the letter showed to its own receiver: "+strings.Join(fields, ", ")+".")
	} else {
		nature = append(nature, "The letter showed no field of anybody's data.")
	}
	used := []string{"The copies went to the people themselves and to nobody else: each to the address that is kept for that person."}
	viewed, bySenders := []string{}, int64(0)
	for _, s := range senders {
		used = append(used, "Ordered by "+s+".")
		bySenders += reads[s]
	}
	if bySenders > 0 {
		viewed = append(viewed, fmt.Sprintf("Personal data was opened %s by who ordered the copies.", plural(bySenders, "time", "times")))
	} else {
		viewed = append(viewed, "Who ordered the copies opened no personal data: the ledger holds an entry for each time that it is opened, and none is by them.")
	}
	var others int64
	for who, n := range reads {
		if !slices.Contains(senders, who) {
			others += n
		}
	}
	viewed = append(viewed, fmt.Sprintf("Others opened personal data of this tenant %s since a month before: see the ledger.", plural(others, "time", "times")), "Merge fields are filled in after the order, at the exit: no answer to the sender holds them.")
	return []Factor{
		{1, "The nature and extent of the protected health information involved, including the types of identifiers and the likelihood of re-identification", nature, "Does the letter, or that it came from this sender, say something about somebody's health?"},
		{2, "The unauthorized person who used the protected health information or to whom the disclosure was made", used, "Who was behind it, and is he bound to confidentiality?"},
		{3, "Whether the protected health information was actually acquired or viewed", viewed, "Is there any sign of reading beyond what the ledger sees?"},
		{4, "The extent to which the risk to the protected health information has been mitigated", m.mitigated(w, telling), "Were assurances had, and is there anything left to do?"},
	}, nil
}

func (m *Messenger) mitigated(w Worksheet, n cordon.Telling) []string {
	t := m.tongue(cordon.English)
	var all []string
	if !w.Incident.ContainedAt.IsZero() {
		all = append(all, "Contained "+t.moment(w.Incident.ContainedAt)+"; the last copy left "+t.moment(w.Counts.LastAt)+".")
	} else {
		all = append(all, "Not contained yet.")
	}
	switch n.State {
	case cordon.TellingTold:
		all = append(all, "The tenant was told "+t.moment(n.ToldAt)+".")
	case cordon.TellingOtherwise:
		all = append(all, "The tenant was told "+t.moment(n.ToldAt)+": "+n.Because+".")
	default:
		all = append(all, "The tenant is still to be told.")
	}
	switch n.FollowUp {
	case cordon.FollowUpAccepted:
		all = append(all, "Its people were written to "+t.moment(n.FollowedAt)+", dispatch "+string(n.Dispatch)+".")
	case cordon.FollowUpWaived:
		all = append(all, "Its people are not written to from here: "+n.Waived+".")
	default:
		all = append(all, "Its people were not written to yet.")
	}
	if w.Counts.Beyond > 0 {
		all = append(all, plural(w.Counts.Beyond, "person", "people")+" must be told by other means.")
	}
	return all
}
