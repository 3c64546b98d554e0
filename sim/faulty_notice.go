package sim

import (
	"context"

	"github.com/cordonmail/cordon"
)

func (f *Faulty) DraftNotice(ctx context.Context, by cordon.Actor, n, seen cordon.NoticeFacts) (cordon.NoticeFacts, error) {
	if err := f.write(); err != nil {
		return cordon.NoticeFacts{}, err
	}
	return f.Store.DraftNotice(ctx, by, n, seen)
}

func (f *Faulty) ApproveNotice(ctx context.Context, by cordon.Actor, seen cordon.NoticeFacts, hash string) (cordon.NoticeFacts, error) {
	if err := f.write(); err != nil {
		return cordon.NoticeFacts{}, err
	}
	return f.Store.ApproveNotice(ctx, by, seen, hash)
}

func (f *Faulty) RecordTold(ctx context.Context, by cordon.Actor, all []cordon.TenantTold) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RecordTold(ctx, by, all)
}

func (f *Faulty) PlanFollowUps(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID) (int64, error) {
	if err := f.write(); err != nil {
		return 0, err
	}
	return f.Store.PlanFollowUps(ctx, by, id, tenants)
}

func (f *Faulty) CreateTemplate(ctx context.Context, by cordon.Actor, t cordon.Template) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.CreateTemplate(ctx, by, t)
}

func (f *Faulty) WriteVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, c cordon.Content) (cordon.Version, error) {
	if err := f.write(); err != nil {
		return cordon.Version{}, err
	}
	return f.Store.WriteVersion(ctx, by, tenant, template, c)
}

func (f *Faulty) ApproveVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, number int, hash string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.ApproveVersion(ctx, by, tenant, template, number, hash)
}

func (f *Faulty) FollowUpWritten(ctx context.Context, n cordon.Telling) (bool, error) {
	if err := f.write(); err != nil {
		return false, err
	}
	return f.Store.FollowUpWritten(ctx, n)
}

func (f *Faulty) FollowUpAccepted(ctx context.Context, by cordon.Actor, n cordon.Telling, recipients int) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.FollowUpAccepted(ctx, by, n, recipients)
}

func (f *Faulty) ClockPaged(ctx context.Context, id cordon.IncidentID, regime string, tenants []cordon.TenantID, percent int) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.ClockPaged(ctx, id, regime, tenants, percent)
}
