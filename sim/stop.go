package sim

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
)

// stop SCOPE reason='…' [as=ACTOR]
func (w *World) doStop(_ *txtar.Archive, l line) error {
	scope, err := w.scope(l)
	if err != nil {
		return err
	}
	placed, err := w.house.Warden.Place(context.Background(), w.actorOr(l, w.operator()), cordon.Stop{Scope: scope, Reason: l.named["reason"]})
	if err != nil {
		return err
	}
	w.stops = append(w.stops, placed)
	a := placed.Answer
	w.answer = fmt.Sprintf("delivered %d in_flight %d held %d refused %d unknown %d", a.Delivered, a.InFlight, a.Held, a.Refused, a.Unknown)
	return nil
}

// lift N resume|discard [as=ACTOR]
func (w *World) doLift(_ *txtar.Archive, l line) error {
	stop, err := numbered(w.stops, l.word(0))
	if err != nil {
		return err
	}
	_, err = w.house.Warden.Lift(context.Background(), w.actorOr(l, w.operator()), stop.ID, cordon.Disposition(l.word(1)))
	return err
}

// scope reads tenant=, template=TENANT/HANDLE, dispatch=N, key=NAME, kind=, everything.
func (w *World) scope(l line) (cordon.Scope, error) {
	s := cordon.Scope{Kind: cordon.Kind(l.named["kind"]), Everything: l.word(0) == "everything"}
	if handle := l.named["tenant"]; handle != "" {
		t, err := w.tenantNamed(handle)
		if err != nil {
			return s, err
		}
		s.Tenant = t.ID
	}
	if path := l.named["template"]; path != "" {
		handle, name, _ := strings.Cut(path, "/")
		t, err := w.tenantNamed(handle)
		if err != nil {
			return s, err
		}
		template, err := w.house.Catalog.Template(context.Background(), t.author, t.ID, name)
		if err != nil {
			return s, err
		}
		s.Template = template.ID
	}
	if name := l.named["key"]; name != "" {
		s.Key = w.actors[name].Key
	}
	if n := l.named["dispatch"]; n != "" {
		d, err := numbered(w.dispatch, n)
		if err != nil {
			return s, err
		}
		s.Dispatch = d.ID
	}
	return s, nil
}
