package notice

import (
	"context"
	"errors"
	"fmt"

	"github.com/cordonmail/cordon"
)

// tell puts a message for each contact of the tenants that are planned into the
// outbox, and marks them told, in one transaction.
func (r *round) tell(ctx context.Context, due []cordon.Telling) error {
	var told []cordon.TenantTold
	var errs []error
	for _, n := range due {
		if n.State != cordon.TellingPlanned || n.Contacts == 0 {
			continue
		}
		one, err := r.tenantTold(ctx, n)
		if err != nil {
			errs = append(errs, fmt.Errorf("tell %s: %w", n.Handle, err))
			continue
		}
		if len(one.Letters) > 0 {
			told = append(told, one)
		}
	}
	if len(told) > 0 {
		errs = append(errs, r.m.store.RecordTold(ctx, cordon.System(), told))
	}
	return errors.Join(errs...)
}

func (r *round) tenantTold(ctx context.Context, n cordon.Telling) (cordon.TenantTold, error) {
	x, err := r.about(ctx, n)
	if err != nil {
		return cordon.TenantTold{}, err
	}
	if x, err = r.m.share(ctx, x, n.Tenant); err != nil {
		return cordon.TenantTold{}, err
	}
	contacts, err := r.m.store.OpenContacts(ctx, n.Tenant)
	if err != nil {
		return cordon.TenantTold{}, err
	}
	told := cordon.TenantTold{Telling: n}
	told.Counts = x.tenant.counts
	for _, c := range contacts {
		d, err := r.m.render(TenantLetter, c.Language, x)
		if err != nil {
			return told, err
		}
		told.Letters = append(told.Letters, cordon.Outgoing{
			Key:     fmt.Sprintf("notice/%s/%d/%s/%s", n.Incident, n.Seq, n.Tenant, c.ID),
			Channel: cordon.ChannelMail, Purpose: cordon.PurposeTenantNotice, Tenant: n.Tenant, Incident: n.Incident, Subject: string(c.ID),
			Exercise: x.incident.Exercise, To: string(c.Address),
			Content: cordon.OutgoingLetter{Title: d.Title, Text: d.Text(), HTML: d.HTML(r.m.statusURL, r.m.consoleURL)},
		})
	}
	return told, nil
}
