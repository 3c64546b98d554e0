package outbox

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what sending asks of storage.
type Store interface {
	Changed(topic string) (<-chan struct{}, func())
	NextOutgoing(ctx context.Context, l cordon.OutboxLane) (time.Time, error)
	ClaimOutgoing(ctx context.Context, node string, l cordon.OutboxLane, n int, lease time.Duration) ([]cordon.Outgoing, error)
	RecordOutgoing(ctx context.Context, node string, id cordon.OutgoingID, tries int, r cordon.OutgoingResult) error
	OutboxHealth(ctx context.Context) (cordon.OutboxHealth, error)
	OnCallSettings(ctx context.Context) (cordon.OnCallSettings, error)
	ForgetOutgoing(ctx context.Context, before time.Time, n int) (more bool, err error)
}

// Wire hands one message over, once.
type Wire interface {
	Send(ctx context.Context, o cordon.Outgoing) cordon.OutgoingOutcome
	Ping(ctx context.Context, method, url string) error
}
