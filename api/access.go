package api

import (
	"context"
	"slices"
	"time"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/identity"
)

// self is who a call acts for.
type self struct {
	Actor       string              `json:"actor" doc:"Who acts, as the ledger names it" example:"key_0123456789abcdefghjkmnpqrs"`
	Kind        cordon.ActorKind    `json:"kind" enum:"operator,account,key,system" doc:"By what right" example:"key"`
	Account     cordon.AccountID    `json:"account,omitempty" doc:"The account behind it" example:"acc_0123456789abcdefghjkmnpqrs"`
	Tenant      cordon.TenantID     `json:"tenant,omitempty" doc:"The tenant it is bound to; left out for the whole installation" example:"ten_0123456789abcdefghjkmnpqrs"`
	Permissions []cordon.Permission `json:"permissions" nullable:"false" doc:"What it may do"`
}

func (a *API) whoAmI(_ context.Context, x *exchange, _ *struct{}) (*answer[self], error) {
	permissions := slices.Clone(x.actor.Permissions)
	if permissions == nil {
		permissions = []cordon.Permission{}
	}
	return answered(self{x.actor.ID(), x.actor.Kind, x.actor.Account, x.actor.Tenant, permissions}, nil)
}

type accountRequest struct {
	Body struct {
		Tenant string      `json:"tenant,omitempty" maxLength:"64" doc:"Tenant, by ID or handle; left out for an account of the whole installation" example:"northside"`
		Name   string      `json:"name" minLength:"1" maxLength:"200" doc:"Name of the person or program, for other people to recognise" example:"Front desk"`
		Role   cordon.Role `json:"role" enum:"operator,responder,author,approver,sender,viewer" doc:"Fixed set of permissions" example:"author"`
	} `nameHint:"AccountRequest"`
}

func (a *API) createAccount(ctx context.Context, x *exchange, in *accountRequest) (*created[cordon.Account], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Body.Tenant)
	if err != nil {
		return nil, err
	}
	account, err := a.Registry.CreateAccount(ctx, x.actor, cordon.Account{Tenant: tenant, Name: in.Body.Name, Role: in.Body.Role})
	if err != nil {
		return nil, err
	}
	return &created[cordon.Account]{Location: "/v1/accounts/" + string(account.ID), Body: account}, nil
}

// optionalTenant resolves a tenant named in a body or query, "" for none. What
// none means is decided by the service: an actor of one tenant is bound to it.
func (a *API) optionalTenant(ctx context.Context, x *exchange, ref string) (cordon.TenantID, error) {
	if ref == "" {
		return x.actor.Tenant, nil
	}
	return a.tenantOf(ctx, x.actor, ref)
}

type ofTenantQuery struct {
	PageQuery
	Tenant string `query:"tenant" maxLength:"64" doc:"Only this tenant's, by ID or handle" example:"northside"`
}

func (a *API) listAccounts(ctx context.Context, x *exchange, in *ofTenantQuery) (*answer[list[cordon.Account]], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	return listed(a.Registry.Accounts(ctx, x.actor, tenant, in.page()))
}

type keyRequest struct {
	Body struct {
		Account     cordon.AccountID    `json:"account" maxLength:"64" doc:"Account the key acts for; its role bounds the key" example:"acc_0123456789abcdefghjkmnpqrs"`
		Tenant      string              `json:"tenant,omitempty" maxLength:"64" doc:"Bind the key to this tenant, by ID or handle" example:"northside"`
		Name        string              `json:"name" minLength:"1" maxLength:"200" doc:"What the key is for" example:"booking system"`
		Permissions []cordon.Permission `json:"permissions,omitempty" nullable:"false" doc:"What the key may do, never more than the account; left out for the account's rights to send and nothing else"`
		ExpiresAt   time.Time           `json:"expires_at,omitzero" doc:"When it ends by itself; left out for never" example:"2027-01-01T00:00:00Z"`
	} `nameHint:"KeyRequest"`
}

// newKey is the one answer that holds a secret.
type newKey struct {
	Key    cordon.Key `json:"key" doc:"The key as it will be listed"`
	Secret string     `json:"secret" doc:"The credential, shown this once" example:"cordon_…"`
}

func (a *API) createKey(ctx context.Context, x *exchange, in *keyRequest) (*created[newKey], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Body.Tenant)
	if err != nil {
		return nil, err
	}
	key, secret, err := a.Registry.CreateKey(ctx, x.actor, identity.KeyRequest{
		Account: in.Body.Account, Tenant: tenant, Name: in.Body.Name,
		Permissions: in.Body.Permissions, ExpiresAt: in.Body.ExpiresAt,
	})
	if err != nil {
		return nil, err
	}
	return &created[newKey]{Location: "/v1/keys/" + string(key.ID), Body: newKey{Key: key, Secret: secret.Reveal()}}, nil
}

func (a *API) listKeys(ctx context.Context, x *exchange, in *ofTenantQuery) (*answer[list[cordon.Key]], error) {
	tenant, err := a.optionalTenant(ctx, x, in.Tenant)
	if err != nil {
		return nil, err
	}
	return listed(a.Registry.Keys(ctx, x.actor, tenant, in.page()))
}

type oneAccount struct {
	Account cordon.AccountID `path:"account" maxLength:"64" doc:"Account's ID" example:"acc_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getAccount(ctx context.Context, x *exchange, in *oneAccount) (*answer[cordon.Account], error) {
	return answered(a.Registry.Account(ctx, x.actor, in.Account))
}

type KeyPath struct {
	Key cordon.KeyID `path:"key" maxLength:"64" doc:"Key's ID" example:"key_0123456789abcdefghjkmnpqrs"`
}

func (a *API) getKey(ctx context.Context, x *exchange, in *KeyPath) (*answer[cordon.Key], error) {
	return answered(a.Registry.Key(ctx, x.actor, in.Key))
}

type keyState struct {
	KeyPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; it goes into the ledger" example:"found in a public repository"`
	} `nameHint:"KeyStateRequest"`
}

func (a *API) suspendKey(ctx context.Context, x *exchange, in *keyState) (*nothing, error) {
	return done(a.Registry.SuspendKey(ctx, x.actor, in.Key, in.Body.Reason))
}

func (a *API) resumeKey(ctx context.Context, x *exchange, in *keyState) (*nothing, error) {
	return done(a.Registry.ResumeKey(ctx, x.actor, in.Key, in.Body.Reason))
}

func (a *API) revokeKey(ctx context.Context, x *exchange, in *keyState) (*nothing, error) {
	return done(a.Registry.RevokeKey(ctx, x.actor, in.Key, in.Body.Reason))
}
