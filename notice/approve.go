package notice

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// Act is what an approver is about to do: exactly what, to exactly how many.
type Act struct {
	Facts   cordon.NoticeFacts   `json:"facts"`
	Hash    string               `json:"hash"` // to approve with
	Missing []cordon.NoticeField `json:"missing,omitempty"`
	Offers  []cordon.Language    `json:"offers"` // languages that are whole and up to date
	Reach   cordon.NoticeReach   `json:"reach"`
	Drift   []string             `json:"drift,omitempty"` // of a correction: what differs from what was told
	// FromNobody: by whom notices are sent is not set, so nobody can be written to.
	FromNobody bool `json:"from_nobody,omitempty"`
}

// Says is the act in a sentence: "tells 3 tenants (5 contacts), writes to 1,005
// people".
func (a Act) Says() string {
	text := fmt.Sprintf("tells %s (%s), writes to %s", plural(a.Reach.Told, "tenant", "tenants"), plural(a.Reach.Contacts, "contact", "contacts"), plural(a.Reach.Mailable, "person", "people"))
	if n := a.Reach.Tenants - a.Reach.Told; n > 0 {
		text += fmt.Sprintf("; %s no contact", plural(n, "tenant has", "tenants have"))
	}
	if a.Reach.Beyond > 0 {
		text += fmt.Sprintf("; %s be told by other means", plural(a.Reach.Beyond, "person must", "people must"))
	}
	return text
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return cordon.Thousands(n) + " " + many
}

// Look says what approving the newest notice would do now.
func (m *Messenger) Look(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (Act, error) {
	i, err := m.incidentFor(ctx, by, cordon.ReadIncidents, id)
	if err != nil {
		return Act{}, err
	}
	f, err := m.newest(ctx, i)
	if err != nil {
		return Act{}, err
	}
	a := Act{Facts: f, Hash: f.Hash(), Missing: f.Missing(), Offers: f.Offers()}
	if a.Reach, err = m.store.NoticeReach(ctx, id); err != nil {
		return a, err
	}
	if f.Seq > 1 && f.State == cordon.FactsDraft {
		before, err := m.store.ApprovedNotice(ctx, id)
		if err != nil && cordon.CodeOf(err) != cordon.Missing {
			return a, err
		}
		a.Drift = f.Changed(before)
	}
	identity, err := m.orNobody(ctx, id)
	a.FromNobody = identity.Address == ""
	return a, err
}

// Approval is a person's word that this is told.
type Approval struct {
	Hash     string `json:"hash"`      // of what was seen
	FollowUp bool   `json:"follow_up"` // and the people of every affected tenant are written to
}

// Approve makes the draft what is told, tells every affected tenant at once, and,
// when it is asked for, writes to their people. Who wrote any of it cannot approve
// it; what the house drafted needs one person. What cannot be finished now goes on
// by itself.
func (m *Messenger) Approve(ctx context.Context, by cordon.Actor, id cordon.IncidentID, a Approval) (cordon.NoticeFacts, error) {
	i, err := m.incidentFor(ctx, by, cordon.ApproveNotices, id)
	if err != nil {
		return cordon.NoticeFacts{}, err
	}
	if by.Key != "" && a.FollowUp {
		return cordon.NoticeFacts{}, aPerson()
	}
	f, err := m.newest(ctx, i)
	if err != nil {
		return f, err
	}
	if err := approvable(i, f, a.Hash); err != nil {
		return f, err
	}
	identity, err := m.store.NoticeIdentityOf(ctx, id)
	if err != nil {
		return f, err
	}
	// Every letter is made once before anything is said: a fault shows now.
	if err := m.proof(ctx, i, f, identity); err != nil {
		return f, err
	}
	if f, err = m.store.ApproveNotice(ctx, by, f, a.Hash); err != nil {
		return f, err
	}
	if a.FollowUp {
		if _, err := m.store.PlanFollowUps(ctx, by, id, nil); err != nil {
			return f, err
		}
	}
	if err := m.store.NoteIncident(ctx, by, id, fmt.Sprintf("Notice %d is approved.", f.Seq)); err != nil {
		return f, err
	}
	return f, m.finish(ctx)
}

func aPerson() error {
	return &cordon.Error{Code: cordon.Denied, Message: "a key may not write to people", Remedy: "they are a person's to send: sign in, or use the data folder"}
}

func approvable(i cordon.Incident, f cordon.NoticeFacts, hash string) error {
	missing := f.Missing()
	switch {
	case f.State != cordon.FactsDraft:
		return cordon.Errorf(cordon.Conflict, "there is no draft: notice %d is approved", f.Seq)
	case i.State == cordon.IncidentDeclined || i.State == cordon.IncidentMerged || i.State == cordon.IncidentClosed:
		return &cordon.Error{Code: cordon.Conflict, Field: "incident", Message: "is " + string(i.State), Remedy: "tell in the incident that is open"}
	case len(missing) > 0:
		return cordon.InvalidField(string(missing[0]), "is not written yet", "write it with cordon notice facts edit, or on the notice's page")
	case hash == "":
		return cordon.InvalidField("hash", "is missing", "look at the notice, and give the hash of what you saw")
	case hash != f.Hash():
		return &cordon.Error{Code: cordon.Conflict, Field: "hash", Message: "is not the hash of the notice as it is now: a text or a figure changed since you looked", Remedy: "look at it again and approve what you see"}
	}
	return nil
}

// proof makes every letter in every language offered, and compiles the follow-up.
func (m *Messenger) proof(ctx context.Context, i cordon.Incident, f cordon.NoticeFacts, identity cordon.NoticeIdentity) error {
	x, err := m.about(ctx, i, f)
	if err != nil {
		return err
	}
	x.tenant = &tenantShare{tenant: identity.Tenant, name: "Sample", counts: cordon.TellingCounts{Delivered: 1, People: 1, Mailable: 1, FirstAt: m.now(), LastAt: m.now()}}
	for _, l := range f.Offers() {
		for _, name := range Letters() {
			d, err := m.render(name, l, x)
			if err != nil {
				return err
			}
			if name != FollowUp {
				continue
			}
			if err := m.fits(m.content(d, identity)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Tell asks once more that whoever is still to be told is told, tenants that came
// to the damage since approval among them.
func (m *Messenger) Tell(ctx context.Context, by cordon.Actor, id cordon.IncidentID) (int64, error) {
	if _, err := m.incidentFor(ctx, by, cordon.ApproveNotices, id); err != nil {
		return 0, err
	}
	f, err := m.store.ApprovedNotice(ctx, id)
	if err != nil {
		return 0, err
	}
	n, err := m.store.PlanTellings(ctx, id, f.Seq)
	if err != nil {
		return n, err
	}
	return n, m.finish(ctx)
}

// TellOtherwise records that a tenant was told by other means, and how.
func (m *Messenger) TellOtherwise(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, because string) error {
	if _, err := m.incidentFor(ctx, by, cordon.ApproveNotices, id); err != nil {
		return err
	}
	if err := reason(because); err != nil {
		return err
	}
	return m.store.ToldOtherwise(ctx, by, tenant, id, because)
}

func reason(because string) error {
	switch {
	case strings.TrimSpace(because) == "":
		return cordon.InvalidField("because", "is missing", "say how, or why; it goes into the ledger")
	case len(because) > 500 || strings.ContainsAny(because, "\r\n"):
		return cordon.InvalidField("because", "is longer than a line of 500 bytes", "shorten it")
	}
	return nil
}

// Tellings lists what each tenant is owed of the notice in force.
func (m *Messenger) Tellings(ctx context.Context, by cordon.Actor, id cordon.IncidentID, p cordon.Page) ([]cordon.Telling, string, error) {
	if _, err := m.incidentFor(ctx, by, cordon.ReadIncidents, id); err != nil {
		return nil, "", err
	}
	f, err := m.store.ApprovedNotice(ctx, id)
	if cordon.CodeOf(err) == cordon.Missing {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	return m.store.Tellings(ctx, id, f.Seq, p)
}
