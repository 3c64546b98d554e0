package ledger

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordonmail/cordon"
)

// Store is what auditing asks of storage.
type Store interface {
	Assess(ctx context.Context, q cordon.Question) (cordon.Assessment, error)
	Affected(ctx context.Context, q cordon.Question, page cordon.Page) ([]cordon.Affected, string, error)
	OpenPerson(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, id cordon.RecipientID, purpose string) (cordon.Person, error)
	Totals(ctx context.Context) (map[cordon.TenantID]cordon.Counts, error)
	Signals(ctx context.Context, tenant cordon.TenantID, page cordon.Page) ([]cordon.Signal, string, error)

	Entries(ctx context.Context, from int64, n int) ([]cordon.Entry, error)
	EntriesOf(ctx context.Context, tenant cordon.TenantID, subject string, page cordon.Page) ([]cordon.Entry, string, error)
	LedgerHead(ctx context.Context) (size int64, root [32]byte, err error)
	LedgerHashes(ctx context.Context) tlog.HashReader
	VerifyStored(ctx context.Context, e cordon.Entry) error
	SaveCheckpoint(ctx context.Context, c cordon.Checkpoint) error
	LatestCheckpoint(ctx context.Context) (cordon.Checkpoint, bool, error)

	// For witnesses and what is done on schedule.
	SaveCosignature(ctx context.Context, size int64, witness, line string) error
	WitnessedSize(ctx context.Context) (int64, error)
	LastVerified(ctx context.Context) (time.Time, error)
	AppendEntry(ctx context.Context, e cordon.Entry) error
	RecordSignals(ctx context.Context, by cordon.Actor, signals []cordon.Signal) error

	// For evidence bundles.
	Incident(ctx context.Context, id cordon.IncidentID) (cordon.Incident, error)
	IncidentDamage(ctx context.Context, id cordon.IncidentID) (cordon.Assessment, error)
	// BundleCopies calls f with every copy of what the incident is about, by
	// tenant, dispatch and sequence number, all from one look.
	BundleCopies(ctx context.Context, id cordon.IncidentID, f func(cordon.BundledCopy) error) error
	// BundleEntries lists entries about the incident and everything in it, by number.
	BundleEntries(ctx context.Context, id cordon.IncidentID, from, below int64, n int) ([]cordon.Entry, error)
	BundleDocuments(ctx context.Context, id cordon.IncidentID) ([]cordon.Document, error)
	WitnessedCheckpoint(ctx context.Context) (cordon.Checkpoint, []string, error)
}
