package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
)

// KeyRequest asks for an API key.
type KeyRequest struct {
	Account     cordon.AccountID
	Tenant      cordon.TenantID // "" for the account's own reach
	Name        string          // what the key is for, as people will read it
	Permissions []cordon.Permission
	ExpiresAt   time.Time // zero: no end
}

// CreateKey makes a key and answers its secret, which nobody can see again.
// Without permissions named, a key gets its role's rights to send and nothing
// else. A key never has more rights than its account's role or its maker.
func (r *Registry) CreateKey(ctx context.Context, by cordon.Actor, q KeyRequest) (cordon.Key, cordon.Secret, error) {
	if !by.Can(cordon.ManageKeys, by.Tenant) {
		return cordon.Key{}, "", forbidden(cordon.ManageKeys)
	}
	account, err := r.store.Account(ctx, q.Account)
	if err == nil && !by.Can(cordon.ManageKeys, account.Tenant) {
		err = missing("account")
	}
	if err != nil {
		return cordon.Key{}, "", err
	}
	tenant, err := reach(account, q.Tenant)
	if err != nil {
		return cordon.Key{}, "", err
	}
	if err := r.openTenant(ctx, tenant); err != nil {
		return cordon.Key{}, "", err
	}
	if err := checkLabel("name", q.Name); err != nil {
		return cordon.Key{}, "", err
	}
	now := r.now().UTC()
	if !q.ExpiresAt.IsZero() && !q.ExpiresAt.After(now) {
		return cordon.Key{}, "", cordon.InvalidField("expires_at", "is not in the future", "give a later time, or none")
	}
	rights, err := grant(by, tenant, account.Role, q.Permissions)
	if err != nil {
		return cordon.Key{}, "", err
	}
	key := cordon.Key{
		ID: cordon.NewKeyID(), Tenant: tenant, Account: account.ID, Name: q.Name,
		Permissions: rights, State: cordon.KeyActive, CreatedAt: now, ExpiresAt: q.ExpiresAt,
	}
	secret := keyPrefix + cordon.RandomText(keyChars)
	if err := r.store.CreateKey(ctx, by, key, hash(secret)); err != nil {
		return cordon.Key{}, "", fmt.Errorf("create key: %w", err)
	}
	return key, cordon.Secret(secret), nil
}

// reach is the tenant a key of the account may act in.
func reach(a cordon.Account, asked cordon.TenantID) (cordon.TenantID, error) {
	if a.Tenant == "" || asked == "" || asked == a.Tenant {
		return max(a.Tenant, asked), nil
	}
	return "", cordon.InvalidField("tenant", "is not the account's tenant", "leave it out, or name an account of that tenant")
}

// grant checks the rights asked for against the list of all, the role and the
// maker, and names every wrong one at once.
func grant(by cordon.Actor, tenant cordon.TenantID, role cordon.Role, asked []cordon.Permission) ([]cordon.Permission, error) {
	allowed := role.Permissions()
	if len(asked) == 0 {
		asked = intersect([]cordon.Permission{cordon.SendSingle, cordon.SendBulk}, allowed)
		if len(asked) == 0 {
			return nil, cordon.InvalidField("permissions", "the role "+string(role)+" has no right to send, so there is no default", "name permissions of "+join(allowed))
		}
	}
	var faults []cordon.Fault
	var rights []cordon.Permission
	for i, p := range asked {
		field := fmt.Sprintf("permissions[%d]", i)
		switch {
		case !slices.Contains(cordon.Permissions(), p):
			faults = append(faults, cordon.Fault{Field: field, Message: fmt.Sprintf("%.40q is not a permission", string(p)), Remedy: "valid are " + join(cordon.Permissions())})
		case !slices.Contains(allowed, p):
			faults = append(faults, cordon.Fault{Field: field, Message: string(p) + " is more than the account's role " + string(role) + " grants", Remedy: "the role grants " + join(allowed)})
		case !by.Can(p, tenant):
			faults = append(faults, cordon.Fault{Field: field, Message: string(p) + " is a right you do not have yourself", Remedy: "ask an operator"})
		case !slices.Contains(rights, p):
			rights = append(rights, p)
		}
	}
	if len(faults) > 0 {
		first := faults[0]
		return nil, &cordon.Error{Code: cordon.Invalid, Field: first.Field, Message: first.Message, Remedy: first.Remedy, Faults: faults}
	}
	return rights, nil
}

// Key shows one key, never its secret.
func (r *Registry) Key(ctx context.Context, by cordon.Actor, id cordon.KeyID) (cordon.Key, error) {
	if !by.Can(cordon.ReadCatalog, by.Tenant) {
		return cordon.Key{}, forbidden(cordon.ReadCatalog)
	}
	return r.key(ctx, by, cordon.ReadCatalog, id)
}

// Keys lists the keys of a tenant; "" lists all, for an actor of the whole
// installation.
func (r *Registry) Keys(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, p cordon.Page) ([]cordon.Key, string, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, "", forbidden(cordon.ReadCatalog)
	}
	return r.store.Keys(ctx, tenant, p)
}

// SuspendKey takes a key out of use until it is resumed.
func (r *Registry) SuspendKey(ctx context.Context, by cordon.Actor, id cordon.KeyID, reason string) error {
	if !by.Can(cordon.ManageKeys, by.Tenant) {
		return forbidden(cordon.ManageKeys)
	}
	return r.setState(ctx, by, id, cordon.KeySuspended, reason)
}

// ResumeKey puts a suspended key back into use.
func (r *Registry) ResumeKey(ctx context.Context, by cordon.Actor, id cordon.KeyID, reason string) error {
	if !by.Can(cordon.ManageKeys, by.Tenant) {
		return forbidden(cordon.ManageKeys)
	}
	return r.setState(ctx, by, id, cordon.KeyActive, reason)
}

// RevokeKey ends a key for good.
func (r *Registry) RevokeKey(ctx context.Context, by cordon.Actor, id cordon.KeyID, reason string) error {
	if !by.Can(cordon.ManageKeys, by.Tenant) {
		return forbidden(cordon.ManageKeys)
	}
	return r.setState(ctx, by, id, cordon.KeyRevoked, reason)
}

// setState moves a key along active ↔ suspended → revoked. Asking for the state
// it is in already does nothing and is no error: two people may suspend one key
// in the same minute.
func (r *Registry) setState(ctx context.Context, by cordon.Actor, id cordon.KeyID, state cordon.KeyState, reason string) error {
	key, err := r.key(ctx, by, cordon.ManageKeys, id)
	if err != nil {
		return err
	}
	if err := checkLabel("reason", reason); err != nil {
		return err
	}
	if key.State == state {
		return nil
	}
	if key.State == cordon.KeyRevoked {
		return &cordon.Error{Code: cordon.Conflict, Field: "key", Message: "was revoked, which is final", Remedy: "create a new key"}
	}
	if err := r.store.SetKeyState(ctx, by, id, state, reason); err != nil {
		return fmt.Errorf("set key state: %w", err)
	}
	return nil
}

// key fetches a key within the actor's reach; a foreign one is as missing as
// one that never was.
func (r *Registry) key(ctx context.Context, by cordon.Actor, p cordon.Permission, id cordon.KeyID) (cordon.Key, error) {
	key, err := r.store.Key(ctx, id)
	if err == nil && !by.Can(p, key.Tenant) {
		err = missing("key")
	}
	if err != nil {
		return cordon.Key{}, err
	}
	return key, nil
}
