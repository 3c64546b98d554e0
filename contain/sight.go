package contain

import (
	"context"

	"github.com/cordonmail/cordon"
)

// Stop answers one stop.
func (w *Warden) Stop(ctx context.Context, actor cordon.Actor, id cordon.StopID) (cordon.Stop, error) {
	return w.visible(ctx, actor, id)
}

// List answers stops, the active ones alone if asked. A tenant's actor sees
// every stop that keeps back its tenant's mail, whoever placed it.
func (w *Warden) List(ctx context.Context, actor cordon.Actor, activeOnly bool, page cordon.Page) ([]cordon.Stop, string, error) {
	if !maySee(actor, actor.Tenant) {
		return nil, "", mayNot("see stops")
	}
	if actor.Tenant == "" {
		return w.store.Stops(ctx, activeOnly, page)
	}
	var own []cordon.Stop
	for {
		all, next, err := w.store.Stops(ctx, activeOnly, page)
		if err != nil {
			return nil, "", err
		}
		for _, stop := range all {
			concerns, err := w.concerns(ctx, actor.Tenant, stop.Scope)
			if err != nil {
				return nil, "", err
			}
			if concerns {
				own = append(own, shown(actor, stop))
			}
		}
		if next == "" || len(own) > 0 {
			return own, next, nil
		}
		page.After = next
	}
}

// visible loads a stop the actor may see; any other is as missing as one that
// does not exist.
func (w *Warden) visible(ctx context.Context, actor cordon.Actor, id cordon.StopID) (cordon.Stop, error) {
	if !maySee(actor, actor.Tenant) {
		return cordon.Stop{}, mayNot("see stops")
	}
	stop, err := w.store.Stop(ctx, id)
	concerns := err == nil && actor.Tenant == ""
	if err == nil && !concerns {
		concerns, err = w.concerns(ctx, actor.Tenant, stop.Scope)
	}
	if cordon.CodeOf(err) == cordon.Missing || err == nil && !concerns {
		return cordon.Stop{}, &cordon.Error{Code: cordon.Missing, Field: "stop", Message: "is unknown, or not yours", Remedy: "copy the stop's ID as it is shown"}
	}
	return shown(actor, stop), err
}

// concerns says whether a scope can keep back the tenant's mail: it names the
// tenant or something of the tenant's, or everything.
func (w *Warden) concerns(ctx context.Context, tenant cordon.TenantID, s cordon.Scope) (bool, error) {
	var err error
	switch {
	case s.Everything:
		return true, nil
	case s.Tenant != "":
		return s.Tenant == tenant, nil
	case s.Key != "":
		var key cordon.Key
		if key, err = w.store.Key(ctx, s.Key); err == nil {
			return key.Tenant == tenant, nil
		}
	case s.Account != "":
		var account cordon.Account
		if account, err = w.store.Account(ctx, s.Account); err == nil {
			return account.Tenant == tenant, nil
		}
	case s.Dispatch != "":
		_, err = w.store.Dispatch(ctx, tenant, s.Dispatch)
	case s.Template != "":
		_, err = w.store.Template(ctx, tenant, string(s.Template))
	}
	if cordon.CodeOf(err) == cordon.Missing {
		return false, nil
	}
	return err == nil, err
}

// shown is a stop as the actor may read it. A stop over more than one tenant was
// reasoned and counted over all of them; what it says of the others is not told.
func shown(actor cordon.Actor, s cordon.Stop) cordon.Stop {
	if actor.Tenant != "" && s.Scope.Everything {
		s.Reason, s.Answer = "The operator has stopped all mail of this installation.", cordon.StopAnswer{}
	}
	return s
}

func maySee(actor cordon.Actor, tenant cordon.TenantID) bool {
	return actor.Can(cordon.ReadDispatches, tenant) || actor.Can(cordon.PlaceStops, tenant) || actor.Can(cordon.LiftStops, tenant)
}
