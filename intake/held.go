package intake

import (
	"context"
	"fmt"

	"github.com/cordonmail/cordon"
)

// Release opens a held dispatch: a second person, and every check again, by the
// rights its orderer has now.
func (d *Desk) Release(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error) {
	dispatch, err := d.held(ctx, actor, tenant, id)
	if err != nil {
		return dispatch, err
	}
	if err := d.again(ctx, dispatch); err != nil {
		return dispatch, err
	}
	if err := d.store.ReleaseDispatch(ctx, actor, tenant, id, d.mark); err != nil {
		return dispatch, err
	}
	return d.store.Dispatch(ctx, tenant, id)
}

// Discard cuts every copy of a held dispatch, and answers how many.
func (d *Desk) Discard(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (cut int64, err error) {
	if _, err := d.held(ctx, actor, tenant, id); err != nil {
		return 0, err
	}
	return d.store.DiscardDispatch(ctx, actor, tenant, id)
}

// held loads a held dispatch for a second person.
func (d *Desk) held(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (cordon.Dispatch, error) {
	if !actor.Can(cordon.ReleaseHolds, tenant) {
		return cordon.Dispatch{}, mayNot("release or discard what is held")
	}
	dispatch, err := d.store.Dispatch(ctx, tenant, id)
	if err != nil {
		return dispatch, err
	}
	if dispatch.State != cordon.DispatchHeld {
		return dispatch, &cordon.Error{Code: cordon.Conflict, Field: "dispatch", Message: "is not held: its state is " + string(dispatch.State)}
	}
	if actor.Person() == orderer(dispatch) {
		return dispatch, &cordon.Error{
			Code: cordon.Denied, Field: "dispatch", Message: "was ordered by you: what is held needs a second person",
			Remedy: "ask somebody else who may release holds",
		}
	}
	return dispatch, nil
}

// orderer is the person behind a dispatch, as Actor.Person names people.
func orderer(dispatch cordon.Dispatch) string {
	if dispatch.Account != "" {
		return string(dispatch.Account)
	}
	return dispatch.Actor
}

// again judges a held dispatch once more.
func (d *Desk) again(ctx context.Context, dispatch cordon.Dispatch) error {
	actor, err := d.orderedBy(ctx, dispatch)
	if err != nil {
		return err
	}
	order := cordon.Order{
		Tenant: dispatch.Tenant, Kind: dispatch.Kind, Template: dispatch.Template, Version: dispatch.Version,
		Audience: dispatch.Audience, Exercise: dispatch.Exercise,
	}
	if dispatch.Kind == cordon.Single {
		if order.Recipients, err = d.members(ctx, dispatch); err != nil {
			return err
		}
	}
	version, err := d.store.Version(ctx, dispatch.Tenant, dispatch.Template, dispatch.Version)
	if err != nil {
		return fmt.Errorf("load version: %w", err)
	}
	if version.Hash != dispatch.Hash {
		return &cordon.Error{Code: cordon.Conflict, Field: "dispatch", Message: "was accepted with another text than its version has now", Remedy: "discard it and order again"}
	}
	v := d.judge.Rejudge(ctx, actor, order, version)
	switch {
	case v.Decision.Effective() == cordon.Refuse:
		return d.refuse(ctx, actor, order, v)
	case v.Decision.Effective() == cordon.Hold && (v.Decision == cordon.Undecided || v.Code == cordon.Unavailable):
		return unavailable("judge", errUndecided)
	}
	return nil // Pass; or a Hold, which the second person has just answered
}

// orderedBy is the orderer with the rights it has today: a key that was
// suspended or revoked since has none, and neither has what it ordered.
func (d *Desk) orderedBy(ctx context.Context, dispatch cordon.Dispatch) (cordon.Actor, error) {
	switch {
	case dispatch.Key != "":
		key, err := d.store.Key(ctx, dispatch.Key)
		if err != nil {
			return cordon.Actor{}, fmt.Errorf("load key: %w", err)
		}
		return cordon.Actor{Kind: cordon.ActorKey, Account: key.Account, Key: key.ID, Tenant: key.Tenant, Permissions: key.Permissions}, nil
	case dispatch.Account != "":
		account, err := d.store.Account(ctx, dispatch.Account)
		if err != nil {
			return cordon.Actor{}, fmt.Errorf("load account: %w", err)
		}
		return cordon.Actor{Kind: cordon.ActorAccount, Account: account.ID, Tenant: account.Tenant, Permissions: account.Role.Permissions()}, nil
	case dispatch.Actor == string(cordon.ActorOperator):
		return cordon.Actor{Kind: cordon.ActorOperator, Permissions: cordon.Permissions()}, nil
	}
	return cordon.Actor{}, nil // may do nothing
}

// members lists the recipients of a held single dispatch.
func (d *Desk) members(ctx context.Context, dispatch cordon.Dispatch) ([]cordon.RecipientID, error) {
	var ids []cordon.RecipientID
	page := cordon.Page{Limit: 500}
	for {
		copies, next, err := d.store.Affected(ctx, cordon.Question{Tenant: dispatch.Tenant, Dispatch: dispatch.ID}, page)
		if err != nil {
			return nil, fmt.Errorf("list members: %w", err)
		}
		for _, c := range copies {
			ids = append(ids, c.Recipient)
		}
		if next == "" || len(ids) > cordon.MaxRecipientsPerCall {
			return ids, nil
		}
		page.After = next
	}
}
