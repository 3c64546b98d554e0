package guard

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// matter is one order before the guard. What several checks need is read once
// and kept, a failure too, so that no check passes on what another could not
// read.
type matter struct {
	guard   *Guard
	actor   cordon.Actor
	order   cordon.Order
	version cordon.Version
	again   bool // a held order before its release: its copies are counted already
	now     time.Time
	limits  cordon.Limits
	tenant  cordon.Tenant // set by authorise

	found    kept[map[cordon.RecipientID]cordon.Found]
	audience kept[cordon.Audience]
	need     kept[need]
	reach    kept[reach]
	busiest  kept[int64]
	compiled kept[*compose.Letter]
	worded   kept[[]map[string]string]
	print    cordon.Fingerprint // of the letter, once it was screened
}

// need is which recipient fields the version's text requires.
type need struct {
	names []string
	mask  cordon.FieldMask
}

// reach is how many an audience holds, and how many have every field.
type reach struct{ total, fit int }

// kept is a value read at most once.
type kept[T any] struct {
	done  bool
	value T
	err   error
}

func (k *kept[T]) get(read func() (T, error)) (T, error) {
	if !k.done {
		k.value, k.err = read()
		k.done = true
	}
	return k.value, k.err
}

// recipients looks the order's recipients up in the order's tenant, all in one
// question: an unknown, a foreign and an erased one are all simply absent.
func (m *matter) recipients(ctx context.Context) (map[cordon.RecipientID]cordon.Found, error) {
	return m.found.get(func() (map[cordon.RecipientID]cordon.Found, error) {
		return m.guard.store.FindRecipients(ctx, m.order.Tenant, m.order.Recipients)
	})
}

func (m *matter) aimed(ctx context.Context) (cordon.Audience, error) {
	return m.audience.get(func() (cordon.Audience, error) {
		return m.guard.store.Audience(ctx, m.order.Tenant, string(m.order.Audience))
	})
}

// needs reads from the text itself which recipient fields it cannot do without.
func (m *matter) needs(ctx context.Context) (need, error) {
	return m.need.get(func() (need, error) {
		letter, err := m.letter()
		if err != nil {
			return need{}, err
		}
		names, _ := letter.Needs()
		mask, err := m.guard.store.FieldMask(ctx, m.order.Tenant, names)
		return need{names: names, mask: mask | cordon.BitAddress}, err
	})
}

// size is how many copies the order asks for.
func (m *matter) size(ctx context.Context) (reach, error) {
	if m.order.Kind == cordon.Single {
		return reach{total: len(m.order.Recipients)}, nil
	}
	return m.reach.get(func() (reach, error) {
		audience, err := m.aimed(ctx)
		if err != nil {
			return reach{}, err
		}
		need, err := m.needs(ctx)
		if err != nil {
			return reach{}, err
		}
		total, fit, err := m.guard.store.AudienceCount(ctx, m.order.Tenant, audience.Filter, need.mask)
		return reach{total: total, fit: fit}, err
	})
}

// busiestHour is the most single sends of the actor's key in an hour of its
// history.
func (m *matter) busiestHour(ctx context.Context) (int64, error) {
	return m.busiest.get(func() (int64, error) {
		return m.guard.store.BusiestHour(ctx, m.order.Tenant, m.actor.Key, m.now.Add(-m.limits.History))
	})
}

// failed is the verdict of a check that could not be made.
func (m *matter) failed(ctx context.Context, check string, err error) cordon.Verdict {
	return m.guard.failed(ctx, check, err)
}

// signal makes a signal about this order.
func (m *matter) signal(kind cordon.SignalKind, grade cordon.Grade, count int, message string) cordon.Signal {
	tenant := m.order.Tenant
	if m.actor.Tenant != "" {
		tenant = m.actor.Tenant // what a key reaches for is never named as its own
	}
	return cordon.Signal{
		ID: cordon.NewSignalID(), Kind: kind, Grade: grade,
		Tenant: tenant, Actor: m.actor.ID(), Account: m.actor.Account, Key: m.actor.Key, Template: m.order.Template,
		Count: count, Message: message, At: m.now,
	}
}

// stop makes an automatic stop, placed by Cordon itself.
func (m *matter) stop(scope cordon.Scope, reason string) cordon.Stop {
	system := cordon.System()
	return cordon.Stop{ID: cordon.NewStopID(), Scope: scope, Reason: reason, PlacedBy: system.ID(), PlacedAt: m.now}
}

// stopActor covers everything the credential behind the order has sent or will
// send: the key, or the account when no key was used. The operator has neither.
func (m *matter) stopActor(reason string) []cordon.Stop {
	switch {
	case m.actor.Key != "":
		return []cordon.Stop{m.stop(cordon.Scope{Key: m.actor.Key}, reason)}
	case m.actor.Account != "":
		return []cordon.Stop{m.stop(cordon.Scope{Account: m.actor.Account}, reason)}
	}
	return nil
}
