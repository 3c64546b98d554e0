package intake

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/compose"
)

// Free content takes the way of every other text, only later: whoever may send
// it is not refused, but the order is held until a second person has approved
// the very bytes and released it. So the exit needs no second rule, and only
// approved text leaves.

// freeText is the order's own content as a version, not yet stored. Content that
// cannot be a letter is refused before anything is judged or written.
func (d *Desk) freeText(ctx context.Context, actor cordon.Actor, order cordon.Order) (cordon.Version, error) {
	version := cordon.Version{
		Tenant: order.Tenant, Content: *order.Free, Hash: order.Free.Hash(),
		State: cordon.VersionDraft, Author: cordon.AccountID(actor.Person()),
	}
	if !actor.Can(cordon.SendFree, order.Tenant) { // the guard says why not; what the text is like is nobody's business
		return version, nil
	}
	if _, err := compose.Compile(*order.Free); err != nil {
		return version, fmt.Errorf("content: %w", err)
	}
	return version, nil
}

// writeFree stores free content as a version of its sender's own template, where
// people find it to approve.
func (d *Desk) writeFree(ctx context.Context, actor cordon.Actor, version cordon.Version) (cordon.Version, error) {
	handle := freeHandle(actor)
	template, err := d.store.Template(ctx, version.Tenant, handle)
	if cordon.CodeOf(err) == cordon.Missing {
		template = cordon.Template{ID: cordon.NewTemplateID(), Tenant: version.Tenant, Handle: handle, CreatedAt: d.now()}
		err = d.store.CreateTemplate(ctx, actor, template)
		if cordon.CodeOf(err) == cordon.Conflict { // another call was first
			template, err = d.store.Template(ctx, version.Tenant, handle)
		}
	}
	if err != nil {
		return version, unavailable("find template of free content", err)
	}
	written, err := d.store.WriteVersion(ctx, actor, version.Tenant, template.ID, version.Content)
	if err != nil {
		return version, unavailable("write free content", err)
	}
	return written, nil
}

// freeHandle names the template of a credential's free content.
func freeHandle(actor cordon.Actor) string {
	who, random, marked := strings.Cut(actor.ID(), "_")
	if !marked { // the operator
		return "free-" + who
	}
	return "free-" + random[:min(len(random), 26)]
}
