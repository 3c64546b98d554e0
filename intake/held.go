package intake

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cordonmail/cordon"
)

// Settled is one held dispatch after somebody released or discarded it. Asked
// is set when nothing was done yet: it has more copies than one person may
// settle, and a second one must ask for the same.
type Settled struct {
	cordon.Dispatch
	Asked *cordon.HoldAsk
	Cut   int64 // discarded: copies that never leave
}

// Release opens a held dispatch: a second person, and every check again, by the
// rights its orderer has now. Above the tenant's limit it takes two.
func (d *Desk) Release(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (Settled, error) {
	dispatch, err := d.held(ctx, actor, tenant, id)
	if err != nil {
		return Settled{Dispatch: dispatch}, err
	}
	second, asked, err := d.people(ctx, actor, cordon.HoldRelease, one(dispatch), "")
	if err != nil || asked != nil {
		return Settled{Dispatch: dispatch, Asked: asked}, err
	}
	if _, err := d.again(ctx, dispatch); err != nil {
		return Settled{Dispatch: dispatch}, err
	}
	taught := d.lessonOf(ctx, dispatch)
	if err := d.store.ReleaseDispatch(ctx, actor, tenant, id, cordon.HoldNote{AskedBy: second.By}, d.mark); err != nil {
		return Settled{Dispatch: dispatch}, err
	}
	d.teach(ctx, actor, dispatch, taught, true)
	dispatch, err = d.store.Dispatch(ctx, tenant, id)
	return Settled{Dispatch: dispatch}, err
}

// Discard cuts every copy of a held dispatch, and answers how many. Above the
// tenant's limit it takes two people.
func (d *Desk) Discard(ctx context.Context, actor cordon.Actor, tenant cordon.TenantID, id cordon.DispatchID) (Settled, error) {
	dispatch, err := d.held(ctx, actor, tenant, id)
	if err != nil {
		return Settled{Dispatch: dispatch}, err
	}
	second, asked, err := d.people(ctx, actor, cordon.HoldDiscard, one(dispatch), "")
	if err != nil || asked != nil {
		return Settled{Dispatch: dispatch, Asked: asked}, err
	}
	taught := d.lessonOf(ctx, dispatch)
	cut, err := d.store.DiscardDispatch(ctx, actor, tenant, id, cordon.HoldNote{AskedBy: second.By})
	if err != nil {
		return Settled{Dispatch: dispatch, Cut: cut}, err
	}
	d.teach(ctx, actor, dispatch, taught, false)
	dispatch, err = d.store.Dispatch(ctx, tenant, id)
	return Settled{Dispatch: dispatch, Cut: cut}, err
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

// again judges a held dispatch once more and records a refusal. Without an
// error it may go: it passes, or is held again for what the person answers.
func (d *Desk) again(ctx context.Context, dispatch cordon.Dispatch) (cordon.Verdict, error) {
	actor, order, v, err := d.rejudge(ctx, dispatch)
	if err != nil {
		return v, err
	}
	switch {
	case v.Decision.Effective() == cordon.Refuse:
		return v, d.refuse(ctx, actor, order, v)
	case v.Decision.Effective() == cordon.Hold && (v.Decision == cordon.Undecided || v.Code == cordon.Unavailable):
		return v, unavailable("judge", errUndecided)
	}
	return v, nil
}

// rejudge asks what every check says of a held dispatch now, by the rights its
// orderer has now. It changes and records nothing.
func (d *Desk) rejudge(ctx context.Context, dispatch cordon.Dispatch) (cordon.Actor, cordon.Order, cordon.Verdict, error) {
	order := cordon.Order{
		Tenant: dispatch.Tenant, Kind: dispatch.Kind, Template: dispatch.Template, Version: dispatch.Version,
		Audience: dispatch.Audience, Exercise: dispatch.Exercise,
	}
	actor, err := d.orderedBy(ctx, dispatch)
	if err != nil {
		return actor, order, cordon.Verdict{}, err
	}
	if dispatch.Kind == cordon.Single {
		if order.Recipients, err = d.members(ctx, dispatch); err != nil {
			return actor, order, cordon.Verdict{}, err
		}
	}
	if order.Rows, err = d.heldRows(ctx, dispatch); err != nil {
		return actor, order, cordon.Verdict{}, fmt.Errorf("load values: %w", err)
	}
	version, err := d.store.Version(ctx, dispatch.Tenant, dispatch.Template, dispatch.Version)
	if err != nil {
		return actor, order, cordon.Verdict{}, fmt.Errorf("load version: %w", err)
	}
	if version.Hash != dispatch.Hash {
		return actor, order, cordon.Verdict{}, &cordon.Error{Code: cordon.Conflict, Field: "dispatch", Message: "was accepted with another text than its version has now", Remedy: "discard it and order again"}
	}
	return actor, order, d.judge.Rejudge(ctx, actor, order, version), nil
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

// heldSet is what one act is about.
type heldSet struct {
	tenant     cordon.TenantID // whose people may ask and see: "" for an act over several tenants
	filter     cordon.HoldFilter
	dispatches []cordon.Dispatch
	copies     int64
	token      string
}

func one(dispatch cordon.Dispatch) heldSet {
	return setOf(cordon.HoldFilter{Dispatches: []cordon.DispatchID{dispatch.ID}}, []cordon.Dispatch{dispatch})
}

func setOf(f cordon.HoldFilter, dispatches []cordon.Dispatch) heldSet {
	s := heldSet{filter: f, dispatches: dispatches, token: cordon.HoldToken(dispatches)}
	tenants := map[cordon.TenantID]bool{}
	for _, d := range dispatches {
		s.copies += int64(d.Recipients)
		tenants[d.Tenant] = true
	}
	if len(tenants) == 1 {
		s.tenant = dispatches[0].Tenant
	}
	return s
}

// about names the dispatch when the set is one alone, so that a request of the
// queue and one of its own page are the same request.
func (s heldSet) about() []cordon.DispatchID {
	if len(s.dispatches) == 1 {
		return []cordon.DispatchID{s.dispatches[0].ID}
	}
	return nil
}

// people sees to the second person. It answers with the first one's request
// when the actor is the second; with what the actor has asked for when the
// actor is the first; and with neither when one person is enough.
func (d *Desk) people(ctx context.Context, actor cordon.Actor, verb cordon.HoldVerb, set heldSet, reason string) (first cordon.HoldAsk, asked *cordon.HoldAsk, err error) {
	two, err := d.takesTwo(ctx, set)
	if err != nil || !two {
		return first, nil, err
	}
	asks, err := d.standing(ctx, set)
	if err != nil {
		return first, nil, err
	}
	for _, a := range asks {
		switch {
		case a.Verb != verb:
		case a.Person == actor.Person():
			asked = &a // already: that does not make two of one
		case first.Person == "" || ordered(set.dispatches, first.Person):
			first = a // whoever ordered none of them, where there is one
		}
	}
	if first.Person != "" {
		return first, nil, nil
	}
	if asked != nil {
		return first, asked, nil
	}
	now := d.now().UTC().Truncate(time.Microsecond)
	ask := cordon.HoldAsk{
		Verb: verb, By: actor.ID(), Person: actor.Person(), At: now, Until: now.Add(cordon.HoldAskFor),
		Dispatches: len(set.dispatches), Copies: set.copies, Token: set.token, Filter: set.filter, Reason: reason,
	}
	if about := set.about(); about != nil {
		ask.Dispatch = about[0]
	}
	if err := d.store.AskHold(ctx, actor, set.tenant, ask); err != nil {
		return first, nil, unavailable("record request", err)
	}
	return first, &ask, nil
}

// takesTwo says whether the set has more copies than one person may settle: by
// the strictest of its tenants' limits.
func (d *Desk) takesTwo(ctx context.Context, set heldSet) (bool, error) {
	seen := map[cordon.TenantID]bool{}
	for _, x := range set.dispatches {
		if seen[x.Tenant] {
			continue
		}
		seen[x.Tenant] = true
		limits, err := d.store.Limits(ctx, x.Tenant)
		if err != nil {
			return true, unavailable("read limits", err)
		}
		if set.copies > int64(limits.SecondPersonOver) {
			return true, nil
		}
	}
	return false, nil
}

// standing are the requests for exactly this set that have not lapsed: of each
// person the latest one alone, so that who changed their mind asked last.
func (d *Desk) standing(ctx context.Context, set heldSet) ([]cordon.HoldAsk, error) {
	now := d.now()
	asks, err := d.store.HoldAsks(ctx, set.tenant, set.about(), now.Add(-cordon.HoldAskFor))
	if err != nil {
		return nil, unavailable("read requests", err)
	}
	return latest(asks, set.token, now), nil
}

func latest(asks []cordon.HoldAsk, token string, now time.Time) []cordon.HoldAsk {
	var out []cordon.HoldAsk
	seen := map[string]bool{}
	for _, a := range asks { // the newest first
		if a.Token != token || seen[a.Person] {
			continue
		}
		seen[a.Person] = true
		if now.Before(a.Until) {
			out = append(out, a)
		}
	}
	return out
}

// ordered says whether the person ordered any of them.
func ordered(dispatches []cordon.Dispatch, person string) bool {
	for _, x := range dispatches {
		if orderer(x) == person {
			return true
		}
	}
	return false
}

// plural writes "1 dispatch", "3 dispatches".
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}
