package catalog

import (
	"context"

	"github.com/cordonmail/cordon"
)

// Store is what the catalog needs of storage; *store.Store has it.
type Store interface {
	CreateTenant(ctx context.Context, by cordon.Actor, t cordon.Tenant) error
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
	TenantByHandle(ctx context.Context, handle string) (cordon.Tenant, error)
	Tenants(ctx context.Context, p cordon.Page) ([]cordon.Tenant, string, error)
	EraseTenant(ctx context.Context, by cordon.Actor, id cordon.TenantID) error

	CreateDomain(ctx context.Context, by cordon.Actor, d cordon.Domain, pkcs8 []byte) error
	Domains(ctx context.Context, tenant cordon.TenantID) ([]cordon.Domain, error)
	ApproveHost(ctx context.Context, by cordon.Actor, h cordon.LinkHost) error
	WithdrawHost(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, name string) error
	LinkHosts(ctx context.Context, tenant cordon.TenantID) ([]cordon.LinkHost, error)
	ApproveSharedText(ctx context.Context, by cordon.Actor, x cordon.SharedText) error
	WithdrawSharedText(ctx context.Context, by cordon.Actor, f cordon.Fingerprint) error
	SharedTexts(ctx context.Context) ([]cordon.SharedText, error)

	Limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error)
	SetLimits(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, l cordon.Limits) error

	FieldMask(ctx context.Context, tenant cordon.TenantID, names []string) (cordon.FieldMask, error)
	FieldNames(ctx context.Context, tenant cordon.TenantID) ([]string, error)
	UpsertRecipients(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, rows []cordon.RecipientRow) (inserted, updated int, err error)
	Recipients(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, p cordon.Page) ([]cordon.Recipient, string, error)
	RecipientByRef(ctx context.Context, tenant cordon.TenantID, ref string) (cordon.Recipient, error)
	CountRecipients(ctx context.Context, tenant cordon.TenantID) (active, decoys int, err error)
	OpenPerson(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, purpose string) (cordon.Person, error)
	FindByAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, a cordon.Address) ([]cordon.Recipient, error)
	EraseRecipient(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID) error
	DecoyStore

	SaveAudience(ctx context.Context, by cordon.Actor, a cordon.Audience) error
	Audience(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Audience, error)
	Audiences(ctx context.Context, tenant cordon.TenantID, p cordon.Page) ([]cordon.Audience, string, error)
	AudienceCount(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, want cordon.FieldMask) (total, fit int, err error)
	AudienceUnfit(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, want cordon.FieldMask, limit int) ([]cordon.RecipientID, error)

	Suppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error
	SuppressAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, a cordon.Address, reason cordon.SuppressionReason) error
	Unsuppress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, reason cordon.SuppressionReason) error
	UnsuppressAddress(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, a cordon.Address, reason cordon.SuppressionReason) error

	CreateTemplate(ctx context.Context, by cordon.Actor, t cordon.Template) error
	Template(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Template, error)
	Templates(ctx context.Context, tenant cordon.TenantID, p cordon.Page) ([]cordon.Template, string, error)
	WriteVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, c cordon.Content) (cordon.Version, error)
	Version(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (cordon.Version, error)
	Versions(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID) ([]cordon.Version, error)
	ApproveVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, number int, hash string) error
	RevokeVersion(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, template cordon.TemplateID, number int) error
}
