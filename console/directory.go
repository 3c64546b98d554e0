package console

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cordonmail/cordon"
)

// directory turns opaque IDs into the names people know them by: tenants,
// templates, keys and accounts, which are no personal data of recipients. It
// looks each up once and remembers it for a while. What a viewer may see is
// decided before a name is asked for: only IDs of rows the services gave out
// are ever looked up here.
type directory struct {
	c *Console

	mu    sync.Mutex
	known map[string]named
}

type named struct {
	name  string
	until time.Time
}

const (
	nameKept   = time.Minute
	nameMissed = 5 * time.Second
	nameLookup = 2 * time.Second
	maxNames   = 20_000
)

func newDirectory(c *Console) *directory {
	return &directory{c: c, known: map[string]named{}}
}

// look answers the remembered name, or asks for it. An ID whose name cannot be
// had is shown as itself, shortened.
func (d *directory) look(id string, ask func(context.Context, cordon.Actor) (string, error)) string {
	now := d.c.Now()
	d.mu.Lock()
	have, ok := d.known[id]
	d.mu.Unlock()
	if ok && now.Before(have.until) {
		return have.name
	}
	have = named{name: short(id), until: now.Add(nameMissed)}
	ctx, cancel := context.WithTimeout(context.Background(), nameLookup)
	defer cancel()
	if name, err := ask(ctx, d.c.Registry.Operator()); err == nil && name != "" {
		have = named{name: name, until: now.Add(nameKept)}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxNames {
		clear(d.known)
	}
	d.known[id] = have
	return have.name
}

func (d *directory) tenant(id cordon.TenantID) string {
	if id == "" {
		return ""
	}
	return d.look(string(id), func(ctx context.Context, op cordon.Actor) (string, error) {
		t, err := d.c.Catalog.Tenant(ctx, op, string(id))
		return t.Name, err
	})
}

func (d *directory) template(tenant cordon.TenantID, id cordon.TemplateID) string {
	if id == "" {
		return ""
	}
	if tenant == "" {
		return short(id)
	}
	return d.look(string(id), func(ctx context.Context, op cordon.Actor) (string, error) {
		t, err := d.c.Catalog.Template(ctx, op, tenant, string(id))
		return t.Handle, err
	})
}

// letter names what a dispatch sends: template and version.
func (d *directory) letter(x cordon.Dispatch) string {
	if x.Template == "" {
		return "Free content"
	}
	return d.template(x.Tenant, x.Template) + " v" + strconv.Itoa(x.Version)
}

func (d *directory) key(id cordon.KeyID) string {
	return d.look(string(id), func(ctx context.Context, op cordon.Actor) (string, error) {
		k, err := d.c.Registry.Key(ctx, op, id)
		return k.Name, err
	})
}

func (d *directory) account(id cordon.AccountID) string {
	return d.look(string(id), func(ctx context.Context, op cordon.Actor) (string, error) {
		a, err := d.c.Registry.Account(ctx, op, id)
		return a.Name, err
	})
}

// actor names who did something, from Actor.ID().
func (d *directory) actor(id string) string {
	switch {
	case id == string(cordon.ActorOperator):
		return "the operator"
	case id == string(cordon.ActorSystem):
		return "Cordon itself"
	case strings.HasPrefix(id, "key_"):
		return "key “" + d.key(cordon.KeyID(id)) + "”"
	case strings.HasPrefix(id, "acc_"):
		return d.account(cordon.AccountID(id))
	}
	return id
}

// scope says in words what a stop covers.
func (d *directory) scope(s cordon.Scope) string {
	var parts []string
	if s.Dispatch != "" {
		parts = append(parts, "dispatch "+short(s.Dispatch))
	}
	if s.Template != "" {
		parts = append(parts, "template “"+d.template(s.Tenant, s.Template)+"”")
	}
	if s.Key != "" {
		parts = append(parts, "key “"+d.key(s.Key)+"”")
	}
	if s.Account != "" {
		parts = append(parts, "account “"+d.account(s.Account)+"”")
	}
	kind := "mail"
	if s.Kind != "" {
		kind = string(s.Kind) + " mail"
	}
	switch {
	case s.Everything && s.Kind == "":
		return "Everything: all mail of all tenants"
	case s.Everything:
		return "All " + kind + " of all tenants"
	case len(parts) == 0 && s.Tenant != "":
		return "All " + kind + " of " + d.tenant(s.Tenant)
	case len(parts) == 0:
		return "Nothing chosen yet"
	}
	text := strings.Join(parts, ", ")
	if s.Kind != "" {
		text += ", " + kind + " only"
	}
	if s.Tenant != "" {
		text += " of " + d.tenant(s.Tenant)
	}
	return capital(text)
}
