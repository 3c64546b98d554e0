package guard

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what judging asks of storage. It only reads.
type Store interface {
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
	Key(ctx context.Context, id cordon.KeyID) (cordon.Key, error)
	Limits(ctx context.Context, tenant cordon.TenantID) (cordon.Limits, error)

	FindRecipients(ctx context.Context, tenant cordon.TenantID, ids []cordon.RecipientID) (map[cordon.RecipientID]cordon.Found, error)
	CountRecipients(ctx context.Context, tenant cordon.TenantID) (active, decoys int, err error)
	FieldMask(ctx context.Context, tenant cordon.TenantID, names []string) (cordon.FieldMask, error)
	Audience(ctx context.Context, tenant cordon.TenantID, idOrHandle string) (cordon.Audience, error)
	AudienceCount(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, want cordon.FieldMask) (total, fit int, err error)
	AudienceUnfit(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, want cordon.FieldMask, limit int) ([]cordon.RecipientID, error)

	BadIDs(ctx context.Context, key cordon.KeyID, since time.Time) (int, error)
	Usage(ctx context.Context, tenant cordon.TenantID, c cordon.Ceiling) (int64, error)
	BusiestHour(ctx context.Context, tenant cordon.TenantID, key cordon.KeyID, since time.Time) (int64, error)
	BusiestDay(ctx context.Context, tenant cordon.TenantID, since time.Time) (copies int64, days int, err error)
	ActiveStops(ctx context.Context) ([]cordon.Stop, error)

	// Of what letters say.
	ScreenFacts(ctx context.Context, tenant cordon.TenantID) (cordon.ScreenFacts, error)
	TenantNames(ctx context.Context, n int) ([]string, error)
	SharedTexts(ctx context.Context) ([]cordon.SharedText, error)
	Sightings(ctx context.Context, since time.Time) ([]cordon.Sighting, error)
	TextsKnown(ctx context.Context, tenant cordon.TenantID, prints []cordon.Fingerprint, before time.Time) ([]cordon.Fingerprint, error)
	SaveTuning(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, from cordon.DispatchID, wanted bool, upon int64, body []byte) error

	// Of behaviour: recipients by their Found.Num.
	Behaviours(ctx context.Context, tenant cordon.TenantID, subjects []cordon.Subject) ([]cordon.Behaviour, error)
	Acquaintance(ctx context.Context, tenant cordon.TenantID, sender cordon.Subject, recipients []int64, near bool) (cordon.Acquaintance, error)
}

// Scanner judges a whole message outside the house. It never passes what it does
// not know.
type Scanner interface {
	Scan(ctx context.Context, raw []byte, from string) cordon.Verdict
}
