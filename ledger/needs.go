package ledger

import (
	"context"

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
}
