package guard

import (
	"context"
	"slices"

	"github.com/cordonmail/cordon"
)

// permission is the right an order of the kind asks for.
func permission(kind cordon.Kind) cordon.Permission {
	if kind == cordon.Bulk {
		return cordon.SendBulk
	}
	return cordon.SendSingle
}

// authorise: the actor, the template version, the audience and the tenant
// belong together, and the right behind the actor still stands. (That every
// recipient is the tenant's own is the recipients check: its answer must not
// tell one cause from another.)
func authorise(ctx context.Context, m *matter) cordon.Verdict {
	right := permission(m.order.Kind)
	if m.actor.Tenant != "" && m.actor.Tenant != m.order.Tenant {
		return foreignTenant(ctx, m)
	}
	if !m.actor.Can(right, m.order.Tenant) {
		return denied("The credential may not send this kind of mail.")
	}
	if m.actor.Key != "" {
		// The edge looked at the key when the call came in; a suspension since
		// then must hold for this very order.
		key, err := m.guard.store.Key(ctx, m.actor.Key)
		switch {
		case cordon.CodeOf(err) == cordon.Missing:
			return denied("The key is not known.")
		case err != nil:
			return m.failed(ctx, "authorise", err)
		case !key.Usable(m.now), key.Tenant != m.actor.Tenant, !slices.Contains(key.Permissions, right):
			return denied("The key is suspended, revoked, expired, or has lost the right.")
		}
	}
	tenant, err := m.guard.store.Tenant(ctx, m.order.Tenant)
	switch {
	case cordon.CodeOf(err) == cordon.Missing:
		return missing("tenant", "The tenant is not known.")
	case err != nil:
		return m.failed(ctx, "authorise", err)
	case tenant.State != cordon.TenantActive:
		return missing("tenant", "The tenant was erased.")
	case m.order.Exercise && !tenant.Exercise:
		return denied("A drill's order may go only to tenants made by drills.")
	}
	m.tenant = tenant
	if v := m.version; m.order.Free == nil && (v.Tenant != m.order.Tenant || v.Template != m.order.Template || v.Number != m.order.Version) {
		return missing("template", "The template version is not this tenant's.")
	}
	if m.order.Kind == cordon.Bulk {
		audience, err := m.aimed(ctx)
		switch {
		case cordon.CodeOf(err) == cordon.Missing:
			return missing("audience", "The audience is not known, or not this tenant's.")
		case err != nil:
			return m.failed(ctx, "authorise", err)
		case audience.Tenant != m.order.Tenant:
			return missing("audience", "The audience is not this tenant's.")
		}
	}
	return pass()
}

// foreignTenant refuses a credential that reaches for another tenant. Every
// recipient it names there counts as a bad ID; nothing is looked up.
func foreignTenant(ctx context.Context, m *matter) cordon.Verdict {
	v := denied("The credential of one tenant named another tenant.")
	n := max(1, len(m.order.Recipients))
	v.Signals = []cordon.Signal{m.signal(cordon.SignalForeignTenant, cordon.GradeWarning, n, "A credential reached for another tenant.")}
	if w, err := countBad(ctx, m, n, n); err == nil {
		v.Signals = append(v.Signals, w.Signals...)
		v.Stops, v.SuspendKey = w.Stops, w.SuspendKey
	} else {
		m.guard.log.ErrorContext(ctx, "bad ids not counted", "error", err)
	}
	return v
}

// denied is one answer for every want of authority.
func denied(why string) cordon.Verdict {
	return refuse(cordon.Denied, why, cordon.Fault{
		Field: "key", Message: "may not send this order", Remedy: "use a key of this tenant with the permission to send",
	})
}

func missing(field, why string) cordon.Verdict {
	return refuse(cordon.Missing, why, cordon.Fault{
		Field: field, Message: "is unknown, or not yours", Remedy: "check the ID; nothing was accepted",
	})
}
