package sim

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

func (f *Faulty) Raise(ctx context.Context, by cordon.Actor, r cordon.Raise) (bool, error) {
	if err := f.write(); err != nil {
		return false, err
	}
	return f.Store.Raise(ctx, by, r)
}

func (f *Faulty) RecordComplaint(ctx context.Context, by cordon.Actor, c cordon.Complaint) (cordon.Complaint, error) {
	if err := f.write(); err != nil {
		return cordon.Complaint{}, err
	}
	return f.Store.RecordComplaint(ctx, by, c)
}

func (f *Faulty) PruneEvidence(ctx context.Context, before time.Time) (bool, error) {
	if err := f.write(); err != nil {
		return false, err
	}
	return f.Store.PruneEvidence(ctx, before)
}
