package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/cordonmail/cordon"
)

const (
	keyPrefix = "cordon_"
	keyChars  = 52 // 260 bits

	touchEvery = time.Minute
	maxTouched = 10_000 // keys remembered before the memory starts afresh
)

// Authenticate turns an API key's secret into the actor it stands for. The
// actor's rights are what both the key and the account's role grant today, so
// that taking a role away takes it from every key at once. Everything that
// does not open is Denied, in the same words.
func (r *Registry) Authenticate(ctx context.Context, secret string) (cordon.Actor, error) {
	if !wellFormed(secret, keyPrefix, keyChars) {
		return cordon.Actor{}, denied()
	}
	key, err := r.store.KeyBySecret(ctx, hash(secret))
	if err != nil {
		return cordon.Actor{}, orDenied("key by secret", err)
	}
	if !key.Usable(r.now()) {
		return cordon.Actor{}, denied()
	}
	account, err := r.living(ctx, key.Account)
	if err != nil {
		return cordon.Actor{}, err
	}
	if account.Tenant != "" && account.Tenant != key.Tenant {
		return cordon.Actor{}, denied() // a key never reaches beyond its account's walls
	}
	if key.Tenant != account.Tenant {
		if err := r.tenantLives(ctx, key.Tenant); err != nil {
			return cordon.Actor{}, err
		}
	}
	r.touch(ctx, key.ID)
	return cordon.Actor{
		Kind:        cordon.ActorKey,
		Account:     key.Account,
		Key:         key.ID,
		Tenant:      key.Tenant,
		Permissions: intersect(key.Permissions, account.Role.Permissions()),
	}, nil
}

// living fetches an account and sees that its tenant was not erased.
func (r *Registry) living(ctx context.Context, id cordon.AccountID) (cordon.Account, error) {
	account, err := r.store.Account(ctx, id)
	if err != nil {
		return cordon.Account{}, orDenied("account", err)
	}
	if err := r.tenantLives(ctx, account.Tenant); err != nil {
		return cordon.Account{}, err
	}
	return account, nil
}

func (r *Registry) tenantLives(ctx context.Context, id cordon.TenantID) error {
	if id == "" {
		return nil
	}
	tenant, err := r.store.Tenant(ctx, id)
	if err != nil {
		return orDenied("tenant", err)
	}
	if tenant.State != cordon.TenantActive {
		return denied()
	}
	return nil
}

// orDenied keeps the store's troubles apart from a wrong secret: trouble is not
// the caller's fault and must not read like a refusal. Neither lets anyone in.
func orDenied(what string, err error) error {
	if cordon.CodeOf(err) == cordon.Missing {
		return denied()
	}
	return fmt.Errorf("authenticate: %s: %w", what, err)
}

// touch notes the use of a key, at most once a minute: a busy key must not turn
// every call into a write.
func (r *Registry) touch(ctx context.Context, id cordon.KeyID) {
	now := r.now()
	r.mu.Lock()
	last, known := r.touched[id]
	fresh := known && now.Sub(last) < touchEvery && !now.Before(last)
	if !fresh {
		if len(r.touched) >= maxTouched {
			clear(r.touched)
		}
		r.touched[id] = now
	}
	r.mu.Unlock()
	if fresh {
		return
	}
	if err := r.store.TouchKey(ctx, id); err != nil {
		r.log.WarnContext(ctx, "the use of a key could not be noted", "key", id, "error", err)
	}
}

func intersect(have, allowed []cordon.Permission) []cordon.Permission {
	both := make([]cordon.Permission, 0, len(have))
	for _, p := range have {
		for _, q := range allowed {
			if p == q {
				both = append(both, p)
				break
			}
		}
	}
	return both
}
