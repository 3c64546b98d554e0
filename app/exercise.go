package app

import (
	"context"
	"sync"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/mailsink"
	"github.com/cordonmail/cordon/message"
	"github.com/cordonmail/cordon/queue"
	"github.com/cordonmail/cordon/relay"
)

// exercises keeps the mail of exercise tenants in the house: it goes to a
// receiving server in this process, over a pipe, and never to the real relay.
// It stands before every relay a house may have, so there is no way around it.
type exercises struct {
	real    queue.Relay
	far     *relay.Client
	sink    *mailsink.Sink
	tenants interface {
		Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)
	}

	mu    sync.Mutex
	known map[cordon.TenantID]bool // whether it is for exercises: that never changes
}

const (
	sinkConnections = 4
	sinkMost        = 20_000 // copies remembered, by their headers
)

func (h *House) newExercises(real queue.Relay, config mailsink.Config) *exercises {
	if config.Keep == 0 && config.Most == 0 {
		config.Most = sinkMost
	}
	config.Now = h.now
	wire := NewPipes()
	return &exercises{
		real: real, sink: mailsink.Serve(wire, config), tenants: h.Store, known: map[cordon.TenantID]bool{},
		far: relay.New(relay.Config{Addr: "sink.invalid:25", TLS: relay.TLSOff, Connections: sinkConnections, Dial: wire.Dial, Now: h.now}),
	}
}

// Send takes the mail of a real tenant to the real relay, and that of an
// exercise to the sink. Whose mail it is must be known: until it is, the copy is
// deferred. A fault of the sink is the copy's alone, so that no exercise holds
// up real mail.
func (x *exercises) Send(ctx context.Context, env message.Envelope, look func() bool) cordon.Outcome {
	exercise, err := x.exercise(ctx, env.Tenant)
	switch {
	case err != nil:
		return cordon.Outcome{State: cordon.Deferred, Reason: "tenant"}
	case !exercise:
		return x.real.Send(ctx, env, look)
	}
	out := x.far.Send(ctx, env, look)
	if out.Relay && ctx.Err() == nil {
		out.Relay = false
		if out.State == cordon.Queued {
			out.State = cordon.Deferred
		}
	}
	return out
}

func (x *exercises) exercise(ctx context.Context, id cordon.TenantID) (bool, error) {
	x.mu.Lock()
	exercise, ok := x.known[id]
	x.mu.Unlock()
	if ok {
		return exercise, nil
	}
	t, err := x.tenants.Tenant(ctx, id)
	if err != nil {
		return false, err
	}
	x.mu.Lock()
	x.known[id] = t.Exercise
	x.mu.Unlock()
	return t.Exercise, nil
}

// Connections counts those to the real relay and to the sink.
func (x *exercises) Connections() int { return x.real.Connections() + x.far.Connections() }

// close ends the sink and the connections to it.
func (x *exercises) close() error {
	x.far.Close()
	return x.sink.Close()
}
