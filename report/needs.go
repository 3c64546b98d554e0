package report

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what the clerk needs to remember.
type Store interface {
	CopyOf(ctx context.Context, ref cordon.Ref) (cordon.CopyFacts, error)
	CopyInIncident(ctx context.Context, ref cordon.Ref, incident cordon.IncidentID) (bool, error)
	SigningDomains(ctx context.Context, name, selector string) ([]cordon.Domain, error)
	DirectoriesOf(ctx context.Context, a cordon.Address, exercise bool) ([]cordon.TenantID, error)
	TextsSince(ctx context.Context, since time.Time) ([]cordon.Sighting, error)
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)
	IncidentNumbered(ctx context.Context, number int64) (cordon.Incident, error)

	ReceiveReport(ctx context.Context, n cordon.NewReport) (r cordon.Report, fresh bool, err error)
	ReportsWaiting(ctx context.Context, now time.Time, n int) ([]cordon.ReportID, error)
	OpenReport(ctx context.Context, id cordon.ReportID) (cordon.OpenReport, error)
	DelayReport(ctx context.Context, id cordon.ReportID, waits []time.Duration) error
	FileReport(ctx context.Context, f cordon.Filing) (cordon.Report, cordon.Problem, error)
	MailsToReporter(ctx context.Context, a cordon.Address, since time.Time) (int, error)
	ForgetReports(ctx context.Context, rawBefore, fromBefore time.Time, n int) (more bool, err error)

	ReadReport(ctx context.Context, by cordon.Actor, id cordon.ReportID) (cordon.OpenReport, error)
	Reports(ctx context.Context, f cordon.ReportFilter, p cordon.Page) ([]cordon.Report, string, error)
	Report(ctx context.Context, id cordon.ReportID) (cordon.Report, error)
	TrackedReport(ctx context.Context, tracking string) (cordon.Report, error)
	ProveReporter(ctx context.Context, tracking string, confirm []byte) error
	Problem(ctx context.Context, id cordon.ProblemID) (cordon.Problem, error)
	Problems(ctx context.Context, f cordon.ReportFilter, p cordon.Page) ([]cordon.Problem, string, error)
	ProblemLeaks(ctx context.Context, id cordon.ProblemID) (map[cordon.TenantID]int64, error)
	SettleProblem(ctx context.Context, by cordon.Actor, id cordon.ProblemID, m cordon.SettleProblem, compose func(cordon.OpenReport, cordon.Problem) cordon.Outgoing) (p cordon.Problem, told int, err error)
	LinkIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, l cordon.IncidentLink) error

	RecordLateBounce(ctx context.Context, ref cordon.Ref, b cordon.LateBounce, suppressAfter int) (noted bool, err error)
	LateBounces(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (hard, soft int64, err error)
	CountReturned(ctx context.Context, what cordon.Returned) error
	ReturnedSince(ctx context.Context, since time.Time) (map[cordon.Returned]int64, error)
	EnqueueOutgoing(ctx context.Context, all []cordon.Outgoing) error
	FailOutgoing(ctx context.Context, id cordon.OutgoingID, reply string) error
	Changed(topic string) (<-chan struct{}, func())
}
