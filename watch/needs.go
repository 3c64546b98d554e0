package watch

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what watching asks of storage.
type Store interface {
	Changed(topic string) (<-chan struct{}, func())
	Limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error)

	Evidence(ctx context.Context, of cordon.EvidenceOf) (cordon.Evidence, error)
	FreshEvidence(ctx context.Context, since time.Time) ([]cordon.EvidenceOf, error)
	EvidenceSeries(ctx context.Context, of cordon.EvidenceOf, step time.Duration) ([]cordon.EvidenceBucket, error)
	EvidenceSubjects(ctx context.Context, tenant cordon.TenantID, since time.Time, n int) ([]cordon.EvidenceOf, error)
	PruneEvidence(ctx context.Context, before time.Time) (more bool, err error)
	Sightings(ctx context.Context, since time.Time) ([]cordon.Sighting, error)
	InstallationHour(ctx context.Context) (copies int64, err error)
	InstallationBusiest(ctx context.Context, since time.Time) (copies int64, days int, err error)

	StagedDispatches(ctx context.Context, n int) ([]cordon.Stage, error)
	AdvanceStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error
	HoldStage(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, dispatch cordon.DispatchID, number int, reason string) error
	LastRaised(ctx context.Context, tenant cordon.TenantID, rule, subject string, scope cordon.Scope) (raised, stopped time.Time, err error)
	Raise(ctx context.Context, by cordon.Actor, r cordon.Raise) (raised bool, err error)

	RecordComplaint(ctx context.Context, by cordon.Actor, c cordon.Complaint) (cordon.Complaint, error)
	Complaints(ctx context.Context, tenant cordon.TenantID, of cordon.DispatchID, p cordon.Page) ([]cordon.Complaint, string, error)
}
