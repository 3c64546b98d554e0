package main

import (
	"context"
	"sync/atomic"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/relay"
)

// countingRelay counts messages and bytes on their way to the real client.
type countingRelay struct {
	client   *relay.Client
	messages atomic.Int64
	bytes    atomic.Int64
}

func (c *countingRelay) Send(ctx context.Context, env message.Envelope, look func() bool) cordon.Outcome {
	c.messages.Add(1)
	c.bytes.Add(int64(len(env.Data)))
	return c.client.Send(ctx, env, look)
}

func (c *countingRelay) Connections() int { return c.client.Connections() }
