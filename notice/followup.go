package notice

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// WriteTo asks that the people of the tenants (of every affected one when none is
// named) are written to.
func (m *Messenger) WriteTo(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID) (int64, error) {
	if _, err := m.incidentFor(ctx, by, cordon.ApproveNotices, id); err != nil {
		return 0, err
	}
	if by.Key != "" {
		return 0, aPerson()
	}
	if _, err := m.store.NoticeIdentityOf(ctx, id); err != nil {
		return 0, err
	}
	n, err := m.store.PlanFollowUps(ctx, by, id, tenants)
	if err != nil {
		return n, err
	}
	return n, m.finish(ctx)
}

// Waive records that the tenants' people are not written to from here, and why.
func (m *Messenger) Waive(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID, because string) (int64, error) {
	if _, err := m.incidentFor(ctx, by, cordon.ApproveNotices, id); err != nil {
		return 0, err
	}
	if err := reason(because); err != nil {
		return 0, err
	}
	return m.store.WaiveFollowUps(ctx, by, id, tenants, because)
}

// write takes each follow-up that is asked for through its states: planned,
// written, accepted. Each state is a row; what a crash broke off goes on from it.
func (r *round) write(ctx context.Context, due []cordon.Telling) error {
	var errs []error
	for _, n := range due {
		var err error
		if n.FollowUp == cordon.FollowUpPlanned {
			n, err = r.writeLetter(ctx, n)
		}
		if err == nil && n.FollowUp == cordon.FollowUpWritten {
			err = r.accept(ctx, n)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("write to the people of %s: %w", n.Handle, err))
		}
	}
	return errors.Join(errs...)
}

// writeLetter makes the letter an approved version of the tenant's: drafted by the
// house, approved by who asked for it.
func (r *round) writeLetter(ctx context.Context, n cordon.Telling) (cordon.Telling, error) {
	x, err := r.about(ctx, n)
	if err != nil {
		return n, err
	}
	if x, err = r.m.share(ctx, x, n.Tenant); err != nil {
		return n, err
	}
	if x.tenant.counts.Mailable == 0 {
		n.Counts = x.tenant.counts
		return n, r.m.store.FollowUpAccepted(ctx, personOf(n.FollowedBy), n, 0)
	}
	settings, err := r.m.store.NoticeSettings(ctx, n.Tenant)
	if err != nil {
		return n, err
	}
	d, err := r.m.render(FollowUp, settings.Language, x)
	if err != nil {
		return n, err
	}
	v, err := r.m.approved(ctx, n, x, d)
	if err != nil {
		return n, err
	}
	n.Template, n.Version = v.Template, v.Number
	did, err := r.m.store.FollowUpWritten(ctx, n)
	if did {
		n.FollowUp = cordon.FollowUpWritten
	}
	return n, err
}

// approved is the version of the tenant's that says what the document says. A
// step that a crash broke off finds what it had written.
func (m *Messenger) approved(ctx context.Context, n cordon.Telling, x telling, d Document) (cordon.Version, error) {
	content := m.content(d, x.identity)
	if err := m.fits(content); err != nil {
		return cordon.Version{}, err
	}
	t, err := m.template(ctx, n.Tenant, fmt.Sprintf("incident-%d-notice-%d-%s", x.incident.Number, n.Seq, d.Language))
	if err != nil {
		return cordon.Version{}, err
	}
	var v cordon.Version
	if t.Latest > 0 {
		if v, err = m.store.Version(ctx, n.Tenant, t.ID, t.Latest); err != nil {
			return v, err
		}
	}
	if v.Hash != content.Hash() || v.State == cordon.VersionRevoked {
		if v, err = m.store.WriteVersion(ctx, cordon.System(), n.Tenant, t.ID, content); err != nil {
			return v, err
		}
	}
	if v.State == cordon.VersionDraft {
		err = m.store.ApproveVersion(ctx, personOf(n.FollowedBy), n.Tenant, t.ID, v.Number, v.Hash)
		if cordon.CodeOf(err) == cordon.Conflict { // approved by the other meanwhile
			return m.store.Version(ctx, n.Tenant, t.ID, v.Number)
		}
	}
	return v, err
}

func (m *Messenger) template(ctx context.Context, tenant cordon.TenantID, handle string) (cordon.Template, error) {
	t, err := m.store.Template(ctx, tenant, handle)
	if cordon.CodeOf(err) != cordon.Missing {
		return t, err
	}
	t = cordon.Template{ID: cordon.NewTemplateID(), Tenant: tenant, Handle: handle}
	err = m.store.CreateTemplate(ctx, cordon.System(), t)
	if cordon.CodeOf(err) == cordon.Conflict { // the step of another node, or of the same, was first
		return m.store.Template(ctx, tenant, handle)
	}
	return t, err
}

// content is the letter as a version of a template: from the notice identity,
// with no field of the order and no link but to the status page.
func (m *Messenger) content(d Document, identity cordon.NoticeIdentity) cordon.Content {
	c := cordon.Content{FromName: fromName(identity.Name), FromAddress: identity.Address, Subject: plainSubject(d.Title),
		Text: unmarked(d.Text()), HTML: unmarked(d.HTML(m.statusURL)), Fields: []cordon.Field{}}
	if host := m.statusHost(); host != "" {
		c.LinkHosts = []string{host}
	}
	return c
}

// fits says whether the engine of letters takes it.
func (m *Messenger) fits(c cordon.Content) error {
	_, err := compose.Compile(c)
	return err
}

func fromName(name string) string {
	if len(name) > 200 {
		return ""
	}
	return strings.ReplaceAll(name, "{{", "")
}

// plainSubject keeps a title within what a subject may hold.
func plainSubject(title string) string {
	title = unmarked(title)
	for len(title) > compose.MaxSubject {
		title = title[:strings.LastIndexByte(title[:compose.MaxSubject], ' ')]
	}
	return title
}

// unmarked takes out what the engine of letters would read as a marker: a
// tenant's name may hold anything.
func unmarked(text string) string {
	return strings.NewReplacer("{{", "(", "}}", ")", "{%", "(", "<%", "(", "*|", "(", "|*", ")").Replace(text)
}

// accept hands the letter to the door. Its idempotency key and the person who
// asked are the same at every try, so that the second is answered with the first.
func (r *round) accept(ctx context.Context, n cordon.Telling) error {
	d, err := r.m.door.AcceptNotice(ctx, personOf(n.FollowedBy), cordon.NoticeOrder{Tenant: n.Tenant, Incident: n.Incident, Template: n.Template, Version: n.Version,
		IdempotencyKey: fmt.Sprintf("notice/%s/%d", n.Incident, n.Seq)})
	counts, countErr := r.m.store.TellingCounts(ctx, n.Tenant, n.Incident)
	if countErr != nil {
		return countErr
	}
	if err != nil && counts.Mailable > 0 {
		return err
	}
	// Nobody is left who can be mailed: the last one asked not to be, or was erased.
	n.Dispatch, n.Counts = d.ID, counts
	return r.m.store.FollowUpAccepted(ctx, personOf(n.FollowedBy), n, d.Recipients)
}

// personOf is who asked for it, as an actor whose right was looked at when he did:
// what he began is finished in his name, whenever that is.
func personOf(id string) cordon.Actor {
	by := cordon.Actor{Kind: cordon.ActorKind(id), Permissions: []cordon.Permission{cordon.ManageNotices}}
	if account := cordon.AccountID(id); account.Valid() {
		by.Kind, by.Account = cordon.ActorAccount, account
	}
	return by
}
