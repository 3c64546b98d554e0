package sim

import (
	"context"
	"fmt"

	"golang.org/x/tools/txtar"

	"github.com/cordonmail/cordon"
	"github.com/cordonmail/cordon/intake"
)

// release N [approved] [as=ACTOR]: the approver, or who is named, lets held
// dispatch N go; approved: its text is approved by the approver first.
func (w *World) doRelease(_ *txtar.Archive, l line) error {
	d, t, err := w.heldNumber(l)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if l.word(1) == "approved" {
		if _, err := w.house.Catalog.Approve(ctx, t.approver, t.ID, string(d.Template), d.Version, d.Hash); err != nil {
			return err
		}
	}
	s, err := w.house.Desk.Release(ctx, w.actorOr(l, t.approver), t.ID, d.ID)
	w.settledAs(s, "released", err)
	return err
}

// discard N [as=ACTOR]
func (w *World) doDiscard(_ *txtar.Archive, l line) error {
	d, t, err := w.heldNumber(l)
	if err != nil {
		return err
	}
	s, err := w.house.Desk.Discard(context.Background(), w.actorOr(l, t.approver), t.ID, d.ID)
	w.settledAs(s, "discarded", err)
	return err
}

func (w *World) settledAs(s intake.Settled, done string, err error) {
	switch {
	case err != nil:
	case s.Asked != nil:
		w.answer = "asked"
	default:
		w.answer = done
	}
}

func (w *World) heldNumber(l line) (cordon.Dispatch, *tenant, error) {
	d, err := numbered(w.dispatch, l.word(0))
	if err != nil {
		return d, nil, err
	}
	for _, t := range w.tenants {
		if t.ID == d.Tenant {
			return d, t, nil
		}
	}
	return d, nil, fmt.Errorf("dispatch %s is of no tenant of this script", l.word(0))
}

// holds [tenant=HANDLE] [check=NAME] [key=NAME] [as=ACTOR]: what is held, in
// counts; settle takes what the last holds has counted.
func (w *World) doHolds(_ *txtar.Archive, l line) error {
	actor := w.actorOr(l, w.operator())
	f := cordon.HoldFilter{Check: l.named["check"]}
	if name := l.named["key"]; name != "" {
		f.Key = w.actors[name].Key
	}
	if handle := l.named["tenant"]; handle != "" {
		t, err := w.tenantNamed(handle)
		if err != nil {
			return err
		}
		f.Tenant = t.ID
	}
	p, err := w.house.Desk.PreviewHolds(context.Background(), actor, actor.Tenant, f)
	if err != nil {
		return err
	}
	w.held = p
	w.answer = fmt.Sprintf("dispatches %d copies %d own %d two_people %v", p.Dispatches, p.Copies, p.Own, p.SecondPerson)
	return nil
}

// settle release|discard reason='…' [as=ACTOR]: exactly what the last holds counted.
func (w *World) doSettle(_ *txtar.Archive, l line) error {
	actor := w.actorOr(l, w.operator())
	a, err := w.house.Desk.SettleHolds(context.Background(), actor, actor.Tenant, intake.HoldOrder{
		Verb: cordon.HoldVerb(l.word(0)), Filter: w.held.Filter, Expect: w.held.Token, Reason: l.named["reason"],
	})
	if err != nil {
		return err
	}
	asked := 0
	if a.Asked != nil {
		asked = 1
	}
	w.answer = fmt.Sprintf("done %d held %d refused %d gone %d asked %d", len(a.Done), len(a.Held), len(a.Refused), len(a.Gone), asked)
	return nil
}
