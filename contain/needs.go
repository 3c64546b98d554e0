package contain

import (
	"context"

	"github.com/cordonmail/cordon"
)

// Reader is what the Board asks of storage.
type Reader interface {
	ActiveStops(ctx context.Context) ([]cordon.Stop, error)
	Changed(topic string) (<-chan struct{}, func())
}

// Store is what the Warden asks of storage.
type Store interface {
	Reader
	PlaceStop(ctx context.Context, by cordon.Actor, stop cordon.Stop, sharpen func(cordon.StopAnswer, []cordon.Ref) cordon.StopAnswer) (cordon.Stop, error)
	StopPreview(ctx context.Context, scope cordon.Scope) (cordon.Counts, error)
	Stop(ctx context.Context, id cordon.StopID) (cordon.Stop, error)
	Stops(ctx context.Context, activeOnly bool, page cordon.Page) ([]cordon.Stop, string, error)
	LiftStop(ctx context.Context, by cordon.Actor, id cordon.StopID, d cordon.Disposition) (cordon.Stop, error)
	Sweep(ctx context.Context, n int) (moved int, more bool, err error)
	// The stages of a send, and what came back about it.
	Stages(ctx context.Context, tenant cordon.TenantID, dispatch cordon.DispatchID) ([]cordon.Stage, error)
	AdvanceStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error
	HoldStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error
	ResumeStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error
	Evidence(ctx context.Context, of cordon.EvidenceOf) (cordon.Evidence, error)
	Key(ctx context.Context, id cordon.KeyID) (cordon.Key, error) // the person behind a key that placed a stop
	// Whose a scope is, where it does not name the tenant.
	Account(ctx context.Context, id cordon.AccountID) (cordon.Account, error)
	Dispatch(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error)
	Template(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Template, error)
}
