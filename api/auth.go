package api

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonmail/cordon"
)

// need is what a route asks of its caller: any one of these permissions. The
// zero need is met by nobody.
type need []cordon.Permission

// anybody is the need of a route that any known caller may use.
const anybody cordon.Permission = "(any key)"

func (n need) metBy(actor cordon.Actor, tenant cordon.TenantID) bool {
	for _, p := range n {
		if p == anybody && actor.Kind != "" {
			return true
		}
		if actor.Can(p, tenant) {
			return true
		}
	}
	return false
}

func (n need) String() string {
	words := make([]string, len(n))
	for i, p := range n {
		words[i] = string(p)
	}
	return strings.Join(words, " or ")
}

// admit is the gate before every handler: who is it, what may he do, whose
// walls does the path name. Only then is anything of the body read.
func (a *API) admit(r route) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		x := hc.Context().Value(exchangeKey{}).(*exchange)
		if err := a.judge(hc.Context(), x, r); err != nil {
			writeProblem(x.w, a.problem(hc.Context(), x, err))
			return
		}
		next(hc)
	}
}

func (a *API) judge(ctx context.Context, x *exchange, r route) error {
	actor, err := a.authenticate(ctx, x)
	if err != nil {
		return err
	}
	x.actor = actor
	// First what the actor may do at all, then the tenant: an actor without the
	// permission learns nothing about which tenants exist.
	if !r.need.metBy(actor, actor.Tenant) {
		return a.denied(r.need, x)
	}
	if err := acceptable(x, r); err != nil {
		return err
	}
	if !strings.Contains(r.path, "{tenant}") {
		return nil
	}
	x.tenant, err = a.tenantOf(ctx, actor, x.r.PathValue("tenant"))
	if err != nil {
		if cordon.CodeOf(err) == cordon.Missing && r.foreign {
			return nil // the door answers, and records the attempt
		}
		return err
	}
	if !r.need.metBy(actor, x.tenant) {
		return a.denied(r.need, x)
	}
	return nil
}

func (a *API) denied(n need, x *exchange) error {
	p := newProblem(cordon.Denied, "you may not do this", x.id)
	p.Remedy = "it needs the permission " + n.String()
	if len(n) == 0 {
		p.Remedy = "nobody may"
	}
	return p
}

// authenticate finds the actor. Every unusable key gets one answer, so that
// trying keys teaches nothing.
func (a *API) authenticate(ctx context.Context, x *exchange) (cordon.Actor, error) {
	given := x.r.Header.Get("Authorization")
	as := x.r.Header.Get("X-Cordon-As")
	if as != "" && (!x.local || given != "") {
		p := newProblem(cordon.Denied, "only the operator may act for an account, on the local socket and without a key", x.id)
		p.Field = "X-Cordon-As"
		return cordon.Actor{}, p
	}
	if given == "" && x.local {
		operator := a.Registry.Operator()
		if as == "" {
			return operator, nil
		}
		return a.Registry.As(ctx, operator, cordon.AccountID(as))
	}
	if given == "" {
		return cordon.Actor{}, unauthenticated("there is no key", "send the header Authorization: Bearer cordon_…", x.id)
	}
	scheme, secret, _ := strings.Cut(given, " ")
	if !strings.EqualFold(scheme, "Bearer") { // RFC 9110 11.1: schemes are case-insensitive
		return cordon.Actor{}, unauthenticated("the key is not given as a bearer token", "send the header Authorization: Bearer cordon_…", x.id)
	}
	actor, err := a.Registry.Authenticate(ctx, strings.TrimSpace(secret))
	switch cordon.CodeOf(err) {
	case "":
		return actor, nil
	case cordon.Unavailable, cordon.Internal:
		return cordon.Actor{}, err
	}
	return cordon.Actor{}, unauthenticated("the key is unknown, suspended, revoked or expired", "ask whoever gave it to you; cordon key list shows its state", x.id)
}

// tenantOf turns an ID or a handle into the tenant's ID, for an actor who may
// see it. Foreign and unknown are one answer.
func (a *API) tenantOf(ctx context.Context, actor cordon.Actor, ref string) (cordon.TenantID, error) {
	if actor.Tenant != "" && cordon.TenantID(ref) == actor.Tenant {
		return actor.Tenant, nil
	}
	// The operator looks, because an actor that may only send must be able to
	// name its own tenant by handle; nothing but the ID comes back.
	t, err := a.Catalog.Tenant(ctx, a.Registry.Operator(), ref)
	if cordon.CodeOf(err) == cordon.Missing || cordon.CodeOf(err) == cordon.Invalid || err == nil && actor.Tenant != "" && t.ID != actor.Tenant {
		return "", noTenant()
	}
	if err != nil {
		return "", err
	}
	return t.ID, nil
}

func noTenant() error {
	return &cordon.Error{Code: cordon.Missing, Field: "tenant", Message: "there is no such tenant, or it is not yours", Remedy: "name it by ID or handle; cordon tenant list shows them"}
}

// templateOf turns a template's ID or handle into its ID. A handle needs a
// tenant to be looked up in; what is not found is passed on as given, and the
// service answers as it does to any unknown ID.
func (a *API) templateOf(ctx context.Context, tenant cordon.TenantID, ref string) (cordon.TemplateID, error) {
	if ref == "" || cordon.TemplateID(ref).Valid() {
		return cordon.TemplateID(ref), nil
	}
	if tenant == "" {
		return "", cordon.InvalidField("template", "is not a template ID", "give the ID (tpl_…), or name the tenant too")
	}
	t, err := a.Catalog.Template(ctx, a.Registry.Operator(), tenant, ref)
	if cordon.CodeOf(err) == cordon.Missing {
		return cordon.TemplateID(ref), nil
	}
	return t.ID, err
}

// acceptable says whether the body's media type is one the route takes.
func acceptable(x *exchange, r route) error {
	takes := r.takes
	if len(takes) == 0 {
		takes = []string{"application/json"}
	}
	if x.r.ContentLength == 0 || x.r.Method == http.MethodGet || x.r.Method == http.MethodHead {
		return nil
	}
	given := x.r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(given)
	if err != nil || !slices.Contains(takes, media) {
		return unsupportedMedia(given, takes, x.id)
	}
	return nil
}
