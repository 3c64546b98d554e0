package sim

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/identity"
)

type tenant struct {
	cordon.Tenant
	author, approver cordon.Actor
	people           []cordon.RecipientID
	versions         map[string]int
	leaked           cordon.Address // of a decoy, known outside
	leakedID         cordon.RecipientID
}

func (w *World) tenantNamed(handle string) (*tenant, error) {
	t, ok := w.tenants[handle]
	if !ok {
		return nil, fmt.Errorf("no tenant %q in this script", handle)
	}
	return t, nil
}

// tenant HANDLE: with a sending domain, an author, an approver and an audience
// of everyone.
func (w *World) doTenant(_ *txtar.Archive, l line) error {
	ctx, c := context.Background(), w.house.Catalog
	created, err := c.CreateTenant(ctx, w.operator(), l.word(0), strings.ToUpper(l.word(0)[:1])+l.word(0)[1:])
	if err != nil {
		return err
	}
	t := &tenant{Tenant: created, versions: map[string]int{}}
	// Past the catalog, which would make an RSA key in each of these worlds: here
	// the relay signs.
	domain := cordon.Domain{Tenant: t.ID, Name: l.word(0) + ".example", Selector: "sim"}
	if err := w.house.Store.CreateDomain(ctx, w.operator(), domain, nil); err != nil {
		return err
	}
	if t.author, err = w.person(t.ID, "author", cordon.RoleAuthor); err != nil {
		return err
	}
	if t.approver, err = w.person(t.ID, "approver", cordon.RoleApprover); err != nil {
		return err
	}
	_, err = c.SaveAudience(ctx, t.author, t.ID, "everyone", cordon.Filter{Everyone: true})
	w.tenants[l.word(0)] = t
	w.actors[l.word(0)+"/author"], w.actors[l.word(0)+"/approver"] = t.author, t.approver
	return err
}

// account NAME role=ROLE [tenant=HANDLE]
func (w *World) doAccount(_ *txtar.Archive, l line) error {
	var id cordon.TenantID
	if handle := l.named["tenant"]; handle != "" {
		t, err := w.tenantNamed(handle)
		if err != nil {
			return err
		}
		id = t.ID
	}
	actor, err := w.person(id, l.word(0), cordon.Role(l.named["role"]))
	w.actors[l.word(0)] = actor
	return err
}

func (w *World) person(tenant cordon.TenantID, name string, role cordon.Role) (cordon.Actor, error) {
	ctx := context.Background()
	account, err := w.house.Registry.CreateAccount(ctx, w.operator(), cordon.Account{Tenant: tenant, Name: name, Role: role})
	if err != nil {
		return cordon.Actor{}, err
	}
	return w.house.Registry.As(ctx, w.operator(), account.ID)
}

// key NAME tenant=HANDLE may=PERMISSION,… [role=ROLE]: a program's key, used as an
// actor; its account is an author's unless the line says otherwise.
func (w *World) doKey(_ *txtar.Archive, l line) error {
	t, err := w.tenantNamed(l.named["tenant"])
	if err != nil {
		return err
	}
	var rights []cordon.Permission
	for _, p := range strings.Split(l.named["may"], ",") {
		rights = append(rights, cordon.Permission(p))
	}
	actor, err := w.newKey(t, l.word(0), cordon.Role(or(l.named["role"], string(cordon.RoleAuthor))), rights)
	w.actors[l.word(0)] = actor
	return err
}

func (w *World) newKey(t *tenant, name string, role cordon.Role, rights []cordon.Permission) (cordon.Actor, error) {
	ctx := context.Background()
	owner, err := w.house.Registry.CreateAccount(ctx, w.operator(), cordon.Account{Tenant: t.ID, Name: name, Role: role})
	if err != nil {
		return cordon.Actor{}, err
	}
	_, secret, err := w.house.Registry.CreateKey(ctx, w.operator(), identity.KeyRequest{Account: owner.ID, Tenant: t.ID, Name: name, Permissions: rights})
	if err != nil {
		return cordon.Actor{}, err
	}
	return w.house.Registry.Authenticate(ctx, secret.Reveal())
}

// suspend KEY reason='…' [as=ACTOR]
func (w *World) doSuspend(_ *txtar.Archive, l line) error {
	return w.house.Registry.SuspendKey(context.Background(), w.actorOr(l, w.operator()), w.actors[l.word(0)].Key, l.named["reason"])
}
