package oncall

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what paging asks of storage.
type Store interface {
	Changed(topic string) (<-chan struct{}, func())

	OnCallBook(ctx context.Context, since time.Time) (cordon.OnCallBook, error)
	SaveContact(ctx context.Context, by cordon.Actor, c cordon.OnCallContact) error
	DeleteContact(ctx context.Context, by cordon.Actor, id cordon.OnCallContactID) error
	AddMethod(ctx context.Context, by cordon.Actor, contact cordon.OnCallContactID, m cordon.ContactMethod) error
	DeleteMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID) error
	AskMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID, hash []byte, until time.Time, message func(m cordon.ContactMethod, num int64) cordon.Outgoing) error
	VerifyMethod(ctx context.Context, by cordon.Actor, id cordon.MethodID, hash []byte) error
	SaveSchedule(ctx context.Context, by cordon.Actor, s cordon.Schedule) error
	DeleteSchedule(ctx context.Context, by cordon.Actor, id cordon.ScheduleID) error
	AddOverride(ctx context.Context, by cordon.Actor, o cordon.Override) error
	DeleteOverride(ctx context.Context, by cordon.Actor, id cordon.OverrideID) error
	SavePolicy(ctx context.Context, by cordon.Actor, p cordon.Policy) error
	DeletePolicy(ctx context.Context, by cordon.Actor, id cordon.PolicyID) error
	SetRoute(ctx context.Context, by cordon.Actor, r cordon.PolicyRoute) error
	SetOnCallSettings(ctx context.Context, by cordon.Actor, o cordon.OnCallSettings) error

	TriggerPage(ctx context.Context, by cordon.Actor, n cordon.NewPage) (cordon.OnCallPage, error)
	OnCallPage(ctx context.Context, id cordon.PageID) (cordon.OnCallPage, error)
	OnCallPages(ctx context.Context, f cordon.PageFilter, p cordon.Page) ([]cordon.OnCallPage, string, error)
	PageEvents(ctx context.Context, id cordon.PageID) ([]cordon.PageEvent, error)
	PageAlerts(ctx context.Context, id cordon.PageID) ([]cordon.PageAlert, error)
	AckPage(ctx context.Context, by cordon.Actor, id cordon.PageID, contact cordon.OnCallContactID, until time.Time, messages []cordon.Outgoing) (cordon.OnCallPage, error)
	EscalatePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error)
	ResolvePage(ctx context.Context, by cordon.Actor, id cordon.PageID) (cordon.OnCallPage, error)
	DuePages(ctx context.Context, n int) ([]cordon.OnCallPage, error)
	NextPageTurn(ctx context.Context) (time.Time, error)
	TakePageTurn(ctx context.Context, by cordon.Actor, turn cordon.PageTurn) (bool, error)

	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)

	Monitors(ctx context.Context) ([]cordon.Monitor, error)
	SaveMonitor(ctx context.Context, by cordon.Actor, m cordon.Monitor) error
	DeleteMonitor(ctx context.Context, by cordon.Actor, name string) error
	Heartbeat(ctx context.Context, by cordon.Actor, name string) error
	MissHeartbeat(ctx context.Context, by cordon.Actor, m cordon.Monitor, since time.Time, page cordon.NewPage) error

	OutboxHealth(ctx context.Context) (cordon.OutboxHealth, error)
	EnqueueOutgoing(ctx context.Context, all []cordon.Outgoing) error
}

// Wire is what paging wants to know of the ways out: why a channel cannot be
// used as the house is set up; nil when it can.
type Wire interface {
	Ready(ctx context.Context, c cordon.Channel) error
	// Check says whether a target of the channel is one that can be used.
	Check(c cordon.Channel, target string) (string, error)
}
