package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
)

// roles in the order in which they are shown.
func roles() []cordon.Role {
	return []cordon.Role{cordon.RoleOperator, cordon.RoleResponder, cordon.RoleAuthor, cordon.RoleApprover, cordon.RoleSender, cordon.RoleViewer}
}

// CreateAccount gives a person the right to act. Name, Role and Tenant ("" for
// the whole installation) come from the caller, the rest is made here. Nobody
// can make an account that may do more than they may themselves.
func (r *Registry) CreateAccount(ctx context.Context, by cordon.Actor, a cordon.Account) (cordon.Account, error) {
	if !by.Can(cordon.ManageTenants, a.Tenant) {
		return cordon.Account{}, forbidden(cordon.ManageTenants)
	}
	if err := checkLabel("name", a.Name); err != nil {
		return cordon.Account{}, err
	}
	rights := a.Role.Permissions()
	if rights == nil {
		return cordon.Account{}, cordon.InvalidField("role", "is missing or unknown", "use one of "+join(roles()))
	}
	for _, p := range rights {
		if !by.Can(p, a.Tenant) {
			return cordon.Account{}, &cordon.Error{Code: cordon.Denied, Field: "role", Message: "grants " + string(p) + ", which you do not have", Remedy: "choose a smaller role"}
		}
	}
	if err := r.openTenant(ctx, a.Tenant); err != nil {
		return cordon.Account{}, err
	}
	a.ID, a.CreatedAt = cordon.NewAccountID(), r.now().UTC()
	if err := r.store.CreateAccount(ctx, by, a); err != nil {
		return cordon.Account{}, fmt.Errorf("create account: %w", err)
	}
	return r.store.Account(ctx, a.ID)
}

// Account shows one account.
func (r *Registry) Account(ctx context.Context, by cordon.Actor, id cordon.AccountID) (cordon.Account, error) {
	if !by.Can(cordon.ReadCatalog, by.Tenant) {
		return cordon.Account{}, forbidden(cordon.ReadCatalog)
	}
	a, err := r.store.Account(ctx, id)
	if err == nil && !by.Can(cordon.ReadCatalog, a.Tenant) {
		err = missing("account")
	}
	if err != nil {
		return cordon.Account{}, err
	}
	return a, nil
}

// Accounts lists the accounts of a tenant; "" lists all, for an actor of the
// whole installation.
func (r *Registry) Accounts(ctx context.Context, by cordon.Actor, tenant cordon.TenantID, p cordon.Page) ([]cordon.Account, string, error) {
	if !by.Can(cordon.ReadCatalog, tenant) {
		return nil, "", forbidden(cordon.ReadCatalog)
	}
	return r.store.Accounts(ctx, tenant, p)
}

// As lets the local operator act for a person, because rules that need two
// different people need people. Only the operator can.
func (r *Registry) As(ctx context.Context, by cordon.Actor, id cordon.AccountID) (cordon.Actor, error) {
	if by.Kind != cordon.ActorOperator {
		return cordon.Actor{}, &cordon.Error{Code: cordon.Denied, Message: "only the operator can act as somebody else"}
	}
	account, err := r.store.Account(ctx, id)
	if err != nil {
		return cordon.Actor{}, err
	}
	if err := r.openTenant(ctx, account.Tenant); err != nil {
		return cordon.Actor{}, err
	}
	return actorOf(account), nil
}

func actorOf(a cordon.Account) cordon.Actor {
	return cordon.Actor{Kind: cordon.ActorAccount, Account: a.ID, Tenant: a.Tenant, Permissions: a.Role.Permissions()}
}

// openTenant sees that a tenant named by the caller exists and was not erased.
func (r *Registry) openTenant(ctx context.Context, id cordon.TenantID) error {
	if id == "" {
		return nil
	}
	tenant, err := r.store.Tenant(ctx, id)
	switch {
	case err != nil:
		return err
	case tenant.State != cordon.TenantActive:
		return &cordon.Error{Code: cordon.Conflict, Field: "tenant", Message: "was erased"}
	}
	return nil
}

func missing(noun string) error {
	return cordon.Errorf(cordon.Missing, "there is no such %s", noun)
}

func join[S ~string](words []S) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}
