package identity

import (
	"context"
	"time"

	"github.com/cordonmail/cordon"
)

// Store is what identity needs of storage; *store.Store has it.
type Store interface {
	Tenant(ctx context.Context, id cordon.TenantID) (cordon.Tenant, error)

	CreateAccount(ctx context.Context, by cordon.Actor, a cordon.Account) error
	Account(ctx context.Context, id cordon.AccountID) (cordon.Account, error)
	Accounts(ctx context.Context, tenant cordon.TenantID, p cordon.Page) ([]cordon.Account, string, error)

	CreateKey(ctx context.Context, by cordon.Actor, k cordon.Key, secretHash []byte) error
	Key(ctx context.Context, id cordon.KeyID) (cordon.Key, error)
	KeyBySecret(ctx context.Context, secretHash []byte) (cordon.Key, error)
	Keys(ctx context.Context, tenant cordon.TenantID, p cordon.Page) ([]cordon.Key, string, error)
	SetKeyState(ctx context.Context, by cordon.Actor, id cordon.KeyID, state cordon.KeyState, reason string) error
	TouchKey(ctx context.Context, id cordon.KeyID) error

	CreateSession(ctx context.Context, kind string, hash []byte, a cordon.Account, expires time.Time) error
	TakeLink(ctx context.Context, hash []byte) error
	Session(ctx context.Context, hash []byte) (cordon.AccountID, time.Time, error)
	EndSession(ctx context.Context, hash []byte) error
}
