package sim

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

func (f *Faulty) SightIncident(ctx context.Context, by cordon.Actor, g cordon.IncidentSighting) (cordon.Incident, bool, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, false, err
	}
	return f.Store.SightIncident(ctx, by, g)
}

func (f *Faulty) OpenIncident(ctx context.Context, by cordon.Actor, n cordon.NewIncident) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.OpenIncident(ctx, by, n)
}

func (f *Faulty) MoveIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, to cordon.IncidentState, text string) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.MoveIncident(ctx, by, id, version, to, text)
}

func (f *Faulty) ContainIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, at time.Time, text string) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.ContainIncident(ctx, by, id, version, at, text)
}

func (f *Faulty) EndExercise(ctx context.Context, by cordon.Actor, id cordon.IncidentID, text string) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.EndExercise(ctx, by, id, text)
}

func (f *Faulty) TendIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, found cordon.IncidentFinding) (bool, error) {
	if f.Dead() { // mostly it writes nothing, and a death counts writes
		return false, errDead
	}
	return f.Store.TendIncident(ctx, by, id, found)
}

func (f *Faulty) ChangeIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, c cordon.IncidentChange) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.ChangeIncident(ctx, by, id, version, c)
}

func (f *Faulty) AssignIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, role cordon.IncidentRole, holder cordon.AccountID) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.AssignIncident(ctx, by, id, version, role, holder)
}

func (f *Faulty) MergeIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, into cordon.IncidentID, why string) (cordon.Incident, error) {
	if err := f.write(); err != nil {
		return cordon.Incident{}, err
	}
	return f.Store.MergeIncident(ctx, by, id, version, into, why)
}

func (f *Faulty) NoteIncidentFor(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, text string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.NoteIncidentFor(ctx, by, id, tenant, text)
}

func (f *Faulty) LinkIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, l cordon.IncidentLink) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.LinkIncident(ctx, by, id, l)
}

func (f *Faulty) RecoverIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, noun, subject, text string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RecoverIncident(ctx, by, id, noun, subject, text)
}

func (f *Faulty) AddIncidentScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, q cordon.Question) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.AddIncidentScope(ctx, by, id, q)
}

func (f *Faulty) RemoveIncidentScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, why string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.RemoveIncidentScope(ctx, by, id, num, why)
}

func (f *Faulty) AddIncidentTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, k cordon.IncidentTask) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.AddIncidentTask(ctx, by, id, k)
}

func (f *Faulty) SettleIncidentTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, to cordon.TaskState, reason string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.SettleIncidentTask(ctx, by, id, num, to, reason)
}

func (f *Faulty) SavePostmortem(ctx context.Context, by cordon.Actor, id cordon.IncidentID, p cordon.Postmortem) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.SavePostmortem(ctx, by, id, p)
}

func (f *Faulty) IncidentCalled(ctx context.Context, c cordon.IncidentCall) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Store.IncidentCalled(ctx, c)
}
