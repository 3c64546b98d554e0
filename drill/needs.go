package drill

import (
	"context"
	"net/http"
	"time"

	"github.com/cordonmail/cordon"
)

// Config is the house to rehearse on, as a drill needs it.
type Config struct {
	// Operator and Intruder reach the REST API: one with the operator's right,
	// one with whatever key the request carries.
	Operator, Intruder *http.Client
	URL                string // base of both
	Store              Store
	// Arrived counts what the receiving server took from senders of a domain with
	// the words in the subject: the far side's own count, held against what the
	// house says.
	Arrived func(domain, words string) int64
	Now     func() time.Time
	// Undo is the undo window given to exercise tenants; 0 keeps the default.
	Undo time.Duration
	// Step is the wait before a bulk send of theirs and after each of its stages;
	// 0 keeps the defaults.
	Step time.Duration
	// Progress is told what happens, in short sentences; may be nil.
	Progress func(string)
}

// Store is what a drill asks of storage beside the API.
type Store interface {
	// PlantUnchecked writes a dispatch and open copies as if the door's check
	// were missing.
	PlantUnchecked(ctx context.Context, n cordon.NewDispatch) (cordon.Dispatch, error)
	// Recipients and Decoys are what a thief of the whole table would hold.
	Recipients(ctx context.Context, tenant cordon.TenantID, f cordon.Filter, page cordon.Page) ([]cordon.Recipient, string, error)
	Decoys(ctx context.Context, tenant cordon.TenantID) ([]cordon.RecipientID, error)
	Version(ctx context.Context, tenant cordon.TenantID, template cordon.TemplateID, number int) (cordon.Version, error)
	// OpenPerson opens a planted recipient: a stranger has the address already.
	OpenPerson(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, purpose string) (cordon.Person, error)
	// Affected is who got a copy.
	Affected(ctx context.Context, q cordon.Question, page cordon.Page) ([]cordon.Affected, string, error)
	// Tenant says whether a tenant was made for exercises.
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
}
