package queue

import (
	"context"
	"crypto"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
)

// Store is what the queue needs of storage.
type Store interface {
	Join(ctx context.Context, node string) error
	Beat(ctx context.Context, node string) error
	ReapNodes(ctx context.Context, deadBefore, due time.Time) (int, error)
	SendingOf(ctx context.Context, node string) ([]cordon.Ref, error)
	SettleLost(ctx context.Context, node string, lost []cordon.Lost) error

	LanesDue(ctx context.Context, n int) ([]cordon.Lane, error)
	ClaimDue(ctx context.Context, node string, l cordon.Lane, n int) ([]cordon.Claim, error)
	RecordAttempts(ctx context.Context, node string, g cordon.AttemptGroup) error

	ExitFacts(ctx context.Context, tenant cordon.TenantID, ids []cordon.DispatchID) (map[cordon.DispatchID]cordon.ExitFacts, error)
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error) // asked for exercises only
	ScreenFacts(ctx context.Context, tenant cordon.TenantID) (cordon.ScreenFacts, error)
	Unseal(tenant cordon.TenantID, id cordon.RecipientID, sealed []byte) (cordon.Person, error)
	UnsealValues(c cordon.Claim) (map[string]string, error)

	Changed(topic string) (<-chan struct{}, func())
}

// Relay takes one message and answers what came of it. look is asked
// immediately before MAIL FROM and again immediately before the body.
type Relay interface {
	Send(ctx context.Context, env message.Envelope, look func() bool) cordon.Outcome
	Connections() int
}

// Signer puts the DKIM signature on a message. A nil Signer means that the
// relay signs.
type Signer interface {
	Sign(ctx context.Context, domain, selector string, key crypto.Signer, raw []byte) ([]byte, error)
}

// Board is the mirror of the stops for the last look.
type Board interface {
	Blocks(d cordon.Delivery) bool
	Enter(ref cordon.Ref, d cordon.Delivery) bool // the last look; true means in flight until Leave
	Leave(refs []cordon.Ref)
	Fresh() bool // false: the stops are not known, and nothing may leave
}
