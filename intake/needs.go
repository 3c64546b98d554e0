package intake

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what the door asks of storage.
type Store interface {
	IdempotentDispatch(ctx context.Context, tenant cordon.TenantID, actor, key string) (id cordon.DispatchID, digest []byte, found bool, err error)
	Version(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (cordon.Version, error)
	Audience(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Audience, error)
	Limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error)
	// Whether a copy of the version has been delivered in bulk before.
	GoneOutInBulk(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, version int) (bool, error)

	// For free content: it is kept as a version of its sender's own template.
	Template(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Template, error)
	CreateTemplate(ctx context.Context, by cordon.Actor, t cordon.Template) error
	WriteVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, c cordon.Content) (cordon.Version, error)

	CreateDispatch(ctx context.Context, by cordon.Actor, n cordon.NewDispatch) (cordon.Dispatch, error)
	RecordRefusal(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, about cordon.Order, v cordon.Verdict) error

	Dispatch(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error)
	Dispatches(ctx context.Context, tenant cordon.TenantID, page cordon.Page) ([]cordon.Dispatch, string, error)
	ReleaseDispatch(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID, note cordon.HoldNote, mark func(cordon.Dispatch) []byte) error
	DiscardDispatch(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID, note cordon.HoldNote) (cut int64, err error)

	// For notices.
	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)
	NoticeIdentityOf(ctx context.Context, incident cordon.IncidentID) (cordon.NoticeIdentity, error)
	NoticesSent(ctx context.Context, tenant cordon.TenantID, incident cordon.IncidentID) (int, error)

	// For the queue of what is held.
	HeldDispatches(ctx context.Context, tenant cordon.TenantID, f cordon.HoldFilter, oldest bool, page cordon.Page) ([]cordon.Dispatch, string, error)
	HeldSet(ctx context.Context, tenant cordon.TenantID, f cordon.HoldFilter, most int) (set []cordon.Dispatch, dispatches int, err error)
	CountHeld(ctx context.Context, tenant cordon.TenantID, f cordon.HoldFilter) (dispatches int, copies int64, err error)
	AskHold(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, ask cordon.HoldAsk) error
	HoldAsks(ctx context.Context, tenant cordon.TenantID, about []cordon.DispatchID, since time.Time) ([]cordon.HoldAsk, error)
	SenderHistory(ctx context.Context, d cordon.Dispatch) (cordon.SenderHistory, error)
	ApprovedAround(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (before *cordon.Version, newer int, err error)

	// For judging a held dispatch again: who ordered it, and for whom.
	Key(ctx context.Context, id cordon.KeyID) (cordon.Key, error)
	Account(ctx context.Context, id cordon.AccountID) (cordon.Account, error)
	HeldValues(ctx context.Context, tenant cordon.TenantID, id cordon.DispatchID, n int) ([]cordon.Row, error)
	Affected(ctx context.Context, q cordon.Question, page cordon.Page) ([]cordon.Affected, string, error)
}

// Judge is the guard as the door knows it. It may read order.Rows more than once.
type Judge interface {
	Judge(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) cordon.Verdict
	// Rejudge judges a held order once more; its copies are counted already.
	Rejudge(ctx context.Context, actor cordon.Actor, order cordon.Order, version cordon.Version) cordon.Verdict
	// Learn teaches the screening what a person decided about a held order.
	Learn(ctx context.Context, by cordon.Actor, dispatch cordon.Dispatch, order cordon.Order, version cordon.Version, wanted bool) error
}
