package incident

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what keeping incidents asks of storage.
type Store interface {
	Changed(topic string) (<-chan struct{}, func())

	IncidentSigns(ctx context.Context, n int) ([]cordon.IncidentSign, error)
	SightIncident(ctx context.Context, by cordon.Actor, g cordon.IncidentSighting) (i cordon.Incident, opened bool, err error)
	OpenIncident(ctx context.Context, by cordon.Actor, n cordon.NewIncident) (cordon.Incident, error)

	LedgerHead(ctx context.Context) (size int64, root [32]byte, err error)
	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)
	IncidentNumbered(ctx context.Context, number int64) (cordon.Incident, error)
	Incidents(ctx context.Context, f cordon.IncidentFilter, p cordon.Page) ([]cordon.Incident, string, error)
	IncidentsOf(ctx context.Context, noun, subject string) ([]cordon.IncidentID, error)
	TouchesTenant(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (bool, error)
	IncidentTenants(ctx context.Context, id cordon.IncidentID) ([]cordon.TenantID, error)
	IncidentTimeline(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, p cordon.Page) ([]cordon.IncidentLine, string, error)
	IncidentLinks(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) ([]cordon.IncidentLink, error)
	IncidentScopes(ctx context.Context, id cordon.IncidentID) ([]cordon.IncidentScope, error)
	IncidentTasks(ctx context.Context, id cordon.IncidentID) ([]cordon.IncidentTask, error)
	IncidentDebts(ctx context.Context, id cordon.IncidentID) ([]cordon.Debt, error)
	IncidentPostmortem(ctx context.Context, id cordon.IncidentID) (cordon.Postmortem, error)

	// What it came to. tenant "" is all of it.
	IncidentDamageOf(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (cordon.Assessment, error)
	IncidentFiguresOf(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (cordon.Figures, error)
	IncidentAffected(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, p cordon.Page) ([]cordon.Affected, string, error)
	EachAffected(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID, f func(cordon.Affected) error) error
	IncidentSight(ctx context.Context, id cordon.IncidentID, tenant cordon.TenantID) (cordon.Assessment, cordon.Figures, cordon.IncidentContainment, error)
	IncidentContainment(ctx context.Context, id cordon.IncidentID) (cordon.IncidentContainment, error)
	IncidentMeasures(ctx context.Context, id cordon.IncidentID) (cordon.IncidentMeasures, error)
	ScopeBefore(ctx context.Context, id cordon.IncidentID, num int64, back time.Duration) (copies int64, err error)

	// Changes. A version that is not the present one is a Conflict; 0 is any.
	MoveIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, to cordon.IncidentState, text string) (cordon.Incident, error)
	ContainIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, at time.Time, text string) (cordon.Incident, error)
	EndExercise(ctx context.Context, by cordon.Actor, id cordon.IncidentID, text string) (cordon.Incident, error)
	TendIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, found cordon.IncidentFinding) (fresh bool, err error)
	ChangeIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, c cordon.IncidentChange) (cordon.Incident, error)
	AssignIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, role cordon.IncidentRole, holder cordon.AccountID) (cordon.Incident, error)
	MergeIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, version int64, into cordon.IncidentID, why string) (cordon.Incident, error)
	NoteIncidentFor(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenant cordon.TenantID, text string) error
	LinkIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, l cordon.IncidentLink) error
	RecoverIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, noun, subject, text string) error
	AddIncidentScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, q cordon.Question) error
	RemoveIncidentScope(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, why string) error
	AddIncidentTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, k cordon.IncidentTask) error
	SettleIncidentTask(ctx context.Context, by cordon.Actor, id cordon.IncidentID, num int64, to cordon.TaskState, reason string) error
	SavePostmortem(ctx context.Context, by cordon.Actor, id cordon.IncidentID, p cordon.Postmortem) error

	// Pages.
	IncidentCalls(ctx context.Context) ([]cordon.IncidentCall, error)
	IncidentCalled(ctx context.Context, c cordon.IncidentCall) error
	TriggerPage(ctx context.Context, by cordon.Actor, n cordon.NewPage) (cordon.OnCallPage, error)
	ResolvePages(ctx context.Context, by cordon.Actor, incident cordon.IncidentID) error

	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
}
