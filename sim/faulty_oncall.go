package sim

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

func (f *Faulty) TriggerPage(ctx context.Context, by cordon.Actor, n cordon.NewPage) (cordon.OnCallPage, error) {
	if err := f.write(); err != nil {
		return cordon.OnCallPage{}, err
	}
	return f.Store.TriggerPage(ctx, by, n)
}

func (f *Faulty) AckPage(ctx context.Context, by cordon.Actor, id cordon.PageID, contact cordon.OnCallContactID, until time.Time, messages []cordon.Outgoing) (cordon.OnCallPage, error) {
	if err := f.write(); err != nil {
		return cordon.OnCallPage{}, err
	}
	return f.Store.AckPage(ctx, by, id, contact, until, messages)
}

func (f *Faulty) EscalatePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error) {
	if err := f.write(); err != nil {
		return cordon.OnCallPage{}, err
	}
	return f.Store.EscalatePage(ctx, by, id)
}

func (f *Faulty) ResolvePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error) {
	if err := f.write(); err != nil {
		return cordon.OnCallPage{}, err
	}
	return f.Store.ResolvePage(ctx, by, id)
}

func (f *Faulty) ResolvePages(ctx context.Context, by cordon.Actor, incident cordon.IncidentID) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.ResolvePages(ctx, by, incident)
}

func (f *Faulty) TakePageTurn(ctx context.Context, by cordon.Actor, t cordon.PageTurn) (bool, error) {
	if err := f.write(); err != nil {
		return false, err
	}
	return f.Store.TakePageTurn(ctx, by, t)
}

func (f *Faulty) MissHeartbeat(ctx context.Context, by cordon.Actor, m cordon.Monitor, since time.Time, page cordon.NewPage) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.MissHeartbeat(ctx, by, m, since, page)
}

func (f *Faulty) ClaimOutgoing(ctx context.Context, node string, l cordon.OutboxLane, n int, lease time.Duration) ([]cordon.Outgoing, error) {
	if err := f.write(); err != nil {
		return nil, err
	}
	return f.Store.ClaimOutgoing(ctx, node, l, n, lease)
}

func (f *Faulty) RecordOutgoing(ctx context.Context, node string, id cordon.OutgoingID, tries int, r cordon.OutgoingResult) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RecordOutgoing(ctx, node, id, tries, r)
}

func (f *Faulty) EnqueueOutgoing(ctx context.Context, all []cordon.Outgoing) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.EnqueueOutgoing(ctx, all)
}
