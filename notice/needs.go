package notice

import (
	"context"

	"github.com/cordonmail/cordon"
)

// Store is what telling asks of storage.
type Store interface {
	LedgerHead(ctx context.Context) (size int64, root [32]byte, err error)
	Changed(topic string) (<-chan struct{}, func())

	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)
	IncidentNumbered(ctx context.Context, number int64) (cordon.Incident, error)
	Incidents(ctx context.Context, f cordon.IncidentFilter, p cordon.Page) ([]cordon.Incident, string, error)
	IncidentFigures(ctx context.Context, id cordon.IncidentID) (cordon.Figures, error)
	NoteIncident(ctx context.Context, by cordon.Actor, id cordon.IncidentID, text string) error
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
	OpenPerson(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, purpose string) (cordon.Person, error)

	NoticeIdentity(ctx context.Context) (cordon.NoticeIdentity, error)
	NoticeIdentityOf(ctx context.Context, incident cordon.IncidentID) (cordon.NoticeIdentity, error)
	SetNoticeIdentity(ctx context.Context, by cordon.Actor, id cordon.NoticeIdentity) error
	AddContact(ctx context.Context, by cordon.Actor, c cordon.TenantContact) (cordon.TenantContact, error)
	RemoveContact(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.ContactID) error
	Contacts(ctx context.Context, tenant cordon.TenantID) ([]cordon.TenantContact, error)
	OpenContacts(ctx context.Context, tenant cordon.TenantID) ([]cordon.TenantContact, error)
	NoticeSettings(ctx context.Context, tenant cordon.TenantID) (cordon.NoticeSettings, error)
	SetNoticeSettings(ctx context.Context, by cordon.Actor, n cordon.NoticeSettings) error

	NoticeFacts(ctx context.Context, id cordon.IncidentID, seq int) (cordon.NoticeFacts, error)
	ApprovedNotice(ctx context.Context, id cordon.IncidentID) (cordon.NoticeFacts, error)
	NoticeHistory(ctx context.Context, id cordon.IncidentID) ([]cordon.NoticeFacts, error)
	NoticedIncidents(ctx context.Context, open bool) ([]cordon.IncidentID, error)
	DraftNotice(ctx context.Context, by cordon.Actor, f, seen cordon.NoticeFacts) (cordon.NoticeFacts, error)
	ApproveNotice(ctx context.Context, by cordon.Actor, seen cordon.NoticeFacts, hash string) (cordon.NoticeFacts, error)

	NoticeReach(ctx context.Context, id cordon.IncidentID) (cordon.NoticeReach, error)
	PlanTellings(ctx context.Context, id cordon.IncidentID, seq int) (int64, error)
	Tellings(ctx context.Context, id cordon.IncidentID, seq int, p cordon.Page) ([]cordon.Telling, string, error)
	Telling(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) (cordon.Telling, error)
	TellingsDue(ctx context.Context, after string, n int) ([]cordon.Telling, string, error)
	TellingCounts(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) (cordon.TellingCounts, error)
	RecordTold(ctx context.Context, by cordon.Actor, all []cordon.TenantTold) error
	ToldOtherwise(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.IncidentID, because string) error

	PlanFollowUps(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID) (int64, error)
	WaiveFollowUps(ctx context.Context, by cordon.Actor, id cordon.IncidentID, tenants []cordon.TenantID, because string) (int64, error)
	FollowUpWritten(ctx context.Context, n cordon.Telling) (bool, error)
	FollowUpAccepted(ctx context.Context, by cordon.Actor, n cordon.Telling, recipients int) error
	Template(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Template, error)
	CreateTemplate(ctx context.Context, by cordon.Actor, t cordon.Template) error
	WriteVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, c cordon.Content) (cordon.Version, error)
	Version(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (cordon.Version, error)
	ApproveVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, number int, hash string) error

	PacketRows(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID, after string, n int) ([]cordon.PacketRow, string, error)
	PacketTaken(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.IncidentID, revealed bool) error
	IncidentLetter(ctx context.Context, id cordon.IncidentID) (cordon.Content, error)
	LetterFields(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) ([]string, error)
	IncidentSenders(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID) ([]string, error)
	IncidentReads(ctx context.Context, tenant cordon.TenantID, from, until int64) (map[string]int64, error)

	SetClocks(ctx context.Context, by cordon.Actor, id cordon.IncidentID, regimes []cordon.Regime) (int, error)
	Clocks(ctx context.Context, tenant cordon.TenantID, id cordon.IncidentID, n int) ([]cordon.Clock, error)
	DecideClock(ctx context.Context, by cordon.Actor, id cordon.IncidentID, c cordon.ClockChoice) (int64, error)
	ClocksToPage(ctx context.Context, n int) ([]cordon.Clock, error)
	ClockPaged(ctx context.Context, id cordon.IncidentID, regime string, tenants []cordon.TenantID, percent int) error
	TriggerPage(ctx context.Context, by cordon.Actor, p cordon.NewPage) (cordon.OnCallPage, error)
}

// Door takes the follow-ups: the one door of the house.
type Door interface {
	AcceptNotice(ctx context.Context, by cordon.Actor, o cordon.NoticeOrder) (cordon.Dispatch, error)
}
